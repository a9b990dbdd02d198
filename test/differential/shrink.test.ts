// Shrinking itself: what is left of a case is what its fault needs.
import { expect, test } from 'vitest';
import type { CaseSpec } from './generate.ts';
import { shrink, smallerTexts } from './shrink.ts';

const column = { name: 'k0', type: 'int4', sqlType: 'int', notNull: false, indexed: false, references: null } as const;

const SPEC: CaseSpec = {
  seed: 1, shape: { disable: 'push-down', viewSeed: 3, querySeed: 4 }, restarts: true, extended: true, types: [],
  tables: [{ name: 't0', columns: [column], keyed: false }, { name: 't1', columns: [column], keyed: true }],
  views: [
    { name: 'v0', query: 'SELECT 1 AS c0 FROM t1', after: 0 },
    { name: 'v1', after: 2, query: 'SELECT count(*) AS c0, coalesce(lag(r.k0, 2) OVER (PARTITION BY r.k0 ORDER BY r.k0), 0) AS c1 '
      + "FROM t0 r JOIN t0 s ON r.k0 = s.k0 WHERE (r.k0 > 1 AND r.k0 <> 7) OR s.k0 IS NULL GROUP BY 2 HAVING count(*) > 1" },
  ],
  transactions: [
    { statements: ['INSERT INTO t1 VALUES (1)'], commit: false },
    { statements: ['DELETE FROM t0', "INSERT INTO t0 VALUES (1), (2), (NULL), (3), ('4')", 'TRUNCATE t1'], commit: true },
  ],
};

/** Fails where some view has lag() over rows of which some is NULL. */
const fails = (spec: CaseSpec): Promise<boolean> => Promise.resolve(
  spec.views.some((v) => /lag\(r\.k0/.test(v.query) && /FROM t0/.test(v.query))
  && spec.transactions.some((t) => t.commit && t.statements.some((s) => /^INSERT INTO t0 VALUES .*\(NULL\)/.test(s))));

test('keeps nothing that the fault does not need', async () => {
  const small = await shrink(SPEC, fails);
  expect(small.views).toEqual([{ name: 'v1', query: 'SELECT lag(r.k0) FROM t0 r', after: 0 }]);
  expect(small.transactions).toEqual([{ statements: ['INSERT INTO t0 VALUES (NULL)'], commit: true }]);
  expect(small.tables.map((t) => t.name)).toEqual(['t0']);
  expect(small.shape).toEqual({ disable: '', viewSeed: 0, querySeed: 0 });
  expect([small.restarts, small.extended]).toEqual([false, false]);
});

test('texts lose arguments, calls, clauses, operands, rows and branches', () => {
  expect(smallerTexts('SELECT f(a, b) FROM t WHERE x AND NOT y')).toEqual(expect.arrayContaining([
    'SELECT a FROM t WHERE x AND NOT y', 'SELECT b FROM t WHERE x AND NOT y', 'SELECT f(a) FROM t WHERE x AND NOT y',
    'SELECT f( b) FROM t WHERE x AND NOT y', 'SELECT f(a, b) FROM t', 'SELECT f(a, b) FROM t WHERE x', 'SELECT f(a, b) FROM t WHERE NOT y',
    'SELECT f(a, b) FROM t WHERE x AND y',
  ]));
  expect(smallerTexts("INSERT INTO t VALUES (1, 'a,('), (2, 'b')")).toContain("INSERT INTO t VALUES (1, 'a,(')");
  expect(smallerTexts('SELECT a UNION ALL SELECT b')).toEqual(expect.arrayContaining(['SELECT a', 'SELECT b']));
  expect(smallerTexts('SELECT CASE WHEN a THEN b ELSE c END, d')).toContain('SELECT NULL, d');
});
