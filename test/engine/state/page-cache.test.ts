// Eviction: an arrangement many times larger than its cache keeps what was put in; snapshots and checkpoints of it too.
import { describe, expect, test } from 'vitest';
import { batchFromRows, batchToRows } from '../../../engine/data/access.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import { Delta, concatDeltas } from '../../../engine/data/delta.ts';
import { DatabaseError } from '../../../engine/data/error.ts';
import { BOOLEAN, FLOAT8, INT2, INT8, TEXT, UUID } from '../../../engine/data/types.ts';
import type { Schema } from '../../../engine/data/types.ts';
import { Arrangement } from '../../../engine/state/arrangement.ts';
import { consolidate } from '../../../engine/state/consolidate.ts';
import { MemoryState } from '../../../engine/state/memory.ts';
import { PageCache } from '../../../engine/state/page-cache.ts';
import type { PagesSnapshot } from '../../../engine/state/pages-snapshot.ts';
import { MemoryPageFile, tinyCache } from '../../support/eviction.ts';
import { Random } from '../../support/random.ts';

const schema: Schema = {
  columns: [
    { name: 'k', type: INT8 }, { name: 't', type: TEXT }, { name: 'b', type: BOOLEAN }, { name: 'f', type: FLOAT8 },
    { name: 's', type: INT2 }, { name: 'u', type: UUID },
  ],
};
const KEYS = 3000;

function rowOf(key: number, version: number): Datum[] {
  const text = version % 5 === 0 ? null : `row ${key} `.repeat(1 + ((key + version) % 4));
  return [BigInt(key), text, (key & 1) === 0, key / 3, version % 100, `0123e4f0-1111-2222-3333-${String(key).padStart(12, '0')}`];
}

const rowText = (row: readonly Datum[]): string => row.map(String).join('|');

/** Rows by key, each a version. */
type Model = Map<number, number>;

function change(model: Model, random: Random, size: number): Delta {
  const rows: Datum[][] = [];
  const weights: number[] = [];
  const touched = new Set<number>();
  for (let i = 0; i < size; i++) {
    const key = random.int(0, KEYS - 1);
    if (touched.has(key)) continue;
    touched.add(key);
    const before = model.get(key);
    if (before !== undefined) {
      rows.push(rowOf(key, before));
      weights.push(-1);
      model.delete(key);
    }
    if (before !== undefined && random.bool(0.3)) continue;
    const version = random.int(0, 1000);
    rows.push(rowOf(key, version));
    weights.push(1);
    model.set(key, version);
  }
  return new Delta(batchFromRows(schema, rows), Int32Array.from(weights));
}

function textsOf(deltas: Iterable<Delta>): string[] {
  const parts = [...deltas];
  if (parts.length === 0) return [];
  const { batch, weights } = consolidate(concatDeltas(parts));
  return batchToRows(batch).map((row, i) => `${weights[i]} ${rowText(row)}`).toSorted();
}

const modelTexts = (model: Model): string[] => [...model].map(([k, v]) => `1 ${rowText(rowOf(k, v))}`).toSorted();

function lookupTexts(arrangement: Arrangement, keys: readonly number[]): string[] {
  const batch = batchFromRows({ columns: [schema.columns[0]] }, keys.map((k) => [BigInt(k)]));
  return textsOf([arrangement.lookup(batch)]);
}

