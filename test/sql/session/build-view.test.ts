// CREATE MATERIALIZED VIEW over rows that are there: filled in turns with what goes on meanwhile, exact when it is there, and given
// up without a trace.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database, DatabaseOptions } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';
import { ALWAYS, endsSoon, turn } from '../../support/turns.ts';

const ROWS = 80_000;
const QUERY = `SELECT t.k, u.name, count(*) AS c, sum(t.n) AS s, max(t.n) AS m FROM t LEFT JOIN u ON u.k = t.k GROUP BY t.k, u.name`;

let scratch = '';
let database: Database;
let a: Client;
let b: Client;

async function open(options: Partial<DatabaseOptions> = {}): Promise<void> {
  database = await openDatabase({ data: join(scratch, 'data'), schedule: ALWAYS, ...options });
  a = new Client(database);
  b = new Client(database);
}

async function close(): Promise<void> {
  await a.close();
  await b.close();
  await database.close();
}

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'millrace-build-'));
  await open();
  await a.query(`CREATE TABLE t (id int PRIMARY KEY, k int, n bigint); CREATE TABLE u (k int PRIMARY KEY, name text);
    INSERT INTO t SELECT g, g % 500, g % 1000 FROM generate_series(1, ${ROWS}) g;
    INSERT INTO u SELECT g, 'n' || g FROM generate_series(0, 400) g`);
});
afterEach(async () => {
  await close();
  rmSync(scratch, { recursive: true, force: true });
});

/** Rows of the view that are not of the query, and the other way round. */
async function difference(view: string, query: string): Promise<readonly string[]> {
  return a.rows(`(SELECT * FROM ${view} EXCEPT ALL (${query})) UNION ALL ((${query}) EXCEPT ALL SELECT * FROM ${view})`);
}

async function write(client: Client): Promise<void> {
  await client.query(`INSERT INTO t SELECT g, g % 500, 7 FROM generate_series(${ROWS + 1}, ${ROWS + 3000}) g`);
  await client.query('UPDATE t SET n = n + 1 WHERE id % 1000 = 3; DELETE FROM t WHERE id % 777 = 0');
  await client.query(`UPDATE u SET name = name || '!' WHERE k % 7 = 0; DELETE FROM u WHERE k = 13; INSERT INTO u VALUES (450, 'new')`);
}

