// array_agg and string_agg.
import { arrayFrom, asArray } from '../../data/composite.ts';
import type { Datum, SqlArray } from '../../data/datum.ts';
import { AssertionError, DatabaseError } from '../../data/error.ts';
import { formatTypeName } from '../../data/type-info.ts';
import { BYTEA, TEXT, arrayOf, baseType, hasDimensions, simpleType } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import type { AggregateFunction } from './aggregate.ts';
import { CollectAccumulator } from './collect.ts';
import type { Fold } from './collect.ts';

const collectArray: Fold = ({ rows }) => arrayFrom(rows.map(([value]) => value));

/** Arrays of one shape become an array of one dimension more. */
const collectArrays: Fold = ({ rows, argTypes: [type] }) => {
  const parts: SqlArray[] = [];
  for (const [value] of rows) {
    if (value === null) throw new DatabaseError('22004', 'cannot accumulate null arrays');
    const part = asArray(value);
    const first = parts.length === 0 ? part : parts[0];
    if (first.dimensions.length === 0) throw new DatabaseError('2202E', 'cannot accumulate empty arrays');
    if (part.dimensions.length !== first.dimensions.length
      || part.dimensions.some((d, i) => d !== first.dimensions[i] || part.lowerBounds[i] !== first.lowerBounds[i])) {
      throw new DatabaseError('2202E', 'cannot accumulate arrays of different dimensionality');
    }
    parts.push(part);
  }
  // PostgreSQL calls several vectors one as well, and finds out when it shows them.
  if (!hasDimensions(baseType(type))) throw new DatabaseError('42804', `array is not a valid ${formatTypeName(type)}`);
  const [first] = parts;
  return {
    dimensions: [parts.length, ...first.dimensions],
    lowerBounds: [1, ...first.lowerBounds],
    values: parts.flatMap((part) => part.values),
  };
};

function text(value: Datum): string {
  if (typeof value === 'string') return value;
  throw new AssertionError('text expected');
}

function byteString(value: Datum): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new AssertionError('bytea expected');
}

/** Values, each but the first behind its own delimiter; a NULL value does not count, a NULL delimiter is empty. */
const joinText: Fold = ({ rows }) => {
  let out: string | null = null;
  for (const [value, delimiter] of rows) {
    if (value === null) continue;
    out = out === null ? text(value) : out + (delimiter === null ? '' : text(delimiter)) + text(value);
  }
  return out;
};

const joinBytes: Fold = ({ rows }) => {
  const parts: Uint8Array[] = [];
  for (const [value, delimiter] of rows) {
    if (value === null) continue;
    if (parts.length > 0 && delimiter !== null) parts.push(byteString(delimiter));
    parts.push(byteString(value));
  }
  if (parts.length === 0) return null;
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

type Description = Pick<AggregateFunction, 'name' | 'args' | 'returns' | 'description'>
  & Partial<Pick<AggregateFunction, 'example'>>;

/** An aggregate over all rows, NULLs among them, whose order matters. */
export function collecting(spec: Description, fold: Fold): AggregateFunction {
  return {
    kind: 'aggregate', form: 'plain', direct: 0, strict: false, ordered: true, ...spec,
    accumulator: (call) => new CollectAccumulator(call, { fold, strict: false }),
  };
}

function arrayOfFirst([arg]: readonly LogicalType[]): LogicalType {
  return hasDimensions(arg) ? arg : arrayOf(arg);
}

export const LISTS: readonly AggregateFunction[] = [
  collecting({
    name: 'array_agg', args: [simpleType('anynonarray')], returns: arrayOfFirst,
    description: 'concatenate aggregate input into an array',
    example: { sql: 'SELECT array_agg(x ORDER BY x DESC) FROM (VALUES (1), (2)) AS v(x)', result: '{2,1}' },
  }, collectArray),
  collecting({
    name: 'array_agg', args: [simpleType('anyarray')], returns: arrayOfFirst,
    description: 'concatenate aggregate input into an array',
    example: { sql: 'SELECT array_agg(ARRAY[x, x]) FROM (VALUES (1), (2)) AS v(x)', result: '{{1,1},{2,2}}' },
  }, collectArrays),
  collecting({
    name: 'string_agg', args: [TEXT, TEXT], returns: TEXT,
    description: 'concatenate aggregate input into a string',
    example: { sql: `SELECT string_agg(x, ', ' ORDER BY x) FROM (VALUES ('b'), ('a')) AS v(x)`, result: 'a, b' },
  }, joinText),
  collecting({
    name: 'string_agg', args: [BYTEA, BYTEA], returns: BYTEA,
    description: 'concatenate aggregate input into a bytea',
  }, joinBytes),
];
