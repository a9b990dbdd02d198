// Statements that change many rows: others go on while they read and check, and what comes out is as if they had been at once.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';
import { ALWAYS, endsSoon, turn } from '../../support/turns.ts';

const ROWS = 30_000;

let database: Database;
let a: Client;
let b: Client;

beforeEach(async () => {
  database = await openDatabase({ data: ':memory:', schedule: ALWAYS });
  a = new Client(database);
  b = new Client(database);
  await a.query(`CREATE TABLE t (id int PRIMARY KEY, k int, n int CHECK (n < 100000));
    CREATE TABLE s (id int PRIMARY KEY, k int, n int); CREATE TABLE o (n int); INSERT INTO t SELECT g, g % 10, 0 FROM generate_series(1, ${ROWS}) g`);
});
afterEach(async () => {
  await a.close();
  await b.close();
  await database.close();
});

/** As many turns as it takes, and no more, for the statement to be in the middle of its reading. */
const begun = turn;
const some = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await turn();
};

const LONG = [
  'UPDATE t SET n = n + 1', 'UPDATE t SET n = s.n FROM (SELECT id, n + 1 AS n FROM t) s WHERE s.id = t.id',
  'DELETE FROM t WHERE k < 5',
  'INSERT INTO s SELECT * FROM t', 'INSERT INTO s SELECT * FROM t ON CONFLICT (id) DO UPDATE SET n = excluded.n',
  `MERGE INTO t USING generate_series(1, 40000) x ON id = x WHEN MATCHED THEN UPDATE SET n = n + 1
    WHEN NOT MATCHED THEN INSERT VALUES (x, 0, 0)`,
  'CREATE TABLE made AS SELECT * FROM t',
];

describe('others go on', () => {
  test.each(LONG)('%s', async (sql) => {
    let ended = false;
    const long = a.query(sql).then(() => {
      ended = true;
    });
    await begun();
    for (let i = 0; i < 3; i++) {
      expect(await b.rows('SELECT 1')).toEqual(['1']);
      await b.query(`INSERT INTO o VALUES (${i})`);
    }
    expect(ended).toBe(false);
    await long;
    expect(await b.rows('SELECT count(*) FROM o')).toEqual(['3']);
  });

  test.each(LONG)('until it is cancelled, and nothing is left of it: %s', async (sql) => {
    const before = await b.rows('SELECT count(*), sum(n), sum(k) FROM t');
    for (const turns of [0, 1, 3]) {
      const ends = a.error(sql);
      await some(turns);
      a.session.cancel();
      expect(await ends).toBe('57014 canceling statement due to user request');
    }
    await a.query('BEGIN; INSERT INTO o VALUES (1); SAVEPOINT s');
    const ends = a.error(sql);
    await some(3);
    a.session.cancel();
    expect(await ends).toBe('57014 canceling statement due to user request');
    expect(await b.tags('UPDATE t SET n = n WHERE id = 1')).toEqual(['UPDATE 1']);
    await a.query('ROLLBACK TO s; COMMIT');
    expect(await b.rows('SELECT count(*), sum(n), sum(k) FROM t')).toEqual(before);
    expect(await b.rows('SELECT count(*) FROM s UNION ALL SELECT count(*) FROM o')).toEqual(['0', '1']);
    expect(await b.error('SELECT FROM made')).toBe('42P01 relation "made" does not exist');
  });

  test.each(LONG)('until its time is over: %s', async (sql) => {
    await a.query('SET statement_timeout = 1');
    expect(await a.error(sql)).toBe('57014 canceling statement due to statement timeout');
    await a.query('RESET statement_timeout');
    expect(await a.rows('SELECT count(*), sum(n) FROM t')).toEqual([`${ROWS}|0`]);
    expect(await b.tags('UPDATE t SET n = 7 WHERE id = 1')).toEqual(['UPDATE 1']);
  });

  test('until its session is closed', async () => {
    const ends = a.error('UPDATE t SET n = n + 1');
    await begun();
    await a.close();
    expect(await ends).toBe('57P01 terminating connection due to administrator command');
    expect(await b.tags('UPDATE t SET n = 7 WHERE id = 1')).toEqual(['UPDATE 1']);
    expect(await b.rows('SELECT sum(n) FROM t')).toEqual(['7']);
  });

  test.each([
    ['t', 'DROP TABLE s'], ['t', 'TRUNCATE t'], ['named', 'TRUNCATE t'], ['named_twice', 'ALTER TABLE t DROP COLUMN n CASCADE'],
  ])('not those who would take the table away: %s, %s', async (read, change) => {
    await a.query('CREATE VIEW named AS SELECT * FROM t; CREATE VIEW named_twice AS SELECT * FROM named');
    const long = a.query(`INSERT INTO s SELECT * FROM ${read}`);
    await begun();
    let dropped = false;
    const dropping = b.query(change).then(() => {
      dropped = true;
    });
    await long;
    expect(dropped).toBe(false);
    await dropping;
  });
});

