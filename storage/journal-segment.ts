// The journal's file format: segment header and records, how they are checked, where a file's records end.
import { corrupt, shortArray } from '../engine/data/bytes.ts';
import { DatabaseError } from '../engine/data/error.ts';
import { toEpoch } from '../engine/data/time.ts';
import type { Epoch } from '../engine/data/time.ts';
import { BlockChecksums } from './block-checksums.ts';
import { crc32c, crc32cPieces } from './crc32c.ts';

/*
 * Format: little-endian. A segment is a header of 64 bytes, then records, then zeros (written ahead), or what the file
 * held when it was an earlier segment.
 *
 *   0  8    magic "MILLJRNL"             40  u64  epoch of the first record to come
 *   8  u32  format version, 2            48  u32  checksum of the record before (the last of the segment before), 0
 *  12  u32  CRC-32C of bytes 16..64      52  u8   0xa5 once a next segment was made, before its first record is
 *                                                written; the CRC-32C takes it as 0
 *  16  16   database id                  53  u8   bit 0: the file was a segment before, else zeros follow the records;
 *                                                bit 1: the segment before ends in records that are void
 *  32  u64  number, 1, 2, ...            56  u32  bytes of the file when it was made: it is never shorter
 *                                        60  u32  zero
 *
 * A record begins at a multiple of 8: 32 bytes of header, then its bytes.
 *
 *   0  u32  length of its bytes          16  u64  durable: every epoch up to this one was on disk when this was written
 *   4  u32  CRC-32C, seeded with the     24  u32  checksum of the record before: the chain
 *           database id, of all else     28  u32  zero
 *   8  u64  epoch
 *
 * A record is checked by itself and against the one before, so that a gap, a swap or another database's file shows.
 * `durable` tells a torn tail from damage: when a bad record is followed by a good one that says the bad one's epoch
 * was on disk, acknowledged data is gone (XX001); otherwise what follows was never acknowledged as durable, and is cut.
 *
 * Where a segment follows, its first epoch says where the one before ends: records of that epoch and later ones in the
 * segment before were never acknowledged (their write or sync failed) and are void.
 *
 * Law: records that a file holds from its earlier life are never taken for its own. It is used again only when a
 * checkpoint covers all of them (a file that ends in void records never is), so their epochs are below the first epoch
 * of the new segment, and the records of a segment have its first epoch and those that follow, one by one.
 */
const MAGIC = 0x4c4e524a_4c4c494dn;
const VERSION = 2;
const REUSED = 1;
const AFTER_FAULT = 2;
export const SEGMENT_HEADER = 64;
export const RECORD_HEADER = 32;
const ALIGNMENT = 8;
const SHORT_RECORD = 1024;
/** A byte alone, so that it is written whole or not. */
export const FOLLOWED = { position: 52, bytes: Uint8Array.of(0xa5) } as const;
/** Epochs a stray valid record may be ahead of the gap before it is taken for noise. */
const FAR = 1 << 24;

export interface SegmentHeader {
  readonly databaseId: Uint8Array;
  readonly number: number;
  readonly firstEpoch: number;
  readonly chain: number;
  /** A next segment was made; absent: no. */
  readonly followed?: boolean;
  /** The least the file has. */
  readonly bytes: number;
  /** The file was a segment before. */
  readonly reused: boolean;
  /** The segment before ends in records that are void. */
  readonly afterFault: boolean;
}

export interface SegmentRecord {
  readonly offset: number;
  /** Where the next record begins. */
  readonly end: number;
  readonly epoch: Epoch;
  readonly durable: number;
  readonly checksum: number;
  readonly bytes: Uint8Array;
}

export function segmentName(number: number): string {
  return `${String(number).padStart(12, '0')}.journal`;
}

/** null: not a segment's name. */
export function segmentNumber(name: string): number | null {
  const match = /^(\d{12})\.journal$/.exec(name);
  return match === null ? null : Number(match[1]);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER);
  const view = viewOf(bytes);
  view.setBigUint64(0, MAGIC, true);
  view.setUint32(8, VERSION, true);
  bytes.set(header.databaseId, 16);
  view.setBigUint64(32, BigInt(header.number), true);
  view.setBigUint64(40, BigInt(header.firstEpoch), true);
  view.setUint32(48, header.chain, true);
  view.setUint8(53, (header.reused ? REUSED : 0) | (header.afterFault ? AFTER_FAULT : 0));
  view.setUint32(56, header.bytes, true);
  view.setUint32(12, crc32c(bytes.subarray(16)), true);
  return bytes;
}

