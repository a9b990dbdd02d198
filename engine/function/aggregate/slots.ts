// Building blocks of accumulators: numbers by slot, rare big integers by slot, and vectors made from plain arrays.
import { FLOAT8, INT8, NUMERIC, TEXT } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { encodeNumeric } from '../../data/numeric-bytes.ts';
import type { Numeric } from '../../data/numeric.ts';
import {
  BytesVector, Float64Vector, Int64Vector, allValid, clearValid, isValid,
} from '../../data/vector.ts';
import type { Validity, Vector } from '../../data/vector.ts';
import { assert } from '../../data/error.ts';
import type { StateReader, StateWriter } from '../../state/ports.ts';
import type { Accumulator, ResultContext } from './aggregate.ts';

/** Accumulators without entries of their own. */
export abstract class SlotAccumulator implements Accumulator {
  abstract ensure(slots: number): void;
  abstract update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void;
  abstract result(slots: Int32Array, context: ResultContext): Vector;
  abstract clear(slots: Int32Array): void;
  abstract saveColumns(slots: Int32Array): readonly Vector[];
  abstract restoreColumns(slots: Int32Array, columns: readonly Vector[], from: number): number;
  abstract get bytes(): number;
  saveEntries(_out: StateWriter, _name: string): void {}
  restoreEntries(_from: StateReader, _name: string): void {}
}

/** `stride` doubles a slot, all 0 in an empty one. Hot code takes `data` once per batch (growth replaces it). */
export class FloatSlots {
  readonly stride: number;
  data: Float64Array;

  constructor(stride: number) {
    this.stride = stride;
    this.data = new Float64Array(stride * 64);
  }

  ensure(slots: number): void {
    const need = slots * this.stride;
    if (need <= this.data.length) return;
    const grown = new Float64Array(Math.max(need, this.data.length * 2));
    grown.set(this.data);
    this.data = grown;
  }

  clear(slots: Int32Array): void {
    for (let i = 0; i < slots.length; i++) {
      const at = slots[i] * this.stride;
      for (let k = 0; k < this.stride; k++) this.data[at + k] = 0;
    }
  }

  save(slots: Int32Array): readonly Vector[] {
    const out: Vector[] = [];
    for (let k = 0; k < this.stride; k++) {
      const values = new Float64Array(slots.length);
      for (let i = 0; i < slots.length; i++) values[i] = this.data[slots[i] * this.stride + k];
      out.push(new Float64Vector(FLOAT8, slots.length, values));
    }
    return out;
  }

  restore(slots: Int32Array, columns: readonly Vector[], from: number): number {
    for (let k = 0; k < this.stride; k++) {
      const column = columns[from + k];
      assert(column.layout === 'float64', 'saved slot column');
      for (let i = 0; i < slots.length; i++) this.data[slots[i] * this.stride + k] = column.values[i];
    }
    return this.stride;
  }

  get bytes(): number {
    return this.data.byteLength;
  }
}

/** What few slots need: kept out of the arrays, saved as one text column (NULL: nothing). */
export abstract class RareState<T> {
  readonly map = new Map<number, T>();
  protected abstract print(value: T): string;
  protected abstract parse(text: string): T;

  clear(slots: Int32Array): void {
    if (this.map.size === 0) return;
    for (let i = 0; i < slots.length; i++) this.map.delete(slots[i]);
  }

  save(slots: Int32Array): Vector {
    const texts: (string | null)[] = [];
    for (let i = 0; i < slots.length; i++) {
      const value = this.map.get(slots[i]);
      texts.push(value === undefined ? null : this.print(value));
    }
    return textVector(TEXT, texts);
  }

  restore(slots: Int32Array, column: Vector): void {
    assert(column.layout === 'bytes', 'saved rare column');
    for (let i = 0; i < slots.length; i++) {
      if (isValid(column.validity, i)) this.map.set(slots[i], this.parse(textAt(column, i)));
    }
  }
}

/** Integers beyond what a double holds exactly. */
export class RareBigInts extends RareState<bigint> {
  protected print(value: bigint): string { return value.toString(); }
  protected parse(text: string): bigint { return BigInt(text); }

  add(slot: number, value: bigint): void {
    const sum = (this.map.get(slot) ?? 0n) + value;
    if (sum === 0n) this.map.delete(slot);
    else this.map.set(slot, sum);
  }

  get(slot: number): bigint {
    return this.map.get(slot) ?? 0n;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function textAt(vector: BytesVector, row: number): string {
  return decoder.decode(vector.bytes.subarray(vector.offsets[row], vector.offsets[row + 1]));
}

export function textVector(type: LogicalType, texts: readonly (string | null)[]): BytesVector {
  return bytesVector(type, texts.map((t) => (t === null ? null : encoder.encode(t))));
}

export function bytesVector(type: LogicalType, parts: readonly (Uint8Array | null)[]): BytesVector {
  const offsets = new Int32Array(parts.length + 1);
  const validity = new ValidityBuilder(parts.length);
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (part === null) validity.clear(i);
    offsets[i + 1] = offsets[i] + (part === null ? 0 : part.length);
  }
  const bytes = new Uint8Array(offsets[parts.length]);
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (part !== null) bytes.set(part, offsets[i]);
  }
  return new BytesVector(type, parts.length, offsets, bytes, validity.finish());
}

export function numericVector(values: readonly (Numeric | null)[]): BytesVector {
  return bytesVector(NUMERIC, values.map((v) => (v === null ? null : encodeNumeric(v))));
}

/** Whole numbers below 2^53 as int8, without a bigint a row. */
export function int8Vector(values: Float64Array, validity: Validity): Int64Vector {
  const out = new BigInt64Array(values.length);
  const words = new Int32Array(out.buffer);
  for (let i = 0; i < values.length; i++) writeInt64(words, i, values[i]);
  return new Int64Vector(INT8, values.length, out, validity);
}

/** Requires: a whole number below 2^53. */
export function writeInt64(words: Int32Array, row: number, value: number): void {
  words[2 * row] = value | 0;
  words[2 * row + 1] = Math.floor(value / 4294967296);
}

/** Every row present until one is cleared. */
export class ValidityBuilder {
  readonly #length: number;
  #bits: Uint8Array | null = null;
  constructor(length: number) {
    this.#length = length;
  }
  clear(row: number): void {
    this.#bits ??= allValid(this.#length);
    clearValid(this.#bits, row);
  }
  finish(): Validity {
    return this.#bits;
  }
}
