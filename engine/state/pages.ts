// Pages: rows of one schema with a weight each, in copy-on-write pages of typed columns; what all state is made of.
import { Batch } from '../data/batch.ts';
import { PAGE_MASK, PAGE_ROWS, PAGE_SHIFT, cellsOf } from '../data/cells.ts';
import type { CellColumn } from '../data/cells.ts';
import { Delta } from '../data/delta.ts';
import { assert } from '../data/error.ts';
import { layoutOf } from '../data/types.ts';
import type { LogicalType, Schema } from '../data/types.ts';
import type { Vector } from '../data/vector.ts';
import { findRuns, gatherColumn, pageRuns, scatterColumn } from './page-kernels.ts';
import type { ScatterPlan } from './page-kernels.ts';
import type { PageCache } from './page-cache.ts';
import { Page } from './page.ts';
import type { PageHome } from './page.ts';
import type { PageColumn } from './page-column.ts';
import { fitsPages, heapPortions, heapRoom } from './page-heap.ts';
import { MAX_ORDERED, byPage, gatherByPage } from './page-order.ts';
import { PagesSnapshot, scanPage } from './pages-snapshot.ts';
import type { ChangedPage, SavedState, StateReader, StateWriter, StoredPage } from './ports.ts';
import { takePrepared } from './prepared-pages.ts';
import { rowNumbers } from './scratch.ts';

/** Free rows of a full page before it is filled again: fewer, fuller refills keep pages in order for scans. */
const REFILL = PAGE_ROWS >> 3;
const FIRST_CAPACITY = Math.min(16, PAGE_ROWS);
const ONE = new Int32Array(1);

/**
 * A row's id (page × PAGE_ROWS + offset) is stable until it is freed. Weight 0 = free.
 * Kernels read and write cells directly: `columns[c][id >> PAGE_SHIFT]` and `weights[id >> PAGE_SHIFT]`, but call
 * `touch` first for the rows they are going to write, and fetch the arrays anew after each `touch` or `allocate`.
 */
export class Pages implements PageHome, SavedState {
  readonly schema: Schema;
  readonly types: readonly LogicalType[];
  /** By column, then by page. */
  readonly columns: readonly PageColumn[][];
  /** By page. */
  readonly weights: Int32Array[] = [];
  readonly #pages: Page[] = [];
  /** 1: the page must be made writable before a write (shared, not in sight, or not yet marked as changed). */
  #guard = new Uint8Array(16);
  readonly #nullable: boolean[];
  readonly #bytesColumns: readonly number[];
  /** Pages with room besides the current one. */
  #open: number[] = [];
  #current = -1;
  /** Rows of the current page that may be taken now. */
  #granted = 0;
  #rows = 0;
  #generation = 0;
  #newestLive = -1;
  readonly #live = new Map<number, number>();
  #cache: PageCache | null = null;

  constructor(schema: Schema) {
    this.schema = schema;
    this.types = schema.columns.map((c) => c.type);
    this.columns = schema.columns.map(() => []);
    this.#nullable = schema.columns.map(() => false);
    this.#bytesColumns = schema.columns.flatMap((c, i) => (layoutOf(c.type) === 'bytes' ? [i] : []));
  }

