// Plans of chance (the setting optimizer_seed), so that a test can see that answers do not hang on the optimizer's choice.
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { joinOf, selectColumns, width } from '../plan/make.ts';
import { mapColumnIndexes, range } from './unnest.ts';

/** Numbers in [0, 1), the same ones for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the list, taken out of it. Requires: the list is not empty. */
export function takeAny<T>(list: T[], random: () => number): T {
  const [taken] = list.splice(Math.floor(random() * list.length), 1);
  return taken;
}

const MIRRORED = { inner: 'inner', left: 'right', right: 'left', full: 'full' } as const;

/** The join with its sides exchanged, its columns in their old order; of other kinds as it is. */
export function exchangeSides(plan: LogicalPlan & { readonly kind: 'join' }): LogicalPlan {
  const { join, left, right, keys, condition } = plan;
  if (plan.lazy === true) return plan;
  if (join !== 'inner' && join !== 'left' && join !== 'right' && join !== 'full') return plan;
  const [lefts, rights] = [width(left), width(right)];
  const exchanged = joinOf({
    join: MIRRORED[join], left: right, right: left,
    keys: keys.map((key) => ({ ...key, left: key.right, right: key.left })),
    condition: condition === null ? null : mapColumnIndexes(condition, (i) => (i < lefts ? i + rights : i - lefts)),
  });
  return selectColumns(exchanged, [...range(rights, rights + lefts), ...range(0, rights)]);
}
