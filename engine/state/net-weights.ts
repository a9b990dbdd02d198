// NetWeights: keys, each with the sum of the weights it was added with.
import type { Equality } from '../data/row-key.ts';
import type { Vector } from '../data/vector.ts';
import type { NullKeys } from './key-index.ts';
import { KeyTable } from './key-table.ts';
import { Pages } from './pages.ts';

/** With `nulls` never, a key with a NULL has none. */
export class NetWeights {
  readonly #keys: KeyTable;
  #net = new Int32Array(64);
  #slots = new Int32Array(64);

  /** Keys of the columns' types. */
  constructor(columns: readonly Vector[], equality: Equality, nulls: NullKeys) {
    const schema = { columns: columns.map((column, i) => ({ name: `k${i}`, type: column.type })) };
    this.#keys = new KeyTable(new Pages(schema), columns.map((_, i) => i), { equality, nulls });
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Adds weights times `sign`; returns each row's slot, −1 for a NULL key. Valid until the next call. */
  add(columns: readonly Vector[], weights: Int32Array, sign: 1 | -1): Int32Array {
    const { length } = weights;
    if (this.#slots.length < length) this.#slots = new Int32Array(length * 2);
    const slots = this.#slots;
    this.#keys.findOrInsert(columns, length, slots);
    this.#reserve();
    for (let i = 0; i < length; i++) if (slots[i] >= 0) this.#net[slots[i]] += sign * weights[i];
    return slots;
  }

  /** Each row's slot, −1 for a key never added. Valid until the next call. */
  find(columns: readonly Vector[], length: number): Int32Array {
    if (this.#slots.length < length) this.#slots = new Int32Array(length * 2);
    this.#keys.find(columns, length, this.#slots);
    return this.#slots;
  }

  net(slot: number): number {
    return this.#net[slot];
  }

  #reserve(): void {
    const limit = this.#keys.pages.idLimit;
    if (this.#net.length >= limit) return;
    const grown = new Int32Array(Math.max(limit, this.#net.length * 2));
    grown.set(this.#net);
    this.#net = grown;
  }
}
