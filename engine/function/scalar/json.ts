// JSON functions and operators on json and jsonb (manual 9.16).
import { asArray } from '../../data/composite.ts';
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import {
  canonicalJsonb, formatJsonb, isJsonArray, isJsonObject, jsonMembers, jsonTypeOf, parseJson, prettyJsonb,
} from '../../data/json.ts';
import type { Json } from '../../data/json.ts';
import {
  jsonConcat, jsonContains, jsonDeleteElement, jsonDeleteKeys, jsonDeletePath, jsonElement, jsonExists, jsonField,
  jsonInsert, jsonPath,
  jsonSet, jsonStripNulls,
} from '../../data/jsonb-edit.ts';
import { arrayOf, BOOLEAN, INT4, JSON_TYPE, JSONB, simpleType, TEXT } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { bool, example, num, operator, scalar, str } from '../define.ts';
import type { CallInfo, ScalarFunction } from '../function.ts';
import { keyText, toJson } from './json-value.ts';

const ANY = simpleType('any');
const ANYELEMENT = simpleType('anyelement');
const ANYARRAY = simpleType('anyarray');
const RECORD: LogicalType = { kind: 'record', fields: [] };
const TEXTS = arrayOf(TEXT);

/** How json (text as written) and jsonb (by value) answer the same questions. */
interface Form {
  readonly type: LogicalType;
  readonly name: 'json' | 'jsonb';
  readonly field: (d: Datum, key: string) => string | null;
  readonly element: (d: Datum, index: number) => string | null;
}

function jsonbText(value: Json | undefined): string | null {
  return value === undefined ? null : formatJsonb(value);
}

const FORM_JSONB: Form = {
  type: JSONB, name: 'jsonb',
  field: (d, key) => jsonbText(jsonField(parseJson(str(d)), key)),
  element: (d, index) => jsonbText(jsonElement(parseJson(str(d)), index)),
};

/** The last field of that name counts. */
function fieldOf(text: string, key: string): string | null {
  const members = jsonMembers(text);
  if (members === null) return null;
  const found = members.findLast((m) => m.key === key);
  return found?.text ?? null;
}

function elementOf(text: string, index: number): string | null {
  const members = jsonMembers(text);
  if (members === null || (members.length > 0 && members[0].key !== null)) return null;
  return members[index < 0 ? members.length + index : index]?.text ?? null;
}

const FORM_JSON: Form = {
  type: JSON_TYPE, name: 'json', field: (d, key) => fieldOf(str(d), key),
  element: (d, index) => elementOf(str(d), index),
};

/** ->> of what -> found: JSON null as NULL, strings without their quotes. */
export function jsonToText(text: string | null): string | null {
  if (text === null) return null;
  const trimmed = text.trimStart();
  if (trimmed.startsWith('"')) {
    const value = parseJson(text);
    return typeof value === 'string' ? value : text;
  }
  return trimmed.trimEnd() === 'null' ? null : text;
}

function pathTexts(d: Datum): readonly Datum[] {
  return asArray(d).values;
}

/** The value at a path; NULL in the path gives NULL. */
function walk(form: Form, d: Datum, path: readonly Datum[]): string | null {
  if (path.includes(null)) return null;
  if (form === FORM_JSONB) return jsonbText(jsonPath(parseJson(str(d)), path.map(str)));
  let at: string | null = str(d);
  for (const step of path) {
    if (at === null) return null;
    const isArray: boolean = at.trimStart().startsWith('[');
    if (!isArray) at = fieldOf(at, str(step));
    else at = /^\s*[+-]?\d+$/.test(str(step)) ? elementOf(at, Number(step)) : null;
  }
  return at;
}

