// A disk that is full in earnest: a small file system in memory. Skips itself, saying why, where none can be mounted.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../sql/index.ts';
import { Client } from '../support/client.ts';

const MEGABYTES = 48;
let folder = '';
let refused: string | null = null;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    refused = error instanceof Error ? error.message.split('\n')[0] : String(error);
  }
});

afterAll(() => {
  if (refused === null) execFileSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true, force: true });
});

/** Rows and tag as text, or the error's code. */
async function attempt(client: Client, sql: string): Promise<string> {
  try {
    const [{ rows, tag }] = await client.query(sql);
    return [...rows.map((row) => row.join('|')), tag].join(' ');
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

test('writers get 53100, readers go on, and with room so do writers', async (context) => {
  if (refused !== null) {
    console.log(`a disk that is full is not tried: ${refused}`);
    context.skip();
  }
  const logs: string[] = [];
  const database = await openDatabase({
    data: join(folder, 'data'), log: (message) => logs.push(message), checkpointBytes: 1 << 30, minFreeBytes: 0,
  });
  const client = new Client(database);
  await attempt(client, 'CREATE TABLE t (n int PRIMARY KEY, filler text)');
  const { bavail, bsize } = statfsSync(folder);
  const ballast = join(folder, 'ballast');
  writeFileSync(ballast, new Uint8Array(bavail * bsize - (8 << 20)));
  let taken = 0;
  let answer = '';
  for (let n = 1; n <= 200; n++) {
    answer = await attempt(client, `INSERT INTO t VALUES (${n}, repeat('x', 100000))`);
    if (answer !== 'INSERT 0 1') break;
    taken = n;
  }
  expect(answer).toBe('53100');
  expect(taken).toBeGreaterThan(10);
  expect(await attempt(client, 'SELECT count(*) FROM t')).toBe(`${taken} SELECT 1`);
  // Files that were to be used again may have been given up meanwhile: that room is taken, too.
  const second = join(folder, 'ballast2');
  fill(second, 0);
  await expect(database.checkpoint()).rejects.toMatchObject({ code: expect.stringMatching(/^(53100|25006)$/) });
  rmSync(ballast);
  rmSync(second);
  let waited = 0;
  while (await attempt(client, 'INSERT INTO t VALUES (1000, NULL)') !== 'INSERT 0 1') {
    expect(++waited).toBeLessThan(200);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // The state store has failed meanwhile, too: it takes checkpoints again.
  await database.checkpoint();
  await client.close();
  await database.close();
  const again = await openDatabase({ data: join(folder, 'data') });
  const reader = new Client(again);
  expect(await attempt(reader, 'SELECT count(*), max(n) FROM t')).toBe(`${taken + 1}|1000 SELECT 1`);
  await reader.close();
  await again.close();
}, 60_000);

/** All but so many bytes are taken. */
function fill(ballast: string, left: number): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(ballast, new Uint8Array(bavail * bsize - left));
}

/** Rows of 100 kB with numbers from `from` until one is refused; how many were taken, and what the last one was told. */
async function insertUntilRefused(client: Client, from: number): Promise<readonly [number, string]> {
  for (let n = 0; n < 2000; n++) {
    const answer = await attempt(client, `INSERT INTO t VALUES (${from + n}, repeat('x', 100000))`);
    if (answer !== 'INSERT 0 1') return [n, answer];
  }
  return [2000, 'all were taken'];
}

test('before the disk is full writers get 53100, and a checkpoint makes room', async (context) => {
  if (refused !== null) context.skip();
  const logs: string[] = [];
  const ballast = join(folder, 'ballast');
  const floor = 6 << 20;
  const database = await openDatabase({
    data: join(folder, 'floor'), log: (message) => logs.push(message), segmentBytes: 1 << 20, aheadBytes: 1 << 16,
    minFreeBytes: floor,
  });
  const client = new Client(database);
  await attempt(client, 'CREATE TABLE t (n int PRIMARY KEY, filler text)');
  fill(ballast, 24 << 20);
  const [taken, answer] = await insertUntilRefused(client, 1);
  expect(answer).toBe('53100');
  expect(taken).toBeGreaterThan(100);
  const { bavail, bsize } = statfsSync(folder);
  expect(bavail * bsize).toBeGreaterThan(floor - (2 << 20));
  expect(logs.join('\n')).toContain('the disk is nearly full');
  // The state of these rows is far smaller than their journal: nobody needs to do anything.
  let waited = 0;
  while (await attempt(client, 'INSERT INTO t VALUES (100000, NULL)') !== 'INSERT 0 1') {
    expect(++waited).toBeLessThan(200);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(logs.join('\n')).toContain('there is room on the disk again');
  // Others take the room: checkpoints succeed all the same, and what takes rows away.
  rmSync(ballast);
  fill(ballast, 5 << 20);
  expect((await insertUntilRefused(client, 200_000))[1]).toBe('53100');
  await database.checkpoint();
  expect(await attempt(client, 'DELETE FROM t WHERE n > 1 AND n < 100000')).toBe(`DELETE ${taken - 1}`);
  expect(await attempt(client, 'UPDATE t SET n = 2 WHERE n = 1')).toBe('53100');
  expect(await attempt(client, 'SELECT count(*) FROM t WHERE n < 100001')).toBe('2 SELECT 1');
  await database.checkpoint();
  rmSync(ballast);
  expect(await attempt(client, 'INSERT INTO t VALUES (3, NULL)')).toBe('INSERT 0 1');
  await client.close();
  await database.close();
  const again = await openDatabase({ data: join(folder, 'floor') });
  const second = new Client(again);
  expect(await attempt(second, 'SELECT count(*), min(n) FROM t WHERE n < 100001')).toBe('3|1 SELECT 1');
  await second.close();
  await again.close();
}, 60_000);
