// The second reader: the same trees as the first where both read, the wrong trees of its grammar put right or refused.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DatabaseError } from '../../../engine/data/error.ts';
import type { Statement } from '../../../sql/parser/ast-statement.ts';
import { parseForeign } from '../../../sql/parser/foreign.ts';
import { loadParser, parse } from '../../../sql/parser/parse.ts';
import { openDatabase } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';
import { Random } from '../../support/random.ts';

await loadParser();

function bare(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, v: unknown) => (key === 'position' || key === 'range' ? undefined : v)));
}

function both(text: string): void {
  const own = parse(text).map((s) => bare(s.statement));
  expect(parseForeign(text, 'postgresql').map((s) => bare(s.statement)), text).toEqual(own);
}

function read(text: string, dialect: string): Statement {
  const [first] = parseForeign(text, dialect);
  if (first === undefined) throw new Error('nothing read');
  return first.statement;
}

/** As the first reader reads it. */
function means(text: string, dialect: string, postgres: string): void {
  expect(bare(read(text, dialect)), `${dialect}: ${text}`).toEqual(bare(parse(postgres)[0]?.statement));
}

function refused(text: string, dialect: string, code = '0A000'): number | undefined {
  try {
    parseForeign(text, dialect);
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    expect(`${error.code} ${text}`).toBe(`${code} ${text}`);
    expect(error.fields.position, text).toBeGreaterThan(0);
    return error.fields.position;
  }
  throw new Error(`not refused: ${text}`);
}

