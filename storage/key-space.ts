// The keys of the state store in LevelDB: their grammar and their codec.
import { corrupt } from '../engine/data/bytes.ts';

/*
 * Format: keys are bytes, in byte order; numbers are big-endian so that they sort.
 *
 *   'm'                                        the current checkpoint (checkpoint-record.ts)
 *   'b'                                        u64 number of a checkpoint that was begun; ended when equal to the one in 'm'
 *   'd' u16 length, state (UTF-8), u32 part    the state's pages as of the current checkpoint (page-directory.ts)
 *   's'                                        keys that the current checkpoint supersedes, until they are removed (KeyList)
 *   'p' u16 length, state (UTF-8), u32 page, u64 checkpoint number    a block (block.ts), or nothing: the page is gone
 *
 * A page's current version is the one its directory names; directories, 's' and 'm' are written together. Versions above the
 * current checkpoint's come from one that never ended; they are removed at open.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const META_KEY = encoder.encode('m');
export const BEGUN_KEY = encoder.encode('b');
export const STALE_KEY = encoder.encode('s');
const PAGE_TAG = 0x70;
const DIRECTORY_TAG = 0x64;

export interface PageKey {
  readonly state: string;
  readonly page: number;
  readonly version: number;
}

function prefix(tag: number, state: string, extra: number): { readonly bytes: Uint8Array; readonly at: number } {
  const name = encoder.encode(state);
  const bytes = new Uint8Array(3 + name.length + extra);
  bytes[0] = tag;
  bytes[1] = name.length >> 8;
  bytes[2] = name.length & 0xff;
  bytes.set(name, 3);
  return { bytes, at: 3 + name.length };
}

export function pageKey({ state, page, version }: PageKey): Uint8Array {
  const { bytes, at } = prefix(PAGE_TAG, state, 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(at, page);
  view.setBigUint64(at + 4, BigInt(version));
  return bytes;
}

export function directoryKey(state: string, part: number): Uint8Array {
  const { bytes, at } = prefix(DIRECTORY_TAG, state, 4);
  new DataView(bytes.buffer).setUint32(at, part);
  return bytes;
}

/** All parts of a state's directory: from `gte` up to, not including, `lt`. */
export function directoryRange(state: string): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  const { bytes, at } = prefix(DIRECTORY_TAG, state, 5);
  return { gte: bytes.subarray(0, at), lt: bytes.fill(0xff, at) };
}

/** The keys of all pages. */
export const PAGE_RANGE = { gte: Uint8Array.of(PAGE_TAG), lt: Uint8Array.of(PAGE_TAG + 1) };

/** The keys of all directories. */
export const DIRECTORY_RANGE = { gte: Uint8Array.of(DIRECTORY_TAG), lt: Uint8Array.of(DIRECTORY_TAG + 1) };

export function isDirectoryKey(key: Uint8Array): boolean {
  return key[0] === DIRECTORY_TAG;
}

export function isPageKey(key: Uint8Array): boolean {
  return key[0] === PAGE_TAG;
}

export function parseDirectoryKey(key: Uint8Array): { readonly state: string; readonly part: number } {
  const length = (key[1] << 8) | key[2];
  if (key[0] !== DIRECTORY_TAG || key.length !== 7 + length) throw corrupt('a key of the state store');
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  return { state: decoder.decode(key.subarray(3, 3 + length)), part: view.getUint32(3 + length) };
}

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

/** A list of keys as one value: each u32 length, key. */
export class KeyList implements Iterable<Uint8Array> {
  #bytes: Uint8Array;
  #length: number;

  /** As one was stored. */
  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
    this.#length = bytes.length;
  }

  get isEmpty(): boolean { return this.#length === 0; }
  /** As it is stored; to be used before the next key is added. */
  get bytes(): Uint8Array { return this.#bytes.subarray(0, this.#length); }

  add(key: Uint8Array): void {
    const end = this.#length + 4 + key.length;
    if (end > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(1024, 2 * end));
      bytes.set(this.bytes);
      this.#bytes = bytes;
    }
    new DataView(this.#bytes.buffer, this.#bytes.byteOffset).setUint32(this.#length, key.length);
    this.#bytes.set(key, this.#length + 4);
    this.#length = end;
  }

  *[Symbol.iterator](): Generator<Uint8Array> {
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#length);
    for (let at = 0; at < this.#length;) {
      const length = view.getUint32(at);
      yield this.#bytes.slice(at + 4, at + 4 + length);
      at += 4 + length;
    }
  }
}
