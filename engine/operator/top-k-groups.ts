// The groups of a top-k: per partition an ordered tree that covers the window, and an unordered pile of rows behind it.
//
// Why: most rows never come near the window. A row behind the last one of the tree goes to the pile at the cost of one
// comparison; only when retractions drain the tree is a part of the pile put in order. A tree that has grown far beyond the
// window gives its last rows to the pile. So a hot group costs O(log n) a change, and one that only grows about one comparison.
// After a restore the rows of the tree may be known alone: the others come to the pile when it is looked into.
import type { RowOrder } from '../data/row-order.ts';
import { NO_ROW, OrderTree } from '../state/order-tree.ts';
import type { OrderWindow } from '../state/order-tree.ts';

export interface WindowSpec {
  /** Rows left out at the front, and shown after them; limit Infinity: all. */
  readonly offset: number;
  readonly limit: number;
  /** Show also the rows that tie with the last one by `keys`. */
  readonly ties: RowOrder | null;
  /** Rows are never retracted: what falls behind the window is given up. */
  readonly appendOnly: boolean;
}

const IN_TREE = 1;
const IN_PILE = 2;
/** A pile up to this size is put in order as a whole. */
const WHOLE_PILE = 512;
const SAMPLE = 64;
/** A tree may have as many rows besides four windows' worth. */
const SPARE = 64;

export class TopKGroups {
  readonly tree: OrderTree;
  readonly #spec: WindowSpec;
  readonly #need: number;
  /** A row is shown and no more than that is kept: the root is it, and the tree is not used. */
  readonly #single: boolean;
  /** By which the pile is strictly behind the tree. */
  readonly #pileOrder: RowOrder;
  // By group.
  #roots = filled(64);
  #lasts = filled(64);
  #piles = filled(64);
  /** Weight that the tree may have at least. */
  #bounds = new Int32Array(64);
  // By row id.
  #place = new Uint8Array(64);
  #next = new Int32Array(64);
  #prev = new Int32Array(64);
  /** Rows of group 0 that are behind the tree and have no place as yet; null: there are none. */
  #unplaced: (() => Iterable<Int32Array>) | null = null;
  /** Rows given up by an append-only window since the caller took them. */
  discarded: number[] = [];

  constructor(order: RowOrder, spec: WindowSpec) {
    this.tree = new OrderTree(order);
    this.#spec = spec;
    this.#need = spec.offset + spec.limit;
    this.#single = spec.appendOnly && this.#need === 1 && spec.offset === 0 && spec.ties === null;
    this.#pileOrder = spec.ties ?? order;
  }

  get bytes(): number {
    return this.tree.bytes + this.#place.byteLength * 9 + this.#roots.byteLength * 4;
  }

