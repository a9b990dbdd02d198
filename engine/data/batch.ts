// Batch: immutable vectors of one length; what every operator, statement and encoder passes around.
import { assert } from './error.ts';
import type { Schema } from './types.ts';
import { concatVectors, nullVector, sliceVector, takeVector } from './vector.ts';
import type { Vector } from './vector.ts';

/** Rows in columns. Its columns' types are in the vectors; names live in the Schema beside it. */
export class Batch {
  readonly columns: readonly Vector[];
  readonly length: number;

  constructor(columns: readonly Vector[], length: number) {
    this.columns = columns;
    this.length = length;
  }

  static empty(schema: Schema): Batch {
    return new Batch(schema.columns.map((c) => nullVector(c.type, 0)), 0);
  }

  /** Rows start (inclusive) to end (exclusive), sharing buffers. */
  slice(start: number, end: number): Batch {
    if (start === 0 && end === this.length) return this;
    return new Batch(this.columns.map((c) => sliceVector(c, start, end)), end - start);
  }

  /** The given rows in the given order, repeats allowed. */
  take(rows: Int32Array): Batch {
    return new Batch(this.columns.map((c) => takeVector(c, rows)), rows.length);
  }

  /** The given columns in the given order. */
  select(columns: readonly number[]): Batch {
    return new Batch(columns.map((c) => this.columns[c]), this.length);
  }
}

/** Rows of all parts in order. Requires: at least one part, all of one schema. */
export function concatBatches(parts: readonly Batch[]): Batch {
  const first = parts[0];
  if (parts.length === 1) return first;
  let length = 0;
  for (const part of parts) {
    assert(part.columns.length === first.columns.length, 'concat of different schemas');
    length += part.length;
  }
  return new Batch(first.columns.map((_, c) => concatVectors(parts.map((p) => p.columns[c]))), length);
}
