// What a circuit is to those who install, feed and print it: views and ad-hoc queries alike.
import type { Expression } from '../expression/expression.ts';
import type { Batch } from '../data/batch.ts';
import type { Delta } from '../data/delta.ts';
import type { Watermark } from '../data/time.ts';
import type { Schema } from '../data/types.ts';
import type { SortKey, StateSize, StepContext } from '../operator/operator.ts';
import type { PieceContext, Pieces } from '../operator/pieces.ts';
import type { RangeLookup } from '../state/key-range.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';

/**
 * Where a circuit's rows come from. `columns`: which columns of the relation, in which order (pruned).
 * `lookup`: only the rows whose `columns` equal one of `keys` (an index or primary-key look-up, ad-hoc only).
 * `late`: leave out rows that are late by the relation's watermark (views that EMIT ON WINDOW CLOSE).
 */
export type CircuitSource =
  | {
      readonly kind: 'relation';
      readonly relation: number;
      readonly columns: readonly number[];
      readonly lookup: { readonly columns: readonly number[]; readonly keys: Batch } | null;
      /** Only rows in ranges of an index's key, ad-hoc only; see range-lookup.ts. Not beside `lookup`. */
      readonly range?: RangeLookup;
      /** Only rows whose `columns` equal a row of the node's output, ad-hoc only: read in the middle of the step. */
      readonly probe?: { readonly node: number; readonly columns: readonly number[] };
      readonly late: 'keep' | 'drop';
      /** Of the columns above. */
      readonly schema: Schema;
    }
  /** Constant rows, fed once when the circuit is installed or run (VALUES, table functions, system relations). */
  | { readonly kind: 'constant'; readonly rows: () => Batch; readonly schema: Schema };

/** The rows of a source in pieces, at least one; of one with a probe those whose columns equal one of the keys. */
export type SourceReader = (source: CircuitSource, keys: Delta | null) => Pieces;

/** Operators in topological order. One circuit serves a view for ever or a SELECT once. */
export interface Circuit {
  readonly sources: readonly CircuitSource[];
  readonly schema: Schema;
  /** One delta a source, in order. Returns the change of the result. Requires: no source has a probe. */
  step(inputs: readonly Delta[], context: StepContext): Delta;
  /**
   * The same in steps that sum to it, each of bounded size where an operator gives far more rows than it is given. Between any
   * two of them others may go on; each is read before the next is asked for, and all are asked for before the circuit is used
   * otherwise. Requires: the inputs stay as they are until then.
   */
  steps(inputs: readonly Delta[], context: StepContext): Generator<Delta, void>;
  /**
   * The same, of a view that is being filled: what sums up is kept back until `settle`, which is called when all is in, and
   * before anything else.
   */
  fill(inputs: readonly Delta[], context: StepContext): Generator<Delta, void>;
  settle(context: StepContext): Generator<Delta | null, void>;
  /**
   * The one step of a circuit that runs once, with its rows in pieces: what is asked for is made, and held where an operator
   * needs it whole. Between any two of what is returned others may go on.
   */
  pieces(read: SourceReader, context: PieceContext): Pieces;
  /** One watermark a source, in order; emits what closes. */
  advance(watermarks: readonly Watermark[], context: StepContext): Delta;
  /** Its result changes as time passes. */
  readonly timed: boolean;
  /** When it does so next, µs since 1970 UTC: `advance` at an epoch of that time or later says how. null: not by itself. */
  due(): bigint | null;
  /** Equal for circuits whose saved state is interchangeable: names, schemas and wiring of all operators. */
  readonly fingerprint: string;
  save(out: (operator: number) => StateWriter): void;
  /** In turns; nothing else is asked of it before that is done. */
  restore(from: (operator: number) => StateReader): Generator<null>;
  /** The operators as a tree for EXPLAIN, indented text lines. */
  print(options?: { readonly state?: boolean }): readonly string[];
  stateSize(): StateSize;
}

/** A compiled query: a circuit and what the portal does to its rows, since Z-sets have no order. */
export interface CompiledQuery {
  readonly circuit: Circuit;
  /** Over the circuit's columns; empty: any order. */
  readonly order: readonly SortKey[];
  readonly offset: bigint | null;
  readonly limit: bigint | null;
  /** The leading columns that the client sees; what follows was only there to sort by. */
  readonly visible: number;
  /** What the client sees, over the visible columns, computed once rows are in order and cut; null: these as they are. */
  readonly late: readonly Expression[] | null;
  /** Whichever these rows are, no more are asked for; null: all have to be known. */
  readonly enough: number | null;
  /** Rows of the pieces it runs in; null: as many as are good. */
  readonly pieceRows: number | null;
}
