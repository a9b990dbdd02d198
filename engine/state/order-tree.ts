// OrderTree: ordered multisets of state rows as treaps in flat arrays by row id; any number of trees, roots held outside.
import type { RowOrder } from '../data/row-order.ts';
import { EvictableInts } from './evictable-ints.ts';
import type { Governed } from './evictable-ints.ts';

/** An empty tree's root. */
export const NO_ROW = -1;

/** Priority of a row, a hash of its id: deterministic, and good enough to keep trees shallow. */
function priority(id: number): number {
  const h = Math.imul(id ^ 0x3c6ef372, 0x9e3779b1);
  return Math.imul(h ^ (h >>> 15), 0x85ebca6b) >>> 0;
}

/** What a walk over a tree collects: rows with how often each counts. */
export interface OrderWindow {
  readonly ids: number[];
  readonly weights: number[];
}

/** Requires: `order` tells any two rows of a tree apart, and a row's cells do not change while it is in a tree. */
export class OrderTree {
  readonly #order: RowOrder;
  /** By row id. */
  readonly #left: EvictableInts;
  readonly #right: EvictableInts;
  /** Weight of the row and of all rows below it. */
  readonly #sum: EvictableInts;
  #low = NO_ROW;
  #high = NO_ROW;

  /** `home`: the pages that the rows are in. */
  constructor(order: RowOrder, home: Governed) {
    this.#order = order;
    this.#left = new EvictableInts(home);
    this.#right = new EvictableInts(home);
    this.#sum = new EvictableInts(home);
  }

  get bytes(): number { return this.#left.bytes + this.#right.bytes + this.#sum.bytes; }

  /** Room for ids below `limit`. */
  reserve(limit: number): void {
    this.#left.ensure(limit);
    this.#right.ensure(limit);
    this.#sum.ensure(limit);
  }

  compare(a: number, b: number): number {
    return this.#order(a, b);
  }

  /** Weight of one row of a tree. */
  ownWeight(id: number): number {
    return this.#own(id);
  }

  /** Weight of all rows of a tree. */
  weight(root: number): number {
    return root < 0 ? 0 : this.#sum.get(root);
  }

  #update(id: number, weight: number): void {
    this.#sum.set(id, weight + this.weight(this.#left.get(id)) + this.weight(this.#right.get(id)));
  }

