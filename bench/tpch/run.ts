// TPC-H: the 22 queries as incrementally kept views under the refresh stream, beside PostgreSQL running each from scratch.
//
//   node --expose-gc dist/bench/run.js tpch           MILLRACE_ORACLE=postgres://user@host:port/db for the comparison
//
// MILLRACE_TPCH_SCALE (0.1), MILLRACE_TPCH_BATCHES (40), MILLRACE_TPCH_QUERIES (all; by commas). All views are kept at once;
// a batch is about 1,000 rows of orders and their lines, inserted or deleted. PostgreSQL has indexes on the foreign keys, too.
import { Delta } from '../../engine/data/delta.ts';
import { SqlClient, difference } from '../../test/differential/compare.ts';
import { median } from '../bench.ts';
import { oracle } from '../oracle.ts';
import type { Target } from '../wire/client.ts';
import { TpchGenerator } from './generator.ts';
import { TPCH_QUERIES } from './queries.ts';
import { RefreshStream } from './refresh.ts';
import type { RefreshBatch } from './refresh.ts';
import { TPCH_TABLES, createTpchTable } from './schema.ts';
import { TpchViews, batchesOf, deltaOf } from './views.ts';
import type { TpchChanges } from './views.ts';

const BATCH_ROWS = 1000;
/** Until both kinds of batches have been seen, and the code is compiled. */
const WARM_UP = 10;
const FOREIGN_KEYS = ['lineitem (l_partkey, l_suppkey)', 'lineitem (l_suppkey)', 'orders (o_custkey)', 'partsupp (ps_suppkey)',
  'customer (c_nationkey)', 'supplier (s_nationkey)'];
const SCHEMA = 'tpch_bench';
/** The goal: so many queries at least so many times faster than running them again, none slower; state against raw data. */
const GOAL = { queries: 18, factor: 20, least: 1, memory: 4 } as const;

const now = (): number => Number(process.hrtime.bigint()) / 1e6;

interface Line {
  readonly query: number;
  /** Milliseconds a batch: mean and worst. */
  readonly mean: number;
  readonly worst: number;
  readonly megabytes: number;
  /** Milliseconds of PostgreSQL, median; null: not compared. */
  readonly scratch: number | null;
}

function changesOf({ kind, orders }: RefreshBatch): TpchChanges {
  const weight = kind === 'insert' ? 1 : -1;
  return new Map([
    ['orders', deltaOf('orders', orders.map((o) => o.order), weight)],
    ['lineitem', deltaOf('lineitem', orders.flatMap((o) => o.lines), weight)],
  ]);
}

/** Returns the bytes of the tables as text. */
function load(views: TpchViews, generator: TpchGenerator): number {
  let raw = 0;
  for (const table of TPCH_TABLES) {
    const counted = function* counted(): Generator<string> {
      for (const line of generator.rows(table)) {
        raw += line.length + 1;
        yield line;
      }
    };
    for (const batch of batchesOf(table, counted())) {
      const changes: TpchChanges = new Map([[table, Delta.insert(batch)]]);
      for (const number of views.numbers) views.step(number, changes);
    }
  }
  return raw;
}

class Scratch {
  readonly #client: SqlClient;

  private constructor(client: SqlClient) {
    this.#client = client;
  }

  static async load(target: Target, generator: TpchGenerator): Promise<Scratch> {
    const client = await SqlClient.connect(target, target.database);
    const scratch = new Scratch(client);
    await scratch.#run(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`);
    await scratch.#run(`CREATE SCHEMA ${SCHEMA}`);
    await scratch.#run(`SET search_path = ${SCHEMA}`);
    for (const table of TPCH_TABLES) {
      await scratch.#run(createTpchTable(table));
      const { code, message } = await client.copy(table, generator.rows(table));
      if (code !== null) throw new Error(message);
    }
    for (const index of FOREIGN_KEYS) await scratch.#run(`CREATE INDEX ON ${index}`);
    return scratch;
  }

  async #run(sql: string): Promise<void> {
    const { code, message } = await this.#client.run(sql);
    if (code !== null) throw new Error(`${sql.slice(0, 60)}: ${message}`);
  }

  async apply({ kind, orders }: RefreshBatch): Promise<void> {
    if (kind === 'insert') {
      await this.#client.copy('orders', orders.map((o) => o.order));
      await this.#client.copy('lineitem', orders.flatMap((o) => o.lines));
      return;
    }
    const keys = orders.map(({ order }) => order.slice(0, order.indexOf('\t'))).join(', ');
    await this.#run(`DELETE FROM lineitem WHERE l_orderkey IN (${keys})`);
    await this.#run(`DELETE FROM orders WHERE o_orderkey IN (${keys})`);
  }

  async settle(): Promise<void> {
    await this.#run('VACUUM ANALYZE');
  }

  /** Median milliseconds of the query; its answer must be the view's. */
  async time(query: number, views: TpchViews): Promise<number> {
    const times: number[] = [];
    for (let run = 0; run < 4; run++) {
      const start = now();
      const wanted = await this.#client.run(TPCH_QUERIES[query]);
      // The first one warms the cache.
      if (run > 0) times.push(now() - start);
      if (wanted.code !== null) throw new Error(`query ${query}: ${wanted.message}`);
      const mismatch = run > 0 ? null : difference(`query ${query}`, { ...wanted, rows: views.rows(query) }, wanted);
      if (mismatch !== null) throw new Error(`query ${query} differs: ${mismatch.ours} / ${mismatch.theirs}`);
    }
    return median(times);
  }

  async close(): Promise<void> {
    await this.#run(`DROP SCHEMA ${SCHEMA} CASCADE`);
    this.#client.close();
  }
}

