// What PostgreSQL knows of each built-in type: its pg_type row, its OID to and from LogicalType, and its names.
import { RESERVED_WORDS } from './reserved-words.ts';
import { RANGE_FAMILIES } from './range-type.ts';
import { BUILTIN_TYPE_ROWS } from './type-table.ts';
import { DatabaseError, notSupported } from './error.ts';
import { mentioned } from './type-mention.ts';
import { arrayOf, characterType, isOwn, parametricType, simpleType } from './types.ts';
import type { LogicalType, ParametricKind, SimpleKind } from './types.ts';

/** A function a pg_type row points at; null: none (0). */
export type TypeFunction = { readonly name: string; readonly oid: number } | null;

/** A pg_type row; the functions by name and OID. */
export interface TypeRow {
  readonly oid: number;
  readonly name: string;
  readonly length: number;
  readonly byValue: boolean;
  /** b base, p pseudo, r range, m multirange. */
  readonly type: string;
  readonly category: string;
  readonly preferred: boolean;
  readonly align: string;
  readonly storage: string;
  readonly delimiter: string;
  readonly collation: number;
  readonly element: number;
  readonly array: number;
  readonly subscript: TypeFunction;
  readonly input: TypeFunction;
  readonly output: TypeFunction;
  readonly receive: TypeFunction;
  readonly send: TypeFunction;
  readonly modifierInput: TypeFunction;
  readonly modifierOutput: TypeFunction;
  readonly analyze: TypeFunction;
}

const SUBSCRIPT_OIDS: ReadonlyMap<string, number> = new Map([
  ['array_subscript_handler', 6179], ['raw_array_subscript_handler', 6180], ['jsonb_subscript_handler', 6098],
]);
const ARRAY_FUNCTIONS = {
  subscript: { name: 'array_subscript_handler', oid: 6179 },
  input: { name: 'array_in', oid: 750 },
  output: { name: 'array_out', oid: 751 },
  receive: { name: 'array_recv', oid: 2400 },
  send: { name: 'array_send', oid: 2401 },
  analyze: { name: 'array_typanalyze', oid: 3816 },
} as const;

/** Behind the types that users make. */
export const ENUM_FUNCTIONS = {
  input: { name: 'enum_in', oid: 3506 }, output: { name: 'enum_out', oid: 3507 }, receive: { name: 'enum_recv', oid: 3532 },
  send: { name: 'enum_send', oid: 3533 },
} as const;
/** A domain is written as what it is over. */
export const DOMAIN_FUNCTIONS = { input: { name: 'domain_in', oid: 2597 }, receive: { name: 'domain_recv', oid: 2598 } } as const;

const FIELDS = 21;

function parseFunction(text: string): TypeFunction {
  if (text === '-') return null;
  const [name, oid] = text.split(':');
  return { name, oid: Number(oid ?? SUBSCRIPT_OIDS.get(name)) };
}

function parseRow(f: readonly string[]): TypeRow {
  return {
    oid: Number(f[0]), name: f[1], length: Number(f[2]), byValue: f[3] === 't', type: f[4], category: f[5],
    preferred: f[6] === 't', align: f[7], storage: f[8], delimiter: f[9], collation: Number(f[10]),
    element: Number(f[11]), array: Number(f[12]), subscript: parseFunction(f[13]), input: parseFunction(f[14]),
    output: parseFunction(f[15]), receive: parseFunction(f[16]), send: parseFunction(f[17]),
    modifierInput: parseFunction(f[18]), modifierOutput: parseFunction(f[19]), analyze: parseFunction(f[20]),
  };
}

/** The pg_type row of the array type over an element's row. */
function arrayRow(element: TypeRow): TypeRow {
  return {
    ...element, ...ARRAY_FUNCTIONS, oid: element.array, name: `_${element.name}`, length: -1, byValue: false,
    type: element.name === 'record' ? 'p' : 'b', category: element.name === 'record' ? 'P' : 'A', preferred: false,
    align: element.align === 'd' ? 'd' : 'i', storage: 'x', element: element.oid, array: 0,
  };
}

function parseTable(): readonly TypeRow[] {
  const tokens = BUILTIN_TYPE_ROWS.trim().split(/\s+/);
  const rows: TypeRow[] = [];
  for (let i = 0; i < tokens.length; i += FIELDS) {
    const row = parseRow(tokens.slice(i, i + FIELDS));
    rows.push(row);
    if (row.array !== 0) rows.push(arrayRow(row));
  }
  return rows.sort((a, b) => a.oid - b.oid);
}

