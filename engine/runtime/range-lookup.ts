// Range look-ups: rows of a relation by intervals of a key, in order where that spares reading all of them.
import { flatColumn } from '../data/cells.ts';
import type { Delta } from '../data/delta.ts';
import { RangeEdges } from '../state/key-range.ts';
import type { KeyRange, RangeLookup, RangeOrder } from '../state/key-range.ts';
import type { OrderedIndex } from '../state/ordered-index.ts';

/** Where no index serves: the rows that lie in one of the ranges. */
export class RangeFilter {
  readonly #columns: readonly number[];
  readonly #edges: readonly RangeEdges[];

  constructor({ columns, types, ranges }: RangeLookup) {
    this.#columns = columns;
    this.#edges = ranges.map((range) => new RangeEdges(range, types));
  }

  /** Requires: the relation's rows, all columns. */
  apply(delta: Delta): Delta {
    const { batch, length } = delta;
    const place = this.#columns.map((c) => flatColumn(batch.columns[c]));
    const tests = this.#edges.map((edges) => ({ before: edges.before(place), upTo: edges.upTo(place) }));
    const rows = new Int32Array(length);
    let n = 0;
    for (let i = 0; i < length; i++) if (tests.some((t) => !t.before(i) && t.upTo(i))) rows[n++] = i;
    return n === length ? delta : delta.take(rows.subarray(0, n));
  }
}

/** More of a relation's rows than this share are read faster page by page. */
const SHARE = 4;
/** Rows read in order that the reader does not take: from this share of them on, all are read at once. */
const PASSED_SHARE = 16;
/** Rows of small relations count for nothing. */
const FEW = 256;
/** Rows read in order at first; then more at a time. */
const FIRST_PORTION = 64;
const MOST_PORTION = 8192;

/** The ids of the rows to read, of all that lie in the ranges or the first ones; null: scanning is better. Requires: settled. */
export function rangeRows(
  index: OrderedIndex, lookup: RangeLookup, total: number, read: (ids: Int32Array) => Delta,
): Int32Array | null {
  const most = total / SHARE + FEW;
  if (lookup.order !== null) {
    return firstRows(index, { lookup, order: lookup.order, most, passable: total / PASSED_SHARE + FEW, read });
  }
  let entries = 0;
  for (const range of lookup.ranges) {
    entries += index.count(range);
    if (entries > most) return null;
  }
  return together(lookup.ranges.map((range) => index.rows(range)));
}

interface FirstRows {
  readonly lookup: RangeLookup;
  readonly order: RangeOrder;
  /** Rows worth reading one by one. */
  readonly most: number;
  readonly passable: number;
  readonly read: (ids: Int32Array) => Delta;
}

function firstRows(index: OrderedIndex, { lookup, order, most, passable, read }: FirstRows): Int32Array | null {
  const parts: Int32Array[] = [];
  let seen = 0;
  let passed = 0;
  let portion = Math.max(FIRST_PORTION, Math.min(order.enough, MOST_PORTION));
  for (const range of lookup.ranges) {
    for (const ids of index.inOrder(range, order.descending, portion)) {
      parts.push(ids);
      seen += ids.length;
      passed += order.passing === null ? ids.length : order.passing(read(ids));
      if (passed >= order.enough) {
        const ties: KeyRange = { prefix: index.keyOf(ids[ids.length - 1], order.columns), lower: null, upper: null };
        if (seen + index.count(ties) > most) return null;
        return together([...parts, index.rows(ties)]);
      }
      if (seen > passable + order.enough) return null;
      portion = Math.min(MOST_PORTION, portion * 4);
    }
  }
  return together(parts);
}

/** All ids once, ascending: rows of one page are read together. */
function together(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  all.sort();
  let n = 0;
  for (let i = 0; i < all.length; i++) if (i === 0 || all[i] !== all[i - 1]) all[n++] = all[i];
  return all.subarray(0, n);
}
