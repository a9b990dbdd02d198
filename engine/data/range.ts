// Ranges: how their bounds compare, and what makes, joins and splits them (manual 8.17, PostgreSQL's rangetypes.c).
//
// A value is canonical: of int4, int8 and date the lower bound is in it and the upper one is not, as far as there are
// such bounds; what is unbounded or empty has no other flags. So these are equal where their bytes are.
import { END_DATE, isDateFinite } from './calendar.ts';
import { boundOrder, compareDatums } from './datum-order.ts';
import { DatabaseError, assert } from './error.ts';
import { lowerBound, orderBounds, upperBound } from './range-bounds.ts';
import type { Bound } from './range-bounds.ts';
import type { Datum, SqlRange } from './datum.ts';
import type { RangeFamily } from './range-type.ts';

export const EMPTY_RANGE: SqlRange = { empty: true, lower: null, upper: null, lowerInclusive: false, upperInclusive: false };

/** Where two bounds are on the line. */
export function compareBounds(family: RangeFamily, a: Bound, b: Bound): number {
  return orderBounds(boundOrder(family), a, b);
}

/** The canonical range of two bounds. 22000 when they are the wrong way round, 22003 and 22008 beyond the type. */
export function makeRange(family: RangeFamily, lower: Omit<Bound, 'lower'>, upper: Omit<Bound, 'lower'>): SqlRange {
  const made = serialized(family, lower, upper);
  if (!family.discrete || made.empty) return made;
  const from = made.lower !== null && !made.lowerInclusive ? following(family, made.lower) : null;
  const to = made.upper !== null && made.upperInclusive ? following(family, made.upper) : null;
  if (from === null && to === null) return made;
  return serialized(family,
    from === null ? { value: made.lower, inclusive: made.lowerInclusive } : { value: from, inclusive: true },
    to === null ? { value: made.upper, inclusive: made.upperInclusive } : { value: to, inclusive: false });
}

function serialized(family: RangeFamily, lower: Omit<Bound, 'lower'>, upper: Omit<Bound, 'lower'>): SqlRange {
  if (lower.value !== null && upper.value !== null) {
    const order = compareDatums(family.bound, lower.value, upper.value);
    if (order > 0) {
      throw new DatabaseError('22000', 'range lower bound must be less than or equal to range upper bound');
    }
    if (order === 0 && !(lower.inclusive && upper.inclusive)) return EMPTY_RANGE;
  }
  return {
    empty: false, lower: lower.value, upper: upper.value,
    lowerInclusive: lower.inclusive && lower.value !== null, upperInclusive: upper.inclusive && upper.value !== null,
  };
}

/** The next value of a discrete type; null: an infinite date has none. */
function following(family: RangeFamily, value: Datum): Datum {
  switch (family.bound.kind) {
    case 'int4':
      if (value === 2147483647) throw new DatabaseError('22003', 'integer out of range');
      return Number(value) + 1;
    case 'int8':
      assert(typeof value === 'bigint', 'int8 bound');
      if (value === 9223372036854775807n) throw new DatabaseError('22003', 'bigint out of range');
      return value + 1n;
    default: {
      const day = Number(value);
      if (!isDateFinite(day)) return null;
      if (day + 1 >= END_DATE) throw new DatabaseError('22008', 'date out of range');
      return day + 1;
    }
  }
}

/** Is a value of the bounds' type in the range? */
export function containsValue(family: RangeFamily, range: SqlRange, value: Datum): boolean {
  if (range.empty) return false;
  if (range.lower !== null) {
    const order = compareDatums(family.bound, range.lower, value);
    if (order > 0 || (order === 0 && !range.lowerInclusive)) return false;
  }
  if (range.upper === null) return true;
  const order = compareDatums(family.bound, range.upper, value);
  return order > 0 || (order === 0 && range.upperInclusive);
}

/** Is the second wholly in the first? The empty range is in every one. */
export function containsRange(family: RangeFamily, a: SqlRange, b: SqlRange): boolean {
  if (b.empty) return true;
  return !a.empty && compareBounds(family, lowerBound(a), lowerBound(b)) <= 0
    && compareBounds(family, upperBound(a), upperBound(b)) >= 0;
}

