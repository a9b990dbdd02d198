// The state store on disk: conformance, kills in the middle of a checkpoint, damage, the lock, the folder.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { describe, expect, test } from 'vitest';
import { toEpoch } from '../../engine/data/time.ts';
import type { PageImage } from '../../engine/state/ports.ts';
import { openStorage } from '../../storage/index.ts';
import { crc32c } from '../../storage/crc32c.ts';
import { META_KEY, directoryKey, parsePageKey } from '../../storage/key-space.ts';
import type { Database } from '../../storage/level-database.ts';
import { LevelStore } from '../../storage/level-store.ts';
import { NODE_MACHINE } from '../../storage/machine.ts';
import { checkpointMeta, content, pageBatch, readState, stateStoreConformance } from '../conformance/state-store.ts';

const quiet = { log: (): void => {} };
const folder = (): string => join(mkdtempSync(join(tmpdir(), 'millrace-store-')), 'db');

stateStoreConformance('LevelDB', async () => {
  const path = folder();
  return {
    store: await LevelStore.open(path, quiet.log),
    reopen: async (store) => {
      await store.close();
      return LevelStore.open(path, quiet.log);
    },
  };
});

async function rawKeys(path: string): Promise<Uint8Array[]> {
  const level = new Level<Uint8Array, Uint8Array>(path, { keyEncoding: 'view', valueEncoding: 'view', compression: false });
  const keys = (await level.keys().all()).filter((k) => k[0] === 0x70);
  await level.close();
  return keys;
}

describe('LevelStore', () => {
  test('a checkpoint whose iterable throws half way changes nothing', async () => {
    const path = folder();
    const store = await LevelStore.open(path, quiet.log);
    await store.checkpoint([{ state: 'a', page: 0, content: content(pageBatch(1, 10)) }], [], checkpointMeta(1));
    function* failing(): Iterable<PageImage> {
      for (let page = 0; page < 200; page++) yield { state: 'a', page, content: content(pageBatch(page, 2000)) };
      throw new Error('no more');
    }
    await expect(store.checkpoint(failing(), [], checkpointMeta(2))).rejects.toMatchObject({ code: '58030' });
    expect((await store.current())?.epoch).toBe(1);
    expect(await readState(store, 'a')).toEqual(['0:10:1000']);
    await store.checkpoint([{ state: 'a', page: 1, content: content(pageBatch(2, 10)) }], [], checkpointMeta(3));
    await store.close();
    const again = await LevelStore.open(path, quiet.log);
    expect(await readState(again, 'a')).toEqual(['0:10:1000', '1:10:2000']);
    await again.close();
    expect((await rawKeys(path)).map((k) => parsePageKey(k).version)).toEqual([1, 2]);
  });

  test('superseded versions that could not be removed are removed with the next checkpoint', async () => {
    const path = folder();
    let failing = false;
    const machine = {
      ...NODE_MACHINE,
      async openDatabase(where: string, mode: 'create' | 'existing'): Promise<Database> {
        const database = await NODE_MACHINE.openDatabase(where, mode);
        const batch = database.batch.bind(database);
        database.batch = async (writes, options) => {
          if (failing && !options.sync) throw new Error('IO error: No space left on device');
          await batch(writes, options);
        };
        return database;
      },
    };
    const store = await LevelStore.open(path, quiet.log, 'create', machine);
    const take = (e: number, pages: readonly number[]): Promise<void> => store.checkpoint(
      pages.map((page) => ({ state: 's', page, content: content(pageBatch(e, 3)) })), [], checkpointMeta(e));
    await take(1, [0, 1]);
    failing = true;
    await take(2, [0]);
    await take(3, [1]);
    failing = false;
    await take(4, [1]);
    expect(await readState(store, 's')).toEqual(['0:3:2000', '1:3:4000']);
    await store.close();
    expect((await rawKeys(path)).map((k) => parsePageKey(k).version).toSorted((a, b) => a - b)).toEqual([2, 4]);
  });

  test('superseded versions are removed', async () => {
    const path = folder();
    const store = await LevelStore.open(path, quiet.log);
    for (let e = 1; e <= 10; e++) {
      const pages = [0, 1, 2].map((page) => ({ state: 's', page, content: page === e % 3 ? null : content(pageBatch(e, 3)) }));
      await store.checkpoint(pages, [], checkpointMeta(e));
    }
    await store.close();
    expect((await rawKeys(path)).length).toBe(2);
  });

  test('a checkpoint of many pages stops for others at any of them', async () => {
    let stops = 0;
    const pause = (): void => {
      stops++;
    };
    const store = await LevelStore.open(folder(), quiet.log, 'create', { ...NODE_MACHINE, pause });
    const small = content(pageBatch(1, 1));
    const pages = Array.from({ length: 3000 }, (_, page) => ({ state: 'a', page, content: small }));
    const take = async (e: number, images: readonly PageImage[], dropped: readonly string[] = []): Promise<number> => {
      stops = 0;
      await store.checkpoint(images, dropped, checkpointMeta(e));
      return stops;
    };
    // When it is written, when it is known to be; a directory's parts.
    expect(await take(1, pages)).toBeGreaterThan(6000);
    expect(await take(2, pages)).toBeGreaterThan(6000);
    expect(await take(3, [], ['a'])).toBeGreaterThan(3000);
    await store.close();
  });

  test('a damaged page is XX001 and names itself', async () => {
    const path = folder();
    const store = await LevelStore.open(path, quiet.log);
    await store.checkpoint([{ state: 'a/b', page: 7, content: content(pageBatch(1, 500)) }], [], checkpointMeta(1));
    await store.close();
    const level = new Level<Uint8Array, Uint8Array>(path, { keyEncoding: 'view', valueEncoding: 'view', compression: false });
    const [key] = (await level.keys().all()).filter((k) => k[0] === 0x70);
    const block = new Uint8Array(await level.get(key) ?? []);
    block[40] ^= 4;
    await level.put(key, block);
    await level.close();
    const again = await LevelStore.open(path, quiet.log);
    await expect(readState(again, 'a/b')).rejects.toMatchObject({ code: 'XX001', message: expect.stringContaining('a/b') });
    await again.close();
  });
});

