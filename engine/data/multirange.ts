// Multiranges: sorted ranges with something between each two (manual 8.17, PostgreSQL's multirangetypes.c).
import { assert } from './error.ts';
import {
  EMPTY_RANGE, areAdjacent, compareBounds, compareRanges, intersectionOf, isBefore, lowerBound, makeRange, mergeRanges,
  overlaps, partsBeside, upperBound,
} from './range.ts';
import type { Datum, SqlMultirange, SqlRange } from './datum.ts';
import type { RangeFamily } from './range-type.ts';

export const EMPTY_MULTIRANGE: SqlMultirange = { ranges: [] };

/** Narrows a datum of a multirange type. */
export function asMultirange(datum: Datum): SqlMultirange {
  assert(typeof datum === 'object' && datum !== null && 'ranges' in datum, 'multirange datum');
  return datum;
}

/** The ranges in order, empty ones left out, overlapping and adjacent ones made one. */
export function makeMultirange(family: RangeFamily, ranges: readonly SqlRange[]): SqlMultirange {
  const out: SqlRange[] = [];
  for (const range of ranges.filter((r) => !r.empty).sort(compareRanges)) {
    const last = out.at(-1);
    if (last !== undefined && (areAdjacent(family, last, range) || !isBefore(last, range))) {
      out[out.length - 1] = mergeRanges(family, last, range);
    } else out.push(range);
  }
  return { ranges: out };
}

/** The range from the first one's lower to the last one's upper bound. */
export function spanOf(family: RangeFamily, { ranges }: SqlMultirange): SqlRange {
  const [first] = ranges;
  const last = ranges.at(-1);
  return first === undefined || last === undefined ? EMPTY_RANGE : makeRange(family, lowerBound(first), upperBound(last));
}

export function compareMultiranges(a: SqlMultirange, b: SqlMultirange): number {
  const shared = Math.min(a.ranges.length, b.ranges.length);
  for (let i = 0; i < shared; i++) {
    const [x, y] = [a.ranges[i], b.ranges[i]];
    const order = compareBounds(lowerBound(x), lowerBound(y)) || compareBounds(upperBound(x), upperBound(y));
    if (order !== 0) return order;
  }
  return a.ranges.length - b.ranges.length;
}

export function intersectMultiranges(family: RangeFamily, a: SqlMultirange, b: SqlMultirange): SqlMultirange {
  const parts = a.ranges.flatMap((x) => b.ranges.filter((y) => overlaps(x, y)).map((y) => intersectionOf(family, x, y)));
  return makeMultirange(family, parts);
}

export function subtractMultiranges(family: RangeFamily, a: SqlMultirange, b: SqlMultirange): SqlMultirange {
  let left: readonly SqlRange[] = a.ranges;
  for (const taken of b.ranges) {
    left = left.flatMap((range) => (overlaps(range, taken) ? partsBeside(family, range, taken) : [range]));
  }
  return makeMultirange(family, left);
}
