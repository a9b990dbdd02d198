// More forms of random queries: recursion, frames, windows over groups, nested joins and subqueries, JSON and arrays made of rows.
import type { Random } from '../support/random.ts';
import type { Field } from './expressions.ts';
import type { From, Query, QueryWriter } from './queries.ts';
import type { ColumnType } from './values.ts';

type Form = (random: Random, writer: QueryWriter) => Query | null;

/** One of them that the tables lend themselves to, or a plain query. */
export function otherForm(random: Random, writer: QueryWriter): Query {
  for (let tries = 0; tries < 4; tries++) {
    const query = random.pick(FORMS)(random, writer);
    if (query !== null) return query;
  }
  return writer.plain();
}

const unnamed = (sql: string): Query => ({ sql, columns: null });

/** What reaches what over two columns of one type, or how far, counted up to a bound. */
const recursive: Form = (r, w) => {
  const edge = w.relation();
  const pair = pairOf(r, edge.fields);
  if (pair === null) return null;
  const [a, b] = pair;
  const start = w.relation();
  const from = w.field(start.fields, [a.type]);
  if (from === null) return null;
  const { type } = a;
  const seen = `SELECT ${from.sql} FROM ${start.sql}${w.where(start.fields)}`;
  const step = `SELECT ${b.sql} FROM walk JOIN ${edge.sql} ON ${a.sql} = walk.x`;
  const fields: Field[] = [{ sql: 'x', type, vague: true }];
  return unnamed(r.pick([
    `WITH RECURSIVE walk(x) AS (${seen} UNION ${step}) SELECT x, x IS NULL AS missing FROM walk`,
    `WITH RECURSIVE walk(x) AS (${seen} UNION ${step}) SELECT count(*), count(x) FROM walk`,
    `WITH RECURSIVE walk(x) AS (${seen} UNION ${step}${w.where([...edge.fields])}) SELECT ${w.named(w.list(fields, 1))} FROM walk`,
    `WITH RECURSIVE walk(x, n) AS (SELECT ${from.sql}, 1 FROM ${start.sql} UNION SELECT ${b.sql}, n + 1 FROM walk JOIN ${edge.sql} ON ${a.sql} = x WHERE n < 4) SELECT * FROM walk`,
    `WITH RECURSIVE walk(x, n) AS (SELECT ${from.sql}, 1 FROM ${start.sql} UNION SELECT ${b.sql}, n + 1 FROM walk, ${edge.sql} WHERE ${a.sql} = x AND n < 3) SELECT n, count(*) FROM walk GROUP BY n`,
    `WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i, count(${a.sql}) AS c FROM n LEFT JOIN ${edge.sql} ON ${a.sql} IS NOT NULL AND i > 2 GROUP BY i`,
  ]));
};

/** Two of one type whose equal values look the same. */
function pairOf(r: Random, fields: readonly Field[]): readonly [Field, Field] | null {
  const plain = fields.filter((f) => ['int4', 'text', 'date', 'uuid', 'boolean', 'mood', 'inet'].includes(f.type) && f.vague !== true);
  const pairs = plain.flatMap((a) => plain.filter((b) => b.type === a.type).map((b) => [a, b] as const));
  return pairs.length === 0 ? null : r.pick(pairs);
}

