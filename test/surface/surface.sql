-- What PostgreSQL's users write, one statement an item; what becomes of each is in SURFACE.md, which surface.test.ts makes.
--
-- `--# ` a section. `--- ` an item, and below it its statement; a query is run ad hoc and as a materialized view, which is
-- made before the tables have rows. Several statements: the last one counts, all of them are undone. `[own]`: not
-- PostgreSQL's, so that it does not judge. `[once]`: not as a view (it asks for the session, or for chance). `[error]`: what
-- PostgreSQL answers is an error, too.

--# Setup

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE dept (id int PRIMARY KEY, name text NOT NULL, budget numeric(10,2), parent int);
CREATE TABLE emp (id int PRIMARY KEY, dept int REFERENCES dept, name text, salary numeric(10,2), hired date, boss int, tags text[], info jsonb, feel mood);
CREATE TABLE tick (at timestamp, sym text, price float8, qty int);
CREATE TABLE quote (at timestamp, sym text, bid float8);
CREATE TABLE note (id serial PRIMARY KEY, body text DEFAULT 'none', size int GENERATED ALWAYS AS (length(body)) STORED, stamp positive DEFAULT 1);
CREATE TABLE maybe (x int);
CREATE TABLE spare (x int);
CREATE TYPE shade AS ENUM ('dark', 'light');
CREATE SEQUENCE counter;

--# Changes

INSERT INTO dept VALUES (1, 'sales', 1000, NULL), (2, 'lab', 2500.50, 1), (3, 'empty', NULL, 1), (4, 'yard', 0, 2), (9, 'gone', 5, 1);
INSERT INTO emp VALUES (1, 1, 'Ann', 100, '2020-01-01', NULL, '{a,b}', '{"k": 1, "l": [1, 2, {"m": "x"}]}', 'happy'), (2, 1, 'Bob', 200.5, '2020-06-30', 1, '{}', '{"k": null}', 'sad'), (3, 2, 'Cid', NULL, '2021-02-28', 1, NULL, '[]', NULL), (4, 2, 'Dée', 300, '2021-02-28', 3, '{b,c,NULL}', '{"k": 3, "l": []}', 'ok'), (5, NULL, 'Eve', 50, NULL, 9, '{a}', NULL, 'ok'), (6, 4, '', 200.5, '2019-12-31', 4, '{{x,y}}', '"s"', 'happy'), (7, 9, 'Out', 1, '2022-01-01', 1, '{z}', '{}', 'sad');
INSERT INTO tick SELECT timestamp '2024-03-01 10:00' + n * interval '7 minutes', CASE n % 2 WHEN 0 THEN 'A' ELSE 'B' END, 10 + n * 0.5, n FROM generate_series(0, 11) n;
INSERT INTO quote SELECT timestamp '2024-03-01 09:58' + n * interval '11 minutes', CASE n % 2 WHEN 0 THEN 'A' ELSE 'B' END, 9 + n FROM generate_series(0, 7) n;
INSERT INTO note (body) VALUES ('hello'), (DEFAULT), ('worlds');
INSERT INTO maybe VALUES (1), (2), (NULL), (2);
INSERT INTO spare SELECT x FROM maybe;
UPDATE emp SET salary = salary + 10 WHERE dept = 1;
DELETE FROM emp WHERE id = 7;
DELETE FROM dept WHERE id = 9;
UPDATE tick SET qty = qty * 2 WHERE sym = 'B' AND qty > 5;
UPDATE note SET body = body || '!' WHERE id = 3;

--# Queries: joins

--- inner join
SELECT e.name, d.name FROM emp e JOIN dept d ON e.dept = d.id
--- left join
SELECT e.name, d.name FROM emp e LEFT JOIN dept d ON e.dept = d.id
--- right join
SELECT e.name, d.name FROM emp e RIGHT JOIN dept d ON e.dept = d.id
--- full join
SELECT e.name, d.name FROM emp e FULL JOIN dept d ON e.dept = d.id
--- cross join
SELECT d.id, m.x FROM dept d CROSS JOIN maybe m
--- natural join
SELECT * FROM (SELECT id, name FROM dept) a NATURAL JOIN (SELECT id, salary FROM emp) b
--- join using
SELECT id, d.name, e.name FROM dept d JOIN emp e USING (id)
--- join using with an alias
SELECT k.id FROM dept d JOIN emp e USING (id) AS k
--- non-equi join
SELECT a.id, b.id FROM emp a JOIN emp b ON a.salary <> b.salary AND a.id <> b.id
--- inequality join
SELECT a.id, b.id FROM emp a JOIN emp b ON a.salary < b.salary
--- left join with an inequality
SELECT a.id, b.id FROM emp a LEFT JOIN emp b ON a.salary < b.salary AND a.dept = b.dept
--- full join with a condition of one side
SELECT e.id, d.id FROM emp e FULL JOIN dept d ON e.dept = d.id AND d.budget > 500
--- self join
SELECT e.name, b.name FROM emp e JOIN emp b ON e.boss = b.id
--- join on expressions
SELECT e.id, d.id FROM emp e JOIN dept d ON e.id + 1 = d.id * 2
--- join on NULL-safe equality
SELECT e.id, m.x FROM emp e JOIN maybe m ON e.dept IS NOT DISTINCT FROM m.x
--- join across types
SELECT e.id, t.qty FROM emp e JOIN tick t ON e.salary = t.price * 10
--- cross join lateral
SELECT d.name, t.name FROM dept d CROSS JOIN LATERAL (SELECT name FROM emp WHERE dept = d.id ORDER BY salary DESC NULLS LAST, id LIMIT 1) t
--- left join lateral
SELECT d.name, t.n, t.s FROM dept d LEFT JOIN LATERAL (SELECT count(*) AS n, sum(salary) AS s FROM emp WHERE dept = d.id) t ON true
--- lateral function
SELECT e.id, t FROM emp e, unnest(e.tags) t
--- semi join by EXISTS
SELECT name FROM dept d WHERE EXISTS (SELECT FROM emp WHERE dept = d.id)
--- anti join by NOT EXISTS
SELECT name FROM dept d WHERE NOT EXISTS (SELECT FROM emp WHERE dept = d.id)
--- IN a subquery
SELECT name FROM dept WHERE id IN (SELECT dept FROM emp)
--- NOT IN with NULLs
SELECT name FROM dept WHERE id NOT IN (SELECT dept FROM emp)
--- NOT IN without NULLs
SELECT name FROM dept WHERE id NOT IN (SELECT dept FROM emp WHERE dept IS NOT NULL)
--- = ANY of a subquery
SELECT x FROM maybe WHERE x = ANY (SELECT dept FROM emp)
--- < ALL of a subquery
SELECT id FROM emp WHERE salary >= ALL (SELECT salary FROM emp WHERE salary IS NOT NULL)
--- > SOME of a subquery
SELECT id FROM emp WHERE salary > SOME (SELECT budget FROM dept)
--- ANY of an array
SELECT id FROM emp WHERE 'a' = ANY (tags)
--- join of three tables and a view
SELECT e.name, d.name, p.name FROM emp e JOIN dept d ON d.id = e.dept LEFT JOIN dept p ON p.id = d.parent
--- ASOF join [own]
SELECT t.at, t.sym, q.bid FROM tick t ASOF JOIN quote q ON t.sym = q.sym AND q.at <= t.at
--- ASOF left join [own]
SELECT t.at, t.sym, q.bid FROM tick t ASOF LEFT JOIN quote q ON t.sym = q.sym AND q.at <= t.at

