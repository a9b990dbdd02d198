// DerivedRows: the rows of a recursion with how often each is derived, for taking derivations back (recursive.ts).
//
// Delete and rederive (Gupta, Mumick & Subrahmanian, SIGMOD 1993): a row that loses any derivation goes, for those it has
// left may hang on itself; once all that hangs on it has gone, those still counted are of rows that stayed.
import type { Batch } from '../data/batch.ts';
import { PAGE_MASK, PAGE_SHIFT } from '../data/cells.ts';
import { Delta } from '../data/delta.ts';
import { INT4 } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import { KeyTable } from '../state/key-table.ts';
import { Pages } from '../state/pages.ts';
import type { StateSize } from './operator.ts';

export class DerivedRows {
  /** The row's columns, then how often it is derived, and whether it is there (1 or 0). */
  readonly #pages: Pages;
  readonly #table: KeyTable;
  readonly #width: number;
  /** Slots of rows that went since `restored` was called. */
  #gone: number[] = [];

  constructor(schema: Schema) {
    this.#width = schema.columns.length;
    this.#pages = new Pages({
      columns: [...schema.columns, { name: 'derivations', type: INT4 }, { name: 'present', type: INT4 }],
    });
    this.#table = new KeyTable(this.#pages, schema.columns.map((_, i) => i));
  }

  /** Derivations that are added: the rows that come by them. */
  gain(delta: Delta): Delta {
    const slots = this.#count(delta);
    const come: number[] = [];
    for (let i = 0; i < delta.length; i++) {
      if (this.#cell(slots[i], 0) <= 0 || this.#cell(slots[i], 1) === 1) continue;
      this.#put(slots[i], 1);
      come.push(slots[i]);
    }
    return this.#delta(come, 1);
  }

  /** Derivations that are taken back: the rows that go by them, whatever else they are derived from. */
  lose(delta: Delta): Delta {
    const slots = this.#count(delta);
    const go: number[] = [];
    for (let i = 0; i < delta.length; i++) {
      if (this.#cell(slots[i], 1) === 0) continue;
      this.#put(slots[i], 0);
      go.push(slots[i]);
    }
    for (const slot of go) this.#gone.push(slot);
    return this.#delta(go, -1);
  }

  /** Of the rows that went, those that are derived from rows that stayed: they are back. The others are forgotten. */
  restored(): Delta {
    const back: number[] = [];
    const over: number[] = [];
    for (const slot of this.#gone) {
      if (this.#cell(slot, 0) > 0) {
        this.#put(slot, 1);
        back.push(slot);
      } else over.push(slot);
    }
    this.#gone = [];
    const delta = this.#delta(back, 1);
    if (over.length > 0) this.#table.remove(Int32Array.from(over), over.length);
    return delta;
  }

  #count({ batch, weights, length }: Delta): Int32Array {
    const slots = new Int32Array(length);
    const added = this.#table.findOrInsert(batch.columns, length, slots);
    const { inserted } = this.#table;
    this.#pages.touch(slots, length);
    const [counts, present] = [this.#column(0), this.#column(1)];
    for (let i = 0; i < added; i++) {
      const [page, row] = [inserted[i] >> PAGE_SHIFT, inserted[i] & PAGE_MASK];
      counts[page].i32[row] = 0;
      present[page].i32[row] = 0;
    }
    for (let i = 0; i < length; i++) counts[slots[i] >> PAGE_SHIFT].i32[slots[i] & PAGE_MASK] += weights[i];
    return slots;
  }

  #column(at: 0 | 1): Pages['columns'][number] {
    return this.#pages.columns[this.#width + at];
  }

  #cell(slot: number, at: 0 | 1): number {
    return this.#column(at)[slot >> PAGE_SHIFT].i32[slot & PAGE_MASK];
  }

  #put(slot: number, present: 0 | 1): void {
    this.#column(1)[slot >> PAGE_SHIFT].i32[slot & PAGE_MASK] = present;
  }

  #delta(slots: readonly number[], weight: number): Delta {
    const rows: Batch = this.#table.keys(Int32Array.from(slots));
    return new Delta(rows, new Int32Array(slots.length).fill(weight));
  }

  stateSize(): StateSize {
    return { rows: this.#pages.rows, bytes: this.#pages.bytes() + this.#table.bytes };
  }
}
