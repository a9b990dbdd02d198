// TopK: the first rows by an order, of all or of each partition: ORDER BY .. LIMIT .. OFFSET, FETCH WITH TIES,
// DISTINCT ON (limit 1 a partition).
// Law: rows that the keys leave tied are ordered by the whole row, so the result is a function of the input alone; the
// output is the change of each touched group's window. Requires: the input sums to a multiset.
import { Batch } from '../data/batch.ts';
import { PAGE_MASK, PAGE_SHIFT, flatColumn } from '../data/cells.ts';
import type { CellColumn } from '../data/cells.ts';
import { Delta, concatDeltas, deltaBytes } from '../data/delta.ts';
import { assert } from '../data/error.ts';
import { crossOrder, rowOrder, totalOrder } from '../data/row-order.ts';
import type { RowOrder } from '../data/row-order.ts';
import { SORT_BYTES, sortBatch, sorting } from '../data/sort.ts';
import type { Watermark } from '../data/time.ts';
import { INT4, INT8 } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import { Int32Vector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import { cancel } from '../state/consolidate.ts';
import { KeyTable } from '../state/key-table.ts';
import { liveIds } from '../state/key-index.ts';
import { LatePage } from '../state/made-page.ts';
import type { OrderWindow } from '../state/order-tree.ts';
import { Pages } from '../state/pages.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { RowSet } from '../state/row-set.ts';
import { rowNumbers } from '../state/scratch.ts';
import { TouchedRows } from '../state/touched-rows.ts';
import type { Operator, SortKey, StateSize, StepContext } from './operator.ts';
import { collect, slices, whole } from './pieces.ts';
import type { PieceContext, Pieces } from './pieces.ts';
import { TopKGroups } from './top-k-groups.ts';

/** Of a tree that is saved by itself. */
const MOST_FRONT = 1 << 16;

export interface TopKSpec {
  readonly schema: Schema;
  /** Columns; none: one group. NULLs are equal. */
  readonly partition: readonly number[];
  readonly order: readonly SortKey[];
  /** null: no limit. */
  readonly limit: number | null;
  readonly offset: number;
  readonly withTies: boolean;
  /** No row is ever retracted: only what may still be shown is kept. Default false. */
  readonly appendOnly?: boolean;
}

export class TopK implements Operator {
  readonly name: string;
  readonly schema: Schema;
  readonly #rows: RowSet;
  readonly #partition: readonly number[];
  readonly #order: readonly SortKey[];
  readonly #appendOnly: boolean;
  readonly #bounded: boolean;
  readonly #withTies: boolean;
  /** Places of the rows that are shown, without ties: from #offset to #end − 1. */
  readonly #offset: number;
  readonly #end: number;
  /** null: one group, number 0. */
  readonly #table: KeyTable | null;
  readonly #groups: TopKGroups;
  #slots = new Int32Array(1024);
  /** One row a group is shown: then its id says all, and no window is collected. */
  readonly #one: boolean;
  /** With #one, this step's groups and the row that each showed before it. */
  readonly #shown: TouchedRows;
  /** Otherwise the windows. */
  readonly #before = new Map<number, OrderWindow>();
  /** Rows came or went since the last save. */
  #changed = false;
  /** The tree's rows for a checkpoint, not taken yet. */
  #front: LatePage | null = null;
  /** Rows held twice that became one in this step: the one gone → the one that stays. */
  readonly #merged = new Map<number, number>();

  constructor(spec: TopKSpec) {
    const { schema, partition, order, limit, offset, withTies } = spec;
    this.name = `top-k${limit === null ? '' : ` limit ${limit}`}${offset === 0 ? '' : ` offset ${offset}`}`
      + `${withTies ? ' with ties' : ''}${partition.length === 0 ? '' : ' by partition'}`;
    this.schema = schema;
    this.#rows = new RowSet(schema);
    this.#partition = partition;
    this.#order = order;
    this.#appendOnly = spec.appendOnly === true;
    this.#bounded = limit !== null;
    this.#withTies = withTies;
    this.#offset = offset;
    this.#end = offset + (limit ?? Infinity);
    this.#one = limit === 1 && offset === 0 && !withTies;
    const keys: Schema = { columns: partition.map((c) => schema.columns[c]) };
    this.#table = partition.length === 0 ? null : new KeyTable(new Pages(keys), partition.map((_, i) => i));
    const groups = this.#table === null ? this.#rows.pages : this.#table.pages;
    this.#shown = new TouchedRows(groups);
    const cells = schema.columns.map((_, c): CellColumn => this.#rows.pages.cells(c));
    this.#groups = new TopKGroups(byIdAtLast(totalOrder(cells, order)), {
      offset, limit: limit ?? Infinity, ties: withTies ? rowOrder(cells, order) : null,
      appendOnly: this.#appendOnly,
    }, { rows: this.#rows.pages, groups });
  }

  step([delta]: readonly Delta[], _context: StepContext): Delta {
    const { length } = delta;
    if (length === 0) return Delta.empty(this.schema);
    this.#changed = true;
    this.#front?.settle();
    this.#front = null;
    this.#begin();
    this.#findGroups(this.#partition.map((c) => delta.batch.columns[c]), length);
    const emptied = this.#rows.canInsert(delta) ? this.#insert(this.#frontRows(delta)) : this.#change(delta);
    const out = this.#changes();
    this.#rows.drop(emptied);
    this.#dropGroups(length);
    return out;
  }

  /** Without retractions, what is behind is not held; but many groups are many windows to put together. */
  pieces([input]: readonly Pieces[], context: PieceContext): Pieces {
    if (this.#table === null && this.#appendOnly && this.#bounded) return this.#summed(input, context);
    return this.#table === null && !this.#withTies ? this.#sorted(input, context) : whole(this, [input], context);
  }

  /** All rows are held in any case: without a tree. */
  *#sorted(input: Pieces, context: PieceContext): Pieces {
    const all = yield* collect(input, context);
    const rows = cancel(all);
    context.hold(SORT_BYTES * rows.length);
    const sorted = yield* sorting(rows.batch, this.#order, totalOrder(rows.batch.columns.map(flatColumn), []));
    const shown = new Delta(rows.batch.take(sorted), sorted.map((row) => rows.weights[row]));
    yield* slices(this.#window(shown), context.pieceRows);
    context.hold(-SORT_BYTES * rows.length - deltaBytes(all));
  }

  /** Of rows in order, as often as each counts, those from the offset to the limit. */
  #window({ batch, weights, length }: Delta): Delta {
    const kept = new Int32Array(length);
    let place = 0;
    for (let i = 0; i < length; i++) {
      const from = Math.max(place, this.#offset);
      place += Math.max(0, weights[i]);
      kept[i] = Math.max(0, Math.min(place, this.#end) - from);
    }
    const rows = rowNumbers(length).filter((row) => kept[row] > 0);
    return new Delta(batch.take(rows), rows.map((row) => kept[row]));
  }

  *#summed(input: Pieces, context: PieceContext): Pieces {
    let window = Delta.empty(this.schema);
    let changes: Delta[] = [];
    let changed = 0;
    for (const piece of input) {
      if (piece !== null) {
        changed += changes[changes.push(this.step([piece], context)) - 1].length;
        if (changed > window.length + context.pieceRows) {
          window = cancel(concatDeltas([window, ...changes]));
          changes = [];
          changed = 0;
        }
      }
      yield null;
    }
    // In order, as from one step: what is numbered after it depends on that.
    const rows = cancel(concatDeltas([window, ...changes]));
    yield rows.take(sortBatch(rows.batch, this.#order));
  }

  #begin(): void {
    this.#before.clear();
    this.#merged.clear();
    this.#shown.begin();
  }

  #findGroups(keys: readonly Vector[], length: number): void {
    if (this.#slots.length < length) this.#slots = new Int32Array(length * 2);
    if (this.#table === null) this.#slots.fill(0, 0, length);
    else this.#table.findOrInsert(keys, length, this.#slots);
  }

  #reserve(): void {
    this.#groups.reserve(this.#rows.pages.idLimit, this.#table === null ? 1 : this.#table.pages.idLimit);
  }

  /** Without retractions to come, the rows that are clearly behind are not even stored. */
  #frontRows(delta: Delta): Delta {
    if (!this.#appendOnly || this.#order.length === 0 || this.#rows.pages.rows === 0) return delta;
    this.#reserve();
    const stored = this.schema.columns.map((_, c) => this.#rows.pages.cells(c));
    const order = crossOrder(delta.batch.columns.map(flatColumn), stored, this.#order);
    const kept = new Int32Array(delta.length);
    const [key] = this.#order;
    const words = wordsOf(delta.batch.columns[key.column]);
    const { chunks } = stored[key.column];
    const groups = this.#groups;
    let n = 0;
    for (let i = 0; i < delta.length; i++) {
      const last = groups.lastOfFull(this.#slots[i]);
      if (last >= 0) {
        const chunk = chunks[last >> PAGE_SHIFT];
        if (words === null || chunk.validity !== null) {
          if (order(i, last) > 0) continue;
        } else {
          const at = 2 * (last & PAGE_MASK);
          const high = words[2 * i + 1] - chunk.i32[at + 1];
          const differ = high === 0 ? (words[2 * i] >>> 0) - (chunk.i32[at] >>> 0) : high;
          if (differ === 0 ? order(i, last) > 0 : differ > 0 !== key.descending) continue;
        }
      }
      this.#slots[n] = this.#slots[i];
      kept[n++] = i;
    }
    return n === delta.length ? delta : delta.take(kept.subarray(0, n));
  }

  #insert(delta: Delta): Int32Array {
    this.#rows.insert(delta);
    this.#reserve();
    const { ids } = this.#rows;
    for (let i = 0; i < delta.length; i++) this.#put(this.#slots[i], ids[i], delta.weights[i]);
    const discarded = Int32Array.from(this.#groups.discarded);
    this.#groups.discarded = [];
    return discarded;
  }

  #put(group: number, id: number, weight: number): void {
    if (this.#groups.isBehind(group, id)) {
      this.#groups.putBehind(group, id);
      return;
    }
    this.#note(group);
    this.#groups.putInOrder(group, id, weight);
  }

  #note(group: number): void {
    if (this.#one) {
      if (this.#shown.add(group)) this.#shown.note(this.#groups.first(group));
    } else if (!this.#before.has(group)) this.#before.set(group, this.#groups.window(group));
  }

  #change(delta: Delta): Int32Array {
    const groups = this.#groups;
    const rows = this.#rows;
    groups.place();
    // Only at the first retraction, when the rows held twice are found; before this delta's own rows come in.
    rows.change(delta, (gone, into) => {
      this.#reserve();
      const group = this.#groupOf(gone);
      this.#note(group);
      groups.remove(group, gone);
      groups.addWeight(group, into, rows.pages.weight(gone));
      this.#merged.set(gone, into);
    });
    this.#reserve();
    const { touched, ids, pages } = rows;
    const groupOf = new Map<number, number>();
    for (let i = 0; i < delta.length; i++) groupOf.set(ids[i], this.#slots[i]);
    const emptied: number[] = [];
    for (let t = 0; t < touched.length; t++) {
      const id = touched.ids[t];
      const before = touched.notes[t];
      const weight = pages.weight(id);
      if (weight === 0) emptied.push(id);
      if (weight === before) continue;
      const group = groupOf.get(id) ?? 0;
      if (before === 0) this.#put(group, id, weight);
      else {
        if (groups.isInTree(id)) this.#note(group);
        if (weight === 0) groups.remove(group, id);
        else groups.addWeight(group, id, weight - before);
      }
    }
    return Int32Array.from(emptied);
  }

  #groupOf(id: number): number {
    if (this.#table === null) return 0;
    const keys = this.#rows.pages.gather(Int32Array.of(id), this.#partition);
    this.#table.find(keys.columns, 1, ONE);
    return ONE[0];
  }

  /** The change of what the noted groups show. */
  #changes(): Delta {
    if (this.#one) return this.#changesOfOne();
    const ids: number[] = [];
    const weights: number[] = [];
    for (const [group, before] of this.#before) {
      this.#groups.refill(group, this.#weightOf);
      const noted = { ids: before.ids.map((id) => this.#merged.get(id) ?? id), weights: before.weights };
      addDifference(noted, this.#groups.window(group), ids, weights);
    }
    return new Delta(this.#rows.pages.gather(Int32Array.from(ids)), Int32Array.from(weights));
  }

  #changesOfOne(): Delta {
    const { ids: groups, notes, length } = this.#shown;
    const ids = new Int32Array(2 * length);
    const weights = new Int32Array(2 * length);
    let n = 0;
    for (let i = 0; i < length; i++) {
      this.#groups.refill(groups[i], this.#weightOf);
      const before = this.#merged.size === 0 ? notes[i] : this.#merged.get(notes[i]) ?? notes[i];
      const after = this.#groups.first(groups[i]);
      if (before === after) continue;
      if (before >= 0) {
        weights[n] = -1;
        ids[n++] = before;
      }
      if (after >= 0) {
        weights[n] = 1;
        ids[n++] = after;
      }
    }
    return new Delta(this.#rows.pages.gather(ids.subarray(0, n)), weights.subarray(0, n));
  }

  readonly #weightOf = (id: number): number => this.#rows.pages.weight(id);

  #dropGroups(length: number): void {
    if (this.#table === null) return;
    const gone = new Set<number>();
    for (let i = 0; i < length; i++) if (this.#groups.isEmpty(this.#slots[i])) gone.add(this.#slots[i]);
    if (gone.size > 0) this.#table.remove(Int32Array.from(gone), gone.size);
  }

  advance(_watermark: Watermark, _context: StepContext): Delta {
    return Delta.empty(this.schema);
  }

  /** Format: `rows` as Pages has it; of one group alone also `front`: int4, the rows of its tree, in one page. */
  save(out: StateWriter): void {
    this.#rows.save('rows', out);
    if (out.looking === true) this.#table?.pages.save('keys', out);
    if (out.looking === true || !this.#changed || !this.#hasFront) return;
    this.#changed = false;
    const page = this.#groups.treeWeight(0) > MOST_FRONT ? null : new LatePage(() => {
      const front = this.#groups.front();
      return new Batch([new Int32Vector(INT4, front.length, front)], front.length);
    }, () => {
      if (this.#front === page) this.#front = null;
    });
    this.#front = page;
    out.page('front', 0, page);
  }

  get #hasFront(): boolean {
    return this.#table === null && !this.#appendOnly;
  }

  restore(from: StateReader): void {
    this.#rows.restore('rows', from);
    this.#reserve();
    if (this.#hasFront && this.#restoreFront(from)) return;
    for (const ids of this.#allIds()) {
      if (ids.length === 0) continue;
      this.#findGroups(this.#partition.map((c) => this.#rows.pages.gatherColumn(c, ids)), ids.length);
      this.#reserve();
      for (let i = 0; i < ids.length; i++) this.#put(this.#slots[i], ids[i], this.#weightOf(ids[i]));
    }
    this.#begin();
  }

  /** Whether the rows of the tree are known: the others are then read when they are needed. */
  #restoreFront(from: StateReader): boolean {
    const [front] = from.pages('front');
    if (front === undefined) return false;
    // Another version, which knew nothing of it, may have gone on with the rows.
    for (const { version } of from.pages('rows')) if (version > front.version) return false;
    const [ids] = front.batch.columns;
    assert(ids.layout === 'int32', 'ids of rows');
    this.#groups.restoreFront(ids.values, this.#weightOf, ids.length < this.#rows.pages.rows ? () => this.#allIds() : null);
    return true;
  }

  /** By page. */
  * #allIds(): Generator<Int32Array> {
    const { pages } = this.#rows;
    for (let number = 0; number < pages.pageCount; number++) yield liveIds(pages, number);
  }

  stateSize(): StateSize {
    const keys = this.#table === null ? 0 : this.#table.bytes + this.#table.pages.bytes();
    return { rows: this.#rows.pages.rows, bytes: this.#rows.bytes + this.#groups.bytes + this.#shown.bytes + keys };
  }
}

const ONE = new Int32Array(1);

/** The words of a column that is ordered by them and holds no NULL, else null. */
function wordsOf(v: Vector): Int32Array | null {
  const signed = v.type.kind === 'int8' || v.type.kind === 'timestamp' || v.type.kind === 'timestamptz';
  return v.layout === 'int64' && signed && v.validity === null ? v.words : null;
}

/** Rows that are held twice differ by their id alone. */
function byIdAtLast(order: RowOrder): RowOrder {
  return (a, b) => order(a, b) || a - b;
}

function addDifference(before: OrderWindow, after: OrderWindow, ids: number[], weights: number[]): void {
  if (before.ids.length === 1 && after.ids.length === 1 && before.ids[0] === after.ids[0]
    && before.weights[0] === after.weights[0]) return;
  const change = new Map<number, number>();
  for (let i = 0; i < before.ids.length; i++) change.set(before.ids[i], (change.get(before.ids[i]) ?? 0) - before.weights[i]);
  for (let i = 0; i < after.ids.length; i++) change.set(after.ids[i], (change.get(after.ids[i]) ?? 0) + after.weights[i]);
  for (const [id, weight] of change) {
    if (weight === 0) continue;
    ids.push(id);
    weights.push(weight);
  }
}

/** As KEPT_CELLS. */
export const KEPT_TOP_K = new TopK({
  schema: { columns: [{ name: 'key', type: INT8 }] }, partition: [0], order: [], limit: 1, offset: 0, withTies: false,
});
