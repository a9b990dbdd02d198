// Arrangement: an indexed Z-set in pages; what tables, views and operators keep their rows in.
import { atOnce } from '../data/at-once.ts';
import { Batch } from '../data/batch.ts';
import { cellsOf } from '../data/cells.ts';
import { Delta } from '../data/delta.ts';
import { matchRows, rowsEqual } from '../data/row-key.ts';
import type { Schema } from '../data/types.ts';
import type { Vector } from '../data/vector.ts';
import type { StateSize } from '../operator/operator.ts';
import type { ChainWalk, Pairs } from './chain-walk.ts';
import { KeyChains } from './key-chains.ts';
import { GivenRows, KeyIndex, liveIds } from './key-index.ts';
import type { KeyIndexOptions } from './key-index.ts';
import { netRows, owesRows } from './page-weights.ts';
import { Pages } from './pages.ts';
import type { PagesSnapshot } from './pages-snapshot.ts';
import type { StateReader, StateWriter } from './ports.ts';
import { rowNumbers } from './scratch.ts';

/** Rows of a chain looked at for one retraction before an index over whole rows is made. */
const WALK = 32;

/** Who is told which rows come to the pages and, before they leave, which do. */
export interface RowObserver {
  /** In memory. */
  readonly bytes: number;
  link(ids: Int32Array, length: number): void;
  unlink(ids: Int32Array, length: number): void;
}

/** Entries that rows of a delta (by number) came to. */
export type InsertedRows = (rows: Int32Array, ids: Int32Array) => void;

/**
 * A row is identified exactly (row-key.ts): what was put in is what is taken out. The same row may be held as several
 * entries whose weights add up, until the first retraction that finds it through the index over whole rows.
 * Weights below 0 are held too (a retraction that came before its insertion).
 */
export class Arrangement {
  readonly schema: Schema;
  readonly pages: Pages;
  /** The index by the key given at construction, if any: see `ready`. */
  readonly key: KeyChains | null;
  #indexes: KeyChains[];
  /** Those of them that know the rows; the others are made when somebody asks them. */
  #made: KeyChains[];
  /** The one that is being made in turns, and what is left of it. */
  #making: { readonly index: KeyChains; readonly work: Generator<null> } | null = null;
  /** Whole row → its one entry; made when a retraction needs it. */
  #rows: KeyIndex | null = null;
  #ids = new Int32Array(1024);
  #observers: RowObserver[] = [];

  /** `keyColumns` null: rows are only scanned; []: one key for all rows. */
  constructor(schema: Schema, keyColumns: readonly number[] | null, options: KeyIndexOptions = {}) {
    this.schema = schema;
    this.pages = new Pages(schema);
    this.key = keyColumns === null ? null : new KeyChains(this.pages, keyColumns, options);
    this.#indexes = this.key === null ? [] : [this.key];
    this.#made = this.#indexes.slice();
  }

  /** Entries held: rows, where none is held twice. */
  get rows(): number { return this.pages.rows; }

  /** One more index, over what is there and what comes. */
  addIndex(columns: readonly number[], options: KeyIndexOptions = {}): KeyChains {
    const index = new KeyChains(this.pages, columns, options);
    atOnce(index.rebuild());
    this.#indexes.push(index);
    this.#made.push(index);
    return index;
  }

