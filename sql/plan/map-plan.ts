// Walks over plans: children, expressions, and rebuilding with either replaced.
import { unreachable } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { someExpression } from '../../engine/expression/walk.ts';
import type { AggregateCall, FrameBound, LogicalPlan, OrderTerm, TableCall, WindowCall, WindowFrame } from './logical-plan.ts';

type PlanMapper = (plan: LogicalPlan) => LogicalPlan;
type ExpressionMapper = (e: Expression) => Expression;

/** Direct inputs, in order. */
export function inputsOf(plan: LogicalPlan): readonly LogicalPlan[] {
  switch (plan.kind) {
    case 'scan': case 'constant': case 'values': case 'single-row': case 'working-table': return [];
    case 'filter': case 'project': case 'aggregate': case 'distinct': case 'limit': case 'assign-window': case 'session-window':
    case 'project-set': case 'window': case 'shared': case 'emit-on-close': case 'temporal-filter': return [plan.input];
    case 'join': case 'asof-join': case 'apply': return [plan.left, plan.right];
    case 'set-operation': return plan.inputs;
    case 'recursive': return [plan.base, plan.step];
    default: return unreachable(plan);
  }
}

/** The same node over mapped inputs; the node itself where none changed. */
export function mapInputs(plan: LogicalPlan, fn: PlanMapper): LogicalPlan {
  switch (plan.kind) {
    case 'scan': case 'constant': case 'values': case 'single-row': case 'working-table': return plan;
    case 'filter': case 'project': case 'aggregate': case 'distinct': case 'limit': case 'assign-window': case 'session-window':
    case 'project-set': case 'window': case 'shared': case 'emit-on-close': case 'temporal-filter': {
      const input = fn(plan.input);
      return input === plan.input ? plan : { ...plan, input };
    }
    case 'join': case 'asof-join': case 'apply': {
      const left = fn(plan.left);
      const right = fn(plan.right);
      return left === plan.left && right === plan.right ? plan : { ...plan, left, right };
    }
    case 'set-operation': {
      const inputs = plan.inputs.map(fn);
      return inputs.every((p, i) => p === plan.inputs[i]) ? plan : { ...plan, inputs };
    }
    case 'recursive': return { ...plan, base: fn(plan.base), step: fn(plan.step) };
    default: return unreachable(plan);
  }
}

/** Rebuilds bottom-up; a shared plan is rebuilt once, however often it is read. */
export function mapPlan(plan: LogicalPlan, fn: PlanMapper, seen = new Map<number, LogicalPlan>()): LogicalPlan {
  if (plan.kind === 'shared') {
    const known = seen.get(plan.id);
    if (known !== undefined) return fn({ ...plan, input: known });
    const input = mapPlan(plan.input, fn, seen);
    seen.set(plan.id, input);
    return fn({ ...plan, input });
  }
  return fn(mapInputs(plan, (p) => mapPlan(p, fn, seen)));
}

const mapCall = (c: AggregateCall, fn: ExpressionMapper): AggregateCall => ({
  ...c, args: c.args.map(fn), filter: c.filter === null ? null : fn(c.filter), order: mapOrder(c.order, fn),
});
const mapOrder = (order: readonly OrderTerm[], fn: ExpressionMapper): readonly OrderTerm[] =>
  order.map((o) => ({ ...o, expression: fn(o.expression) }));
const mapSet = (c: TableCall, fn: ExpressionMapper): TableCall => ({ ...c, args: c.args.map(fn) });
const mapBound = (b: FrameBound, fn: ExpressionMapper): FrameBound =>
  (b.kind === 'preceding' || b.kind === 'following' ? { ...b, offset: fn(b.offset) } : b);
const mapWindowCall = (c: WindowCall, fn: ExpressionMapper): WindowCall => ({
  ...c, args: c.args.map(fn), filter: c.filter === null ? null : fn(c.filter), frame: mapFrame(c.frame, fn),
});
const mapNullable = (e: Expression | null, fn: ExpressionMapper): Expression | null => (e === null ? null : fn(e));

export function mapFrame(frame: WindowFrame, fn: ExpressionMapper): WindowFrame {
  return { ...frame, start: mapBound(frame.start, fn), end: mapBound(frame.end, fn) };
}

/** The offsets of a frame's bounds, as far as they have any. */
export function offsetsOf({ start, end }: WindowFrame): readonly Expression[] {
  return [start, end].flatMap((b) => ('offset' in b ? [b.offset] : []));
}

