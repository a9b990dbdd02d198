// Spans: the runs of a partition's rows that a change comes to, and what is to be loaded for them.
import { datumAt } from '../data/access.ts';
import type { RowOrder } from '../data/row-order.ts';
import type { EvalContext } from '../expression/context.ts';
import type { OrderTree } from '../state/order-tree.ts';
import type { Pages } from '../state/pages.ts';
import type { SortKey } from './operator.ts';
import type { OverCalls } from './over-calls.ts';
import { GroupReach } from './group-reach.ts';
import { RangeReach } from './range-reach.ts';
import type { KeyReach, Run } from './range-reach.ts';

/** What changed of one partition. */
export interface Change {
  readonly group: number;
  /** Changed rows with the weight they had. */
  readonly ids: number[];
  readonly weights: number[];
}

/** Rows from .. to − 1 of a partition, by number before a change, that are evaluated; it makes `grows` more of them. */
export interface Span {
  readonly group: number;
  readonly from: number;
  readonly to: number;
  readonly grows: number;
}

/** The rows of a state in their partitions. */
export interface OrderedRows {
  readonly tree: OrderTree;
  readonly pages: Pages;
  readonly total: RowOrder;
  /** 0 for peers; null: all rows of a partition are. */
  readonly peers: RowOrder | null;
}

/** Where more than one row of so many changes, all between the first and the last are evaluated. */
const SPARSE = 16;

export class Spans {
  readonly #rows: OrderedRows;
  readonly #calls: OverCalls;
  readonly #keyed: readonly KeyReach[];

  constructor(rows: OrderedRows, calls: OverCalls, order: readonly SortKey[]) {
    this.#rows = rows;
    this.#calls = calls;
    const { tree, pages, peers } = rows;
    const key = (id: number) => datumAt(pages.gatherColumn(order[0].column, Int32Array.of(id)), 0);
    this.#keyed = peers === null ? [] : calls.keyed.map((frame) => (frame.mode === 'groups'
      ? new GroupReach(frame, tree, peers) : new RangeReach(frame, order[0], { tree, peers, key })));
  }

  /** Requires: the tree is as it was before the change, the weights in the pages are as they are after it. */
  of(change: Change, root: number, context: EvalContext): readonly Span[] {
    const { group, ids } = change;
    const { total, tree } = this.#rows;
    const size = tree.weight(root);
    const grows = ids.reduce((sum, _, i) => sum + this.growth(change, i), 0);
    if (this.#keyed.some((reach) => reach.mayFail(root, ids))) return [{ group, from: 0, to: size, grows }];
    const { before, after } = this.#calls.reach;
    const sparse = before < Infinity && after < Infinity && ids.length * SPARSE < size;
    if (sparse) return this.#apart(change, root, context);
    const least = ids.reduce((a, b) => (total(a, b) <= 0 ? a : b));
    const greatest = ids.reduce((a, b) => (total(a, b) >= 0 ? a : b));
    return [{ group, from: this.#reached(root, least, context)[0], to: this.#reached(root, greatest, context)[1], grows }];
  }

  /** Those that meet are one. */
  #apart(change: Change, root: number, context: EvalContext): readonly Span[] {
    const { group, ids } = change;
    const spans: Span[] = [];
    for (const i of [...ids.keys()].toSorted((a, b) => this.#rows.total(ids[a], ids[b]))) {
      const [from, to] = this.#reached(root, ids[i], context);
      const grows = this.growth(change, i);
      const last = spans.at(-1);
      if (last === undefined || from > last.to) spans.push({ group, from, to, grows });
      else spans[spans.length - 1] = { group, from: last.from, to: Math.max(to, last.to), grows: last.grows + grows };
    }
    return spans;
  }

  /** How many more of a changed row there are. */
  growth({ ids, weights }: Change, i: number): number {
    return Math.max(0, this.#rows.pages.weight(ids[i])) - Math.max(0, weights[i]);
  }

  /** Rows of the tree whose values may change with that one, itself among them where it is there. */
  #reached(root: number, id: number, context: EvalContext): Run {
    const { tree, total } = this.#rows;
    const { before, peers, after } = this.#calls.reach;
    const at = tree.weightBefore(root, id);
    let from = Math.max(0, at - before);
    if (peers) from = this.#peersBefore(root, from === at ? id : tree.at(root, from));
    let to = Math.min(tree.weight(root), tree.weightUpTo(root, id, total) + after);
    for (const reach of this.#keyed) {
      const [first, last] = reach.changed(root, id, context);
      from = Math.min(from, first);
      to = Math.max(to, last);
    }
    return [from, to];
  }

  /** What rows from .. to − 1 of the tree as it is now look at, themselves among it. */
  seen(root: number, [from, to]: Run, context: EvalContext): Run {
    const { tree } = this.#rows;
    const { back, ahead } = this.#calls.reach;
    const size = tree.weight(root);
    let first = Math.max(0, from - back);
    let last = Math.min(size, to + ahead);
    if (from >= to || (first === 0 && last === size)) return [first, last];
    const ends: Run = [tree.at(root, from), tree.at(root, to - 1)];
    for (const reach of this.#keyed) {
      const run = reach.frames(root, ends, context);
      first = Math.min(first, run[0]);
      last = Math.max(last, run[1]);
    }
    // What is before the rows is had from all those behind: where there are fewer before, from those.
    return [this.#calls.counts && first < last - first ? 0 : first, last];
  }

  /** How many rows are before the row's peers. */
  #peersBefore(root: number, id: number): number {
    const { tree, peers } = this.#rows;
    return peers === null ? 0 : tree.weightBefore(root, id, peers);
  }
}
