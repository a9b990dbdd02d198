// The change between two evaluations of window functions over the same partitions.
import { Batch } from '../data/batch.ts';
import { Delta } from '../data/delta.ts';
import type { DatabaseError } from '../data/error.ts';
import type { RowOrder } from '../data/row-order.ts';
import { concatVectors, takeVector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import type { Pages } from '../state/pages.ts';
import type { OverRows } from './over-rows.ts';
import { keepSame } from './same-rows.ts';
import type { RowPairs } from './same-rows.ts';

export interface Evaluated {
  readonly rows: OverRows;
  /** A value a call for each evaluated row. */
  readonly columns: readonly Vector[];
  /** By number of the evaluated row. */
  readonly errors: ReadonlyMap<number, DatabaseError>;
}

/** The evaluated rows with their values, but for those one of whose values is an error. `shown`: what is shown of rows. */
export function valuesOf({ rows: { ids, evaluated }, columns, errors }: Evaluated, shown: (ids: Int32Array) => Batch): Delta {
  const kept = Int32Array.from(evaluated, (_, n) => n).filter((n) => !errors.has(n));
  const values = errors.size === 0 ? columns : columns.map((column) => takeVector(column, kept));
  return Delta.insert(new Batch([...shown(kept.map((n) => ids[evaluated[n]])).columns, ...values], kept.length));
}

/** What both are of. */
export interface ShownRows {
  readonly pages: Pages;
  readonly order: RowOrder;
  /** Columns of the pages that are in the output. */
  readonly shown: readonly number[];
}

/** null: nothing changed. */
export function changesOf(old: Evaluated, fresh: Evaluated, { pages, order, shown }: ShownRows): Delta | null {
  const pairs = pairUp(old.rows, fresh.rows, order);
  let same = pairs.length;
  for (let c = 0; same > 0 && c < old.columns.length; c++) same = keepSame(old.columns[c], fresh.columns[c], pairs);
  const keptOld = new Uint8Array(old.rows.evaluated.length);
  const keptNew = new Uint8Array(fresh.rows.evaluated.length);
  for (let i = 0; i < pairs.length; i++) {
    if (old.errors.has(pairs.aRows[i]) || fresh.errors.has(pairs.bRows[i])) continue;
    keptOld[pairs.aRows[i]] = pairs.same[i];
    keptNew[pairs.bRows[i]] = pairs.same[i];
  }
  for (const row of old.errors.keys()) keptOld[row] = 1;
  for (const row of fresh.errors.keys()) keptNew[row] = 1;
  const gone = zeros(keptOld);
  const come = zeros(keptNew);
  const length = gone.length + come.length;
  if (length === 0) return null;
  const ids = new Int32Array(length);
  for (let i = 0; i < gone.length; i++) ids[i] = old.rows.ids[old.rows.evaluated[gone[i]]];
  for (let i = 0; i < come.length; i++) ids[gone.length + i] = fresh.rows.ids[fresh.rows.evaluated[come[i]]];
  const weights = new Int32Array(length).fill(1);
  weights.fill(-1, 0, gone.length);
  const values = old.columns.map((column, c) => {
    if (gone.length === 0) return takeVector(fresh.columns[c], come);
    if (come.length === 0) return takeVector(column, gone);
    return concatVectors([takeVector(column, gone), takeVector(fresh.columns[c], come)]);
  });
  return new Delta(new Batch([...pages.gather(ids, shown).columns, ...values], length), weights);
}

function zeros(flags: Uint8Array): Int32Array {
  const out = new Int32Array(flags.length);
  let n = 0;
  for (let i = 0; i < flags.length; i++) if (flags[i] === 0) out[n++] = i;
  return out.subarray(0, n);
}

/** The same copy of the same row in both. Requires: the same segments in the same order. */
function pairUp(old: OverRows, fresh: OverRows, order: RowOrder): RowPairs {
  const limit = Math.min(old.evaluated.length, fresh.evaluated.length);
  const aRows = new Int32Array(limit);
  const bRows = new Int32Array(limit);
  let n = 0;
  let aBase = 0;
  let bBase = 0;
  for (let s = 0; s < old.segments.length; s++) {
    const a = old.segments[s];
    const b = fresh.segments[s];
    let i = a.from;
    let j = b.from;
    while (i < a.to && j < b.to) {
      const c = old.ids[i] === fresh.ids[j] ? 0 : order(old.ids[i], fresh.ids[j]);
      if (c === 0) {
        aRows[n] = aBase + i - a.from;
        bRows[n++] = bBase + j - b.from;
      }
      if (c <= 0) i++;
      if (c >= 0) j++;
    }
    aBase += a.to - a.from;
    bBase += b.to - b.from;
  }
  return { length: n, aRows, bRows, same: new Uint8Array(n).fill(1) };
}
