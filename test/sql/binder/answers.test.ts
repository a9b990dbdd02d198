// Binder to circuit against recorded answers of PostgreSQL 15: columns, rows, and errors word for word.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { REWRITES } from '../../../sql/optimizer/optimizer.ts';
import { Random } from '../../support/random.ts';
import { sampleQueries } from '../../support/sample-tables.ts';

type Case =
  | { readonly sql: string; readonly error: string }
  | { readonly sql: string; readonly columns: string; readonly rows: readonly string[]; readonly ordered: boolean };

const { cases }: { cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL('../../fixture/sql-answers.json', import.meta.url), 'utf8'));
const queries = sampleQueries();
const sort = (rows: readonly string[]): string[] => [...rows].sort();

describe('queries answer as PostgreSQL does', () => {
  test.each(cases)('$sql', (c) => {
    if ('error' in c) {
      expect(queries.error(c.sql)).toBe(c.error);
      return;
    }
    const answer = queries.run(c.sql);
    expect(answer.columns.join('|')).toBe(c.columns);
    expect(c.ordered ? answer.rows : sort(answer.rows)).toEqual(c.ordered ? c.rows : sort(c.rows));
  });
});

describe('each rewrite may be switched off', () => {
  test.each(REWRITES.map((r) => r.name))('%s', (name) => {
    for (const c of cases) {
      if ('error' in c) continue;
      const { rows } = queries.run(c.sql, [], { disabled: new Set([name]) });
      expect(sort(rows), c.sql).toEqual(sort(c.rows));
    }
  });

  test('all at once', () => {
    const disabled = new Set(REWRITES.map((r) => r.name));
    for (const c of cases) {
      if ('error' in c) continue;
      expect(sort(queries.run(c.sql, [], { disabled }).rows), c.sql).toEqual(sort(c.rows));
    }
  });
});

describe('kept incrementally, the rows are the same', () => {
  const views = cases.filter((c) => !('error' in c) && isView(c.sql));
  test.each([1, 2].map((seed) => [seed]))('seed %i', (seed) => {
    for (const c of views) {
      if ('error' in c) continue;
      const rows = queries.incremental(c.sql, new Random(seed));
      expect(sort(rows), `${c.sql} (seed ${seed})`).toEqual(sort(c.rows));
    }
  });
});

/** What a view may say; LIMIT without a whole order may keep other rows. */
function isView(sql: string): boolean {
  return !/\bnow\b|current_|limit \d+ offset 1$/.test(sql);
}
