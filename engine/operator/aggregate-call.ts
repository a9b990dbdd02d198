// Calls of aggregates in a GROUP BY: what they are given, and their accumulators.
import { assert } from '../data/error.ts';
import type { LogicalType, Schema } from '../data/types.ts';
import type { Accumulator, AggregateFunction } from '../function/aggregate/aggregate.ts';
import { DistinctAccumulator } from '../function/aggregate/distinct.ts';
import type { FloatSlots, SlotRows } from '../function/aggregate/slots.ts';
import type { SortKey } from './operator.ts';

export interface AggregateCall {
  readonly function: AggregateFunction;
  /** Columns of the input. */
  readonly args: readonly number[];
  readonly distinct: boolean;
  /** A boolean column: rows where it is not true do not count. */
  readonly filter: number | null;
  /** Inside the call; columns of the input. */
  readonly orderBy: readonly SortKey[];
  readonly returnType: LogicalType;
}

export interface AggregateOptions {
  /** Names and types of the output: the keys, then the calls. */
  readonly schema: Schema;
  readonly input: Schema;
  /** Columns of the input. None: exactly one row, over an empty input too, from the first step on. */
  readonly keys: readonly number[];
  readonly calls: readonly AggregateCall[];
  /** The input never takes a row back. */
  readonly appendOnly?: boolean;
  /**
   * Index among `keys` of window_end. Groups whose window the watermark has passed are forgotten without a word, for
   * an EMIT ON WINDOW CLOSE above, which has emitted them by then. Requires: late rows are left out before.
   */
  readonly closing?: number | null;
}

export interface BoundCall {
  readonly call: AggregateCall;
  readonly accumulator: Accumulator;
  /** Arguments, then keys of ORDER BY. */
  readonly columns: readonly number[];
}

/** Calls of count(*) over all rows. */
export function isRowCount({ function: { name }, args, distinct, filter }: AggregateCall): boolean {
  return name === 'count' && args.length === 0 && !distinct && filter === null;
}

/** With its accumulator, whose numbers are in `rows`; `counts` are the rows by group. */
export function bindCall(
  call: AggregateCall, { input, appendOnly }: AggregateOptions, rows: SlotRows, counts: FloatSlots,
): BoundCall {
  const spec = {
    ...(isRowCount(call) ? { counts } : {}),
    argTypes: call.args.map((c) => input.columns[c].type),
    returnType: call.returnType,
    orderBy: call.orderBy.map((key, i) => ({ ...key, column: call.args.length + i })),
    appendOnly: appendOnly === true,
    rows,
  };
  if (call.distinct) {
    // The keys of ORDER BY are among the arguments; the accumulator inside gets the arguments alone.
    const orderBy = call.orderBy.map((key) => ({ ...key, column: call.args.indexOf(key.column) }));
    assert(orderBy.every((key) => key.column >= 0), 'ORDER BY of a DISTINCT aggregate is among its arguments');
    const accumulator = new DistinctAccumulator(call.function, { ...spec, orderBy });
    return { call, accumulator, columns: call.args };
  }
  const columns = [...call.args, ...call.orderBy.map((key) => key.column)];
  return { call, accumulator: call.function.accumulator(spec), columns };
}
