// Outer joins whose NULL-padded rows a condition above throws away are inner joins.
import type { Expression } from '../../engine/expression/expression.ts';
import type { JoinKind } from '../plan/logical-plan.ts';

/** Is the expression NULL whenever all these columns are? */
function isStrictIn(e: Expression, isPadded: (column: number) => boolean): boolean {
  switch (e.kind) {
    case 'column': return isPadded(e.index);
    case 'literal': return e.value === null;
    case 'cast': case 'not': case 'field': return isStrictIn(e.input, isPadded);
    case 'call': return e.function.strict && e.args.some((a) => isStrictIn(a, isPadded));
    case 'in': return e.equal.strict && isStrictIn(e.input, isPadded);
    case 'quantified': return e.operator.strict && isStrictIn(e.array, isPadded);
    default: return false;
  }
}

/** Is the condition not true whenever all these columns are NULL? */
export function rejectsNulls(e: Expression, isPadded: (column: number) => boolean): boolean {
  switch (e.kind) {
    case 'and': return e.args.some((a) => rejectsNulls(a, isPadded));
    case 'or': return e.args.every((a) => rejectsNulls(a, isPadded));
    case 'test':
      if (e.test === 'null') return e.negated && isStrictIn(e.input, isPadded);
      return !e.negated && e.test !== 'unknown' && isStrictIn(e.input, isPadded);
    default: return isStrictIn(e, isPadded);
  }
}

/** What an outer join comes to under conditions over its columns, of which the first `left` are the left side's. */
export function simplifyJoin(join: JoinKind, left: number, conditions: readonly Expression[]): JoinKind {
  const rejectsLeft = conditions.some((c) => rejectsNulls(c, (i) => i < left));
  const rejectsRight = conditions.some((c) => rejectsNulls(c, (i) => i >= left));
  switch (join) {
    case 'left': return rejectsRight ? 'inner' : join;
    case 'right': return rejectsLeft ? 'inner' : join;
    case 'full':
      if (rejectsLeft && rejectsRight) return 'inner';
      if (rejectsLeft) return 'left';
      return rejectsRight ? 'right' : join;
    default: return join;
  }
}
