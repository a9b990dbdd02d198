// OrderedIndex: ranges and order against a sorted array, under changes, with pages in memory and evicted.
import { describe, expect, it } from 'vitest';
import { batchFromRows, batchToRows } from '../../../engine/data/access.ts';
import { compareDatums } from '../../../engine/data/datum-order.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import { Delta } from '../../../engine/data/delta.ts';
import { INT4, INT8, TEXT } from '../../../engine/data/types.ts';
import type { Schema } from '../../../engine/data/types.ts';
import { Arrangement } from '../../../engine/state/arrangement.ts';
import type { Bound, KeyRange } from '../../../engine/state/key-range.ts';
import { OrderedIndex } from '../../../engine/state/ordered-index.ts';
import { tinyCache } from '../../support/eviction.ts';
import { Random } from '../../support/random.ts';

const SCHEMA: Schema = {
  columns: [{ name: 'id', type: INT8 }, { name: 'a', type: INT4 }, { name: 't', type: TEXT }, { name: 'b', type: INT8 }],
};
type Row = readonly Datum[];

const COLUMNS = [[1], [2, 1], [3, 2], [1, 3, 2]];

/** NULLs last. */
function compareKeys(a: Row, b: Row, columns: readonly number[], count: number): number {
  for (let i = 0; i < count; i++) {
    const [x, y] = [a[columns[i]], b[columns[i]]];
    if (x === null || y === null) {
      if (x !== y) return x === null ? 1 : -1;
      continue;
    }
    const c = compareDatums(SCHEMA.columns[columns[i]].type, x, y);
    if (c !== 0) return c;
  }
  return 0;
}

function randomRow(random: Random, id: number, spread: number): Row {
  const maybe = (d: Datum): Datum => (random.bool(0.1) ? null : d);
  return [BigInt(id), maybe(random.int(-spread, spread)), maybe(`x${random.int(0, spread)}`),
    maybe(BigInt(random.int(-spread, spread)) * 4_000_000_000n)];
}

function randomRange(random: Random, rows: readonly Row[], columns: readonly number[]): KeyRange {
  const some = (): Row => (rows.length === 0 ? [1n, 1, 'x1', 1n] : random.pick(rows));
  const row = some();
  const prefix = columns.slice(0, random.int(0, columns.length)).map((c) => row[c]);
  if (prefix.length === columns.length || random.bool(0.2)) return { prefix, lower: null, upper: null };
  const bound = (): Bound | null => {
    const value = some()[columns[prefix.length]];
    return value === null || random.bool(0.3) ? null : { value, inclusive: random.bool() };
  };
  return { prefix, lower: bound(), upper: bound(), present: random.bool(0.3) };
}

function isIn(row: Row, range: KeyRange, columns: readonly number[]): boolean {
  const { prefix, lower, upper, present } = range;
  const key: Datum[] = [];
  prefix.forEach((v, i) => {
    key[columns[i]] = v;
  });
  if (compareKeys(row, key, columns, prefix.length) !== 0) return false;
  if (lower === null && upper === null && present !== true) return true;
  const column = columns[prefix.length];
  const value = row[column];
  if (value === null) return false;
  const { type } = SCHEMA.columns[column];
  const low = lower === null ? 1 : compareDatums(type, value, lower.value);
  const high = upper === null ? -1 : compareDatums(type, value, upper.value);
  return (low > 0 || (low === 0 && lower?.inclusive === true)) && (high < 0 || (high === 0 && upper?.inclusive === true));
}

