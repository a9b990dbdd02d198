// EvictableInts: an array of words by row or slot, parts of which may be away from memory: chains, heaps and their like.
import { assert } from '../data/error.ts';
import { grown } from '../data/grown.ts';
import type { PageCache } from './page-cache.ts';
import type { Evictable, PageList } from './page-list.ts';
import type { PageSlot } from './ports.ts';

const SHIFT = 10;
const CHUNK = 1 << SHIFT;
const MASK = CHUNK - 1;
const CHUNK_BYTES = CHUNK * Int32Array.BYTES_PER_ELEMENT;
/** Of a chunk that is away, roughly. */
const ABSENT_BYTES = 64;
const NO_WORDS = new Int32Array(0);

/** The pages that the words belong to. */
export interface Governed {
  readonly cache: PageCache | null;
  /** Told when no cache governs the pages any more. */
  readonly dependents: Set<{ detach(): void }>;
}

/** By chunk: null where the chunk has to be asked. */
interface Sight {
  readonly readable: (Int32Array | null)[];
  /** There is no copy elsewhere that a write would make wrong. */
  readonly writable: (Int32Array | null)[];
  resident: number;
}

class Chunk implements Evictable {
  list: PageList | null = null;
  before: Evictable | null = null;
  after: Evictable | null = null;
  size = 0;
  cache: PageCache | null = null;
  readonly #sight: Sight;
  readonly #number: number;
  #words: Int32Array | null;
  /** A copy in the page file. */
  #slot: PageSlot | null = null;

  constructor(sight: Sight, number: number, words: Int32Array) {
    this.#sight = sight;
    this.#number = number;
    this.#words = words;
    sight.resident++;
    sight.readable[number] = words;
    sight.writable[number] = words;
  }

