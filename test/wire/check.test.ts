// `millrace check`: what it says of whole folders and of damaged ones.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../sql/index.ts';
import { runCommand } from '../../wire/commands.ts';
import { Client } from '../support/client.ts';

let folder = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-check-'));
  const database = await openDatabase({ data: folder });
  const client = new Client(database);
  await client.query('CREATE TABLE t (id int8 PRIMARY KEY, note text)');
  await client.query('CREATE MATERIALIZED VIEW v AS SELECT count(*) AS n FROM t');
  await client.query(`INSERT INTO t SELECT g, 'note ' || md5(g::text) || md5('x' || g) FROM generate_series(1, 3000) g`);
  await client.close();
  await database.close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function check(...args: readonly string[]): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const code = await runCommand(args, { print: (line) => lines.push(line), complain: (line) => lines.push(line) });
  return { code, lines: lines.map((line) => line.replaceAll(folder, '..')) };
}

/** Flips a bit of the first file of `part` that holds `text`, in the text. */
function damage(part: string, text: string): string {
  for (const name of readdirSync(join(folder, part)).toSorted()) {
    const path = join(folder, part, name);
    const bytes = readFileSync(path);
    const at = bytes.indexOf(text);
    if (at < 0) continue;
    bytes[at + 3] ^= 1;
    writeFileSync(path, bytes);
    return name;
  }
  throw new Error(`nothing holds ${text}`);
}

describe('millrace check', () => {
  test('a whole folder', async () => {
    const names = readdirSync(folder, { recursive: true });
    const { code, lines } = await check('check', folder);
    expect(lines).toEqual([
      expect.stringMatching(/^checkpoint \d+ of epoch 3$/), 'journal: 1 segment, commits of epochs 1 to 3',
      expect.stringMatching(/^materialized view public\.v: \d+ pages, \d+ kB$/),
      expect.stringMatching(/^table public\.t: 3 pages, \d+ kB$/), 'no damage found',
    ]);
    expect(code).toBe(0);
    expect(readdirSync(folder, { recursive: true })).toEqual(names);
  });

  test('a damaged page is named by its table, with the rows in it', async () => {
    // In the key of the second page, in LevelDB's log: the write is lost that has it.
    const name = damage('state', '/rows\0\0\0\u0001\0\0\0\0');
    const { code, lines } = await check('check', folder);
    expect(code).toBe(1);
    expect(lines).toContainEqual(expect.stringContaining(`DAMAGED ../state/${name}: a record has a bad checksum, at offset `));
    expect(lines).toContain('DAMAGED page 1 of table public.t: its block is missing; lost: 1024 rows');
    expect(lines).not.toContain('no damage found');
  });

  test('a damaged journal that the checkpoint does not need; a lost state store', async () => {
    damage('journal', 'note ');
    expect((await check('check', folder)).lines).toContain(
      "DAMAGED ../journal: the journal ends at epoch 2, before the checkpoint's 3; lost: nothing: the checkpoint has it");
    rmSync(join(folder, 'state'), { recursive: true });
    const { code, lines } = await check('check', folder);
    expect([code, lines[0]]).toEqual([1, 'no checkpoint']);
    expect(lines).toContain('DAMAGED ../state: the folder is missing; lost: everything that the journal does not have');
  });

  test('what is no database, what is no command', async () => {
    expect(await check('check', tmpdir())).toMatchObject({ code: 1, lines: [expect.stringContaining('holds no millrace data')] });
    expect((await check('check')).code).toBe(2);
    expect((await check('--port', '0')).code).toBeNull();
  });
});
