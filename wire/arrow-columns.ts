// Columns ⇄ Apache Arrow columns, for the Arrow IPC streams of COPY: buffers as they are where both have the same layout.
import { Buffer, isUtf8 } from 'node:buffer';
import {
  Binary, Bool, DataType, DateDay, Float32, Float64, Int16, Int32, Int64, TimeMicrosecond, TimeUnit, TimestampMicrosecond, Utf8,
  makeData,
} from 'apache-arrow';
import type { Data, Vector as ArrowVector } from 'apache-arrow';
import { columnBuilder, datumAt } from '../engine/data/access.ts';
import { DatabaseError } from '../engine/data/error.ts';
import type { FormatSettings } from '../engine/data/settings.ts';
import { formatText, parseText } from '../engine/data/text-format.ts';
import type { LogicalType } from '../engine/data/types.ts';
import { layoutOf } from '../engine/data/types.ts';
import { isValid, validityBytes, vectorFromBuffers } from '../engine/data/vector.ts';
import type { Vector } from '../engine/data/vector.ts';

/** What a column goes out as; everything without a like in Arrow (numeric, jsonb, uuid, arrays ...) as its text. */
export function arrowType(type: LogicalType): DataType {
  switch (type.kind) {
    case 'boolean': return new Bool();
    case 'int2': return new Int16();
    case 'int4': return new Int32();
    case 'int8': return new Int64();
    case 'float4': return new Float32();
    case 'float8': return new Float64();
    case 'bytea': return new Binary();
    case 'date': return new DateDay();
    case 'time': return new TimeMicrosecond();
    case 'timestamp': return new TimestampMicrosecond();
    case 'timestamptz': return new TimestampMicrosecond('UTC');
    default: return new Utf8();
  }
}

/** Types whose bytes are their text. */
const TEXTS: ReadonlySet<LogicalType['kind']> = new Set(['text', 'varchar', 'bpchar', 'name', 'json']);

export function toArrow(vector: Vector, type: LogicalType, settings: FormatSettings): Data {
  const { length } = vector;
  const to = arrowType(type);
  const nullBitmap = vector.validity === null ? null : vector.validity.subarray(0, validityBytes(length));
  if (vector.layout === 'bytes' && (TEXTS.has(type.kind) || type.kind === 'bytea')) {
    const begin = vector.offsets[0];
    const valueOffsets = begin === 0 ? vector.offsets.subarray(0, length + 1)
      : vector.offsets.slice(0, length + 1).map((offset) => offset - begin);
    const data = vector.bytes.subarray(begin, vector.offsets[length]);
    return makeData({ type: to, length, nullBitmap, valueOffsets, data } as never);
  }
  if (to instanceof Utf8) return texts(vector, type, settings);
  if (vector.layout === 'bool') {
    const data = new Uint8Array(validityBytes(length));
    for (let row = 0; row < length; row++) data[row >> 3] |= vector.values[row] << (row & 7);
    return makeData({ type: to, length, nullBitmap, data } as never);
  }
  if (vector.layout === 'bytes') throw new Error(`${type.kind} has no Arrow values`);
  return makeData({ type: to, length, nullBitmap, data: vector.values.subarray(0, length) } as never);
}

function texts(vector: Vector, type: LogicalType, settings: FormatSettings): Data {
  const { length } = vector;
  const out = columnBuilder({ kind: 'text' }, length);
  for (let row = 0; row < length; row++) {
    const datum = isValid(vector.validity, row) ? datumAt(vector, row) : null;
    out.append(datum === null ? null : formatText(type, datum, settings));
  }
  return toArrow(out.finish(), { kind: 'text' }, settings);
}

/** The target's name is for errors. */
export interface ArrowTarget {
  readonly name: string;
  readonly type: LogicalType;
}

/** An Arrow column of one record batch as ours; values of another type go by their text, as an input function reads it. */
export function fromArrow(from: ArrowVector, target: ArrowTarget, settings: FormatSettings): Vector {
  return sameLayout(from, target.type) ?? converted(from, target, settings);
}

