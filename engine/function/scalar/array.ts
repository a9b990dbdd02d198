// Array functions and operators (manual 9.19).
import { arrayFrom, asArray, EMPTY_ARRAY } from '../../data/composite.ts';
import { compareDatums } from '../../data/datum-order.ts';
import type { Datum, SqlArray } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { checkElements } from '../../data/value-size.ts';
import { arrayOf, BOOLEAN, INT4, simpleType, TEXT } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { elementType, example, num, operator, scalar } from '../define.ts';
import type { CallInfo, ScalarFunction, Signature } from '../function.ts';

const ANYARRAY = simpleType('anyarray');
const ANYELEMENT = simpleType('anyelement');
const ARRAY = simpleType('anycompatiblearray');
const ELEMENT = simpleType('anycompatible');

const subscriptError = (message: string, code = '2202E'): DatabaseError => new DatabaseError(code, message);

/** NULLs equal each other here, as IS NOT DISTINCT FROM has it. */
function same(type: LogicalType, a: Datum, b: Datum): boolean {
  return a === null || b === null ? a === b : compareDatums(type, a, b) === 0;
}

function contains(type: LogicalType, all: SqlArray, wanted: SqlArray): boolean {
  return wanted.values.every((w) => w !== null && all.values.some((v) => v !== null && compareDatums(type, v,
    w) === 0));
}

function overlap(type: LogicalType, a: SqlArray, b: SqlArray): boolean {
  return a.values.some((v) => v !== null && b.values.some((w) => w !== null && compareDatums(type, v, w) === 0));
}

type Test = (type: LogicalType, a: SqlArray, b: SqlArray) => boolean;

function test(name: string, description: string, right: string, holds: Test): ScalarFunction {
  return operator({
    name, args: [ANYARRAY, ANYARRAY], returns: BOOLEAN, description,
    example: example(`SELECT ARRAY[1,4,3] ${name} ARRAY[${right}]`, 't'),
    row: ([a, b], call) => holds(elementType(call.argTypes[0]), asArray(a), asArray(b)),
  });
}

/** NULL counts as the empty array; element order is kept, lower bounds are the first array's. */
function concatenate(a: Datum, b: Datum): Datum {
  if (a === null || b === null) return a ?? b;
  const [x, y] = [asArray(a), asArray(b)];
  if (x.dimensions.length === 0) return y;
  if (y.dimensions.length === 0) return x;
  const difference = x.dimensions.length - y.dimensions.length;
  if (Math.abs(difference) > 1) throw incompatible(x, y);
  const [big, small] = difference >= 0 ? [x, y] : [y, x];
  const rest = difference === 0 ? small.dimensions.slice(1) : small.dimensions;
  if (rest.some((n, i) => n !== big.dimensions[i + 1])) throw incompatible(x, y);
  const rows = difference === 0 ? x.dimensions[0] + y.dimensions[0] : big.dimensions[0] + 1;
  return { dimensions: [rows, ...rest], lowerBounds: big.lowerBounds, values: [...x.values, ...y.values] };
}

function incompatible(x: SqlArray, y: SqlArray): DatabaseError {
  const [a, b] = [x.dimensions.length, y.dimensions.length];
  return new DatabaseError('2202E', 'cannot concatenate incompatible arrays', {
    detail: Math.abs(a - b) > 1
      ? `Arrays of ${a} and ${b} dimensions are not compatible for concatenation.`
      : a === b
        ? 'Arrays with differing element dimensions are not compatible for concatenation.'
        : 'Arrays with differing dimensions are not compatible for concatenation.',
  });
}

function requireOneDimension(array: SqlArray): void {
  if (array.dimensions.length > 1) throw subscriptError('argument must be empty or one-dimensional array', '22000');
}

function append(array: Datum, element: Datum): Datum {
  const a = array === null ? EMPTY_ARRAY : asArray(array);
  requireOneDimension(a);
  if (a.dimensions.length === 0) return arrayFrom([element]);
  return { dimensions: [a.values.length + 1], lowerBounds: a.lowerBounds, values: [...a.values, element] };
}

function prepend(element: Datum, array: Datum): Datum {
  const a = array === null ? EMPTY_ARRAY : asArray(array);
  requireOneDimension(a);
  if (a.dimensions.length === 0) return arrayFrom([element]);
  return { dimensions: [a.values.length + 1], lowerBounds: a.lowerBounds, values: [element, ...a.values] };
}

interface Builder {
  readonly args: readonly LogicalType[];
  readonly words: string;
  readonly name: string;
  readonly shows: readonly [string, string, string];
  readonly row: (args: readonly Datum[]) => Datum;
}

