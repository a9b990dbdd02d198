// Join conditions: equalities between the sides become keys, and inner joins are ordered so that each has one.
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf } from '../../engine/expression/walk.ts';
import { conjunction, conjuncts } from '../binder/functions.ts';
import type { EquiKey, LogicalPlan } from '../plan/logical-plan.ts';
import { joinOf, selectColumns, width } from '../plan/make.ts';
import { mapPlan } from '../plan/map-plan.ts';
import type { Rewrite } from './rewrite.ts';
import { mapColumnIndexes } from './unnest.ts';
import { isJoinEquality } from './written-calls.ts';

type Join = LogicalPlan & { readonly kind: 'join' };

export const joinOrder: Rewrite = {
  name: 'join-order',
  apply: (plan) => mapPlan(plan, (p) => (p.kind === 'join' && p.join === 'inner' ? reorder(p) : p)),
};

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

/** A tree of inner joins as its leaves and conditions; `start`: where a leaf's columns begin in the whole. */
interface Leaf { readonly plan: LogicalPlan; readonly start: number }
interface Flat { readonly leaves: readonly Leaf[]; readonly conditions: readonly Expression[] }

function flatten(plan: LogicalPlan, start: number): Flat {
  if (plan.kind !== 'join' || plan.join !== 'inner' || plan.keys.length > 0) return { leaves: [{ plan, start }], conditions: [] };
  const left = flatten(plan.left, start);
  const right = flatten(plan.right, start + width(plan.left));
  const own = plan.condition === null ? [] : conjuncts(plan.condition).map((c) => mapColumnIndexes(c, (i) => i + start));
  return { leaves: [...left.leaves, ...right.leaves], conditions: [...left.conditions, ...right.conditions, ...own] };
}

/** Leaves in written order, but one that an equality ties to those before it goes first. */
function reorder(plan: Join): LogicalPlan {
  const { leaves, conditions } = flatten(plan, 0);
  if (leaves.length < 3) return plan;
  const order = connectedOrder(leaves, conditions);
  if (order.every((leaf, i) => leaf === leaves[i])) return plan;
  const place = new Map<number, number>();
  let joined: LogicalPlan | null = null;
  let waiting = conditions;
  for (const leaf of order) {
    const offset: number = joined === null ? 0 : width(joined);
    for (let c = 0; c < width(leaf.plan); c++) place.set(leaf.start + c, offset + c);
    const ready = waiting.filter((c) => columnsOf(c).every((i) => place.has(i)));
    waiting = waiting.filter((c) => !ready.includes(c));
    const condition = conjunction(ready.map((c) => mapColumnIndexes(c, (i) => place.get(i) ?? i)));
    joined = joined === null ? leaf.plan : joinOf({ join: 'inner', left: joined, right: leaf.plan, condition });
  }
  if (joined === null) return plan;
  return selectColumns(joined, plan.schema.columns.map((_, i) => place.get(i) ?? i));
}

function connectedOrder(leaves: readonly Leaf[], conditions: readonly Expression[]): readonly Leaf[] {
  const owners = (e: Expression): ReadonlySet<Leaf> => new Set(columnsOf(e).map((i) => owner(leaves, i)));
  const links = conditions.filter(isJoinEquality).map((c) => c.args.map(owners));
  const order = [leaves[0]];
  let waiting = leaves.slice(1);
  while (waiting.length > 0) {
    const placed = new Set(order);
    const tied = waiting.find((leaf) => links.some(([a, b]) => isTie(a, b, leaf, placed) || isTie(b, a, leaf, placed)));
    const next = tied ?? waiting[0];
    order.push(next);
    waiting = waiting.filter((l) => l !== next);
  }
  return order;
}

function isTie(own: ReadonlySet<Leaf>, other: ReadonlySet<Leaf>, leaf: Leaf, placed: ReadonlySet<Leaf>): boolean {
  return own.size === 1 && own.has(leaf) && other.size > 0 && [...other].every((o) => placed.has(o));
}

function owner(leaves: readonly Leaf[], column: number): Leaf {
  let found = leaves[0];
  for (const leaf of leaves) if (leaf.start <= column) found = leaf;
  return found;
}
