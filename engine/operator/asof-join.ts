// AsofJoin: each left row with the one right row of the same key that is nearest to it in time, on one side of it.
//
// Law: one side at a time, as join.ts. Of right rows equally near the greatest in the order of whole rows counts, so the
// result is a function of the inputs alone. A right row that comes or goes at time t can
// only change the match of left rows from t to where the next right row, as it was before, takes over: if there is an
// older right row between, that one is the match before and after.
// Requires: the inputs sum to multisets.
import { Batch } from '../data/batch.ts';
import { flatColumn } from '../data/cells.ts';
import { Delta, concatDeltas } from '../data/delta.ts';
import { crossOrder } from '../data/row-order.ts';
import type { KeyOrder, RowOrder } from '../data/row-order.ts';
import type { Watermark } from '../data/time.ts';
import type { Schema } from '../data/types.ts';
import { nullVector } from '../data/vector.ts';
import { KeyTable } from '../state/key-table.ts';
import type { OrderWindow } from '../state/order-tree.ts';
import { Pages } from '../state/pages.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { TimedRows } from './timed-rows.ts';
import type { Operator, StateSize, StepContext } from './operator.ts';

export interface AsofJoinSpec {
  readonly left: Schema;
  readonly right: Schema;
  /** Columns that must be equal, of one type on both sides. */
  readonly keys: readonly AsofKey[];
  /** Time columns, of one type. A row whose time is NULL matches nothing. */
  readonly time: { readonly left: number; readonly right: number };
  /** before: the greatest right time up to the left one; after: the least from it on. */
  readonly side: 'before' | 'after';
  /** A right row of the same time does not match. */
  readonly strict: boolean;
  /** Left rows without a match are shown, padded with NULLs. */
  readonly outer: boolean;
}

export interface AsofKey {
  readonly left: number;
  readonly right: number;
  /** NULL matches NULL. */
  readonly nullSafe: boolean;
}

export class AsofJoin implements Operator {
  readonly name: string;
  /** Left, then right columns. */
  readonly schema: Schema;
  readonly #outer: boolean;
  readonly #left: TimedRows;
  readonly #right: TimedRows;
  /** Keys of both sides → group; null: one group, number 0. */
  readonly #groups: KeyTable | null;
  /** By time alone, in the direction looked in: a left row of the state against a right one. */
  readonly #cross: RowOrder;
  /** The same key order as #cross, for the one column of time. */
  readonly #timeOrder: readonly KeyOrder[];
  /** The greatest order of left against right that is no match: −1, and 0 when strict. */
  readonly #beyond: number;

  constructor(spec: AsofJoinSpec) {
    const { left, right, keys, time, side, strict, outer } = spec;
    this.name = `asof ${outer ? 'left' : 'inner'} join`;
    this.schema = { columns: [...left.columns, ...right.columns] };
    this.#outer = outer;
    const descending = side === 'after';
    this.#timeOrder = [{ column: 0, descending, nullsFirst: false }];
    const strictKeys = keys.flatMap((key, i) => (key.nullSafe ? [] : [i]));
    this.#left = new TimedRows(left, { keys: keys.map((k) => k.left), strictKeys, time: time.left, descending });
    this.#right = new TimedRows(right, { keys: keys.map((k) => k.right), strictKeys, time: time.right, descending });
    const table: Schema = { columns: keys.map((k) => left.columns[k.left]) };
    this.#groups = keys.length === 0 ? null : new KeyTable(new Pages(table), keys.map((_, i) => i));
    this.#cross = crossOrder([this.#left.timeCells], [this.#right.timeCells], this.#timeOrder);
    this.#beyond = strict ? 0 : -1;
  }

  step([left, right]: readonly Delta[], _context: StepContext): Delta {
    const out: Delta[] = [];
    if (left.length > 0) this.#changeLeft(left, out);
    if (right.length > 0) this.#changeRight(right, out);
    return out.length === 0 ? Delta.empty(this.schema) : concatDeltas(out);
  }

