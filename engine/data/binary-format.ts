// Values in PostgreSQL's binary wire format (the types' send and receive functions), all integers big-endian.
import { decodeBinaryNumeric, encodeBinaryNumeric } from './binary-numeric.ts';
import { asArray, asRecord, asTimeTz } from './composite.ts';
import { DatabaseError, assert } from './error.ts';
import { Interval } from './interval.ts';
import { widenMacAddress } from './mac-address.ts';
import { makeMultirange } from './multirange.ts';
import { decodeNetwork, encodeNetwork, packNetwork } from './network.ts';
import { Numeric } from './numeric.ts';
import { makeRange } from './range.ts';
import { asMultirange, asRange, lowerBound, upperBound } from './range-bounds.ts';
import { RangeBytes, decodeMultirange, decodeRange, encodeMultirange, encodeRange } from './range-bytes.ts';
import { anyRangeFamily } from './range-type.ts';
import { unsignedDatum, unsignedOf } from './scalar-text.ts';
import { oidOf, typeFromOid } from './type-info.ts';
import { encodeUtf8 } from './utf8.ts';
import { formatUuid, writeUuid } from './uuid.ts';
import type { Datum, SqlArray, SqlMultirange, SqlRange, SqlRecord } from './datum.ts';
import type { NetworkKind } from './network.ts';
import type { RangeFamily } from './range-type.ts';
import type { ArrayType, LogicalType, RecordType } from './types.ts';

/** 2000-01-01 in days and microseconds since 1970-01-01: where PostgreSQL counts from. */
const EPOCH_DAYS = 10957;
const EPOCH_MICROS = 946684800000000n;
const INT4_MAX = 2147483647;
const INT4_MIN = -2147483648;
const INT8_MAX = 9223372036854775807n;
const INT8_MIN = -9223372036854775808n;

const insufficient = (): DatabaseError => new DatabaseError('08P01', 'insufficient data left in message');
const noData = (): DatabaseError => new DatabaseError('08P01', 'no data left in message');
const badFormat = (): DatabaseError => new DatabaseError('22P03', 'incorrect binary data format');

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Bytes of exactly this many, or the error PostgreSQL gives for too few and too many. */
function exact(bytes: Uint8Array, length: number): DataView {
  if (bytes.length < length) throw insufficient();
  if (bytes.length > length) throw badFormat();
  return view(bytes);
}

/** Requires: `datum` is not NULL. */
export function encodeBinary(type: LogicalType, datum: Datum): Uint8Array {
  switch (type.kind) {
    case 'boolean': return Uint8Array.of(datum === true ? 1 : 0);
    case 'int2': return fixed(2, (v) => v.setInt16(0, Number(datum)));
    case 'int4': return fixed(4, (v) => v.setInt32(0, Number(datum)));
    case 'date': return fixed(4, (v) => v.setInt32(0, shiftDays(Number(datum), -EPOCH_DAYS)));
    case 'oid': case 'xid': case 'cid': case 'regclass': case 'regtype': case 'regproc': case 'regprocedure':
    case 'regnamespace': case 'regrole': case 'regoper': case 'regoperator': case 'regcollation':
      return fixed(4, (v) => v.setUint32(0, Number(datum)));
    case 'int8': case 'time': return fixed(8, (v) => v.setBigInt64(0, asBigInt(datum)));
    case 'pg_lsn': return fixed(8, (v) => v.setBigUint64(0, unsignedOf(asBigInt(datum))));
    case 'char': return Uint8Array.of(datum === '' ? 0 : String(datum).charCodeAt(0));
    case 'timestamp': case 'timestamptz':
      return fixed(8, (v) => v.setBigInt64(0, shiftMicros(asBigInt(datum), -EPOCH_MICROS)));
    case 'float4': return fixed(4, (v) => v.setFloat32(0, Number(datum)));
    case 'float8': return fixed(8, (v) => v.setFloat64(0, Number(datum)));
    case 'interval': return encodeInterval(datum);
    case 'timetz': return encodeTimeTz(datum);
    case 'uuid': return encodeUuid(datum);
    case 'numeric':
      assert(datum instanceof Numeric, 'numeric datum');
      return encodeBinaryNumeric(datum);
    case 'bytea': case 'macaddr': case 'macaddr8': return asBytes(datum);
    case 'inet': case 'cidr': return encodeNetwork(type.kind, asBytes(datum));
    case 'jsonb': case 'jsonpath': return versioned(encodeUtf8(String(datum)));
    case 'bit': case 'varbit': return encodeBits(String(datum));
    case 'domain': return encodeBinary(type.base, datum);
    case 'array': return encodeArray(type, asArray(datum));
    case 'record': return encodeRecord(type, asRecord(datum));
    case 'void': return new Uint8Array(0);
    default: {
      const family = anyRangeFamily(type);
      return family === undefined ? encodeUtf8(String(datum)) : encodeRanges(type, family, datum);
    }
  }
}

