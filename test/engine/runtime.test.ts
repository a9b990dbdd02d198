// The runtime over hand-built circuits: commits, keys, snapshots, views, subscriptions, checkpoints, recovery.
import { describe, expect, test } from 'vitest';
import { batchFromRows } from '../../engine/data/access.ts';
import { toEpoch } from '../../engine/data/time.ts';
import { INT8 } from '../../engine/data/types.ts';
import { MemoryJournal, MemoryStateStore } from '../../engine/state/memory.ts';
import type { Journal, StoredPage } from '../../engine/state/ports.ts';
import { DiskJournal } from '../../storage/journal.ts';
import { MemoryFileSystem } from '../support/memory-file-system.ts';
import { Random } from '../support/random.ts';
import { TestDatabase, makeCircuit, rowsOf } from '../support/runtime-database.ts';

const ports = (): { journal: Journal; store: MemoryStateStore } => ({ journal: new MemoryJournal(), store: new MemoryStateStore() });
const T = { op: 'table', id: 1, name: 't', columns: [['id', 'int8'], ['v', 'int8']], primary: [0] } as const;
const U = { op: 'table', id: 2, name: 'u', columns: [['k', 'int8'], ['v', 'int8']] } as const;

const keys = (...values: bigint[]): ReturnType<typeof batchFromRows> =>
  batchFromRows({ columns: [{ name: 'k', type: INT8 }] }, values.map((v) => [v]));

