// Replacement in expressions from the top down: columns renumbered, holes filled, whole subtrees exchanged.
import type { Expression } from '../../engine/expression/expression.ts';
import { mapChildren, mapExpression } from '../../engine/expression/walk.ts';

/** Where `fn` answers, its answer stands; elsewhere the children are looked at. */
export function replaceTopDown(e: Expression, fn: (e: Expression) => Expression | null): Expression {
  return fn(e) ?? mapChildren(e, (child) => replaceTopDown(child, fn));
}

/** Column i becomes `to(i)`. */
export function mapColumns(e: Expression, to: (index: number) => Expression): Expression {
  return mapExpression(e, (x) => (x.kind === 'column' ? to(x.index) : x));
}

export function shiftColumns(e: Expression, by: number): Expression {
  return by === 0 ? e : mapExpression(e, (x) => (x.kind === 'column' ? { ...x, index: x.index + by } : x));
}

/** Holes that `values` knows are filled. */
export function fillHoles(e: Expression, values: ReadonlyMap<number, Expression>): Expression {
  return mapExpression(e, (x) => (x.kind === 'parameter' && x.hole === true ? values.get(x.index) ?? x : x));
}