describe('both readers', () => {
  test.each([
    'SELECT a, t.b AS c, count(*) FROM t WHERE a = 1 OR b = 2 AND c = 3',
    'SELECT a || b + 1 FROM t',
    'SELECT a + b || c - d FROM t',
    'SELECT -1::int8',
    'SELECT - a, - 5, -(a + b) * 2 FROM t',
    'SELECT 9007199254740993, 0.1, 1.50, 123456789012345678901234567890.5, -9223372036854775808',
    "SELECT 'a\\b', 'it''s', '' FROM t",
    'SELECT * FROM t JOIN u ON t.a = u.a OR t.b = u.b AND t.c = u.c LEFT JOIN v ON v.x = u.x',
    'SELECT * FROM t CROSS JOIN u',
    'SELECT a FROM t WHERE NOT a = 1 AND b IS NOT NULL OR c IS NULL',
    'SELECT ROW(a, b) IS NOT NULL, ROW(a) FROM t',
    'SELECT (a OR b) OR c, a OR (b OR c), f((a AND b) AND (c AND d)) FROM t',
    'SELECT a, count(*) FROM t GROUP BY ROLLUP (a, b), CUBE ((a, b), c), a + 1',
    'SELECT a FROM t WHERE a BETWEEN 1 AND 2 + 3 AND b NOT BETWEEN c AND d',
    "SELECT a FROM t WHERE a IN (1, 2) AND b NOT IN ('x') AND c LIKE 'a%' AND d NOT LIKE '_b'",
    'SELECT a FROM t WHERE a IN (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.a = t.a)',
    'SELECT a FROM t WHERE a = (SELECT max(b) FROM u)',
    "SELECT CASE WHEN a > 1 THEN 'x' WHEN b THEN 'y' ELSE 'z' END, CASE a WHEN 1 THEN 2 END FROM t",
    'SELECT CAST(a AS integer), CAST(b AS numeric(10, 2)), CAST(c AS varchar(5)), CAST(d AS date) FROM t',
    "SELECT date '2020-01-01', interval '1 day'",
    'WITH x AS (SELECT 1 AS a), y AS (SELECT a FROM x) SELECT * FROM x, y WHERE x.a = y.a',
    'SELECT a FROM t UNION ALL SELECT b FROM u UNION SELECT c FROM v',
    'SELECT a FROM t UNION SELECT b FROM u INTERSECT SELECT c FROM v ORDER BY 1 LIMIT 3',
    'SELECT a, sum(b) FROM t GROUP BY a HAVING sum(b) > 10 OR count(*) = 1 AND a = 2 ORDER BY a DESC, 2 LIMIT 5 OFFSET 2',
    'SELECT a FROM t ORDER BY a OFFSET 905 LIMIT 10', 'SELECT a FROM t UNION SELECT b FROM u ORDER BY 1 OFFSET 1 LIMIT 2',
    'SELECT DISTINCT a FROM t',
    'SELECT count(DISTINCT a), coalesce(a, b, 1), nullif(a, b) FROM t',
    'SELECT row_number() OVER (PARTITION BY a, b ORDER BY c DESC), sum(x) OVER (ORDER BY y ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t',
    'SELECT sum(x) FILTER (WHERE a = 1 OR b = 2 AND c = 3) FROM t',
    'SELECT x.a FROM (SELECT 1 AS a) AS x',
    'SELECT "A b", "T"."c" FROM "T"',
    "INSERT INTO t (a, b) VALUES (1, 'x'), (-2, NULL)",
    'INSERT INTO t SELECT a FROM u WHERE a = 1 OR b = 2 AND c = 3',
    'UPDATE t SET a = a + 1, b = c || d WHERE a = 1 OR b = 2 AND c = 3',
    'DELETE FROM t WHERE a = 1 OR b = 2 AND c = 3',
    'SELECT ((a + b)) * (c), (((a))) FROM t',
    "CREATE TABLE t (a integer NOT NULL PRIMARY KEY, b varchar(10) DEFAULT 'x', c numeric(10, 2), UNIQUE (b, c))",
    'CREATE VIEW v AS SELECT a FROM t; CREATE MATERIALIZED VIEW w AS SELECT count(*) FROM t',
  ])('%s', both);

  test('random expressions', () => {
    const seed = 20261125;
    const random = new Random(seed);
    const operand = (depth: number): string => {
      const pick = random.int(0, 5);
      if (depth > 0 && pick === 0) return `(${chain(depth - 1, random.int(0, 1) === 0)})`;
      return random.pick(['a', 'b', 'c', '1', '2.5', "'s'", '-d', 't.e']);
    };
    const arithmetic = (depth: number): string => {
      let out = operand(depth);
      for (let i = random.int(0, 3); i > 0; i--) out += ` ${random.pick(['+', '-', '*', '/', '%', '||'])} ${operand(depth)}`;
      return out;
    };
    const condition = (depth: number): string => {
      const left = arithmetic(depth);
      switch (random.int(0, 5)) {
        case 0: return `${left} IS NOT NULL`;
        case 1: return `${left} BETWEEN ${arithmetic(depth)} AND ${arithmetic(depth)}`;
        case 2: return `${left} IN (${arithmetic(depth)}, 3)`;
        case 3: return `${left} LIKE ${random.pick(["'x%'", 'b', '(a || b)'])}`;
        default: return `${left} ${random.pick(['=', '<', '>=', '<>'])} ${arithmetic(depth)}`;
      }
    };
    function chain(depth: number, logical: boolean): string {
      if (!logical) return arithmetic(depth);
      let out = random.int(0, 3) === 0 ? `NOT ${condition(depth)}` : condition(depth);
      for (let i = random.int(0, 3); i > 0; i--) {
        out += ` ${random.pick(['AND', 'OR'])} ${random.int(0, 4) === 0 ? 'NOT ' : ''}${condition(depth)}`;
      }
      return out;
    }
    let refusals = 0;
    for (let i = 0; i < 400; i++) {
      const text = `SELECT ${chain(2, false)} FROM t WHERE ${chain(2, true)}`;
      try {
        both(text);
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw new Error(`seed ${seed}: ${text}`, { cause: error });
        refusals++;
      }
    }
    expect(refusals).toBeLessThan(40);
  });
});

