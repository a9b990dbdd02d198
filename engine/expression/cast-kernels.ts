// Column-wise bodies of the frequent casts; each agrees with castDatum row by row.
import { BytesColumn, Int64Column } from '../data/column-builder.ts';
import {
  DATE_INFINITY, DATE_NEGATIVE_INFINITY, TIMESTAMP_INFINITY, TIMESTAMP_NEGATIVE_INFINITY,
} from '../data/calendar.ts';
import { assert } from '../data/error.ts';
import {
  SMALL_NUMERIC_BYTES, numericAt, numericScaleAt, smallUnscaledAt, writeSmallNumeric,
} from '../data/numeric-bytes.ts';
import { Numeric } from '../data/numeric.ts';
import {
  BytesVector, Float32Vector, Float64Vector, Int16Vector, Int32Vector, Int64Vector, isValid, retype,
} from '../data/vector.ts';
import { dateMicros, outOfRange, toFloat4 } from './cast-scalar.ts';
import type { LogicalType } from '../data/types.ts';
import type { Vector } from '../data/vector.ts';
import type { EvalContext } from './context.ts';

/** null: not for these values; then row by row. */
export type CastKernel = (vector: Vector, to: LogicalType, context: EvalContext) => Vector | null;

const LENGTH_CHECKED: ReadonlySet<string> = new Set(['text', 'varchar', 'name', 'unknown']);

const KERNELS: ReadonlyMap<string, CastKernel> = new Map<string, CastKernel>([
  ['int2 int4', int2ToInt4], ['int2 int8', narrowToInt8], ['int4 int8', narrowToInt8],
  ['int2 float8', narrowToFloat8], ['int4 float8', narrowToFloat8], ['int8 float8', int8ToFloat8],
  ['int8 int4', int8ToInt4], ['int4 int2', int4ToInt2],
  ['int2 numeric', narrowToNumeric], ['int4 numeric', narrowToNumeric], ['int8 numeric', int8ToNumeric],
  ['float4 float8', float4ToFloat8], ['float8 float4', float8ToFloat4], ['numeric float8', numericToFloat8],
  ['date timestamp', dateToTimestamp],
  ['text varchar', relabelled], ['varchar text', relabelled], ['text bpchar', relabelled],
  ['varchar bpchar', relabelled],
  ['name text', relabelled], ['unknown text', relabelled], ['oid int8', relabelled],
  ['cidr inet', relabelled],
]);

/** A kernel, or null: then castDatum for each row. */
export function castKernel(from: LogicalType, to: LogicalType): CastKernel | null {
  if (to.kind === 'varchar' && to.typmod >= 0) return LENGTH_CHECKED.has(from.kind) ? shortVarchar : null;
  if ('typmod' in to && to.typmod >= 0) return null;
  if (from.kind === to.kind && 'typmod' in to) return relabelled;
  return KERNELS.get(`${from.kind} ${to.kind}`) ?? null;
}

function relabelled(vector: Vector, to: LogicalType): Vector {
  return retype(vector, to);
}

/** As many bytes as characters at most: short enough in bytes is short enough. */
function shortVarchar(vector: Vector, to: LogicalType): Vector | null {
  assert(vector.layout === 'bytes' && to.kind === 'varchar', 'text vector');
  const { offsets, length } = vector;
  const limit = to.typmod - 4;
  for (let i = 0; i < length; i++) if (offsets[i + 1] - offsets[i] > limit) return null;
  return retype(vector, to);
}

function int2ToInt4(vector: Vector, to: LogicalType): Vector {
  assert(vector.layout === 'int16', 'int2 vector');
  const values = new Int32Array(vector.length);
  const from = vector.values;
  for (let i = 0; i < values.length; i++) values[i] = from[i];
  return new Int32Vector(to, vector.length, values, vector.validity);
}

function narrowToInt8(vector: Vector, to: LogicalType): Vector {
  assert(vector.layout === 'int16' || vector.layout === 'int32', 'int2 or int4 vector');
  const values = new BigInt64Array(vector.length);
  const words = new Int32Array(values.buffer);
  if (vector.layout === 'int32') signExtend32(vector.values, words, vector.length);
  else signExtend16(vector.values, words, vector.length);
  return new Int64Vector(to, vector.length, values, vector.validity);
}
function signExtend32(from: Int32Array, words: Int32Array, length: number): void {
  for (let i = 0; i < length; i++) {
    const value = from[i];
    words[2 * i] = value;
    words[2 * i + 1] = value >> 31;
  }
}
function signExtend16(from: Int16Array, words: Int32Array, length: number): void {
  for (let i = 0; i < length; i++) {
    const value = from[i];
    words[2 * i] = value;
    words[2 * i + 1] = value >> 31;
  }
}

function narrowToFloat8(vector: Vector, to: LogicalType): Vector {
  assert(vector.layout === 'int16' || vector.layout === 'int32', 'int2 or int4 vector');
  const values = new Float64Array(vector.length);
  if (vector.layout === 'int32') for (let i = 0, from = vector.values; i < values.length; i++) values[i] = from[i];
  else for (let i = 0, from = vector.values; i < values.length; i++) values[i] = from[i];
  return new Float64Vector(to, vector.length, values, vector.validity);
}

