// sum and avg over numeric, variance and standard deviation over numeric and integers: exact decimal sums by slot.
import { assert, DatabaseError } from '../../data/error.ts';
import { integerRoot } from '../../data/integer-root.ts';
import { SMALL_NUMERIC_BYTES, numericAt, numericScaleAt, smallUnscaledAt, writeSmallNumeric }
  from '../../data/numeric-bytes.ts';
import { Numeric, divideRounded, divisionScale, powerOfTen, rescale } from '../../data/numeric.ts';
import { INT2, INT4, INT8, NUMERIC } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { BytesVector, isValid } from '../../data/vector.ts';
import type { Vector } from '../../data/vector.ts';
import type { AggregateFunction, ResultContext } from './aggregate.ts';
import { FloatSlots, RareBigInts, RareState, SlotAccumulator, ValidityBuilder, numericVector } from './slots.ts';
import type { SlotRows } from './slots.ts';

// A slot holds [n, sum, squares, scale, atScale]: n finite rows; the sum of their values × 10^scale is `sum` plus what
// spilled, of their squares × 10^(2 scale) `squares` plus what spilled; scale is the greatest seen since the slot was
// empty; atScale of the rows have it, the others are counted scale by scale, since the greatest scale among the rows
// that are there is the scale of the result.
const WIDTH = 5;
const SUM = 1;
const SQUARES = 2;
const SCALE = 3;
const AT_SCALE = 4;
const SAFE = Number.MAX_SAFE_INTEGER;
/** A whole number up to this has a square that a double holds exactly. */
const SQUARE_SAFE = 94906265;

/** Rows by scale, of scales other than the slot's. */
class ScaleCounts extends RareState<Map<number, number>> {
  protected print(value: Map<number, number>): string {
    return [...value].map(([scale, count]) => `${scale}:${count}`).join(',');
  }
  protected parse(text: string): Map<number, number> {
    return new Map(text.split(',').map((pair) => {
      const [scale, count] = pair.split(':');
      return [Number(scale), Number(count)];
    }));
  }
  add(slot: number, scale: number, count: number): void {
    const counts = this.map.get(slot) ?? new Map<number, number>();
    const sum = (counts.get(scale) ?? 0) + count;
    if (sum === 0) counts.delete(scale);
    else counts.set(scale, sum);
    if (counts.size === 0) this.map.delete(slot);
    else this.map.set(slot, counts);
  }
  /** The greatest scale with rows. */
  greatest(slot: number): number {
    let greatest = 0;
    for (const [scale, count] of this.map.get(slot) ?? []) if (count > 0 && scale > greatest) greatest = scale;
    return greatest;
  }
}

export interface SpecialCounts { nan: number; infinity: number; negative: number }

/** Rows that are no finite number. */
export class Specials extends RareState<SpecialCounts> {
  protected print(value: SpecialCounts): string {
    return `${value.nan},${value.infinity},${value.negative}`;
  }
  protected parse(text: string): SpecialCounts {
    const [nan, infinity, negative] = text.split(',').map(Number);
    return { nan, infinity, negative };
  }
  add(slot: number, kind: 'nan' | 'infinity' | '-infinity', weight: number): void {
    const counts = this.map.get(slot) ?? { nan: 0, infinity: 0, negative: 0 };
    counts[kind === '-infinity' ? 'negative' : kind] += weight;
    if (counts.nan === 0 && counts.infinity === 0 && counts.negative === 0) this.map.delete(slot);
    else this.map.set(slot, counts);
  }
  count(slot: number): number {
    const counts = this.map.get(slot);
    return counts === undefined ? 0 : counts.nan + counts.infinity + counts.negative;
  }
  /** The sum of the slot's special values: NaN, ±Infinity, or 0 when it has none. */
  sum(slot: number): number {
    const counts = this.map.get(slot);
    if (counts === undefined) return 0;
    if (counts.nan > 0 || (counts.infinity > 0 && counts.negative > 0)) return NaN;
    return counts.infinity > 0 ? Infinity : counts.negative > 0 ? -Infinity : 0;
  }
}

