// Vectors: an immutable column of one type, one class per physical layout, over Arrow-layout buffers.
import { plainBytes } from './bytes.ts';
import { assert } from './error.ts';
import { layoutOf } from './types.ts';
import type { Layout, LogicalType } from './types.ts';

/**
 * Validity: Arrow bitmap, least significant bit first, bit 1 = value present; null = every row present.
 * The value under a NULL is unspecified (but a `bytes` vector's offsets are always monotone).
 * Vectors are immutable once built: whoever holds the arrays of a builder's result must not write them.
 */
export type Validity = Uint8Array | null;

interface VectorCommon {
  readonly type: LogicalType;
  readonly length: number;
  readonly validity: Validity;
}

export class BoolVector implements VectorCommon {
  readonly layout = 'bool';
  readonly type: LogicalType;
  readonly length: number;
  readonly validity: Validity;
  /** 0 or 1 a row. */
  readonly values: Uint8Array;
  constructor(type: LogicalType, length: number, values: Uint8Array, validity: Validity = null) {
    this.type = type;
    this.length = length;
    this.values = values;
    this.validity = validity;
  }
}

export class Int16Vector implements VectorCommon {
  readonly layout = 'int16';
  readonly type: LogicalType;
  readonly length: number;
  readonly validity: Validity;
  readonly values: Int16Array;
  constructor(type: LogicalType, length: number, values: Int16Array, validity: Validity = null) {
    this.type = type;
    this.length = length;
    this.values = values;
    this.validity = validity;
  }
}

export class Int32Vector implements VectorCommon {
  readonly layout = 'int32';
  readonly type: LogicalType;
  readonly length: number;
  readonly validity: Validity;
  readonly values: Int32Array;
  constructor(type: LogicalType, length: number, values: Int32Array, validity: Validity = null) {
    this.type = type;
    this.length = length;
    this.values = values;
    this.validity = validity;
  }
}

export class Int64Vector implements VectorCommon {
  readonly layout = 'int64';
  readonly type: LogicalType;
  readonly length: number;
  readonly validity: Validity;
  readonly values: BigInt64Array;
  /** The same bytes as 32-bit words: row i is words[2i] (low) and words[2i + 1] (high). Little-endian hosts only. */
  readonly words: Int32Array;
  constructor(type: LogicalType, length: number, values: BigInt64Array, validity: Validity = null) {
    this.type = type;
    this.length = length;
    this.values = values;
    this.words = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    this.validity = validity;
  }
}

export class Float32Vector implements VectorCommon {
  readonly layout = 'float32';
  readonly type: LogicalType;
  readonly length: number;
  readonly validity: Validity;
  readonly values: Float32Array;
  constructor(type: LogicalType, length: number, values: Float32Array, validity: Validity = null) {
    this.type = type;
    this.length = length;
    this.values = values;
    this.validity = validity;
  }
}

export class Float64Vector implements VectorCommon {
  readonly layout = 'float64';
  readonly type: LogicalType;
  readonly length: number;
  readonly validity: Validity;
  readonly values: Float64Array;
  constructor(type: LogicalType, length: number, values: Float64Array, validity: Validity = null) {
    this.type = type;
    this.length = length;
    this.values = values;
    this.validity = validity;
  }
}

export class Fixed16Vector implements VectorCommon {
  readonly layout = 'fixed16';
  readonly type: LogicalType;
  readonly length: number;
  readonly validity: Validity;
  /** 16 bytes a row. */
  readonly values: Uint8Array;
  constructor(type: LogicalType, length: number, values: Uint8Array, validity: Validity = null) {
    this.type = type;
    this.length = length;
    this.values = values;
    this.validity = validity;
  }
}

export class BytesVector implements VectorCommon {
  readonly layout = 'bytes';
  readonly type: LogicalType;
  readonly length: number;
  readonly validity: Validity;
  /** length + 1 entries; row i is bytes[offsets[i] .. offsets[i + 1]). offsets[0] need not be 0. */
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
  constructor(
    type: LogicalType, length: number, offsets: Int32Array, bytes: Uint8Array, validity: Validity = null,
  ) {
    this.type = type;
    this.length = length;
    this.offsets = offsets;
    this.bytes = plainBytes(bytes);
    this.validity = validity;
  }
}

export type Vector =
  | BoolVector | Int16Vector | Int32Vector | Int64Vector | Float32Vector | Float64Vector
  | Fixed16Vector | BytesVector;

