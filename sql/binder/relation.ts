// A bound query as the input of something else: its limit applied, what was only there to sort by cut off.
import { limitOf, projectOf, selectColumns, width } from '../plan/make.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { postponeVolatile } from './late-outputs.ts';
import type { BoundQuery } from './level.ts';

/** `whole`: keep the columns that were only there to sort by. */
export function asRelation(query: BoundQuery, whole = false): LogicalPlan {
  const { plan } = query;
  const limited = limitedOf(query);
  if (whole || query.visible === width(plan)) return limited;
  return selectColumns(limited, Array.from({ length: query.visible }, (_, i) => i));
}

function limitedOf(query: BoundQuery): LogicalPlan {
  const late = postponeVolatile(query);
  const { plan, order, limit, offset, withTies } = late?.query ?? query;
  if (late === null && limit === null && offset === null) return plan;
  const limited = limitOf(plan, order, limit, offset, withTies);
  return late === null ? limited : projectOf(limited, late.outputs, query.plan.schema.columns.map((c) => c.name));
}