describe('others change what is read', () => {
  test('rows that the statement changes: it sees them as they are by then', async () => {
    const long = a.tags('UPDATE t SET n = n + 1');
    await begun();
    await b.query('UPDATE t SET n = 10 WHERE id = 5; DELETE FROM t WHERE id = 6');
    expect(await long).toEqual([`UPDATE ${ROWS - 1}`]);
    expect(await a.rows('SELECT id, n FROM t WHERE id IN (5, 6) OR n <> 1')).toEqual(['5|11']);
  });

  test('again and again: it comes to an end', async () => {
    let ended = false;
    const long = a.query('UPDATE t SET n = n + 1').then(() => {
      ended = true;
    });
    let count = 0;
    while (!ended) {
      await b.query('UPDATE t SET n = n + 1000 WHERE id = 5');
      count++;
    }
    await long;
    expect(await a.rows('SELECT n FROM t WHERE id = 5')).toEqual([`${1000 * count + 1}`]);
  });

  test('rows that another transaction has changed and not committed: it waits', async () => {
    for (const [end, n] of [['COMMIT', 11], ['ROLLBACK', 2]] as const) {
      const long = a.query(`UPDATE t SET n = n + 1${end === 'COMMIT' ? '' : ' WHERE id <> 5 OR n = 11'}`);
      await begun();
      await b.query('BEGIN; UPDATE t SET n = 10 WHERE id = 5');
      expect(await endsSoon(long)).toBe(false);
      await b.query(end);
      await long;
      expect(await a.rows('SELECT n FROM t WHERE id = 5')).toEqual([`${n === 2 ? 12 : n}`]);
    }
  });

  test('a row that is locked', async () => {
    const long = a.query('DELETE FROM t WHERE k = 5');
    await begun();
    await b.query('BEGIN; SELECT FROM t WHERE id = 5 FOR SHARE');
    expect(await endsSoon(long)).toBe(false);
    await b.query('COMMIT');
    await long;
  });

  test('new rows are not of the statement', async () => {
    const long = a.tags('UPDATE t SET n = n + 1');
    await begun();
    await b.query(`INSERT INTO t VALUES (${ROWS + 1}, 0, 0)`);
    expect(await long).toEqual([`UPDATE ${ROWS}`]);
    expect(await a.rows(`SELECT n FROM t WHERE id > ${ROWS}`)).toEqual(['0']);
  });

  test('keys', async () => {
    const moving = a.error('UPDATE t SET id = id + 100000');
    await some(4);
    await b.query('INSERT INTO t VALUES (100005, 0, 0)');
    expect(await moving).toBe('23505 duplicate key value violates unique constraint "t_pkey"');
    const copying = a.error('INSERT INTO s SELECT * FROM t');
    await some(6);
    await b.query('BEGIN; INSERT INTO s VALUES (7, 0, 0)');
    expect(await endsSoon(copying)).toBe(false);
    await b.query('COMMIT');
    expect(await copying).toBe('23505 duplicate key value violates unique constraint "s_pkey"');
    await b.query('DELETE FROM s');
    await b.query('BEGIN; INSERT INTO s VALUES (7, 0, 0)');
    const waiting = a.tags('INSERT INTO s SELECT * FROM t');
    expect(await endsSoon(waiting)).toBe(false);
    await b.query('ROLLBACK');
    expect(await waiting).toEqual([`INSERT 0 ${ROWS + 1}`]);
  });

  test('ON CONFLICT and MERGE take what is there', async () => {
    const copying = a.query('INSERT INTO s SELECT * FROM t ON CONFLICT (id) DO UPDATE SET n = s.n + 1');
    await some(2);
    await b.query('INSERT INTO s VALUES (7, 0, 41)');
    await copying;
    expect(await a.rows('SELECT count(*), sum(n) FROM s')).toEqual([`${ROWS}|42`]);
    const merging = a.query('MERGE INTO s USING t ON s.id = t.id WHEN MATCHED THEN UPDATE SET n = s.n + 1');
    await some(2);
    await b.query('UPDATE s SET n = 100 WHERE id = 9');
    await merging;
    expect(await a.rows('SELECT id, n FROM s WHERE n > 1')).toEqual(['7|43', '9|101']);
  });

  test('a check fails of rows that are not there any more', async () => {
    await a.query('UPDATE t SET n = 99999 WHERE id = 20000');
    const long = a.error('UPDATE t SET n = n + 1');
    await begun();
    await b.query('UPDATE t SET n = 0 WHERE id = 20000');
    expect(await long).toBeNull();
    await a.query('UPDATE t SET n = 99999 WHERE id = 20000');
    expect(await a.error('UPDATE t SET n = n + 1')).toBe('23514 new row for relation "t" violates check constraint "t_n_check"');
  });

  test('references', async () => {
    await a.query('CREATE TABLE child (id int REFERENCES t ON DELETE CASCADE)');
    const long = a.query('DELETE FROM t WHERE k = 5');
    await begun();
    await b.query('INSERT INTO child VALUES (5), (6), (15)');
    await long;
    expect(await a.rows('SELECT id FROM child')).toEqual(['6']);
  });

  test.each(['REPEATABLE READ', 'SERIALIZABLE'])('%s', async (isolation) => {
    await a.query(`BEGIN ISOLATION LEVEL ${isolation}`);
    const long = a.error('UPDATE t SET n = n + 1');
    await begun();
    await b.query('UPDATE t SET n = 10 WHERE id = 5');
    expect(await long).toBe('40001 could not serialize access due to concurrent update');
    await a.query(`ROLLBACK; BEGIN ISOLATION LEVEL ${isolation}`);
    const copying = a.error('INSERT INTO s SELECT * FROM t');
    await begun();
    await b.query('UPDATE t SET n = 20 WHERE id = 5; INSERT INTO o VALUES (1)');
    expect(await copying).toBeNull();
    expect(await a.error('COMMIT')).toBe(isolation === 'SERIALIZABLE'
      ? '40001 could not serialize access due to read/write dependencies among transactions' : null);
  });

  test('its own earlier writes, and RETURNING', async () => {
    await a.query('BEGIN; UPDATE t SET n = 5 WHERE k = 1; SAVEPOINT s');
    const long = a.rows('UPDATE t SET n = n + 1 RETURNING n');
    await begun();
    await b.query(`INSERT INTO t VALUES (${ROWS + 1}, 0, 0)`);
    const rows = await long;
    expect([rows.length, rows.filter((n) => n === '6').length]).toEqual([ROWS, ROWS / 10]);
    await a.query('ROLLBACK TO s; COMMIT');
    expect(await b.rows('SELECT count(*), sum(n) FROM t')).toEqual([`${ROWS + 1}|${ROWS / 2}`]);
  });

  test('a sequence that is drawn from: it is not dropped meanwhile', async () => {
    await a.query('CREATE SEQUENCE q');
    const long = a.query("INSERT INTO s SELECT id, nextval('q'), 1 FROM t");
    await some(3);
    const dropped = b.query('DROP SEQUENCE q');
    await long;
    await dropped;
    expect(await b.rows('SELECT count(*), max(k) FROM s')).toEqual([`${ROWS}|${ROWS}`]);
  });

  test('a sequence that is drawn from: a statement that is run again has not drawn before', async () => {
    await a.query(`CREATE SEQUENCE q MAXVALUE ${ROWS}`);
    const long = a.query("UPDATE t SET k = nextval('q')");
    await some(3);
    await b.query('UPDATE t SET n = n + 1 WHERE id = 5');
    await long;
    expect(await b.rows('SELECT count(DISTINCT k), sum(n) FROM t')).toEqual([`${ROWS}|1`]);
  });

  test('what functions do is done once', async () => {
    await a.query('CREATE SEQUENCE q; LISTEN c; SELECT setseed(0.5)');
    const long = a.query(`UPDATE t SET n = n + 1 WHERE id <> 29000 OR pg_notify('c', 'x') IS NOT NULL
      AND pg_try_advisory_lock(1) AND setval('q', nextval('q') + 10) > 0`);
    await begun();
    await b.query('UPDATE t SET n = 50 WHERE id = 3');
    await long;
    expect(a.notifications.map((n) => n.payload)).toEqual(['x']);
    expect(await a.rows('SELECT pg_advisory_unlock(1), pg_advisory_unlock(1)')).toEqual(['t|f']);
    expect(await a.rows('SELECT n FROM t WHERE id IN (3, 29000) ORDER BY id')).toEqual(['51', '1']);
  });
});

