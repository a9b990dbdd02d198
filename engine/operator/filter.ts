// Filter: the rows on which a predicate is true (WHERE, HAVING, ON of a semi-processed join).
// Law: σp(I + ΔI) − σp(I) = σp(ΔI). Rows on which the predicate fails are reported and left out.
import type { Delta } from '../data/delta.ts';
import type { Schema } from '../data/types.ts';
import { compileExpression, predicateOrReport } from '../expression/evaluate.ts';
import type { Expression } from '../expression/expression.ts';
import type { StepContext } from './operator.ts';
import { StatelessOperator } from './stateless.ts';

export class Filter extends StatelessOperator {
  readonly name = 'filter';
  readonly #predicate;

  /** `schema`: the input's, which is the output's. */
  constructor(schema: Schema, predicate: Expression) {
    super(schema);
    this.#predicate = compileExpression(predicate);
  }

  step([input]: readonly Delta[], context: StepContext): Delta {
    if (input.length === 0) return input;
    const rows = predicateOrReport(this.#predicate, input.batch, input.weights, context);
    return rows.length === input.length ? input : input.take(rows);
  }
}
