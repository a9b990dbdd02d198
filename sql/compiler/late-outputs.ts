// Volatile outputs of an ordered or limited query: they are computed last, in the rows' order and for those shown alone.
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf, isVolatile, mapExpression } from '../../engine/expression/walk.ts';
import type { BoundQuery } from '../binder/level.ts';
import { columnOf, projectOf, width } from '../plan/make.ts';

export interface LateOutputs {
  readonly query: BoundQuery;
  /** Over the visible columns of the query; null: all is computed in the plan. */
  readonly late: readonly Expression[] | null;
}

/** nextval() counts as the rows are shown, and not for rows that are not. */
export function postponeVolatile(query: BoundQuery): LateOutputs {
  const { plan, order, visible } = query;
  const arranged = order.length > 0 || query.limit !== null || query.offset !== null;
  if (plan.kind !== 'project' || !arranged || query.withTies) return { query, late: null };
  const sorted = new Set(order.map((o) => o.column));
  const waits = plan.expressions.map((e, i) => i < visible && !sorted.has(i) && isVolatile(e));
  if (!waits.includes(true)) return { query, late: null };
  const early = plan.expressions.flatMap((e, i) => (waits[i] ? [] : [{ i, e, name: plan.schema.columns[i].name }]));
  const read = columnsOf(...plan.expressions.filter((_, i) => waits[i]));
  const given = plan.input.schema.columns;
  const columns = [...early, ...read.map((c) => ({ e: columnOf(plan.input, c), name: given[c].name }))];
  const narrow = projectOf(plan.input, columns.map((c) => c.e), columns.map((c) => c.name));
  const placeOf = (output: number): number => early.findIndex((c) => c.i === output);
  const late = plan.expressions.slice(0, visible).map((e, i): Expression => (waits[i]
    ? mapExpression(e, (x) => (x.kind === 'column' ? columnOf(narrow, early.length + read.indexOf(x.index)) : x))
    : columnOf(narrow, placeOf(i))));
  return {
    late,
    query: {
      ...query, plan: narrow, visible: width(narrow), order: order.map((o) => ({ ...o, column: placeOf(o.column) })),
    },
  };
}