describe('commit', () => {
  test('publishes rows, in one epoch what comes in one turn', async () => {
    const db = await TestDatabase.open(ports());
    await db.ddl(T);
    const epochs = await Promise.all([db.commit({ 1: [[1, 1n, 10n]] }), db.commit({ 1: [[1, 2n, 20n]] })]);
    expect(epochs).toEqual([2, 2]);
    expect(db.rows(1, 2)).toEqual(['1,10', '2,20']);
  });

  test('a duplicate key is 23505, against what is stored, queued, and in the transaction itself', async () => {
    const db = await TestDatabase.open(ports());
    await db.ddl({ ...T, unique: [1] });
    await db.commit({ 1: [[1, 1n, 10n]] });
    const violation = (rows: Parameters<typeof db.commit>[0]): unknown => {
      try {
        void db.commit(rows);
        return null;
      } catch (error) {
        return error;
      }
    };
    expect(violation({ 1: [[1, 1n, 11n]] })).toMatchObject({
      code: '23505', message: 'duplicate key value violates unique constraint "t_pkey"',
      fields: { detail: 'Key (id)=(1) already exists.', schema: 'public', table: 't', constraint: 't_pkey' },
    });
    expect(violation({ 1: [[1, 5n, 50n], [1, 5n, 51n]] })).toMatchObject({ code: '23505' });
    const queued = db.commit({ 1: [[1, 7n, 70n]] });
    expect(violation({ 1: [[1, 8n, 70n]] })).toMatchObject({ code: '23505', fields: { constraint: 't_key' } });
    expect(violation({ 1: [[1, 7n, 71n]] })).toMatchObject({ code: '23505', fields: { constraint: 't_pkey' } });
    // An update of a queued row, and a new use of the key it gives up.
    const moved = db.commit({ 1: [[-1, 7n, 70n], [1, 7n, 71n]] });
    const reused = db.commit({ 1: [[1, 9n, 70n], [1, 10n, null], [1, 11n, null]] });
    await Promise.all([queued, moved, reused]);
    expect(db.rows(1, 2)).toEqual(['1,10', '10,null', '11,null', '7,71', '9,70']);
    await db.commit({ 1: [[-1, 1n, 10n]] });
    await db.commit({ 1: [[1, 1n, 12n]] });
    expect(db.rows(1, 2)).toEqual(['1,12', '10,null', '11,null', '7,71', '9,70']);
  });

  test('a key in which NULL equals NULL; look-ups find by it what NULLs of theirs equal, or nothing', async () => {
    const db = await TestDatabase.open(ports());
    await db.ddl({ ...T, unique: [1], nulls: 'group' });
    const refused = (rows: Parameters<typeof db.commit>[0]): void => {
      expect(() => void db.commit(rows)).toThrow(/^duplicate key value violates unique constraint "t_key"$/);
    };
    const first = db.commit({ 1: [[1, 1n, null], [1, 2n, 20n]] });
    refused({ 1: [[1, 3n, null]] });
    await first;
    refused({ 1: [[1, 3n, null]] });
    refused({ 1: [[1, 3n, 30n], [1, 4n, 30n]] });
    await db.commit({ 1: [[-1, 1n, null], [1, 1n, 10n]] });
    await db.commit({ 1: [[1, 3n, null]] });
    const asked = batchFromRows({ columns: [{ name: 'k', type: INT8 }] }, [[null], [20n]]);
    const old = db.runtime.snapshot();
    const look = (nulls?: 'group'): string[] =>
      rowsOf(old.lookup(1, [0], { columns: [1], keys: asked, ...(nulls === undefined ? {} : { nulls }) }));
    expect([look(), look('group')]).toEqual([['2'], ['2', '3']]);
    await db.commit({ 1: [[1, 5n, 50n]] });
    expect([look(), look('group')]).toEqual([['2'], ['2', '3']]);
    old.release();
  });

  test('taking away a row that is not there is 40001, with a key and without one', async () => {
    const db = await TestDatabase.open(ports());
    await db.ddl(T, U);
    await db.commit({ 1: [[1, 1n, 10n]], 2: [[1, 1n, 1n], [1, 1n, 1n]] });
    const first = db.commit({ 1: [[-1, 1n, 10n], [1, 1n, 11n]] });
    expect(() => db.commit({ 1: [[-1, 1n, 10n], [1, 1n, 12n]] })).toThrow(/concurrent update/);
    await first;
    expect(() => db.commit({ 1: [[-1, 1n, 10n], [1, 1n, 12n]] })).toThrow(/concurrent update/);
    const one = db.commit({ 2: [[-1, 1n, 1n]] });
    const two = db.commit({ 2: [[-1, 1n, 1n]] });
    expect(() => db.commit({ 2: [[-1, 1n, 1n]] })).toThrow(/concurrent update/);
    expect(() => db.commit({ 2: [[-1, 1n, 2n]] })).toThrow(/concurrent update/);
    await Promise.all([one, two]);
    expect(db.rows(2, 2)).toEqual([]);
    // The refused ones left nothing behind.
    await db.commit({ 1: [[-1, 1n, 11n], [1, 1n, 13n]] });
    expect(db.rows(1, 2)).toEqual(['1,13']);
  });

  test('a refused transaction over two relations leaves neither changed', async () => {
    const db = await TestDatabase.open(ports());
    await db.ddl(T, { ...T, id: 3, name: 't3' });
    await db.commit({ 3: [[1, 1n, 1n]] });
    expect(() => db.commit({ 1: [[1, 1n, 1n]], 3: [[1, 1n, 2n]] })).toThrow(/t3_pkey/);
    await db.commit({ 1: [[1, 1n, 5n]] });
    expect(db.rows(1, 2)).toEqual(['1,5']);
  });

  test('rows of a relation that DDL has dropped are refused, not journaled', async () => {
    const db = await TestDatabase.open(ports());
    await db.ddl(T);
    const dropped = db.ddl({ op: 'drop', id: 1 });
    const late = db.runtime.commit({ changes: [{ relation: 1, delta: db.delta(1, [[1, 1n, 1n]]) }], catalog: null, offsets: [], sync: true });
    await dropped;
    await expect(late).rejects.toMatchObject({ code: '40001' });
    await db.ddl(U);
    await db.commit({ 2: [[1, 1n, 1n]] });
    expect(db.rows(2, 2)).toEqual(['1,1']);
  });

  test('disk full: waiting commits fail, later ones are 53100, reading goes on; with room it goes on by itself', async () => {
    const files = new MemoryFileSystem();
    const options = { files, folder: '/j', databaseId: new Uint8Array(16), log: (): void => {} };
    await DiskJournal.create(options);
    const db = await TestDatabase.open({ journal: await DiskJournal.open(options), store: new MemoryStateStore() });
    await db.ddl(T);
    await db.commit({ 1: [[1, 1n, 1n]] });
    files.before = (operation): void => {
      if (operation === 'datasync') throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    };
    const results = await Promise.allSettled([db.commit({ 1: [[1, 2n, 2n]] }), db.commit({ 1: [[1, 3n, 3n]] })]);
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { code: '53100' } });
    expect(() => db.commit({ 1: [[1, 4n, 4n]] })).toThrow(expect.objectContaining({ code: '53100' }));
    expect(db.rows(1, 2)).toEqual(['1,1']);
    const failed = db.host.logs.length;
    while (db.host.logs.length < failed + 3) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(() => db.commit({ 1: [[1, 4n, 4n]] })).toThrow(expect.objectContaining({ code: '53100' }));
    files.before = (): void => {};
    while (!db.host.logs.includes('the journal is written again')) await new Promise((resolve) => setTimeout(resolve, 10));
    await db.commit({ 1: [[1, 3n, 4n]] });
    expect(db.rows(1, 2)).toEqual(['1,1', '3,4']);
    expect(db.host.fatals).toEqual([]);
  });
});

