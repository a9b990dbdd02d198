// What is known of a plan's rows: columns that are never NULL, columns that tell rows apart.
import type { Expression } from '../../engine/expression/expression.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { showsLeftOnly, width } from '../plan/make.ts';

/** Is the expression over the plan's columns never NULL? false is the safe answer. */
export function isNonNull(plan: LogicalPlan, e: Expression): boolean {
  switch (e.kind) {
    case 'literal': return e.value !== null;
    case 'column': return isNonNullColumn(plan, e.index);
    case 'cast': return isNonNull(plan, e.input);
    case 'coalesce': return e.args.some((a) => isNonNull(plan, a));
    default: return false;
  }
}

function isNonNullColumn(plan: LogicalPlan, index: number): boolean {
  switch (plan.kind) {
    case 'scan': return plan.notNull.includes(plan.columns[index]);
    case 'filter': case 'limit': case 'distinct': case 'shared': case 'emit-on-close': case 'temporal-filter':
      return isNonNullColumn(plan.input, index);
    case 'project': return isNonNull(plan.input, plan.expressions[index]);
    case 'values': return plan.rows.every((r) => isNonNull(plan, r[index]));
    case 'window': return index < width(plan.input) && isNonNullColumn(plan.input, index);
    case 'assign-window': case 'session-window': return index >= width(plan.input) || isNonNullColumn(plan.input, index);
    case 'join': {
      const left = width(plan.left);
      if (index < left) return plan.join !== 'right' && plan.join !== 'full' && isNonNullColumn(plan.left, index);
      return plan.join !== 'left' && plan.join !== 'full' && plan.join !== 'single' && plan.join !== 'temporal-left'
        && isNonNullColumn(plan.right, index - left);
    }
    case 'asof-join': return index < width(plan.left) && isNonNullColumn(plan.left, index);
    case 'aggregate': {
      if (plan.sets !== null) return false;
      if (index < plan.keys.length) return isNonNull(plan.input, plan.keys[index]);
      return plan.aggregates[index - plan.keys.length]?.function.name === 'count';
    }
    case 'set-operation': return plan.inputs.every((i) => isNonNullColumn(i, index));
    default: return false;
  }
}

/** Do rows that agree in these expressions not differ otherwise, because a unique key is among them? */
export function isUniqueBy(plan: LogicalPlan, expressions: readonly Expression[]): boolean {
  switch (plan.kind) {
    case 'scan': {
      const columns = new Set(expressions.flatMap((e) => (e.kind === 'column' ? [plan.columns[e.index]] : [])));
      return plan.paths.some((p) => p.unique && p.columns.every((c) => columns.has(c)));
    }
    case 'filter': case 'shared': return isUniqueBy(plan.input, expressions);
    case 'project':
      return isUniqueBy(plan.input, expressions.flatMap((e) => (e.kind === 'column' ? [plan.expressions[e.index]] : [])));
    case 'join': return showsLeftOnly(plan.join) && isUniqueBy(plan.left, expressions);
    case 'aggregate':
      return plan.sets === null && plan.keys.every((_, i) => expressions.some((e) => e.kind === 'column' && e.index === i));
    default: return false;
  }
}
