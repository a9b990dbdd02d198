// Both readers give the same tree for what both accept: over every golden script, TPC-H, Nexmark and generated statements.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { TPCH_QUERIES } from '../../../bench/tpch/queries.ts';
import { DatabaseError } from '../../../engine/data/error.ts';
import { parseForeign } from '../../../sql/parser/foreign.ts';
import { loadParser, parse } from '../../../sql/parser/parse.ts';
import { createTable, generateCase } from '../../differential/generate.ts';
import { NEXMARK_QUERIES, postgresOf } from '../../differential/nexmark-queries.ts';
import { parseScript } from '../../script/script.ts';
import { Random } from '../../support/random.ts';

await loadParser();

const SCRIPTS = join(fileURLToPath(new URL('../../script', import.meta.url)));

/** Without positions, keys in order, and nothing where nothing is said. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  // A watermark's text is noted by the second reader alone.
  const skipped = new Set(['position', 'range', ...'column' in value && 'expression' in value ? ['text'] : []]);
  const entries = Object.entries(value).filter(([key, v]) => !skipped.has(key) && v !== undefined);
  return Object.fromEntries(entries.map(([key, v]) => [key, bare(v)] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where two trees differ first, or null. */
function difference(a: unknown, b: unknown, path = ''): string | null {
  if (Object.is(a, b)) return null;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return `${path}: ${JSON.stringify(a)} / ${JSON.stringify(b)}`;
  }
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const found = difference(left.get(key), right.get(key), `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

interface Outcome { read: number; refused: number; readonly different: string[] }

/** What the first reader refuses is none of the second's business. */
function compare(text: string, outcome: Outcome): void {
  let own: unknown;
  try {
    own = bare(parse(text).map((s) => s.statement));
  } catch (error) {
    if (error instanceof DatabaseError) return;
    throw error;
  }
  try {
    const foreign = bare(parseForeign(text, 'postgresql').map((s) => s.statement));
    outcome.read++;
    const found = difference(own, foreign);
    if (found !== null) outcome.different.push(`${text}\n  ${found}`);
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw new Error(text, { cause: error });
    expect(['0A000', '42601', '54001'], `${error.code} ${error.message}: ${text}`).toContain(error.code);
    outcome.refused++;
  }
}

describe('both readers', () => {
  test('all golden scripts', { timeout: 120_000 }, () => {
    const outcome: Outcome = { read: 0, refused: 0, different: [] };
    for (const file of readdirSync(SCRIPTS).filter((name) => name.endsWith('.test'))) {
      for (const { sql } of parseScript(readFileSync(join(SCRIPTS, file), 'utf8')).blocks) {
        compare(sql.replace(/^\[plan\]/, ''), outcome);
      }
    }
    expect(outcome.different.slice(0, 5)).toEqual([]);
    expect(outcome.read).toBeGreaterThan(outcome.refused);
  });

  test('TPC-H and Nexmark', () => {
    const outcome: Outcome = { read: 0, refused: 0, different: [] };
    for (const text of Object.values(TPCH_QUERIES)) compare(text, outcome);
    expect(outcome).toEqual({ read: 22, refused: 0, different: [] });
    for (const query of NEXMARK_QUERIES) compare(postgresOf(query), outcome);
    expect(outcome.different).toEqual([]);
  });

  test('generated statements', { timeout: 120_000 }, () => {
    const outcome: Outcome = { read: 0, refused: 0, different: [] };
    for (let seed = 1; seed <= 40; seed++) {
      const spec = generateCase(new Random(seed), seed, { views: 8, transactions: 3 });
      const texts = [...spec.tables.map((t) => createTable(t)), ...spec.views.map((v) => v.query),
        ...spec.transactions.flatMap((t) => t.statements)];
      for (const text of texts) compare(text, outcome);
    }
    expect(outcome.different.slice(0, 5)).toEqual([]);
    expect(outcome.read).toBeGreaterThan(outcome.refused);
  });
});