--# Queries: subqueries

--- scalar subquery in SELECT
SELECT name, (SELECT max(salary) FROM emp) FROM dept
--- correlated scalar subquery
SELECT name, (SELECT count(*) FROM emp e WHERE e.dept = d.id) FROM dept d
--- correlated in WHERE
SELECT name FROM emp e WHERE salary = (SELECT max(salary) FROM emp x WHERE x.dept = e.dept)
--- correlated in HAVING
SELECT dept FROM emp e GROUP BY dept HAVING count(*) > (SELECT count(*) FROM dept d WHERE d.parent = e.dept)
--- correlated in ORDER BY
SELECT name FROM dept d ORDER BY (SELECT count(*) FROM emp e WHERE e.dept = d.id) DESC, id LIMIT 2
--- correlated in FROM
SELECT d.id, s.n FROM dept d, LATERAL (SELECT count(*) AS n FROM emp e WHERE e.dept = d.id) s
--- correlated two levels deep
SELECT d.name FROM dept d WHERE EXISTS (SELECT FROM emp e WHERE e.dept = d.id AND EXISTS (SELECT FROM emp b WHERE b.boss = e.id AND b.dept = d.id))
--- row subquery
SELECT id FROM emp WHERE (dept, salary) = (SELECT dept, max(salary) FROM emp WHERE dept = 1 GROUP BY dept)
--- row IN a subquery
SELECT id FROM emp WHERE (dept, salary) IN (SELECT dept, max(salary) FROM emp GROUP BY dept)
--- array subquery
SELECT d.id, ARRAY(SELECT e.id FROM emp e WHERE e.dept = d.id ORDER BY e.id) FROM dept d
--- subquery with more than one row [error]
SELECT (SELECT id FROM emp)
--- subquery that is not reached
SELECT CASE WHEN id < 0 THEN (SELECT 1 / x FROM maybe WHERE x IS NULL OR x = 1 LIMIT 1) ELSE 0 END FROM dept
--- EXISTS in the select list
SELECT id, EXISTS (SELECT FROM emp e WHERE e.boss = d.id) FROM emp d

--# Queries: aggregation

