// The directory of a state's pages: which version each has, and what is known of it without reading it.
import { corrupt } from '../engine/data/bytes.ts';
import type { PageSummary } from '../engine/state/ports.ts';
import { crc32c } from './crc32c.ts';

/*
 * Format of a part: little-endian. u32 CRC-32C of what follows, then for each page, by number:
 *   u32 page, u64 checkpoint number, u16 rows, u32 columns that may hold NULLs, u8 how the weights follow
 *     0 = all are 1; 1 = a bit a row, set = 1, clear = 0; 2 = i32 a row; 3 = nothing is known: rows and columns are 0;
 *     128 more: before the weights comes u32, the checksum that the page's block says it has (data format 2 had none)
 */
const ENTRY = 19;
const ONES = 0;
const BITS = 1;
const WORDS = 2;
const UNKNOWN = 3;
const CHECKED = 128;

/** Pages a part of the directory speaks of: numbers with the same upper bits. */
export const PART_SHIFT = 10;

export interface PageEntry {
  readonly version: number;
  readonly summary: PageSummary | null;
  /** That of the page's block; null: not known, data format 2 wrote it. */
  readonly checksum: number | null;
}

export function encodePart(pages: Iterable<readonly [number, PageEntry]>): Uint8Array {
  const entries = [...pages].toSorted(([a], [b]) => a - b);
  const modes = entries.map(([, { summary }]) => modeOf(summary));
  const sizes = entries.map(([, { summary, checksum }], i) => sizeOf(modes[i], summary?.used ?? 0) + (checksum === null ? 0 : 4));
  const out = new Uint8Array(sizes.reduce((sum, size) => sum + size, 4));
  const view = new DataView(out.buffer);
  let at = 4;
  entries.forEach(([page, { version, summary, checksum }], i) => {
    view.setUint32(at, page, true);
    view.setBigUint64(at + 4, BigInt(version), true);
    view.setUint16(at + 12, summary?.used ?? 0, true);
    view.setUint32(at + 14, (summary?.nulls ?? 0) >>> 0, true);
    view.setUint8(at + 18, checksum === null ? modes[i] : modes[i] | CHECKED);
    if (checksum !== null) view.setUint32(at + ENTRY, checksum, true);
    const rest = at + ENTRY + (checksum === null ? 0 : 4);
    if (summary !== null && summary.weights !== null) putWeights(view, rest, modes[i], summary.weights);
    at += sizes[i];
  });
  view.setUint32(0, crc32c(out.subarray(4)), true);
  return out;
}

function modeOf(summary: PageSummary | null): number {
  if (summary === null) return UNKNOWN;
  if (summary.weights === null) return ONES;
  return summary.weights.every((w) => w === 0 || w === 1) ? BITS : WORDS;
}

function sizeOf(mode: number, used: number): number {
  if (mode === BITS) return ENTRY + ((used + 7) >> 3);
  return mode === WORDS ? ENTRY + 4 * used : ENTRY;
}

function putWeights(view: DataView, at: number, mode: number, weights: Int32Array): void {
  for (let i = 0; i < weights.length; i++) {
    if (mode === WORDS) view.setInt32(at + 4 * i, weights[i], true);
    else if (weights[i] === 1) view.setUint8(at + (i >> 3), view.getUint8(at + (i >> 3)) | (1 << (i & 7)));
  }
}

/** The checksum that a part says it has; it is that of its other bytes. */
export function partChecksum(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true);
}

export function* decodePart(bytes: Uint8Array): Generator<readonly [number, PageEntry]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 4 || view.getUint32(0, true) !== crc32c(bytes.subarray(4))) throw corrupt('a directory of pages');
  for (let at = 4; at < bytes.length;) {
    const mode = view.getUint8(at + 18) & ~CHECKED;
    const checked = (view.getUint8(at + 18) & CHECKED) !== 0;
    const checksum = checked ? view.getUint32(at + ENTRY, true) : null;
    const rest = at + ENTRY + (checked ? 4 : 0);
    const used = view.getUint16(at + 12, true);
    const summary: PageSummary | null = mode === UNKNOWN ? null
      : { used, weights: weightsAt(view, rest, mode, used), nulls: view.getUint32(at + 14, true) | 0 };
    yield [view.getUint32(at, true), { version: Number(view.getBigUint64(at + 4, true)), summary, checksum }];
    at = rest + sizeOf(mode, used) - ENTRY;
  }
}

function weightsAt(view: DataView, at: number, mode: number, used: number): Int32Array | null {
  if (mode === ONES) return null;
  const weights = new Int32Array(used);
  for (let i = 0; i < used; i++) {
    weights[i] = mode === WORDS ? view.getInt32(at + 4 * i, true) : (view.getUint8(at + (i >> 3)) >> (i & 7)) & 1;
  }
  return weights;
}
