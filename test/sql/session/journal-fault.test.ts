// A disk that fails under a running database, as its clients see it.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';
import { FaultyFileSystem } from '../../support/faulty-file-system.ts';

let folder: string;
let files: FaultyFileSystem;
let database: Database;
let a: Client;
let b: Client;
let logs: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-fault-'));
  files = new FaultyFileSystem();
  logs = [];
  database = await openDatabase({ data: join(folder, 'data'), machine: { files }, log: (message) => logs.push(message) });
  a = new Client(database);
  b = new Client(database);
  await a.query('CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int REFERENCES parent); '
    + 'CREATE SEQUENCE s; INSERT INTO parent VALUES (1)');
});
afterEach(async () => {
  await a.close();
  await b.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

async function mended(): Promise<void> {
  files.failing = null;
  while (!logs.includes('the journal is written again')) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('a writer gets 58030, the next ones 25006; readers go on; mended, so do writers', async () => {
  files.failing = 'EIO';
  files.onlySyncs = true;
  expect(await a.error('INSERT INTO parent VALUES (2)')).toMatch(/^58030 could not write to the journal/);
  expect(await a.error('INSERT INTO parent VALUES (2)')).toBe('25006 the database is read-only since its journal could not be written');
  expect(await b.error('CREATE TABLE other (id int)')).toMatch(/^25006/);
  expect(await b.rows('SELECT id FROM parent')).toEqual(['1']);
  expect(await b.rows('SELECT segments, failures, failing FROM millrace_journal'))
    .toEqual(['1|1|could not write to the journal: EIO: sync']);
  await mended();
  expect(await b.rows('SELECT id FROM parent')).toEqual(['1']);
  const syncs = 'SELECT sum(s.syncs), min(j.syncs) FROM millrace_journal_syncs s, millrace_journal j';
  const [before] = await b.rows(syncs);
  await a.query('INSERT INTO parent VALUES (2), (3)');
  const count = Number(before.split('|')[0]);
  expect(await b.rows(syncs)).toEqual([`${count + 1}|${count + 1}`]);
  expect(await b.rows(
    'SELECT segments, failures, failing, bytes > 4000000, lag_bytes > 100, epoch > 1 FROM millrace_journal'))
    .toEqual(['2|1||t|t|t']);
  // The record that failed had reached the file, and is void.
  const copy = join(folder, 'copy');
  cpSync(join(folder, 'data'), copy, { recursive: true });
  rmSync(join(copy, 'state', 'LOCK'), { force: true });
  const again = await openDatabase({ data: copy });
  const c = new Client(again);
  expect(await c.rows('SELECT id FROM parent ORDER BY id')).toEqual(['1', '2', '3']);
  await c.close();
  await again.close();
});

test('a transaction that saw what was queued and then failed cannot be committed', async () => {
  // The commit of who commits time after time is not kept waiting, so that nobody sees it queued.
  await b.query('INSERT INTO parent VALUES (8)');
  await b.query('BEGIN');
  await a.query('BEGIN; INSERT INTO parent VALUES (7)');
  files.failing = 'EIO';
  const failed = a.error('COMMIT');
  // Queued, and seen by the check of the reference.
  const referring = b.error('INSERT INTO child VALUES (7)');
  expect(await failed).toMatch(/^58030/);
  expect(await referring).toBeNull();
  await mended();
  expect(await b.error('COMMIT')).toMatch(/^40001 could not serialize access/);
  expect(await a.rows('SELECT id FROM child')).toEqual([]);
  expect(await a.error('INSERT INTO child VALUES (7)')).toMatch(/^23503/);
});

test('values of a sequence are not given out again after a failure', async () => {
  expect(await a.rows("SELECT nextval('s')")).toEqual(['1']);
  const used = new Set(['1']);
  for (let n = 0; n < 40; n++) for (const value of await a.rows("SELECT nextval('s')")) used.add(value);
  files.failing = 'EIO';
  // It may take values that are journaled already; those that are not are refused.
  let error: string | null = null;
  for (let n = 0; n < 40 && error === null; n++) error = await a.error("SELECT nextval('s')");
  expect(error).toMatch(/^(58030|25006)/);
  await mended();
  for (let n = 0; n < 3; n++) {
    const [value] = await a.rows("SELECT nextval('s')");
    expect(used.has(value)).toBe(false);
    used.add(value);
  }
  const copy = join(folder, 'copy');
  cpSync(join(folder, 'data'), copy, { recursive: true });
  rmSync(join(copy, 'state', 'LOCK'), { force: true });
  const again = await openDatabase({ data: copy });
  const c = new Client(again);
  const [value] = await c.rows("SELECT nextval('s')");
  expect(used.has(value)).toBe(false);
  await c.close();
  await again.close();
});

test('who only reads does not wait for another session\'s sequence, nor fail with it', async () => {
  await b.query('BEGIN');
  expect(await b.rows('SELECT count(*) FROM parent')).toEqual(['1']);
  files.failing = 'EIO';
  const drawing = a.error("SELECT nextval('s')");
  const reading = b.error('COMMIT');
  expect(await reading).toBeNull();
  expect(await drawing).toMatch(/^58030/);
  await mended();
});
