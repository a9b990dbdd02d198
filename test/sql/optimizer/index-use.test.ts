// Indexes change no answer: a table with indexes and its twin without, under the same random changes and queries.
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';
import { Random } from '../../support/random.ts';

const INDEXES = ['(a)', '(b, a)', '(c, id)', '(upper(b))', '(c) WHERE a > 0', '(a DESC, b) INCLUDE (c)', '(f)', '(id, a)', '((a + c))'];
const ORDERS = ['a', 'b', 'c', 'id', 'f', 'upper(b)', 'a + c'];

function predicate(r: Random): string {
  const number = (): string => String(r.int(-12, 12));
  const text = (): string => `'${r.pick(['k', 'k1', 'ü', '', 'k%', 'zz'])}${r.int(0, 9)}'`;
  const ofColumn = (): string => r.pick([
    `a ${r.pick(['<', '<=', '>', '>=', '=', '<>'])} ${number()}`, `${number()} ${r.pick(['<', '>='])} a`,
    `a BETWEEN ${number()} AND ${number()}`, `a IN (${number()}, ${number()}, NULL)`, `a IS NULL`, `a = NULL`,
    `b ${r.pick(['<', '>=', '=', '>'])} ${text()}`, `b LIKE '${r.pick(['k', 'k1', 'ü', '', 'k\\_', '_'])}%'`, `starts_with(b, 'k2')`,
    `upper(b) ${r.pick(['=', '>', '<='])} upper(${text()})`, `c ${r.pick(['=', '<', '>'])} ${number()}::${r.pick(['int', 'bigint', 'smallint'])}`,
    `id ${r.pick(['<', '>='])} ${r.int(0, 200)}`, `id IN (${r.int(0, 200)}, ${r.int(0, 200)})`, `id BETWEEN ${r.int(0, 100)} AND ${r.int(0, 200)}`,
    `f ${r.pick(['<', '>', '='])} ${r.pick(['1.5', "'NaN'", '0', "'-Infinity'"])}`, `a + c ${r.pick(['<', '>'])} ${number()}`,
  ]);
  const parts = Array.from({ length: r.int(1, 3) }, ofColumn);
  return parts.map((p) => (r.bool(0.2) ? `(${p} OR ${ofColumn()})` : p)).join(' AND ');
}

function join(r: Random): (table: string) => string {
  const on = r.pick([
    't.id = o.k', 'o.k = t.id AND t.a > 0', 't.b = o.b', 't.b = o.b AND t.a = o.k', 't.c = o.k', 't.c = o.k AND t.id = o.k',
    't.id = o.k AND upper(t.b) = upper(o.b)', 't.a = o.k', 't.id = o.k + 1',
  ]);
  const where = r.bool(0.4) ? ` WHERE o.k ${r.pick(['<', '>', '='])} ${r.int(0, 40)}` : '';
  const kind = r.pick(['JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN']);
  const order = ' ORDER BY o.n, t.id';
  const not = r.bool() ? 'NOT ' : '';
  return r.pick([
    (table: string): string => `SELECT o.n, o.k, t.id, t.a, t.b FROM o ${kind} ${table} t ON ${on}${where}${order}`,
    (table: string): string => `SELECT o.n, o.k, t.id, t.a, t.b FROM ${table} t ${kind} o ON ${on}${where}${order}`,
    (table: string): string => `SELECT o.n FROM o${where}${where === '' ? ' WHERE' : ' AND'} ${not}EXISTS (SELECT FROM ${table} t WHERE ${on}) ORDER BY o.n`,
    (table: string): string => `SELECT o.n, (SELECT max(t.a) FROM ${table} t WHERE ${on}) FROM o${where} ORDER BY o.n`,
    (table: string): string => `SELECT o.n, (SELECT t.a FROM ${table} t WHERE t.id = o.k) FROM o${where} ORDER BY o.n`,
    (table: string): string => `SELECT o.n, x.id FROM o JOIN ${table} t ON ${on} JOIN ${table} x ON x.id = t.a${where} ORDER BY o.n, t.id, x.id`,
    (table: string): string => `SELECT n FROM o WHERE k IN (SELECT id FROM ${table} WHERE a > 0) ORDER BY n`,
  ]);
}

