// min and max over an input that never takes a row back: one value a slot.
import { AssertionError, assert } from '../../data/error.ts';
import { compareBytesAs, comparePlainBytes, isLoose } from '../../data/loose-key.ts';
import { orderFlip } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import {
  Fixed16Vector, Float32Vector, Float64Vector, Int16Vector, Int32Vector, isValid,
} from '../../data/vector.ts';
import type { Vector } from '../../data/vector.ts';
import type { Accumulator } from './aggregate.ts';
import { ResultColumn } from './result-column.ts';
import { FloatSlots, SlotAccumulator, ValidityBuilder, bytesVector } from './slots.ts';
import type { SlotRows } from './slots.ts';

/** `max`: else min. Values that compare equal are told apart by their bytes, so the order of rows never matters. */
export function appendExtreme(rows: SlotRows, type: LogicalType, layout: Vector['layout'], max: boolean): Accumulator {
  switch (layout) {
    case 'int64': return new Int64Extreme(rows, type, max);
    case 'bytes': case 'fixed16': return new BytesExtreme(type, layout, max);
    default: return new FloatExtreme(rows, type, layout, max);
  }
}

abstract class Extreme extends SlotAccumulator {
  protected readonly type: LogicalType;
  protected readonly max: boolean;

  constructor(type: LogicalType, max: boolean) {
    super();
    this.type = type;
    this.max = max;
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

/** A slot holds [1 if it has a value, the value], the latter as a double or as two words. */
abstract class NumberExtreme extends Extreme {
  protected readonly slots: FloatSlots;

  constructor(rows: SlotRows, type: LogicalType, max: boolean) {
    super(type, max);
    this.slots = new FloatSlots(rows, 2);
  }

  ensure(slots: number): void {
    this.slots.ensure(slots);
  }
  clear(slots: Int32Array): void {
    this.slots.clear(slots);
  }
  get bytes(): number {
    return 0;
  }
}

/** int8, timestamps and their kin, compared as two words. */
class Int64Extreme extends NumberExtreme {
  /** Hot: bench/operator/group-by. */
  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const [arg] = args;
    assert(arg.layout === 'int64', 'int64 extreme');
    const { words, validity } = arg;
    const { max } = this;
    const flip = orderFlip(this.type);
    const { offset, rows: { floats, words: best, stride } } = this.slots;
    for (let i = 0; i < length; i++) {
      if (weights[i] <= 0 || (validity !== null && ((validity[i >> 3] >> (i & 7)) & 1) === 0)) {
        notNegative(weights[i]);
        continue;
      }
      const has = slots[i] * stride + offset;
      const at = 2 * has + 2;
      const low = words[2 * i];
      const high = words[2 * i + 1];
      if (floats[has] !== 0) {
        const greater = high === best[at + 1] ? (low >>> 0) > (best[at] >>> 0)
          : (high ^ flip) > (best[at + 1] ^ flip);
        if (greater !== max) continue;
      }
      floats[has] = 1;
      best[at] = low;
      best[at + 1] = high;
    }
  }

  result(slots: Int32Array): Vector {
    const out = new ResultColumn(this.type, slots.length);
    this.appendResult(slots, out);
    return out.finish();
  }

  override appendResult(slots: Int32Array, out: ResultColumn): boolean {
    const words = out.int64();
    const { offset, rows: { floats, words: best, stride } } = this.slots;
    let row = out.length;
    for (let i = 0; i < slots.length; i++, row++) {
      const has = slots[i] * stride + offset;
      if (floats[has] === 0) out.setNull(row);
      words[2 * row] = best[2 * has + 2];
      words[2 * row + 1] = best[2 * has + 3];
    }
    out.length = row;
    return true;
  }
}

type FloatLayout = 'bool' | 'int16' | 'int32' | 'float32' | 'float64';

/** Whatever a double holds exactly. NaN is the greatest, −0 below 0. */
class FloatExtreme extends NumberExtreme {
  readonly #layout: FloatLayout;

