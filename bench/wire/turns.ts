// What long statements cost others: single-row commits while a query, or the making of a view, is under way; beside PostgreSQL.
//
//   npm run bench turns            MILLRACE_TURNS_ROWS: bids, in millions (2)
import { oracle } from '../oracle.ts';
import { commitsUntil } from './checkpoint.ts';
import type { Target } from './client.ts';
import { TABLES } from './copy.ts';
import { Client, startServer } from './processes.ts';

const ROWS = 100_000;
const PARTS = 10;
/** Milliseconds that a long statement may make a commit wait, of CPU of the server's thread. */
const STOP = 100;
const SINGLE = 'CREATE TABLE single (id bigint, name text, amount numeric)';
const COPIED = 'CREATE TABLE copied (LIKE bid, id bigserial PRIMARY KEY)';
const LONG: readonly (readonly [string, string])[] = [
  ['scan, filter', "SELECT count(*) FROM bid WHERE url LIKE '%7%' AND price % 3 = 1"],
  ['group by', 'SELECT count(*) FROM (SELECT auction, bidder, count(*), sum(price) FROM bid GROUP BY auction, bidder) g'],
  ['self join', 'SELECT count(*) FROM bid a JOIN bid b ON a.bidder = b.bidder AND a.date_time = b.date_time'],
  ['sort', 'SELECT price FROM bid ORDER BY url, price OFFSET 1000000 LIMIT 1'],
  ['over', 'SELECT max(r) FROM (SELECT row_number() OVER (PARTITION BY auction ORDER BY price) AS r FROM bid) o'],
  ['view: group by', 'CREATE MATERIALIZED VIEW v1 AS SELECT auction, count(*) AS n, max(price) AS m FROM bid GROUP BY auction'],
  ['view: join', 'CREATE MATERIALIZED VIEW v2 AS SELECT b.price, s.name FROM bid b LEFT JOIN single s ON s.id = b.auction'],
];

/** What they write is applied, and views are told, in one piece: there is no goal for that. */
const WRITES: readonly (readonly [string, string])[] = [
  ['insert .. select', 'INSERT INTO copied SELECT * FROM bid'],
  ['update', 'UPDATE copied SET price = price + 1'],
  ['delete', 'DELETE FROM copied WHERE price % 2 = 0'],
];

/** Whether the goal is met; a line a statement. */
export async function runTurns(): Promise<boolean> {
  const millions = Number(process.env['MILLRACE_TURNS_ROWS'] ?? 2);
  const client = new Client();
  const probe = new Client();
  const server = await startServer();
  const peer = oracle('long statements are not compared with PostgreSQL');
  let worst = 0;
  try {
    for (const target of peer === null ? [server.target] : [server.target, peer]) {
      await client.do({ kind: 'run', target, statements: [...TABLES, SINGLE, COPIED].flatMap(renewed) });
      for (let i = 0; i < millions; i++) await client.do({ kind: 'copy', target, table: 'bid', rows: ROWS, parts: PARTS, server: null });
      await probe.do({ kind: 'insert', target, connections: 1, count: 5000, prepared: true });
    }
    for (const [name, statement] of [...WRITES, ...LONG]) {
      let said = '';
      const stretch = await server.longestStretch(async () => {
        said = await beside(client, probe, server.target, statement);
      });
      const bounded = LONG.some(([other]) => other === name);
      if (bounded) worst = Math.max(worst, stretch ?? 0);
      const goal = bounded ? ` (≤ ${STOP})` : '';
      console.log(`${name}: ${said}; longest stretch of the thread ${stretch?.toFixed(1) ?? '?'} ms of CPU${goal}`);
      if (peer !== null) console.log(`${' '.repeat(name.length)}  PostgreSQL: ${await beside(client, probe, peer, statement)}`);
    }
    if (peer !== null) {
      await client.do({
        kind: 'run', target: peer, statements: ['DROP MATERIALIZED VIEW v1, v2', 'DROP TABLE single, copied, bid'],
      });
    }
  } finally {
    client.stop();
    probe.stop();
    await server.stop();
  }
  return worst <= STOP;
}

/** The table may be left from a run that was stopped. */
function renewed(create: string): readonly string[] {
  const name = /TABLE (\w+)/.exec(create)?.[1];
  return name === undefined ? [create] : [`DROP TABLE IF EXISTS ${name} CASCADE`, create];
}

async function beside(client: Client, probe: Client, target: Target, statement: string): Promise<string> {
  const start = performance.now();
  const running = client.do({ kind: 'run', target, statements: [statement] });
  const times = await commitsUntil(probe, { target }, running);
  await running;
  const took = performance.now() - start;
  const at = (part: number): string => (times[Math.min(Math.floor(times.length * part), times.length - 1)] ?? 0).toFixed(2);
  return `${(took / 1000).toFixed(2)} s; ${times.length} commits meanwhile, p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)} ms`;
}

