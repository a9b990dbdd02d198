// A short run of the crash test; `node dist/test/crash/crash.js 100` is the long one.
import { expect, test } from 'vitest';
import { crashTest } from './crash.ts';

test('kill -9 at random moments: nothing acknowledged is lost, nothing half, views equal their queries', async () => {
  const totals = await crashTest(10, Number(process.env.MILLRACE_SEED ?? 7), () => {});
  expect(totals).toMatchObject({ kills: 10, lost: 0, half: 0, viewsWrong: 0 });
  expect(totals.acknowledged).toBeGreaterThan(50);
});