/** Whether the goal is met; prints a line a query. */
export async function runTpch(): Promise<boolean> {
  const scale = Number(process.env['MILLRACE_TPCH_SCALE'] ?? 0.1);
  const batches = Number(process.env['MILLRACE_TPCH_BATCHES'] ?? 40);
  const wanted = (process.env['MILLRACE_TPCH_QUERIES'] ?? '').split(',').filter((n) => n !== '');
  const queries = Object.fromEntries(Object.entries(TPCH_QUERIES).filter(([n]) => wanted.length === 0 || wanted.includes(n)));
  const generator = new TpchGenerator(scale);
  const views = new TpchViews(queries);
  const start = now();
  const raw = load(views, generator);
  console.log(`TPC-H at scale ${scale}: ${(raw / 1e6).toFixed(0)} MB, ${views.numbers.length} views filled in `
    + `${((now() - start) / 1000).toFixed(1)} s`);
  const stream = new RefreshStream(generator, BATCH_ROWS);
  const done: RefreshBatch[] = [];
  const times = new Map(views.numbers.map((number) => [number, [] as number[]]));
  globalThis.gc?.();
  for (let i = 0; i < batches + WARM_UP; i++) {
    const batch = stream.next();
    done.push(batch);
    const changes = changesOf(batch);
    views.nextEpoch();
    for (const number of views.numbers) {
      const from = now();
      views.step(number, changes);
      if (i >= WARM_UP) times.get(number)?.push(now() - from);
    }
  }
  const scratch = await compared(generator, done, views);
  const lines = views.numbers.map((query): Line => {
    const taken = times.get(query) ?? [];
    return {
      query, mean: taken.reduce((a, b) => a + b, 0) / taken.length, worst: Math.max(...taken),
      megabytes: views.size(query).bytes / 1e6, scratch: scratch?.get(query) ?? null,
    };
  });
  return printed(lines, raw / 1e6);
}

/** PostgreSQL's times after the same batches, or null without one. */
async function compared(
  generator: TpchGenerator, done: readonly RefreshBatch[], views: TpchViews,
): Promise<ReadonlyMap<number, number> | null> {
  const target = oracle('nothing is compared with PostgreSQL');
  if (target === null) return null;
  const scratch = await Scratch.load(target, generator);
  try {
    for (const batch of done) await scratch.apply(batch);
    await scratch.settle();
    const times = new Map<number, number>();
    for (const number of views.numbers) times.set(number, await scratch.time(number, views));
    return times;
  } finally {
    await scratch.close();
  }
}

function printed(lines: readonly Line[], raw: number): boolean {
  const cells = (row: readonly string[]): string => row.map((cell, i) => cell.padStart([5, 10, 10, 10, 14, 10][i])).join('  ');
  console.log(cells(['query', 'ms/batch', 'worst', 'state MB', 'PostgreSQL ms', 'faster']));
  for (const { query, mean, worst, megabytes, scratch } of lines) {
    console.log(cells([String(query), mean.toFixed(2), worst.toFixed(1), megabytes.toFixed(1),
      scratch === null ? '' : scratch.toFixed(1), scratch === null ? '' : `${(scratch / mean).toFixed(1)} ×`]));
  }
  const state = lines.reduce((sum, line) => sum + line.megabytes, 0);
  const factors = lines.flatMap((line) => (line.scratch === null ? [] : [line.scratch / line.mean]));
  const fast = factors.filter((f) => f >= GOAL.factor).length;
  console.log(`state ${state.toFixed(0)} MB of ${raw.toFixed(0)} MB raw: ${(state / raw).toFixed(2)} × (≤ ${GOAL.memory})`);
  const small = state / raw <= GOAL.memory;
  if (factors.length === 0) return small;
  const least = Math.min(...factors);
  console.log(`${fast} of ${factors.length} queries ≥ ${GOAL.factor} × faster (≥ ${GOAL.queries}), the least ${least.toFixed(1)} ×`);
  return small && least >= GOAL.least && fast >= Math.min(GOAL.queries, factors.length);
}

if (process.argv[1]?.endsWith('tpch/run.js') && !await runTpch()) process.exitCode = 1;
