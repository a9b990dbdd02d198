// Operator: a node of a circuit; its contract and laws.
import type { DatabaseError } from '../data/error.ts';
import type { Delta } from '../data/delta.ts';
import type { Epoch, Watermark } from '../data/time.ts';
import type { LogicalType, Schema } from '../data/types.ts';
import type { EvalContext } from '../expression/context.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import type { PieceContext, Pieces } from './pieces.ts';

/** What a step may look at besides its inputs and state; all of it comes from the journal, so replay sees the same. */
export interface StepContext {
  readonly epoch: Epoch;
  /** Of the epoch, µs since 1970 UTC; never going back. Absent in a query that runs once, in which nothing asks for it. */
  readonly time?: bigint;
  readonly eval: EvalContext;
  /**
   * Rows on which an expression fails do not stop the step: the operator reports the error with the row's weight
   * and leaves the row out. A view whose errors do not cancel out answers reads with one of them.
   */
  error(error: DatabaseError, weight: number): void;
  /** Rows that a portion should not have many more of. At least 1; absent: as many as are good. */
  readonly portionRows?: number;
}

/** Deltas that sum to a step's output, made as they are asked for; the last one is what is returned. */
export type Portions = Generator<Delta, Delta>;

/** Deterministic in inputs and state: no clock, no random, no I/O. Synchronous. */
export interface Operator {
  /** As EXPLAIN prints it. */
  readonly name: string;
  /** Of the output. */
  readonly schema: Schema;
  /**
   * Law: for any inputs I and change ΔI, the outputs sum to Q(I + ΔI) − Q(I). One delta per input, in order. What is put out is
   * the reader's: the operator does not write to it any more.
   */
  step(inputs: readonly Delta[], context: StepContext): Delta;
  /**
   * The step, where it may give far more rows than it is given, so that nobody has to hold all of them at a time. Each portion
   * leaves the sum of the outputs a multiset where the inputs are. Absent: what a step gives is held whole. Requires: the
   * operator is not used otherwise before the last portion.
   */
  portions?(inputs: readonly Delta[], context: StepContext): Portions;
  /**
   * Of a view that is filled, whose output nobody reads before all is in: takes rows in and puts nothing out. `settle` then
   * puts out what the steps would have come to, null where it is still at work, and is called once, before any step. Both or
   * none, for operators whose step costs as much as what its rows belong to.
   */
  absorb?(inputs: readonly Delta[], context: StepContext): void;
  settle?(context: StepContext): Generator<Delta | null>;
  /**
   * The step in pieces, of an operator of a circuit that runs once: called instead of `step`, and that is all it is ever asked.
   * The pieces sum to what a step would give; there is at least one. Absent: its inputs are collected for a step.
   */
  pieces?(inputs: readonly Pieces[], context: PieceContext): Pieces;
  /** Event time below the watermark is over: emit what closes, drop state nobody can reach. */
  advance(watermark: Watermark, context: StepContext): Delta;
  /** The time from which `tick` has something to do, µs since 1970 UTC; null: none so far. Absent where time changes nothing. */
  due?(): bigint | null;
  /** The epoch's time has come to `due`: what it brings and takes away. */
  tick?(context: StepContext): Delta;
  /** Write what changed since the last save. Empty in a stateless operator. */
  save(out: StateWriter): void;
  /** Reads what was saved; in turns where that takes long. Nothing else is asked of the operator before it is done. */
  restore(from: StateReader): Restoring;
  /** Rows and bytes of state held, for EXPLAIN ANALYZE; zeros in a stateless operator. */
  stateSize(): StateSize;
}

/** Work that is left, in small pieces; nothing: it is done. */
export type Restoring = Generator<null> | void;

export interface StateSize {
  readonly rows: number;
  readonly bytes: number;
}

/** Order of one key column: for top-k, sorted delivery and ordered indexes. */
export interface SortKey {
  readonly column: number;
  readonly type: LogicalType;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}
