// A view over a join of tens of millions of pairs holds its inputs and its result, and no more than a portion of the pairs.
import { expect, test } from 'vitest';
import { openDatabase } from '../../sql/index.ts';
import { Client } from '../support/client.ts';

const ROWS = 8_000;
/** What the pairs of one page of rows would take for their numbers alone. */
const LESS_THAN = 8 * 1024 * ROWS;

const peak = (): number => process.resourceUsage().maxRSS * 1024;

test('a cross join under aggregates', { timeout: 300_000 }, async () => {
  const database = await openDatabase({ data: ':memory:' });
  const client = new Client(database);
  await client.query(`CREATE TABLE a (x int); CREATE TABLE b (y int);
    INSERT INTO a SELECT g % 100 FROM generate_series(1, ${ROWS}) g; INSERT INTO b SELECT g FROM generate_series(1, ${ROWS}) g`);
  // Code and buffers that stay are there before it is measured.
  const query = 'SELECT count(*) FROM a CROSS JOIN b';
  await client.query(`CREATE MATERIALIZED VIEW few AS ${query} WHERE y <= 500; DROP MATERIALIZED VIEW few`);
  const before = peak();
  await client.query(`CREATE MATERIALIZED VIEW v AS ${query}`);
  expect(await client.rows('SELECT * FROM v')).toEqual([String(ROWS * ROWS)]);
  await client.query(`INSERT INTO b SELECT g FROM generate_series(1, ${ROWS / 20}) g`);
  await client.query(`DELETE FROM b WHERE y <= ${ROWS / 10}; UPDATE a SET x = -1 WHERE x = 0; INSERT INTO a VALUES (1), (2)`);
  const more = peak() - before;
  expect(await client.rows('SELECT * FROM v')).toEqual(await client.rows('SELECT (SELECT count(*) FROM a) * (SELECT count(*) FROM b)'));
  expect(more).toBeLessThan(LESS_THAN);
  await client.close();
  await database.close();
});
