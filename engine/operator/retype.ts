// The same rows under another schema of the same layouts.
import { Batch } from '../data/batch.ts';
import { Delta } from '../data/delta.ts';
import type { Schema } from '../data/types.ts';
import { retype } from '../data/vector.ts';

export function retypeDelta(delta: Delta, schema: Schema): Delta {
  const { columns, length } = delta.batch;
  if (columns.every((c, i) => c.type === schema.columns[i].type)) return delta;
  return new Delta(new Batch(columns.map((c, i) => retype(c, schema.columns[i].type)), length), delta.weights);
}