/** Throws XX001; `path` names the file in the error. */
export function decodeSegmentHeader(bytes: Uint8Array, path: string): SegmentHeader {
  if (bytes.length < SEGMENT_HEADER) throw damaged(path, 0, 'the file is too short');
  const view = viewOf(bytes);
  if (view.getBigUint64(0, true) !== MAGIC) throw damaged(path, 0, 'not a journal segment');
  const version = view.getUint32(8, true);
  if (version > VERSION) {
    throw new DatabaseError('F0000', `journal file "${path}" has format version ${version}`, {
      detail: `This program reads versions up to ${VERSION}.`,
    });
  }
  const followed = view.getUint8(FOLLOWED.position) === FOLLOWED.bytes[0];
  const checked = bytes.slice(16, SEGMENT_HEADER);
  if (followed) checked[FOLLOWED.position - 16] = 0;
  if (view.getUint32(12, true) !== crc32c(checked)) {
    throw damaged(path, 0, 'the header has a bad checksum');
  }
  return {
    databaseId: bytes.slice(16, 32),
    number: Number(view.getBigUint64(32, true)),
    firstEpoch: Number(view.getBigUint64(40, true)),
    chain: view.getUint32(48, true),
    followed,
    bytes: view.getUint32(56, true),
    reused: (view.getUint8(53) & REUSED) !== 0,
    afterFault: (view.getUint8(53) & AFTER_FAULT) !== 0,
  };
}

/** XX001 naming file and offset. */
export function damaged(path: string, offset: number, what: string): DatabaseError {
  const { code } = corrupt(what);
  return new DatabaseError(code, `journal file "${path}" is damaged at offset ${offset}: ${what}`);
}

