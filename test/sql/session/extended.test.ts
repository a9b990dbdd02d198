// The extended protocol as PostgreSQL speaks it: names, portals, parameters, implicit transactions, settings.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database, Session } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';

let database: Database;
let client: Client;
let session: Session;

beforeEach(async () => {
  database = await openDatabase({ data: ':memory:' });
  client = new Client(database);
  session = client.session;
});
afterEach(async () => {
  await client.close();
  await database.close();
});

const text = (value: string | null): { format: 0; bytes: Uint8Array | null } =>
  ({ format: 0, bytes: value === null ? null : new TextEncoder().encode(value) });

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'none';
  } catch (error) {
    return error instanceof Error && 'code' in error ? `${String(error.code)} ${error.message}` : String(error);
  }
}

describe('extended protocol', () => {
  test('parameters are inferred, described and decoded in text and binary', async () => {
    await client.query('CREATE TABLE t (a int, b text, c numeric)');
    session.parse('s', 'INSERT INTO t VALUES ($1, $2, $3) RETURNING a + 1 AS next', []);
    const described = session.describeStatement('s');
    expect(described.parameters.map((p) => p.kind)).toEqual(['int4', 'text', 'numeric']);
    expect(described.columns?.map((c) => c.name)).toEqual(['next']);
    session.bind({ portal: '', statement: 's', parameters: [
      { format: 1, bytes: Uint8Array.of(0, 0, 0, 41) }, text('x'), text('1.50'),
    ] });
    expect((await client.take(await session.execute('', 0))).rows).toEqual([['42']]);
    await session.sync();
    expect(await client.rows('SELECT * FROM t')).toEqual(['41|x|1.50']);
  });

  test('the client may declare parameters to be of any type by its OID', async () => {
    await client.query("CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TYPE pair AS (a int, b mood)");
    await client.query('CREATE TABLE t (a int, p pair)');
    const types = ['mood', 'mood[]', 'pair', 'pair[]', 't', 't[]', 'pg_class', 'pg_class[]'];
    for (const type of types) {
      const [oid] = await client.rows(`SELECT '${type}'::regtype::oid`);
      const values = type.endsWith('[]') ? '{}' : type === 'mood' ? 'sad' : null;
      session.parse('', 'SELECT pg_typeof($1), $1', [Number(oid)]);
      session.bind({ portal: '', statement: '', parameters: [text(values)] });
      expect((await client.take(await session.execute('', 0))).rows).toEqual([[type, values]]);
      await session.sync();
    }
    expect(await codeOf(() => session.parse('', 'SELECT $1', [99_999]))).toBe('42704 type with OID 99999 does not exist');
    session.fail();
    await session.sync();
  });

  test('a portal is suspended after maxRows and goes on', async () => {
    session.parse('', 'SELECT g FROM generate_series(1, 5) AS g', []);
    session.bind({ portal: 'p', statement: '', parameters: [] });
    const first = await client.take(await session.execute('p', 2));
    expect(first.rows).toEqual([['1'], ['2']]);
    expect(session.portalDone('p')).toBe(false);
    expect((await client.take(await session.execute('p', 2))).rows).toEqual([['3'], ['4']]);
    const rest = await client.take(await session.execute('p', 2));
    expect(rest.rows).toEqual([['5']]);
    expect(session.portalDone('p')).toBe(true);
    await session.sync();
    expect(await codeOf(() => session.execute('p', 0))).toBe('34000 portal "p" does not exist');
    session.fail();
    await session.sync();
  });

  test('names: 42P05, 26000, 42P03, 34000, 08P01', async () => {
    session.parse('s', 'SELECT $1::int', []);
    expect(await codeOf(() => session.parse('s', 'SELECT 1', []))).toBe('42P05 prepared statement "s" already exists');
    session.fail();
    await session.sync();
    expect(await codeOf(() => session.bind({ portal: '', statement: 'nosuch', parameters: [] })))
      .toBe('26000 prepared statement "nosuch" does not exist');
    expect(await codeOf(() => session.bind({ portal: '', statement: '', parameters: [] })))
      .toBe('26000 unnamed prepared statement does not exist');
    expect(await codeOf(() => session.bind({ portal: '', statement: 's', parameters: [] })))
      .toBe('08P01 bind message supplies 0 parameters, but prepared statement "s" requires 1');
    session.bind({ portal: 'p', statement: 's', parameters: [text('1')] });
    expect(await codeOf(() => session.bind({ portal: 'p', statement: 's', parameters: [text('1')] })))
      .toBe('42P03 cursor "p" already exists');
    expect(await codeOf(() => session.bind({ portal: 'q', statement: 's', parameters: [text('x')] })))
      .toBe('22P02 invalid input syntax for type integer: "x"');
    expect(await codeOf(() => session.parse('', 'SELECT 1; SELECT 2', [])))
      .toBe('42601 cannot insert multiple commands into a prepared statement');
  });

  test('an implicit transaction lasts until Sync, and an error undoes all of it', async () => {
    await client.query('CREATE TABLE t (a int PRIMARY KEY)');
    const run = async (sql: string): Promise<void> => {
      session.parse('', sql, []);
      session.bind({ portal: '', statement: '', parameters: [] });
      await client.take(await session.execute('', 0));
    };
    await run('INSERT INTO t VALUES (1)');
    expect(await codeOf(() => run('INSERT INTO t VALUES (1)'))).toContain('23505');
    session.fail();
    await session.sync();
    expect(await client.rows('SELECT count(*) FROM t')).toEqual(['0']);
    await run('INSERT INTO t VALUES (1)');
    await run('INSERT INTO t VALUES (2)');
    await session.sync();
    expect(await client.rows('SELECT count(*) FROM t')).toEqual(['2']);
  });

  test('a cached plan must not change its columns', async () => {
    await client.query('CREATE TABLE t (a int)');
    session.parse('s', 'SELECT * FROM t', []);
    await client.query('ALTER TABLE t ADD COLUMN b int');
    expect(await codeOf(() => session.bind({ portal: '', statement: 's', parameters: [] })))
      .toBe('0A000 cached plan must not change result type');
  });

  test('an empty query', async () => {
    session.parse('', ' -- nothing', []);
    expect(session.describeStatement('')).toEqual({ parameters: [], columns: null });
    session.bind({ portal: '', statement: '', parameters: [] });
    expect((await session.execute('', 0)).kind).toBe('empty');
    await session.sync();
  });

  test('the 13 reported settings', async () => {
    expect([...client.parameters.keys()].toSorted()).toEqual([
      'DateStyle', 'IntervalStyle', 'TimeZone', 'application_name', 'client_encoding', 'default_transaction_read_only',
      'in_hot_standby', 'integer_datetimes', 'is_superuser', 'server_encoding', 'server_version',
        'session_authorization',
      'standard_conforming_strings',
    ]);
    await client.query(`SET TimeZone = 'europe/berlin'`);
    expect(client.parameters.get('TimeZone')).toBe('Europe/Berlin');
    await client.query(`BEGIN; SET application_name = 'x'`);
    await client.query('ROLLBACK');
    expect(client.parameters.get('application_name')).toBe('');
  });
});