--- count, sum, avg, min, max
SELECT count(*), count(salary), sum(salary), avg(salary), min(name), max(hired) FROM emp
--- GROUP BY
SELECT dept, count(*), sum(salary) FROM emp GROUP BY dept
--- HAVING
SELECT dept, count(*) FROM emp GROUP BY dept HAVING count(*) > 1
--- bool_and, bool_or, every
SELECT bool_and(salary > 10), bool_or(salary > 300), every(id > 0) FROM emp
--- bit_and, bit_or, bit_xor
SELECT bit_and(id), bit_or(id), bit_xor(id) FROM emp
--- string_agg
SELECT dept, string_agg(name, ', ' ORDER BY name DESC) FROM emp GROUP BY dept
--- array_agg
SELECT dept, array_agg(salary ORDER BY id) FROM emp GROUP BY dept
--- json_agg, jsonb_agg
SELECT json_agg(x ORDER BY x), jsonb_agg(x ORDER BY x) FROM maybe
--- json_object_agg, jsonb_object_agg
SELECT json_object_agg(name, id ORDER BY id), jsonb_object_agg(name, id) FROM dept
--- range_agg, range_intersect_agg
SELECT range_agg(int4range(id, id + 1)), range_intersect_agg(int4range(id, 10)) FROM emp
--- stddev and variance
SELECT stddev(salary), stddev_pop(salary), stddev_samp(salary), variance(salary), var_pop(salary), var_samp(salary) FROM emp
--- corr, covar
SELECT round(corr(price, qty)::numeric, 9), covar_pop(price, qty), round(covar_samp(price, qty)::numeric, 9) FROM tick
--- regr_*
SELECT regr_count(price, qty), regr_avgx(price, qty), regr_avgy(price, qty), regr_sxx(price, qty), regr_syy(price, qty), regr_sxy(price, qty), round(regr_slope(price, qty)::numeric, 9), round(regr_intercept(price, qty)::numeric, 9), round(regr_r2(price, qty)::numeric, 9) FROM tick
--- percentile_cont, percentile_disc
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY price), percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY price) FROM tick
--- mode
SELECT mode() WITHIN GROUP (ORDER BY x) FROM maybe
--- hypothetical-set aggregates
SELECT rank(200) WITHIN GROUP (ORDER BY salary), dense_rank(200) WITHIN GROUP (ORDER BY salary), percent_rank(200) WITHIN GROUP (ORDER BY salary), cume_dist(200) WITHIN GROUP (ORDER BY salary) FROM emp
--- DISTINCT in an aggregate
SELECT count(DISTINCT salary), sum(DISTINCT salary), string_agg(DISTINCT feel::text, ',') FROM emp
--- ORDER BY in an aggregate
SELECT string_agg(name, '' ORDER BY salary DESC NULLS LAST, id) FROM emp
--- FILTER
SELECT count(*) FILTER (WHERE salary > 100), sum(salary) FILTER (WHERE dept = 1) FROM emp
--- GROUPING SETS
SELECT dept, feel, count(*), GROUPING(dept, feel) FROM emp GROUP BY GROUPING SETS ((dept), (feel), ())
--- ROLLUP
SELECT dept, boss, sum(salary) FROM emp GROUP BY ROLLUP (dept, boss)
--- CUBE
SELECT dept, feel, count(*) FROM emp GROUP BY CUBE (dept, feel)
--- GROUP BY DISTINCT
SELECT dept, feel, count(*) FROM emp GROUP BY DISTINCT ROLLUP (dept, feel), ROLLUP (dept, feel)
--- GROUP BY expression and position
SELECT extract(year FROM hired), count(*) FROM emp GROUP BY 1
--- functionally dependent columns
SELECT d.id, d.name, count(e.id) FROM dept d LEFT JOIN emp e ON e.dept = d.id GROUP BY d.id
--- arg_min, arg_max [own]
SELECT arg_min(name, salary), arg_max(name, salary) FROM emp
--- approx_count_distinct [own]
SELECT approx_count_distinct(sym) FROM tick
--- approx_percentile [own]
SELECT approx_percentile(0.5) WITHIN GROUP (ORDER BY price) FROM tick
--- ungrouped column [error]
SELECT dept, name FROM emp GROUP BY dept
--- aggregate in WHERE [error]
SELECT dept FROM emp WHERE count(*) > 1

--# Queries: window functions

--- row_number
SELECT id, row_number() OVER (PARTITION BY dept ORDER BY id) FROM emp
--- rank, dense_rank
SELECT id, rank() OVER (ORDER BY salary), dense_rank() OVER (ORDER BY salary) FROM emp
--- percent_rank, cume_dist
SELECT id, percent_rank() OVER (ORDER BY salary), cume_dist() OVER (ORDER BY salary) FROM emp
--- ntile
SELECT id, ntile(3) OVER (ORDER BY id) FROM emp
--- lag, lead
SELECT at, lag(price) OVER w, lead(price, 2, 0.0::float8) OVER w FROM tick WINDOW w AS (PARTITION BY sym ORDER BY at)
--- first_value, last_value, nth_value
SELECT at, first_value(price) OVER w, last_value(price) OVER w, nth_value(price, 2) OVER w FROM tick WINDOW w AS (PARTITION BY sym ORDER BY at)
--- any aggregate over a window
SELECT at, sum(qty) OVER (PARTITION BY sym ORDER BY at), string_agg(sym, '') OVER (ORDER BY at) FROM tick
--- window without PARTITION BY or ORDER BY
SELECT id, count(*) OVER () FROM emp
--- ROWS frame
SELECT at, avg(price) OVER (ORDER BY at ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) FROM tick
--- RANGE frame with an interval
SELECT at, sum(qty) OVER (ORDER BY at RANGE BETWEEN '15 minutes' PRECEDING AND CURRENT ROW) FROM tick
--- RANGE frame with numbers
SELECT id, sum(salary) OVER (ORDER BY salary RANGE BETWEEN 50 PRECEDING AND 50 FOLLOWING) FROM emp
--- GROUPS frame
SELECT id, count(*) OVER (ORDER BY dept GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM emp
--- EXCLUDE CURRENT ROW
SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) FROM emp
--- EXCLUDE GROUP
SELECT id, count(*) OVER (ORDER BY dept RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE GROUP) FROM emp
--- EXCLUDE TIES
SELECT id, count(*) OVER (ORDER BY dept RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM emp
--- FILTER over a window
SELECT id, count(*) FILTER (WHERE feel = 'ok') OVER (ORDER BY id) FROM emp
--- window over an aggregate
SELECT dept, sum(salary), rank() OVER (ORDER BY sum(salary) DESC NULLS LAST) FROM emp GROUP BY dept
--- top-N by LIMIT
SELECT id FROM emp ORDER BY salary DESC NULLS LAST, id LIMIT 2
--- OFFSET
SELECT id FROM emp ORDER BY id LIMIT 2 OFFSET 1
--- FETCH FIRST WITH TIES
SELECT id, salary FROM emp ORDER BY salary DESC NULLS LAST FETCH FIRST 2 ROWS WITH TIES
--- top-N by ROW_NUMBER
SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY dept ORDER BY salary DESC NULLS LAST, id) AS n FROM emp) t WHERE n <= 1
--- top-N by RANK
SELECT id FROM (SELECT id, rank() OVER (ORDER BY salary DESC) AS n FROM emp) t WHERE n < 3
--- DISTINCT ON
SELECT DISTINCT ON (sym) sym, at, price FROM tick ORDER BY sym, at DESC
--- top-N per group by LATERAL
SELECT d.id, t.id FROM dept d, LATERAL (SELECT id FROM emp WHERE dept = d.id ORDER BY id DESC LIMIT 1) t
--- QUALIFY [own]
SELECT id, dept FROM emp QUALIFY row_number() OVER (PARTITION BY dept ORDER BY id) = 1

--# Queries: sets, recursion, the rest

