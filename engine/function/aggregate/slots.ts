// Building blocks of accumulators: numbers by slot, rare big integers by slot, and vectors made from plain arrays.
import { FLOAT8, NUMERIC, TEXT } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { encodeNumeric } from '../../data/numeric-bytes.ts';
import type { Numeric } from '../../data/numeric.ts';
import {
  BytesVector, Float64Vector, allValid, clearValid, isValid,
} from '../../data/vector.ts';
import type { Validity, Vector } from '../../data/vector.ts';
import { assert } from '../../data/error.ts';
import type { StateReader, StateWriter } from '../../state/ports.ts';
import type { Accumulator, ResultContext } from './aggregate.ts';
import type { ResultColumn } from './result-column.ts';

/** Accumulators without entries of their own. */
export abstract class SlotAccumulator implements Accumulator {
  abstract ensure(slots: number): void;
  abstract update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void;
  abstract result(slots: Int32Array, context: ResultContext): Vector;
  abstract clear(slots: Int32Array): void;
  abstract saveColumns(slots: Int32Array): readonly Vector[];
  abstract restoreColumns(slots: Int32Array, columns: readonly Vector[], from: number): number;
  abstract get bytes(): number;
  /** At present all of its state is in the operator's rows of doubles. */
  get plain(): boolean { return false; }
  appendResult(_slots: Int32Array, _out: ResultColumn): boolean {
    return false;
  }
  saveEntries(_out: StateWriter, _name: string): void {}
  restoreEntries(_from: StateReader, _name: string): void {}
}

/**
 * One row of doubles a slot, shared by all accumulators of an operator: a group's whole state lies together, mostly in
 * one cache line. Every accumulator reserves its part before the first slot is made. All 0 in an empty slot.
 * Hot code takes the arrays once per batch (growth replaces them).
 */
export class SlotRows {
  /** Doubles a row. */
  stride = 0;
  floats = new Float64Array(0);
  /** The same bytes: double k is words 2k (low) and 2k + 1 (high). */
  words = new Int32Array(0);
  #slots = 0;

  /** Where in a row the `width` doubles are. */
  reserve(width: number): number {
    assert(this.#slots === 0, 'reserve before use');
    const offset = this.stride;
    this.stride += width;
    return offset;
  }

  ensure(slots: number): void {
    if (slots <= this.#slots) return;
    this.#slots = Math.max(slots, 64);
    const floats = new Float64Array(this.#slots * this.stride);
    floats.set(this.floats);
    this.floats = floats;
    this.words = new Int32Array(floats.buffer);
  }

  /** Slots there is room for. */
  get slots(): number { return this.#slots; }

  /** Forgets the slots from so many on. */
  shrink(slots: number): void {
    if (slots >= this.#slots) return;
    this.#slots = slots;
    this.floats = this.floats.slice(0, slots * this.stride);
    this.words = new Int32Array(this.floats.buffer);
  }

  get bytes(): number {
    return this.floats.byteLength;
  }
}

/** An accumulator's part of the rows: slot s, number k is floats[s × stride + offset + k]. */
export class FloatSlots {
  readonly rows: SlotRows;
  readonly offset: number;
  readonly width: number;

  constructor(rows: SlotRows, width: number) {
    this.rows = rows;
    this.width = width;
    this.offset = rows.reserve(width);
  }

  /** Index of a slot's first number. */
  at(slot: number): number {
    return slot * this.rows.stride + this.offset;
  }

  ensure(slots: number): void {
    this.rows.ensure(slots);
  }

  clear(slots: Int32Array): void {
    const { floats } = this.rows;
    for (let i = 0; i < slots.length; i++) {
      const at = this.at(slots[i]);
      for (let k = 0; k < this.width; k++) floats[at + k] = 0;
    }
  }

  save(slots: Int32Array): readonly Vector[] {
    const { floats } = this.rows;
    const out: Vector[] = [];
    for (let k = 0; k < this.width; k++) {
      const values = new Float64Array(slots.length);
      for (let i = 0; i < slots.length; i++) values[i] = floats[this.at(slots[i]) + k];
      out.push(new Float64Vector(FLOAT8, slots.length, values));
    }
    return out;
  }

  restore(slots: Int32Array, columns: readonly Vector[], from: number): number {
    const { floats } = this.rows;
    for (let k = 0; k < this.width; k++) {
      const column = columns[from + k];
      assert(column.layout === 'float64', 'saved slot column');
      for (let i = 0; i < slots.length; i++) floats[this.at(slots[i]) + k] = column.values[i];
    }
    return this.width;
  }
}

/** What few slots need: kept out of the arrays, saved as one text column (NULL: nothing). */
export abstract class RareState<T> {
  readonly map = new Map<number, T>();
  protected abstract print(value: T): string;
  protected abstract parse(text: string): T;

  get empty(): boolean { return this.map.size === 0; }

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
