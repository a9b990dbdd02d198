// A query that takes long: others go on meanwhile, it can be stopped, it sees one moment, and holds no more than it may.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database, DatabaseOptions } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';
import { ALWAYS, endsSoon, turn } from '../../support/turns.ts';

const ENDLESS = 'SELECT count(*) FROM generate_series(1, 1000000) x, generate_series(1, 1000000) y';

let database: Database;
let a: Client;
let b: Client;

async function open(options: Partial<DatabaseOptions> = {}): Promise<void> {
  database = await openDatabase({ data: ':memory:', schedule: ALWAYS, ...options });
  a = new Client(database);
  b = new Client(database);
}

afterEach(async () => {
  await a.close();
  await b.close();
  await database.close();
});

describe('one moment', () => {
  beforeEach(async () => {
    await open();
    await a.query(`CREATE TABLE t (id int PRIMARY KEY, k int, n int); CREATE INDEX ON t (k);
      INSERT INTO t SELECT g, g % 50, 1 FROM generate_series(1, 20000) g;
      CREATE TABLE u (k int PRIMARY KEY, name text); INSERT INTO u SELECT g, 'n' || g FROM generate_series(0, 49) g;
      CREATE MATERIALIZED VIEW v AS SELECT k, sum(n) AS s FROM t GROUP BY k`);
  });
  const queries = [
    ['a scan', 'SELECT count(*), sum(n) FROM t', '20000|20000'],
    ['tables one after the other', 'SELECT count(*), sum(n) FROM (SELECT n FROM t UNION ALL SELECT s FROM v UNION ALL SELECT k FROM u) x',
      '20100|41225'],
    ['a look-up by what is read before', 'SELECT count(*), sum(t.n) FROM (SELECT k FROM u ORDER BY name LIMIT 3) x JOIN t USING (k)',
      '1200|1200'],
    ['a range, and a view behind it', `SELECT count(*), sum(x.n + v.s) FROM (SELECT k, n FROM t ORDER BY id LIMIT 9000) x JOIN v USING (k)`,
      '9000|3609000'],
  ];
  for (const [what, sql, expected] of queries) {
    test(what, async () => {
      const reading = a.rows(sql);
      await turn();
      await b.query('UPDATE t SET n = 5 WHERE id > 10000; DELETE FROM t WHERE id <= 100; INSERT INTO t VALUES (30000, 1, 7)');
      await b.query('UPDATE u SET k = k + 100; TRUNCATE t');
      expect(await reading).toEqual([expected]);
      expect(await a.rows('SELECT count(*) FROM t')).toEqual(['0']);
    });
  }

  test('a table is not dropped or altered before it has been read', async () => {
    const reading = a.rows('SELECT count(*) FROM t x, u y, generate_series(1, 3) z');
    await turn();
    const dropping = b.query('ALTER TABLE u DROP COLUMN name; DROP TABLE t CASCADE');
    expect(await endsSoon(dropping)).toBe(false);
    expect(await reading).toEqual(['3000000']);
    await dropping;
    expect(await a.error('SELECT count(*) FROM t')).toBe('42P01 relation "t" does not exist');
  });

  test('the first rows of many pieces are in order for what numbers them', async () => {
    await a.query('CREATE SEQUENCE s');
    expect(await a.rows(`WITH q AS (SELECT id, nextval('s') AS n FROM t ORDER BY id = 15000 DESC, id LIMIT 2) SELECT * FROM q ORDER BY n`))
      .toEqual(['15000|1', '1|2']);
  });

  test('a cursor, COPY TO, CREATE TABLE AS and EXPLAIN ANALYZE', async () => {
    await a.query('BEGIN');
    const all = [
      a.query('DECLARE c CURSOR FOR SELECT sum(n) FROM t; FETCH c'), b.rows('EXPLAIN ANALYZE SELECT sum(n) FROM t'),
    ];
    await Promise.all(all);
    await a.query('COMMIT');
    const making = a.query('CREATE TABLE made AS SELECT x.id, y.k FROM t x JOIN u y USING (k)');
    await turn();
    await b.query('DELETE FROM t WHERE id % 2 = 0');
    await making;
    expect(await a.rows('SELECT count(*) FROM made')).toEqual(['20000']);
  });
});

