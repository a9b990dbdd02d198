// JSON → rows: json_populate_record(set), json_to_record(set) and their jsonb twins, by the types of the row's fields.
import { arrayFrom, asRecord, EMPTY_ARRAY } from '../../data/composite.ts';
import type { Datum, SqlArray } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { jsonMembers, parseJson } from '../../data/json.ts';
import type { JsonMember } from '../../data/json.ts';
import { parseText } from '../../data/text-format.ts';
import { BOOLEAN, JSON_TYPE, JSONB, simpleType } from '../../data/types.ts';
import type { ArrayType, LogicalType, RecordType } from '../../data/types.ts';
import { example, scalar, str, table } from '../define.ts';
import type { CallInfo, ScalarFunction, TableFunction } from '../function.ts';

type Shape = 'object' | 'array' | 'string' | 'null' | 'scalar';

function shapeOf(text: string): Shape {
  switch (text.trimStart()[0]) {
    case '{': return 'object';
    case '[': return 'array';
    case '"': return 'string';
    case 'n': return 'null';
    default: return 'scalar';
  }
}

/** Where in the JSON a value is, for hints. */
interface Place {
  readonly key: string | null;
  readonly elements: readonly number[];
}

class Populator {
  readonly #call: CallInfo;

  constructor(call: CallInfo) {
    this.#call = call;
  }

  /** The value of a type that JSON text says; null for JSON's null. `old`: the row whose other fields are kept. */
  value(type: LogicalType, text: string, place: Place, old: Datum = null): Datum {
    const shape = shapeOf(text);
    if (shape === 'null') return null;
    switch (type.kind) {
      case 'domain': return this.value(type.base, text, place, old);
      case 'json': return text.trim();
      case 'jsonb': return this.#read(type, text);
      case 'array': return shape === 'string' ? this.#read(type, stringOf(text)) : this.#array(type, text, place);
      case 'record':
        return shape === 'string' ? this.#read(type, stringOf(text)) : { fields: this.fields(type, text, baseFields(old)) };
      default: return this.#read(type, shape === 'string' ? stringOf(text) : text.trim());
    }
  }

  #read(type: LogicalType, text: string): Datum {
    const { context } = this.#call;
    return parseText(type, text, context.format, { now: context.relativeTo, names: context.catalog });
  }

  /** The fields of a row from an object; what it does not name is as in `base`. */
  fields(type: RecordType, text: string, base: readonly Datum[] | null): readonly Datum[] {
    const shape = shapeOf(text);
    if (shape !== 'object') throw cannotCall('populate_composite', shape === 'array' ? 'an array' : 'a scalar');
    // Of keys that come twice the last counts.
    const members = new Map((jsonMembers(text) ?? []).map((m) => [m.key, m.text]));
    return type.fields.map((field, i) => {
      const found = members.get(field.name);
      if (found === undefined) return base === null ? null : base[i] ?? null;
      return this.value(field.type, found, { key: field.name, elements: [] }, base === null ? null : base[i] ?? null);
    });
  }

  #array(type: ArrayType, text: string, place: Place): SqlArray {
    if (shapeOf(text) !== 'array') throw expectedArray(place);
    const values: Datum[] = [];
    const sizes: number[] = [];
    let depth = 0;
    const walk = (array: string, level: number, at: Place): void => {
      const members = jsonMembers(array) ?? [];
      members.forEach((member, i) => {
        const here = { ...at, elements: [...at.elements, i] };
        const nested = shapeOf(member.text) === 'array';
        if (depth === 0 && !nested) depth = level;
        if (level === depth) values.push(this.value(type.element, member.text, here));
        else if (nested) walk(member.text, level + 1, here);
        else throw expectedArray(here);
      });
      if (depth === 0) depth = level;
      const size = sizes[level - 1] ??= members.length;
      if (size !== members.length) {
        throw new DatabaseError('22P02', 'malformed JSON array', {
          detail: 'Multidimensional arrays must have sub-arrays with matching dimensions.',
        });
      }
    };
    walk(text, 1, place);
    if (values.length === 0) return EMPTY_ARRAY;
    return sizes.length === 1 ? arrayFrom(values) : { dimensions: sizes, lowerBounds: sizes.map(() => 1), values };
  }
}

function stringOf(text: string): string {
  const value = parseJson(text);
  return typeof value === 'string' ? value : text;
}

function cannotCall(name: string, what: string): DatabaseError {
  return new DatabaseError('22023', `cannot call ${name} on ${what}`);
}

function expectedArray({ key, elements }: Place): DatabaseError {
  const path = elements.map((i) => `[${i}]`).join('');
  const hint = key === null ? (path === '' ? undefined : `See the array element ${path}.`)
    : path === '' ? `See the value of key "${key}".` : `See the array element ${path} of key "${key}".`;
  return new DatabaseError('22P02', 'expected JSON array', { hint });
}