/** All built-in types of PostgreSQL 15 but for row types and information_schema's domains, by OID. */
export const BUILTIN_TYPES: readonly TypeRow[] = parseTable();

const BY_OID: ReadonlyMap<number, TypeRow> = new Map(BUILTIN_TYPES.map((row) => [row.oid, row]));
const BY_NAME: ReadonlyMap<string, TypeRow> = new Map(BUILTIN_TYPES.map((row) => [row.name, row]));

/** The row of a built-in type; undefined for a user's type. */
export function typeRow(oid: number): TypeRow | undefined {
  return BY_OID.get(oid);
}
export function typeRowByName(name: string): TypeRow | undefined {
  return BY_NAME.get(name);
}

/** Kinds whose pg_type name is not the kind's. */
const TYPE_NAMES: ReadonlyMap<string, string> = new Map([['boolean', 'bool']]);

const PARAMETRIC: ReadonlySet<string> = new Set<ParametricKind>([
  'numeric', 'varchar', 'bpchar', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval', 'bit', 'varbit',
]);
const SIMPLE: ReadonlySet<string> = new Set<SimpleKind>([
  'boolean', 'int2', 'int4', 'int8', 'float4', 'float8', 'text', 'name', 'char', 'bytea', 'uuid', 'json', 'jsonb',
  'inet', 'cidr', 'macaddr', 'macaddr8',
  'jsonpath', 'date', 'oid', 'xid', 'tid', 'cid', 'pg_lsn', 'regclass', 'regtype', 'regproc', 'regprocedure',
  'regnamespace', 'regrole', 'regoper', 'regoperator', 'regcollation', 'pg_node_tree', 'aclitem', 'void', 'unknown',
  ...RANGE_FAMILIES.flatMap((f) => [f.range.kind, f.multirange.kind]), 'anyrange', 'anymultirange',
  'cstring', 'internal', 'trigger', 'any', 'anyelement', 'anyarray', 'anynonarray', 'anyenum', 'anycompatible',
  'anycompatiblearray', 'anycompatiblenonarray',
]);

export function isSimpleKind(name: string): name is SimpleKind {
  return SIMPLE.has(name);
}
export function isParametricKind(name: string): name is ParametricKind {
  return PARAMETRIC.has(name);
}

/**
 * pg_type.oid. User types carry their own; the array type over a user's type has the OID after its element's (the
 * catalog allocates them as a pair).
 */
export function oidOf(type: LogicalType): number {
  switch (type.kind) {
    case 'array': return type.vector ? (type.element.kind === 'int2' ? 22 : 30) : arrayOidOf(type.element);
    case 'record': return type.oid ?? 2249;
    case 'enum': case 'domain': case 'range': case 'multirange': return type.oid;
    default: return BY_NAME.get(TYPE_NAMES.get(type.kind) ?? type.kind)?.oid ?? 0;
  }
}

/** pg_type.typlen, as RowDescription tells it: −1 for what varies in length. */
export function typeSize(type: LogicalType): number {
  switch (type.kind) {
    case 'array': case 'record': case 'range': case 'multirange': return -1;
    case 'enum': return 4;
    case 'domain': return typeSize(type.base);
    default: return BY_OID.get(oidOf(type))?.length ?? -1;
  }
}

/** OID of the array type over an element type; 0 when there is none. */
export function arrayOidOf(element: LogicalType): number {
  if (element.kind === 'record' && element.oid !== undefined) return element.arrayOid ?? element.oid + 1;
  if (isOwn(element)) return element.oid + 1;
  return BY_OID.get(oidOf(element))?.array ?? 0;
}

/** The type of a built-in OID; null for a user's type or one we do not have. */
export function typeFromOid(oid: number, typmod = -1): LogicalType | null {
  if (oid === 22) return { kind: 'array', element: simpleType('int2'), vector: true };
  if (oid === 30) return { kind: 'array', element: simpleType('oid'), vector: true };
  const row = BY_OID.get(oid);
  if (row === undefined) return null;
  if (row.input?.name === 'array_in') {
    const element = typeFromOid(row.element, typmod);
    return element === null ? null : arrayOf(element);
  }
  return namedType(row.name, typmod);
}

function namedType(name: string, typmod: number): LogicalType | null {
  if (name === 'bool') return simpleType('boolean');
  if (name === 'record') return { kind: 'record', fields: [] };
  if (isParametricKind(name)) return parametricType(name, typmod);
  return isSimpleKind(name) ? simpleType(name) : null;
}

