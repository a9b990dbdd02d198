// sum and avg over int2, int4 and int8: exact 128-bit sums and beyond, without a bigint a row.
import { DatabaseError, assert } from '../../data/error.ts';
import { SMALL_NUMERIC_BYTES, writeSmallNumeric } from '../../data/numeric-bytes.ts';
import { Numeric } from '../../data/numeric.ts';
import { INT2, INT4, INT8, NUMERIC } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { Int64Vector } from '../../data/vector.ts';
import type { Int16Vector, Int32Vector, Vector } from '../../data/vector.ts';
import type { AggregateFunction, ResultContext } from './aggregate.ts';
import { ResultColumn } from './result-column.ts';
import { FloatSlots, RareBigInts, SlotAccumulator, ValidityBuilder, numericVector, writeInt64 } from './slots.ts';
import type { SlotRows } from './slots.ts';

// A slot holds [n, low, high]: n rows, whose sum is (high + spilled) × 2^32 + low, low and high whole numbers
// below 2^53. Before either could pass 2^53 it is carried over.
const WIDTH = 3;
const CARRY = 2 ** 52;
/** Weights up to this keep weight × a 32-bit word, added to a value below CARRY, exact. */
const SMALL_WEIGHT = 2 ** 19;
const WORD = 4294967296;
const MAX_SAFE = Number.MAX_SAFE_INTEGER;
const MAX_INT8 = 9223372036854775807n;

export type IntegerSumResult = 'int8' | 'numeric' | 'average';

export class IntegerSumAccumulator extends SlotAccumulator {
  readonly #kind: IntegerSumResult;
  readonly #sums: FloatSlots;
  readonly #spilled = new RareBigInts();

  constructor(rows: SlotRows, kind: IntegerSumResult) {
    super();
    this.#sums = new FloatSlots(rows, WIDTH);
    this.#kind = kind;
  }

  override get plain(): boolean { return this.#spilled.empty; }

  ensure(slots: number): void {
    this.#sums.ensure(slots);
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const [arg] = args;
    switch (arg.layout) {
      case 'int16': case 'int32': this.#updateNarrow(slots, arg, weights, length); return;
      case 'int64':
        if (arg.validity === null) this.#updateWide(slots, arg, weights, length);
        else this.#updateNullable(slots, arg, weights, length);
        return;
      default: assert(false, `integer sum of ${arg.type.kind}`);
    }
  }

  #updateNarrow(slots: Int32Array, arg: Int16Vector | Int32Vector, weights: Int32Array, length: number): void {
    const { validity, values } = arg;
    const { offset, rows: { floats: data, stride } } = this.#sums;
    for (let i = 0; i < length; i++) {
      if (validity !== null && ((validity[i >> 3] >> (i & 7)) & 1) === 0) continue;
      const at = slots[i] * stride + offset;
      const weight = weights[i];
      data[at] += weight;
      if (weight > SMALL_WEIGHT || weight < -SMALL_WEIGHT) {
        this.#addExact(slots[i], BigInt(values[i]) * BigInt(weight));
        continue;
      }
      const low = data[at + 1] + weight * values[i];
      data[at + 1] = low;
      if (low > CARRY || low < -CARRY) this.#carry(slots[i]);
    }
  }

