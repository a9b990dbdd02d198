// Laws that need no judge, on random cases: how changes are cut into commits does not matter to a view; a predicate, its negation
// and its being NULL part the rows (TLP); a filter keeps as many rows as its condition is true of (NoREC); the rows are the same
// with each rewrite of the optimizer left out, and in any order of joins.
import { DatabaseError } from '../../engine/data/error.ts';
import { openDatabase } from '../../sql/index.ts';
import { REWRITES } from '../../sql/optimizer/optimizer.ts';
import { Client } from '../support/client.ts';
import { Random } from '../support/random.ts';
import { canonical } from './compare.ts';
import { createTables, generateCase } from './generate.ts';
import type { CaseSpec } from './generate.ts';
import { QueryWriter } from './queries.ts';

/** What broke a law, with what to do to see it again; and how many answers were compared. */
export interface LawReport {
  readonly broken: readonly string[];
  readonly comparisons: number;
}

/** Rows as sorted text, or the SQLSTATE. */
type Answer = readonly string[] | string;

async function answer(client: Client, sql: string): Promise<Answer> {
  try {
    const results = await client.query(sql);
    return (results.at(-1)?.rows ?? []).map((row) => canonical(JSON.stringify(row))).toSorted();
  } catch (error) {
    if (error instanceof DatabaseError) return error.code;
    throw error;
  }
}

/** One after the other, as a session wants it. */
async function answersOf(client: Client, queries: readonly string[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const sql of queries) answers.push(await answer(client, sql));
  return answers;
}

function same(a: Answer, b: Answer): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** On an empty database in memory with the case's types and tables. */
async function withTables<T>(spec: CaseSpec, work: (client: Client) => Promise<T>): Promise<T> {
  const database = await openDatabase({ data: ':memory:' });
  const client = new Client(database);
  try {
    for (const sql of [...spec.types, ...spec.tables.flatMap(createTables)]) await client.query(sql);
    return await work(client);
  } finally {
    await client.close();
    await database.close();
  }
}

/** Creates those that can be created; their numbers. */
async function createViews(client: Client, queries: readonly string[]): Promise<number[]> {
  const made: number[] = [];
  for (const [i, query] of queries.entries()) {
    if (typeof await answer(client, `CREATE MATERIALIZED VIEW m${i} AS ${query}`) !== 'string') made.push(i);
  }
  return made;
}

/** Each statement a transaction; those that fail are left out. */
async function runAll(client: Client, statements: readonly string[]): Promise<string[]> {
  const done: string[] = [];
  for (const sql of statements) if (typeof await answer(client, sql) !== 'string') done.push(sql);
  return done;
}

/** Not one of the large ones. */
function caseOf(seed: number): CaseSpec {
  for (let at = seed; ; at += 1_000_003) {
    const spec = generateCase(new Random(at), at, { views: 8, transactions: 8 });
    if (spec.tables.length > 1) return spec;
  }
}

function changesOf(spec: CaseSpec): string[] {
  return spec.transactions.flatMap(plainOf);
}

/** Without savepoints and COPY. */
function plainOf({ statements }: CaseSpec['transactions'][number]): string[] {
  return statements.filter((s) => !/^(SAVEPOINT|ROLLBACK|RELEASE|COPY)/.test(s));
}

/** The same changes in commits of 1, 3, 7 and all of them: the same views. */
export async function chunking(seed: number): Promise<LawReport> {
  const spec = caseOf(seed);
  const queries = spec.views.filter((v) => !/\bv\d\b/.test(v.query)).map((v) => v.query);
  let changes = changesOf(spec);
  let expected: Answer[] | null = null;
  const broken: string[] = [];
  let comparisons = 0;
  for (const size of [1, 3, 7, changes.length]) {
    const answers = await withTables(spec, async (client) => {
      const made = await createViews(client, queries);
      if (size === 1) changes = await runAll(client, changes);
      else for (let at = 0; at < changes.length; at += size) await client.query(['BEGIN', ...changes.slice(at, at + size), 'COMMIT'].join('; '));
      return answersOf(client, made.map((i) => `SELECT * FROM m${i}`));
    });
    expected ??= answers;
    for (const [i, got] of answers.entries()) {
      comparisons++;
      if (!same(got, expected[i])) {
        broken.push([`chunking ${seed}: commits of ${size}: ${queries[i]}`, JSON.stringify(got), JSON.stringify(expected[i]), ...changes].join('\n'));
      }
    }
  }
  return { broken, comparisons };
}

/** A query and the queries whose rows, taken together, are its rows. */
interface Law {
  readonly name: string;
  readonly whole: string;
  readonly parts: readonly string[];
}

