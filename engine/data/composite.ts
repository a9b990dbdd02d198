// How `bytes` vectors hold values of every type: scalars, arrays and records, elements nested in them included.
//
// Format of one value: fixed-size layouts little-endian in their own width (bool 1, int16 2, int32 4, int64 8,
// float32 4, float64 8, fixed16 16 bytes); text and its kin UTF-8; bytea as is; numeric as in numeric-bytes.ts;
// timetz int64 µs and int32 seconds east. Array: u8 number of dimensions; int32 length and int32 lower bound of each;
// elements. Record: u16 number of fields; fields. An element or field is an int32 byte length (-1: NULL) and the value.
// Ranges: as in range-bytes.ts.
import { assert } from './error.ts';
import { Interval, readInterval, writeInterval } from './interval.ts';
import { Numeric } from './numeric.ts';
import { decodeNumeric, encodeNumeric } from './numeric-bytes.ts';
import { asMultirange, asRange } from './range-bounds.ts';
import { RangeBytes, decodeMultirange, decodeRange, encodeMultirange, encodeRange } from './range-bytes.ts';
import { anyRangeFamily } from './range-type.ts';
import { layoutOf } from './types.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';
import { formatUuid, writeUuid } from './uuid.ts';
import type { Datum, SqlArray, SqlMultirange, SqlRange, SqlRecord, TimeTz } from './datum.ts';
import type { RangeFamily } from './range-type.ts';
import type { ArrayType, LogicalType, RecordType } from './types.ts';

/** The bytes of one value. Requires: `datum` is not NULL and is what datum.ts says for `type`. */
export function encodeDatum(type: LogicalType, datum: Datum): Uint8Array {
  switch (layoutOf(type)) {
    case 'bool': return Uint8Array.of(datum === true ? 1 : 0);
    case 'bytes': return encodeVariable(type, datum);
    default: return encodeFixed(type, datum);
  }
}

/** One value is written here and copied out: a view of each small array would cost far more than the array. */
const FIXED = new Uint8Array(16);
const FIXED_VIEW = new DataView(FIXED.buffer);

function encodeFixed(type: LogicalType, datum: Datum): Uint8Array {
  switch (layoutOf(type)) {
    case 'int16': FIXED_VIEW.setInt16(0, Number(datum), true); break;
    case 'int32': FIXED_VIEW.setInt32(0, Number(datum), true); break;
    case 'int64':
      assert(typeof datum === 'bigint' || typeof datum === 'number', 'int64 datum');
      FIXED_VIEW.setBigInt64(0, BigInt(datum), true);
      break;
    case 'float32': FIXED_VIEW.setFloat32(0, Number(datum), true); break;
    case 'float64': FIXED_VIEW.setFloat64(0, Number(datum), true); break;
    default: writeFixed16(FIXED, 0, datum);
  }
  return FIXED.slice(0, fixedWidth(type));
}

/** A uuid or an interval, told apart by the datum. */
export function writeFixed16(out: Uint8Array, at: number, datum: Datum): void {
  if (typeof datum === 'string') writeUuid(out, at, datum);
  else {
    assert(datum instanceof Interval, 'fixed16 datum');
    writeInterval(out, at, datum);
  }
}

function fixedWidth(type: LogicalType): number {
  switch (layoutOf(type)) {
    case 'bool': return 1;
    case 'int16': return 2;
    case 'int32': case 'float32': return 4;
    case 'int64': case 'float64': return 8;
    case 'fixed16': return 16;
    case 'bytes': return 0;
  }
}

function encodeVariable(type: LogicalType, datum: Datum): Uint8Array {
  if (typeof datum === 'string') return encodeUtf8(datum);
  if (datum instanceof Uint8Array) return datum;
  if (datum instanceof Numeric) return encodeNumeric(datum);
  switch (type.kind) {
    case 'domain': return encodeVariable(type.base, datum);
    case 'array': return encodeArray(type, asArray(datum));
    case 'record': return encodeRecord(type, asRecord(datum));
    case 'timetz': return encodeTimeTz(asTimeTz(datum));
    default: return encodeRanges(type, datum);
  }
}

