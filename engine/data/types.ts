// Logical types (what SQL says), their physical layouts (what a vector holds), columns and schemas.

/** Types without parameters. Names are PostgreSQL's internal names where they differ from SQL's. */
export type SimpleKind =
  | 'boolean' | 'int2' | 'int4' | 'int8' | 'float4' | 'float8'
  | 'text' | 'name' | 'char' | 'bytea' | 'uuid' | 'json' | 'jsonb' | 'jsonpath'
  | 'inet' | 'cidr' | 'macaddr' | 'macaddr8'
  | 'date' | 'oid' | 'xid' | 'tid' | 'cid' | 'pg_lsn'
  | 'regclass' | 'regtype' | 'regproc' | 'regprocedure' | 'regnamespace' | 'regrole' | 'regoper'
  | 'regoperator' | 'regcollation' | 'pg_node_tree' | 'aclitem'
  | 'int4range' | 'int8range' | 'numrange' | 'tsrange' | 'tstzrange' | 'daterange'
  | 'int4multirange' | 'int8multirange' | 'nummultirange' | 'tsmultirange' | 'tstzmultirange' | 'datemultirange'
  | 'void' | 'unknown' | 'cstring' | 'internal' | 'trigger'
  // Pseudo-types, only in function signatures.
  | 'any' | 'anyelement' | 'anyarray' | 'anynonarray' | 'anyenum' | 'anyrange' | 'anymultirange'
  | 'anycompatible' | 'anycompatiblearray' | 'anycompatiblenonarray';

/** `typmod` is PostgreSQL's encoding of the parameters, −1 when there are none. */
export type ParametricKind =
  | 'numeric' | 'varchar' | 'bpchar' | 'time' | 'timetz' | 'timestamp' | 'timestamptz' | 'interval'
  | 'bit' | 'varbit';

export type TypeKind = SimpleKind | ParametricKind | 'array' | 'record' | 'enum' | 'domain' | 'range' | 'multirange';

export interface SimpleType { readonly kind: SimpleKind }
export interface ParametricType { readonly kind: ParametricKind; readonly typmod: number }
/** `vector`: int2vector or oidvector, which are 0-based and have their own OID. */
export interface ArrayType {
  readonly kind: 'array';
  readonly element: LogicalType;
  readonly vector?: true;
}
/** An anonymous record, or a named composite (a table's row type) when `oid` is set. */
export interface RecordType {
  readonly kind: 'record';
  readonly fields: readonly Column[];
  readonly oid?: number;
  readonly name?: string;
  /** OID of the type of arrays of it, where it is not the one after its own. */
  readonly arrayOid?: number;
}
export interface EnumType {
  readonly kind: 'enum';
  readonly oid: number;
  readonly name: string;
  readonly labels: readonly string[];
}
export interface DomainType {
  readonly kind: 'domain';
  readonly oid: number;
  readonly name: string;
  readonly base: LogicalType;
  /** Name of its collation, where that is not the base's. */
  readonly collation?: string;
}

/** A range type that a user made. */
export interface RangeType {
  readonly kind: 'range';
  readonly oid: number;
  readonly name: string;
  readonly bound: LogicalType;
  /** Of the type of its multiranges. */
  readonly multirange: TypeIdentity;
}

/** The type of a range type's multiranges. */
export interface MultirangeType {
  readonly kind: 'multirange';
  readonly oid: number;
  readonly name: string;
  readonly bound: LogicalType;
  /** Of the type of its ranges. */
  readonly range: TypeIdentity;
}

/** Of the other type of such a pair. */
export interface TypeIdentity {
  readonly oid: number;
  readonly name: string;
}

export type LogicalType =
  SimpleType | ParametricType | ArrayType | RecordType | EnumType | DomainType | RangeType | MultirangeType;

export interface Column {
  readonly name: string;
  readonly type: LogicalType;
  /** Name of its collation, where that is not its type's. */
  readonly collation?: string;
}

export interface Schema {
  readonly columns: readonly Column[];
}

/**
 * How a vector stores a type. Arrow's layouts but for `bool`, which is one byte a value (Arrow Uint8) so that
 * predicates are plain loops; it becomes Arrow Bool only at interchange.
 *
 * | layout  | JS storage            | logical types                                                        |
 * |---------|-----------------------|----------------------------------------------------------------------|
 * | bool    | Uint8Array            | boolean                                                              |
 * | int16   | Int16Array            | int2                                                                 |
 * | int32   | Int32Array            | int4, date (days since 1970-01-01; ±infinity = INT32 max / min)      |
 * | int64   | BigInt64Array         | int8, oid and reg*, time, timestamp, timestamptz (µs since 1970 UTC; |
 * |         |                       | ±infinity = INT64 max / min), pg_lsn (without sign)                  |
 * | float32 | Float32Array          | float4                                                               |
 * | float64 | Float64Array          | float8                                                               |
 * | fixed16 | Uint8Array, 16 a row  | uuid (16 bytes), interval (LE int32 months, int32 days, int64 µs)    |
 * | bytes   | Int32 offsets + bytes | text and its kin (UTF-8), bytea, json, jsonb (canonical text),       |
 * |         |                       | numeric (numeric.ts), timetz, arrays and records (composite.ts),     |
 * |         |                       | inet and cidr (network.ts), macaddr, macaddr8, ...                   |
 */