const BUILDERS: readonly Builder[] = [
  {
    name: 'array_append', args: [ARRAY, ELEMENT], words: 'With an element at the end.', row: ([a, e]) => append(a, e),
    shows: ['ARRAY[1,2]', '3', '{1,2,3}'],
  },
  {
    name: 'array_prepend', args: [ELEMENT, ARRAY], words: 'With an element at the start.',
    row: ([e, a]) => prepend(e, a),
    shows: ['1', 'ARRAY[2,3]', '{1,2,3}'],
  },
  {
    name: 'array_cat', args: [ARRAY, ARRAY], words: 'One array after the other.', row: ([a, b]) => concatenate(a, b),
    shows: ['ARRAY[1,2]', 'ARRAY[3]', '{1,2,3}'],
  },
];

const OPERATORS: readonly ScalarFunction[] = [
  test('@>', 'Does the first contain every element of the second?', '3,1,3', contains),
  operator({
    name: '<@', args: [ANYARRAY, ANYARRAY], returns: BOOLEAN,
    description: 'Is every element of the first in the second?',
    example: example('SELECT ARRAY[2,2,7] <@ ARRAY[1,7,4,2,6]', 't'),
    row: ([a, b], call) => contains(elementType(call.argTypes[0]), asArray(b), asArray(a)),
  }),
  test('&&', 'Have they an element in common?', '2,1', overlap),
  ...BUILDERS.flatMap((b) => {
    const common = { args: b.args, returns: ARRAY, description: b.words, strict: false, row: b.row };
    return [
      scalar({ name: b.name, ...common,
        example: example(`SELECT ${b.name}(${b.shows[0]}, ${b.shows[1]})`, b.shows[2]) }),
      operator({ name: '||', ...common, example: example(`SELECT ${b.shows[0]} || ${b.shows[1]}`, b.shows[2]) }),
    ];
  }),
];

type Measure = (array: SqlArray, dimension: number) => Datum;

function measure(name: string, description: string, result: string, read: Measure): ScalarFunction {
  return scalar({
    name, args: [ANYARRAY, INT4], returns: INT4, description,
    example: example(`SELECT ${name}(ARRAY[[1,2,3],[4,5,6]], 2)`, result),
    row: ([a, d]) => {
      const array = asArray(a);
      const dimension = num(d);
      return dimension < 1 || dimension > array.dimensions.length ? null : read(array, dimension - 1);
    },
  });
}

function dimsText(array: SqlArray): Datum {
  if (array.dimensions.length === 0) return null;
  return array.dimensions.map((n, i) => `[${array.lowerBounds[i]}:${array.lowerBounds[i] + n - 1}]`).join('');
}

const MEASURES: readonly ScalarFunction[] = [
  measure('array_length', 'Length of a dimension.', '3', (a, d) => a.dimensions[d]),
  measure('array_lower', 'First subscript of a dimension.', '1', (a, d) => a.lowerBounds[d]),
  measure('array_upper', 'Last subscript of a dimension.', '3', (a, d) => a.lowerBounds[d] + a.dimensions[d] - 1),
  scalar({
    name: 'array_ndims', args: [ANYARRAY], returns: INT4, description: 'Number of dimensions.',
    example: example('SELECT array_ndims(ARRAY[[1,2,3],[4,5,6]])', '2'),
    row: ([a]) => asArray(a).dimensions.length || null,
  }),
  scalar({
    name: 'array_dims', args: [ANYARRAY], returns: TEXT, description: 'Bounds of the dimensions, as text.',
    example: example('SELECT array_dims(ARRAY[[1,2,3],[4,5,6]])', '[1:2][1:3]'), row: ([a]) => dimsText(asArray(a)),
  }),
  scalar({
    name: 'cardinality', args: [ANYARRAY], returns: INT4, description: 'Number of elements in all.',
    example: example('SELECT cardinality(ARRAY[[1,2],[3,4]])', '4'), row: ([a]) => asArray(a).values.length,
  }),
];

function searchable(array: SqlArray): SqlArray {
  if (array.dimensions.length > 1) {
    throw new DatabaseError('0A000', 'searching for elements in multidimensional arrays is not supported');
  }
  return array;
}

function positionOf([a, element, start]: readonly Datum[], call: CallInfo): Datum {
  if (a === null) return null;
  const array = searchable(asArray(a));
  if (array.dimensions.length === 0) return null;
  if (start === null) throw new DatabaseError('22004', 'initial position must not be null');
  const type = elementType(call.argTypes[0]);
  const low = array.lowerBounds[0];
  const from = start === undefined ? 0 : Math.max(0, num(start) - low);
  for (let i = from; i < array.values.length; i++) if (same(type, array.values[i], element)) return i + low;
  return null;
}

function remove([a, element]: readonly Datum[], call: CallInfo): Datum {
  if (a === null) return null;
  const array = asArray(a);
  if (array.dimensions.length > 1) throw new DatabaseError('0A000',
    'removing elements from multidimensional arrays is not supported');
  const type = elementType(call.argTypes[0]);
  const left = array.values.filter((v) => !same(type, v, element));
  if (left.length === array.values.length) return array;
  return left.length === 0 ? EMPTY_ARRAY : { dimensions: [left.length], lowerBounds: array.lowerBounds, values: left };
}

