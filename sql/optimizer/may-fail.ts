// May a plan report errors? What says no is a promise; decorrelation then need not ask who asks for a subquery's answer.
import type { Expression } from '../../engine/expression/expression.ts';
import { canRaise, mapExpression } from '../../engine/expression/walk.ts';
import type { AggregateCall, LogicalPlan } from '../plan/logical-plan.ts';
import { fold } from './fold-constants.ts';
import type { RewriteContext } from './rewrite.ts';
import { expressionsOf, somePlan } from '../plan/map-plan.ts';

/** Aggregates that give a result for any rows (sums of floats that overflow aside). */
const TOTAL: ReadonlySet<string> = new Set([
  'count', 'sum', 'avg', 'min', 'max', 'bool_and', 'bool_or', 'every', 'bit_and', 'bit_or', 'bit_xor', 'string_agg',
  'stddev', 'stddev_samp', 'stddev_pop', 'variance', 'var_samp', 'var_pop', 'arg_min', 'arg_max', 'json_agg', 'jsonb_agg',
]);

export function mayFail(plan: LogicalPlan, context: RewriteContext): boolean {
  return somePlan(plan, (p) => failsItself(p, context));
}

function failsItself(plan: LogicalPlan, context: RewriteContext): boolean {
  switch (plan.kind) {
    case 'recursive': case 'project-set': case 'window': case 'session-window': case 'assign-window': return true;
    case 'join': if (plan.join === 'single') return true; break;
    case 'aggregate': if (plan.aggregates.some((call) => callMayFail(call, context))) return true; break;
    case 'limit': return plan.limit !== null && plan.limit.kind !== 'literal';
    default: break;
  }
  return expressionsOf(plan).some((e) => expressionMayFail(e, context));
}

export function callMayFail(call: AggregateCall, context: RewriteContext): boolean {
  const { name } = call.function;
  const total = TOTAL.has(name) || (name === 'array_agg' && call.args.every((a) => a.type.kind !== 'array'));
  return !total || [...call.args, ...call.filter === null ? [] : [call.filter], ...call.order.map((o) => o.expression)]
    .some((e) => expressionMayFail(e, context));
}

/** Holes are columns of an outer query. */
export function expressionMayFail(e: Expression, context: RewriteContext): boolean {
  if (!canRaise(e)) return false;
  return canRaise(mapExpression(fold(e, context), (x) => (x.kind === 'parameter' && x.hole === true
    ? { kind: 'column', index: 0, type: x.type } : x)));
}
