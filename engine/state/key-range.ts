// KeyRange: an interval of composite keys in ascending order, NULLs last; and where a row stands to it.
import { batchFromRows } from '../data/access.ts';
import { flatColumn } from '../data/cells.ts';
import type { CellColumn } from '../data/cells.ts';
import type { Datum } from '../data/datum.ts';
import type { Delta } from '../data/delta.ts';
import { ascendingOrder, crossOrder } from '../data/row-order.ts';
import type { KeyOrder } from '../data/row-order.ts';
import type { LogicalType } from '../data/types.ts';

export interface Bound {
  readonly value: Datum;
  readonly inclusive: boolean;
}

/**
 * Keys whose first columns are `prefix` (NULL equals NULL) and whose next column lies between the bounds. `present`: it is not
 * NULL, which bounds ask for anyway.
 */
export interface KeyRange {
  readonly prefix: readonly Datum[];
  readonly lower: Bound | null;
  readonly upper: Bound | null;
  readonly present?: boolean;
}

export interface RangeLookup {
  /** Of the relation: those of an index, in its order. */
  readonly columns: readonly number[];
  readonly types: readonly LogicalType[];
  /** They may overlap. With `order`: disjoint, in the order of reading. */
  readonly ranges: readonly KeyRange[];
  readonly order: RangeOrder | null;
}

/** Not all rows are wanted, but at least the first so many in the order of the index. */
export interface RangeOrder {
  readonly descending: boolean;
  /** Leading columns of the index that the reader's order has; rows that are equal in them are read all or not at all. */
  readonly columns: number;
  readonly enough: number;
  /** How many of the rows found, with the columns asked for, count; null: all do. */
  readonly passing: ((rows: Delta) => number) | null;
}

/** Tells of a row by its number. */
export type RowTest = (row: number) => boolean;

/** A key, perhaps of the first columns only, that rows are compared with. */
interface Edge {
  readonly cells: readonly CellColumn[];
  readonly order: readonly KeyOrder[];
  /** A row that equals it comes before it. */
  readonly after: boolean;
}

/** A range made ready for comparisons; what places have the key columns of `types` in their order. */
export class RangeEdges {
  /** null: rows from the first, to the last. */
  readonly #start: Edge | null;
  readonly #end: Edge | null;

  constructor(range: KeyRange, types: readonly LogicalType[]) {
    const { prefix, lower, upper, present } = range;
    const whole = prefix.length === 0 ? null : prefix;
    const ranged = lower !== null || upper !== null || present === true;
    this.#start = lower !== null ? edge([...prefix, lower.value], types, !lower.inclusive)
      : whole === null ? null : edge(whole, types, false);
    this.#end = upper !== null ? edge([...prefix, upper.value], types, upper.inclusive)
      : ranged ? edge([...prefix, null], types, false) : whole === null ? null : edge(whole, types, true);
  }

  /** Does a row of this place come before the range? */
  before(place: readonly CellColumn[]): RowTest {
    return this.#start === null ? () => false : isBefore(place, this.#start);
  }

  /** Does a row of this place come before the range's end: in the range or before it? */
  upTo(place: readonly CellColumn[]): RowTest {
    return this.#end === null ? () => true : isBefore(place, this.#end);
  }
}

function edge(values: readonly Datum[], types: readonly LogicalType[], after: boolean): Edge {
  const schema = { columns: values.map((_, i) => ({ name: `k${i}`, type: types[i] })) };
  return {
    cells: batchFromRows(schema, [values]).columns.map(flatColumn), after,
    order: ascendingOrder(values.length),
  };
}

function isBefore(place: readonly CellColumn[], { cells, order, after }: Edge): RowTest {
  const compare = crossOrder(place, cells, order);
  return after ? (row) => compare(row, 0) <= 0 : (row) => compare(row, 0) < 0;
}

/** The first of rows `from` .. `to` − 1 for which the test is false; `to` where there is none. Requires: true, then false. */
export function firstNot(test: RowTest, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (test(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
