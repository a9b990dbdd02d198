// ALTER SYSTEM: memory_limit changes while the database runs, for all sessions and for the pages there are.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-alter-system-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a lower memory_limit evicts pages at once; the start\'s comes back', async () => {
  const database = await openDatabase({ data: folder, memoryBytes: 64 << 20 });
  const a = new Client(database);
  const b = new Client(database);
  await a.query('CREATE TABLE t (id int, note text)');
  await a.query('INSERT INTO t SELECT i, repeat(\'x\', 100) || i FROM generate_series(1, 20000) i');
  expect(await a.rows('SELECT pages_evicted FROM millrace_memory')).toEqual(['0']);
  expect(await a.tags('ALTER SYSTEM SET memory_limit = \'1MB\'')).toEqual(['ALTER SYSTEM']);
  expect(a.notices.map((n) => n.message)).toEqual(['memory_limit holds until the server ends']);
  expect(await b.rows('SHOW memory_limit')).toEqual(['1MB']);
  expect(await b.rows('SELECT limit_bytes, pages_evicted > 0 FROM millrace_memory')).toEqual(['1048576|t']);
  expect(await b.rows('SELECT count(*), sum(id), max(note) FROM t')).toEqual([`20000|200010000|${'x'.repeat(100)}9999`]);
  await b.query('ALTER SYSTEM RESET memory_limit');
  expect(await a.rows('SHOW memory_limit')).toEqual(['64MB']);
  await a.close();
  await b.close();
  await database.close();
});

test('what ALTER SYSTEM refuses', async () => {
  const database = await openDatabase({ data: ':memory:' });
  const a = new Client(database);
  await a.query('CREATE ROLE plain LOGIN');
  const plain = new Client(database, { user: 'plain' });
  expect(await plain.error('ALTER SYSTEM SET memory_limit = \'1MB\''))
    .toBe('42501 permission denied to set parameter "memory_limit"');
  expect(await a.error('ALTER SYSTEM SET nope = 1')).toBe('42704 unrecognized configuration parameter "nope"');
  expect(await a.error('ALTER SYSTEM SET work_mem = \'1MB\''))
    .toBe('0A000 ALTER SYSTEM for parameter "work_mem" is not supported');
  expect(await a.error('ALTER SYSTEM SET memory_limit = 1'))
    .toBe('22023 1 kB is outside the valid range for parameter "memory_limit" (64 .. 1073741824)');
  expect(await a.error('BEGIN; ALTER SYSTEM SET memory_limit = \'1MB\''))
    .toBe('25001 ALTER SYSTEM cannot run inside a transaction block');
  await plain.close();
  await a.close();
  await database.close();
});
