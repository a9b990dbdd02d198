// BackupManifest: what a backup folder holds: a checkpoint, and where the blocks of its pages are in the folder's pack files.
import { ByteReader, PieceWriter, corrupt } from '../engine/data/bytes.ts';
import { DatabaseError } from '../engine/data/error.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-record.ts';
import type { CheckpointRecord } from './checkpoint-record.ts';
import type { DirectoryPart } from './checkpoint-export.ts';
import { crc32c } from './crc32c.ts';
import { decodePart } from './page-directory.ts';
import type { PageEntry } from './page-directory.ts';

/*
 * A backup folder:
 *   BACKUP               this; it is replaced in one step once all blocks that it names are on disk
 *   000000000001.pack    blocks (block.ts), one after another, as one BACKUP brought them; removed when no block of it is of use
 *
 * Format of BACKUP: as PieceWriter writes.
 *   u32 version, 1; u32 CRC-32C of all that follows; block database id; block checkpoint record (checkpoint-record.ts)
 *   u32 parts; each: text state, u32 part, block bytes (page-directory.ts); then for each page in it:
 *     u32 pack, u53 offset, u32 bytes
 */
export const BACKUP_FILE = 'BACKUP';
const VERSION = 1;
const HEADER = 8;

/** Where a page's block is. */
export interface BlockPlace {
  readonly pack: number;
  readonly offset: number;
  readonly bytes: number;
}

/** A page of the checkpoint. */
export interface BackupPage {
  readonly state: string;
  readonly page: number;
  readonly entry: PageEntry;
  readonly place: BlockPlace;
}

export interface BackupManifest {
  readonly databaseId: Uint8Array;
  readonly record: CheckpointRecord;
  readonly parts: readonly { readonly part: DirectoryPart; readonly pages: readonly BackupPage[] }[];
}

export function packName(pack: number): string {
  return `${String(pack).padStart(12, '0')}.pack`;
}

/** null: not a pack's name. */
export function packNumber(name: string): number | null {
  const match = /^(\d{12})\.pack$/.exec(name);
  return match === null ? null : Number(match[1]);
}

export function encodeManifest({ databaseId, record, parts }: BackupManifest): readonly Uint8Array[] {
  if (record.meta === null) throw corrupt('there is no checkpoint');
  const out = new PieceWriter();
  out.block(databaseId);
  out.block(encodeCheckpoint(record.number, record.meta, record.manifest ?? new Map()));
  out.u32(parts.length);
  for (const { part, pages } of parts) {
    out.text(part.state);
    out.u32(part.part);
    out.block(part.bytes);
    for (const { place } of pages) {
      out.u32(place.pack);
      out.u53(place.offset);
      out.u32(place.bytes);
    }
  }
  const body = out.join();
  const header = new PieceWriter();
  header.u32(VERSION);
  header.u32(crc32c(body));
  return [header.join(), body];
}

/** Throws XX001 for damage, F0000 for a version that this program does not read. */
export function decodeManifest(bytes: Uint8Array, path: string): BackupManifest {
  if (bytes.length < HEADER) throw corrupt(`file "${path}"`);
  const header = new ByteReader(bytes.subarray(0, HEADER));
  const version = header.u32();
  if (header.u32() !== crc32c(bytes.subarray(HEADER))) throw corrupt(`file "${path}"`);
  if (version !== VERSION) {
    throw new DatabaseError('F0000', `backup "${path}" has format version ${version}`, {
      detail: `This program reads version ${VERSION}.`,
    });
  }
  const from = new ByteReader(bytes.subarray(HEADER));
  const databaseId = from.block().slice();
  const record = decodeCheckpoint(from.block());
  const parts: BackupManifest['parts'][number][] = [];
  for (let n = from.u32(); n > 0; n--) {
    const part = { state: from.text(), part: from.u32(), bytes: from.block().slice() };
    const pages: BackupPage[] = [];
    for (const [page, entry] of decodePart(part.bytes)) {
      pages.push({ state: part.state, page, entry, place: { pack: from.u32(), offset: from.u53(), bytes: from.u32() } });
    }
    parts.push({ part, pages });
  }
  return { databaseId, record, parts };
}
