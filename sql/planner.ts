// Planner: from syntax to something that runs: environments to bind in, queries to circuits, expressions over rows.
import type { Circuit, CompiledQuery } from '../engine/circuit/contract.ts';
import { DatabaseError, notSupported } from '../engine/data/error.ts';
import type { Datum } from '../engine/data/datum.ts';
import type { LogicalType } from '../engine/data/types.ts';
import type { EvalContext } from '../engine/expression/context.ts';
import type { Expression } from '../engine/expression/expression.ts';
import { mapExpression } from '../engine/expression/walk.ts';
import type { FunctionRegistry } from '../engine/function/registry.ts';
import { bindExpression } from './binder/bind-expression.ts';
import { bindQuery } from './binder/bind-query.ts';
import { coerceAssignment, coerceBoolean, settleUnknown } from './binder/coercion.ts';
import { storedCollation } from './binder/collation.ts';
import { ParameterTypes, Shared, readingOf } from './binder/environment.ts';
import type { DeclaredParameters, EffectBinder, Environment, Reading } from './binder/environment.ts';
import { Level } from './binder/level.ts';
import type { BoundQuery, Clause, CommonTableScope, Site } from './binder/level.ts';
import { locationOf } from './binder/location.ts';
import { Scope } from './binder/scope.ts';
import type { ScopeItem } from './binder/scope.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { ColumnEntry, MaterializedViewEntry, OptimizerSettings } from './catalog/entry.ts';
import { boundByTime } from './compiler/temporal-filter.ts';
import { compileQuery } from './compiler/compile-query.ts';
import type { Expr, Query } from './parser/ast.ts';
import { parseKeptIn } from './parser/foreign.ts';
import type { LogicalPlan } from './plan/logical-plan.ts';
import type { SessionState } from './session-state.ts';

/** What a client's statement is bound against. */
export function sessionEnvironment(
  state: SessionState, options: {
    /** Types of $1, $2 ..; left out or null: there are none. */
    readonly declared?: DeclaredParameters; readonly catalog?: Catalog; readonly effects?: EffectBinder;
    /** Whether it is run now: literals may say 'today'. */
    readonly atOnce?: true;
    /** Whether it is the text of the statement, not one that is kept: the client hears what is odd in it. */
    readonly written?: true;
  } = {},
): Environment {
  return {
    catalog: options.catalog ?? state.catalog, searchPath: state.searchPath, functions: state.services.functions,
    parameters: new ParameterTypes(options.declared ?? null), format: state.settings.format, system: state.systemContext(),
    now: options.atOnce === true ? state.transactionTime : null,
    parseQuery, continuous: false, used: new Set(), shared: new Shared(), effects: options.effects ?? null,
    warn: options.atOnce === true || options.written === true ? state.typeSite().warn : undefined,
  };
}

/** What stored text (a view's query, a default) is bound against: no session, the settings it was written under. */
export function storedEnvironment(options: Reading & {
  readonly catalog: Catalog; readonly functions: FunctionRegistry; readonly continuous: boolean;
}): Environment {
  return {
    ...options, ...options.continuous ? { clocks: [] } : {}, kept: true, parameters: new ParameterTypes(null), system: null,
    now: null, parseQuery, used: new Set(), shared: new Shared(), effects: null,
  };
}

/** The query a view stores. */
export function parseQuery(text: string, dialect = 'postgres'): Query {
  const [first] = parseKeptIn(text, dialect);
  if (first?.statement.kind !== 'query') throw new DatabaseError('XX000', `stored query is no query: ${text}`);
  return first.statement;
}

/** The scope of one relation's rows, column i of the batch being attribute i + 1; dropped columns have no name. */
export function rowScopeItem(
  relation: {
    readonly name: string; readonly schema?: string; readonly columns: readonly ColumnEntry[]; readonly oid: number;
  },
  options: { readonly alias?: string | undefined; readonly from?: number } = {},
): ScopeItem {
  const from = options.from ?? 0;
  return {
    name: options.alias ?? relation.name, hidden: [], relationVisible: true,
    columnsVisible: true, rowType: null, scalar: false, relation: relation.oid,
    schema: options.alias === undefined ? relation.schema ?? null : null,
    columns: relation.columns.filter((c) => !c.dropped).map((c) => ({
      name: c.name, table: relation.oid, attribute: c.attnum,
      expression: { kind: 'column', index: from + c.attnum - 1, type: c.type }, ...storedCollation(c),
    })),
  };
}

export function rowSite(
  env: Environment, items: readonly ScopeItem[], clause: Clause, commonTables: CommonTableScope | null = null,
): Site {
  const scope = new Scope(null, items);
  const level = new Level(scope);
  scope.level = level;
  return {
    env, scope, level, clause, commonTables, windows: new Map(),
    recurse: { expression: bindExpression, query: bindQuery },
  };
}

/** An expression over rows that are in hand; subqueries and aggregates are refused as the clause says. */
export function bindRowExpression(site: Site, expr: Expr): Expression {
  const bound = bindExpression(expr, site);
  if (site.level.subqueries.size > 0) {
    const phrase = site.clause.noSubquery ?? `subquery in ${site.clause.phrase}`;
    throw new DatabaseError('0A000', site.clause.noSubquery === undefined ? `${phrase} is not supported`
      : `cannot use subquery in ${phrase}`, { position: locationOf(expr) });
  }
  return bound;
}

/** A value for a column, converted as INSERT and UPDATE do. */
export function bindAssignment(
  site: Site, expr: Expr, column: { readonly name: string; readonly type: LogicalType },
): Expression {
  return coerceAssignment(site.env, bindRowExpression(site, expr), column, locationOf(expr));
}