--- UNION
SELECT dept FROM emp UNION SELECT x FROM maybe
--- UNION ALL
SELECT dept FROM emp UNION ALL SELECT x FROM maybe
--- INTERSECT
SELECT dept FROM emp INTERSECT SELECT x FROM maybe
--- INTERSECT ALL
SELECT dept FROM emp INTERSECT ALL SELECT x FROM maybe
--- EXCEPT
SELECT x FROM maybe EXCEPT SELECT dept FROM emp
--- EXCEPT ALL
SELECT x FROM maybe EXCEPT ALL SELECT id FROM dept
--- VALUES
VALUES (1, 'a'), (2, NULL)
--- TABLE
TABLE maybe
--- DISTINCT
SELECT DISTINCT dept, feel FROM emp
--- ORDER BY with NULLS FIRST and USING
SELECT x FROM maybe ORDER BY x DESC NULLS FIRST, x USING <
--- COLLATE
SELECT name FROM emp WHERE name < 'b' COLLATE "C" ORDER BY name COLLATE "C"
--- COLLATE of another locale [error]
SELECT name FROM emp ORDER BY name COLLATE "de_DE"
--- set-returning function in FROM
SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS t(n, i)
--- set-returning function in the select list
SELECT id, unnest(tags) FROM emp
--- ROWS FROM
SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS t(a, b)
--- unnest of several arrays
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) AS t(n, s)
--- unnest WITH ORDINALITY
SELECT id, t, n FROM emp, unnest(tags) WITH ORDINALITY AS u(t, n)
--- WITH
WITH rich AS (SELECT * FROM emp WHERE salary > 100) SELECT dept, count(*) FROM rich GROUP BY dept
--- WITH MATERIALIZED and NOT MATERIALIZED
WITH a AS MATERIALIZED (SELECT x FROM maybe), b AS NOT MATERIALIZED (SELECT x FROM a) SELECT count(*) FROM a JOIN b USING (x)
--- WITH RECURSIVE
WITH RECURSIVE up AS (SELECT id, parent, 0 AS depth FROM dept WHERE parent IS NULL UNION ALL SELECT d.id, d.parent, depth + 1 FROM dept d JOIN up ON d.parent = up.id) SELECT id, depth FROM up
--- WITH RECURSIVE, UNION over a cycle
WITH RECURSIVE reach(x) AS (SELECT 1 UNION SELECT (x * 2) % 7 FROM reach) SELECT x FROM reach
--- SEARCH DEPTH FIRST
WITH RECURSIVE up(id) AS (SELECT id FROM dept WHERE parent IS NULL UNION ALL SELECT d.id FROM dept d JOIN up ON d.parent = up.id) SEARCH DEPTH FIRST BY id SET path SELECT id, path::text FROM up
--- CYCLE
WITH RECURSIVE up(id, boss) AS (SELECT id, boss FROM emp UNION ALL SELECT e.id, e.boss FROM emp e JOIN up ON e.boss = up.id) CYCLE id SET again USING path SELECT count(*) FROM up
--- unbounded recursion [own] [error]
WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up) SELECT count(*) FROM up
--- GROUP BY ALL [own]
SELECT dept, feel, count(*) FROM emp GROUP BY ALL
--- * EXCLUDE [own]
SELECT * EXCLUDE (budget) FROM dept
--- TABLESAMPLE [once]
SELECT count(*) FROM emp TABLESAMPLE SYSTEM (100)
--- whole-row reference
SELECT d FROM dept d
--- XMLTABLE
SELECT * FROM XMLTABLE('/a' PASSING '<a/>' COLUMNS x int)
--- tumble() [own]
SELECT window_start, sum(qty) FROM tumble(tick, at, INTERVAL '30 minutes') GROUP BY window_start
--- hop() [own]
SELECT window_start, sym, count(*) FROM hop(tick, at, INTERVAL '15 minutes', INTERVAL '30 minutes') GROUP BY window_start, sym
--- session() [own]
SELECT window_start, window_end, sym, count(*) FROM session(tick, at, sym, INTERVAL '15 minutes') GROUP BY window_start, window_end, sym
--- cumulate() [own]
SELECT window_end, count(*) FROM cumulate(tick, at, INTERVAL '30 minutes', INTERVAL '60 minutes') GROUP BY window_end
--- now() in a view
SELECT count(*) FROM tick WHERE at < now()

--# Types