function accessors(form: Form): readonly ScalarFunction[] {
  const { type, name } = form;
  const literal = `'{"a": {"b": ["x", 2]}}'::${name}`;
  const array = `'[{"a":1}, "x"]'::${name}`;
  return [
    operator({
      name: '->', args: [type, TEXT], returns: type, description: 'The field of an object.',
      row: ([d, k]) => form.field(d, str(k)),
      example: example(`SELECT ${literal} -> 'a'`, '{"b": ["x", 2]}'),
    }),
    operator({
      name: '->', args: [type, INT4], returns: type,
      description: 'The n-th element of an array, from 0; negative from the end.',
      row: ([d, n]) => form.element(d, num(n)), example: example(`SELECT ${array} -> 1`, '"x"'),
    }),
    operator({
      name: '->>', args: [type, TEXT], returns: TEXT, description: 'The field of an object, as text.',
      row: ([d, k]) => jsonToText(form.field(d, str(k))), example: example(`SELECT '{"a":"x"}'::${name} ->> 'a'`, 'x'),
    }),
    operator({
      name: '->>', args: [type, INT4], returns: TEXT, description: 'The n-th element of an array, as text.',
      row: ([d, n]) => jsonToText(form.element(d, num(n))), example: example(`SELECT ${array} ->> 1`, 'x'),
    }),
    operator({
      name: '#>', args: [type, TEXTS], returns: type, description: 'The value at a path.',
      row: ([d, p]) => walk(form, d, pathTexts(p)),
      example: example(`SELECT ${literal} #> '{a,b,1}'`, '2'),
    }),
    operator({
      name: '#>>', args: [type, TEXTS], returns: TEXT, description: 'The value at a path, as text.',
      row: ([d, p]) => jsonToText(walk(form, d, pathTexts(p))),
      example: example(`SELECT ${literal} #>> '{a,b,0}'`, 'x'),
    }),
    scalar({
      name: `${name}_extract_path`, args: [type], variadic: TEXT, returns: type, description: 'The value at a path.',
      row: ([d, ...p]) => walk(form, d, p),
      example: example(`SELECT ${name}_extract_path(${literal}, 'a', 'b', '1')`, '2'),
    }),
    scalar({
      name: `${name}_extract_path_text`, args: [type], variadic: TEXT, returns: TEXT,
      description: 'The value at a path, as text.',
      row: ([d, ...p]) => jsonToText(walk(form, d, p)),
      example: example(`SELECT ${name}_extract_path_text(${literal}, 'a', 'b', '0')`, 'x'),
    }),
    scalar({
      name: `${name}_typeof`, args: [type], returns: TEXT,
      description: 'object, array, string, number, boolean or null.',
      row: ([d]) => jsonTypeOf(parseJson(str(d))), example: example(`SELECT ${name}_typeof('-123.4')`, 'number'),
    }),
    scalar({
      name: `${name}_array_length`, args: [type], returns: INT4, description: 'Number of elements of an array.',
      row: ([d]) => arrayLength(parseJson(str(d))), example: example(`SELECT ${name}_array_length('[1,2,3]')`, '3'),
    }),
    builder(form, 'array'), builder(form, 'object'),
    ...objectFrom(form),
  ];
}

function arrayLength(value: Json): number {
  if (isJsonArray(value)) return value.length;
  throw new DatabaseError('22023', isJsonObject(value)
    ? 'cannot get array length of a non-array' : 'cannot get array length of a scalar');
}

function finish(form: Form, text: string): string {
  return form === FORM_JSONB ? canonicalJsonb(text) : text;
}

function buildObject(args: readonly Datum[], call: CallInfo, name: string): string {
  if (args.length % 2 !== 0) {
    throw new DatabaseError('22023', 'argument list must have even number of elements',
      { hint: `The arguments of ${name}_build_object() must consist of alternating keys and values.` });
  }
  const members: string[] = [];
  for (let i = 0; i < args.length; i += 2) {
    if (args[i] === null) {
      throw name === 'json' ? new DatabaseError('22023', `argument ${i + 1} cannot be null`,
        { hint: 'Object keys should be text.' })
        : new DatabaseError('22023', `argument ${i + 1}: key must not be null`);
    }
    const key = JSON.stringify(keyText(call.argTypes[i], args[i], call.context));
    members.push(`${key} : ${toJson(call.argTypes[i + 1], args[i + 1], call.context)}`);
  }
  return `{${members.join(', ')}}`;
}

/** jsonb puts the shorter key, or the lesser, first. */
function builtObject(form: Form): string {
  return form === FORM_JSON ? '{"foo" : 1, "bar" : true}' : '{"bar": true, "foo": 1}';
}

