// Ordered-set aggregates (percentile_cont, percentile_disc, mode) and hypothetical-set ones (rank, dense_rank ..).
import { arrayFrom, asArray } from '../../data/composite.ts';
import { compareDatums } from '../../data/datum-order.ts';
import type { Datum } from '../../data/datum.ts';
import { AssertionError, DatabaseError } from '../../data/error.ts';
import { Interval, addIntervals, multiplyInterval, subtractIntervals } from '../../data/interval.ts';
import { FLOAT8, INT8, INTERVAL, arrayOf, simpleType } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import type { SortKey } from '../../operator/operator.ts';
import type { AccumulatorSpec, AggregateFunction } from './aggregate.ts';
import { CollectAccumulator } from './collect.ts';
import type { CollectOptions, Fold, SortedRows } from './collect.ts';

/** The row of a percentile: the exact number for disc, the two around it for cont. */
type Percentile = (values: readonly Datum[], fraction: number) => Datum;

function fractionOf(value: Datum): number | null {
  if (value === null) return null;
  if (typeof value !== 'number') throw new AssertionError('percentile of double precision');
  if (!(value >= 0 && value <= 1)) {
    throw new DatabaseError('22003', `percentile value ${value} is not between 0 and 1`);
  }
  return value;
}

const discrete: Percentile = (values, fraction) => {
  const row = Math.ceil(fraction * values.length);
  return values[row <= 1 ? 0 : row - 1];
};

const continuous: Percentile = (values, fraction) => {
  const at = fraction * (values.length - 1);
  const first = Math.floor(at);
  const second = Math.ceil(at);
  return first === second ? values[first] : between(values[first], values[second], at - first);
};

function between(low: Datum, high: Datum, share: number): Datum {
  if (typeof low === 'number' && typeof high === 'number') return low + share * (high - low);
  if (low instanceof Interval && high instanceof Interval) {
    return addIntervals(low, multiplyInterval(subtractIntervals(high, low), share));
  }
  throw new AssertionError('percentile_cont of double precision or interval');
}

/** Arguments: the fraction or an array of them, then the values. NULL values do not count. */
function percentile(of: Percentile): Fold {
  return ({ rows, argTypes }) => {
    const [[wanted]] = rows;
    const values = rows.map(([, value]) => value).filter((value) => value !== null);
    if (values.length === 0 || wanted === null) return null;
    const one = (fraction: Datum): Datum => {
      const checked = fractionOf(fraction);
      return checked === null ? null : of(values, checked);
    };
    if (argTypes[0].kind !== 'array') return one(wanted);
    const { dimensions, lowerBounds, values: fractions } = asArray(wanted);
    return dimensions.length === 0 ? arrayFrom([]) : { dimensions, lowerBounds, values: fractions.map(one) };
  };
}

/** Arguments: the fraction, perhaps the relative error, and the values. */
const approximate: Fold = (sorted) => {
  const { rows } = sorted;
  const width = rows[0].length;
  const [[, error]] = rows;
  if (width === 3 && !(typeof error === 'number' && error > 0 && error < 1)) {
    throw new DatabaseError('22003', 'relative error of approx_percentile() is not between 0 and 1');
  }
  return percentile(discrete)({ ...sorted, rows: rows.map((row) => [row[0], row[width - 1]]) });
};

/** The most frequent value, the first in order among equals. */
const mode: Fold = ({ rows, argTypes }) => {
  let best: Datum = null;
  let bestCount = 0;
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const [value] = rows[i];
    const same = i > 0 && value !== null && rows[i - 1][0] !== null
      && compareDatums(argTypes[0], rows[i - 1][0], value) === 0;
    count = same ? count + 1 : 1;
    if (value === null || count <= bestCount) continue;
    bestCount = count;
    best = same ? rows[i - count + 1][0] : value;
  }
  return best;
};

/** How the direct arguments stand to the sorted rows: those before it, those equal to it, distinct ones before it. */
interface Standing {
  readonly before: number;
  readonly equal: number;
  readonly distinctBefore: number;
  readonly rows: number;
}

function standing(sorted: SortedRows): Standing {
  const width = sorted.argTypes.length / 2;
  let before = 0;
  let equal = 0;
  let distinctBefore = 0;
  let last: readonly Datum[] | null = null;
  for (const row of sorted.rows) {
    const direct = row.slice(0, width);
    const values = row.slice(width);
    const order = compareRows(sorted, values, direct);
    if (order === 0) equal++;
    if (order >= 0) continue;
    before++;
    if (last === null || compareRows(sorted, last, values) !== 0) distinctBefore++;
    last = values;
  }
  return { before, equal, distinctBefore, rows: sorted.rows.length };
}

