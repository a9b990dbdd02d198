// The functions behind pg_cast, row by row: numbers, characters, dates and times, bits, jsonb scalars.
import {
  DATE_INFINITY, DATE_NEGATIVE_INFINITY, LAST_TIMESTAMP, TIMESTAMP_INFINITY, TIMESTAMP_NEGATIVE_INFINITY,
  isTimestampFinite, isTimestampInRange, joinMicros, splitMicros,
} from '../data/calendar.ts';
import { asTimeTz } from '../data/composite.ts';
import { sessionZone } from '../data/datetime-decode.ts';
import { DatabaseError, assert } from '../data/error.ts';
import { Interval, MICROS_PER_DAY, roundEven } from '../data/interval.ts';
import { isJsonArray, isJsonObject, parseJson } from '../data/json.ts';
import { narrowMacAddress, widenMacAddress } from '../data/mac-address.ts';
import { networkText } from '../data/network-text.ts';
import { networkOf } from '../data/network.ts';
import { Numeric } from '../data/numeric.ts';
import { asRange } from '../data/range-bounds.ts';
import { multirangeFamily } from '../data/range-type.ts';
import { formatChar, nameFits, parseChar } from '../data/scalar-text.ts';
import { mentionType } from '../data/type-info.ts';
import type { Datum } from '../data/datum.ts';
import type { LogicalType } from '../data/types.ts';
import type { Json } from '../data/json.ts';
import { timeOf } from './context.ts';
import type { EvalContext } from './context.ts';

export function outOfRange(type: string): DatabaseError {
  return new DatabaseError('22003', `${type} out of range`);
}

/** Requires: the pair is listed in cast-table.ts; not NULL. Modifiers of `to` are not applied. */
export function convertScalar(datum: Datum, from: LogicalType, to: LogicalType, context: EvalContext): Datum {
  switch (to.kind) {
    case 'int2': case 'int4': case 'int8': case 'float4': case 'float8': case 'numeric':
      return toNumber(datum, from, to, context);
    case 'oid': case 'regproc': case 'regprocedure': case 'regoper': case 'regoperator': case 'regclass':
    case 'regcollation': case 'regtype': case 'regrole': case 'regnamespace':
      return toOid(datum, to, context);
    case 'boolean': return from.kind === 'jsonb' ? jsonbScalar(datum, to) : datum !== 0;
    case 'text': case 'varchar': case 'bpchar': case 'name': case 'char': return toCharacters(datum, from, to);
    case 'date': case 'time': case 'timetz': case 'timestamp': case 'timestamptz': case 'interval':
      return toTime(datum, from, to, context);
    case 'bit': return toBits(datum, to, from);
    case 'inet': case 'cidr': case 'macaddr': case 'macaddr8': return toAddress(datum, to);
    default: return multirangeFamily(to) === undefined ? datum : { ranges: [asRange(datum)].filter((r) => !r.empty) };
  }
}

function toNumber(datum: Datum, from: LogicalType, to: LogicalType, context: EvalContext): Datum {
  if (from.kind === 'jsonb') return convertScalar(jsonbScalar(datum, to), { kind: 'numeric', typmod: -1 }, to, context);
  if (datum instanceof Numeric) return fromNumeric(datum, to);
  if (typeof datum === 'boolean') return datum ? 1 : 0;
  if (typeof datum === 'string') return fromCharacters(datum, from, to);
  if (typeof datum === 'bigint') return fromBigInt(datum, to);
  assert(typeof datum === 'number', 'number datum');
  const isFloat = from.kind === 'float4' || from.kind === 'float8';
  switch (to.kind) {
    case 'int2': return integral(datum, isFloat, 32767, 'smallint');
    case 'int4':
      // oid and its kin: the same 32 bits.
      return from.kind === 'int2' || isFloat ? integral(datum, isFloat, 2147483647, 'integer') : datum | 0;
    case 'int8': return floatToInt8(datum);
    case 'float4': return toFloat4(datum);
    case 'float8': return datum;
    default: return isFloat ? Numeric.fromFloat(datum, from.kind === 'float4' ? 6 : 15) : Numeric.fromInteger(datum);
  }
}

function integral(value: number, isFloat: boolean, greatest: number, type: string): number {
  const rounded = isFloat ? roundEven(value) + 0 : value;
  if (!(rounded >= -greatest - 1 && rounded <= greatest)) throw outOfRange(type);
  return rounded;
}

