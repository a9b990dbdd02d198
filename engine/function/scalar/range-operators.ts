// Operators of ranges and multiranges (manual 9.20): containment, overlap, order on the line, union, difference.
import type { Datum, SqlRange } from '../../data/datum.ts';
import { AssertionError } from '../../data/error.ts';
import {
  containsMultirange, intersectMultiranges, makeMultirange, multirangesOverlap, subtractMultiranges,
} from '../../data/multirange.ts';
import {
  areBoundsAdjacent, compareBounds, containsValue, differenceOf, intersectionOf, unionOf,
} from '../../data/range.ts';
import { asMultirange, asRange, lowerBound, upperBound } from '../../data/range-bounds.ts';
import { anyRangeFamily } from '../../data/range-type.ts';
import type { RangeFamily } from '../../data/range-type.ts';
import { BOOLEAN, baseType, simpleType } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { example, operator } from '../define.ts';
import type { CallInfo, ScalarFunction } from '../function.ts';

const ANYRANGE = simpleType('anyrange');
const ANYMULTIRANGE = simpleType('anymultirange');
const ANYELEMENT = simpleType('anyelement');

/** Of the first argument that is a range or multirange. */
export function familyOf({ argTypes }: Pick<CallInfo, 'argTypes'>): RangeFamily {
  for (const type of argTypes) {
    const family = anyRangeFamily(baseType(type));
    if (family !== undefined) return family;
  }
  throw new AssertionError('no range among the arguments');
}

/** A range or multirange as its ranges that are not empty. */
export function rangesOf(datum: Datum): readonly SqlRange[] {
  if (typeof datum === 'object' && datum !== null && 'ranges' in datum) return datum.ranges;
  const range = asRange(datum);
  return range.empty ? [] : [range];
}

interface Ends {
  readonly first: SqlRange;
  readonly last: SqlRange;
}

/** null for what is empty. */
function endsOf(datum: Datum): Ends | null {
  const ranges = rangesOf(datum);
  const last = ranges.at(-1);
  return last === undefined ? null : { first: ranges[0], last };
}

/** Is every part of the second in one of the first? */
function contains(a: Datum, b: Datum, family: RangeFamily): boolean {
  return containsMultirange(family, { ranges: rangesOf(a) }, { ranges: rangesOf(b) });
}

function overlap(a: Datum, b: Datum, family: RangeFamily): boolean {
  return multirangesOverlap(family, { ranges: rangesOf(a) }, { ranges: rangesOf(b) });
}

/** What the operator says of two that are not empty; false when one is. */
function ofEnds(a: Datum, b: Datum, holds: (a: Ends, b: Ends) => boolean): boolean {
  const [x, y] = [endsOf(a), endsOf(b)];
  return x !== null && y !== null && holds(x, y);
}

interface Test {
  readonly name: string;
  readonly words: string;
  /** A range and a range in the example; of multiranges, in braces. */
  readonly shows: readonly [string, string];
  readonly holds: (a: Datum, b: Datum, family: RangeFamily) => boolean;
}

const TESTS: readonly Test[] = [
  { name: '@>', words: 'Does the first contain the second?', shows: ['[2,10)', '[3,5)'], holds: contains },
  { name: '<@', words: 'Is the first in the second?', shows: ['[3,5)', '[2,10)'],
    holds: (a, b, family) => contains(b, a, family) },
  { name: '&&', words: 'Have they something in common?', shows: ['[3,7)', '[4,12)'], holds: overlap },
  { name: '<<', words: 'Is the first wholly before the second?', shows: ['[1,10)', '[100,110)'],
    holds: (a, b, family) => ofEnds(a, b, (x, y) => compareBounds(family, upperBound(x.last), lowerBound(y.first)) < 0) },
  { name: '>>', words: 'Is the first wholly after the second?', shows: ['[100,110)', '[1,10)'],
    holds: (a, b, family) => ofEnds(a, b, (x, y) => compareBounds(family, lowerBound(x.first), upperBound(y.last)) > 0) },
  { name: '&<', words: 'Does the first not go beyond the second?', shows: ['[1,20)', '[18,20)'],
    holds: (a, b, family) => ofEnds(a, b, (x, y) => compareBounds(family, upperBound(x.last), upperBound(y.last)) <= 0) },
  { name: '&>', words: 'Does the first not begin before the second?', shows: ['[7,20)', '[5,10)'],
    holds: (a, b, family) => ofEnds(a, b, (x, y) => compareBounds(family, lowerBound(x.first), lowerBound(y.first)) >= 0) },
  { name: '-|-', words: 'Does one begin where the other ends?', shows: ['[1,10)', '[10,20)'],
    holds: (a, b, family) => ofEnds(a, b, (x, y) => areBoundsAdjacent(family, upperBound(x.last), lowerBound(y.first))
      || areBoundsAdjacent(family, upperBound(y.last), lowerBound(x.first))) },
];

