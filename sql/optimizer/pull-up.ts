// Pulling correlated conditions out of a subquery, so that it becomes a plain join: what nearly all subqueries allow.
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf } from '../../engine/expression/walk.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { columnsOfPlan, joinOf, showsLeftOnly, width } from '../plan/make.ts';
import { freeHoles, holesOf } from '../plan/map-plan.ts';
import { mapColumns, shiftColumns } from '../plan/replace.ts';
import { conjuncts } from '../binder/functions.ts';

/** The plan as: `outputs` over those rows of `base` that meet all `conditions`; only they mention the holes. */
export interface PulledUp {
  readonly base: LogicalPlan;
  readonly conditions: readonly Expression[];
  readonly outputs: readonly Expression[];
}

/** null: the holes sit under something they cannot be moved through. */
export function pullUp(plan: LogicalPlan, holes: ReadonlySet<number>): PulledUp | null {
  if (!mentions(freeHoles(plan), holes)) return { base: plan, conditions: [], outputs: columnsOfPlan(plan) };
  switch (plan.kind) {
    case 'filter': {
      const inner = pullUp(plan.input, holes);
      if (inner === null) return null;
      const condition = conjuncts(plan.condition).map((c) => over(c, inner.outputs));
      return withConditions(inner, condition, holes);
    }
    case 'project': {
      const inner = pullUp(plan.input, holes);
      return inner === null ? null : { ...inner, outputs: plan.expressions.map((e) => over(e, inner.outputs)) };
    }
    case 'join': return pullUpJoin(plan, holes);
    default: return null;
  }
}

function mentions(free: ReadonlySet<number>, holes: ReadonlySet<number>): boolean {
  for (const h of holes) if (free.has(h)) return true;
  return false;
}

export function over(e: Expression, outputs: readonly Expression[]): Expression {
  return mapColumns(e, (i) => outputs[i]);
}

/** Conditions without holes filter the base at once. */
function withConditions(
  inner: PulledUp, conditions: readonly Expression[], holes: ReadonlySet<number>,
): PulledUp {
  const pulled = conditions.filter((c) => mentions(holesOf(c), holes));
  const plain = conditions.filter((c) => !pulled.includes(c));
  const base = plain.reduce<LogicalPlan>(
    (input, condition) => ({ kind: 'filter', input, condition, schema: input.schema }), inner.base);
  return { base, conditions: [...inner.conditions, ...pulled], outputs: inner.outputs };
}

function pullUpJoin(plan: LogicalPlan & { kind: 'join' }, holes: ReadonlySet<number>): PulledUp | null {
  if (plan.keys.length > 0 || plan.lazy === true) return null;
  const conditions = plan.condition === null ? [] : conjuncts(plan.condition);
  const left = pullUp(plan.left, holes);
  if (left === null) return null;
  if (plan.join === 'inner') {
    const right = pullUp(plan.right, holes);
    if (right === null) return null;
    const shift = (e: Expression): Expression => shiftColumns(e, width(left.base));
    const outputs = [...left.outputs, ...right.outputs.map(shift)];
    const base = joinOf({ join: 'inner', left: left.base, right: right.base });
    const joined: PulledUp = {
      base, outputs, conditions: [...left.conditions, ...right.conditions.map(shift)],
    };
    return withConditions(joined, conditions.map((c) => over(c, outputs)), holes);
  }
  // The other joins: only the preserved left side may be correlated.
  if (plan.join === 'right' || plan.join === 'full' || mentions(freeHoles(plan.right), holes)) return null;
  const outputs = [...left.outputs, ...columnsOfPlan(plan.right).map((e) => shiftColumns(e, width(left.base)))];
  const moved = conditions.map((c) => over(c, outputs));
  if (moved.some((c) => mentions(holesOf(c), holes))) return null;
  const condition = moved.length === 0 ? null : moved.length === 1 ? moved[0]
    : { kind: 'and', type: moved[0].type, args: moved } as const;
  const base = joinOf({ join: plan.join, left: left.base, right: plan.right, condition });
  const visible = showsLeftOnly(plan.join) ? left.outputs : outputs;
  return { base, conditions: left.conditions, outputs: visible };
}

/** A condition `outer = inner`, the outer side over holes alone, the inner over the base's columns alone. */
export interface CorrelatedEquality {
  readonly outer: Expression;
  readonly inner: Expression;
}

/** All conditions as equalities of that kind, or null. `isEquality` says which calls compare as keys do. */
export function asEqualities(
  conditions: readonly Expression[], holes: ReadonlySet<number>,
  isEquality: (e: Expression) => e is Expression & { kind: 'call' },
): readonly CorrelatedEquality[] | null {
  const found: CorrelatedEquality[] = [];
  for (const c of conditions) {
    if (!isEquality(c)) return null;
    const [a, b] = c.args;
    if (isOuter(a, holes) && isInner(b, holes)) found.push({ outer: a, inner: b });
    else if (isOuter(b, holes) && isInner(a, holes)) found.push({ outer: b, inner: a });
    else return null;
  }
  return found;
}

function isOuter(e: Expression, holes: ReadonlySet<number>): boolean {
  return mentions(holesOf(e), holes) && columnsIn(e) === 0;
}

function isInner(e: Expression, holes: ReadonlySet<number>): boolean {
  return !mentions(holesOf(e), holes);
}

function columnsIn(e: Expression): number {
  return columnsOf(e).length;
}