export function bindPredicate(site: Site, expr: Expr, construct: string): Expression {
  return coerceBoolean(site.env, bindRowExpression(site, expr), construct, locationOf(expr));
}

export function bindValue(site: Site, expr: Expr): Expression {
  return settleUnknown(site.env, bindRowExpression(site, expr));
}

/** $n replaced by what was bound to it. */
export function withParameters(expression: Expression, values: readonly Datum[]): Expression {
  if (values.length === 0) return expression;
  const filled = (e: Expression): Expression => (e.kind === 'parameter' && e.hole !== true
    ? { kind: 'literal', type: e.type, value: values[e.index] ?? null } : e);
  return expression.kind === 'parameter' ? filled(expression) : mapExpression(expression, filled);
}

/**
 * The query with its output converted for the columns it is assigned to; `wanted` null: left as it is. `values`: the
 * expressions behind the columns from `offset` on, for positions of errors.
 */
export function assignTypes(
  env: Environment, bound: BoundQuery,
    wanted: readonly ({ readonly name: string; readonly type: LogicalType } | null)[],
  values: readonly Expr[], offset: number,
): BoundQuery {
  const { plan } = bound;
  const convert = (e: Expression, i: number): Expression => {
    const column = wanted[i] ?? null;
    const at = values[i - offset];
    return column === null ? settleUnknown(env, e)
      : coerceAssignment(env, e, column, at === undefined ? undefined : locationOf(at));
  };
  const schemaOf = (list: readonly Expression[]): LogicalPlan['schema'] => ({
    columns: list.map((e, i) => ({ name: plan.schema.columns[i].name, type: e.type })),
  });
  const retyped = (next: LogicalPlan): BoundQuery => ({
    ...bound, plan: next, columns: bound.columns.map((c, i) => ({ ...c, type: next.schema.columns[i].type })),
  });
  if (plan.kind === 'values') {
    const rows = plan.rows.map((row) => row.map(convert));
    return retyped({ ...plan, rows, schema: schemaOf(rows[0]) });
  }
  const inner = plan.kind === 'project' ? plan.expressions
    : plan.schema.columns.map((c, index): Expression => ({ kind: 'column', index, type: c.type }));
  const expressions = inner.map(convert);
  if (expressions.every((e, i) => e === inner[i])) return bound;
  const input = plan.kind === 'project' ? plan.input : plan;
  return retyped({ kind: 'project', input, expressions, schema: schemaOf(expressions) });
}

/** A client's query with the values of its parameters, ready to run once. */
export function compileBound(
  state: SessionState, bound: BoundQuery, parameters: readonly Datum[], timer: (() => number) | null = null,
): CompiledQuery {
  return compileQuery(bound, {
    timer,
    functions: state.services.functions, evaluation: state.evalContext(), parameters, mode: 'once',
    ...planShape(optimizerSettings(state)),
  });
}

/** The settings optimizer_disable and optimizer_seed. */
export function optimizerSettings(state: SessionState): OptimizerSettings {
  return { disable: state.settings.get('optimizer_disable') ?? '', seed: Number(state.settings.get('optimizer_seed') ?? 0) };
}

/** What they ask of the optimizer; `disable` names rewrites, by commas. */
export function planShape(
  { disable, seed }: OptimizerSettings,
): { readonly disabled: ReadonlySet<string>; readonly seed: number } {
  return { disabled: new Set(disable.split(',').map((name) => name.trim()).filter((name) => name !== '')), seed };
}

export interface ViewContext {
  readonly catalog: Catalog;
  readonly functions: FunctionRegistry;
  readonly evalContext: EvalContext;
}

/** The clock operators are timed by. */
export const milliseconds = (): number => performance.now();

/**
 * A materialized view's circuit; and its column that carries its sources' event time through, if there is one.
 * `made`: it is being created, so that its constants may fail.
 */
export function compileView(
  context: ViewContext, entry: MaterializedViewEntry, made = false,
): { readonly circuit: Circuit; readonly eventTime: number | null } {
  const { settings, query, emit } = entry;
  const env = storedEnvironment({
    catalog: context.catalog, functions: context.functions, ...readingOf(entry), continuous: true,
  });
  const evaluation = { ...context.evalContext, format: settings.format };
  const written = bindQuery(parseQuery(query, settings.dialect), { env, parent: null, commonTables: null });
  const bound = { ...written, plan: boundByTime(written.plan, evaluation, env.clocks ?? []) };
  if (emit === 'window-close' && bound.plan !== written.plan) {
    throw notSupported('now() in a materialized view that emits on window close');
  }
  const compiled = compileQuery(bound, {
    functions: context.functions, evaluation, timer: milliseconds, planned: made,
    mode: emit === 'window-close' ? 'on-close' : 'view', ...settings.optimizer === undefined ? {} : planShape(settings.optimizer),
  });
  const eventTime = emit === 'window-close' || bound.limit !== null ? null : eventColumn(bound.plan);
  return { circuit: compiled.circuit, eventTime: eventTime !== null && eventTime < bound.visible ? eventTime : null };
}

/** Only operators that pass each row on with its event time; a join may bring out old rows late. */
function eventColumn(plan: LogicalPlan): number | null {
  switch (plan.kind) {
    case 'scan': {
      const at = plan.eventTime === null ? -1 : plan.columns.indexOf(plan.eventTime);
      return at < 0 ? null : at;
    }
    case 'filter': case 'assign-window': return eventColumn(plan.input);
    case 'project': {
      const inner = eventColumn(plan.input);
      const at = plan.expressions.findIndex((e) => e.kind === 'column' && e.index === inner);
      return at < 0 ? null : at;
    }
    default: return null;
  }
}
