// Advisory locks between sessions: waiting, giving back, deadlocks with other locks, the end of a session.
import { afterEach, beforeEach, expect, test } from 'vitest';
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
});
afterEach(async () => {
  await a.close();
  await b.close();
  await database.close();
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function isBlocked(work: Promise<unknown>): Promise<boolean> {
  let finished = false;
  void work.finally(() => {
    finished = true;
  });
  await pause(20);
  return !finished;
}

test('a session waits until the other gives the lock back as often as it took it', async () => {
  await a.query('SELECT pg_advisory_lock(1), pg_advisory_lock(1)');
  expect(await b.rows('SELECT pg_try_advisory_lock(1), pg_try_advisory_lock_shared(1)')).toEqual(['f|f']);
  const waiting = b.query('SELECT pg_advisory_lock(1)');
  expect(await isBlocked(waiting)).toBe(true);
  await a.query('SELECT pg_advisory_unlock(1)');
  expect(await isBlocked(waiting)).toBe(true);
  await a.query('SELECT pg_advisory_unlock(1)');
  await waiting;
  expect(await a.rows('SELECT pg_try_advisory_lock(1)')).toEqual(['f']);
});

test('shared locks go together; a transaction gives its own back at its end', async () => {
  await a.query('BEGIN; SELECT pg_advisory_xact_lock_shared(2, 3)');
  expect(await b.rows('SELECT pg_try_advisory_lock_shared(2, 3)')).toEqual(['t']);
  await b.query('SELECT pg_advisory_unlock_shared(2, 3)');
  const waiting = b.query('CREATE TABLE t AS SELECT 1 AS n WHERE pg_advisory_lock(2, 3) IS NOT NULL');
  expect(await isBlocked(waiting)).toBe(true);
  await a.query('ROLLBACK');
  await waiting;
  expect(await a.rows('SELECT pg_try_advisory_xact_lock(2, 3)')).toEqual(['f']);
});

test('a session that ends gives everything back', async () => {
  const c = new Client(database);
  await c.query('SELECT pg_advisory_lock(5)');
  const waiting = b.query('SELECT pg_advisory_lock(5)');
  expect(await isBlocked(waiting)).toBe(true);
  await c.close();
  await waiting;
});

test('timeouts end the wait; a deadlock over a table and a number is found', async () => {
  await a.query('CREATE TABLE t (n int); SELECT pg_advisory_lock(6)');
  await b.query('SET lock_timeout = 20');
  expect(await b.error('SELECT pg_advisory_lock(6)')).toBe('55P03 canceling statement due to lock timeout');
  await b.query('SET lock_timeout = 0; BEGIN; LOCK TABLE t');
  const waiting = a.error('INSERT INTO t VALUES (1)');
  expect(await isBlocked(waiting)).toBe(true);
  expect(await b.error('SELECT pg_advisory_lock(6)')).toBe('40P01 deadlock detected');
  await b.query('ROLLBACK');
  expect(await waiting).toBe(null);
});