function builder(form: Form, kind: 'array' | 'object'): ScalarFunction {
  const object = kind === 'object';
  return scalar({
    name: `${form.name}_build_${kind}`, args: [], variadic: ANY, variadicOptional: true, returns: form.type,
    strict: false, volatility: 'stable',
    description: object ? 'An object of alternating keys and values.' : 'An array of the arguments.',
    example: object
      ? example(`SELECT ${form.name}_build_object('foo', 1, 'bar', true)`, builtObject(form))
      : example(`SELECT ${form.name}_build_array(1, 'x', NULL)`, '[1, "x", null]'),
    row: (args, call) => finish(form, object
      ? buildObject(args, call, form.name)
      : `[${args.map((a, i) => toJson(call.argTypes[i], a, call.context)).join(', ')}]`),
  });
}

function textObject(keys: readonly Datum[], values: readonly Datum[]): string {
  const members = keys.map((k, i) => {
    if (k === null) throw new DatabaseError('22004', 'null value not allowed for object key');
    return `${JSON.stringify(str(k))} : ${values[i] === null ? 'null' : JSON.stringify(str(values[i]))}`;
  });
  return `{${members.join(', ')}}`;
}

function objectFrom(form: Form): readonly ScalarFunction[] {
  const subscripts = (message: string): DatabaseError => new DatabaseError('2202E', message);
  const shown = form === FORM_JSON ? '{"a" : "1", "b" : "2"}' : '{"a": "1", "b": "2"}';
  return [
    scalar({
      name: `${form.name}_object`, args: [TEXTS], returns: form.type,
      description: 'An object of alternating keys and values, or of pairs.',
      example: example(`SELECT ${form.name}_object('{a,1,b,2}')`, shown),
      row: ([a]) => {
        const { dimensions, values } = asArray(a);
        if (dimensions.length > 2) throw subscripts('wrong number of array subscripts');
        if (dimensions.length === 2 && dimensions[1] !== 2) throw subscripts('array must have two columns');
        if (values.length % 2 !== 0) throw subscripts('array must have even number of elements');
        return finish(form, textObject(values.filter((_, i) => i % 2 === 0), values.filter((_, i) => i % 2 === 1)));
      },
    }),
    scalar({
      name: `${form.name}_object`, args: [TEXTS, TEXTS], returns: form.type,
      description: 'An object of keys and values.',
      example: example(`SELECT ${form.name}_object('{a,b}', '{1,2}')`, shown),
      row: ([k, v]) => {
        const [keys, values] = [asArray(k), asArray(v)];
        if (keys.dimensions.length > 1
          || values.dimensions.length > 1) throw subscripts('wrong number of array subscripts');
        if (keys.values.length !== values.values.length) throw subscripts('mismatched array dimensions');
        return finish(form, textObject(keys.values, values.values));
      },
    }),
  ];
}

const CONVERSION: readonly ScalarFunction[] = [
  scalar({
    name: 'to_json', args: [ANYELEMENT], returns: JSON_TYPE, volatility: 'stable', description: 'Any value as JSON.',
    example: example(`SELECT to_json('Fred said "Hi."'::text)`, '"Fred said \\"Hi.\\""'),
    row: ([d], call) => toJson(call.argTypes[0], d, call.context),
  }),
  scalar({
    name: 'to_jsonb', args: [ANYELEMENT], returns: JSONB, volatility: 'stable', description: 'Any value as JSON.',
    example: example(`SELECT to_jsonb(row(42, 'x'))`, '{"f1": 42, "f2": "x"}'),
    row: ([d], call) => canonicalJsonb(toJson(call.argTypes[0], d, call.context)),
  }),
  scalar({
    name: 'array_to_json', args: [ANYARRAY, BOOLEAN], optional: 1, returns: JSON_TYPE, volatility: 'stable',
    description: 'An array as JSON.',
    example: example(`SELECT array_to_json('{{1,5},{99,100}}'::int[])`, '[[1,5],[99,100]]'),
    row: ([d, pretty], call) => toJson(call.argTypes[0], d, call.context, { pretty: pretty === true }),
  }),
  scalar({
    name: 'row_to_json', args: [RECORD, BOOLEAN], optional: 1, returns: JSON_TYPE, volatility: 'stable',
    description: 'A row as JSON.',
    example: example(`SELECT row_to_json(row(1, 'foo'))`, '{"f1":1,"f2":"foo"}'),
    row: ([d, pretty], call) => toJson(call.argTypes[0], d, call.context, { pretty: pretty === true }),
  }),
  scalar({
    name: 'json_strip_nulls', args: [JSON_TYPE], returns: JSON_TYPE, description: 'Without fields that are null.',
    example: example(`SELECT json_strip_nulls('[{"f1":1, "f2":null}, 2, null, 3]')`, '[{"f1":1},2,null,3]'),
    row: ([d]) => stripNulls(str(d)),
  }),
  scalar({
    name: 'jsonb_strip_nulls', args: [JSONB], returns: JSONB, description: 'Without fields that are null.',
    example: example(`SELECT jsonb_strip_nulls('[{"f1":1, "f2":null}, 2, null, 3]')`, '[{"f1": 1}, 2, null, 3]'),
    row: ([d]) => formatJsonb(jsonStripNulls(parseJson(str(d)))),
  }),
];

