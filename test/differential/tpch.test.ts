// TPC-H on a small scale: the 22 queries as views, equal to PostgreSQL 15's answers after each batch of changes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TpchGenerator } from '../../bench/tpch/generator.ts';
import { TPCH_QUERIES } from '../../bench/tpch/queries.ts';
import { RefreshStream } from '../../bench/tpch/refresh.ts';
import type { RefreshBatch } from '../../bench/tpch/refresh.ts';
import { TPCH_TABLES, createTpchTable } from '../../bench/tpch/schema.ts';
import { Random } from '../support/random.ts';
import { startTestServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { SqlClient, difference } from './compare.ts';
import type { Mismatch, Outcome } from './compare.ts';
import { oracleAddress } from './hunt.ts';

const SCALE = 0.01;
const SEED = Number(process.env['MILLRACE_SEED'] ?? 1);
const BATCHES = 3;
const SCHEMA = `tpch_${process.pid}`;
/** What PostgreSQL needs to answer the correlated queries in time. */
const INDEXES = ['lineitem (l_partkey, l_suppkey)', 'orders (o_custkey)', 'partsupp (ps_suppkey)'];

/**
 * Queries that the other dialects do not have in this text: value is a reserved word of Flink's, a subquery's alias has no
 * list of columns in the last three, nor has a common table in BigQuery.
 */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  flink: ['11'], mysql: [], snowflake: [], hive: [], transactsql: [], mariadb: ['13'], bigquery: ['13', '15'], sqlite: ['13'],
};

const oracle = oracleAddress();

/** Changes on the sides that no refresh touches: the keys of rows that change, appear and go. */
function sideChanges(random: Random, generator: TpchGenerator): readonly string[] {
  const part = (): number => random.int(1, generator.parts);
  const supplier = random.int(1, generator.suppliers);
  return [
    `UPDATE part SET p_type = 'PROMO BRUSHED BRASS', p_size = 15 WHERE p_partkey IN (${part()}, ${part()})`,
    `UPDATE part SET p_brand = 'Brand#23', p_container = 'MED BOX' WHERE p_partkey = ${part()}`,
    `UPDATE supplier SET s_nationkey = ${random.int(0, 24)}, s_acctbal = s_acctbal + 1 WHERE s_suppkey = ${supplier}`,
    `UPDATE supplier SET s_comment = 'Customer and Complaints' WHERE s_suppkey = ${random.int(1, generator.suppliers)}`,
    `UPDATE partsupp SET ps_supplycost = ps_supplycost / 2, ps_availqty = 1 WHERE ps_partkey % 97 = ${random.int(0, 96)}`,
    `UPDATE customer SET c_acctbal = -c_acctbal, c_mktsegment = 'BUILDING' WHERE c_custkey % 50 = ${random.int(0, 49)}`,
    `DELETE FROM customer WHERE c_custkey = ${random.int(1, generator.customers)}`,
    `DELETE FROM partsupp WHERE ps_partkey = ${part()}`,
    `UPDATE nation SET n_regionkey = ${random.int(0, 4)} WHERE n_nationkey = ${random.int(0, 24)}`,
    `UPDATE lineitem SET l_quantity = 50 WHERE l_orderkey % 89 = ${random.int(0, 88)}`,
    `UPDATE lineitem SET l_quantity = 51 - l_quantity, l_discount = 0.06 WHERE l_orderkey % 61 = ${random.int(0, 60)}`,
  ];
}

async function refresh(client: SqlClient, { kind, orders }: RefreshBatch): Promise<readonly Outcome[]> {
  if (kind === 'insert') {
    return [await client.run('BEGIN'), await client.copy('orders', orders.map((o) => o.order)),
      await client.copy('lineitem', orders.flatMap((o) => o.lines)), await client.run('COMMIT')];
  }
  const keys = orders.map(({ order }) => order.slice(0, order.indexOf('\t'))).join(', ');
  return [await client.run('BEGIN'), await client.run(`DELETE FROM lineitem WHERE l_orderkey IN (${keys})`),
    await client.run(`DELETE FROM orders WHERE o_orderkey IN (${keys})`), await client.run('COMMIT')];
}