function run(seed: number, evicted: boolean): void {
  const random = new Random(seed);
  const columns = random.pick(COLUMNS);
  const arrangement = new Arrangement(SCHEMA, random.bool() ? [0] : null);
  const cache = evicted ? tinyCache() : null;
  if (cache !== null) arrangement.pages.attach(cache);
  const index = new OrderedIndex(arrangement.pages, columns, cache);
  arrangement.observe(index);
  const spread = random.pick([3, 50, 100_000]);
  const big = random.bool(0.3);
  let rows: Row[] = [];
  let next = 0;
  for (let step = 0; step < 9; step++) {
    const where = `seed ${seed} step ${step} evicted ${evicted}`;
    const gone = rows.filter(() => random.bool(random.pick([0, 0.05, 0.6])));
    const came = Array.from({ length: random.int(0, big ? 1500 : 60) }, () => randomRow(random, next++, spread));
    const left = new Set(gone);
    rows = [...rows.filter((r) => !left.has(r)), ...came];
    const changes = [...gone.map((row) => ({ row, weight: -1 })), ...came.map((row) => ({ row, weight: 1 }))];
    arrangement.apply(new Delta(batchFromRows(SCHEMA, changes.map((c) => c.row)), Int32Array.from(changes, (c) => c.weight)));
    cache?.balance();
    if (random.bool(0.4)) continue;
    expect(index.settle(), where).toBe(true);
    for (let n = 0; n < 4; n++) {
      const range = randomRange(random, rows, columns);
      const want = rows.filter((r) => isIn(r, range, columns));
      const idsOf = (ids: Int32Array): string[] => batchToRows(arrangement.gather(ids).batch).map((r) => String(r[0]));
      const wanted = want.map((r) => String(r[0])).toSorted();
      const found = index.rows(range);
      const what = `${where} ${columns.join()} ${JSON.stringify(range, (_, v) => (typeof v === 'bigint' ? `${v}n` : v))}`;
      expect(idsOf(found).toSorted(), what).toEqual(wanted);
      expect(index.count(range), what).toBeGreaterThanOrEqual(found.length);
      const descending = random.bool();
      const ordered: Row[] = [];
      for (const ids of index.inOrder(range, descending, Math.max(random.pick([1, 7, 1000]), want.length >> 4))) {
        ordered.push(...batchToRows(arrangement.gather(ids).batch));
      }
      expect(ordered.map((r) => String(r[0])).toSorted(), what).toEqual(wanted);
      for (let i = 1; i < ordered.length; i++) {
        const c = compareKeys(ordered[i - 1], ordered[i], columns, columns.length);
        expect(descending ? -c : c, what).toBeLessThanOrEqual(0);
      }
    }
  }
}

/**
 * As a queue is used: rows go, and those that come have greater keys and the ids of those that went. `most`: rows that come in
 * a step, where that is whole pages several steps become one run.
 */
function queue(seed: number, most: number): void {
  const random = new Random(seed);
  const arrangement = new Arrangement(SCHEMA, [0]);
  const index = new OrderedIndex(arrangement.pages, [0], null);
  arrangement.observe(index);
  let rows: bigint[] = [];
  let next = 0n;
  for (let step = 0; step < 20; step++) {
    const share = random.pick([0, 0, 0.02, 0.3]);
    const gone = new Set(rows.filter(() => random.bool(share)));
    const came = Array.from({ length: random.int(0, most) }, () => next++);
    rows = [...rows.filter((r) => !gone.has(r)), ...came];
    const changes = [...gone, ...came].map((id): Row => [id, 1, 'x', 1n]);
    // First those that go, so that their ids are free.
    arrangement.apply(new Delta(batchFromRows(SCHEMA, changes), Int32Array.from(changes, (_, i) => (i < gone.size ? -1 : 1))));
    expect(index.settle()).toBe(true);
    for (let n = 0; n < 3 && rows.length > 0; n++) {
      const range = { prefix: [random.pick(rows)], lower: null, upper: null };
      const found = batchToRows(arrangement.gather(index.rows(range)).batch).map((r) => r[0]);
      expect(found, `seed ${seed} step ${step}`).toEqual(range.prefix);
    }
    for (const descending of [false, true]) {
      const found: bigint[] = [];
      for (const ids of index.inOrder({ prefix: [], lower: null, upper: null }, descending, 16 + (most >> 3))) {
        found.push(...batchToRows(arrangement.gather(ids).batch).map((r) => BigInt(String(r[0]))));
      }
      expect(found, `seed ${seed} step ${step}`).toEqual(descending ? rows.toReversed() : rows);
    }
    expect(index.rows({ prefix: [], lower: null, upper: null }).length).toBe(rows.length);
  }
}

describe('ordered index', () => {
  it('counts a row once whose id another had', () => {
    for (let seed = 1; seed <= 30; seed++) queue(seed, 80);
  });

  it('keeps whole pages that come behind a part of one in order', () => {
    for (let seed = 1; seed <= 6; seed++) queue(seed, 2500);
  });

  it('finds what a sorted array has, in its order', () => {
    for (let seed = 1; seed <= 16; seed++) run(seed, false);
  });

  it('with its pages evicted', () => {
    for (let seed = 1; seed <= 6; seed++) run(seed, true);
  });
});
