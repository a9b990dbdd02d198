// Columns of a page made from those of a batch, all arrays of a page in one piece of memory.
import { unfilledBytes } from '../data/bytes.ts';
import { PAGE_ROWS, cellsOf } from '../data/cells.ts';
import type { Cells } from '../data/cells.ts';
import { layoutOf } from '../data/types.ts';
import type { LogicalType } from '../data/types.ts';
import { allValid, validityBytes } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import { PageColumn } from './page-column.ts';

/** Cuts arrays from one buffer. Why: each buffer by itself costs more than the copying of a page's column. */
class Slab {
  readonly #buffer: ArrayBuffer;
  #at = 0;

  /** `whole`: all that is taken is written at once. */
  constructor(bytes: number, whole: boolean) {
    this.#buffer = whole ? unfilledBytes(bytes).buffer : new ArrayBuffer(bytes);
  }

  #take(bytes: number): number {
    const at = this.#at;
    this.#at += aligned(bytes);
    return at;
  }

  uint8(length: number): Uint8Array { return new Uint8Array(this.#buffer, this.#take(length), length); }
  int16(length: number): Int16Array { return new Int16Array(this.#buffer, this.#take(length * 2), length); }
  int32(length: number): Int32Array { return new Int32Array(this.#buffer, this.#take(length * 4), length); }
  float32(length: number): Float32Array { return new Float32Array(this.#buffer, this.#take(length * 4), length); }
  float64(length: number): Float64Array { return new Float64Array(this.#buffer, this.#take(length * 8), length); }

  /** The same 64-bit values as words and whole. */
  int64(length: number): { readonly words: Int32Array; readonly values: BigInt64Array } {
    const at = this.#take(length * 8);
    return { words: new Int32Array(this.#buffer, at, length * 2), values: new BigInt64Array(this.#buffer, at, length) };
  }
}

const aligned = (bytes: number): number => (bytes + 7) & ~7;

/** The columns with room for `capacity` rows each. Requires: as many vectors as types, at most `capacity` rows. */
export function loadColumns(vectors: readonly Vector[], types: readonly LogicalType[], capacity: number): PageColumn[] {
  const cells = types.map((_, c) => cellsOf(vectors[c]));
  const rows = vectors.length === 0 ? 0 : vectors[0].length;
  let size = 0;
  types.forEach((type, c) => { size += columnBytes(cells[c], type, rows, capacity); });
  const slab = new Slab(size, rows === capacity);
  return types.map((type, c) => loadColumn(slab, cells[c], type, { rows, capacity }));
}

interface Size { readonly rows: number; readonly capacity: number }

function columnBytes(from: Cells, type: LogicalType, rows: number, capacity: number): number {
  switch (layoutOf(type)) {
    case 'bool': return aligned(capacity);
    case 'fixed16': return 16 * capacity;
    case 'int16': return aligned(2 * capacity);
    case 'int32': case 'float32': return aligned(4 * capacity);
    case 'int64': case 'float64': return 8 * capacity;
    case 'bytes': return aligned(4 * capacity + 4) + aligned(4 * capacity) + aligned(heapBytes(from, rows));
  }
}

function heapBytes({ starts, ends }: Cells, rows: number): number {
  return rows === 0 ? 0 : ends[rows - 1] - starts[0];
}

function loadColumn(slab: Slab, from: Cells, type: LogicalType, { rows, capacity }: Size): PageColumn {
  const column = new PageColumn(type, layoutOf(type));
  if (from.validity !== null) {
    column.validity = allValid(PAGE_ROWS);
    column.validity.set(from.validity.subarray(0, validityBytes(rows)));
  }
  switch (column.layout) {
    case 'bool': (column.u8 = slab.uint8(capacity)).set(from.u8.subarray(0, rows)); break;
    case 'fixed16': (column.u8 = slab.uint8(capacity * 16)).set(from.u8.subarray(0, rows * 16)); break;
    case 'int16': (column.i16 = slab.int16(capacity)).set(from.i16.subarray(0, rows)); break;
    case 'int32': (column.i32 = slab.int32(capacity)).set(from.i32.subarray(0, rows)); break;
    case 'int64': {
      const { words, values } = slab.int64(capacity);
      words.set(from.i32.subarray(0, rows * 2));
      column.i32 = words;
      column.i64 = values;
      break;
    }
    case 'float32': (column.f32 = slab.float32(capacity)).set(from.f32.subarray(0, rows)); break;
    case 'float64': (column.f64 = slab.float64(capacity)).set(from.f64.subarray(0, rows)); break;
    case 'bytes': loadBytes(slab, column, from, { rows, capacity }); break;
  }
  return column;
}

/** The heap as it stands: the vector's rows follow each other. */
function loadBytes(slab: Slab, column: PageColumn, from: Cells, { rows, capacity }: Size): void {
  const starts = slab.int32(capacity + 1);
  const ends = slab.int32(capacity);
  const size = heapBytes(from, rows);
  column.starts = starts;
  column.ends = ends;
  column.u8 = slab.uint8(size);
  column.heapUsed = size;
  column.unwritten = rows;
  if (rows === 0) return;
  const base = from.starts[0];
  column.u8.set(from.u8.subarray(base, base + size));
  starts.set(from.starts.subarray(0, rows));
  ends.set(from.ends.subarray(0, rows));
  starts[rows] = base + size;
  if (base === 0) return;
  for (let i = 0; i < rows; i++) {
    starts[i] -= base;
    ends[i] -= base;
  }
  starts[rows] = size;
}
