// What checkpoints cost: COPY with checkpoints as they come by themselves, beside COPY without any, in turns; and how long
// checkpoints of state of every kind keep the server's thread from anything else, and make single-row commits wait.
//
//   npm run bench checkpoint       MILLRACE_CHECKPOINT_ROWS: bids a run, in millions (6)
import { median, rate } from '../bench.ts';
import { Client, startServer } from './processes.ts';
import type { RunningServer } from './processes.ts';
import { TABLES, VIEWS } from './copy.ts';

const ROWS = 100_000;
const PARTS = 10;
const RUNS = 3;
/** So much journal comes in no run. */
const NEVER = ['--checkpoint-size', '1000GB'];
/** Share of the rows a second that checkpoints may take, and milliseconds that one may make a commit wait. */
const COST = 0.15;
const STOP = 20;
/** Commits before the checkpoint, which show what else makes them wait. */
const BEFORE = 3000;
const SINGLE = 'CREATE TABLE single (id bigint, name text, amount numeric)';
/** State of every kind besides bids: greatest values, first rows, distinct values, a table that changes, long strings. */
const KINDS = [
  'CREATE MATERIALIZED VIEW w1 AS SELECT * FROM bid ORDER BY price DESC LIMIT 10000',
  'CREATE MATERIALIZED VIEW w2 AS SELECT DISTINCT ON (auction) * FROM bid ORDER BY auction, price DESC',
  'CREATE MATERIALIZED VIEW w3 AS SELECT channel, count(DISTINCT bidder) AS bidders FROM bid GROUP BY channel',
  'CREATE TABLE account (id int PRIMARY KEY, k int, s text, amount numeric)', 'CREATE INDEX ON account (k)',
  'CREATE MATERIALIZED VIEW w4 AS SELECT k, min(amount) AS least, max(s) AS last FROM account GROUP BY k',
  "INSERT INTO account SELECT i, i % 50000, repeat(md5(i::text), 30), i * 0.01 FROM generate_series(1, 100000) i",
  'CREATE TABLE document (id int, body text)',
  'INSERT INTO document SELECT i, repeat(md5(i::text), 3000) FROM generate_series(1, 500) i',
];
/** Between the first checkpoint and the second: what is written anew, what is gone. */
const CHANGES = ['UPDATE account SET amount = amount + 1', 'DELETE FROM account WHERE id % 3 = 0', 'DROP MATERIALIZED VIEW w2'];

const now = (): number => Number(process.hrtime.bigint()) / 1e9;

interface Run { readonly wall: number; readonly cpu: number; readonly checkpoints: number }

async function answer(client: Client, { target }: RunningServer, question: string): Promise<number> {
  const { rows } = await client.do({ kind: 'run', target, statements: [question] });
  return Number(rows[0]);
}

/** COPYs into a new database, with a view. */
async function load(client: Client, server: RunningServer, millions: number): Promise<Run> {
  const { target, pid } = server;
  await client.do({ kind: 'run', target, statements: [...TABLES, SINGLE, VIEWS[0]] });
  let wall = 0;
  let cpu = 0;
  for (let i = 0; i < millions; i++) {
    const part = await client.do({ kind: 'copy', target, table: 'bid', rows: ROWS, parts: PARTS, server: pid });
    wall += part.seconds.reduce((a, b) => a + b);
    cpu += part.cpu;
  }
  const rows = millions * ROWS * PARTS;
  const checkpoints = await answer(client, server, 'SELECT checkpoints FROM millrace_storage');
  return { wall: rows / wall, cpu: rows / Math.max(cpu, 0.01), checkpoints };
}

/** Milliseconds that single-row commits take one after another until `done`, in ascending order. */
export async function commitsUntil(
  probe: Client, { target }: Pick<RunningServer, 'target'>, done: Promise<unknown>,
): Promise<readonly number[]> {
  const all: number[] = [];
  let over = false;
  void done.finally(() => { over = true; });
  while (!over) {
    const { seconds } = await probe.do({ kind: 'insert', target, connections: 1, count: 100, prepared: true });
    for (const s of seconds) all.push(s * 1e3);
  }
  return all.toSorted((a, b) => a - b);
}