function compareRows({ argTypes, orderBy }: SortedRows, a: readonly Datum[], b: readonly Datum[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = compareKey(orderBy[i], argTypes[a.length + i], a[i], b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareKey(key: SortKey | undefined, type: LogicalType, a: Datum, b: Datum): number {
  const descending = key?.descending ?? false;
  if (a === null || b === null) {
    if (a === b) return 0;
    return (a === null) === (key?.nullsFirst ?? false) ? -1 : 1;
  }
  return descending ? compareDatums(type, b, a) : compareDatums(type, a, b);
}

type Description = Pick<AggregateFunction, 'name' | 'args' | 'returns' | 'description' | 'direct'>
  & Partial<Pick<AggregateFunction, 'example' | 'variadic'>>;

function orderedSet(spec: Description, options: CollectOptions): AggregateFunction {
  return {
    kind: 'aggregate', form: 'ordered-set', strict: false, ordered: true, ...spec,
    accumulator: (call: AccumulatorSpec) => new CollectAccumulator(call, options),
  };
}

const ANY_ELEMENT = simpleType('anyelement');
const FRACTIONS = arrayOf(FLOAT8);
const V = '(VALUES (1), (2), (4)) AS v(x)';

function percentiles(): readonly AggregateFunction[] {
  const cont = { fold: percentile(continuous), strict: false };
  const disc = { fold: percentile(discrete), strict: false };
  return [
    ...[FLOAT8, INTERVAL].flatMap((type) => [
      orderedSet({
        name: 'percentile_cont', direct: 1, args: [FLOAT8, type], returns: type, description: 'continuous percentile',
        ...(type === FLOAT8
          ? { example: { sql: `SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY x) FROM ${V}`, result: '1.5' } }
          : {}),
      }, cont),
      orderedSet({
        name: 'percentile_cont', direct: 1, args: [FRACTIONS, type], returns: arrayOf(type),
        description: 'multiple continuous percentiles',
      }, cont),
    ]),
    orderedSet({
      name: 'percentile_disc', direct: 1, args: [FLOAT8, ANY_ELEMENT], returns: (args) => args[1],
      description: 'discrete percentile',
      example: { sql: `SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM ${V}`, result: '2' },
    }, disc),
    // Exact: rows are taken back here, which sketches cannot do. What error would be borne is checked and not made.
    ...[[FLOAT8], [FLOAT8, FLOAT8]].map((direct) => orderedSet({
      name: 'approx_percentile', direct: direct.length, args: [...direct, FLOAT8], returns: FLOAT8,
      description: 'discrete percentile, to within a relative error',
      ...(direct.length === 1 ? {
        example: { sql: `SELECT approx_percentile(0.5) WITHIN GROUP (ORDER BY x) FROM ${V}`, result: '2' },
      } : {}),
    }, { fold: approximate, strict: false })),
    orderedSet({
      name: 'percentile_disc', direct: 1, args: [FRACTIONS, ANY_ELEMENT], returns: (args) => arrayOf(args[1]),
      description: 'multiple discrete percentiles',
    }, disc),
  ];
}

/** Direct arguments, as many as sorted columns, which follow them. */
function hypothetical(
  name: string, returns: LogicalType, description: string, of: (s: Standing) => Datum,
): AggregateFunction {
  const any = simpleType('any');
  return {
    kind: 'aggregate', form: 'hypothetical', strict: false, ordered: true, name, args: [], variadic: any, direct: -1,
    returns, description,
    accumulator: (call) => new CollectAccumulator(call, {
      fold: (sorted) => of(standing(sorted)), strict: false,
      empty: of({ before: 0, equal: 0, distinctBefore: 0, rows: 0 }),
    }),
  };
}

export const ORDERED_SETS: readonly AggregateFunction[] = [
  ...percentiles(),
  orderedSet({
    name: 'mode', direct: 0, args: [ANY_ELEMENT], returns: (args) => args[0], description: 'most common value',
    example: { sql: 'SELECT mode() WITHIN GROUP (ORDER BY x) FROM (VALUES (1), (2), (2)) AS v(x)', result: '2' },
  }, { fold: mode, strict: true }),
  hypothetical('rank', INT8, 'rank of hypothetical row', (s) => BigInt(s.before + 1)),
  hypothetical('dense_rank', INT8, 'rank of hypothetical row without gaps', (s) => BigInt(s.distinctBefore + 1)),
  hypothetical('percent_rank', FLOAT8, 'fractional rank of hypothetical row',
    (s) => (s.rows === 0 ? 0 : s.before / s.rows)),
  hypothetical('cume_dist', FLOAT8, 'cumulative distribution of hypothetical row',
    (s) => (s.before + s.equal + 1) / (s.rows + 1)),
];
