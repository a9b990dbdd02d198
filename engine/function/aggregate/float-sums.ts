// sum, avg and the statistics over floats: rounded once, from exact sums, so the order of rows never matters.
//
// Why: PostgreSQL adds doubles one by one, so its last digits depend on the order of the rows and cannot follow a
// retraction (1e20 in and out again would lose the 1 that was there). Ours is the double nearest to the true sum.
import { DatabaseError, assert } from '../../data/error.ts';
import { FLOAT4, FLOAT8, INT8 } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { Float32Vector, Float64Vector, isValid } from '../../data/vector.ts';
import type { Vector } from '../../data/vector.ts';
import { SPREADS, Specials } from './decimal-sums.ts';
import type { Spread } from './decimal-sums.ts';
import type { AggregateFunction, ResultContext } from './aggregate.ts';
import { ExactSums, addDyadic, multiplyDyadic, negateDyadic, roundDyadic } from './exact-sums.ts';
import type { Dyadic } from './exact-sums.ts';
import { CountAccumulator } from './count.ts';
import { FloatSlots, SlotAccumulator, SlotRows, ValidityBuilder } from './slots.ts';

type FloatVector = Float32Vector | Float64Vector;

function floats(vector: Vector): FloatVector {
  assert(vector.layout === 'float64' || vector.layout === 'float32', `float sum of ${vector.type.kind}`);
  return vector;
}

function overflow(): DatabaseError {
  return new DatabaseError('22003', 'value out of range: overflow');
}

function kindOf(value: number): 'nan' | 'infinity' | '-infinity' {
  return value !== value ? 'nan' : value > 0 ? 'infinity' : '-infinity';
}

/** One column's rows: how many there are, their exact sum, and those that are not finite. */
class FloatColumnSums {
  readonly sums: ExactSums;
  readonly specials = new Specials();

  constructor(rows: SlotRows) {
    this.sums = new ExactSums(rows);
  }

  add(slot: number, value: number, weight: number): void {
    if (Number.isFinite(value)) this.sums.add(slot, value, weight);
    else this.specials.add(slot, kindOf(value), weight);
  }

  isFinite(slot: number): boolean {
    return !this.specials.map.has(slot);
  }

  /** The sum of all rows; ±Infinity of finite rows means overflow. */
  total(slot: number): number {
    return this.isFinite(slot) ? this.sums.rounded(slot) : this.specials.sum(slot);
  }

  clear(slots: Int32Array): void {
    this.sums.clear(slots);
    this.specials.clear(slots);
  }
  save(slots: Int32Array): readonly Vector[] {
    return [...this.sums.save(slots), this.specials.save(slots)];
  }
  restore(slots: Int32Array, columns: readonly Vector[], from: number): number {
    const used = this.sums.restore(slots, columns, from);
    this.specials.restore(slots, columns[from + used]);
    return used + 1;
  }
}

/** sum and avg. */
export class FloatSumAccumulator extends SlotAccumulator {
  readonly #kind: 'sum' | 'avg';
  readonly #type: LogicalType;
  /** n, and how many of them are −0: the sum of nothing but −0 is −0. */
  readonly #counts: FloatSlots;
  readonly #column: FloatColumnSums;

  constructor(rows: SlotRows, kind: 'sum' | 'avg', type: LogicalType) {
    super();
    this.#counts = new FloatSlots(rows, 2);
    this.#column = new FloatColumnSums(rows);
    this.#kind = kind;
    this.#type = type;
  }

  ensure(slots: number): void {
    this.#counts.ensure(slots);
    this.#column.sums.ensure(slots);
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const { values, validity } = floats(args[0]);
    const data = this.#counts.rows.floats;
    for (let i = 0; i < length; i++) {
      if (weights[i] === 0 || (validity !== null && ((validity[i >> 3] >> (i & 7)) & 1) === 0)) continue;
      const slot = slots[i];
      const at = this.#counts.at(slot);
      data[at] += weights[i];
      if (values[i] === 0) {
        if (Object.is(values[i], -0)) data[at + 1] += weights[i];
      } else this.#column.add(slot, values[i], weights[i]);
    }
  }

