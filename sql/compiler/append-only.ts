// Does a plan only ever add rows? Then operators above may forget what can no longer matter.
import type { LogicalPlan } from '../plan/logical-plan.ts';

/** `once`: relations are read a single time, so that nothing comes back from them. `known`: of shared plans. */
export function isAppendOnly(plan: LogicalPlan, once: boolean, known = new Map<number, boolean>()): boolean {
  switch (plan.kind) {
    case 'scan': return once || plan.appendOnly;
    case 'constant': case 'values': case 'single-row': return true;
    case 'filter': case 'project': case 'assign-window': case 'project-set': case 'emit-on-close':
      return isAppendOnly(plan.input, once, known);
    case 'shared': {
      const found = known.get(plan.id) ?? isAppendOnly(plan.input, once, known);
      known.set(plan.id, found);
      return found;
    }
    case 'temporal-filter': return plan.bounds.every((b) => b.side === 'from') && isAppendOnly(plan.input, once, known);
    // What a left row was shown with stays.
    case 'join':
      if (plan.join === 'temporal' || plan.join === 'temporal-left') return isAppendOnly(plan.left, once, known);
      return plan.join === 'inner' && isAppendOnly(plan.left, once, known) && isAppendOnly(plan.right, once, known);
    case 'set-operation':
      return plan.operation === 'union' && plan.all && plan.inputs.every((i) => isAppendOnly(i, once, known));
    default: return false;
  }
}
