// RETURNING: expressions over the rows a statement wrote.
import { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { compileExpression } from '../../engine/expression/evaluate.ts';
import type { Environment } from '../binder/environment.ts';
import type { ScopeItem } from '../binder/scope.ts';
import { bindTargets } from '../binder/targets.ts';
import { notSupported } from '../../engine/data/error.ts';
import type { Target } from '../parser/ast.ts';
import { rowSite, withParameters } from '../planner.ts';
import type { ResultColumn } from '../session-api.ts';
import type { SessionState } from '../session-state.ts';
import type { StatementResult } from './bound.ts';

export interface Returning {
  readonly columns: readonly ResultColumn[];
  readonly expressions: readonly Expression[];
}

/** null: there is no RETURNING. */
export function bindReturning(
  env: Environment, items: readonly ScopeItem[], targets: readonly Target[],
): Returning | null {
  if (targets.length === 0) return null;
  const site = rowSite(env, items, { phrase: 'RETURNING' });
  const bound = bindTargets(targets, site, false);
  if (site.level.subqueries.size > 0) throw notSupported('a subquery in RETURNING');
  return {
    expressions: bound.map((t) => t.expression),
    columns: bound.map((t) => ({ name: t.name, type: t.expression.type, table: t.table, attribute: t.attribute })),
  };
}

/** The statement's answer: its tag, with rows where they were asked for. */
export function writeResult(state: SessionState, written: {
  readonly returning: Returning | null; readonly rows: Batch; readonly parameters: readonly Datum[];
  /** `INSERT 0 3` for 3 rows. */
  readonly tag: (rows: number) => string;
}): StatementResult {
  const { returning, rows, parameters, tag } = written;
  if (returning === null) return { kind: 'command', tag: tag(rows.length) };
  const context = state.evalContext();
  const columns = returning.expressions.map((e) => compileExpression(withParameters(e, parameters)).evaluate(rows,
    context));
  const batch = new Batch(columns, rows.length);
  return { kind: 'rows', columns: returning.columns, batches: [batch], tag: () => tag(rows.length) };
}
