// Columns as bytes: whole numbers as differences from the least or from the one before, in planes of bytes; all else as it is.
import { corrupt } from '../engine/data/bytes.ts';
import { unreachable } from '../engine/data/error.ts';
import { layoutOf } from '../engine/data/types.ts';
import type { LogicalType } from '../engine/data/types.ts';
import { validityBytes, vectorFromBuffers } from '../engine/data/vector.ts';
import type { Int64Vector, Validity, Vector } from '../engine/data/vector.ts';

/*
 * Format of a column of n rows: u8 1 = a bitmap of the rows that are not NULL follows, else 0; then by layout
 *   bool     n bytes                                            float32, float64, fixed16     the values
 *   int16, int32, int64     whole numbers                       bytes    the lengths as whole numbers, then all bytes
 * Whole numbers: u8 how.
 *   0 = the values as they are, n × 8 bytes (some are beyond 2^53)
 *   1 = u8 width w, f64 base; number i is base + what its w bytes say
 *   2 = u8 width w, f64 first, f64 step; number i is the one before + step + what its w bytes say; the first counts from first
 * The w bytes of a number lie n apart: all lowest bytes, then all second ones ...: a compressor sees like beside like.
 * A number under a NULL is whatever costs least.
 */
const RAW = 0;
const BASE = 1;
const STEPS = 2;
const WORD = 4294967296;
/** Upper words of an int64 whose value a double holds exactly: −LIMIT .. LIMIT − 1. */
const LIMIT = 1 << 21;

/** Bytes that are written one after the other; grows. */
export class ByteSink {
  bytes = new Uint8Array(1 << 18);
  length = 0;
  #view = new DataView(this.bytes.buffer);

