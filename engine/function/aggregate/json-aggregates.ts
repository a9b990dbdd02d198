// json_agg, jsonb_agg, json_object_agg, jsonb_object_agg.
import { DatabaseError } from '../../data/error.ts';
import { canonicalJsonb, formatJsonb, orderedObject, parseJson } from '../../data/json.ts';
import type { Json } from '../../data/json.ts';
import { JSONB, JSON_TYPE, simpleType } from '../../data/types.ts';
import { keyText, toJson } from '../scalar/json-value.ts';
import type { AggregateFunction } from './aggregate.ts';
import type { Fold, SortedRows } from './collect.ts';
import { collecting } from './list-aggregates.ts';

function elements({ rows, argTypes, eval: context }: SortedRows): readonly string[] {
  return rows.map(([value]) => toJson(argTypes[0], value, context));
}

/** Arrays and records stand on lines of their own. */
const jsonArray: Fold = (sorted) => {
  const { kind } = sorted.argTypes[0];
  return `[${elements(sorted).join(kind === 'array' || kind === 'record' ? ', \n ' : ', ')}]`;
};

const jsonbArray: Fold = (sorted) => canonicalJsonb(`[${elements(sorted).join(',')}]`);

function members({ rows, argTypes, eval: context }: SortedRows): readonly (readonly [string, string])[] {
  return rows.map(([key, value]) => {
    if (key === null) throw new DatabaseError('22023', 'field name must not be null');
    return [keyText(argTypes[0], key, context), toJson(argTypes[1], value, context)] as const;
  });
}

const jsonObject: Fold = (sorted) =>
  `{ ${members(sorted).map(([key, value]) => `${JSON.stringify(key)} : ${value}`).join(', ')} }`;

/** Of equal keys the last in order counts. */
const jsonbObject: Fold = (sorted) => {
  const entries = new Map<string, Json>();
  for (const [key, value] of members(sorted)) entries.set(key, parseJson(value));
  return formatJsonb(orderedObject(entries));
};

const ANY = simpleType('any');
const ELEMENT = simpleType('anyelement');
const VALUES = '(VALUES (1), (2)) AS v(x)';
const PAIRS = `(VALUES ('b', 1), ('a', 2)) AS v(k, x)`;

export const JSON_AGGREGATES: readonly AggregateFunction[] = [
  collecting({
    name: 'json_agg', args: [ELEMENT], returns: JSON_TYPE, description: 'aggregate input into json',
    example: { sql: `SELECT json_agg(x ORDER BY x DESC) FROM ${VALUES}`, result: '[2, 1]' },
  }, jsonArray),
  collecting({
    name: 'jsonb_agg', args: [ELEMENT], returns: JSONB, description: 'aggregate input into jsonb',
    example: { sql: `SELECT jsonb_agg(x ORDER BY x DESC) FROM ${VALUES}`, result: '[2, 1]' },
  }, jsonbArray),
  collecting({
    name: 'json_object_agg', args: [ANY, ANY], returns: JSON_TYPE, description: 'aggregate input into a json object',
    example: { sql: `SELECT json_object_agg(k, x ORDER BY k) FROM ${PAIRS}`, result: '{ "a" : 2, "b" : 1 }' },
  }, jsonObject),
  collecting({
    name: 'jsonb_object_agg', args: [ANY, ANY], returns: JSONB, description: 'aggregate inputs into jsonb object',
    example: { sql: `SELECT jsonb_object_agg(k, x) FROM ${PAIRS}`, result: '{"a": 2, "b": 1}' },
  }, jsonbObject),
];
