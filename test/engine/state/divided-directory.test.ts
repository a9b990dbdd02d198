// Directories in parts that go to the page file: keys found, added, removed and given to other rows as in a Map.
import { expect, it } from 'vitest';
import { batchFromRows } from '../../../engine/data/access.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import { INT8, TEXT } from '../../../engine/data/types.ts';
import type { Schema } from '../../../engine/data/types.ts';
import { KeyTable } from '../../../engine/state/key-table.ts';
import { PageCache } from '../../../engine/state/page-cache.ts';
import { Pages } from '../../../engine/state/pages.ts';
import { MemoryPageFile } from '../../support/eviction.ts';
import { Random } from '../../support/random.ts';

const KINDS: readonly { readonly name: string; readonly schema: Schema; readonly key: (n: number) => Datum[] }[] = [
  { name: 'integers', schema: { columns: [{ name: 'k', type: INT8 }] }, key: (n) => [n === 0 ? null : BigInt(n) * 7n] },
  {
    name: 'wide integers', schema: { columns: [{ name: 'k', type: INT8 }] },
    key: (n) => [n === 0 ? null : n % 2 === 0 ? BigInt(n) << 33n : BigInt(n)],
  },
  {
    name: 'two columns', schema: { columns: [{ name: 'k', type: INT8 }, { name: 't', type: TEXT }] },
    key: (n) => (n % 5 === 0 ? [null, `key ${n}`] : [BigInt(n), `key ${n % 1000}`]),
  },
];
const LIMIT = 200_000;
const KEYS = 60_000;

for (const { name, schema, key } of KINDS) {
  it(`${name}: more keys than memory`, () => {
    const random = new Random(3);
    const cache = new PageCache(LIMIT, new MemoryPageFile());
    const pages = new Pages(schema);
    pages.attach(cache);
    const table = new KeyTable(pages, schema.columns.map((_, c) => c));
    const model = new Map<number, number>();
    for (let round = 0; round < 40; round++) {
      const numbers = Array.from({ length: 3000 }, () => random.int(0, KEYS - 1));
      const { columns, length } = batchFromRows(schema, numbers.map(key));
      const slots = new Int32Array(length);
      if (round % 4 === 3) {
        const gone = [...new Set(numbers)].filter((n) => model.has(n));
        table.remove(Int32Array.from(gone, (n) => model.get(n) ?? -1), gone.length);
        for (const n of gone) model.delete(n);
      } else {
        const inserted = table.findOrInsert(columns, length, slots);
        const fresh = new Set(numbers.filter((n) => !model.has(n)));
        expect(inserted).toBe(fresh.size);
        numbers.forEach((n, i) => {
          if (fresh.delete(n)) model.set(n, slots[i]);
        });
        expect([...slots]).toEqual(numbers.map((n) => model.get(n)));
      }
      cache.balance();
      table.find(columns, length, slots);
      expect([...slots]).toEqual(numbers.map((n) => model.get(n) ?? -1));
      expect(table.size).toBe(model.size);
      // Pages that were written just now stay until the step is over.
      expect(cache.statistics().pageBytes).toBeLessThan(LIMIT * 2);
      cache.balance();
      expect(cache.statistics().pageBytes).toBeLessThanOrEqual(LIMIT);
    }
    expect(new Set(model.values()).size).toBe(model.size);
    expect(table.bytes).toBeLessThan(LIMIT);
    pages.detach();
    expect(cache.statistics()).toMatchObject({ pages: 0, pageBytes: 0 });
    // What nobody governs any more is still to be had.
    const all = [...model.keys()];
    const slots = new Int32Array(all.length);
    table.find(batchFromRows(schema, all.map(key)).columns, all.length, slots);
    expect([...slots]).toEqual([...model.values()]);
  });
}