function query(r: Random): (table: string) => string {
  if (r.bool(0.3)) return join(r);
  const where = r.bool(0.7) ? ` WHERE ${predicate(r)}` : '';
  if (r.bool(0.25)) {
    const calls = Array.from({ length: r.int(1, 2) }, () => `${r.pick(['min', 'max'])}(${r.pick(ORDERS)})`);
    return (table) => `SELECT ${calls.join(', ')} FROM ${table}${where}`;
  }
  const nulls = (): string => r.pick(['', '', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST']);
  const order = [...r.shuffle(ORDERS).slice(0, r.int(0, 2)).map((o) => `${o}${nulls()}`), `id${r.pick(['', ' DESC'])}`];
  const limit = r.bool(0.7) ? ` LIMIT ${r.int(0, 12)}${r.bool(0.2) ? ` OFFSET ${r.int(0, 20)}` : ''}` : '';
  return (table) => `SELECT id, a, b, c, f FROM ${table}${where} ORDER BY ${order.join(', ')}${limit}`;
}

function change(r: Random, next: { id: number }): readonly ((table: string) => string)[] {
  const maybe = (v: string): string => (r.bool(0.1) ? 'NULL' : v);
  const row = (): string => `(${next.id++}, ${maybe(String(r.int(-10, 10)))}, ${maybe(`'${r.pick(['k', 'ü', 'K', 'k_'])}${r.int(0, 30)}'`)}, `
    + `${maybe(String(r.int(-10, 10)))}, ${maybe(r.pick(["'NaN'", '1.5', '-0.0', '0', "'Infinity'", String(r.int(-5, 5))]))})`;
  const rows = Array.from({ length: r.int(1, r.pick([3, 40])) }, row).join(', ');
  return [r.pick<(table: string) => string>([
    (t) => `INSERT INTO ${t} VALUES ${rows}`, (t) => `INSERT INTO ${t} VALUES ${rows}`, (t) => `INSERT INTO ${t} VALUES ${rows}`,
    (() => {
      const where = predicate(r);
      return (t: string): string => `DELETE FROM ${t} WHERE ${where}`;
    })(),
    (() => {
      const where = predicate(r);
      const to = r.int(-10, 10);
      return (t: string): string => `UPDATE ${t} SET a = ${to}, b = b || 'x' WHERE ${where}`;
    })(),
  ])];
}

async function run(seed: number, memoryBytes: number | undefined): Promise<void> {
  const r = new Random(seed);
  const database = await openDatabase({
    data: ':memory:', now: () => 1_700_000_000_000_000n, random: () => 0.5, ...memoryBytes === undefined ? {} : { memoryBytes },
  });
  const client = new Client(database);
  const ask = async (sql: string): Promise<unknown> => {
    try {
      return (await client.query(sql)).map((result) => result.rows);
    } catch (error) {
      return String(error);
    }
  };
  try {
    const columns = '(id int PRIMARY KEY, a int, b text, c smallint, f float8)';
    await client.query(`CREATE TABLE t ${columns}`);
    await client.query('CREATE TABLE u (id int, a int, b text, c smallint, f float8)');
    for (const index of r.shuffle(INDEXES).slice(0, r.int(1, 6))) await client.query(`CREATE INDEX ON t ${index}`);
    await client.query('CREATE TABLE o (n int, k int, b text)');
    await client.query("INSERT INTO o SELECT g, CASE WHEN g % 7 = 0 THEN NULL ELSE g * 3 % 41 END, 'k' || g FROM generate_series(1, 20) g");
    const next = { id: 1 };
    for (let step = 0; step < 10; step++) {
      if (r.bool(0.3)) await ask(r.pick(['BEGIN', 'COMMIT', 'ROLLBACK']));
      for (const sql of change(r, next)) {
        const [t, u] = [await ask(sql('t')), await ask(sql('u'))];
        expect(t, `seed ${seed}: ${sql('t')}`).toEqual(u);
      }
      for (let n = 0; n < 8; n++) {
        const sql = query(r);
        const [t, u] = [await ask(sql('t')), await ask(sql('u'))];
        expect(t, `seed ${seed}: ${sql('t')}`).toEqual(u);
      }
    }
  } finally {
    await client.close();
    await database.close();
  }
}

describe('indexes', () => {
  it('change no answer', async () => {
    for (let seed = 1; seed <= 10; seed++) await run(seed, undefined);
  });

  it('change no answer where no page stays in memory', async () => {
    for (let seed = 101; seed <= 104; seed++) await run(seed, 1);
  });
});
