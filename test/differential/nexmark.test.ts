// Nexmark in Flink's own text, as views and ad hoc, against PostgreSQL's words for the same, while bids come and go.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { datumAt } from '../../engine/data/access.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { formatText } from '../../engine/data/text-format.ts';
import { DEFAULT_NEXMARK, NEXMARK_SCHEMAS, nexmarkBatch } from '../../wire/connector/nexmark-generator.ts';
import { startTestServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { SqlClient, difference } from './compare.ts';
import type { Mismatch } from './compare.ts';
import { oracleAddress } from './hunt.ts';
import { NEXMARK_FLINK_TABLES, NEXMARK_QUERIES, NEXMARK_REFUSED, postgresOf } from './nexmark-queries.ts';

const oracle = oracleAddress();
const SCHEMA = `nexmark_${process.pid}`;
const TABLES = ['person', 'auction', 'bid'] as const;
/** Twenty milliseconds between events: 60 seconds in all. */
const OPTIONS = { ...DEFAULT_NEXMARK, interval: 20_000 };
const EVENTS = 3000;
const PARTS = 3;

function lines(table: (typeof TABLES)[number], from: number, to: number): readonly string[] {
  const batch = nexmarkBatch(table, from, to, OPTIONS);
  const types = NEXMARK_SCHEMAS[table].columns.map((c) => c.type);
  return Array.from({ length: batch.length }, (_, row) => batch.columns
    .map((c, i) => formatText(types[i], datumAt(c, row), DEFAULT_FORMAT)).join('\t'));
}

/** The Flink definitions as PostgreSQL reads them. */
function inPostgres(definition: string): string {
  return definition.replaceAll('`', '').replace(/, WATERMARK FOR .*\)$/, ')');
}

describe.runIf(oracle !== null)('Nexmark in the dialect of Flink', () => {
  let server: TestServer;
  let ours: SqlClient;
  let theirs: SqlClient;

  beforeAll(async () => {
    if (oracle === null) return;
    server = await startTestServer();
    ours = await SqlClient.connect(server.address, 'millrace');
    theirs = await SqlClient.connect(oracle, 'postgres');
    for (const sql of [`CREATE SCHEMA ${SCHEMA}`, `SET search_path = ${SCHEMA}`]) await theirs.run(sql);
    await ours.run("SET sql_dialect = 'flink'");
    for (const table of TABLES) {
      expect((await ours.run(NEXMARK_FLINK_TABLES[table])).message).toBe('');
      expect((await theirs.run(inPostgres(NEXMARK_FLINK_TABLES[table]))).message).toBe('');
    }
    for (const [client, read] of [[ours, (sql: string) => sql], [theirs, inPostgres]] as const) {
      expect((await client.run(read('CREATE TABLE side_input (`key` BIGINT, `value` VARCHAR(20))'))).message).toBe('');
      const rows = Array.from({ length: 200 }, (_, i) => `(${1000 + i}, 'side ${i}')`).join(', ');
      expect((await client.run(`INSERT INTO side_input VALUES ${rows}`)).message).toBe('');
    }
  });

  afterAll(async () => {
    await theirs.run(`DROP SCHEMA ${SCHEMA} CASCADE`);
    theirs.close();
    ours.close();
    await server.stop();
  });

  it.each(NEXMARK_REFUSED)('$name is refused, with the reason', async ({ flink, reason }) => {
    const { code, message } = await ours.run(flink);
    expect(`${code} ${message}`).toBe(`0A000 ${reason} of sql_dialect flink is not supported`);
  });

  it('answers what PostgreSQL answers, after each part', { timeout: 240_000 }, async () => {
    for (const { name, flink, columns } of NEXMARK_QUERIES) {
      const list = columns === undefined ? '' : ` (${columns})`;
      const created = await ours.run(`CREATE MATERIALIZED VIEW ${name}${list} AS ${flink}`);
      expect(`${name}: ${created.message}`).toBe(`${name}: `);
    }
    const found: Mismatch[] = [];
    const answered = new Set<string>();
    const compare = async (when: string): Promise<void> => {
      for (const query of NEXMARK_QUERIES) {
        const wanted = await theirs.run(postgresOf(query));
        expect(`${query.name}: ${wanted.message}`).toBe(`${query.name}: `);
        if (wanted.rows.length > 0) answered.add(query.name);
        for (const sql of [`SELECT * FROM ${query.name}`, query.flink]) {
          const mine = await ours.run(sql);
          const mismatch = difference(`${when}, ${query.name}: ${sql.slice(0, 16)}`, { ...mine, columns: wanted.columns }, wanted);
          if (mismatch !== null) found.push(mismatch);
        }
      }
    };
    for (let part = 0; part < PARTS; part++) {
      for (const table of TABLES) {
        const rows = lines(table, part * EVENTS / PARTS, (part + 1) * EVENTS / PARTS);
        for (const client of [ours, theirs]) expect((await client.copy(table, rows)).message).toBe('');
      }
      await compare(`part ${part}`);
    }
    for (const client of [ours, theirs]) {
      for (const sql of ['DELETE FROM bid WHERE price % 5 = 0', "UPDATE auction SET category = 10 WHERE id % 7 = 3",
        "UPDATE bid SET channel = 'apple', price = price + 1 WHERE auction % 11 = 0"]) {
        expect((await client.run(sql)).message).toBe('');
      }
    }
    await compare('after changes');
    expect(found).toEqual([]);
    expect(NEXMARK_QUERIES.filter(({ name }) => !answered.has(name)), 'queries that never found anything').toEqual([]);
  });
});
