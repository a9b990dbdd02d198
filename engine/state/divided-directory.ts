// DividedDirectory: a directory in parts by the upper bits of the hash, each of which may be away from memory.
import type { PageCache } from './page-cache.ts';
import type { Evictable, PageList } from './page-list.ts';
import type { PageSlot } from './ports.ts';

/** Keys of a part when a directory is divided, and how many they become on average before all parts are cut in two. */
const FIRST_KEYS = 128;
const MOST_KEYS = 512;
const LEAST_BITS = 3;
const MOST_BITS = 16;

/** A HashDirectory or IntDirectory; see there. */
export interface Directory<D> {
  readonly size: number;
  readonly bytes: number;
  detach(): Int32Array;
  attach(cells: Int32Array): void;
  moveTo(other: (hash: number) => D): void;
}

class DirectoryPart<D extends Directory<D>> implements Evictable {
  list: PageList | null = null;
  before: Evictable | null = null;
  after: Evictable | null = null;
  size = 0;
  cache: PageCache | null = null;
  /** Not looked into or written to just now. */
  idle = true;
  readonly #directory: D;
  #resident = true;
  /** A copy in the page file. */
  #slot: PageSlot | null = null;

  constructor(directory: D) {
    this.#directory = directory;
  }

  get isResident(): boolean { return this.#resident; }
  get keys(): number { return this.#directory.size; }

  bytes(): number {
    return this.#resident ? this.#directory.bytes : 0;
  }

  /** It is looked into through `use` alone, which shows it by itself. */
  hide(): void {}

  evict(write: (bytes: readonly Uint8Array[]) => PageSlot): void {
    const cells = this.#directory.detach();
    try {
      this.#slot ??= write([new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength)]);
      this.#resident = false;
    } finally {
      if (this.#resident) this.#directory.attach(cells);
    }
  }

  /** Brings the keys in, calls `work`, which says whether it changed any. */
  use(cache: PageCache | null, work: (directory: D) => boolean): void {
    if (cache !== this.cache) cache?.add(this);
    if (!this.#resident) this.#read();
    else this.cache?.shown(this);
    this.idle = false;
    try {
      if (work(this.#directory)) this.#written();
    } finally {
      this.idle = true;
    }
    if (this.#directory.bytes !== this.size) this.cache?.resized(this);
  }

  #read(): void {
    const { cache } = this;
    cache?.makeRoom(this.size);
    const bytes = this.#slot?.read() ?? new Uint8Array(0);
    this.#directory.attach(new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2));
    this.#resident = true;
    cache?.loaded(this);
  }

  #written(): void {
    this.#slot?.free();
    this.#slot = null;
  }
}

export class DividedDirectory<D extends Directory<D>> {
  readonly #make: () => D;
  readonly #cache: () => PageCache | null;
  #parts: DirectoryPart<D>[] = [];
  #bits: number;
  #size: number;

  /** Takes all keys of `from`. `cache`: who governs the parts. */
  constructor(from: D, make: () => D, cache: () => PageCache | null) {
    this.#make = make;
    this.#cache = cache;
    this.#size = from.size;
    this.#bits = Math.min(MOST_BITS, Math.max(LEAST_BITS, Math.ceil(Math.log2(from.size / FIRST_KEYS))));
    const made = Array.from({ length: 1 << this.#bits }, make);
    const shift = 32 - this.#bits;
    from.moveTo((hash) => made[hash >>> shift]);
    this.#parts = made.map((directory) => new DirectoryPart(directory));
    for (const part of this.#parts) cache()?.add(part);
  }

  get size(): number {
    return this.#size;
  }

  /** In memory. */
  get bytes(): number {
    return this.#parts.reduce((sum, part) => sum + part.bytes(), 0);
  }

  /** No cache governs it from now on. */
  detach(): void {
    for (const part of this.#parts) part.cache?.remove(part);
  }

  /** The part of a hash, by itself. `work` as in `each`. */
  one(hash: number, work: (directory: D) => boolean): void {
    this.#use(this.#parts[hash >>> (32 - this.#bits)], this.#cache(), work);
  }

  /**
   * Each part that some of the rows belong to, with those; first such as are in memory, whose place others may take then.
   * `hashes`: by row. `work` says whether it changed anything.
   */
  each(hashes: Int32Array, rows: Int32Array, work: (directory: D, rows: Int32Array) => boolean): void {
    if (rows.length === 1) {
      // A commit of one row is not to pay for each part.
      this.one(hashes[rows[0]], (directory) => work(directory, rows));
      return;
    }
    const cache = this.#cache();
    const { ordered, ends } = this.#byPart(hashes, rows);
    const absent: number[] = [];
    const call = (number: number): void => {
      const part = ordered.subarray(number === 0 ? 0 : ends[number - 1], ends[number]);
      this.#use(this.#parts[number], cache, (directory) => work(directory, part));
    };
    for (let number = 0; number < this.#parts.length; number++) {
      if (ends[number] === (number === 0 ? 0 : ends[number - 1])) continue;
      if (this.#parts[number].isResident) call(number);
      else absent.push(number);
    }
    absent.forEach(call);
  }

  #use(part: DirectoryPart<D>, cache: PageCache | null, work: (directory: D) => boolean): void {
    const before = part.keys;
    part.use(cache, work);
    this.#size += part.keys - before;
  }

  #byPart(hashes: Int32Array, rows: Int32Array): { readonly ordered: Int32Array; readonly ends: Int32Array } {
    const shift = 32 - this.#bits;
    const ends = new Int32Array(this.#parts.length);
    for (let i = 0; i < rows.length; i++) ends[hashes[rows[i]] >>> shift]++;
    for (let number = 1; number < ends.length; number++) ends[number] += ends[number - 1];
    const ordered = new Int32Array(rows.length);
    const next = ends.slice();
    for (let i = rows.length - 1; i >= 0; i--) ordered[--next[hashes[rows[i]] >>> shift]] = rows[i];
    return { ordered, ends };
  }

  /** After keys were added: parts that have become too large are cut in two. */
  grow(): void {
    if (this.#bits === MOST_BITS || this.size <= this.#parts.length * MOST_KEYS) return;
    const cache = this.#cache();
    const bit = 31 - this.#bits;
    const parts: DirectoryPart<D>[] = [];
    for (const part of this.#parts) {
      const halves = [this.#make(), this.#make()];
      part.use(cache, (directory) => {
        directory.moveTo((hash) => halves[(hash >>> bit) & 1]);
        return true;
      });
      part.cache?.remove(part);
      for (const half of halves) {
        const made = new DirectoryPart(half);
        cache?.add(made);
        parts.push(made);
      }
    }
    this.#parts = parts;
    this.#bits++;
  }
}
