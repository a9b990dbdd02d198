// The accumulator of an aggregate over frames, and which rows it takes.
import { INT4 } from '../data/types.ts';
import { isValid } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import type { Accumulator, AggregateFunction } from '../function/aggregate/aggregate.ts';
import type { SlotRows } from '../function/aggregate/slots.ts';
import type { OverArgument, OverCallShape } from '../function/ranking/window-function.ts';

export interface FrameAggregateCall extends OverCallShape {
  readonly aggregate: AggregateFunction;
  readonly filter: OverArgument | null;
}

/** `appendOnly`: no row is taken back. */
export function accumulatorOf({ aggregate, args, type }: FrameAggregateCall, rows: SlotRows, appendOnly: boolean): Accumulator {
  // Where the order of rows counts, the place in the partition is the key that the rows are sorted by.
  const orderBy = aggregate.ordered ? [{ column: args.length, type: INT4, descending: false, nullsFirst: false }] : [];
  return aggregate.accumulator({ argTypes: args.map((a) => a.type), returnType: type, orderBy, rows, appendOnly });
}

/** Rows that FILTER leaves out weigh nothing. `rows`: in the filter's vector. */
export function keepWhere(filter: Vector, rows: Int32Array, weights: Int32Array): void {
  if (filter.layout !== 'bool') throw new TypeError('FILTER is boolean');
  for (let i = 0; i < rows.length; i++) {
    if (!isValid(filter.validity, rows[i]) || filter.values[rows[i]] === 0) weights[i] = 0;
  }
}