describe.runIf(oracle !== null)(`TPC-H at scale ${SCALE}, seed ${SEED}`, () => {
  const generator = new TpchGenerator(SCALE);
  const random = new Random(SEED);
  const stream = new RefreshStream(generator, 1000, SEED);
  let server: TestServer;
  let ours: SqlClient;
  let theirs: SqlClient;

  beforeAll(async () => {
    if (oracle === null) return;
    server = await startTestServer();
    ours = await SqlClient.connect(server.address, 'millrace');
    theirs = await SqlClient.connect(oracle, 'postgres');
    for (const sql of [`CREATE SCHEMA ${SCHEMA}`, `SET search_path = ${SCHEMA}`]) await theirs.run(sql);
    for (const table of TPCH_TABLES) {
      for (const client of [ours, theirs]) {
        expect((await client.run(createTpchTable(table))).code).toBeNull();
        expect((await client.copy(table, generator.rows(table))).code).toBeNull();
      }
    }
    for (const index of INDEXES) await theirs.run(`CREATE INDEX ON ${index}`);
    await theirs.run('ANALYZE');
  }, 120_000);

  afterAll(async () => {
    await theirs.run(`DROP SCHEMA ${SCHEMA} CASCADE`);
    theirs.close();
    ours.close();
    await server.stop();
  });

  const answered = new Map<number, number>();
  async function compare(when: string): Promise<readonly Mismatch[]> {
    const found: Mismatch[] = [];
    for (const [number, query] of Object.entries(TPCH_QUERIES)) {
      const wanted = await theirs.run(query);
      expect(wanted.code, wanted.message).toBeNull();
      answered.set(Number(number), Math.max(answered.get(Number(number)) ?? 0, wanted.rows.length));
      for (const sql of [`SELECT * FROM q${number}`, query]) {
        const mismatch = difference(`${when}, query ${number}: ${sql.slice(0, 20)}`, await ours.run(sql), wanted);
        if (mismatch !== null) found.push(mismatch);
      }
    }
    return found;
  }

  it('answers as views and ad hoc what PostgreSQL 15 answers, after each batch', { timeout: 400_000 }, async () => {
    for (const [number, query] of Object.entries(TPCH_QUERIES)) {
      const created = await ours.run(`CREATE MATERIALIZED VIEW q${number} AS ${query}`);
      expect(created.code, `query ${number}: ${created.message}`).toBeNull();
    }
    expect(await compare('at first')).toEqual([]);
    for (let batch = 1; batch <= BATCHES; batch++) {
      const next = stream.next();
      const [a, b] = [await refresh(ours, next), await refresh(theirs, next)];
      expect(a.map((o) => o.tag)).toEqual(b.map((o) => o.tag));
      for (const sql of sideChanges(random, generator)) {
        const [mine, wanted] = [await ours.run(sql), await theirs.run(sql)];
        expect(`${sql}: ${mine.tag} ${mine.code}`).toBe(`${sql}: ${wanted.tag} ${wanted.code}`);
      }
      expect(await compare(`batch ${batch}`)).toEqual([]);
    }
    const wanted = new Map<string, Outcome>();
    for (const [number, query] of Object.entries(TPCH_QUERIES)) wanted.set(number, await theirs.run(query));
    const refused: Record<string, readonly string[]> = {};
    for (const dialect of Object.keys(REFUSED)) {
      expect((await ours.run(`SET sql_dialect = '${dialect}'`)).code).toBeNull();
      const list: string[] = [];
      for (const [number, query] of Object.entries(TPCH_QUERIES)) {
        const mine = await ours.run(query);
        const other = wanted.get(number);
        if (mine.code === '42601' || mine.code === '0A000' || other === undefined) list.push(number);
        else expect(difference(`query ${number} in ${dialect}`, mine, other)).toBeNull();
      }
      refused[dialect] = list;
    }
    expect(refused).toEqual(REFUSED);
    const empty = [...answered].filter(([, rows]) => rows === 0).map(([number]) => number);
    expect(empty, 'queries that never found anything').toEqual([]);
  });
});
