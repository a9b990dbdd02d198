// Growable columns, one class a layout; what VectorBuilder and the COPY decoder append to.
import { unfilledBytes } from './bytes.ts';
import { assert } from './error.ts';
import { encodeDatum, writeFixed16 } from './composite.ts';
import { validityBytes, vectorFromBuffers } from './vector.ts';
import { utf8Bound, writeUtf8 } from './utf8.ts';
import type { Datum } from './datum.ts';
import type { LogicalType } from './types.ts';
import type { Validity, Vector } from './vector.ts';
import type { FieldBlock } from './kernel/fields.ts';

/** Bytes up to which the engine keeps a typed array's elements in the array itself. */
const IN_PLACE = 64;

interface Elements<A> {
  readonly length: number;
  readonly BYTES_PER_ELEMENT: number;
  slice(from: number, to: number): A;
  subarray(from: number, to: number): A;
}

/** The first elements: a view; of few a copy, since a view has a buffer made, which so short an array can do without. */
function firstOf<A extends Elements<A>>(array: A, length: number): A {
  if (array.length === length) return array;
  return length * array.BYTES_PER_ELEMENT <= IN_PLACE ? array.slice(0, length) : array.subarray(0, length);
}

/** Rows, NULLs and growth; the subclasses are its layouts. */
abstract class ColumnBase {
  readonly type: LogicalType;
  length = 0;
  protected capacity: number;
  #validity: Uint8Array | null = null;

  constructor(type: LogicalType, capacity: number) {
    this.type = type;
    this.capacity = Math.max(capacity, 1);
  }

  appendNull(): void {
    this.setNull(this.pushZero());
  }