  result(slots: Int32Array, context: ResultContext): Vector {
    const validity = new ValidityBuilder(slots.length);
    const single = this.#type.kind === 'float4';
    const values = new Float64Array(slots.length);
    for (let i = 0; i < slots.length; i++) {
      const at = this.#counts.at(slots[i]);
      const count = this.#counts.rows.floats[at];
      if (count === 0) {
        validity.clear(i);
        continue;
      }
      let total = this.#column.total(slots[i]);
      if (single) total = Math.fround(total);
      if (!Number.isFinite(total) && this.#column.isFinite(slots[i])) context.fail(i, overflow());
      if (this.#kind === 'avg') total /= count;
      else if (total === 0 && this.#counts.rows.floats[at + 1] === count) total = -0;
      values[i] = total;
    }
    if (single) return new Float32Vector(FLOAT4, slots.length, Float32Array.from(values), validity.finish());
    return new Float64Vector(FLOAT8, slots.length, values, validity.finish());
  }

  clear(slots: Int32Array): void {
    this.#counts.clear(slots);
    this.#column.clear(slots);
  }
  saveColumns(slots: Int32Array): readonly Vector[] {
    return [...this.#counts.save(slots), ...this.#column.save(slots)];
  }
  restoreColumns(slots: Int32Array, columns: readonly Vector[], from: number): number {
    const used = this.#counts.restore(slots, columns, from);
    return used + this.#column.restore(slots, columns, from + used);
  }
  get bytes(): number {
    return this.#column.sums.bytes;
  }
}

/** What the statistics of a slot are computed from; the s.. are centred on the means, NaN where a row is not finite. */
interface Moments {
  readonly n: number;
  readonly sumX: number;
  readonly sumY: number;
  readonly sxx: number;
  readonly syy: number;
  readonly sxy: number;
  /** A sum of finite values is beyond double precision. */
  readonly overflow: boolean;
}

/** NULL: null. */
type Statistic = (m: Moments) => number | null;

/** Statistics over one column (x) or two (y, x), from sums of values, squares and products. */
export class FloatStatisticAccumulator extends SlotAccumulator {
  readonly #statistic: Statistic;
  readonly #pairs: boolean;
  readonly #counts: FloatSlots;
  readonly #x: FloatColumnSums;
  readonly #xx: ExactSums;
  readonly #y: FloatColumnSums;
  readonly #yy: ExactSums;
  readonly #xy: ExactSums;

  constructor(rows: SlotRows, statistic: Statistic, pairs: boolean) {
    super();
    this.#counts = new FloatSlots(rows, 1);
    this.#x = new FloatColumnSums(rows);
    this.#xx = new ExactSums(rows);
    // Unused parts of one column's statistics take no room in the rows.
    const more = pairs ? rows : new SlotRows();
    this.#y = new FloatColumnSums(more);
    this.#yy = new ExactSums(more);
    this.#xy = new ExactSums(more);
    this.#statistic = statistic;
    this.#pairs = pairs;
  }

  #sums(): readonly ExactSums[] {
    return this.#pairs ? [this.#xx, this.#yy, this.#xy] : [this.#xx];
  }

  #columns(): readonly FloatColumnSums[] {
    return this.#pairs ? [this.#x, this.#y] : [this.#x];
  }

  ensure(slots: number): void {
    this.#counts.ensure(slots);
    for (const column of this.#columns()) column.sums.ensure(slots);
    for (const sums of this.#sums()) sums.ensure(slots);
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const x = floats(this.#pairs ? args[1] : args[0]);
    const y = floats(args[0]);
    const data = this.#counts.rows.floats;
    for (let i = 0; i < length; i++) {
      const weight = weights[i];
      if (weight === 0 || !isValid(x.validity, i) || !isValid(y.validity, i)) continue;
      const slot = slots[i];
      data[this.#counts.at(slot)] += weight;
      this.#x.add(slot, x.values[i], weight);
      const finite = Number.isFinite(x.values[i]);
      if (finite) this.#xx.addProduct(slot, x.values[i], x.values[i], weight);
      if (!this.#pairs) continue;
      this.#y.add(slot, y.values[i], weight);
      if (!Number.isFinite(y.values[i])) continue;
      this.#yy.addProduct(slot, y.values[i], y.values[i], weight);
      if (finite) this.#xy.addProduct(slot, x.values[i], y.values[i], weight);
    }
  }

  #moments(slot: number): Moments {
    const n = this.#counts.rows.floats[this.#counts.at(slot)];
    const x = this.#x.sums.exact(slot);
    const finiteX = this.#x.isFinite(slot);
    const sxx = finiteX ? centred(n, this.#xx.exact(slot), x, x) : NaN;
    const sumX = this.#x.total(slot);
    const overflowX = finiteX && !(Number.isFinite(sumX) && Number.isFinite(sxx));
    if (!this.#pairs) return { n, sumX, sxx, sumY: 0, syy: 0, sxy: 0, overflow: overflowX };
    const y = this.#y.sums.exact(slot);
    const finiteY = this.#y.isFinite(slot);
    const sumY = this.#y.total(slot);
    const syy = finiteY ? centred(n, this.#yy.exact(slot), y, y) : NaN;
    const sxy = finiteX && finiteY ? centred(n, this.#xy.exact(slot), x, y) : NaN;
    const overflowY = finiteY && !(Number.isFinite(sumY) && Number.isFinite(syy));
    return { n, sumX, sumY, sxx, syy, sxy, overflow: overflowX || overflowY || Math.abs(sxy) === Infinity };
  }

  result(slots: Int32Array, context: ResultContext): Vector {
    const values = new Float64Array(slots.length);
    const validity = new ValidityBuilder(slots.length);
    for (let i = 0; i < slots.length; i++) {
      const n = this.#counts.rows.floats[this.#counts.at(slots[i])];
      if (n === 0) {
        validity.clear(i);
        continue;
      }
      const moments = this.#moments(slots[i]);
      const value = this.#statistic(moments);
      if (moments.overflow) context.fail(i, overflow());
      if (value === null) validity.clear(i);
      else values[i] = value;
    }
    return new Float64Vector(FLOAT8, slots.length, values, validity.finish());
  }

  clear(slots: Int32Array): void {
    this.#counts.clear(slots);
    for (const part of [...this.#columns(), ...this.#sums()]) part.clear(slots);
  }
  saveColumns(slots: Int32Array): readonly Vector[] {
    const parts = [...this.#columns(), ...this.#sums()];
    return [...this.#counts.save(slots), ...parts.flatMap((part) => part.save(slots))];
  }
  restoreColumns(slots: Int32Array, columns: readonly Vector[], from: number): number {
    let at = from + this.#counts.restore(slots, columns, from);
    for (const part of [...this.#columns(), ...this.#sums()]) at += part.restore(slots, columns, at);
    return at - from;
  }
  get bytes(): number {
    return [...this.#columns().map((c) => c.sums), ...this.#sums()]
      .reduce((sum, part) => sum + part.bytes, 0);
  }
}

/** Σ(a − mean a)(b − mean b) = (n Σab − Σa Σb) / n, exact up to the division. */
function centred(n: number, products: Dyadic, a: Dyadic, b: Dyadic): number {
  const rows: Dyadic = { mantissa: BigInt(n), exponent: 0 };
  const numerator = addDyadic(multiplyDyadic(rows, products), negateDyadic(multiplyDyadic(a, b)));
  const rounded = roundDyadic(numerator);
  if (Number.isFinite(rounded)) return rounded / n;
  return roundDyadic({ mantissa: numerator.mantissa / BigInt(n), exponent: numerator.exponent });
}

function spread(kind: Spread): Statistic {
  const sample = kind === 'var_samp' || kind === 'stddev_samp';
  const root = kind === 'stddev_pop' || kind === 'stddev_samp';
  return ({ n, sxx }) => {
    if (sample && n <= 1) return null;
    const variance = sxx / (sample ? n - 1 : n);
    return root ? Math.sqrt(variance) : variance;
  };
}

const REGRESSION: readonly (readonly [string, Statistic, string, string])[] = [
  ['corr', ({ sxx, syy, sxy }) => (sxx === 0 || syy === 0 ? null : sxy / Math.sqrt(sxx * syy)),
    'correlation coefficient', '1'],
  ['covar_pop', ({ n, sxy }) => sxy / n, 'population covariance', '0.5'],
  ['covar_samp', ({ n, sxy }) => (n < 2 ? null : sxy / (n - 1)), 'sample covariance', '1'],
  ['regr_avgx', ({ n, sumX }) => sumX / n, 'average of the independent variable (sum(X)/N)', '1.5'],
  ['regr_avgy', ({ n, sumY }) => sumY / n, 'average of the dependent variable (sum(Y)/N)', '4'],
  ['regr_intercept', ({ n, sumX, sumY, sxx, sxy }) => (sxx === 0 ? null : (sumY - sumX * (sxy / sxx)) / n),
    'y-intercept of the least-squares-fit linear equation determined by the (X, Y) pairs', '1'],
  ['regr_r2', ({ sxx, syy, sxy }) => (sxx === 0 ? null : syy === 0 ? 1 : (sxy * sxy) / (sxx * syy)),
    'square of the correlation coefficient', '1'],
  ['regr_slope', ({ sxx, sxy }) => (sxx === 0 ? null : sxy / sxx),
    'slope of the least-squares-fit linear equation determined by the (X, Y) pairs', '2'],
  ['regr_sxx', ({ sxx }) => sxx, 'sum of squares of the independent variable (sum(X^2) - sum(X)^2/N)', '0.5'],
  ['regr_sxy', ({ sxy }) => sxy,
    'sum of products of independent times dependent variable (sum(X*Y) - sum(X) * sum(Y)/N)', '1'],
  ['regr_syy', ({ syy }) => syy, 'sum of squares of the dependent variable (sum(Y^2) - sum(Y)^2/N)', '2'],
];

function record(
  name: string, args: readonly LogicalType[], returns: LogicalType, description: string,
): Omit<AggregateFunction, 'accumulator'> {
  return {
    kind: 'aggregate', form: 'plain', direct: 0, name, args, returns, strict: true, ordered: false, description,
  };
}

const PAIRS = 'FROM (VALUES (3, 1), (5, 2)) AS v(y, x)';
const VALUES = 'FROM (VALUES (1), (2)) AS v(x)';
const SPREAD_RESULT = {
  var_pop: '0.25', var_samp: '0.5', stddev_pop: '0.5', stddev_samp: '0.7071067811865476',
} as const;

export const FLOAT_SUMS: readonly AggregateFunction[] = [
  {
    ...record('sum', [FLOAT4], FLOAT4, 'sum as float4 across all float4 input values'),
    example: { sql: `SELECT sum(x::float4) ${VALUES}`, result: '3' },
    accumulator: ({ rows }) => new FloatSumAccumulator(rows, 'sum', FLOAT4),
  },
  {
    ...record('sum', [FLOAT8], FLOAT8, 'sum as float8 across all float8 input values'),
    example: { sql: `SELECT sum(x::float8) ${VALUES}`, result: '3' },
    accumulator: ({ rows }) => new FloatSumAccumulator(rows, 'sum', FLOAT8),
  },
  ...[FLOAT4, FLOAT8].map((arg): AggregateFunction => ({
    ...record('avg', [arg], FLOAT8, `the average (arithmetic mean) as float8 of all ${arg.kind} values`),
    example: { sql: `SELECT avg(x::${arg.kind}) ${VALUES}`, result: '1.5' },
    accumulator: ({ rows }) => new FloatSumAccumulator(rows, 'avg', FLOAT8),
  })),
  ...SPREADS.flatMap(([name, kind, what]) => [FLOAT4, FLOAT8].map((arg): AggregateFunction => ({
    ...record(name, [arg], FLOAT8, `${what} of ${arg.kind} input values`),
    example: { sql: `SELECT ${name}(x::${arg.kind}) ${VALUES}`, result: SPREAD_RESULT[kind] },
    accumulator: ({ rows }) => new FloatStatisticAccumulator(rows, spread(kind), false),
  }))),
  ...REGRESSION.map(([name, statistic, description, result]): AggregateFunction => ({
    ...record(name, [FLOAT8, FLOAT8], FLOAT8, description),
    example: { sql: `SELECT ${name}(y, x) ${PAIRS}`, result },
    accumulator: ({ rows }) => new FloatStatisticAccumulator(rows, statistic, true),
  })),
  {
    ...record('regr_count', [FLOAT8, FLOAT8], INT8, 'number of input rows in which both expressions are not null'),
    example: { sql: `SELECT regr_count(y, x) ${PAIRS}`, result: '2' },
    accumulator: ({ rows }) => new CountAccumulator(rows),
  },
];
