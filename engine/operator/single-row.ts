// SingleRow: the input as it is, and an error for every group of more than one row (a scalar subquery's promise).
// Law: the output is the input; errors sum to one per group of more than one row, as changes of that number.
// A left join of kind 'single' (join.ts) says the same only for keys that the outer query asks for; prefer it.
import { PAGE_MASK, PAGE_SHIFT } from '../data/cells.ts';
import { Delta } from '../data/delta.ts';
import { DatabaseError } from '../data/error.ts';
import type { Watermark } from '../data/time.ts';
import { INT4 } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import { KeyTable } from '../state/key-table.ts';
import { Pages } from '../state/pages.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { TouchedRows } from '../state/touched-rows.ts';
import type { Operator, Restoring, StateSize, StepContext } from './operator.ts';

export function moreThanOneRow(): DatabaseError {
  return new DatabaseError('21000', 'more than one row returned by a subquery used as an expression');
}

export class SingleRow implements Operator {
  readonly name = 'single row';
  readonly schema: Schema;
  readonly #keys: readonly number[];
  /** Key columns, then the group's number of rows. */
  readonly #pages: Pages;
  readonly #table: KeyTable;
  readonly #touched: TouchedRows;

  /** `keys`: columns whose values make the groups; none: one group. */
  constructor(schema: Schema, keys: readonly number[]) {
    this.schema = schema;
    this.#keys = keys;
    this.#pages = new Pages({ columns: [...keys.map((k) => schema.columns[k]), { name: 'rows', type: INT4 }] });
    this.#table = new KeyTable(this.#pages, keys.map((_, i) => i));
    this.#touched = new TouchedRows(this.#pages);
  }

  step([delta]: readonly Delta[], context: StepContext): Delta {
    const { batch, weights, length } = delta;
    const slots = new Int32Array(length);
    const added = this.#table.findOrInsert(this.#keys.map((k) => batch.columns[k]), length, slots);
    const counts = this.#pages.columns[this.#keys.length];
    const { inserted } = this.#table;
    for (let i = 0; i < added; i++) counts[inserted[i] >> PAGE_SHIFT].i32[inserted[i] & PAGE_MASK] = 0;
    this.#pages.touch(slots, length);
    this.#touched.begin();
    for (let i = 0; i < length; i++) {
      const { i32 } = counts[slots[i] >> PAGE_SHIFT];
      const at = slots[i] & PAGE_MASK;
      if (this.#touched.add(slots[i])) this.#touched.note(i32[at]);
      i32[at] += weights[i];
    }
    this.#report(context);
    return delta;
  }

  #report(context: StepContext): void {
    const { ids, notes, length } = this.#touched;
    const counts = this.#pages.columns[this.#keys.length];
    const gone: number[] = [];
    for (let i = 0; i < length; i++) {
      const rows = counts[ids[i] >> PAGE_SHIFT].i32[ids[i] & PAGE_MASK];
      if ((rows > 1) !== (notes[i] > 1)) context.error(moreThanOneRow(), rows > 1 ? 1 : -1);
      if (rows === 0) gone.push(ids[i]);
    }
    if (gone.length > 0) this.#table.remove(Int32Array.from(gone), gone.length);
  }

  advance(_watermark: Watermark, _context: StepContext): Delta {
    return Delta.empty(this.schema);
  }

  save(out: StateWriter): void {
    this.#pages.save('groups', out);
  }

  restore(from: StateReader): Restoring {
    this.#pages.restore('groups', from);
    return this.#table.rebuild();
  }

  stateSize(): StateSize {
    return { rows: this.#pages.rows, bytes: this.#pages.bytes() + this.#table.bytes + this.#touched.bytes };
  }
}
