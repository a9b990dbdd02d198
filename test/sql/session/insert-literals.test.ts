// The fast path of INSERT answers as the grammar's path does.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';

let database: Database;
let client: Client;

beforeEach(async () => {
  database = await openDatabase({ data: ':memory:' });
  client = new Client(database);
});
afterEach(async () => {
  await client.close();
  await database.close();
});

const DEFINITION = `(id int PRIMARY KEY, s text, v varchar(3), n numeric(6,2), f float8, b boolean, ts timestamptz,
  big int8 DEFAULT 7, c char(4), d date)`;

/** Rows in VALUES syntax, long enough for the fast path. */
const rows = Array.from({ length: 200 }, (_, i) =>
  `(${i}, 'it''s ${i}', ${i % 3 === 0 ? 'NULL' : `'v${i % 10}'`}, ${i}.455, -${i}e-1, `
  + `${i % 2 === 0 ? 'true' : 'FALSE'}, '2024-01-01 00:00:${String(i % 60).padStart(2, '0')}+02', `
  + `${i % 5 === 0 ? 'DEFAULT' : '9223372036854775807'}, 'c', '2024-02-29')`);

describe('INSERT of many literals', () => {
  test('gives what the grammar\'s path gives', async () => {
    await client.query(`CREATE TABLE fast ${DEFINITION}; CREATE TABLE slow ${DEFINITION}`);
    expect(await client.tags(`INSERT INTO fast VALUES ${rows.join(', ')}`)).toEqual(['INSERT 0 200']);
    for (const row of rows) await client.query(`INSERT INTO slow VALUES ${row}`);
    const all = 'ORDER BY id';
    expect(await client.rows(`SELECT * FROM fast ${all}`)).toEqual(await client.rows(`SELECT * FROM slow ${all}`));
  });

  test('errors are those of the grammar\'s path, positions included', async () => {
    await client.query(`CREATE TABLE t ${DEFINITION}`);
    const bad = (row: string): Promise<unknown> => client.failure(`INSERT INTO t VALUES ${[...rows, row].join(', ')}`)
      .then((e) => `${e.code} ${e.message} ${e.fields.position === undefined ? 'nowhere' : 'somewhere'}`);
    expect(await bad(`(1, 'x', 'y', 1, 1, true, '2024-01-01', 1, 'c', '2024-01-01')`)).toContain('23505');
    expect(await bad(`(300, 'x', 'long', 1, 1, true, '2024-01-01', 1, 'c', '2024-01-01')`))
      .toBe('22001 value too long for type character varying(3) nowhere');
    expect(await bad(`(300, 'x', 'y', 1, 1, true, 'soon', 1, 'c', '2024-01-01')`))
      .toBe('22007 invalid input syntax for type timestamp with time zone: "soon" somewhere');
    expect(await bad(`(3000000000, 'x', 'y', 1, 1, true, '2024-01-01', 1, 'c', '2024-01-01')`)).toContain(
      '22003 integer out of range');
    expect(await bad(`(300, 'x', 'y', 1, 1, 2, '2024-01-01', 1, 'c', '2024-01-01')`)).toContain('42804');
    expect(await client.rows('SELECT count(*) FROM t')).toEqual(['0']);
  });
});
