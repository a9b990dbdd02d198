// Rows in the order of their pages: how scattered rows are read when pages have to be brought in for them.
import { concatBatches } from '../data/batch.ts';
import type { Batch } from '../data/batch.ts';
import { PAGE_SHIFT } from '../data/cells.ts';

/** Positions fit below ids in a double. */
const POSITIONS = 1 << 21;

/** Positions of the first `length` ids, in ascending order of the ids. Requires: length ≤ 2^21. */
export function byPage(ids: Int32Array, length: number): Int32Array {
  const keys = new Float64Array(length);
  for (let i = 0; i < length; i++) keys[i] = ids[i] * POSITIONS + i;
  keys.sort();
  const out = new Int32Array(length);
  // ids of −1 are keys below 0.
  for (let i = 0; i < length; i++) out[i] = keys[i] - Math.floor(keys[i] / POSITIONS) * POSITIONS;
  return out;
}

export const MAX_ORDERED = POSITIONS;

/** The rows of the ids, by `gather`, which is asked for a page at a time. `order`: byPage. */
export function gatherByPage(
  ids: Int32Array, order: Int32Array, isAbsent: (page: number) => boolean, gather: (part: Int32Array) => Batch,
): Batch {
  const sorted = order.map((i) => ids[i]);
  const parts: Batch[] = [];
  let from = 0;
  for (const end of pageEnds(sorted, isAbsent)) {
    parts.push(gather(sorted.subarray(from, end)));
    from = end;
  }
  const places = new Int32Array(ids.length);
  for (let i = 0; i < order.length; i++) places[order[i]] = i;
  return concatBatches(parts).take(places);
}

/** Where each run of ids ends that brings in one page at most. Requires: ascending ids. */
export function* pageEnds(ids: Int32Array, isAbsent: (page: number) => boolean): Generator<number> {
  let brought = -1;
  for (let i = 0; i < ids.length; i++) {
    const page = ids[i] >> PAGE_SHIFT;
    if (ids[i] < 0 || page === brought || !isAbsent(page)) continue;
    if (brought >= 0) yield i;
    brought = page;
  }
  yield ids.length;
}
