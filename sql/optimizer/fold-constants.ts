// Constant folding: sub-expressions without columns become literals, and what these decide is left out.
import type { Expression } from '../../engine/expression/expression.ts';
import { foldConstant } from '../../engine/expression/evaluate.ts';
import { childrenOf, isStable, mapChildren, someExpression } from '../../engine/expression/walk.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { expressionsOf, mapExpressions, mapPlan, visitPlan } from '../plan/map-plan.ts';
import type { Rewrite, RewriteContext } from './rewrite.ts';
import { nullOf, truth } from './written-calls.ts';

export const foldConstants: Rewrite = {
  name: 'fold-constants',
  apply: (plan, context) => {
    // What set_config has set must be seen by what is computed after it.
    const settled = changesSettings(plan) ? { ...context, once: false } : context;
    return mapPlan(plan, (p) => foldFilter(mapExpressions(p, (e) => fold(e, settled))));
  },
};

function changesSettings(plan: LogicalPlan): boolean {
  let found = false;
  visitPlan(plan, (p) => {
    for (const e of expressionsOf(p)) {
      found ||= someExpression(e, (x) => x.kind === 'call' && x.function.name === 'set_config');
    }
  });
  return found;
}

export function fold(e: Expression, { once, evaluation }: RewriteContext): Expression {
  return simplified(e, (constant) => (!once && isStable(constant) ? constant : foldConstant(constant, evaluation) ?? constant));
}

/**
 * What is left of an expression once its constant parts are computed, as PostgreSQL does it (eval_const_expressions): first
 * parts first; what CASE, COALESCE, AND or OR leave out by what is constant is not looked at, and gone whatever it is.
 * `compute`: what a part whose parts are literals comes to, or the part itself.
 */
export function simplified(e: Expression, compute: Mapper): Expression {
  const one = (x: Expression): Expression => simplified(x, compute);
  switch (e.kind) {
    case 'column': case 'literal': case 'parameter': return e;
    case 'and': case 'or': return simplifiedLogical(e, one);
    case 'case': return simplifiedCase(e, one);
    case 'coalesce': return simplifiedCoalesce(e, one);
    default: {
      const settled = mapChildren(e, one);
      if (settled.kind === 'not' && settled.input.kind === 'not') return settled.input.input;
      if (isNullByArgument(settled)) return nullOf(settled.type);
      return childrenOf(settled).every((c) => c.kind === 'literal') ? compute(settled) : settled;
    }
  }
}

type Mapper = (e: Expression) => Expression;

/** A strict function of a NULL is not called, whatever its other arguments. */
function isNullByArgument(e: Expression): boolean {
  return e.kind === 'call' && e.function.strict && e.function.volatility !== 'volatile' && e.args.some(isNull);
}

const isNull = (e: Expression): boolean => e.kind === 'literal' && e.value === null;

/** AND with FALSE is false, with TRUE the rest; OR the other way round. */
function simplifiedLogical(e: Expression & { kind: 'and' | 'or' }, one: Mapper): Expression {
  const decisive = e.kind === 'or';
  const args: Expression[] = [];
  for (const arg of e.args) {
    const settled = one(arg);
    if (settled.kind === 'literal' && settled.value === decisive) return settled;
    if (settled.kind === 'literal' && settled.value === !decisive) continue;
    if (settled.kind === e.kind) args.push(...settled.args);
    else args.push(settled);
  }
  if (args.length === 0) return truth(!decisive);
  return args.every(isNull) || args.length === 1 ? args[0] : { ...e, args };
}

function simplifiedCase(e: Expression & { kind: 'case' }, one: Mapper): Expression {
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

function simplifiedCoalesce(e: Expression & { kind: 'coalesce' }, one: Mapper): Expression {
  const args: Expression[] = [];
  for (const arg of e.args) {
    const settled = one(arg);
    if (isNull(settled)) continue;
    args.push(settled);
    if (settled.kind === 'literal') break;
  }
  if (args.length === 0) return nullOf(e.type);
  return args.length === 1 ? args[0] : { ...e, args };
}

/** A condition that is always true filters nothing; one that never is leaves nothing. */
function foldFilter(plan: LogicalPlan): LogicalPlan {
  if (plan.kind === 'filter' && plan.condition.kind === 'literal') {
    return plan.condition.value === true ? plan.input : { kind: 'values', rows: [], schema: plan.schema };
  }
  if (plan.kind === 'join' && plan.condition?.kind === 'literal' && plan.condition.value === true) {
    return { ...plan, condition: null };
  }
  return plan;
}
