// EMIT ON WINDOW CLOSE: finds the window's end in a view's plan, holds rows back until it has passed, and drops late rows.
import { DatabaseError } from '../../engine/data/error.ts';
import { Interval } from '../../engine/data/interval.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { FunctionRegistry } from '../../engine/function/registry.ts';
import type { AggregatePlan, AssignWindowPlan, LogicalPlan, SessionWindowPlan } from '../plan/logical-plan.ts';
import { columnOf, extend, selectColumns, width } from '../plan/make.ts';
import { mapInputs, mapPlan, visitPlan } from '../plan/map-plan.ts';
import { argumentTypes, resolveOverload, returnType } from '../binder/overload.ts';
import { range } from '../optimizer/unnest.ts';

/** Requires: an optimized plan. */
export function emitOnClose(plan: LogicalPlan, functions: FunctionRegistry): LogicalPlan {
  let watermark = false;
  visitPlan(plan, (p) => { if (p.kind === 'scan' && p.watermark) watermark = true; });
  if (!watermark) {
    throw new DatabaseError('0A000', 'EMIT ON WINDOW CLOSE requires a source or table with a watermark', {
      hint: 'Declare WATERMARK FOR column AS expression on the relation that the query reads.',
    });
  }
  const held = hold(plan, functions);
  return mapPlan(held, (p) => {
    if (p.kind === 'scan' && p.watermark) return { ...p, late: 'drop' };
    return p.kind === 'session-window' ? { ...p, closing: true } : p;
  });
}

/** The node lowest under projections and filters that still shows when the window ends. */
function hold(plan: LogicalPlan, functions: FunctionRegistry): LogicalPlan {
  if (plan.kind === 'project' || plan.kind === 'filter') return mapInputs(plan, (input) => hold(input, functions));
  const origins = plan.schema.columns.map((_, i) => originOf(plan, i));
  const end = origins.findIndex((o) => o?.part === 'end');
  if (end >= 0) return { kind: 'emit-on-close', input: closeGroups(plan, end), column: end, schema: plan.schema };
  const start = origins.findIndex((o) => o?.part === 'start');
  const origin = origins[start];
  if (origin === undefined || origin === null) {
    throw new DatabaseError('0A000', 'EMIT ON WINDOW CLOSE requires a query over tumble(), hop(), session() or cumulate()'
      + ' that shows or groups by window_start or window_end');
  }
  const size = lengthOf(origin.window);
  if (size === null) {
    throw new DatabaseError('0A000', 'EMIT ON WINDOW CLOSE requires window_end where windows are not all equally long', {
      hint: 'Show or group by window_end, too.',
    });
  }
  if (plan.kind === 'aggregate' && plan.sets === null) return holdGroups(plan, start, size, functions);
  const extended = extend(plan, [sum(columnOf(plan, start), size, functions)], 'window_end');
  const emitted: LogicalPlan = { kind: 'emit-on-close', input: extended, column: width(plan), schema: extended.schema };
  return selectColumns(emitted, range(0, width(plan)));
}

/** Grouped by window_start alone: window_end, which it determines, becomes a key, so that groups can be forgotten. */
function holdGroups(
  plan: AggregatePlan, start: number, size: Expression, functions: FunctionRegistry,
): LogicalPlan {
  const end = plan.keys.length;
  const key = sum(plan.keys[start], size, functions);
  const columns = plan.schema.columns.toSpliced(end, 0, { name: 'window_end', type: key.type });
  const grouped: LogicalPlan = { ...plan, keys: [...plan.keys, key], closing: end, schema: { columns } };
  const emitted: LogicalPlan = { kind: 'emit-on-close', input: grouped, column: end, schema: grouped.schema };
  return selectColumns(emitted, [...range(0, end), ...range(end + 1, width(grouped))]);
}

/** Groups by window_end need not be kept once it has passed. */
function closeGroups(plan: LogicalPlan, end: number): LogicalPlan {
  return plan.kind === 'aggregate' && plan.sets === null ? { ...plan, closing: end } : plan;
}

function sum(start: Expression, size: Expression, functions: FunctionRegistry): Expression {
  const types = [start.type, size.type];
  const found = resolveOverload(functions.operators('+', 2), types);
  if (found.kind !== 'found') throw new DatabaseError('42883', 'no addition of window_start and an interval');
  const args = argumentTypes(found.declared, types);
  const type = returnType(found.signature, found.declared, args);
  return { kind: 'call', function: found.signature, args: [start, size], type };
}

interface Origin { readonly window: AssignWindowPlan | SessionWindowPlan; readonly part: 'start' | 'end' }

/** What window_start is short of window_end, or null where that depends. */
function lengthOf(window: Origin['window']): Expression | null {
  if (window.kind === 'session-window' || window.window === 'cumulate' || window.zone !== null) return null;
  const { size } = window;
  return size.kind === 'literal' && size.value instanceof Interval && size.value.months === 0 ? size : null;
}

/** Does the column come from an assign-window below, unchanged? */
function originOf(plan: LogicalPlan, index: number): Origin | null {
  switch (plan.kind) {
    case 'assign-window': case 'session-window': {
      const old = width(plan.input);
      if (index < old) return originOf(plan.input, index);
      return { window: plan, part: index === old ? 'start' : 'end' };
    }
    case 'project': return originOfExpression(plan.input, plan.expressions[index]);
    case 'aggregate':
      return index < plan.keys.length && plan.sets === null ? originOfExpression(plan.input, plan.keys[index]) : null;
    case 'filter': case 'distinct': case 'limit': case 'shared': return originOf(plan.input, index);
    case 'window': case 'project-set': return index < width(plan.input) ? originOf(plan.input, index) : null;
    case 'join': {
      const left = width(plan.left);
      if (index < left) return plan.join === 'right' || plan.join === 'full' ? null : originOf(plan.left, index);
      return plan.join === 'inner' || plan.join === 'right' ? originOf(plan.right, index - left) : null;
    }
    // Later right rows may be nearer to a closed window's row only where they are looked for after it.
    case 'asof-join':
      return index < width(plan.left) && plan.side === 'before' ? originOf(plan.left, index) : null;
    case 'set-operation': {
      const [first, ...others] = plan.inputs.map((i) => originOf(i, index));
      return first !== null && others.every((o) => o?.part === first.part) ? first : null;
    }
    default: return null;
  }
}

function originOfExpression(input: LogicalPlan, e: Expression): Origin | null {
  return e.kind === 'column' ? originOf(input, e.index) : null;
}
