// A group aggregate whose accumulators do not fit: what it emits is what the same operator emits that has memory for all.
import { expect, it } from 'vitest';
import { batchFromRows, batchToRows } from '../../../engine/data/access.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import { Delta } from '../../../engine/data/delta.ts';
import { DatabaseError } from '../../../engine/data/error.ts';
import { Numeric } from '../../../engine/data/numeric.ts';
import { DEFAULT_FORMAT } from '../../../engine/data/settings.ts';
import { toEpoch } from '../../../engine/data/time.ts';
import { BOOLEAN, FLOAT8, INT8, NUMERIC, TEXT } from '../../../engine/data/types.ts';
import type { LogicalType, Schema } from '../../../engine/data/types.ts';
import { AGGREGATES } from '../../../engine/function/aggregate/index.ts';
import type { AggregateCall } from '../../../engine/operator/aggregate-call.ts';
import { AggregateOperator } from '../../../engine/operator/aggregate.ts';
import type { StepContext } from '../../../engine/operator/operator.ts';
import { MemoryState } from '../../../engine/state/memory.ts';
import { PageCache } from '../../../engine/state/page-cache.ts';
import type { PageFile } from '../../../engine/state/ports.ts';
import { MemoryPageFile, looking } from '../../support/eviction.ts';
import { restoreWhole } from '../../support/restore-whole.ts';
import { Random } from '../../support/random.ts';

const INPUT: Schema = {
  columns: [
    { name: 'k', type: NUMERIC }, { name: 'n', type: INT8 }, { name: 'd', type: NUMERIC }, { name: 'f', type: FLOAT8 },
    { name: 'b', type: BOOLEAN }, { name: 't', type: TEXT },
  ],
};
const KEYS = 9000;
const EPOCHS = 14;
const BUDGET = 300_000;

function call(name: string, column: number | null, returnType: LogicalType): AggregateCall {
  const kinds = column === null ? [] : [INPUT.columns[column].type.kind];
  const found = AGGREGATES.find((fn) => fn.name === name && fn.args.map((type) => type.kind).join() === kinds.join());
  if (found === undefined) throw new Error(`no ${name}(${kinds.join()})`);
  return { function: found, args: column === null ? [] : [column], distinct: false, filter: null, orderBy: [], returnType };
}

const SUMS = [
  call('count', null, INT8), call('sum', 1, NUMERIC), call('avg', 2, NUMERIC), call('sum', 3, FLOAT8),
  call('stddev_pop', 3, FLOAT8), call('bool_and', 4, BOOLEAN),
];
/** Without rare values, all of their state is in one array. */
const PLAIN = [call('count', null, INT8), call('sum', 1, NUMERIC), call('avg', 2, NUMERIC)];
const EXTREMES = [call('max', 1, INT8), call('min', 5, TEXT), call('sum', 2, NUMERIC)];

function randomRow(random: Random, plain: boolean): readonly Datum[] {
  const maybe = (value: Datum): Datum => (random.float() < 0.1 ? null : value);
  const rare = random.float() < 0.02 && !plain;
  return [
    // 7 and 7.0 are one group, which shows what came first.
    Numeric.parse(`${random.int(0, KEYS)}${random.pick(['', '.0'])}`), maybe(rare ? 1n << 62n : BigInt(random.int(-9, 9))),
    maybe(rare ? Numeric.NAN : Numeric.parse(`${random.int(-99, 99)}.${random.int(10, 99)}`)),
    maybe(rare ? 1e300 : random.int(-9, 9) / 8), maybe(random.bool(0.5)), maybe(`text ${random.int(0, 99)}`),
  ];
}

function makeOperator(calls: readonly AggregateCall[], appendOnly: boolean): AggregateOperator {
  const results = calls.map(({ returnType }, i) => ({ name: `r${i}`, type: returnType }));
  const schema = { columns: [INPUT.columns[0], ...results] };
  return new AggregateOperator({ schema, input: INPUT, keys: [0], calls, appendOnly });
}

/** Rows, and errors, in an order of their own. */
class Emitted {
  readonly #lines: string[] = [];
  readonly context: StepContext = {
    epoch: toEpoch(1),
    eval: {
      format: DEFAULT_FORMAT, transactionTime: 0n, statementTime: 0n, clock: () => 0n, random: () => 0,
      catalog: { nameOf: () => null, oidOf: () => 0 }, host: null,
    },
    error: (error, weight) => void this.#lines.push(`${weight} ${error.code}`),
  };

  of({ batch, weights }: Delta): readonly string[] {
    batchToRows(batch).forEach((row, i) => this.#lines.push(`${weights[i]} ${row.map(String).join('|')}`));
    return this.#lines.splice(0).toSorted();
  }
}

/** Fails now and then. */
function unsteady(random: Random): PageFile {
  const file = new MemoryPageFile();
  return {
    get bytes() { return file.bytes; },
    close: () => file.close(),
    write: (bytes) => {
      if (random.float() < 0.1) throw new DatabaseError('53100', 'no space');
      return file.write(bytes);
    },
  };
}

for (const [name, calls, appendOnly, makeFile] of [
  ['sums', SUMS, false, () => new MemoryPageFile()],
  ['plain sums', PLAIN, false, () => new MemoryPageFile()],
  ['extremes of what only grows', EXTREMES, true, () => new MemoryPageFile()],
  ['a page file that fails now and then', SUMS, false, unsteady],
] as const) {
  it(name, () => {
    for (let seed = 1; seed <= 2; seed++) {
      const random = new Random(seed);
      const cache = new PageCache(BUDGET, makeFile(new Random(seed)));
      const make = (): AggregateOperator => {
        const made = makeOperator(calls, appendOnly);
        made.save(looking((state) => state.attach(cache)));
        return made;
      };
      const plain = makeOperator(calls, appendOnly);
      const saved = new MemoryState();
      let framed = make();
      const emitted = new Emitted();
      const live: (readonly Datum[])[] = [];
      for (let epoch = 1; epoch <= EPOCHS; epoch++) {
        const rows = Array.from({ length: random.pick([1, 700, 3000]) }, () => randomRow(random, calls === PLAIN));
        const weights = rows.map(() => 1);
        live.push(...rows);
        if (!appendOnly && random.bool(0.6)) {
          const gone = random.shuffle(live).splice(0, random.int(0, live.length >> 1));
          rows.push(...gone);
          weights.push(...gone.map(() => -1));
          const left = new Set(live);
          for (const row of gone) left.delete(row);
          live.splice(0, live.length, ...left);
        }
        const delta = new Delta(batchFromRows(INPUT, rows), Int32Array.from(weights));
        const wanted = emitted.of(plain.step([delta], emitted.context));
        expect(emitted.of(framed.step([delta], emitted.context)), `seed ${seed}, epoch ${epoch}`).toEqual(wanted);
        cache.setFixed(Math.max(0, framed.stateSize().bytes - cache.statistics().pageBytes));
        cache.balance();
        if (random.bool(0.5)) framed.save(saved);
        if (random.bool(0.2)) {
          framed.save(saved);
          framed.save(looking((state) => state.detach()));
          framed = make();
          restoreWhole(framed, saved);
        }
      }
      expect(framed.stateSize().rows).toBe(plain.stateSize().rows);
      if (makeFile !== unsteady) expect(framed.stateSize().bytes).toBeLessThan(plain.stateSize().bytes * 0.85);
    }
  });
}
