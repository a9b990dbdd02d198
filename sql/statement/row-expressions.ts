// RowExpressions: expressions over rows that a statement has in hand, with the subqueries in them.
import { vectorFromDatums } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { INT4 } from '../../engine/data/types.ts';
import type { Schema } from '../../engine/data/types.ts';
import { nullVector } from '../../engine/data/vector.ts';
import type { Vector } from '../../engine/data/vector.ts';
import { compileExpression } from '../../engine/expression/evaluate.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Snapshot } from '../../engine/runtime/contract.ts';
import { attachSubqueries } from '../binder/attach.ts';
import type { Level, Site } from '../binder/level.ts';
import { computeConstantsOf } from '../optimizer/plan-constants.ts';
import { projectOf } from '../plan/make.ts';
import { compileBound, withParameters } from '../planner.ts';
import { runQuery } from '../run-query.ts';
import type { SessionState } from '../session-state.ts';

export class RowExpressions {
  readonly expressions: readonly Expression[];
  /** Whether they read relations, and so need a snapshot. */
  readonly reads: boolean;
  readonly #level: Level;

  /** Bound in `site`, whose level holds their subqueries. */
  constructor(site: Site, expressions: readonly Expression[]) {
    this.expressions = expressions;
    this.#level = site.level;
    this.reads = site.level.subqueries.size > 0;
  }

  /** Throws the error of what is constant in them, which PostgreSQL computes before there are rows. */
  plan(state: SessionState, parameters: readonly Datum[]): void {
    computeConstantsOf(this.expressions.map((e) => withParameters(e, parameters)), state.evalContext());
  }

  /** A column an expression. `snapshot`: what subqueries read. */
  evaluate(state: SessionState, rows: Batch, run: {
    readonly parameters: readonly Datum[]; readonly snapshot: Snapshot | null;
  }): readonly Vector[] {
    const { parameters } = run;
    if (rows.length === 0) return this.expressions.map((e) => nullVector(e.type, 0));
    if (this.reads) return this.#query(state, rows, run);
    const context = state.evalContext();
    return this.expressions.map((e) => compileExpression(withParameters(e, parameters)).evaluate(rows, context));
  }

  /** As a query over the rows, each with its number, since results of queries have no order. */
  #query(state: SessionState, rows: Batch, run: {
    readonly parameters: readonly Datum[]; readonly snapshot: Snapshot | null;
  }): readonly Vector[] {
    const numbers = vectorFromDatums(INT4, Array.from({ length: rows.length }, (_, i) => i));
    const numbered = new Batch([...rows.columns, numbers], rows.length);
    const schema: Schema = { columns: numbered.columns.map((c, i) => ({ name: `c${i}`, type: c.type })) };
    const attached = attachSubqueries({
      kind: 'constant', name: 'rows', alias: 'rows', columns: schema.columns.map((_, i) => i), rows: () => numbered, schema,
    }, this.expressions, this.#level, (e) => e);
    const number: Expression = { kind: 'column', index: rows.columns.length, type: INT4 };
    const plan = projectOf(attached.plan, [...attached.expressions, number], []);
    const visible = this.expressions.length;
    const result = runQuery(compileBound(state, {
      plan, visible, limit: null, offset: null, withTies: false,
      columns: this.expressions.map((e) => ({ name: '?column?', type: e.type, table: 0, attribute: 0 })),
      order: [{ column: visible, type: INT4, descending: false, nullsFirst: false }],
    }, run.parameters), {
      snapshot: run.snapshot ?? state.current.snapshot(), context: state.evalContext(),
      checkInterrupt: () => state.checkInterrupt(),
    });
    return result.columns;
  }
}
