// A few dozen damages to data folders; `npm run test:damage` does as many as you like.
import { expect, test } from 'vitest';
import { damageTest } from './damage.ts';

test('damaged files are detected or do no harm', { timeout: 300_000 }, async () => {
  const totals = await damageTest(30, 1, () => {});
  expect(totals.wrong).toEqual([]);
  expect(totals.tailSilent).toBe(0);
  expect(totals.cases).toBe(30);
  expect(totals.detected).toBeGreaterThan(10);
});
