// Constants that fail: PostgreSQL computes a query's constant parts when it plans it, so that 1/0 is an error though no row asks
// for it; but not one that CASE, COALESCE, AND or OR leave out by what is constant before it, nor an output that nobody reads.
// (PostgreSQL: eval_const_expressions, on each query after its subqueries have been pulled up into it.)
import { evaluateConstant } from '../../engine/expression/evaluate.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import type { Expression, LiteralExpression } from '../../engine/expression/expression.ts';
import { canRaise, childrenOf, functionOf, isImmutable, mapChildren } from '../../engine/expression/walk.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { BOOLEAN } from '../../engine/data/types.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { expressionsOf, mapPlan, visitPlan } from '../plan/map-plan.ts';
import { decorrelate } from './decorrelate.ts';
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
  const error = attempted(() => visitPlan(plan, (p) => {
    if (!isLeftOut(p, evaluation)) computeConstantsOf(expressionsOf(p), evaluation);
  }));
  return error instanceof DatabaseError ? error : null;
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
  const one = (x: Expression): Expression => planned(x, evaluation);
  switch (e.kind) {
    case 'column': case 'literal': case 'parameter': return e;
    case 'and': case 'or': return plannedLogical(e, one);
    case 'case': return plannedCase(e, one);
    case 'coalesce': return plannedCoalesce(e, one);
    default: {
      const settled = mapChildren(e, one);
      if (isNullByArgument(settled)) return nullLike(settled);
      return childrenOf(settled).every((c) => c.kind === 'literal') && isComputed(settled)
        ? evaluateConstant(settled, evaluation) : settled;
    }
  }
}

type One = (e: Expression) => Expression;

const nullLike = ({ type }: Expression): LiteralExpression => ({ kind: 'literal', type, value: null });

/** A strict function of a NULL is not called, whatever its other arguments. */
function isNullByArgument(e: Expression): boolean {
  return e.kind === 'call' && e.function.strict && e.function.volatility !== 'volatile' && e.args.some(isNull);
}

const isNull = (e: Expression): boolean => e.kind === 'literal' && e.value === null;

/** A domain's own rules are looked at when there are rows: they may change until then. */
function isComputed(e: Expression): boolean {
  return isImmutable(e) && !(e.kind === 'cast' && e.type.kind === 'domain') && functionOf(e)?.volatility !== 'volatile';
}

function plannedLogical(e: Expression & { kind: 'and' | 'or' }, one: One): Expression {
  const decisive = e.kind === 'or';
  const args: Expression[] = [];
  for (const arg of e.args) {
    const settled = one(arg);
    if (settled.kind === 'literal' && settled.value === decisive) return settled;
    if (settled.kind !== 'literal' || settled.value === null) args.push(settled);
  }
  if (args.length === 0) return { kind: 'literal', type: BOOLEAN, value: !decisive };
  return args.every(isNull) || args.length === 1 ? args[0] : { ...e, args };
}

function plannedCase(e: Expression & { kind: 'case' }, one: One): Expression {
  const branches: { when: Expression; then: Expression }[] = [];
  let otherwise: Expression | null = null;
  for (const branch of e.branches) {
    const when = one(branch.when);
    if (when.kind === 'literal' && when.value !== true) continue;
    const then = one(branch.then);
    if (when.kind === 'literal') {
      otherwise = then;
      break;
    }
    branches.push({ when, then });
  }
  otherwise ??= one(e.otherwise);
  return branches.length === 0 ? otherwise : { ...e, branches, otherwise };
}

function plannedCoalesce(e: Expression & { kind: 'coalesce' }, one: One): Expression {
  const args: Expression[] = [];
  for (const arg of e.args) {
    const settled = one(arg);
    if (isNull(settled)) continue;
    args.push(settled);
    if (settled.kind === 'literal') break;
  }
  if (args.length === 0) return nullLike(e);
  return args.length === 1 ? args[0] : { ...e, args };
}
