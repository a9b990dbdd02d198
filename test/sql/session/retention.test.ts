// WITH (retention = ..): rows age out by the watermark, whole pages at a time, the same after any restart; views keep what they saw.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { batchFromRows } from '../../../engine/data/access.ts';
import { TIMESTAMP } from '../../../engine/data/types.ts';
import type { SourceConnector } from '../../../engine/runtime/connector.ts';
import { openDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';
import { Random } from '../../support/random.ts';

let folder = '';
let database: Database;
let client: Client;
async function open(): Promise<void> {
  database = await openDatabase({ data: folder });
  client = new Client(database);
}
async function close(): Promise<void> {
  await client.close();
  await database.close();
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-retention-'));
  await open();
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

const TABLE = `CREATE TABLE m (id int8, at timestamp, WATERMARK FOR at AS at - INTERVAL '1 minute') APPEND ONLY
  WITH (retention = '1 hour')`;
/** `rows` rows, a second apart, ids from `from` on; the second of id 0 is midnight. */
const insert = (from: number, rows: number): string =>
  `INSERT INTO m SELECT g, timestamp '2024-01-01' + g * interval '1 s' FROM generate_series(${from}, ${from + rows - 1}) g`;
const pages = async (): Promise<number> => Number((await client.rows(
  `SELECT reltuples FROM pg_class WHERE relname = 'm'`))[0]);

describe('retention', () => {
  test('a row is gone when the watermark has passed it by more; pages are freed', async () => {
    await client.query(`${TABLE}; CREATE INDEX ON m (id); CREATE MATERIALIZED VIEW n AS SELECT count(*), min(id) FROM m`);
    for (let from = 0; from < 20_000; from += 2000) await client.query(insert(from, 2000));
    // The watermark stands at second 19,999 - 60, so that rows from second 16,339 on are there.
    const there = async (): Promise<void> => {
      expect(await client.rows('SELECT count(*), min(id), max(id) FROM m')).toEqual(['3661|16339|19999']);
      expect(await client.rows('SELECT id FROM m WHERE id IN (5, 16338, 16339)')).toEqual(['16339']);
      expect(await client.rows('SELECT count(*) FROM m WHERE id < 16345')).toEqual(['6']);
      expect(await client.rows('SELECT * FROM n')).toEqual(['20000|0']);
    };
    await there();
    // Pages have 1,024 rows: at most the one in which the horizon lies has more than is to be seen, and those not yet looked at.
    expect(await pages()).toBeLessThan(3661 + 3 * 1024);
    await close();
    await open();
    await there();
    await client.query('INSERT INTO m VALUES (1, NULL), (2, $$2024-01-01$$)');
    expect(await client.rows('SELECT id FROM m WHERE id < 10')).toEqual(['1']);
    await client.query('CREATE MATERIALIZED VIEW late AS SELECT count(*) FROM m');
    expect(await client.rows('TABLE late')).toEqual(['3662']);
  });

  test('snapshots keep what they saw', async () => {
    await client.query(TABLE);
    await client.query(insert(0, 3000));
    await database.checkpoint();
    const reader = new Client(database);
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    expect(await reader.rows('SELECT count(*) FROM m')).toEqual(['3000']);
    for (let from = 3000; from < 30_000; from += 3000) await client.query(insert(from, 3000));
    await database.checkpoint();
    expect(await reader.rows('SELECT count(*), sum(id) FROM m')).toEqual(['3000|4498500']);
    await reader.query('COMMIT');
    expect(await reader.rows('SELECT count(*) FROM m')).toEqual(['3661']);
    await reader.close();
  });

  test('recovered from any mixture of checkpoint and journal it is the same', async () => {
    const random = new Random(5);
    await client.query(`${TABLE}; CREATE INDEX ON m (id)`);
    let at = 0;
    for (let n = 0; n < 40; n++) {
      const rows = random.int(1, 700);
      // Out of order by up to 200 s.
      await client.query(`INSERT INTO m SELECT g, timestamp '2024-01-01' + (g * 3 + (g * 7919) % 200) * interval '1 s'
        FROM generate_series(${at}, ${at + rows - 1}) g`);
      at += rows;
      if (random.bool(0.15)) await database.checkpoint();
      if (n % 10 === 5) await client.query(`CREATE MATERIALIZED VIEW v${n} AS SELECT count(*), sum(id), min(at) FROM m`);
      if (!random.bool(0.2)) continue;
      const queries = ['SELECT count(*), sum(id), min(at), max(at) FROM m',
        ...[5, 15, 25, 35].filter((v) => v <= n).map((v) => `SELECT * FROM v${v}`)];
      const before = [];
      for (const query of queries) before.push(await client.rows(query));
      await close();
      await open();
      const after = [];
      for (const query of queries) after.push(await client.rows(query));
      expect(after).toEqual(before);
    }
    expect(await pages()).toBeLessThan(5000);
  });

  test('a source keeps its latest rows', async () => {
    const names: string[][] = [];
    const schema = { columns: [{ name: 'at', type: TIMESTAMP }] };
    const hours: SourceConnector = {
      name: 'hours', description: 'an hour a time, for a day',
      defaultSchema: () => schema,
      open: ({ options }) => {
        names.push([...options.keys()]);
        return {
          async *read() {
            for (let hour = 1; hour <= 24; hour++) {
              const seconds = Array.from({ length: 3600 }, (_, s) => [BigInt(hour * 3600 + s) * 1_000_000n]);
              yield { rows: batchFromRows(schema, seconds), offset: new Uint8Array([hour]) };
            }
          },
        };
      },
    };
    const other = await openDatabase({ data: ':memory:', connectors: [hours] });
    const c = new Client(other);
    await c.query(`CREATE SOURCE h (at timestamp, WATERMARK FOR at AS at) WITH (connector = 'hours', retention = '90 min')`);
    for (let n = 0; n < 500 && (await c.rows('SELECT max(at) FROM h'))[0] !== '1970-01-02 00:59:59'; n++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await c.rows('SELECT count(*), min(at) FROM h')).toEqual(['5401|1970-01-01 23:29:59']);
    expect(Number((await c.rows(`SELECT reltuples FROM pg_class WHERE relname = 'h'`))[0])).toBeLessThan(5401 + 3 * 1024);
    expect(names.flat().filter((name) => name !== 'connector')).toEqual([]);
    await c.close();
    await other.close();
  });

  test('what it needs, and what cannot be', async () => {
    expect(await client.error(`CREATE TABLE t (at timestamp) APPEND ONLY WITH (retention = '1 day')`)).toBe('42P16 retention needs a watermark on "t"');
    expect(await client.error(`CREATE TABLE t (at timestamp, WATERMARK FOR at AS at) WITH (retention = '1 day')`))
      .toBe('42P16 retention needs "t" to be append-only');
    for (const [text, code] of [['1 month', '22023'], ['0 s', '22023'], ['soon', '22007']]) {
      expect(await client.error(`CREATE TABLE t (at timestamp, WATERMARK FOR at AS at) APPEND ONLY WITH (retention = '${text}')`)).toContain(code);
    }
    expect(await client.error(`CREATE TABLE t (at timestamp UNIQUE, WATERMARK FOR at AS at) APPEND ONLY WITH (retention = '1 day')`))
      .toBe('0A000 a unique key on a table with retention is not supported');
    await client.query(TABLE);
    expect(await client.error('CREATE UNIQUE INDEX ON m (id)')).toContain('0A000');
    expect(await client.error(`ALTER TABLE m SET (retention = '2 hours')`)).toBe('0A000 changing the retention of a table is not supported');
    expect(await client.error('ALTER TABLE m RESET (retention)')).toContain('0A000');
    expect(await client.error('TRUNCATE m')).toContain('42809');
  });
});
