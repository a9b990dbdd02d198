// Sorting rows: by a number a row (engine/data/sort-rank.ts), a stable merge sort; rows of equal numbers then among
// themselves, by what follows. In turns with whatever else is to be done.
import { atOnce } from './at-once.ts';
import type { Batch } from './batch.ts';
import { flatColumn } from './cells.ts';
import type { CellColumn } from './cells.ts';
import { rowOrder } from './row-order.ts';
import type { KeyOrder, RowOrder } from './row-order.ts';
import { isRefinable, ranked } from './sort-rank.ts';
import { takeVector } from './vector.ts';

/** Rows that are merged between two turns, and those that are sorted in the nearer caches before runs are merged. */
const TURN_ROWS = 4096;
/** Runs to begin with. An even number of doublings below TURN_ROWS: rows of a block end in the arrays they began in. */
const SHORT_RUN = 16;
/** So few rows of equal rank are compared with each other. */
const FEW_ROWS = 32;
/** Rows that so many ranks of one key do not tell apart are: of texts that begin one another, each would end few. */
const MOST_ROUNDS = 4;

/** Bytes a row that sorting takes. */
export const SORT_BYTES = 24;

/** Row numbers of the batch in order; rows that compare equal keep theirs. */
export function sortBatch(batch: Batch, keys: readonly KeyOrder[]): Int32Array {
  return atOnce(sorting(batch, keys));
}

/** The same, in turns. `ties`: the order of rows whose keys are equal; null: they keep theirs. */
export function* sorting(batch: Batch, keys: readonly KeyOrder[], ties: RowOrder | null = null): Generator<null, Int32Array> {
  const rows = new Int32Array(batch.length);
  for (let i = 0; i < rows.length; i++) rows[i] = i;
  yield* new Sorting(batch, keys, ties).sort(rows);
  return rows;
}

/** Rows low .. high − 1 are equal by the keys before number `key`, and by the ranks of so many rounds of that key. */
interface Part {
  readonly low: number;
  readonly high: number;
  readonly key: number;
  readonly rounds: number;
}

class Sorting {
  readonly #batch: Batch;
  readonly #keys: readonly KeyOrder[];
  readonly #ties: RowOrder | null;
  readonly #cells: readonly CellColumn[];
  /** By number of key, as far as asked for: the order by it and those behind it. */
  readonly #orders: RowOrder[] = [];

  constructor(batch: Batch, keys: readonly KeyOrder[], ties: RowOrder | null) {
    this.#batch = batch;
    this.#keys = keys;
    this.#ties = ties;
    this.#cells = batch.columns.map(flatColumn);
  }

  *sort(rows: Int32Array): Generator<null> {
    const parts: Part[] = [{ low: 0, high: rows.length, key: 0, rounds: 0 }];
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const { low, high, key } = part;
      if (high - low > FEW_ROWS) yield* this.#sortPart(rows, part, parts);
      else if (!this.#isOver(key)) insertion(rows.subarray(low, high), null, 0, high - low, this.#orderFrom(key));
    }
  }