describe('other dialects', () => {
  test('what is written otherwise', () => {
    means('SELECT `a`, "x" FROM `T` WHERE `A` = 1 OR b = 2 AND c <=> 3 LIMIT 5, 10', 'mysql',
      "SELECT a, 'x' FROM t WHERE a = 1 OR b = 2 AND c IS NOT DISTINCT FROM 3 LIMIT 10 OFFSET 5");
    means("SELECT IFNULL(a, 'it\\'s'), IF(a = 1, 2, 3) FROM t", 'mysql',
      "SELECT coalesce(a, 'it''s'), CASE WHEN a = 1 THEN 2 ELSE 3 END FROM t");
    means('SELECT a FROM t ORDER BY a, b DESC', 'mysql', 'SELECT a FROM t ORDER BY a NULLS FIRST, b DESC NULLS LAST');
    means('SELECT TOP 3 [a b] FROM t', 'transactsql', 'SELECT "a b" FROM t LIMIT 3');
    means("SELECT * FROM TABLE(TUMBLE(TABLE `bid`, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND)) AS w", 'flink',
      "SELECT * FROM tumble(bid, datetime, INTERVAL '10 second') AS w");
    means('SELECT `a`||b + 1 FROM t', 'flink', 'SELECT (a || b) + 1 FROM t');
    means('SELECT 9007199254740993, 0.10', 'mysql', 'SELECT 9007199254740993, 0.10');
    means("SELECT a FROM t WHERE b LIKE 'x%'", 'sqlite', "SELECT a FROM t WHERE b ILIKE 'x%' ESCAPE ''");
    means('SELECT a FROM t WHERE b = 1', 'bigquery', 'SELECT a FROM t WHERE b = 1');
    means('SELECT a FROM t WHERE b = 1 OR c = 2 AND d', 'hive', 'SELECT a FROM t WHERE b = 1 OR c = 2 AND d');
    means('(SELECT 1 LIMIT 1) UNION (SELECT 2) ORDER BY 1 DESC', 'mysql',
      '(SELECT 1 LIMIT 1) UNION (SELECT 2) ORDER BY 1 DESC NULLS LAST');
    means('SELECT a::int FROM t', 'snowflake', 'SELECT a::numeric(38, 0) FROM t');
  });

  test('division, averages and casts go by the types of their operands', async () => {
    const database = await openDatabase({ data: ':memory:' });
    const client = new Client(database);
    await client.query("CREATE TABLE n (i int, b bigint, d numeric(10,2), f float8); INSERT INTO n VALUES (7, 2, 1.5, 2.5), (-8, 0, 3, 0)");
    const answers: Record<string, readonly string[]> = {};
    for (const [dialect, sql] of [
      ['mysql', 'SELECT i / b, d / i, i % b FROM n ORDER BY i'], ['sqlite', 'SELECT i / b, d / i, i % b FROM n ORDER BY i'],
      ['bigquery', 'SELECT i / 2 FROM n ORDER BY i'], ['hive', 'SELECT i / b, d / 3 FROM n ORDER BY i'],
      ['flink', 'SELECT AVG(i), AVG(b), AVG(d), AVG(f), SUM(i) / 2 FROM n'],
      ['transactsql', 'SELECT AVG(i) OVER (ORDER BY i DESC), CAST(d AS INT), CAST(f AS INT), CAST(i AS INT) FROM n ORDER BY i'],
      ['flink', 'SELECT CAST(d AS INT), CAST(f AS BIGINT) FROM n'],
    ] as const) {
      await client.query(`SET sql_dialect = ${dialect}`);
      answers[`${dialect}: ${sql.slice(7, 16)}`] = await client.rows(sql);
    }
    await client.query('SET sql_dialect = flink');
    await client.query('CREATE MATERIALIZED VIEW cut AS SELECT d, AVG(i) AS a FROM n GROUP BY d');
    await client.query('INSERT INTO n VALUES (10, 1, 1.5, 1), (-9, 1, 3.00, 1), (-9, 1, 3.00, 1)');
    answers['view'] = await client.rows('SELECT a FROM cut ORDER BY a');
    await client.query('DELETE FROM n WHERE i = 10');
    answers['view later'] = await client.rows('SELECT a FROM cut ORDER BY a');
    expect(answers).toEqual({
      'mysql: i / b, d ': ['|-0.37500000000000000000|', '3.5000000000000000|0.21428571428571428571|1'],
      'sqlite: i / b, d ': ['|-0.37500000000000000000|', '3|0.21428571428571428571|1'],
      'bigquery: i / 2 FRO': ['-4', '3.5'],
      'hive: i / b, d ': ['|1.00000000000000000000', '3.5|0.50000000000000000000'],
      'flink: AVG(i), A': ['0|1|2.2500000000000000|1.25|0'],
      'transactsql: AVG(i) OV': ['0|3|0|-8', '7|1|2|7'],
      'flink: CAST(d AS': ['1|2', '3|0'],
      view: ['-8', '8'], 'view later': ['-8', '7'],
    });
    await database.close();
  });

  test('functions that several of ours make together', () => {
    means("SELECT DATE_FORMAT(a, 'yyyy-MM-dd HH:mm:ss') FROM t", 'flink', "SELECT to_char(a, 'YYYY-MM-DD HH24:MI:SS') FROM t");
    means("SELECT DATE_FORMAT(a, '%Y-%m-%d') FROM t", 'mysql', "SELECT to_char(a, 'YYYY-MM-DD') FROM t");
    means("SELECT SPLIT_INDEX(a, '/', 2), REGEXP_EXTRACT(a, '(x|y)=([^&]*)', 2) FROM t", 'flink',
      "SELECT (string_to_array(a, '/'))[3], (regexp_match(a, '(x|y)=([^&]*)'))[2] FROM t");
    means('SELECT YEAR(a), MINUTE(a) FROM t', 'mysql', 'SELECT extract(year FROM a)::int, extract(minute FROM a)::int FROM t');
    means('SELECT SUBSTRING(a FROM 2 FOR 3), EXTRACT(YEAR FROM b) FROM t', 'mysql',
      'SELECT substring(a FROM 2 FOR 3), extract(year FROM b) FROM t');
    means('SELECT a FROM (SELECT 1) AS x (a)', 'flink', 'SELECT a FROM (SELECT 1) AS x (a)');
    refused("SELECT REGEXP_EXTRACT(a, '(ab|a)c', 1) FROM t", 'flink');
    refused("SELECT REGEXP_EXTRACT(a, '(a+?)c', 1) FROM t", 'flink');
    refused("SELECT DATE_FORMAT(a, 'yy') FROM t", 'flink');
    refused('SELECT SUBSTRING(a FROM 0 FOR 3) FROM t', 'mysql');
  });

  test('Flink tables over connectors are sources', () => {
    means("CREATE TABLE f (id INT, name STRING) WITH ('connector' = 'filesystem', 'path' = '/x.csv', 'format' = 'csv')", 'flink',
      "CREATE SOURCE f (id int, name varchar) WITH (connector = 'file', path = '/x.csv', format = 'csv', header = 'false')");
    means("CREATE TABLE b (id BIGINT) WITH ('connector' = 'nexmark', 'table' = 'bid')", 'flink',
      "CREATE SOURCE b (id bigint) WITH (connector = 'nexmark', \"table\" = 'bid')");
    means('SELECT b.x, s.v FROM (SELECT *, PROCTIME() AS p FROM t) b LEFT JOIN u FOR SYSTEM_TIME AS OF b.p AS s ON b.x = s.k', 'flink',
      'SELECT b.x, s.v FROM (SELECT * FROM t) b LEFT JOIN u FOR SYSTEM_TIME AS OF PROCTIME() AS s ON b.x = s.k');
    means('SELECT b.x FROM t AS b JOIN u FOR SYSTEM_TIME AS OF PROCTIME() AS s ON b.x = s.k', 'flink',
      'SELECT b.x FROM t AS b JOIN u FOR SYSTEM_TIME AS OF PROCTIME() AS s ON b.x = s.k');
    refused('SELECT b.p FROM (SELECT x, PROCTIME() AS p FROM t) b', 'flink');
    refused('SELECT b.x FROM t b JOIN u FOR SYSTEM_TIME AS OF b.ts AS s ON b.x = s.k', 'flink');
    refused("CREATE TABLE b (id BIGINT) WITH ('bucket' = '4')", 'flink');
  });

  test('statements that are much the same', () => {
    means('ALTER TABLE `T` ADD COLUMN `B` INT', 'mysql', 'ALTER TABLE "t" ADD COLUMN "b" INT');
    means('DROP TABLE IF EXISTS [a b] -- as sqlite has it', 'sqlite', 'DROP TABLE IF EXISTS "a b"');
    means('EXPLAIN SELECT `a` FROM t', 'mysql', 'EXPLAIN SELECT a FROM t');
    means('EXPLAIN (ANALYZE, VERBOSE) SELECT IF(a > 1, "x", `b`) FROM t', 'mysql',
      "EXPLAIN (ANALYZE, VERBOSE) SELECT CASE WHEN a > 1 THEN 'x' ELSE b END FROM t");
    means('EXPLAIN ANALYZE WITH q AS (SELECT 1 AS a) SELECT a FROM q', 'flink', 'EXPLAIN ANALYZE WITH q AS (SELECT 1 AS a) SELECT a FROM q');
    means("COPY (SELECT [a b] FROM t WHERE c = 'x') TO STDOUT WITH (FORMAT csv, HEADER)", 'transactsql',
      `COPY (SELECT "a b" FROM t WHERE c = 'x') TO STDOUT WITH (FORMAT csv, HEADER)`);
    means('PREPARE p(int, text) AS SELECT `a` FROM t WHERE b = $1', 'mysql', 'PREPARE p(int, text) AS SELECT a FROM t WHERE b = $1');
    means('DECLARE `c` SCROLL CURSOR WITH HOLD FOR SELECT `a` FROM t ORDER BY a', 'mysql',
      'DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT a FROM t ORDER BY a NULLS FIRST');
    means('SELECT `a` FROM t WHERE id = $1 AND b = $2', 'mysql', 'SELECT a FROM t WHERE id = $1 AND b = $2');
    means("SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relname OPERATOR(pg_catalog.~) '^(t)$'", 'mysql',
      "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relname OPERATOR(pg_catalog.~) '^(t)$'");
    means('CREATE TABLE t (a INT) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE utf8mb4_bin', 'mysql', 'CREATE TABLE t (a int)');
    means('INSERT INTO t VALUES (1, DEFAULT)', 'mysql', 'INSERT INTO t VALUES (1, DEFAULT)');
    means('GRANT SELECT ON `t` TO PUBLIC', 'mysql', 'GRANT SELECT ON "t" TO PUBLIC');
    expect(refused('PREPARE p AS INSERT INTO t VALUES ("a")', 'mysql')).toBe(14);
    expect(refused('EXPLAIN SELECT a || b FROM t', 'mysql')).toBe(18);
    expect(refused('CREATE TABLE t (a INT, KEY i (a))', 'mysql')).toBe(24);
    expect(refused('SELECT a AS value FROM t', 'flink', '42601')).toBe(13);
    refused('SELECT ? FROM t', 'mysql');
  });

  test('refusals and their positions', () => {
    expect(refused('SELECT a || b FROM t', 'mysql')).toBe(10);
    expect(refused("SELECT DATE_FORMAT(a, '%W') FROM t", 'mysql')).toBe(23);
    expect(refused('SELECT FIND_IN_SET(a, b) FROM t', 'mysql')).toBe(8);
    expect(refused('SELECT 1 FROM t WHERE a = b = c', 'mysql')).toBe(29);
    refused('INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 1', 'mysql');
    refused('INSERT IGNORE INTO t VALUES (1)', 'mysql');
    refused('SELECT a FROM t GROUP BY a WITH ROLLUP', 'mysql');
    refused('SELECT a FROM t FOR UPDATE', 'mysql');
    refused("SELECT 'a\\qb'", 'mysql');
    refused('CREATE TABLE t (a int unsigned)', 'mysql');
    refused('SELECT a FROM t WHERE', 'mysql', '42601');
    refused('SELECT a, FROM t', 'flink', '42601');
    refused('UPDATE t SET a = 1, b = a', 'mysql');
    expect(refused('SELECT 5--1', 'mysql')).toBe(9);
    refused('SELECT /* a /* b */ c */ 1', 'transactsql');
    refused('SELECT 1a FROM t', 'mysql');
    refused("SELECT '''a'''", 'bigquery');
    refused("SELECT 'a' 'b'", 'mysql');
    refused("SELECT x'ff'", 'mysql');
    refused('DELETE t FROM t JOIN u', 'mysql');
  });
});

