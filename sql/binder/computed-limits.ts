// LIMIT and OFFSET that a subquery or a row of the query around computes: rows are numbered, their numbers compared with it.
import { DatabaseError } from '../../engine/data/error.ts';
import { BOOLEAN, INT8 } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { big, scalar } from '../../engine/function/define.ts';
import type { ScalarFunction } from '../../engine/function/function.ts';
import type { Expr, Query } from '../parser/ast.ts';
import type { LogicalPlan, WindowCall } from '../plan/logical-plan.ts';
import { columnOf, filterOf, selectColumns, width } from '../plan/make.ts';
import { attachSubqueries } from './attach.ts';
import { DEFAULT_FRAME } from './bind-frame.ts';
import { tryCoerce } from './coercion.ts';
import { applyOperator } from './functions.ts';
import { bind, Level } from './level.ts';
import { nullWithTies, tiesWithoutOrder } from './limits.ts';
import type { BoundQuery, QuerySite, Recursion, Site } from './level.ts';
import { hasColumn, locationOf } from './location.ts';
import { Scope } from './scope.ts';

const SUBQUERIES: ReadonlySet<string> = new Set(['scalarSubquery', 'exists', 'arraySubquery', 'inSubquery', 'quantified']);

function hasSubquery(syntax: unknown): boolean {
  if (typeof syntax !== 'object' || syntax === null) return false;
  if ('kind' in syntax && typeof syntax.kind === 'string' && SUBQUERIES.has(syntax.kind)) return true;
  return Object.values(syntax).some(hasSubquery);
}

/** Columns there are those of a query around (`inner`: there is one). */
export function hasComputedLimit({ limit, offset }: Query, inner: boolean): boolean {
  return [limit, offset].some((e) => hasSubquery(e) || (inner && hasColumn(e)));
}

/** A count as it is: 2201W, 2201X for a negative one. */
function checked(name: 'LIMIT' | 'OFFSET'): ScalarFunction {
  return scalar({
    name: `${name.toLowerCase()}_count`, args: [INT8], returns: INT8, description: 'The count, which is not negative.',
    row: ([count]) => {
      if (big(count) >= 0n) return count;
      throw new DatabaseError(name === 'LIMIT' ? '2201W' : '2201X', `${name} must not be negative`);
    },
  });
}

const CHECKED = { LIMIT: checked('LIMIT'), OFFSET: checked('OFFSET') };

/** `bound`: the query without its limits. */
export function withComputedLimits(query: Query, bound: BoundQuery, outer: QuerySite, recurse: Recursion): BoundQuery {
  if (query.withTies && query.orderBy.length === 0) throw tiesWithoutOrder();
  if (query.withTies && query.limit?.kind === 'null') throw nullWithTies();
  const { env } = outer;
  const scope = new Scope(outer.parent);
  const site: Site = {
    env, scope, level: new Level(scope), clause: { phrase: 'LIMIT' }, commonTables: outer.commonTables, recurse,
    windows: new Map(),
  };
  const counts = [bindCount(query.offset, 'OFFSET', site), bindCount(query.limit, 'LIMIT', site)];
  const attached = attachSubqueries(numbered(bound, query.withTies), counts, site.level, (e) => e);
  const [offset, limit] = attached.expressions;
  const row = columnOf(attached.plan, width(bound.plan));
  const last = query.withTies ? columnOf(attached.plan, width(bound.plan) + 1) : row;
  const zero: Expression = { kind: 'literal', type: INT8, value: 0n };
  const from: Expression = { kind: 'coalesce', type: INT8, args: [offset, zero] };
  const compare = (symbol: string, left: Expression, right: Expression): Expression =>
    applyOperator(env, { symbol, position: undefined }, [left, right]);
  // Compared as row − offset, so that great limits do not overflow.
  const condition: Expression = {
    kind: 'and', type: BOOLEAN, args: [compare('>', row, from), {
      kind: 'or', type: BOOLEAN, args: [
        { kind: 'test', type: BOOLEAN, test: 'null', negated: false, input: limit },
        // Peers of a last row, if there is one.
        { kind: 'and', type: BOOLEAN, args: [compare('<=', compare('-', last, from), limit), compare('>', limit, zero)] },
      ],
    }],
  };
  const columns = bound.plan.schema.columns.map((_, i) => i);
  return { ...bound, plan: selectColumns(filterOf(attached.plan, condition), columns) };
}

function bindCount(e: Expr | undefined, name: keyof typeof CHECKED, site: Site): Expression {
  if (e === undefined) return { kind: 'literal', type: INT8, value: null };
  const position = locationOf(e);
  const count = tryCoerce(bind(e, site), INT8, { env: site.env, context: 'assignment', position });
  if (count === null) throw new DatabaseError('42804', `argument of ${name} must be type bigint`, { position });
  site.env.trace?.calls.set(e, count);
  return { kind: 'call', function: CHECKED[name], args: [count], type: INT8 };
}

/** The rows with their numbers by the query's order; `peers`: and the numbers of their first peers. */
function numbered({ plan, order }: BoundQuery, peers: boolean): LogicalPlan {
  const calls = ['row_number', ...(peers ? ['rank'] : [])].map((name): WindowCall =>
    ({ name, aggregate: null, args: [], filter: null, type: INT8, frame: DEFAULT_FRAME }));
  return {
    kind: 'window', input: plan, partition: [], calls,
    order: order.map(({ column, descending, nullsFirst }) => ({ expression: columnOf(plan, column), descending, nullsFirst })),
    schema: { columns: [...plan.schema.columns, ...calls.map(({ name }) => ({ name, type: INT8 }))] },
  };
}
