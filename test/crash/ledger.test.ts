// The ledger finds what a crash must not do: a loss, half a transaction, rows that were rolled back.
import { expect, test } from 'vitest';
import { Ledger } from './ledger.ts';

const none = (): void => undefined;
const done = (): Promise<void> => Promise.resolve();
const cut = (): Promise<void> => Promise.reject(new Error('gone'));

async function ledgerWith(openKeys: readonly (readonly [string, string | null])[]): Promise<Ledger> {
  const ledger = new Ledger();
  await ledger.attempt(new Map([['a', '1'], ['b', '1']]), done, () => false);
  await expect(ledger.attempt(new Map(openKeys), cut, () => false)).rejects.toThrow('gone');
  return ledger;
}

const OPEN = [['b', null], ['c', '1'], ['d', '1']] as const;

test.each([
  ['all of an unknown transaction', [['a', '1'], ['c', '1'], ['d', '1']], { lost: 0, half: 0 }],
  ['none of it', [['a', '1'], ['b', '1']], { lost: 0, half: 0 }],
  ['a part of it', [['a', '1'], ['b', '1'], ['c', '1']], { lost: 0, half: 2 }],
  ['an acknowledged row gone', [['b', '1']], { lost: 1, half: 0 }],
  ['an acknowledged value gone', [['a', '0'], ['b', '1']], { lost: 1, half: 0 }],
  ['a row that nobody wrote', [['a', '1'], ['b', '1'], ['x', '1']], { lost: 0, half: 1 }],
] as const)('%s', async (_, found, findings) => {
  const ledger = await ledgerWith(OPEN);
  expect(ledger.check(new Map(found), none)).toEqual(findings);
  expect(ledger.keys('').toSorted()).toEqual(found.map(([key]) => key).toSorted());
});

test('what was refused must not be there', async () => {
  const ledger = new Ledger();
  await expect(ledger.attempt(new Map([['a', '1']]), cut, () => true)).rejects.toThrow('gone');
  expect(ledger.check(new Map([['a', '1']]), none)).toEqual({ lost: 0, half: 1 });
  expect(ledger.acknowledged).toBe(0);
});