  /** Makes NULL of a row that is there. */
  setNull(row: number): void {
    if (this.#validity === null) this.#validity = new Uint8Array(validityBytes(this.capacity)).fill(0xff);
    else if (row >> 3 >= this.#validity.length) this.#growValidity(row);
    this.#validity[row >> 3] &= ~(1 << (row & 7));
  }

  /** Makes NULL what is NULL in a block whose rows begin at row `from`. */
  setNulls(from: number, { nulls, stride, rows }: FieldBlock, field: number): void {
    for (let i = field, r = 0; r < rows; r++, i += stride) if (nulls[i] !== 0) this.setNull(from + r);
  }

  #growValidity(row: number): void {
    const grown = new Uint8Array(Math.max(validityBytes(this.capacity), (row >> 3) + 1)).fill(0xff);
    if (this.#validity !== null) grown.set(this.#validity);
    this.#validity = grown;
  }

  protected takeValidity(): Validity {
    if (this.#validity === null) return null;
    if (validityBytes(this.length) > this.#validity.length) this.#growValidity(this.length - 1);
    return firstOf(this.#validity, validityBytes(this.length));
  }

  /** Takes back the last row. Requires: length > 0. */
  removeLast(): void {
    this.length--;
    if (this.#validity !== null && this.length >> 3 < this.#validity.length) {
      this.#validity[this.length >> 3] |= 1 << (this.length & 7);
    }
  }

  /** Takes back the last rows. */
  truncate(length: number): void {
    while (this.length > length) this.removeLast();
  }

  abstract append(datum: Datum): void;
  abstract finish(): Vector;
  /** Appends an unspecified value and returns its row. */
  protected abstract pushZero(): number;
}

export class BoolColumn extends ColumnBase {
  readonly layout = 'bool';
  #values = new Uint8Array(this.capacity);
  append(datum: Datum): void {
    if (datum === null) this.appendNull();
    else this.push(datum === true ? 1 : 0);
  }
  push(value: number): void {
    if (this.length === this.capacity) this.#values = grow(this.#values, new Uint8Array(this.capacity *= 2));
    this.#values[this.length++] = value;
  }
  protected pushZero(): number { this.push(0); return this.length - 1; }
  finish(): Vector {
    const values = firstOf(this.#values, this.length);
    return vectorFromBuffers(this.type, this.length, { values, offsets: null }, this.takeValidity());
  }
}

export class Int16Column extends ColumnBase {
  readonly layout = 'int16';
  #values = new Int16Array(this.capacity);
  append(datum: Datum): void {
    if (datum === null) this.appendNull();
    else this.push(Number(datum));
  }
  push(value: number): void {
    if (this.length === this.capacity) this.#values = grow(this.#values, new Int16Array(this.capacity *= 2));
    this.#values[this.length++] = value;
  }
  protected pushZero(): number { this.push(0); return this.length - 1; }
  finish(): Vector {
    const values = firstOf(this.#values, this.length);
    return vectorFromBuffers(this.type, this.length, { values, offsets: null }, this.takeValidity());
  }
}

export class Int32Column extends ColumnBase {
  readonly layout = 'int32';
  #values = new Int32Array(this.capacity);
  append(datum: Datum): void {
    if (datum === null) this.appendNull();
    else this.push(Number(datum));
  }
  push(value: number): void {
    if (this.length === this.capacity) this.#values = grow(this.#values, new Int32Array(this.capacity *= 2));
    this.#values[this.length++] = value;
  }
  protected pushZero(): number { this.push(0); return this.length - 1; }
  finish(): Vector {
    const values = firstOf(this.#values, this.length);
    return vectorFromBuffers(this.type, this.length, { values, offsets: null }, this.takeValidity());
  }
}

export class Int64Column extends ColumnBase {
  readonly layout = 'int64';
  #values = new BigInt64Array(this.capacity);
  #words = new Int32Array(this.#values.buffer);
  append(datum: Datum): void {
    if (datum === null) this.appendNull();
    else {
      assert(typeof datum === 'bigint' || typeof datum === 'number', 'int64 datum');
      const row = this.#room();
      this.#values[row] = BigInt(datum);
    }
  }
  /** The value's low and high 32 bits. */
  pushWords(low: number, high: number): void {
    const row = this.#room();
    this.#words[2 * row] = low;
    this.#words[2 * row + 1] = high;
  }
  pushAll(values: BigInt64Array): void {
    const length = this.length + values.length;
    if (length > this.capacity) {
      this.#values = grow(this.#values, new BigInt64Array(this.capacity = Math.max(this.capacity * 2, length)));
      this.#words = new Int32Array(this.#values.buffer);
    }
    this.#values.set(values, this.length);
    this.length = length;
  }
  /** Requires: a safe integer. */
  pushNumber(value: number): void {
    this.pushWords(value | 0, Math.floor(value / 4294967296));
  }
  #room(): number {
    if (this.length === this.capacity) {
      this.#values = grow(this.#values, new BigInt64Array(this.capacity *= 2));
      this.#words = new Int32Array(this.#values.buffer);
    }
    return this.length++;
  }
  protected pushZero(): number { this.pushWords(0, 0); return this.length - 1; }
  finish(): Vector {
    const values = firstOf(this.#values, this.length);
    return vectorFromBuffers(this.type, this.length, { values, offsets: null }, this.takeValidity());
  }
}

export class Float32Column extends ColumnBase {
  readonly layout = 'float32';
  #values = new Float32Array(this.capacity);
  append(datum: Datum): void {
    if (datum === null) this.appendNull();
    else this.push(Number(datum));
  }
  push(value: number): void {
    if (this.length === this.capacity) this.#values = grow(this.#values, new Float32Array(this.capacity *= 2));
    this.#values[this.length++] = value;
  }
  protected pushZero(): number { this.push(0); return this.length - 1; }
  finish(): Vector {
    const values = firstOf(this.#values, this.length);
    return vectorFromBuffers(this.type, this.length, { values, offsets: null }, this.takeValidity());
  }
}

export class Float64Column extends ColumnBase {
  readonly layout = 'float64';
  #values = new Float64Array(this.capacity);
  append(datum: Datum): void {
    if (datum === null) this.appendNull();
    else this.push(Number(datum));
  }
  push(value: number): void {
    if (this.length === this.capacity) this.#values = grow(this.#values, new Float64Array(this.capacity *= 2));
    this.#values[this.length++] = value;
  }
  protected pushZero(): number { this.push(0); return this.length - 1; }
  finish(): Vector {
    const values = firstOf(this.#values, this.length);
    return vectorFromBuffers(this.type, this.length, { values, offsets: null }, this.takeValidity());
  }
}

export class Fixed16Column extends ColumnBase {
  readonly layout = 'fixed16';
  #values = new Uint8Array(this.capacity * 16);
  append(datum: Datum): void {
    if (datum === null) this.appendNull();
    else {
      const row = this.#room();
      writeFixed16(this.#values, row * 16, datum);
    }
  }
  /** The value's sixteen bytes. */
  pushBytes(bytes: Uint8Array): void {
    const row = this.#room();
    for (let i = 0; i < 16; i++) this.#values[row * 16 + i] = bytes[i];
  }
  #room(): number {
    if (this.length === this.capacity) {
      this.#values = grow(this.#values, new Uint8Array((this.capacity *= 2) * 16));
    }
    return this.length++;
  }
  protected pushZero(): number { return this.#room(); }
  finish(): Vector {
    const values = firstOf(this.#values, this.length * 16);
    return vectorFromBuffers(this.type, this.length, { values, offsets: null }, this.takeValidity());
  }
}

export class BytesColumn extends ColumnBase {
  readonly layout = 'bytes';
  #offsets = new Int32Array(this.capacity + 1);
  #bytes: Uint8Array;

  constructor(type: LogicalType, capacity: number, bytes = 0) {
    super(type, capacity);
    this.#bytes = unfilledBytes(Math.max(bytes, this.capacity * 16));
  }

  append(datum: Datum): void {
    if (datum === null) this.appendNull();
    else if (typeof datum === 'string') this.pushText(datum);
    else {
      const bytes = encodeDatum(this.type, datum);
      this.pushBytes(bytes, 0, bytes.length);
    }
  }
  pushText(text: string): void {
    const at = this.reserve(utf8Bound(text));
    this.commit(writeUtf8(this.#bytes, at, text));
  }
  pushBytes(from: Uint8Array, start: number, end: number): void {
    const at = this.reserve(end - start);
    const to = this.#bytes;
    if (end - start <= 48) for (let i = start, o = at; i < end; i++, o++) to[o] = from[i];
    else to.set(from.subarray(start, end), at);
    this.commit(at + end - start);
  }
  /** Values one behind the other; `ends`: where each ends in `bytes`. */
  pushAll(bytes: Uint8Array, ends: Int32Array): void {
    const at = this.reserve(bytes.length);
    this.#bytes.set(bytes, at);
    const length = this.length + ends.length;
    if (length > this.capacity) {
      this.#offsets = grow(this.#offsets, new Int32Array((this.capacity = Math.max(this.capacity * 2, length)) + 1));
    }
    const offsets = this.#offsets;
    for (let i = 0, to = this.length + 1; i < ends.length; i++) offsets[to + i] = at + ends[i];
    this.length = length;
  }
  /** Where the next value starts in `buffer`, with `size` bytes of room behind it; `commit` ends the value. */
  reserve(size: number): number {
    const at = this.#offsets[this.length];
    if (at + size > this.#bytes.length) {
      this.#bytes = grow(this.#bytes, unfilledBytes(Math.max(this.#bytes.length * 2, at + size)));
    }
    return at;
  }
  get buffer(): Uint8Array { return this.#bytes; }
  get byteLength(): number { return this.#offsets[this.length]; }
  /** The value begun by `reserve` ends here. */
  commit(end: number): void {
    if (this.length === this.capacity) {
      this.#offsets = grow(this.#offsets, new Int32Array((this.capacity *= 2) + 1));
    }
    this.#offsets[++this.length] = end;
  }
  protected pushZero(): number { this.commit(this.#offsets[this.length]); return this.length - 1; }
  finish(): Vector {
    const offsets = firstOf(this.#offsets, this.length + 1);
    const values = firstOf(this.#bytes, this.#offsets[this.length]);
    return vectorFromBuffers(this.type, this.length, { values, offsets }, this.takeValidity());
  }
}

/** A column being built; narrow by `layout` to append without a datum. */
export type ColumnBuilder =
  | BoolColumn | Int16Column | Int32Column | Int64Column | Float32Column | Float64Column
  | Fixed16Column | BytesColumn;

interface Settable<A> { set(from: A): void }

function grow<A extends Settable<A>>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
