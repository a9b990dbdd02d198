// Projections over projections become one, and those that change nothing go.
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf } from '../../engine/expression/walk.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { width } from '../plan/make.ts';
import { mapPlan } from '../plan/map-plan.ts';
import { mapColumns } from '../plan/replace.ts';
import type { Rewrite } from './rewrite.ts';

export const mergeProjects: Rewrite = {
  name: 'merge-projects',
  apply: (plan) => mapPlan(plan, merge),
};

/** At the top of the plan alone. */
export function merge(plan: LogicalPlan): LogicalPlan {
  if (plan.kind !== 'project') return plan;
  const { input } = plan;
  if (input.kind === 'project' && isCheap(plan.expressions, input.expressions)) {
    return merge({
      ...plan, input: input.input, expressions: plan.expressions.map((e) => mapColumns(e, (i) => input.expressions[i])),
    });
  }
  const identity = plan.expressions.length === width(input) && plan.expressions.every((e, i) => e.kind === 'column'
    && e.index === i && input.schema.columns[i].name === plan.schema.columns[i].name);
  return identity ? input : plan;
}

/** No computed column is used twice, so nothing is computed twice. */
function isCheap(outer: readonly Expression[], inner: readonly Expression[]): boolean {
  const uses = new Map<number, number>();
  for (const e of outer) for (const i of columnsOf(e)) uses.set(i, (uses.get(i) ?? 0) + 1);
  return outer.every((e) => countColumns(e) <= columnsOf(e).length || e.kind === 'column')
    && inner.every((e, i) => e.kind === 'column' || e.kind === 'literal' || (uses.get(i) ?? 0) <= 1);
}

function countColumns(e: Expression): number {
  let count = 0;
  mapColumns(e, (i) => {
    count++;
    return { kind: 'column', index: i, type: e.type };
  });
  return count;
}
