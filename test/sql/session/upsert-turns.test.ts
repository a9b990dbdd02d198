// ON CONFLICT of many rows in turns with others, whatever moment their change falls into: as if the one had been before the other.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';
import { ALWAYS, endsSoon, turn } from '../../support/turns.ts';

/** A few pieces of them. */
const ROWS = 17_000;

let database: Database;
let a: Client;
let b: Client;

beforeEach(async () => {
  database = await openDatabase({ data: ':memory:', schedule: ALWAYS });
  a = new Client(database);
  b = new Client(database);
  await a.query('CREATE TABLE s (id int PRIMARY KEY, u int UNIQUE, n int)');
});
afterEach(async () => {
  await a.close();
  await b.close();
  await database.close();
});

/** Ids 1 .. ROWS are proposed; every second of them is there. */
const there = `DELETE FROM s; INSERT INTO s SELECT g, g, 0 FROM generate_series(2, ${ROWS}, 2) g`;
const proposed = `INSERT INTO s SELECT g, g, 1 FROM generate_series(1, ${ROWS}) g`;
const UPSERTS = [
  `${proposed} ON CONFLICT DO NOTHING`,
  `${proposed} ON CONFLICT (id) DO UPDATE SET n = s.n + 10 WHERE s.n = 0 RETURNING *`,
  `${proposed} ON CONFLICT (id) DO UPDATE SET u = -s.u, n = DEFAULT`,
];
const CHANGES = [
  'UPDATE s SET n = n + 100 WHERE id = 6', 'INSERT INTO s VALUES (15001, 15001, 100) ON CONFLICT (id) DO UPDATE SET n = s.n + 100',
  'DELETE FROM s WHERE id = 16900', 'INSERT INTO s VALUES (-5, 7, 7) ON CONFLICT DO NOTHING',
];
const state = (): Promise<readonly string[]> => b.rows('SELECT count(*), sum(n), sum(u), sum(id), sum(n * id % 1000003) FROM s');

describe.each(UPSERTS)('%s', (upsert) => {
  test.each(CHANGES)('%s', async (change) => {
    const serial: (string | null)[] = [];
    for (const order of [[change, upsert], [upsert, change]]) {
      await a.query(there);
      const ends: (string | null)[] = [];
      for (const sql of order) ends.push(await a.error(sql));
      serial.push([...order[0] === change ? ends : ends.toReversed(), ...await state()].join());
    }
    for (const turns of [0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 28]) {
      await a.query(there);
      const long = a.error(upsert);
      for (let i = 0; i < turns; i++) await turn();
      const short = await b.error(change);
      const ends = [short, await long];
      expect(serial, `after ${turns} turns`).toContain([...ends, ...await state()].join());
    }
  });
});

test('a key that another has written and not committed', async () => {
  for (const [end, tag] of [['COMMIT', ROWS / 2 - 1], ['ROLLBACK', ROWS / 2]] as const) {
    await a.query(there);
    const long = a.tags(`${proposed} ON CONFLICT DO NOTHING`);
    for (let i = 0; i < 4; i++) await turn();
    await b.query('BEGIN; INSERT INTO s VALUES (15001, 15001, 100)');
    expect(await endsSoon(long)).toBe(false);
    await b.query(end);
    expect(await long).toEqual([`INSERT 0 ${tag}`]);
  }
});

test('a row is affected once, however far apart it is proposed', async () => {
  const twice = '21000 ON CONFLICT DO UPDATE command cannot affect row a second time';
  for (const id of [2, 1]) {
    await a.query(there);
    const again = `INSERT INTO s SELECT g, NULL::int, 1 FROM generate_series(1, ${ROWS}) g UNION ALL SELECT ${id}, NULL, 2`;
    expect(await a.error(`${again} ON CONFLICT (id) DO UPDATE SET n = 5`)).toBe(twice);
    expect(await a.error(`${again} ON CONFLICT (id) DO UPDATE SET n = 5 WHERE excluded.n = 2`)).toBe(id === 1 ? twice : null);
    expect(await a.tags(`${again} ON CONFLICT DO NOTHING`)).toEqual([`INSERT 0 ${id === 2 ? 0 : ROWS / 2}`]);
  }
});

test('what functions do is done once a row, and a subquery sees the moment when the statement began', async () => {
  await a.query(`${there}; CREATE SEQUENCE q; CREATE TABLE o (n int); INSERT INTO o VALUES (1)`);
  const drawing = a.query(`${proposed} ON CONFLICT (id) DO UPDATE SET n = nextval('q')`);
  await turn();
  await b.query('UPDATE s SET n = 1 WHERE id = 4');
  await drawing;
  expect(await b.rows("SELECT nextval('q')")).toEqual([`${ROWS / 2 + 1}`]);
  const reading = a.query(`${proposed} ON CONFLICT (id) DO UPDATE SET n = (SELECT max(o.n) FROM o)`);
  await turn();
  await b.query('INSERT INTO o VALUES (100)');
  await reading;
  expect(await b.rows('SELECT DISTINCT n FROM s')).toEqual(['1']);
});

test('RETURNING gives the rows in the order in which they were proposed', async () => {
  await a.query(there);
  expect(await a.rows(`${proposed} ON CONFLICT (id) DO UPDATE SET n = 2 WHERE s.id <> 4 RETURNING id, n`))
    .toEqual(Array.from({ length: ROWS }, (_, i) => `${i + 1}|${(i + 1) % 2 === 0 ? 2 : 1}`).filter((row) => row !== '4|2'));
});