export function recordSize(length: number): number {
  return RECORD_HEADER + Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

export interface RecordFields {
  readonly epoch: Epoch;
  readonly durable: number;
  readonly chain: number;
  readonly seed: number;
}

const PADDING = new Uint8Array(ALIGNMENT);

/** The record's pieces, header first, padding last, and its checksum. */
export function encodeRecord(
  pieces: readonly Uint8Array[], fields: RecordFields,
): { readonly pieces: readonly Uint8Array[]; readonly checksum: number; readonly size: number } {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  if (length > 0xffff_fff0) throw new DatabaseError('54000', 'a transaction of more than 4 GB is not possible');
  const size = recordSize(length);
  // A short record in one array, which is checked and written by one call each.
  const whole = size <= SHORT_RECORD ? shortArray(size) : null;
  const header = whole ?? new Uint8Array(RECORD_HEADER);
  const view = viewOf(header);
  view.setUint32(0, length, true);
  setUint53(view, 8, fields.epoch);
  setUint53(view, 16, fields.durable);
  view.setUint32(24, fields.chain, true);
  if (whole !== null) {
    let at = RECORD_HEADER;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    const checksum = crc32c(whole.subarray(8, at), crc32c(whole.subarray(0, 4), fields.seed));
    view.setUint32(4, checksum, true);
    return { pieces: [whole], checksum, size };
  }
  const checksum = crc32cPieces(pieces, headerChecksum(header, fields.seed));
  view.setUint32(4, checksum, true);
  const padding = PADDING.subarray(0, size - RECORD_HEADER - length);
  return { pieces: [header, ...pieces, padding], checksum, size };
}

function setUint53(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function headerChecksum(header: Uint8Array, seed: number): number {
  return crc32c(header.subarray(8, RECORD_HEADER), crc32c(header.subarray(0, 4), seed));
}

/** The record at `offset`, or null when there is none that its own checksum confirms. `sums`: where many are tried. */
function readRecord(
  bytes: Uint8Array, view: DataView, offset: number, seed: number, sums: BlockChecksums | null = null,
): SegmentRecord | null {
  if (offset + RECORD_HEADER > bytes.length) return null;
  const length = view.getUint32(offset, true);
  const epoch = Number(view.getBigUint64(offset + 8, true));
  const end = offset + recordSize(length);
  if (epoch === 0 || end > bytes.length) return null;
  const start = offset + RECORD_HEADER;
  const payload = bytes.subarray(start, start + length);
  const checksum = view.getUint32(offset + 4, true);
  const header = bytes.subarray(offset, start);
  const initial = headerChecksum(header, seed);
  if ((sums === null ? crc32c(payload, initial) : sums.of(start, start + length, initial)) !== checksum) return null;
  return {
    offset, end, epoch: toEpoch(epoch), checksum, bytes: payload, durable: Number(view.getBigUint64(offset + 16, true)),
  };
}

export interface SegmentScan {
  readonly records: readonly SegmentRecord[];
  /** Where the next record goes. */
  readonly end: number;
  readonly lastEpoch: number;
  readonly chain: number;
  /** Bytes from `end` on that are to be made zero: of records that were never finished, or never acknowledged. */
  readonly torn: number;
}

/**
 * Reads a segment's records; throws XX001 for damage to what was on disk. `until`: the last epoch that counts, as the
 * segment after it says; null: there is none.
 */
export function scanSegment(
  bytes: Uint8Array, header: SegmentHeader, path: string, until: number | null = null,
): SegmentScan {
  if (bytes.length < header.bytes) {
    throw damaged(path, bytes.length, `the file ends, it was made with ${header.bytes} bytes`);
  }
  const view = viewOf(bytes);
  const seed = crc32c(header.databaseId);
  const records: SegmentRecord[] = [];
  let end = SEGMENT_HEADER;
  let lastEpoch = header.firstEpoch - 1;
  let { chain } = header;
  while (until === null || lastEpoch < until) {
    const record = readRecord(bytes, view, end, seed);
    if (record === null || record.epoch !== lastEpoch + 1 || view.getUint32(end + 24, true) !== chain) break;
    records.push(record);
    end = record.end;
    lastEpoch = record.epoch;
    chain = record.checksum;
  }
  if (until !== null) {
    if (lastEpoch < until) throw damaged(path, end, `the record of epoch ${lastEpoch + 1} is gone`);
    return { records, end, lastEpoch, chain, torn: 0 };
  }
  const tail = { from: end, to: lastNonZero(bytes, end), expected: lastEpoch + 1, seed, path };
  const newer = assertTorn(bytes, tail);
  return { records, end, lastEpoch, chain, torn: (header.reused ? newer : tail.to) - end };
}

interface Tail {
  readonly from: number;
  readonly to: number;
  readonly expected: number;
  readonly seed: number;
  readonly path: string;
}

/**
 * Throws when a later record proves that the expected one was on disk. Returns the end of all whole records of the expected
 * epoch or later ones: they might follow what is written next as if they belonged there. What is not whole stays so.
 */
function assertTorn(bytes: Uint8Array, tail: Tail): number {
  const view = viewOf(bytes);
  // What a used file held may look like a large record at many places, if not at every one: see `mayBeRecord`.
  const sums = new BlockChecksums(bytes);
  let newer = tail.from;
  for (let at = tail.from; at < tail.to; at += ALIGNMENT) {
    if (at + RECORD_HEADER > bytes.length || view.getUint32(at + 12, true) > 0x1f_ffff) continue;
    const epoch = Number(view.getBigUint64(at + 8, true));
    if (epoch < tail.expected || epoch > tail.expected + FAR || !mayBeRecord(view, at, epoch)) continue;
    const record = readRecord(bytes, view, at, tail.seed, sums);
    if (record === null) continue;
    if (record.durable >= tail.expected) {
      throw damaged(tail.path, tail.from, `the record of epoch ${tail.expected} is gone, epoch ${epoch} follows`);
    }
    newer = Math.max(newer, record.end);
  }
  return newer;
}

/**
 * What the header alone says. Why no checksum is 0, as one of 2^32 is: columns of whole numbers that a used file held look
 * like records at every place, and where a checksum should be they have the upper half of a small number.
 */
function mayBeRecord(view: DataView, at: number, epoch: number): boolean {
  if (view.getUint32(at + 4, true) === 0 || view.getUint32(at + 28, true) !== 0) return false;
  return Number(view.getBigUint64(at + 16, true)) < epoch;
}

/** The end of the last non-zero byte, at least `from`. */
function lastNonZero(bytes: Uint8Array, from: number): number {
  let at = bytes.length;
  while (at > from && (at & 7) !== 0 && bytes[at - 1] === 0) at--;
  if ((at & 7) === 0 && ((bytes.byteOffset + from) & 7) === 0) {
    const words = new Float64Array(bytes.buffer, bytes.byteOffset + from, (at - from) >> 3);
    const low = new Int32Array(words.buffer, words.byteOffset, words.length * 2);
    let i = low.length;
    while (i > 0 && low[i - 1] === 0) i--;
    at = from + i * 4;
  }
  while (at > from && bytes[at - 1] === 0) at--;
  return at;
}
