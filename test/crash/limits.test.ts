// A server that runs out of files, and a second one on its folder. Skips itself, saying why, where limits cannot be set.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../support/random.ts';
import { checkMix, resetMix } from './mix-check.ts';
import { newMix, work } from './mix.ts';
import { Refused, ServerProcess, SqlClient } from './server-process.ts';

/** Fewer would not do to load the program. */
const FILES = 240;
/** Less those that the server needs for itself. */
const CONNECTIONS = FILES - 96;
let folder = '';
let refused: string | null = null;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-limits-'));
  try {
    execFileSync('prlimit', [`--nofile=${FILES}:${FILES}`, 'true'], { stdio: 'pipe' });
  } catch (error) {
    refused = error instanceof Error ? error.message.split('\n')[0] : String(error);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const codeOf = (error: unknown): string => (error instanceof Refused ? error.code : String(error));

test('connections beyond the files are told 53300, and the others go on', async (context) => {
  if (refused !== null) {
    console.log(`a limit of open files is not tried: ${refused}`);
    context.skip();
  }
  const data = join(folder, 'connections');
  const server = await ServerProcess.launch({ data, under: ['prlimit', `--nofile=${FILES}:${FILES}`] });
  expect(server.messages).toContain(`allows ${CONNECTIONS} connections`);
  const mix = newMix();
  const findings = { lost: 0, half: 0, views: 0 };
  const first = await SqlClient.open(server.port);
  await resetMix(mix, first);
  let over = false;
  const workers = [0, 1, 2].map((worker) => work(mix, server.port, worker, new Random(worker), { until: () => over }));
  const attempts = await Promise.all(Array.from({ length: 220 }, () => (
    SqlClient.open(server.port).catch((error: unknown) => codeOf(error)))));
  const clients = attempts.filter((attempt) => typeof attempt !== 'string');
  expect(new Set(attempts.filter((attempt) => typeof attempt === 'string'))).toEqual(new Set(['53300']));
  expect(clients.length).toBe(CONNECTIONS - 4);
  const before = mix.ledger.acknowledged;
  for (const client of clients) expect(await client.value('SELECT 1')).toBe('1');
  for (let i = 0; i < 5; i++) await first.run('CHECKPOINT');
  while (mix.ledger.acknowledged < before + 50) await first.run('SELECT 1');
  for (const client of clients) client.close();
  // Who comes when others have gone is served.
  for (let tries = 0; ; tries++) {
    const late = await SqlClient.open(server.port).catch((error: unknown) => codeOf(error));
    if (typeof late !== 'string') break;
    expect(tries).toBeLessThan(500);
  }
  over = true;
  await Promise.all(workers);
  await server.kill();
  const again = await ServerProcess.launch({ data });
  await checkMix(mix, await SqlClient.open(again.port), findings, console.log);
  await again.kill();
  expect(findings).toEqual({ lost: 0, half: 0, views: 0 });
}, 300_000);

test('files run out: commits fail, reading goes on, nothing is lost, and it mends itself', async (context) => {
  if (refused !== null) context.skip();
  const data = join(folder, 'files');
  const server = await ServerProcess.launch({ data });
  const mix = newMix();
  const findings = { lost: 0, half: 0, views: 0 };
  const client = await SqlClient.open(server.port);
  await resetMix(mix, client);
  await client.run('CREATE TABLE big (n int8, filler text)');
  let over = false;
  const begin = (): Promise<unknown> => Promise.all([0, 1, 2].map((worker) => (
    work(mix, server.port, worker, new Random(worker), { until: () => over }))));
  const lives = begin();
  while (mix.ledger.acknowledged < 50) await client.run('SELECT 1');
  // No file can be opened from now on, those that are open stay.
  execFileSync('prlimit', ['--pid', String(server.pid), '--nofile=8:1024'], { stdio: 'pipe' });
  over = true;
  await lives;
  // The journal's next segment is one that it needs.
  const outcomes: string[] = [];
  for (let n = 0; n < 8 && outcomes.at(-1) !== '53000'; n++) {
    const insert = `INSERT INTO big VALUES (${n}, repeat('0123456789abcdef', 1 << 20))`;
    outcomes.push(await client.run(insert).then(() => 'done', codeOf));
  }
  expect(outcomes.at(-1)).toBe('53000');
  const reads = await client.value('SELECT count(*) FROM accounts');
  expect(reads).toBe('20');
  execFileSync('prlimit', ['--pid', String(server.pid), '--nofile=1024:1024'], { stdio: 'pipe' });
  for (let tries = 0; ; tries++) {
    const failure = await client.run('INSERT INTO big VALUES (1000)').then(() => null, codeOf);
    if (failure === null) break;
    expect(['25006', '53000']).toContain(failure);
    expect(tries).toBeLessThan(200);
    await new Promise((done) => { setTimeout(done, 100); });
  }
  over = false;
  await client.run('CHECKPOINT');
  const before = mix.ledger.acknowledged;
  const more = begin();
  while (mix.ledger.acknowledged < before + 50) await client.run('SELECT 1');
  over = true;
  await more;
  await server.kill();
  const again = await ServerProcess.launch({ data });
  const reader = await SqlClient.open(again.port);
  await checkMix(mix, reader, findings, console.log);
  // What failed is not there, what was acknowledged is.
  const kept = outcomes.filter((outcome) => outcome === 'done').length;
  expect(await reader.rows('SELECT count(*), max(n) FROM big')).toEqual([[String(kept + 1), '1000']]);
  await again.kill();
  expect(findings).toEqual({ lost: 0, half: 0, views: 0 });
}, 300_000);

test('a second server on the folder says so and harms nothing', async () => {
  const data = join(folder, 'shared');
  const server = await ServerProcess.launch({ data });
  const client = await SqlClient.open(server.port);
  await client.run('CREATE TABLE t (n int)');
  await expect(ServerProcess.launch({ data })).rejects.toThrow(/ended with 1: .*data folder ".*" is in use/s);
  await client.run('INSERT INTO t VALUES (1)');
  await client.run('CHECKPOINT');
  await server.kill();
  const again = await ServerProcess.launch({ data });
  expect(await (await SqlClient.open(again.port)).value('SELECT sum(n) FROM t')).toBe('1');
  await again.kill();
}, 300_000);
