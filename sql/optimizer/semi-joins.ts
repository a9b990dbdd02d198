// Selective semi joins go below the inner joins that they were written above: what they throw away is not joined.
import { columnsOf } from '../../engine/expression/walk.ts';
import type { JoinPlan, LogicalPlan } from '../plan/logical-plan.ts';
import { joinOf, width } from '../plan/make.ts';
import { mapPlan } from '../plan/map-plan.ts';
import type { Rewrite } from './rewrite.ts';
import { shareOfPlan } from './selectivity.ts';
import { mapColumnIndexes } from './unnest.ts';

/** A semi join that keeps more of its left side than this stays where it is, over fewer rows. */
const SELECTIVE = 0.5;

export const semiJoins: Rewrite = {
  name: 'semi-joins',
  apply: (plan) => mapPlan(plan, (p) => (p.kind === 'join' && p.join === 'semi' && shareOfPlan(p.right) < SELECTIVE
    ? sunk(p) : p)),
};

/** Onto the side of an inner join below that has all it compares. */
function sunk(semi: JoinPlan): LogicalPlan {
  const { left: input } = semi;
  if (input.kind !== 'join' || input.join !== 'inner' || input.lazy === true) return semi;
  const before = width(input.left);
  const used = leftColumns(semi);
  if (used.length === 0) return semi;
  const { condition, keys } = input;
  if (used.every((c) => c < before)) {
    const left = sunk(over(semi, input.left, 0));
    return joinOf({ join: 'inner', left, right: input.right, keys, condition });
  }
  if (used.every((c) => c >= before)) {
    const right = sunk(over(semi, input.right, before));
    return joinOf({ join: 'inner', left: input.left, right, keys, condition });
  }
  return semi;
}

function leftColumns({ left, keys, condition }: JoinPlan): readonly number[] {
  return columnsOf(...keys.map((k) => k.left), ...condition === null ? [] : [condition]).filter((c) => c < width(left));
}

/** The semi join over one side of its left input, whose columns began at `from`. */
function over(semi: JoinPlan, left: LogicalPlan, from: number): JoinPlan {
  const shrunk = width(semi.left) - width(left);
  return {
    ...semi, left, schema: left.schema,
    keys: semi.keys.map((k) => ({ ...k, left: mapColumnIndexes(k.left, (c) => c - from) })),
    condition: semi.condition === null ? null
      : mapColumnIndexes(semi.condition, (c) => (c < width(semi.left) ? c - from : c - shrunk)),
  };
}