/** Every kind of frame, the order total but where peers count as one. */
const frames: Form = (r, w) => {
  const { sql, fields } = w.from();
  const total = r.shuffle(fields).map((f) => `${f.sql}${r.pick(['', ' DESC', ' NULLS FIRST'])}`).join(', ');
  const by = r.bool(0.6) ? `PARTITION BY ${r.pick(fields).sql} ` : '';
  const int = w.field(fields, ['int4', 'int8']);
  const date = w.field(fields, ['date', 'timestamp']);
  const asked = w.relation();
  const count = `(SELECT count(*) % 3 FROM ${asked.sql}${w.where(asked.fields)})`;
  const bound = (): string => r.pick([
    `${count} PRECEDING AND CURRENT ROW`, `${count} PRECEDING AND ${count} + 1 FOLLOWING`,
    'UNBOUNDED PRECEDING AND CURRENT ROW', '1 PRECEDING AND 1 FOLLOWING', 'CURRENT ROW AND UNBOUNDED FOLLOWING', '2 PRECEDING AND 1 PRECEDING',
    '1 FOLLOWING AND 3 FOLLOWING', 'UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING', 'CURRENT ROW AND CURRENT ROW', '0 PRECEDING AND 2 FOLLOWING']);
  const exclude = (): string => r.pick(['', '', ' EXCLUDE CURRENT ROW', ' EXCLUDE GROUP', ' EXCLUDE TIES', ' EXCLUDE NO OTHERS']);
  const windows = [
    `(${by}ORDER BY ${total} ROWS BETWEEN ${bound()}${exclude()})`,
    `(${by}ORDER BY ${r.pick(fields).sql} GROUPS BETWEEN ${bound()}${exclude()})`,
    `(${by}ORDER BY ${r.pick(fields).sql} RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW${exclude()})`,
  ];
  if (int !== null) windows.push(`(${by}ORDER BY ${int.sql}${r.pick(['', ' DESC'])} RANGE BETWEEN ${bound()}${exclude()})`);
  if (date !== null) windows.push(`(${by}ORDER BY ${date.sql} RANGE BETWEEN '1 day' PRECEDING AND '2 days' FOLLOWING${exclude()})`);
  const field = r.pick(fields);
  const calls = ['count(*)', `count(${field.sql})`, `count(*) FILTER (WHERE ${w.predicate(fields)})`];
  const number = w.field(fields, ['int4']);
  if (number !== null) calls.push(`sum(${number.sql})`, `min(${number.sql})`, `max(${number.sql})`, `avg(${number.sql})`, `bit_or(${number.sql})`);
  const list = [field.sql, `${r.pick(calls)} OVER w`, `${r.pick(calls)} OVER w`];
  if (r.bool(0.3)) list.push(`rank() OVER (w2 ORDER BY ${r.pick(fields).sql})`);
  const named = list.map((e, i) => `${e} AS c${i}`).join(', ');
  return unnamed(`SELECT ${named} FROM ${sql}${w.where(fields)} WINDOW w AS ${r.pick(windows)}, w2 AS (${by.trim()})`);
};

/** Windows over groups, and a filter on the outcome: the top of each group. */
const rankedGroups: Form = (r, w) => {
  const { sql, fields } = w.from();
  const [a, b] = [r.pick(fields), r.pick(fields)];
  const total = w.aggregate(fields);
  return unnamed(r.pick([
    `SELECT ${a.sql} AS c0, count(*) AS c1, rank() OVER (ORDER BY count(*) DESC) AS c2, sum(count(*)) OVER () AS c3 FROM ${sql}${w.where(fields)} GROUP BY ${a.sql}`,
    `SELECT ${a.sql} AS c0, ${b.sql} AS c1, count(*) AS c2, sum(count(*)) OVER (PARTITION BY ${a.sql}) AS c3 FROM ${sql} GROUP BY ${a.sql}, ${b.sql}`,
    `SELECT * FROM (SELECT ${a.sql} AS c0, ${b.sql} AS c1, row_number() OVER (PARTITION BY ${a.sql} ORDER BY ${b.sql}) AS n FROM ${sql}${w.where(fields)}) s WHERE n <= ${r.int(1, 2)}`,
    `SELECT c0, n FROM (SELECT ${a.sql} AS c0, dense_rank() OVER (ORDER BY ${b.sql} DESC NULLS LAST) AS n FROM ${sql}) s WHERE n = ${r.int(1, 3)}`,
    `SELECT ${a.sql} AS c0, ${total.sql} AS c1, count(*) > lag(count(*)) OVER (ORDER BY ${a.sql}) AS c2 FROM ${sql} GROUP BY ${a.sql} ORDER BY 1 LIMIT 5`,
  ]));
};

/** Joins of joins in brackets, on inequalities, on expressions, on what is not distinct. */
const nestedJoin: Form = (r, w) => {
  const [a, b, c] = [w.relation(), w.relation(), w.relation()];
  const inner = on(r, w, b, c);
  const both = [...b.fields, ...c.fields];
  const outer = on(r, w, a, { sql: '', fields: both });
  const kinds = ['JOIN', 'LEFT JOIN', 'RIGHT JOIN'];
  const all = [...a.fields, ...both];
  const from = r.bool()
    ? `${a.sql} ${r.pick(kinds)} (${b.sql} ${r.pick(kinds)} ${c.sql} ON ${inner}) ON ${outer}`
    : `(${b.sql} ${r.pick(kinds)} ${c.sql} ON ${inner}) ${r.pick(kinds)} ${a.sql} ON ${outer}`;
  const where = r.bool(0.4) ? ` WHERE ${r.pick(all).sql} ${r.pick(['IS NULL', 'IS NOT NULL'])}` : w.where(all);
  if (r.bool(0.3)) {
    const key = r.pick(all);
    return unnamed(`SELECT ${key.sql} AS c0, ${w.aggregate(all).sql} AS c1, count(*) AS c2 FROM ${from}${where} GROUP BY ${key.sql}`);
  }
  return unnamed(`SELECT ${w.named(w.list(all, r.int(1, 3)))} FROM ${from}${where}`);
};

