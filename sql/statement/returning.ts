// RETURNING: expressions over the rows a statement wrote.
import { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import type { Snapshot } from '../../engine/runtime/contract.ts';
import type { Environment } from '../binder/environment.ts';
import type { CommonTableScope } from '../binder/level.ts';
import type { ScopeItem } from '../binder/scope.ts';
import { bindTargets } from '../binder/targets.ts';
import type { Target, WithClause } from '../parser/ast.ts';
import { rowSite } from '../planner.ts';
import type { ResultColumn } from '../session-api.ts';
import type { SessionState } from '../session-state.ts';
import type { Written } from './modification.ts';
import { RowExpressions } from './row-expressions.ts';
import { withNames } from './with-names.ts';

export interface Returning {
  readonly columns: readonly ResultColumn[];
  readonly rows: RowExpressions;
}

/**
 * null: there is no RETURNING. `names`: the statement's WITH clause; `commonTables`: of the one around it; `hidden`: what
 * cannot be said here, though it can be elsewhere in the statement.
 */
export function bindReturning(
  where: { readonly env: Environment; readonly commonTables: CommonTableScope | null; readonly names: WithClause | undefined },
  items: readonly ScopeItem[], targets: readonly Target[], hidden: readonly ScopeItem[] = [],
): Returning | null {
  if (targets.length === 0) return null;
  const site = rowSite(where.env, items, { phrase: 'RETURNING' }, withNames(where.env, where.commonTables, where.names));
  site.scope.hiddenItems = hidden;
  const bound = bindTargets(targets, site, false);
  return {
    rows: new RowExpressions(site, bound.map((t) => t.expression)),
    columns: bound.map((t) => ({ name: t.name, type: t.expression.type, table: t.table, attribute: t.attribute })),
  };
}

/** What subqueries of RETURNING see: the moment before the statement writes. To be asked for then. */
export function returningSnapshot(state: SessionState, returning: Returning | null): Snapshot | null {
  return returning?.rows.reads === true ? state.current.snapshot() : null;
}

/** How many rows were written, and what RETURNING makes of them. */
export function written(state: SessionState, returning: Returning | null, done: {
  readonly rows: Batch; readonly parameters: readonly Datum[]; readonly before: Snapshot | null;
}): Written {
  const { rows, parameters, before } = done;
  if (returning === null) return { count: rows.length, returned: null };
  returning.rows.plan(state, parameters);
  const columns = returning.rows.evaluate(state, rows, { parameters, snapshot: before });
  return { count: rows.length, returned: new Batch(columns, rows.length) };
}
