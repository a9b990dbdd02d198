// RETURNING: expressions over the rows a statement wrote.
import { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import type { Snapshot } from '../../engine/runtime/contract.ts';
import type { Environment } from '../binder/environment.ts';
import type { ScopeItem } from '../binder/scope.ts';
import { bindTargets } from '../binder/targets.ts';
import type { Target, WithClause } from '../parser/ast.ts';
import { rowSite } from '../planner.ts';
import type { ResultColumn } from '../session-api.ts';
import type { SessionState } from '../session-state.ts';
import type { StatementResult } from './bound.ts';
import { RowExpressions } from './row-expressions.ts';

export interface Returning {
  readonly columns: readonly ResultColumn[];
  readonly rows: RowExpressions;
}

/** null: there is no RETURNING. `names`: the statement's WITH clause. */
export function bindReturning(
  env: Environment, items: readonly ScopeItem[], targets: readonly Target[], names: WithClause | undefined,
): Returning | null {
  if (targets.length === 0) return null;
  const site = rowSite(env, items, { phrase: 'RETURNING' });
  const bound = bindTargets(targets, site, false);
  return {
    rows: new RowExpressions(site, bound.map((t) => t.expression), names),
    columns: bound.map((t) => ({ name: t.name, type: t.expression.type, table: t.table, attribute: t.attribute })),
  };
}

/** What subqueries of RETURNING see: the moment before the statement writes. To be asked for then. */
export function returningSnapshot(state: SessionState, returning: Returning | null): Snapshot | null {
  return returning?.rows.reads === true ? state.current.snapshot() : null;
}

/** The statement's answer: its tag, with rows where they were asked for. */
export function writeResult(state: SessionState, written: {
  readonly returning: Returning | null; readonly rows: Batch; readonly parameters: readonly Datum[];
  readonly before: Snapshot | null;
  /** `INSERT 0 3` for 3 rows. */
  readonly tag: (rows: number) => string;
}): StatementResult {
  const { returning, rows, parameters, before, tag } = written;
  if (returning === null) return { kind: 'command', tag: tag(rows.length) };
  const batch = new Batch(returning.rows.evaluate(state, rows, { parameters, snapshot: before }), rows.length);
  return { kind: 'rows', columns: returning.columns, batches: [batch], tag: () => tag(rows.length) };
}