  /** Room for so many bytes more. */
  need(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + size));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  u8(value: number): void {
    this.need(1);
    this.bytes[this.length++] = value;
  }

  u32(value: number): void {
    this.need(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  f64(value: number): void {
    this.need(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  put(bytes: Uint8Array): void {
    this.need(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }
}

/** Reads what a sink has got. Throws XX001 past the end. */
export class ByteSource {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    // What is a Buffer would not copy where `slice` is asked for.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get atEnd(): boolean { return this.#at === this.#bytes.length; }

  take(length: number): Uint8Array {
    const from = this.#at;
    if (length > this.#bytes.length - from) throw corrupt('a block ends too early');
    this.#at = from + length;
    return this.#bytes.subarray(from, from + length);
  }

  u8(): number { return this.take(1)[0]; }

  u32(): number {
    this.take(4);
    return this.#view.getUint32(this.#at - 4, true);
  }

  f64(): number {
    this.take(8);
    return this.#view.getFloat64(this.#at - 8, true);
  }

  /** A copy, aligned for any array. */
  copy(length: number): ArrayBuffer {
    return this.take(length).slice().buffer;
  }
}

/** Whole numbers at work: of a column, or lengths. */
let work = new Float64Array(1024);

function room(length: number): Float64Array {
  if (work.length < length) work = new Float64Array(length * 2);
  return work;
}

const bytesOf = ({ buffer, byteOffset }: ArrayBufferView, length: number): Uint8Array =>
  new Uint8Array(buffer, byteOffset, length);

export function encodeColumn(column: Vector, out: ByteSink): void {
  const { length: n, validity } = column;
  out.u8(validity === null ? 0 : 1);
  if (validity !== null) out.put(validity.subarray(0, validityBytes(n)));
  switch (column.layout) {
    case 'bool': out.put(column.values.subarray(0, n)); break;
    case 'fixed16': out.put(column.values.subarray(0, 16 * n)); break;
    case 'float32': out.put(bytesOf(column.values, 4 * n)); break;
    case 'float64': out.put(bytesOf(column.values, 8 * n)); break;
    case 'int16': case 'int32': {
      const numbers = room(n);
      const { values } = column;
      for (let i = 0; i < n; i++) numbers[i] = values[i];
      encodeNumbers(numbers, n, validity, out);
      break;
    }
    case 'int64': encodeInt64(column, out); break;
    case 'bytes': {
      const { offsets, bytes } = column;
      const lengths = room(n);
      for (let i = 0; i < n; i++) lengths[i] = offsets[i + 1] - offsets[i];
      encodeNumbers(lengths, n, null, out);
      if (n > 0) out.put(bytes.subarray(offsets[0], offsets[n]));
      break;
    }
    default: unreachable(column);
  }
}

function encodeInt64({ words, values, length: n, validity }: Int64Vector, out: ByteSink): void {
  const numbers = room(n);
  let exact = true;
  for (let i = 0; i < n; i++) {
    const high = words[2 * i + 1];
    if (high >= LIMIT || high < -LIMIT) exact = false;
    numbers[i] = high * WORD + (words[2 * i] >>> 0);
  }
  if (exact) {
    encodeNumbers(numbers, n, validity, out);
    return;
  }
  out.u8(RAW);
  out.put(bytesOf(values, 8 * n));
}

function fillNulls(numbers: Float64Array, n: number, validity: Uint8Array): void {
  let last = 0;
  for (let i = 0; i < n; i++) {
    if (((validity[i >> 3] >> (i & 7)) & 1) !== 0) {
      last = numbers[i];
      break;
    }
  }
  for (let i = 0; i < n; i++) {
    if (((validity[i >> 3] >> (i & 7)) & 1) === 0) numbers[i] = last;
    else last = numbers[i];
  }
}

/** Bytes that a number from 0 to `greatest` takes. */
function widthOf(greatest: number): number {
  let width = 0;
  for (let bound = 1; bound <= greatest; bound *= 256) width++;
  return width;
}

function encodeNumbers(numbers: Float64Array, n: number, validity: Validity, out: ByteSink): void {
  if (validity !== null) fillNulls(numbers, n, validity);
  let least = n === 0 ? 0 : numbers[0];
  let greatest = least;
  let leastStep = n < 2 ? 0 : numbers[1] - numbers[0];
  let greatestStep = leastStep;
  for (let i = 1; i < n; i++) {
    const value = numbers[i];
    const step = value - numbers[i - 1];
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    if (step < leastStep) leastStep = step;
    if (step > greatestStep) greatestStep = step;
  }
  const width = widthOf(greatest - least);
  const stepWidth = widthOf(greatestStep - leastStep);
  // Beyond 2^53 a difference is not exact; so far apart, steps gain nothing.
  const steps = stepWidth < width && greatest - least < 2 ** 52;
  if (!steps && width > 6) {
    encodeWide(numbers, n, out);
    return;
  }
  out.u8(steps ? STEPS : BASE);
  out.u8(steps ? stepWidth : width);
  out.f64(n === 0 ? 0 : steps ? numbers[0] : least);
  if (!steps) {
    for (let i = 0; i < n; i++) numbers[i] -= least;
    putPlanes(numbers, n, width, out);
    return;
  }
  out.f64(leastStep);
  for (let i = n - 1; i > 0; i--) numbers[i] -= numbers[i - 1] + leastStep;
  if (n > 0) numbers[0] = 0;
  putPlanes(numbers, n, stepWidth, out);
}

function encodeWide(numbers: Float64Array, n: number, out: ByteSink): void {
  out.u8(RAW);
  const values = new Int32Array(2 * n);
  for (let i = 0; i < n; i++) {
    values[2 * i] = numbers[i];
    values[2 * i + 1] = Math.floor(numbers[i] / WORD);
  }
  out.put(new Uint8Array(values.buffer));
}

/** Requires: whole numbers from 0 on that take `width` bytes at most. */
function putPlanes(numbers: Float64Array, n: number, width: number, out: ByteSink): void {
  out.need(n * width);
  const { bytes } = out;
  let at = out.length;
  for (let plane = 0; plane < width; plane++) {
    if (plane < 4) {
      const shift = 8 * plane;
      for (let i = 0; i < n; i++) bytes[at + i] = numbers[i] >>> shift;
    } else {
      const unit = 2 ** (8 * plane);
      for (let i = 0; i < n; i++) bytes[at + i] = Math.floor(numbers[i] / unit);
    }
    at += n;
  }
  out.length = at;
}

/** How whole numbers are written. */
interface Numbers {
  readonly how: number;
  readonly width: number;
  readonly base: number;
  readonly step: number;
}

/** Null: they stand there as they are. */
function readNumbers(from: ByteSource): Numbers | null {
  const how = from.u8();
  if (how === RAW) return null;
  if (how !== BASE && how !== STEPS) throw corrupt(`numbers in format ${how}`);
  const width = from.u8();
  if (width > 7) throw corrupt(`numbers of ${width} bytes`);
  return { how, width, base: from.f64(), step: how === STEPS ? from.f64() : 0 };
}

/** All of them are whole numbers of 32 bits. */
function areShort({ how, width, base }: Numbers): boolean {
  return how === BASE && width <= 3 && Number.isInteger(base) && Math.abs(base) < 2 ** 30;
}

/** Requires: areShort. Number i goes to out[i × stride]. */
function decodeShort(from: ByteSource, n: number, { width, base }: Numbers, out: Int32Array, stride: number): void {
  const bytes = from.take(n * width);
  switch (width) {
    case 0: for (let i = 0; i < n; i++) out[i * stride] = base; break;
    case 1: for (let i = 0; i < n; i++) out[i * stride] = base + bytes[i]; break;
    case 2: for (let i = 0; i < n; i++) out[i * stride] = base + (bytes[i] | (bytes[n + i] << 8)); break;
    default: for (let i = 0; i < n; i++) out[i * stride] = base + (bytes[i] | (bytes[n + i] << 8) | (bytes[2 * n + i] << 16));
  }
}

/** As many numbers as there are, into the work array. */
function decodeNumbers(from: ByteSource, n: number, { how, width, base, step }: Numbers): Float64Array {
  const numbers = room(n);
  takePlanes(from, numbers, n, width);
  if (how === BASE) {
    for (let i = 0; i < n; i++) numbers[i] += base;
    return numbers;
  }
  if (n > 0) numbers[0] = base;
  for (let i = 1; i < n; i++) numbers[i] += numbers[i - 1] + step;
  return numbers;
}

function takePlanes(from: ByteSource, numbers: Float64Array, n: number, width: number): void {
  numbers.fill(0, 0, n);
  let unit = 1;
  for (let plane = 0; plane < width; plane++) {
    const bytes = from.take(n);
    for (let i = 0; i < n; i++) numbers[i] += bytes[i] * unit;
    unit *= 256;
  }
}

export function decodeColumn(type: LogicalType, n: number, from: ByteSource): Vector {
  const validity = from.u8() === 0 ? null : from.take(validityBytes(n)).slice();
  const layout = layoutOf(type);
  const make = (values: Parameters<typeof vectorFromBuffers>[2]['values']): Vector =>
    vectorFromBuffers(type, n, { values, offsets: null }, validity);
  switch (layout) {
    case 'bool': return make(from.take(n).slice());
    case 'fixed16': return make(from.take(16 * n).slice());
    case 'float32': return make(new Float32Array(from.copy(4 * n)));
    case 'float64': return make(new Float64Array(from.copy(8 * n)));
    case 'int16': {
      const values = new Int16Array(n);
      values.set(narrow(from, n));
      return make(values);
    }
    case 'int32': return make(decodeInt32(from, n));
    case 'int64': return make(decodeInt64(from, n));
    case 'bytes': return decodeBytes(type, n, { from, validity });
    default: return unreachable(layout);
  }
}

/** The column after it is next. */
export function skipColumn(type: LogicalType, n: number, from: ByteSource): void {
  if (from.u8() !== 0) from.take(validityBytes(n));
  const layout = layoutOf(type);
  switch (layout) {
    case 'bool': from.take(n); break;
    case 'fixed16': from.take(16 * n); break;
    case 'float32': from.take(4 * n); break;
    case 'float64': from.take(8 * n); break;
    case 'int16': case 'int32': case 'int64': {
      const numbers = readNumbers(from);
      from.take(n * (numbers === null ? 8 : numbers.width));
      break;
    }
    case 'bytes': {
      const lengths = decodeInt32(from, n);
      let size = 0;
      for (let i = 0; i < n; i++) size += lengths[i];
      from.take(size);
      break;
    }
    default: unreachable(layout);
  }
}

function narrow(from: ByteSource, n: number): Float64Array {
  return decodeNumbers(from, n, narrowNumbers(from)).subarray(0, n);
}

function narrowNumbers(from: ByteSource): Numbers {
  const numbers = readNumbers(from);
  if (numbers === null) throw corrupt('wide numbers in a narrow column');
  return numbers;
}

function decodeInt32(from: ByteSource, n: number): Int32Array<ArrayBuffer> {
  const numbers = narrowNumbers(from);
  const values = new Int32Array(n);
  if (areShort(numbers)) decodeShort(from, n, numbers, values, 1);
  else values.set(decodeNumbers(from, n, numbers).subarray(0, n));
  return values;
}

function decodeInt64(from: ByteSource, n: number): BigInt64Array {
  const written = readNumbers(from);
  if (written === null) return new BigInt64Array(from.copy(8 * n));
  const words = new Int32Array(2 * n);
  if (areShort(written)) {
    decodeShort(from, n, written, words, 2);
    for (let i = 0; i < n; i++) words[2 * i + 1] = words[2 * i] >> 31;
    return new BigInt64Array(words.buffer);
  }
  const numbers = decodeNumbers(from, n, written);
  for (let i = 0; i < n; i++) {
    words[2 * i] = numbers[i] >>> 0;
    words[2 * i + 1] = Math.floor(numbers[i] / WORD);
  }
  return new BigInt64Array(words.buffer);
}

function decodeBytes(
  type: LogicalType, n: number, { from, validity }: { readonly from: ByteSource; readonly validity: Validity },
): Vector {
  const lengths = decodeInt32(from, n);
  const offsets = new Int32Array(n + 1);
  for (let i = 0; i < n; i++) offsets[i + 1] = offsets[i] + lengths[i];
  return vectorFromBuffers(type, n, { values: from.take(offsets[n]).slice(), offsets }, validity);
}
