// EXPLAIN ANALYZE: what is measured, of queries, of the views they read, and of statements that write.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';

let database: Database;
let client: Client;

beforeEach(async () => {
  database = await openDatabase({ data: ':memory:' });
  client = new Client(database);
  await client.query('CREATE TABLE t (k int, n int)');
  await client.query('CREATE MATERIALIZED VIEW v AS SELECT k, sum(n) AS s FROM t WHERE n > 0 GROUP BY k');
});
afterEach(async () => {
  await client.close();
  await database.close();
});

/** Times and sizes, which differ from run to run, as #. */
const settled = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.replace(/\d+\.\d{3}/g, '#').replace(/bytes=\d+/, 'bytes=#'));

test('a view shows what its operators took in and gave out, in all and in the last epoch', async () => {
  await client.query('INSERT INTO t SELECT g % 10, g - 5 FROM generate_series(1, 100) g');
  await client.query('INSERT INTO t VALUES (1, 7), (2, -7)');
  const lines = settled(await client.rows('EXPLAIN ANALYZE SELECT * FROM v'));
  expect(lines.slice(lines.indexOf('Materialized View v:'))).toMatchInlineSnapshot(`
    [
      "Materialized View v:",
      "  project (rows in=12 out=12 last in=2 out=2 time=# last=# ms)",
      "    ->  group aggregate (rows in=96 out=12 last in=1 out=2 time=# last=# ms state rows=10 bytes=#)",
      "          ->  filter, project (rows in=102 out=96 last in=2 out=1 time=# last=# ms)",
      "                ->  t (rows in=102 out=102 last in=2 out=2)",
    ]
  `);
});

test('a query shows the same of its own operators', async () => {
  await client.query('INSERT INTO t SELECT g % 10, g FROM generate_series(1, 100) g');
  expect(settled(await client.rows('EXPLAIN ANALYZE SELECT k, max(n) FROM t WHERE n > 50 GROUP BY k'))).toMatchInlineSnapshot(`
    [
      "HashAggregate",
      "  Group Key: k",
      "  Output: max(n)",
      "  ->  Seq Scan on t",
      "        Filter: (n > 50)",
      "Operators:",
      "  group aggregate (rows in=50 out=10 last in=50 out=10 time=# last=# ms state rows=10 bytes=#)",
      "    ->  filter, project (rows in=100 out=50 last in=100 out=50 time=# last=# ms)",
      "          ->  t (rows in=100 out=100 last in=100 out=100)",
      "Rows: 10",
      "Planning Time: # ms",
      "Execution Time: # ms",
    ]
  `);
});

test('a statement that writes is carried out', async () => {
  expect(settled(await client.rows('EXPLAIN ANALYZE INSERT INTO t VALUES (1, 2), (3, 4) RETURNING *'))).toMatchInlineSnapshot(`
    [
      "Insert on t",
      "  ->  Result",
      "Rows: 2",
      "Execution Time: # ms",
    ]
  `);
  expect(await client.rows('SELECT count(*) FROM t')).toEqual(['2']);
  await client.query('BEGIN; EXPLAIN ANALYZE DELETE FROM t; ROLLBACK');
  expect(await client.rows('SELECT count(*) FROM t')).toEqual(['2']);
  expect(await client.rows('EXPLAIN DELETE FROM t')).toEqual(['Delete on t', '  ->  Seq Scan on t']);
  expect(await client.rows('SELECT count(*) FROM t')).toEqual(['2']);
});
