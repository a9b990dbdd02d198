// Structural equality of expressions: GROUP BY matching, shared aggregates, SELECT DISTINCT .. ORDER BY.
import type { Expression } from '../../engine/expression/expression.ts';

/** The same computation: equal shape, functions by identity, constants by value. */
export function sameExpression(a: Expression, b: Expression): boolean {
  return deepEqual(a, b);
}

export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((x, i) => deepEqual(x, b[i]));
  }
  if (a instanceof Uint8Array) {
    return b instanceof Uint8Array && a.length === b.length && a.every((x, i) => x === b[i]);
  }
  if (isFunctionRecord(a) || isFunctionRecord(b)) return false;
  const left = Object.entries(a);
  const right = new Map(Object.entries(b));
  return Object.getPrototypeOf(a) === Object.getPrototypeOf(b) && left.length === right.size
    && left.every(([k, v]) => right.has(k) && deepEqual(v, right.get(k)));
}

/** Function records are compared by identity, which the caller has done. */
function isFunctionRecord(x: object): boolean {
  return 'description' in x;
}
