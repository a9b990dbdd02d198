// A page's columns as pieces of bytes for the page file, and back: their arrays as they stand.
import { PAGE_ROWS } from '../data/cells.ts';
import { assert } from '../data/error.ts';
import { layoutOf } from '../data/types.ts';
import type { LogicalType } from '../data/types.ts';
import { validityBytes } from '../data/vector.ts';
import { PageColumn } from './page-column.ts';

/** What the bytes of a column do not say. */
export interface ColumnShape {
  readonly nullable: boolean;
  readonly heapUsed: number;
  readonly heapDead: number;
  readonly sequential: boolean;
  readonly unwritten: number;
}

const PAD = new Uint8Array(8);

export function shapeOf(column: PageColumn): ColumnShape {
  const { heapUsed, heapDead, sequential, unwritten } = column;
  return { nullable: column.validity !== null, heapUsed, heapDead, sequential, unwritten };
}

/** The arrays of all columns, each padded to 8 bytes so that every one lies aligned in what is read back. */
export function pageBytes(columns: readonly PageColumn[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  const add = ({ buffer, byteOffset, byteLength }: ArrayBufferView, length = byteLength): void => {
    out.push(new Uint8Array(buffer, byteOffset, length));
    const rest = -length & 7;
    if (rest > 0) out.push(PAD.subarray(0, rest));
  };
  for (const column of columns) {
    if (column.validity !== null) add(column.validity);
    switch (column.layout) {
      case 'bool': case 'fixed16': add(column.u8); break;
      case 'int16': add(column.i16); break;
      case 'int32': case 'int64': add(column.i32); break;
      case 'float32': add(column.f32); break;
      case 'float64': add(column.f64); break;
      case 'bytes':
        add(column.starts);
        add(column.ends);
        add(column.u8, column.heapUsed);
        break;
    }
  }
  return out;
}

/** Takes arrays out of bytes, one after the other. */
class Cutter {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get #buffer(): ArrayBufferLike { return this.#bytes.buffer; }

  /** Where in the buffer the next array of so many bytes is. */
  #take(bytes: number): number {
    const at = this.#at;
    this.#at += (bytes + 7) & ~7;
    assert(this.#at <= this.#bytes.length, 'a page of the page file is too short');
    return this.#bytes.byteOffset + at;
  }

  u8(length: number): Uint8Array { return new Uint8Array(this.#buffer, this.#take(length), length); }
  i16(length: number): Int16Array { return new Int16Array(this.#buffer, this.#take(2 * length), length); }
  i32(length: number): Int32Array { return new Int32Array(this.#buffer, this.#take(4 * length), length); }
  f32(length: number): Float32Array { return new Float32Array(this.#buffer, this.#take(4 * length), length); }
  f64(length: number): Float64Array { return new Float64Array(this.#buffer, this.#take(8 * length), length); }
}

/** The columns over the bytes themselves. `capacity`: rows the arrays have room for. */
export function columnsFromBytes(
  bytes: Uint8Array, types: readonly LogicalType[], shapes: readonly ColumnShape[], capacity: number,
): PageColumn[] {
  const cutter = new Cutter(bytes);
  return types.map((type, c) => columnFrom(cutter, type, shapes[c], capacity));
}

function columnFrom(cutter: Cutter, type: LogicalType, shape: ColumnShape, capacity: number): PageColumn {
  const column = new PageColumn(type, layoutOf(type));
  if (shape.nullable) column.validity = cutter.u8(validityBytes(PAGE_ROWS));
  switch (column.layout) {
    case 'bool': column.u8 = cutter.u8(capacity); break;
    case 'fixed16': column.u8 = cutter.u8(capacity * 16); break;
    case 'int16': column.i16 = cutter.i16(capacity); break;
    case 'int32': column.i32 = cutter.i32(capacity); break;
    case 'int64':
      column.i32 = cutter.i32(capacity * 2);
      column.i64 = new BigInt64Array(column.i32.buffer, column.i32.byteOffset, capacity);
      break;
    case 'float32': column.f32 = cutter.f32(capacity); break;
    case 'float64': column.f64 = cutter.f64(capacity); break;
    case 'bytes':
      column.starts = cutter.i32(capacity + 1);
      column.ends = cutter.i32(capacity);
      column.u8 = cutter.u8(shape.heapUsed);
      break;
  }
  column.heapUsed = shape.heapUsed;
  column.heapDead = shape.heapDead;
  column.sequential = shape.sequential;
  column.unwritten = shape.unwritten;
  return column;
}