function encodeRanges(type: LogicalType, family: RangeFamily, datum: Datum): Uint8Array {
  const encode = (value: Datum): Uint8Array => encodeBinary(family.bound, value);
  return type.kind === family.range.kind ? encodeRange(asRange(datum), false, encode)
    : encodeMultirange(asMultirange(datum), false, encode);
}

function decodeRanges(type: LogicalType, family: RangeFamily, bytes: Uint8Array): SqlRange | SqlMultirange {
  const one = (start: number, end: number): SqlRange => {
    const range = decodeRange(new RangeBytes(bytes, start, end, false),
      (a, b) => decodeBinary(family.bound, bytes.subarray(a, b)));
    return range.empty ? range : makeRange(family, lowerBound(range), upperBound(range));
  };
  if (type.kind === family.range.kind) return one(0, bytes.length);
  return makeMultirange(family, decodeMultirange(new RangeBytes(bytes, 0, bytes.length, false), one).ranges);
}

/** 22P03 and 08P01 for bytes that are no value of the type, 22021 for text that is not UTF-8. */
export function decodeBinary(type: LogicalType, bytes: Uint8Array): Datum {
  switch (type.kind) {
    case 'boolean': return exact(bytes, 1).getUint8(0) !== 0;
    case 'int2': return exact(bytes, 2).getInt16(0);
    case 'int4': return exact(bytes, 4).getInt32(0);
    case 'date': return shiftDays(exact(bytes, 4).getInt32(0), EPOCH_DAYS);
    case 'oid': case 'xid': case 'cid': case 'regclass': case 'regtype': case 'regproc': case 'regprocedure':
    case 'regnamespace': case 'regrole': case 'regoper': case 'regoperator': case 'regcollation':
      return exact(bytes, 4).getUint32(0);
    case 'int8': return exact(bytes, 8).getBigInt64(0);
    case 'pg_lsn': return unsignedDatum(exact(bytes, 8).getBigUint64(0));
    case 'char': return exact(bytes, 1).getUint8(0) === 0 ? '' : String.fromCharCode(bytes[0]);
    case 'time': return checkTime(exact(bytes, 8).getBigInt64(0));
    case 'timestamp': case 'timestamptz': return shiftMicros(exact(bytes, 8).getBigInt64(0), EPOCH_MICROS);
    case 'float4': return exact(bytes, 4).getFloat32(0);
    case 'float8': return exact(bytes, 8).getFloat64(0);
    case 'interval': {
      const v = exact(bytes, 16);
      return new Interval(v.getInt32(12), v.getInt32(8), v.getBigInt64(0));
    }
    case 'timetz': {
      const v = exact(bytes, 12);
      return { micros: checkTime(v.getBigInt64(0)), offsetSeconds: -v.getInt32(8) };
    }
    case 'uuid':
      exact(bytes, 16);
      return formatUuid(bytes, 0);
    case 'numeric': return decodeBinaryNumeric(bytes);
    case 'bytea': return new Uint8Array(bytes);
    case 'inet': case 'cidr': return decodeAddress(type.kind, bytes);
    case 'macaddr': return new Uint8Array(octets(bytes, 6));
    case 'macaddr8': return bytes.length === 6 ? widenMacAddress(bytes) : new Uint8Array(octets(bytes, 8));
    case 'jsonb': case 'jsonpath': return decodeVersioned(type.kind, bytes);
    case 'bit': case 'varbit': return decodeBits(bytes);
    case 'domain': return decodeBinary(type.base, bytes);
    case 'array': return decodeArray(type, bytes);
    case 'record': return decodeRecord(type, bytes);
    case 'void': return null;
    default: {
      const family = anyRangeFamily(type);
      return family === undefined ? decodeText(bytes) : decodeRanges(type, family, bytes);
    }
  }
}

