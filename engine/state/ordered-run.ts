// OrderedRun: keys with the ids of their rows in ascending order, in pages of their own that may be evicted.
import { Batch, concatBatches } from '../data/batch.ts';
import { PAGE_MASK, PAGE_ROWS, PAGE_SHIFT, flatColumn } from '../data/cells.ts';
import type { CellColumn } from '../data/cells.ts';
import { assert } from '../data/error.ts';
import { ascendingOrder, crossOrder } from '../data/row-order.ts';
import type { KeyOrder } from '../data/row-order.ts';
import { INT4 } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import { firstNot } from './key-range.ts';
import type { RangeEdges, RowTest } from './key-range.ts';
import type { PageCache } from './page-cache.ts';
import { Pages } from './pages.ts';

/** Entries a merge writes at a time. */
const PORTION = 8192;

/** Rows of a run from `from` to before `to`. */
export interface Segment { from: number; to: number }

/** Written once, at its end: entry i is row i of its pages. */
export class OrderedRun {
  /** Of the pages: the key columns, then the row's id. */
  readonly schema: Schema;
  readonly pages: Pages;
  /** Names it in the index: an entry counts while its row says that it is here. */
  readonly number: number;
  length = 0;
  /** Entries that do not count any more. */
  dead = 0;
  readonly #keys: number;
  /** The first key of each page, so that a search reads one page; in parts as they came. */
  #fences: Batch[] = [];

  constructor(keys: Schema, number: number, cache: PageCache | null) {
    this.schema = { columns: [...keys.columns, { name: 'id', type: INT4 }] };
    this.#keys = keys.columns.length;
    this.number = number;
    this.pages = new Pages(this.schema);
    if (cache !== null) this.pages.attach(cache);
  }

  get bytes(): number {
    return this.length === 0 ? 0 : this.pages.bytes();
  }

  /** The key columns, for comparisons. */
  get keyCells(): readonly CellColumn[] {
    return Array.from({ length: this.#keys }, (_, c) => this.pages.cells(c));
  }

  get keyOrder(): readonly KeyOrder[] {
    return ascendingOrder(this.#keys);
  }

  /** Adds entries. Requires: in ascending order, none before what is there. */
  append(entries: Batch): void {
    if (entries.length === 0) return;
    const first = Math.ceil(this.length / PAGE_ROWS) * PAGE_ROWS - this.length;
    const firsts = Int32Array.from({ length: Math.ceil(Math.max(0, entries.length - first) / PAGE_ROWS) },
      (_, i) => first + i * PAGE_ROWS);
    if (firsts.length > 0) this.#fences.push(new Batch(entries.columns.slice(0, this.#keys), entries.length).take(firsts));
    // Pages put whole pages behind one that is not full, and what is left over into that one: so it is filled first.
    this.#add(entries.slice(0, Math.min(first, entries.length)));
    this.#add(entries.slice(Math.min(first, entries.length), entries.length));
  }

  #add(entries: Batch): void {
    if (entries.length === 0) return;
    const ids = new Int32Array(entries.length);
    this.pages.append(entries, null, null, ids);
    assert(ids[0] === this.length && ids[ids.length - 1] === this.length + ids.length - 1, 'entries of a run in order');
    this.length += ids.length;
  }

  id(entry: number): number {
    return this.pages.columns[this.#keys][entry >> PAGE_SHIFT].i32[entry & PAGE_MASK];
  }

  /** Do these entries all come after, or with, the last one? */
  precedes(entries: Batch): boolean {
    if (this.length === 0 || entries.length === 0) return true;
    return crossOrder(this.keyCells, entries.columns.map(flatColumn), this.keyOrder)(this.length - 1, 0) <= 0;
  }

  /** The entries in the range. */
  segment(edges: RangeEdges): Segment {
    if (this.length === 0) return { from: 0, to: 0 };
    const { keyCells } = this;
    const fences = this.#fenceCells();
    const from = this.#search(edges.before(fences), edges.before(keyCells));
    return { from, to: Math.max(from, this.#search(edges.upTo(fences), edges.upTo(keyCells))) };
  }

  #search(atFence: RowTest, at: RowTest): number {
    const pages = Math.ceil(this.length / PAGE_ROWS);
    const page = firstNot(atFence, 0, pages);
    if (page === 0) return 0;
    const from = (page - 1) * PAGE_ROWS;
    return firstNot(at, from, Math.min(this.length, from + PAGE_ROWS));
  }

  #fenceCells(): readonly CellColumn[] {
    if (this.#fences.length === 0) return [];
    if (this.#fences.length > 1) this.#fences = [concatBatches(this.#fences)];
    return this.#fences[0].columns.map(flatColumn);
  }

  /** Its pages are not wanted any more. */
  release(): void {
    this.pages.detach();
  }
}

/** Appends to `target` what counts of two runs, in order; `keep` is told each entry's id and says whether it counts. */
export function mergeRuns(
  a: OrderedRun, b: OrderedRun, target: OrderedRun, keep: (id: number, from: OrderedRun) => boolean,
): void {
  const compare = crossOrder(a.keyCells, b.keyCells, a.keyOrder);
  const [fromA, fromB] = [new Int32Array(PORTION), new Int32Array(PORTION)];
  const places = new Int32Array(PORTION);
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    let m = 0;
    let n = 0;
    let count = 0;
    while (count < PORTION && (i < a.length || j < b.length)) {
      const first = j >= b.length || (i < a.length && compare(i, j) <= 0);
      const entry = first ? i++ : j++;
      const run = first ? a : b;
      if (!keep(run.id(entry), run)) continue;
      // Those of b stand behind all of a's.
      if (first) {
        places[count++] = m;
        fromA[m++] = entry;
      } else {
        places[count++] = -1 - n;
        fromB[n++] = entry;
      }
    }
    for (let k = 0; k < count; k++) if (places[k] < 0) places[k] = m - 1 - places[k];
    const both = concatBatches([a.pages.gather(fromA.slice(0, m)), b.pages.gather(fromB.slice(0, n))]);
    target.append(new Batch(both.columns, m + n).take(places.slice(0, count)));
  }
}
