// PairingHeaps: the entries of each slot in a heap, from which any of them can be taken out.
import { EvictableInts } from '../../state/evictable-ints.ts';
import type { Governed } from '../../state/evictable-ints.ts';
import type { EntryOrder } from './entry-order.ts';

const NONE = -1;

/**
 * Pairing heaps (Fredman, Sedgewick, Sleator, Tarjan, 1986), one a slot, of entries of a multiset: insertion O(1),
 * removal of any entry O(log n) amortised, so that a hot group under deletes stays cheap.
 */
export class PairingHeaps {
  readonly #order: EntryOrder;
  /** By slot. */
  readonly #roots: EvictableInts;
  /** By entry: first child, right sibling, left sibling or parent. */
  readonly #child: EvictableInts;
  readonly #next: EvictableInts;
  readonly #previous: EvictableInts;

  /** The least by `order` is at the root. `home`: the pages that the entries are in. */
  constructor(order: EntryOrder, home: Governed) {
    this.#order = order;
    this.#roots = new EvictableInts(home, NONE);
    this.#child = new EvictableInts(home);
    this.#next = new EvictableInts(home);
    this.#previous = new EvictableInts(home);
  }

  ensureSlots(slots: number): void {
    this.#roots.ensure(slots);
  }

  ensureEntries(entries: number): void {
    this.#child.ensure(entries);
    this.#next.ensure(entries);
    this.#previous.ensure(entries);
  }

  /** The least entry, −1 when there is none. */
  root(slot: number): number {
    return this.#roots.get(slot);
  }

  insert(slot: number, entry: number): void {
    this.#child.set(entry, NONE);
    this.#next.set(entry, NONE);
    this.#previous.set(entry, NONE);
    const root = this.#roots.get(slot);
    this.#roots.set(slot, root === NONE ? entry : this.#meld(root, entry));
  }

  /** Requires: the entry is in the slot's heap. */
  remove(slot: number, entry: number): void {
    const root = this.#roots.get(slot);
    const rest = this.#mergeChildren(this.#child.get(entry));
    if (entry === root) {
      this.#roots.set(slot, rest);
      return;
    }
    const previous = this.#previous.get(entry);
    const next = this.#next.get(entry);
    if (this.#child.get(previous) === entry) this.#child.set(previous, next);
    else this.#next.set(previous, next);
    if (next !== NONE) this.#previous.set(next, previous);
    if (rest !== NONE) this.#roots.set(slot, this.#meld(root, rest));
  }

  clear(slot: number): void {
    this.#roots.set(slot, NONE);
  }

  /** Requires: two roots. */
  #meld(a: number, b: number): number {
    const top = this.#order(a, b) <= 0 ? a : b;
    const below = top === a ? b : a;
    const first = this.#child.get(top);
    this.#next.set(below, first);
    if (first !== NONE) this.#previous.set(first, below);
    this.#previous.set(below, top);
    this.#child.set(top, below);
    this.#next.set(top, NONE);
    this.#previous.set(top, NONE);
    return top;
  }

  /** Two passes: siblings melded in pairs from the left, then the pairs from the right. */
  #mergeChildren(first: number): number {
    let pairs = NONE;
    for (let at = first; at !== NONE;) {
      const second = this.#next.get(at);
      const after = second === NONE ? NONE : this.#next.get(second);
      this.#detach(at);
      let pair = at;
      if (second !== NONE) {
        this.#detach(second);
        pair = this.#meld(at, second);
      }
      this.#next.set(pair, pairs);
      pairs = pair;
      at = after;
    }
    let merged = NONE;
    while (pairs !== NONE) {
      const after = this.#next.get(pairs);
      this.#detach(pairs);
      merged = merged === NONE ? pairs : this.#meld(merged, pairs);
      pairs = after;
    }
    return merged;
  }

  #detach(entry: number): void {
    this.#next.set(entry, NONE);
    this.#previous.set(entry, NONE);
  }

  get bytes(): number {
    return this.#roots.bytes + this.#child.bytes + this.#next.bytes + this.#previous.bytes;
  }
}
