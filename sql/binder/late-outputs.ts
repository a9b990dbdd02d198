// Volatile outputs of an ordered or limited query: they are computed last, in the rows' order and for those shown alone.
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf, isVolatile, mapExpression } from '../../engine/expression/walk.ts';
import { merge } from '../optimizer/merge-projects.ts';
import { columnOf, projectOf } from '../plan/make.ts';
import type { BoundQuery } from './level.ts';

export interface LateOutputs {
  readonly query: BoundQuery;
  /** What the query was to give, over its columns now. */
  readonly outputs: readonly Expression[];
}

/** nextval() counts as the rows are shown, and not for rows that are not. null: all is computed in the plan. */
export function postponeVolatile({ plan: written, order, ...rest }: BoundQuery): LateOutputs | null {
  const arranged = order.length > 0 || rest.limit !== null || rest.offset !== null;
  const plan = order.length === 0 || rest.passing === true ? merge(written) : written;
  if (plan.kind !== 'project' || !arranged) return null;
  const sorted = new Set(order.map((o) => o.column));
  const waits = plan.expressions.map((e, i) => i < rest.visible && !sorted.has(i) && isVolatile(e));
  if (!waits.includes(true)) return null;
  const early = plan.expressions.flatMap((e, i) => (waits[i] ? [] : [{ i, e, name: plan.schema.columns[i].name }]));
  const read = columnsOf(...plan.expressions.filter((_, i) => waits[i]));
  const given = plan.input.schema.columns;
  const columns = [...early, ...read.map((c) => ({ e: columnOf(plan.input, c), name: given[c].name }))];
  const narrow = projectOf(plan.input, columns.map((c) => c.e), columns.map((c) => c.name));
  const placeOf = (output: number): number => early.findIndex((c) => c.i === output);
  return {
    outputs: plan.expressions.map((e, i): Expression => (waits[i]
      ? mapExpression(e, (x) => (x.kind === 'column' ? columnOf(narrow, early.length + read.indexOf(x.index)) : x))
      : columnOf(narrow, placeOf(i)))),
    query: {
      ...rest, plan: narrow, visible: columns.length, order: order.map((o) => ({ ...o, column: placeOf(o.column) })),
    },
  };
}
