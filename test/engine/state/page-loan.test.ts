// Pages over the memory of the batch that their rows came in: nobody sees a write of another, and memory is given back.
import { describe, expect, test } from 'vitest';
import { batchFromRows, batchToRows } from '../../../engine/data/access.ts';
import type { Batch } from '../../../engine/data/batch.ts';
import { PAGE_ROWS, PAGE_SHIFT } from '../../../engine/data/cells.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import { giveMemory } from '../../../engine/data/given-memory.ts';
import { BOOLEAN, FLOAT8, INT2, INT4, INT8, NUMERIC, TEXT, UUID } from '../../../engine/data/types.ts';
import type { Schema } from '../../../engine/data/types.ts';
import { Numeric } from '../../../engine/data/numeric.ts';
import { PageCache } from '../../../engine/state/page-cache.ts';
import type { PageColumn } from '../../../engine/state/page-column.ts';
import { Pages } from '../../../engine/state/pages.ts';
import type { PagesSnapshot } from '../../../engine/state/pages-snapshot.ts';
import { MemoryState } from '../../../engine/state/memory.ts';
import { MemoryPageFile, tinyCache } from '../../support/eviction.ts';
import { Random } from '../../support/random.ts';

const schema: Schema = {
  columns: [
    { name: 'k', type: INT8 }, { name: 't', type: TEXT }, { name: 'b', type: BOOLEAN }, { name: 'f', type: FLOAT8 },
    { name: 's', type: INT2 }, { name: 'i', type: INT4 }, { name: 'u', type: UUID }, { name: 'n', type: NUMERIC },
  ],
};

let made = 0;

function row(nulls: boolean): Datum[] {
  const n = made++;
  const text = nulls && n % 7 === 0 ? null : `row ${n} `.repeat(n % 4);
  return [BigInt(n) * 3_000_000_000n, text, n % 2 === 0, n / 3, n % 100, nulls && n % 5 === 0 ? null : n,
    `0123e4f0-1111-2222-3333-${String(n).padStart(12, '0')}`, Numeric.parse(`${n}.${n % 10}`)];
}

const textOf = (datums: readonly Datum[]): string => datums.map(String).join('|');

/** As an operator gives it: arrays of just the size of its rows. */
function batchOf(rows: number, nulls = false): Batch {
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  const batch = batchFromRows(schema, Array.from({ length: rows }, () => row(nulls))).take(all);
  giveMemory(batch);
  return batch;
}

const idsOf = (length: number): Int32Array => new Int32Array(length);

function buffersOf(columns: readonly PageColumn[]): ArrayBufferLike[] {
  return columns.flatMap((c) => c.arrays()).map((array) => array.buffer);
}

function borrowed(pages: Pages, batch: Batch): boolean[] {
  const own = new Set(batch.columns.flatMap((v) => ('values' in v ? [v.values.buffer] : [v.bytes.buffer, v.offsets.buffer])));
  return Array.from({ length: pages.pageCount }, (_, p) => buffersOf(pages.page(p).columns).some((buffer) => own.has(buffer)));
}

const texts = (batch: Batch): string[] => batchToRows(batch).map(textOf);

