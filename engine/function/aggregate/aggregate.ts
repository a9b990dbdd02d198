// AggregateFunction: the contract of aggregates; Accumulator: the state of one for all groups, column-wise.
import type { DatabaseError } from '../../data/error.ts';
import type { LogicalType } from '../../data/types.ts';
import type { Vector } from '../../data/vector.ts';
import type { EvalContext } from '../../expression/context.ts';
import type { SortKey } from '../../operator/operator.ts';
import type { StateReader, StateWriter } from '../../state/ports.ts';
import type { Signature } from '../function.ts';
import type { ResultColumn } from './result-column.ts';
import type { FloatSlots, SlotRows } from './slots.ts';

/**
 * plain: `sum(x)`. ordered-set: `percentile_cont(f) WITHIN GROUP (ORDER BY x)`: `args` are the direct arguments, then
 * the aggregated ones; direct arguments are constant within a group. hypothetical: `rank(v) WITHIN GROUP (ORDER BY x)`.
 */
export type AggregateForm = 'plain' | 'ordered-set' | 'hypothetical';

export interface AggregateFunction extends Signature {
  readonly kind: 'aggregate';
  readonly form: AggregateForm;
  /** Number of direct arguments of an ordered-set or hypothetical aggregate. */
  readonly direct: number;
  /** Rows with a NULL argument do not count (they do for array_agg and its kin, and for count(*), which has none). */
  readonly strict: boolean;
  /** ORDER BY inside the call changes the result (string_agg, array_agg ..); others may ignore it. */
  readonly ordered: boolean;
  accumulator(spec: AccumulatorSpec): Accumulator;
}

export interface AccumulatorSpec {
  readonly argTypes: readonly LogicalType[];
  readonly returnType: LogicalType;
  /** ORDER BY inside the call; `column` counts the vectors of `update`, where the keys follow the arguments. */
  readonly orderBy: readonly SortKey[];
  /** The input never takes a row back: min and max may then keep one value a group. */
  readonly appendOnly: boolean;
  /** Where numbers of every slot are kept; the operator's. Their bytes are counted there. */
  readonly rows: SlotRows;
  /** The number of rows of every slot, where the operator counts just what this accumulator is fed: count(*) is that. */
  readonly counts?: FloatSlots;
}

/** What a result may depend on or complain to. */
export interface ResultContext {
  readonly eval: EvalContext;
  /** The result of slots[index] cannot be had; what the vector holds there is ignored. */
  fail(index: number, error: DatabaseError): void;
}

/**
 * State of one aggregate for all groups, indexed by slot.
 * Law: a result depends on nothing but the multiset of rows the slot has now, whatever came and went before.
 */
export interface Accumulator {
  /** Make room for slots 0 .. slots − 1; a new slot is empty. */
  ensure(slots: number): void;
  /** Row i goes to slots[i] with weights[i] (0: not at all, negative: taken back). Skips NULLs by itself if strict. */
  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void;
  /** One value a slot, of the spec's return type. */
  result(slots: Int32Array, context: ResultContext): Vector;
  /** The same for hot aggregates: behind what `out` holds already. False: it did nothing, ask for `result`. */
  appendResult(slots: Int32Array, out: ResultColumn): boolean;
  /** Makes slots empty again, whatever they hold. */
  clear(slots: Int32Array): void;
  /** State that is one row a slot: written by the operator into its own pages. */
  saveColumns(slots: Int32Array): readonly Vector[];
  /** Takes its columns from `columns[from]` on; returns how many. Requires: ensured, empty slots. */
  restoreColumns(slots: Int32Array, columns: readonly Vector[], from: number): number;
  /** State that is many rows a slot, in pages of its own named from `name`; only what changed since the last save. */
  saveEntries(out: StateWriter, name: string): void;
  /** `hinted`: `restoreHints` was called for all slots before. */
  restoreEntries(from: StateReader, name: string, hinted?: boolean): void;
  /**
   * As the columns, behind those of all accumulators: what follows from the entries and spares reading all of them at a
   * restore. Pages that earlier versions have written have none.
   */
  saveHints?(slots: Int32Array): readonly Vector[];
  restoreHints?(slots: Int32Array, columns: readonly Vector[], from: number): number;
  /** Bytes of state held, roughly. */
  readonly bytes: number;
}
