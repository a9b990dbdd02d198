// Level: what the expressions of one SELECT leave behind as holes (aggregates, windows, subqueries, set-returning calls).
import { isVolatile } from '../../engine/expression/walk.ts';
import type { Expression, ParameterExpression } from '../../engine/expression/expression.ts';
import type { ResultColumn } from '../session-api.ts';
import type { SortKey } from '../../engine/operator/operator.ts';
import type { Expr, Position, Query } from '../parser/ast.ts';
import type {
  AggregateCall, InOperand, LogicalPlan, OrderTerm, TableCall, WindowCall,
} from '../plan/logical-plan.ts';
import { deepEqual } from '../plan/same-expression.ts';
import type { Environment } from './environment.ts';
import type { Scope, ScopeItem } from './scope.ts';

/** A bound query. `visible`: the leading columns; those behind them are there to sort by. */
export interface BoundQuery {
  readonly plan: LogicalPlan;
  /** Of the visible columns. */
  readonly columns: readonly ResultColumn[];
  readonly order: readonly SortKey[];
  /** The order is that of the subquery it reads: rows pass as they come. */
  readonly passing?: true;
  readonly limit: Expression | null;
  readonly offset: Expression | null;
  readonly withTies: boolean;
  readonly visible: number;
}

export type Hole = ParameterExpression & { readonly hole: true };

export interface AggregateUse {
  readonly hole: Hole;
  readonly call: AggregateCall;
  readonly name: string;
  readonly position: Position;
}
export interface WindowUse {
  readonly hole: Hole;
  readonly call: WindowCall;
  readonly partition: readonly Expression[];
  readonly order: readonly OrderTerm[];
}
export interface SubqueryUse {
  readonly hole: Hole;
  readonly kind: 'scalar' | 'exists' | 'in';
  readonly plan: LogicalPlan;
  readonly operands: readonly InOperand[];
}
export interface SetUse { readonly hole: Hole; readonly call: TableCall; readonly position: number | undefined }
export interface GroupingUse {
  readonly hole: Hole;
  readonly args: readonly Expression[];
  /** Of each argument. */
  readonly positions: readonly (number | undefined)[];
}

export class Level {
  readonly scope: Scope;
  readonly aggregates: AggregateUse[] = [];
  readonly windows: WindowUse[] = [];
  readonly subqueries = new Map<number, SubqueryUse>();
  readonly sets: SetUse[] = [];
  readonly groupings: GroupingUse[] = [];
  /** The clause whose subquery is being bound; null: none was. */
  clause: Clause | null = null;

  constructor(scope: Scope) {
    this.scope = scope;
  }

  /** The hole of a set-returning call; equal ones share one unless they would differ: GROUP BY and ORDER BY mean it, too. */
  set({ env, clause }: Site, call: TableCall, position: number | undefined): Hole {
    const apart = clause.sets === 'apart' || call.function?.volatility === 'volatile' || call.args.some(isVolatile);
    const known = apart ? undefined : this.sets.find((s) => s.call.function === call.function
      && deepEqual(s.call.args, call.args));
    if (known !== undefined) return { ...known.hole };
    const hole = newHole(env, call.types[0]);
    this.sets.push({ hole, call, position });
    return { ...hole };
  }

  /** The hole of an aggregate; equal calls share one. */
  aggregate(env: Environment, call: AggregateCall, name: string, position: Position): Expression {
    const known = this.aggregates.find((a) => a.call.function === call.function && deepEqual(
      { ...a.call, function: null }, { ...call, function: null }));
    if (known !== undefined) return { ...known.hole };
    const hole = newHole(env, call.type);
    this.aggregates.push({ hole, call, name, position });
    return { ...hole };
  }
}

export function newHole(env: Environment, type: Expression['type']): Hole {
  return { kind: 'parameter', index: env.shared.fresh(), hole: true, type };
}

/** What may stand in a clause; `phrase` as in `aggregate functions are not allowed in WHERE`. */
export interface Clause {
  readonly phrase: string;
  readonly aggregates?: true;
  readonly windows?: true;
  /** apart: equal calls are others (several functions in FROM). */
  readonly sets?: true | 'apart';
  /** Names the construct that forbids set-returning calls, where it is not the clause itself. */
  readonly setPhrase?: string;
  /** As in `cannot use subquery in check constraint`; undefined: subqueries are allowed. */
  readonly noSubquery?: string;
  readonly within?: 'aggregate' | 'window' | 'window-arguments';
}

/** A name a WITH clause defines. */
export interface CommonTableScope {
  readonly parent: CommonTableScope | null;
  /** null: of none, but of `unseen`, tables of the clause that come later. */
  readonly name: string | null;
  readonly unseen?: readonly string[];
  readonly columns: readonly ResultColumn[];
  /** Columns behind them that `*` does not show. */
  readonly hidden?: readonly (ResultColumn & { readonly index: number })[];
  /** What its rows are sorted by: columns of the plan, perhaps behind those shown. */
  readonly order?: readonly SortKey[];
  /** A fresh use of the table; 0A000 where it has no rows to read. */
  readonly plan: (position: Position) => LogicalPlan;
}

/** What surrounds a query. */
export interface QuerySite {
  readonly env: Environment;
  readonly parent: Scope | null;
  readonly commonTables: CommonTableScope | null;
  /** Leave untyped literals of the select list to whoever uses the query (UNION, INSERT). */
  readonly keepUnknown?: boolean;
  /** What the select list counts as: UPDATE's new values are one. Default: SELECT. */
  readonly output?: Clause;
  /** The first item of FROM is the table that the statement changes, which the others cannot refer to. */
  readonly changes?: true;
  /** Relations of the statement that FROM cannot refer to. */
  readonly hidden?: readonly ScopeItem[];
}

/** Where an expression stands. */
export interface Site {
  readonly env: Environment;
  readonly scope: Scope;
  readonly level: Level;
  readonly clause: Clause;
  readonly commonTables: CommonTableScope | null;
  /** The mutually recursive parts of the binder, handed down so that their files need not import each other. */
  readonly recurse: Recursion;
  /** WINDOW clause of the SELECT. */
  readonly windows: ReadonlyMap<string, import('../parser/ast.ts').WindowSpecification>;
}

export interface Recursion {
  expression(e: Expr, site: Site): Expression;
  query(query: Query, site: QuerySite): BoundQuery;
}

export function bind(e: Expr, site: Site): Expression {
  return site.recurse.expression(e, site);
}

export function bindInner(query: Query, site: Site): BoundQuery {
  if (site.scope.level !== null) site.scope.level.clause = site.clause;
  return site.recurse.query(query, { env: site.env, parent: site.scope, commonTables: site.commonTables });
}
