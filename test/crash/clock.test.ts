// The clock is stepped by an hour, forwards and back: commits go on, time does not run backwards. Needs libfaketime.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Random } from '../support/random.ts';
import { checkMix, resetMix } from './mix-check.ts';
import { newMix, work } from './mix.ts';
import { ServerProcess, SqlClient } from './server-process.ts';

/** Of Debian's package libfaketime, by architecture. */
const LIBRARY = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));
const HOUR = 3600;
const folder = mkdtempSync(join(tmpdir(), 'millrace-clock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a clock that jumps an hour and back', async (context) => {
  if (LIBRARY === undefined) {
    console.log('a stepped clock is not tried: libfaketime is not installed');
    context.skip();
  }
  const clock = join(folder, 'clock');
  const data = join(folder, 'data');
  const step = (seconds: number): void => writeFileSync(clock, `${seconds < 0 ? '' : '+'}${seconds}`);
  step(0);
  // Only the time of day: what measures spans, as timers do, is not set by anybody.
  const under = ['env', `LD_PRELOAD=${LIBRARY}`, `FAKETIME_TIMESTAMP_FILE=${clock}`, 'FAKETIME_NO_CACHE=1',
    'FAKETIME_DONT_FAKE_MONOTONIC=1', 'DONT_FAKE_MONOTONIC=1'];
  const launch = (): Promise<ServerProcess> => ServerProcess.launch({ data, under, args: ['--history', '1d'] });
  let server = await launch();
  let client = await SqlClient.open(server.port);
  const mix = newMix();
  const findings = { lost: 0, half: 0, views: 0 };
  await resetMix(mix, client);
  await client.run('CREATE TABLE stamped (n int8, at timestamptz DEFAULT now())');
  await client.run('CREATE TABLE events (n int8, at timestamptz, WATERMARK FOR at AS at - INTERVAL \'1 minute\')');
  await client.run('CREATE MATERIALIZED VIEW closed AS SELECT window_start, count(*) AS n'
    + " FROM tumble(events, at, INTERVAL '10 minutes') GROUP BY window_start EMIT ON WINDOW CLOSE");
  let n = 0;
  const begin = Date.now();
  const seen: (readonly [number, number])[] = [];
  for (const offset of [0, HOUR, -HOUR, HOUR, 0]) {
    step(offset);
    let over = false;
    const random = new Random(++n);
    const lives = Promise.all([0, 1].map((worker) => work(mix, server.port, worker, random, { until: () => over })));
    const before = mix.ledger.acknowledged;
    while (mix.ledger.acknowledged < before + 20) await client.run('SELECT 1');
    await client.run(`INSERT INTO stamped (n) VALUES (${n})`);
    // The event time is the writer's; windows close by it, whatever the server's clock says.
    await client.run(`INSERT INTO events SELECT ${n}, timestamptz '2026-01-01' + (${n} * 10 + g) * INTERVAL '1 minute'`
      + ' FROM generate_series(0, 9) g');
    // clock_timestamp() is the clock.
    const now = Number(await client.value('SELECT extract(epoch FROM clock_timestamp())')) * 1000;
    expect(Math.abs(now - Date.now() - offset * 1000)).toBeLessThan(60_000);
    seen.push([offset, Number(await client.value('SELECT max(epoch) FROM millrace_epoch'))]);
    over = true;
    await lives;
    await checkMix(mix, client, findings, console.log);
    if (offset >= 0) continue;
    // A restart finds a clock that is behind what it has journaled.
    await server.kill();
    server = await launch();
    client = await SqlClient.open(server.port);
    await checkMix(mix, client, findings, console.log);
  }
  expect(findings).toEqual({ lost: 0, half: 0, views: 0 });
  expect(seen.map(([, epoch]) => epoch)).toEqual(seen.map(([, epoch]) => epoch).toSorted((a, b) => a - b));
  // Each row says what the clock said, as PostgreSQL's do.
  const stamped = await client.rows('SELECT extract(epoch FROM at) FROM stamped ORDER BY n');
  const stamps = stamped.map(([at]) => Number(at) * 1000);
  const spent = Date.now() - begin;
  for (const [i, [offset]] of seen.entries()) {
    const shift = stamps[i] - begin - offset * 1000;
    expect(shift).toBeGreaterThan(-1000);
    expect(shift).toBeLessThan(spent + 1000);
  }
  // Windows that are over have their ten rows each, the last one or two are not over.
  const windows = await client.rows('SELECT window_start, n FROM closed ORDER BY 1');
  expect(windows.length).toBeGreaterThan(2);
  expect(new Set(windows.map(([, rows]) => rows))).toEqual(new Set(['10']));
  await server.kill();
}, 300_000);
