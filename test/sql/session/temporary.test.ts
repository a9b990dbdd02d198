// Temporary objects and the life of their session: others do not see them, and they end with it.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';

let folder: string;
let database: Database;
let a: Client;
let b: Client;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-temporary-'));
  database = await openDatabase({ data: folder });
  a = new Client(database);
  b = new Client(database);
});
afterEach(async () => {
  await a.close();
  await b.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const LEFT = `SELECT relname FROM pg_class WHERE relpersistence = 't'`;

test('each session has its own of one name', async () => {
  await a.query('CREATE TEMP TABLE t (n int); INSERT INTO t VALUES (1)');
  expect(await b.error('SELECT * FROM t')).toBe('42P01 relation "t" does not exist');
  await b.query('CREATE TEMP TABLE t (s text); INSERT INTO t VALUES (\'b\')');
  expect(await a.rows('SELECT * FROM t')).toEqual(['1']);
  expect(await b.rows('SELECT * FROM t')).toEqual(['b']);
});

test('a prepared query follows a temporary table that comes to stand before another', async () => {
  await a.query(`CREATE TABLE t (n int); INSERT INTO t VALUES (1); PREPARE p AS SELECT * FROM t`);
  expect(await a.rows('EXECUTE p')).toEqual(['1']);
  await a.query('CREATE TEMP TABLE t (n int)');
  expect(await a.rows('EXECUTE p')).toEqual([]);
});

test('they go with the session, views over them included', async () => {
  await a.query('CREATE TEMP TABLE t (id serial PRIMARY KEY, n int); CREATE TEMP VIEW v AS SELECT n FROM t');
  expect((await b.rows(LEFT)).length).toBe(4);
  await a.close();
  await expect.poll(() => b.rows(LEFT)).toEqual([]);
  expect(await b.rows(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'pg_temp%'`)).toEqual([]);
});

test('what a crash leaves is gone when the database opens', async () => {
  await a.query('CREATE TEMP TABLE t (n int); INSERT INTO t VALUES (1)');
  // As a crash would: the folder is opened by another while the sessions are still there.
  const { cpSync } = await import('node:fs');
  const copy = `${folder}-copy`;
  cpSync(folder, copy, { recursive: true });
  rmSync(join(copy, 'state', 'LOCK'), { force: true });
  const after = await openDatabase({ data: copy });
  const c = new Client(after);
  expect(await c.rows(LEFT)).toEqual([]);
  await c.close();
  await after.close();
  rmSync(copy, { recursive: true, force: true });
});
