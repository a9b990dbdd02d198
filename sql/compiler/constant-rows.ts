// Rows of constant expressions as a batch: VALUES, keys of look-ups.
import { VectorBuilder } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import type { Schema } from '../../engine/data/types.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import { evaluateConstant } from '../../engine/expression/evaluate.ts';
import type { Expression } from '../../engine/expression/expression.ts';

export function rowsOf(rows: readonly (readonly Expression[])[], schema: Schema, evaluation: EvalContext): Batch {
  const builders = schema.columns.map((c) => new VectorBuilder(c.type, rows.length));
  for (const row of rows) {
    for (const [i, e] of row.entries()) {
      builders[i].append(e.kind === 'literal' ? e.value : evaluateConstant(e, evaluation).value);
    }
  }
  return new Batch(builders.map((b) => b.finish()), rows.length);
}
