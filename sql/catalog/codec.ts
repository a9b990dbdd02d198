// Catalog ⇄ bytes: JSON with a version mark, for the journal (changes) and for checkpoints (the whole).
import { DatabaseError } from '../../engine/data/error.ts';
import type { Catalog, CatalogChange } from './catalog.ts';
import type { CatalogEntry } from './entry.ts';

/** Format: raised when older code could not read what is written. */
const FORMAT_VERSION = 1;

/** Where a sequence stands: `called` false means `last` itself is given out next. */
export interface SequenceState {
  readonly oid: number;
  readonly last: bigint;
  readonly called: boolean;
}

/** What one transaction does to the catalog. Sequences are values that may never be given out again. */
export interface CatalogRecord {
  readonly changes: readonly CatalogChange[];
  readonly sequences: readonly SequenceState[];
}

export interface CatalogImage {
  readonly entries: readonly CatalogEntry[];
  readonly nextOid: number;
  readonly sequences: readonly SequenceState[];
}

export function encodeRecord(record: CatalogRecord): Uint8Array {
  return encode('changes', { changes: record.changes, sequences: record.sequences });
}

export function decodeRecord(bytes: Uint8Array): CatalogRecord {
  return decode<CatalogRecord>('changes', bytes);
}

export function encodeCatalog(catalog: Catalog, sequences: readonly SequenceState[]): Uint8Array {
  const image: CatalogImage = { entries: [...catalog.entries()], nextOid: catalog.nextOid, sequences };
  return encode('catalog', image);
}

export function decodeCatalog(bytes: Uint8Array): CatalogImage {
  return decode<CatalogImage>('catalog', bytes);
}

interface Envelope { readonly version: number; readonly what: string; readonly value: unknown }

function encode(what: string, value: unknown): Uint8Array {
  const envelope: Envelope = { version: FORMAT_VERSION, what, value };
  return new TextEncoder().encode(JSON.stringify(envelope, (_, v: unknown) => bigintOut(v)));
}

/** Requires: bytes written by `encode` (the journal's checksum says so), so the shape is what the types say. */
function decode<T>(what: string, bytes: Uint8Array): T {
  const envelope: { version: number; what: string; value: T } = JSON.parse(
    new TextDecoder().decode(bytes), (_, v: unknown) => bigintIn(v),
  );
  if (envelope.version !== FORMAT_VERSION || envelope.what !== what) {
    throw new DatabaseError('XX001', `catalog record of unknown version ${envelope.version} (${envelope.what})`);
  }
  return envelope.value;
}

function bigintOut(value: unknown): unknown {
  return typeof value === 'bigint' ? { $int8: value.toString() } : value;
}

function bigintIn(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && '$int8' in value && typeof value.$int8 === 'string') {
    return BigInt(value.$int8);
  }
  return value;
}