describe('a view over many rows', () => {
  test('commits go on while it is filled, and count', async () => {
    const making = a.query(`CREATE MATERIALIZED VIEW v AS ${QUERY}`);
    expect(await endsSoon(making)).toBe(false);
    await b.query('INSERT INTO t VALUES (0, 1, 7)');
    expect(await b.error('SELECT * FROM v')).toBe('42P01 relation "v" does not exist');
    // These give turns, too: it may be there before they are through.
    await write(b);
    const [{ tag }] = await making;
    expect(tag).toBe('SELECT 500');
    expect(await difference('v', QUERY)).toEqual([]);
    await b.query('DELETE FROM t WHERE id < 1000; UPDATE u SET k = k + 1000 WHERE k < 50');
    expect(await difference('v', QUERY)).toEqual([]);
    await close();
    await open();
    expect(await difference('v', QUERY)).toEqual([]);
  });

  test('by its statement, in a block with a view over it and over what the block has made', async () => {
    await a.query(`BEGIN; CREATE TABLE own (k int, x int); INSERT INTO own SELECT g, g FROM generate_series(1, 100) g;
      CREATE MATERIALIZED VIEW v AS ${QUERY}; CREATE MATERIALIZED VIEW w AS SELECT name, sum(s) AS s FROM v GROUP BY name;
      CREATE MATERIALIZED VIEW o AS SELECT own.x, count(*) AS c FROM own JOIN t USING (k) GROUP BY own.x;
      INSERT INTO t VALUES (-1, 1, 1)`);
    await write(b);
    const committing = a.query('COMMIT');
    expect(await endsSoon(committing)).toBe(false);
    await b.query('DELETE FROM t WHERE k = 7');
    await committing;
    expect(await difference('v', QUERY)).toEqual([]);
    expect(await difference('w', 'SELECT name, sum(s) AS s FROM v GROUP BY name')).toEqual([]);
    expect(await difference('o', 'SELECT own.x, count(*) AS c FROM own JOIN t USING (k) GROUP BY own.x')).toEqual([]);
    await write(b).catch(() => undefined);
    expect(await difference('w', 'SELECT name, sum(s) AS s FROM v GROUP BY name')).toEqual([]);
  });

  test('the extended protocol: its count keeps nobody waiting either, and it can be cancelled', async () => {
    const { session } = a;
    session.parse('', `CREATE MATERIALIZED VIEW v AS ${QUERY}`, []);
    session.bind({ statement: '', portal: '', parameters: [] });
    let executed = false;
    const executing = Promise.resolve(session.execute('', 0)).finally(() => {
      executed = true;
    });
    for (let i = 0; i < 5; i++) await turn();
    expect(executed).toBe(false);
    await b.query('INSERT INTO t VALUES (-5, 1, 1)');
    expect(await executing).toEqual({ kind: 'command', tag: 'SELECT 500' });
    const syncing = Promise.resolve(session.sync());
    expect(await endsSoon(syncing)).toBe(false);
    await b.query('DELETE FROM t WHERE id = -5');
    await syncing;
    expect(await difference('v', QUERY)).toEqual([]);
  });

  test('over a view, which changes meanwhile', async () => {
    await a.query(`CREATE MATERIALIZED VIEW v AS ${QUERY}`);
    const making = a.query('CREATE MATERIALIZED VIEW w AS SELECT x.k, x.s, t.n FROM v x JOIN t USING (k)');
    expect(await endsSoon(making)).toBe(false);
    for (let i = 1; i <= 3; i++) await b.query(`UPDATE t SET n = n + ${i} WHERE id % 100 = ${i}; DELETE FROM u WHERE k = ${i}`);
    await making;
    expect(await difference('w', 'SELECT x.k, x.s, t.n FROM v x JOIN t USING (k)')).toEqual([]);
  });

  test('its tables are not altered before it is there', async () => {
    const making = a.query(`CREATE MATERIALIZED VIEW v AS ${QUERY}`);
    await turn();
    const altering = b.error('ALTER TABLE t DROP COLUMN n');
    expect(await endsSoon(altering)).toBe(false);
    await making;
    expect(await altering).toContain('2BP01');
    expect(await difference('v', QUERY)).toEqual([]);
  });

  test('cancelled, or after its time, it leaves nothing', async () => {
    const making = a.error(`CREATE MATERIALIZED VIEW v AS ${QUERY}`);
    expect(await endsSoon(making)).toBe(false);
    a.session.cancel();
    expect(await making).toBe('57014 canceling statement due to user request');
    expect(await a.error(`SET statement_timeout = 20; CREATE MATERIALIZED VIEW v AS ${QUERY}`))
      .toBe('57014 canceling statement due to statement timeout');
    await a.query('RESET statement_timeout');
    const committing = a.query(`BEGIN; CREATE MATERIALIZED VIEW v AS ${QUERY}`).then(() => a.error('COMMIT'));
    expect(await endsSoon(committing)).toBe(false);
    a.session.cancel();
    expect(await committing).toBe('57014 canceling statement due to user request');
    expect(a.session.transactionStatus).toBe('I');
    await write(b);
    await a.query(`CREATE MATERIALIZED VIEW v AS ${QUERY}`);
    expect(await difference('v', QUERY)).toEqual([]);
  });

  test('one step of it may be long, too: a cross join', async () => {
    const making = a.error('CREATE MATERIALIZED VIEW v AS SELECT count(*) FROM t x, t y');
    expect(await endsSoon(making)).toBe(false);
    await write(b);
    expect(await endsSoon(making)).toBe(false);
    a.session.cancel();
    expect(await making).toBe('57014 canceling statement due to user request');
    expect(await a.error('SELECT * FROM v')).toBe('42P01 relation "v" does not exist');
  });

  test('a kill while it is filled leaves nothing', async () => {
    const making = a.query(`CREATE MATERIALIZED VIEW v AS ${QUERY}`);
    expect(await endsSoon(making)).toBe(false);
    await b.query('INSERT INTO t VALUES (0, 1, 7)');
    cpSync(join(scratch, 'data'), join(scratch, 'killed'), { recursive: true });
    await making;
    await close();
    await open({ data: join(scratch, 'killed') });
    expect(await a.error('SELECT * FROM v')).toBe('42P01 relation "v" does not exist');
    expect(await a.rows('SELECT count(*) FROM t')).not.toEqual([`${ROWS}`]);
    await a.query(`CREATE MATERIALIZED VIEW v AS ${QUERY}`);
    expect(await difference('v', QUERY)).toEqual([]);
  });

  test('time: late rows of the meantime count as those that were there, live and after a replay', async () => {
    await a.query(`CREATE TABLE e (ts timestamp, n int, WATERMARK FOR ts AS ts - interval '1 minute') WITH (appendonly);
      INSERT INTO e SELECT timestamp '2024-01-01' + g * interval '1 second', g FROM generate_series(1, 80000) g`);
    const query = `SELECT window_start, count(*) AS c FROM tumble(e, ts, interval '1 hour') GROUP BY window_start`;
    const making = a.query(`CREATE MATERIALIZED VIEW v AS ${query} EMIT ON WINDOW CLOSE`);
    expect(await endsSoon(making)).toBe(false);
    await b.query(`INSERT INTO e VALUES ('2024-01-01 00:30', 1)`);
    await b.query(`INSERT INTO e VALUES ('2024-01-03', 2)`);
    await b.query(`INSERT INTO e VALUES ('2024-01-01 01:30', 3)`);
    await making;
    await b.query(`INSERT INTO e VALUES ('2024-01-01 02:30', 3)`);
    const rows = await a.rows('SELECT * FROM v ORDER BY 1');
    expect(rows.slice(0, 3)).toEqual(['2024-01-01 00:00:00|3600', '2024-01-01 01:00:00|3601', '2024-01-01 02:00:00|3600']);
    cpSync(join(scratch, 'data'), join(scratch, 'killed'), { recursive: true });
    await close();
    await open({ data: join(scratch, 'killed') });
    expect(await a.rows('SELECT * FROM v ORDER BY 1')).toEqual(rows);
  });
});
