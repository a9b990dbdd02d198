// Page: up to PAGE_ROWS rows of state in columns, with a weight a row; the unit of copying, checkpoint and eviction.
import { Batch } from '../data/batch.ts';
import { Cells, PAGE_ROWS, cellsOf } from '../data/cells.ts';
import { INT4, layoutOf } from '../data/types.ts';
import type { Layout, LogicalType, Schema } from '../data/types.ts';
import {
  BoolVector, BytesVector, Fixed16Vector, Float32Vector, Float64Vector, Int16Vector, Int32Vector, Int64Vector,
  allValid, validityBytes,
} from '../data/vector.ts';
import type { Validity, Vector } from '../data/vector.ts';

/** Cells that can be written, with room for `capacity` rows. Row r of a bytes column is its own piece of the heap. */
export class PageColumn extends Cells {
  /** Bytes of the heap in use, dead ones included. */
  heapUsed = 0;
  heapDead = 0;
  /** starts[i + 1] = ends[i] for all rows: the column is a bytes vector as it stands. */
  sequential = true;
  /** Rows from here on were never written. */
  unwritten = 0;

  static create(type: LogicalType, capacity: number): PageColumn {
    const column = new PageColumn(type, layoutOf(type));
    column.grow(capacity);
    return column;
  }

  /** Keeps what is there; new rows are zero, present and empty. */
  grow(capacity: number): void {
    switch (this.layout) {
      case 'bool': this.u8 = grown8(this.u8, capacity); break;
      case 'fixed16': this.u8 = grown8(this.u8, capacity * 16); break;
      case 'int16': { const to = new Int16Array(capacity); to.set(this.i16); this.i16 = to; break; }
      case 'int32': this.i32 = grown32(this.i32, capacity); break;
      case 'int64':
        this.i32 = grown32(this.i32, capacity * 2);
        this.i64 = new BigInt64Array(this.i32.buffer);
        break;
      case 'float32': { const to = new Float32Array(capacity); to.set(this.f32); this.f32 = to; break; }
      case 'float64': { const to = new Float64Array(capacity); to.set(this.f64); this.f64 = to; break; }
      case 'bytes':
        this.starts = grown32(this.starts, capacity + 1);
        this.ends = grown32(this.ends, capacity);
        break;
    }
  }

  clone(): PageColumn {
    const to = new PageColumn(this.type, this.layout);
    to.validity = this.validity === null ? null : this.validity.slice();
    to.u8 = this.u8;
    to.starts = this.starts;
    to.ends = this.ends;
    switch (this.layout) {
      case 'bool': case 'fixed16': to.u8 = this.u8.slice(); break;
      case 'int16': to.i16 = this.i16.slice(); break;
      case 'int32': to.i32 = this.i32.slice(); break;
      case 'int64': to.i32 = this.i32.slice(); to.i64 = new BigInt64Array(to.i32.buffer); break;
      case 'float32': to.f32 = this.f32.slice(); break;
      case 'float64': to.f64 = this.f64.slice(); break;
      case 'bytes':
        to.starts = this.starts.slice();
        to.ends = this.ends.slice();
        to.u8 = new Uint8Array(this.u8.length);
        to.u8.set(this.u8.subarray(0, this.heapUsed));
        to.heapUsed = this.heapUsed;
        to.heapDead = this.heapDead;
        to.sequential = this.sequential;
        to.unwritten = this.unwritten;
        break;
    }
    return to;
  }

  setNull(row: number): void {
    this.validity ??= allValid(PAGE_ROWS);
    this.validity[row >> 3] &= ~(1 << (row & 7));
  }

  setPresent(row: number): void {
    if (this.validity !== null) this.validity[row >> 3] |= 1 << (row & 7);
  }

  /** Writes bytes from[start .. end) as the value of `row`. */
  writeBytes(row: number, from: Uint8Array, start: number, end: number): void {
    const size = end - start;
    if (this.heapUsed + size > this.u8.length) this.#makeRoom(size);
    const at = this.heapUsed;
    const heap = this.u8;
    if (size <= 48) for (let i = 0; i < size; i++) heap[at + i] = from[start + i];
    else heap.set(from.subarray(start, end), at);
    if (this.starts[row] !== at || row < this.unwritten) this.sequential = false;
    else this.unwritten = row + 1;
    const old = this.ends[row] - this.starts[row];
    if (old > 0) this.heapDead += old;
    this.starts[row] = at;
    this.ends[row] = at + size;
    this.heapUsed = at + size;
    // The next row's start is known as long as rows are written in order.
    if (this.sequential) this.starts[row + 1] = at + size;
  }

  /** Writes rows from .. to − 1 of other cells to the rows from `row` on. */
  writeRun(row: number, cells: Cells, from: number, to: number): void {
    switch (this.layout) {
      case 'bool': this.u8.set(cells.u8.subarray(from, to), row); break;
      case 'fixed16': this.u8.set(cells.u8.subarray(16 * from, 16 * to), 16 * row); break;
      case 'int16': this.i16.set(cells.i16.subarray(from, to), row); break;
      case 'int32': this.i32.set(cells.i32.subarray(from, to), row); break;
      case 'int64': this.i32.set(cells.i32.subarray(2 * from, 2 * to), 2 * row); break;
      case 'float32': this.f32.set(cells.f32.subarray(from, to), row); break;
      case 'float64': this.f64.set(cells.f64.subarray(from, to), row); break;
      case 'bytes': this.#writeBytesRun(row, cells, from, to); break;
    }
  }