/** Vectors whose `values` holds one element a row. */
export type PrimitiveVector =
  BoolVector | Int16Vector | Int32Vector | Int64Vector | Float32Vector | Float64Vector;

export function isValid(validity: Validity, row: number): boolean {
  return validity === null || (validity[row >> 3] & (1 << (row & 7))) !== 0;
}

export function validityBytes(length: number): number {
  return (length + 7) >> 3;
}

/** A bitmap with every row present, to clear bits in. */
export function allValid(length: number): Uint8Array {
  return new Uint8Array(validityBytes(length)).fill(0xff);
}

export function clearValid(validity: Uint8Array, row: number): void {
  validity[row >> 3] &= ~(1 << (row & 7));
}

export function setValid(validity: Uint8Array, row: number): void {
  validity[row >> 3] |= 1 << (row & 7);
}

/** Present where both are. */
export function intersectValidity(a: Validity, b: Validity, length: number): Validity {
  if (a === null) return b;
  if (b === null || a === b) return a;
  const out = new Uint8Array(validityBytes(length));
  for (let i = 0; i < out.length; i++) out[i] = a[i] & b[i];
  return out;
}

export function countNulls(vector: Vector): number {
  const { validity, length } = vector;
  if (validity === null) return 0;
  let nulls = 0;
  for (let i = 0; i < length; i++) nulls += (validity[i >> 3] >> (i & 7) & 1) ^ 1;
  return nulls;
}

/** The same buffers under another type of the same layout (text as varchar). */
export function retype(vector: Vector, type: LogicalType): Vector {
  if (vector.type === type) return vector;
  assert(layoutOf(type) === vector.layout, `retype ${vector.type.kind} as ${type.kind}`);
  return withParts(vector, type, vector.length, vector.validity);
}

function withParts(v: Vector, type: LogicalType, length: number, validity: Validity): Vector {
  switch (v.layout) {
    case 'bool': return new BoolVector(type, length, v.values, validity);
    case 'int16': return new Int16Vector(type, length, v.values, validity);
    case 'int32': return new Int32Vector(type, length, v.values, validity);
    case 'int64': return new Int64Vector(type, length, v.values, validity);
    case 'float32': return new Float32Vector(type, length, v.values, validity);
    case 'float64': return new Float64Vector(type, length, v.values, validity);
    case 'fixed16': return new Fixed16Vector(type, length, v.values, validity);
    case 'bytes': return new BytesVector(type, length, v.offsets, v.bytes, validity);
  }
}

function sliceValidity(validity: Validity, start: number, end: number): Validity {
  if (validity === null) return null;
  if ((start & 7) === 0) return validity.subarray(start >> 3, validityBytes(end));
  const out = new Uint8Array(validityBytes(end - start));
  for (let i = start; i < end; i++) {
    const to = i - start;
    out[to >> 3] |= ((validity[i >> 3] >> (i & 7)) & 1) << (to & 7);
  }
  return out;
}

/** Rows start (inclusive) to end (exclusive), sharing buffers. */
export function sliceVector(v: Vector, start: number, end: number): Vector {
  if (start === 0 && end === v.length) return v;
  const validity = sliceValidity(v.validity, start, end);
  const n = end - start;
  switch (v.layout) {
    case 'bool': return new BoolVector(v.type, n, v.values.subarray(start, end), validity);
    case 'int16': return new Int16Vector(v.type, n, v.values.subarray(start, end), validity);
    case 'int32': return new Int32Vector(v.type, n, v.values.subarray(start, end), validity);
    case 'int64': return new Int64Vector(v.type, n, v.values.subarray(start, end), validity);
    case 'float32': return new Float32Vector(v.type, n, v.values.subarray(start, end), validity);
    case 'float64': return new Float64Vector(v.type, n, v.values.subarray(start, end), validity);
    case 'fixed16': return new Fixed16Vector(v.type, n, v.values.subarray(start * 16, end * 16), validity);
    case 'bytes': return new BytesVector(v.type, n, v.offsets.subarray(start, end + 1), v.bytes, validity);
  }
}

function takeValidity(validity: Validity, rows: Int32Array): Validity {
  if (validity === null) return null;
  const out = new Uint8Array(validityBytes(rows.length));
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    out[i >> 3] |= ((validity[row >> 3] >> (row & 7)) & 1) << (i & 7);
  }
  return out;
}

