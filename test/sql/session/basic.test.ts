// A first walk through a session: a table, its rows, a view over them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';

let database: Database;
let client: Client;

beforeEach(async () => {
  database = await openDatabase({ data: ':memory:', log: (m) => console.error(m) });
  client = new Client(database);
});
afterEach(async () => {
  await client.close();
  await database.close();
});

describe('a session', () => {
  test('SELECT 1', async () => {
    expect(await client.rows('SELECT 1')).toEqual(['1']);
  });

  test('table, rows, view', async () => {
    expect(await client.tags(
      'CREATE TABLE t (id int PRIMARY KEY, name text, price numeric(10,2) DEFAULT 1.5)')).toEqual(['CREATE TABLE']);
    expect(await client.tags(`INSERT INTO t VALUES (1, 'a', 2), (2, 'b', 3.456), (3, NULL, DEFAULT)`)).toEqual(
      ['INSERT 0 3']);
    expect(await client.rows('SELECT * FROM t ORDER BY id')).toEqual(['1|a|2.00', '2|b|3.46', '3||1.50']);
    expect(await client.tags('CREATE MATERIALIZED VIEW v AS SELECT count(*) AS n, sum(price) AS s FROM t')).toEqual(
      ['SELECT 1']);
    expect(await client.rows('SELECT * FROM v')).toEqual(['3|6.96']);
    await client.query(`INSERT INTO t VALUES (4, 'd', 10)`);
    expect(await client.rows('TABLE v')).toEqual(['4|16.96']);
    expect(await client.tags(`UPDATE t SET price = price * 2 WHERE id = 4`)).toEqual(['UPDATE 1']);
    expect(await client.rows('TABLE v')).toEqual(['4|26.96']);
    expect(await client.tags(`DELETE FROM t WHERE id < 3`)).toEqual(['DELETE 2']);
    expect(await client.rows('TABLE v')).toEqual(['2|21.50']);
  });
});
