// Where the bounds of ranges are on the line: PostgreSQL's range_cmp_bounds, over any order of values.
import { assert } from './error.ts';
import type { Datum, SqlMultirange, SqlRange } from './datum.ts';

/** One end of a range that is not empty; `value` null: there is no end. */
export interface Bound {
  readonly value: Datum;
  readonly inclusive: boolean;
  readonly lower: boolean;
}

/** Order of two bounds' values. Requires: of the type it is for, not null. */
export type ValueOrder = (a: Datum, b: Datum) => number;

/** Narrows a datum of a range type. */
export function asRange(datum: Datum): SqlRange {
  assert(typeof datum === 'object' && datum !== null && 'lowerInclusive' in datum, 'range datum');
  return datum;
}

/** Narrows a datum of a multirange type. */
export function asMultirange(datum: Datum): SqlMultirange {
  assert(typeof datum === 'object' && datum !== null && 'ranges' in datum, 'multirange datum');
  return datum;
}

/** Where a range begins. Requires: it is not empty. */
export function lowerBound(range: SqlRange): Bound {
  return { value: range.lower, inclusive: range.lowerInclusive, lower: true };
}
/** Where a range ends. Requires: it is not empty. */
export function upperBound(range: SqlRange): Bound {
  return { value: range.upper, inclusive: range.upperInclusive, lower: false };
}

/** Where two bounds are on the line: a lower one that is in stands before one that is not, an upper one behind. */
export function orderBounds(values: ValueOrder, a: Bound, b: Bound): number {
  if (a.value === null || b.value === null) {
    if (a.value === null && b.value === null) return a.lower === b.lower ? 0 : a.lower ? -1 : 1;
    return a.value === null ? (a.lower ? -1 : 1) : b.lower ? 1 : -1;
  }
  const order = values(a.value, b.value);
  if (order !== 0) return order;
  if (!a.inclusive && !b.inclusive) return a.lower === b.lower ? 0 : a.lower ? 1 : -1;
  if (!a.inclusive) return a.lower ? 1 : -1;
  if (!b.inclusive) return b.lower ? -1 : 1;
  return 0;
}

/** Order of ranges: the empty one first, then by lower and upper bound. */
export function orderRanges(values: ValueOrder, a: SqlRange, b: SqlRange): number {
  if (a.empty || b.empty) return (a.empty ? 0 : 1) - (b.empty ? 0 : 1);
  return orderBounds(values, lowerBound(a), lowerBound(b)) || orderBounds(values, upperBound(a), upperBound(b));
}

/** Order of multiranges: range by range, then the one with fewer. */
export function orderMultiranges(values: ValueOrder, a: SqlMultirange, b: SqlMultirange): number {
  const shared = Math.min(a.ranges.length, b.ranges.length);
  for (let i = 0; i < shared; i++) {
    const order = orderRanges(values, a.ranges[i], b.ranges[i]);
    if (order !== 0) return order;
  }
  return a.ranges.length - b.ranges.length;
}