describe('snapshot', () => {
  test('stays as it was, whether read before or after the change; look-ups too', async () => {
    const db = await TestDatabase.open(ports());
    await db.ddl({ ...T, index: [1] }, { op: 'view', id: 9, name: 's', query: 'total', over: [1] });
    await db.commit({ 1: [[1, 1n, 10n], [1, 2n, 10n]] });
    const early = db.runtime.snapshot();
    const unread = db.runtime.snapshot();
    expect(db.rows(1, 2, early)).toEqual(['1,10', '2,10']);
    await db.commit({ 1: [[-1, 1n, 10n], [1, 1n, 11n], [1, 3n, 10n]] });
    for (const old of [early, unread]) {
      expect(db.rows(1, 2, old)).toEqual(['1,10', '2,10']);
      expect(db.rows(9, 2, old)).toEqual(['2,20']);
      expect(old.rowCount(1)).toBe(2);
      expect(rowsOf(old.lookup(1, [1, 0], { columns: [0], keys: keys(1n, 3n, 1n) }))).toEqual(['10,1']);
      expect(rowsOf(old.lookup(1, [0], { columns: [1], keys: keys(10n) }))).toEqual(['1', '2']);
    }
    const now = db.runtime.snapshot();
    expect(rowsOf(now.lookup(1, [1, 0], { columns: [0], keys: keys(1n, 3n, 1n) }))).toEqual(['10,3', '11,1']);
    expect(rowsOf(now.lookup(1, [0], { columns: [1], keys: keys(10n) }))).toEqual(['2', '3']);
    expect(db.rows(9, 2, now)).toEqual(['3,31']);
    await db.ddl({ op: 'drop', id: 9 }, { op: 'drop', id: 1 });
    expect(db.rows(1, 2, now)).toEqual(['1,11', '2,10', '3,10']);
    for (const s of [early, unread, now]) s.release();
    expect(db.rows(1, 2)).toEqual([]);
  });

  test('writers see what is queued; an overlay shows a transaction its own writes', async () => {
    const db = await TestDatabase.open(ports());
    await db.ddl(T);
    await db.commit({ 1: [[1, 1n, 10n]] });
    const queued = db.commit({ 1: [[-1, 1n, 10n], [1, 1n, 11n]] });
    const writer = db.runtime.writerSnapshot();
    const own = db.runtime.overlay(writer, [{ relation: 1, delta: db.delta(1, [[1, 2n, 20n]]) }]);
    expect(db.rows(1, 2, writer)).toEqual(['1,11']);
    expect(db.rows(1, 2, own)).toEqual(['1,11', '2,20']);
    expect(rowsOf(own.lookup(1, [0, 1], { columns: [0], keys: keys(1n, 2n) }))).toEqual(['1,11', '2,20']);
    expect(own.rowCount(1)).toBe(2);
    await queued;
    expect(db.rows(1, 2, own)).toEqual(['1,11', '2,20']);
    writer.release();
  });
});

