// Constants that fail: PostgreSQL computes a query's constant parts when it plans it, after its subqueries have been pulled up
// into it, so that 1/0 is an error though no row asks for it; but not one that is left out by what is constant before it, nor an
// output that nobody reads.
import { evaluateConstant } from '../../engine/expression/evaluate.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { canRaise, isImmutable } from '../../engine/expression/walk.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { expressionsOf, mapPlan, somePlan } from '../plan/map-plan.ts';
import { decorrelate } from './decorrelate.ts';
import { simplified } from './fold-constants.ts';
import { inlineShared } from './inline-shared.ts';
import { pruneColumns } from './prune-columns.ts';
import type { RewriteContext } from './rewrite.ts';

/** Throws the error of a constant that PostgreSQL would compute to plan the query; `plan` is as the binder made it. */
export function computeConstants(plan: LogicalPlan, context: RewriteContext): void {
  if (firstError(plan, context.evaluation) === null) return;
  // Rarely one gets here: which outputs nobody reads is looked at for those only.
  const asked = mapPlan(inlineShared.apply(plan, context), (p) => withoutUnasked(p, context.evaluation));
  const read = pruneColumns.apply(decorrelate.apply(asked, context), context);
  const error = firstError(read, context.evaluation);
  if (error !== null) throw error;
}

/** The same of expressions by themselves. */
export function computeConstantsOf(expressions: readonly Expression[], evaluation: EvalContext): void {
  for (const e of expressions) if (canRaise(e)) planned(e, evaluation);
}

/** A subquery in what CASE and the like leave out is not planned. */
function withoutUnasked(plan: LogicalPlan, evaluation: EvalContext): LogicalPlan {
  const condition = plan.kind === 'apply' ? plan.asked : undefined;
  if (plan.kind !== 'apply' || condition === undefined) return plan;
  const asked = attempted(() => planned(condition, evaluation));
  if (asked instanceof DatabaseError || asked.kind !== 'literal' || asked.value === true) return plan;
  return { ...plan, right: { kind: 'values', rows: [], schema: plan.right.schema } };
}

function firstError(plan: LogicalPlan, evaluation: EvalContext): DatabaseError | null {
  let found: DatabaseError | null = null;
  somePlan(plan, (p) => {
    const error = attempted(() => computeConstantsOf(expressionsOf(p), evaluation));
    if (error instanceof DatabaseError && !isLeftOut(p, evaluation)) found = error;
    return found !== null;
  });
  return found;
}

/** A condition that stands behind FALSE in the same WHERE: the binder makes a filter of each, the first one lowest. */
function isLeftOut(plan: LogicalPlan, evaluation: EvalContext): boolean {
  if (plan.kind !== 'filter') return false;
  for (let below = plan.input; below.kind === 'filter'; below = below.input) {
    const { condition } = below;
    const before = attempted(() => planned(condition, evaluation));
    if (!(before instanceof DatabaseError) && before.kind === 'literal' && before.value === false) return true;
  }
  return false;
}

function attempted<T>(work: () => T): T | DatabaseError {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.endsStatement) throw error;
    return error;
  }
}

/** What PostgreSQL's planner makes of it. Throws the error of a constant part. */
function planned(e: Expression, evaluation: EvalContext): Expression {
  return simplified(e, (constant) => (isComputed(constant) ? evaluateConstant(constant, evaluation) : constant));
}

/** A domain's own rules are looked at when there are rows: they may change until then. */
function isComputed(e: Expression): boolean {
  return isImmutable(e) && !(e.kind === 'cast' && e.type.kind === 'domain');
}
