// Multiranges: sorted ranges with something between each two (manual 8.17, PostgreSQL's multirangetypes.c).
import { boundOrder } from './datum-order.ts';
import {
  EMPTY_RANGE, areAdjacent, compareBounds, containsRange, intersectionOf, isBefore, makeRange, mergeRanges,
  overlaps, partsBeside,
} from './range.ts';
import { lowerBound, orderRanges, upperBound } from './range-bounds.ts';
import type { SqlMultirange, SqlRange } from './datum.ts';
import type { RangeFamily } from './range-type.ts';

/** The ranges in order, empty ones left out, overlapping and adjacent ones made one. */
export function makeMultirange(family: RangeFamily, ranges: readonly SqlRange[]): SqlMultirange {
  const order = boundOrder(family);
  const out: SqlRange[] = [];
  for (const range of ranges.filter((r) => !r.empty).sort((a, b) => orderRanges(order, a, b))) {
    const last = out.at(-1);
    if (last !== undefined && (areAdjacent(family, last, range) || !isBefore(family, last, range))) {
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

/** What is in both; O(n + m), both being sorted. */
export function intersectMultiranges(family: RangeFamily, a: SqlMultirange, b: SqlMultirange): SqlMultirange {
  const parts: SqlRange[] = [];
  eachOverlap(family, a, b, (x, y) => parts.push(intersectionOf(family, x, y)));
  return makeMultirange(family, parts);
}

/** Is there something in both? O(n + m). */
export function multirangesOverlap(family: RangeFamily, a: SqlMultirange, b: SqlMultirange): boolean {
  return eachOverlap(family, a, b, () => true);
}

/** Is every range of the second in one of the first? O(n + m). */
export function containsMultirange(family: RangeFamily, a: SqlMultirange, b: SqlMultirange): boolean {
  let next = 0;
  return b.ranges.every((inner) => {
    while (next < a.ranges.length && isBefore(family, a.ranges[next], inner)) next++;
    return next < a.ranges.length && containsRange(family, a.ranges[next], inner);
  });
}

/** What is in the first alone; O(n + m). */
export function subtractMultiranges(family: RangeFamily, a: SqlMultirange, b: SqlMultirange): SqlMultirange {
  const parts: SqlRange[] = [];
  let next = 0;
  for (const range of a.ranges) {
    while (next < b.ranges.length && isBefore(family, b.ranges[next], range)) next++;
    let left = range;
    // The last one looked at may reach into the next range of `a`: `next` stays on it.
    for (let i = next; i < b.ranges.length && overlaps(family, left, b.ranges[i]); i++) {
      const [below, above] = partsBeside(family, left, b.ranges[i]);
      parts.push(below);
      left = above;
    }
    parts.push(left);
  }
  return makeMultirange(family, parts);
}

/** Every pair that overlaps, in order, until `take` says true; says whether it did. */
function eachOverlap(
  family: RangeFamily, a: SqlMultirange, b: SqlMultirange, take: (x: SqlRange, y: SqlRange) => unknown,
): boolean {
  for (let i = 0, j = 0; i < a.ranges.length && j < b.ranges.length;) {
    const [x, y] = [a.ranges[i], b.ranges[j]];
    if (overlaps(family, x, y) && take(x, y) === true) return true;
    if (compareBounds(family, upperBound(x), upperBound(y)) < 0) i++;
    else j++;
  }
  return false;
}