export type DecimalResult = 'sum' | 'avg' | Spread;
export type Spread = 'var_pop' | 'var_samp' | 'stddev_pop' | 'stddev_samp';

export class DecimalSumsAccumulator extends SlotAccumulator {
  readonly #kind: DecimalResult;
  readonly #squared: boolean;
  readonly #slots: FloatSlots;
  readonly #sums = new RareBigInts();
  readonly #squares = new RareBigInts();
  readonly #scales = new ScaleCounts();
  readonly #specials = new Specials();

  constructor(rows: SlotRows, kind: DecimalResult) {
    super();
    this.#slots = new FloatSlots(rows, WIDTH);
    this.#kind = kind;
    this.#squared = kind !== 'sum' && kind !== 'avg';
  }

  override get plain(): boolean {
    return this.#sums.empty && this.#squares.empty && this.#scales.empty && this.#specials.empty;
  }

  ensure(slots: number): void {
    this.#slots.ensure(slots);
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const [arg] = args;
    switch (arg.layout) {
      case 'bytes': this.#updateNumeric(slots, arg, weights, length); return;
      case 'int16': case 'int32': case 'int64':
        for (let i = 0; i < length; i++) {
          if (weights[i] === 0 || !isValid(arg.validity, i)) continue;
          const small = Number(arg.values[i]);
          if (small <= SAFE && small >= -SAFE) this.#add(slots[i], small, 0, weights[i]);
          else this.#addBig(slots[i], BigInt(arg.values[i]), 0, weights[i]);
        }
        return;
      default: assert(false, `decimal sum of ${arg.type.kind}`);
    }
  }

