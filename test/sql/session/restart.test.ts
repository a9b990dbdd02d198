// What is on disk is there again after a restart, and nothing else.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-restart-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A life of the server. */
async function live<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const database = await openDatabase({ data: folder });
  const client = new Client(database);
  try {
    return await work(client);
  } finally {
    await client.close();
    await database.close();
  }
}

/** A life that ends by a crash: what follows finds the folder as it was at the end of the work. */
async function killed(work: (client: Client, database: Database) => Promise<void>): Promise<void> {
  const database = await openDatabase({ data: folder });
  const client = new Client(database);
  const copy = mkdtempSync(join(tmpdir(), 'millrace-restart-'));
  try {
    await work(client, database);
    cpSync(folder, copy, { recursive: true });
  } finally {
    await client.close();
    await database.close();
  }
  rmSync(folder, { recursive: true });
  rmSync(join(copy, 'state', 'LOCK'), { force: true });
  folder = copy;
}

describe('restart on disk', () => {
  test('tables, views, indexes, sequences, types, comments and roles are there again', async () => {
    await live(async (c) => {
      await c.query(`CREATE TYPE mood AS ENUM ('low', 'high')`);
      await c.query('CREATE TABLE t (id serial PRIMARY KEY, k text UNIQUE, m mood, big int8 DEFAULT 9007199254740993)');
      await c.query('CREATE INDEX ON t (m); CREATE SCHEMA s; CREATE VIEW s.v AS SELECT k FROM t');
      await c.query('CREATE MATERIALIZED VIEW n AS SELECT m, count(*) AS n, sum(big) AS s FROM t GROUP BY m');
      await c.query(`INSERT INTO t (k, m) VALUES ('a', 'low'), ('b', 'high'), ('c', 'high')`);
      await c.query(`COMMENT ON TABLE t IS 'things'; CREATE ROLE bob LOGIN PASSWORD 'secret'`);
    });
    await live(async (c) => {
      expect(await c.rows('SELECT * FROM n ORDER BY m')).toEqual(['low|1|9007199254740993',
        'high|2|18014398509481986']);
      expect(await c.rows(`INSERT INTO t (k, m) VALUES ('d', 'low') RETURNING id`)).toEqual(['4']);
      expect(await c.error(`INSERT INTO t (k) VALUES ('a')`)).toContain('23505');
      expect(await c.rows('SELECT * FROM n ORDER BY m')).toEqual(['low|2|18014398509481986',
        'high|2|18014398509481986']);
      expect(await c.rows('SELECT count(*) FROM s.v')).toEqual(['4']);
      expect(await c.error('DROP TABLE t')).toContain('2BP01');
    });
    const database = await openDatabase({ data: folder });
    expect(database.authenticate('bob').kind).toBe('scram');
    expect(database.authenticate('millrace').kind).toBe('trust');
    expect(database.authenticate('nobody').kind).toBe('unknown');
    await database.close();
  });

  test('a view keeps the plan it was made with: its state is of that plan', async () => {
    const query = 'SELECT a, b, c FROM t NATURAL JOIN u NATURAL LEFT JOIN v';
    await live(async (c) => {
      await c.query('CREATE TABLE t (a int); CREATE TABLE u (a int, b int); CREATE TABLE v (b int, c int)');
      for (let seed = 1; seed <= 4; seed++) {
        await c.query(`SET optimizer_seed = ${seed}; SET optimizer_disable = 'push-down,join-keys'; CREATE MATERIALIZED VIEW m${seed} AS ${query}`);
      }
      await c.query('INSERT INTO t VALUES (1), (2); INSERT INTO u VALUES (1, 1), (2, 2); INSERT INTO v VALUES (1, 1); CHECKPOINT');
    });
    await live(async (c) => {
      await c.query('DELETE FROM u WHERE a = 1; INSERT INTO v VALUES (2, 7), (2, 8)');
      const rows = await c.rows(`${query} ORDER BY 1, 2, 3`);
      expect(rows).toEqual(['2|2|7', '2|2|8']);
      for (let seed = 1; seed <= 4; seed++) expect(await c.rows(`SELECT * FROM m${seed} ORDER BY 1, 2, 3`)).toEqual(rows);
    });
  });

  test('what was rolled back or not committed is not there', async () => {
    await live(async (c) => {
      await c.query('CREATE TABLE t (a int)');
      await c.query('BEGIN; INSERT INTO t VALUES (1); ROLLBACK');
      await c.query('INSERT INTO t VALUES (2)');
      await c.query('BEGIN; INSERT INTO t VALUES (3)');
    });
    expect(await live((c) => c.rows('SELECT a FROM t'))).toEqual(['2']);
  });

  test('a sequence that was rolled back leaves nothing to the next one that gets its OID', async () => {
    await killed(async (c) => {
      await c.query('CREATE TABLE t (a int)');
      await c.query('BEGIN; CREATE SEQUENCE s; SELECT nextval($$s$$); ROLLBACK');
      await c.query('BEGIN; CREATE SEQUENCE s; SELECT nextval($$s$$), setval($$s$$, 70); ROLLBACK');
      await c.query('INSERT INTO t VALUES (1)');
    });
    // Its record is in the journal, then in no checkpoint.
    await killed(async (c, database) => {
      await c.query('CREATE SEQUENCE s');
      expect(await c.rows('SELECT nextval($$s$$)')).toEqual(['1']);
      await c.query('DROP SEQUENCE s');
      await c.query('BEGIN; CREATE SEQUENCE s; SELECT nextval($$s$$); ROLLBACK');
      await c.query('INSERT INTO t VALUES (2)');
      await database.checkpoint();
    });
    await killed(async (c) => {
      await c.query('CREATE SEQUENCE s');
      expect(await c.rows('SELECT nextval($$s$$)')).toEqual(['1']);
    });
  });

  test('a sequence that its transaction has drawn from before a checkpoint goes on from there', async () => {
    await killed(async (c, database) => {
      const other = new Client(database);
      await other.query('CREATE TABLE o (a int)');
      await c.query('BEGIN; CREATE TABLE t (id serial PRIMARY KEY, a int); INSERT INTO t (a) VALUES (1), (2)');
      await other.query('INSERT INTO o VALUES (1)');
      await database.checkpoint();
      await c.query('COMMIT');
    });
    await killed(async (c, database) => {
      await c.query('INSERT INTO t (a) VALUES (3)');
      expect(await c.rows('SELECT count(*), count(DISTINCT id) FROM t')).toEqual(['3|3']);
      const other = new Client(database);
      await c.query('BEGIN; CREATE SEQUENCE s; SELECT nextval($$s$$)');
      await other.query('INSERT INTO o VALUES (2)');
      await database.checkpoint();
    });
    // Its transaction went with the server.
    await killed(async (c) => {
      await c.query('CREATE SEQUENCE s');
      expect(await c.rows('SELECT nextval($$s$$)')).toEqual(['1']);
    });
  });

  test('an unknown database or role is refused', async () => {
    const database = await openDatabase({ data: folder });
    const connect = (user: string, name: string): unknown => database.connect({
      user, database: name, parameters: new Map(), processId: 1, remote: null, onNotice: () => {},
      onParameterStatus: () => {}, onNotification: () => {},
    });
    expect(() => connect('millrace', 'other')).toThrow(expect.objectContaining({ code: '3D000' }));
    expect(() => connect('nobody', 'millrace')).toThrow(expect.objectContaining({ code: '28000' }));
    expect(() => connect('postgres', 'postgres')).not.toThrow();
    await database.close();
  });
});