/** SQL spellings (one blank between words) of what pg_type calls otherwise. */
const SQL_NAMES: ReadonlyMap<string, string> = new Map([
  ['boolean', 'bool'], ['smallint', 'int2'], ['int', 'int4'], ['integer', 'int4'], ['bigint', 'int8'],
  ['real', 'float4'], ['double precision', 'float8'], ['float', 'float8'], ['decimal', 'numeric'], ['dec', 'numeric'],
  ['character varying', 'varchar'], ['char varying', 'varchar'], ['national character varying', 'varchar'],
  ['national char varying', 'varchar'], ['nchar varying', 'varchar'],
  ['character', 'bpchar'], ['char', 'bpchar'], ['nchar', 'bpchar'], ['national character', 'bpchar'],
  ['national char', 'bpchar'], ['bit varying', 'varbit'],
  ['time without time zone', 'time'], ['time with time zone', 'timetz'],
  ['timestamp without time zone', 'timestamp'], ['timestamp with time zone', 'timestamptz'],
]);

/**
 * A built-in type by its pg_type name or SQL spelling in lower case, with any number of `[]` behind it, and its
 * modifiers (interval: range mask, precision). `"char"` in double quotes is the one-byte type, and so is `char` when
 * `internal` (a name that the parser has already resolved to pg_catalog). null: no such built-in type.
 * Throws 0A000 for a PostgreSQL type that we do not have, 22023 and 42601 on bad modifiers.
 */
export function typeFromName(name: string, args: readonly number[] = [], internal = false): LogicalType | null {
  const brackets = /(\s*\[\d*\])+$/.exec(name);
  if (brackets !== null) {
    const element = typeFromName(name.slice(0, brackets.index), args, internal);
    return element === null ? null : arrayOf(element);
  }
  if (name === '"char"') return simpleType('char');
  if ((name === 'char' || name === 'character' || name === 'nchar') && !internal) {
    return characterLength('bpchar', args.length === 0 ? [1] : args);
  }
  if (name === 'bit' && args.length === 0 && !internal) return parametricType('bit', 1);
  if (name === 'float' && args.length > 0) return floatType(args[0]);
  return modifiedType((internal ? undefined : SQL_NAMES.get(name)) ?? name, args);
}

function floatType(bits: number): LogicalType {
  if (bits < 1) throw new DatabaseError('22023', 'precision for type float must be at least 1 bit');
  if (bits > 53) throw new DatabaseError('22023', 'precision for type float must be less than 54 bits');
  return simpleType(bits <= 24 ? 'float4' : 'float8');
}

function modifiedType(name: string, args: readonly number[]): LogicalType | null {
  const row = BY_NAME.get(name);
  if (row === undefined) return null;
  const type = typeFromOid(row.oid);
  if (type === null) throw notSupported(`type ${name}`);
  if (args.length === 0) return type;
  switch (type.kind) {
    case 'numeric': return parametricType('numeric', numericTypmod(args));
    case 'varchar': case 'bpchar': return characterLength(type.kind, args);
    case 'bit': case 'varbit': return bitType(type.kind, args);
    case 'time': case 'timetz': case 'timestamp': case 'timestamptz':
      return parametricType(type.kind, precisionOf(type.kind, args));
    case 'interval': return parametricType('interval', intervalTypmod(args));
    default: throw new DatabaseError('42601', `type modifier is not allowed for type "${name}"`);
  }
}

function numericTypmod(args: readonly number[]): number {
  const [precision, scale = 0] = args;
  if (args.length > 2) throw new DatabaseError('22023', 'invalid NUMERIC type modifier');
  if (precision < 1 || precision > 1000) {
    throw new DatabaseError('22023', `NUMERIC precision ${precision} must be between 1 and 1000`);
  }
  if (scale < -1000 || scale > 1000) {
    throw new DatabaseError('22023', `NUMERIC scale ${scale} must be between -1000 and 1000`);
  }
  return ((precision << 16) | (scale & 0x7ff)) + 4;
}

function characterLength(kind: 'varchar' | 'bpchar', args: readonly number[]): LogicalType {
  const name = kind === 'bpchar' ? 'char' : 'varchar';
  const [length] = args;
  if (args.length > 1) throw new DatabaseError('22023', 'invalid type modifier');
  if (length < 1) throw new DatabaseError('22023', `length for type ${name} must be at least 1`);
  if (length > 10485760) throw new DatabaseError('22023', `length for type ${name} cannot exceed 10485760`);
  return characterType(kind, length);
}

