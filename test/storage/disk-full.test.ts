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
  const database = await openDatabase({ data: join(folder, 'data'), log: (message) => logs.push(message), checkpointBytes: 1 << 30 });
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
  expect(await attempt(client, 'INSERT INTO t VALUES (1000, NULL)')).toBe('53100');
  // 10 MB of state do not fit either.
  await expect(database.checkpoint()).rejects.toMatchObject({ code: '53100' });
  rmSync(ballast);
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
  const second = new Client(again);
  expect(await attempt(second, 'SELECT count(*), max(n) FROM t')).toBe(`${taken + 1}|1000 SELECT 1`);
  await second.close();
  await again.close();
}, 60_000);
