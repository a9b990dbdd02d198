// now() in a materialized view: conditions that compare a time with it become bounds of a temporal filter.
import { Interval } from '../../engine/data/interval.ts';
import { BOOLEAN, TIMESTAMPTZ } from '../../engine/data/types.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import { evaluateConstant } from '../../engine/expression/evaluate.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf, isVolatile, someExpression } from '../../engine/expression/walk.ts';
import { zoneOf } from '../../engine/function/scalar/datetime-arithmetic.ts';
import type { TimeBound } from '../../engine/operator/temporal-filter.ts';
import type { ClockUse } from '../binder/environment.ts';
import { EPOCH_CLOCKS, conjunction, conjuncts } from '../binder/functions.ts';
import { notContinuous } from '../catalog/continuous.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { columnsOfPlan, extend, filterOf, selectColumns, width } from '../plan/make.ts';
import { expressionsOf, mapPlan, visitPlan } from '../plan/map-plan.ts';

const MICROS_PER_DAY = 86_400_000_000n;
const DAYS_PER_MONTH = 30n;
const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=' };

/** time `symbol` now() + offset µs. */
interface Comparison {
  readonly time: Expression;
  readonly symbol: string;
  readonly offset: bigint;
  /** True of all rows, if it does not fail. */
  readonly condition?: Expression;
}

/**
 * Conjuncts of filters and of inner joins' conditions such as `ts > now() - INTERVAL '1 hour'`, `now() - ts < INTERVAL '1 day'`.
 * 0A000 for any other use of the current time. `clocks`: where the query speaks of it.
 */
export function boundByTime(
  plan: LogicalPlan, evaluation: EvalContext, clocks: readonly ClockUse[],
): LogicalPlan {
  if (clocks.length === 0) return plan;
  // Of several it is not known which one it is.
  const [{ written, position }] = clocks;
  const blamed = { written, position: clocks.length === 1 ? position : undefined };
  const bounded = mapPlan(plan, (p) => {
    if (p.kind === 'filter') return boundFilter(p, evaluation);
    if (p.kind !== 'join' || p.join !== 'inner' || p.condition === null || !readsClock(p.condition)) return p;
    const parts = conjuncts(p.condition);
    const joined = { ...p, condition: conjunction(parts.filter((c) => !readsClock(c))) };
    return boundFilter(filterOf(joined, conjunction(parts.filter(readsClock))), evaluation);
  });
  visitPlan(bounded, (p) => {
    if (expressionsOf(p).some(readsClock)) refuse(blamed);
    if (p.kind === 'recursive') visitPlan(p, (q) => { if (q.kind === 'temporal-filter') refuse(blamed); });
  });
  return bounded;
}

function refuse({ written, position }: ClockUse): never {
  throw notContinuous(written, position).with({
    hint: 'It may be compared in WHERE with a timestamptz, give or take a constant interval, as in '
      + "ts > now() - INTERVAL '1 hour'.",
  });
}

const isClock = (e: Expression): boolean =>
  e.kind === 'call' && e.function.operator !== true && EPOCH_CLOCKS.has(e.function.name);
/** Whether its value changes as time passes. */
export const readsClock = (e: Expression): boolean => someExpression(e, isClock);

function boundFilter(plan: LogicalPlan, evaluation: EvalContext): LogicalPlan {
  if (plan.kind !== 'filter' || !readsClock(plan.condition)) return plan;
  const parts = conjuncts(plan.condition);
  const found = parts.filter(readsClock).map((c) => comparisonOf(c, evaluation));
  const comparisons = found.flatMap((c) => (c === null ? [] : [c]));
  if (comparisons.length < found.length) return plan;
  const conditions = comparisons.flatMap(({ condition }) => (condition === undefined ? [] : [condition]));
  const rest = filterOf(plan.input, conjunction([...parts.filter((c) => !readsClock(c)), ...conditions]));
  const computed = comparisons.flatMap(({ time }) => (time.kind === 'column' ? [] : [time]));
  const extended = extend(rest, computed, 'time');
  const bounds = comparisons.flatMap(({ time, symbol, offset }) => boundsOf(symbol, {
    column: time.kind === 'column' ? time.index : width(rest) + computed.indexOf(time), offset: -offset,
  }));
  const filtered: LogicalPlan = { kind: 'temporal-filter', input: extended, bounds, schema: extended.schema };
  return selectColumns(filtered, columnsOfPlan(rest).map((_, i) => i));
}

