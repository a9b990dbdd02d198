// json and jsonb against PostgreSQL's answers: input with its errors, canonical text, paths and edits.
import { expect, test } from 'vitest';
import { DatabaseError } from '../../../engine/data/error.ts';
import {
  canonicalJsonb, formatJsonb, jsonMembers, jsonTypeOf, parseJson, prettyJsonb, validateJson,
} from '../../../engine/data/json.ts';
import {
  jsonConcat, jsonContains, jsonDeleteElement, jsonDeleteKeys, jsonDeletePath, jsonElement, jsonEquals, jsonExists,
  jsonField, jsonInsert, jsonPath, jsonSet, jsonStripNulls,
} from '../../../engine/data/jsonb-edit.ts';
import { fixture, outcome } from '../../support/fixture.ts';
import type { Json } from '../../../engine/data/json.ts';

const answers = fixture<{
  readonly json: readonly (readonly [string, string])[];
  readonly jsonb: readonly (readonly [string, string])[];
  readonly operations: readonly (readonly [string, string, string, string | null])[];
}>('data/json');

function withContext(answer: () => string): string {
  try {
    return answer();
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    return `!${error.code} ${error.message} | ${error.fields.detail} | ${error.fields.where}`;
  }
}
/** Faults that no JSON detail explains carry PostgreSQL's own call stack as context, which we do not have. */
const comparable = (text: string): string => text.replace(/ \| undefined \| .*/, '');

test.each(answers.json)('json %j', (text, expected) => {
  expect(comparable(withContext(() => validateJson(text)))).toBe(comparable(expected));
});

test.each(answers.jsonb)('jsonb %j', (text, expected) => {
  expect(comparable(withContext(() => canonicalJsonb(text)))).toBe(comparable(expected));
});

const show = (value: Json | undefined): string | null => (value === undefined ? null : formatJsonb(value));
const steps = (text: string): string[] => (text === '' ? [] : text.split(','));

function apply(operation: string, a: Json, b: string): string | null {
  switch (operation) {
    case 'field': return show(jsonField(a, b));
    case 'exists': return jsonExists(a, b).toString();
    case 'deleteKey': return show(jsonDeleteKeys(a, [b]));
    case 'element': return show(jsonElement(a, Number(b)));
    case 'deleteElement': return show(jsonDeleteElement(a, Number(b)));
    case 'path': return show(jsonPath(a, steps(b)));
    case 'set': return show(jsonSet(a, steps(b), 'N', true));
    case 'setOnly': return show(jsonSet(a, steps(b), 'N', false));
    case 'insert': return show(jsonInsert(a, steps(b), 'N', false));
    case 'insertAfter': return show(jsonInsert(a, steps(b), 'N', true));
    case 'deletePath': return show(jsonDeletePath(a, steps(b)));
    case 'contains': return jsonContains(a, parseJson(b)).toString();
    case 'concat': return show(jsonConcat(a, parseJson(b)));
    case 'equals': return jsonEquals(a, parseJson(b)).toString();
    case 'pretty': return prettyJsonb(a);
    case 'strip': return show(jsonStripNulls(a));
    default: return jsonTypeOf(a);
  }
}

test.each(answers.operations)('%s(%s, %s)', (operation, a, b, expected) => {
  expect(outcome(() => apply(operation, parseJson(a), b))).toBe(expected);
});

test('members of json keep their text', () => {
  expect(jsonMembers(' { "a" : [1,  2] , "b":{ } ,"a": 1.0 } ')).toEqual([
    { key: 'a', text: '[1,  2]' }, { key: 'b', text: '{ }' }, { key: 'a', text: '1.0' }]);
  expect(jsonMembers('[ "x" , null]')).toEqual([{ key: null, text: '"x"' }, { key: null, text: 'null' }]);
  expect(jsonMembers('"x"')).toBeNull();
});

test('too deep is an error, not a crash', () => {
  expect(outcome(() => canonicalJsonb('['.repeat(100_000)))).toBe('!54001 stack depth limit exceeded');
  expect(outcome(() => validateJson('['.repeat(100_000)))).toBe('!54001 stack depth limit exceeded');
});
