// Views over RANGE frames with offsets, through changes of few rows of large partitions: each equals its query.
import { expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';
import { Random } from '../../support/random.ts';

interface Key {
  readonly type: string;
  /** An ordinary key. */
  value(random: Random): string;
  readonly extremes: readonly string[];
  readonly offsets: readonly string[];
}

/** Limits by months of what is near a month's end meet, and may go backwards. */
const monthEnds = (random: Random): string => `'2023-01-01'::timestamp + ${random.int(0, 11)} * interval '1 month'
  + interval '${random.pick([26, 27, 28, 29, 30])} days ${random.int(0, 3) * 6} hours'`;
const days = (random: Random): string => `'2024-01-01'::timestamp + ${random.int(0, 4000)} * interval '1 hour'`;
const KEYS: readonly Key[] = [
  { type: 'int', value: (r) => String(r.int(0, 500)), extremes: ['2147483647', '-2147483648', 'NULL'], offsets: ['0', '1', '7'] },
  { type: 'int8', value: (r) => String(r.int(0, 500)), extremes: ['9223372036854775807', 'NULL'], offsets: ['0', '3'] },
  {
    type: 'float8', value: (r) => String(r.int(0, 5000) / 8), offsets: ['0.5', '3', `'infinity'`],
    extremes: [`'NaN'`, `'infinity'`, `'-infinity'`, `'-0'`, '1e308', 'NULL'],
  },
  {
    type: 'numeric', value: (r) => String(r.int(0, 5000) / 8), offsets: ['0.5', '3.25', `'infinity'`],
    extremes: [`'NaN'`, `'infinity'`, `'-infinity'`, 'NULL'],
  },
  {
    type: 'date', value: (r) => `(${days(r)})::date`, offsets: [`'1 day'`, `'1 month'`, `'1 month 36 hours'`],
    extremes: [`'infinity'`, `'-infinity'`, `'5874897-12-31'`, `'4713-01-01 BC'`, 'NULL'],
  },
  {
    type: 'timestamp', value: days, offsets: [`'3 hours'`, `'1 day'`, `'1 month'`],
    extremes: [`'infinity'`, `'-infinity'`, `'294246-12-31'`, `'4713-01-01 BC'`, 'NULL'],
  },
  { type: 'timestamp', value: monthEnds, offsets: [`'1 day'`, `'1 month'`, `'1 month 1 day'`, `'2 months -12 hours'`], extremes: ['NULL'] },
  { type: 'timestamptz', value: monthEnds, offsets: [`'1 month'`, `'13 months'`, `'3 months -1 day'`], extremes: [`'infinity'`, 'NULL'] },
  {
    type: 'timestamptz', value: days, offsets: [`'3 hours'`, `'1 day'`, `'1 month'`],
    extremes: [`'infinity'`, `'-infinity'`, `'294246-12-31'`, 'NULL'],
  },
  { type: 'time', value: (r) => `(${days(r)})::time`, offsets: [`'3 hours'`, `'20 hours'`], extremes: [`'24:00'`, 'NULL'] },
  { type: 'interval', value: (r) => `${r.int(0, 4000)} * interval '1 hour'`, offsets: [`'3 hours'`, `'1 day'`], extremes: ['NULL'] },
];

function frame(random: Random, { type, offsets }: Key): string {
  const moments = ['date', 'timestamp', 'timestamptz', 'time', 'interval'].includes(type);
  const offset = (): string => `${random.pick(offsets)}::${moments ? 'interval' : type === 'int8' ? 'int8' : type}`;
  const limits = (): readonly string[] => ['UNBOUNDED PRECEDING', `${offset()} PRECEDING`, 'CURRENT ROW', `${offset()} FOLLOWING`, 'UNBOUNDED FOLLOWING'];
  const start = random.int(0, 3);
  const end = random.int(Math.max(1, start), 4);
  const exclude = random.pick(['', '', 'EXCLUDE TIES', 'EXCLUDE GROUP']);
  return `RANGE BETWEEN ${limits()[start]} AND ${limits()[end]} ${exclude}`;
}

async function outcome(client: Client, sql: string): Promise<readonly string[]> {
  try {
    return (await client.rows(sql)).toSorted();
  } catch (error) {
    return [String((error as { code?: unknown }).code)];
  }
}

async function run(seed: number, key: Key): Promise<void> {
  const random = new Random(seed);
  const database = await openDatabase({ data: ':memory:' });
  const client = new Client(database);
  try {
    await client.query(`CREATE TABLE t (id int, g int, k ${key.type}, v int)`);
    const queries: string[] = [];
    for (let v = 0; v < 4; v++) {
      const order = `ORDER BY k ${random.pick(['', 'DESC', 'NULLS FIRST', 'DESC NULLS LAST'])}`;
      const over = `OVER (${random.pick(['', 'PARTITION BY g'])} ${order} ${frame(random, key)})`;
      const query = `SELECT id, sum(v) ${over} AS a, count(*) ${over} AS b, last_value(id) ${over} AS c FROM t`;
      await client.query(`CREATE MATERIALIZED VIEW m${v} AS ${query}`);
      queries.push(query);
    }
    let next = 0;
    const rows = (count: number, extremes: number): string => Array.from({ length: count }, () => {
      const value = random.bool(extremes) ? random.pick(key.extremes) : key.value(random);
      return `(${next++}, ${random.int(0, 1)}, (${value})::${key.type}, ${random.int(0, 9)})`;
    }).join(', ');
    await client.query(`INSERT INTO t VALUES ${rows(120, 0.02)}`);
    for (let epoch = 0; epoch < 12; epoch++) {
      const some = `id IN (${Array.from({ length: 3 }, () => random.int(0, next)).join(', ')})`;
      await client.query(random.pick([
        `INSERT INTO t VALUES ${rows(2, 0.2)}`, `DELETE FROM t WHERE ${some}`, `UPDATE t SET v = v + 1 WHERE ${some}`,
        `UPDATE t SET k = (${key.value(random)})::${key.type} WHERE ${some}`, `DELETE FROM t WHERE k IN (SELECT max(k) FROM t)`,
      ]));
      for (const [v, query] of queries.entries()) {
        expect(await outcome(client, `SELECT * FROM m${v}`), `seed ${seed}, ${key.type}, epoch ${epoch}: ${query}`)
          .toEqual(await outcome(client, query));
      }
    }
  } finally {
    await client.close();
    await database.close();
  }
}

test.each(KEYS)('over $type', async (key) => {
  for (let seed = 1; seed <= 5; seed++) await run(seed, key);
});