  #updateNumeric(slots: Int32Array, arg: BytesVector, weights: Int32Array, length: number): void {
    const { validity } = arg;
    for (let i = 0; i < length; i++) {
      if (weights[i] === 0 || (validity !== null && ((validity[i >> 3] >> (i & 7)) & 1) === 0)) continue;
      const small = smallUnscaledAt(arg, i);
      if (small === small) {
        this.#add(slots[i], small, numericScaleAt(arg, i), weights[i]);
        continue;
      }
      const value = numericAt(arg, i);
      if (value.kind === 'finite') this.#addBig(slots[i], value.unscaled, value.scale, weights[i]);
      else this.#specials.add(slots[i], value.kind, weights[i]);
    }
  }

  /** Hot: rows of the slot's scale, small enough; everything else goes the exact way. */
  #add(slot: number, unscaled: number, scale: number, weight: number): void {
    const data = this.#slots.rows.floats;
    const at = this.#slots.at(slot);
    if (data[at + SCALE] !== scale) {
      if (!this.#isEmpty(slot)) {
        this.#addBig(slot, BigInt(unscaled), scale, weight);
        return;
      }
      data[at + SCALE] = scale;
    }
    const product = unscaled * weight;
    const sum = data[at + SUM] + product;
    const squares = this.#squared ? data[at + SQUARES] + unscaled * product : 0;
    if (product > SAFE || product < -SAFE || sum > SAFE || sum < -SAFE
      || (this.#squared && (unscaled > SQUARE_SAFE || unscaled < -SQUARE_SAFE || squares > SAFE || squares < -SAFE
        || Math.abs(unscaled * product) > SAFE))) {
      this.#addBig(slot, BigInt(unscaled), scale, weight);
      return;
    }
    data[at] += weight;
    data[at + AT_SCALE] += weight;
    data[at + SUM] = sum;
    data[at + SQUARES] = squares;
  }

  #isEmpty(slot: number): boolean {
    const at = this.#slots.at(slot);
    const data = this.#slots.rows.floats;
    return data[at] === 0 && data[at + AT_SCALE] === 0 && !this.#scales.map.has(slot);
  }

  #addBig(slot: number, unscaled: bigint, scale: number, weight: number): void {
    const data = this.#slots.rows.floats;
    const at = this.#slots.at(slot);
    if (scale > data[at + SCALE]) this.#widen(slot, scale);
    data[at] += weight;
    if (scale === data[at + SCALE]) data[at + AT_SCALE] += weight;
    else this.#scales.add(slot, scale, weight);
    const value = unscaled * powerOfTen(data[at + SCALE] - scale);
    const times = BigInt(weight);
    this.#sums.add(slot, value * times);
    if (this.#squared) this.#squares.add(slot, value * value * times);
  }

  /** Brings the slot's sums to a greater scale. */
  #widen(slot: number, scale: number): void {
    const data = this.#slots.rows.floats;
    const at = this.#slots.at(slot);
    const factor = powerOfTen(scale - data[at + SCALE]);
    const sum = this.#sum(slot) * factor;
    const squares = this.#sumOfSquares(slot) * factor * factor;
    this.#sums.map.delete(slot);
    this.#squares.map.delete(slot);
    this.#sums.add(slot, sum);
    this.#squares.add(slot, squares);
    if (data[at + AT_SCALE] !== 0) this.#scales.add(slot, data[at + SCALE], data[at + AT_SCALE]);
    data[at + SUM] = 0;
    data[at + SQUARES] = 0;
    data[at + AT_SCALE] = 0;
    data[at + SCALE] = scale;
  }

  #sum(slot: number): bigint {
    return BigInt(this.#slots.rows.floats[this.#slots.at(slot) + SUM]) + this.#sums.get(slot);
  }

  #sumOfSquares(slot: number): bigint {
    return BigInt(this.#slots.rows.floats[this.#slots.at(slot) + SQUARES]) + this.#squares.get(slot);
  }

  result(slots: Int32Array, context: ResultContext): Vector {
    if (this.#kind === 'sum') {
      const small = this.#smallSums(slots);
      if (small !== null) return small;
    }
    return numericVector(Array.from(slots, (slot, i) => {
      try {
        return this.#resultOf(slot);
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error;
        context.fail(i, error);
        return null;
      }
    }));
  }

  /** Sums that are all small and of one scale a slot, or null. */
  #smallSums(slots: Int32Array): Vector | null {
    const data = this.#slots.rows.floats;
    if (this.#specials.map.size !== 0) return null;
    const bytes = new Uint8Array(slots.length * SMALL_NUMERIC_BYTES);
    const offsets = new Int32Array(slots.length + 1);
    const validity = new ValidityBuilder(slots.length);
    let end = 0;
    for (let i = 0; i < slots.length; i++) {
      const at = this.#slots.at(slots[i]);
      if (data[at] === 0) validity.clear(i);
      else if (data[at + AT_SCALE] <= 0 || (this.#sums.map.size !== 0 && this.#sums.map.has(slots[i]))) return null;
      else end = writeSmallNumeric(bytes, end, data[at + SUM], data[at + SCALE]);
      offsets[i + 1] = end;
    }
    return new BytesVector(NUMERIC, slots.length, offsets, bytes, validity.finish());
  }

  #resultOf(slot: number): Numeric | null {
    const at = this.#slots.at(slot);
    const count = this.#slots.rows.floats[at];
    const total = count + this.#specials.count(slot);
    const sample = this.#kind === 'var_samp' || this.#kind === 'stddev_samp';
    if (total === 0 || (sample && total <= 1)) return null;
    const special = this.#specials.sum(slot);
    if (special !== 0 || special !== special) return this.#squared ? Numeric.NAN : Numeric.fromFloat(special);
    const scale = this.#slots.rows.floats[at + SCALE];
    const shown = this.#slots.rows.floats[at + AT_SCALE] > 0 ? scale : this.#scales.greatest(slot);
    // What is there has no more than `shown` digits after the point, so nothing is lost.
    const exact = this.#sum(slot) / powerOfTen(scale - shown);
    if (this.#kind === 'sum') return Numeric.computed(exact, shown);
    if (this.#kind === 'avg') return Numeric.computed(exact, shown).divide(Numeric.fromInteger(count));
    const squares = this.#sumOfSquares(slot) / powerOfTen(2 * (scale - shown));
    return spread(this.#kind, BigInt(count), exact, squares, shown);
  }

  clear(slots: Int32Array): void {
    this.#slots.clear(slots);
    for (const rare of [this.#sums, this.#squares, this.#scales, this.#specials]) rare.clear(slots);
  }
  saveColumns(slots: Int32Array): readonly Vector[] {
    const rare = [this.#sums, this.#squares, this.#scales, this.#specials].map((r) => r.save(slots));
    return [...this.#slots.save(slots), ...rare];
  }
  restoreColumns(slots: Int32Array, columns: readonly Vector[], from: number): number {
    let at = from + this.#slots.restore(slots, columns, from);
    for (const rare of [this.#sums, this.#squares, this.#scales, this.#specials]) rare.restore(slots, columns[at++]);
    return at - from;
  }
  get bytes(): number {
    return (this.#sums.map.size + this.#squares.map.size + this.#scales.map.size) * 64;
  }
}

/** PostgreSQL's numeric_stddev_internal: exact numerator, then division and root at the scale of the quotient. */
function spread(kind: Spread, rows: bigint, sum: bigint, squares: bigint, places: number): Numeric {
  const numerator = Numeric.intermediate(rows * squares - sum * sum, 2 * places);
  if (numerator.sign <= 0) return Numeric.ZERO;
  const sample = kind === 'var_samp' || kind === 'stddev_samp';
  const denominator = rows * (sample ? rows - 1n : rows);
  const scale = divisionScale(numerator, Numeric.fromBigInt(denominator));
  // Of a deviation within numeric's range the variance may be beyond it.
  const variance = divideRounded(rescale(numerator.unscaled, 2 * places, Math.max(scale, 2 * places)),
    denominator * powerOfTen(Math.max(0, 2 * places - scale)));
  return kind === 'var_pop' || kind === 'var_samp' ? Numeric.computed(variance, scale) : rootAt(variance, scale);
}

/** The square root of unscaled × 10^−scale, rounded to that scale. */
function rootAt(unscaled: bigint, scale: number): Numeric {
  const square = unscaled * powerOfTen(scale);
  const root = integerRoot(square);
  return Numeric.of(square - root * root > root ? root + 1n : root, scale);
}

function plain(name: string, arg: LogicalType, kind: DecimalResult, description: string): AggregateFunction {
  const example = kind === 'sum' ? '3' : kind === 'avg' ? '1.5000000000000000'
    : kind === 'var_pop' ? '0.25000000000000000000' : kind === 'stddev_pop' ? '0.50000000000000000000'
      : kind === 'var_samp' ? '0.50000000000000000000' : '0.70710678118654752440';
  return {
    kind: 'aggregate', form: 'plain', direct: 0, name, args: [arg], returns: NUMERIC, strict: true, ordered: false,
    description,
    example: { sql: `SELECT ${name}(x::${arg.kind}) FROM (VALUES (1), (2)) AS v(x)`, result: example },
    accumulator: ({ rows }) => new DecimalSumsAccumulator(rows, kind),
  };
}

/** SQL names of the variance family; `variance` and `stddev` are the sample forms. */
export const SPREADS: readonly (readonly [string, Spread, string])[] = [
  ['var_pop', 'var_pop', 'population variance'],
  ['var_samp', 'var_samp', 'sample variance'],
  ['variance', 'var_samp', 'historical alias for var_samp'],
  ['stddev_pop', 'stddev_pop', 'population standard deviation'],
  ['stddev_samp', 'stddev_samp', 'sample standard deviation'],
  ['stddev', 'stddev_samp', 'historical alias for stddev_samp'],
];

export const DECIMAL_SUMS: readonly AggregateFunction[] = [
  plain('sum', NUMERIC, 'sum', 'sum as numeric across all numeric input values'),
  plain('avg', NUMERIC, 'avg', 'the average (arithmetic mean) as numeric of all numeric values'),
  ...SPREADS.flatMap(([name, kind, what]) =>
    [INT2, INT4, INT8, NUMERIC].map((arg) => plain(name, arg, kind, `${what} of the input values`))),
];
