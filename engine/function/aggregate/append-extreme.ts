// min and max over an input that never takes a row back: one value a slot.
import { AssertionError, assert } from '../../data/error.ts';
import { compareBytesAs, comparePlainBytes, isLoose } from '../../data/loose-key.ts';
import type { LogicalType } from '../../data/types.ts';
import {
  Fixed16Vector, Float32Vector, Float64Vector, Int16Vector, Int32Vector, Int64Vector, isValid,
} from '../../data/vector.ts';
import type { Vector } from '../../data/vector.ts';
import type { Accumulator } from './aggregate.ts';
import { SlotAccumulator, ValidityBuilder, bytesVector } from './slots.ts';

/** `max`: else min. Values that compare equal are told apart by their bytes, so the order of rows never matters. */
export function appendExtreme(type: LogicalType, layout: Vector['layout'], max: boolean): Accumulator {
  switch (layout) {
    case 'int64': return new Int64Extreme(type, max);
    case 'bytes': case 'fixed16': return new BytesExtreme(type, layout, max);
    default: return new FloatExtreme(type, layout, max);
  }
}

abstract class Extreme extends SlotAccumulator {
  protected readonly type: LogicalType;
  protected readonly max: boolean;
  /** 1: the slot has a value. */
  protected has = new Uint8Array(64);

  constructor(type: LogicalType, max: boolean) {
    super();
    this.type = type;
    this.max = max;
  }

  ensure(slots: number): void {
    if (slots <= this.has.length) return;
    const length = Math.max(slots, this.has.length * 2);
    const grown = new Uint8Array(length);
    grown.set(this.has);
    this.has = grown;
    this.grow(length);
  }
  protected abstract grow(length: number): void;

  clear(slots: Int32Array): void {
    for (let i = 0; i < slots.length; i++) this.has[slots[i]] = 0;
  }
  saveColumns(slots: Int32Array): readonly Vector[] {
    return [this.result(slots)];
  }
  restoreColumns(slots: Int32Array, columns: readonly Vector[], from: number): number {
    this.update(slots, [columns[from]], new Int32Array(slots.length).fill(1), slots.length);
    return 1;
  }
  abstract override result(slots: Int32Array): Vector;
}

function notNegative(weight: number): void {
  assert(weight >= 0, 'a row taken back from an append-only input');
}

/** int8, timestamps and their kin, compared as two words. */
class Int64Extreme extends Extreme {
  #words = new Int32Array(128);

  protected grow(length: number): void {
    const grown = new Int32Array(length * 2);
    grown.set(this.#words);
    this.#words = grown;
  }

  /** Hot: bench/operator/group-by. */
  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const [arg] = args;
    assert(arg.layout === 'int64', 'int64 extreme');
    const { words, validity } = arg;
    const best = this.#words;
    const { has, max } = this;
    for (let i = 0; i < length; i++) {
      if (weights[i] <= 0 || (validity !== null && ((validity[i >> 3] >> (i & 7)) & 1) === 0)) {
        notNegative(weights[i]);
        continue;
      }
      const slot = slots[i];
      const low = words[2 * i];
      const high = words[2 * i + 1];
      const oldHigh = best[2 * slot + 1];
      if (has[slot] !== 0) {
        const greater = high === oldHigh ? (low >>> 0) > (best[2 * slot] >>> 0) : high > oldHigh;
        if (greater !== max) continue;
      }
      has[slot] = 1;
      best[2 * slot] = low;
      best[2 * slot + 1] = high;
    }
  }

  result(slots: Int32Array): Vector {
    const values = new BigInt64Array(slots.length);
    const words = new Int32Array(values.buffer);
    const validity = new ValidityBuilder(slots.length);
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i];
      if (this.has[slot] === 0) validity.clear(i);
      words[2 * i] = this.#words[2 * slot];
      words[2 * i + 1] = this.#words[2 * slot + 1];
    }
    return new Int64Vector(this.type, slots.length, values, validity.finish());
  }

  get bytes(): number {
    return this.#words.byteLength + this.has.byteLength;
  }
}

type FloatLayout = 'bool' | 'int16' | 'int32' | 'float32' | 'float64';

/** Whatever a double holds exactly. NaN is the greatest, −0 below 0. */
class FloatExtreme extends Extreme {
  readonly #layout: FloatLayout;
  #best = new Float64Array(64);

  constructor(type: LogicalType, layout: FloatLayout, max: boolean) {
    super(type, max);
    this.#layout = layout;
  }