function bitType(kind: 'bit' | 'varbit', args: readonly number[]): LogicalType {
  const name = kind === 'bit' ? 'bit' : 'varbit';
  if (args.length > 1) throw new DatabaseError('22023', 'invalid type modifier');
  if (args[0] < 1) throw new DatabaseError('22023', `length for type ${name} must be at least 1`);
  if (args[0] > 83886080) throw new DatabaseError('22023', `length for type ${name} cannot exceed 83886080`);
  return parametricType(kind, args[0]);
}

function precisionOf(kind: ParametricKind, args: readonly number[]): number {
  if (args.length > 1) throw new DatabaseError('22023', 'invalid type modifier');
  return secondsPrecision(kind, args[0]);
}

/** Digits of seconds there are at most. */
const MOST_DIGITS = 6;

function secondsPrecision(kind: ParametricKind, digits: number): number {
  if (digits < 0) throw new DatabaseError('22023', `${writtenPrecision(kind, digits)} precision must not be negative`);
  return Math.min(digits, MOST_DIGITS);
}

function writtenPrecision(kind: ParametricKind, digits: number): string {
  return kind === 'interval' ? `INTERVAL(${digits})`
    : `${kind.replace(/tz$/, '').toUpperCase()}(${digits})${kind.endsWith('tz') ? ' WITH TIME ZONE' : ''}`;
}

/** A warning where more digits of seconds are asked for than there are, or null. Name and modifiers as typeFromName has them. */
export function reducedPrecision(name: string, modifiers: readonly number[]): DatabaseError | null {
  const type = BY_NAME.has(name) ? namedType(name, -1) : null;
  switch (type?.kind) {
    case 'time': case 'timetz': case 'timestamp': case 'timestamptz': case 'interval': {
      const digits = modifiers[type.kind === 'interval' ? 1 : 0] ?? 0;
      return digits <= MOST_DIGITS ? null : new DatabaseError('22023',
        `${writtenPrecision(type.kind, digits)} precision reduced to maximum allowed, ${MOST_DIGITS}`);
    }
    default: return null;
  }
}

/** PostgreSQL's INTERVAL_FULL_RANGE and INTERVAL_FULL_PRECISION. */
export const INTERVAL_FULL_RANGE = 0x7fff;
export const INTERVAL_FULL_PRECISION = 0xffff;

const RANGE_NAMES: ReadonlyMap<number, string> = new Map([
  [4, 'year'], [2, 'month'], [8, 'day'], [1024, 'hour'], [2048, 'minute'], [4096, 'second'], [6, 'year to month'],
  [1032, 'day to hour'], [3080, 'day to minute'], [7176, 'day to second'], [3072, 'hour to minute'],
  [7168, 'hour to second'], [6144, 'minute to second'],
]);

function intervalTypmod(args: readonly number[]): number {
  const [range, precision] = args;
  if (args.length > 2) throw new DatabaseError('22023', 'invalid INTERVAL type modifier');
  if (range !== INTERVAL_FULL_RANGE && !RANGE_NAMES.has(range)) {
    throw new DatabaseError('22023', 'invalid INTERVAL type modifier');
  }
  if (precision === undefined) {
    return range === INTERVAL_FULL_RANGE ? -1 : (range << 16) | INTERVAL_FULL_PRECISION;
  }
  return (range << 16) | secondsPrecision('interval', precision);
}

/** A type as text, modifiers and brackets included: `numeric(10,2)[]`, `timestamp(3) with time zone`. null: unknown. */
export function parseTypeName(text: string): LogicalType | null {
  const clean = text.trim().replace(/\s+/g, ' ');
  const found = /^("[^"]*"|[^("[]+)(?:\( ?(-?\d+(?: ?, ?-?\d+)*) ?\))? ?([a-z ]*)((?:\[\d*\])*)$/i.exec(clean);
  if (found === null) return null;
  const args = found[2] === undefined ? [] : found[2].split(',').map(Number);
  const internal = /^"?pg_catalog"?\./i.test(found[1]);
  let name = found[1].replace(/^"?pg_catalog"?\./i, '').trim();
  if (!name.startsWith('"')) name = name.toLowerCase();
  else if (name !== '"char"') name = name.slice(1, -1);
  const tail = found[3].trim().toLowerCase();
  if (name.startsWith('interval')) return intervalName(`${name} ${tail}`.trim(), args, found[4]);
  return typeFromName(`${name}${tail === '' ? '' : ` ${tail}`}${found[4]}`, args, internal);
}

