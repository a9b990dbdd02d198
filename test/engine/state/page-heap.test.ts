// Pages of long texts: none grows far beyond its measure, rows that are freed are filled again, also after a restart.
import { describe, expect, test } from 'vitest';
import { batchFromRows, batchToRows } from '../../../engine/data/access.ts';
import { PAGE_SHIFT } from '../../../engine/data/cells.ts';
import { Delta } from '../../../engine/data/delta.ts';
import { INT8, TEXT } from '../../../engine/data/types.ts';
import type { Schema } from '../../../engine/data/types.ts';
import { Arrangement } from '../../../engine/state/arrangement.ts';
import { FULL_HEAP } from '../../../engine/state/page-heap.ts';
import { MemoryState } from '../../../engine/state/memory.ts';
import type { StateReader } from '../../../engine/state/ports.ts';
import type { Pages } from '../../../engine/state/pages.ts';
import { preparePages } from '../../../engine/state/prepared-pages.ts';
import { Random } from '../../support/random.ts';

const SCHEMA: Schema = { columns: [{ name: 'k', type: INT8 }, { name: 't', type: TEXT }] };

const textOf = (key: number, length: number): string => String.fromCharCode(97 + (key % 26)).repeat(length);
type Row = readonly [key: number, length: number];
const deltaOf = (rows: readonly Row[], weight = 1): Delta => new Delta(
  batchFromRows(SCHEMA, rows.map(([key, length]) => [BigInt(key), textOf(key, length)])),
  new Int32Array(rows.length).fill(weight));

function heldBy(arrangement: Arrangement): string[] {
  const out: string[] = [];
  for (const { batch, weights } of arrangement.scan()) {
    batchToRows(batch).forEach(([k, t], i) => out.push(`${weights[i]} ${k}:${String(t).length}:${String(t)[0]}`));
  }
  return out.toSorted();
}

const expected = (rows: readonly Row[]): string[] =>
  rows.map(([k, length]) => `1 ${k}:${length}:${length === 0 ? undefined : textOf(k, 1)}`).toSorted();

function mostHeap(pages: Pages): number {
  let most = 0;
  for (let number = 0; number < pages.pageCount; number++) most = Math.max(most, pages.page(number).heap);
  return most;
}

describe('pages of long texts', () => {
  test.each([
    ['of one length, in one batch', Array.from({ length: 2100 }, (_, i): Row => [i, 20_000])],
    ['few long ones among short ones', Array.from({ length: 3000 }, (_, i): Row => [i, i % 500 === 499 ? 1_000_000 : 3])],
    ['each longer than a page should be', Array.from({ length: 5 }, (_, i): Row => [i, 3_000_000])],
  ])('%s', (_, rows) => {
    const longest = Math.max(...rows.map(([, length]) => length));
    const arrangement = new Arrangement(SCHEMA, [0]);
    const delta = deltaOf(rows);
    preparePages(delta.batch, SCHEMA.columns.map((c) => c.type));
    arrangement.apply(delta);
    expect(mostHeap(arrangement.pages)).toBeLessThanOrEqual(Math.max(2 * FULL_HEAP, longest));
    expect(heldBy(arrangement)).toEqual(expected(rows));
  });

  test('row by row, changed and taken away, saved and restored', () => {
    const random = new Random(3);
    const state = new MemoryState();
    let arrangement = new Arrangement(SCHEMA, [0]);
    let rows: Row[] = [];
    for (let round = 0; round < 12; round++) {
      const fresh = Array.from({ length: 60 }, (_, i): Row => [round * 100 + i, random.pick([0, 10, 40_000, 300_000])]);
      for (const row of fresh) arrangement.apply(deltaOf([row]));
      rows.push(...fresh);
      const gone = random.shuffle(rows).splice(0, 50);
      arrangement.apply(deltaOf(gone, -1));
      rows = rows.filter((row) => !gone.includes(row));
      expect(mostHeap(arrangement.pages)).toBeLessThanOrEqual(2 * FULL_HEAP);
      if (round % 4 === 3) {
        arrangement.save('x', state);
        arrangement = new Arrangement(SCHEMA, [0]);
        arrangement.restore('x', state);
      }
      expect(heldBy(arrangement), `round ${round}`).toEqual(expected(rows));
    }
  });

  test('their pages are filled again once rows are free', () => {
    const arrangement = new Arrangement(SCHEMA, [0]);
    const rows = Array.from({ length: 400 }, (_, i): Row => [i, 50_000]);
    arrangement.apply(deltaOf(rows));
    const before = arrangement.pages.pageCount;
    for (let round = 1; round < 10; round++) {
      const part = rows.filter(([key]) => key % 10 === round);
      arrangement.apply(deltaOf(part, -1));
      arrangement.apply(deltaOf(part));
    }
    expect(arrangement.pages.pageCount).toBeLessThanOrEqual(before + 2);
    expect(heldBy(arrangement)).toEqual(expected(rows));
  });

  test('after a restart a row that comes reads none that is full', () => {
    const state = new MemoryState();
    const first = new Arrangement(SCHEMA, null);
    first.apply(deltaOf(Array.from({ length: 1000 }, (_, i): Row => [i, 20_000])));
    first.save('x', state);
    let read = 0;
    const saved: StateReader = {
      pages: (name) => [...state.pages(name)].map(({ batch, ...rest }) => ({ ...rest, get batch() { read++; return batch; } })),
    };
    const again = new Arrangement(SCHEMA, null);
    again.restore('x', saved);
    again.apply(deltaOf([[1, 20_000]]));
    expect(again.pages.pageCount).toBeGreaterThan(5);
    expect(read).toBeLessThanOrEqual(1);
  });

  test('what a page takes is known after each write', () => {
    const arrangement = new Arrangement(SCHEMA, null);
    const ids: number[] = [];
    arrangement.apply(deltaOf(Array.from({ length: 50 }, (_, i): Row => [i, 10])), (_, given) => ids.push(...given));
    const page = arrangement.pages.page(ids[0] >> PAGE_SHIFT);
    arrangement.freeze().release();
    const before = page.bytes();
    expect(page.bytes()).toBe(before);
    arrangement.apply(deltaOf([[1, 100_000]]));
    expect(arrangement.pages.page(0).bytes()).toBeGreaterThan(before + 90_000);
  });
});
