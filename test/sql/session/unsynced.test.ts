// synchronous_commit = off: a commit is answered before it is on disk, and is on disk soon all the same.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';

let folder: string;
let database: Database;
let client: Client;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-unsynced-'));
  database = await openDatabase({ data: join(folder, 'data') });
  client = new Client(database);
});
afterAll(async () => {
  await client.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

async function syncs(): Promise<number> {
  return Number((await client.rows('SELECT syncs FROM millrace_journal'))[0]);
}

test('without another commit', async () => {
  await client.query('CREATE TABLE t (a int)');
  await client.query('SET synchronous_commit = off');
  const before = await syncs();
  await client.query('INSERT INTO t VALUES (1)');
  await client.query('INSERT INTO t VALUES (2)');
  for (let n = 0; n < 200 && await syncs() === before; n++) await new Promise((resolve) => { setTimeout(resolve, 20); });
  // One for both, or one each where the machine is slow; and then no more.
  const after = await syncs();
  expect(after).toBeGreaterThan(before);
  await new Promise((resolve) => { setTimeout(resolve, 700); });
  expect(await syncs()).toBeLessThanOrEqual(before + 2);
  expect(await client.rows('SELECT a FROM t ORDER BY a')).toEqual(['1', '2']);
});