// One gather a type, so that each stays monomorphic (facts: a kernel that has seen five array types is 5 × slower).
function gather8(from: Uint8Array, rows: Int32Array): Uint8Array {
  const out = new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = from[rows[i]];
  return out;
}
function gather16(from: Int16Array, rows: Int32Array): Int16Array {
  const out = new Int16Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = from[rows[i]];
  return out;
}
function gather32(from: Int32Array, rows: Int32Array): Int32Array {
  const out = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = from[rows[i]];
  return out;
}
function gather64(words: Int32Array, rows: Int32Array): BigInt64Array {
  const out = new BigInt64Array(rows.length);
  const outWords = new Int32Array(out.buffer);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] * 2;
    outWords[2 * i] = words[row];
    outWords[2 * i + 1] = words[row + 1];
  }
  return out;
}
function gatherFloat32(from: Float32Array, rows: Int32Array): Float32Array {
  const out = new Float32Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = from[rows[i]];
  return out;
}
function gatherFloat64(from: Float64Array, rows: Int32Array): Float64Array {
  const out = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = from[rows[i]];
  return out;
}
function gatherFixed16(from: Uint8Array, rows: Int32Array): Uint8Array {
  const out = new Uint8Array(rows.length * 16);
  for (let i = 0; i < rows.length; i++) {
    const at = rows[i] * 16;
    for (let b = 0; b < 16; b++) out[i * 16 + b] = from[at + b];
  }
  return out;
}
function gatherBytes(v: BytesVector, rows: Int32Array, validity: Validity): BytesVector {
  const { offsets, bytes } = v;
  const outOffsets = new Int32Array(rows.length + 1);
  let total = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    total += offsets[row + 1] - offsets[row];
    outOffsets[i + 1] = total;
  }
  const out = new Uint8Array(total);
  for (let i = 0; i < rows.length; i++) {
    const start = offsets[rows[i]];
    const end = offsets[rows[i] + 1];
    let to = outOffsets[i];
    // Most strings are short: a loop beats `set` up to some tens of bytes.
    if (end - start <= 48) for (let at = start; at < end; at++) out[to++] = bytes[at];
    else out.set(bytes.subarray(start, end), to);
  }
  return new BytesVector(v.type, rows.length, outOffsets, out, validity);
}

/** The given rows, in the given order, repeats allowed. */
export function takeVector(v: Vector, rows: Int32Array): Vector {
  const validity = takeValidity(v.validity, rows);
  const n = rows.length;
  switch (v.layout) {
    case 'bool': return new BoolVector(v.type, n, gather8(v.values, rows), validity);
    case 'int16': return new Int16Vector(v.type, n, gather16(v.values, rows), validity);
    case 'int32': return new Int32Vector(v.type, n, gather32(v.values, rows), validity);
    case 'int64': return new Int64Vector(v.type, n, gather64(v.words, rows), validity);
    case 'float32': return new Float32Vector(v.type, n, gatherFloat32(v.values, rows), validity);
    case 'float64': return new Float64Vector(v.type, n, gatherFloat64(v.values, rows), validity);
    case 'fixed16': return new Fixed16Vector(v.type, n, gatherFixed16(v.values, rows), validity);
    case 'bytes': return gatherBytes(v, rows, validity);
  }
}

function concatValidity(parts: readonly Vector[], total: number): Validity {
  if (parts.every((p) => p.validity === null)) return null;
  const out = new Uint8Array(validityBytes(total));
  let at = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++, at++) {
      if (isValid(part.validity, i)) out[at >> 3] |= 1 << (at & 7);
    }
  }
  return out;
}

type TypedArray = Uint8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

function concatArrays<A extends TypedArray>(out: A, parts: readonly A[]): A {
  let at = 0;
  for (const part of parts) {
    // TypedArray.set is declared per element type; the arrays here are of one type A.
    (out as { set(from: unknown, at: number): void }).set(part, at);
    at += part.length;
  }
  return out;
}

