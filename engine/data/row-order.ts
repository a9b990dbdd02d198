// Row order: comparators of rows by key columns, over vectors and state pages.
import type { CellColumn } from './cells.ts';
import { compareNumbers } from './datum-order.ts';
import { compareBytesAs, comparePlainBytes, isLoose } from './loose-key.ts';
import { anyRangeFamily } from './range-type.ts';
import { orderFlip } from './types.ts';
import type { LogicalType } from './types.ts';
import type { Validity } from './vector.ts';

/** Negative, 0 or positive for rows `a` and `b` (row numbers or state row ids). */
export type RowOrder = (a: number, b: number) => number;

/** Order by one column; operator/operator.ts SortKey is one. */
export interface KeyOrder {
  readonly column: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** By the first `count` columns, ascending, NULLs last: PostgreSQL's default. */
export function ascendingOrder(count: number): readonly KeyOrder[] {
  return Array.from({ length: count }, (_, column) => ({ column, descending: false, nullsFirst: false }));
}

/** PostgreSQL's order, by the keys in turn: text by its UTF-8 bytes, NaN greatest, interval by span, numeric by value. */
export function rowOrder(columns: readonly CellColumn[], keys: readonly KeyOrder[]): RowOrder {
  return crossOrder(columns, columns, keys);
}

/** rowOrder between two places: row `a` is one of the first columns, row `b` one of the second. */
export function crossOrder(
  first: readonly CellColumn[], second: readonly CellColumn[], keys: readonly KeyOrder[],
): RowOrder {
  const orders = keys.map((key) => directed({ a: first[key.column], b: second[key.column] }, key));
  if (orders.length === 1) return orders[0];
  if (orders.length === 2) {
    const [major, minor] = orders;
    return (a, b) => major(a, b) || minor(a, b);
  }
  return (a, b) => {
    let c = 0;
    for (let i = 0; c === 0 && i < orders.length; i++) c = orders[i](a, b);
    return c;
  };
}

/** The keys, then all columns, then what tells equal values apart (1.0 and 1.00): only identical rows compare as 0. */
export function totalOrder(columns: readonly CellColumn[], keys: readonly KeyOrder[]): RowOrder {
  const byValue = rowOrder(columns, [...keys, ...ascendingOrder(columns.length)]);
  const bytes = columns.filter(mayHideDifference).map(representationOrder);
  if (bytes.length === 0) return byValue;
  return (a, b) => {
    let c = byValue(a, b);
    for (let i = 0; c === 0 && i < bytes.length; i++) c = bytes[i](a, b);
    return c;
  };
}

/** An empty column has no type to look at yet; state columns may grow later, so it counts as one that may. */
function mayHideDifference(column: CellColumn): boolean {
  if (column.chunks.length === 0) return true;
  const { type, layout } = column.chunks[0];
  return layout === 'float32' || layout === 'float64' || isLoose(type);
}

/** Where the two rows of a comparison come from. */
interface Sides {
  readonly a: CellColumn;
  readonly b: CellColumn;
}

/**
 * One comparison, NULLs included, in one function where it is hot. A state column has no chunk, hence no layout, before
 * its first row: then it is looked up at the first comparison.
 */
function directed(sides: Sides, key: KeyOrder): RowOrder {
  if (sides.a.chunks.length > 0) return directedByLayout(sides, key);
  let order: RowOrder | null = null;
  return (a, b) => {
    order ??= directedByLayout(sides, key);
    return order(a, b);
  };
}

function directedByLayout(sides: Sides, key: KeyOrder): RowOrder {
  switch (sides.a.chunks[0].layout) {
    case 'int32': return directed32(sides, key);
    case 'int64': return directed64(sides, key);
    case 'float64': return directedF64(sides, key);
    default: return directedBy(sides, key);
  }
}

function directedBy(sides: Sides, key: KeyOrder): RowOrder {
  const order = chosenOrder(sides);
  const { a: p, b: q } = sides;
  const sign = key.descending ? -1 : 1;
  const nulls = key.nullsFirst ? -1 : 1;
  return (a, b) => {
    const x = p.chunks[a >> p.shift].validity;
    const y = q.chunks[b >> q.shift].validity;
    if ((x !== null || y !== null) && (isNull(x, a & p.mask) || isNull(y, b & q.mask))) {
      return nullOrder(isNull(x, a & p.mask), isNull(y, b & q.mask), nulls);
    }
    return sign * order(a, b);
  };
}

function directed32({ a: p, b: q }: Sides, key: KeyOrder): RowOrder {
  const sign = key.descending ? -1 : 1;
  const nulls = key.nullsFirst ? -1 : 1;
  return (a, b) => {
    const x = p.chunks[a >> p.shift];
    const y = q.chunks[b >> q.shift];
    if ((x.validity !== null || y.validity !== null) && (isNull(x.validity, a & p.mask) || isNull(y.validity, b & q.mask))) {
      return nullOrder(isNull(x.validity, a & p.mask), isNull(y.validity, b & q.mask), nulls);
    }
    return sign * (x.i32[a & p.mask] - y.i32[b & q.mask]);
  };
}

function directed64({ a: p, b: q }: Sides, key: KeyOrder): RowOrder {
  const sign = key.descending ? -1 : 1;
  const nulls = key.nullsFirst ? -1 : 1;
  const flip = orderFlip(p.chunks[0].type);
  return (a, b) => {
    const x = p.chunks[a >> p.shift];
    const y = q.chunks[b >> q.shift];
    if ((x.validity !== null || y.validity !== null) && (isNull(x.validity, a & p.mask) || isNull(y.validity, b & q.mask))) {
      return nullOrder(isNull(x.validity, a & p.mask), isNull(y.validity, b & q.mask), nulls);
    }
    const i = 2 * (a & p.mask);
    const j = 2 * (b & q.mask);
    const high = (x.i32[i + 1] ^ flip) - (y.i32[j + 1] ^ flip);
    return sign * (high !== 0 ? high : (x.i32[i] >>> 0) - (y.i32[j] >>> 0));
  };
}

function directedF64({ a: p, b: q }: Sides, key: KeyOrder): RowOrder {
  const sign = key.descending ? -1 : 1;
  const nulls = key.nullsFirst ? -1 : 1;
  return (a, b) => {
    const x = p.chunks[a >> p.shift];
    const y = q.chunks[b >> q.shift];
    if ((x.validity !== null || y.validity !== null) && (isNull(x.validity, a & p.mask) || isNull(y.validity, b & q.mask))) {
      return nullOrder(isNull(x.validity, a & p.mask), isNull(y.validity, b & q.mask), nulls);
    }
    return sign * compareNumbers(x.f64[a & p.mask], y.f64[b & q.mask]);
  };
}

/** `nulls`: what a NULL first gives. */
function nullOrder(a: boolean, b: boolean, nulls: number): number {
  if (a === b) return 0;
  return a ? nulls : -nulls;
}

function isNull(validity: Validity, row: number): boolean {
  return validity !== null && (validity[row >> 3] & (1 << (row & 7))) === 0;
}

const [ASCENDING] = ascendingOrder(1);

function chosenOrder(sides: Sides): RowOrder {
  const { type, layout } = sides.a.chunks[0];
  switch (layout) {
    case 'bool': return order8(sides);
    case 'int16': return order16(sides);
    case 'int32': return directed32(sides, ASCENDING);
    case 'int64': return directed64(sides, ASCENDING);
    case 'float32': return orderF32(sides);
    case 'float64': return directedF64(sides, ASCENDING);
    case 'fixed16': return orderFixed16(sides, type);
    case 'bytes': return plainOrder(type) ? orderPlainBytes(sides) : orderBytesAs(sides, type);
  }
}

/** Whether the encoded bytes' order is the values'. */
export function plainOrder(type: LogicalType): boolean {
  if (type.kind === 'domain') return plainOrder(type.base);
  return !isLoose(type) && type.kind !== 'array' && type.kind !== 'record' && type.kind !== 'enum'
    && type.kind !== 'timetz' && anyRangeFamily(type) === undefined;
}

function order8({ a: p, b: q }: Sides): RowOrder {
  return (a, b) => p.chunks[a >> p.shift].u8[a & p.mask] - q.chunks[b >> q.shift].u8[b & q.mask];
}
function order16({ a: p, b: q }: Sides): RowOrder {
  return (a, b) => p.chunks[a >> p.shift].i16[a & p.mask] - q.chunks[b >> q.shift].i16[b & q.mask];
}
function orderF32({ a: p, b: q }: Sides): RowOrder {
  return (a, b) => compareNumbers(p.chunks[a >> p.shift].f32[a & p.mask], q.chunks[b >> q.shift].f32[b & q.mask]);
}

function orderFixed16(sides: Sides, type: LogicalType): RowOrder {
  return (a, b) => compareBytesAs(type, fixed16At(sides.a, a), fixed16At(sides.b, b));
}
function fixed16At({ chunks, shift, mask }: CellColumn, row: number): Uint8Array {
  const at = 16 * (row & mask);
  return chunks[row >> shift].u8.subarray(at, at + 16);
}

/** Text, by bytes, without a view per comparison. */
function orderPlainBytes({ a: p, b: q }: Sides): RowOrder {
  return (a, b) => {
    const x = p.chunks[a >> p.shift];
    const y = q.chunks[b >> q.shift];
    let i = x.starts[a & p.mask];
    let j = y.starts[b & q.mask];
    const left = x.ends[a & p.mask] - i;
    const right = y.ends[b & q.mask] - j;
    const left8 = x.u8;
    const right8 = y.u8;
    for (const end = i + Math.min(left, right); i < end; i++, j++) if (left8[i] !== right8[j]) return left8[i] - right8[j];
    return left - right;
  };
}
function orderBytesAs(sides: Sides, type: LogicalType): RowOrder {
  return (a, b) => compareBytesAs(type, bytesAt(sides.a, a), bytesAt(sides.b, b));
}
function bytesAt({ chunks, shift, mask }: CellColumn, row: number): Uint8Array {
  const chunk = chunks[row >> shift];
  return chunk.u8.subarray(chunk.starts[row & mask], chunk.ends[row & mask]);
}

/** Tells representations of equal values apart, in an arbitrary but fixed order; NULLs are equal. */
function representationOrder(column: CellColumn): RowOrder {
  const { chunks, shift, mask } = column;
  return (a, b) => {
    const x = chunks[a >> shift];
    const y = chunks[b >> shift];
    if (isNull(x.validity, a & mask) || isNull(y.validity, b & mask)) return 0;
    switch (x.layout) {
      case 'bytes': return comparePlainBytes(bytesAt(column, a), bytesAt(column, b));
      case 'fixed16': return comparePlainBytes(fixed16At(column, a), fixed16At(column, b));
      case 'float32': return zeroSign(x.f32[a & mask]) - zeroSign(y.f32[b & mask]);
      case 'float64': return zeroSign(x.f64[a & mask]) - zeroSign(y.f64[b & mask]);
      default: return 0;
    }
  };
}

function zeroSign(value: number): number {
  return Object.is(value, -0) ? -1 : 0;
}