function replace([a, from, to]: readonly Datum[], call: CallInfo): Datum {
  if (a === null) return null;
  const array = asArray(a);
  const type = elementType(call.argTypes[0]);
  return { ...array, values: array.values.map((v) => (same(type, v, from) ? to : v)) };
}

function fill([value, sizes, bounds]: readonly Datum[]): Datum {
  if (sizes === null || bounds === null) throw new DatabaseError('22004',
    'dimension array or low bound array cannot be null');
  const dimensions = asArray(sizes).values;
  const lower = bounds === undefined ? null : asArray(bounds).values;
  if ([sizes, bounds ?? null].some((list) => list !== null && asArray(list).dimensions.length > 1)) {
    throw new DatabaseError('2202E', 'wrong number of array subscripts', { detail: 'Dimension array must be one dimensional.' });
  }
  if (dimensions.includes(null) || lower?.includes(null) === true) throw new DatabaseError('22004',
    'dimension values cannot be null');
  const lengths = dimensions.map(num);
  if (lengths.length > 6) {
    throw new DatabaseError('54000', `number of array dimensions (${lengths.length}) exceeds the maximum allowed (6)`);
  }
  if (lower !== null && lower.length !== lengths.length) {
    throw new DatabaseError('2202E', 'wrong number of array subscripts',
      { detail: 'Low bound array has different size than dimensions array.' });
  }
  const total = lengths.reduce((a, b) => a * b, 1);
  if (lengths.length === 0 || total === 0) return EMPTY_ARRAY;
  checkElements(lengths.some((n) => n < 0) ? Infinity : total);
  const values = Array.from({ length: total }, () => value);
  return { dimensions: lengths, lowerBounds: lower === null ? lengths.map(() => 1) : lower.map(num), values };
}

function trim([a, n]: readonly Datum[]): Datum {
  const array = asArray(a);
  const rows = array.dimensions[0] ?? 0;
  const count = num(n);
  if (count < 0 || count > rows) throw subscriptError(`number of elements to trim must be between 0 and ${rows}`);
  const left = rows - count;
  if (left === 0) return EMPTY_ARRAY;
  const width = array.values.length / rows;
  return { dimensions: [left, ...array.dimensions.slice(1)], lowerBounds: array.dimensions.map(() => 1),
    values: array.values.slice(0, left * width) };
}

type Searching = Pick<Signature, 'name' | 'args' | 'description'> & {
  readonly optional?: number;
  readonly returns: LogicalType;
  readonly shows: readonly [string, string];
  readonly row: ScalarFunction['row'];
};

function searching({ shows, ...rest }: Searching): ScalarFunction {
  return scalar({ ...rest, strict: false, example: example(`SELECT ${shows[0]}`, shows[1]) });
}

const SEARCHES: readonly ScalarFunction[] = [
  searching({
    name: 'array_position', args: [ARRAY, ELEMENT, INT4], optional: 1, returns: INT4, row: positionOf,
    description: 'Subscript of the first such element, from a subscript on.',
    shows: [`array_position(ARRAY['sun','mon','tue'], 'mon')`, '2'],
  }),
  searching({
    name: 'array_positions', args: [ARRAY, ELEMENT], returns: arrayOf(INT4),
    description: 'Subscripts of all such elements.',
    shows: [`array_positions(ARRAY['A','A','B','A'], 'A')`, '{1,2,4}'],
    row: ([a, e], call) => {
      if (a === null) return null;
      const array = searchable(asArray(a));
      const type = elementType(call.argTypes[0]);
      return arrayFrom(array.values.flatMap((v, i) => (same(type, v, e) ? [i + array.lowerBounds[0]] : [])));
    },
  }),
  searching({
    name: 'array_remove', args: [ARRAY, ELEMENT], returns: ARRAY, description: 'Without such elements.', row: remove,
    shows: ['array_remove(ARRAY[1,2,3,2], 2)', '{1,3}'],
  }),
  searching({
    name: 'array_replace', args: [ARRAY, ELEMENT, ELEMENT], returns: ARRAY, description: 'Such elements replaced.',
    row: replace,
    shows: ['array_replace(ARRAY[1,2,5,4], 5, 3)', '{1,2,3,4}'],
  }),
  searching({
    name: 'array_fill', args: [ANYELEMENT, arrayOf(INT4), arrayOf(INT4)], optional: 1, returns: ANYARRAY, row: fill,
    description: 'An array of given dimensions and lower bounds, all of one value.',
    shows: ['array_fill(11, ARRAY[2,3])', '{{11,11,11},{11,11,11}}'],
  }),
  scalar({
    name: 'trim_array', args: [ANYARRAY, INT4], returns: ANYARRAY, description: 'Without the last n elements.',
    row: trim,
    example: example('SELECT trim_array(ARRAY[1,2,3,4,5,6], 2)', '{1,2,3,4}'),
  }),
];

export const ARRAYS: readonly ScalarFunction[] = [...OPERATORS, ...MEASURES, ...SEARCHES];
