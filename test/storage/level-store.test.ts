// The state store on disk: conformance, kills in the middle of a checkpoint, damage, the lock, the folder.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { describe, expect, test } from 'vitest';
import { toEpoch } from '../../engine/data/time.ts';
import type { PageImage } from '../../engine/state/ports.ts';
import { openStorage } from '../../storage/index.ts';
import { parsePageKey } from '../../storage/key-space.ts';
import { LevelStore } from '../../storage/level-store.ts';
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
    writeFileSync(join(path, 'FORMAT'), 'millrace data format 99\nsomething\n');
    await expect(openStorage(path, quiet)).rejects.toMatchObject({ code: 'F0000' });
    writeFileSync(join(path, 'FORMAT'), 'millrace data format 2\ndatabase 00\n');
    await expect(openStorage(path, quiet)).rejects.toMatchObject({ code: 'XX001' });
  });
});
