// Statements that ask for far too much: each ends soon, with PostgreSQL's code where it has one, and the session goes on.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';

let database: Database;
let client: Client;

beforeAll(async () => {
  database = await openDatabase({ data: ':memory:' });
  client = new Client(database);
});

afterAll(async () => {
  await client.close();
  await database.close();
});

const list = (count: number, item: (i: number) => string): string => Array.from({ length: count }, (_, i) => item(i)).join(', ');

describe('a value that is too large', () => {
  const TOO_LONG = '54000 requested length too large';
  test.each([
    [`length(repeat('a', 1000000000))`, TOO_LONG],
    [`length(lpad('a', 200000000, 'xy'))`, TOO_LONG],
    [`length(replace(repeat('a', 1000000), 'a', repeat('b', 10000)))`, TOO_LONG],
    [`length(format('%1000000000s', 'a'))`, TOO_LONG],
    [`length(quote_literal(repeat('''', 500000000)))`, TOO_LONG],
    ['cardinality(array_fill(1, ARRAY[130000000]))', '54000 array size exceeds the maximum allowed (16777216)'],
    ['cardinality(array_fill(1, ARRAY[2000000000]))', '54000 array size exceeds the maximum allowed (134217727)'],
  ])('%s', async (expression, error) => {
    expect(await client.error(`SELECT ${expression}`)).toBe(error);
  });

  test('of a row in a view: the view has the error until the row is gone', async () => {
    await client.query(`CREATE TABLE sized (n int);
      CREATE MATERIALIZED VIEW lengths AS SELECT n, length(format('%' || n || 's', 'a')) AS l FROM sized;
      INSERT INTO sized VALUES (3), (1000000000)`);
    expect(await client.error('SELECT * FROM lengths')).toBe(TOO_LONG);
    await client.query('DELETE FROM sized WHERE n > 3');
    expect(await client.rows('SELECT * FROM lengths')).toEqual(['3|3']);
  });
});

describe('lists that are too long', () => {
  test.each([
    [`SELECT ${list(1665, () => '1')}`, '54011 target lists can have at most 1664 entries'],
    [`CREATE TABLE wide (${list(1601, (i) => `c${i} int`)})`, '54011 tables can have at most 1600 columns'],
    [`SELECT 1 FROM generate_series(1, 2) g GROUP BY GROUPING SETS (${list(5000, (i) => `(g + ${i})`)})`,
      '54001 too many grouping sets present (maximum 4096)'],
  ])('%.40s', async (sql, error) => {
    expect(await client.error(sql)).toBe(error);
  });

  test('one column more', async () => {
    await client.query(`CREATE TABLE wide (${list(1600, (i) => `c${i} int`)})`);
    expect(await client.error('ALTER TABLE wide ADD COLUMN x int')).toBe('54011 tables can have at most 1600 columns');
    await client.query('DROP TABLE wide');
  });
});

describe('rows that take long', () => {
  test.each([
    'SELECT sum(length(factorial(12000 + g)::text)) FROM generate_series(1, 8000) g',
    `SELECT sum(length(repeat('a', 1000000 + g))) FROM generate_series(1, 100000) g`,
    'UPDATE numbers SET n = length(factorial(12000 + n % 2)::text)',
    `SELECT count(*) FROM jsonb_path_query((repeat('[', 900) || '1' || repeat(']', 900))::jsonb, '$.**.**.**.**')`,
  ])('statement_timeout: %s', async (sql) => {
    await client.query('CREATE TABLE IF NOT EXISTS numbers (n int); INSERT INTO numbers SELECT generate_series(1, 3000)');
    await client.query('SET statement_timeout = 50');
    const start = performance.now();
    expect(await client.error(sql)).toBe('57014 canceling statement due to statement timeout');
    expect(performance.now() - start).toBeLessThan(3000);
    await client.query('RESET statement_timeout; DROP TABLE numbers');
  });

  test('others go on meanwhile', async () => {
    const other = new Client(database);
    const long = client.error('SELECT sum(length(factorial(12000 + g)::text)) FROM generate_series(1, 8000) g');
    let longest = 0;
    for (let i = 0; i < 10; i++) {
      const start = performance.now();
      await new Promise((resolve) => void setTimeout(resolve, 5));
      expect(await other.rows('SELECT 1')).toEqual(['1']);
      longest = Math.max(longest, performance.now() - start);
    }
    client.session.cancel();
    expect(await long).toBe('57014 canceling statement due to user request');
    expect(longest).toBeLessThan(5000);
    await other.close();
  });
});

describe('common tables, each of which reads the one before it twice, forty deep', () => {
  const STEPS: readonly (readonly [string, (before: string, i: number) => string])[] = [
    ['join', (t) => `SELECT x.id, y.k FROM ${t} x JOIN ${t} y ON x.id = y.id`],
    ['UNION', (t, i) => `SELECT * FROM ${t} WHERE id > 1 UNION SELECT * FROM ${t} WHERE k > ${i - 40}`],
    ['EXCEPT', (t) => `SELECT * FROM ${t} EXCEPT SELECT id, k + 100 FROM ${t}`],
    ['scalar subquery', (t) => `SELECT id, (SELECT max(k) FROM ${t} y WHERE y.id = x.id) AS k FROM ${t} x`],
    ['LEFT JOIN', (t) => `SELECT x.id, y.k FROM ${t} x LEFT JOIN ${t} y USING (id)`],
    ['EXISTS', (t) => `SELECT * FROM ${t} x WHERE EXISTS (SELECT 1 FROM ${t} y WHERE y.id = x.id)`],
    ['NOT IN', (t) => `SELECT * FROM ${t} x WHERE id NOT IN (SELECT k + 100 FROM ${t})`],
    ['aggregates', (t) => `SELECT a.id, b.k FROM ${t} a, (SELECT id, max(k) AS k FROM ${t} GROUP BY id) b WHERE a.id = b.id`],
    ['OVER', (t) => `SELECT x.id, sum(y.k) OVER (PARTITION BY y.id) AS k FROM ${t} x JOIN ${t} y USING (id)`],
  ];
  test.each(STEPS)('%s', async (name, step) => {
    const tables = Array.from({ length: 40 }, (_, i) => (i === 0 ? 't0 AS (SELECT g AS id, g AS k FROM generate_series(1, 10) g)'
      : `t${i} AS (${step(`t${i - 1}`, i)})`));
    expect(await client.rows(`WITH ${tables.join(', ')} SELECT count(*), min(k), max(k) FROM t39`), name).toEqual(['10|1|10']);
  });
});