describe('pages over lent memory', () => {
  test('full pages borrow the batch; what is freed and written in one leaves the batch and the other pages', () => {
    const batch = batchOf(3 * PAGE_ROWS, true);
    const before = texts(batch);
    const pages = new Pages(schema);
    const ids = idsOf(batch.length);
    pages.append(batch, null, null, ids);
    expect(borrowed(pages, batch)).toEqual([true, true, true]);
    const gone = ids.filter((_, i) => i >= PAGE_ROWS && i < 2 * PAGE_ROWS && i % 2 === 0);
    pages.free(gone, gone.length);
    expect(borrowed(pages, batch)).toEqual([true, false, true]);
    const more = batchOf(100, true);
    const moreIds = idsOf(100);
    pages.append(more, null, null, moreIds);
    expect(moreIds[0] >> PAGE_SHIFT, 'free rows are taken').toBe(1);
    expect(texts(batch)).toEqual(before);
    expect(texts(pages.gather(moreIds))).toEqual(texts(more));
    const kept = ids.filter((id) => !gone.includes(id));
    expect(texts(pages.gather(kept))).toEqual(before.filter((_, i) => !gone.includes(ids[i])));
  });

  test('a batch is lent once', () => {
    const batch = batchOf(PAGE_ROWS);
    const [one, two] = [new Pages(schema), new Pages(schema)];
    for (const pages of [one, two]) pages.append(batch, null, null, idsOf(PAGE_ROWS));
    expect([borrowed(one, batch), borrowed(two, batch)]).toEqual([[true], [false]]);
  });

  test('what a scan gives is copied: its arrays are those of a page, which is written in place', () => {
    const [table, view] = [new Pages(schema), new Pages(schema)];
    const ids = idsOf(PAGE_ROWS);
    // Row by row: the page has arrays of its own.
    for (let i = 0; i < PAGE_ROWS; i++) table.append(batchOf(1), null, null, ids.subarray(i, i + 1));
    const before = texts(table.gather(ids));
    for (const { batch } of table.scan()) view.append(batch, null, null, idsOf(PAGE_ROWS));
    table.free(ids, 500);
    table.append(batchOf(400), null, null, idsOf(400));
    expect([...view.scan()].flatMap(({ batch }) => texts(batch))).toEqual(before);
  });

  test('memory much larger than the pages is not held by them', () => {
    for (const batch of [batchOf(4 * PAGE_ROWS).slice(0, PAGE_ROWS), batchOf(PAGE_ROWS + (PAGE_ROWS >> 1))]) {
      const pages = new Pages(schema);
      pages.append(batch, null, null, idsOf(batch.length));
      expect(borrowed(pages, batch)[0]).toBe(false);
      expect(texts(pages.gather(Int32Array.of(5)))).toEqual([texts(batch)[5]]);
    }
  });

  test('when one page is evicted nobody holds the batch any more', () => {
    const batch = batchOf(4 * PAGE_ROWS);
    const pages = new Pages(schema);
    const cache = new PageCache(Infinity, new MemoryPageFile());
    pages.attach(cache);
    const ids = idsOf(batch.length);
    pages.append(batch, null, null, ids);
    cache.balance();
    expect(borrowed(pages, batch)).toEqual([true, true, true, true]);
    const held = cache.statistics().pageBytes;
    cache.setLimit(held - 1000);
    expect(cache.statistics().evictions).toBe(1);
    const residents = [0, 1, 2, 3].filter((p) => pages.page(p).isResident);
    expect(residents.length).toBe(3);
    expect(borrowed(pages, batch).some((b) => b), 'some still hold the batch').toBe(false);
    expect(cache.statistics().pageBytes).toBeGreaterThan(held * 0.7);
    expect(cache.statistics().pageBytes).toBeLessThan(held * 0.8);
    expect(texts(pages.gather(ids))).toEqual(texts(batch));
  });

  for (const [name, makeCache] of [
    ['nothing stays', tinyCache], ['some pages stay', () => new PageCache(2_000_000, new MemoryPageFile())],
    ['all stay', () => null],
  ] as const) {
    test(`random appends, deletions, snapshots, saves: ${name}`, () => {
      for (let seed = 1; seed <= 2; seed++) randomRun(new Random(seed), makeCache());
    });
  }
});

function randomRun(random: Random, cache: PageCache | null): void {
  const pages = new Pages(schema);
  if (cache !== null) pages.attach(cache);
  const rows = new Map<number, string>();
  const lent: { readonly batch: Batch; readonly before: readonly string[] }[] = [];
  const frozen: { readonly snapshot: PagesSnapshot; readonly before: readonly string[] }[] = [];
  const state = new MemoryState();
  for (let step = 0; step < 16; step++) {
    const where = `seed ${random.seed} step ${step}`;
    if (rows.size === 0 || random.bool(0.6)) {
      const batch = batchOf(random.pick([7, PAGE_ROWS, 2 * PAGE_ROWS + 9]), random.bool());
      const before = texts(batch);
      const ids = idsOf(batch.length);
      pages.append(batch, null, null, ids);
      before.forEach((text, i) => rows.set(ids[i], text));
      lent.push({ batch, before });
    } else {
      const ids = Int32Array.from(random.shuffle([...rows.keys()]).slice(0, random.pick([1, 50, 2000])));
      pages.free(ids, ids.length);
      for (const id of ids) rows.delete(id);
    }
    cache?.balance();
    if (random.bool(0.2)) pages.save('x', state);
    if (random.bool(0.2)) frozen.push({ snapshot: pages.freeze(), before: [...rows.values()].toSorted() });
    if (frozen.length > 0 && random.bool(0.3)) {
      const [{ snapshot, before }] = frozen.splice(random.int(0, frozen.length - 1), 1);
      expect([...snapshot.scan()].flatMap(({ batch }) => texts(batch)).toSorted(), where).toEqual(before);
      snapshot.release();
    }
    const ids = Int32Array.from(rows.keys());
    expect(texts(pages.gather(ids)), where).toEqual([...rows.values()]);
    for (const { batch, before } of lent) expect(texts(batch), `${where}, a batch`).toEqual(before);
    if (lent.length > 3) lent.shift();
  }
}
