// Column access for kernels: narrowing by layout, widening between number layouts, result vectors.
import { assert, DatabaseError } from '../../data/error.ts';
import { BOOLEAN } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import {
  BoolVector, BytesVector, Float32Vector, Float64Vector, Int16Vector, Int32Vector, Int64Vector,
} from '../../data/vector.ts';
import type { Validity, Vector } from '../../data/vector.ts';

/** int2 and int4 (and date) columns as Int32Array; the column's own array when it is one. */
export function int32Values(v: Vector): Int32Array {
  if (v.layout === 'int32') return v.values;
  assert(v.layout === 'int16', 'int16 or int32 column');
  return widen16(v.values, v.length);
}

function widen16(from: Int16Array, length: number): Int32Array {
  const out = new Int32Array(length);
  for (let i = 0; i < length; i++) out[i] = from[i];
  return out;
}

/** Any integer column as the low and high words of int64. */
export function int64Words(v: Vector): Int32Array {
  if (v.layout === 'int64') return v.words;
  const from = int32Values(v);
  const out = new Int32Array(2 * v.length);
  for (let i = 0; i < v.length; i++) {
    out[2 * i] = from[i];
    out[2 * i + 1] = from[i] >> 31;
  }
  return out;
}

/** Requires: an int64 column, or words that own their buffer. */
export function wordsToBigInts(words: Int32Array): BigInt64Array {
  return new BigInt64Array(words.buffer, words.byteOffset, words.length >> 1);
}

export function float64Values(v: Vector): Float64Array {
  if (v.layout === 'float64') return v.values;
  assert(v.layout === 'float32', 'float column');
  return widenFloat(v.values, v.length);
}

function widenFloat(from: Float32Array, length: number): Float64Array {
  const out = new Float64Array(length);
  for (let i = 0; i < length; i++) out[i] = from[i];
  return out;
}

export function boolColumn(v: Vector): BoolVector {
  assert(v.layout === 'bool', 'boolean column');
  return v;
}
export function int16Column(v: Vector): Int16Vector {
  assert(v.layout === 'int16', 'int2 column');
  return v;
}
export function int32Column(v: Vector): Int32Vector {
  assert(v.layout === 'int32', 'int4 column');
  return v;
}
export function int64Column(v: Vector): Int64Vector {
  assert(v.layout === 'int64', 'int8 column');
  return v;
}
export function float32Column(v: Vector): Float32Vector {
  assert(v.layout === 'float32', 'float4 column');
  return v;
}
export function float64Column(v: Vector): Float64Vector {
  assert(v.layout === 'float64', 'float8 column');
  return v;
}
export function bytesColumn(v: Vector): BytesVector {
  assert(v.layout === 'bytes', 'bytes column');
  return v;
}

export function boolResult(values: Uint8Array, length: number, validity: Validity): BoolVector {
  return new BoolVector(BOOLEAN, length, values, validity);
}

/** The int64 column whose words these are. */
export function int64Result(
  type: LogicalType, words: Int32Array, length: number, validity: Validity,
): Int64Vector {
  return new Int64Vector(type, length, wordsToBigInts(words), validity);
}

export function divisionByZero(): DatabaseError {
  return new DatabaseError('22012', 'division by zero');
}

export function outOfRange(type: string): DatabaseError {
  return new DatabaseError('22003', `${type} out of range`);
}
