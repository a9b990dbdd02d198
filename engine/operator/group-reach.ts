// The reach of GROUPS frames: by the tree of a partition, which rows a change comes to and which those look at, peers by peers.
import type { RowOrder } from '../data/row-order.ts';
import { distance, isRunning } from '../function/ranking/frame-reach.ts';
import type { OrderTree } from '../state/order-tree.ts';
import type { SortKey } from './operator.ts';
import type { Bound, Frame } from './over-frame.ts';
import type { KeyReach, Run } from './range-reach.ts';

/** Each is looked for; frames of more are taken for frames without a limit. */
const MOST_GROUPS = 256;

export class GroupReach implements KeyReach {
  readonly #tree: OrderTree;
  readonly #peers: RowOrder;
  /** Groups before a row's own that its frame begins with, and behind it that it ends with. */
  readonly #back: number;
  readonly #ahead: number;

  constructor({ start, end }: Frame, tree: OrderTree, peers: RowOrder) {
    this.#tree = tree;
    this.#peers = peers;
    this.#back = -distanceOf(start);
    this.#ahead = distanceOf(end);
  }

  mayFail(): boolean {
    return false;
  }

  /** Its peers, and the groups that have it, or the place where it comes between them, in their frames. */
  changed(root: number, id: number): Run {
    return [this.#before(root, id, this.#ahead), this.#behind(root, id, this.#back)];
  }

  frames(root: number, [first, last]: Run): Run {
    return [this.#before(root, first, this.#back), this.#behind(root, last, this.#ahead)];
  }

  /** Where the row's peers begin, or those so many groups before them. */
  #before(root: number, id: number, count: number): number {
    if (count > MOST_GROUPS) return 0;
    let place = this.#tree.weightBefore(root, id, this.#peers);
    for (let n = count; n > 0 && place > 0; n--) {
      place = this.#tree.weightBefore(root, this.#tree.at(root, place - 1), this.#peers);
    }
    return place;
  }

  /** The same of where they end. */
  #behind(root: number, id: number, count: number): number {
    const size = this.#tree.weight(root);
    if (count > MOST_GROUPS) return size;
    let place = this.#tree.weightUpTo(root, id, this.#peers);
    for (let n = count; n > 0 && place < size; n--) {
      place = this.#tree.weightUpTo(root, this.#tree.at(root, place), this.#peers);
    }
    return place;
  }
}

/** Whether the frame has one. */
export function hasGroupReach(frame: Frame, order: readonly SortKey[]): boolean {
  return frame.mode === 'groups' && order.length > 0 && !('column' in frame.start || 'column' in frame.end) && !isRunning(frame);
}

/** Groups from a row's own on. */
function distanceOf(bound: Bound): number {
  if ('column' in bound) throw new TypeError('offsets of columns have no reach');
  return distance(bound);
}
