// = <> < <= > >= for every ordered type, from one table of types; text in the order of its UTF-8 bytes.
import { asRecord } from '../../data/composite.ts';
import { compareDatums } from '../../data/datum-order.ts';
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import {
  baseType, BOOLEAN, BPCHAR, BYTEA, CHAR, DATE, FLOAT4, FLOAT8, INT2, INT4, INT8, INET, INTERVAL, JSONB, MACADDR,
  MACADDR8, NAME, NUMERIC, OID, orderFlip, parametricType, simpleType, TEXT, TIME, TIMESTAMP, TIMESTAMPTZ, UUID,
} from '../../data/types.ts';
import { mentionType, oidOf } from '../../data/type-info.ts';
import type { LogicalType } from '../../data/types.ts';
import type { Validity, Vector } from '../../data/vector.ts';
import { example, num, operator } from '../define.ts';
import type { Kernel, ScalarFunction } from '../function.ts';
import { boolColumn, boolResult, bytesColumn, float64Values, int32Values, int64Words } from './columns.ts';
import * as kernels from './comparison-kernels.ts';

/** Writes equality or order of two columns. */
type Compare = (a: Vector, b: Vector, out: Uint8Array, validity: Validity) => void;
interface Comparers { readonly equal: Compare; readonly less: Compare }

const BYTES: Comparers = {
  equal: (a, b, out) => kernels.equalBytes(bytesColumn(a), bytesColumn(b), out),
  less: (a, b, out) => kernels.lessBytes(bytesColumn(a), bytesColumn(b), out),
};
const PADDED: Comparers = {
  equal: (a, b, out) => kernels.equalPadded(bytesColumn(a), bytesColumn(b), out),
  less: (a, b, out) => kernels.lessPadded(bytesColumn(a), bytesColumn(b), out),
};
const NUMERICS: Comparers = {
  equal: (a, b, out, validity) => kernels.equalNumeric(bytesColumn(a), bytesColumn(b), out, validity),
  less: (a, b, out, validity) => kernels.lessNumeric(bytesColumn(a), bytesColumn(b), out, validity),
};
const BOOLS: Comparers = {
  equal: (a, b, out) => kernels.equal8(boolColumn(a).values, boolColumn(b).values, out),
  less: (a, b, out) => kernels.less8(boolColumn(a).values, boolColumn(b).values, out),
};
const INT32S: Comparers = {
  equal: (a, b, out) => kernels.equal32(int32Values(a), int32Values(b), out),
  less: (a, b, out) => kernels.less32(int32Values(a), int32Values(b), out),
};
const INT64S: Comparers = {
  equal: (a, b, out) => kernels.equal64(int64Words(a), int64Words(b), out),
  less: (a, b, out) => kernels.less64(int64Words(a), int64Words(b), out, 0),
};
const UNSIGNED64S: Comparers = {
  equal: INT64S.equal,
  less: (a, b, out) => kernels.less64(int64Words(a), int64Words(b), out, orderFlip(a.type)),
};
const FLOATS: Comparers = {
  equal: (a, b, out) => kernels.equalFloat64(float64Values(a), float64Values(b), out),
  less: (a, b, out) => kernels.lessFloat64(float64Values(a), float64Values(b), out),
};

function fixed16(v: Vector): Uint8Array {
  return v.layout === 'fixed16' ? v.values : new Uint8Array(0);
}
const UUIDS: Comparers = {
  equal: (a, b, out) => kernels.equal128(fixed16(a), fixed16(b), out),
  less: (a, b, out) => kernels.less128(fixed16(a), fixed16(b), out),
};

/** Every comparison is one of two, its arguments swapped or its answer inverted. */
interface Operation {
  readonly symbol: string;
  readonly test: 'equal' | 'less';
  readonly swap: boolean;
  readonly invert: boolean;
  readonly words: string;
  readonly holds: (order: number) => boolean;
}

const OPERATIONS: readonly Operation[] = [
  { symbol: '=', test: 'equal', swap: false, invert: false, words: 'equal to', holds: (c) => c === 0 },
  { symbol: '<>', test: 'equal', swap: false, invert: true, words: 'not equal to', holds: (c) => c !== 0 },
  { symbol: '<', test: 'less', swap: false, invert: false, words: 'less than', holds: (c) => c < 0 },
  { symbol: '>', test: 'less', swap: true, invert: false, words: 'greater than', holds: (c) => c > 0 },
  { symbol: '<=', test: 'less', swap: true, invert: true, words: 'less than or equal to', holds: (c) => c <= 0 },
  { symbol: '>=', test: 'less', swap: false, invert: true, words: 'greater than or equal to', holds: (c) => c >= 0 },
];

