// Set-returning functions over json and jsonb: elements, fields, keys.
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { jsonMembers } from '../../data/json.ts';
import type { JsonMember } from '../../data/json.ts';
import { JSON_TYPE, JSONB, TEXT } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { example, str, table } from '../define.ts';
import type { TableFunction } from '../function.ts';
import { jsonToText } from '../scalar/json.ts';

type Shape = 'object' | 'array' | 'scalar';

function shapeOf(text: string): Shape {
  const first = text.trimStart()[0];
  return first === '{' ? 'object' : first === '[' ? 'array' : 'scalar';
}

/** Members of a value of the right shape, or PostgreSQL's complaint. Of json, duplicate keys are all there. */
function members(d: Datum, wanted: Shape, complaint: (shape: Shape) => string): readonly JsonMember[] {
  const text = str(d);
  const shape = shapeOf(text);
  if (shape !== wanted) throw new DatabaseError('22023', complaint(shape));
  return jsonMembers(text) ?? [];
}

interface Form {
  readonly name: 'json' | 'jsonb';
  readonly type: LogicalType;
}

function elementComplaint(form: Form, name: string): (shape: Shape) => string {
  if (form.name === 'json') return (shape) => (shape === 'object' ? `cannot call ${name} on a non-array`
    : `cannot call ${name} on a scalar`);
  return (shape) => `cannot extract elements from ${shape === 'object' ? 'an object' : 'a scalar'}`;
}

function eachComplaint(form: Form, name: string): (shape: Shape) => string {
  if (form.name === 'jsonb') return () => `cannot call ${name} on a non-object`;
  return (shape) => (shape === 'array' ? 'cannot deconstruct an array as an object' : 'cannot deconstruct a scalar');
}

function tables(form: Form): readonly TableFunction[] {
  const { name, type } = form;
  const elements = (asText: boolean): TableFunction => {
    const own = `${name}_array_elements${asText ? '_text' : ''}`;
    const value = asText ? TEXT : type;
    return table({
      name: own, args: [type], returns: value, columns: [{ name: 'value', type: value }],
      description: `The elements of an array${asText ? ', as text' : ''}.`,
      example: example(`SELECT count(*) FROM ${own}('["foo", "bar"]')`, '2'),
      rows: ([d]) => members(d, 'array',
        elementComplaint(form, own)).map((m) => [asText ? jsonToText(m.text) : m.text]),
    });
  };
  const each = (asText: boolean): TableFunction => {
    const own = `${name}_each${asText ? '_text' : ''}`;
    const value = asText ? TEXT : type;
    const columns = [{ name: 'key', type: TEXT }, { name: 'value', type: value }];
    return table({
      name: own, args: [type], returns: { kind: 'record', fields: columns }, columns,
      description: `The fields of an object${asText ? ', as text' : ''}.`,
      example: example(`SELECT max(key) FROM ${own}('{"a":"foo", "b":"bar"}')`, 'b'),
      rows: ([d]) => members(d, 'object',
        eachComplaint(form, own)).map((m) => [m.key, asText ? jsonToText(m.text) : m.text]),
    });
  };
  const own = `${name}_object_keys`;
  const keys = table({
    name: own, args: [type], returns: TEXT, description: 'The keys of an object.',
    example: example(`SELECT max(k) FROM ${own}('{"f1":"abc","f2":{"f3":"a"}}') k`, 'f2'),
    rows: ([d]) => members(d, 'object',
      (shape) => `cannot call ${own} on ${shape === 'array' ? 'an array' : 'a scalar'}`).map((m) => [m.key]),
  });
  return [elements(false), elements(true), each(false), each(true), keys];
}

export const JSON_TABLES: readonly TableFunction[] = [
  ...tables({ name: 'jsonb', type: JSONB }), ...tables({ name: 'json', type: JSON_TYPE }),
];