  /** The index, made if it is to be made. Whoever has it from elsewhere asks for it here before each use. */
  ready(index: KeyChains): KeyChains {
    if (this.#making?.index === index) this.#endMaking();
    if (!this.#made.includes(index)) {
      atOnce(index.rebuild());
      this.#made.push(index);
    }
    return index;
  }

  /** Makes the index before anybody asks, in turns; who asks for it or changes rows meanwhile makes the rest at once. */
  *making(index: KeyChains): Generator<null> {
    this.#endMaking();
    if (this.#made.includes(index)) return;
    const making = { index, work: index.rebuild() };
    this.#making = making;
    try {
      while (this.#making === making) {
        if (making.work.next().done === true) this.#endMaking();
        else yield null;
      }
    } catch (error) {
      // It is begun anew by who asks for it.
      this.#making = null;
      throw error;
    }
  }

  #endMaking(): void {
    if (this.#making === null) return;
    const { index, work } = this.#making;
    this.#making = null;
    atOnce(work);
    this.#made.push(index);
  }

  dropIndex(index: KeyChains): void {
    this.#indexes = this.#indexes.filter((i) => i !== index);
    this.#made = this.#made.filter((i) => i !== index);
    if (this.#making?.index === index) this.#making = null;
    index.release();
  }

  observe(observer: RowObserver): void {
    this.#observers.push(observer);
  }

  unobserve(observer: RowObserver): void {
    this.#observers = this.#observers.filter((o) => o !== observer);
  }

  #tellGone(ids: Int32Array): void {
    for (const observer of this.#observers) observer.unlink(ids, ids.length);
  }

  /** Adds a Z-set. `inserted`: told the entries that rows of weight above 0 came to (their ids, by row of the delta). */
  apply(delta: Delta, inserted: InsertedRows | null = null): void {
    const { weights, length } = delta;
    let least = 1;
    let most = 1;
    for (let i = 0; i < length; i++) {
      if (weights[i] < least) least = weights[i];
      if (weights[i] > most) most = weights[i];
    }
    if (length === 0) return;
    this.#endMaking();
    if (this.#rows === null && least <= 0) {
      this.#insertAndRetract(delta, inserted);
      return;
    }
    const ids = this.#rows === null ? this.#insert(delta, least === 1 && most === 1) : this.#merge(this.#rows, delta);
    if (inserted !== null) inserted(rowNumbers(length), ids);
  }

  /** `ones`: all weights are 1. */
  #insert({ batch, weights, length }: Delta, ones = false): Int32Array {
    const ids = this.#idRoom(length);
    this.pages.append(batch, null, ones ? null : weights, ids);
    for (const index of this.#made) index.link(index.columns.map((c) => batch.columns[c]), ids, length);
    for (const observer of this.#observers) observer.link(ids, length);
    return ids;
  }

  #idRoom(length: number): Int32Array {
    if (this.#ids.length < length) this.#ids = new Int32Array(length * 2);
    return this.#ids.subarray(0, length);
  }

  #insertAndRetract(delta: Delta, inserted: InsertedRows | null): void {
    const signs = splitSigns(delta.weights, delta.length);
    if (signs.positive.length > 0) {
      const ids = this.#insert(delta.take(signs.positive));
      if (inserted !== null) inserted(signs.positive, ids);
    }
    if (signs.negative.length === 0) return;
    const retractions = signs.negative.length === delta.length ? delta : delta.take(signs.negative);
    const rest = this.#indexes.length === 0 ? retractions : this.#retractByKey(this.ready(this.#indexes[0]), retractions);
    if (rest.length > 0) this.#merge(this.#indexRows(), rest);
  }

  /** Retracts what is found near the head of its chain; returns what is not. */
  #retractByKey(index: KeyChains, { batch, weights, length }: Delta): Delta {
    const heads = new Int32Array(length);
    index.heads(index.columns.map((c) => batch.columns[c]), length, heads);
    const same = new Uint8Array(length).fill(1);
    const cells = batch.columns.map(cellsOf);
    const stored = batch.columns.map((_, c) => this.pages.cells(c));
    matchRows(cells, stored, { length, aRows: rowNumbers(length), bIds: heads }, 'exact', same);
    const emptied: number[] = [];
    const rest: number[] = [];
    const restWeights: number[] = [];
    for (let i = 0; i < length; i++) {
      let left = weights[i];
      let steps = 0;
      for (let id = heads[i]; id >= 0 && left < 0 && steps < WALK; id = index.next(id), steps++) {
        const weight = this.pages.weight(id);
        if (weight <= 0) continue;
        if (id === heads[i] ? same[i] === 0 : !rowsEqual(cells, i, stored, id, 'exact')) continue;
        const taken = Math.max(left, -weight);
        left -= taken;
        this.#touchOne(id);
        if (this.pages.addWeight(id, taken) === 0) emptied.push(id);
      }
      if (left === 0) continue;
      rest.push(i);
      restWeights.push(left);
    }
    this.#drop(Int32Array.from(emptied));
    return new Delta(batch.take(Int32Array.from(rest)), Int32Array.from(restWeights));
  }

  #touchOne(id: number): void {
    ONE[0] = id;
    this.pages.touch(ONE, 1);
  }

  /** Adds weights to entries found by the whole row; returns the rows' entries, some of them free again. */
  #merge(rows: KeyIndex, { batch, weights, length }: Delta): Int32Array {
    const ids = this.#idRoom(length);
    const fresh: number[] = [];
    rows.findOrInsert(batch.columns, length, ids, {
      take: () => this.pages.take(),
      write: (freshRows, count, out) => {
        const plan = { length: count, rows: freshRows.slice(0, count), ids: new Int32Array(count) };
        for (let i = 0; i < count; i++) {
          plan.ids[i] = out[freshRows[i]];
          fresh.push(freshRows[i]);
        }
        for (let c = 0; c < batch.columns.length; c++) this.pages.write(c, batch.columns[c], plan);
      },
    });
    this.pages.touch(ids, length);
    // A new row came with weight 1.
    for (const row of fresh) this.pages.addWeight(ids[row], -1);
    for (let i = 0; i < length; i++) this.pages.addWeight(ids[i], weights[i]);
    if (fresh.length > 0) this.#linkRows(batch, Int32Array.from(fresh), ids);
    const emptied = new Set<number>();
    for (let i = 0; i < length; i++) if (this.pages.weight(ids[i]) === 0) emptied.add(ids[i]);
    if (emptied.size > 0) this.#drop(Int32Array.from(emptied));
    return ids;
  }

