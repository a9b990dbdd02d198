// Which groups a step has changed: results before and after, compared row by row.
import type { DatabaseError } from '../data/error.ts';
import type { Vector } from '../data/vector.ts';
import { rowNumbers } from '../state/scratch.ts';
import { keepSame } from './same-rows.ts';
import type { RowPairs } from './same-rows.ts';

/** Groups: their slots, and for each a row of the input that is in it. */
export interface Groups {
  readonly slots: Int32Array;
  readonly rows: Int32Array;
}

/** The groups shown before and after a step, and which of them have an error (by number). */
export interface Shown extends Groups {
  readonly errors: ReadonlyMap<number, DatabaseError>;
}

/**
 * Of the results of old groups and then of fresh ones, in `columns`: the rows to take out and to put in, null for all.
 * Not those that stay as they are, no errors. Requires: both are in the order of `touched`, of which they are parts.
 */
export function changedRows(
  old: Shown, fresh: Shown, columns: readonly Vector[], touched: Int32Array,
): Int32Array | null {
  const pairs = pairUp(old, fresh, touched);
  let same = pairs.length;
  for (let c = 0; same > 0 && c < columns.length; c++) same = keepSame(columns[c], columns[c], pairs);
  if (same === 0 && old.errors.size === 0 && fresh.errors.size === 0) return null;
  const total = old.slots.length + fresh.slots.length;
  const left = new Uint8Array(total);
  for (let i = 0; i < pairs.length; i++) {
    left[pairs.aRows[i]] = pairs.same[i];
    left[pairs.bRows[i]] = pairs.same[i];
  }
  for (const row of old.errors.keys()) left[row] = 1;
  for (const row of fresh.errors.keys()) left[old.slots.length + row] = 1;
  const kept = new Int32Array(total);
  let count = 0;
  for (let row = 0; row < total; row++) if (left[row] === 0) kept[count++] = row;
  return kept.subarray(0, count);
}

const scratchPairs = { aRows: new Int32Array(1024), bRows: new Int32Array(1024), same: new Uint8Array(1024) };

/** Rows of the same group in both, without an error. */
function pairUp(old: Shown, fresh: Shown, touched: Int32Array): RowPairs {
  const olds = old.slots.length;
  const limit = Math.min(olds, fresh.slots.length);
  if (scratchPairs.same.length < limit) {
    scratchPairs.aRows = new Int32Array(limit * 2);
    scratchPairs.bRows = new Int32Array(limit * 2);
    scratchPairs.same = new Uint8Array(limit * 2);
  }
  const { aRows, bRows, same } = scratchPairs;
  same.fill(1, 0, limit);
  const withErrors = old.errors.size > 0 || fresh.errors.size > 0;
  if (olds === touched.length && fresh.slots.length === olds && !withErrors) {
    const all = rowNumbers(2 * olds);
    return { length: olds, aRows: all.subarray(0, olds), bRows: all.subarray(olds), same };
  }
  let length = 0;
  let a = 0;
  let b = 0;
  for (let i = 0; i < touched.length; i++) {
    const inOld = a < olds && old.slots[a] === touched[i];
    const inFresh = b < fresh.slots.length && fresh.slots[b] === touched[i];
    if (inOld && inFresh && !(withErrors && (old.errors.has(a) || fresh.errors.has(b)))) {
      aRows[length] = a;
      bRows[length++] = olds + b;
    }
    if (inOld) a++;
    if (inFresh) b++;
  }
  return { length, aRows, bRows, same };
}