/**
 * The longest stretch of the thread while a checkpoint of everything is written, and one of what has changed since; where the
 * system does not tell it, the longest wait of a commit.
 */
async function stopOf(client: Client, probe: Client, server: RunningServer): Promise<number> {
  const { target } = server;
  await client.do({ kind: 'run', target, statements: KINDS });
  const all = await checkpointStop(client, probe, server);
  await client.do({ kind: 'run', target, statements: CHANGES });
  return Math.max(all, await checkpointStop(client, probe, server));
}

async function checkpointStop(client: Client, probe: Client, server: RunningServer): Promise<number> {
  const { target } = server;
  const warm = await probe.do({ kind: 'insert', target, connections: 1, count: BEFORE, prepared: true });
  const before = warm.seconds.slice(BEFORE >> 1).map((s) => s * 1e3).toSorted((a, b) => a - b);
  const start = now();
  let during: readonly number[] = [];
  const stretch = await server.longestStretch(async () => {
    const checkpoint = client.do({ kind: 'run', target, statements: ['CHECKPOINT'] });
    during = await commitsUntil(probe, server, checkpoint);
    await checkpoint;
  });
  const said = (times: readonly number[]): string => [0.5, 0.99, 0.999].map((part) => (
    `${(times[Math.floor(times.length * part)]).toFixed(2)} ms`)).join(', ');
  console.log(`  commits before it: p50, p99, p99.9 ${said(before)}, longest ${before.at(-1)?.toFixed(1)} ms`);
  console.log(`  a checkpoint of ${(now() - start).toFixed(1)} s: ${said(during)}, longest ${during.at(-1)?.toFixed(1)} ms; the longest `
    + `stretch of the thread ${stretch === null ? 'is not told here' : `${stretch.toFixed(1)} ms of CPU`} (≤ ${STOP})`);
  return stretch ?? during.at(-1) ?? 0;
}

/** Whether the goals are met; prints a line for each thing measured. */
export async function runCheckpoint(): Promise<boolean> {
  const millions = Number(process.env['MILLRACE_CHECKPOINT_ROWS'] ?? 6);
  const client = new Client();
  const probe = new Client();
  const runs: { readonly usual: Run[]; readonly never: Run[] } = { usual: [], never: [] };
  const stops: number[] = [];
  try {
    for (let run = 0; run < RUNS; run++) {
      for (const kind of ['usual', 'never'] as const) {
        const server = await startServer(null, kind === 'never' ? NEVER : []);
        try {
          const done = await load(client, server, millions);
          runs[kind].push(done);
          console.log(`${kind === 'usual' ? 'checkpoints as usual' : 'no checkpoints'}: ${rate(done.wall)} rows/s, `
            + `${rate(done.cpu)} a second of CPU, ${done.checkpoints} checkpoints`);
          if (kind === 'never') stops.push(await stopOf(client, probe, server));
        } finally {
          await server.stop();
        }
      }
    }
  } finally {
    client.stop();
    probe.stop();
  }
  const of = (kind: 'usual' | 'never', what: 'wall' | 'cpu'): number => median(runs[kind].map((run) => run[what]));
  const cost = 1 - of('usual', 'wall') / of('never', 'wall');
  const cpu = 1 - of('usual', 'cpu') / of('never', 'cpu');
  const stop = median(stops);
  console.log(`checkpoints take ${(cost * 100).toFixed(0)} % of COPY's rows a second (≤ ${COST * 100}), ${(cpu * 100).toFixed(0)} % of `
    + `those a second of CPU; a commit waits ${stop.toFixed(1)} ms of CPU at most (≤ ${STOP}; median of ${RUNS})`);
  if (runs.usual.some((run) => run.checkpoints === 0)) console.log('a run had no checkpoint: too few rows');
  return cost <= COST && stop <= STOP;
}

if (process.argv[1]?.endsWith('wire/checkpoint.js') && !await runCheckpoint()) process.exitCode = 1;
