// LIMIT without ORDER BY over a recursion or a set-returning call: they stop once there are rows enough, as PostgreSQL's do.
// Requires: decorrelated. The recursions of a correlated subquery go in step, so none may stop them all.
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { mapInputs, mapPlan } from '../plan/map-plan.ts';
import type { Rewrite } from './rewrite.ts';

export const limitEarly: Rewrite = {
  name: 'limit-early',
  apply: (plan, { once }) => (once ? mapPlan(plan, (p) => (p.kind === 'limit' ? limited(p) : p)) : plan),
};

function limited(plan: LogicalPlan & { kind: 'limit' }): LogicalPlan {
  const { limit, offset } = plan;
  if (plan.order.length > 0 || plan.partition.length > 0 || limit === null) return plan;
  const counts = offset === null ? [limit] : [limit, offset];
  let enough = 0;
  for (const e of counts) {
    if (e.kind !== 'literal' || typeof e.value !== 'bigint' || e.value < 0n) return plan;
    enough += Number(e.value);
  }
  return mapInputs(plan, (input) => stopped(input, enough));
}

/** What stops, told so; through nodes that give a row for each row. */
export function stopped(plan: LogicalPlan, enough: number): LogicalPlan {
  if (plan.kind === 'project') return mapInputs(plan, (input) => stopped(input, enough));
  return plan.kind === 'recursive' || plan.kind === 'project-set' ? { ...plan, enough } : plan;
}