--- boolean
SELECT true AND NULL, NOT false, 'yes'::boolean, 1::boolean
--- smallint, integer, bigint
SELECT 32767::int2, -2147483648, 9223372036854775807, 5::int8 / 2
--- integer overflow [error]
SELECT 2147483647 + 1
--- numeric with scale, NaN and Infinity
SELECT 1.10 * 2.5, 'NaN'::numeric, 'Infinity'::numeric, 10::numeric(5,2), round(2.5), 1::numeric / 3
--- real, double precision, shortest text
SELECT 0.1::float8 + 0.2::float8, 1e300, 'NaN'::float8, '-0'::float8, 0.1::float4, 1e-5::float8
--- text, varchar(n), char(n)
SELECT 'a'::char(3) = 'a', 'abcdef'::varchar(3), length('ab '::char(5)), 'é' || 'x'
--- name, "char"
SELECT 'abc'::name, 'abc'::"char"
--- bytea
SELECT '\x0102'::bytea, 'a\\b'::bytea, length('\x00ff'::bytea)
--- date
SELECT date '2024-02-29' + 1, date '2024-03-01' - date '2023-03-01', '4714-11-24 BC'::date, 'infinity'::date
--- time, timetz
SELECT time '23:59:60', timetz '10:00+02', time '10:00' + interval '1 hour'
--- timestamp, timestamptz
SELECT timestamp '2024-01-31' + interval '1 month', timestamptz '2024-06-01 12:00+02' AT TIME ZONE 'UTC'
--- interval arithmetic
SELECT interval '1 month 3 days' * 1.5, justify_interval('35 days'), interval 'P1Y2M', '1 day'::interval > '23 hours'
--- time zones with daylight saving
SELECT timestamptz '2024-03-31 00:30Z' AT TIME ZONE 'Europe/Berlin', timestamp '2024-10-27 02:30' AT TIME ZONE 'Europe/Berlin'
--- uuid
SELECT 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid
--- bit, bit varying
SELECT B'101' & B'110', B'101'::bit(5), 5::bit(4), B'1' || B'01'
--- arrays, slices, dimensions
SELECT ARRAY[[1,2],[3,4]], (ARRAY[1,2,3])[2:3], '[2:3]={1,2}'::int[], ARRAY[1,2] || 3, (ARRAY[[1,2],[3,4]])[2][1]
--- arrays of rows and of enums
SELECT ARRAY['ok'::mood, 'sad'], ARRAY[ROW(1, 'a')]::text
--- json, jsonb
SELECT '{"b":1, "a":[1.0]}'::json, '{"b":1, "a":[1.0], "b":2}'::jsonb
--- jsonb operators
SELECT info -> 'l', info ->> 'k', info #> '{l,2}', info #>> '{l,2,m}', info @> '{"k": 1}', info ? 'k', info ?| '{z,l}', info - 'k' FROM emp WHERE jsonb_typeof(info) = 'object'
--- jsonpath
SELECT jsonb_path_query(info, '$.l[*] ? (@ > 1)') FROM emp WHERE id = 1
--- enum
SELECT feel, feel > 'sad', enum_range(NULL::mood) FROM emp
--- domain
SELECT 5::positive, pg_typeof(5::positive)
--- domain check [error]
SELECT 0::positive
--- composite rows
SELECT ROW(1, 'a') < ROW(1, 'b'), (d).name, d.*::text FROM dept d WHERE id = 1
--- ranges
SELECT int4range(1, 5) @> 3, '[2024-01-01,2024-02-01)'::daterange * '[2024-01-15,)', numrange(1, 2) -|- numrange(2, 3)
--- multiranges
SELECT '{[1,3),[5,9)}'::int4multirange - '{[2,6)}'
--- oid, regclass, regtype
SELECT 'int4'::regtype, 23::oid::regtype, 'pg_class'::regclass::oid
--- pg_lsn
SELECT '0/16'::pg_lsn - '0/1'::pg_lsn
--- money
SELECT '1.5'::money
--- xml
SELECT '<a/>'::xml
--- inet, cidr, macaddr
SELECT '10.0.0.1/8'::inet, '10/8'::cidr, '08:00:2b:01:02:03'::macaddr, '08:00:2b:01:02:03:04:05'::macaddr8
--- point and other geometry
SELECT '(1,2)'::point
--- tsvector, tsquery
SELECT to_tsvector('a b') @@ to_tsquery('a')
--- implicit and explicit casts
SELECT '5' + 1, 5 || 'x', 1.5::int, '1.5'::float8::numeric(3,1), CAST('2024-01-01' AS date)
--- 'today' and 'now' in literals [once]
SELECT 'today'::date = current_date, 'now'::timestamptz = now()

--# Functions and operators

