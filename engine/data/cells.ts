// Cells: one uniform random-access shape for a column's storage, whether of a vector or of a state page.
import { BOOLEAN, FLOAT4, FLOAT8, INT2, INT4, INT8, TEXT, UUID } from './types.ts';
import type { Layout, LogicalType } from './types.ts';
import { nullVector } from './vector.ts';
import type { Validity, Vector } from './vector.ts';

const NO_U8 = new Uint8Array(0);
const NO_I16 = new Int16Array(0);
const NO_I32 = new Int32Array(0);
const NO_I64 = new BigInt64Array(0);
const NO_F32 = new Float32Array(0);
const NO_F64 = new Float64Array(0);

/**
 * Why: every field always holds the same kind of array (an empty one where the layout has no use for it), so kernels
 * over vectors and over pages are the same monomorphic loops.
 *
 * | layout  | arrays                                                                  |
 * |---------|-------------------------------------------------------------------------|
 * | bool    | u8                                                                      |
 * | int16   | i16                                                                     |
 * | int32   | i32                                                                     |
 * | int64   | i64, and i32 as its words: row i is i32[2i] (low) and i32[2i + 1] (high) |
 * | float32 | f32                                                                     |
 * | float64 | f64                                                                     |
 * | fixed16 | u8, 16 a row                                                            |
 * | bytes   | row i is u8[starts[i] .. ends[i])                                       |
 */
export class Cells {
  readonly type: LogicalType;
  readonly layout: Layout;
  validity: Validity = null;
  u8: Uint8Array = NO_U8;
  i16: Int16Array = NO_I16;
  i32: Int32Array = NO_I32;
  i64: BigInt64Array = NO_I64;
  f32: Float32Array = NO_F32;
  f64: Float64Array = NO_F64;
  starts: Int32Array = NO_I32;
  ends: Int32Array = NO_I32;

  constructor(type: LogicalType, layout: Layout) {
    this.type = type;
    this.layout = layout;
  }
}

/** The vector's own buffers as cells; nothing is copied. */
export function cellsOf(v: Vector): Cells {
  const cells = new Cells(v.type, v.layout);
  cells.validity = v.validity;
  switch (v.layout) {
    case 'bool': case 'fixed16': cells.u8 = v.values; break;
    case 'int16': cells.i16 = v.values; break;
    case 'int32': cells.i32 = v.values; break;
    case 'int64': cells.i64 = v.values; cells.i32 = v.words; break;
    case 'float32': cells.f32 = v.values; break;
    case 'float64': cells.f64 = v.values; break;
    case 'bytes':
      cells.u8 = v.bytes;
      cells.starts = v.offsets;
      cells.ends = v.offsets.subarray(1);
      break;
  }
  return cells;
}

/** Whether no row among the first `length` is NULL. */
export function hasNoNulls(validity: Validity, length: number): boolean {
  if (validity === null) return true;
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (validity[i] !== 0xff) return false;
  const rest = (1 << (length & 7)) - 1;
  return (validity[whole] & rest) === rest || rest === 0;
}

/** Rows of a state page; row id = page × PAGE_ROWS + offset. */
export const PAGE_SHIFT = 10;
export const PAGE_ROWS = 1 << PAGE_SHIFT;
export const PAGE_MASK = PAGE_ROWS - 1;

/** A column in one or many chunks: row `id` is row `id & mask` of `chunks[id >> shift]`. */
export interface CellColumn {
  readonly chunks: readonly Cells[];
  readonly shift: number;
  readonly mask: number;
}

/** One chunk that takes every row number. */
export function flatColumn(v: Vector): CellColumn {
  return { chunks: [cellsOf(v)], shift: 31, mask: 0x7fffffff };
}

/**
 * V8 forgets the hidden class of a class that has no instance when it collects everything, and throws away what was
 * compiled for it. Cells and most vectors are short-lived: one of each layout stays.
 */
export const KEPT_CELLS: readonly { readonly vector: Vector; readonly cells: Cells }[] = (
  [BOOLEAN, INT2, INT4, INT8, FLOAT4, FLOAT8, UUID, TEXT].map((type) => {
    const vector = nullVector(type, 0);
    return { vector, cells: cellsOf(vector) };
  })
);
