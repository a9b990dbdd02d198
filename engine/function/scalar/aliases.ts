// Functions that PostgreSQL has under a second name: what its operators and older clients call.
import { FLOAT8, INT4, JSONB, JSON_TYPE, NUMERIC, TEXT, arrayOf, sameType, simpleType } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { example } from '../define.ts';
import type { ScalarFunction } from '../function.ts';

interface Alias {
  readonly name: string;
  readonly of: string;
  readonly args: readonly LogicalType[];
  readonly shows: readonly [string, string];
}

const ALIASES: readonly Alias[] = [
  { name: 'dexp', of: 'exp', args: [FLOAT8], shows: ['0', '1'] },
  { name: 'dlog1', of: 'ln', args: [FLOAT8], shows: ['1', '0'] },
  { name: 'dlog10', of: 'log', args: [FLOAT8], shows: ['100', '2'] },
  { name: 'dround', of: 'round', args: [FLOAT8], shows: ['1.6', '2'] },
  { name: 'dtrunc', of: 'trunc', args: [FLOAT8], shows: ['1.6', '1'] },
  { name: 'numeric_exp', of: 'exp', args: [NUMERIC], shows: ['0.0', '1.0000000000000000'] },
  { name: 'numeric_ln', of: 'ln', args: [NUMERIC], shows: ['1.0', '0.0000000000000000'] },
  { name: 'numeric_log', of: 'log', args: [NUMERIC, NUMERIC], shows: ['2.0, 64.0', '6.0000000000000000'] },
  { name: 'numeric_sqrt', of: 'sqrt', args: [NUMERIC], shows: ['4.0', '2.000000000000000'] },
  { name: 'numeric_div_trunc', of: 'div', args: [NUMERIC, NUMERIC], shows: ['9, 4', '2'] },
  { name: 'textlen', of: 'length', args: [TEXT], shows: [`'abc'`, '3'] },
];

const RANGE = simpleType('anyrange');
const MULTIRANGE = simpleType('anymultirange');
const ELEMENT = simpleType('anyelement');
const ARRAY = simpleType('anyarray');
const TEXTS = arrayOf(TEXT);

/** The functions of operators: symbol, and what the operands are. */
const OPERATORS: readonly Alias[] = [
  { name: 'jsonb_contains', of: '@>', args: [JSONB, JSONB], shows: [`'{"a":1,"b":2}', '{"b":2}'`, 't'] },
  { name: 'jsonb_contained', of: '<@', args: [JSONB, JSONB], shows: [`'{"b":2}', '{"a":1,"b":2}'`, 't'] },
  { name: 'jsonb_exists', of: '?', args: [JSONB, TEXT], shows: [`'{"a":1}', 'b'`, 'f'] },
  { name: 'jsonb_exists_any', of: '?|', args: [JSONB, TEXTS], shows: [`'{"a":1}', '{a,b}'`, 't'] },
  { name: 'jsonb_exists_all', of: '?&', args: [JSONB, TEXTS], shows: [`'{"a":1}', '{a,b}'`, 'f'] },
  { name: 'jsonb_concat', of: '||', args: [JSONB, JSONB], shows: [`'[1]', '[2]'`, '[1, 2]'] },
  { name: 'jsonb_delete', of: '-', args: [JSONB, TEXT], shows: [`'{"a":1}'::jsonb, 'a'`, '{}'] },
  { name: 'jsonb_delete', of: '-', args: [JSONB, TEXTS], shows: [`'{"a":1}'::jsonb, '{a}'::text[]`, '{}'] },
  { name: 'jsonb_delete', of: '-', args: [JSONB, INT4], shows: [`'[5,6]'::jsonb, 0`, '[6]'] },
  { name: 'jsonb_delete_path', of: '#-', args: [JSONB, TEXTS], shows: [`'{"a":[1]}', '{a,0}'`, '{"a": []}'] },
  { name: 'jsonb_object_field', of: '->', args: [JSONB, TEXT], shows: [`'{"a":"x"}', 'a'`, '"x"'] },
  { name: 'jsonb_object_field_text', of: '->>', args: [JSONB, TEXT], shows: [`'{"a":"x"}', 'a'`, 'x'] },
  { name: 'jsonb_array_element', of: '->', args: [JSONB, INT4], shows: [`'["x"]', 0`, '"x"'] },
  { name: 'jsonb_array_element_text', of: '->>', args: [JSONB, INT4], shows: [`'["x"]', 0`, 'x'] },
  { name: 'json_object_field', of: '->', args: [JSON_TYPE, TEXT], shows: [`'{"a":"x"}', 'a'`, '"x"'] },
  { name: 'json_object_field_text', of: '->>', args: [JSON_TYPE, TEXT], shows: [`'{"a":"x"}', 'a'`, 'x'] },
  { name: 'json_array_element', of: '->', args: [JSON_TYPE, INT4], shows: [`'["x"]', 0`, '"x"'] },
  { name: 'json_array_element_text', of: '->>', args: [JSON_TYPE, INT4], shows: [`'["x"]', 0`, 'x'] },
  { name: 'arraycontains', of: '@>', args: [ARRAY, ARRAY], shows: ['array[1,2], array[2]', 't'] },
  { name: 'arraycontained', of: '<@', args: [ARRAY, ARRAY], shows: ['array[1,2], array[2]', 'f'] },
  { name: 'arrayoverlap', of: '&&', args: [ARRAY, ARRAY], shows: ['array[1,2], array[2]', 't'] },
  ...rangeNames(),
];