function on(r: Random, w: QueryWriter, left: From, right: From): string {
  const pair = w.joinable(left.fields, right.fields);
  const all = [...left.fields, ...right.fields];
  if (pair === null) return w.predicate(all);
  const [x, y] = pair;
  return r.pick([
    `${x.sql} = ${y.sql}`, `${x.sql} = ${y.sql}`, `${x.sql} IS NOT DISTINCT FROM ${y.sql}`, `${x.sql} < ${y.sql}`, `${x.sql} <> ${y.sql}`,
    `${x.sql} = ${y.sql} AND ${w.predicate(all)}`, `${x.sql} = ${y.sql} OR ${w.predicate(right.fields)}`,
  ]);
}

/** Subqueries where an expression may stand: in CASE, under OR and NOT, of rows, of arrays, two deep, in HAVING and in ON. */
const subqueries: Form = (r, w) => {
  const outer = w.relation();
  const [one, two] = [w.relation(), w.relation()];
  const pair = w.joinable(outer.fields, one.fields);
  const deep = w.joinable(one.fields, two.fields);
  if (pair === null || deep === null) return null;
  const tie = `${pair[1].sql} = ${pair[0].sql}`;
  const deepTie = `${deep[1].sql} = ${deep[0].sql}`;
  const up = w.joinable(outer.fields, two.fields);
  const both = up === null ? deepTie : `${deepTie} AND ${up[1].sql} = ${up[0].sql}`;
  const own = w.list(outer.fields, 1)[0].sql;
  const scalar = w.aggregate(one.fields).sql;
  const list = w.list(one.fields, 1)[0];
  return unnamed(r.pick([
    `SELECT ${own} AS c0, CASE WHEN EXISTS (SELECT 1 FROM ${one.sql} WHERE ${tie}) THEN (SELECT ${scalar} FROM ${one.sql} WHERE ${tie}) END AS c1 FROM ${outer.sql}`,
    `SELECT ${own} AS c0 FROM ${outer.sql} WHERE ${w.predicate(outer.fields)} OR NOT EXISTS (SELECT 1 FROM ${one.sql} WHERE ${tie} AND EXISTS (SELECT 1 FROM ${two.sql} WHERE ${both}))`,
    `SELECT ${own} AS c0, (SELECT count(*) FROM ${one.sql} WHERE ${tie} AND (SELECT count(*) FROM ${two.sql} WHERE ${both}) > 0) AS c1 FROM ${outer.sql}`,
    `SELECT ${own} AS c0, ARRAY(SELECT ${list.sql}::text FROM ${one.sql} WHERE ${tie} ORDER BY ${list.sql}::text) AS c1 FROM ${outer.sql}`,
    `SELECT ${pair[0].sql} AS c0, ${pair[0].sql} IN (SELECT ${pair[1].sql} FROM ${one.sql}${w.where(one.fields)}) AS c1, count(*) AS c2 FROM ${outer.sql} GROUP BY 1, 2`,
    `SELECT ${own} AS c0, (SELECT max(n) FROM (SELECT count(*) AS n FROM ${one.sql} WHERE ${tie} GROUP BY ${list.sql}) s) AS c1 FROM ${outer.sql}`,
    `SELECT ${own} AS c0, coalesce((SELECT count(*) FROM ${one.sql} WHERE ${tie}), -1) + (SELECT count(*) FROM ${two.sql}) AS c1 FROM ${outer.sql}`,
    `SELECT ${own} AS c0 FROM ${outer.sql} WHERE (SELECT count(DISTINCT ${r.pick(one.fields).sql}) FROM ${one.sql} WHERE ${tie}) BETWEEN 1 AND 2`,
    `SELECT ${own} AS c0, s.* FROM ${outer.sql} LEFT JOIN LATERAL (SELECT ${list.sql} AS c1, (SELECT count(*) FROM ${two.sql} WHERE ${both}) AS c2 FROM ${one.sql} WHERE ${tie}) s ON ${w.predicate(outer.fields)}`,
    `SELECT ${pair[0].sql} AS c0, count(*) AS c1 FROM ${outer.sql} GROUP BY ${pair[0].sql} HAVING EXISTS (SELECT 1 FROM ${one.sql} WHERE ${tie}) OR count(*) > 2`,
  ]));
};