  protected grow(length: number): void {
    const grown = new Float64Array(length);
    grown.set(this.#best);
    this.#best = grown;
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const [arg] = args;
    assert(arg.layout === 'int16' || arg.layout === 'int32' || arg.layout === 'float32' || arg.layout === 'float64',
      `extreme of ${arg.type.kind}`);
    const { values, validity } = arg;
    const best = this.#best;
    const { has, max } = this;
    for (let i = 0; i < length; i++) {
      if (weights[i] <= 0 || (validity !== null && ((validity[i >> 3] >> (i & 7)) & 1) === 0)) {
        notNegative(weights[i]);
        continue;
      }
      const slot = slots[i];
      const value = values[i];
      if (has[slot] !== 0 && floatGreater(value, best[slot]) !== max) continue;
      has[slot] = 1;
      best[slot] = value;
    }
  }

  result(slots: Int32Array): Vector {
    const values = new Float64Array(slots.length);
    const validityBuilder = new ValidityBuilder(slots.length);
    for (let i = 0; i < slots.length; i++) {
      if (this.has[slots[i]] === 0) validityBuilder.clear(i);
      else values[i] = this.#best[slots[i]];
    }
    const validity = validityBuilder.finish();
    const { type } = this;
    switch (this.#layout) {
      case 'int16': return new Int16Vector(type, slots.length, Int16Array.from(values), validity);
      case 'int32': return new Int32Vector(type, slots.length, Int32Array.from(values), validity);
      case 'float32': return new Float32Vector(type, slots.length, Float32Array.from(values), validity);
      case 'float64': return new Float64Vector(type, slots.length, values, validity);
      default: throw new AssertionError('boolean has no min and max');
    }
  }

  get bytes(): number {
    return this.#best.byteLength + this.has.byteLength;
  }
}

export function floatGreater(a: number, b: number): boolean {
  if (a > b) return true;
  if (a < b) return false;
  if (a === b) return a === 0 && Object.is(b, -0) && !Object.is(a, -0);
  return a !== a && b === b;
}

class BytesExtreme extends Extreme {
  readonly #layout: 'bytes' | 'fixed16';
  #best: (Uint8Array | null)[] = [];
  #size = 0;

  constructor(type: LogicalType, layout: 'bytes' | 'fixed16', max: boolean) {
    super(type, max);
    this.#layout = layout;
  }

  protected grow(): void {}

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const [arg] = args;
    assert(arg.layout === 'bytes' || arg.layout === 'fixed16', `extreme of ${arg.type.kind}`);
    const order = byteOrder(this.type);
    for (let i = 0; i < length; i++) {
      if (weights[i] <= 0 || !isValid(arg.validity, i)) {
        notNegative(weights[i]);
        continue;
      }
      const slot = slots[i];
      const value = arg.layout === 'bytes' ? arg.bytes.subarray(arg.offsets[i], arg.offsets[i + 1])
        : arg.values.subarray(16 * i, 16 * i + 16);
      const best = this.has[slot] === 0 ? null : this.#best[slot];
      if (best !== null && (order(value, best) > 0) !== this.max) continue;
      this.#size += value.length - (best === null ? 0 : best.length);
      this.has[slot] = 1;
      this.#best[slot] = value.slice();
    }
  }

  result(slots: Int32Array): Vector {
    const parts = Array.from(slots, (slot) => (this.has[slot] === 0 ? null : this.#best[slot]));
    if (this.#layout === 'bytes') return bytesVector(this.type, parts);
    const values = new Uint8Array(16 * slots.length);
    const validity = new ValidityBuilder(slots.length);
    parts.forEach((part, i) => {
      if (part === null) validity.clear(i);
      else values.set(part, 16 * i);
    });
    return new Fixed16Vector(this.type, slots.length, values, validity.finish());
  }

  get bytes(): number {
    return this.#size + this.has.byteLength + this.#best.length * 8;
  }
}

/** A total order of encoded values: PostgreSQL's, then the bytes. */
export function byteOrder(type: LogicalType): (a: Uint8Array, b: Uint8Array) => number {
  const plain = !isLoose(type) && type.kind !== 'array' && type.kind !== 'record' && type.kind !== 'enum'
    && type.kind !== 'timetz';
  if (plain) return comparePlainBytes;
  return (a, b) => compareBytesAs(type, a, b) || comparePlainBytes(a, b);
}

