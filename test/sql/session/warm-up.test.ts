// After a start the indexes of keys and the states of views are made ahead, in turns; a change may come at any moment of it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';
import { ALWAYS, turn } from '../../support/turns.ts';

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-warm-'));
  await live(0, async (c) => {
    await c.query('CREATE TABLE t (id int PRIMARY KEY, g int, v int, UNIQUE (v, g))');
    for (const [name, query] of Object.entries(VIEWS)) await c.query(`CREATE MATERIALIZED VIEW ${name} AS ${query}`);
    await c.query('INSERT INTO t SELECT i, i % 300, i * 7919 % 10007 FROM generate_series(1, 10000) i');
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const VIEWS: Readonly<Record<string, string>> = {
  apart: 'SELECT DISTINCT g, v % 3 AS r FROM t',
  running: 'SELECT g, id, sum(v) OVER (PARTITION BY g ORDER BY id) AS s, lag(v) OVER (ORDER BY v, id) AS l FROM t',
  least: 'SELECT * FROM (SELECT g, v, row_number() OVER (PARTITION BY g ORDER BY v, id) AS r FROM t) x WHERE r <= 2',
  grouped: 'SELECT g, count(*) AS n, min(v) AS least, count(DISTINCT v % 10) AS d FROM t GROUP BY g',
  missing: 'SELECT v FROM t WHERE g < 150 EXCEPT SELECT v + 1 FROM t',
  one: 'SELECT (SELECT max(v) FROM t) AS m',
  pairs: 'SELECT a.id, b.v FROM t a JOIN t b ON a.v = b.id AND a.g < 20',
};

/** A life whose work begins after so many turns. */
async function live(turns: number, work: (client: Client) => Promise<void>): Promise<void> {
  const database = await openDatabase({ data: folder, schedule: ALWAYS });
  const client = new Client(database);
  for (let i = 0; i < turns; i++) await turn();
  try {
    await work(client);
  } finally {
    await client.close();
    await database.close();
  }
}

for (const [life, turns] of [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 400].entries()) {
  test(`a change after ${turns} turns`, async () => {
    await live(turns, async (c) => {
      expect(await c.error(`INSERT INTO t VALUES (${life * 500 + 1}, -1, -1)`)).toContain('23505');
      await c.query(`INSERT INTO t VALUES (${20000 + life}, ${life}, ${-life - 1})`);
      await c.query(`DELETE FROM t WHERE id = ${life * 700 + 3}; UPDATE t SET v = v + 20000, g = g + 1 WHERE id = ${life * 700 + 50}`);
      for (const [name, query] of Object.entries(VIEWS)) {
        expect(await c.rows(`(TABLE ${name} EXCEPT ALL ${query}) UNION ALL (${query} EXCEPT ALL TABLE ${name})`), name).toEqual([]);
      }
    });
  });
}

test('what is made ahead needs no change', async () => {
  await live(1000, async (c) => {
    const shown = await c.rows('EXPLAIN ANALYZE SELECT * FROM running');
    const states = shown.flatMap((line) => /over \(.*last in=0 .*state rows=(\d+)/.exec(line)?.[1] ?? []);
    expect(states.map((rows) => Number(rows) > 9000), shown.join('\n')).toEqual([true, true]);
  });
});

test('views dropped and made meanwhile', async () => {
  await live(9, async (c) => {
    const { running = '', apart = '' } = VIEWS;
    await c.query('DROP MATERIALIZED VIEW running; DROP MATERIALIZED VIEW apart');
    await c.query(`CREATE MATERIALIZED VIEW running AS ${running}; INSERT INTO t VALUES (40000, 1, 1)`);
    await c.query(`CREATE MATERIALIZED VIEW apart AS ${apart}; DELETE FROM t WHERE id = 40000 OR id = 77`);
    for (const [name, query] of Object.entries(VIEWS)) {
      expect(await c.rows(`(TABLE ${name} EXCEPT ALL ${query}) UNION ALL (${query} EXCEPT ALL TABLE ${name})`), name).toEqual([]);
    }
  });
});
