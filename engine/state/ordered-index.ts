// OrderedIndex: rows of Pages in ascending order of key columns, NULLs last, for ranges and for reading in order.
//
// Sorted runs, each at most about half as long as the one before it: what comes is only noted, and sorted and merged when the
// index is read. Nothing is built before it is first read, and then some pages at a time. Derived from the pages: never saved.
import { datumAt } from '../data/access.ts';
import { Batch, concatBatches } from '../data/batch.ts';
import { PAGE_SHIFT } from '../data/cells.ts';
import type { Datum } from '../data/datum.ts';
import { grown } from '../data/grown.ts';
import { ascendingOrder } from '../data/row-order.ts';
import type { KeyOrder } from '../data/row-order.ts';
import { sortBatch } from '../data/sort.ts';
import { INT4 } from '../data/types.ts';
import type { LogicalType, Schema } from '../data/types.ts';
import { Int32Vector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import { liveIds } from './key-index.ts';
import { RangeEdges } from './key-range.ts';
import type { KeyRange } from './key-range.ts';
import { OrderedRun, mergeRuns } from './ordered-run.ts';
import type { Segment } from './ordered-run.ts';
import type { PageCache } from './page-cache.ts';
import type { Pages } from './pages.ts';

/** Rows that one reader builds the index over at most: it answers by other means while there are more. */
const BUILD_ROWS = 1 << 19;
/** Changes noted beyond the index's own size: building it anew when somebody asks is cheaper. */
const SLACK = 1 << 16;

export class OrderedIndex {
  readonly columns: readonly number[];
  readonly types: readonly LogicalType[];
  readonly #pages: Pages;
  readonly #cache: PageCache | null;
  readonly #schema: Schema;
  readonly #order: readonly KeyOrder[];
  #runs: OrderedRun[] = [];
  /** Ids that came since the last run was made; some may have gone again. */
  #pending = new Int32Array(64);
  #count = 0;
  /** By id: the number of the run, or of the pending ids, in which its entry counts; 0: none. */
  #home = new Int32Array(64);
  #number = 1;
  /** Pages below are in. */
  #built = 0;
  #complete = false;

  constructor(pages: Pages, columns: readonly number[], cache: PageCache | null) {
    this.#pages = pages;
    this.columns = columns;
    this.#cache = cache;
    this.#schema = { columns: columns.map((c) => pages.schema.columns[c]) };
    this.types = this.#schema.columns.map((c) => c.type);
    this.#order = ascendingOrder(columns.length);
  }

  get bytes(): number {
    return this.#runs.reduce((sum, run) => sum + run.bytes, this.#home.byteLength + this.#pending.byteLength);
  }

  /** Rows have come to the pages. */
  link(ids: Int32Array, length: number): void {
    if (this.#built === 0 && !this.#complete) return;
    this.#reserve();
    for (let i = 0; i < length; i++) {
      if (!this.#complete && ids[i] >> PAGE_SHIFT >= this.#built) continue;
      this.#note(ids[i]);
    }
    if (this.#count > this.#entries + SLACK) this.forget();
  }

  #note(id: number): void {
    if (this.#count === this.#pending.length) this.#pending = grown(this.#pending, this.#count * 2);
    this.#pending[this.#count++] = id;
    this.#home[id] = this.#number;
  }

  #reserve(): void {
    const limit = this.#pages.idLimit;
    if (this.#home.length < limit) this.#home = grown(this.#home, Math.max(limit, this.#home.length * 2));
  }

  get #entries(): number {
    return this.#runs.reduce((sum, run) => sum + run.length, 0);
  }

  /** Rows are about to leave the pages. */
  unlink(ids: Int32Array, length: number): void {
    for (let i = 0; i < length; i++) {
      const number = ids[i] < this.#home.length ? this.#home[ids[i]] : 0;
      if (number === 0) continue;
      this.#home[ids[i]] = 0;
      const run = this.#runs.find((r) => r.number === number);
      if (run !== undefined) run.dead++;
    }
  }

  /** Lets everything go; it is built again when it is asked for. */
  forget(): void {
    for (const run of this.#runs) run.release();
    this.#runs = [];
    this.#count = 0;
    this.#home = new Int32Array(64);
    this.#built = 0;
    this.#complete = false;
  }

  /** Brings the index up to date. False: it is not complete yet, whoever asks has to scan. */
  settle(): boolean {
    if (!this.#complete) {
      this.#reserve();
      for (let rows = 0; this.#built < this.#pages.pageCount && rows < BUILD_ROWS;) {
        const ids = liveIds(this.#pages, this.#built++);
        for (let i = 0; i < ids.length; i++) this.#note(ids[i]);
        rows += ids.length;
      }
      this.#complete = this.#built >= this.#pages.pageCount;
    }
    if (this.#count > 0) this.#seal();
    this.#compact();
    return this.#complete;
  }

  /** What is pending becomes a run, or the last one's end. */
  #seal(): void {
    const pending = this.#number++;
    const last = this.#runs.at(-1);
    const ids = new Int32Array(this.#count);
    let n = 0;
    for (let i = 0; i < this.#count; i++) {
      const id = this.#pending[i];
      if (this.#home[id] !== pending) continue;
      // The same id may be pending twice: it went and came again.
      this.#home[id] = 0;
      ids[n++] = id;
    }
    this.#count = 0;
    if (n === 0) return;
    const entries = this.#sorted(ids.subarray(0, n).sort());
    // Only where all entries count: an id that came again may have one there that does not, and it would count once more.
    const longer = last !== undefined && last.dead === 0 && last.precedes(entries);
    const run = longer ? last : new OrderedRun(this.#schema, this.#number++, this.#cache);
    if (!longer) this.#runs.push(run);
    run.append(entries);
    for (let i = 0; i < n; i++) this.#home[ids[i]] = run.number;
    this.#number++;
  }

  #sorted(ids: Int32Array): Batch {
    const keys = this.#pages.gather(ids, this.columns);
    const entries = new Batch([...keys.columns, new Int32Vector(INT4, ids.length, ids)], ids.length);
    const order = sortBatch(entries, this.#order);
    return isAscending(order) ? entries : entries.take(order);
  }

  #compact(): void {
    for (;;) {
      const [a, b] = this.#runs.slice(-2);
      if (b !== undefined && b.length * 2 >= a.length) this.#merge(a, b);
      else if (this.#runs.some((run) => run.dead * 2 > run.length)) {
        const worst = this.#runs.findIndex((run) => run.dead * 2 > run.length);
        if (worst + 1 < this.#runs.length) this.#mergeAll(worst);
        else this.#rewrite(this.#runs[worst]);
      } else return;
    }
  }

  #mergeAll(from: number): void {
    while (this.#runs.length > from + 1) this.#merge(this.#runs[this.#runs.length - 2], this.#runs[this.#runs.length - 1]);
  }

  #rewrite(run: OrderedRun): void {
    this.#runs.push(new OrderedRun(this.#schema, this.#number++, this.#cache));
    this.#merge(run, this.#runs[this.#runs.length - 1]);
  }

  /** The last two become one. */
  #merge(a: OrderedRun, b: OrderedRun): void {
    const merged = new OrderedRun(this.#schema, this.#number++, this.#cache);
    const home = this.#home;
    mergeRuns(a, b, merged, (id, from) => {
      if (home[id] !== from.number) return false;
      home[id] = merged.number;
      return true;
    });
    a.release();
    b.release();
    this.#runs = [...this.#runs.slice(0, -2), ...merged.length > 0 ? [merged] : []];
    if (merged.length === 0) merged.release();
  }

  /** Entries in the range, those that do not count any more included. Requires: settled. */
  count(range: KeyRange): number {
    const edges = new RangeEdges(range, this.types);
    let total = 0;
    for (const run of this.#runs) {
      const { from, to } = run.segment(edges);
      total += to - from;
    }
    return total;
  }

  /** The rows in the range, in no order. Requires: settled. */
  rows(range: KeyRange): Int32Array {
    const edges = new RangeEdges(range, this.types);
    const parts = this.#runs.map((run) => this.#counting(run, run.segment(edges)));
    const all = new Int32Array(parts.reduce((sum, p) => sum + p.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  #counting(run: OrderedRun, { from, to }: Segment): Int32Array {
    const out = new Int32Array(to - from);
    let n = 0;
    for (let entry = from; entry < to; entry++) {
      const id = run.id(entry);
      if (this.#home[id] === run.number) out[n++] = id;
    }
    return out.subarray(0, n);
  }

  /** The first columns of a row's key. */
  keyOf(id: number, count: number): readonly Datum[] {
    return this.#pages.gather(Int32Array.of(id), this.columns.slice(0, count)).columns.map((c) => datumAt(c, 0));
  }

  /** The rows in the range in order, at most `portion` at a time. Requires: settled, no change before the end. */
  *inOrder(range: KeyRange, descending: boolean, portion: number): Generator<Int32Array> {
    const edges = new RangeEdges(range, this.types);
    const order = this.#order.map((k) => ({ ...k, descending, nullsFirst: descending }));
    let left = this.#runs.map((run) => ({ run, ...run.segment(edges) })).filter(({ from, to }) => from < to);
    while (left.length > 0) {
      const heads = left.map((l) => headOf(l, descending, portion));
      const entries = concatBatches(left.map(({ run }, h) => run.pages.gather(heads[h])));
      const owners = Int32Array.from(heads.flatMap((head, h) => Array.from(head, () => h)));
      const sorted = left.length === 1 ? null : sortBatch(entries, order);
      const ids = entries.columns[this.columns.length];
      const out: number[] = [];
      for (let i = 0; i < Math.min(portion, entries.length); i++) {
        const at = sorted === null ? i : sorted[i];
        const owner = left[owners[at]];
        if (descending) owner.to--;
        else owner.from++;
        const id = idAt(ids, at);
        if (this.#home[id] === owner.run.number) out.push(id);
      }
      left = left.filter(({ from, to }) => from < to);
      if (out.length > 0) yield Int32Array.from(out);
    }
  }
}

/** The next entries of a segment in the direction of reading: sorting them with others keeps that order among equals. */
function headOf({ from, to }: Segment, descending: boolean, portion: number): Int32Array {
  const length = Math.min(portion, to - from);
  return Int32Array.from({ length }, (_, i) => (descending ? to - 1 - i : from + i));
}

function idAt(ids: Vector, at: number): number {
  return ids.layout === 'int32' ? ids.values[at] : -1;
}

function isAscending(rows: Int32Array): boolean {
  for (let i = 0; i < rows.length; i++) if (rows[i] !== i) return false;
  return true;
}