  #writeBytesRun(row: number, { u8, starts, ends }: Cells, from: number, to: number): void {
    const start = starts[from];
    const size = ends[to - 1] - start;
    let length = 0;
    for (let i = from; i < to; i++) length += ends[i] - starts[i];
    if (length !== size) {
      // Pieces of a heap with holes.
      for (let i = from; i < to; i++) this.writeBytes(row + i - from, u8, starts[i], ends[i]);
      return;
    }
    if (this.heapUsed + size > this.u8.length) this.#makeRoom(size);
    const base = this.heapUsed;
    this.u8.set(u8.subarray(start, start + size), base);
    if (this.starts[row] !== base) this.sequential = false;
    for (let i = from, at = row; i < to; i++, at++) {
      const old = this.ends[at] - this.starts[at];
      if (old > 0) this.heapDead += old;
      this.starts[at] = base + starts[i] - start;
      this.ends[at] = base + ends[i] - start;
    }
    this.heapUsed = base + size;
    if (this.sequential) this.starts[row + to - from] = base + size;
  }

  /** Forgets the bytes of a row that is free from now on. */
  clearBytes(row: number): void {
    this.heapDead += this.ends[row] - this.starts[row];
    this.ends[row] = this.starts[row];
    this.sequential = false;
  }

  #makeRoom(extra: number): void {
    if (this.heapDead * 2 > this.heapUsed) {
      this.compact(this.ends.length);
      if (this.heapUsed + extra <= this.u8.length) return;
    }
    const to = new Uint8Array(Math.max(256, this.u8.length * 2, this.heapUsed + extra));
    to.set(this.u8.subarray(0, this.heapUsed));
    this.u8 = to;
  }

  /** Rewrites the heap without dead bytes, rows 0 .. used − 1 in order. */
  compact(used: number): void {
    let size = 0;
    for (let i = 0; i < used; i++) {
      if (this.ends[i] < this.starts[i]) this.ends[i] = this.starts[i];
      size += this.ends[i] - this.starts[i];
    }
    const heap = new Uint8Array(Math.max(64, size + (size >> 2)));
    let at = 0;
    for (let i = 0; i < used; i++) {
      const start = this.starts[i];
      const end = this.ends[i];
      heap.set(this.u8.subarray(start, end), at);
      this.starts[i] = at;
      at += end - start;
      this.ends[i] = at;
    }
    this.starts[used] = at;
    this.u8 = heap;
    this.heapUsed = at;
    this.heapDead = 0;
    this.sequential = true;
    this.unwritten = used;
  }

  /** Rows 0 .. used − 1 over the column's own arrays where the layout allows. */
  vector(used: number): Vector {
    const validity: Validity = this.validity === null ? null : this.validity.subarray(0, validityBytes(used));
    const { type } = this;
    switch (this.layout) {
      case 'bool': return new BoolVector(type, used, this.u8.subarray(0, used), validity);
      case 'int16': return new Int16Vector(type, used, this.i16.subarray(0, used), validity);
      case 'int32': return new Int32Vector(type, used, this.i32.subarray(0, used), validity);
      case 'int64': return new Int64Vector(type, used, this.i64.subarray(0, used), validity);
      case 'float32': return new Float32Vector(type, used, this.f32.subarray(0, used), validity);
      case 'float64': return new Float64Vector(type, used, this.f64.subarray(0, used), validity);
      case 'fixed16': return new Fixed16Vector(type, used, this.u8.subarray(0, used * 16), validity);
      case 'bytes': return this.#bytesVector(used, validity);
    }
  }

  #bytesVector(used: number, validity: Validity): Vector {
    if (this.sequential) return new BytesVector(this.type, used, this.starts.subarray(0, used + 1), this.u8, validity);
    const offsets = new Int32Array(used + 1);
    for (let i = 0; i < used; i++) offsets[i + 1] = offsets[i] + Math.max(0, this.ends[i] - this.starts[i]);
    const bytes = new Uint8Array(offsets[used]);
    for (let i = 0; i < used; i++) bytes.set(this.u8.subarray(this.starts[i], this.ends[i]), offsets[i]);
    return new BytesVector(this.type, used, offsets, bytes, validity);
  }

  bytes(): number {
    return this.u8.byteLength + this.i16.byteLength + this.i32.byteLength + this.f32.byteLength
      + this.f64.byteLength + this.starts.byteLength + this.ends.byteLength
      + (this.validity === null ? 0 : this.validity.byteLength);
  }
}

function grown8(from: Uint8Array, length: number): Uint8Array {
  const to = new Uint8Array(length);
  to.set(from);
  return to;
}
function grown32(from: Int32Array, length: number): Int32Array {
  const to = new Int32Array(length);
  to.set(from);
  return to;
}
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
