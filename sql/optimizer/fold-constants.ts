// Constant folding: sub-expressions without columns become literals, AND and OR lose the parts that decide nothing.
import { BOOLEAN } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { foldConstant } from '../../engine/expression/evaluate.ts';
import { isStable, mapExpression, someExpression } from '../../engine/expression/walk.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { expressionsOf, mapExpressions, mapPlan, visitPlan } from '../plan/map-plan.ts';
import type { Rewrite, RewriteContext } from './rewrite.ts';

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

export function fold(e: Expression, context: RewriteContext): Expression {
  return mapExpression(e, (x) => {
    const simple = simplify(x);
    if (simple.kind === 'literal' || simple.kind === 'column' || simple.kind === 'parameter') return simple;
    if (!context.once && isStable(simple)) return simple;
    return foldConstant(simple, context.evaluation) ?? simple;
  });
}

function simplify(e: Expression): Expression {
  switch (e.kind) {
    case 'and': case 'or': return simplifyLogical(e);
    case 'not':
      return e.input.kind === 'not' ? e.input.input : e;
    case 'case': return simplifyCase(e);
    case 'coalesce': return e.args.length === 1 ? e.args[0] : e;
    default: return e;
  }
}

/** AND with FALSE is false, with TRUE the rest; OR the other way round. */
function simplifyLogical(e: Expression & { kind: 'and' | 'or' }): Expression {
  const decisive = e.kind === 'or';
  const args: Expression[] = [];
  for (const arg of e.args) {
    if (arg.kind === 'literal' && arg.value === decisive) {
      // What stands before it may fail, and would be looked at first.
      if (args.length === 0) return arg;
      args.push(arg);
      break;
    }
    if (arg.kind === 'literal' && arg.value === !decisive) continue;
    if (arg.kind === e.kind) args.push(...arg.args);
    else args.push(arg);
  }
  if (args.length === 0) return { kind: 'literal', type: BOOLEAN, value: !decisive };
  return args.length === 1 ? args[0] : { ...e, args };
}

function simplifyCase(e: Expression & { kind: 'case' }): Expression {
  const branches = e.branches.filter((b) => !(b.when.kind === 'literal' && b.when.value !== true));
  const certain = branches.findIndex((b) => b.when.kind === 'literal');
  if (certain === 0) return branches[0].then;
  if (certain > 0) return { ...e, branches: branches.slice(0, certain), otherwise: branches[certain].then };
  if (branches.length === 0) return e.otherwise;
  return branches.length === e.branches.length ? e : { ...e, branches };
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