/** Bytes of exactly this many, for functions of PostgreSQL's that read them one by one. */
function octets(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length < length) throw noData();
  if (bytes.length > length) throw badFormat();
  return bytes;
}

function decodeAddress(kind: NetworkKind, bytes: Uint8Array): Uint8Array {
  const next = bytes.values();
  const value = decodeNetwork(kind, () => {
    const { value: byte } = next.next();
    if (byte === undefined) throw noData();
    return byte;
  });
  octets(bytes, 4 + value.address.length);
  return packNetwork(value);
}

function asBytes(datum: Datum): Uint8Array {
  assert(datum instanceof Uint8Array, 'datum of bytes');
  return datum;
}

function fixed(length: number, write: (view: DataView) => void): Uint8Array {
  const out = new Uint8Array(length);
  write(view(out));
  return out;
}

function asBigInt(datum: Datum): bigint {
  assert(typeof datum === 'bigint' || typeof datum === 'number', 'int8 datum');
  return BigInt(datum);
}

function shiftDays(days: number, by: number): number {
  if (days === INT4_MAX || days === INT4_MIN) return days;
  const shifted = days + by;
  if (shifted >= INT4_MAX || shifted <= INT4_MIN) throw new DatabaseError('22008', 'date out of range');
  return shifted;
}

function shiftMicros(micros: bigint, by: bigint): bigint {
  if (micros === INT8_MAX || micros === INT8_MIN) return micros;
  const shifted = micros + by;
  if (shifted >= INT8_MAX || shifted <= INT8_MIN) throw new DatabaseError('22008', 'timestamp out of range');
  return shifted;
}

function checkTime(micros: bigint): bigint {
  if (micros < 0n || micros > 86_400_000_000n) throw new DatabaseError('22008', 'time out of range');
  return micros;
}

function encodeInterval(datum: Datum): Uint8Array {
  assert(datum instanceof Interval, 'interval datum');
  return fixed(16, (v) => {
    v.setBigInt64(0, datum.micros);
    v.setInt32(8, datum.days);
    v.setInt32(12, datum.months);
  });
}

function encodeTimeTz(datum: Datum): Uint8Array {
  const value = asTimeTz(datum);
  return fixed(12, (v) => {
    v.setBigInt64(0, value.micros);
    // PostgreSQL counts zones west of Greenwich.
    v.setInt32(8, -value.offsetSeconds);
  });
}

function encodeUuid(datum: Datum): Uint8Array {
  const out = new Uint8Array(16);
  writeUuid(out, 0, String(datum));
  return out;
}

function versioned(text: Uint8Array): Uint8Array {
  const out = new Uint8Array(text.length + 1);
  out[0] = 1;
  out.set(text, 1);
  return out;
}

function decodeVersioned(name: string, bytes: Uint8Array): string {
  if (bytes.length === 0) throw insufficient();
  if (bytes[0] !== 1) throw new DatabaseError('XX000', `unsupported ${name} version number ${bytes[0]}`);
  return decodeText(bytes.subarray(1));
}

function decodeText(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new DatabaseError('22021', 'invalid byte sequence for encoding "UTF8"');
  }
  if (text.includes('\u0000')) throw new DatabaseError('22021', 'invalid byte sequence for encoding "UTF8": 0x00');
  return text;
}

function encodeBits(bits: string): Uint8Array {
  const out = new Uint8Array(4 + Math.ceil(bits.length / 8));
  view(out).setInt32(0, bits.length);
  for (let i = 0; i < bits.length; i++) if (bits[i] === '1') out[4 + (i >> 3)] |= 0x80 >> (i & 7);
  return out;
}

function decodeBits(bytes: Uint8Array): string {
  if (bytes.length < 4) throw insufficient();
  const length = view(bytes).getInt32(0);
  if (length < 0) throw new DatabaseError('22P03', 'invalid length in external bit string');
  exact(bytes, 4 + Math.ceil(length / 8));
  let out = '';
  for (let i = 0; i < length; i++) out += bytes[4 + (i >> 3)] & (0x80 >> (i & 7)) ? '1' : '0';
  return out;
}

