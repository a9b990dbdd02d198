// PairingHeaps: the entries of each slot in a heap, from which any of them can be taken out.
import type { EntryOrder } from './entry-order.ts';
import { grown } from '../../data/grown.ts';

const NONE = -1;

/**
 * Pairing heaps (Fredman, Sedgewick, Sleator, Tarjan, 1986), one a slot, of entries of a multiset: insertion O(1),
 * removal of any entry O(log n) amortised, so that a hot group under deletes stays cheap.
 */
export class PairingHeaps {
  readonly #order: EntryOrder;
  /** By slot. */
  #roots = new Int32Array(64).fill(NONE);
  /** By entry: first child, right sibling, left sibling or parent. */
  #child = new Int32Array(64);
  #next = new Int32Array(64);
  #previous = new Int32Array(64);

  /** The least by `order` is at the root. */
  constructor(order: EntryOrder) {
    this.#order = order;
  }

  ensureSlots(slots: number): void {
    if (slots <= this.#roots.length) return;
    const roots = new Int32Array(Math.max(slots, this.#roots.length * 2)).fill(NONE);
    roots.set(this.#roots);
    this.#roots = roots;
  }

  ensureEntries(entries: number): void {
    if (entries <= this.#child.length) return;
    const length = Math.max(entries, this.#child.length * 2);
    this.#child = grown(this.#child, length);
    this.#next = grown(this.#next, length);
    this.#previous = grown(this.#previous, length);
  }

  /** The least entry, −1 when there is none. */
  root(slot: number): number {
    return this.#roots[slot];
  }

  insert(slot: number, entry: number): void {
    this.#child[entry] = NONE;
    this.#next[entry] = NONE;
    this.#previous[entry] = NONE;
    const root = this.#roots[slot];
    this.#roots[slot] = root === NONE ? entry : this.#meld(root, entry);
  }

  /** Requires: the entry is in the slot's heap. */
  remove(slot: number, entry: number): void {
    const root = this.#roots[slot];
    const rest = this.#mergeChildren(this.#child[entry]);
    if (entry === root) {
      this.#roots[slot] = rest;
      return;
    }
    const previous = this.#previous[entry];
    const next = this.#next[entry];
    if (this.#child[previous] === entry) this.#child[previous] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    if (rest !== NONE) this.#roots[slot] = this.#meld(root, rest);
  }

  clear(slot: number): void {
    this.#roots[slot] = NONE;
  }

  /** Requires: two roots. */
  #meld(a: number, b: number): number {
    const top = this.#order(a, b) <= 0 ? a : b;
    const below = top === a ? b : a;
    const first = this.#child[top];
    this.#next[below] = first;
    if (first !== NONE) this.#previous[first] = below;
    this.#previous[below] = top;
    this.#child[top] = below;
    this.#next[top] = NONE;
    this.#previous[top] = NONE;
    return top;
  }

  /** Two passes: siblings melded in pairs from the left, then the pairs from the right. */
  #mergeChildren(first: number): number {
    let pairs = NONE;
    for (let at = first; at !== NONE;) {
      const second = this.#next[at];
      const after = second === NONE ? NONE : this.#next[second];
      this.#detach(at);
      let pair = at;
      if (second !== NONE) {
        this.#detach(second);
        pair = this.#meld(at, second);
      }
      this.#next[pair] = pairs;
      pairs = pair;
      at = after;
    }
    let merged = NONE;
    while (pairs !== NONE) {
      const after = this.#next[pairs];
      this.#detach(pairs);
      merged = merged === NONE ? pairs : this.#meld(merged, pairs);
      pairs = after;
    }
    return merged;
  }

  #detach(entry: number): void {
    this.#next[entry] = NONE;
    this.#previous[entry] = NONE;
  }

  get bytes(): number {
    return this.#roots.byteLength + this.#child.byteLength * 3;
  }
}