/** json keeps order, duplicates and number texts; white space goes. */
function stripNulls(text: string): string {
  const members = jsonMembers(text);
  if (members === null) return text.trim();
  const object = text.trimStart().startsWith('{');
  const kept = members.filter((m) => m.key === null || m.text !== 'null');
  const parts = kept.map((m) => (m.key === null ? '' : `${JSON.stringify(m.key)}:`) + stripNulls(m.text));
  return object ? `{${parts.join(',')}}` : `[${parts.join(',')}]`;
}

const tree = (d: Datum): Json => parseJson(str(d));
const editPath = (d: Datum): (string | null)[] => flat(d).map((v) => (v === null ? null : str(v)));

/** Elements of an array of one dimension. */
function flat(d: Datum): readonly Datum[] {
  const { values, dimensions } = asArray(d);
  if (dimensions.length > 1) throw new DatabaseError('2202E', 'wrong number of array subscripts');
  return values;
}

function jsonbOperator(
  name: string, right: LogicalType, shows: readonly [string, string], words: string,
  row: (d: Datum, other: Datum) => Datum,
): ScalarFunction {
  const returns = shows[1] === 't' ? BOOLEAN : JSONB;
  return operator({
    name, args: [JSONB, right], returns, description: words, example: example(`SELECT ${shows[0]}`, shows[1]),
    row: ([d, o]) => row(d, o),
  });
}

const keysOf = (d: Datum): string[] => asArray(d).values.filter((v) => v !== null).map(str);

const JSONB_OPERATORS: readonly ScalarFunction[] = [
  jsonbOperator('@>', JSONB, [`'{"a":1, "b":2}'::jsonb @> '{"b":2}'::jsonb`, 't'], 'Does the first contain the second?',
    (a, b) => jsonContains(tree(a), tree(b))),
  jsonbOperator('<@', JSONB, [`'{"b":2}'::jsonb <@ '{"a":1, "b":2}'::jsonb`, 't'],
    'Is the first contained in the second?',
    (a, b) => jsonContains(tree(b), tree(a))),
  jsonbOperator('?', TEXT, [`'{"a":1, "b":2}'::jsonb ? 'b'`, 't'], 'Is it a key or a string element?',
    (d, k) => jsonExists(tree(d), str(k))),
  jsonbOperator('?|', TEXTS, [`'{"a":1, "b":2}'::jsonb ?| array['b', 'd']`, 't'],
    'Is any of them a key or a string element?',
    (d, keys) => keysOf(keys).some((k) => jsonExists(tree(d), k))),
  jsonbOperator('?&', TEXTS, [`'["a", "b", "c"]'::jsonb ?& array['a', 'b']`, 't'],
    'Are all of them keys or string elements?',
    (d, keys) => keysOf(keys).every((k) => jsonExists(tree(d), k))),
  jsonbOperator('||', JSONB, [`'["a", "b"]'::jsonb || '["c"]'::jsonb`, '["a", "b", "c"]'],
    'Arrays one after the other, objects merged.',
    (a, b) => formatJsonb(jsonConcat(tree(a), tree(b)))),
  jsonbOperator('-', TEXT, [`'{"a": "b", "c": "d"}'::jsonb - 'a'`, '{"c": "d"}'], 'Without a field or string elements.',
    (d, k) => formatJsonb(jsonDeleteKeys(tree(d), [str(k)]))),
  jsonbOperator('-', TEXTS, [`'{"a": "b", "c": "d"}'::jsonb - '{a,c}'::text[]`, '{}'],
    'Without fields or string elements.',
    (d, keys) => formatJsonb(jsonDeleteKeys(tree(d), flat(keys).filter((v) => v !== null).map(str)))),
  jsonbOperator('-', INT4, [`'["a", "b"]'::jsonb - 1`, '["a"]'], 'Without the n-th element.',
    (d, n) => formatJsonb(jsonDeleteElement(tree(d), num(n)))),
  jsonbOperator('#-', TEXTS, [`'["a", {"b":1}]'::jsonb #- '{1,b}'`, '["a", {}]'], 'Without what is at a path.',
    (d, p) => formatJsonb(jsonDeletePath(tree(d), editPath(p)))),
];

