// A client is told of its commit when it is durable, a moment before it is visible: nobody may see that moment.
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
let writer: Client;
let reader: Client;

async function connected(): Promise<Client> {
  const client = new Client({ host: '127.0.0.1', port: server.address.port, user: 'millrace', database: 'millrace' });
  await client.connect();
  return client;
}

beforeAll(async () => {
  server = await startTestServer();
  writer = await connected();
  reader = await connected();
  await writer.query('CREATE TABLE t (id bigint PRIMARY KEY, note text)');
  await writer.query('CREATE MATERIALIZED VIEW total AS SELECT count(*) AS n, max(id) AS last FROM t');
});
afterAll(async () => {
  await writer.end();
  await reader.end();
  await server.stop();
});

async function seen(client: Client): Promise<unknown> {
  const { rows } = await client.query('SELECT n, last FROM total');
  return rows[0];
}

describe('whoever was told sees it, and so does everybody after', () => {
  it.each([
    { how: 'prepared', insert: (id: number) => writer.query({ name: 'i', text: 'INSERT INTO t VALUES ($1, $2)', values: [id, 'x'] }) },
    { how: 'simple', insert: (id: number) => writer.query(`INSERT INTO t VALUES (${id}, 'x')`) },
    { how: 'simple, by the grammar', insert: (id: number) => writer.query(`INSERT INTO t SELECT ${id}, 'x'`) },
  ])('$how', async ({ insert }) => {
    await writer.query('TRUNCATE t');
    for (let id = 1; id <= 60; id++) {
      await insert(id);
      const expected = { n: String(id), last: String(id) };
      // The other connection first, then its own.
      if (id % 2 === 0) expect(await seen(reader)).toEqual(expected);
      expect(await seen(writer)).toEqual(expected);
    }
  });

  it('a statement sent along with the commit', async () => {
    await writer.query('TRUNCATE t');
    for (let id = 1; id <= 30; id++) {
      const inserted = writer.query({ text: 'INSERT INTO t VALUES ($1, $2)', values: [id, 'x'] });
      const there = writer.query({ text: 'SELECT n FROM total WHERE last = $1', values: [id] });
      await inserted;
      expect((await there).rows).toEqual([{ n: String(id) }]);
    }
  });

  it('a key that was just taken is taken', async () => {
    await writer.query('TRUNCATE t');
    for (let id = 1; id <= 30; id++) {
      await writer.query({ text: 'INSERT INTO t VALUES ($1, $2)', values: [id, 'x'] });
      await expect(reader.query({ text: 'INSERT INTO t VALUES ($1, $2)', values: [id, 'y'] })).rejects.toThrow(/duplicate key/);
    }
  });

  it('ReadyForQuery comes once, with and without notifications and settings of the transaction', async () => {
    const told: string[] = [];
    writer.on('notification', (n) => told.push(n.payload ?? ''));
    await writer.query('LISTEN c');
    await writer.query("SELECT set_config('application_name', 'a', true), pg_notify('c', 'one')");
    await writer.query("BEGIN; SET LOCAL application_name = 'b'; INSERT INTO t VALUES (1000, 'z'); NOTIFY c, 'two'; COMMIT");
    await writer.query("INSERT INTO t VALUES (1001, 'z')");
    expect((await writer.query('SELECT max(id) AS m FROM t')).rows).toEqual([{ m: '1001' }]);
    expect(told).toEqual(['one', 'two']);
  });
});