/** Is there a value in both? */
export function overlaps(family: RangeFamily, a: SqlRange, b: SqlRange): boolean {
  return !a.empty && !b.empty && compareBounds(family, lowerBound(a), upperBound(b)) <= 0
    && compareBounds(family, lowerBound(b), upperBound(a)) <= 0;
}

/** Is the first wholly before the second? */
export function isBefore(family: RangeFamily, a: SqlRange, b: SqlRange): boolean {
  return !a.empty && !b.empty && compareBounds(family, upperBound(a), lowerBound(b)) < 0;
}

/** Is there nothing, and nothing in common, between an upper and a lower bound? */
export function areBoundsAdjacent(family: RangeFamily, upper: Bound, lower: Bound): boolean {
  if (upper.value === null || lower.value === null) return false;
  const order = compareDatums(family.bound, upper.value, lower.value);
  if (order !== 0) {
    return order < 0 && family.discrete && makeRange(family,
      { value: upper.value, inclusive: !upper.inclusive }, { value: lower.value, inclusive: !lower.inclusive }).empty;
  }
  return upper.inclusive !== lower.inclusive;
}

/** Do two ranges touch, with nothing between them and nothing in common? */
export function areAdjacent(family: RangeFamily, a: SqlRange, b: SqlRange): boolean {
  return !a.empty && !b.empty && (areBoundsAdjacent(family, upperBound(a), lowerBound(b))
    || areBoundsAdjacent(family, upperBound(b), lowerBound(a)));
}

/** The smallest range that contains both. */
export function mergeRanges(family: RangeFamily, a: SqlRange, b: SqlRange): SqlRange {
  if (a.empty) return b;
  if (b.empty) return a;
  const lower = compareBounds(family, lowerBound(a), lowerBound(b)) < 0 ? lowerBound(a) : lowerBound(b);
  const upper = compareBounds(family, upperBound(a), upperBound(b)) > 0 ? upperBound(a) : upperBound(b);
  return makeRange(family, lower, upper);
}

/** 22000 when there is something between the two. */
export function unionOf(family: RangeFamily, a: SqlRange, b: SqlRange): SqlRange {
  if (!a.empty && !b.empty && !overlaps(family, a, b) && !areAdjacent(family, a, b)) {
    throw new DatabaseError('22000', 'result of range union would not be contiguous');
  }
  return mergeRanges(family, a, b);
}

/** What is in both; the empty range when there is nothing. */
export function intersectionOf(family: RangeFamily, a: SqlRange, b: SqlRange): SqlRange {
  if (!overlaps(family, a, b)) return EMPTY_RANGE;
  const lower = compareBounds(family, lowerBound(a), lowerBound(b)) >= 0 ? lowerBound(a) : lowerBound(b);
  const upper = compareBounds(family, upperBound(a), upperBound(b)) <= 0 ? upperBound(a) : upperBound(b);
  return makeRange(family, lower, upper);
}

/** What of `a` is below and what is above `b`; empty ranges where there is nothing. Requires: they overlap. */
export function partsBeside(family: RangeFamily, a: SqlRange, b: SqlRange): readonly [SqlRange, SqlRange] {
  const below = compareBounds(family, lowerBound(a), lowerBound(b)) < 0
    ? makeRange(family, lowerBound(a), { value: b.lower, inclusive: !b.lowerInclusive }) : EMPTY_RANGE;
  const above = compareBounds(family, upperBound(a), upperBound(b)) > 0
    ? makeRange(family, { value: b.upper, inclusive: !b.upperInclusive }, upperBound(a)) : EMPTY_RANGE;
  return [below, above];
}

/** 22000 when two pieces would be left. */
export function differenceOf(family: RangeFamily, a: SqlRange, b: SqlRange): SqlRange {
  if (!overlaps(family, a, b)) return a;
  if (compareBounds(family, lowerBound(a), lowerBound(b)) < 0 && compareBounds(family, upperBound(a), upperBound(b)) > 0) {
    throw new DatabaseError('22000', 'result of range difference would not be contiguous');
  }
  const [below, above] = partsBeside(family, a, b);
  return below.empty ? above : below;
}
