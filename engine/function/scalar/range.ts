// Functions of ranges and multiranges (manual 9.20): constructors, bounds, merging.
import type { Datum, SqlRange } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { makeMultirange, spanOf } from '../../data/multirange.ts';
import { makeRange, mergeRanges } from '../../data/range.ts';
import { asMultirange, asRange } from '../../data/range-bounds.ts';
import { RANGE_FAMILIES } from '../../data/range-type.ts';
import type { BuiltinFamily, RangeFamily } from '../../data/range-type.ts';
import { BOOLEAN, TEXT, simpleType } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { example, scalar } from '../define.ts';
import type { ScalarFunction } from '../function.ts';
import { familyOf } from './range-operators.ts';

const ANYRANGE = simpleType('anyrange');
const ANYMULTIRANGE = simpleType('anymultirange');
const ANYELEMENT = simpleType('anyelement');

const FLAGS = ['[]', '[)', '(]', '()'];

function constructed(family: RangeFamily, lower: Datum, upper: Datum, flags: Datum | undefined): SqlRange {
  if (flags === null) throw new DatabaseError('22000', 'range constructor flags argument must not be null');
  const [open, close] = String(flags ?? '[)');
  if (!FLAGS.includes(`${open}${close}`) || String(flags ?? '[)').length !== 2) {
    throw new DatabaseError('42601', 'invalid range bound flags',
      { hint: 'Valid values are "[]", "[)", "(]", and "()".' });
  }
  return makeRange(family, { value: lower, inclusive: open === '[' }, { value: upper, inclusive: close === ']' });
}

/** Two literals of each type, and the range they make as text. */
const SAMPLES: { readonly [kind: string]: readonly [string, string, string] } = {
  int4: ['1', '4', '[2,5)'], int8: ['1', '4', '[2,5)'], numeric: ['1.5', '4', '(1.5,4]'],
  date: [`'2001-01-01'`, `'2001-01-04'`, '[2001-01-02,2001-01-05)'],
  timestamp: [`'2001-01-01'`, `'2001-01-04'`, '("2001-01-01 00:00:00","2001-01-04 00:00:00"]'],
  timestamptz: [`'2001-01-01 00:00Z'`, `'2001-01-04 00:00Z'`, '("2001-01-01 00:00:00+00","2001-01-04 00:00:00+00"]'],
};

interface Home { readonly schema?: string; readonly name: string }

/** The functions that make ranges, and multiranges, of a family; `homes`: what they are called. */
export function constructorsOf(
  family: RangeFamily, homes: { readonly range: Home; readonly multirange: Home },
): readonly ScalarFunction[] {
  const { range, multirange, bound } = family;
  return [
    scalar({
      ...homes.range, args: [bound, bound, TEXT], optional: 1, returns: range, strict: false,
      description: 'A range; NULL for no bound. Which bounds are in it: [] [) (] or ().',
      row: ([lower, upper, flags]) => constructed(family, lower, upper, flags),
    }),
    scalar({
      ...homes.multirange, args: [range], returns: multirange, description: 'A multirange of one range.',
      row: ([r]) => makeMultirange(family, [asRange(r)]),
    }),
    scalar({
      ...homes.multirange, args: [], variadic: range, variadicOptional: true, returns: multirange, strict: false,
      manyDimensions: 'multiranges cannot be constructed from multidimensional arrays',
      description: 'A multirange of ranges.',
      row: (list) => multirangeOf(family, list),
    }),
  ];
}

function builtinConstructors(family: BuiltinFamily): readonly ScalarFunction[] {
  const { range: { kind: name }, multirange: { kind: many }, bound } = family;
  const [low, high, shown] = SAMPLES[bound.kind];
  const sample = `${name}(${low}, ${high}, '(]')`;
  const [ofBounds, ofOne, ofMany] = constructorsOf(family, { range: { name }, multirange: { name: many } });
  return [
    { ...ofBounds, example: example(`SELECT ${sample}`, shown) },
    { ...ofOne, example: example(`SELECT ${many}(${sample})`, `{${shown}}`) },
    { ...ofMany, example: example(`SELECT ${many}(VARIADIC ARRAY[${sample}])`, `{${shown}}`) },
  ];
}