  constructor(rows: SlotRows, type: LogicalType, layout: FloatLayout, max: boolean) {
    super(rows, type, max);
    this.#layout = layout;
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const [arg] = args;
    assert(arg.layout === 'int16' || arg.layout === 'int32' || arg.layout === 'float32' || arg.layout === 'float64',
      `extreme of ${arg.type.kind}`);
    const { values, validity } = arg;
    const { max } = this;
    const { floats } = this.slots.rows;
    for (let i = 0; i < length; i++) {
      if (weights[i] <= 0 || (validity !== null && ((validity[i >> 3] >> (i & 7)) & 1) === 0)) {
        notNegative(weights[i]);
        continue;
      }
      const at = this.slots.at(slots[i]);
      const value = values[i];
      if (floats[at] !== 0 && floatGreater(value, floats[at + 1]) !== max) continue;
      floats[at] = 1;
      floats[at + 1] = value;
    }
  }

  result(slots: Int32Array): Vector {
    const values = new Float64Array(slots.length);
    const validityBuilder = new ValidityBuilder(slots.length);
    const { floats } = this.slots.rows;
    for (let i = 0; i < slots.length; i++) {
      const at = this.slots.at(slots[i]);
      if (floats[at] === 0) validityBuilder.clear(i);
      else values[i] = floats[at + 1];
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
}

export function floatGreater(a: number, b: number): boolean {
  if (a > b) return true;
  if (a < b) return false;
  if (a === b) return a === 0 && Object.is(b, -0) && !Object.is(a, -0);
  return a !== a && b === b;
}

class BytesExtreme extends Extreme {
  readonly #layout: 'bytes' | 'fixed16';
  readonly #best: (Uint8Array | null)[] = [];
  #size = 0;

  constructor(type: LogicalType, layout: 'bytes' | 'fixed16', max: boolean) {
    super(type, max);
    this.#layout = layout;
  }

  ensure(slots: number): void {
    for (let slot = this.#best.length; slot < slots; slot++) this.#best.push(null);
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const [arg] = args;
    assert(arg.layout === 'bytes' || arg.layout === 'fixed16', `extreme of ${arg.type.kind}`);
    const order = byteOrder(this.type);
    for (let i = 0; i < length; i++) {
      if (weights[i] <= 0 || !isValid(arg.validity, i)) {
        notNegative(weights[i]);
        continue;
      }
      const value = arg.layout === 'bytes' ? arg.bytes.subarray(arg.offsets[i], arg.offsets[i + 1])
        : arg.values.subarray(16 * i, 16 * i + 16);
      const best = this.#best[slots[i]];
      if (best !== null && (order(value, best) > 0) !== this.max) continue;
      this.#size += value.length - (best === null ? 0 : best.length);
      this.#best[slots[i]] = value.slice();
    }
  }

  result(slots: Int32Array): Vector {
    const parts = Array.from(slots, (slot) => this.#best[slot]);
    if (this.#layout === 'bytes') return bytesVector(this.type, parts);
    const values = new Uint8Array(16 * slots.length);
    const validity = new ValidityBuilder(slots.length);
    parts.forEach((part, i) => {
      if (part === null) validity.clear(i);
      else values.set(part, 16 * i);
    });
    return new Fixed16Vector(this.type, slots.length, values, validity.finish());
  }

  clear(slots: Int32Array): void {
    for (let i = 0; i < slots.length; i++) {
      this.#size -= this.#best[slots[i]]?.length ?? 0;
      this.#best[slots[i]] = null;
    }
  }

  get bytes(): number {
    return this.#size + this.#best.length * 8;
  }
}

/** A total order of encoded values: PostgreSQL's, then the bytes. */
export function byteOrder(type: LogicalType): (a: Uint8Array, b: Uint8Array) => number {
  const plain = !isLoose(type) && type.kind !== 'array' && type.kind !== 'record' && type.kind !== 'enum'
    && type.kind !== 'timetz';
  if (plain) return comparePlainBytes;
  return (a, b) => compareBytesAs(type, a, b) || comparePlainBytes(a, b);
}

