// COPY of Nexmark bids through the wire with no, one and five views, beside PostgreSQL's COPY of the same bytes.
import { median } from '../bench.ts';
import type { BenchResult } from '../bench.ts';
import { startServer } from './processes.ts';
import type { Client } from './processes.ts';
import type { Target } from './client.ts';

const ROWS = 100_000;
const PARTS = 10;
const RUNS = 3;
const AUCTIONS = 30_000;

/** Nexmark's bids and auctions. */
export const TABLES = [
  'CREATE TABLE bid (auction bigint, bidder bigint, price bigint, channel varchar, url varchar, '
    + 'date_time timestamp, extra varchar)',
  'CREATE TABLE auction (id bigint, item_name varchar, description varchar, initial_bid bigint, reserve bigint, '
    + 'date_time timestamp, expires timestamp, seller bigint, category bigint, extra varchar)',
];

/** Over the tables. */
export const VIEWS = [
  'CREATE MATERIALIZED VIEW v1 AS SELECT auction, count(*) AS bids, max(price) AS top FROM bid GROUP BY auction',
  'CREATE MATERIALIZED VIEW v2 AS SELECT window_start, count(*) AS bids '
    + "FROM tumble(bid, date_time, INTERVAL '10 seconds') GROUP BY window_start",
  'CREATE MATERIALIZED VIEW v3 AS SELECT auction, bidder, price * 908 / 1000 AS euros, date_time FROM bid '
    + 'WHERE auction % 16 = 0',
  'CREATE MATERIALIZED VIEW v4 AS SELECT b.auction, b.price, a.seller FROM bid b JOIN auction a ON a.id = b.auction '
    + 'WHERE a.category = 10',
  'CREATE MATERIALIZED VIEW v5 AS SELECT bidder, max(price) AS best FROM bid GROUP BY bidder',
];

interface Measured { readonly wall: number; readonly cpu: number }

/** `server`: whose CPU counts; null: that of PostgreSQL's backend, without what its writers and checkpoints take. */
async function copyRun(client: Client, target: Target, server: number | null): Promise<Measured> {
  const { seconds, cpu } = await client.do({ kind: 'copy', target, table: 'bid', rows: ROWS, parts: PARTS, server });
  const rows = ROWS * PARTS;
  return { wall: rows / seconds.reduce((a, b) => a + b), cpu: rows / Math.max(cpu, 0.01) };
}

async function millraceRun(client: Client, views: number): Promise<Measured> {
  const server = await startServer();
  try {
    const { target } = server;
    await client.do({ kind: 'run', target, statements: [...TABLES, ...VIEWS.slice(0, views)] });
    await client.do({ kind: 'copy', target, table: 'auction', rows: AUCTIONS, parts: 1, server: server.pid });
    const measured = await copyRun(client, target, server.pid);
    const { rows } = await client.do({ kind: 'run', target, statements: [
      views === 0 ? 'SELECT count(*) FROM bid' : 'SELECT sum(bids) FROM v1'] });
    if (rows[0] !== String(ROWS * PARTS)) throw new Error(`after the COPY ${rows[0]} rows are there`);
    return measured;
  } finally {
    await server.stop();
  }
}

/** A logged table in the PostgreSQL given, whose settings are left as they are. */
async function postgresRun(client: Client, target: Target): Promise<Measured> {
  const drop = 'DROP TABLE IF EXISTS bid';
  await client.do({ kind: 'run', target, statements: [drop, TABLES[0], 'CHECKPOINT'] });
  const measured = await copyRun(client, target, null);
  await client.do({ kind: 'run', target, statements: [drop] });
  return measured;
}

/** Floors of the ratio to PostgreSQL, by number of views. */
const FLOORS = [{ views: 0, least: 1.5 }, { views: 1, least: 1 }, { views: 5, least: 0.7 }] as const;

export async function copyBenches(client: Client, oracle: Target | null): Promise<BenchResult[]> {
  const peer: Measured[] = [];
  const own = FLOORS.map(() => [] as Measured[]);
  for (let run = 0; run < RUNS; run++) {
    if (oracle !== null) peer.push(await postgresRun(client, oracle));
    for (const [i, { views }] of FLOORS.entries()) own[i].push(await millraceRun(client, views));
  }
  const of = (all: readonly Measured[]): Measured => (
    { wall: median(all.map((m) => m.wall)), cpu: median(all.map((m) => m.cpu)) });
  const results = FLOORS.map(({ views, least }, i): BenchResult => {
    const { wall, cpu } = of(own[i]);
    const result = { name: `COPY, ${views} views`, rowsPerSecond: cpu, wall };
    if (oracle === null) return result;
    const other = of(peer);
    return { ...result, ratios: [
      { to: 'PostgreSQL wall', own: wall, rowsPerSecond: other.wall, least },
      { to: 'CPU', rowsPerSecond: other.cpu, least: 0 },
    ] };
  });
  if (oracle === null) return results;
  const { wall, cpu } = of(peer);
  return [...results, { name: 'COPY, PostgreSQL', rowsPerSecond: cpu, wall }];
}