  /** Parts of it that are not sorted yet go to `parts`. */
  *#sortPart(rows: Int32Array, { low, high, key, rounds }: Part, parts: Part[]): Generator<null> {
    if (this.#isOver(key)) return;
    const own = rows.subarray(low, high);
    const ranks = new Float64Array(high - low);
    const { exact, refinable } = yield* this.#rank(own, { key, rounds }, ranks);
    const merge = new MergeSort(own, ranks, exact || refinable ? null : this.#orderFrom(key));
    yield* merge.run();
    if (!exact && !refinable) return;
    const next = exact ? key + 1 : key;
    if (this.#isOver(next)) return;
    const sorted = merge.ranks;
    for (let from = 0, to = 1; from < sorted.length; from = to++) {
      while (to < sorted.length && sorted[to] === sorted[from]) to++;
      if (to - from > FEW_ROWS) {
        parts.push({ low: low + from, high: low + to, key: next, rounds: exact ? 0 : rounds + 1 });
      }
      if (to - from > 1 && to - from <= FEW_ROWS) insertion(own, null, from, to, this.#orderFrom(next));
      if (Math.floor(from / TURN_ROWS) !== Math.floor(to / TURN_ROWS)) yield null;
    }
  }

  *#rank(
    rows: Int32Array, { key, rounds }: { readonly key: number; readonly rounds: number }, ranks: Float64Array,
  ): Generator<null, { exact: boolean; refinable: boolean }> {
    // Nothing but what orders them is left.
    if (key === this.#keys.length) return { exact: false, refinable: false };
    const all = this.#batch.columns[this.#keys[key].column];
    const column = rows.length === this.#batch.length && key === 0 ? all : takeVector(all, rows);
    return { exact: yield* ranked(column, this.#keys[key], ranks), refinable: rounds < MOST_ROUNDS && isRefinable(column) };
  }

  #isOver(key: number): boolean {
    return key === this.#keys.length && this.#ties === null;
  }

  #orderFrom(key: number): RowOrder {
    const known = this.#orders[key];
    if (known !== undefined) return known;
    const keys = this.#keys.slice(key);
    const ties = this.#ties;
    const byKeys = keys.length === 0 ? null : rowOrder(this.#cells, keys);
    const order: RowOrder = byKeys === null ? (a, b) => ties?.(a, b) ?? 0
      : ties === null ? byKeys : (a, b) => byKeys(a, b) || ties(a, b);
    this.#orders[key] = order;
    return order;
  }
}

/** Few rows, or nearly in order. */
function insertion(rows: Int32Array, ranks: Float64Array | null, low: number, high: number, order: RowOrder | null): void {
  for (let i = low + 1; i < high; i++) {
    const row = rows[i];
    const rank = ranks === null ? 0 : ranks[i];
    let j = i - 1;
    for (; j >= low; j--) {
      const before = ranks === null ? 0 : ranks[j];
      if (before < rank || (before === rank && (order === null || order(rows[j], row) <= 0))) break;
      rows[j + 1] = rows[j];
      if (ranks !== null) ranks[j + 1] = before;
    }
    rows[j + 1] = row;
    if (ranks !== null) ranks[j + 1] = rank;
  }
}

/** Two runs, one behind the other: rows low .. middle − 1 and middle .. high − 1. */
interface Runs {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/** Rows and their ranks, merged back and forth between two places. */
class MergeSort {
  #rows: Int32Array;
  #ranks: Float64Array;
  #otherRows: Int32Array;
  #otherRanks: Float64Array;
  /** Of rows of equal rank; null: they are equal. */
  readonly #order: RowOrder | null;

  constructor(rows: Int32Array, ranks: Float64Array, order: RowOrder | null) {
    this.#rows = rows;
    this.#ranks = ranks;
    this.#otherRows = new Int32Array(rows.length);
    this.#otherRanks = new Float64Array(rows.length);
    this.#order = order;
  }

  /** In order, once it has run. */
  get ranks(): Float64Array {
    return this.#ranks;
  }

  /** Leaves the given rows in order. */
  *run(): Generator<null> {
    const given = this.#rows;
    const { length } = given;
    for (let at = 0; at < length; at += TURN_ROWS) {
      this.#block(at, Math.min(at + TURN_ROWS, length));
      yield null;
    }
    for (let width = TURN_ROWS; width < length; width *= 2) {
      for (let low = 0; low < length; low += 2 * width) {
        yield* this.#merge({ low, middle: Math.min(low + width, length), high: Math.min(low + 2 * width, length) });
      }
      this.#swap();
    }
    if (this.#rows !== given) given.set(this.#rows);
  }

  #block(low: number, high: number): void {
    for (let at = low; at < high; at += SHORT_RUN) {
      insertion(this.#rows, this.#ranks, at, Math.min(at + SHORT_RUN, high), this.#order);
    }
    for (let width = SHORT_RUN; width < TURN_ROWS; width *= 2) {
      for (let at = low; at < high; at += 2 * width) {
        const runs = { low: at, middle: Math.min(at + width, high), high: Math.min(at + 2 * width, high) };
        if (!this.#copied(runs)) this.#take(runs, { i: at, j: runs.middle, k: at }, TURN_ROWS);
      }
      this.#swap();
    }
  }

  *#merge(runs: Runs): Generator<null> {
    if (this.#copied(runs)) {
      yield null;
      return;
    }
    const at = { i: runs.low, j: runs.middle, k: runs.low };
    while (at.k < runs.high) {
      this.#take(runs, at, TURN_ROWS);
      yield null;
    }
  }

  /** Whether one behind the other is their order. */
  #copied({ low, middle, high }: Runs): boolean {
    if (middle < high) {
      const a = this.#ranks[middle - 1];
      const b = this.#ranks[middle];
      if (a > b || (a === b && this.#order !== null && this.#order(this.#rows[middle - 1], this.#rows[middle]) > 0)) return false;
    }
    this.#otherRows.set(this.#rows.subarray(low, high), low);
    this.#otherRanks.set(this.#ranks.subarray(low, high), low);
    return true;
  }

  /** At most so many of the next rows. */
  #take({ middle, high }: Runs, at: { i: number; j: number; k: number }, count: number): void {
    const rows = this.#rows;
    const ranks = this.#ranks;
    const toRows = this.#otherRows;
    const toRanks = this.#otherRanks;
    const order = this.#order;
    let { i, j, k } = at;
    const end = Math.min(k + count, high);
    for (; k < end && i < middle && j < high; k++) {
      const a = ranks[i];
      const b = ranks[j];
      if (a < b || (a === b && (order === null || order(rows[i], rows[j]) <= 0))) {
        toRows[k] = rows[i++];
        toRanks[k] = a;
      } else {
        toRows[k] = rows[j++];
        toRanks[k] = b;
      }
    }
    for (; k < end && i < middle; k++, i++) {
      toRows[k] = rows[i];
      toRanks[k] = ranks[i];
    }
    for (; k < end; k++, j++) {
      toRows[k] = rows[j];
      toRanks[k] = ranks[j];
    }
    at.i = i;
    at.j = j;
    at.k = k;
  }

  #swap(): void {
    [this.#rows, this.#otherRows] = [this.#otherRows, this.#rows];
    [this.#ranks, this.#otherRanks] = [this.#otherRanks, this.#ranks];
  }
}
