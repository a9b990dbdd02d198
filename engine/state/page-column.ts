// PageColumn: the cells of one column of a page, which can be written.
import { grown } from '../data/grown.ts';
import { Cells, PAGE_ROWS, cellsOf } from '../data/cells.ts';
import { layoutOf } from '../data/types.ts';
import type { LogicalType } from '../data/types.ts';
import {
  BoolVector, BytesVector, Fixed16Vector, Float32Vector, Float64Vector, Int16Vector, Int32Vector, Int64Vector,
  allValid, validityBytes,
} from '../data/vector.ts';
import type { Validity, Vector } from '../data/vector.ts';

/** Cells that can be written, with room for `capacity` rows. Row r of a bytes column is its own piece of the heap. */
export class PageColumn extends Cells {
  /** The heap before is others': 0 unless the column is over lent memory. */
  heapFrom = 0;
  /** Where the heap in use ends, dead bytes included. */
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

  /** The first rows of a vector over its own arrays: it may be read and cloned, but not written. */
  static over(vector: Vector, type: LogicalType, rows: number): PageColumn {
    const column = new PageColumn(type, layoutOf(type));
    const from = cellsOf(vector);
    if (from.validity !== null) column.validity = from.validity.subarray(0, validityBytes(rows));
    switch (column.layout) {
      case 'bool': column.u8 = from.u8.subarray(0, rows); break;
      case 'fixed16': column.u8 = from.u8.subarray(0, rows * 16); break;
      case 'int16': column.i16 = from.i16.subarray(0, rows); break;
      case 'int32': column.i32 = from.i32.subarray(0, rows); break;
      case 'int64':
        column.i32 = from.i32.subarray(0, rows * 2);
        column.i64 = from.i64.subarray(0, rows);
        break;
      case 'float32': column.f32 = from.f32.subarray(0, rows); break;
      case 'float64': column.f64 = from.f64.subarray(0, rows); break;
      case 'bytes':
        column.starts = from.starts.subarray(0, rows + 1);
        column.ends = from.ends.subarray(0, rows);
        column.heapFrom = from.starts[0];
        column.heapUsed = from.starts[rows];
        column.u8 = from.u8.subarray(0, column.heapUsed);
        column.unwritten = rows;
        break;
    }
    return column;
  }

  /** Keeps what is there; new rows are zero, present and empty. */
  grow(capacity: number): void {
    switch (this.layout) {
      case 'bool': this.u8 = grown8(this.u8, capacity); break;
      case 'fixed16': this.u8 = grown8(this.u8, capacity * 16); break;
      case 'int16': { const to = new Int16Array(capacity); to.set(this.i16); this.i16 = to; break; }
      case 'int32': this.i32 = grown(this.i32, capacity); break;
      case 'int64':
        this.i32 = grown(this.i32, capacity * 2);
        this.i64 = new BigInt64Array(this.i32.buffer);
        break;
      case 'float32': { const to = new Float32Array(capacity); to.set(this.f32); this.f32 = to; break; }
      case 'float64': { const to = new Float64Array(capacity); to.set(this.f64); this.f64 = to; break; }
      case 'bytes':
        this.starts = grown(this.starts, capacity + 1);
        this.ends = grown(this.ends, capacity);
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
        to.u8 = new Uint8Array(this.u8.length - this.heapFrom);
        to.u8.set(this.u8.subarray(this.heapFrom, this.heapUsed));
        to.heapUsed = this.heapUsed - this.heapFrom;
        if (this.heapFrom > 0) {
          shiftDown(to.starts, this.heapFrom);
          shiftDown(to.ends, this.heapFrom);
        }
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
    if (this.heapUsed + size > this.u8.length) this.makeRoom(size);
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
      case 'bytes': writeBytesRun(this, row, cells, { from, to }); break;
    }
  }

  /** Forgets the bytes of a row that is free from now on. */
  clearBytes(row: number): void {
    this.heapDead += this.ends[row] - this.starts[row];
    this.ends[row] = this.starts[row];
    this.sequential = false;
  }

