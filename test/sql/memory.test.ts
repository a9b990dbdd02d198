// State many times larger than the memory it may have: views and tables answer as if all were there; also after a restart.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../sql/index.ts';
import type { Database } from '../../sql/index.ts';
import { Client } from '../support/client.ts';

const LIMIT = 400_000;
const ROWS = 12_000;
/** Owners of the entries, in turns. */
const OWNERS = 1000;
const folder = mkdtempSync(join(tmpdir(), 'millrace-memory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (): Promise<Database> => openDatabase({ data: folder, memoryBytes: LIMIT, checkpointBytes: 4 << 20 });

/** Views by name, and the query each must equal. */
const VIEWS: Readonly<Record<string, string>> = {
  wide: 'SELECT id, owner, note || \'!\' AS noted, at FROM entry WHERE id % 7 <> 3',
  by_owner: 'SELECT owner, count(*) AS n, sum(amount) AS total, max(at) AS last FROM entry GROUP BY owner',
  named: 'SELECT e.id, e.note, p.name FROM entry e JOIN person p ON p.id = e.owner WHERE e.amount % 3 = 0',
  // What is read is read again: from a view.
  latest: 'SELECT DISTINCT ON (owner) owner, id, noted FROM wide ORDER BY owner, at DESC, id DESC',
};

async function expectEqual(client: Client, where: string): Promise<void> {
  for (const [view, query] of Object.entries(VIEWS)) {
    const differing = `SELECT count(*) FROM ((SELECT * FROM ${view} EXCEPT ALL (${query}))
      UNION ALL ((${query}) EXCEPT ALL SELECT * FROM ${view})) AS d`;
    expect(await client.rows(differing), `${view} ${where}`).toEqual(['0']);
  }
}

const pageBytes = async (client: Client): Promise<number> => Number((await client.rows('SELECT page_bytes FROM millrace_memory'))[0]);

describe('a database of more than ten times its memory', () => {
  test('keeps tables and views, changed and read while most of them are on disk', async () => {
    let database = await open();
    let client = new Client(database);
    await client.query(`CREATE TABLE entry (id int PRIMARY KEY, owner int, amount bigint, note text, at timestamp);
      CREATE TABLE person (id int PRIMARY KEY, name text);
      INSERT INTO person SELECT i, 'person number ' || i FROM generate_series(0, ${OWNERS - 1}) g(i)`);
    for (const [view, query] of Object.entries(VIEWS)) await client.query(`CREATE MATERIALIZED VIEW ${view} AS ${query}`);
    for (let from = 0; from < ROWS; from += 2000) {
      await client.query(`INSERT INTO entry SELECT i, i % ${OWNERS}, i % 1000, repeat('entry ' || i || ' ', 1 + i % 8),
        timestamp '2024-01-01' + i * interval '1 second' FROM generate_series(${from}, ${from + 1999}) g(i)`);
      expect(await pageBytes(client)).toBeLessThanOrEqual(LIMIT);
    }
    const size = Number((await client.rows(`SELECT pg_total_relation_size('entry') + page_file_bytes FROM millrace_memory`))[0]);
    expect(size).toBeGreaterThan(10 * LIMIT);
    await expectEqual(client, 'after insertions');
    await client.query(`UPDATE entry SET owner = (owner + 1) % ${OWNERS}, note = note || ' changed' WHERE id % 17 = 0`);
    await client.query('DELETE FROM entry WHERE id % 23 = 0 OR owner < 20');
    await client.query('UPDATE person SET name = upper(name) WHERE id % 5 = 0');
    await expectEqual(client, 'after changes');
    expect(await client.rows('SELECT note FROM entry WHERE id = 51')).toEqual([`${'entry 51 '.repeat(4)} changed`]);
    expect(Number((await client.rows('SELECT pages_evicted FROM millrace_memory'))[0])).toBeGreaterThan(100);

    await database.close();
    expect(readdirSync(folder)).not.toContain('PAGES');
    database = await open();
    client = new Client(database);
    // Nothing was read that nobody asked for.
    expect(await client.rows('SELECT pages_read < 20, page_bytes <= limit_bytes FROM millrace_memory')).toEqual(['t|t']);
    await expectEqual(client, 'after a restart');
    await client.query('INSERT INTO entry SELECT i, i % 3000, i, \'late\', \'2025-01-01\' FROM generate_series(100000, 101999) g(i)');
    await client.query('DELETE FROM entry WHERE id % 29 = 1');
    await expectEqual(client, 'after changes to what was restored');
    expect(await client.error('INSERT INTO entry VALUES (100001, 1, 1, \'twice\', null)')).toMatch(/^23505/);
    expect(await pageBytes(client)).toBeLessThanOrEqual(LIMIT);
    const needy = 'SELECT a.name, b.name, a.name || b.name FROM person a CROSS JOIN person b';
    expect(await client.error(needy)).toBe('53200 out of memory');
    await database.close();
  }, 120_000);

  test('a cursor and a dropped table: what is read stays until it has been read', async () => {
    const path = mkdtempSync(join(tmpdir(), 'millrace-memory-'));
    const database = await openDatabase({ data: path, memoryBytes: LIMIT });
    const reader = new Client(database);
    const writer = new Client(database);
    await writer.query('CREATE TABLE t AS SELECT i, repeat(\'x\', 300) || i AS x FROM generate_series(1, 8000) g(i)');
    await database.checkpoint();
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t');
    await writer.query('UPDATE t SET x = \'new \' || i WHERE i % 2 = 0');
    await database.checkpoint();
    await writer.query('DELETE FROM t WHERE i < 6000');
    await database.checkpoint();
    expect(await reader.rows('SELECT count(*), sum(i), sum(length(x)) FROM t')).toEqual(['8000|32004000|2430893']);
    await reader.query('COMMIT');
    expect(await reader.rows('SELECT count(*) FROM t')).toEqual(['2001']);
    await database.close();
    rmSync(path, { recursive: true, force: true });
  }, 120_000);
});

test('the limit is shown, and set at the start alone', async () => {
  const database = await openDatabase({ data: ':memory:', memoryBytes: 256 << 20 });
  const client = new Client(database);
  expect(await client.rows('SHOW memory_limit')).toEqual(['256MB']);
  expect(await client.rows('SELECT limit_bytes FROM millrace_memory')).toEqual([String(256 << 20)]);
  expect(await client.error('SET memory_limit = \'1GB\'')).toMatch(/^55P02/);
  await database.close();
});
