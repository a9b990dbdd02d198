// BoundStatement: a statement after names and types are known: what it takes, what it answers, and how to run it.
import type { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import type { Soon } from '../../engine/data/soon.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { BoundQuery } from '../binder/level.ts';
import type { CopyFormat, CopyInSink, ResultColumn } from '../session-api.ts';
import type { SessionState } from '../session-state.ts';

/** `batches` may throw while it is read; `tag` is told how many rows the client took. */
export type StatementResult =
  | { readonly kind: 'rows'; readonly columns: readonly ResultColumn[];
      readonly batches: Iterable<Batch> | AsyncIterable<Batch>; readonly tag: (rows: number) => string;
      /** SUBSCRIBE: has no end of its own, and must not be collected. */
      readonly endless?: true }
  /** `lateTag`: asked for instead once the statement, and its transaction if it ends with it, is through. */
  | { readonly kind: 'command'; readonly tag: string; readonly lateTag?: () => Soon<string> }
  | { readonly kind: 'copyIn'; readonly sink: CopyInSink }
  | { readonly kind: 'copyOut'; readonly format: CopyFormat; readonly columns: readonly ResultColumn[];
      readonly batches: Iterable<Batch> | AsyncIterable<Batch>; readonly tag: (rows: number) => string };

/** A statement that writes, for EXPLAIN: `Insert on t`, what it says of itself, and the query its rows come from. */
export interface WritePlan {
  readonly title: string;
  readonly details: readonly string[];
  /** null: rows of expressions. */
  readonly query: BoundQuery | null;
}

export interface BoundStatement {
  /** Types of $1, $2 ... */
  readonly parameters: readonly LogicalType[];
  /** null: returns no rows. */
  readonly columns: readonly ResultColumn[] | null;
  /** Whether its meaning hangs on catalog and search path, and so must be bound again when they change. */
  readonly cacheable: boolean;
  /** A query whose cursor goes backward without being declared SCROLL. */
  readonly backward?: boolean;
  /** What EXPLAIN shows of a statement that writes. */
  readonly write?: WritePlan;
  /** One datum a parameter, of its type. Within a transaction. */
  run(state: SessionState, parameters: readonly Datum[]): Soon<StatementResult>;
}

/** A statement without parameters and rows. */
export function command(
  run: (state: SessionState) => Soon<StatementResult>,
): BoundStatement {
  return { parameters: [], columns: null, cacheable: false, run: (state) => run(state) };
}

export function done(tag: string): StatementResult {
  return { kind: 'command', tag };
}

/** A result column that comes from no table. */
export function resultColumn(name: string, type: LogicalType): ResultColumn {
  return { name, type, table: 0, attribute: 0 };
}