  /** Room in the heap for so many bytes more. */
  makeRoom(extra: number): void {
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
      case 'bytes': return bytesVector(this, used, validity);
    }
  }

  /** All in use, but for `i64`, whose memory is that of `i32`. */
  arrays(): ArrayBufferView[] {
    const all = [this.validity, this.u8, this.i16, this.i32, this.f32, this.f64, this.starts, this.ends];
    return all.flatMap((array) => (array === null || array.length === 0 ? [] : [array]));
  }

  /** Bytes held. */
  bytes(): number {
    const validity = this.validity === null ? 0 : this.validity.byteLength;
    switch (this.layout) {
      case 'bool': case 'fixed16': return validity + this.u8.byteLength;
      case 'int16': return validity + this.i16.byteLength;
      case 'int32': case 'int64': return validity + this.i32.byteLength;
      case 'float32': return validity + this.f32.byteLength;
      case 'float64': return validity + this.f64.byteLength;
      case 'bytes': return validity + this.u8.byteLength - this.heapFrom + this.starts.byteLength + this.ends.byteLength;
    }
  }
}

interface Rows {
  readonly from: number;
  readonly to: number;
}

/** Whether each row begins where the one before ends. */
function adjoining(starts: Int32Array, ends: Int32Array, { from, to }: Rows): boolean {
  // The offsets of a vector, see cellsOf.
  if (starts.buffer === ends.buffer && ends.byteOffset === starts.byteOffset + 4) return true;
  for (let i = from + 1; i < to; i++) if (starts[i] !== ends[i - 1]) return false;
  return true;
}

function writeBytesRun(to: PageColumn, row: number, { u8, starts, ends }: Cells, rows: Rows): void {
  const start = starts[rows.from];
  const size = ends[rows.to - 1] - start;
  if (!adjoining(starts, ends, rows)) {
    // Pieces of a heap with holes.
    for (let i = rows.from; i < rows.to; i++) to.writeBytes(row + i - rows.from, u8, starts[i], ends[i]);
    return;
  }
  if (to.heapUsed + size > to.u8.length) to.makeRoom(size);
  const base = to.heapUsed;
  to.u8.set(u8.subarray(start, start + size), base);
  if (to.starts[row] !== base || row < to.unwritten) to.sequential = false;
  else to.unwritten = row + rows.to - rows.from;
  const toStarts = to.starts;
  const toEnds = to.ends;
  const shift = base - start;
  let dead = 0;
  let at = row;
  let begin = base;
  for (let i = rows.from; i < rows.to; i++, at++) {
    const old = toEnds[at] - toStarts[at];
    if (old > 0) dead += old;
    toStarts[at] = begin;
    begin = ends[i] + shift;
    toEnds[at] = begin;
  }
  to.heapDead += dead;
  to.heapUsed = base + size;
  if (to.sequential) to.starts[row + rows.to - rows.from] = base + size;
}

function bytesVector(from: PageColumn, used: number, validity: Validity): Vector {
  const { type, u8, starts, ends } = from;
  if (from.sequential) return new BytesVector(type, used, starts.subarray(0, used + 1), u8, validity);
  const offsets = new Int32Array(used + 1);
  for (let i = 0; i < used; i++) offsets[i + 1] = offsets[i] + Math.max(0, ends[i] - starts[i]);
  const bytes = new Uint8Array(offsets[used]);
  for (let i = 0; i < used; i++) bytes.set(u8.subarray(starts[i], ends[i]), offsets[i]);
  return new BytesVector(type, used, offsets, bytes, validity);
}

function shiftDown(offsets: Int32Array, by: number): void {
  for (let i = 0; i < offsets.length; i++) offsets[i] -= by;
}

function grown8(from: Uint8Array, length: number): Uint8Array {
  const to = new Uint8Array(length);
  to.set(from);
  return to;
}