describe('through a session', () => {
  test('MySQL', async () => {
    const database = await openDatabase({ data: ':memory:' });
    const client = new Client(database);
    await client.query('SET sql_dialect = mysql');
    await client.query('CREATE TABLE `Items` (`id` int NOT NULL PRIMARY KEY, `name` varchar(20), price decimal(10,2))');
    await client.query('INSERT INTO `Items` (`id`, `name`, price) VALUES (1, "a\\nb", 1.50), (2, NULL, 2.25)');
    await client.query('CREATE MATERIALIZED VIEW `totals` AS SELECT IFNULL(`name`, "none") AS n, SUM(price) AS s '
      + 'FROM `Items` GROUP BY `name`');
    await client.query('UPDATE Items SET price = price * 2 WHERE id = 1 OR id = 3 AND price = 0');
    expect(await client.rows('SELECT `n`, s FROM totals ORDER BY s')).toEqual(['none|2.25', 'a\nb|3.00']);
    await client.query('DELETE FROM Items WHERE `name` IS NULL');
    expect(await client.rows('SELECT COUNT(*) FROM totals')).toEqual(['1']);
    expect(await client.error('SELECT a || b FROM t')).toMatch(/^0A000 /);
    await client.query('SET sql_dialect = postgres');
    expect(await client.rows('SELECT n FROM "totals"')).toEqual(['a\nb']);
    expect(await client.error('SET sql_dialect = klingon')).toMatch(/^22023 /);
    await database.close();
  });

  test('a view is read in its own dialect after a restart', async () => {
    const data = await mkdtemp(join(tmpdir(), 'foreign-'));
    let database = await openDatabase({ data });
    let client = new Client(database);
    await client.query('CREATE TABLE t (a int, b int); SET sql_dialect = mysql');
    await client.query('CREATE VIEW v AS SELECT `a`, "x" AS x FROM t WHERE `a` <=> 1');
    await client.query('CREATE MATERIALIZED VIEW m AS SELECT `a`, IFNULL(`b`, 0) AS b FROM v JOIN t USING (a)');
    await client.query('INSERT INTO t VALUES (1, NULL), (2, 3)');
    await client.close();
    await database.close();
    database = await openDatabase({ data });
    client = new Client(database);
    expect(await client.rows('SHOW sql_dialect')).toEqual(['postgres']);
    await client.query('INSERT INTO t VALUES (1, 7)');
    expect(await client.rows('SELECT * FROM v')).toEqual(['1|x', '1|x']);
    expect(await client.rows('SELECT a, b, count(*) FROM m GROUP BY a, b ORDER BY b')).toEqual(['1|0|2', '1|7|2']);
    await client.close();
    await database.close();
    await rm(data, { recursive: true });
  });

  test('Flink', async () => {
    const database = await openDatabase({ data: ':memory:' });
    const client = new Client(database);
    await client.query('SET sql_dialect = flink');
    await client.query('CREATE TABLE bid (auction BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), '
      + "WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECOND)");
    await client.query("INSERT INTO bid VALUES (1, 10, TIMESTAMP '2020-01-01 00:00:01'), "
      + "(1, 20, TIMESTAMP '2020-01-01 00:00:02'), (2, 5, TIMESTAMP '2020-01-01 00:00:11')");
    await client.query('CREATE MATERIALIZED VIEW w AS SELECT auction, COUNT(*) AS num, window_start FROM '
      + "TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND)) GROUP BY auction, window_start");
    expect(await client.rows('SELECT auction, num, window_start FROM w ORDER BY auction'))
      .toEqual(['1|2|2020-01-01 00:00:00', '2|1|2020-01-01 00:00:10']);
    expect(await client.rows('SELECT `price` / 3 FROM bid WHERE price = 20')).toEqual(['6']);
    await database.close();
  });
});
