// Asked: the input as it is; errors of a scope count as long as a row of the input asks for what is computed there.
//
// Law: the output is the input. The errors reported sum to those of the scope if a row fulfils the condition, to none if
// none does: a subquery that nobody asks for does not fail.
// Requires: the input sums to a multiset.
import { batchFromRows, batchToRows } from '../data/access.ts';
import { Delta } from '../data/delta.ts';
import { DatabaseError } from '../data/error.ts';
import type { Watermark } from '../data/time.ts';
import { INT8, TEXT } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import type { Expression } from '../expression/expression.ts';
import type { CompiledExpression } from '../expression/compiled.ts';
import { compileExpression, predicateOrReport } from '../expression/evaluate.ts';
import type { ErrorScope } from './error-scope.ts';
import { madePage } from '../state/made-page.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import type { Operator, StateSize, StepContext } from './operator.ts';
import { RowErrors } from './row-errors.ts';

/** First a row without code, whose weight is the number of rows that ask; then the errors with theirs. */
const SAVED: Schema = {
  columns: [...['code', 'message', 'detail', 'hint'].map((name) => ({ name, type: TEXT })), { name: 'weight', type: INT8 }],
};

export class Asked implements Operator {
  readonly name = 'asked';
  readonly schema: Schema;
  readonly #scope: ErrorScope;
  readonly #condition: CompiledExpression | null;
  readonly #errors = new RowErrors();
  #asking = 0;
  #changed = false;

  /** `condition`: over the input; which rows ask. null: all. */
  constructor(schema: Schema, condition: Expression | null, scope: ErrorScope) {
    this.schema = schema;
    this.#scope = scope;
    this.#condition = condition === null ? null : compileExpression(condition);
  }

  step([delta]: readonly Delta[], context: StepContext): Delta {
    const before = this.#asking > 0;
    this.#asking += this.#count(delta, context);
    const after = this.#asking > 0;
    const fresh = this.#scope.take();
    if (delta.length > 0 || !fresh.isEmpty) this.#changed = true;
    if (before && !after) this.#errors.report(context, -1);
    this.#errors.addAll(fresh);
    if (after) (before ? fresh : this.#errors).report(context, 1);
    return delta;
  }

  /** A row on which the condition fails does not ask; whoever reads it says that it fails. */
  #count({ batch, weights, length }: Delta, context: StepContext): number {
    let sum = 0;
    if (this.#condition === null) {
      for (let i = 0; i < length; i++) sum += weights[i];
      return sum;
    }
    if (length === 0) return 0;
    const quiet: StepContext = { ...context, error: () => undefined };
    for (const row of predicateOrReport(this.#condition, batch, weights, quiet)) sum += weights[row];
    return sum;
  }

  advance(_watermark: Watermark, _context: StepContext): Delta {
    return Delta.empty(this.schema);
  }

  save(out: StateWriter): void {
    if (out.looking === true || !this.#changed) return;
    this.#changed = false;
    const rows = this.#errors.list().map(({ error, weight }) => [
      error.code, error.marked.message, error.marked.detail ?? null, error.marked.hint ?? null, BigInt(weight),
    ]);
    out.page('errors', 0, madePage(batchFromRows(SAVED, [['', '', null, null, BigInt(this.#asking)], ...rows])));
  }

  restore(from: StateReader): void {
    for (const { batch } of from.pages('errors')) {
      for (const [code, message, detail, hint, weight] of batchToRows(batch)) {
        if (code === '') this.#asking = Number(weight);
        else {
          const fields = { detail: text(detail), hint: text(hint) };
          this.#errors.add(new DatabaseError(String(code), String(message), fields), Number(weight));
        }
      }
    }
  }

  stateSize(): StateSize {
    return { rows: 0, bytes: 0 };
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