describe('views', () => {
  test('over tables and other views, filled when created late, dropped', async () => {
    const db = await TestDatabase.open(ports());
    await db.ddl(U);
    await db.commit({ 2: Array.from({ length: 20_000 }, (_, i) => [1, BigInt(i % 3), BigInt(i)] as const) });
    await db.ddl({ op: 'view', id: 10, name: 'a', query: 'sum', over: [2] });
    await db.ddl({ op: 'view', id: 11, name: 'b', query: 'total', over: [10] });
    expect(db.rows(11, 2)).toEqual(['3,20000']);
    await db.commit({ 2: [[1, 7n, 1n], [-1, 0n, 0n]] });
    expect(db.rows(10, 3)).toEqual(['0,6666,66663333', '1,6667,66670000', '2,6666,66656667', '7,1,1']);
    expect(db.rows(11, 2)).toEqual(['4,20000']);
    await db.ddl({ op: 'drop', id: 11 }, { op: 'drop', id: 10 });
    await db.commit({ 2: [[1, 7n, 1n]] });
  });

  test('a row that fails is an error of the view until it is gone', async () => {
    const db = await TestDatabase.open(ports());
    await db.ddl(U, { op: 'view', id: 10, name: 'q', query: 'divide', over: [2] });
    await db.commit({ 2: [[1, 1n, 5n], [1, 2n, 0n]] });
    const snapshot = db.runtime.snapshot();
    expect(snapshot.error(10)).toMatchObject({ code: '22012' });
    expect(db.rows(10, 2)).toEqual(['1,20']);
    await db.commit({ 2: [[-1, 2n, 0n]] });
    expect(db.runtime.snapshot().error(10)).toBeNull();
    expect(snapshot.error(10)).toMatchObject({ code: '22012' });
  });

  test('windows close with the watermark; late rows by the watermark before their transaction stay out', async () => {
    const db = await TestDatabase.open(ports());
    const s = (seconds: number): bigint => BigInt(seconds) * 1_000_000n;
    await db.ddl({ op: 'table', id: 5, name: 's', kind: 'source', columns: [['t', 'timestamp'], ['v', 'int8']], eventTime: 0 });
    await db.ddl({ op: 'view', id: 10, name: 'c', query: 'closing', over: [5] });
    await db.commit({ 5: [[1, s(1), 1n], [1, s(12), 2n], [1, s(3), 3n]] });
    expect(db.rows(10, 2)).toEqual([`${s(1)},1`, `${s(3)},3`]);
    await Promise.all([db.commit({ 5: [[1, s(2), 4n]] }), db.commit({ 5: [[1, s(13), 5n]] }), db.commit({ 5: [[1, s(25), 6n]] })]);
    expect(db.rows(10, 2)).toEqual([`${s(1)},1`, `${s(12)},2`, `${s(13)},5`, `${s(3)},3`].toSorted());
    expect(db.rows(5, 2).length).toBe(6);
    expect(db.runtime.snapshot().watermark(5)).toBe(s(25));
  });
});

describe('subscription', () => {
  test('snapshot first, then changes; slow readers get sums', async () => {
    const db = await TestDatabase.open(ports());
    await db.ddl(U);
    await db.commit({ 2: [[1, 1n, 1n]] });
    const subscription = db.runtime.subscribe(2, { snapshot: true, progress: false });
    const events = subscription[Symbol.asyncIterator]();
    await db.commit({ 2: [[1, 2n, 2n]] });
    await db.commit({ 2: [[1, 3n, 3n], [-1, 1n, 1n]] });
    const seen = [];
    for (let i = 0; i < 3; i++) {
      const { value } = await events.next();
      seen.push([value.epoch, rowsOf(value.delta)]);
    }
    expect(seen).toEqual([[2, ['1,1']], [3, ['2,2']], [4, ['-1x 1,1', '3,3']]]);
    const next = events.next();
    await db.commit({ 2: [[1, 9n, 9n]] });
    expect(rowsOf((await next).value.delta)).toEqual(['9,9']);
    subscription.close();
    expect((await events.next()).done).toBe(true);
  });

  test('ends with 42P01 when the relation is dropped, marks progress', async () => {
    const db = await TestDatabase.open(ports());
    await db.ddl(T, U);
    const events = db.runtime.subscribe(2, { snapshot: false, progress: true })[Symbol.asyncIterator]();
    await db.commit({ 1: [[1, 1n, 1n]] });
    await db.commit({ 1: [[1, 2n, 1n]] });
    const { value } = await events.next();
    expect([value.epoch, value.delta.length]).toEqual([3, 0]);
    await db.ddl({ op: 'drop', id: 2 });
    await expect((async () => { for (;;) if ((await events.next()).done === true) return; })()).rejects.toMatchObject({ code: '42P01' });
  });
});

/** Counts the pages that are read of it. */
class CountingStore extends MemoryStateStore {
  reads = 0;
  override async pages(state: string): Promise<readonly StoredPage[]> {
    const count = (): void => { this.reads++; };
    return (await super.pages(state)).map(({ batch, ...page }) => ({ ...page, get batch() { count(); return batch; } }));
  }
}