test('no change is lost among many', async () => {
  const clients = [a, b, new Client(database), new Client(database)];
  const long = async (client: Client): Promise<void> => {
    for (let i = 0; i < 4; i++) await client.query(`UPDATE t SET n = n + 1 WHERE k <> ${i}`);
  };
  const short = async (client: Client, seed: number): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      const id = (i * 7919 + seed) % ROWS + 1;
      if (i % 3 === 0) await client.query(`BEGIN; UPDATE t SET n = n + 10 WHERE id = ${id}; SELECT 1; COMMIT`);
      else await client.query(`UPDATE t SET n = n + 10 WHERE id = ${id}`);
    }
  };
  await Promise.all([long(clients[0]), long(clients[1]), short(clients[2], 1), short(clients[3], 5000)]);
  expect(await a.rows('SELECT sum(n) FROM t')).toEqual([`${2 * 4 * ROWS * 9 / 10 + 2 * 60 * 10}`]);
  for (const client of clients.slice(2)) await client.close();
});

describe('what is committed is counted before', () => {
  const MANY = 70_000;
  beforeEach(async () => {
    await a.query(`INSERT INTO s SELECT g, 0, 0 FROM generate_series(1, ${MANY}) g`);
  });

  test('others go on, and change rows beside it', async () => {
    await a.query('BEGIN');
    expect(await a.tags('UPDATE s SET n = n + 1 WHERE id > 10; INSERT INTO s SELECT g, 1, 1 FROM generate_series(100001, 170000) g'))
      .toEqual([`UPDATE ${MANY - 10}`, `INSERT 0 ${MANY}`]);
    let ended = false;
    const commit = a.query('COMMIT').then(() => {
      ended = true;
    });
    await begun();
    for (let i = 1; i < 4; i++) await b.query(`UPDATE s SET n = 100 WHERE id = ${i}; INSERT INTO s VALUES (${-i}, 0, 7)`);
    const waiting = b.error('INSERT INTO s VALUES (100001, 0, 0)');
    expect(ended).toBe(false);
    await commit;
    expect(await waiting).toBe('23505 duplicate key value violates unique constraint "s_pkey"');
    expect(await a.rows('SELECT count(*), sum(n) FROM s')).toEqual([`${2 * MANY + 3}|${2 * MANY - 10 + 321}`]);
  });

  test('until it is cancelled', async () => {
    for (const commit of ['COMMIT', 'ROLLBACK']) {
      await a.query('BEGIN; UPDATE s SET n = n + 1');
      const ends = a.error('COMMIT');
      await begun();
      a.session.cancel();
      expect(await ends).toBe('57014 canceling statement due to user request');
      expect(await a.tags(commit)).toEqual([commit]);
      expect(await b.rows('SELECT sum(n) FROM s')).toEqual(['0']);
    }
  });

  test('keys that change places, there and taken back', async () => {
    await a.query('DROP TABLE o; CREATE TABLE o (n int, m text, UNIQUE (n, m) DEFERRABLE)');
    await a.query(`INSERT INTO o SELECT g, nullif(g % 3, 0)::text FROM generate_series(1, ${MANY}) g`);
    expect(await a.tags('UPDATE o SET n = n + 1')).toEqual([`UPDATE ${MANY}`]);
    expect(await a.error("UPDATE o SET n = 3, m = 'x'")).toContain('23505');
    expect(await a.tags('BEGIN; UPDATE o SET n = n - 1; UPDATE o SET n = n + 1; DELETE FROM o WHERE n % 2 = 0; COMMIT'))
      .toEqual(['BEGIN', `UPDATE ${MANY}`, `UPDATE ${MANY}`, `DELETE ${MANY / 2}`, 'COMMIT']);
    expect(await a.rows('SELECT count(*), min(n), max(n) FROM o')).toEqual([`${MANY / 2}|3|${MANY + 1}`]);
  });
});

test('MERGE of more rows than a call has arguments', async () => {
  await a.query('CREATE TABLE m (id int PRIMARY KEY, n int); INSERT INTO m SELECT g, 0 FROM generate_series(1, 200000) g');
  expect(await a.tags('MERGE INTO m USING generate_series(1, 200000) g ON id = g WHEN MATCHED AND id % 2 = 0 THEN DELETE '
    + 'WHEN MATCHED THEN UPDATE SET n = 1')).toEqual(['MERGE 200000']);
  expect(await a.rows('SELECT count(*), sum(n) FROM m')).toEqual(['100000|100000']);
});