/** range_overlaps_multirange and its kin: by verb, the operator and what it says of [1,5) and [3,9). */
function rangeNames(): Alias[] {
  const range = { type: RANGE, word: 'range', low: `'[1,5)'::int4range`, high: `'[3,9)'::int4range` };
  const multi = { type: MULTIRANGE, word: 'multirange', low: `'{[1,5)}'::int4multirange`, high: `'{[3,9)}'::int4multirange` };
  const pairs = [[range, range], [range, multi], [multi, range], [multi, multi]] as const;
  const verbs = [
    ['contains', '@>', 'f'], ['contained_by', '<@', 'f'], ['overlaps', '&&', 't'], ['adjacent', '-|-', 'f'],
    ['before', '<<', 'f'], ['after', '>>', 'f'], ['overleft', '&<', 't'], ['overright', '&>', 'f'],
  ] as const;
  const tests = pairs.flatMap(([a, b]) => verbs.map(([verb, of, result]): Alias => ({
    name: a === range && b === range ? `range_${verb}` : `${a.word}_${verb}_${b.word}`, of, args: [a.type, b.type],
    shows: [`${a.low}, ${b.high}`, result],
  })));
  const elements = [range, multi].flatMap(({ type, word, low }): Alias[] => [
    { name: `${word}_contains_elem`, of: '@>', args: [type, ELEMENT], shows: [`${low}, 3`, 't'] },
    { name: `elem_contained_by_${word}`, of: '<@', args: [ELEMENT, type], shows: [`3, ${low}`, 't'] },
  ]);
  const results = [['union', '+', '[1,9)'], ['minus', '-', '[1,3)'], ['intersect', '*', '[3,5)']] as const;
  const made = [range, multi].flatMap(({ type, word, low, high }) => results.map(([verb, of, result]): Alias => ({
    name: `${word}_${verb}`, of, args: [type, type], shows: [`${low}, ${high}`, word === 'range' ? result : `{${result}}`],
  })));
  return [...tests, ...elements, ...made];
}

/** The aliases of these functions. */
export function aliasesOf(functions: readonly ScalarFunction[]): readonly ScalarFunction[] {
  const same = (f: ScalarFunction, args: readonly LogicalType[]): boolean => f.args.length === args.length
    && f.args.every((a, i) => sameType(a, args[i]));
  const operators = OPERATORS.flatMap(({ name, of, args, shows }) => functions
    .filter((f) => f.name === of && f.operator === true && same(f, args))
    .map((f) => {
      const { operator: _, ...plain } = f;
      return { ...plain, name, description: `What ${of} does.`, example: example(`SELECT ${name}(${shows[0]})`, shows[1]) };
    }));
  return [...operators, ...ALIASES.flatMap(({ name, of, args, shows }) => functions
    .filter((f) => f.name === of && f.operator !== true && f.args.length === args.length
      && f.args.every((a, i) => a.kind === args[i].kind))
    .map((f) => ({
      ...f, name, description: `Another name of ${of}().`, example: example(`SELECT ${name}(${shows[0]})`, shows[1]),
    })))];
}
