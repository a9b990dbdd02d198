// Structural equality of expressions: GROUP BY matching, shared aggregates, SELECT DISTINCT .. ORDER BY.
import { typmodOf } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { mapExpression } from '../../engine/expression/walk.ts';
import { DOMAIN_CHECK } from './deparse.ts';

/** The same computation: equal shape, functions by identity, constants by value. */
export function sameExpression(a: Expression, b: Expression): boolean {
  return deepEqual(a, b);
}

/**
 * The same value, whether conversions were written or implied: where a type has no modifier it makes no difference. For
 * expressions read from a stored text, where all of them are written.
 */
export function sameComputation(a: Expression, b: Expression): boolean {
  return sameExpression(implied(a), implied(b));
}

/** With all conversions as implied. */
export function implied(e: Expression): Expression {
  return mapExpression(e, (x) => (x.kind === 'cast' && typmodOf(x.type) === -1 ? { ...x, explicit: false } : x));
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
  if (isFunctionRecord(a) || isFunctionRecord(b)) return isDomainCheck(a) && isDomainCheck(b) && deepEqual(a.args, b.args);
  const left = Object.entries(a);
  const right = new Map(Object.entries(b));
  return Object.getPrototypeOf(a) === Object.getPrototypeOf(b) && left.length === right.size
    && left.every(([k, v]) => right.has(k) && deepEqual(v, right.get(k)));
}

/** Made for each call; those of one type check the same. */
function isDomainCheck(x: object): x is { readonly args: unknown } {
  return 'name' in x && x.name === DOMAIN_CHECK && 'args' in x;
}

/** Function records are compared by identity, which the caller has done. */
function isFunctionRecord(x: object): boolean {
  return 'description' in x;
}
