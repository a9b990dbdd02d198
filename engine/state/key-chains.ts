// KeyChains: an index over Pages: key columns → all rows with that key, as doubly linked chains of row ids.
import { grown } from '../data/grown.ts';
import type { Vector } from '../data/vector.ts';
import { EvictableInts } from './evictable-ints.ts';
import { GivenRows, KeyIndex } from './key-index.ts';
import type { KeyIndexOptions } from './key-index.ts';
import { eachLive } from './live-columns.ts';
import { MAX_ORDERED, byPage } from './page-order.ts';
import type { Pages } from './pages.ts';
import { rowNumbers } from './scratch.ts';

/** Pairs of a probing row and a row found, in order of the probing rows. */
export interface Pairs {
  readonly probeRows: Int32Array;
  readonly rowIds: Int32Array;
}

export interface Probe extends Pairs {
  /** So many of the probing rows were looked up. */
  readonly taken: number;
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
    const order = this.#order(heads, length);
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

  /** In which order rows are best taken whose links are going to be asked for; null where it is of no account. */
  #order(ids: Int32Array, length: number): Int32Array | null {
    if (!this.#next.divided || length < 2 || length > MAX_ORDERED) return null;
    return byPage(ids, length);
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
    const order = this.#order(ids, length);
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

  /** All rows with the keys, probing row by probing row; after the row that makes `enough` pairs it may stop. */
  probe(keys: readonly Vector[], length: number, enough = Infinity): Probe {
    if (this.#heads.length < length) this.#heads = new Int32Array(length * 2);
    const heads = this.#heads;
    this.#index.find(keys, length, heads);
    const next = this.#next.words;
    if (next === null) return this.#probeByLink(heads, length);
    let probeRows: Int32Array = new Int32Array(length + (length >> 1) + 8);
    let rowIds: Int32Array = new Int32Array(probeRows.length);
    let n = 0;
    let i = 0;
    for (; i < length && n < enough; i++) {
      for (let id = heads[i]; id >= 0; id = next[id]) {
        if (n === rowIds.length) {
          probeRows = grown(probeRows, n * 2);
          rowIds = grown(rowIds, n * 2);
        }
        probeRows[n] = i;
        rowIds[n++] = id;
      }
    }
    return { probeRows: probeRows.subarray(0, n), rowIds: rowIds.subarray(0, n), taken: i };
  }

  /** The rows of all chains, link by link: in order of the ids, so that a part of the links that is away is read once. */
  #probeByLink(heads: Int32Array, length: number): Probe {
    const counts = new Int32Array(length);
    const levels: Pairs[] = [];
    let probeRows = rowNumbers(length).filter((i) => heads[i] >= 0);
    let rowIds = probeRows.map((i) => heads[i]);
    while (rowIds.length > 0) {
      levels.push({ probeRows, rowIds });
      const after = new Int32Array(rowIds.length);
      const order = this.#order(rowIds, rowIds.length);
      for (let n = 0; n < rowIds.length; n++) {
        const i = order === null ? n : order[n];
        after[i] = this.#next.get(rowIds[i]);
        counts[probeRows[i]]++;
      }
      probeRows = probeRows.filter((_, i) => after[i] >= 0);
      rowIds = after.filter((id) => id >= 0);
    }
    return { ...byProbeRow(levels, counts), taken: length };
  }

  /** The chains anew from the pages. Requires: nothing was linked yet. */
  rebuild(): void {
    for (const { ids, columns } of eachLive(this.#pages, this.columns)) this.link(columns, ids, ids.length);
  }
}

/** The levels put together. `counts`: by probing row, how many rows there are for it. */
function byProbeRow(levels: readonly Pairs[], counts: Int32Array): Pairs {
  const at = new Int32Array(counts.length);
  let total = 0;
  for (let i = 0; i < counts.length; i++) {
    at[i] = total;
    total += counts[i];
  }
  const out = { probeRows: new Int32Array(total), rowIds: new Int32Array(total) };
  for (const { probeRows, rowIds } of levels) {
    for (let i = 0; i < rowIds.length; i++) {
      const to = at[probeRows[i]]++;
      out.probeRows[to] = probeRows[i];
      out.rowIds[to] = rowIds[i];
    }
  }
  return out;
}
