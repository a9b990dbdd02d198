// SET column[lower:upper] = array: the array with a slice replaced. Not callable by name: the binder uses it.
import { asArray, EMPTY_ARRAY } from '../data/composite.ts';
import type { Datum, SqlArray } from '../data/datum.ts';
import { DatabaseError } from '../data/error.ts';
import { checkElements } from '../data/value-size.ts';
import { BOOLEAN, INT4, arrayOf, simpleType } from '../data/types.ts';
import { num, scalar } from './define.ts';
import type { ScalarFunction } from './function.ts';
import { checkBounds, subscriptsOf } from './element-assignment.ts';

/**
 * (array, lower bounds, which are given, upper bounds, which are given, value). A NULL array is empty; a NULL value changes
 * nothing.
 */
export const ARRAY_SET_SLICE: ScalarFunction = scalar({
  name: 'array_set_slice', returns: simpleType('anyarray'), strict: false, description: 'The array with a slice replaced.',
  args: [simpleType('anyarray'), arrayOf(INT4), arrayOf(BOOLEAN), arrayOf(INT4), arrayOf(BOOLEAN), simpleType('anyarray')],
  row: ([array, lower, lowerGiven, upper, upperGiven, value]) => {
    const from = subscriptsOf(lower, 'array').map(num);
    const to = subscriptsOf(upper, 'array').map(num);
    const target = array === null ? EMPTY_ARRAY : asArray(array);
    if (value === null) return target;
    const source = asArray(value).values;
    const fromGiven = asArray(lowerGiven).values;
    const toGiven = asArray(upperGiven).values;
    const wanted = from.map((low, d): Bound => ({
      low: fromGiven[d] === true ? low : null, high: toGiven[d] === true ? to[d] : null,
    }));
    return target.dimensions.length === 0 ? made(wanted, source) : replaced(target, wanted, source);
  },
});

/** null: as far as the array goes. */
interface Bound { readonly low: number | null; readonly high: number | null }

type Values = readonly Datum[];

function enough(source: Values, count: number): Values {
  if (source.length >= count) return source;
  throw new DatabaseError('2202E', 'source array too small');
}

/** Of an empty array: the slice is all there is. */
function made(wanted: readonly Bound[], source: Values): SqlArray {
  const lowerBounds: number[] = [];
  const dimensions = wanted.map(({ low, high }) => {
    if (low === null || high === null) {
      throw new DatabaseError('2202E', 'array slice subscript must provide both boundaries', {
        detail: 'When assigning to a slice of an empty array value, slice boundaries must be fully specified.',
      });
    }
    lowerBounds.push(low);
    return high - low + 1;
  });
  for (const length of dimensions) checkElements(length);
  if (dimensions.some((length) => length < 0)) checkElements(Infinity);
  const count = dimensions.reduce((a, b) => a * b, 1);
  checkElements(count);
  const values = enough(source, count).slice(0, count);
  if (count === 0) return EMPTY_ARRAY;
  checkBounds(dimensions, lowerBounds);
  return { dimensions, lowerBounds, values };
}

function replaced(array: SqlArray, wanted: readonly Bound[], source: Values): SqlArray {
  const { dimensions, lowerBounds, values } = array;
  if (dimensions.length < wanted.length) throw new DatabaseError('2202E', 'wrong number of array subscripts');
  const spans = dimensions.map((length, d) => {
    const last = lowerBounds[d] + length - 1;
    const low = wanted[d]?.low ?? lowerBounds[d];
    const high = wanted[d]?.high ?? last;
    if (low > high) throw new DatabaseError('2202E', 'upper bound cannot be less than lower bound');
    if (dimensions.length > 1 && (low < lowerBounds[d] || high > last)) {
      throw new DatabaseError('2202E', 'array subscript out of range');
    }
    return { low, high };
  });
  if (dimensions.length === 1) return inLine(array, spans[0], source);
  const sizes = spans.map(({ low, high }) => high - low + 1);
  const count = sizes.reduce((a, b) => a * b, 1);
  enough(source, count);
  const out = [...values];
  for (let i = 0; i < count; i++) {
    let rest = i;
    let offset = 0;
    let stride = 1;
    for (let d = dimensions.length - 1; d >= 0; d--) {
      offset += (spans[d].low - lowerBounds[d] + (rest % sizes[d])) * stride;
      rest = Math.floor(rest / sizes[d]);
      stride *= dimensions[d];
    }
    out[offset] = source[i];
  }
  return { dimensions, lowerBounds, values: out };
}

/** An array of one dimension grows; a gap is filled with NULLs. */
function inLine(
  { lowerBounds: [first], values }: SqlArray, { low, high }: { readonly low: number; readonly high: number }, source: Values,
): SqlArray {
  const start = Math.min(first, low);
  const length = Math.max(first + values.length, high + 1) - start;
  checkElements(length);
  checkBounds([length], [start]);
  enough(source, high - low + 1);
  const out: Datum[] = Array.from({ length }, () => null);
  values.forEach((value, i) => { out[first - start + i] = value; });
  for (let i = low; i <= high; i++) out[i - start] = source[i - low];
  return { dimensions: [length], lowerBounds: [start], values: out };
}
