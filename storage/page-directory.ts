// The directory of a state's pages: which version each has, and what is known of it without reading it.
import { corrupt } from '../engine/data/bytes.ts';
import type { PageSummary } from '../engine/state/ports.ts';
import { crc32c } from './crc32c.ts';

/*
 * Format of a part: little-endian. u32 CRC-32C of what follows, then for each page, by number:
 *   u32 page, u64 checkpoint number, u16 rows, u32 columns that may hold NULLs, u8 how the weights follow
 *     0 = all are 1; 1 = a bit a row, set = 1, clear = 0; 2 = i32 a row; 3 = nothing is known: rows and columns are 0;
 *     64 more: its rows are long, it takes no more;
 *     128 more: before the weights comes u32, the checksum that the page's block says it has (data format 2 had none)
 */
const ENTRY = 19;
const ONES = 0;
const BITS = 1;
const WORDS = 2;
const UNKNOWN = 3;
const LARGE = 64;
const CHECKED = 128;

/** Pages a part of the directory speaks of: numbers with the same upper bits. */
export const PART_SHIFT = 10;

export interface PageEntry {
  readonly version: number;
  readonly summary: PackedSummary | null;
  /** That of the page's block; null: not known, data format 2 wrote it. */
  readonly checksum: number | null;
}

/** A summary as it is kept and stored. */
export interface PackedSummary {
  readonly used: number;
  readonly nulls: number;
  readonly large: boolean;
  readonly mode: number;
  /** As the format has them; null: all are 1. */
  readonly weights: Uint8Array | null;
}

export function packSummary({ used, nulls, large, weights }: PageSummary): PackedSummary {
  if (weights === null) return { used, nulls, large, mode: ONES, weights: null };
  if (!weights.every((w) => w === 0 || w === 1)) {
    const words = new Uint8Array(4 * used);
    const view = new DataView(words.buffer);
    for (let i = 0; i < used; i++) view.setInt32(4 * i, weights[i], true);
    return { used, nulls, large, mode: WORDS, weights: words };
  }
  const bits = new Uint8Array((used + 7) >> 3);
  for (let i = 0; i < used; i++) bits[i >> 3] |= weights[i] << (i & 7);
  return { used, nulls, large, mode: BITS, weights: bits };
}

export function unpackSummary(packed: PackedSummary | null): PageSummary | null {
  if (packed === null) return null;
  const { used, nulls, large, mode, weights: bytes } = packed;
  if (bytes === null) return { used, nulls, large, weights: null };
  const weights = new Int32Array(used);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < used; i++) weights[i] = mode === WORDS ? view.getInt32(4 * i, true) : (bytes[i >> 3] >> (i & 7)) & 1;
  return { used, nulls, large, weights };
}

export function encodePart(pages: Iterable<readonly [number, PageEntry]>): Uint8Array {
  const entries = [...pages].toSorted(([a], [b]) => a - b);
  const out = new Uint8Array(entries.reduce((sum, [, entry]) => sum + sizeOf(entry), 4));
  const view = new DataView(out.buffer);
  let at = 4;
  for (const [page, entry] of entries) {
    const { version, summary, checksum } = entry;
    const mode = summary === null ? UNKNOWN : summary.mode | (summary.large ? LARGE : 0);
    view.setUint32(at, page, true);
    view.setBigUint64(at + 4, BigInt(version), true);
    view.setUint16(at + 12, summary?.used ?? 0, true);
    view.setUint32(at + 14, (summary?.nulls ?? 0) >>> 0, true);
    view.setUint8(at + 18, checksum === null ? mode : mode | CHECKED);
    if (checksum !== null) view.setUint32(at + ENTRY, checksum, true);
    const weights = summary?.weights ?? null;
    if (weights !== null) out.set(weights, at + ENTRY + (checksum === null ? 0 : 4));
    at += sizeOf(entry);
  }
  view.setUint32(0, crc32c(out.subarray(4)), true);
  return out;
}

function sizeOf({ summary, checksum }: PageEntry): number {
  return ENTRY + (checksum === null ? 0 : 4) + (summary?.weights?.length ?? 0);
}

/** The checksum that a part says it has; it is that of its other bytes. */
export function partChecksum(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true);
}

export function* decodePart(bytes: Uint8Array): Generator<readonly [number, PageEntry]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 4 || view.getUint32(0, true) !== crc32c(bytes.subarray(4))) throw corrupt('a directory of pages');
  for (let at = 4; at < bytes.length;) {
    const flags = view.getUint8(at + 18);
    const mode = flags & ~(CHECKED | LARGE);
    const checked = (flags & CHECKED) !== 0;
    const checksum = checked ? view.getUint32(at + ENTRY, true) : null;
    const rest = at + ENTRY + (checked ? 4 : 0);
    const used = view.getUint16(at + 12, true);
    const size = mode === BITS ? (used + 7) >> 3 : mode === WORDS ? 4 * used : 0;
    const weights = size === 0 && mode !== BITS && mode !== WORDS ? null : bytes.slice(rest, rest + size);
    const summary = mode === UNKNOWN ? null
      : { used, nulls: view.getUint32(at + 14, true) | 0, large: (flags & LARGE) !== 0, mode, weights };
    yield [view.getUint32(at, true), { version: Number(view.getBigUint64(at + 4, true)), summary, checksum }];
    at = rest + size;
  }
}