describe('an end', () => {
  beforeEach(() => open());

  test('a cancel, and the session goes on; commits were not kept waiting', async () => {
    await b.query('CREATE TABLE t (n int)');
    const endless = a.error(ENDLESS);
    expect(await endsSoon(endless)).toBe(false);
    for (let i = 0; i < 10; i++) await b.query(`INSERT INTO t VALUES (${i})`);
    expect(await endsSoon(endless)).toBe(false);
    a.session.cancel();
    expect(await endless).toBe('57014 canceling statement due to user request');
    expect(await a.rows('SELECT count(*) FROM t')).toEqual(['10']);
  });

  test.each([
    ENDLESS, 'SELECT count(*) FROM generate_series(1, 100000000000)', `CREATE TABLE made AS ${ENDLESS}`,
    'SELECT count(*) FROM generate_series(1, 100000) x, generate_series(1, 100000) y WHERE x * y % 7 = 3',
    'SELECT a.x FROM generate_series(1, 300000) a(x) WHERE EXISTS (SELECT FROM generate_series(1, 300000) b(y) WHERE b.y > a.x + 300000)',
    `EXPLAIN ANALYZE ${ENDLESS}`,
  ])('statement_timeout: %s', async (sql) => {
    await a.query('SET statement_timeout = 50');
    expect(await a.error(sql)).toBe('57014 canceling statement due to statement timeout');
    await a.query('RESET statement_timeout');
    expect(await a.rows('SELECT 1')).toEqual(['1']);
  });

  test.each([
    `INSERT INTO t ${ENDLESS}`, 'UPDATE t SET n = x FROM generate_series(1, 100000000000) x',
    'DELETE FROM t USING generate_series(1, 1000000) x, generate_series(1, 1000000) y WHERE x + y = -1',
  ])('statement_timeout, of what keeps the thread to itself: %s', async (sql) => {
    await a.query('CREATE TABLE t (n bigint); INSERT INTO t VALUES (1); SET statement_timeout = 50');
    expect(await a.error(sql)).toBe('57014 canceling statement due to statement timeout');
    await a.query('RESET statement_timeout');
    expect(await a.rows('SELECT n FROM t')).toEqual(['1']);
  });

  test('a session that is closed meanwhile', async () => {
    const endless = a.error(ENDLESS);
    await turn();
    await a.close();
    expect(await endless).toBe('57P01 terminating connection due to administrator command');
  });

  test('the first rows are enough', async () => {
    expect(await a.rows('SELECT x, y FROM generate_series(1, 1000000) x, generate_series(1, 1000000) y OFFSET 1 LIMIT 2'))
      .toHaveLength(2);
    expect(await a.rows('SELECT x FROM generate_series(1, 1000000000000) x LIMIT 3')).toEqual(['1', '2', '3']);
  });
});

describe('a share of the memory', () => {
  beforeEach(() => open({ memoryBytes: 64 << 20 }));

  test('what is not kept may be more', async () => {
    expect(await a.rows('SELECT count(*), sum(x) FROM generate_series(1, 2000) x, generate_series(1, 3000) y WHERE x <> y'))
      .toEqual(['5998000|6000999000']);
  });

  test('queries that run at a time share it, and give it back', async () => {
    const large = `SELECT cardinality(array_agg(repeat('x', 200) || x)) FROM generate_series(1, 200000) x`;
    const clients = Array.from({ length: 5 }, () => new Client(database));
    const ends = await Promise.all(clients.map((client) => client.error(large)));
    expect(new Set(ends)).toEqual(new Set(['53200 out of memory', null]));
    for (const client of clients) await client.close();
    expect(await a.rows(large)).toEqual(['200000']);
  });

  test.each([
    'SELECT x, y FROM generate_series(1, 100000) x, generate_series(1, 100000) y ORDER BY x + y',
    'SELECT x, y, count(*) FROM generate_series(1, 100000) x, generate_series(1, 100000) y GROUP BY x, y',
    'SELECT DISTINCT x + y * 100000 FROM generate_series(1, 100000) x, generate_series(1, 100000) y',
    'SELECT row_number() OVER () FROM generate_series(1, 10000000000) x',
    'SELECT array_agg(x) FROM generate_series(1, 10000000000) x',
    'SELECT count(*) FROM generate_series(1, 10000000000) x JOIN generate_series(1, 10000000000) y ON x = y',
  ])('%s', async (sql) => {
    expect(await a.error(sql)).toBe('53200 out of memory');
    expect(await a.rows('SELECT 1')).toEqual(['1']);
  });
});