const PAIRS: readonly (readonly [LogicalType, LogicalType])[] = [
  [ANYRANGE, ANYRANGE], [ANYMULTIRANGE, ANYMULTIRANGE], [ANYMULTIRANGE, ANYRANGE], [ANYRANGE, ANYMULTIRANGE],
];

function literal(type: LogicalType, text: string): string {
  return type === ANYRANGE ? `'${text}'::int4range` : `'{${text}}'::int4multirange`;
}

function tests({ name, words, shows, holds }: Test): readonly ScalarFunction[] {
  return PAIRS.map(([left, right]) => operator({
    name, args: [left, right], returns: BOOLEAN, description: words,
    example: example(`SELECT ${literal(left, shows[0])} ${name} ${literal(right, shows[1])}`, 't'),
    ...(name === '-|-' ? {} : { total: true }),
    row: ([a, b], call) => holds(a, b, familyOf(call)),
  }));
}

function hasValue(family: RangeFamily, ranges: Datum, value: Datum): boolean {
  return rangesOf(ranges).some((range) => containsValue(family, range, value));
}

const ELEMENTS: readonly ScalarFunction[] = [ANYRANGE, ANYMULTIRANGE].flatMap((type) => [
  operator({
    name: '@>', args: [type, ANYELEMENT], returns: BOOLEAN, description: 'Is the value in it?', total: true,
    example: example(`SELECT ${literal(type, '[1,7)')} @> 6`, 't'),
    row: ([r, v], { argTypes: [own] }) => hasValue(familyOf({ argTypes: [own] }), r, v),
  }),
  operator({
    name: '<@', args: [ANYELEMENT, type], returns: BOOLEAN, description: 'Is the value in it?', total: true,
    example: example(`SELECT 42 <@ ${literal(type, '[1,7)')}`, 'f'),
    row: ([v, r], { argTypes: [, own] }) => hasValue(familyOf({ argTypes: [own] }), r, v),
  }),
]);

interface Operation {
  readonly name: string;
  readonly words: string;
  /** Two ranges, what the operator makes of them, and of them as multiranges. */
  readonly shows: readonly [string, string, string, string];
  readonly range: (family: RangeFamily, a: SqlRange, b: SqlRange) => SqlRange;
  readonly multirange: (family: RangeFamily, a: Datum, b: Datum) => Datum;
}

const OPERATIONS: readonly Operation[] = [
  { name: '+', words: 'Both together.', shows: ['[5,15)', '[10,20)', '[5,20)', '{[5,20)}'], range: unionOf,
    multirange: (family, a, b) => makeMultirange(family, [...rangesOf(a), ...rangesOf(b)]) },
  { name: '*', words: 'What they have in common.', shows: ['[5,15)', '[10,20)', '[10,15)', '{[10,15)}'],
    range: intersectionOf, multirange: (family, a, b) => intersectMultiranges(family, asMultirange(a), asMultirange(b)) },
  { name: '-', words: 'The first without the second.', shows: ['[5,15)', '[10,20)', '[5,10)', '{[5,10)}'],
    range: differenceOf, multirange: (family, a, b) => subtractMultiranges(family, asMultirange(a), asMultirange(b)) },
];

function operations({ name, words, shows, range, multirange }: Operation): readonly ScalarFunction[] {
  const [left, right, ofRanges, ofMultiranges] = shows;
  return [
    operator({
      name, args: [ANYRANGE, ANYRANGE], returns: ANYRANGE, description: words,
      example: example(`SELECT ${literal(ANYRANGE, left)} ${name} ${literal(ANYRANGE, right)}`, ofRanges),
      row: ([a, b], call) => range(familyOf(call), asRange(a), asRange(b)),
    }),
    operator({
      name, args: [ANYMULTIRANGE, ANYMULTIRANGE], returns: ANYMULTIRANGE, description: words,
      example: example(`SELECT ${literal(ANYMULTIRANGE, left)} ${name} ${literal(ANYMULTIRANGE, right)}`, ofMultiranges),
      row: ([a, b], call) => multirange(familyOf(call), a, b),
    }),
  ];
}

export const RANGE_OPERATORS: readonly ScalarFunction[] = [
  ...TESTS.flatMap(tests), ...ELEMENTS, ...OPERATIONS.flatMap(operations),
];
