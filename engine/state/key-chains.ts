// KeyChains: an index over Pages: key columns → all rows with that key, as doubly linked chains of row ids.
import type { Vector } from '../data/vector.ts';
import { ChainWalk, linkOrder } from './chain-walk.ts';
import type { Pairs } from './chain-walk.ts';
import { EvictableInts } from './evictable-ints.ts';
import { GivenRows, KeyIndex } from './key-index.ts';
import type { KeyIndexOptions } from './key-index.ts';
import { eachLive } from './live-columns.ts';
import type { Pages } from './pages.ts';

const NONE = -1;
/** In `prev`: the row is in no chain (its key has a NULL and NULLs never match). */
const UNLINKED = -2;

/**
 * The index carries the head of a chain; new rows go in second place, so the head seldom changes.
 * Derived from the pages: never saved.
 */
export class KeyChains {
  readonly columns: readonly number[];
  readonly #pages: Pages;
  readonly #index: KeyIndex;
  /** By row id. */
  readonly #next: EvictableInts;
  readonly #prev: EvictableInts;
  #heads: Int32Array = new Int32Array(64);

  constructor(pages: Pages, columns: readonly number[], options: KeyIndexOptions = {}) {
    this.columns = columns;
    this.#pages = pages;
    this.#index = new KeyIndex(pages, columns, options);
    this.#next = new EvictableInts(pages);
    this.#prev = new EvictableInts(pages);
  }

  /** Distinct keys held. */
  get keys(): number { return this.#index.size; }
  get bytes(): number { return this.#index.bytes + this.#next.bytes + this.#prev.bytes; }

  /** Nobody is going to ask any more. */
  release(): void {
    this.#index.release();
    this.#next.release();
    this.#prev.release();
  }

  /** Adds rows that are in the pages: `ids` of `length` rows whose keys are `keys`. */
  link(keys: readonly Vector[], ids: Int32Array, length: number): void {
    this.#reserve(length);
    const heads = this.#heads;
    this.#index.findOrInsert(keys, length, heads, new GivenRows(ids));
    const next = this.#next.words;
    const prev = this.#prev.words;
    if (next === null || prev === null) {
      this.#linkInOrder(ids, heads, length);
      return;
    }
    for (let i = 0; i < length; i++) {
      const id = ids[i];
      const head = heads[i];
      next[id] = NONE;
      prev[id] = head < 0 ? UNLINKED : NONE;
      if (head < 0 || head === id) continue;
      const second = next[head];
      next[id] = second;
      prev[id] = head;
      next[head] = id;
      if (second >= 0) prev[second] = id;
    }
  }

  /** The same where some of the links are away. */
  #linkInOrder(ids: Int32Array, heads: Int32Array, length: number): void {
    const next = this.#next;
    const prev = this.#prev;
    const order = linkOrder(this.#next, heads, length);
    for (let n = 0; n < length; n++) {
      const i = order === null ? n : order[n];
      const id = ids[i];
      const head = heads[i];
      next.set(id, NONE);
      prev.set(id, head < 0 ? UNLINKED : NONE);
      if (head < 0 || head === id) continue;
      const second = next.get(head);
      next.set(id, second);
      prev.set(id, head);
      next.set(head, id);
      if (second >= 0) prev.set(second, id);
    }
  }

  #reserve(length: number): void {
    if (this.#heads.length < length) this.#heads = new Int32Array(length * 2);
    this.#next.ensure(this.#pages.idLimit);
    this.#prev.ensure(this.#pages.idLimit);
  }

  /** Takes rows out. Requires: they are still in the pages. */
  unlink(ids: Int32Array, length: number): void {
    const next = this.#next;
    const prev = this.#prev;
    // Heads last: by then their next is a row that stays.
    const heads = new Int32Array(length);
    const order = linkOrder(this.#next, ids, length);
    let count = 0;
    for (let n = 0; n < length; n++) {
      const id = ids[order === null ? n : order[n]];
      const before = prev.get(id);
      if (before === NONE) heads[count++] = id;
      if (before < 0) continue;
      const after = next.get(id);
      next.set(before, after);
      if (after >= 0) prev.set(after, before);
    }
    if (count > 0) this.#unlinkHeads(heads.subarray(0, count));
  }

  #unlinkHeads(heads: Int32Array): void {
    const gone = new Int32Array(heads.length);
    const moved = new Int32Array(heads.length);
    const by = new Int32Array(heads.length);
    let n = 0;
    let m = 0;
    for (const id of heads) {
      const after = this.#next.get(id);
      if (after < 0) gone[n++] = id;
      else {
        this.#prev.set(after, NONE);
        by[m] = after;
        moved[m++] = id;
      }
    }
    if (n > 0) this.#index.removeRows(gone, n);
    if (m > 0) this.#index.replaceRows(moved.subarray(0, m), by.subarray(0, m));
  }

  /** First row of each key's chain, −1 where there is none. */
  heads(keys: readonly Vector[], length: number, out: Int32Array): void {
    this.#index.find(keys, length, out);
  }

  /** The row after `id` in its chain, or −1. */
  next(id: number): number {
    return this.#next.get(id);
  }

  /** All rows with the keys, probing row by probing row. */
  probe(keys: readonly Vector[], length: number): Pairs {
    return this.walk(keys, length).next(Infinity);
  }

  /** The same, some at a time. */
  walk(keys: readonly Vector[], length: number): ChainWalk {
    if (this.#heads.length < length) this.#heads = new Int32Array(length * 2);
    this.#index.find(keys, length, this.#heads);
    return new ChainWalk(this.#heads, length, this.#next);
  }

  /** The chains anew from the pages, in turns. Requires: nothing was linked yet, no row comes or goes before the end. */
  *rebuild(): Generator<null> {
    for (const { ids, columns } of eachLive(this.#pages, this.columns)) {
      this.link(columns, ids, ids.length);
      yield null;
    }
  }
}