--- 9.1 logic: AND, OR, NOT with NULL
SELECT NULL AND false, NULL OR true, NOT NULL::boolean
--- 9.2 comparison: BETWEEN SYMMETRIC, IS DISTINCT FROM, IS UNKNOWN
SELECT 2 BETWEEN SYMMETRIC 3 AND 1, NULL IS DISTINCT FROM 1, (NULL::boolean) IS UNKNOWN, num_nulls(1, NULL), 1 <> 2
--- 9.3 mathematics
SELECT 5 % 3, 2 ^ 10, |/ 25.0, @ -5, 5 & 3, 1 << 4, abs(-1.5), ceil(1.2), mod(7, 3), power(2, 0.5), sqrt(2), ln(10.0), gcd(12, 18), width_bucket(5.3, 0, 10, 5), trim_scale(1.500), factorial(10)
--- 9.3 trigonometry
SELECT sin(1), atan2(1, 2), degrees(pi()), cosd(60), sinh(1)
--- 9.3 random [once]
SELECT random() < 1
--- 9.4 strings
SELECT upper('aé'), lpad('x', 3, '-'), position('b' in 'abc'), substring('hello' from 2 for 3), overlay('abcdef' placing 'X' from 2 for 3), trim(both 'x' from 'xax'), split_part('a,b', ',', 2), initcap('hi you'), repeat('ab', 2), reverse('abc'), translate('abc', 'ab', 'x'), strpos('abc', 'c'), concat_ws('-', 1, NULL, 'a'), left('abc', -1), ascii('é'), chr(233), normalize(U&'e\0301')
--- 9.4 format, quote_literal
SELECT format('%s %I %L %2$s', 'a', 'b c', 'd''e'), quote_ident('A'), quote_literal('x''y'), quote_nullable(NULL)
--- 9.4 string_to_array, regexp_split_to_table
SELECT string_to_array('a,b,,c', ',', ''), regexp_split_to_table('a1b2c', '\d')
--- 9.5 binary strings
SELECT set_byte('\x1234'::bytea, 0, 255), get_bit('\x01'::bytea, 0), sha256('a'::bytea), encode('\x0102', 'base64'), decode('AQI=', 'base64'), convert_from(convert_to('é', 'LATIN1'), 'LATIN1')
--- 9.6 bit strings
SELECT bit_count(B'1011'), get_bit(B'01', 1), position(B'01' in B'1001')
--- 9.7 LIKE, ILIKE, SIMILAR TO
SELECT 'abc' LIKE 'a_%', 'ABC' ILIKE 'a%', 'a%c' LIKE 'a\%c', 'abc' SIMILAR TO '(a|b)%', 'a%' LIKE 'aX%' ESCAPE 'X'
--- 9.7 regular expressions
SELECT 'foobar' ~ 'o+b', 'FOO' ~* 'o', regexp_match('foobar', '(o)(b)'), regexp_matches('aXbX', '[a-z]X', 'g'), regexp_replace('abc', '(b)', '<\1>'), regexp_count('banana', 'a'), regexp_instr('banana', 'n', 1, 2), regexp_substr('banana', '.n'), regexp_like('a', 'A', 'i')
--- 9.7 a regular expression with a back-reference
SELECT 'abab' ~ '^(ab)\1$', regexp_match('hello', '(.)\1')
--- 9.8 to_char, to_date, to_timestamp, to_number
SELECT to_char(timestamp '2024-03-09 14:05', 'FMDay, DD Mon YYYY HH12:MI am'), to_char(1234.5, 'FM9,999.00'), to_date('09.03.2024', 'DD.MM.YYYY'), to_timestamp('2024-03-09', 'YYYY-MM-DD') AT TIME ZONE 'UTC', to_number('1,234.5-', '9,999.9S')
--- 9.9 date/time
SELECT extract(epoch FROM timestamp '2024-01-01'), date_trunc('week', timestamp '2024-03-09'), date_bin('15 min', timestamp '2024-03-09 10:20', timestamp '2024-01-01'), age(timestamp '2024-03-09', timestamp '2023-01-31'), make_date(2024, 2, 29), date_part('doy', date '2024-03-01'), (date '2024-01-01', interval '10 days') OVERLAPS (date '2024-01-05', date '2024-02-01'), isfinite('infinity'::date)
--- 9.9 the clock [once]
SELECT now() = current_timestamp, clock_timestamp() >= now(), current_date = now()::date
--- 9.10 enum functions
SELECT enum_first(NULL::mood), enum_last(NULL::mood), enum_range('ok'::mood, NULL)
--- 9.11 geometric functions
SELECT area(box '((0,0),(1,1))')
--- 9.12 network address functions
SELECT host(inet '10.0.0.1/8'), abbrev(cidr '10.1/16'), broadcast(inet '10.0.0.1/8'), inet '10.0.0.1' << '10/8', inet '10.0.0.1' + 5, inet_merge('10.0.0.1', '10.0.0.9'), trunc(macaddr '08:00:2b:01:02:03'), macaddr8_set7bit('08:00:2b:01:02:03')
--- 9.13 text search functions
SELECT ts_rank(to_tsvector('a'), to_tsquery('a'))
--- 9.14 uuid functions [once]
SELECT length(gen_random_uuid()::text)
--- 9.15 XML functions
SELECT xmlelement(name a)
--- 9.16 JSON functions
SELECT to_jsonb(ARRAY[1,2]), jsonb_build_object('a', 1), row_to_json(ROW(1, 'x')), jsonb_set('{"a":1}', '{b}', '2'), jsonb_insert('[1]', '{0}', '0'), jsonb_strip_nulls('{"a":null}'), jsonb_pretty('{"a":1}'), jsonb_array_length('[1,2]'), jsonb_path_exists('{"a":1}', '$.a'), '{"a":1}'::jsonb || '{"b":2}'
--- 9.16 JSON as rows
SELECT * FROM jsonb_to_recordset('[{"a":1,"b":"x"},{"a":2}]') AS t(a int, b text)
--- 9.16 jsonb_each, jsonb_array_elements
SELECT e.id, k, v FROM emp e, jsonb_each(CASE jsonb_typeof(e.info) WHEN 'object' THEN e.info ELSE '{}' END) AS j(k, v)
--- 9.16 jsonb subscripts
SELECT (info)['l'][0] FROM emp
--- 9.17 nextval, currval [once]
SELECT nextval('counter')
--- 9.18 CASE, COALESCE, NULLIF, GREATEST, LEAST
SELECT CASE x WHEN 1 THEN 'one' ELSE 'more' END, COALESCE(x, 0), NULLIF(x, 2), GREATEST(x, 1), LEAST(x, 1) FROM maybe
--- 9.19 array functions
SELECT array_append(ARRAY[1], 2), array_cat(ARRAY[1], ARRAY[2]), array_position(ARRAY['a','b'], 'b'), array_remove(ARRAY[1,2,1], 1), array_to_string(ARRAY[1,NULL,3], ',', '*'), cardinality(ARRAY[[1],[2]]), array_fill(7, ARRAY[2]), ARRAY[1,2] && ARRAY[2], ARRAY[1,2] @> ARRAY[1], trim_array(ARRAY[1,2,3], 1), array_dims(ARRAY[1,2])
--- 9.20 range functions
SELECT lower(int4range(1, 5)), upper_inc(numrange(1, 2, '[]')), isempty(int4range(1, 1)), range_merge(int4range(1, 2), int4range(5, 6)), unnest('{[1,2),[4,5)}'::int4multirange)
--- 9.24 IN a list, ALL of an array
SELECT x IN (1, NULL), x NOT IN (1, 3), x < ALL (ARRAY[2, 3]) FROM maybe
--- 9.25 set-returning functions
SELECT generate_series(date '2024-01-01', date '2024-01-03', '1 day')::date, generate_subscripts(ARRAY[5,6], 1)
--- 9.26 session information [once]
SELECT current_database() IS NOT NULL, current_schema, pg_typeof(1), to_regclass('nowhere'), pg_backend_pid() > 0, current_setting('TimeZone')
--- 9.26 privileges, visibility [once]
SELECT has_table_privilege('emp', 'SELECT'), pg_table_is_visible('emp'::regclass), obj_description('emp'::regclass)
--- 9.27 pg_size_pretty, pg_size_bytes
SELECT pg_size_pretty(123456789::bigint), pg_size_bytes('1.5 kB')
--- hashes of data types
SELECT md5('a'), hashtext('a'), hashint4(1)
--- an unknown function [error]
SELECT nonsense(1)
--- user-defined functions
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'

