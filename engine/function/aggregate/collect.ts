// Aggregates over the sorted list of a slot's rows: string_agg, array_agg, and what else needs all of them.
import { datumAt, vectorFromDatums } from '../../data/access.ts';
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { totalOrder } from '../../data/row-order.ts';
import type { RowOrder } from '../../data/row-order.ts';
import type { LogicalType } from '../../data/types.ts';
import type { Vector } from '../../data/vector.ts';
import type { EvalContext } from '../../expression/context.ts';
import type { StateReader, StateWriter } from '../../state/ports.ts';
import type { Accumulator, AccumulatorSpec, ResultContext } from './aggregate.ts';
import { Multiset } from './multiset.ts';

/** The rows of one slot in order, as many times as they are there. */
export interface SortedRows {
  /** Arguments of each row. */
  readonly rows: readonly (readonly Datum[])[];
  readonly argTypes: readonly LogicalType[];
  readonly returnType: LogicalType;
  readonly orderBy: AccumulatorSpec['orderBy'];
  readonly eval: EvalContext;
}

/** The result over at least one row; throws DatabaseError where PostgreSQL would. */
export type Fold = (sorted: SortedRows) => Datum;

export interface CollectOptions {
  readonly fold: Fold;
  /** Rows with a NULL in these arguments do not count. */
  readonly strict: boolean;
  /** Result of no rows. */
  readonly empty?: Datum;
}

/**
 * Rows come in the order of ORDER BY inside the call; where that leaves a choice, or is not given, by the values of
 * all arguments, so that the result is a function of the rows alone (PostgreSQL's depends on how they were read).
 */
export class CollectAccumulator implements Accumulator {
  readonly #spec: AccumulatorSpec;
  readonly #options: CollectOptions;
  readonly #rows: Multiset;
  readonly #order: RowOrder;
  readonly #columns: readonly number[];

  constructor(spec: AccumulatorSpec, options: CollectOptions) {
    this.#spec = spec;
    this.#options = options;
    const types = [...spec.argTypes];
    // Keys beyond the arguments are values of their own.
    for (const key of spec.orderBy) if (key.column >= spec.argTypes.length) types.push(key.type);
    // With keys beyond the arguments NULLs are left out only when the result is made: a key may be NULL.
    this.#rows = new Multiset(types, 'exact', options.strict && types.length === spec.argTypes.length);
    this.#columns = spec.argTypes.map((_, i) => i + 1);
    const { pages } = this.#rows;
    this.#order = totalOrder(types.map((_, i) => pages.cells(i + 1)), spec.orderBy);
  }

  ensure(slots: number): void {
    this.#rows.ensure(slots);
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    this.#rows.apply(slots, args, weights, length);
    this.#rows.settle();
  }

  result(slots: Int32Array, context: ResultContext): Vector {
    return vectorFromDatums(this.#spec.returnType, Array.from(slots, (slot, index) => {
      try {
        return this.#resultOf(slot, context.eval);
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error;
        context.fail(index, error);
        return null;
      }
    }));
  }

  #resultOf(slot: number, evalContext: EvalContext): Datum {
    const entries = this.#rows.entries(slot).filter((entry) => this.#rows.weight(entry) > 0).sort(this.#order);
    const values = this.#rows.pages.gather(Int32Array.from(entries), this.#columns).columns;
    const rows: (readonly Datum[])[] = [];
    entries.forEach((entry, i) => {
      const row = values.map((v) => datumAt(v, i));
      if (this.#options.strict && row.includes(null)) return;
      for (let n = this.#rows.weight(entry); n > 0; n--) rows.push(row);
    });
    if (rows.length === 0) return this.#options.empty ?? null;
    const { argTypes, returnType, orderBy } = this.#spec;
    return this.#options.fold({ rows, argTypes, returnType, orderBy, eval: evalContext });
  }

  clear(slots: Int32Array): void {
    this.#rows.clear(slots);
  }
  appendResult(): boolean {
    return false;
  }
  saveColumns(): readonly Vector[] {
    return [];
  }
  restoreColumns(): number {
    return 0;
  }
  saveEntries(out: StateWriter, name: string): void {
    this.#rows.save(name, out);
  }
  restoreEntries(from: StateReader, name: string): void {
    this.#rows.restore(name, from, () => {});
  }
  get bytes(): number {
    return this.#rows.bytes;
  }
}