/** Of column `symbol` now() − offset, over whole µs. */
function boundsOf(symbol: string, { column, offset }: Omit<TimeBound, 'side'>): readonly TimeBound[] {
  const from = (more: bigint): TimeBound => ({ column, side: 'from', offset: offset + more });
  const until = (more: bigint): TimeBound => ({ column, side: 'until', offset: offset + more });
  switch (symbol) {
    case '<': return [from(1n)];
    case '<=': return [from(0n)];
    case '>': return [until(0n)];
    case '>=': return [until(1n)];
    default: return [from(0n), until(1n)];
  }
}

function comparisonOf(e: Expression, evaluation: EvalContext): Comparison | null {
  if (e.kind !== 'call' || e.function.operator !== true || e.args.length !== 2) return null;
  const mirrored = MIRRORED[e.function.name];
  if (mirrored === undefined) return null;
  const [left, right] = e.args;
  if (!readsClock(left)) return readsClock(right) ? compared(left, e.function.name, right, evaluation) : null;
  return readsClock(right) ? null : compared(right, mirrored, left, evaluation);
}

function compared(time: Expression, symbol: string, clock: Expression, evaluation: EvalContext): Comparison | null {
  if (time.type.kind === 'interval') return comparedSpan(time, symbol, clock, evaluation);
  const offset = offsetOf(clock, evaluation);
  if (offset === null) return null;
  // A timestamp without a zone, or a date, compares as what it is in the session's.
  const zoned: Expression = time.type.kind === 'timestamp' || time.type.kind === 'date'
    ? { kind: 'cast', type: TIMESTAMPTZ, input: time, explicit: false } : time;
  return isTime(zoned) ? { time: zoned, symbol, offset } : null;
}

const isTime = (e: Expression): boolean => e.type.kind === 'timestamptz' && !isVolatile(e);

/** span `symbol` now() − time, or time − now(): as intervals compare, a month being 30 days and a day 24 hours. */
function comparedSpan(span: Expression, symbol: string, clock: Expression, evaluation: EvalContext): Comparison | null {
  if (clock.kind !== 'call' || clock.function.operator !== true) return null;
  if (clock.function.name !== '-' || clock.args.length !== 2) return null;
  const value = intervalOf(span, evaluation);
  if (value === null) return null;
  const micros = value.micros + (BigInt(value.days) + BigInt(value.months) * DAYS_PER_MONTH) * MICROS_PER_DAY;
  const [left, right] = clock.args;
  // span < now() − time: time < now() − span. span < time − now(): time > now() + span.
  const first = isClock(left);
  const time = first ? right : left;
  if (!isTime(time) || readsClock(time) || !(first || isClock(right))) return null;
  // There is no span from an infinite time: the error is that of any other subtraction from it.
  const epoch: Expression = { kind: 'literal', type: time.type, value: 0n };
  const condition: Expression = {
    kind: 'test', type: BOOLEAN, test: 'null', negated: true, input: { ...clock, args: [time, epoch] },
  };
  return first ? { time, symbol, offset: -micros, condition } : { time, symbol: MIRRORED[symbol], offset: micros, condition };
}

/** What is added to now(), in µs; null where that is not the same at all times. */
function offsetOf(e: Expression, evaluation: EvalContext): bigint | null {
  if (isClock(e)) return 0n;
  if (e.kind !== 'call' || e.function.operator !== true || e.args.length !== 2) return null;
  const sign = e.function.name === '+' ? 1n : e.function.name === '-' ? -1n : 0n;
  const [clock, span] = sign === 1n && !readsClock(e.args[0]) ? [e.args[1], e.args[0]] : e.args;
  if (sign === 0n || e.type.kind !== 'timestamptz' || readsClock(span)) return null;
  const inner = offsetOf(clock, evaluation);
  const value = intervalOf(span, evaluation);
  if (inner === null || value === null || value.months !== 0) return null;
  // Days are those of the calendar: only where clocks are never put back are all of one length.
  if (value.days !== 0 && zoneOf(evaluation).fixed === null) return null;
  return inner + sign * (value.micros + BigInt(value.days) * MICROS_PER_DAY);
}

function intervalOf(e: Expression, evaluation: EvalContext): Interval | null {
  if (e.type.kind !== 'interval' || columnsOf(e).length > 0 || isVolatile(e)) return null;
  if (someExpression(e, (x) => x.kind === 'parameter')) return null;
  const { value } = evaluateConstant(e, evaluation);
  return value instanceof Interval ? value : null;
}
