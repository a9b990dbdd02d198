// SetOperation: INTERSECT and EXCEPT, ALL or distinct, of two inputs; with one input, DISTINCT.
// Law: a row's multiplicity in the output is a function of its multiplicities in the inputs, kept as counts a row; the
// output is the change of that function. Rows are equal by value, NULLs too; the first representation seen is shown.
import { PAGE_MASK, PAGE_SHIFT } from '../data/cells.ts';
import { Delta } from '../data/delta.ts';
import type { Watermark } from '../data/time.ts';
import { INT4 } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import { KeyTable } from '../state/key-table.ts';
import { Pages } from '../state/pages.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { TouchedRows } from '../state/touched-rows.ts';
import type { PieceContext, Pieces } from './pieces.ts';
import type { Operator, Restoring, StateSize, StepContext } from './operator.ts';

export type SetOperationKind =
  'distinct' | 'union' | 'intersect' | 'intersect all' | 'except' | 'except all';

/** Multiplicity in the output for those in the first and second input. */
const MULTIPLICITY: Readonly<Record<SetOperationKind, (left: number, right: number) => number>> = {
  'distinct': (left) => (left > 0 ? 1 : 0),
  'union': (left, right) => (left > 0 || right > 0 ? 1 : 0),
  'intersect': (left, right) => (left > 0 && right > 0 ? 1 : 0),
  'intersect all': (left, right) => Math.max(0, Math.min(left, right)),
  'except': (left, right) => (left > 0 && right <= 0 ? 1 : 0),
  'except all': (left, right) => Math.max(0, left - Math.max(0, right)),
};

export class SetOperation implements Operator {
  readonly name: string;
  readonly schema: Schema;
  /** The row, then its count in each of two inputs. */
  readonly #pages: Pages;
  readonly #table: KeyTable;
  readonly #columns: readonly number[];
  readonly #multiplicity: (left: number, right: number) => number;
  readonly #touched: TouchedRows;
  #slots = new Int32Array(1024);

  /** `schema`: of both inputs, which agree in layouts, and of the output. */
  constructor(schema: Schema, kind: SetOperationKind) {
    this.name = kind;
    this.schema = schema;
    this.#multiplicity = MULTIPLICITY[kind];
    this.#columns = schema.columns.map((_, c) => c);
    this.#pages = new Pages({ columns: [...schema.columns, { name: 'left', type: INT4 }, { name: 'right', type: INT4 }] });
    this.#table = new KeyTable(this.#pages, this.#columns);
    this.#touched = new TouchedRows(this.#pages);
  }

  step(inputs: readonly Delta[], _context: StepContext): Delta {
    this.#touched.begin();
    inputs.forEach((delta, input) => this.#count(delta, this.#columns.length + input));
    const { out, gone } = this.#changes(0, this.#touched.length);
    if (gone.length > 0) this.#table.remove(gone, gone.length);
    return out;
  }

  /** Nothing is put out before all is counted. */
  *pieces(inputs: readonly Pieces[], context: PieceContext): Pieces {
    this.#touched.begin();
    for (const [input, pieces] of inputs.entries()) {
      for (const piece of pieces) {
        if (piece !== null) this.#count(piece, this.#columns.length + input);
        yield null;
      }
    }
    yield Delta.empty(this.schema);
    for (let from = 0; from < this.#touched.length; from += context.pieceRows) {
      yield this.#changes(from, Math.min(from + context.pieceRows, this.#touched.length)).out;
    }
  }

  #count({ batch, weights, length }: Delta, column: number): void {
    if (length === 0) return;
    if (this.#slots.length < length) this.#slots = new Int32Array(length * 2);
    const slots = this.#slots;
    const added = this.#table.findOrInsert(batch.columns, length, slots);
    this.#clear(this.#table.inserted, added);
    this.#pages.touch(slots, length);
    const counts = this.#pages.columns[column];
    for (let i = 0; i < length; i++) {
      const slot = slots[i];
      if (this.#touched.add(slot)) this.#touched.note(this.#multiplicityOf(slot));
      counts[slot >> PAGE_SHIFT].i32[slot & PAGE_MASK] += weights[i];
    }
  }

  #clear(slots: Int32Array, length: number): void {
    const [left, right] = [this.#columns.length, this.#columns.length + 1].map((c) => this.#pages.columns[c]);
    for (let i = 0; i < length; i++) {
      left[slots[i] >> PAGE_SHIFT].i32[slots[i] & PAGE_MASK] = 0;
      right[slots[i] >> PAGE_SHIFT].i32[slots[i] & PAGE_MASK] = 0;
    }
  }

  #countOf(slot: number, input: number): number {
    return this.#pages.columns[this.#columns.length + input][slot >> PAGE_SHIFT].i32[slot & PAGE_MASK];
  }

  #multiplicityOf(slot: number): number {
    return this.#multiplicity(this.#countOf(slot, 0), this.#countOf(slot, 1));
  }

  /** Of the touched rows from .. to − 1; `gone`: rows that are in no input any more. */
  #changes(from: number, to: number): { readonly out: Delta; readonly gone: Int32Array } {
    const { ids, notes } = this.#touched;
    const changed = new Int32Array(to - from);
    const weights = new Int32Array(to - from);
    const gone = new Int32Array(to - from);
    let n = 0;
    let m = 0;
    for (let i = from; i < to; i++) {
      const slot = ids[i];
      const change = this.#multiplicityOf(slot) - notes[i];
      if (change !== 0) {
        weights[n] = change;
        changed[n++] = slot;
      }
      if (this.#countOf(slot, 0) === 0 && this.#countOf(slot, 1) === 0) gone[m++] = slot;
    }
    const out = new Delta(this.#pages.gather(changed.subarray(0, n), this.#columns), weights.subarray(0, n));
    return { out, gone: gone.subarray(0, m) };
  }

  advance(_watermark: Watermark, _context: StepContext): Delta {
    return Delta.empty(this.schema);
  }

  save(out: StateWriter): void {
    this.#pages.save('rows', out);
  }

  restore(from: StateReader): Restoring {
    this.#pages.restore('rows', from);
    return this.#table.rebuild();
  }

  stateSize(): StateSize {
    return { rows: this.#pages.rows, bytes: this.#pages.bytes() + this.#table.bytes + this.#touched.bytes };
  }
}