  #linkRows(batch: Batch, rows: Int32Array, ids: Int32Array): void {
    const rowIds = Int32Array.from(rows, (row) => ids[row]);
    for (const observer of this.#observers) observer.link(rowIds, rowIds.length);
    if (this.#made.length === 0) return;
    const whole = rows.length === batch.length;
    const linked = whole ? batch : batch.take(rows);
    const linkedIds = whole ? ids : rowIds;
    for (const index of this.#made) index.link(index.columns.map((c) => linked.columns[c]), linkedIds, rows.length);
  }

  /** Entries of weight 0 leave the indexes and the pages. */
  #drop(ids: Int32Array): void {
    if (ids.length === 0) return;
    this.#tellGone(ids);
    for (const index of this.#made) index.unlink(ids, ids.length);
    this.#rows?.removeRows(ids, ids.length);
    this.pages.free(ids, ids.length);
  }

  /** All entries of a page leave; returns what their weights add up to. The page is not copied, whoever else holds it. */
  dropPage(number: number): number {
    this.#endMaking();
    const ids = liveIds(this.pages, number);
    this.#tellGone(ids);
    for (const index of this.#made) index.unlink(ids, ids.length);
    this.#rows?.removeRows(ids, ids.length);
    return this.pages.clear(number);
  }

  /** The index over whole rows; entries of equal rows become one. */
  #indexRows(): KeyIndex {
    this.#endMaking();
    const rows = new KeyIndex(this.pages, this.schema.columns.map((_, c) => c), { equality: 'exact' });
    const merged: number[] = [];
    for (let number = 0; number < this.pages.pageCount; number++) {
      const ids = liveIds(this.pages, number);
      if (ids.length === 0) continue;
      const found = new Int32Array(ids.length);
      const { columns } = this.pages.gather(ids);
      rows.findOrInsert(columns, ids.length, found, new GivenRows(ids));
      for (let i = 0; i < ids.length; i++) {
        if (found[i] === ids[i]) continue;
        this.#touchOne(found[i]);
        this.pages.addWeight(found[i], this.pages.weight(ids[i]));
        merged.push(ids[i]);
      }
    }
    const gone = Int32Array.from(merged);
    this.#tellGone(gone);
    for (const index of this.#made) if (gone.length > 0) index.unlink(gone, gone.length);
    this.pages.free(gone, gone.length);
    this.#rows = rows;
    return rows;
  }

  /** Rows by key, in bulk; see KeyChains. Requires: a key. */
  probe(keys: readonly Vector[], length: number): Pairs {
    return this.#keyed().probe(keys, length);
  }

  /** The same, some at a time. Requires: no `apply` before it is over. */
  walk(keys: readonly Vector[], length: number): ChainWalk {
    return this.#keyed().walk(keys, length);
  }

  /** The first row of each key, −1 where there is none. */
  probeHeads(keys: readonly Vector[], length: number, out: Int32Array): void {
    this.#keyed().heads(keys, length, out);
  }

  /** The rows with one of the keys, weights included. */
  lookup(keys: Batch): Delta {
    return this.gather(this.#keyed().probe(keys.columns, keys.length).rowIds);
  }

  hasKey(keys: Batch, row: number): boolean {
    this.#keyed().heads(keys.slice(row, row + 1).columns, 1, ONE);
    return ONE[0] >= 0;
  }

  #keyed(): KeyChains {
    if (this.key === null) throw new TypeError('arrangement without a key');
    return this.ready(this.key);
  }

  gather(ids: Int32Array, columns: readonly number[] | null = null): Delta {
    return new Delta(this.pages.gather(ids, columns), this.pages.gatherWeights(ids));
  }

  /** What the entries of each row add up to; 0 where the row is not held. `key`: an index with short chains, or null. */
  weightsOf(rows: Batch, key: KeyChains | null): Int32Array {
    const out = new Int32Array(rows.length);
    const ids = new Int32Array(rows.length);
    if (key === null) {
      (this.#rows ?? this.#indexRows()).find(rows.columns, rows.length, ids);
      for (let i = 0; i < out.length; i++) if (ids[i] >= 0) out[i] = this.pages.weight(ids[i]);
      return out;
    }
    const cells = rows.columns.map(cellsOf);
    const stored = rows.columns.map((_, c) => this.pages.cells(c));
    key.heads(key.columns.map((c) => rows.columns[c]), rows.length, ids);
    for (let i = 0; i < out.length; i++) {
      for (let id = ids[i]; id >= 0; id = key.next(id)) {
        if (rowsEqual(cells, i, stored, id, 'exact')) out[i] += this.pages.weight(id);
      }
    }
    return out;
  }

  /** All rows by page. Requires: no `apply` while one of the deltas is in use; freeze for longer. */
  scan(columns: readonly number[] | null = null): Generator<Delta> {
    return this.pages.scan(columns);
  }

  freeze(): PagesSnapshot {
    return this.pages.freeze();
  }

  /** Sum of the weights: how many rows a reader counts. */
  netRows(): number {
    return netRows(this.pages);
  }

  size(): StateSize {
    const indexes = this.#indexes.reduce((sum, i) => sum + i.bytes, this.#rows === null ? 0 : this.#rows.bytes);
    const observers = this.#observers.reduce((sum, o) => sum + o.bytes, 0);
    return { rows: this.pages.rows, bytes: this.pages.bytes() + indexes + observers };
  }

  save(name: string, out: StateWriter): void {
    this.pages.save(name, out);
  }

  /** Requires: nothing was applied yet. An index is made when it is asked: those that nobody asks cost nothing. */
  restore(name: string, from: StateReader): void {
    this.pages.restore(name, from);
    this.#made = [];
    // Rows that come must meet those of weight below 0.
    if (owesRows(this.pages)) this.#indexRows();
  }
}

const ONE = new Int32Array(1);

function splitSigns(
  weights: Int32Array, length: number,
): { readonly positive: Int32Array; readonly negative: Int32Array } {
  const positive = new Int32Array(length);
  const negative = new Int32Array(length);
  let n = 0;
  let m = 0;
  for (let i = 0; i < length; i++) {
    if (weights[i] > 0) positive[n++] = i;
    else if (weights[i] < 0) negative[m++] = i;
  }
  return { positive: positive.subarray(0, n), negative: negative.subarray(0, m) };
}
