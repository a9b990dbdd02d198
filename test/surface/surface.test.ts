// SURFACE.md says what is so: every statement of surface.sql is answered or refused as the table has it, views hold what
// their queries answer, and PostgreSQL answers the same. UPDATE_SURFACE=1 writes the table.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { oracleAddress } from '../differential/hunt.ts';
import { markdown, parseSurface, runHere, runThere } from './surface.ts';
import type { Outcome, Result } from './surface.ts';

const path = join(import.meta.dirname, 'SURFACE.md');
const surface = parseSurface(readFileSync(join(import.meta.dirname, 'surface.sql'), 'utf8'));
let results: readonly Result[] = [];

beforeAll(async () => {
  results = await runHere(surface);
}, 120_000);

/** What one sees of an answer: its rows, or its error. */
function seen({ code, message, rows }: Outcome): unknown {
  return code === '' ? rows : `${code} ${message}`;
}

describe('the surface', () => {
  test('is as SURFACE.md has it', () => {
    const text = markdown(results);
    if (process.env['UPDATE_SURFACE'] === '1') writeFileSync(path, text);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('has no item twice', () => {
    const names = surface.items.map((item) => `${item.section}: ${item.name}`);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  test('is refused with reasons only', () => {
    const faults = results.flatMap(({ item, once, view }) => [once, view].flatMap((o) => (
      o !== null && !item.error && o.code !== '' && !/^(0A000|42883|42704|54001|57014)$/.test(o.code)
        ? [`${item.name}: ${o.code} ${o.message}`] : [])));
    expect(faults).toEqual([]);
  });

  test('is the same in views', () => {
    for (const { item, once, view } of results) {
      if (view === null || (once.code === '' && view.code !== '')) continue;
      expect([item.name, seen(view)]).toEqual([item.name, seen(once)]);
    }
  });

  const oracle = oracleAddress();
  test.skipIf(oracle === null)('is PostgreSQL\'s', async () => {
    if (oracle === null) return;
    const theirs = await runThere(surface, oracle);
    for (const { item, once } of results) {
      const other = theirs.get(item);
      if (other === undefined || (once.code !== '' && !item.error)) continue;
      expect([item.name, once.columns, seen(once)]).toEqual([item.name, other.columns, seen(other)]);
    }
  }, 120_000);
});
