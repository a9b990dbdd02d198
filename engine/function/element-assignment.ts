// SET column[subscript] = value: arrays and jsonb with one element replaced. Not callable by name: UPDATE's binder uses them.
import { asArray } from '../data/composite.ts';
import type { Datum, SqlArray } from '../data/datum.ts';
import { DatabaseError } from '../data/error.ts';
import { checkElements } from '../data/value-size.ts';
import { formatJsonb, isJsonArray, isJsonObject, orderedObject, parseJson } from '../data/json.ts';
import type { Json } from '../data/json.ts';
import { arrayOf, INT4, JSONB, simpleType, TEXT } from '../data/types.ts';
import { num, scalar, str } from './define.ts';
import type { ScalarFunction } from './function.ts';

export function subscriptsOf(d: Datum, what: string): readonly Exclude<Datum, null>[] {
  return asArray(d).values.map((v) => {
    if (v !== null) return v;
    throw new DatabaseError('22004', `${what} subscript in assignment must not be null`);
  });
}

/** (array, subscripts, value). A NULL array is empty; one of one dimension grows, the gap filled with NULLs. */
export const ARRAY_SET_ELEMENT: ScalarFunction = scalar({
  name: 'array_set_element', args: [simpleType('anyarray'), arrayOf(INT4), simpleType('anyelement')],
  returns: simpleType('anyarray'), strict: false, description: 'The array with one element replaced.',
  row: ([array, subscripts, value]) => {
    const at = subscriptsOf(subscripts, 'array').map(num);
    return setElement(array === null ? null : asArray(array), at, value);
  },
});

function setElement(array: SqlArray | null, at: readonly number[], value: Datum): SqlArray {
  if (array === null || array.values.length === 0) {
    checkBounds(at.map(() => 1), at);
    return { dimensions: at.map(() => 1), lowerBounds: [...at], values: [value] };
  }
  const { dimensions, lowerBounds, values } = array;
  if (dimensions.length !== at.length) throw new DatabaseError('2202E', 'wrong number of array subscripts');
  if (at.length === 1) return setInLine(array, at[0], value);
  let offset = 0;
  for (const [d, index] of at.entries()) {
    const place = index - lowerBounds[d];
    if (place < 0 || place >= dimensions[d]) throw new DatabaseError('2202E', 'array subscript out of range');
    offset = offset * dimensions[d] + place;
  }
  return { ...array, values: values.with(offset, value) };
}

const MAX_SUBSCRIPT = 2_147_483_647;

/** 54000 where the subscript after the last would be no integer. */
export function checkBounds(dimensions: readonly number[], lowerBounds: readonly number[]): void {
  const high = lowerBounds.find((low, d) => low + dimensions[d] > MAX_SUBSCRIPT);
  if (high !== undefined) throw new DatabaseError('54000', `array lower bound is too large: ${high}`);
}

function setInLine({ lowerBounds: [low], values }: SqlArray, index: number, value: Datum): SqlArray {
  const place = index - low;
  const length = Math.max(place + 1, values.length, values.length - place);
  checkElements(length);
  checkBounds([length], [Math.min(low, index)]);
  const before = place < 0 ? [value, ...Array.from({ length: -place - 1 }, () => null)] : [];
  const after = place >= values.length ? [...Array.from({ length: place - values.length }, () => null), value] : [];
  const inside = place >= 0 && place < values.length ? values.with(place, value) : values;
  const all = [...before, ...inside, ...after];
  return { dimensions: [all.length], lowerBounds: [Math.min(low, index)], values: all };
}

/** (jsonb, path, value, whether the first subscript is a number). What is missing on the way is made. */
export const JSONB_SET_ELEMENT: ScalarFunction = scalar({
  name: 'jsonb_set_element', args: [JSONB, arrayOf(TEXT), JSONB, simpleType('boolean')], returns: JSONB, strict: false,
  description: 'The jsonb with one element replaced.',
  row: ([target, path, value, numbered]) => {
    const steps = subscriptsOf(path, 'jsonb').map(str);
    const base: Json = target !== null ? parseJson(str(target)) : numbered === true ? [] : new Map();
    return formatJsonb(put(base, steps, 0, value === null ? null : parseJson(str(value))));
  },
});

const INTEGER = /^\s*[+-]?\d+$/;

function put(target: Json | undefined, path: readonly string[], level: number, value: Json): Json {
  if (level === path.length) return value;
  const step = path[level];
  const next = (inner: Json | undefined): Json => put(inner, path, level + 1, value);
  if (target === undefined) {
    if (!INTEGER.test(step)) return new Map([[step, next(undefined)]]);
    return [...Array.from({ length: Math.max(0, Number(step)) }, () => null), next(undefined)];
  }
  if (isJsonObject(target)) return orderedObject(new Map([...target, [step, next(target.get(step))]]));
  if (!isJsonArray(target)) {
    throw new DatabaseError('22023', 'cannot replace existing key', {
      detail: 'The path assumes key is a composite object, but it is a scalar value.',
    });
  }
  const index = INTEGER.test(step) ? Number(step) : NaN;
  if (Number.isNaN(index)) {
    throw new DatabaseError('22P02', `path element at position ${level + 1} is not an integer: "${step}"`);
  }
  const at = index < 0 ? target.length + index : index;
  if (at < 0) throw new DatabaseError('22023', `path element at position ${level + 1} is out of range: ${index}`);
  if (at < target.length) return target.with(at, next(target[at]));
  return [...target, ...Array.from({ length: at - target.length }, () => null), next(undefined)];
}