--# Errors of rows

--- division by zero in a query [error]
SELECT 1 / (id - 1) FROM emp
--- bad cast [error]
SELECT name::int FROM emp
--- date out of range [error]
SELECT date '2024-02-30'

--# Data manipulation

--- INSERT with DEFAULT and several rows
INSERT INTO note VALUES (DEFAULT, 'x'), (90, DEFAULT) RETURNING id, body, size
--- INSERT .. SELECT
INSERT INTO maybe SELECT id FROM emp RETURNING x
--- INSERT of a serial
INSERT INTO note (body) VALUES ('q') RETURNING id > 0, size
--- INSERT OVERRIDING a generated column [error]
INSERT INTO note (size) VALUES (5)
--- UPDATE
UPDATE emp SET salary = salary * 2, tags[1] = 'q' WHERE id = 1 RETURNING salary, tags
--- UPDATE .. FROM
UPDATE emp SET salary = d.budget FROM dept d WHERE d.id = emp.dept RETURNING emp.id, emp.salary
--- UPDATE of several columns by a subquery
UPDATE emp SET (salary, name) = (SELECT budget, name FROM dept WHERE id = emp.dept) WHERE id < 3 RETURNING name, salary
--- DELETE
DELETE FROM emp WHERE salary IS NULL RETURNING id
--- DELETE .. USING
DELETE FROM emp USING dept d WHERE d.id = emp.dept AND d.name = 'lab' RETURNING emp.id
--- ON CONFLICT DO NOTHING
INSERT INTO dept VALUES (1, 'x'), (50, 'y') ON CONFLICT DO NOTHING RETURNING id
--- ON CONFLICT DO UPDATE with a target, excluded and WHERE
INSERT INTO dept VALUES (1, 'x', 7), (2, 'y', 7) ON CONFLICT (id) DO UPDATE SET budget = excluded.budget + dept.budget WHERE dept.name <> 'lab' RETURNING id, budget
--- ON CONFLICT ON CONSTRAINT
INSERT INTO dept VALUES (1, 'x') ON CONFLICT ON CONSTRAINT dept_pkey DO UPDATE SET name = 'z' RETURNING name
--- RETURNING expressions
INSERT INTO maybe VALUES (5) RETURNING x * 2 AS twice, *
--- MERGE
MERGE INTO dept d USING (VALUES (1, 'one'), (60, 'new')) s(id, name) ON d.id = s.id WHEN MATCHED AND d.budget > 5 THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name); SELECT id, name FROM dept
--- MERGE .. DELETE and DO NOTHING
MERGE INTO emp e USING dept d ON e.dept = d.id WHEN MATCHED AND d.id = 1 THEN DELETE WHEN MATCHED THEN DO NOTHING; SELECT id FROM emp
--- data-modifying WITH
WITH gone AS (DELETE FROM emp WHERE dept = 1 RETURNING id) INSERT INTO maybe SELECT id FROM gone RETURNING x
--- TRUNCATE
TRUNCATE maybe; SELECT count(*) FROM maybe
--- SELECT INTO
SELECT id INTO copied FROM emp; SELECT count(*) FROM copied
--- CREATE TABLE AS
CREATE TABLE copied AS SELECT id, name FROM emp; SELECT count(*) FROM copied
--- NOT NULL [error]
INSERT INTO dept VALUES (70, NULL)
--- CHECK [error]
CREATE TABLE c (x int CHECK (x > 0)); INSERT INTO c VALUES (0)
--- UNIQUE [error]
CREATE TABLE u (x int UNIQUE); INSERT INTO u VALUES (1), (NULL), (NULL), (1)
--- UNIQUE NULLS NOT DISTINCT [error]
CREATE TABLE u (x int UNIQUE NULLS NOT DISTINCT); INSERT INTO u VALUES (NULL), (NULL)
--- PRIMARY KEY [error]
INSERT INTO dept VALUES (1, 'twice')
--- FOREIGN KEY [error]
INSERT INTO emp (id, dept) VALUES (80, 99)
--- ON DELETE CASCADE
CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE q (p int REFERENCES p ON DELETE CASCADE); INSERT INTO p VALUES (1); INSERT INTO q VALUES (1); DELETE FROM p; SELECT count(*) FROM q
--- ON DELETE SET NULL, ON UPDATE CASCADE
CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE q (p int REFERENCES p ON DELETE SET NULL ON UPDATE CASCADE); INSERT INTO p VALUES (1); INSERT INTO q VALUES (1); UPDATE p SET id = 2; SELECT p FROM q
--- ON DELETE RESTRICT [error]
CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE q (p int REFERENCES p ON DELETE RESTRICT); INSERT INTO p VALUES (1); INSERT INTO q VALUES (1); DELETE FROM p
--- EXCLUDE constraints
CREATE TABLE x (r int4range, EXCLUDE USING gist (r WITH &&))
--- identity columns
CREATE TABLE i (id int GENERATED ALWAYS AS IDENTITY, x int); INSERT INTO i (x) VALUES (5), (6) RETURNING id
--- generated columns
CREATE TABLE g (a int, b int GENERATED ALWAYS AS (a * 2) STORED); INSERT INTO g VALUES (4) RETURNING b
--- SERIAL
CREATE TABLE s (id serial, x int); INSERT INTO s (x) VALUES (5), (6) RETURNING id
--- savepoints
INSERT INTO maybe VALUES (77); SAVEPOINT a; DELETE FROM maybe; ROLLBACK TO a; SELECT count(*) FROM maybe
--- isolation levels
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SHOW transaction_isolation
--- prepared statements
PREPARE find(int) AS SELECT name FROM dept WHERE id = $1; EXECUTE find(2)
--- cursors
DECLARE c SCROLL CURSOR FOR SELECT id FROM emp ORDER BY id; FETCH 2 FROM c; FETCH BACKWARD 1 FROM c
--- row locks
SELECT id FROM dept WHERE id = 1 FOR UPDATE SKIP LOCKED; SELECT 1
--- LOCK TABLE
LOCK TABLE dept IN EXCLUSIVE MODE; SELECT 1
--- triggers [own]
CREATE TRIGGER t BEFORE INSERT ON dept FOR EACH ROW EXECUTE FUNCTION f()
--- rules
CREATE RULE r AS ON INSERT TO dept DO INSTEAD NOTHING
--- row security
ALTER TABLE dept ENABLE ROW LEVEL SECURITY
--- partitioned tables
CREATE TABLE p (id int) PARTITION BY RANGE (id)
--- inheritance
CREATE TABLE child () INHERITS (dept)

