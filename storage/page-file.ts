// DiskPageFile: where pages go that do not fit into memory; one file, made when it is needed, of no use afterwards.
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { corrupt, plainBytes } from '../engine/data/bytes.ts';
import type { PageFile, PageSlot } from '../engine/state/ports.ts';
import { storageError } from './storage-error.ts';

/** Extents begin and end at multiples of this. */
const UNIT_SHIFT = 12;
const UNIT = 1 << UNIT_SHIFT;
/** A free extent up to this many times as large as wanted is cut. */
const CUT = 8;

interface Extent {
  /** In units. */
  readonly at: number;
  readonly units: number;
}

/** Free extents by length in units. */
class FreeList {
  readonly #bySize = new Map<number, number[]>();
  #end = 0;

  get end(): number { return this.#end; }

  take(units: number): Extent {
    for (let size = units; size <= units * CUT; size++) {
      const at = this.#bySize.get(size)?.pop();
      if (at === undefined) continue;
      if (size > units) this.give({ at: at + units, units: size - units });
      return { at, units };
    }
    const at = this.#end;
    this.#end += units;
    return { at, units };
  }

  give({ at, units }: Extent): void {
    const list = this.#bySize.get(units);
    if (list === undefined) this.#bySize.set(units, [at]);
    else list.push(at);
  }
}

export class DiskPageFile implements PageFile {
  readonly #path: string;
  #file: number | null = null;
  readonly #free = new FreeList();
  /** Slots that nobody holds any more. */
  readonly #lost = new FinalizationRegistry<Extent>((extent) => this.#free.give(extent));
  #staging: Uint8Array = new Uint8Array(1 << 16);

  constructor(path: string) {
    this.#path = path;
  }

  get bytes(): number { return this.#free.end * UNIT; }

  write(bytes: readonly Uint8Array[]): PageSlot {
    const length = bytes.reduce((sum, piece) => sum + piece.length, 0);
    const extent = this.#free.take(Math.max(1, (length + UNIT - 1) >> UNIT_SHIFT));
    const staged = this.#stage(bytes, length);
    const check = checksum(staged);
    try {
      this.#file ??= openSync(this.#path, 'w+', 0o600);
      const start = extent.at * UNIT;
      for (let at = 0; at < length;) at += writeSync(this.#file, staged, at, length - at, start + at);
    } catch (error) {
      this.#free.give(extent);
      throw storageError(error, `could not write to "${this.#path}"`);
    }
    return this.#slot(extent, length, check);
  }

  /** In one piece, so that it is one call and one checksum. */
  #stage(bytes: readonly Uint8Array[], length: number): Uint8Array {
    if (this.#staging.length < length) this.#staging = new Uint8Array(2 * length);
    let at = 0;
    for (const piece of bytes) {
      this.#staging.set(piece, at);
      at += piece.length;
    }
    return this.#staging.subarray(0, length);
  }

  #slot(extent: Extent, length: number, check: number): PageSlot {
    const slot: PageSlot = {
      read: () => this.#read(extent, length, check),
      free: () => {
        if (this.#lost.unregister(slot)) this.#free.give(extent);
      },
    };
    this.#lost.register(slot, extent, slot);
    return slot;
  }

  #read(extent: Extent, length: number, check: number): Uint8Array {
    // Of its own, and not zeroed before it is read into.
    const out = plainBytes(Buffer.allocUnsafeSlow(length));
    try {
      if (this.#file === null) throw new Error('the file is closed');
      const start = extent.at * UNIT;
      for (let at = 0; at < length;) {
        const read = readSync(this.#file, out, at, length - at, start + at);
        if (read === 0) throw corrupt(`file "${this.#path}" is too short`);
        at += read;
      }
    } catch (error) {
      throw storageError(error, `could not read "${this.#path}"`);
    }
    if (checksum(out) !== check) throw corrupt(`a page in "${this.#path}" has a bad checksum`);
    return out;
  }

  close(): void {
    if (this.#file === null) return;
    closeSync(this.#file);
    this.#file = null;
    rmSync(this.#path, { force: true });
  }
}

/**
 * Four sums of products, mixed: as fast as reading the words. Why not CRC-32C as in what is durable: it takes as long as
 * the read itself. Requires: a length that is a multiple of 8, at an offset that is one of 4.
 */
function checksum({ buffer, byteOffset, length }: Uint8Array): number {
  const words = new Int32Array(buffer, byteOffset, length >> 2);
  let a = 1;
  let b = 2;
  let c = 3;
  let d = 4;
  const even = words.length & ~3;
  for (let i = 0; i < even; i += 4) {
    a = Math.imul(a ^ words[i], 0x9e3779b1);
    b = Math.imul(b ^ words[i + 1], 0x85ebca6b);
    c = Math.imul(c ^ words[i + 2], 0xc2b2ae35);
    d = Math.imul(d ^ words[i + 3], 0x27d4eb2f);
    a ^= a >>> 15;
    c ^= c >>> 13;
  }
  for (let i = even; i < words.length; i++) a = Math.imul(a ^ words[i], 0x9e3779b1) ^ (a >>> 15);
  return (a ^ Math.imul(b, 31) ^ Math.imul(c, 961) ^ Math.imul(d, 29791)) | 0;
}
