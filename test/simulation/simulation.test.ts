// A short run of the simulation with a fixed seed, the same run twice, and disks that lie; `npm run test:simulation` is the long one.
import { expect, test } from 'vitest';
import { noTotals, runSchedule } from './schedule.ts';
import type { ScheduleOptions, Totals } from './schedule.ts';
import { Violation } from './violation.ts';

const SEED = Number(process.env.MILLRACE_SEED ?? 20261129);

async function violations(options: Omit<ScheduleOptions, 'seed'>, first: number, schedules: number, totals: Totals): Promise<string[]> {
  const out: string[] = [];
  for (let k = first; k < first + schedules; k++) {
    try {
      await runSchedule({ ...options, seed: Math.imul(SEED, 1_000_003) + k }, totals);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      out.push(`npm run test:simulation -- --seed ${SEED} --case ${k}: ${error.message}`);
    }
  }
  return out;
}

test('crashes and faults at any moment: nothing acknowledged is lost, nothing half, views equal their queries', async () => {
  const totals = noTotals();
  expect(await violations({ kind: 'runtime' }, 0, 60, totals)).toEqual([]);
  expect(totals.kills).toBeGreaterThan(10);
  expect(totals.powerCuts).toBeGreaterThan(30);
  expect(totals.faults).toBeGreaterThan(20);
  expect(totals.acknowledged).toBeGreaterThan(500);
}, 120_000);

test('the same of SQL: sessions, transactions, DDL, sequences, a source', async () => {
  const totals = noTotals();
  expect(await violations({ kind: 'sql' }, 0, 12, totals)).toEqual([]);
  expect(totals.kills + totals.powerCuts).toBeGreaterThan(10);
  expect(totals.acknowledged).toBeGreaterThan(100);
}, 120_000);

test('a seed gives the same run again', async () => {
  const run = async (): Promise<readonly [Totals, readonly string[]]> => {
    const totals = noTotals();
    const lines: string[] = [];
    for (let k = 0; k < 6; k++) await runSchedule({ kind: k < 4 ? 'runtime' : 'sql', seed: SEED + k, log: (line) => lines.push(line) }, totals);
    return [totals, lines];
  };
  expect(await run()).toEqual(await run());
}, 60_000);

test('a disk whose syncs do nothing: the losses are found', async () => {
  const totals = noTotals();
  const found = await violations({ kind: 'runtime', lying: true }, 0, 30, totals);
  expect(found.length).toBeGreaterThan(10);
  expect(found.some((line) => line.includes('is lost'))).toBe(true);
}, 60_000);

// Each was a loss once, or taken for one; seed and case as `npm run test:simulation` has them.
test.each([
  { found: 'a sync that fails at a start takes along what a kill had left in the page cache alone', kind: 'runtime', seed: 20261129, k: 4724 },
  { found: 'a sync that failed at a start was taken for done at the next one', kind: 'runtime', seed: 7001, k: 280 },
  { found: 'a damaged page that a view read late was called an internal error', kind: 'sql', seed: 20261129, k: 755 },
] as const)('$found', async ({ kind, seed, k }) => {
  await runSchedule({ kind, seed: Math.imul(seed, 1_000_003) + k }, noTotals());
}, 60_000);
