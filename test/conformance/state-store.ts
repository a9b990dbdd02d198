// The conformance suite of StateStore: every implementation passes it.
import { describe, expect, test } from 'vitest';
import { batchFromRows, batchToRows } from '../../engine/data/access.ts';
import type { Batch } from '../../engine/data/batch.ts';
import { toEpoch } from '../../engine/data/time.ts';
import { INT8, TEXT } from '../../engine/data/types.ts';
import type { Schema } from '../../engine/data/types.ts';
import type { CheckpointMeta, PageContent, PageImage, StateStore } from '../../engine/state/ports.ts';
import { Random } from '../support/random.ts';

export interface StoreHarness {
  readonly store: StateStore;
  readonly reopen: ((store: StateStore) => Promise<StateStore>) | null;
}

const schema: Schema = { columns: [{ name: 'n', type: INT8 }, { name: 't', type: TEXT }] };

export function pageBatch(n: number, rows: number): Batch {
  return batchFromRows(schema, Array.from({ length: rows }, (_, i) => [BigInt(n * 1000 + i), i % 7 === 0 ? null : `r${n}-${i}`]));
}

export function content(batch: Batch): PageContent {
  return { summary: null, image: () => batch, kept: () => undefined };
}

export function checkpointMeta(epoch: number): CheckpointMeta {
  return { epoch: toEpoch(epoch), bytes: new TextEncoder().encode(`meta ${epoch}`) };
}

export async function readState(store: StateStore, state: string): Promise<string[]> {
  return (await store.pages(state)).map(({ page, batch }) => `${page}:${batch.length}:${String(batchToRows(batch)[0]?.[0])}`);
}

export function stateStoreConformance(name: string, open: () => Promise<StoreHarness>): void {
  describe(`StateStore: ${name}`, () => {
    test('is empty at first', async () => {
      const { store } = await open();
      expect(await store.current()).toBeNull();
      expect(await readState(store, 'a')).toEqual([]);
      await store.close();
    });

    test('pages replace older versions, null removes them, dropped states are gone', async () => {
      const { store } = await open();
      const image = (state: string, page: number, n: number | null): PageImage =>
        ({ state, page, content: n === null ? null : content(pageBatch(n, 10)) });
      await store.checkpoint([image('a', 0, 1), image('a', 300, 2), image('ab', 0, 3), image('b', 0, 9)], [], checkpointMeta(5));
      expect((await store.current())?.epoch).toBe(5);
      expect(await readState(store, 'a')).toEqual(['0:10:1000', '300:10:2000']);
      await store.checkpoint([image('a', 0, 4), image('a', 300, null), image('b', 2, 7)], ['b'], checkpointMeta(6));
      expect(await readState(store, 'a')).toEqual(['0:10:4000']);
      expect(await readState(store, 'ab')).toEqual(['0:10:3000']);
      expect(await readState(store, 'b')).toEqual(['2:10:7000']);
      await store.checkpoint([], ['a', 'b'], checkpointMeta(7));
      expect([await readState(store, 'a'), await readState(store, 'b')]).toEqual([[], []]);
      expect(new TextDecoder().decode((await store.current())?.bytes)).toBe('meta 7');
      await store.close();
    });

    test('random checkpoints agree with a model, also after reopening', async () => {
      const harness = await open();
      let { store } = harness;
      const random = new Random(17);
      const model = new Map<string, Map<number, number>>();
      for (let round = 1; round <= 40; round++) {
        const dropped = random.bool(0.15) ? [`s${random.int(0, 3)}`] : [];
        for (const state of dropped) model.delete(state);
        const images = new Map<string, PageImage>();
        for (let i = random.int(0, 12); i > 0; i--) {
          const state = `s${random.int(0, 3)}`;
          const page = random.int(0, 5);
          const pages = model.get(state) ?? new Map<number, number>();
          model.set(state, pages);
          const n = random.bool(0.2) ? null : round * 100 + i;
          if (n === null) pages.delete(page);
          else pages.set(page, n);
          images.set(`${state} ${page}`, { state, page, content: n === null ? null : content(pageBatch(n, 5)) });
        }
        await store.checkpoint(images.values(), dropped, checkpointMeta(round));
        if (harness.reopen !== null && random.bool(0.3)) store = await harness.reopen(store);
        for (let s = 0; s <= 3; s++) {
          const expected = [...(model.get(`s${s}`) ?? [])].toSorted((a, b) => a[0] - b[0]).map(([p, n]) => `${p}:5:${n * 1000}`);
          expect(await readState(store, `s${s}`), `round ${round} state s${s}`).toEqual(expected);
        }
      }
      expect((await store.current())?.epoch).toBe(40);
      await store.close();
    });
  });
}