describe('page cache', () => {
  for (const [name, makeCache] of [
    ['nothing stays', tinyCache], ['some pages stay', () => new PageCache(150_000, new MemoryPageFile())],
  ] as const) {
    test(`an arrangement with snapshots, saves and restores: ${name}`, () => {
      for (let seed = 1; seed <= 2; seed++) {
        const random = new Random(seed);
        const cache = makeCache();
        const state = new MemoryState();
        const make = (): Arrangement => {
          const made = new Arrangement(schema, [0]);
          made.pages.attach(cache);
          return made;
        };
        let arrangement = make();
        const model: Model = new Map();
        let frozen: { readonly snapshot: PagesSnapshot; readonly expected: string[] }[] = [];
        for (let step = 0; step < 25; step++) {
          const where = `seed ${seed} step ${step}`;
          arrangement.apply(change(model, random, random.pick([3, 100, 2500])));
          cache.balance();
          const keys = Array.from({ length: 40 }, () => random.int(0, KEYS + 50));
          const some = new Map([...model].filter(([key]) => keys.includes(key)));
          expect(lookupTexts(arrangement, [...new Set(keys)]), where).toEqual(modelTexts(some));
          if (random.bool(0.3)) frozen.push({ snapshot: arrangement.freeze(), expected: modelTexts(model) });
          if (frozen.length > 0 && random.bool(0.4)) {
            const [{ snapshot, expected }] = frozen.splice(random.int(0, frozen.length - 1), 1);
            expect(textsOf(snapshot.scan()), `${where}, snapshot`).toEqual(expected);
            snapshot.release();
          }
          if (random.bool(0.3)) arrangement.save('x', state);
          if (random.bool(0.2)) {
            arrangement.save('x', state);
            for (const { snapshot } of frozen) snapshot.release();
            frozen = [];
            arrangement.pages.detach();
            arrangement = make();
            arrangement.restore('x', state);
          }
          expect(textsOf(arrangement.scan()), where).toEqual(modelTexts(model));
        }
        const { evictions, reads } = cache.statistics();
        expect(evictions, `seed ${seed}`).toBeGreaterThan(20);
        expect(reads, `seed ${seed}`).toBeGreaterThan(20);
      }
    });
  }

  test('what is in memory stays within the budget', () => {
    const random = new Random(9);
    const cache = new PageCache(400_000, new MemoryPageFile());
    const arrangement = new Arrangement(schema, null);
    arrangement.pages.attach(cache);
    for (let at = 0; at < 60_000; at += 1000) {
      const rows = Array.from({ length: 1000 }, (_, i) => rowOf(at + i, random.int(0, 999)));
      arrangement.apply(Delta.insert(batchFromRows(schema, rows)));
      cache.balance();
      expect(cache.statistics().pageBytes).toBeLessThanOrEqual(400_000);
    }
    let count = 0;
    for (const { length } of arrangement.scan([0])) count += length;
    expect(count).toBe(60_000);
    expect(cache.statistics().pageBytes).toBeLessThanOrEqual(400_000);
    // Weights of full pages without a gap are one array for all.
    expect(arrangement.pages.bytes()).toBeLessThan(600_000);
  });

  test('a page in use is not the one that goes', () => {
    // Of it, the index takes a part.
    const cache = new PageCache(1_600_000, new MemoryPageFile());
    const arrangement = new Arrangement(schema, [0]);
    arrangement.pages.attach(cache);
    for (let at = 0; at < 40_000; at += 1000) {
      arrangement.apply(Delta.insert(batchFromRows(schema, Array.from({ length: 1000 }, (_, i) => rowOf(at + i, 1)))));
      cache.balance();
    }
    const look = (from: number): void => void lookupTexts(arrangement, [from]);
    for (let n = 0; n < 30; n++) look(5);
    const before = cache.statistics().reads;
    for (let n = 0; n < 200; n++) {
      look(5);
      look((n * 1000 + 17) % 40_000);
      cache.balance();
    }
    // The hot page was there nearly always; of the others most had to be read, with their parts of the index and of the links.
    const reads = cache.statistics().reads - before;
    expect(reads).toBeLessThan(610);
    expect(reads).toBeGreaterThan(150);
  });

  test('a page file that takes nothing: pages stay, and nothing should be added until it does', () => {
    const file = new MemoryPageFile();
    let full = true;
    const cache = new PageCache(1, {
      bytes: 0, close: () => undefined,
      write: (bytes) => {
        if (full) throw new DatabaseError('53100', 'no space');
        return file.write(bytes);
      },
    });
    cache.setFixed(64 << 20);
    const arrangement = new Arrangement(schema, null);
    arrangement.pages.attach(cache);
    const rows = Array.from({ length: 3000 }, (_, i) => rowOf(i, 1));
    arrangement.apply(Delta.insert(batchFromRows(schema, rows)));
    expect(cache.exhausted).toBe(false);
    cache.balance();
    expect([cache.exhausted, cache.failure]).toEqual([true, expect.objectContaining({ code: '53100' })]);
    expect(textsOf(arrangement.scan())).toHaveLength(3000);
    full = false;
    cache.balance();
    expect([cache.exhausted, cache.failure, cache.statistics().pageBytes]).toEqual([false, null, 0]);
    expect(textsOf(arrangement.scan())).toHaveLength(3000);
  });

  test('a state that is gone is still read by the snapshot that holds it', () => {
    const cache = tinyCache();
    const state = new MemoryState();
    const arrangement = new Arrangement(schema, [0]);
    arrangement.apply(Delta.insert(batchFromRows(schema, Array.from({ length: 3000 }, (_, i) => rowOf(i, 2)))));
    arrangement.save('x', state);
    const again = new Arrangement(schema, [0]);
    again.pages.attach(cache);
    again.pages.restore('x', state);
    const snapshot = again.freeze();
    again.pages.detach();
    for (let page = 0; page < 3; page++) state.page('x', page, null);
    expect(textsOf(snapshot.scan())).toHaveLength(3000);
    snapshot.release();
  });
});
