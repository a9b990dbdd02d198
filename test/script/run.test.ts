// Every golden script, four ways: in memory; on disk; on disk with next to no memory; on disk, taken as it lies and
// reopened after each statement.
// UPDATE_SCRIPTS=1 writes what memory answers into the scripts, UPDATE_SCRIPTS=postgres what PostgreSQL answers into those
// that are marked as its own too; these are compared with it where MILLRACE_ORACLE names one.
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../sql/index.ts';
import type { Database } from '../../sql/index.ts';
import { Client } from '../support/client.ts';
import { oracleAddress } from '../differential/hunt.ts';
import { runOnPostgres } from './postgres.ts';
import { parseScript, rewritten, runBlock } from './script.ts';
import type { Script } from './script.ts';

const folder = import.meta.dirname;
const scripts = readdirSync(folder,
  { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.test')).toSorted();

let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'millrace-script-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const open = (data: string, memory: { readonly memoryBytes?: number } = {}): Promise<Database> =>
  openDatabase({ data, now: () => 1_700_000_000_000_000n, random: () => 0.5, ...memory });

/** One database for the whole script. */
async function runThrough(script: Script, data: string, memory: Parameters<typeof open>[1] = {}): Promise<string[]> {
  const database = await open(data, memory);
  const client = new Client(database);
  try {
    const out: string[] = [];
    for (const block of script.blocks) out.push(await runBlock(client, block));
    return out;
  } finally {
    await client.close();
    await database.close();
  }
}

/** After it the folder is as it was before. */
const isReading = (sql: string): boolean => /^\s*(select|table|values|explain)\b/i.test(sql)
  && !/\b(into|nextval|setval|for (no key )?update|for (key )?share)\b|pg_|;\s*\S/i.test(sql);

/** After each statement outside a transaction that may have changed something the folder is copied as it lies and opened. */
async function runReopening(script: Script, name: string): Promise<string[]> {
  let generation = 0;
  let data = join(scratch, `${name}-0`);
  let database = await open(data);
  let client = new Client(database);
  const out: string[] = [];
  try {
    for (const block of script.blocks) {
      out.push(await runBlock(client, block));
      if (client.session.transactionStatus !== 'I' || isReading(block.sql)) continue;
      const next = join(scratch, `${name}-${++generation}`);
      cpSync(data, next, { recursive: true });
      rmSync(join(next, 'state', 'LOCK'), { force: true });
      await client.close();
      await database.close();
      rmSync(data, { recursive: true, force: true });
      data = next;
      database = await open(data);
      client = new Client(database);
    }
    return out;
  } finally {
    await client.close();
    await database.close();
  }
}

describe.each(scripts)('%s', (file) => {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  const script = parseScript(text);
  const check = (out: readonly string[]): void => {
    script.blocks.forEach((block, i) => {
      expect({ at: `${file}:${block.line}`, sql: block.sql, output: out[i] })
        .toEqual({ at: `${file}:${block.line}`, sql: block.sql, output: block.expected });
    });
  };
  const name = file.replaceAll('/', '-');

  const oracle = script.postgres ? oracleAddress() : null;
  test.skipIf(oracle === null)('as PostgreSQL', async () => {
    if (oracle === null) return;
    const out = await runOnPostgres(script, oracle, name);
    if (process.env['UPDATE_SCRIPTS'] === 'postgres') writeFileSync(path, rewritten(text, out));
    else if (process.env['UPDATE_SCRIPTS'] !== '1') check(out);
  });

  test('in memory', async () => {
    const out = await runThrough(script, ':memory:');
    if (process.env['UPDATE_SCRIPTS'] === '1') writeFileSync(path, rewritten(text, out));
    else check(out);
  });

  test('on disk', async () => check(await runThrough(script, join(scratch, `${name}-disk`))));

  test('on disk, every page evicted',
    async () => check(await runThrough(script, join(scratch, `${name}-evicted`), { memoryBytes: 1 })));

  test.skipIf(script.keepsSession)('reopened after each statement',
    async () => check(await runReopening(script, name)), 60_000);
});
