// The classical anomalies and conflicts of concurrent transactions (Berenson et al., SIGMOD 1995; Hermitage): millrace
// must play each schedule as PostgreSQL 15 does or, where the file says so, more strictly.
// UPDATE_SCHEDULES=postgres writes PostgreSQL's records into the file; millrace's own stay as they are.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { oracleAddress } from '../../differential/hunt.ts';
import { startTestServer } from '../../support/server.ts';
import { connection, parseSchedules, play } from './schedule.ts';
import type { Schedule } from './schedule.ts';

const path = join(import.meta.dirname, 'isolation.txt');
const schedules = parseSchedules(readFileSync(path, 'utf8'));
const oracle = oracleAddress();

async function onPostgres(schedule: Schedule, place: number): Promise<string> {
  if (oracle === null) throw new Error('no oracle');
  const schema = `schedule_${process.pid}_${place}`;
  const admin = await connection(oracle, 'postgres', 'public');
  const run = async (sql: string): Promise<void> => {
    admin.send({ Query: { q: sql } });
    await admin.untilReady();
  };
  await run(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
  try {
    return await play(schedule, () => connection(oracle, 'postgres', schema));
  } finally {
    await run(`SET client_min_messages = error; DROP SCHEMA ${schema} CASCADE`);
    admin.close();
  }
}

describe.each(schedules.map((schedule, place) => ({ schedule, place, name: schedule.name })))('$name', ({ schedule, place }) => {
  test('millrace', async () => {
    const server = await startTestServer();
    try {
      const record = await play(schedule, () => connection(server.address, 'millrace', 'public'));
      expect(record).toBe(schedule.stricter ?? schedule.expected);
    } finally {
      await server.stop();
    }
  });

  test.skipIf(oracle === null)('PostgreSQL', async () => {
    const record = await onPostgres(schedule, place);
    if (process.env['UPDATE_SCHEDULES'] === 'postgres') {
      const text = readFileSync(path, 'utf8');
      const head = `== ${schedule.name}\n`;
      const from = text.indexOf(head) + head.length;
      const end = [text.indexOf('\n== ', from), text.indexOf('\n-- millrace', from)].filter((i) => i >= 0);
      writeFileSync(path, `${text.slice(0, from)}${record}\n${end.length === 0 ? '' : text.slice(Math.min(...end))}`);
    } else expect(record).toBe(schedule.expected);
  });
});
