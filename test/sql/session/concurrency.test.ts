// Two sessions at a time: isolation, locks, deadlocks, cancel, notifications, subscriptions.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';

let database: Database;
let a: Client;
let b: Client;

beforeEach(async () => {
  database = await openDatabase({ data: ':memory:' });
  a = new Client(database);
  b = new Client(database);
  await a.query('CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0), (2, 0)');
});
afterEach(async () => {
  await a.close();
  await b.close();
  await database.close();
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('two sessions', () => {
  test('uncommitted rows are nobody else\'s', async () => {
    await a.query('BEGIN; INSERT INTO t VALUES (3, 0)');
    expect(await b.rows('SELECT count(*) FROM t')).toEqual(['2']);
    await a.query('COMMIT');
    expect(await b.rows('SELECT count(*) FROM t')).toEqual(['3']);
  });

  test('no lost update: a writer waits for the one before', async () => {
    await a.query('BEGIN; UPDATE t SET n = n + 1 WHERE id = 1');
    let finished = false;
    const waiting = b.query('UPDATE t SET n = n + 1 WHERE id = 1').then(() => {
      finished = true;
    });
    await pause(20);
    expect(finished).toBe(false);
    await a.query('COMMIT');
    await waiting;
    expect(await a.rows('SELECT n FROM t WHERE id = 1')).toEqual(['2']);
  });

  test('a reader waits for LOCK TABLE and for a table that changes', async () => {
    await a.query('CREATE TABLE w (id int); INSERT INTO w VALUES (1); CREATE VIEW ww AS SELECT * FROM w');
    const c = new Client(database);
    const blocked = async (work: Promise<unknown>): Promise<boolean> => {
      let finished = false;
      void work.finally(() => {
        finished = true;
      });
      await pause(20);
      return !finished;
    };
    await a.query('BEGIN; LOCK TABLE w');
    const waiting = b.rows('SELECT id FROM w');
    expect(await blocked(waiting)).toBe(true);
    const throughView = c.rows('SELECT id FROM ww');
    expect(await blocked(throughView)).toBe(true);
    expect(await a.rows('SELECT id FROM w')).toEqual(['1']);
    await a.query('COMMIT');
    expect(await waiting).toEqual(['1']);
    expect(await throughView).toEqual(['1']);

    await a.query('BEGIN; LOCK TABLE w IN EXCLUSIVE MODE');
    expect(await b.rows('SELECT id FROM w')).toEqual(['1']);
    await a.query('COMMIT');

    await a.query('BEGIN; ALTER TABLE w ADD COLUMN n int DEFAULT 5');
    const later = b.rows('SELECT * FROM w');
    const laterThroughView = c.rows('SELECT * FROM ww');
    expect(await blocked(later)).toBe(true);
    expect(await blocked(laterThroughView)).toBe(true);
    await a.query('COMMIT');
    expect(await later).toEqual(['1|5']);
    expect(await laterThroughView).toEqual(['1']);
    await c.query('DROP VIEW ww');

    // Who has read in a block keeps the table as it is until the end.
    await b.query('BEGIN; SELECT * FROM w');
    const change = a.query('TRUNCATE w');
    expect(await blocked(change)).toBe(true);
    expect(await b.rows('SELECT * FROM w')).toEqual(['1|5']);
    await b.query('COMMIT');
    await change;

    await a.query('BEGIN; DROP TABLE w');
    const gone = b.error('SELECT * FROM w');
    expect(await blocked(gone)).toBe(true);
    await a.query('COMMIT');
    expect(await gone).toContain('42P01');
    await c.close();
  });

  test('concurrent increments add up', async () => {
    const clients = Array.from({ length: 8 }, () => new Client(database));
    await Promise.all(clients.map(async (c) => {
      for (let i = 0; i < 20; i++) await c.query('UPDATE t SET n = n + 1 WHERE id = 2');
      await c.close();
    }));
    expect(await a.rows('SELECT n FROM t WHERE id = 2')).toEqual(['160']);
  });

  test('deadlock: one of the two gets 40P01', async () => {
    await a.query('CREATE TABLE u (id int, n int); INSERT INTO u VALUES (1, 0)');
    await a.query('BEGIN; UPDATE t SET n = 1');
    await b.query('BEGIN; UPDATE u SET n = 1');
    const waiting = a.error('UPDATE u SET n = 2');
    await pause(10);
    expect(await b.error('UPDATE t SET n = 2')).toBe('40P01 deadlock detected');
    await b.query('ROLLBACK');
    expect(await waiting).toBe(null);
    await a.query('COMMIT');
  });

  test('lock_timeout, statement_timeout and cancel end a wait', async () => {
    await a.query('BEGIN; UPDATE t SET n = 1');
    await b.query('SET lock_timeout = 20');
    expect(await b.error('UPDATE t SET n = 2')).toBe('55P03 canceling statement due to lock timeout');
    await b.query('SET lock_timeout = 0; SET statement_timeout = 20');
    expect(await b.error('UPDATE t SET n = 2')).toBe('57014 canceling statement due to statement timeout');
    await b.query('SET statement_timeout = 0');
    const waiting = b.error('UPDATE t SET n = 2');
    await pause(10);
    b.session.cancel();
    expect(await waiting).toBe('57014 canceling statement due to user request');
    await a.query('ROLLBACK');
    expect(await b.error('UPDATE t SET n = 2')).toBe(null);
  });

  test('pg_sleep can be canceled', async () => {
    const sleeping = a.error('SELECT pg_sleep(10)');
    await pause(10);
    expect(await b.rows(`SELECT pg_cancel_backend(${a.processId})`)).toEqual(['t']);
    expect(await sleeping).toBe('57014 canceling statement due to user request');
  });

  test('REPEATABLE READ keeps its snapshot and refuses to overwrite', async () => {
    await a.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    expect(await a.rows('SELECT sum(n) FROM t')).toEqual(['0']);
    await b.query('UPDATE t SET n = 5');
    expect(await a.rows('SELECT sum(n) FROM t')).toEqual(['0']);
    expect(await a.error('UPDATE t SET n = n + 1')).toBe('40001 could not serialize access due to concurrent update');
    await a.query('ROLLBACK');
    expect(await a.rows('SELECT sum(n) FROM t')).toEqual(['10']);
  });

  test('SERIALIZABLE: no write skew', async () => {
    await a.query('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT sum(n) FROM t; INSERT INTO t VALUES (10, 1)');
    await b.query('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT sum(n) FROM t; INSERT INTO t VALUES (11, 1)');
    await a.query('COMMIT');
    expect(await b.error('COMMIT')).toContain('40001 could not serialize access');
    expect(await a.rows('SELECT count(*) FROM t')).toEqual(['3']);
  });

  test('a key that another transaction has inserted is waited for', async () => {
    await a.query('BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO t VALUES (7, 0)');
    let finished = false;
    const waiting = b.error('INSERT INTO t VALUES (7, 1)').then((error) => {
      finished = true;
      return error;
    });
    await pause(20);
    expect(finished).toBe(false);
    await a.query('COMMIT');
    expect(await waiting).toBe('23505 duplicate key value violates unique constraint "t_pkey"');
    expect(await a.rows('SELECT n FROM t WHERE id = 7')).toEqual(['0']);
  });

  test('definitions are made one transaction at a time, and seen at commit', async () => {
    await a.query('BEGIN; CREATE TABLE x (a int)');
    expect(await b.error('SELECT * FROM x')).toBe('42P01 relation "x" does not exist');
    const waiting = b.error('CREATE TABLE x (a int)');
    await pause(10);
    await a.query('COMMIT');
    expect(await waiting).toBe('42P07 relation "x" already exists');
  });

  test('LISTEN and NOTIFY: at commit, not at rollback', async () => {
    await b.query('LISTEN news');
    await a.query(`BEGIN; NOTIFY news, 'no'; ROLLBACK`);
    await a.query(`BEGIN; NOTIFY news, 'yes'; NOTIFY news, 'yes'`);
    expect(b.notifications).toEqual([]);
    await a.query('COMMIT');
    expect(b.notifications).toEqual([{ processId: a.processId, channel: 'news', payload: 'yes' }]);
  });

  test('a view within a transaction shows the transaction\'s rows, and others\' only when committed', async () => {
    await a.query('CREATE MATERIALIZED VIEW total AS SELECT sum(n) AS s FROM t');
    await a.query('BEGIN; UPDATE t SET n = 100 WHERE id = 1');
    expect(await a.rows('SELECT s FROM total')).toEqual(['100']);
    expect(await b.rows('SELECT s FROM total')).toEqual(['0']);
    await a.query('ROLLBACK');
    expect(await a.rows('SELECT s FROM total')).toEqual(['0']);
  });

  test('SUBSCRIBE gives the snapshot, then each change, and ends when it is canceled', async () => {
    await a.query('CREATE MATERIALIZED VIEW big AS SELECT id FROM t WHERE n > 10');
    const got: string[] = [];
    const running = (async () => {
      for await (const result of b.session.simple('SUBSCRIBE TO big')) {
        if (result.kind !== 'rows') continue;
        for await (const batch of result.batches) {
          for (let i = 0; i < batch.length; i++) {
            const [, diff, id] = batch.columns;
            if (diff.layout === 'int64' && id.layout === 'int32') got.push(`${diff.values[i]} ${id.values[i]}`);
          }
        }
      }
    })().catch((error: unknown) => String(error));
    await pause(10);
    await a.query('UPDATE t SET n = 11 WHERE id = 1');
    await a.query('UPDATE t SET n = 0');
    await pause(10);
    b.session.cancel();
    expect(await running).toContain('canceling statement due to user request');
    expect(got).toEqual(['1 1', '-1 1']);
  });
});

describe('one session', () => {
  test('a prepared query over a view sees the transaction\'s own rows', async () => {
    await a.query('CREATE MATERIALIZED VIEW total AS SELECT sum(n) AS s FROM t');
    await a.query('PREPARE p AS SELECT s FROM total');
    expect(await a.rows('EXECUTE p')).toEqual(['0']);
    await a.query('BEGIN; UPDATE t SET n = 3');
    expect(await a.rows('EXECUTE p')).toEqual(['6']);
    await a.query('ROLLBACK');
    expect(await a.rows('EXECUTE p')).toEqual(['0']);
  });

  test('FETCH from a subscription waits no longer than it is told', async () => {
    await a.query('BEGIN; DECLARE c CURSOR FOR SUBSCRIBE TO t');
    expect((await a.rows('FETCH ALL FROM c')).map((r) => r.replace(/^\d+\|/, '')).toSorted()).toEqual(['1|1|0', '1|2|0']);
    expect(await a.rows(`FETCH ALL FROM c WITH (timeout = '20ms')`)).toEqual([]);
    await b.query('INSERT INTO t VALUES (3, 30)');
    expect((await a.rows(`FETCH 1 FROM c WITH (timeout = '2s')`)).map((r) => r.replace(/^\d+\|/, ''))).toEqual(['1|3|30']);
    await a.query('COMMIT');
  });
});
