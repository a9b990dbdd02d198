// The type table: its rows hang together, and names go both ways as PostgreSQL spells them.
import { expect, test } from 'vitest';
import {
  BUILTIN_TYPES, arrayOidOf, formatType, formatTypeName, oidOf, parseTypeName, typeFromName, typeFromOid, typeRow,
  typeRowByName, typeSize,
} from '../../../engine/data/type-info.ts';
import { outcome } from '../../support/fixture.ts';
import type { LogicalType } from '../../../engine/data/types.ts';

test('PostgreSQL 15 has these rows', () => {
  expect(BUILTIN_TYPES.length).toBe(185);
  expect(typeRow(20)).toMatchObject({ name: 'int8', length: 8, byValue: true, category: 'N', array: 1016, align: 'd',
    input: { name: 'int8in', oid: 460 }, send: { name: 'int8send', oid: 2409 }, modifierInput: null });
  expect(typeRow(1231)).toMatchObject({ name: '_numeric', length: -1, category: 'A', element: 1700, storage: 'x',
    subscript: { name: 'array_subscript_handler', oid: 6179 }, modifierInput: { name: 'numerictypmodin', oid: 2917 } });
  expect(typeRowByName('jsonb')).toMatchObject({ oid: 3802, subscript: { oid: 6098 } });
  for (const row of BUILTIN_TYPES) if (row.array !== 0) expect(typeRow(row.array)?.element).toBe(row.oid);
});

test('every type of ours has an OID, and the OID gives it back', () => {
  for (const row of BUILTIN_TYPES) {
    const type = typeFromOid(row.oid);
    if (type === null) continue;
    expect([row.name, oidOf(type), typeSize(type)]).toEqual([row.name, row.oid, row.length]);
    if (row.array !== 0) expect(arrayOidOf(type)).toBe(row.array);
  }
  expect(typeFromOid(16384)).toBeNull();
});

// Left: as written; right: format_type's answer.
const NAMES: readonly (readonly [string, string])[] = [
  ['int', 'integer'], ['INTEGER', 'integer'], ['int4', 'integer'], ['bigint', 'bigint'], ['smallint', 'smallint'],
  ['real', 'real'], ['float', 'double precision'], ['float(24)', 'real'], ['float(25)', 'double precision'],
  ['double  precision', 'double precision'], ['decimal', 'numeric'], ['numeric(10,2)', 'numeric(10,2)'],
  ['numeric(10)', 'numeric(10,0)'], ['numeric(3,-2)', 'numeric(3,-2)'], ['dec(5 , 1)[]', 'numeric(5,1)[]'],
  ['varchar', 'character varying'], ['character varying(10)', 'character varying(10)'], ['char', 'character(1)'],
  ['char(5)', 'character(5)'], ['bpchar', 'bpchar'], ['"char"', '"char"'], ['pg_catalog.char', '"char"'],
  ['national character varying(3)', 'character varying(3)'], ['text', 'text'], ['text[]', 'text[]'],
  ['text[][]', 'text[]'], ['text[3]', 'text[]'], ['bool', 'boolean'], ['timestamp', 'timestamp without time zone'],
  ['timestamp(3)', 'timestamp(3) without time zone'], ['timestamptz(0)', 'timestamp(0) with time zone'],
  ['timestamp(3) with time zone', 'timestamp(3) with time zone'], ['time with time zone', 'time with time zone'],
  ['time(2) without time zone', 'time(2) without time zone'], ['interval', 'interval'], ['interval(2)', 'interval(2)'],
  ['interval year to month', 'interval year to month'], ['interval day to second(3)', 'interval day to second(3)'],
  ['bit', 'bit(1)'], ['bit varying(4)', 'bit varying(4)'], ['int2vector', 'int2vector'], ['oidvector', 'oidvector'],
  ['uuid', 'uuid'], ['regclass', 'regclass'], ['record', 'record'], ['"any"', '"any"'],
];

test.each(NAMES)('%s is %s', (written, expected) => {
  const type = parseTypeName(written);
  expect(type === null ? null : formatType(type)).toBe(expected);
});

test('without modifiers', () => {
  const show = (text: string): string => {
    const type = parseTypeName(text);
    return type === null ? 'unknown type' : formatTypeName(type);
  };
  const written = ['numeric(10,2)', 'char(5)', 'varchar(3)[]', 'timestamp(3)', 'bit(3)', 'interval day', 'nothing'];
  expect(written.map(show)).toEqual([
    'numeric', 'character', 'character varying[]', 'timestamp without time zone', 'bit', 'interval', 'unknown type']);
});

const ERRORS: readonly (readonly [string, string])[] = [
  ['varchar(0)', '!22023 length for type varchar must be at least 1'],
  ['char(0)', '!22023 length for type char must be at least 1'],
  ['varchar(20000000)', '!22023 length for type varchar cannot exceed 10485760'],
  ['numeric(0)', '!22023 NUMERIC precision 0 must be between 1 and 1000'],
  ['numeric(3,2000)', '!22023 NUMERIC scale 2000 must be between -1000 and 1000'],
  ['numeric(1,2,3)', '!22023 invalid NUMERIC type modifier'],
  ['int4(3)', '!42601 type modifier is not allowed for type "int4"'],
  ['float(0)', '!22023 precision for type float must be at least 1 bit'],
  ['float(54)', '!22023 precision for type float must be less than 54 bits'],
  ['money', '!0A000 type money is not supported'],
];

test.each(ERRORS)('%s', (written, expected) => {
  expect(outcome(() => {
    const type: LogicalType | null = parseTypeName(written);
    return type === null ? null : formatType(type);
  })).toBe(expected);
});

test('the parser\'s own names', () => {
  expect(typeFromName('char', [], true)).toEqual({ kind: 'char' });
  expect(typeFromName('bpchar', [], true)).toEqual({ kind: 'bpchar', typmod: -1 });
  expect(typeFromName('bool', [], true)).toEqual({ kind: 'boolean' });
  expect(typeFromName('no_such_type')).toBeNull();
});