function partitions(random: Random, writer: QueryWriter): Law[] {
  const { sql, fields } = writer.from();
  const list = writer.named(writer.list(fields, 2));
  const p = writer.predicate(fields);
  const base = writer.where(fields);
  const and = (condition: string): string => (base === '' ? ` WHERE ${condition}` : `${base.replace(/^ WHERE (.*)$/s, ' WHERE ($1)')} AND (${condition})`);
  const parts = [`(${p}) = true`, `NOT (${p})`, `(${p}) IS NULL`].map((c) => `SELECT ${list} FROM ${sql}${and(c)}`);
  const key = random.pick(fields).sql;
  return [
    { name: 'TLP', whole: `SELECT ${list} FROM ${sql}${base}`, parts },
    { name: 'TLP of DISTINCT', whole: `SELECT DISTINCT ${list} FROM ${sql}${base}`, parts: [parts.join(' UNION ')] },
    { name: 'TLP of sums', whole: `SELECT count(*)::numeric, count(${key})::numeric FROM ${sql}${base}`,
      parts: [`SELECT sum(n), sum(k) FROM (${parts.map((part) => part.replace(list, `count(*) AS n, count(${key}) AS k`)).join(' UNION ALL ')}) s`] },
    { name: 'NoREC', whole: `SELECT count(*) FROM ${sql} WHERE ${p}`, parts: [`SELECT coalesce(sum(CASE WHEN ${p} THEN 1 ELSE 0 END), 0) FROM ${sql}`] },
  ];
}

/** TLP and NoREC, of views and ad hoc, after each transaction. */
export async function partitioning(seed: number): Promise<LawReport> {
  const spec = caseOf(seed);
  const random = new Random(seed + 1);
  const laws = Array.from({ length: 3 }, () => partitions(random, new QueryWriter(random, spec.tables))).flat();
  const queries = laws.flatMap((law) => [law.whole, ...law.parts]);
  const broken: string[] = [];
  let comparisons = 0;
  await withTables(spec, async (client) => {
    const made = await createViews(client, queries);
    for (const transaction of spec.transactions) {
      await runAll(client, plainOf(transaction));
      let at = 0;
      for (const law of laws) {
        const own = [law.whole, ...law.parts].map((query) => ({ query, view: `SELECT * FROM m${at}`, made: made.includes(at++) }));
        if (!own.every((q) => q.made)) continue;
        for (const read of ['view', 'query'] as const) {
          const [whole, ...parts] = await answersOf(client, own.map((q) => q[read]));
          comparisons++;
          if (typeof whole === 'string' || parts.some((part) => typeof part === 'string')) continue;
          const sum = parts.flat().toSorted();
          if (!same(whole, sum)) broken.push(`${law.name} ${seed}, ${read}: ${own.map((q) => q.query).join('\n  ')}\n${JSON.stringify(whole)}\n${JSON.stringify(sum)}`);
        }
      }
    }
  });
  return { broken, comparisons };
}

const SHAPES = [
  ...REWRITES.map(({ name }) => `SET optimizer_seed = 0; SET optimizer_disable = '${name}'`),
  `SET optimizer_seed = 0; SET optimizer_disable = '${REWRITES.map((r) => r.name).join(',')}'`,
  ...[1, 2, 3, 4].map((seed) => `SET optimizer_seed = ${seed}; SET optimizer_disable = ''`),
];

/** Each view with each rewrite left out, with all, and with joins in orders of chance: the same rows. */
export async function planShapes(seed: number): Promise<LawReport> {
  const spec = caseOf(seed);
  const queries = spec.views.filter((v) => !/\bv\d\b/.test(v.query)).map((v) => v.query).slice(0, 5);
  const broken: string[] = [];
  let comparisons = 0;
  await withTables(spec, async (client) => {
    const made = await createViews(client, queries);
    for (const [shape, set] of SHAPES.entries()) {
      await client.query(set);
      for (const i of made) await client.query(`CREATE MATERIALIZED VIEW s${shape}_${i} AS ${queries[i]}`);
    }
    for (const transaction of spec.transactions) {
      await runAll(client, plainOf(transaction));
      for (const i of made) {
        const expected = await answer(client, `SELECT * FROM m${i}`);
        for (const [shape, set] of SHAPES.entries()) {
          comparisons++;
          const got = await answer(client, `SELECT * FROM s${shape}_${i}`);
          if (!same(got, expected)) broken.push(`plan ${seed}, ${set}: ${queries[i]}\n${JSON.stringify(got)}\n${JSON.stringify(expected)}`);
        }
      }
    }
  });
  return { broken, comparisons };
}

/** All of them. */
export const LAWS = { chunking, partitioning, planShapes };