/** The same node with its own expressions (not its inputs') mapped. */
export function mapExpressions(plan: LogicalPlan, fn: ExpressionMapper): LogicalPlan {
  switch (plan.kind) {
    case 'constant': case 'single-row': case 'working-table': case 'asof-join': case 'distinct': case 'set-operation':
    case 'shared': case 'recursive': case 'emit-on-close': case 'temporal-filter': return plan;
    case 'scan':
      if (plan.lookup === null || plan.lookup.kind !== 'keys') return plan;
      return { ...plan, lookup: { ...plan.lookup, keys: plan.lookup.keys.map((k) => k.map(fn)) } };
    case 'values': return { ...plan, rows: plan.rows.map((r) => r.map(fn)) };
    case 'filter': return { ...plan, condition: fn(plan.condition) };
    case 'project': return { ...plan, expressions: plan.expressions.map(fn) };
    case 'join':
      return {
        ...plan, keys: plan.keys.map((k) => ({ ...k, left: fn(k.left), right: fn(k.right) })),
        condition: mapNullable(plan.condition, fn),
      };
    case 'apply':
      return {
        ...plan, condition: mapNullable(plan.condition, fn), ...plan.asked === undefined ? {} : { asked: fn(plan.asked) },
        operands: plan.operands.map((o) => ({ left: fn(o.left), right: fn(o.right) })),
      };
    case 'aggregate':
      return { ...plan, keys: plan.keys.map(fn), aggregates: plan.aggregates.map((c) => mapCall(c, fn)) };
    case 'limit': return { ...plan, limit: mapNullable(plan.limit, fn), offset: mapNullable(plan.offset, fn) };
    case 'assign-window':
      return {
        ...plan, slide: fn(plan.slide), size: fn(plan.size), offset: mapNullable(plan.offset, fn),
        zone: mapNullable(plan.zone, fn),
      };
    case 'session-window': return { ...plan, gap: fn(plan.gap) };
    case 'project-set': return { ...plan, calls: plan.calls.map((c) => mapSet(c, fn)) };
    case 'window':
      return {
        ...plan, partition: plan.partition.map(fn), order: mapOrder(plan.order, fn),
        calls: plan.calls.map((c) => mapWindowCall(c, fn)),
      };
    default: return unreachable(plan);
  }
}

/** The node's own expressions. */
export function expressionsOf(plan: LogicalPlan): readonly Expression[] {
  const found: Expression[] = [];
  mapExpressions(plan, (e) => {
    found.push(e);
    return e;
  });
  return found;
}

/** Every expression of the whole tree, inputs included. */
export function mapAllExpressions(plan: LogicalPlan, fn: ExpressionMapper): LogicalPlan {
  return mapPlan(plan, (p) => mapExpressions(p, fn));
}

/** Every node; what is below a shared plan once, however often it is read. */
export function visitPlan(plan: LogicalPlan, visit: (plan: LogicalPlan) => void): void {
  somePlan(plan, (p) => {
    visit(p);
    return false;
  });
}

/** Whether it is true of a node. What is below a shared plan is asked once: readers may double at each level. */
export function somePlan(plan: LogicalPlan, test: (plan: LogicalPlan) => boolean, seen = new Set<number>()): boolean {
  if (test(plan)) return true;
  if (plan.kind === 'shared') {
    if (seen.has(plan.id)) return false;
    seen.add(plan.id);
  }
  return inputsOf(plan).some((input) => somePlan(input, test, seen));
}

/** Numbers of the holes in the tree that nothing in it fills. `known`: by shared plan. */
export function freeHoles(plan: LogicalPlan, known = new Map<number, ReadonlySet<number>>()): ReadonlySet<number> {
  const before = plan.kind === 'shared' ? known.get(plan.id) : undefined;
  if (before !== undefined) return before;
  const holes = new Set<number>();
  for (const e of expressionsOf(plan)) addHoles(e, holes);
  for (const input of inputsOf(plan)) for (const id of freeHoles(input, known)) holes.add(id);
  if (plan.kind === 'apply') for (const c of plan.correlations) holes.delete(c.id);
  if (plan.kind === 'shared') known.set(plan.id, holes);
  return holes;
}

function addHoles(e: Expression, into: Set<number>): void {
  someExpression(e, (x) => {
    if (x.kind === 'parameter' && x.hole === true) into.add(x.index);
    return false;
  });
}

export function holesOf(e: Expression): ReadonlySet<number> {
  const holes = new Set<number>();
  addHoles(e, holes);
  return holes;
}