function encodeRanges(type: LogicalType, datum: Datum): Uint8Array {
  const family = anyRangeFamily(type);
  if (family === undefined) throw assertionOf(type, datum);
  const encode = (value: Datum): Uint8Array => encodeDatum(family.bound, value);
  return type.kind === family.range.kind ? encodeRange(asRange(datum), true, encode)
    : encodeMultirange(asMultirange(datum), true, encode);
}

function assertionOf(type: LogicalType, datum: Datum): Error {
  return new TypeError(`a ${typeof datum} is no datum of type ${type.kind}`);
}

/** Narrows a datum of array type. */
export function asArray(datum: Datum): SqlArray {
  assert(typeof datum === 'object' && datum !== null && 'dimensions' in datum, 'array datum');
  return datum;
}
/** Narrows a datum of record type. */
export function asRecord(datum: Datum): SqlRecord {
  assert(typeof datum === 'object' && datum !== null && 'fields' in datum, 'record datum');
  return datum;
}
/** Narrows a datum of type timetz. */
export function asTimeTz(datum: Datum): TimeTz {
  assert(typeof datum === 'object' && datum !== null && 'offsetSeconds' in datum, 'timetz datum');
  return datum;
}

export const EMPTY_ARRAY: SqlArray = { dimensions: [], lowerBounds: [], values: [] };

/** A one-dimensional array, or the empty one, with lower bound 1. */
export function arrayFrom(values: readonly Datum[]): SqlArray {
  return values.length === 0 ? EMPTY_ARRAY : { dimensions: [values.length], lowerBounds: [1], values };
}

function encodeTimeTz(value: TimeTz): Uint8Array {
  const out = new Uint8Array(12);
  const view = new DataView(out.buffer);
  view.setBigInt64(0, value.micros, true);
  view.setInt32(8, value.offsetSeconds, true);
  return out;
}

function encodeArray(type: ArrayType, array: SqlArray): Uint8Array {
  const parts = array.values.map((v) => (v === null ? null : encodeDatum(type.element, v)));
  const header = 1 + array.dimensions.length * 8;
  const out = new Uint8Array(header + partsLength(parts));
  out[0] = array.dimensions.length;
  array.dimensions.forEach((length, d) => {
    writeInt32(out, 1 + d * 8, length);
    writeInt32(out, 5 + d * 8, array.lowerBounds[d]);
  });
  writeParts(out, header, parts);
  return out;
}

function encodeRecord(type: RecordType, record: SqlRecord): Uint8Array {
  const parts = record.fields.map((v, i) => (v === null ? null : encodeDatum(type.fields[i].type, v)));
  const out = new Uint8Array(2 + partsLength(parts));
  out[0] = parts.length;
  out[1] = parts.length >> 8;
  writeParts(out, 2, parts);
  return out;
}

function partsLength(parts: readonly (Uint8Array | null)[]): number {
  let total = 0;
  for (const part of parts) total += 4 + (part === null ? 0 : part.length);
  return total;
}

function writeInt32(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >> 8;
  out[at + 2] = value >> 16;
  out[at + 3] = value >> 24;
}

function writeParts(out: Uint8Array, start: number, parts: readonly (Uint8Array | null)[]): void {
  let at = start;
  for (const part of parts) {
    writeInt32(out, at, part === null ? -1 : part.length);
    at += 4;
    if (part === null) continue;
    out.set(part, at);
    at += part.length;
  }
}

/** The value in bytes[start .. end) as encodeDatum wrote it. */
export function decodeDatum(type: LogicalType, bytes: Uint8Array, start: number, end: number): Datum {
  switch (layoutOf(type)) {
    case 'bool': return bytes[start] !== 0;
    case 'bytes': return decodeVariable(type, bytes, start, end);
    case 'fixed16': return readFixed16(type, bytes, start);
    default: return decodeFixed(type, bytes, start);
  }
}

