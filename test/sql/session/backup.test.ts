// BACKUP TO and restore: consistent while commits go on, incremental, damage is detected, nothing is overwritten.
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkDatabase, openDatabase, restoreDatabase } from '../../../sql/index.ts';
import type { Database } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';

let place = '';
let database: Database;
let client: Client;
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'millrace-backup-'));
  database = await openDatabase({ data: join(place, 'data') });
  client = new Client(database);
  await client.query(`
    CREATE TABLE sale (id serial PRIMARY KEY, item int8, amount int4, note text); CREATE INDEX ON sale (item);
    CREATE MATERIALIZED VIEW by_item AS SELECT item, count(*) AS n, sum(amount) AS total FROM sale GROUP BY item;
    INSERT INTO sale (item, amount, note) SELECT g % 97, g % 1000, md5(g::text) FROM generate_series(1, 5000) g`);
});
afterEach(async () => {
  await client.close();
  await database.close();
  rmSync(place, { recursive: true, force: true });
});

const backup = (): string => join(place, 'backup');
const packs = (): string[] => readdirSync(backup()).filter((name) => name.endsWith('.pack'));
const packBytes = (): number => packs().reduce((sum, name) => sum + statSync(join(backup(), name)).size, 0);

async function takeBackup(): Promise<string> {
  client.notices.length = 0;
  expect(await client.tags(`BACKUP TO '${backup()}'`)).toEqual(['BACKUP']);
  return client.notices.map((notice) => notice.message).join();
}

async function answers(c: Client): Promise<readonly string[]> {
  return [
    ...await c.rows('SELECT count(*), sum(id), sum(amount), md5(string_agg(note, $$,$$ ORDER BY id)) FROM sale'),
    ...await c.rows('SELECT * FROM by_item ORDER BY item'), ...await c.rows('SELECT id FROM sale WHERE item = 5 ORDER BY id LIMIT 3'),
  ];
}

/** What a folder restored from the backup answers, and after a change and a restart. */
async function restored(name: string): Promise<readonly string[]> {
  const folder = join(place, name);
  await restoreDatabase(backup(), folder);
  expect((await checkDatabase(folder)).lines.at(-1)).toBe('no damage found');
  let found: readonly string[] = [];
  for (const life of [1, 2]) {
    const again = await openDatabase({ data: folder });
    const c = new Client(again);
    if (life === 1) found = await answers(c);
    const [next] = await c.rows('INSERT INTO sale (item, amount) VALUES (1000, 7) RETURNING id');
    expect(await c.rows('SELECT n, total FROM by_item WHERE item = 1000')).toEqual([`${life}|${7 * life}`]);
    expect(await c.error(`INSERT INTO sale (id) VALUES (${next})`)).toContain('23505');
    await c.close();
    await again.close();
  }
  return found;
}