  /** Hot: bench/operator/group-by. */
  #updateWide(slots: Int32Array, arg: Int64Vector, weights: Int32Array, length: number): void {
    const { words } = arg;
    const { offset, rows: { floats: data, stride } } = this.#sums;
    for (let i = 0; i < length; i++) {
      const at = slots[i] * stride + offset;
      const weight = weights[i];
      data[at] += weight;
      if (weight > SMALL_WEIGHT || weight < -SMALL_WEIGHT) {
        this.#addExact(slots[i], arg.values[i] * BigInt(weight));
        continue;
      }
      const low = data[at + 1] + weight * (words[2 * i] >>> 0);
      const high = data[at + 2] + weight * words[2 * i + 1];
      data[at + 1] = low;
      data[at + 2] = high;
      if (low > CARRY || low < -CARRY || high > CARRY || high < -CARRY) this.#carry(slots[i]);
    }
  }

  #updateNullable(slots: Int32Array, arg: Int64Vector, weights: Int32Array, length: number): void {
    const { validity, words } = arg;
    assert(validity !== null, 'nullable');
    const { offset, rows: { floats: data, stride } } = this.#sums;
    for (let i = 0; i < length; i++) {
      if (((validity[i >> 3] >> (i & 7)) & 1) === 0) continue;
      const at = slots[i] * stride + offset;
      const weight = weights[i];
      data[at] += weight;
      if (weight > SMALL_WEIGHT || weight < -SMALL_WEIGHT) {
        this.#addExact(slots[i], arg.values[i] * BigInt(weight));
        continue;
      }
      const low = data[at + 1] + weight * (words[2 * i] >>> 0);
      const high = data[at + 2] + weight * words[2 * i + 1];
      data[at + 1] = low;
      data[at + 2] = high;
      if (low > CARRY || low < -CARRY || high > CARRY || high < -CARRY) this.#carry(slots[i]);
    }
  }

  #carry(slot: number): void {
    const data = this.#sums.rows.floats;
    const at = this.#sums.at(slot);
    const carry = Math.floor(data[at + 1] / WORD);
    data[at + 1] -= carry * WORD;
    data[at + 2] += carry;
    if (Math.abs(data[at + 2]) < CARRY) return;
    this.#spilled.add(slot, BigInt(data[at + 2]));
    data[at + 2] = 0;
  }

  #addExact(slot: number, value: bigint): void {
    const data = this.#sums.rows.floats;
    const at = this.#sums.at(slot);
    data[at + 1] += Number(BigInt.asUintN(32, value));
    this.#spilled.add(slot, value >> 32n);
    if (Math.abs(data[at + 1]) > CARRY) this.#carry(slot);
  }

  /** The sum of the slot whose numbers begin at `at`, as a double when that is exact, else NaN. */
  #small(data: Float64Array, at: number, slot: number): number {
    const high = data[at + 2];
    if (high > 1048575 || high < -1048576) return NaN;
    const sum = high * WORD + data[at + 1];
    if (sum > Number.MAX_SAFE_INTEGER || sum < Number.MIN_SAFE_INTEGER) return NaN;
    return this.#spilled.map.size !== 0 && this.#spilled.map.has(slot) ? NaN : sum;
  }

  #exact(slot: number): bigint {
    const at = this.#sums.at(slot);
    const data = this.#sums.rows.floats;
    return ((BigInt(data[at + 2]) + this.#spilled.get(slot)) << 32n) + BigInt(data[at + 1]);
  }

  #count(slot: number): number {
    return this.#sums.rows.floats[this.#sums.at(slot)];
  }

  result(slots: Int32Array, context: ResultContext): Vector {
    switch (this.#kind) {
      case 'int8': return this.#int8(slots, context);
      case 'numeric': return this.#numeric(slots);
      case 'average': return this.#average(slots);
    }
  }

  #int8(slots: Int32Array, context: ResultContext): Vector {
    const values = new BigInt64Array(slots.length);
    const words = new Int32Array(values.buffer);
    const validity = new ValidityBuilder(slots.length);
    const { offset, rows: { floats, stride } } = this.#sums;
    for (let i = 0; i < slots.length; i++) {
      const at = slots[i] * stride + offset;
      if (floats[at] === 0) {
        validity.clear(i);
        continue;
      }
      const small = this.#small(floats, at, slots[i]);
      if (small === small) {
        writeInt64(words, i, small);
        continue;
      }
      const exact = this.#exact(slots[i]);
      if (exact > MAX_INT8 || exact < -MAX_INT8 - 1n) {
        context.fail(i, new DatabaseError('22003', 'bigint out of range'));
      } else values[i] = exact;
    }
    return new Int64Vector(INT8, slots.length, values, validity.finish());
  }

  #numeric(slots: Int32Array): Vector {
    const out = new ResultColumn(NUMERIC, slots.length);
    return this.appendResult(slots, out) ? out.finish() : this.#largeNumeric(slots);
  }

  /** Hot: bench/operator/group-by. Gives up where a sum is large: nothing counts before `out.length` says so. */
  override appendResult(slots: Int32Array, out: ResultColumn): boolean {
    if (this.#kind !== 'numeric') return false;
    out.reserve(slots.length, SMALL_NUMERIC_BYTES);
    const { bytes, offsets, view } = out;
    const { offset, rows: { floats, stride } } = this.#sums;
    const spilled = this.#spilled.map.size !== 0;
    let row = out.length;
    let end = offsets[row];
    for (let i = 0; i < slots.length; i++) {
      const at = slots[i] * stride + offset;
      const high = floats[at + 2];
      const low = floats[at + 1];
      if (floats[at] === 0) out.setNull(row);
      else if (high === 0 && low >= 0 && low < WORD && !spilled) end = writeWhole(view, end, low);
      else {
        const sum = high * WORD + low;
        if (spilled || high > 1048575 || high < -1048576 || sum > MAX_SAFE || sum < -MAX_SAFE) return false;
        end = sum >= 0 ? writeWhole(view, end, sum) : writeSmallNumeric(bytes, end, sum, 0);
      }
      offsets[++row] = end;
    }
    out.length = row;
    return true;
  }

  #largeNumeric(slots: Int32Array): Vector {
    return numericVector(Array.from(slots, (slot) =>
      this.#count(slot) === 0 ? null : Numeric.fromBigInt(this.#exact(slot))));
  }

  #average(slots: Int32Array): Vector {
    return numericVector(Array.from(slots, (slot) => {
      const count = this.#count(slot);
      return count === 0 ? null : Numeric.fromBigInt(this.#exact(slot)).divide(Numeric.fromInteger(count));
    }));
  }

  clear(slots: Int32Array): void {
    this.#sums.clear(slots);
    this.#spilled.clear(slots);
  }
  saveColumns(slots: Int32Array): readonly Vector[] {
    return [...this.#sums.save(slots), this.#spilled.save(slots)];
  }
  restoreColumns(slots: Int32Array, columns: readonly Vector[], from: number): number {
    const used = this.#sums.restore(slots, columns, from);
    this.#spilled.restore(slots, columns[from + used]);
    return used + 1;
  }
  get bytes(): number {
    return this.#spilled.map.size * 64;
  }
}

/** writeSmallNumeric of a whole number not below 0, by words; it may write two bytes more. */
function writeWhole(out: DataView, at: number, value: number): number {
  const low = value >>> 0;
  out.setInt32(at, low << 16, true);
  if (value < WORD) {
    out.setInt32(at + 4, low >>> 16, true);
    return at + 2 + ((39 - Math.clz32(low)) >> 3);
  }
  const high = Math.floor(value / WORD);
  out.setInt32(at + 4, (low >>> 16) | (high << 16), true);
  out.setInt16(at + 8, high >>> 16, true);
  return at + 6 + ((39 - Math.clz32(high)) >> 3);
}

function sum(arg: LogicalType, returns: LogicalType, kind: IntegerSumResult): AggregateFunction {
  const average = kind === 'average';
  return {
    kind: 'aggregate', form: 'plain', direct: 0, name: average ? 'avg' : 'sum', args: [arg], returns,
    strict: true, ordered: false,
    description: average
      ? 'the average (arithmetic mean) as numeric of all integer values'
      : `sum as ${returns.kind === 'int8' ? 'bigint' : 'numeric'} across all integer input values`,
    example: average
      ? { sql: `SELECT avg(x::${arg.kind}) FROM (VALUES (1), (2)) AS v(x)`, result: '1.5000000000000000' }
      : { sql: `SELECT sum(x::${arg.kind}) FROM (VALUES (1), (2)) AS v(x)`, result: '3' },
    accumulator: ({ rows }) => new IntegerSumAccumulator(rows, kind),
  };
}

export const INTEGER_SUMS: readonly AggregateFunction[] = [
  sum(INT2, INT8, 'int8'), sum(INT4, INT8, 'int8'), sum(INT8, NUMERIC, 'numeric'),
  sum(INT2, NUMERIC, 'average'), sum(INT4, NUMERIC, 'average'), sum(INT8, NUMERIC, 'average'),
];
