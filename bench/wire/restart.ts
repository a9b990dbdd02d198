// A crash with much state: how long until the first answer, until each view and index answers, and until COPY is as fast as
// before. At rest, when the checkpoint has all; with a few rows to be replayed, which go through every view; once in the middle
// of a flood, when a part of the journal is to be replayed.
//
//   npm run bench restart       MILLRACE_RESTART_MB: state in memory when it is killed (1000)
import { cpuOf } from './cpu.ts';
import { Client, startServer } from './processes.ts';
import type { RunningServer } from './processes.ts';
import { TABLES, VIEWS } from './copy.ts';
import { median, rate } from '../bench.ts';

const ROWS = 100_000;
/** COPYs whose median is the speed before the crash. */
const BEFORE = 5;
/** COPYs after it, at most. */
const AFTER = 20;
const FULL = 0.8;
/** COPYs before the second crash. */
const FLOOD = 5;
/** Seconds until the first answer. */
const GOAL = 2;
/** Restarts of a kind, of which the median counts. */
const RUNS = 3;
/** Rows that come after the checkpoint. */
const FEW = 100;

/** One of each kind: a table's index, a table as a whole, a group, a window, rows of a filter, of a join. */
const QUESTIONS = [
  "SELECT count(*) FROM pg_class WHERE relname = 'bid'", 'SELECT count(*) FROM bid WHERE auction = 1007',
  'SELECT bids FROM v1 WHERE auction = 1007', 'SELECT max(bids) FROM v2', 'SELECT count(*) FROM v3', 'SELECT count(*) FROM v4',
  'SELECT count(*) FROM v5', 'SELECT count(*) FROM bid',
];

const now = (): number => Number(process.hrtime.bigint()) / 1e9;

async function copySeconds(client: Client, { target, pid }: RunningServer): Promise<number> {
  const { seconds } = await client.do({ kind: 'copy', target, table: 'bid', rows: ROWS, parts: 1, server: pid });
  return seconds[0];
}

async function answer(client: Client, { target }: RunningServer, question: string): Promise<string> {
  const { rows } = await client.do({ kind: 'run', target, statements: [question] });
  return rows[0];
}

/** Fills the database; the rows a second of the last COPYs. */
async function load(client: Client, server: RunningServer, megabytes: number): Promise<number> {
  const { target, pid } = server;
  await client.do({ kind: 'run', target, statements: [...TABLES, ...VIEWS, 'CREATE INDEX ON bid (auction)'] });
  await client.do({ kind: 'copy', target, table: 'auction', rows: 30_000, parts: 1, server: pid });
  const last: number[] = [];
  const start = now();
  for (let parts = 1;; parts++) {
    last.push(await copySeconds(client, server));
    const held = Number(await answer(client, server, 'SELECT (page_bytes + fixed_bytes) / 1000000 FROM millrace_memory'));
    if (held < megabytes) continue;
    console.log(`${parts * ROWS} bids, an index and ${VIEWS.length} views: ${held} MB of state after ${(now() - start).toFixed(0)} s`);
    const [middle] = last.slice(-BEFORE).toSorted((a, b) => a - b).slice(BEFORE >> 1);
    return ROWS / (middle ?? last[0]);
  }
}

interface Restarted {
  readonly server: RunningServer;
  /** Seconds until the server listened, and until the first answer. */
  readonly listening: number;
  readonly first: number;
  /** CPU seconds it took until then: what the time would be on a machine that has nothing else to do. */
  readonly cpu: number;
}

/** Kills the server and starts it again; each question is answered as before. */
async function restart(client: Client, before: RunningServer): Promise<Restarted> {
  const wanted: string[] = [];
  for (const question of QUESTIONS) wanted.push(await answer(client, before, question));
  await before.crash();
  const start = now();
  const server = await startServer(before.folder);
  const listening = now() - start;
  const answered: number[] = [];
  let cpu = 0;
  for (const [i, question] of QUESTIONS.entries()) {
    const got = await answer(client, server, question);
    answered.push(now() - start);
    if (i === 0) cpu = cpuOf(server.pid);
    if (got !== wanted[i]) throw new Error(`after the restart ${question} gives ${got}, not ${wanted[i]}`);
    console.log(`  ${answered[i].toFixed(2)} s after the start: ${question}`);
  }
  return { server, listening, first: answered[0], cpu };
}

function said({ listening, first, cpu }: Restarted): string {
  return `listening after ${listening.toFixed(2)} s, first answer after ${first.toFixed(2)} s, ${cpu.toFixed(2)} s of CPU`;
}

interface Case {
  readonly name: string;
  /** Before each crash. */
  readonly before: (server: RunningServer) => Promise<void>;
}

/** The medians; the server that runs at the end. */
async function restarts(client: Client, server: RunningServer, { name, before }: Case): Promise<Restarted> {
  const runs: Restarted[] = [];
  let running = server;
  for (let run = 0; run < RUNS; run++) {
    await answer(client, running, 'CHECKPOINT');
    await before(running);
    const restarted = await restart(client, running);
    runs.push(restarted);
    running = restarted.server;
  }
  const middle = {
    server: running, listening: median(runs.map((r) => r.listening)), first: median(runs.map((r) => r.first)),
    cpu: median(runs.map((r) => r.cpu)),
  };
  console.log(`${name}: ${said(middle)} (≤ ${GOAL}; median of ${RUNS})`);
  return middle;
}

/** COPYs until one is as fast as those before the crash; whether one was. */
async function regain(client: Client, server: RunningServer, before: number): Promise<boolean> {
  const start = now();
  for (let part = 1; part <= AFTER; part++) {
    const after = ROWS / await copySeconds(client, server);
    console.log(`  COPY ${part}: ${rate(after)} rows/s (before the crash ${rate(before)})`);
    if (after < before * FULL) continue;
    console.log(`  at full speed after ${(now() - start).toFixed(1)} s of COPY`);
    return true;
  }
  return false;
}

/** Whether the goal is met; prints a line for each thing measured. */
export async function runRestart(): Promise<boolean> {
  const client = new Client();
  let server = await startServer();
  try {
    const before = await load(client, server, Number(process.env['MILLRACE_RESTART_MB'] ?? 1000));
    const rest = await restarts(client, server, { name: 'at rest', before: async () => {} });
    ({ server } = rest);
    const few = await restarts(client, server, {
      name: `${FEW} bids to replay`, before: async ({ target, pid }) => {
        await client.do({ kind: 'copy', target, table: 'bid', rows: FEW, parts: 1, server: pid });
      },
    });
    ({ server } = few);
    const regained = await regain(client, server, before);
    for (let part = 0; part < FLOOD; part++) await copySeconds(client, server);
    const flood = await restart(client, server);
    ({ server } = flood);
    console.log(`in a flood of ${FLOOD * ROWS} bids: ${said(flood)}`);
    return rest.first <= GOAL && few.first <= GOAL && regained;
  } finally {
    client.stop();
    await server.stop();
  }
}

if (process.argv[1]?.endsWith('wire/restart.js') && !await runRestart()) process.exitCode = 1;
