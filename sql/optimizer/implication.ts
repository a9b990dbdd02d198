// Whether conditions say that another one is true: by the same computation, or by the values they leave to an expression.
import { compareDatums } from '../../engine/data/datum-order.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { implied, sameExpression } from '../plan/same-expression.ts';
import { allOf, intervalsOf } from './key-intervals.ts';
import type { Interval } from './key-intervals.ts';

/** Whether the wanted condition holds for every row for which all the given ones do; false: it cannot be told. */
export function impliesCondition(given: readonly Expression[], wanted: Expression): boolean {
  const known = given.map(implied);
  const condition = implied(wanted);
  return known.some((g) => sameExpression(g, condition)) || keysOf(condition).some((key) => {
    const left = allOf(known, key);
    if (left === null) return false;
    if (condition.kind === 'test') return true;
    const asked = intervalsOf(condition, key);
    return asked !== null && left.every((l) => asked.some((a) => isWithin(l, a, key.type)));
  });
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<', '<=', '>', '>=']);

/** What the condition is about, where its intervals are all that it says. */
function keysOf(condition: Expression): readonly Expression[] {
  switch (condition.kind) {
    case 'call':
      return condition.function.operator === true && COMPARISONS.has(condition.function.name)
        ? condition.args.filter((a) => a.kind !== 'literal') : [];
    case 'in': return [condition.input];
    // Whatever an interval holds is not NULL.
    case 'test': return condition.test === 'null' && condition.negated ? [condition.input] : [];
    default: return [];
  }
}

function isWithin(inner: Interval, outer: Interval, type: LogicalType): boolean {
  return reaches(outer.lower, inner.lower, type, -1) && reaches(outer.upper, inner.upper, type, 1);
}

/** The outer bound is no nearer than the inner one; `side`: 1 for upper bounds. */
function reaches(outer: Interval['lower'], inner: Interval['lower'], type: LogicalType, side: 1 | -1): boolean {
  if (outer === null) return true;
  if (inner === null) return false;
  const order = compareDatums(type, outer.value, inner.value) * side;
  return order > 0 || (order === 0 && (outer.inclusive || !inner.inclusive));
}