function floatToInt8(value: number): bigint {
  const rounded = roundEven(value);
  if (!(rounded >= -(2 ** 63) && rounded < 2 ** 63)) throw outOfRange('bigint');
  return BigInt(rounded);
}

/** float8 → float4: 22003 where finite becomes infinite or something becomes nothing. */
export function toFloat4(value: number): number {
  const narrow = Math.fround(value);
  if (!Number.isFinite(narrow) && Number.isFinite(value)) {
    throw new DatabaseError('22003', 'value out of range: overflow');
  }
  if (narrow === 0 && value !== 0) throw new DatabaseError('22003', 'value out of range: underflow');
  return narrow;
}

function fromBigInt(value: bigint, to: LogicalType): Datum {
  switch (to.kind) {
    case 'int2':
      if (BigInt.asIntN(16, value) !== value) throw outOfRange('smallint');
      return Number(value);
    case 'int4':
      if (BigInt.asIntN(32, value) !== value) throw outOfRange('integer');
      return Number(value);
    case 'float4': return Math.fround(Number(value));
    case 'float8': return Number(value);
    case 'numeric': return Numeric.fromBigInt(value);
    default: return value;
  }
}

function fromNumeric(value: Numeric, to: LogicalType): Datum {
  switch (to.kind) {
    case 'int2': return value.toInt2();
    case 'int4': return value.toInt4();
    case 'int8': return value.toInt8();
    case 'float4': return value.toFloat4();
    case 'float8': return value.toFloat8();
    default: return value;
  }
}

/** "char" → int4, bit → int4, int8. */
function fromCharacters(text: string, from: LogicalType, to: LogicalType): Datum {
  if (from.kind === 'char') return text === '' ? 0 : (text.charCodeAt(0) << 24) >> 24;
  const width = to.kind === 'int8' ? 64 : 32;
  if (text.length > width) throw outOfRange(to.kind === 'int8' ? 'bigint' : 'integer');
  const value = BigInt.asIntN(width, BigInt(`0b0${text}`));
  return to.kind === 'int8' ? value : Number(value);
}

function toBits(datum: Datum, to: LogicalType, from: LogicalType): Datum {
  if (typeof datum === 'string') return datum;
  assert(typeof datum === 'bigint' || typeof datum === 'number', 'integer datum');
  // bit alone is bit(1); the low bits are kept, the sign fills what is wider.
  const width = 'typmod' in to && to.typmod > 0 ? to.typmod : 1;
  const own = from.kind === 'int8' ? 64 : 32;
  const value = BigInt.asIntN(own, BigInt(datum));
  return BigInt.asUintN(width, value).toString(2).padStart(width, '0');
}

function toOid(datum: Datum, to: LogicalType, context: EvalContext): Datum {
  if (typeof datum === 'string') {
    assert(to.kind === 'regclass', 'text to regclass');
    return context.catalog.oidOf('regclass', datum);
  }
  if (typeof datum === 'bigint') {
    if (datum < 0n || datum > 4294967295n) throw new DatabaseError('22003', 'OID out of range');
    return Number(datum);
  }
  return Number(datum) >>> 0;
}

function toCharacters(datum: Datum, from: LogicalType, to: LogicalType): Datum {
  if (typeof datum === 'boolean') return datum ? 'true' : 'false';
  if (typeof datum === 'number') {
    if (datum < -128 || datum > 127) throw outOfRange('"char"');
    return datum === 0 ? '' : String.fromCharCode(datum & 0xff);
  }
  if (datum instanceof Uint8Array) return networkText(datum);
  assert(typeof datum === 'string', 'character datum');
  if (from.kind === 'char') return to.kind === 'char' ? datum : formatChar(datum);
  const text = from.kind === 'bpchar' && to.kind !== 'bpchar' ? datum.replace(/ +$/, '') : datum;
  if (to.kind === 'name') return nameFits(text);
  return to.kind === 'char' ? parseChar(text) : text;
}

/** cidr → inet is what it was. */
function toAddress(datum: Datum, to: LogicalType): Datum {
  assert(datum instanceof Uint8Array, 'address datum');
  switch (to.kind) {
    case 'cidr': return networkOf(datum);
    case 'macaddr': return narrowMacAddress(datum);
    case 'macaddr8': return widenMacAddress(datum);
    default: return datum;
  }
}

