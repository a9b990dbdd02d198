// Join conditions: equalities between the sides become keys.
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf } from '../../engine/expression/walk.ts';
import { conjunction, conjuncts } from '../binder/functions.ts';
import type { EquiKey, LogicalPlan } from '../plan/logical-plan.ts';
import { width } from '../plan/make.ts';
import { mapPlan } from '../plan/map-plan.ts';
import type { Rewrite } from './rewrite.ts';
import { mapColumnIndexes } from './unnest.ts';
import { isJoinEquality } from './written-calls.ts';

type Join = LogicalPlan & { readonly kind: 'join' };

export const joinKeys: Rewrite = {
  name: 'join-keys',
  apply: (plan) => mapPlan(plan, (p) => (p.kind === 'join' ? extractKeys(p) : p)),
};

/** `a.x = b.y` with one side each: a key. */
function extractKeys(plan: Join): LogicalPlan {
  if (plan.condition === null) return plan;
  const left = width(plan.left);
  const keys: EquiKey[] = [...plan.keys];
  const rest: Expression[] = [];
  for (const c of conjuncts(plan.condition)) {
    const key = asKey(c, left);
    if (key === null) rest.push(c);
    else keys.push(key);
  }
  return { ...plan, keys, condition: conjunction(rest) };
}

function asKey(c: Expression, left: number): EquiKey | null {
  const pair = isJoinEquality(c) ? { a: c.args[0], b: c.args[1], nullSafe: false }
    : c.kind === 'distinct' && c.negated && c.left.type.kind === c.right.type.kind
      ? { a: c.left, b: c.right, nullSafe: true } : null;
  if (pair === null) return null;
  const { a, b, nullSafe } = pair;
  const shifted = (e: Expression): Expression => mapColumnIndexes(e, (i) => i - left);
  if (isLeft(a, left) && isRight(b, left)) return { left: a, right: shifted(b), nullSafe };
  if (isLeft(b, left) && isRight(a, left)) return { left: b, right: shifted(a), nullSafe };
  return null;
}

function isLeft(e: Expression, left: number): boolean {
  const columns = columnsOf(e);
  return columns.length > 0 && columns.every((i) => i < left);
}

function isRight(e: Expression, left: number): boolean {
  const columns = columnsOf(e);
  return columns.length > 0 && columns.every((i) => i >= left);
}
