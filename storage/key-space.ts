// The keys of the state store in LevelDB: their grammar and their codec.
import { corrupt } from '../engine/data/bytes.ts';

/*
 * Format: keys are bytes, in byte order; numbers are big-endian so that they sort.
 *
 *   'm'                                        the current checkpoint: u64 number, u64 epoch, u32 CRC-32C, meta bytes
 *   'b'                                        u64 number of a checkpoint that was begun; ended when equal to the one in 'm'
 *   'p' u16 length, state (UTF-8), u32 page, u64 checkpoint number    a block (block.ts), or nothing: the page is gone
 *
 * A page's current version is the one with the greatest number not above the current checkpoint's. Versions above it
 * come from a checkpoint that never ended; they are removed at open. Versions below it are removed after a checkpoint.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const META_KEY = encoder.encode('m');
export const BEGUN_KEY = encoder.encode('b');
const PAGE_TAG = 0x70;

export interface PageKey {
  readonly state: string;
  readonly page: number;
  readonly version: number;
}

function prefix(state: string, extra: number): { readonly bytes: Uint8Array; readonly at: number } {
  const name = encoder.encode(state);
  const bytes = new Uint8Array(3 + name.length + extra);
  bytes[0] = PAGE_TAG;
  bytes[1] = name.length >> 8;
  bytes[2] = name.length & 0xff;
  bytes.set(name, 3);
  return { bytes, at: 3 + name.length };
}

export function pageKey({ state, page, version }: PageKey): Uint8Array {
  const { bytes, at } = prefix(state, 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(at, page);
  view.setBigUint64(at + 4, BigInt(version));
  return bytes;
}

/** All versions of all pages of a state: from `gte` up to, not including, `lt`. */
export function stateRange(state: string): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  const { bytes, at } = prefix(state, 13);
  return { gte: bytes.subarray(0, at), lt: bytes.fill(0xff, at) };
}

/** The keys of all pages. */
export const PAGE_RANGE = { gte: Uint8Array.of(PAGE_TAG), lt: Uint8Array.of(PAGE_TAG + 1) };

export function parsePageKey(key: Uint8Array): PageKey {
  const length = (key[1] << 8) | key[2];
  if (key[0] !== PAGE_TAG || key.length !== 15 + length) throw corrupt('a key of the state store');
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  return {
    state: decoder.decode(key.subarray(3, 3 + length)),
    page: view.getUint32(3 + length),
    version: Number(view.getBigUint64(7 + length)),
  };
}
