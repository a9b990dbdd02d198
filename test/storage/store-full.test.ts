// The state store on a disk that is full in earnest: a small file system in memory; skips itself, saying why, where none can be mounted.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LevelStore } from '../../storage/level-store.ts';
import { checkpointMeta, content, pageBatch, readState } from '../conformance/state-store.ts';

let folder = '';
let refused: string | null = null;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-store-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    refused = error instanceof Error ? error.message.split('\n')[0] : String(error);
  }
});

afterAll(() => {
  if (refused === null) execFileSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true, force: true });
});

test('a state store that finds no room says 53100, is read on, and takes the next checkpoint when there is', async (context) => {
  if (refused !== null) {
    console.log(`a disk that is full is not tried: ${refused}`);
    context.skip();
  }
  const logs: string[] = [];
  const store = await LevelStore.open(join(folder, 'store'), (message) => logs.push(message));
  await store.checkpoint([{ state: 'a', page: 0, content: content(pageBatch(1, 10)) }], [], checkpointMeta(1));
  const [page] = await store.pages('a');
  const { bavail, bsize } = statfsSync(folder);
  const ballast = join(folder, 'ballast');
  writeFileSync(ballast, new Uint8Array(bavail * bsize - (256 << 10)));
  const many = (n: number): { state: string; page: number; content: ReturnType<typeof content> }[] =>
    Array.from({ length: 400 }, (_, i) => ({ state: 'b', page: i, content: content(pageBatch(n + i, 1000)) }));
  await expect(store.checkpoint(many(2), [], checkpointMeta(2))).rejects.toMatchObject({ code: '53100' });
  await expect(store.checkpoint(many(3), [], checkpointMeta(3))).rejects.toMatchObject({ code: '53100' });
  expect(page.batch.length).toBe(10);
  rmSync(ballast);
  await store.checkpoint(many(4), [], checkpointMeta(4));
  expect(page.batch.length).toBe(10);
  await store.close();
  const again = await LevelStore.open(join(folder, 'store'), () => undefined, 'existing');
  expect((await readState(again, 'b')).length).toBe(400);
  await again.close();
}, 60_000);