  #changeLeft(delta: Delta, out: Delta[]): void {
    const { timed, rest } = this.#left.split(delta);
    if (this.#outer && rest.length > 0) out.push(this.#alone(rest));
    if (timed.length === 0) return;
    const groups = this.#left.findGroups(timed, this.#groups);
    const cross = crossOrder([flatColumn(timed.batch.columns[this.#left.time])], [this.#right.timeCells], this.#timeOrder);
    const matches = new Int32Array(timed.length);
    for (let i = 0; i < timed.length; i++) {
      matches[i] = this.#right.tree.lastWhere(this.#right.root(groups[i]), (id) => cross(i, id) > this.#beyond);
    }
    this.#show(timed, matches, out);
    this.#left.change(timed, groups);
    this.#left.apply();
    this.#finish(this.#left, groups);
  }

  #changeRight(delta: Delta, out: Delta[]): void {
    const { timed } = this.#right.split(delta);
    if (timed.length === 0) return;
    const groups = this.#right.findGroups(timed, this.#groups);
    this.#right.change(timed, groups);
    const affected = this.#affected();
    const before = affected.ids.map((id, i) => this.#match(affected.groups[i], id));
    this.#right.apply();
    const after = affected.ids.map((id, i) => this.#match(affected.groups[i], id));
    this.#replace(affected.ids, before, after, out);
    this.#finish(this.#right, groups);
  }

  /** The right row that a left row of the state is with now. */
  #match(group: number, left: number): number {
    return this.#right.tree.lastWhere(this.#right.root(group), (id) => this.#cross(left, id) > this.#beyond);
  }

  /** Left rows whose match may change with the right rows that came by; the trees are as before. */
  #affected(): { readonly ids: readonly number[]; readonly groups: readonly number[] } {
    const ids: number[] = [];
    const groups: number[] = [];
    const seen = new Set<number>();
    const { tree } = this.#left;
    for (const { id: changed, group } of this.#right.changes) {
      const root = this.#left.root(group);
      if (root < 0) continue;
      const next = this.#right.tree.firstWhereNot(this.#right.root(group), (id) => this.#right.timeOrder(id, changed) <= 0);
      const skip = tree.weightWhere(root, (left) => this.#cross(left, changed) <= this.#beyond);
      const end = next < 0 ? tree.weight(root) : tree.weightWhere(root, (left) => this.#cross(left, next) <= this.#beyond);
      const found: OrderWindow = { ids: [], weights: [] };
      tree.window(root, skip, end - skip, found);
      for (const id of found.ids) {
        if (seen.has(id)) continue;
        seen.add(id);
        ids.push(id);
        groups.push(group);
      }
    }
    return { ids, groups };
  }

  #replace(lefts: readonly number[], before: readonly number[], after: readonly number[], out: Delta[]): void {
    const moved = lefts.flatMap((_, i) => (before[i] === after[i] ? [] : [i]));
    if (moved.length === 0) return;
    const ids = Int32Array.from(moved, (i) => lefts[i]);
    const batch = this.#left.gather(ids);
    const weights = this.#left.weights(ids);
    this.#show(new Delta(batch, weights.map((w) => -w)), Int32Array.from(moved, (i) => before[i]), out);
    this.#show(new Delta(batch, weights), Int32Array.from(moved, (i) => after[i]), out);
  }

  /** Left rows with their matches, which are right rows of the state or −1. */
  #show(left: Delta, matches: Int32Array, out: Delta[]): void {
    let rows = left;
    let ids = matches;
    if (!this.#outer && matches.includes(-1)) {
      const some = Int32Array.from(matches.keys()).filter((i) => matches[i] >= 0);
      if (some.length === 0) return;
      rows = left.take(some);
      ids = some.map((i) => matches[i]);
    }
    out.push(rows.with(new Batch([...rows.batch.columns, ...this.#right.gather(ids).columns], rows.length)));
  }

  #alone(left: Delta): Delta {
    const padding = this.#right.schema.columns.map((c) => nullVector(c.type, left.length));
    return left.with(new Batch([...left.batch.columns, ...padding], left.length));
  }

  /** Rows of weight 0 and groups without rows go. */
  #finish(changed: TimedRows, groups: Int32Array): void {
    changed.dropEmpty();
    if (this.#groups === null) return;
    const gone = new Set<number>();
    for (const group of groups) if (this.#left.root(group) < 0 && this.#right.root(group) < 0) gone.add(group);
    if (gone.size > 0) this.#groups.remove(Int32Array.from(gone), gone.size);
  }

  advance(_watermark: Watermark, _context: StepContext): Delta {
    return Delta.empty(this.schema);
  }

  save(out: StateWriter): void {
    this.#left.save('left', out);
    this.#right.save('right', out);
    if (out.looking === true) this.#groups?.pages.save('groups', out);
  }

  restore(from: StateReader): void {
    this.#left.restore('left', from, this.#groups);
    this.#right.restore('right', from, this.#groups);
  }

  stateSize(): StateSize {
    const keys = this.#groups === null ? 0 : this.#groups.bytes + this.#groups.pages.bytes();
    return { rows: this.#left.rows + this.#right.rows, bytes: this.#left.bytes + this.#right.bytes + keys };
  }
}