describe('BACKUP TO', () => {
  test('is restored with tables, views, indexes and sequences', async () => {
    await takeBackup();
    const before = await answers(client);
    await client.query('DELETE FROM sale WHERE id < 2500');
    expect(await restored('elsewhere')).toEqual(before);
    expect(await answers(client)).not.toEqual(before);
  });

  test('again it copies only what has changed, and forgets what is of no use any more', async () => {
    const first = await takeBackup();
    expect(first).toMatch(/^backup of epoch \d+: (\d+) pages, \1 of them copied/);
    const size = packBytes();
    const other = new Client(database);
    const both = await Promise.all([client, other].map((c) => c.error(`BACKUP TO '${backup()}'`)));
    expect(both.map(String).toSorted()).toEqual(['55006 another backup is being taken', 'null']);
    await other.close();
    expect(await takeBackup()).toMatch(/: \d+ pages, 0 of them copied \(0 kB\)$/);
    expect(packBytes()).toBe(size);
    await client.query('INSERT INTO sale (item, amount) VALUES (5, 1)');
    const [, copied] = /, (\d+) of them copied/.exec(await takeBackup()) ?? [];
    expect(Number(copied)).toBeLessThan(10);
    expect(packs().length).toBe(2);
    const before = await answers(client);
    expect(await restored('second')).toEqual(before);
    await client.query('UPDATE sale SET amount = amount + 1');
    await takeBackup();
    expect(packs()).not.toContain('000000000001.pack');
    expect(await restored('third')).toEqual(await answers(client));
  });

  test('is one moment, while others write', async () => {
    const writer = new Client(database);
    let writing = true;
    const write = async (): Promise<void> => {
      for (let n = 0; writing; n++) await writer.query(`INSERT INTO sale (item, amount) VALUES (7000, ${n}), (7001, ${-n})`);
    };
    const done = write();
    for (let n = 0; n < 4; n++) {
      await takeBackup();
      await database.checkpoint();
    }
    writing = false;
    await done;
    await writer.close();
    await restoreDatabase(backup(), join(place, 'moment'));
    const again = await openDatabase({ data: join(place, 'moment') });
    const c = new Client(again);
    expect(await c.rows('SELECT sum(amount) FROM sale WHERE item IN (7000, 7001)')).toEqual(['0']);
    const [count] = await c.rows('SELECT count(*) FROM sale WHERE item = 7000');
    expect(await c.rows('SELECT n FROM by_item WHERE item >= 7000')).toEqual([count, count]);
    await c.close();
    await again.close();
  });

  test('a damaged one is found by the check and refused', async () => {
    await takeBackup();
    expect((await checkDatabase(backup())).damaged).toBe(false);
    const path = join(backup(), packs()[0]);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] ^= 16;
    writeFileSync(path, bytes);
    const { damaged, lines } = await checkDatabase(backup());
    expect([damaged, lines.filter((line) => line.startsWith('DAMAGED')).length]).toEqual([true, 1]);
    await expect(restoreDatabase(backup(), join(place, 'no'))).rejects.toMatchObject({ code: 'XX001' });
    await expect(openDatabase({ data: join(place, 'no') })).rejects.toMatchObject({ code: 'F0000' });
    // The folder is left for another try.
    bytes[bytes.length >> 1] ^= 16;
    writeFileSync(path, bytes);
    await restoreDatabase(backup(), join(place, 'no'));
    writeFileSync(join(backup(), 'BACKUP'), 'nonsense');
    await expect(restoreDatabase(backup(), join(place, 'nor'))).rejects.toMatchObject({ code: 'XX001' });
  });

  test('overwrites nothing that is not its own', async () => {
    await takeBackup();
    await expect(restoreDatabase(backup(), join(place, 'data'))).rejects.toMatchObject({ code: 'F0000' });
    await expect(restoreDatabase(place, join(place, 'new'))).rejects.toMatchObject({ code: 'F0000' });
    expect(await client.error(`BACKUP TO '${join(place, 'data')}'`)).toMatch(/^58P02 folder ".*" is not empty and holds no backup$/);
    expect(await client.error(`BACKUP TO ''`)).toContain('22023');
    expect(await client.error('BACKUP TO x')).toBe('42601 syntax error at or near "x"');
    await restoreDatabase(backup(), join(place, 'other'));
    const other = await openDatabase({ data: join(place, 'other') });
    const c = new Client(other);
    expect(await c.error(`BACKUP TO '${backup()}'`)).toMatch(/^55000 .* holds a backup of another database$/);
    await c.close();
    await other.close();
    expect(await client.error(`BEGIN; BACKUP TO '${backup()}'`)).toContain('25001');
    await client.query('ROLLBACK');
    await client.query('CREATE ROLE clerk LOGIN NOSUPERUSER');
    const clerk = new Client(database, { user: 'clerk' });
    expect(await clerk.error(`BACKUP TO '${backup()}'`)).toBe('42501 must be superuser to take a backup');
    await clerk.close();
    const memory = await openDatabase({ data: ':memory:' });
    const m = new Client(memory);
    expect(await m.error(`BACKUP TO '${backup()}'`)).toContain('0A000');
    await m.close();
    await memory.close();
  });

  test('an interrupted one leaves the one before', async () => {
    await takeBackup();
    const before = await answers(client);
    const copy = join(place, 'copy');
    cpSync(backup(), copy, { recursive: true });
    await client.query('UPDATE sale SET amount = 0');
    await takeBackup();
    // As a process leaves it that was killed before the last step: new packs, the old record.
    for (const name of packs()) cpSync(join(backup(), name), join(copy, name));
    rmSync(backup(), { recursive: true });
    cpSync(copy, backup(), { recursive: true });
    expect(await restored('before')).toEqual(before);
    await takeBackup();
    expect(await restored('after')).toEqual(await answers(client));
  });
});
