// After a restart: what is asked decides which pages are read.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openDatabase } from '../../sql/index.ts';
import { Client } from '../support/client.ts';

const ROWS = 20_000;
const folder = mkdtempSync(join(tmpdir(), 'millrace-cold-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const number = async (client: Client, query: string): Promise<number> => Number((await client.rows(query))[0]);
const pagesRead = (client: Client): Promise<number> => number(client, 'SELECT pages_read FROM millrace_memory');

test('counting rows reads no page; an index is made without bringing them into memory', async () => {
  const first = await openDatabase({ data: folder });
  const before = new Client(first);
  await before.query(`CREATE TABLE t (id int, owner int, note text); CREATE INDEX ON t (owner, id); CREATE INDEX ON t (note);
    INSERT INTO t SELECT i, i % 100, 'note ' || i FROM generate_series(1, ${ROWS}) g(i);
    DELETE FROM t WHERE id % 50 = 0`);
  await first.close();
  const again = await openDatabase({ data: folder });
  const client = new Client(again);
  const left = ROWS - ROWS / 50;
  expect(await client.rows('SELECT count(*) FROM t')).toEqual([String(left)]);
  expect(await client.rows('SELECT count(*) FROM (SELECT id + 1 FROM t UNION ALL SELECT owner FROM t) both_of_them')).toEqual([String(2 * left)]);
  const counted = await pagesRead(client);
  expect(counted).toBeLessThan(20);
  expect(await client.rows('SELECT id FROM t WHERE owner = 51 AND id = 51')).toEqual(['51']);
  expect(await pagesRead(client)).toBeGreaterThanOrEqual(counted + Math.floor(ROWS / 1024));
  expect(await number(client, 'SELECT page_bytes FROM millrace_memory')).toBeLessThan(200_000);
  await again.close();
});