describe('recovery', () => {
  test('insertions replayed over a checkpoint make no index; who asks one finds all rows, and what is taken back is', async () => {
    const p = { journal: new MemoryJournal(), store: new CountingStore() };
    const first = await TestDatabase.open(p);
    await first.ddl({ ...T, index: [1] });
    const row = (i: number): readonly [number, bigint, bigint] => [1, BigInt(i), BigInt(i % 7)];
    await first.commit({ 1: Array.from({ length: 20_000 }, (_, i) => row(i)) });
    await first.runtime.checkpoint();
    await first.commit({ 1: [row(20_000), row(20_001)] });
    first.host.killed = true;
    const db = await TestDatabase.open(p);
    expect(p.store.reads).toBeLessThan(3);
    const found = (v: bigint): number => db.runtime.snapshot().lookup(1, [0], { columns: [1], keys: keys(v) }).length;
    expect([found(0n), found(1n), db.runtime.snapshot().rowCount(1)]).toEqual([2858, 2858, 20_002]);
    db.host.killed = true;
    const again = await TestDatabase.open(p);
    await again.commit({ 1: [[-1, 20_001n, 2n], [-1, 5n, 5n]] });
    expect(again.runtime.snapshot().rowCount(1)).toBe(20_000);
    expect(() => void again.commit({ 1: [row(20_000)] })).toThrow('duplicate key');
  });

  test('random transactions, views, checkpoints and DDL; reopened at random; views equal their queries', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = new Random(seed);
      const p = ports();
      let db = await TestDatabase.open(p);
      const rows = new Map<number, Map<bigint, bigint>>([[1, new Map()], [2, new Map()]]);
      await db.ddl({ ...T, index: [1] }, { ...T, id: 2, name: 't2' });
      await db.ddl({ op: 'view', id: 10, name: 'j', query: 'join', over: [1, 2] }, { op: 'view', id: 11, name: 'd', query: 'divide', over: [1] });
      let extra = false;
      for (let step = 0; step < 60; step++) {
        const changes: Record<number, [number, bigint, bigint][]> = {};
        for (const id of [1, 2]) {
          const held = rows.get(id) ?? new Map();
          const list: [number, bigint, bigint][] = [];
          for (const key of new Set(Array.from({ length: random.int(0, 5) }, () => BigInt(random.int(0, 30))))) {
            const before = held.get(key);
            if (before !== undefined) list.push([-1, key, before]);
            if (random.bool(0.3)) held.delete(key);
            else {
              const value = BigInt(random.int(0, 4));
              list.push([1, key, value]);
              held.set(key, value);
            }
          }
          if (list.length > 0) changes[id] = list;
        }
        const done = db.commit(changes, random.bool());
        if (random.bool(0.7)) await done;
        if (random.bool(0.1)) {
          await db.ddl(extra ? { op: 'drop', id: 20 } : { op: 'view', id: 20, name: 'x', query: 'sum', over: [10] });
          extra = !extra;
        }
        if (random.bool(0.15)) await db.runtime.checkpoint();
        if (random.bool(0.15)) {
          await done;
          if (random.bool(0.3)) await db.runtime.close();
          else db.host.killed = true;
          db = await TestDatabase.open(p);
        }
      }
      await db.ddl();
      const fresh = await TestDatabase.open(ports());
      await fresh.ddl(T, { ...T, id: 2, name: 't2' });
      const all = (id: number): [number, bigint, bigint][] => [...(rows.get(id) ?? [])].map(([k, v]) => [1, k, v]);
      await fresh.commit({ 1: all(1), 2: all(2) });
      await fresh.ddl({ op: 'view', id: 10, name: 'j', query: 'join', over: [1, 2] }, { op: 'view', id: 11, name: 'd', query: 'divide', over: [1] },
        { op: 'view', id: 20, name: 'x', query: 'sum', over: [10] });
      for (const [id, columns] of [[1, 2], [2, 2], [10, 4], [11, 2], ...(extra ? [[20, 3]] : [])]) {
        expect(db.rows(id, columns), `seed ${seed} relation ${id}`).toEqual(fresh.rows(id, columns));
      }
      expect(db.runtime.snapshot().error(11)?.code, `seed ${seed}`).toBe(fresh.runtime.snapshot().error(11)?.code);
    }
  });

  test('at every cut of the journal: acknowledged transactions are there, whole', async () => {
    const options = (files: MemoryFileSystem): Parameters<typeof DiskJournal.open>[0] =>
      ({ files, folder: '/j', databaseId: new Uint8Array(16), log: (): void => {}, segmentBytes: 3000, aheadBytes: 1024 });
    const run = async (files: MemoryFileSystem, budget: number): Promise<number> => {
      await DiskJournal.create(options(files));
      files.budget = budget;
      let acknowledged = 0;
      try {
        const db = await TestDatabase.open({ journal: await DiskJournal.open(options(files)), store: new MemoryStateStore() });
        await db.ddl(T, U, { op: 'view', id: 10, name: 's', query: 'total', over: [2] });
        acknowledged = 1;
        for (let n = 1n; n <= 12n; n++) {
          const before = n > 1n ? [[-1, 1n, n - 1n] as const] : [];
          await db.commit({ 1: [...before, [1, 1n, n]], 2: [[1, n, 1n]] });
          acknowledged++;
        }
      } catch {
        // Stopped.
      }
      return acknowledged;
    };
    const whole = new MemoryFileSystem();
    expect(await run(whole, Number.POSITIVE_INFINITY)).toBe(13);
    for (let cut = 0; cut < whole.written; cut += 37) {
      const files = new MemoryFileSystem();
      const acknowledged = await run(files, cut);
      const journal = await DiskJournal.open(options(files.afterKill()));
      const db = await TestDatabase.open({ journal, store: new MemoryStateStore() });
      const { epoch } = db.runtime;
      expect(epoch, `cut ${cut}`).toBeGreaterThanOrEqual(acknowledged);
      expect(epoch).toBeLessThanOrEqual(acknowledged + 1);
      if (epoch < 2) continue;
      const n = epoch - 1;
      expect(db.rows(1, 2)).toEqual([`1,${n}`]);
      expect(db.rows(2, 2).length).toBe(n);
      expect(db.rows(10, 2)).toEqual([`${n},${n}`]);
    }
  });

  test('a changed circuit is filled anew; offsets and schema changes survive', async () => {
    const p = ports();
    const db = await TestDatabase.open(p);
    await db.ddl(U, { op: 'view', id: 10, name: 's', query: 'sum', over: [2] }, { op: 'view', id: 11, name: 't', query: 'total', over: [10] });
    await db.commit({ 2: [[1, 1n, 1n], [1, 1n, 2n], [1, 2n, 3n]] });
    await db.runtime.commit({ changes: [], catalog: null, offsets: [{ relation: 2, offset: Uint8Array.of(1, 2, 3) }], sync: false });
    await db.ddl({ op: 'alter', id: 2, index: [0] });
    await db.ddl(T);
    await db.commit({ 1: [[1, 1n, 1n]] });
    await db.ddl({ op: 'alter', id: 1, add: 'x' });
    await db.runtime.checkpoint();
    expect(db.rows(1, 3)).toEqual(['1,1,7']);
    const records = [];
    for await (const record of p.journal.replay(toEpoch(0))) records.push(record);
    expect(records).toEqual([]);
    const again = await TestDatabase.open(p, {}, (query, over, schemas) => makeCircuit(query === 'sum' ? 'divide' : query, over, schemas));
    expect(again.host.logs.join()).toMatch(/view "s" is computed anew/);
    expect(again.rows(10, 2)).toEqual(['1,100', '1,50', '2,33']);
    expect(again.rows(1, 3)).toEqual(['1,1,7']);
    expect(again.runtime.offset(2)).toEqual(Uint8Array.of(1, 2, 3));
    await again.runtime.close();
  });
});

