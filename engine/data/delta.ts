// Delta: a batch with an Int32 weight per row, a Z-set (Budiu et al., DBSP, VLDB 2023). All change is a Delta.
import { Batch, concatBatches } from './batch.ts';
import type { Schema } from './types.ts';

/**
 * Weight +n: the row is inserted n times; −n: taken away n times; a row may appear several times in one delta
 * (its weights add up). Weight 0 is allowed and means nothing.
 */
export class Delta {
  readonly batch: Batch;
  readonly weights: Int32Array;
  /** It is known that no two rows are equal and no weight is 0. */
  readonly distinct: boolean;

  constructor(batch: Batch, weights: Int32Array, distinct = false) {
    this.batch = batch;
    this.weights = weights;
    this.distinct = distinct;
  }

  get length(): number {
    return this.batch.length;
  }

  static empty(schema: Schema): Delta {
    return new Delta(Batch.empty(schema), new Int32Array(0));
  }

  /** Every row with weight 1. */
  static insert(batch: Batch): Delta {
    return new Delta(batch, new Int32Array(batch.length).fill(1));
  }

  /** Every row with weight −1. */
  static remove(batch: Batch): Delta {
    return new Delta(batch, new Int32Array(batch.length).fill(-1));
  }

  negate(): Delta {
    const weights = new Int32Array(this.length);
    for (let i = 0; i < weights.length; i++) weights[i] = -this.weights[i];
    return new Delta(this.batch, weights);
  }

  take(rows: Int32Array): Delta {
    const weights = new Int32Array(rows.length);
    for (let i = 0; i < rows.length; i++) weights[i] = this.weights[rows[i]];
    return new Delta(this.batch.take(rows), weights);
  }

  /** The same weights on other columns. Requires: as many rows. */
  with(batch: Batch): Delta {
    return new Delta(batch, this.weights);
  }

  slice(start: number, end: number): Delta {
    return new Delta(this.batch.slice(start, end), this.weights.subarray(start, end));
  }
}

/** The sum of Z-sets, not consolidated. Requires: at least one part. */
export function concatDeltas(parts: readonly Delta[]): Delta {
  const full = parts.filter((p) => p.length > 0);
  if (full.length === 0) return parts[0];
  if (full.length === 1) return full[0];
  const batch = concatBatches(full.map((p) => p.batch));
  const weights = new Int32Array(batch.length);
  let at = 0;
  for (const part of full) {
    weights.set(part.weights, at);
    at += part.length;
  }
  return new Delta(batch, weights);
}

/** −1s, then as many +1s: shared by all who replace rows, so that they need not be made a step. */
let signs = new Int32Array(0);

/** The weights of `olds` rows taken out, followed by `fresh` rows put in. */
export function replacementWeights(olds: number, fresh: number): Int32Array {
  const most = Math.max(olds, fresh);
  if (2 * most > signs.length) {
    const half = Math.max(1024, 2 * most);
    signs = new Int32Array(2 * half).fill(-1, 0, half).fill(1, half);
  }
  const middle = signs.length >> 1;
  return signs.subarray(middle - olds, middle + fresh);
}

/** Every weight is above 0. */
export function insertsOnly({ weights }: Delta): boolean {
  for (let i = 0; i < weights.length; i++) if (weights[i] <= 0) return false;
  return true;
}

/** What a delta's rows take in memory. */
export function deltaBytes({ batch, length }: Delta): number {
  let bytes = 4 * length;
  for (const column of batch.columns) {
    if (column.layout === 'bytes') bytes += 4 * length + column.offsets[length] - column.offsets[0];
    else bytes += column.layout === 'fixed16' ? 16 * length : column.values.BYTES_PER_ELEMENT * length;
  }
  return bytes;
}

/** The rows in their order, each as often as it weighs; not at all where that is 0 or less. */
export function repeatedRows(rows: Int32Array, weights: Int32Array): Int32Array {
  let total = 0;
  for (const row of rows) total += Math.max(0, weights[row]);
  const out = new Int32Array(total);
  let at = 0;
  for (const row of rows) for (let n = weights[row]; n > 0; n--) out[at++] = row;
  return out;
}

/** The rows of a multiset one by one. */
export function repeated({ batch, weights }: Delta): Batch {
  return batch.take(repeatedRows(Int32Array.from(weights, (_, row) => row), weights));
}
