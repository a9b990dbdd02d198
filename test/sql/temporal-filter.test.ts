// now() in a materialized view: at every moment it has the rows that its query has then, through commits, reads, restarts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../sql/index.ts';
import type { Database } from '../../sql/index.ts';
import { Client } from '../support/client.ts';
import { Random } from '../support/random.ts';

const START = 1_800_000_000_000_000n;
let now = START;
let folder = '';
let database: Database;
let client: Client;

async function open(): Promise<void> {
  database = await openDatabase({ data: folder, now: () => now });
  client = new Client(database);
}

async function close(): Promise<void> {
  await client.close();
  await database.close();
}

beforeEach(async () => {
  now = START;
  folder = mkdtempSync(join(tmpdir(), 'millrace-temporal-'));
  await open();
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

const QUERIES: readonly string[] = [
  "SELECT id, v FROM e WHERE at > now() - interval '10 seconds'",
  "SELECT id FROM e WHERE at <= now()",
  "SELECT id FROM e WHERE now() < at + interval '7 seconds' AND v <> 3",
  "SELECT id FROM e WHERE now() - at < interval '8 seconds' AND at - now() < interval '2 seconds'",
  "SELECT id FROM e WHERE at BETWEEN current_timestamp - interval '1 minute' AND current_timestamp",
  "SELECT v, count(*), min(at), max(id) FROM e WHERE at > now() - interval '1 day 5 seconds' + interval '-1 day' GROUP BY v",
  "SELECT count(*) FROM e WHERE at = now()",
  "SELECT e.id, f.id AS other FROM e JOIN e f ON e.v = f.v AND f.at > now() - interval '5 seconds' WHERE e.at <= now()",
  "SELECT id FROM e WHERE EXISTS (SELECT 1 FROM e f WHERE f.v = e.v AND f.id <> e.id AND f.at > now())",
  "SELECT id FROM e LEFT JOIN LATERAL (SELECT count(*) AS n FROM e f WHERE f.v = e.v AND f.at > now() - interval '9 seconds') c "
    + 'ON true WHERE c.n > 1',
  "WITH recent AS (SELECT * FROM e WHERE at >= now() - interval '6 seconds') "
    + 'SELECT a.id, b.id AS b FROM recent a JOIN recent b USING (v)',
  "SELECT v, row_number() OVER (ORDER BY id) FROM e WHERE now() > at",
  "SELECT max(v) FROM e WHERE at > now() - interval '3 seconds' HAVING max(at) < now() + interval '1 second'",
  "SELECT id FROM e WHERE local > now() - interval '4 seconds'",
  'SELECT count(*) FROM e WHERE local::date <= now()',
  "SELECT id FROM e WHERE at <= now() EXCEPT SELECT id FROM e WHERE at <= now() - interval '4 seconds'",
];

/** The rows in order, or the error. */
async function answer(query: string): Promise<readonly string[] | string | null> {
  const error = await client.error(query);
  return error ?? (await client.rows(query)).toSorted();
}

async function compareAll(where: string): Promise<void> {
  for (const [i, query] of QUERIES.entries()) {
    const want = await answer(query);
    expect(await answer(`SELECT * FROM v${i}`), `${where}: ${query}`).toEqual(want);
  }
  const over = (await client.rows('SELECT * FROM over0')).toSorted();
  expect(over, where).toEqual((await client.rows('SELECT v, count(*) FROM v0 GROUP BY v')).toSorted());
}

describe('now() in a view', () => {
  test('random rows and moments', async () => {
    const seed = Number(process.env['SEED'] ?? 1);
    const random = new Random(seed);
    await client.query('CREATE TABLE e (id int PRIMARY KEY, v int, at timestamptz, '
      + "local timestamp GENERATED ALWAYS AS (at AT TIME ZONE 'UTC') STORED)");
    await client.query(`INSERT INTO e SELECT n, n % 5, now() + (n - 10) * interval '1 second' FROM generate_series(1, 20) n`);
    for (const [i, query] of QUERIES.entries()) await client.query(`CREATE MATERIALIZED VIEW v${i} AS ${query}`);
    await client.query('CREATE MATERIALIZED VIEW over0 AS SELECT v, count(*) FROM v0 GROUP BY v');
    let id = 100;
    for (let step = 0; step < 24; step++) {
      now += BigInt(random.pick([0, 1, 400_000, 1_000_000, 5_000_000, 30_000_000]));
      const where = `SEED=${seed} step ${step}`;
      const change = random.float();
      if (change < 0.4) {
        const offset = random.pick(["'infinity'", "'-infinity'", 'NULL', ...Array.from({ length: 12 }, () =>
          `now() + interval '${random.int(-20, 20)} seconds ${random.pick(['', '1 microsecond'])}'`)]);
        await client.query(`INSERT INTO e VALUES (${id++}, ${random.int(0, 4)}, ${offset})`);
      } else if (change < 0.6) await client.query(`DELETE FROM e WHERE id % 7 = ${random.int(0, 6)}`);
      else if (change < 0.8) {
        await client.query(`UPDATE e SET at = at + interval '${random.int(-9, 9)} seconds' WHERE v = ${random.int(0, 4)}`);
      }
      if (random.bool(0.1)) {
        await close();
        now += BigInt(random.pick([0, 3_000_000]));
        await open();
      }
      if (random.bool(0.1)) await client.query('CHECKPOINT');
      await compareAll(where);
    }
  });

  test('a reader in a transaction sees one moment', async () => {
    await client.query("CREATE TABLE e (id int, at timestamptz); INSERT INTO e VALUES (1, now() + interval '5 seconds')");
    await client.query('CREATE MATERIALIZED VIEW v AS SELECT id FROM e WHERE at > now()');
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    expect(await client.rows('SELECT * FROM v')).toEqual(['1']);
    now += 10_000_000n;
    expect(await client.rows('SELECT * FROM v')).toEqual(['1']);
    await client.query('COMMIT');
    expect(await client.rows('SELECT * FROM v')).toEqual([]);
  });

  test.each([
    'SELECT id, now() FROM e', 'SELECT id FROM e WHERE at > now() OR id = 1', 'SELECT id FROM e WHERE NOT at > now()',
    "SELECT id FROM e WHERE at > now() - interval '1 month'", 'SELECT id FROM e WHERE at > current_date',
    'SELECT id FROM e ORDER BY at - now() LIMIT 1', 'SELECT id FROM e WHERE at > now() + id * interval \'1 second\'',
    'SELECT count(*) FILTER (WHERE at > now()) FROM e', 'SELECT id FROM e WHERE at > localtimestamp',
    'SELECT e.id FROM e LEFT JOIN e f ON f.at > now()', 'SELECT id FROM e WHERE date_trunc(\'hour\', now()) > at',
    'WITH RECURSIVE r AS (SELECT id, at FROM e UNION SELECT r.id + 1, r.at FROM r WHERE r.at > now() AND r.id < 3) TABLE r',
    'SELECT id FROM e WHERE at > clock_timestamp()',
  ])('is refused: %s', async (query) => {
    await client.query('CREATE TABLE e (id int, at timestamptz)');
    expect(await client.error(`CREATE MATERIALIZED VIEW v AS ${query}`)).toMatch(
      /^0A000 \S+ in a materialized view is not supported/);
  });

  test('days are as long as the time zone has them: only where all are alike', async () => {
    await client.query('CREATE TABLE e (id int, at timestamptz)');
    const view = "AS SELECT id FROM e WHERE at > now() - interval '1 day'";
    await client.query("SET timezone = 'Europe/Berlin'");
    expect(await client.error(`CREATE MATERIALIZED VIEW a ${view}`)).toMatch(/^0A000 now\(\) in a materialized view is not supported/);
    await client.query("SET timezone = 'UTC'");
    expect(await client.error(`CREATE MATERIALIZED VIEW b ${view}`)).toBe(null);
  });

  test('many readers at a time make one epoch of it', async () => {
    await client.query("CREATE TABLE e (id int, at timestamptz); INSERT INTO e VALUES (1, now() + interval '5 seconds')");
    await client.query('CREATE MATERIALIZED VIEW v AS SELECT id FROM e WHERE at <= now()');
    const before = (await client.rows('SELECT epoch FROM millrace_epoch'))[0];
    now += 10_000_000n;
    const readers = Array.from({ length: 5 }, () => new Client(database));
    expect(await Promise.all(readers.map((reader) => reader.rows('SELECT * FROM v')))).toEqual(readers.map(() => ['1']));
    for (const reader of readers) await reader.close();
    expect(Number((await client.rows('SELECT epoch FROM millrace_epoch'))[0]) - Number(before)).toBe(1);
  });

  test('a view that time changes is not fed anew when a column goes that it only had rows by', async () => {
    await client.query('CREATE TABLE e (id int, at timestamptz); CREATE TABLE f (a int, b int); INSERT INTO f VALUES (1, 2)');
    await client.query('CREATE MATERIALIZED VIEW v AS SELECT id FROM e CROSS JOIN f WHERE at > now()');
    expect(await client.error('ALTER TABLE f DROP COLUMN a')).toMatch(/^0A000 changing a column of table "f"/);
    expect(await client.error('ALTER TABLE f DROP COLUMN b')).toBe(null);
    expect(await client.error('ALTER TABLE e DROP COLUMN at CASCADE')).toBe(null);
    expect(await client.error('SELECT * FROM v')).toMatch(/^42P01/);
  });

  test('a watermark and windows that close do not go with it', async () => {
    await client.query("CREATE TABLE e (id int, at timestamptz, WATERMARK FOR at AS at - interval '1 second')");
    const error = await client.error('CREATE MATERIALIZED VIEW v AS SELECT window_start, window_end, count(*) '
      + "FROM tumble(e, at, interval '1 minute') WHERE at <= now() GROUP BY 1, 2 EMIT ON WINDOW CLOSE");
    expect(error).toMatch(/^0A000 now\(\) in a materialized view that emits/);
  });
});

test('who subscribes is told while nobody commits or reads', async () => {
  await close();
  database = await openDatabase({ data: folder });
  client = new Client(database);
  await client.query('CREATE TABLE e (id int, at timestamptz)');
  await client.query("CREATE MATERIALIZED VIEW v AS SELECT id FROM e WHERE at <= now() AND at > now() - interval '2 seconds'");
  await client.query('BEGIN; DECLARE c CURSOR FOR SUBSCRIBE TO v');
  const writer = new Client(database);
  await writer.query("INSERT INTO e VALUES (1, now() + interval '0.1 seconds'), (2, now() + interval '0.4 seconds')");
  const told: string[] = [];
  for (let tries = 0; told.length < 4 && tries < 400; tries++) {
    told.push(...(await client.rows('FETCH 10 FROM c')).map((line) => line.split('|').slice(1).join('|')));
    await sleep(50);
  }
  expect(told.filter((line) => line.endsWith('1')).join(' ')).toBe('1|1 -1|1');
  expect(told.filter((line) => line.endsWith('2')).join(' ')).toBe('1|2 -1|2');
  await client.query('COMMIT');
  await writer.close();
});