function sameLayout(from: ArrowVector, type: LogicalType): Vector | null {
  const chunk: Data | undefined = from.data[0];
  if (from.data.length !== 1 || chunk === undefined || chunk.offset !== 0) return null;
  if ('typmod' in type && type.typmod >= 0) return null;
  if (!sameValues(chunk.type, type)) return null;
  const { length } = chunk;
  const bitmap = chunk.nullBitmap;
  const validity = chunk.nullCount === 0 ? null : Uint8Array.from(bitmap.subarray(0, validityBytes(length)));
  if (validity !== null && validity.length < validityBytes(length)) throw damaged();
  if (layoutOf(type) === 'bytes') {
    const offsets = chunk.valueOffsets.subarray(0, length + 1);
    checkOffsets(offsets, length, chunk.values.length);
    if (TEXTS.has(type.kind)) checkText(chunk.values, offsets);
    return vectorFromBuffers(type, length, { values: chunk.values, offsets }, validity);
  }
  const values: BigInt64Array = chunk.values.subarray(0, length);
  if (values.length < length) throw damaged();
  if (type.kind === 'time') checkTimes(values, validity);
  return vectorFromBuffers(type, length, { values, offsets: null }, validity);
}

/** Nothing that a client says of its buffers is taken for granted. */
function checkOffsets(offsets: Int32Array, rows: number, size: number): void {
  if (offsets.length !== rows + 1 || offsets[0] < 0 || offsets[rows] > size) throw damaged();
  for (let i = 0; i < rows; i++) if (offsets[i] > offsets[i + 1]) throw damaged();
}

function damaged(): DatabaseError {
  return new DatabaseError('22P04', 'invalid Arrow IPC stream: buffers are too short for their rows');
}

function checkTimes(values: BigInt64Array, validity: Uint8Array | null): void {
  values.forEach((value, row) => {
    if (isValid(validity, row) && (value < 0n || value > 86_400_000_000n)) {
      throw new DatabaseError('22008', 'time out of range');
    }
  });
}

/** Whether Arrow's buffers are what ours would be. json has its syntax to be checked. */
function sameValues(from: DataType, type: LogicalType): boolean {
  if (type.kind === 'json' || type.kind === 'name' || type.kind === 'bpchar' || type.kind === 'boolean') return false;
  const to = arrowType(type);
  return from.typeId === to.typeId && String(from) === String(to)
    && (to instanceof Utf8 ? TEXTS.has(type.kind) : true);
}

function checkText(values: Uint8Array, offsets: Int32Array): void {
  const text = values.subarray(offsets[0], offsets[offsets.length - 1]);
  let whole = isUtf8(text) && !text.includes(0);
  // A value must not begin within a character.
  for (let i = 1; whole && i + 1 < offsets.length; i++) {
    whole = (values[offsets[i]] & 0xc0) !== 0x80 || offsets[i] === offsets[i + 1];
  }
  if (!whole) throw new DatabaseError('22021', 'invalid byte sequence for encoding "UTF8"');
}

function converted(from: ArrowVector, { name, type }: ArrowTarget, settings: FormatSettings): Vector {
  const out = columnBuilder(type, from.length);
  const textOf = textReader(from.type, name);
  for (let row = 0; row < from.length; row++) {
    const value: unknown = from.get(row);
    if (value === null || value === undefined) out.appendNull();
    else out.append(parseText(type, textOf(value), settings));
  }
  return out.finish();
}

function textReader(type: DataType, name: string): (value: unknown) => string {
  if (DataType.isDictionary(type)) return textReader(type.dictionary, name);
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isInt(type) || DataType.isFloat(type)
    || DataType.isBool(type)) return String;
  if (DataType.isDecimal(type)) return (value) => decimalText(value, type.scale);
  if (DataType.isBinary(type) || DataType.isLargeBinary(type) || DataType.isFixedSizeBinary(type)) {
    return (value) => (value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : '');
  }
  // apache-arrow gives both in milliseconds.
  if (DataType.isDate(type)) return (value) => new Date(Number(value)).toISOString().slice(0, 10);
  if (DataType.isTimestamp(type) && type.unit <= TimeUnit.MILLISECOND) {
    return (value) => new Date(Number(value)).toISOString().replace('Z', type.timezone === null ? '' : '+00');
  }
  throw new DatabaseError('0A000', `Arrow type ${String(type)} of column "${name}" is not supported here`);
}

/** 128 bits in words, least first, two's complement. */
function decimalText(words: unknown, scale: number): string {
  if (!(words instanceof Uint32Array)) return '';
  let value = 0n;
  for (let i = words.length - 1; i >= 0; i--) value = (value << 32n) | BigInt(words[i]);
  const signed = BigInt.asIntN(words.length * 32, value);
  const digits = (signed < 0n ? -signed : signed).toString().padStart(scale + 1, '0');
  const sign = signed < 0n ? '-' : '';
  return scale > 0 ? `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}` : `${sign}${digits}`;
}
