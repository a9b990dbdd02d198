// Joins and aggregates of ten times their budget: they emit what they emit with memory for all, and what stays is within it.
import { expect, it } from 'vitest';
import { batchToRows } from '../../../engine/data/access.ts';
import { Batch } from '../../../engine/data/batch.ts';
import { Delta } from '../../../engine/data/delta.ts';
import { DEFAULT_FORMAT } from '../../../engine/data/settings.ts';
import { toEpoch } from '../../../engine/data/time.ts';
import { INT8 } from '../../../engine/data/types.ts';
import type { Schema } from '../../../engine/data/types.ts';
import { Int64Vector } from '../../../engine/data/vector.ts';
import { AGGREGATES } from '../../../engine/function/aggregate/index.ts';
import { RANKING_FUNCTIONS } from '../../../engine/function/ranking/index.ts';
import type { RankingFunction } from '../../../engine/function/ranking/window-function.ts';
import { AggregateOperator } from '../../../engine/operator/aggregate.ts';
import { Join } from '../../../engine/operator/join.ts';
import type { Operator, StepContext } from '../../../engine/operator/operator.ts';
import type { Frame } from '../../../engine/operator/over-frame.ts';
import { Over } from '../../../engine/operator/over.ts';
import { TopK } from '../../../engine/operator/top-k.ts';
import { PageCache } from '../../../engine/state/page-cache.ts';
import { MemoryPageFile, looking } from '../../support/eviction.ts';
import { Random } from '../../support/random.ts';

const INPUT: Schema = { columns: [{ name: 'k', type: INT8 }, { name: 'v', type: INT8 }] };
const KEY = { kind: 'column', index: 0, type: INT8 } as const;
/** Epochs in which rows come, and those after them in which some go: what is left of the pages has holes then. */
const GROWTH = 16;
const EPOCHS = 20;
const GONE = 100;

const CONTEXT: StepContext = {
  epoch: toEpoch(1),
  eval: {
    format: DEFAULT_FORMAT, transactionTime: 0n, statementTime: 0n, clock: () => 0n, random: () => 0,
    catalog: { nameOf: () => null, oidOf: () => 0 }, host: null,
  },
  error: (error) => {
    throw error;
  },
};

function aggregate(name: string, distinct: boolean): Operator {
  const found = AGGREGATES.find((fn) => fn.name === name && (fn.args[0]?.kind === 'int8' || fn.args[0]?.kind === 'any'));
  if (found === undefined) throw new Error(`no ${name}`);
  const calls = [{ function: found, args: [1], distinct, filter: null, orderBy: [], returnType: INT8 }];
  const schema = { columns: [INPUT.columns[0], { name, type: INT8 }] };
  return new AggregateOperator({ schema, input: INPUT, keys: [0], calls, appendOnly: false });
}

const WHOLE: Frame = {
  mode: 'range', start: { kind: 'unbounded-preceding' }, end: { kind: 'current-row' }, exclude: 'no-others',
};

function rowNumber(): RankingFunction {
  const found = RANKING_FUNCTIONS.find((fn) => fn.name === 'row_number');
  if (found === undefined) throw new Error('no row_number');
  return found;
}

const BY_VALUE = [{ column: 1, type: INT8, descending: true, nullsFirst: false }];

function first(limit: number): Operator {
  return new TopK({ schema: INPUT, partition: [0], order: BY_VALUE, limit, offset: 0, withTies: false });
}

interface Case {
  readonly name: string;
  /** Of one input. */
  readonly keys: number;
  readonly inputs: number;
  /** Rows of an epoch. */
  readonly rows: number;
  readonly budget: number;
  make(): Operator;
}

const CASES: readonly Case[] = [
  {
    name: 'inner join', keys: 60_000, inputs: 2, rows: 5000, budget: 1 << 19,
    make: () => new Join({
      kind: 'inner', left: INPUT, right: INPUT, keys: [{ left: KEY, right: KEY, nullSafe: false }], condition: null,
      schema: { columns: [...INPUT.columns, ...INPUT.columns] },
    }),
  },
  { name: 'max', keys: 1000, inputs: 1, rows: 11_000, budget: 1 << 18, make: () => aggregate('max', false) },
  { name: 'count(DISTINCT)', keys: 100, inputs: 1, rows: 8000, budget: 1 << 18, make: () => aggregate('count', true) },
  { name: 'first three by key', keys: 4000, inputs: 1, rows: 1250, budget: 1 << 16, make: () => first(3) },
  { name: 'DISTINCT ON', keys: 10_000, inputs: 1, rows: 1250, budget: 1 << 16, make: () => first(1) },
  {
    name: 'row_number()', keys: 4000, inputs: 1, rows: 1250, budget: 1 << 16, make: () => new Over({
      input: INPUT, schema: { columns: [...INPUT.columns, { name: 'n', type: INT8 }] }, partition: [0], order: BY_VALUE,
      calls: [{ function: rowNumber(), args: [], type: INT8, frame: WHOLE, filter: null }],
    }),
  },
];

type Pair = readonly [key: number, value: number];

function deltaOf(rows: readonly Pair[], weight: number): Delta {
  const values = (at: 0 | 1): BigInt64Array => BigInt64Array.from(rows, (row) => BigInt(row[at]));
  const vector = (at: 0 | 1): Int64Vector => new Int64Vector(INT8, rows.length, values(at));
  return new Delta(new Batch([vector(0), vector(1)], rows.length), new Int32Array(rows.length).fill(weight));
}

const linesOf = ({ batch, weights }: Delta): string[] =>
  batchToRows(batch).map((row, i) => `${weights[i]} ${row.map(String).join('|')}`).toSorted();

for (const { name, keys, inputs, rows: epochRows, budget, make } of CASES) {
  it(`${name}: more than memory`, () => {
    const random = new Random(7);
    const cache = new PageCache(budget, new MemoryPageFile());
    const plain = make();
    const evicted = make();
    evicted.save(looking((state) => state.attach(cache)));
    const held = Array.from({ length: inputs }, (): Pair[] => []);
    let value = 0;
    for (let epoch = 1; epoch <= EPOCHS; epoch++) {
      const deltas = held.map((rows) => {
        if (epoch > GROWTH) return deltaOf(random.shuffle(rows).splice(0, GONE), -1);
        const fresh = Array.from({ length: epochRows }, (): Pair => [random.int(1, keys), value++]);
        rows.push(...fresh);
        return deltaOf(fresh, 1);
      });
      const wanted = linesOf(plain.step(deltas, CONTEXT));
      expect(linesOf(evicted.step(deltas, CONTEXT)), `${name}, seed ${random.seed}, epoch ${epoch}`).toEqual(wanted);
      cache.balance();
      cache.setFixed(Math.max(0, evicted.stateSize().bytes - cache.statistics().pageBytes));
      if (epoch !== GROWTH) continue;
      expect(cache.statistics().fixedBytes).toBeLessThan(budget / 2);
      expect(plain.stateSize().bytes).toBeGreaterThan(10 * budget);
    }
  }, 240_000);
}