/** Rows of all parts in order. Requires: at least one part, all of one layout. The type is the first part's. */
export function concatVectors(parts: readonly Vector[]): Vector {
  const first = parts[0];
  if (parts.length === 1) return first;
  let total = 0;
  for (const part of parts) {
    assert(part.layout === first.layout, 'concat of different layouts');
    total += part.length;
  }
  const validity = concatValidity(parts, total);
  const { type } = first;
  const pick = <V extends Vector>(layout: Layout): readonly V[] =>
    parts.filter((p): p is V => p.layout === layout);
  switch (first.layout) {
    case 'bool':
      return new BoolVector(type, total, concatArrays(new Uint8Array(total),
        pick<BoolVector>('bool').map((p) => p.values.subarray(0, p.length))), validity);
    case 'int16':
      return new Int16Vector(type, total, concatArrays(new Int16Array(total),
        pick<Int16Vector>('int16').map((p) => p.values.subarray(0, p.length))), validity);
    case 'int32':
      return new Int32Vector(type, total, concatArrays(new Int32Array(total),
        pick<Int32Vector>('int32').map((p) => p.values.subarray(0, p.length))), validity);
    case 'int64':
      return new Int64Vector(type, total, concatArrays(new BigInt64Array(total),
        pick<Int64Vector>('int64').map((p) => p.values.subarray(0, p.length))), validity);
    case 'float32':
      return new Float32Vector(type, total, concatArrays(new Float32Array(total),
        pick<Float32Vector>('float32').map((p) => p.values.subarray(0, p.length))), validity);
    case 'float64':
      return new Float64Vector(type, total, concatArrays(new Float64Array(total),
        pick<Float64Vector>('float64').map((p) => p.values.subarray(0, p.length))), validity);
    case 'fixed16':
      return new Fixed16Vector(type, total, concatArrays(new Uint8Array(total * 16),
        pick<Fixed16Vector>('fixed16').map((p) => p.values.subarray(0, p.length * 16))), validity);
    case 'bytes': return concatBytes(pick<BytesVector>('bytes'), total, validity);
  }
}

function concatBytes(parts: readonly BytesVector[], total: number, validity: Validity): BytesVector {
  const offsets = new Int32Array(total + 1);
  let size = 0;
  for (const p of parts) size += p.offsets[p.length] - p.offsets[0];
  const bytes = new Uint8Array(size);
  let row = 0;
  let at = 0;
  for (const p of parts) {
    const base = p.offsets[0];
    bytes.set(p.bytes.subarray(base, p.offsets[p.length]), at);
    for (let i = 0; i < p.length; i++) offsets[++row] = p.offsets[i + 1] - base + at;
    at += p.offsets[p.length] - base;
  }
  return new BytesVector(parts[0].type, total, offsets, bytes, validity);
}

/** A vector of `length` NULLs. */
export function nullVector(type: LogicalType, length: number): Vector {
  const validity = new Uint8Array(validityBytes(length));
  return vectorFromBuffers(type, length, zeroBuffers(layoutOf(type), length), validity);
}

/** Buffers by layout: `values`, or `offsets` and `bytes`. */
export interface VectorBuffers {
  readonly values: TypedArray | null;
  readonly offsets: Int32Array | null;
}

function zeroBuffers(layout: Layout, length: number): VectorBuffers {
  switch (layout) {
    case 'bool': return { values: new Uint8Array(length), offsets: null };
    case 'int16': return { values: new Int16Array(length), offsets: null };
    case 'int32': return { values: new Int32Array(length), offsets: null };
    case 'int64': return { values: new BigInt64Array(length), offsets: null };
    case 'float32': return { values: new Float32Array(length), offsets: null };
    case 'float64': return { values: new Float64Array(length), offsets: null };
    case 'fixed16': return { values: new Uint8Array(length * 16), offsets: null };
    case 'bytes': return { values: new Uint8Array(0), offsets: new Int32Array(length + 1) };
  }
}

/** Requires: `buffers` of the layout of `type`. For `bytes`, `values` are the bytes. */
export function vectorFromBuffers(
  type: LogicalType, length: number, buffers: VectorBuffers, validity: Validity,
): Vector {
  const { values, offsets } = buffers;
  switch (layoutOf(type)) {
    case 'bool':
      assert(values instanceof Uint8Array, 'bool buffer');
      return new BoolVector(type, length, values, validity);
    case 'int16':
      assert(values instanceof Int16Array, 'int16 buffer');
      return new Int16Vector(type, length, values, validity);
    case 'int32':
      assert(values instanceof Int32Array, 'int32 buffer');
      return new Int32Vector(type, length, values, validity);
    case 'int64':
      assert(values instanceof BigInt64Array, 'int64 buffer');
      return new Int64Vector(type, length, values, validity);
    case 'float32':
      assert(values instanceof Float32Array, 'float32 buffer');
      return new Float32Vector(type, length, values, validity);
    case 'float64':
      assert(values instanceof Float64Array, 'float64 buffer');
      return new Float64Vector(type, length, values, validity);
    case 'fixed16':
      assert(values instanceof Uint8Array, 'fixed16 buffer');
      return new Fixed16Vector(type, length, values, validity);
    case 'bytes':
      assert(values instanceof Uint8Array && offsets !== null, 'bytes buffers');
      return new BytesVector(type, length, offsets, values, validity);
  }
}
