// Ranking functions: row_number, rank, dense_rank, percent_rank, cume_dist, ntile: values from a row's place alone.
import { datumAt } from '../../data/access.ts';
import { DatabaseError } from '../../data/error.ts';
import { FLOAT8, INT4, INT8 } from '../../data/types.ts';
import { Float64Vector, Int32Vector, Int64Vector, allValid, clearValid } from '../../data/vector.ts';
import type { Vector } from '../../data/vector.ts';
import type { OverRows, Segment } from '../../operator/over-rows.ts';
import type { RankingFunction, WindowValues } from './window-function.ts';
import { ALL_ROWS, LATER_PEERS, LATER_ROWS, NO_ERRORS } from './window-function.ts';

/** The value of one evaluated entry. */
type Place = (entry: number, segment: Segment) => number;

function places(rows: OverRows, place: Place): Float64Array {
  const out = new Float64Array(rows.evaluated.length);
  let n = 0;
  for (const segment of rows.segments) {
    for (let i = segment.from; i < segment.to; i++) out[n++] = place(i, segment);
  }
  return out;
}

function whole(values: Float64Array): Vector {
  const out = new BigInt64Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = BigInt(values[i]);
  return new Int64Vector(INT8, out.length, out);
}

const values = (vector: Vector): WindowValues => ({ vector, errors: NO_ERRORS });
const integers = (rows: OverRows, place: Place): WindowValues => values(whole(places(rows, place)));
const floats = (rows: OverRows, place: Place): WindowValues =>
  values(new Float64Vector(FLOAT8, rows.evaluated.length, places(rows, place)));

const rowNumber: RankingFunction = {
  name: 'row_number', reach: () => LATER_ROWS,
  evaluate: (_, { rows }) => integers(rows, (i, s) => s.base + i - s.start + 1),
};

const rank: RankingFunction = {
  name: 'rank', reach: () => LATER_PEERS,
  evaluate: (_, { rows }) => {
    const { starts } = rows.peers();
    return integers(rows, (i, s) => s.base + starts[i] - s.start + 1);
  },
};

const denseRank: RankingFunction = {
  name: 'dense_rank', reach: () => ({ ...LATER_PEERS, back: Infinity }),
  evaluate: (_, { rows }) => {
    const { starts } = rows.peers();
    const numbers = new Int32Array(rows.ids.length);
    for (const { start, end } of rows.segments) {
      let group = 0;
      for (let i = start; i < end; i++) {
        if (starts[i] === i) group++;
        numbers[i] = group;
      }
    }
    return integers(rows, (i) => numbers[i]);
  },
};

const percentRank: RankingFunction = {
  name: 'percent_rank', reach: () => ALL_ROWS,
  evaluate: (_, { rows }) => {
    const { starts } = rows.peers();
    return floats(rows, (i, s) => (s.size <= 1 ? 0 : (starts[i] - s.start) / (s.size - 1)));
  },
};

const cumeDist: RankingFunction = {
  name: 'cume_dist', reach: () => ALL_ROWS,
  evaluate: (_, { rows }) => {
    const { ends } = rows.peers();
    return floats(rows, (i, s) => (ends[i] - s.start) / s.size);
  },
};

/** The number of buckets is the argument of the first row where it is not NULL; rows before that have no bucket. */
const ntile: RankingFunction = {
  name: 'ntile', reach: () => ALL_ROWS,
  evaluate: ({ args }, { rows, argument }) => {
    const buckets = argument(args[0]);
    const { length } = rows.evaluated;
    const out = new Int32Array(length);
    const validity = allValid(length);
    const errors = new Map<number, DatabaseError>();
    let n = 0;
    for (const { start, end, size } of rows.segments) {
      let count = 0;
      for (let i = start, row = 0; i < end; i++, n++) {
        if (count === 0) count = Number(datumAt(buckets, i) ?? 0);
        if (count > 0) out[n] = bucketOf(row++, size, count);
        else if (datumAt(buckets, i) === null) clearValid(validity, n);
        else errors.set(n, new DatabaseError('22014', 'argument of ntile must be greater than zero'));
        if (count < 0) count = 0;
      }
    }
    return { vector: new Int32Vector(INT4, length, out, validity), errors };
  },
};

/** The first buckets take one row more where they cannot be equal. */
function bucketOf(row: number, rows: number, buckets: number): number {
  const size = Math.floor(rows / buckets);
  const larger = rows % buckets;
  if (row < larger * (size + 1)) return Math.floor(row / (size + 1)) + 1;
  return larger + Math.floor((row - larger * (size + 1)) / size) + 1;
}

export const RANKINGS: readonly RankingFunction[] = [rowNumber, rank, denseRank, percentRank, cumeDist, ntile];