  get isResident(): boolean { return this.#words !== null; }
  /** Nobody holds its words from one access to the next. */
  get idle(): boolean { return true; }

  bytes(): number {
    return this.#words === null ? 0 : CHUNK_BYTES;
  }

  hide(): void {
    this.#sight.readable[this.#number] = null;
    this.#sight.writable[this.#number] = null;
  }

  evict(write: (bytes: readonly Uint8Array[]) => PageSlot): void {
    const words = this.#words;
    assert(words !== null, 'evicted once');
    this.#slot ??= write([new Uint8Array(words.buffer, words.byteOffset, words.byteLength)]);
    this.hide();
    this.#words = null;
    this.#sight.resident--;
  }

  present(cache: PageCache | null): Int32Array {
    if (cache !== this.cache) {
      this.cache?.remove(this);
      cache?.add(this);
    }
    let words = this.#words;
    if (words === null) {
      assert(this.#slot !== null, 'an absent chunk is in the page file');
      cache?.makeRoom(CHUNK_BYTES);
      const bytes = this.#slot.read();
      words = new Int32Array(bytes.buffer, bytes.byteOffset, CHUNK);
      this.#words = words;
      this.#sight.resident++;
      cache?.loaded(this);
    } else cache?.shown(this);
    this.#sight.readable[this.#number] = words;
    if (this.#slot === null) this.#sight.writable[this.#number] = words;
    return words;
  }

  /** As `present`, to be changed. */
  changing(cache: PageCache | null): Int32Array {
    const words = this.present(cache);
    this.#slot?.free();
    this.#slot = null;
    this.#sight.writable[this.#number] = words;
    return words;
  }

  release(): void {
    this.cache?.remove(this);
    this.#slot?.free();
    this.#slot = null;
  }
}

/**
 * One plain array until memory is short; from then on chunks that the cache governs, one by one.
 * Hot: bench/operator relational and group-by. Why the plain array is asked for its length: it is empty in the other case.
 */
export class EvictableInts {
  readonly #home: Governed;
  readonly #empty: number;
  #plain: Int32Array = NO_WORDS;
  #chunks: Chunk[] | null = null;
  readonly #sight: Sight = { readable: [], writable: [], resident: 0 };

  /** `empty`: what a word is at first. */
  constructor(home: Governed, empty = 0) {
    this.#home = home;
    this.#empty = empty;
  }

  get length(): number {
    return this.#chunks === null ? this.#plain.length : this.#chunks.length << SHIFT;
  }

  /** Scattered words may cost a read each: they are best asked for in order. */
  get divided(): boolean { return this.#chunks !== null; }

  /** All words, for the hottest loops, until the next `ensure`; null when they are divided. */
  get words(): Int32Array | null { return this.#chunks === null ? this.#plain : null; }

  /** In memory. */
  get bytes(): number {
    if (this.#chunks === null) return this.#plain.byteLength;
    return this.#sight.resident * CHUNK_BYTES + this.#chunks.length * ABSENT_BYTES;
  }

  /** Requires: 0 ≤ at < length, as does `set`. */
  get(at: number): number {
    const plain = this.#plain;
    return at < plain.length ? plain[at] : this.#getFar(at);
  }

  set(at: number, word: number): void {
    const plain = this.#plain;
    if (at < plain.length) plain[at] = word;
    else this.#setFar(at, word);
  }

  #getFar(at: number): number {
    return (this.#sight.readable[at >> SHIFT] ?? this.#chunk(at).present(this.#home.cache))[at & MASK];
  }

  #setFar(at: number, word: number): void {
    (this.#sight.writable[at >> SHIFT] ?? this.#chunk(at).changing(this.#home.cache))[at & MASK] = word;
  }

  #chunk(at: number): Chunk {
    const { length } = this;
    assert(this.#chunks !== null && at >= 0 && at < length, 'a word there is');
    return this.#chunks[at >> SHIFT];
  }

  /** Room for so many words. */
  ensure(length: number): void {
    const { cache } = this.#home;
    if (this.#chunks === null && cache !== null) {
      const size = Math.max(length, this.#plain.length) * Int32Array.BYTES_PER_ELEMENT;
      if (cache.tooLarge(size)) this.#divide(cache);
    }
    if (this.#chunks !== null) this.#addChunks(this.#chunks, length);
    else if (this.#plain.length < length) {
      // What is reserved is memory nobody else has: where it is short, an eighth at a time.
      const before = this.#plain.length;
      this.#plain = grown(this.#plain, Math.max(length, before + (before >> (cache?.tight === true ? 3 : 1))));
      if (this.#empty !== 0) this.#plain.fill(this.#empty, before);
    }
  }

  #divide(cache: PageCache): void {
    const plain = this.#plain;
    const chunks: Chunk[] = [];
    this.#plain = NO_WORDS;
    this.#chunks = chunks;
    this.#home.dependents.add(this);
    for (let from = 0; from < plain.length; from += CHUNK) {
      const words = new Int32Array(CHUNK).fill(this.#empty);
      words.set(plain.subarray(from, from + CHUNK));
      this.#add(chunks, words, cache);
    }
  }

  #addChunks(chunks: Chunk[], length: number): void {
    while (chunks.length << SHIFT < length) this.#add(chunks, new Int32Array(CHUNK).fill(this.#empty), this.#home.cache);
  }

  #add(chunks: Chunk[], words: Int32Array, cache: PageCache | null): void {
    const chunk = new Chunk(this.#sight, chunks.length, words);
    chunks.push(chunk);
    cache?.add(chunk);
  }

  /** No cache governs the words from now on, until another does. */
  detach(): void {
    for (const chunk of this.#chunks ?? []) {
      chunk.cache?.remove(chunk);
      // The next access tells who governs it then.
      chunk.hide();
    }
  }

  /** Nobody is going to ask any more. */
  release(): void {
    this.#home.dependents.delete(this);
    for (const chunk of this.#chunks ?? []) chunk.release();
  }
}