function invert(flags: Uint8Array): void {
  for (let i = 0; i < flags.length; i++) flags[i] ^= 1;
}

function kernelOf(comparers: Comparers, operation: Operation): Kernel {
  const compare = comparers[operation.test];
  const { swap, invert: opposite } = operation;
  return ([a, b], length, validity) => {
    const out = new Uint8Array(length);
    if (swap) compare(b, a, out, validity);
    else compare(a, b, out, validity);
    if (opposite) invert(out);
    return boolResult(out, length, validity);
  };
}

interface Family {
  readonly args: readonly [LogicalType, LogicalType];
  readonly comparers: Comparers | null;
  readonly order: (a: Datum, b: Datum) => number;
  /** Two literals, the first less than the second, for the example. */
  readonly sample: readonly [string, string];
}

function same(type: LogicalType, comparers: Comparers | null, low: string, high: string): Family {
  return { args: [type, type], comparers, order: (a, b) => compareDatums(type, a, b), sample: [low, high] };
}

function toBigInt(d: Datum): bigint {
  return typeof d === 'bigint' ? d : BigInt(num(d));
}

function compareIntegers(a: Datum, b: Datum): number {
  const [x, y] = [toBigInt(a), toBigInt(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Two number types; `order` is the type both can be compared as, null for integers of different storage. */
function mixed(a: LogicalType, b: LogicalType, comparers: Comparers, order: LogicalType | null): Family {
  return {
    args: [a, b],
    comparers,
    order: order === null ? compareIntegers : (x, y) => compareDatums(order, x, y),
    sample: [`1::${a.kind}`, `2::${b.kind}`],
  };
}

const RECORD: LogicalType = { kind: 'record', fields: [] };
/** Types whose order depends on the argument's own type: its fields, elements, labels. */
const ANY_ARRAY = simpleType('anyarray');
const ANY_ENUM = simpleType('anyenum');
const ANY_RANGE = simpleType('anyrange');
const ANY_MULTIRANGE = simpleType('anymultirange');
const OWN_ORDER: ReadonlySet<string> = new Set(['anyarray', 'anyenum', 'anyrange', 'anymultirange', 'record']);

const FAMILIES: readonly Family[] = [
  same(BOOLEAN, BOOLS, 'false', 'true'),
  same(INT2, INT32S, '1::int2', '2::int2'), same(INT4, INT32S, '1', '2'), same(INT8, INT64S, '1::int8', '2::int8'),
  mixed(INT2, INT4, INT32S, INT4), mixed(INT4, INT2, INT32S, INT4),
  mixed(INT2, INT8, INT64S, null), mixed(INT8, INT2, INT64S, null),
  mixed(INT4, INT8, INT64S, null), mixed(INT8, INT4, INT64S, null),
  same(FLOAT4, FLOATS, '1::float4', '1.5::float4'), same(FLOAT8, FLOATS, '1::float8', '1.5::float8'),
  mixed(FLOAT4, FLOAT8, FLOATS, FLOAT8), mixed(FLOAT8, FLOAT4, FLOATS, FLOAT8),
  same(NUMERIC, NUMERICS, '1.0', '1.01'),
  same(TEXT, BYTES, `'abc'::text`, `'abd'::text`), same(NAME, BYTES, `'abc'::name`, `'abd'::name`),
  { ...same(TEXT, BYTES, `'abc'::name`, `'abd'::text`), args: [NAME, TEXT] },
  { ...same(TEXT, BYTES, `'abc'::text`, `'abd'::name`), args: [TEXT, NAME] },
  same(BPCHAR, PADDED, `'a'::char(3)`, `'b'::char(2)`), same(CHAR, BYTES, `'a'::"char"`, `'b'::"char"`),
  same(parametricType('bit'), BYTES, `B'101'`, `B'11'`), same(parametricType('varbit'), BYTES, `B'101'::varbit`, `B'11'::varbit`),
  same(BYTEA, BYTES, `'\\x01'::bytea`, `'\\x0100'::bytea`),
  same(UUID, UUIDS, `'00000000-0000-0000-0000-000000000001'::uuid`, `'00000000-0000-0000-0000-000000000002'::uuid`),
  same(INET, BYTES, `inet '10.0.0.0/8'`, `inet '10.0.0.0'`),
  same(MACADDR, BYTES, `macaddr '08:00:2b:01:02:03'`, `macaddr '08:00:2b:01:02:04'`),
  same(MACADDR8, BYTES, `macaddr8 '08:00:2b:01:02:03:04:05'`, `macaddr8 '08:00:2b:01:02:03:04:06'`),
  same(DATE, INT32S, `date '2001-01-01'`, `date '2001-01-02'`),
  same(TIME, INT64S, `time '08:00'`, `time '09:00'`),
  same(parametricType('timetz'), null, `timetz '08:00+00'`, `timetz '08:00-01'`),
  same(TIMESTAMP, INT64S, `timestamp '2001-01-01 00:00'`, `timestamp '2001-01-01 00:01'`),
  same(TIMESTAMPTZ, INT64S, `timestamptz '2001-01-01 00:00+00'`, `timestamptz '2001-01-01 00:00-01'`),
  same(INTERVAL, null, `interval '29 days'`, `interval '1 month'`),
  same(JSONB, null, `'1'::jsonb`, `'[1]'::jsonb`),
  same(OID, INT64S, '1::oid', '2::oid'),
  same(simpleType('pg_lsn'), UNSIGNED64S, `'0/1'::pg_lsn`, `'0/2'::pg_lsn`),
  same(simpleType('tid'), null, `'(0,1)'::tid`, `'(0,2)'::tid`),
  same(ANY_ARRAY, null, 'array[1,2]', 'array[1,3]'),
  same(ANY_RANGE, null, `'[1,4)'::int4range`, `'[1,5)'::int4range`),
  same(ANY_MULTIRANGE, null, `'{[1,2)}'::int4multirange`, `'{[1,2),[3,4)}'::int4multirange`),
  same(RECORD, null, `row(1,'a')`, `row(1,'b')`),
  { ...same(ANY_ENUM, null, '', ''), sample: ['', ''] },
];

/** 42804 where the rows are not of the same types, as far as they have to be looked at. */
function compareRows(a: LogicalType, b: LogicalType, x: Datum, y: Datum): number {
  const [left, right] = [baseType(a), baseType(b)];
  if (left === right || left.kind !== 'record' || right.kind !== 'record') return compareDatums(left, x, y);
  const [lefts, rights] = [asRecord(x).fields, asRecord(y).fields];
  const shared = Math.min(left.fields.length, right.fields.length);
  for (let i = 0; i < shared; i++) {
    const [p, q] = [left.fields[i].type, right.fields[i].type];
    if (oidOf(p) !== oidOf(q)) {
      throw new DatabaseError('42804', `cannot compare dissimilar column types ${mentionType(p)} and ${mentionType(q)} `
        + `at record column ${i + 1}`);
    }
    const [u, v] = [lefts[i] ?? null, rights[i] ?? null];
    const order = u === null || v === null ? Number(u === null) - Number(v === null) : compareRows(p, q, u, v);
    if (order !== 0) return order;
  }
  if (left.fields.length === right.fields.length) return 0;
  throw new DatabaseError('42804', 'cannot compare record types with different numbers of columns');
}

function build(family: Family, operation: Operation): ScalarFunction {
  const [low, high] = family.sample;
  const [a, b] = family.args;
  const own = OWN_ORDER.has(a.kind);
  const { comparers, order } = family;
  return operator({
    name: operation.symbol,
    args: [a, b],
    returns: BOOLEAN,
    description: `${operation.words[0].toUpperCase()}${operation.words.slice(1)}.`,
    ...(low === '' ? {} : { example: example(`SELECT ${low} ${operation.symbol} ${high}`,
      operation.holds(-1) ? 't' : 'f') }),
    ...(a.kind === 'record' ? {} : { total: true as const }),
    row: a.kind === 'record' ? ([x, y], call) => operation.holds(compareRows(call.argTypes[0], call.argTypes[1], x, y)) : own
      ? ([x, y], call) => operation.holds(compareDatums(call.argTypes[0], x, y))
      : ([x, y]) => operation.holds(order(x, y)),
    ...(comparers === null ? {} : { kernel: kernelOf(comparers, operation) }),
  });
}

/** Types that have equality only. */
const EQUALITY_ONLY: readonly Family[] = [
  same(simpleType('xid'), INT64S, `'1'::xid`, `'2'::xid`),
  { ...same(simpleType('xid'), INT64S, `'1'::xid`, '2'), args: [simpleType('xid'), INT4] },
];

/** Of the pattern operator classes: by bytes, whatever the collation. */
const BY_BYTES: readonly Family[] = [
  same(TEXT, BYTES, `'abc'::text`, `'abd'::text`), same(BPCHAR, PADDED, `'a'::char(3)`, `'b'::char(2)`),
];

/** Comparison operators, most used first. */
export const COMPARISON: readonly ScalarFunction[] = [
  ...OPERATIONS.flatMap((operation) => FAMILIES.map((family) => build(family, operation))),
  ...OPERATIONS.slice(0, 2).flatMap((operation) => EQUALITY_ONLY.map((family) => build(family, operation))),
  ...OPERATIONS.slice(2).flatMap((operation) =>
    BY_BYTES.map((family) => build(family, { ...operation, symbol: `~${operation.symbol}~` }))),
];