  reserve(rows: number, groups: number): void {
    if (!this.#single) this.tree.reserve(rows);
    if (this.#place.length < rows) {
      const size = Math.max(rows, this.#place.length * 2);
      const place = new Uint8Array(size);
      place.set(this.#place);
      this.#place = place;
      this.#next = grown(this.#next, size, 0);
      this.#prev = grown(this.#prev, size, 0);
    }
    if (this.#roots.length < groups) {
      const size = Math.max(groups, this.#roots.length * 2);
      this.#roots = grown(this.#roots, size, NO_ROW);
      this.#lasts = grown(this.#lasts, size, NO_ROW);
      this.#piles = grown(this.#piles, size, NO_ROW);
      this.#bounds = grown(this.#bounds, size, 0);
    }
  }

  isEmpty(group: number): boolean {
    return this.#roots[group] < 0 && this.#piles[group] < 0;
  }

  /** Whether a new row would go behind the tree, where it changes nothing that is shown. */
  isBehind(group: number, id: number): boolean {
    const root = this.#roots[group];
    if (root < 0) return this.#hasPile(group);
    if (this.#single) return this.#pileOrder(id, root) > 0;
    if (!this.#hasPile(group) && this.tree.weight(root) < this.#need) return false;
    return this.#pileOrder(id, this.#lasts[group]) > 0;
  }

  #hasPile(group: number): boolean {
    return this.#piles[group] >= 0 || (group === 0 && this.#unplaced !== null);
  }

  /** The rows in the tree of group 0; null: more than `most`. */
  front(most: number): Int32Array | null {
    const root = this.#roots[0];
    const out: OrderWindow = { ids: [], weights: [] };
    const weight = this.tree.weight(root);
    if (weight > most) return null;
    this.tree.window(root, 0, weight, out);
    return Int32Array.from(out.ids);
  }

  /**
   * Group 0 is what it was when its tree had just these rows. `rest`: gives all rows, the others among them, each time it is
   * called; null: there are no others.
   */
  restoreFront(ids: Int32Array, weightOf: (id: number) => number, rest: (() => Iterable<Int32Array>) | null): void {
    for (const id of ids) this.#insert(0, id, weightOf(id));
    this.#unplaced = rest;
  }

  /** Every row has its place from now on. */
  place(): void {
    const all = this.#unplaced;
    if (all === null) return;
    this.#unplaced = null;
    for (const ids of all()) for (const id of ids) if (this.#place[id] === 0) this.putBehind(0, id);
  }

  /** The last row in order of a group whose tree covers the window, else −1: what comes after it is behind. */
  lastOfFull(group: number): number {
    const root = this.#roots[group];
    return this.#single ? root : root < 0 || this.tree.weight(root) < this.#need ? NO_ROW : this.#lasts[group];
  }

  /** Requires: isBehind. */
  putBehind(group: number, id: number): void {
    if (this.#spec.appendOnly) {
      this.discarded.push(id);
      return;
    }
    const head = this.#piles[group];
    this.#place[id] = IN_PILE;
    this.#next[id] = head;
    this.#prev[id] = NO_ROW;
    if (head >= 0) this.#prev[head] = id;
    this.#piles[group] = id;
  }

  /** Requires: not isBehind. */
  putInOrder(group: number, id: number, weight: number): void {
    if (this.#single) {
      this.#replace(group, id);
      return;
    }
    this.#insert(group, id, weight);
    if (this.#spec.appendOnly) this.#trim(group);
    else this.#cutBack(group);
  }

  /** Why: the tree goes as far as the worst of the first rows that came, which is behind most that come later. */
  #cutBack(group: number): void {
    const most = Math.max(4 * this.#need + SPARE, this.#bounds[group]);
    if (this.tree.weight(this.#roots[group]) <= most) return;
    const [end] = this.#at(group, Math.floor(most / 2)).ids;
    for (let last = this.#lasts[group]; this.#pileOrder(last, end) > 0; last = this.#lasts[group]) {
      this.#removeFromTree(group, last);
      this.putBehind(group, last);
    }
  }

  #replace(group: number, id: number): void {
    const root = this.#roots[group];
    if (root >= 0) {
      this.#place[root] = 0;
      this.discarded.push(root);
    }
    this.#place[id] = IN_TREE;
    this.#roots[group] = id;
    this.#lasts[group] = id;
  }

  #insert(group: number, id: number, weight: number): void {
    const last = this.#lasts[group];
    this.#place[id] = IN_TREE;
    const behind = last < 0 ? true : this.tree.compare(id, last) > 0;
    this.#roots[group] = this.tree.insert(this.#roots[group], id, weight);
    if (behind) this.#lasts[group] = id;
  }

  #trim(group: number): void {
    for (let last = this.#lasts[group]; last >= 0; last = this.#lasts[group]) {
      const rest = this.tree.weight(this.#roots[group]) - this.tree.ownWeight(last);
      if (rest < this.#need || (this.#spec.ties !== null && this.#tiesWithNeeded(group, last))) return;
      this.#removeFromTree(group, last);
      this.discarded.push(last);
    }
  }

  #tiesWithNeeded(group: number, last: number): boolean {
    const { ids } = this.#at(group, this.#need - 1);
    return ids.length > 0 && this.#spec.ties !== null && this.#spec.ties(ids[0], last) === 0;
  }

  isInTree(id: number): boolean {
    return this.#place[id] === IN_TREE;
  }

  /** Takes a row out of its group. */
  remove(group: number, id: number): void {
    if (this.#place[id] === IN_TREE) this.#removeFromTree(group, id);
    else this.#removeFromPile(group, id);
  }

  #removeFromTree(group: number, id: number): void {
    if (this.#single) {
      this.#roots[group] = NO_ROW;
      this.#lasts[group] = NO_ROW;
      return;
    }
    this.#roots[group] = this.tree.remove(this.#roots[group], id);
    if (this.#lasts[group] === id) this.#lasts[group] = this.tree.last(this.#roots[group]);
  }

  #removeFromPile(group: number, id: number): void {
    const before = this.#prev[id];
    const after = this.#next[id];
    if (before >= 0) this.#next[before] = after;
    else this.#piles[group] = after;
    if (after >= 0) this.#prev[after] = before;
  }

  addWeight(group: number, id: number, weight: number): void {
    if (this.#place[id] === IN_TREE && !this.#single) this.tree.addWeight(this.#roots[group], id, weight);
  }

  /** Puts rows of the pile in order until the tree covers the window. */
  refill(group: number, weightOf: (id: number) => number): void {
    if (!this.#hasPile(group) || this.tree.weight(this.#roots[group]) >= this.#need) return;
    this.place();
    this.#fill(group, weightOf);
    // What it took to find them stays worth it.
    this.#bounds[group] = 2 * this.tree.weight(this.#roots[group]);
  }

  #fill(group: number, weightOf: (id: number) => number): void {
    while (this.#piles[group] >= 0 && this.tree.weight(this.#roots[group]) < this.#need) {
      const pile: number[] = [];
      for (let id = this.#piles[group]; id >= 0; id = this.#next[id]) pile.push(id);
      const limit = pile.length <= WHOLE_PILE ? NO_ROW : this.#threshold(pile);
      for (const id of pile) {
        if (limit >= 0 && this.#pileOrder(id, limit) > 0) continue;
        this.#removeFromPile(group, id);
        this.#insert(group, id, weightOf(id));
      }
    }
  }

  /** A row with about a sixteenth of the pile before it. */
  #threshold(pile: readonly number[]): number {
    const step = Math.floor(pile.length / SAMPLE);
    const sample = Array.from({ length: SAMPLE }, (_, i) => pile[i * step]).sort(this.#pileOrder);
    return sample[SAMPLE >> 4];
  }

  /** The first row in order, −1 when the tree is empty. */
  first(group: number): number {
    return this.#single ? this.#roots[group] : this.tree.first(this.#roots[group]);
  }

  /** What is shown of the group. */
  window(group: number): OrderWindow {
    const { offset, limit, ties } = this.#spec;
    const root = this.#roots[group];
    const out: OrderWindow = { ids: [], weights: [] };
    let take = Math.min(limit, this.tree.weight(root) - offset);
    if (ties !== null && limit > 0 && this.tree.weight(root) > this.#need) {
      const [last] = this.#at(group, this.#need - 1).ids;
      take = this.tree.weightUpTo(root, last, ties) - offset;
    }
    this.tree.window(root, offset, take, out);
    return out;
  }

  #at(group: number, place: number): OrderWindow {
    const out: OrderWindow = { ids: [], weights: [] };
    this.tree.window(this.#roots[group], place, 1, out);
    return out;
  }
}

function filled(length: number): Int32Array<ArrayBuffer> {
  return new Int32Array(length).fill(NO_ROW);
}

function grown(from: Int32Array, length: number, fill: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(length);
  to.set(from);
  if (fill !== 0) to.fill(fill, from.length);
  return to;
}
