// Words by row in chunks that go to the page file: as a plain array has them; and the chains and heaps made of them.
import { expect, it } from 'vitest';
import { EvictableInts } from '../../../engine/state/evictable-ints.ts';
import { PageCache } from '../../../engine/state/page-cache.ts';
import type { PageFile } from '../../../engine/state/ports.ts';
import { MemoryPageFile } from '../../support/eviction.ts';
import { Random } from '../../support/random.ts';

const CHUNK_BYTES = 4096;

/** Counts what is written, and fails while it is told to. */
class CountingFile implements PageFile {
  writes = 0;
  failReads = false;
  readonly #file = new MemoryPageFile();
  get bytes(): number { return this.#file.bytes; }
  close(): void { this.#file.close(); }
  write(bytes: readonly Uint8Array[]): ReturnType<PageFile['write']> {
    this.writes++;
    const slot = this.#file.write(bytes);
    return {
      read: () => {
        if (this.failReads) throw new Error('the disk is gone');
        return slot.read();
      },
      free: () => slot.free(),
    };
  }
}

for (const [name, limit] of [['nothing stays', 1], ['some chunks stay', 10 * CHUNK_BYTES], ['all stays', 1 << 30]] as const) {
  it(`as a plain array: ${name}`, () => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = new Random(seed);
      const file = new CountingFile();
      const cache = new PageCache(limit, file);
      const dependents = new Set<{ detach(): void }>();
      const home: { cache: PageCache | null; readonly dependents: typeof dependents } = { cache: null, dependents };
      const ints = new EvictableInts(home, -1);
      const model: number[] = [];
      let wanted = 0;
      for (let step = 0; step < 60; step++) {
        const where = `seed ${seed}, step ${step}`;
        if (step === 5) home.cache = cache;
        if (random.bool(0.05)) {
          for (const dependent of home.dependents) dependent.detach();
          expect(cache.statistics(), where).toMatchObject({ pages: 0, pageBytes: 0 });
        }
        if (random.bool(0.7)) {
          wanted += random.pick([1, 64, 1000, 3000]);
          ints.ensure(wanted);
          while (model.length < ints.length) model.push(-1);
        }
        for (let n = random.int(0, 300); n > 0 && model.length > 0; n--) {
          const at = random.int(0, model.length - 1);
          if (random.bool(0.5)) {
            model[at] = random.int(-5, 1 << 30);
            ints.set(at, model[at]);
          }
          expect(ints.get(at), where).toBe(model[at]);
        }
        cache.balance();
        expect(cache.statistics().pageBytes, where).toBeLessThanOrEqual(limit);
      }
      expect(ints.divided).toBe(limit < 1 << 30);
      expect(Array.from(model, (_, at) => ints.get(at)), `seed ${seed}`).toEqual(model);
      if (limit < 1 << 30) expect(cache.statistics().evictions).toBeGreaterThan(0);
      ints.release();
      expect(cache.statistics()).toMatchObject({ pages: 0, pageBytes: 0 });
      expect(home.dependents.size).toBe(0);
    }
  });
}

it('a chunk that was not written to is not written again', () => {
  const file = new CountingFile();
  const cache = new PageCache(1, file);
  const ints = new EvictableInts({ cache, dependents: new Set() });
  ints.ensure(2048);
  ints.set(0, 7);
  ints.set(1024, 8);
  cache.balance();
  const before = file.writes;
  for (let round = 0; round < 5; round++) {
    expect([ints.get(0), ints.get(1024)]).toEqual([7, 8]);
    cache.balance();
  }
  expect(file.writes).toBe(before);
  ints.set(1024, 9);
  cache.balance();
  expect(file.writes).toBe(before + 1);
  expect([ints.get(0), ints.get(1024)]).toEqual([7, 9]);
});

it('what cannot be read is an error, and there once it can', () => {
  const file = new CountingFile();
  const cache = new PageCache(1, file);
  const ints = new EvictableInts({ cache, dependents: new Set() });
  ints.ensure(1024);
  ints.set(3, 5);
  cache.balance();
  file.failReads = true;
  expect(() => ints.get(3)).toThrow('the disk is gone');
  expect(() => ints.set(3, 6)).toThrow('the disk is gone');
  file.failReads = false;
  expect(ints.get(3)).toBe(5);
});