  /** Rows in use. */
  get rows(): number { return this.#rows; }
  get pageCount(): number { return this.#pages.length; }
  /** Ids in use are below this. */
  get idLimit(): number { return this.#pages.length * PAGE_ROWS; }

  /** A column for row-key and compare kernels. Live: it follows later changes. */
  cells(column: number): CellColumn {
    return { chunks: this.columns[column], shift: PAGE_SHIFT, mask: PAGE_MASK };
  }

  weight(id: number): number {
    return this.weights[id >> PAGE_SHIFT][id & PAGE_MASK];
  }

  /**
   * Takes `length` free rows, of weight 1, ids into `out`. Their cells hold anything: the caller writes all of them.
   * Returns whether none was ever taken before: then they follow each other in each page. `rowBytes`: see `heapPortions`.
   */
  allocate(length: number, out: Int32Array, rowBytes = 0): boolean {
    let untouched = true;
    for (let at = 0; at < length;) {
      const page = this.#pageWithRoom(length - at, rowBytes);
      const base = this.#current << PAGE_SHIFT;
      const end = at + this.#granted;
      if (page.freeCount > 0) untouched = false;
      while (at < end && page.freeCount > 0) {
        const row = page.popFree();
        page.weights[row] = 1;
        out[at++] = base | row;
      }
      const { weights } = page;
      let row = page.used;
      while (at < end) {
        weights[row] = 1;
        out[at++] = base | row++;
      }
      page.used = row;
    }
    this.#rows += length;
    return untouched;
  }

  /** Takes one row, as `allocate` does. */
  take(): number {
    const page = this.#current < 0 ? null : this.#pages[this.#current];
    if (page !== null && this.#guard[this.#current] === 0 && page.freeCount === 0 && page.used < page.capacity
      && (this.#bytesColumns.length === 0 || !page.isLarge)) {
      page.weights[page.used] = 1;
      page.live++;
      this.#rows++;
      return (this.#current << PAGE_SHIFT) | page.used++;
    }
    this.allocate(1, ONE);
    return ONE[0];
  }

  /** The current page, writable, with a free row in it; counts what is going to be taken. */
  #pageWithRoom(wanted: number, rowBytes: number): Page {
    for (;;) {
      if (this.#current >= 0 && this.#roomIn(this.#pages[this.#current], rowBytes) > 0) {
        const page = this.#writable(this.#current);
        const taken = Math.min(this.#roomIn(page, rowBytes), wanted);
        const end = page.used + taken - page.freeCount;
        while (page.capacity < end) page.grow();
        this.weights[this.#current] = page.weights;
        page.live += taken;
        this.#granted = taken;
        return page;
      }
      // Full soon: its size is known after the step.
      if (this.#current >= 0) this.#cache?.growing(this.#pages[this.#current]);
      this.#current = this.#open.pop() ?? this.#addPage();
      this.#pages[this.#current].open = false;
    }
  }

  #roomIn(page: Page, rowBytes: number): number {
    const rows = PAGE_ROWS - page.used + page.freeCount;
    return this.#bytesColumns.length === 0 ? rows : Math.min(rows, heapRoom(page.heap, page.live, rowBytes));
  }

  #addPage(): number {
    const number = this.#pages.length;
    const capacity = number === 0 ? FIRST_CAPACITY : PAGE_ROWS;
    const page = Page.create(this.schema, capacity, this.#generation);
    this.#pages.push(page);
    this.#reserveGuard(number);
    this.#settle(number, page);
    return number;
  }

  #reserveGuard(number: number): void {
    if (this.#guard.length > number) return;
    const guard = new Uint8Array(this.#guard.length * 2);
    guard.set(this.#guard);
    this.#guard = guard;
  }

  #place(number: number, page: Page): void {
    this.#pages[number] = page;
    this.weights[number] = page.weights;
    for (let c = 0; c < this.columns.length; c++) this.columns[c][number] = page.columns[c];
  }

  /** A page new at its place: the cache has it instead of the one before. */
  #settle(number: number, page: Page): void {
    const before = this.#pages[number];
    if (before !== page && before !== undefined) before.cache?.remove(before);
    page.home = this;
    page.number = number;
    this.#cache?.add(page);
    this.#place(number, page);
  }

  replaced(page: Page): void {
    // Another page has come in its place: a snapshot holds this one.
    if (this.#pages[page.number] !== page) return;
    this.#guard[page.number] = 1;
    this.#place(page.number, page);
  }

  guarded(page: Page): boolean {
    return this.#guard[page.number] === 1 || this.#pages[page.number] !== page;
  }

  /** Who governs the pages, if anybody. */
  get cache(): PageCache | null { return this.#cache; }

  /** `detach` is called with the pages' own; what hangs on them goes with them. */
  readonly dependents = new Set<{ detach(): void }>();

  /** From now on the cache may evict pages. */
  attach(cache: PageCache): void {
    if (this.#cache === cache) return;
    this.detach();
    this.#cache = cache;
    for (const page of this.#pages) cache.add(page);
  }

  /** The state is gone, or stays in memory as a whole. */
  detach(): void {
    const cache = this.#cache;
    if (cache === null) return;
    this.#cache = null;
    for (const dependent of this.dependents) dependent.detach();
    for (const page of this.#pages) {
      // A snapshot may read it for longer than a checkpoint has it.
      if (this.#live.size > 0) cache.keep(page);
      cache.remove(page);
    }
  }

  #writable(number: number): Page {
    const page = this.#pages[number];
    if (this.#guard[number] === 0) return page;
    page.present();
    if (!page.shared && page.stamp > this.#newestLive) {
      page.written();
      this.#place(number, page);
      this.#guard[number] = 0;
      return page;
    }
    this.#guard[number] = 0;
    const copy = page.clone(this.#generation);
    this.#settle(number, copy);
    return copy;
  }

  /** Makes the pages of these rows writable (a copy where a snapshot or checkpoint holds them) and notes the change. */
  touch(ids: Int32Array, length: number): void {
    const guard = this.#guard;
    for (let i = 0; i < length; i++) {
      const number = ids[i] >> PAGE_SHIFT;
      if (guard[number] !== 0) this.#writable(number);
    }
  }

  /**
   * New rows from rows of a batch (all of them when `rows` is null), ids into `out`, in no order: a page or more may come
   * behind one that the rest goes to. Weights are 1 unless given by row.
   */
  append(batch: Batch, rows: Int32Array | null, weights: Int32Array | null, out: Int32Array): void {
    const whole = rows === null && batch.length >= PAGE_ROWS && this.#open.length === 0;
    if (whole && fitsPages(batch, this.#bytesColumns)) this.#appendPages(batch, weights, out);
    else this.#appendRows(batch, rows, weights, out);
  }

  /** As many full pages as there are, made of the batch's rows at one go; the rest goes to the current page. */
  #appendPages(batch: Batch, weights: Int32Array | null, out: Int32Array): void {
    const { length } = batch;
    const ready = weights === null ? takePrepared(batch, this.types) : null;
    let at = 0;
    for (const page of ready ?? Page.filled(batch, this.types, weights, this.#generation)) {
      const base = this.#addFilled(page) << PAGE_SHIFT;
      for (let i = 0; i < PAGE_ROWS; i++) out[at + i] = base | i;
      at += PAGE_ROWS;
    }
    if (at < length) this.#appendRows(batch.slice(at, length), null, weights?.subarray(at) ?? null, out.subarray(at));
  }

  #addFilled(page: Page): number {
    const number = this.#pages.length;
    page.stamp = this.#generation;
    this.#pages.push(page);
    this.#reserveGuard(number);
    // Its weights and columns may be those of others too.
    this.#guard[number] = 1;
    this.#settle(number, page);
    page.columns.forEach((column, c) => {
      if (column.validity !== null) this.#nullable[c] = true;
    });
    this.#rows += PAGE_ROWS;
    return number;
  }

  #appendRows(batch: Batch, rows: Int32Array | null, weights: Int32Array | null, out: Int32Array): void {
    const all = rows ?? rowNumbers(batch.length);
    let start = 0;
    for (const { end, rowBytes } of heapPortions(batch, all, this.#bytesColumns)) {
      const from = end - start === all.length ? all : all.subarray(start, end);
      const ids = end - start === all.length ? out : out.subarray(start, end);
      const untouched = this.allocate(from.length, ids, rowBytes);
      const runs = untouched && from === all && rows === null ? pageRuns(ids, from.length) : findRuns(from, ids, from.length);
      const plan: ScatterPlan = { length: from.length, rows: from, ids, runs };
      for (let c = 0; c < this.columns.length; c++) this.write(c, batch.columns[c], plan);
      if (weights !== null) this.#setWeights(from, weights, ids);
      start = end;
    }
  }

  #setWeights(rows: Int32Array, weights: Int32Array, ids: Int32Array): void {
    const pages = this.weights;
    for (let i = 0; i < rows.length; i++) pages[ids[i] >> PAGE_SHIFT][ids[i] & PAGE_MASK] = weights[rows[i]];
  }

  /** Writes cells of one column. Requires: the rows were touched, or allocated just now. */
  write(column: number, vector: Vector, plan: ScatterPlan): void {
    if (scatterColumn(cellsOf(vector), this.columns[column], plan)) this.#nullable[column] = true;
  }

  /** A kernel that sets cells NULL itself says so. */
  markNullable(column: number): void {
    this.#nullable[column] = true;
  }

  /** Adds to a row's weight and returns the new one; the caller frees a row that comes to 0. Requires: touched. */
  addWeight(id: number, weight: number): number {
    return (this.weights[id >> PAGE_SHIFT][id & PAGE_MASK] += weight);
  }

  /** Gives rows back; their weight becomes 0. */
  free(ids: Int32Array, length: number): void {
    this.touch(ids, length);
    for (let i = 0; i < length; i++) this.#freeRow(ids[i] >> PAGE_SHIFT, ids[i] & PAGE_MASK);
    this.#rows -= length;
  }

  #freeRow(number: number, row: number): void {
    const page = this.#pages[number];
    page.weights[row] = 0;
    page.live--;
    for (const c of this.#bytesColumns) page.columns[c].clearBytes(row);
    page.pushFree(row);
    if (page.live === 0) this.#reset(number);
    else if (isRefillable(page) && !page.open && number !== this.#current) this.#reopen(number, page);
  }

  #reopen(number: number, page: Page): void {
    page.open = true;
    this.#open.push(number);
  }

  /** Frees all rows of a page at once; returns what their weights add up to. */
  clear(number: number): number {
    const page = this.#pages[number];
    let sum = 0;
    for (let row = 0; row < page.used; row++) sum += page.weights[row];
    // A snapshot may read it for longer than a checkpoint has it.
    if (this.#live.size > 0) this.#cache?.keep(page);
    this.#rows -= page.live;
    this.#guard[number] = 0;
    this.#reset(number);
    return sum;
  }

  /** An empty page gives its memory back. */
  #reset(number: number): void {
    const { open } = this.#pages[number];
    const page = Page.create(this.schema, FIRST_CAPACITY, this.#generation);
    page.open = open;
    this.#settle(number, page);
    if (!open && number !== this.#current) this.#reopen(number, page);
  }

  /** The rows of these ids, all columns or the given ones. An id of −1 gives a row of NULLs when `padded`. */
  gather(ids: Int32Array, columns: readonly number[] | null = null, padded = false): Batch {
    const chosen = columns ?? rowNumbersArray(this.columns.length);
    const order = this.readOrder(ids, ids.length);
    if (order !== null) return this.#gatherByPage(ids, order, chosen, padded);
    return new Batch(chosen.map((c) => this.#gatherColumn(c, ids, padded)), ids.length);
  }

  gatherColumn(column: number, ids: Int32Array, padded = false): Vector {
    const order = this.readOrder(ids, ids.length);
    if (order !== null) return this.#gatherByPage(ids, order, [column], padded).columns[0];
    return this.#gatherColumn(column, ids, padded);
  }

  /**
   * The order in which it is best to read these rows, as positions; null when it is of no account. Why: where memory is
   * short, rows that lie scattered cost a read each, and a read for each of their columns, unless they are taken by page.
   */
  readOrder(ids: Int32Array, length: number): Int32Array | null {
    if (this.#cache === null || !this.#cache.tight || length < 2 || length > MAX_ORDERED) return null;
    for (let i = 0; i < length; i++) if (ids[i] >= 0 && this.isAbsent(ids[i] >> PAGE_SHIFT)) return byPage(ids, length);
    return null;
  }

  readonly isAbsent = (page: number): boolean => !this.#pages[page].isResident;

  #gatherByPage(ids: Int32Array, order: Int32Array, chosen: readonly number[], padded: boolean): Batch {
    return gatherByPage(ids, order, this.isAbsent, (part) => (
      new Batch(chosen.map((c) => this.#gatherColumn(c, part, padded)), part.length)));
  }

  #gatherColumn(column: number, ids: Int32Array, padded: boolean): Vector {
    const { type } = this.schema.columns[column];
    const nullable = this.#nullable[column];
    return gatherColumn({ type, layout: layoutOf(type), chunks: this.columns[column], nullable }, ids, padded);
  }

  gatherWeights(ids: Int32Array): Int32Array {
    const out = new Int32Array(ids.length);
    for (let i = 0; i < ids.length; i++) out[i] = this.weights[ids[i] >> PAGE_SHIFT][ids[i] & PAGE_MASK];
    return out;
  }

  /** Rows of one page in use: (page, rows 0 .. used − 1). For rebuilding indexes page by page. */
  page(number: number): Page {
    return this.#pages[number];
  }

  /** The rows in use by page. Requires: no write while a delta of it is being read (freeze for longer). */
  *scan(columns: readonly number[] | null = null): Generator<Delta> {
    for (const page of this.#pages) if (page.live > 0) yield scanPage(page, columns);
  }

  /** An immutable view as of now; costs a reference a page. Its holder releases it. */
  freeze(): PagesSnapshot {
    const generation = this.#generation++;
    this.#newestLive = generation;
    this.#live.set(generation, generation);
    this.#guard.fill(1, 0, this.#pages.length);
    return new PagesSnapshot(this.schema, this.#pages.slice(), this.#rows, () => this.#release(generation));
  }

  #release(generation: number): void {
    this.#live.delete(generation);
    let newest = -1;
    for (const live of this.#live.keys()) if (live > newest) newest = live;
    this.#newestLive = newest;
  }

  /** Hands the changed pages out; see `SavedState`. */
  save(name: string, out: StateWriter): void {
    out.state(name, this);
  }

  changedPages(): readonly ChangedPage[] {
    const out: ChangedPage[] = [];
    for (const page of this.#pages) {
      if (!page.dirty) continue;
      page.dirty = false;
      page.shared = page.live > 0;
      out.push({ page: page.number, content: page.live > 0 ? page.content() : null });
    }
    this.#guard.fill(1, 0, this.#pages.length);
    return out;
  }

  /** Requires: nothing was added yet. Format: the columns of the schema, then the weights as int4. */
  restore(name: string, from: StateReader): void {
    assert(this.#pages.length === 0, 'restore into pages in use');
    for (const stored of from.pages(name)) {
      while (this.#pages.length < stored.page) this.#reopen(this.#pages.length, this.#pages[this.#addPage()]);
      const page = this.#load(stored);
      this.#pages.push(page);
      this.#reserveGuard(stored.page);
      this.#guard[stored.page] = 1;
      this.#settle(stored.page, page);
      this.#restored(stored.page);
    }
    for (let number = 0; number < this.#pages.length; number++) {
      if (this.#pages[number].live > 0) continue;
      // Nothing to save, until a first write says otherwise.
      this.#pages[number].dirty = false;
      this.#guard[number] = 1;
    }
  }

  #load(stored: StoredPage): Page {
    const { summary } = stored;
    if (summary === null) return Page.load(stored.batch, this.schema, this.#generation);
    for (let c = 0; c < this.#nullable.length; c++) if ((summary.nulls & (1 << Math.min(c, 31))) !== 0) this.#nullable[c] = true;
    return Page.absent(this, summary, (columns) => (columns === undefined ? stored.batch
      : stored.select?.(columns) ?? stored.batch.select(columns)), this.#generation);
  }

  #restored(number: number): void {
    const page = this.#pages[number];
    this.#rows += page.live;
    if (page.live < page.used) for (let row = page.used - 1; row >= 0; row--) if (page.weights[row] === 0) page.pushFree(row);
    if (page.live < PAGE_ROWS - REFILL && (!page.isLarge || isRefillable(page))) this.#reopen(number, page);
    if (!page.isResident) return;
    page.columns.forEach((column, c) => {
      if (column.validity !== null) this.#nullable[c] = true;
    });
  }

  /** Bytes held in memory, an estimate. */
  bytes(): number {
    let total = 0;
    for (const page of this.#pages) total += page.bytes();
    return total;
  }
}

/** Of a page with few rows, because they are long, fewer need to be free. */
function isRefillable({ freeCount, used }: Page): boolean {
  return freeCount >= Math.min(REFILL, Math.max(1, used >> 3));
}

function rowNumbersArray(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