export type Layout =
  'bool' | 'int16' | 'int32' | 'int64' | 'float32' | 'float64' | 'fixed16' | 'bytes';

export function layoutOf(type: LogicalType): Layout {
  switch (type.kind) {
    case 'boolean': return 'bool';
    case 'int2': return 'int16';
    case 'int4': case 'date': return 'int32';
    case 'int8': case 'oid': case 'xid': case 'cid': case 'regclass': case 'regtype': case 'regproc':
    case 'regprocedure': case 'regnamespace': case 'regrole': case 'regoper': case 'regoperator':
    case 'regcollation': case 'pg_lsn': case 'time': case 'timestamp': case 'timestamptz':
      return 'int64';
    case 'float4': return 'float32';
    case 'float8': return 'float64';
    case 'uuid': case 'interval': return 'fixed16';
    case 'domain': return layoutOf(type.base);
    default: return 'bytes';
  }
}

/** What a domain is over, however deep; other types are their own. */
export function baseType(type: LogicalType): LogicalType {
  return type.kind === 'domain' ? baseType(type.base) : type;
}

/** What the upper words of two int64s are XORed with before they are compared: of numbers without sign, the sign bit. */
export function orderFlip(type: LogicalType): number {
  return baseType(type).kind === 'pg_lsn' ? -0x80000000 : 0;
}

const simple = <K extends SimpleKind>(kind: K): SimpleType => Object.freeze({ kind });
const parametric = (kind: ParametricKind, typmod = -1): ParametricType => Object.freeze({ kind, typmod });

/** The types without parameters, ready made. */
export const BOOLEAN = simple('boolean');
export const INT2 = simple('int2');
export const INT4 = simple('int4');
export const INT8 = simple('int8');
export const FLOAT4 = simple('float4');
export const FLOAT8 = simple('float8');
export const TEXT = simple('text');
export const NAME = simple('name');
export const CHAR = simple('char');
export const BYTEA = simple('bytea');
export const UUID = simple('uuid');
export const INET = simple('inet');
export const CIDR = simple('cidr');
export const MACADDR = simple('macaddr');
export const MACADDR8 = simple('macaddr8');
export const JSON_TYPE = simple('json');
export const JSONB = simple('jsonb');
export const DATE = simple('date');
export const OID = simple('oid');
export const REGCLASS = simple('regclass');
export const REGTYPE = simple('regtype');
export const REGPROC = simple('regproc');
export const REGNAMESPACE = simple('regnamespace');
export const VOID = simple('void');
export const UNKNOWN = simple('unknown');
export const NUMERIC = parametric('numeric');
export const VARCHAR = parametric('varchar');
export const BPCHAR = parametric('bpchar');
export const TIME = parametric('time');
export const TIMESTAMP = parametric('timestamp');
export const TIMESTAMPTZ = parametric('timestamptz');
export const INTERVAL = parametric('interval');

export function simpleType(kind: SimpleKind): SimpleType {
  return simple(kind);
}
export function parametricType(kind: ParametricKind, typmod = -1): ParametricType {
  return parametric(kind, typmod);
}
export function arrayOf(element: LogicalType): ArrayType {
  return { kind: 'array', element };
}
/** numeric(precision, scale) as PostgreSQL encodes it: ((precision << 16) | scale) + 4. */
export function numericType(precision: number, scale = 0): ParametricType {
  return parametric('numeric', ((precision << 16) | (scale & 0x7ff)) + 4);
}
/** varchar(n) and bpchar(n): typmod n + 4. */
export function characterType(kind: 'varchar' | 'bpchar', length: number): ParametricType {
  return parametric(kind, length + 4);
}

/** Same type, parameters included. */
export function sameType(a: LogicalType, b: LogicalType): boolean {
  return sameKind(a, b) && typmodOf(a) === typmodOf(b);
}

/** Same type but for its typmod: varchar(3) and varchar are the same kind. */
export function sameKind(a: LogicalType, b: LogicalType): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'array' && b.kind === 'array') {
    return a.vector === b.vector && sameKind(a.element, b.element);
  }
  if (a.kind === 'record' && b.kind === 'record') {
    return a.oid === b.oid && a.fields.length === b.fields.length
      && a.fields.every((f, i) => sameKind(f.type, b.fields[i].type));
  }
  return isOwn(a) && isOwn(b) ? a.oid === b.oid : true;
}

/** A type that a user made, rows aside. */
export function isOwn(type: LogicalType): type is EnumType | DomainType | RangeType | MultirangeType {
  return type.kind === 'enum' || type.kind === 'domain' || type.kind === 'range' || type.kind === 'multirange';
}

/** Arrays of such are arrays with more dimensions; int2vector and oidvector are elements like any other. */
export function hasDimensions(type: LogicalType): type is ArrayType {
  return type.kind === 'array' && type.vector !== true;
}

export function typmodOf(type: LogicalType): number {
  if (type.kind === 'array') return typmodOf(type.element);
  return 'typmod' in type ? type.typmod : -1;
}