/** Subqueries that fail, which is an error only where a row asks for their value. */
const asked: Form = (r, w) => {
  const outer = w.relation();
  const one = w.relation();
  const pair = w.joinable(outer.fields, one.fields);
  if (pair === null) return null;
  const tie = r.bool() ? ` WHERE ${pair[1].sql} = ${pair[0].sql}` : w.where(one.fields);
  const own = w.list(outer.fields, 1)[0].sql;
  const value = `(SELECT ${pair[1].sql} FROM ${one.sql}${tie})`;
  const quotient = `(SELECT 1 / count(*) FROM ${one.sql}${tie})`;
  const inside = `(SELECT sum(1 / n) FROM (SELECT count(${pair[1].sql}) AS n FROM ${one.sql}${tie}) s)`;
  // One code alone: which of several rows fails first is not determined.
  const failing = r.bool(0.4) ? [`${value} IS NULL`] : [`${quotient} > 0`, `${inside} > 0`, `(${quotient} > 0 OR ${inside} > 0)`];
  const any = (): string => r.pick(failing);
  const when = w.predicate(outer.fields);
  return unnamed(r.pick([
    `SELECT ${own} AS c0, CASE WHEN ${when} THEN ${value} END AS c1 FROM ${outer.sql}`,
    `SELECT ${own} AS c0, CASE WHEN ${when} THEN ${quotient} WHEN ${w.predicate(outer.fields)} THEN ${inside} ELSE 7 END AS c1 FROM ${outer.sql}`,
    `SELECT ${own} AS c0, ${r.bool() ? quotient : inside} AS c1 FROM ${outer.sql}${w.where(outer.fields)}`,
    `SELECT ${own} AS c0, (${when}) OR ${any()} AS c1, (${when}) AND ${any()} AS c2 FROM ${outer.sql}`,
    `SELECT coalesce(${pair[0].sql}, ${value}) AS c0 FROM ${outer.sql}`,
    `SELECT ${own} AS c0, CASE WHEN ${when} THEN ${any()} AND ${any()} ELSE false END AS c1 FROM ${outer.sql}`,
  ]));
};

/** Documents and arrays made of rows, and rows made of them. */
const documents: Form = (r, w) => {
  const { sql, fields } = w.relation();
  const key = r.pick(fields);
  const own = w.list(fields, 1)[0].sql;
  const plain = fields.find((f) => f.vague !== true && ['int4', 'text', 'date', 'boolean', 'uuid', 'mood', 'inet'].includes(f.type));
  const json = w.field(fields, ['jsonb']);
  const array = w.field(fields, ['int4[]', 'text[]']);
  const choices: string[] = [];
  if (plain !== undefined) {
    const p = plain.sql;
    choices.push(
      `SELECT ${key.sql} AS c0, jsonb_agg(${p} ORDER BY ${p}) AS c1, jsonb_agg(DISTINCT ${p}) AS c2 FROM ${sql} GROUP BY ${key.sql}`,
      `SELECT jsonb_object_agg(${p}::text, 1) FILTER (WHERE ${p} IS NOT NULL) AS c0 FROM ${sql}${w.where(fields)}`,
      `SELECT ${key.sql} AS c0, json_agg(json_build_object('v', ${p}) ORDER BY ${p})::text AS c1 FROM ${sql} GROUP BY ${key.sql}`,
      `SELECT array_agg(array[${p}, ${p}] ORDER BY ${p}) AS c0, cardinality(array_agg(DISTINCT ${p})) AS c1 FROM ${sql}`,
      `SELECT to_jsonb(s) AS c0 FROM (SELECT ${p} AS a, count(*) AS n FROM ${sql} GROUP BY ${p}) s`,
      `SELECT row_to_json(s)::text AS c0 FROM (SELECT DISTINCT ${p} AS a FROM ${sql}) s`,
      `SELECT s.a, s.x FROM (SELECT ${p} AS a, ROW(${p}, 1) AS x FROM ${sql}) s`,
    );
  }
  if (json !== null) {
    choices.push(
      `SELECT ${own} AS c0, e.key AS c1, e.value AS c2 FROM ${sql}, jsonb_each(CASE jsonb_typeof(${json.sql}) WHEN 'object' THEN ${json.sql} ELSE '{}' END) e`,
      `SELECT e.key AS c0, count(*) AS c1, max(e.value) AS c2 FROM ${sql}, jsonb_each_text(CASE jsonb_typeof(${json.sql}) WHEN 'object' THEN ${json.sql} ELSE '{}' END) e GROUP BY e.key`,
      `SELECT ${own} AS c0, k AS c1 FROM ${sql} LEFT JOIN LATERAL jsonb_object_keys(CASE jsonb_typeof(${json.sql}) WHEN 'object' THEN ${json.sql} END) k ON true`,
      `SELECT ${own} AS c0, q AS c1 FROM ${sql}, jsonb_path_query(${json.sql}, '$.*') q`,
      `SELECT ${own} AS c0, s.a AS c1, s.b AS c2 FROM ${sql}, jsonb_to_record(CASE jsonb_typeof(${json.sql}) WHEN 'object' THEN ${json.sql} ELSE '{}' END) AS s(a jsonb, b text)`,
      `SELECT ${json.sql} AS c0, count(*) AS c1 FROM ${sql} GROUP BY ${json.sql}`,
    );
  }
  if (array !== null) {
    choices.push(
      `SELECT ${own} AS c0, ARRAY(SELECT DISTINCT e FROM unnest(${array.sql}) e ORDER BY e) AS c1 FROM ${sql}`,
      `SELECT ${own} AS c0, (SELECT count(*) FROM unnest(${array.sql}) e WHERE e IS NOT NULL) AS c1, (SELECT max(e) FROM unnest(${array.sql}) e) AS c2 FROM ${sql}`,
      `SELECT ${own} AS c0, a AS c1, b AS c2 FROM ${sql}, unnest(${array.sql}, array[1, 2, 3]) u(a, b)`,
      `SELECT ${own} AS c0, i AS c1, (${array.sql})[i] AS c2 FROM ${sql}, generate_subscripts(${array.sql}, 1) i`,
      `SELECT ${array.sql} AS c0, count(*) AS c1 FROM ${sql} GROUP BY ${array.sql} HAVING ${array.sql} IS NOT NULL`,
      `SELECT array_agg(e ORDER BY e, n) AS c0, count(DISTINCT e) AS c1 FROM ${sql}, unnest(${array.sql}) WITH ORDINALITY u(e, n)`,
    );
  }
  return choices.length === 0 ? null : unnamed(r.pick(choices));
};

