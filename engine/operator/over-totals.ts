// PartitionTotals: an aggregate over all rows of each partition. What a running frame holds before the last rows of a
// partition is the total without them: so values behind a change are had without the rows before it.
import { takeVector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import { isRunning } from '../function/ranking/frame-reach.ts';
import { SlotAccumulator, SlotRows } from '../function/aggregate/slots.ts';
import { accumulatorOf, keepWhere } from './frame-accumulator.ts';
import type { FrameAggregateCall } from './frame-accumulator.ts';
import type { Segment } from './over-rows.ts';

/** What an aggregate takes of rows. */
export interface AggregateInput {
  readonly args: readonly Vector[];
  /** A boolean; null: all rows count. */
  readonly filter: Vector | null;
}

export class PartitionTotals {
  readonly #rows: SlotRows;
  /** By number of the partition. */
  readonly #accumulator: SlotAccumulator;

  private constructor(rows: SlotRows, accumulator: SlotAccumulator) {
    this.#rows = rows;
    this.#accumulator = accumulator;
  }

  /** null: the frame is no running one, or the aggregate's state grows with its rows. */
  static of(call: FrameAggregateCall): PartitionTotals | null {
    if (!isRunning(call.frame)) return null;
    const rows = new SlotRows();
    const accumulator = accumulatorOf(call, rows, false);
    return accumulator instanceof SlotAccumulator ? new PartitionTotals(rows, accumulator) : null;
  }

  get bytes(): number {
    return this.#rows.bytes + this.#accumulator.bytes;
  }

  ensure(partitions: number): void {
    this.#rows.ensure(partitions);
    this.#accumulator.ensure(partitions);
  }

  clear(partitions: Int32Array): void {
    this.#accumulator.clear(partitions);
  }

  /** Row i of the input comes to, or, where its weight is negative, leaves partitions[i]. */
  change(partitions: Int32Array, { args, filter }: AggregateInput, weights: Int32Array): void {
    const counted = weights.slice();
    if (filter !== null) keepWhere(filter, partitions.map((_, i) => i), counted);
    this.#accumulator.update(partitions, args, counted, partitions.length);
  }

  /**
   * What the rows before each segment come to, a row a segment (Accumulator.saveColumns). `input`: by entry. Requires:
   * segments of different partitions, each to its partition's end.
   */
  before(segments: readonly Segment[], input: AggregateInput): readonly Vector[] {
    const length = segments.reduce((sum, { start, end }) => sum + end - start, 0);
    const entries = new Int32Array(length);
    const owners = new Int32Array(length);
    let n = 0;
    for (const { start, end, partition } of segments) {
      for (let i = start; i < end; i++, n++) {
        entries[n] = i;
        owners[n] = partition;
      }
    }
    const rows: AggregateInput = {
      args: input.args.map((arg) => takeVector(arg, entries)), filter: input.filter && takeVector(input.filter, entries),
    };
    this.change(owners, rows, new Int32Array(entries.length).fill(-1));
    const columns = this.#accumulator.saveColumns(Int32Array.from(segments, ({ partition }) => partition));
    this.change(owners, rows, new Int32Array(entries.length).fill(1));
    return columns;
  }
}
