// npm run bench index: what reading by keys and indexes of a table of a million rows takes, a statement at a time.
import { openDatabase } from '../../sql/index.ts';
import { Client } from '../../test/support/client.ts';

const ROWS = 1_000_000;
const TIMES = 200;

/** `at`: a number below ROWS, another one each time. `most`: milliseconds that the median may take. */
interface Read { readonly name: string; readonly sql: (at: number) => string; readonly most: number }

const READS: readonly Read[] = [
  { name: 'point read by primary key', sql: (at) => `SELECT * FROM t WHERE id = ${at}`, most: 5 },
  { name: 'range of 100 rows', sql: (at) => `SELECT * FROM t WHERE id BETWEEN ${at} AND ${at + 99}`, most: 5 },
  { name: 'range of a second index', sql: (at) => `SELECT * FROM t WHERE a BETWEEN ${at % 90_000} AND ${at % 90_000 + 9}`, most: 5 },
  { name: 'last ten by key', sql: (at) => `SELECT * FROM t WHERE id < ${at} ORDER BY id DESC LIMIT 10`, most: 5 },
  { name: 'min and max', sql: (at) => `SELECT min(a), max(a) FROM t WHERE a > ${at % 90_000}`, most: 25 },
  { name: 'join of 20 rows', sql: (at) => `SELECT * FROM few JOIN t ON t.id = few.id + ${at % 1000}`, most: 10 },
];

/** Whether each holds. */
export async function runIndexReads(): Promise<boolean> {
  const database = await openDatabase({ data: ':memory:', now: () => BigInt(Date.now()) * 1000n, random: Math.random });
  const client = new Client(database);
  let holds = true;
  try {
    await client.query('CREATE TABLE t (id bigint PRIMARY KEY, a int, b text); CREATE TABLE few (id bigint)');
    await client.query(`INSERT INTO t SELECT g, (g * 7919 % 100000)::int, 'row ' || g FROM generate_series(1::bigint, ${ROWS}) g`);
    await client.query('CREATE INDEX ON t (a); INSERT INTO few SELECT g * 1000 FROM generate_series(1, 20) g');
    for (const { name, sql, most } of READS) {
      // An index is put in order when it is first asked for that, in parts.
      for (let n = 0; n < 8; n++) await client.query(sql(n * 1009 + 1));
      const times: number[] = [];
      for (let n = 0; n < TIMES; n++) {
        const start = performance.now();
        await client.query(sql(((n + 1) * 7919) % (ROWS - 1000) + 1));
        times.push(performance.now() - start);
      }
      times.sort((a, b) => a - b);
      const [median, late] = [times[TIMES >> 1], times[Math.floor(TIMES * 0.99)]];
      holds &&= median <= most;
      console.log(`${name.padEnd(28)} median ${median.toFixed(2)} ms, p99 ${late.toFixed(2)} ms (at most ${most} ms)`);
    }
  } finally {
    await client.close();
    await database.close();
  }
  return holds;
}