function toTime(datum: Datum, from: LogicalType, to: LogicalType, context: EvalContext): Datum {
  switch (from.kind) {
    case 'date': return dateToTimestamp(Number(datum), to, context);
    case 'timestamp':
      assert(typeof datum === 'bigint', 'timestamp datum');
      return to.kind === 'timestamptz' ? localToUtc(datum, context) : timestampPart(datum, to);
    case 'timestamptz': {
      assert(typeof datum === 'bigint', 'timestamptz datum');
      const local = utcToLocal(datum, context);
      if (to.kind === 'timestamp') return local;
      const part = timestampPart(local, to);
      if (to.kind !== 'timetz' || typeof part !== 'bigint') return part;
      return { micros: part, offsetSeconds: Number((local - datum) / 1_000_000n) };
    }
    case 'time':
      assert(typeof datum === 'bigint', 'time datum');
      if (to.kind === 'interval') return new Interval(0, 0, datum);
      return { micros: datum, offsetSeconds: offsetNow(context) };
    case 'timetz': return asTimeTz(datum).micros;
    default:
      assert(datum instanceof Interval, 'interval datum');
      return ((datum.micros % MICROS_PER_DAY) + MICROS_PER_DAY) % MICROS_PER_DAY;
  }
}

function dateToTimestamp(days: number, to: LogicalType, context: EvalContext): bigint {
  if (days === DATE_INFINITY) return TIMESTAMP_INFINITY;
  if (days === DATE_NEGATIVE_INFINITY) return TIMESTAMP_NEGATIVE_INFINITY;
  const micros = dateMicros(days);
  if (to.kind !== 'timestamptz') return micros;
  const offset = sessionZone(context.format).offsetOfLocal(days * 86400);
  const utc = micros - BigInt(offset) * 1_000_000n;
  if (!isTimestampInRange(utc)) throw dateOutOfRange();
  return utc;
}

/** A date's midnight. Requires: finite. */
export function dateMicros(days: number): bigint {
  const micros = joinMicros(days, 0);
  if (micros > LAST_TIMESTAMP) throw dateOutOfRange();
  return micros;
}

function dateOutOfRange(): DatabaseError {
  return new DatabaseError('22008', 'date out of range for timestamp');
}

/** Date, or µs since midnight; NULL of an infinite timestamp's time. */
function timestampPart(local: bigint, to: LogicalType): Datum {
  if (!isTimestampFinite(local)) {
    if (to.kind !== 'date') return null;
    return local === TIMESTAMP_INFINITY ? DATE_INFINITY : DATE_NEGATIVE_INFINITY;
  }
  const { days, rest } = splitMicros(local);
  return to.kind === 'date' ? days : BigInt(rest);
}

/** A local time in the session's zone as an instant; infinity stays. */
export function localToUtc(local: bigint, context: EvalContext): bigint {
  if (!isTimestampFinite(local)) return local;
  const { days, rest } = splitMicros(local);
  const offset = sessionZone(context.format).offsetOfLocal(days * 86400 + Math.floor(rest / 1_000_000));
  return inRange(local - BigInt(offset) * 1_000_000n);
}

function inRange(micros: bigint): bigint {
  if (!isTimestampInRange(micros)) throw new DatabaseError('22008', 'timestamp out of range');
  return micros;
}

export function utcToLocal(micros: bigint, context: EvalContext): bigint {
  if (!isTimestampFinite(micros)) return micros;
  const { days, rest } = splitMicros(micros);
  const offset = sessionZone(context.format).offsetAt(days * 86400 + Math.floor(rest / 1_000_000));
  return inRange(micros + BigInt(offset) * 1_000_000n);
}

function offsetNow(context: EvalContext): number {
  const zone = sessionZone(context.format);
  return zone.fixed ?? zone.offsetAt(Number(timeOf(context.transactionTime) / 1_000_000n));
}

/** jsonb → boolean or a number: only from the scalar of that kind. */
function jsonbScalar(datum: Datum, to: LogicalType): Datum {
  assert(typeof datum === 'string', 'jsonb datum');
  const value = parseJson(datum);
  if (to.kind === 'boolean' ? typeof value === 'boolean' : value instanceof Numeric) {
    return typeof value === 'boolean' || value instanceof Numeric ? value : null;
  }
  throw new DatabaseError('22023', `cannot cast jsonb ${jsonKind(value)} to type ${mentionType(to)}`);
}

function jsonKind(value: Json): string {
  if (value === null) return 'null';
  if (isJsonArray(value)) return 'array';
  if (isJsonObject(value)) return 'object';
  return value instanceof Numeric ? 'numeric' : typeof value;
}
