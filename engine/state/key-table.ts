// KeyTable: key columns of a batch → slots, which are row ids in Pages that hold one row a key.
import { Batch } from '../data/batch.ts';
import { INT8 } from '../data/types.ts';
import { Int64Vector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import { GivenRows, KeyIndex, liveIds } from './key-index.ts';
import type { KeyIndexOptions, NewKeyRows } from './key-index.ts';
import { Pages } from './pages.ts';

/**
 * The pages' other columns are the caller's (accumulators): cells of a new key's row hold anything at first.
 * What the pages hold is saved and restored by their owner; call `rebuild` after a restore.
 * Hot: bench/operator key-table.
 */
export class KeyTable implements NewKeyRows {
  readonly pages: Pages;
  /** Of the last findOrInsert: the new slots, and the rows of the batch they stand for, in order of appearance. */
  inserted = new Int32Array(64);
  insertedRows = new Int32Array(64);
  readonly #columns: readonly number[];
  readonly #index: KeyIndex;
  #keys: readonly Vector[] = [];
  #count = 0;

  constructor(pages: Pages, keyColumns: readonly number[], options: KeyIndexOptions = {}) {
    this.pages = pages;
    this.#columns = keyColumns;
    this.#index = new KeyIndex(pages, keyColumns, options);
  }

  /** Keys held. */
  get size(): number { return this.#index.size; }
  /** Of the index; the pages' are apart. */
  get bytes(): number { return this.#index.bytes; }

  /** Slot of each row's key, −1 where absent. Requires: out.length ≥ length. */
  find(keys: readonly Vector[], length: number, out: Int32Array): void {
    this.#index.find(keys, length, out);
  }

  /** Slot of each row's key; absent keys are added. Returns how many were: see `inserted`. */
  findOrInsert(keys: readonly Vector[], length: number, out: Int32Array): number {
    if (this.inserted.length < length) {
      this.inserted = new Int32Array(length * 2);
      this.insertedRows = new Int32Array(length * 2);
    }
    this.#keys = keys;
    this.#count = 0;
    this.#index.findOrInsert(keys, length, out, this);
    return this.#count;
  }

  /** For the index alone, as is `write`: methods, not closures, so that compiled code serves every table. */
  take(): number {
    return this.pages.take();
  }

  write(rows: Int32Array, count: number, ids: Int32Array): void {
    const { inserted, insertedRows } = this;
    const from = this.#count;
    for (let i = 0; i < count; i++) {
      insertedRows[from + i] = rows[i];
      inserted[from + i] = ids[rows[i]];
    }
    const plan = {
      length: count,
      rows: insertedRows.subarray(from, from + count),
      ids: inserted.subarray(from, from + count),
    };
    for (let k = 0; k < this.#columns.length; k++) this.pages.write(this.#columns[k], this.#keys[k], plan);
    this.#count += count;
  }

  /**
   * Rows that are in the pages, keys written, become slots. `out`: the slot of each one's key, which is another row where
   * the key was there already.
   */
  adopt(ids: Int32Array, out: Int32Array): void {
    const keys = this.#columns.map((c) => this.pages.gatherColumn(c, ids));
    this.#index.findOrInsert(keys, ids.length, out, new GivenRows(ids));
  }

  /** Forgets keys and frees their rows. */
  remove(slots: Int32Array, length: number): void {
    this.#index.removeRows(slots, length);
    this.pages.free(slots, length);
  }

  /** The keys of these slots. */
  keys(slots: Int32Array): Batch {
    return this.pages.gather(slots, this.#columns);
  }

  /** The index anew from the pages, in turns. Requires: nothing was inserted yet. */
  *rebuild(): Generator<null> {
    for (let number = 0; number < this.pages.pageCount; number++) {
      const ids = liveIds(this.pages, number);
      if (ids.length > 0) this.#index.addRows(ids);
      yield null;
    }
  }
}

/** As KEPT_CELLS: a query finds the code that was compiled for those before it. */
export const KEPT_TABLE = new KeyTable(new Pages({ columns: [{ name: 'key', type: INT8 }] }), [0]);
KEPT_TABLE.findOrInsert([new Int64Vector(INT8, 1, BigInt64Array.of(0n))], 1, new Int32Array(1));
