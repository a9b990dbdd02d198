// Common tables read in one place only are no longer shared, so that conditions can be pushed into them.
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { inputsOf, mapPlan } from '../plan/map-plan.ts';
import { columnsOfPlan, projectOf } from '../plan/make.ts';
import type { Rewrite } from './rewrite.ts';

export const inlineShared: Rewrite = {
  name: 'inline-shared',
  apply: (plan) => {
    const readers = new Map<number, number>();
    count(plan, readers);
    return mapPlan(plan, (p) => (p.kind === 'shared' && readers.get(p.id) === 1 ? renamed(p) : p));
  },
};

function count(plan: LogicalPlan, readers: Map<number, number>): void {
  if (plan.kind === 'shared') {
    const known = readers.get(plan.id) ?? 0;
    readers.set(plan.id, known + 1);
    if (known > 0) return;
  }
  for (const input of inputsOf(plan)) count(input, readers);
}

/** The input under the names the common table gave its columns. */
function renamed(plan: LogicalPlan & { kind: 'shared' }): LogicalPlan {
  const names = plan.schema.columns.map((c) => c.name);
  if (plan.input.schema.columns.every((c, i) => c.name === names[i])) return plan.input;
  return projectOf(plan.input, columnsOfPlan(plan.input), names);
}
