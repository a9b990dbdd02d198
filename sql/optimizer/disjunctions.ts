// Disjunctions: what every branch of an OR asks for is asked once, and each input of a join learns what an OR asks of it.
//
// (a AND b) OR (a AND c) is a AND (b OR c), in three-valued logic, too. Of `(l.x = 1 AND r.y = 2) OR (l.x = 3 AND r.y = 4)`
// follows `l.x = 1 OR l.x = 3`, which filters l before the join. Only conditions that cannot raise are moved.
import { BOOLEAN } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { canRaise, columnsOf, isVolatile } from '../../engine/expression/walk.ts';
import { conjunction, conjuncts } from '../binder/functions.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { showsLeftOnly, width } from '../plan/make.ts';
import { mapPlan } from '../plan/map-plan.ts';
import { sameExpression } from '../plan/same-expression.ts';
import type { Rewrite } from './rewrite.ts';

export const disjunctions: Rewrite = {
  name: 'disjunctions',
  apply: (plan) => mapPlan(plan, (p) => {
    if (p.kind === 'filter') return { ...p, condition: rewritten(p.condition, inputRanges(p.input, 0)) };
    if (p.kind !== 'join' || p.condition === null) return p;
    const ranges = [...inputRanges(p.left, 0), ...inputRanges(p.right, width(p.left))];
    return { ...p, condition: rewritten(p.condition, ranges) };
  }),
};

type Logical = Expression & { readonly kind: 'and' | 'or' };

/** Columns from .. to (without) of one input of a tree of joins. */
interface Range { readonly from: number; readonly to: number }

function inputRanges(plan: LogicalPlan, from: number): readonly Range[] {
  if (plan.kind === 'filter') return inputRanges(plan.input, from);
  if (plan.kind !== 'join') return [{ from, to: from + width(plan) }];
  const left = inputRanges(plan.left, from);
  return showsLeftOnly(plan.join) ? left : [...left, ...inputRanges(plan.right, from + width(plan.left))];
}

function rewritten(condition: Expression, ranges: readonly Range[]): Expression {
  if (!conjuncts(condition).some((c) => c.kind === 'or')) return condition;
  const factored = conjuncts(condition).flatMap((c) => (c.kind === 'or' ? factor(c) : [c]));
  const implied = ranges.length < 2 ? [] : factored.flatMap((c) => (c.kind === 'or' ? impliedBy(c, ranges) : []));
  const added = implied.filter((c) => !factored.some((f) => sameExpression(c, f)));
  return conjunction([...factored, ...added]) ?? condition;
}

const movable = (e: Expression): boolean => !canRaise(e) && !isVolatile(e);

/** What all branches have, then what is left of the OR. */
function factor(or: Logical): readonly Expression[] {
  const branches = or.args.map(conjuncts);
  const [first, ...others] = branches;
  const common = first.filter((c) => movable(c) && others.every((b) => b.some((d) => sameExpression(c, d))));
  if (common.length === 0) return [or];
  const rest = branches.map((b) => b.filter((c) => !common.some((d) => sameExpression(c, d))));
  // a OR (a AND b) is a.
  if (rest.some((b) => b.length === 0)) return common;
  return [...common, disjunction(rest)];
}

function disjunction(branches: readonly (readonly Expression[])[]): Expression {
  return { kind: 'or', type: BOOLEAN, args: branches.flatMap((b) => conjunction(b) ?? []) };
}

/** For each input, the OR of what the branches ask of it alone; nothing where some branch asks nothing. */
function impliedBy(or: Logical, ranges: readonly Range[]): readonly Expression[] {
  const branches = or.args.map(conjuncts);
  const used = columnsOf(or);
  return ranges.flatMap(({ from, to }) => {
    const within = (i: number): boolean => i >= from && i < to;
    if (!used.some(within) || used.every(within)) return [];
    const own = branches.map((b) => b.filter((c) => {
      const columns = columnsOf(c);
      return columns.length > 0 && columns.every(within) && movable(c);
    }));
    return own.some((b) => b.length === 0) ? [] : [disjunction(own)];
  });
}
