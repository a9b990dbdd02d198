// Look-ups in deltas that lie over a snapshot: whoever writes row after row in one transaction asks each of them many times.
import type { Delta } from '../data/delta.ts';
import { KeyTable } from '../state/key-table.ts';
import { Pages } from '../state/pages.ts';
import type { RelationLookup } from './contract.ts';
import { KeyFilter } from './key-filter.ts';

/** Rows from which on, and rows to a key that is asked for, an index is worth more than going through them. */
const MANY = 64;
const ROWS_TO_A_KEY = 4;

/** By delta and key: its index, from the second time on that it is asked. */
const indexes = new WeakMap<Delta, Map<string, DeltaIndex | null>>();

/** The rows of each delta that have one of the keys, in their order. */
export function lookUp(deltas: readonly Delta[], lookup: RelationLookup): readonly Delta[] {
  let filter: KeyFilter | null = null;
  return deltas.map((delta) => indexOf(delta, lookup)?.find(delta, lookup) ?? (filter ??= new KeyFilter(lookup)).apply(delta));
}

function indexOf(delta: Delta, { columns, keys, nulls = 'never' }: RelationLookup): DeltaIndex | null {
  if (delta.length < Math.max(MANY, ROWS_TO_A_KEY * keys.length)) return null;
  const held = indexes.get(delta) ?? new Map<string, DeltaIndex | null>();
  indexes.set(delta, held);
  const id = `${columns.join()} ${nulls}`;
  const known = held.get(id);
  if (known instanceof DeltaIndex) return known;
  const index = known === undefined ? null : new DeltaIndex(delta, columns, nulls);
  held.set(id, index);
  return index;
}

class DeltaIndex {
  readonly #keys: KeyTable;
  /** By key the last row that has it, and by row the one before it with the same key; −1: none. */
  readonly #last: Int32Array;
  readonly #before: Int32Array;

  constructor({ batch, length }: Delta, columns: readonly number[], nulls: NonNullable<RelationLookup['nulls']>) {
    const vectors = columns.map((c) => batch.columns[c]);
    const schema = { columns: vectors.map(({ type }, i) => ({ name: `k${i}`, type })) };
    this.#keys = new KeyTable(new Pages(schema), columns.map((_, i) => i), { nulls });
    const slots = new Int32Array(length);
    this.#keys.findOrInsert(vectors, length, slots);
    this.#last = new Int32Array(this.#keys.pages.idLimit).fill(-1);
    this.#before = new Int32Array(length);
    for (let row = 0; row < length; row++) {
      const slot = slots[row];
      if (slot < 0) continue;
      this.#before[row] = this.#last[slot];
      this.#last[slot] = row;
    }
  }

  find(delta: Delta, { keys }: RelationLookup): Delta {
    const slots = new Int32Array(keys.length);
    this.#keys.find(keys.columns, keys.length, slots);
    const rows: number[] = [];
    for (const slot of new Set(slots)) {
      if (slot < 0) continue;
      for (let row = this.#last[slot]; row >= 0; row = this.#before[row]) rows.push(row);
    }
    return delta.take(Int32Array.from(rows).sort());
  }
}