function multirangeOf(family: RangeFamily, list: readonly Datum[]): Datum {
  return makeMultirange(family, list.map((value) => {
    if (value === null) throw new DatabaseError('22004', 'multirange values cannot contain null members');
    return asRange(value);
  }));
}

interface Question {
  readonly name: string;
  readonly returns: LogicalType;
  readonly words: string;
  /** Of `[15,25)` and of `{[2,5),[15,25)}`. */
  readonly shows: readonly [string, string];
  readonly answer: (range: SqlRange) => Datum;
  /** Which range of a multirange says it; null: whether there is any. */
  readonly end: 'first' | 'last';
}

const QUESTIONS: readonly Question[] = [
  { name: 'lower', returns: ANYELEMENT, words: 'The lower bound, NULL when there is none.', end: 'first',
    shows: ['15', '2'], answer: (r) => r.lower },
  { name: 'upper', returns: ANYELEMENT, words: 'The upper bound, NULL when there is none.', end: 'last',
    shows: ['25', '25'], answer: (r) => r.upper },
  { name: 'isempty', returns: BOOLEAN, words: 'Is it empty?', end: 'first', shows: ['f', 'f'], answer: (r) => r.empty },
  { name: 'lower_inc', returns: BOOLEAN, words: 'Is the lower bound in it?', end: 'first', shows: ['t', 't'],
    answer: (r) => r.lowerInclusive },
  { name: 'upper_inc', returns: BOOLEAN, words: 'Is the upper bound in it?', end: 'last', shows: ['f', 'f'],
    answer: (r) => r.upperInclusive },
  { name: 'lower_inf', returns: BOOLEAN, words: 'Has it no lower bound?', end: 'first', shows: ['f', 'f'],
    answer: (r) => !r.empty && r.lower === null },
  { name: 'upper_inf', returns: BOOLEAN, words: 'Has it no upper bound?', end: 'last', shows: ['f', 'f'],
    answer: (r) => !r.empty && r.upper === null },
];

function questions({ name, returns, words, shows, answer, end }: Question): readonly ScalarFunction[] {
  const nothing: Datum = name === 'isempty' ? true : name === 'lower' || name === 'upper' ? null : false;
  return [
    scalar({
      name, args: [ANYRANGE], returns, description: words, total: true,
      example: example(`SELECT ${name}(int4range(15, 25))`, shows[0]), row: ([r]) => answer(asRange(r)),
    }),
    scalar({
      name, args: [ANYMULTIRANGE], returns, description: words, total: true,
      example: example(`SELECT ${name}('{[2,5),[15,25)}'::int4multirange)`, shows[1]),
      row: ([m]) => {
        const range = asMultirange(m).ranges.at(end === 'first' ? 0 : -1);
        return range === undefined ? nothing : answer(range);
      },
    }),
  ];
}

export const RANGES: readonly ScalarFunction[] = [
  ...RANGE_FAMILIES.flatMap(builtinConstructors), ...QUESTIONS.flatMap(questions),
  scalar({
    name: 'range_merge', args: [ANYRANGE, ANYRANGE], returns: ANYRANGE, description: 'The smallest range with both in it.',
    example: example(`SELECT range_merge('[1,2)'::int4range, '[3,4)'::int4range)`, '[1,4)'),
    row: ([a, b], call) => mergeRanges(familyOf(call), asRange(a), asRange(b)),
  }),
  scalar({
    name: 'range_merge', args: [ANYMULTIRANGE], returns: ANYRANGE, description: 'The smallest range with all of it in it.',
    example: example(`SELECT range_merge('{[1,2), [3,4)}'::int4multirange)`, '[1,4)'),
    row: ([m], call) => spanOf(familyOf(call), asMultirange(m)),
  }),
  scalar({
    name: 'multirange', args: [ANYRANGE], returns: ANYMULTIRANGE, description: 'A multirange of one range.',
    example: example(`SELECT multirange('[1,2)'::int4range)`, '{[1,2)}'),
    row: ([r], call) => makeMultirange(familyOf(call), [asRange(r)]),
  }),
];