function int8ToFloat8(vector: Vector, to: LogicalType): Vector {
  assert(vector.layout === 'int64', 'int8 vector');
  const { words, length } = vector;
  const values = new Float64Array(length);
  // high × 2^32 is exact and the sum is rounded once, as the hardware's conversion rounds.
  for (let i = 0; i < length; i++) values[i] = words[2 * i + 1] * 4294967296 + (words[2 * i] >>> 0);
  return new Float64Vector(to, length, values, vector.validity);
}

function int8ToInt4(vector: Vector, to: LogicalType): Vector {
  assert(vector.layout === 'int64', 'int8 vector');
  const { words, length, validity } = vector;
  const values = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const low = words[2 * i];
    if (words[2 * i + 1] !== low >> 31 && isValid(validity, i)) throw outOfRange('integer');
    values[i] = low;
  }
  return new Int32Vector(to, length, values, validity);
}

function int4ToInt2(vector: Vector, to: LogicalType): Vector {
  assert(vector.layout === 'int32', 'int4 vector');
  const { values: from, length, validity } = vector;
  const values = new Int16Array(length);
  for (let i = 0; i < length; i++) {
    values[i] = from[i];
    if (values[i] !== from[i] && isValid(validity, i)) throw outOfRange('smallint');
  }
  return new Int16Vector(to, length, values, validity);
}

function narrowToNumeric(vector: Vector, to: LogicalType): Vector {
  assert(vector.layout === 'int16' || vector.layout === 'int32', 'int2 or int4 vector');
  const { length, validity, values } = vector;
  const out = new BytesColumn(to, length);
  for (let i = 0; i < length; i++) {
    const at = out.reserve(SMALL_NUMERIC_BYTES);
    out.commit(isValid(validity, i) ? writeSmallNumeric(out.buffer, at, values[i], 0) : at);
  }
  return withValidity(out.finish(), vector);
}

function int8ToNumeric(vector: Vector, to: LogicalType): Vector {
  assert(vector.layout === 'int64', 'int8 vector');
  const { words, values, length, validity } = vector;
  const out = new BytesColumn(to, length);
  for (let i = 0; i < length; i++) {
    const high = words[2 * i + 1];
    if (!isValid(validity, i)) out.commit(out.reserve(0));
    else if (high >= -0x200000 && high < 0x1fffff) {
      const at = out.reserve(SMALL_NUMERIC_BYTES);
      out.commit(writeSmallNumeric(out.buffer, at, high * 4294967296 + (words[2 * i] >>> 0), 0));
    } else out.append(Numeric.fromBigInt(values[i]));
  }
  return withValidity(out.finish(), vector);
}

/** The built column with the NULLs of the one it was made of. */
function withValidity(built: Vector, source: Vector): Vector {
  assert(built.layout === 'bytes', 'bytes vector');
  return new BytesVector(built.type, built.length, built.offsets, built.bytes, source.validity);
}

function float4ToFloat8(vector: Vector, to: LogicalType): Vector {
  assert(vector.layout === 'float32', 'float4 vector');
  const values = Float64Array.from(vector.values.subarray(0, vector.length));
  return new Float64Vector(to, vector.length, values, vector.validity);
}

function float8ToFloat4(vector: Vector, to: LogicalType): Vector {
  assert(vector.layout === 'float64', 'float8 vector');
  const { values: from, length, validity } = vector;
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = isValid(validity, i) ? toFloat4(from[i]) : 0;
  return new Float32Vector(to, length, values, validity);
}

const POWERS: readonly number[] = Array.from({ length: 23 }, (_, i) => 10 ** i);

function numericToFloat8(vector: Vector, to: LogicalType): Vector {
  assert(vector.layout === 'bytes', 'numeric vector');
  const { length, validity } = vector;
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    if (!isValid(validity, i)) continue;
    const unscaled = smallUnscaledAt(vector, i);
    const scale = unscaled === unscaled ? numericScaleAt(vector, i) : 99;
    // Both exact doubles: their quotient is the correctly rounded value.
    values[i] = scale < POWERS.length ? unscaled / POWERS[scale] : numericAt(vector, i).toFloat8();
  }
  return new Float64Vector(to, length, values, validity);
}

function dateToTimestamp(vector: Vector, to: LogicalType): Vector {
  assert(vector.layout === 'int32', 'date vector');
  const { values: from, length, validity } = vector;
  const out = new Int64Column(to, length);
  for (let i = 0; i < length; i++) {
    const days = from[i];
    if (!isValid(validity, i)) out.pushWords(0, 0);
    else if (days === DATE_INFINITY) out.append(TIMESTAMP_INFINITY);
    else if (days === DATE_NEGATIVE_INFINITY) out.append(TIMESTAMP_NEGATIVE_INFINITY);
    else if (days > -100_000 && days < 100_000) out.pushNumber(days * 86_400_000_000);
    else out.append(dateMicros(days));
  }
  const built = out.finish();
  assert(built.layout === 'int64', 'timestamp vector');
  return new Int64Vector(to, length, built.values, validity);
}
