// Windows of time: their constants evaluated, and which kind of grid they make.
import { DatabaseError } from '../../engine/data/error.ts';
import { Interval } from '../../engine/data/interval.ts';
import { timeZone } from '../../engine/data/timezone.ts';
import type { TimeZone } from '../../engine/data/timezone.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import { evaluateConstant } from '../../engine/expression/evaluate.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { windowSpec } from '../../engine/operator/assign-window.ts';
import type { WindowSpec } from '../../engine/operator/assign-window.ts';
import { CalendarGrid, CumulateGrid } from '../../engine/operator/calendar-window.ts';
import type { WindowGrid } from '../../engine/operator/calendar-window.ts';
import type { AssignWindowPlan } from '../plan/logical-plan.ts';

/** A constant interval; 22004 for NULL. */
export function intervalOf(e: Expression, context: EvalContext): Interval {
  const { value } = evaluateConstant(e, context);
  if (value instanceof Interval) return value;
  throw new DatabaseError('22004', 'a window\'s interval must not be null');
}

/** Windows of one length where all days and months are equally long, else a grid. */
export function windowsOf(plan: AssignWindowPlan, context: EvalContext): WindowSpec | WindowGrid {
  const [slide, size] = [intervalOf(plan.slide, context), intervalOf(plan.size, context)];
  const offset = plan.offset === null ? null : intervalOf(plan.offset, context);
  const zone = plan.zone === null ? null : zoneNamed(plan.zone, context);
  if (plan.window === 'cumulate') return new CumulateGrid({ step: slide, size, offset, zone });
  if (zone !== null || [slide, size, offset].some((i) => i !== null && i.months !== 0)) {
    return new CalendarGrid({ slide, size, offset, zone });
  }
  return windowSpec(slide, size, offset);
}

function zoneNamed(e: Expression, context: EvalContext): TimeZone {
  const { value } = evaluateConstant(e, context);
  if (value === null) throw new DatabaseError('22004', 'a window\'s time zone must not be null');
  const zone = timeZone(String(value));
  if (zone === null) throw new DatabaseError('22023', `time zone "${String(value)}" not recognized`);
  return zone;
}
