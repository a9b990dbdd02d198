// KeyChains: an index over Pages: key columns → all rows with that key, as doubly linked chains of row ids.
import { grown } from '../data/grown.ts';
import type { Vector } from '../data/vector.ts';
import { GivenRows, KeyIndex, liveIds } from './key-index.ts';
import type { KeyIndexOptions } from './key-index.ts';
import type { Pages } from './pages.ts';

/** Pairs of a probing row and a row found, in order of the probing rows. */
export interface Probe {
  readonly probeRows: Int32Array;
  readonly rowIds: Int32Array;
}

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
  #next: Int32Array = new Int32Array(64);
  #prev: Int32Array = new Int32Array(64);
  #heads: Int32Array = new Int32Array(64);

  constructor(pages: Pages, columns: readonly number[], options: KeyIndexOptions = {}) {
    this.columns = columns;
    this.#pages = pages;
    this.#index = new KeyIndex(pages, columns, options);
  }

  /** Distinct keys held. */
  get keys(): number { return this.#index.size; }
  get bytes(): number { return this.#index.bytes + this.#next.byteLength + this.#prev.byteLength; }

  /** Nobody is going to ask any more. */
  release(): void {
    this.#index.release();
  }

  /** Adds rows that are in the pages: `ids` of `length` rows whose keys are `keys`. */
  link(keys: readonly Vector[], ids: Int32Array, length: number): void {
    this.#reserve(length);
    const heads = this.#heads;
    this.#index.findOrInsert(keys, length, heads, new GivenRows(ids));
    const next = this.#next;
    const prev = this.#prev;
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

  #reserve(length: number): void {
    if (this.#heads.length < length) this.#heads = new Int32Array(length * 2);
    if (this.#next.length >= this.#pages.idLimit) return;
    // An eighth at a time: copying is cheap beside what linking a row costs, and what is reserved is memory nobody else has.
    const size = Math.max(this.#pages.idLimit, this.#next.length + (this.#next.length >> 3));
    this.#next = grown(this.#next, size);
    this.#prev = grown(this.#prev, size);
  }

  /** Takes rows out. Requires: they are still in the pages. */
  unlink(ids: Int32Array, length: number): void {
    const next = this.#next;
    const prev = this.#prev;
    // Heads last: by then their next is a row that stays.
    const heads = new Int32Array(length);
    let count = 0;
    for (let i = 0; i < length; i++) {
      const id = ids[i];
      const before = prev[id];
      if (before === NONE) heads[count++] = id;
      if (before < 0) continue;
      const after = next[id];
      next[before] = after;
      if (after >= 0) prev[after] = before;
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
      const after = this.#next[id];
      if (after < 0) gone[n++] = id;
      else {
        this.#prev[after] = NONE;
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
    return this.#next[id];
  }

  /** All rows with the keys, probing row by probing row. */
  probe(keys: readonly Vector[], length: number): Probe {
    if (this.#heads.length < length) this.#heads = new Int32Array(length * 2);
    const heads = this.#heads;
    this.#index.find(keys, length, heads);
    const next = this.#next;
    let probeRows: Int32Array = new Int32Array(length + (length >> 1) + 8);
    let rowIds: Int32Array = new Int32Array(probeRows.length);
    let n = 0;
    for (let i = 0; i < length; i++) {
      for (let id = heads[i]; id >= 0; id = next[id]) {
        if (n === rowIds.length) {
          probeRows = grown(probeRows, n * 2);
          rowIds = grown(rowIds, n * 2);
        }
        probeRows[n] = i;
        rowIds[n++] = id;
      }
    }
    return { probeRows: probeRows.subarray(0, n), rowIds: rowIds.subarray(0, n) };
  }

  /** The chains anew from the pages. Requires: nothing was linked yet. */
  rebuild(): void {
    for (let number = 0; number < this.#pages.pageCount; number++) {
      const ids = liveIds(this.#pages, number);
      if (ids.length > 0) this.link(this.columns.map((c) => this.#pages.gatherColumn(c, ids)), ids, ids.length);
    }
  }
}
