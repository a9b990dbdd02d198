// Guesses of what conditions leave, for ordering joins: shares between 0 and 1, of rows nobody has counted.
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf } from '../../engine/expression/walk.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';

const EQUAL = 0.02;
const RANGE = 1 / 3;
const PATTERN = 0.05;
const OTHER = 1 / 2;

/** Share of rows for which the condition is true. */
export function shareOf(e: Expression): number {
  switch (e.kind) {
    case 'and': return e.args.reduce((share, a) => share * shareOf(a), 1);
    case 'or': return Math.min(1, e.args.reduce((share, a) => share + shareOf(a), 0));
    case 'not': return 1 - shareOf(e.input);
    case 'in': return Math.min(OTHER, e.list.length * EQUAL);
    case 'test': return e.test === 'null' ? (e.negated ? 1 - EQUAL : EQUAL) : OTHER;
    case 'call': return e.function.operator === true ? shareOfOperator(e) : OTHER;
    default: return OTHER;
  }
}

function shareOfOperator(e: Expression & { readonly kind: 'call' }): number {
  switch (e.function.name) {
    // Of two columns: what the one is says little of the other.
    case '=': return e.args.every((a) => columnsOf(a).length > 0) ? OTHER : EQUAL;
    case '<>': return 1 - EQUAL;
    case '<': case '<=': case '>': case '>=': return RANGE;
    case '~~': case '~~*': case '~': case '~*': return PATTERN;
    case '!~~': case '!~~*': case '!~': case '!~*': return 1 - PATTERN;
    default: return OTHER;
  }
}

/** Of what shared plans read, which is asked for once a reader at each level. Plans are immutable. */
const SHARED = new WeakMap<LogicalPlan, number>();

/** Share of a plan's rows that its conditions leave, of those its largest relation would give. */
export function shareOfPlan(plan: LogicalPlan): number {
  switch (plan.kind) {
    case 'filter': return shareOf(plan.condition) * shareOfPlan(plan.input);
    case 'join':
      if (plan.join === 'inner') return shareOfPlan(plan.left) * shareOfPlan(plan.right);
      return plan.join === 'semi' ? shareOfPlan(plan.left) * shareOfPlan(plan.right) : shareOfPlan(plan.left);
    case 'project': case 'distinct': case 'aggregate': return shareOfPlan(plan.input);
    case 'shared': {
      const share = SHARED.get(plan.input) ?? shareOfPlan(plan.input);
      SHARED.set(plan.input, share);
      return share;
    }
    default: return 1;
  }
}
