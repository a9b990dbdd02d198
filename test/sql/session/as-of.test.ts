// SELECT .. AS OF: every epoch of the window answers as it did when it was the newest.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';
import { Random } from '../../support/random.ts';

let database: Database;
let client: Client;
let clock = 1_700_000_000_000_000n;
beforeEach(async () => {
  database = await openDatabase({ data: ':memory:', history: 3_600_000_000n, now: () => (clock += 1000n) });
  client = new Client(database);
});
afterEach(async () => {
  await client.close();
  await database.close();
});

const epoch = async (): Promise<string> => (await client.rows('SELECT epoch FROM millrace_epoch'))[0];

const QUERIES = ['SELECT count(*), sum(v), min(v), max(v) FROM t', 'SELECT * FROM t WHERE id < 20 ORDER BY id, v', 'SELECT * FROM g ORDER BY k',
  'SELECT v FROM t WHERE id = 7', 'SELECT t.id, g.n FROM t JOIN g ON g.k = t.id % 5 WHERE t.v > 40 ORDER BY 1, 2',
  'SELECT DISTINCT v FROM t ORDER BY v LIMIT 5', '(SELECT k FROM g) EXCEPT (SELECT v FROM t) ORDER BY 1'];

describe('AS OF', () => {
  test('all epochs of a random history', async () => {
    const random = new Random(3);
    await client.query('CREATE TABLE t (id int8 PRIMARY KEY, v int4)');
    await client.query('CREATE MATERIALIZED VIEW g AS SELECT id % 5 AS k, count(*) AS n, max(v) AS top FROM t GROUP BY 1');
    const moments: { readonly epoch: string; readonly time: bigint; readonly answers: string }[] = [];
    const answers = async (suffix: string): Promise<string> => {
      const out = [];
      for (const query of QUERIES) out.push(await client.rows(`${query}${suffix}`));
      return JSON.stringify(out);
    };
    for (let n = 0; n < 60; n++) {
      const id = random.int(0, 60);
      await client.query(random.pick([
        `INSERT INTO t VALUES (${id}, ${random.int(0, 99)}) ON CONFLICT (id) DO UPDATE SET v = excluded.v`,
        `INSERT INTO t VALUES (${id}, ${random.int(0, 99)}) ON CONFLICT DO NOTHING`,
        `DELETE FROM t WHERE id = ${id}`, `UPDATE t SET v = v + 1 WHERE id % 7 = ${id % 7}`,
      ]));
      if (n === 35) await client.query('CREATE TABLE other (a int)');
      moments.push({ epoch: await epoch(), time: clock, answers: await answers('') });
    }
    for (const moment of moments.filter((_, n) => n % 3 === 0)) {
      expect(await answers(` AS OF EPOCH ${moment.epoch}`)).toBe(moment.answers);
      const micros = moment.time % 1_000_000n;
      const at = new Date(Number(moment.time / 1000n)).toISOString().replace(/\.\d+Z/, `.${String(micros).padStart(6, '0')}+00`);
      expect(await answers(` AS OF TIMESTAMP '${at}'`)).toBe(moment.answers);
    }
  });

  test('in a transaction, in COPY, prepared, among other clauses', async () => {
    await client.query('CREATE TABLE t (id int8)');
    await client.query('INSERT INTO t VALUES (1)');
    const first = await epoch();
    await client.query('INSERT INTO t VALUES (2)');
    expect(await client.rows(`BEGIN; INSERT INTO t VALUES (3); SELECT * FROM t WHERE id > 0 ORDER BY id LIMIT 9 AS OF EPOCH ${first}`)).toEqual(['1']);
    expect(await client.rows('SELECT count(*) FROM t')).toEqual(['3']);
    await client.query('ROLLBACK');
    expect((await client.extended(`SELECT count(*) FROM t WHERE id < $1 AS OF EPOCH ${first}`, ['100'])).rows).toEqual([['1']]);
    expect(await client.rows(`WITH x AS (SELECT * FROM t) TABLE x AS OF EPOCH ${first};`)).toEqual(['1']);
    expect(await client.rows('SELECT 1 AS of')).toEqual(['1']);
  });

  test('errors that a view carried', async () => {
    await client.query('CREATE TABLE t (id int8)');
    await client.query('CREATE MATERIALIZED VIEW d AS SELECT 10 / id AS q FROM t');
    await client.query('INSERT INTO t VALUES (5)');
    const good = await epoch();
    await client.query('INSERT INTO t VALUES (0)');
    const bad = await epoch();
    await client.query('DELETE FROM t WHERE id = 0');
    expect(await client.rows(`TABLE d AS OF EPOCH ${good}`)).toEqual(['2']);
    expect(await client.error(`TABLE d AS OF EPOCH ${bad}`)).toBe('22012 division by zero');
    expect(await client.rows('TABLE d')).toEqual(['2']);
  });

  test('what is not there is refused', async () => {
    await client.query('CREATE TABLE t (id int8)');
    const before = await epoch();
    await client.query('INSERT INTO t VALUES (1)');
    await client.query('ALTER TABLE t ADD COLUMN b int DEFAULT 4; CREATE TABLE u (a int)');
    expect(await client.error(`TABLE t AS OF EPOCH ${before}`)).toMatch(/^55000 a relation was created or changed after epoch/);
    expect(await client.error(`TABLE u AS OF EPOCH ${before}`)).toMatch(/^55000 /);
    expect(await client.rows(`TABLE t AS OF EPOCH ${await epoch()}`)).toEqual(['1|4']);
    expect(await client.error('TABLE t AS OF EPOCH 999999')).toBe('22023 epoch 999999 has not been reached');
    expect(await client.error('SELECT * FROM t FOR UPDATE AS OF EPOCH 3')).toContain('0A000');
    expect(await client.error('DELETE FROM t AS OF EPOCH 3')).toContain('42601');
    expect(await client.error('CREATE VIEW w AS TABLE t AS OF EPOCH 3')).toContain('42601');
    expect(await client.error('TABLE t AS OF EPOCH x')).toContain('42601');
  });

  test('a server without history says so; old moments are forgotten', async () => {
    const other = await openDatabase({ data: ':memory:' });
    const c = new Client(other);
    expect(await c.error('SELECT 1 AS OF EPOCH 0')).toBe('55000 past moments are not kept');
    await c.close();
    await other.close();
    await client.query('CREATE TABLE t (id int8)');
    await client.query('INSERT INTO t VALUES (1)');
    const old = await epoch();
    clock += 7_200_000_000n;
    await client.query('CREATE TABLE u (a int)');
    clock += 7_200_000_000n;
    await client.query('CREATE TABLE v (a int)');
    expect(await client.error(`TABLE t AS OF EPOCH ${old}`)).toBe(`22023 epoch ${old} is no longer available`);
    expect(await client.error(`TABLE t AS OF TIMESTAMP '2001-01-01'`)).toBe('22023 the time asked for is no longer available');
    expect(await client.rows('SELECT epoch - oldest FROM millrace_epoch')).toEqual(['1']);
  });
});