function intervalName(name: string, args: readonly number[], brackets: string): LogicalType | null {
  const fields = name.slice('interval'.length).trim();
  if (fields === '') {
    return typeFromName(`interval${brackets}`, args.length === 0 ? [] : [INTERVAL_FULL_RANGE, ...args]);
  }
  for (const [mask, range] of RANGE_NAMES) {
    if (range === fields) return typeFromName(`interval${brackets}`, [mask, ...args]);
  }
  return null;
}

const DISPLAY_NAMES: ReadonlyMap<string, string> = new Map([
  ['int2', 'smallint'], ['int4', 'integer'], ['int8', 'bigint'], ['float4', 'real'], ['float8', 'double precision'],
  ['char', '"char"'], ['varchar', 'character varying'], ['bpchar', 'character'], ['varbit', 'bit varying'],
  ['any', '"any"'],
]);

/** format_type(oid, typmod): "character varying(10)", "timestamp(3) without time zone", "integer[]". */
export function formatType(type: LogicalType): string {
  return describe(type, true);
}

/** format_type(oid, NULL): no modifiers. */
export function formatTypeName(type: LogicalType): string {
  return describe(type, false);
}

/** A type in the message or the detail of an error, with the schema where the reader needs it. */
export function mentionType(type: LogicalType): string {
  return mention(type, false);
}

/** The same with its parameters. */
export function mentionFullType(type: LogicalType): string {
  return mention(type, true);
}

function mention(type: LogicalType, modifiers: boolean): string {
  switch (type.kind) {
    case 'array': return type.vector ? formatTypeName(type) : `${mention(type.element, modifiers)}[]`;
    case 'record': case 'enum': case 'domain': case 'range': case 'multirange': {
      const { oid } = type;
      return oid === undefined ? describe(type, modifiers) : mentioned(oid, describe(type, modifiers));
    }
    default: return describe(type, modifiers);
  }
}

function describe(type: LogicalType, modifiers: boolean): string {
  switch (type.kind) {
    case 'array':
      if (type.vector) return type.element.kind === 'int2' ? 'int2vector' : 'oidvector';
      return `${describe(type.element, modifiers)}[]`;
    case 'record': return type.name === undefined ? 'record' : quoteIdentifier(type.name);
    case 'enum': case 'domain': case 'range': case 'multirange': return quoteIdentifier(type.name);
    default:
      if ('typmod' in type) return describeParametric(type.kind, type.typmod, modifiers);
      return DISPLAY_NAMES.get(type.kind) ?? type.kind;
  }
}

function describeParametric(kind: ParametricKind, typmod: number, modifiers: boolean): string {
  const suffix = modifiers && typmod >= 0;
  switch (kind) {
    case 'numeric':
      if (!suffix) return 'numeric';
      return `numeric(${((typmod - 4) >> 16) & 0xffff},${(((typmod - 4) & 0x7ff) ^ 1024) - 1024})`;
    case 'varchar': return suffix ? `character varying(${typmod - 4})` : 'character varying';
    case 'bpchar': return suffix ? `character(${typmod - 4})` : modifiers ? 'bpchar' : 'character';
    case 'bit': return suffix ? `bit(${typmod})` : modifiers ? '"bit"' : 'bit';
    case 'varbit': return suffix ? `bit varying(${typmod})` : 'bit varying';
    case 'interval': return suffix ? `interval${intervalModifier(typmod)}` : 'interval';
    case 'time': return `time${suffix ? `(${typmod})` : ''} without time zone`;
    case 'timetz': return `time${suffix ? `(${typmod})` : ''} with time zone`;
    case 'timestamp': return `timestamp${suffix ? `(${typmod})` : ''} without time zone`;
    case 'timestamptz': return `timestamp${suffix ? `(${typmod})` : ''} with time zone`;
  }
}

function intervalModifier(typmod: number): string {
  const range = (typmod >> 16) & 0x7fff;
  const precision = typmod & 0xffff;
  const fields = range === INTERVAL_FULL_RANGE ? '' : ` ${RANGE_NAMES.get(range) ?? ''}`;
  return precision === INTERVAL_FULL_PRECISION ? fields : `${fields}(${precision})`;
}

/** Double-quoted unless it is a plain lower-case identifier and no key word that must be quoted (quote_ident). */
export function quoteIdentifier(name: string): string {
  const plain = /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED_WORDS.has(name);
  return plain ? name : `"${name.replaceAll('"', '""')}"`;
}