--# Definition

--- CREATE VIEW
CREATE VIEW rich AS SELECT * FROM emp WHERE salary > 100; SELECT count(*) FROM rich
--- CREATE INDEX, unique, on expressions, partial
CREATE UNIQUE INDEX one ON emp (lower(name)) WHERE dept = 2; SELECT id FROM emp WHERE lower(name) = 'cid' AND dept = 2
--- ALTER TABLE ADD and DROP COLUMN
ALTER TABLE spare ADD COLUMN y int DEFAULT 7; ALTER TABLE spare DROP COLUMN x; SELECT DISTINCT y FROM spare
--- ADD COLUMN serial, to a table with rows
ALTER TABLE spare ADD COLUMN id serial; SELECT count(DISTINCT id) = count(*) FROM spare
--- DROP COLUMN, of a table whose other columns a materialized view reads
CREATE TABLE wide (a int, b int); CREATE MATERIALIZED VIEW sums AS SELECT sum(b) FROM wide; ALTER TABLE wide DROP COLUMN a; SELECT * FROM sums
--- ADD CONSTRAINT NOT VALID
ALTER TABLE spare ADD CONSTRAINT small CHECK (x < 0) NOT VALID; DELETE FROM spare WHERE x >= 0; ALTER TABLE spare VALIDATE CONSTRAINT small
--- ALTER COLUMN TYPE
ALTER TABLE spare ALTER COLUMN x TYPE text USING x || '!'; SELECT x FROM spare
--- ALTER TABLE ADD CONSTRAINT [error]
ALTER TABLE spare ADD CONSTRAINT small CHECK (x < 2)
--- ALTER TABLE RENAME
ALTER TABLE spare RENAME COLUMN x TO z; SELECT sum(z) FROM spare
--- CREATE TYPE AS ENUM
CREATE TYPE size AS ENUM ('s', 'l'); SELECT 'l'::size > 's'
--- ALTER TYPE ADD VALUE
ALTER TYPE shade ADD VALUE 'red' AFTER 'dark'
--- ALTER TYPE RENAME VALUE
ALTER TYPE shade RENAME VALUE 'dark' TO 'black'; SELECT enum_range(NULL::shade)
--- ALTER TYPE RENAME VALUE, of a type that a column has
CREATE TABLE tinted (s shade); INSERT INTO tinted VALUES ('dark'); ALTER TYPE shade RENAME VALUE 'dark' TO 'ink'; SELECT * FROM tinted
--- ALTER TYPE ADD VALUE, of a type that a column has
CREATE TABLE tinted (s shade); INSERT INTO tinted VALUES ('dark'); ALTER TYPE shade ADD VALUE 'dim' BEFORE 'light'; SELECT * FROM tinted
--- ALTER TYPE ADD VALUE, of a type that a materialized view reads
ALTER TYPE mood ADD VALUE 'great' AFTER 'happy'
--- ALTER TYPE RENAME VALUE, of a type that a materialized view reads
ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'
--- CREATE TYPE AS composite
CREATE TYPE pair AS (a int, b text); SELECT (ROW(1, 'x')::pair).b
--- ALTER TYPE ADD ATTRIBUTE, of a type that a column has
CREATE TYPE pair AS (a int, b text); CREATE TABLE paired (p pair); INSERT INTO paired VALUES (ROW(1, 'x')); ALTER TYPE pair ADD ATTRIBUTE c int; SELECT * FROM paired
--- ALTER TYPE DROP ATTRIBUTE, of a type that a column has
CREATE TYPE pair AS (a int, b text); CREATE TABLE paired (p pair); INSERT INTO paired VALUES (ROW(1, 'x')); ALTER TYPE pair DROP ATTRIBUTE a; SELECT * FROM paired
--- CREATE TYPE AS RANGE
CREATE TYPE floats AS RANGE (subtype = float8)
--- CREATE DOMAIN
CREATE DOMAIN short AS text CHECK (length(VALUE) < 3); SELECT 'ab'::short
--- CREATE SCHEMA
CREATE SCHEMA s; CREATE TABLE s.t (x int); SELECT count(*) FROM s.t
--- CREATE SEQUENCE
CREATE SEQUENCE up INCREMENT 5 START 10; SELECT nextval('up'), nextval('up')
--- temporary tables
CREATE TEMP TABLE tmp (x int) ON COMMIT DROP; INSERT INTO tmp VALUES (1) RETURNING x
--- COMMENT ON
COMMENT ON TABLE dept IS 'rooms'; SELECT obj_description('dept'::regclass)
--- GRANT
GRANT SELECT ON dept TO PUBLIC
--- DROP CASCADE
CREATE VIEW v AS SELECT * FROM spare; DROP TABLE spare CASCADE; SELECT to_regclass('v')
--- CREATE AGGREGATE, OPERATOR
CREATE AGGREGATE total (int) (sfunc = int4pl, stype = int)
--- EXPLAIN [own]
EXPLAIN SELECT * FROM emp
--- DO
DO $$ BEGIN NULL; END $$
--- LISTEN, NOTIFY
LISTEN here; NOTIFY here, 'x'
--- COPY of a query [own]
COPY (SELECT id FROM dept) TO STDOUT