/** A uuid or an interval. */
export function readFixed16(type: LogicalType, bytes: Uint8Array, at: number): Datum {
  const kind = type.kind === 'domain' ? type.base.kind : type.kind;
  return kind === 'uuid' ? formatUuid(bytes, at) : readInterval(bytes, at);
}

function decodeFixed(type: LogicalType, bytes: Uint8Array, start: number): Datum {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  switch (layoutOf(type)) {
    case 'int16': return view.getInt16(0, true);
    case 'int32': return view.getInt32(0, true);
    case 'float32': return view.getFloat32(0, true);
    case 'float64': return view.getFloat64(0, true);
    default: return int64Datum(type, view.getBigInt64(0, true));
  }
}

/** True of the int64 types whose datum is a number: oid, xid, cid and the reg types. */
export function isOidLike(type: LogicalType): boolean {
  switch (type.kind) {
    case 'int8': case 'pg_lsn': case 'time': case 'timestamp': case 'timestamptz': return false;
    case 'domain': return isOidLike(type.base);
    default: return true;
  }
}

function int64Datum(type: LogicalType, value: bigint): Datum {
  return isOidLike(type) ? Number(value) : value;
}

/** A value of a `bytes` layout. */
export function decodeVariable(type: LogicalType, bytes: Uint8Array, start: number, end: number): Datum {
  switch (type.kind) {
    case 'numeric': return decodeNumeric(bytes, start, end);
    case 'bytea': case 'inet': case 'cidr': case 'macaddr': case 'macaddr8': return bytes.slice(start, end);
    case 'array': return decodeArray(type, bytes, start);
    case 'record': return decodeRecord(type, bytes, start);
    case 'timetz': {
      const view = new DataView(bytes.buffer, bytes.byteOffset + start, 12);
      return { micros: view.getBigInt64(0, true), offsetSeconds: view.getInt32(8, true) };
    }
    case 'domain': return decodeVariable(type.base, bytes, start, end);
    default: {
      const family = anyRangeFamily(type);
      return family === undefined ? decodeUtf8(bytes, start, end) : decodeRanges(type, family, bytes, [start, end]);
    }
  }
}

function decodeRanges(
  type: LogicalType, { range, bound }: RangeFamily, bytes: Uint8Array, [start, end]: readonly [number, number],
): SqlRange | SqlMultirange {
  const one = (from: number, to: number): SqlRange => decodeRange(new RangeBytes(bytes, from, to, true),
    (a, b) => decodeDatum(bound, bytes, a, b));
  return type.kind === range.kind ? one(start, end) : decodeMultirange(new RangeBytes(bytes, start, end, true), one);
}

function decodeArray(type: ArrayType, bytes: Uint8Array, start: number): SqlArray {
  const dimensionCount = bytes[start];
  if (dimensionCount === 0) return EMPTY_ARRAY;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const dimensions: number[] = [];
  const lowerBounds: number[] = [];
  let count = 1;
  for (let d = 0; d < dimensionCount; d++) {
    const length = view.getInt32(1 + d * 8, true);
    dimensions.push(length);
    lowerBounds.push(view.getInt32(5 + d * 8, true));
    count *= length;
  }
  const values: Datum[] = [];
  let at = start + 1 + dimensionCount * 8;
  for (let i = 0; i < count; i++) {
    const length = view.getInt32(at - start, true);
    at += 4;
    if (length < 0) values.push(null);
    else {
      values.push(decodeDatum(type.element, bytes, at, at + length));
      at += length;
    }
  }
  return { dimensions, lowerBounds, values };
}

function decodeRecord(type: RecordType, bytes: Uint8Array, start: number): SqlRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const count = view.getUint16(0, true);
  const fields: Datum[] = [];
  let at = start + 2;
  for (let i = 0; i < count; i++) {
    const length = view.getInt32(at - start, true);
    at += 4;
    if (length < 0) fields.push(null);
    else {
      fields.push(decodeDatum(type.fields[i].type, bytes, at, at + length));
      at += length;
    }
  }
  return { fields };
}
