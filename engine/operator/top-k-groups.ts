// The groups of a top-k: per partition an ordered tree that covers the window, and an unordered pile of rows behind it.
//
// Why: most rows never come near the window. A row behind the last one of the tree goes to the pile at the cost of one
// comparison; only when retractions drain the tree is a part of the pile put in order. A tree that has grown far beyond the
// window gives its last rows to the pile. So a hot group costs O(log n) a change, and one that only grows about one comparison.
// After a restore the rows of the tree may be known alone: the others come to the pile when it is looked into.
import type { RowOrder } from '../data/row-order.ts';
import { EvictableInts } from '../state/evictable-ints.ts';
import type { Governed } from '../state/evictable-ints.ts';
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

/** In the place of the row before in its pile. */
const IN_TREE = -2;
const NOWHERE = -3;
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
  readonly #roots: EvictableInts;
  readonly #lasts: EvictableInts;
  readonly #piles: EvictableInts;
  /** Weight that the tree may have at least. */
  readonly #bounds: EvictableInts;
  // By row id.
  readonly #next: EvictableInts;
  /** The row before in its pile, NO_ROW for the first; or where the row is else. */
  readonly #prev: EvictableInts;
  /** Rows of group 0 that are behind the tree and have no place as yet; null: there are none. */
  #unplaced: (() => Iterable<Int32Array>) | null = null;
  /** Rows given up by an append-only window since the caller took them. */
  discarded: number[] = [];

  /** `rows` and `groups`: the pages that these are in. */
  constructor(order: RowOrder, spec: WindowSpec, { rows, groups }: { readonly rows: Governed; readonly groups: Governed }) {
    this.tree = new OrderTree(order, rows);
    this.#next = new EvictableInts(rows);
    this.#prev = new EvictableInts(rows, NOWHERE);
    this.#roots = new EvictableInts(groups, NO_ROW);
    this.#lasts = new EvictableInts(groups, NO_ROW);
    this.#piles = new EvictableInts(groups, NO_ROW);
    this.#bounds = new EvictableInts(groups);
    this.#spec = spec;
    this.#need = spec.offset + spec.limit;
    this.#single = spec.appendOnly && this.#need === 1 && spec.offset === 0 && spec.ties === null;
    this.#pileOrder = spec.ties ?? order;
  }

  get bytes(): number {
    const byGroup = this.#roots.bytes + this.#lasts.bytes + this.#piles.bytes + this.#bounds.bytes;
    return this.tree.bytes + this.#next.bytes + this.#prev.bytes + byGroup;
  }

  reserve(rows: number, groups: number): void {
    if (!this.#single) {
      this.tree.reserve(rows);
      this.#next.ensure(rows);
    }
    this.#prev.ensure(rows);
    for (const words of [this.#roots, this.#lasts, this.#piles, this.#bounds]) words.ensure(groups);
  }

  isEmpty(group: number): boolean {
    return this.#roots.get(group) < 0 && this.#piles.get(group) < 0;
  }

  /** Whether a new row would go behind the tree, where it changes nothing that is shown. */
  isBehind(group: number, id: number): boolean {
    const root = this.#roots.get(group);
    if (root < 0) return this.#hasPile(group);
    if (this.#single) return this.#pileOrder(id, root) > 0;
    if (!this.#hasPile(group) && this.tree.weight(root) < this.#need) return false;
    return this.#pileOrder(id, this.#lasts.get(group)) > 0;
  }

  #hasPile(group: number): boolean {
    return this.#piles.get(group) >= 0 || (group === 0 && this.#unplaced !== null);
  }

  treeWeight(group: number): number {
    return this.tree.weight(this.#roots.get(group));
  }

  /** The rows in the tree of group 0. */
  front(): Int32Array {
    const out: OrderWindow = { ids: [], weights: [] };
    this.tree.window(this.#roots.get(0), 0, this.treeWeight(0), out);
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
    for (const ids of all()) for (const id of ids) if (this.#prev.get(id) === NOWHERE) this.putBehind(0, id);
  }

  /** The last row in order of a group whose tree covers the window, else −1: what comes after it is behind. */
  lastOfFull(group: number): number {
    const root = this.#roots.get(group);
    return this.#single ? root : root < 0 || this.tree.weight(root) < this.#need ? NO_ROW : this.#lasts.get(group);
  }

  /** Requires: isBehind. */
  putBehind(group: number, id: number): void {
    if (this.#spec.appendOnly) {
      this.discarded.push(id);
      return;
    }
    const head = this.#piles.get(group);
    this.#next.set(id, head);
    this.#prev.set(id, NO_ROW);
    if (head >= 0) this.#prev.set(head, id);
    this.#piles.set(group, id);
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
    const most = Math.max(4 * this.#need + SPARE, this.#bounds.get(group));
    if (this.tree.weight(this.#roots.get(group)) <= most) return;
    const [end] = this.#at(group, Math.floor(most / 2)).ids;
    for (let last = this.#lasts.get(group); this.#pileOrder(last, end) > 0; last = this.#lasts.get(group)) {
      this.#removeFromTree(group, last);
      this.putBehind(group, last);
    }
  }

  #replace(group: number, id: number): void {
    const root = this.#roots.get(group);
    if (root >= 0) {
      this.#prev.set(root, NOWHERE);
      this.discarded.push(root);
    }
    this.#prev.set(id, IN_TREE);
    this.#roots.set(group, id);
    this.#lasts.set(group, id);
  }

  #insert(group: number, id: number, weight: number): void {
    const last = this.#lasts.get(group);
    this.#prev.set(id, IN_TREE);
    const behind = last < 0 ? true : this.tree.compare(id, last) > 0;
    this.#roots.set(group, this.tree.insert(this.#roots.get(group), id, weight));
    if (behind) this.#lasts.set(group, id);
  }

  #trim(group: number): void {
    for (let last = this.#lasts.get(group); last >= 0; last = this.#lasts.get(group)) {
      const rest = this.tree.weight(this.#roots.get(group)) - this.tree.ownWeight(last);
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
    return this.#prev.get(id) === IN_TREE;
  }

  /** Takes a row out of its group. */
  remove(group: number, id: number): void {
    if (this.#prev.get(id) === IN_TREE) this.#removeFromTree(group, id);
    else this.#removeFromPile(group, id);
  }

  #removeFromTree(group: number, id: number): void {
    if (this.#single) {
      this.#roots.set(group, NO_ROW);
      this.#lasts.set(group, NO_ROW);
      return;
    }
    this.#roots.set(group, this.tree.remove(this.#roots.get(group), id));
    if (this.#lasts.get(group) === id) this.#lasts.set(group, this.tree.last(this.#roots.get(group)));
  }

  #removeFromPile(group: number, id: number): void {
    const before = this.#prev.get(id);
    const after = this.#next.get(id);
    if (before >= 0) this.#next.set(before, after);
    else this.#piles.set(group, after);
    if (after >= 0) this.#prev.set(after, before);
  }

  addWeight(group: number, id: number, weight: number): void {
    if (this.#prev.get(id) === IN_TREE && !this.#single) this.tree.addWeight(this.#roots.get(group), id, weight);
  }

  /** Puts rows of the pile in order until the tree covers the window. */
  refill(group: number, weightOf: (id: number) => number): void {
    if (!this.#hasPile(group) || this.tree.weight(this.#roots.get(group)) >= this.#need) return;
    this.place();
    this.#fill(group, weightOf);
    // What it took to find them stays worth it.
    this.#bounds.set(group, 2 * this.tree.weight(this.#roots.get(group)));
  }

  #fill(group: number, weightOf: (id: number) => number): void {
    while (this.#piles.get(group) >= 0 && this.tree.weight(this.#roots.get(group)) < this.#need) {
      const pile: number[] = [];
      for (let id = this.#piles.get(group); id >= 0; id = this.#next.get(id)) pile.push(id);
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
    return this.#single ? this.#roots.get(group) : this.tree.first(this.#roots.get(group));
  }

  /** What is shown of the group. */
  window(group: number): OrderWindow {
    const { offset, limit, ties } = this.#spec;
    const root = this.#roots.get(group);
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
    this.tree.window(this.#roots.get(group), place, 1, out);
    return out;
  }
}