/** The row type of a call's result. 0A000 where neither an argument nor a column definition list says it. */
function rowTypeOf(type: LogicalType, name: string): RecordType {
  if (type.kind === 'domain') return rowTypeOf(type.base, name);
  if (type.kind !== 'record') {
    throw new DatabaseError('42804', `first argument of ${name} must be a row type`);
  }
  if (type.fields.length > 0 || type.oid !== undefined) return type;
  throw new DatabaseError('0A000', `could not determine row type for result of ${name}`, {
    hint: 'Provide a non-null record argument, or call the function in the FROM clause using a column definition list.',
  });
}

function baseFields(base: Datum): readonly Datum[] | null {
  return base === null ? null : asRecord(base).fields;
}

function elementsOf(text: string, name: string): readonly JsonMember[] {
  const shape = shapeOf(text);
  if (shape !== 'array') throw cannotCall(name, shape === 'object' ? 'an object' : 'a scalar');
  return (jsonMembers(text) ?? []).map((m) => {
    if (shapeOf(m.text) === 'object') return m;
    throw new DatabaseError('22023', `argument of ${name} must be an array of objects`);
  });
}

const RECORD: RecordType = { kind: 'record', fields: [] };
const ANY_ELEMENT = simpleType('anyelement');

interface Form { readonly name: 'json' | 'jsonb'; readonly type: LogicalType; readonly optional: number }

/** PostgreSQL's json forms have a third argument that means nothing. */
function argumentsOf({ type, optional }: Form): { args: readonly LogicalType[]; optional: number } {
  return { args: [ANY_ELEMENT, type, ...(optional > 0 ? [BOOLEAN] : [])], optional };
}

function scalars(form: Form): readonly ScalarFunction[] {
  const populate = `${form.name}_populate_record`;
  const toRecord = `${form.name}_to_record`;
  return [
    scalar({
      name: populate, ...argumentsOf(form), returns: ANY_ELEMENT, strict: false, volatility: 'stable',
      ...(form.optional > 0 ? { names: ['base', 'from_json', 'use_json_as_text'], defaults: [false] } : {}),
      description: 'The row with the fields that an object names replaced.',
      example: example(`SELECT ${populate}(ROW(1, 2), '{"f1": 3}')`, '(3,2)'),
      row: ([base, json], call) => {
        const type = rowTypeOf(call.returnType, populate);
        if (json === null) return base;
        return { fields: new Populator(call).fields(type, str(json), baseFields(base)) };
      },
    }),
    scalar({
      name: toRecord, args: [form.type], returns: RECORD, strict: false, volatility: 'stable',
      description: 'The row, as a column definition list has it, of an object\'s fields.',
      example: example(`SELECT x.a FROM ${toRecord}('{"a": 7}') AS x(a int)`, '7'),
      row: ([json], call) => {
        const type = rowTypeOf(call.returnType, toRecord);
        return json === null ? null : { fields: new Populator(call).fields(type, str(json), null) };
      },
    }),
  ];
}

function tables(form: Form): readonly TableFunction[] {
  const populate = `${form.name}_populate_recordset`;
  const toRecordset = `${form.name}_to_recordset`;
  return [
    table({
      name: populate, ...argumentsOf(form), returns: ANY_ELEMENT, strict: false, fields: true,
      volatility: 'stable', description: 'A row for each object of an array, its other fields as in the row given.',
      example: example(`SELECT count(*) FROM (SELECT ${populate}(ROW(1, 2), '[{"f1": 3}, {}]')) r`, '2'),
      *rows([base, json], call) {
        const type = rowTypeOf(call.returnType, populate);
        const populator = new Populator(call);
        if (json === null) return;
        for (const { text } of elementsOf(str(json), populate)) yield populator.fields(type, text, baseFields(base));
      },
    }),
    table({
      name: toRecordset, args: [form.type], returns: RECORD, fields: true, volatility: 'stable',
      description: 'A row, as a column definition list has it, for each object of an array.',
      example: example(`SELECT max(x.a) FROM ${toRecordset}('[{"a": 7}, {"a": 8}]') AS x(a int)`, '8'),
      *rows([json], call) {
        const type = rowTypeOf(call.returnType, toRecordset);
        const populator = new Populator(call);
        for (const { text } of elementsOf(str(json), toRecordset)) yield populator.fields(type, text, null);
      },
    }),
  ];
}

const FORMS: readonly Form[] = [
  { name: 'json', type: JSON_TYPE, optional: 1 }, { name: 'jsonb', type: JSONB, optional: 0 },
];

export const JSON_RECORDS: readonly ScalarFunction[] = FORMS.flatMap(scalars);
export const JSON_RECORDSETS: readonly TableFunction[] = FORMS.flatMap(tables);
