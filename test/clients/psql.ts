// Drives the real psql over what a user types. Steps marked `same` must print what a PostgreSQL 15 prints
// (MILLRACE_ORACLE); the others, which PostgreSQL has not, print what is written here.
//   node dist/test/clients/psql.js [--show]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from '../../wire/program.ts';

interface Step {
  readonly title: string;
  readonly input: string;
  /** Absent: same as PostgreSQL. */
  readonly expected?: RegExp;
  /** Lines not to be compared. */
  readonly ignore?: RegExp;
}

const folder = mkdtempSync(join(tmpdir(), 'psql-'));
const csv = join(folder, 'rows.csv');
writeFileSync(csv, 'id,item,price\n101,"a ""quoted"", one",1.50\n102,,\n103,"two\nlines",3\n');

const STEPS: readonly Step[] = [
  { title: 'tables and rows', input: `
CREATE TABLE items (id int PRIMARY KEY, item text, price numeric(10,2) DEFAULT 1.00, made timestamptz NOT NULL DEFAULT now(), batch int NOT NULL DEFAULT 7);
INSERT INTO items (id, item, price) VALUES (1, 'lamp', 12.5), (2, 'chair', 40), (3, NULL, NULL);
INSERT INTO items VALUES (4, 'desk') RETURNING id, item, price, batch;
UPDATE items SET price = price * 2 WHERE id < 3 RETURNING id, price;
DELETE FROM items WHERE id = 3 RETURNING item;
INSERT INTO items VALUES (1, 'again') ON CONFLICT DO NOTHING;
INSERT INTO items VALUES (1, 'again', 5) ON CONFLICT (id) DO UPDATE SET item = excluded.item || '!', price = items.price + excluded.price RETURNING id, item, price;
SELECT id, item, price, batch FROM items ORDER BY id;
TABLE colours LIMIT 1;
` },
  { title: 'COPY', input: `
COPY items (id, item) FROM STDIN;
10\ttab\\tinside
11\t\\N
12\tback\\\\slash
\\.
\\copy items (id, item, price) from '${csv}' csv header
SELECT id, item, price FROM items WHERE id >= 10 ORDER BY id;
COPY (SELECT id, item FROM items WHERE id > 100 ORDER BY id) TO STDOUT (FORMAT csv, HEADER);
COPY items (id) FROM STDIN;
200
201
x
\\.
SELECT count(*) FROM items WHERE id >= 200;
` },
  { title: 'transactions', input: `
BEGIN;
INSERT INTO items VALUES (50, 'fifty');
SELECT count(*) FROM items WHERE id = 50;
ROLLBACK;
SELECT count(*) FROM items WHERE id = 50;
BEGIN;
INSERT INTO items VALUES (51, 'x');
SELECT 1/0;
SELECT 1;
COMMIT;
SELECT count(*) FROM items WHERE id = 51;
BEGIN;
INSERT INTO items VALUES (52, 'a');
SAVEPOINT s;
INSERT INTO items VALUES (53, 'b');
ROLLBACK TO s;
COMMIT;
SELECT id FROM items WHERE id >= 50 AND id < 60;
` },
  { title: 'materialized views', input: `
CREATE TABLE sales (item text, qty int, price float8);
INSERT INTO sales VALUES ('lamp', 1, 2.5), ('lamp', 3, 1.5), ('chair', 2, 10), (NULL, 7, 0.5), ('sofa', NULL, 1);
CREATE TABLE colours (item text, colour text);
INSERT INTO colours VALUES ('lamp', 'red'), ('lamp', 'blue'), ('desk', 'green');
CREATE MATERIALIZED VIEW cheap AS SELECT item, qty * 2 AS twice FROM sales WHERE price < 5;
CREATE MATERIALIZED VIEW totals AS SELECT item, count(*) AS n, count(qty) AS q, sum(qty), avg(qty), min(price), max(price), count(DISTINCT price) FILTER (WHERE price > 1) AS d FROM sales GROUP BY item HAVING count(*) > 0;
CREATE MATERIALIZED VIEW both AS SELECT s.item, colour, qty FROM sales s JOIN colours c ON c.item = s.item;
CREATE MATERIALIZED VIEW lefts AS SELECT s.item, colour FROM sales s LEFT JOIN colours c USING (item);
CREATE MATERIALIZED VIEW fulls AS SELECT s.item AS si, c.item AS ci, colour FROM sales s FULL JOIN colours c ON c.item = s.item;
CREATE MATERIALIZED VIEW uniq AS SELECT DISTINCT item FROM sales UNION ALL SELECT colour FROM colours;
CREATE MATERIALIZED VIEW over_view AS WITH t AS (SELECT item, n FROM totals) SELECT max(n) AS most FROM (SELECT * FROM t) x;
CREATE MATERIALIZED VIEW top2 AS SELECT item, qty FROM sales ORDER BY qty DESC NULLS LAST, item LIMIT 2;
INSERT INTO sales VALUES ('lamp', 9, 2.5), ('desk', 4, 4);
UPDATE sales SET price = price + 1 WHERE item = 'chair';
DELETE FROM sales WHERE item = 'sofa';
DELETE FROM colours WHERE colour = 'blue';
REFRESH MATERIALIZED VIEW cheap; REFRESH MATERIALIZED VIEW totals; REFRESH MATERIALIZED VIEW both; REFRESH MATERIALIZED VIEW lefts;
REFRESH MATERIALIZED VIEW fulls; REFRESH MATERIALIZED VIEW uniq; REFRESH MATERIALIZED VIEW over_view; REFRESH MATERIALIZED VIEW top2;
SELECT * FROM cheap ORDER BY 1, 2;
SELECT * FROM totals ORDER BY 1;
SELECT * FROM both ORDER BY 1, 2, 3;
SELECT * FROM lefts ORDER BY 1, 2;
SELECT * FROM fulls ORDER BY 1, 2, 3;
SELECT * FROM uniq ORDER BY 1;
SELECT * FROM over_view;
SELECT * FROM top2 ORDER BY 2 DESC;
` },
  { title: 'ad-hoc queries', input: `
SELECT item, sum(qty) FROM sales GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 1;
SELECT s.item FROM sales s WHERE EXISTS (SELECT 1 FROM colours c WHERE c.item = s.item) ORDER BY 1;
SELECT item FROM sales WHERE item NOT IN (SELECT item FROM colours) ORDER BY 1;
SELECT item, (SELECT count(*) FROM colours c WHERE c.item = s.item) FROM sales s ORDER BY 1, 2;
SELECT 1 AS one, 'text', NULL, 1.50, true, now() IS NOT NULL;
SELECT count(*), sum(g) FROM generate_series(1, 100) g;
SELECT '2024-02-29'::date + 1, timestamp '2024-01-31' + interval '1 month', 'abc' || 1, 7 / 2, 7 % 3, 2 ^ 10, round(2.5), round(-2.5::float8);
VALUES (1, 'a'), (2, 'b');
` },
  { title: 'errors', input: `
SELEC 1;
SELECT * FROM nowhere;
SELECT nope FROM items;
SELECT items.nope FROM items;
SELECT lower(1, 2);
SELECT 'x'::int;
SELECT 1 + 'x';
SELECT 1 + true;
SELECT item FROM items GROUP BY id, price HAVING item > 'a' AND sum(id) > 1 ORDER BY nope;
SELECT id, count(*) FROM sales, items;
INSERT INTO items (id) VALUES (1);
INSERT INTO items VALUES (60, 'x', 123456789012);
INSERT INTO items (id, batch, made) VALUES (61, NULL, '2026-01-01 00:00+00');
INSERT INTO items (nope) VALUES (1);
INSERT INTO items VALUES (1, 2, 3, 4, 5, 6);
CREATE TABLE items (a int);
DROP TABLE nowhere;
DROP TABLE sales;
SELECT 9223372036854775807 + 1;
SELECT 2147483647 + 1;
` },
  { title: 'description', input: `
\\dt
\\d items
\\d+ items
\\dm
\\d totals
\\dv
\\d
\\di
\\dn
\\d nowhere
CREATE INDEX by_item ON sales (item);
\\d sales
\\d+ top2
` , ignore: /pg_database_owner|^ public [|] postgres$|^-+[+]-+$|View definition|^ SELECT|^ LIMIT|^   FROM|^  +[A-Za-z(]/ },
  { title: 'other databases and roles', input: '\\l\n\\du\n\\df lower\n\\conninfo\n', expected: /millrace[\s\S]*postgres[\s\S]*lower/ },
  { title: 'windows', input: `
CREATE TABLE clicks (page text, at timestamp, WATERMARK FOR at AS at - INTERVAL '5 seconds');
CREATE MATERIALIZED VIEW running AS SELECT window_start, window_end, count(*) FROM tumble(clicks, at, INTERVAL '1 minute') GROUP BY window_start, window_end;
CREATE MATERIALIZED VIEW closed AS SELECT window_start, count(*) FROM tumble(clicks, at, INTERVAL '1 minute') GROUP BY window_start EMIT ON WINDOW CLOSE;
CREATE MATERIALIZED VIEW hops AS SELECT window_start, count(*) FROM hop(clicks, at, INTERVAL '30 seconds', INTERVAL '1 minute') GROUP BY window_start;
INSERT INTO clicks VALUES ('a', '2026-01-01 10:00:10'), ('b', '2026-01-01 10:00:50'), ('a', NULL);
SELECT * FROM running ORDER BY 1;
SELECT * FROM closed;
SELECT * FROM hops ORDER BY 1;
INSERT INTO clicks VALUES ('a', '2026-01-01 10:01:06');
SELECT 'closed', * FROM closed;
INSERT INTO clicks VALUES ('late', '2026-01-01 10:00:30');
SELECT 'late', * FROM closed;
SELECT 'run', * FROM running ORDER BY 2;
DROP TABLE clicks CASCADE;
`, expected: /10:00:00 \| 2026-01-01 10:01:00 \|     2[\s\S]*\(0 rows\)[\s\S]*09:59:30 \|     1[\s\S]*10:00:00 \|     2[\s\S]*10:00:30 \|     1[\s\S]*closed +\| 2026-01-01 10:00:00 \|     2[\s\S]*late +\| 2026-01-01 10:00:00 \|     2[\s\S]*run +\| 2026-01-01 10:00:00 \| 2026-01-01 10:01:00 \|     3/ },
  { title: 'EXPLAIN', input: 'EXPLAIN SELECT item, count(*) FROM sales WHERE qty > 1 GROUP BY item;\nEXPLAIN SELECT * FROM items WHERE id = 4;\nEXPLAIN SELECT * FROM sales WHERE item = \'lamp\';\n',
    expected: /Aggregate[\s\S]*sales[\s\S]*items_pkey[\s\S]*by_item/ },
  { title: 'SUBSCRIBE', input: 'COPY (SELECT 1) TO STDOUT;\nBEGIN; DECLARE c CURSOR FOR SUBSCRIBE TO totals; FETCH 2 FROM c; COMMIT;\n',
    expected: /epoch[\s\S]*diff[\s\S]*item/ },
  { title: 'DROP .. CASCADE', input: `
DROP TABLE sales CASCADE;
\\dm
DROP TABLE items;
DROP TABLE colours;
` },
];

const show = process.argv.includes('--show');

function psql(url: string, input: string): string {
  const done = spawnSync('psql', ['-X', '-d', url, '-v', 'VERBOSITY=default'], {
    input, encoding: 'utf8', timeout: 60_000, env: { ...process.env, PGTZ: 'UTC', PSQL_PAGER: 'cat' },
  });
  if (done.error !== undefined) throw done.error;
  return `${done.stdout}${done.stderr === '' ? '' : `--- stderr\n${done.stderr}`}`;
}

function comparable(text: string, ignore: RegExp | undefined): string {
  return text.split('\n').filter((line) => ignore?.test(line) !== true).map((line) => line.trimEnd()).join('\n');
}

const oracle = process.env['MILLRACE_ORACLE'];
if (oracle === undefined) console.log('psql: MILLRACE_ORACLE is not set: steps that need PostgreSQL are only run, not compared');
const running = await start({ data: join(folder, 'data'), host: '127.0.0.1', port: 0, maxConnections: 20 });
const ours = `postgres://postgres@127.0.0.1:${running.server.port}/postgres`;
if (oracle !== undefined) psql(oracle, 'DROP DATABASE IF EXISTS psql_test;\nCREATE DATABASE psql_test;');
const theirs = oracle?.replace(/\/[^/]*$/, '/psql_test');

/** psql runs in a process of its own while our server must answer in this one: spawnSync would block it. */
async function psqlAsync(url: string, input: string): Promise<string> {
  const { spawn } = await import('node:child_process');
  const child = spawn('psql', ['-X', '-d', url], { env: { ...process.env, PGTZ: 'UTC', PSQL_PAGER: 'cat' } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  child.stdin.end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  await new Promise((resolve) => { child.on('close', resolve); });
  clearTimeout(timer);
  return `${stdout}${stderr === '' ? '' : `--- stderr\n${stderr}`}`;
}

let failed = 0;
let compared = 0;
for (const { title, input, expected, ignore } of STEPS) {
  const got = comparable(await psqlAsync(ours, input), ignore);
  if (show) console.log(`=== ${title}\n${input.trim()}\n---\n${got}`);
  if (expected !== undefined) {
    compared++;
    if (expected.test(got)) continue;
    failed++;
    console.log(`FAILED ${title}: expected ${String(expected)}\n${got}`);
  } else if (theirs !== undefined) {
    compared++;
    const want = comparable(psql(theirs, input), ignore);
    if (got === want) continue;
    failed++;
    const wantLines = want.split('\n');
    const gotLines = got.split('\n');
    const at = wantLines.findIndex((line, i) => line !== gotLines[i]);
    console.log(`FAILED ${title}: first difference at line ${at + 1}\nPostgreSQL:\n${wantLines.slice(Math.max(at - 2, 0), at + 6).join('\n')}\nmillrace:\n${gotLines.slice(Math.max(at - 2, 0), at + 6).join('\n')}`);
    if (show) console.log(`PostgreSQL's whole output:\n${want}`);
  }
}
await running.stop();
rmSync(folder, { recursive: true, force: true });
console.log(`psql: ${compared - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