describe('a fault inside a view', () => {
  /** `total`, but a negative number of rows in a step breaks it. */
  const faulty: typeof makeCircuit = (query, over, schemas) => {
    const circuit = makeCircuit(query, over, schemas);
    const step = circuit.step.bind(circuit);
    return query !== 'total' ? circuit : Object.assign(circuit, {
      step: (inputs: Parameters<typeof step>[0], context: Parameters<typeof step>[1]) => {
        if (inputs.some((input) => input.weights.includes(-1))) throw new Error('a fault of ours');
        return step(inputs, context);
      },
    });
  };
  const VIEW = { op: 'view', id: 10, name: 'total', query: 'total', over: [1] } as const;
  const OTHER = { op: 'view', id: 11, name: 'sum', query: 'sum', over: [1] } as const;
  const ON_TOP = { op: 'view', id: 12, name: 'on_top', query: 'count', over: [10] } as const;

  test('stops that view and what reads it, not the runtime; it is computed anew at the next start', async () => {
    const both = ports();
    const db = await TestDatabase.open(both);
    db.host.circuit = faulty;
    await db.ddl(T, VIEW, OTHER, ON_TOP);
    await db.commit({ 1: [[1, 1n, 10n], [1, 2n, 20n]] });
    expect(db.rows(10, 2)).toEqual(['2,30']);
    expect(db.rows(12, 2)).toEqual(['2,1']);
    await db.commit({ 1: [[-1, 1n, 10n]] });
    await db.commit({ 1: [[1, 3n, 30n]] });
    const snapshot = db.runtime.snapshot();
    expect(snapshot.error(10)).toMatchObject({ code: 'XX000' });
    expect(snapshot.error(12)).toMatchObject({ code: 'XX000' });
    expect(snapshot.error(11)).toBeNull();
    expect(snapshot.error(1)).toBeNull();
    snapshot.release();
    expect(db.rows(11, 3)).toEqual(['2,1,20', '3,1,30']);
    expect(db.host.fatals).toEqual([]);
    expect(db.host.logs.join()).toContain('view "total" stopped');
    await db.runtime.checkpoint();
    const again = await TestDatabase.open(both);
    const healed = again.runtime.snapshot();
    expect(healed.error(10)).toBeNull();
    healed.release();
    expect(again.rows(10, 2)).toEqual(['2,50']);
    expect(again.rows(12, 2)).toEqual(['2,1']);
  });

  test('pages of a checkpoint that failed go with the next one; what was dropped meanwhile does not', async () => {
    const journal = new MemoryJournal();
    const store = new MemoryStateStore();
    let failing = true;
    const flaky = {
      checkpoint: (...args: Parameters<MemoryStateStore['checkpoint']>): Promise<void> => {
        if (!failing) return store.checkpoint(...args);
        // As a disk would: after some of the pages were taken.
        for (const _ of args[0]) break;
        return Promise.reject(new Error('disk'));
      },
      current: () => store.current(), pages: (state: string) => store.pages(state), close: () => store.close(),
    };
    const db = await TestDatabase.open({ journal, store: flaky });
    await db.ddl(T, U, { op: 'view', id: 10, name: 's', query: 'sum', over: [2] });
    await db.commit({ 1: [[1, 1n, 1n]], 2: [[1, 1n, 1n]] });
    await expect(db.runtime.checkpoint()).rejects.toThrow('disk');
    await db.ddl({ op: 'drop', id: 1 });
    await db.commit({ 2: [[1, 2n, 2n]] });
    await expect(db.runtime.checkpoint()).rejects.toThrow('disk');
    failing = false;
    await db.runtime.checkpoint();
    await db.commit({ 2: [[1, 3n, 3n]] });
    const again = await TestDatabase.open({ journal, store });
    expect(again.rows(2, 2)).toEqual(['1,1', '2,2', '3,3']);
    expect(again.rows(10, 3)).toEqual(['1,1,1', '2,1,2', '3,1,3']);
    expect(await store.pages('r/1/rows')).toEqual([]);
  });
});

describe('memory', () => {
  test('what would add to a state beyond its memory is refused with 53200; deletions and drops go through', async () => {
    const huge: typeof makeCircuit = (query, over, schemas) => {
      const circuit = makeCircuit(query, over, schemas);
      return query === 'sum' ? Object.assign(circuit, { stateSize: () => ({ rows: 1, bytes: 100 << 20 }) }) : circuit;
    };
    const db = await TestDatabase.open(ports(), { memoryBytes: 80 << 20 }, huge);
    await db.ddl(T, { op: 'view', id: 10, name: 's', query: 'sum', over: [1] });
    await db.commit({ 1: [[1, 1n, 1n], [1, 2n, 2n]] });
    expect(() => db.commit({ 1: [[1, 3n, 3n]] })).toThrow(expect.objectContaining({ code: '53200' }));
    await db.commit({ 1: [[-1, 2n, 2n]] });
    expect(db.rows(10, 3)).toEqual(['1,1,1']);
    await db.ddl({ op: 'drop', id: 10 });
    await db.commit({ 1: [[1, 3n, 3n]] });
    expect(db.rows(1, 2)).toEqual(['1,1', '3,3']);
    expect(db.runtime.memory().limit).toBe(80 << 20);
  });
});
