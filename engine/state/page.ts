// Page: up to PAGE_ROWS rows of state in columns, with a weight a row; the unit of copying, checkpoint and eviction.
import { Batch } from '../data/batch.ts';
import { PAGE_ROWS, cellsOf } from '../data/cells.ts';
import { assert } from '../data/error.ts';
import { INT4 } from '../data/types.ts';
import type { LogicalType, Schema } from '../data/types.ts';
import { Int32Vector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import { AbsentColumn } from './absent-column.ts';
import type { AbsentPage } from './absent-column.ts';
import { columnsFromBytes, pageBytes, shapeOf } from './page-bytes.ts';
import type { ColumnShape } from './page-bytes.ts';
import type { PageCache } from './page-cache.ts';
import { FULL_HEAP, heapOf } from './page-heap.ts';
import { PageColumn } from './page-column.ts';
import { loadColumns } from './page-load.ts';
import { Loan, borrowColumns } from './page-loan.ts';
import type { Borrower } from './page-loan.ts';
import type { Evictable, PageList } from './page-list.ts';
import type { PageContent, PageRead, PageSlot, PageSummary } from './ports.ts';

/** The Pages that a page is of. */
export interface PageHome {
  readonly types: readonly LogicalType[];
  /** The page's columns are other objects than before. */
  replaced(page: Page): void;
  /** Nobody is writing to the page: it has not been touched since it was guarded. */
  guarded(page: Page): boolean;
}

/** Weights of a full page of rows that are there once; never written. */
const ONES = new Int32Array(PAGE_ROWS).fill(1);

/** Why the summary is made when it is asked for: taking all pages is one moment in which no commit can be made. */
class SharedContent implements PageContent {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  get summary(): PageSummary {
    return this.#page.summary();
  }

  image(): Batch {
    return this.#page.image();
  }

  kept(read: PageRead): void {
    const page = this.#page;
    page.shared = false;
    if (!page.dirty) page.stored = read;
  }
}

export class Page implements AbsentPage, Evictable, Borrower {
  /** As kernels see them: the real ones, or such as bring them back. */
  columns: readonly PageColumn[];
  /** Always in memory. */
  weights: Int32Array;
  /** Rows that were ever taken; those of weight 0 among them are free. */
  used = 0;
  /** Rows of weight other than 0. */
  live = 0;
  capacity: number;
  /** Freeze count when the page was made or copied: snapshots at least as new hold it. */
  stamp: number;
  /** A checkpoint holds the arrays. */
  shared = false;
  /** Changed since the last save. */
  dirty = true;
  /** Waiting to be filled again. */
  open = false;
  freeCount = 0;
  /** Where it is, and under which number; null until a cache governs it. */
  home: PageHome | null = null;
  number = -1;
  cache: PageCache | null = null;
  /** Reads the page as the current checkpoint has it; null when it has another, or none. */
  stored: PageRead | null = null;
  /** The cache's: its list, its neighbours there, and the bytes it counts. */
  list: PageList | null = null;
  before: Evictable | null = null;
  after: Evictable | null = null;
  size = 0;
  #resident: readonly PageColumn[] | null;
  #absent: readonly PageColumn[] | null = null;
  /** A copy in the page file. */
  #slot: PageSlot | null = null;
  #shapes: readonly ColumnShape[] = [];
  #freeRows: Int16Array | null = null;
  /** Whose memory the columns are over; null: the page's own. */
  #loan: Loan | null = null;
  /** As `bytes` says, while nobody writes; −1: not known. */
  #bytes = -1;
  /** As `heap` says, while the columns are not in memory. */
  #heap = 0;

  /** `columns` null: they are read when they are asked for; a home must be given, and a place to read from. */
  constructor(columns: readonly PageColumn[] | null, capacity: number, stamp: number, weights = new Int32Array(capacity)) {
    this.#resident = columns;
    this.columns = columns ?? [];
    this.weights = weights;
    this.capacity = capacity;
    this.stamp = stamp;
  }

  static create(schema: Schema, capacity: number, stamp: number): Page {
    return new Page(schema.columns.map((c) => PageColumn.create(c.type, capacity)), capacity, stamp);
  }

  clone(stamp: number): Page {
    const to = new Page(this.present().map((c) => c.clone()), this.capacity, stamp);
    this.#loan?.leave(this);
    to.weights.set(this.weights);
    to.used = this.used;
    to.live = this.live;
    to.open = this.open;
    to.freeCount = this.freeCount;
    // The old page is read-only from now on, so the list moves.
    to.#freeRows = this.#freeRows;
    return to;
  }

  /** About to be changed in place: copies elsewhere are of no use any more. */
  written(): void {
    this.dirty = true;
    this.#bytes = -1;
    this.stored = null;
    this.#slot?.free();
    this.#slot = null;
    if (this.weights === ONES) this.weights = ONES.slice();
    this.own();
  }

  own(): void {
    const loan = this.#loan;
    const lent = this.#resident;
    if (loan === null || lent === null) return;
    this.#loan = null;
    loan.leave(this);
    this.#resident = lent.map((c) => c.clone());
    this.#bytes = -1;
    if (this.columns !== lent) return;
    this.columns = this.#resident;
    this.home?.replaced(this);
  }

  get isResident(): boolean { return this.#resident !== null; }
  /** Full of rows of weight 1, as far as is known without looking at them. */
  get isOnes(): boolean { return this.weights === ONES; }
  /** Bytes of its texts and the like. */
  get heap(): number { return this.#resident === null ? this.#heap : heapOf(this.#resident); }
  /** It takes no more rows, few as it may have. */
  get isLarge(): boolean { return this.heap >= FULL_HEAP; }
  get idle(): boolean { return this.home?.guarded(this) === true; }

  present(): readonly PageColumn[] {
    let columns = this.#resident;
    if (columns === null) {
      this.cache?.makeRoom(this.size);
      columns = this.#read();
      this.#resident = columns;
      this.#bytes = -1;
      this.cache?.loaded(this);
    }
    if (this.columns !== columns) {
      this.columns = columns;
      this.home?.replaced(this);
      this.cache?.shown(this);
    }
    return columns;
  }

  peek(): readonly PageColumn[] {
    if (this.#resident !== null) return this.#resident;
    if (this.cache === null || this.cache.hasRoom(this.size)) return this.present();
    this.cache.reads++;
    return this.#read();
  }

  /** Some columns for one reading, which does not bring the page into memory. Requires: they are in ascending order. */
  glance(columns: readonly number[]): readonly Vector[] {
    const { used, stored, home } = this;
    if (this.#resident !== null || this.#slot !== null || stored === null || home === null) {
      const held = this.#resident ?? this.#read();
      return columns.map((c) => held[c].vector(used));
    }
    if (this.cache !== null) this.cache.reads++;
    const batch = stored(columns);
    assert(batch.length === used, 'a stored page has the rows that were saved');
    return loadColumns(batch.columns, columns.map((c) => home.types[c]), this.capacity).map((c) => c.vector(used));
  }

  #read(): readonly PageColumn[] {
    const { home } = this;
    assert(home !== null, 'an absent page has a home');
    if (this.#slot !== null) return columnsFromBytes(this.#slot.read(), home.types, this.#shapes, this.capacity);
    assert(this.stored !== null, 'an absent page is stored');
    const batch = this.stored();
    assert(batch.length === this.used, 'a stored page has the rows that were saved');
    return loadColumns(batch.columns, home.types, this.capacity);
  }

  /** Takes the columns out of the kernels' sight, so that the next touch is noticed. Requires: guarded, or between steps. */
  hide(): void {
    const { home } = this;
    assert(home !== null, 'a page that is hidden has a home');
    this.#absent ??= home.types.map((type, c) => new AbsentColumn(type, this, c));
    this.columns = this.#absent;
    home.replaced(this);
  }

  /** Gives the memory of the columns back. `write` keeps what is nowhere else; what it throws leaves the page as it is. */
  evict(write: (bytes: readonly Uint8Array[]) => PageSlot): void {
    const columns = this.#resident;
    assert(columns !== null, 'evicted once');
    if (this.#slot === null && this.stored === null) {
      const own = this.#loan === null ? columns : columns.map((c) => c.clone());
      this.#shapes = own.map(shapeOf);
      this.#slot = write(pageBytes(own));
    }
    this.hide();
    this.#heap = heapOf(columns);
    this.#resident = null;
    this.#loan?.end(this);
    this.#loan = null;
    this.#bytes = -1;
    if (this.live === PAGE_ROWS && this.weights !== ONES && this.weights.every((w) => w === 1)) this.weights = ONES;
  }

  /** An absent page that only a checkpoint has goes to the page file. */
  keep(write: (bytes: readonly Uint8Array[]) => PageSlot): void {
    if (this.#slot !== null || this.#resident !== null) return;
    const columns = this.#read();
    this.#shapes = columns.map(shapeOf);
    this.#slot = write(pageBytes(columns));
    this.stored = null;
  }

  pushFree(row: number): void {
    this.#freeRows ??= new Int16Array(PAGE_ROWS);
    this.#freeRows[this.freeCount++] = row;
  }

  /** Requires: freeCount > 0. */
  popFree(): number {
    this.#freeRows ??= new Int16Array(PAGE_ROWS);
    return this.#freeRows[--this.freeCount];
  }

  /** In memory now. */
  bytes(): number {
    if (this.#bytes >= 0) return this.#bytes;
    let total = (this.weights === ONES ? 0 : this.weights.byteLength) + (this.#freeRows === null ? 0 : this.#freeRows.byteLength);
    if (this.#resident !== null) for (const column of this.#resident) total += column.bytes();
    if (this.idle) this.#bytes = total;
    return total;
  }

  grow(): void {
    const capacity = Math.min(PAGE_ROWS, this.capacity * 4);
    for (const column of this.present()) column.grow(capacity);
    const weights = new Int32Array(capacity);
    weights.set(this.weights);
    this.weights = weights;
    this.capacity = capacity;
  }

  /** The page as a batch over its own arrays, weights as one more int4 column. Whoever keeps it must mark it shared. */
  image(): Batch {
    const { used } = this;
    const columns: Vector[] = this.peek().map((c) => c.vector(used));
    columns.push(new Int32Vector(INT4, used, this.weights.subarray(0, used)));
    return new Batch(columns, used);
  }

  summary(): PageSummary {
    const { used, weights } = this;
    let nulls = 0;
    this.columns.forEach((column, c) => {
      // An absent page is not read for this: it may hold NULLs.
      if (!this.isResident || column.validity !== null) nulls |= 1 << Math.min(c, 31);
    });
    const once = this.live === used && (weights === ONES || everyOne(weights, used));
    return { used, weights: once ? null : weights.slice(0, used), nulls, large: this.isLarge };
  }

  /** What a checkpoint writes of the page: as it is now, for it is shared. */
  content(): PageContent {
    return new SharedContent(this);
  }

  static load(batch: Batch, schema: Schema, stamp: number): Page {
    const capacity = capacityFor(batch.length);
    const columns = loadColumns(batch.columns, schema.columns.map((c) => c.type), capacity);
    const page = new Page(columns, capacity, stamp);
    page.#setWeights(cellsOf(batch.columns[schema.columns.length]).i32, batch.length);
    return page;
  }

  /**
   * All full pages of the batch's rows, the rest is left. `weights` null: each row is there once. A page's weights and
   * columns may be those of others too: guard it.
   */
  static filled(batch: Batch, types: readonly LogicalType[], weights: Int32Array | null, stamp: number): Page[] {
    const pages: Page[] = [];
    const loan = Loan.of(batch, types);
    for (let at = 0; at + PAGE_ROWS <= batch.length; at += PAGE_ROWS) {
      const rows = batch.slice(at, at + PAGE_ROWS);
      const columns = loan === null ? loadColumns(rows.columns, types, PAGE_ROWS) : borrowColumns(rows, types);
      const page = new Page(columns, PAGE_ROWS, stamp, weights?.slice(at, at + PAGE_ROWS) ?? ONES);
      page.used = PAGE_ROWS;
      page.live = PAGE_ROWS;
      page.#loan = loan;
      loan?.borrow(page);
      pages.push(page);
    }
    return pages;
  }

  /** A page that `read` gives when its columns are asked for. */
  static absent(home: PageHome, summary: PageSummary, read: PageRead, stamp: number): Page {
    const { used, weights, large } = summary;
    const ones = weights === null && used === PAGE_ROWS;
    const page = ones ? new Page(null, PAGE_ROWS, stamp, ONES) : new Page(null, capacityFor(used), stamp);
    page.home = home;
    page.stored = read;
    if (large) page.#heap = FULL_HEAP;
    if (ones) page.#setUsed(PAGE_ROWS, PAGE_ROWS);
    else page.#setWeights(weights ?? ONES, used);
    page.#absent = home.types.map((type, c) => new AbsentColumn(type, page, c));
    page.columns = page.#absent;
    return page;
  }

  #setWeights(weights: Int32Array, used: number): void {
    this.weights.set(weights.subarray(0, used));
    let live = 0;
    for (let i = 0; i < used; i++) if (weights[i] !== 0) live++;
    this.#setUsed(used, live);
  }

  #setUsed(used: number, live: number): void {
    this.used = used;
    this.live = live;
    this.dirty = false;
  }
}

function capacityFor(rows: number): number {
  return rows > PAGE_ROWS >> 2 ? PAGE_ROWS : Math.max(16, rows);
}

function everyOne(weights: Int32Array, used: number): boolean {
  for (let i = 0; i < used; i++) if (weights[i] !== 1) return false;
  return true;
}