function encodeArray(type: ArrayType, array: SqlArray): Uint8Array {
  const parts = array.values.map((v) => (v === null ? null : encodeBinary(type.element, v)));
  const header = 12 + array.dimensions.length * 8;
  const out = new Uint8Array(header + parts.reduce((sum, p) => sum + 4 + (p?.length ?? 0), 0));
  const v = view(out);
  v.setInt32(0, array.dimensions.length);
  v.setInt32(4, parts.includes(null) ? 1 : 0);
  v.setUint32(8, oidOf(type.element));
  array.dimensions.forEach((length, d) => {
    v.setInt32(12 + d * 8, length);
    v.setInt32(16 + d * 8, array.lowerBounds[d]);
  });
  let at = header;
  for (const part of parts) {
    v.setInt32(at, part === null ? -1 : part.length);
    at += 4;
    if (part === null) continue;
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Reads length-prefixed parts and complains as PostgreSQL's message reader does. */
class PartReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = view(bytes);
  }

  int32(): number {
    if (this.#at + 4 > this.#bytes.length) throw insufficient();
    const value = this.#view.getInt32(this.#at);
    this.#at += 4;
    return value;
  }

  /** null for a length of −1. */
  part(): Uint8Array | null {
    const length = this.int32();
    if (length === -1) return null;
    if (length < 0 || this.#at + length > this.#bytes.length) throw insufficient();
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw badFormat();
  }
}

function decodeArray(type: ArrayType, bytes: Uint8Array): SqlArray {
  const reader = new PartReader(bytes);
  const rank = reader.int32();
  if (rank < 0 || rank > 6) {
    throw new DatabaseError(rank < 0 ? '22P03' : '54000', rank < 0 ? `invalid number of dimensions: ${rank}`
      : `number of array dimensions (${rank}) exceeds the maximum allowed (6)`);
  }
  const flags = reader.int32();
  if (flags !== 0 && flags !== 1) throw new DatabaseError('22P03', 'invalid array flags');
  const element = reader.int32() >>> 0;
  if (element !== oidOf(type.element)) {
    throw new DatabaseError('42804',
      `binary data has array element type ${element} (${typeName(element)}) instead of expected `
      + `${oidOf(type.element)} (${typeName(oidOf(type.element))})`);
  }
  const dimensions: number[] = [];
  const lowerBounds: number[] = [];
  let count = rank === 0 ? 0 : 1;
  for (let d = 0; d < rank; d++) {
    dimensions.push(reader.int32());
    lowerBounds.push(reader.int32());
    if (dimensions[d] < 0) throw badFormat();
    count *= dimensions[d];
  }
  if (count > bytes.length / 4) throw insufficient();
  const values: Datum[] = [];
  for (let i = 0; i < count; i++) {
    const part = reader.part();
    values.push(part === null ? null : decodeBinary(type.element, part));
  }
  reader.end();
  return count === 0 ? { dimensions: [], lowerBounds: [], values } : { dimensions, lowerBounds, values };
}

function typeName(oid: number): string {
  const type = typeFromOid(oid);
  return type === null ? '?' : type.kind;
}

function encodeRecord(type: RecordType, record: SqlRecord): Uint8Array {
  const parts = record.fields.map((f, i) => (f === null ? null : encodeBinary(type.fields[i].type, f)));
  const out = new Uint8Array(4 + parts.reduce((sum, p) => sum + 8 + (p?.length ?? 0), 0));
  const v = view(out);
  v.setInt32(0, parts.length);
  let at = 4;
  parts.forEach((part, i) => {
    v.setUint32(at, oidOf(type.fields[i].type));
    v.setInt32(at + 4, part === null ? -1 : part.length);
    at += 8;
    if (part === null) return;
    out.set(part, at);
    at += part.length;
  });
  return out;
}

function decodeRecord(type: RecordType, bytes: Uint8Array): SqlRecord {
  if (type.fields.length === 0) {
    throw new DatabaseError('0A000', 'input of anonymous composite types is not implemented');
  }
  const reader = new PartReader(bytes);
  const count = reader.int32();
  if (count !== type.fields.length) {
    throw new DatabaseError('42804', `wrong number of columns: ${count}, expected ${type.fields.length}`);
  }
  const fields = type.fields.map((field, i) => {
    const oid = reader.int32() >>> 0;
    if (oid !== oidOf(field.type)) {
      throw new DatabaseError('42804', `binary data has type ${oid} (${typeName(oid)}) instead of expected `
        + `${oidOf(field.type)} (${typeName(oidOf(field.type))}) in record column ${i + 1}`);
    }
    const part = reader.part();
    return part === null ? null : decodeBinary(field.type, part);
  });
  reader.end();
  return { fields };
}
