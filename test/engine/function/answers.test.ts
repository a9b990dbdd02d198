// Some thousand expressions with PostgreSQL 15's answers, recorded from a real one: values, NULLs and errors.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sqlText } from '../../support/evaluate-sql.ts';

/** Lines of [expression, answer]: its text, `~null~` for NULL, or `ERROR code message`. */
const lines = readFileSync(new URL('../../fixture/function-answers.jsonl', import.meta.url), 'utf8').trim().split('\n');

test('answers as PostgreSQL does', async () => {
  const wrong: string[] = [];
  for (const line of lines) {
    const [sql, answer]: [string, string] = JSON.parse(line);
    const ours = await sqlText(`SELECT coalesce((${sql})::text, '~null~')`);
    if (ours !== answer) wrong.push(`${sql}: ${ours}, not ${answer}`);
  }
  expect(lines.length).toBeGreaterThan(3500);
  expect(wrong).toEqual([]);
});
