// Every function's example gives what it says; every function has a description and, unless it is random, an example.
import { expect, test } from 'vitest';
import { ENGINE_FUNCTIONS } from '../../engine/function/registry.ts';
import type { Signature } from '../../engine/function/function.ts';
import { sqlText } from '../support/evaluate-sql.ts';

const { scalar, table } = ENGINE_FUNCTIONS.lists;
const all: readonly (Signature & { readonly volatility: string })[] = [...scalar, ...table];

function label(f: Signature): string {
  return `${f.name}(${f.args.map((a) => a.kind).join(', ')}${f.variadic === undefined ? '' : ', ...'})`;
}

/** Their answer depends on the time, on chance, or on types that must first be made. */
const WITHOUT_EXAMPLE = new Set(['age', 'now', 'transaction_timestamp', 'statement_timestamp', 'current_date',
  'current_timestamp',
  'localtimestamp', 'localtime', 'current_time']);

test('every function is described, and shown by an example', () => {
  const missing = all.filter((f) => f.description === '' || (f.example === undefined && f.volatility !== 'volatile'
    && !WITHOUT_EXAMPLE.has(f.name) && f.args[0]?.kind !== 'anyenum'));
  expect(missing.map(label)).toEqual([]);
});

test('examples give their results', async () => {
  const wrong: string[] = [];
  for (const f of all) {
    if (f.example === undefined) continue;
    const result = await sqlText(f.example.sql).catch((error: unknown) => `FAULT ${String(error)}`);
    const { sql, result: expected } = f.example;
    if (result !== expected) wrong.push(`${label(f)}: ${sql} gives ${result}, not ${expected}`);
  }
  expect(wrong).toEqual([]);
});

test('no two functions have the same signature', () => {
  const seen = new Map<string, number>();
  for (const f of all) {
    const key = `${'operator' in f ? 'operator ' : ''}${label(f)}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  expect([...seen].filter(([, n]) => n > 1)).toEqual([]);
});