  #own(id: number): number {
    return this.#sum.get(id) - this.weight(this.#left.get(id)) - this.weight(this.#right.get(id));
  }

  /** A tree of rows that are in order; returns the root. As a heap by priority, from the left: its right edge is on the stack. */
  build(ids: Int32Array, weightOf: (id: number) => number): number {
    const edge: number[] = [];
    let root = NO_ROW;
    for (const id of ids) {
      const rank = priority(id);
      let below = NO_ROW;
      for (let top = edge.at(-1); top !== undefined && priority(top) < rank; top = edge.at(-1)) {
        below = top;
        edge.pop();
        this.#update(below, this.#sum.get(below));
      }
      this.#left.set(id, below);
      this.#right.set(id, NO_ROW);
      // Its own, until all below it are there.
      this.#sum.set(id, weightOf(id));
      const above = edge.at(-1);
      if (above === undefined) root = id;
      else this.#right.set(above, id);
      edge.push(id);
    }
    for (let top = edge.pop(); top !== undefined; top = edge.pop()) this.#update(top, this.#sum.get(top));
    return root;
  }

  /** Adds a row; returns the root. */
  insert(root: number, id: number, weight: number): number {
    const rank = priority(id);
    let above = NO_ROW;
    let isLeft = false;
    let at = root;
    while (at >= 0 && priority(at) >= rank) {
      this.#sum.set(at, this.#sum.get(at) + weight);
      above = at;
      isLeft = this.#order(id, at) < 0;
      at = (isLeft ? this.#left : this.#right).get(at);
    }
    this.#split(at, id);
    this.#left.set(id, this.#low);
    this.#right.set(id, this.#high);
    this.#update(id, weight);
    return this.#hang(root, above, isLeft, id);
  }

  /** `id` comes below a row, or in the place of the root where there is none; returns the root. */
  #hang(root: number, above: number, isLeft: boolean, id: number): number {
    if (above < 0) return id;
    (isLeft ? this.#left : this.#right).set(above, id);
    return root;
  }

  /** Rows before `pivot` into #low, those after it into #high. */
  #split(root: number, pivot: number): void {
    if (root < 0) {
      this.#low = NO_ROW;
      this.#high = NO_ROW;
      return;
    }
    const own = this.#own(root);
    if (this.#order(root, pivot) < 0) {
      this.#split(this.#right.get(root), pivot);
      this.#right.set(root, this.#low);
      this.#low = root;
    } else {
      this.#split(this.#left.get(root), pivot);
      this.#left.set(root, this.#high);
      this.#high = root;
    }
    this.#update(root, own);
  }

  /** Takes a row out that is there; returns the root. */
  remove(root: number, id: number): number {
    const weight = this.#own(id);
    let above = NO_ROW;
    let isLeft = false;
    let at = root;
    while (at !== id) {
      this.#sum.set(at, this.#sum.get(at) - weight);
      above = at;
      isLeft = this.#order(id, at) < 0;
      at = (isLeft ? this.#left : this.#right).get(at);
    }
    return this.#hang(root, above, isLeft, this.#join(this.#left.get(id), this.#right.get(id)));
  }

  #join(low: number, high: number): number {
    if (low < 0) return high;
    if (high < 0) return low;
    if (priority(low) > priority(high)) {
      const own = this.#own(low);
      this.#right.set(low, this.#join(this.#right.get(low), high));
      this.#update(low, own);
      return low;
    }
    const own = this.#own(high);
    this.#left.set(high, this.#join(low, this.#left.get(high)));
    this.#update(high, own);
    return high;
  }

  /** Adds to the weight of a row that is there. */
  addWeight(root: number, id: number, weight: number): void {
    let at = root;
    while (at !== id) {
      this.#sum.set(at, this.#sum.get(at) + weight);
      at = this.#order(id, at) < 0 ? this.#left.get(at) : this.#right.get(at);
    }
    this.#sum.set(id, this.#sum.get(id) + weight);
  }

  first(root: number): number {
    let at = root;
    while (at >= 0 && this.#left.get(at) >= 0) at = this.#left.get(at);
    return at;
  }

  last(root: number): number {
    let at = root;
    while (at >= 0 && this.#right.get(at) >= 0) at = this.#right.get(at);
    return at;
  }

  /** The last row that `isBefore` holds for, or NO_ROW. Requires: it holds for the first rows in order, then for none. */
  lastWhere(root: number, isBefore: (id: number) => boolean): number {
    let at = root;
    let found = NO_ROW;
    while (at >= 0) {
      if (isBefore(at)) {
        found = at;
        at = this.#right.get(at);
      } else at = this.#left.get(at);
    }
    return found;
  }

  /** The first row that `isBefore` does not hold for, or NO_ROW. Requires: as lastWhere. */
  firstWhereNot(root: number, isBefore: (id: number) => boolean): number {
    let at = root;
    let found = NO_ROW;
    while (at >= 0) {
      if (isBefore(at)) at = this.#right.get(at);
      else {
        found = at;
        at = this.#left.get(at);
      }
    }
    return found;
  }

  /** Weight of the rows that `isBefore` holds for. Requires: as lastWhere. */
  weightWhere(root: number, isBefore: (id: number) => boolean): number {
    let at = root;
    let total = 0;
    while (at >= 0) {
      if (!isBefore(at)) at = this.#left.get(at);
      else {
        total += this.weight(this.#left.get(at)) + this.#own(at);
        at = this.#right.get(at);
      }
    }
    return total;
  }

  /** The rows at places skip .. skip + take − 1, counting each row as often as it weighs. */
  window(root: number, skip: number, take: number, out: OrderWindow): void {
    if (root < 0 || take <= 0 || skip >= this.#sum.get(root)) return;
    const before = this.weight(this.#left.get(root));
    const own = this.#own(root);
    if (skip < before) this.window(this.#left.get(root), skip, take, out);
    const from = Math.max(skip, before);
    const to = Math.min(skip + take, before + own);
    if (to > from) {
      out.ids.push(root);
      out.weights.push(to - from);
    }
    const rest = before + own;
    if (skip + take > rest) this.window(this.#right.get(root), Math.max(0, skip - rest), skip + take - Math.max(skip, rest), out);
  }

  /** The row at a place there is. */
  at(root: number, place: number): number {
    const found: OrderWindow = { ids: [], weights: [] };
    this.window(root, place, 1, found);
    return found.ids[0];
  }

  /** Weight of the rows that `order` puts before `pivot`, which need not be in the tree. `order`: coarser than the tree's own. */
  weightBefore(root: number, pivot: number, order: RowOrder = this.#order): number {
    return this.weightWhere(root, (id) => order(id, pivot) < 0);
  }

  /** Weight of the rows before the first that `order` puts after `pivot`. `order`: coarser than the tree's own. */
  weightUpTo(root: number, pivot: number, order: RowOrder): number {
    return this.weightWhere(root, (id) => order(id, pivot) <= 0);
  }
}