function setLax([target, path, value, create, treatment]: readonly Datum[]): Datum {
  if (target === null || path === null || create === null) return null;
  if (treatment === null) throw new DatabaseError('22023',
    'null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"');
  const make = create === undefined ? true : bool(create);
  if (value !== null) return formatJsonb(jsonSet(tree(target), editPath(path), tree(value), make));
  switch (treatment === undefined ? 'use_json_null' : str(treatment)) {
    case 'raise_exception':
      throw new DatabaseError('22004', 'JSON value must not be null', {
        detail: 'Exception was raised because null_value_treatment is "raise_exception".',
        hint: 'To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.',
      });
    case 'use_json_null': return formatJsonb(jsonSet(tree(target), editPath(path), null, make));
    case 'delete_key': return formatJsonb(jsonDeletePath(tree(target), editPath(path)));
    case 'return_target': return target;
    default:
      throw new DatabaseError('22023',
        'null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"');
  }
}

const JSONB_FUNCTIONS: readonly ScalarFunction[] = [
  scalar({
    name: 'jsonb_set', args: [JSONB, TEXTS, JSONB, BOOLEAN], optional: 1, returns: JSONB,
    names: ['jsonb_in', 'path', 'replacement', 'create_if_missing'], defaults: [true],
    description: 'With another value at a path.',
    example: example(`SELECT jsonb_set('[{"f1":1,"f2":null},2]', '{0,f1}', '[2,3,4]', false)`,
      '[{"f1": [2, 3, 4], "f2": null}, 2]'),
    row: ([d, p, v, create]) => formatJsonb(jsonSet(tree(d), editPath(p), tree(v),
      create === undefined || bool(create))),
  }),
  scalar({
    name: 'jsonb_set_lax', args: [JSONB, TEXTS, JSONB, BOOLEAN, TEXT], optional: 2, returns: JSONB, strict: false,
    names: ['jsonb_in', 'path', 'replacement', 'create_if_missing', 'null_value_treatment'], defaults: [true, 'use_json_null'],
    description: 'As jsonb_set, with a choice of what an SQL NULL does.', row: setLax,
    example: example(`SELECT jsonb_set_lax('{"f1":1,"f2":2}', '{f1}', NULL, true, 'delete_key')`, '{"f2": 2}'),
  }),
  scalar({
    name: 'jsonb_insert', args: [JSONB, TEXTS, JSONB, BOOLEAN], optional: 1, returns: JSONB,
    names: ['jsonb_in', 'path', 'replacement', 'insert_after'], defaults: [false],
    description: 'With a value inserted at a path.',
    example: example(`SELECT jsonb_insert('{"a": [0,1,2]}', '{a, 1}', '"new_value"')`, '{"a": [0, "new_value", 1, 2]}'),
    row: ([d, p, v, after]) => formatJsonb(jsonInsert(tree(d), editPath(p), tree(v),
      after !== undefined && bool(after))),
  }),
  scalar({
    name: 'jsonb_pretty', args: [JSONB], returns: TEXT, description: 'Indented text.',
    example: example(`SELECT jsonb_pretty('[1]')`, '[\n    1\n]'), row: ([d]) => prettyJsonb(tree(d)),
  }),
];

export const JSON_FUNCTIONS: readonly ScalarFunction[] = [
  ...accessors(FORM_JSONB), ...accessors(FORM_JSON), ...CONVERSION, ...JSONB_OPERATORS, ...JSONB_FUNCTIONS,
];