describe('openStorage', () => {
  test('makes a folder, finds it again, keeps a second one out', async () => {
    const path = folder();
    const first = await openStorage(path, quiet);
    await expect(openStorage(path, quiet)).rejects.toMatchObject({ code: 'F0001' });
    await first.journal.append(toEpoch(1), [new Uint8Array(3)], true);
    await first.journal.close();
    await first.store.close();
    const second = await openStorage(path, quiet);
    const records = [];
    for await (const record of second.journal.replay(toEpoch(0))) records.push(record.epoch);
    expect(records).toEqual([1]);
    await second.journal.close();
    await second.store.close();
    expect(readdirSync(path).toSorted()).toEqual(['FORMAT', 'journal', 'state']);
  });

  test('an unfinished creation is begun again; a folder of something else is left alone', async () => {
    const path = folder();
    const first = await openStorage(path, quiet);
    await first.journal.close();
    await first.store.close();
    rmSync(join(path, 'FORMAT'));
    await expect(openStorage(path, quiet)).rejects.toMatchObject({ code: 'F0000' });
    writeFileSync(join(path, 'CREATING'), '');
    const second = await openStorage(path, quiet);
    await second.journal.close();
    await second.store.close();
  });

  test('a newer format is refused, a damaged FORMAT is XX001', async () => {
    const path = folder();
    const first = await openStorage(path, quiet);
    await first.journal.close();
    await first.store.close();
    const text = readFileSync(join(path, 'FORMAT'), 'latin1');
    writeFileSync(join(path, 'FORMAT'), formatText(text, 99));
    await expect(openStorage(path, quiet)).rejects.toMatchObject({ code: 'F0000' });
    writeFileSync(join(path, 'FORMAT'), text.replace('format 3', 'format 7'));
    await expect(openStorage(path, quiet)).rejects.toMatchObject({ code: 'XX001' });
    writeFileSync(join(path, 'FORMAT'), 'millrace data format 3\ndatabase 00\n');
    await expect(openStorage(path, quiet)).rejects.toMatchObject({ code: 'XX001' });
  });

  test('format 2, without checksums of directories, is read and becomes format 3', async () => {
    const path = folder();
    const first = await openStorage(path, quiet);
    await first.store.checkpoint([{ state: 'a', page: 3, content: content(pageBatch(1, 50)) }], [], checkpointMeta(0));
    await first.journal.close();
    await first.store.close();
    const level = new Level<Uint8Array, Uint8Array>(join(path, 'state'), { keyEncoding: 'view', valueEncoding: 'view', compression: false });
    const part = new Uint8Array(4 + 19);
    const view = new DataView(part.buffer);
    view.setUint32(4, 3, true);
    view.setBigUint64(8, 1n, true);
    view.setUint8(22, 3);
    view.setUint32(0, crc32c(part.subarray(4)), true);
    await level.put(directoryKey('a', 0), part);
    const meta = new Uint8Array(20 + 6);
    new DataView(meta.buffer).setBigUint64(0, 1n);
    meta.set(checkpointMeta(0).bytes, 20);
    new DataView(meta.buffer).setUint32(16, crc32c(meta.subarray(20), crc32c(meta.subarray(0, 16))));
    await level.put(META_KEY, meta);
    await level.close();
    const text = readFileSync(join(path, 'FORMAT'), 'latin1');
    writeFileSync(join(path, 'FORMAT'), formatText(text, 2));
    for (const epoch of [1, 2]) {
      const again = await openStorage(path, quiet);
      expect(readFileSync(join(path, 'FORMAT'), 'latin1')).toBe(text);
      expect(await readState(again.store, 'a')).toEqual(['3:50:1000']);
      await again.store.checkpoint([], [], checkpointMeta(epoch));
      await again.journal.close();
      await again.store.close();
    }
  });

  test('a directory that LevelDB has lost or kept too long is XX001', async () => {
    for (const lose of [true, false]) {
      const path = folder();
      const store = await LevelStore.open(path, quiet.log);
      await store.checkpoint([{ state: 'a', page: 0, content: content(pageBatch(1, 5)) }], [], checkpointMeta(1));
      await store.close();
      const raw = { keyEncoding: 'view', valueEncoding: 'view', compression: false };
      const level = new Level<Uint8Array, Uint8Array>(path, raw);
      const old = new Uint8Array(await level.get(directoryKey('a', 0)) ?? []);
      await level.close();
      const second = await LevelStore.open(path, quiet.log);
      await second.checkpoint([{ state: 'a', page: 1, content: content(pageBatch(2, 5)) }], [], checkpointMeta(2));
      await second.close();
      const damaging = new Level<Uint8Array, Uint8Array>(path, raw);
      await (lose ? damaging.del(directoryKey('a', 0)) : damaging.put(directoryKey('a', 0), old));
      await damaging.close();
      const third = await LevelStore.open(path, quiet.log);
      await expect(readState(third, 'a')).rejects.toMatchObject({ code: 'XX001' });
      await third.close();
    }
  });

  test('a state store whose CURRENT is gone is XX001, and not made anew', async () => {
    const path = folder();
    const first = await openStorage(path, quiet);
    await first.journal.close();
    await first.store.close();
    rmSync(join(path, 'state', 'CURRENT'));
    await expect(openStorage(path, quiet)).rejects.toMatchObject({ code: 'XX001' });
  });
});

function formatText(text: string, version: number): string {
  const lines = text.slice(0, text.indexOf('check')).replace(/format \d+/, `format ${version}`);
  return `${lines}check ${crc32c(new TextEncoder().encode(lines)).toString(16).padStart(8, '0')}\n`;
}
