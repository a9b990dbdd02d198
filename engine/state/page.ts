// Page: up to PAGE_ROWS rows of state in columns, with a weight a row; the unit of copying, checkpoint and eviction.
import { Batch } from '../data/batch.ts';
import { PAGE_ROWS, cellsOf } from '../data/cells.ts';
import { INT4 } from '../data/types.ts';
import type { Layout, LogicalType, Schema } from '../data/types.ts';
import { Int32Vector, allValid, validityBytes } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import { PageColumn } from './page-column.ts';

export class Page {
  readonly columns: readonly PageColumn[];
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
  #freeRows: Int16Array | null = null;

  constructor(columns: readonly PageColumn[], capacity: number, stamp: number) {
    this.columns = columns;
    this.weights = new Int32Array(capacity);
    this.capacity = capacity;
    this.stamp = stamp;
  }

  static create(schema: Schema, capacity: number, stamp: number): Page {
    return new Page(schema.columns.map((c) => PageColumn.create(c.type, capacity)), capacity, stamp);
  }

  clone(stamp: number): Page {
    const to = new Page(this.columns.map((c) => c.clone()), this.capacity, stamp);
    to.weights.set(this.weights);
    to.used = this.used;
    to.live = this.live;
    to.open = this.open;
    to.freeCount = this.freeCount;
    // The old page is read-only from now on, so the list moves.
    to.#freeRows = this.#freeRows;
    return to;
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

  bytes(): number {
    let total = this.weights.byteLength + (this.#freeRows === null ? 0 : this.#freeRows.byteLength);
    for (const column of this.columns) total += column.bytes();
    return total;
  }

  grow(): void {
    const capacity = Math.min(PAGE_ROWS, this.capacity * 4);
    for (const column of this.columns) column.grow(capacity);
    const weights = new Int32Array(capacity);
    weights.set(this.weights);
    this.weights = weights;
    this.capacity = capacity;
  }

  /** The page as a batch over its own arrays, weights as one more int4 column. Whoever keeps it must mark it shared. */
  image(): Batch {
    const { used } = this;
    const columns: Vector[] = this.columns.map((c) => c.vector(used));
    columns.push(new Int32Vector(INT4, used, this.weights.subarray(0, used)));
    return new Batch(columns, used);
  }

  static load(batch: Batch, schema: Schema, stamp: number): Page {
    const used = batch.length;
    const full = used > PAGE_ROWS >> 2 ? PAGE_ROWS : Math.max(16, used);
    const columns = schema.columns.map((c, i) => loadColumn(batch.columns[i], c.type, full));
    const page = new Page(columns, full, stamp);
    const weights = cellsOf(batch.columns[schema.columns.length]).i32;
    for (let i = 0; i < used; i++) {
      page.weights[i] = weights[i];
      if (weights[i] !== 0) page.live++;
    }
    page.used = used;
    page.dirty = false;
    return page;
  }
}

function loadColumn(vector: Vector, type: LogicalType, capacity: number): PageColumn {
  const column = PageColumn.create(type, capacity);
  const from = cellsOf(vector);
  const used = vector.length;
  const layout: Layout = column.layout;
  if (from.validity !== null) {
    column.validity = allValid(PAGE_ROWS);
    column.validity.set(from.validity.subarray(0, validityBytes(used)));
  }
  switch (layout) {
    case 'bool': column.u8.set(from.u8.subarray(0, used)); break;
    case 'fixed16': column.u8.set(from.u8.subarray(0, used * 16)); break;
    case 'int16': column.i16.set(from.i16.subarray(0, used)); break;
    case 'int32': column.i32.set(from.i32.subarray(0, used)); break;
    case 'int64': column.i32.set(from.i32.subarray(0, used * 2)); break;
    case 'float32': column.f32.set(from.f32.subarray(0, used)); break;
    case 'float64': column.f64.set(from.f64.subarray(0, used)); break;
    case 'bytes':
      for (let i = 0; i < used; i++) column.writeBytes(i, from.u8, from.starts[i], from.ends[i]);
      break;
  }
  return column;
}
