// More data than memory in a control group that kills: not killed, nothing lost. Skips itself where there are no such groups.
import { expect, test } from 'vitest';
import { MemoryGroup } from './memory-group.ts';
import { overload } from './memory.ts';

test('an overload is refused or goes to disk', async (context) => {
  const refusal = MemoryGroup.refusal();
  if (refusal !== null) {
    console.log(`a control group is not tried: ${refusal}`);
    context.skip();
  }
  const totals = await overload({ megabytes: 128, group: 512 }, () => undefined);
  expect(totals).toMatchObject({ lost: 0, half: 0, views: 0, ended: null });
  expect(totals.acknowledged).toBeGreaterThan(20);
}, 300_000);
