// TimedRows: the rows of an input by key, those of one key in a tree in order of their time: for ASOF joins and sessions.
import type { Batch } from '../data/batch.ts';
import type { CellColumn } from '../data/cells.ts';
import { Delta } from '../data/delta.ts';
import { assert } from '../data/error.ts';
import { nullRows } from '../data/row-key.ts';
import { rowOrder, totalOrder } from '../data/row-order.ts';
import type { RowOrder } from '../data/row-order.ts';
import type { Schema } from '../data/types.ts';
import type { Vector } from '../data/vector.ts';
import { liveIds } from '../state/key-index.ts';
import type { KeyTable } from '../state/key-table.ts';
import { EvictableInts } from '../state/evictable-ints.ts';
import { NO_ROW, OrderTree } from '../state/order-tree.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { RowSet } from '../state/row-set.ts';

export interface TimedRowsSpec {
  /** Key columns, and which of them a NULL keeps from matching. */
  readonly keys: readonly number[];
  readonly strictKeys: readonly number[];
  readonly time: number;
  readonly descending: boolean;
}

/** A row that came by in this step; its weight may have changed. */
export interface TimedChange {
  readonly id: number;
  readonly group: number;
  readonly before: number;
}

export class TimedRows {
  readonly schema: Schema;
  readonly time: number;
  readonly tree: OrderTree;
  /** By time alone. */
  readonly timeOrder: RowOrder;
  readonly timeCells: CellColumn;
  changes: readonly TimedChange[] = [];
  readonly #keys: readonly number[];
  /** Columns in which NULL matches nothing: strict keys and the time. */
  readonly #strict: readonly number[];
  readonly #rows: RowSet;
  /** By group: its tree. */
  readonly #roots: EvictableInts;

  constructor(schema: Schema, { keys, strictKeys, time, descending }: TimedRowsSpec) {
    this.schema = schema;
    this.time = time;
    this.#keys = keys;
    this.#strict = [...strictKeys.map((k) => keys[k]), time];
    this.#rows = new RowSet(schema);
    this.#roots = new EvictableInts(this.#rows.pages, NO_ROW);
    this.#roots.ensure(1);
    const cells = schema.columns.map((_, c): CellColumn => this.#rows.pages.cells(c));
    const order = [{ column: time, descending, nullsFirst: false }];
    this.timeCells = cells[time];
    this.timeOrder = rowOrder(cells, order);
    this.tree = new OrderTree(totalOrder(cells, order), this.#rows.pages);
  }

  get rows(): number { return this.#rows.pages.rows; }
  get bytes(): number { return this.#rows.bytes + this.tree.bytes + this.#roots.bytes; }

  root(group: number): number {
    return group < this.#roots.length ? this.#roots.get(group) : NO_ROW;
  }

  /** `rest`: rows that match nothing, for a NULL in key or time. */
  split(delta: Delta): { readonly timed: Delta; readonly rest: Delta } {
    const strict = this.#strict.map((c) => delta.batch.columns[c]);
    const marks = new Uint8Array(delta.length);
    if (strict.every((v) => v.validity === null) || !nullRows(strict, delta.length, marks)) {
      return { timed: delta, rest: delta.slice(0, 0) };
    }
    const rows = Int32Array.from(marks.keys());
    return { timed: delta.take(rows.filter((i) => marks[i] === 0)), rest: delta.take(rows.filter((i) => marks[i] === 1)) };
  }

  /** The group of each row; new keys get new ones. */
  findGroups({ batch, length }: Delta, table: KeyTable | null): Int32Array {
    const out = new Int32Array(length);
    if (table !== null) {
      table.findOrInsert(this.#keys.map((c) => batch.columns[c]), length, out);
      this.#roots.ensure(table.pages.idLimit);
    }
    return out;
  }

  /** Adds weights to the rows; the trees stay as they are until `apply`. */
  change(delta: Delta, groups: Int32Array): void {
    this.#rows.change(delta, () => assert(false, 'timed rows are held once'));
    const { ids, touched, pages } = this.#rows;
    this.tree.reserve(pages.idLimit);
    const groupOf = new Map<number, number>();
    for (let i = 0; i < delta.length; i++) groupOf.set(ids[i], groups[i]);
    const changes: TimedChange[] = [];
    for (let t = 0; t < touched.length; t++) {
      const id = touched.ids[t];
      changes.push({ id, group: groupOf.get(id) ?? 0, before: touched.notes[t] });
    }
    this.changes = changes;
  }

  /** Brings the trees up to the rows. */
  apply(): void {
    for (const { id, group, before } of this.changes) this.#put(group, id, Math.max(0, before));
  }

  #put(group: number, id: number, before: number): void {
    const now = Math.max(0, this.#rows.pages.weight(id));
    const root = this.#roots.get(group);
    if (before === now) return;
    if (before === 0) this.#roots.set(group, this.tree.insert(root, id, now));
    else if (now === 0) this.#roots.set(group, this.tree.remove(root, id));
    else this.tree.addWeight(root, id, now - before);
  }

  /** Frees the rows of this step whose weight came to 0. */
  dropEmpty(): void {
    const { pages } = this.#rows;
    this.#rows.drop(Int32Array.from(this.changes.flatMap(({ id }) => (pages.weight(id) === 0 ? [id] : []))));
    this.changes = [];
  }

  /** Rows of the state; −1 gives a row of NULLs. */
  gather(ids: Int32Array): Batch {
    return this.#rows.pages.gather(ids, null, true);
  }

  column(column: number, ids: Int32Array): Vector {
    return this.#rows.pages.gatherColumn(column, ids);
  }

  /** The ids of all rows, page by page. */
  *pages(): Generator<Int32Array> {
    const { pages } = this.#rows;
    for (let number = 0; number < pages.pageCount; number++) {
      const ids = liveIds(pages, number);
      if (ids.length > 0) yield ids;
    }
  }

  weight(id: number): number {
    return this.#rows.pages.weight(id);
  }

  weights(ids: Int32Array): Int32Array {
    return this.#rows.pages.gatherWeights(ids);
  }

  save(name: string, out: StateWriter): void {
    this.#rows.save(name, out);
  }

  restore(name: string, from: StateReader, table: KeyTable | null): void {
    this.#rows.restore(name, from);
    const { pages } = this.#rows;
    this.tree.reserve(pages.idLimit);
    for (const ids of this.pages()) {
      const groups = this.findGroups(new Delta(pages.gather(ids), ids), table);
      for (let i = 0; i < ids.length; i++) this.#put(groups[i], ids[i], 0);
    }
  }
}