/** Several aggregates of every kind at once, with DISTINCT, FILTER and ORDER BY, some over no rows. */
const manyAggregates: Form = (r, w) => {
  const { sql, fields } = w.from();
  const list: { readonly sql: string; readonly type: ColumnType }[] = Array.from({ length: r.int(3, 6) }, () => w.aggregate(fields));
  const keys = r.bool(0.5) ? [r.pick(fields)] : [];
  const named = [...keys, ...list].map((e, i) => `${e.sql} AS c${i}`).join(', ');
  const group = keys.length === 0 ? '' : ` GROUP BY ${r.pick([keys[0].sql, `ROLLUP (${keys[0].sql})`, `GROUPING SETS ((${keys[0].sql}), (), ())`])}`;
  return unnamed(`SELECT ${named} FROM ${sql}${r.bool(0.15) ? ' WHERE false' : w.where(fields)}${group}`);
};

/** Common tables that read each other, one of them twice. */
const commonTables: Form = (r, w) => {
  const [a, b] = [w.relation(), w.relation()];
  const pair = w.joinable(a.fields, b.fields);
  if (pair === null) return null;
  const [x, y] = pair;
  const kind = r.pick(['', ' MATERIALIZED', ' NOT MATERIALIZED']);
  const head = `WITH p AS${kind} (SELECT ${x.sql} AS k, count(*) AS n FROM ${a.sql}${w.where(a.fields)} GROUP BY ${x.sql}), q AS${kind} (SELECT p.k, p.n, ${y.sql} AS y FROM p LEFT JOIN ${b.sql} ON p.k = ${y.sql})`;
  return unnamed(r.pick([
    `${head} SELECT q.k AS c0, sum(q.n) AS c1, (SELECT max(n) FROM p) AS c2 FROM q GROUP BY q.k`,
    `${head} SELECT k, n FROM p EXCEPT SELECT k, n FROM q WHERE y IS NULL`,
    `${head} SELECT q.k AS c0, q.n AS c1, q.y AS c2 FROM q JOIN p ON p.n = q.n WHERE q.y IS NOT NULL OR p.n > 1`,
    `${head} SELECT k, 1 AS side FROM p UNION ALL SELECT y, 2 FROM q WHERE EXISTS (SELECT 1 FROM p WHERE p.n > q.n)`,
  ]));
};

const FORMS: readonly Form[] = [
  recursive, frames, frames, rankedGroups, rankedGroups, nestedJoin, nestedJoin, subqueries, subqueries, asked, documents, documents,
  manyAggregates, commonTables,
];
