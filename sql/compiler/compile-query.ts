// BoundQuery → CompiledQuery: parameters put in, optimized, compiled; for a client's SELECT and for a view.
import type { CompiledQuery } from '../../engine/circuit/contract.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { INT8 } from '../../engine/data/types.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { mapExpression } from '../../engine/expression/walk.ts';
import type { FunctionRegistry } from '../../engine/function/registry.ts';
import type { SortKey } from '../../engine/operator/operator.ts';
import { postponeVolatile } from '../binder/late-outputs.ts';
import type { BoundQuery } from '../binder/level.ts';
import { asRelation } from '../binder/relation.ts';
import { limitEarly, stopped } from '../optimizer/limit-early.ts';
import { optimize } from '../optimizer/optimizer.ts';
import { computeConstants, computeConstantsOf } from '../optimizer/plan-constants.ts';
import { randomOf } from '../optimizer/random-shape.ts';
import type { RewriteContext } from '../optimizer/rewrite.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { limitOf, selectColumns, width } from '../plan/make.ts';
import { mapAllExpressions, visitPlan } from '../plan/map-plan.ts';
import { range } from '../optimizer/unnest.ts';
import { isAppendOnly } from './append-only.ts';
import { compile, countOf } from './compile.ts';
import { emitOnClose } from './emit-on-close.ts';

export interface QueryOptions {
  readonly functions: FunctionRegistry;
  readonly evaluation: EvalContext;
  /** Values of $1, $2 ...; of the types the binder found. */
  readonly parameters?: readonly Datum[];
  /** once: a client's statement; view: kept incrementally; on-close: a view with EMIT ON WINDOW CLOSE. */
  readonly mode: 'once' | 'view' | 'on-close';
  /** Constants are computed, and may fail, before there are rows: as a client's statement always is, a view when it is made. */
  readonly planned?: boolean;
  /** Milliseconds: a clock to time operators by. */
  readonly timer?: (() => number) | null;
  /** The setting optimizer_disable. */
  readonly disabled?: ReadonlySet<string>;
  /** The setting optimizer_seed; 0: none. */
  readonly seed?: number;
}

/** What is compiled, and what EXPLAIN prints. */
export interface PlannedQuery {
  readonly plan: LogicalPlan;
  readonly order: readonly SortKey[];
  readonly offset: bigint | null;
  readonly limit: bigint | null;
  readonly visible: number;
  readonly late: readonly Expression[] | null;
}

export function compileQuery(bound: BoundQuery, options: QueryOptions): CompiledQuery {
  const { plan, ...delivery } = planQuery(bound, options);
  const circuit = compile(plan, { evaluation: options.evaluation, once: options.mode === 'once', timer: options.timer ?? null });
  const { order, limit, offset } = delivery;
  const enough = order.length === 0 && limit !== null && isAppendOnly(plan, options.mode === 'once')
    ? Number(limit + (offset ?? 0n)) : null;
  // Plans of chance come in pieces of chance.
  const seed = options.seed ?? 0;
  return { circuit, ...delivery, enough, pieceRows: seed === 0 ? null : 1 + seed % 7 };
}

export function planQuery(bound: BoundQuery, options: QueryOptions): PlannedQuery {
  const query = withParameters(bound, options.parameters ?? []);
  return options.mode === 'once' ? planOnce(query, options) : planView(query, options);
}

/** The portal sorts and cuts; under ORDER BY .. LIMIT only the rows that can be shown reach it. */
function planOnce(written: BoundQuery, options: QueryOptions): PlannedQuery {
  const postponed = postponeVolatile(written);
  const query = postponed?.query ?? written;
  const late = postponed?.outputs.slice(0, written.visible) ?? null;
  if (late !== null) computeConstantsOf(late, options.evaluation);
  const count = (e: Expression | null, clause: 'LIMIT' | 'OFFSET'): number | null =>
    (e === null ? null : countOf(e, clause, options.evaluation));
  const limit = count(query.limit, 'LIMIT');
  const offset = count(query.offset, 'OFFSET');
  const { order, visible } = query;
  if (query.withTies) {
    // OFFSET is left to who computes what comes late.
    const tied = limit === null ? null : constant(limit + (offset ?? 0));
    const plan = optimized(limitOf(query.plan, order, tied, null, true), options);
    return { plan, order, visible, late, limit: null, offset: offset === null ? null : BigInt(offset) };
  }
  const first = limit === null ? null : limit + (offset ?? 0);
  return {
    plan: first === null ? optimized(query.plan, options) : narrowed(query, first, options), order, visible, late,
    limit: limit === null ? null : BigInt(limit), offset: offset === null ? null : BigInt(offset),
  };
}

/** No more rows than the portal can show; without an order they are whichever come first. */
function narrowed({ plan, order }: BoundQuery, first: number, options: QueryOptions): LogicalPlan {
  if (order.length === 0) {
    const whole = optimized(plan, options);
    return options.disabled?.has(limitEarly.name) === true ? whole : stopped(whole, first);
  }
  const top = first > MAX_TOP ? plan : limitOf(plan, order, constant(first), null);
  return optimized(top, options);
}

function constant(count: number): Expression {
  return { kind: 'literal', type: INT8, value: BigInt(count) };
}

/** Beyond this many rows, sorting all at the end is as good as keeping the first ones. */
const MAX_TOP = 10_000;

/** A view is a set of rows: its ORDER BY matters for LIMIT only. */
function planView(query: BoundQuery, options: QueryOptions): PlannedQuery {
  const plan = optimized(asRelation(query), options);
  const kept = options.mode === 'on-close' ? emitOnClose(plan, options.functions) : plan;
  return { plan: kept, order: [], offset: null, limit: null, visible: width(kept), late: null };
}

function optimized(plan: LogicalPlan, options: QueryOptions): LogicalPlan {
  let next = firstFree(plan);
  const { functions, evaluation } = options;
  const names = plan.schema.columns.map((c) => c.name);
  const context: RewriteContext = {
    functions, evaluation, once: options.mode === 'once', fresh: () => next++,
    random: options.seed === undefined || options.seed === 0 ? null : randomOf(options.seed),
  };
  if (options.planned ?? context.once) computeConstants(plan, context);
  const result = optimize(plan, context, options.disabled);
  return result.schema.columns.length === names.length ? result : selectColumns(result, range(0, names.length));
}

/** A number above all holes and shared plans. */
function firstFree(plan: LogicalPlan): number {
  let max = 0;
  visitPlan(plan, (p) => {
    if (p.kind === 'shared' || p.kind === 'recursive') max = Math.max(max, p.id);
    if (p.kind === 'apply') for (const c of p.correlations) max = Math.max(max, c.id);
  });
  return max + 1;
}

/** $n as literals. */
function withParameters(bound: BoundQuery, values: readonly Datum[]): BoundQuery {
  if (values.length === 0) return bound;
  const fill = (e: Expression): Expression => mapExpression(e, (x) => (x.kind === 'parameter' && x.hole !== true
    ? { kind: 'literal', type: x.type, value: values[x.index] ?? null } : x));
  return {
    ...bound, plan: mapAllExpressions(bound.plan, fill), limit: bound.limit === null ? null : fill(bound.limit),
    offset: bound.offset === null ? null : fill(bound.offset),
  };
}
