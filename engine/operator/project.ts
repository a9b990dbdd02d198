// Project: one expression an output column, over the rows that an optional predicate lets pass.
// Law: π(σp(I + ΔI)) − π(σp(I)) = π(σp(ΔI)). Rows on which an expression fails are reported and left out.
import { Batch } from '../data/batch.ts';
import { Delta } from '../data/delta.ts';
import type { Schema } from '../data/types.ts';
import { takeVector } from '../data/vector.ts';
import { compileExpression, evaluateOrReport, predicateOrReport } from '../expression/evaluate.ts';
import type { Expression } from '../expression/expression.ts';
import { columnsOf } from '../expression/walk.ts';
import type { StepContext } from './operator.ts';
import { StatelessOperator } from './stateless.ts';

export class Project extends StatelessOperator {
  readonly name: string;
  readonly #expressions;
  readonly #predicate;
  /** Input columns that the expressions read: what is gathered of the rows that pass. */
  readonly #columns: readonly number[];
  /** Every expression is a column: nothing to evaluate. */
  readonly #picks: readonly number[] | null;

  /** `schema`: of the output. `predicate`: over the input; fused because it saves a copy of the columns not read. */
  constructor(schema: Schema, expressions: readonly Expression[], predicate: Expression | null = null) {
    super(schema);
    this.name = predicate === null ? 'project' : 'filter, project';
    this.#expressions = expressions.map(compileExpression);
    this.#predicate = predicate === null ? null : compileExpression(predicate);
    this.#columns = columnsOf(...expressions);
    const picks = expressions.flatMap((e) => (e.kind === 'column' ? [e.index] : []));
    this.#picks = picks.length === expressions.length ? picks : null;
  }

  step([input]: readonly Delta[], context: StepContext): Delta {
    if (input.length === 0) return Delta.empty(this.schema);
    const passed = this.#pass(input, context);
    if (this.#picks !== null) {
      const whole = this.#columns.length === input.batch.columns.length;
      return new Delta(passed.batch.select(this.#picks), passed.weights, whole && input.distinct);
    }
    const { rows, vectors } = evaluateOrReport(this.#expressions, passed.batch, passed.weights, context);
    if (rows === null) return new Delta(new Batch(vectors, passed.length), passed.weights);
    return new Delta(new Batch(vectors, rows.length), Int32Array.from(rows, (row) => passed.weights[row]));
  }

  /** The rows that pass; of columns that are not read, the batch may hold the wrong rows. */
  #pass(input: Delta, context: StepContext): Delta {
    if (this.#predicate === null) return input;
    const rows = predicateOrReport(this.#predicate, input.batch, input.weights, context);
    if (rows.length === input.length) return input;
    const columns = input.batch.columns.slice();
    for (const c of this.#columns) columns[c] = takeVector(columns[c], rows);
    const weights = new Int32Array(rows.length);
    for (let i = 0; i < rows.length; i++) weights[i] = input.weights[rows[i]];
    return new Delta(new Batch(columns, rows.length), weights);
  }
}
