// A bound query as the input of something else: its limit applied, what was only there to sort by cut off.
import { limitOf, selectColumns, width } from '../plan/make.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import type { BoundQuery } from './level.ts';

/** `whole`: keep the columns that were only there to sort by. */
export function asRelation(query: BoundQuery, whole = false): LogicalPlan {
  const { plan, order, limit, offset, withTies } = query;
  const limited = limit === null && offset === null ? plan : limitOf(plan, order, limit, offset, withTies);
  if (whole || query.visible === width(plan)) return limited;
  return selectColumns(limited, Array.from({ length: query.visible }, (_, i) => i));
}
