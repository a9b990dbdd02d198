// TemporalFilter: rows that are in from one time on, or up to one: `ts > now() - INTERVAL '1 hour'` in a view.
import { Batch } from '../data/batch.ts';
import { TIMESTAMP_INFINITY as LATEST, TIMESTAMP_NEGATIVE_INFINITY as EARLIEST } from '../data/calendar.ts';
import { PAGE_MASK, PAGE_SHIFT } from '../data/cells.ts';
import { Delta, concatDeltas } from '../data/delta.ts';
import { assert } from '../data/error.ts';
import { INT8 } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import { Int64Vector, isValid } from '../data/vector.ts';
import { NO_ROW } from '../state/order-tree.ts';
import type { OrderWindow } from '../state/order-tree.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import type { Operator, StateSize, StepContext } from './operator.ts';
import { TimedRows } from './timed-rows.ts';

/** A row is in `from` a time on, or `until` a time, when it is not any more: a timestamptz column's value plus `offset` µs. */
export interface TimeBound {
  readonly column: number;
  readonly side: 'from' | 'until';
  readonly offset: bigint;
}

interface Span {
  readonly from: bigint;
  readonly until: bigint;
}

/**
 * Law: at the time t of an epoch (µs since 1970 UTC, never going back) the outputs sum to the input's rows for which
 * all bounds hold at t. Those that are to come or to go later are held with the time of that; one whose bound is NULL
 * never is in. A row's part depends on itself and t alone, so a retraction holds the same with the opposite weight.
 */
export class TemporalFilter implements Operator {
  readonly name = 'temporal filter';
  readonly schema: Schema;
  readonly #bounds: readonly TimeBound[];
  /** The input's columns, then the time of the next change. */
  readonly #held: TimedRows;

  constructor(schema: Schema, bounds: readonly TimeBound[]) {
    this.schema = schema;
    this.#bounds = bounds;
    const time = schema.columns.length;
    this.#held = new TimedRows({ columns: [...schema.columns, { name: 'next', type: INT8 }] }, {
      keys: [], strictKeys: [], time, descending: false,
    });
  }

  step([input]: readonly Delta[], { time: now }: StepContext): Delta {
    assert(now !== undefined, 'an epoch has a time');
    const inside: number[] = [];
    const later: number[] = [];
    const next: bigint[] = [];
    const spanOf = this.#spans(input.batch);
    for (let i = 0; i < input.length; i++) {
      const { from, until } = spanOf(i);
      if (from >= until || until <= now) continue;
      if (from <= now) inside.push(i);
      const change = from <= now ? until : from;
      if (change === LATEST) continue;
      later.push(i);
      next.push(change);
    }
    if (later.length > 0) this.#hold(timed(input.take(Int32Array.from(later)), next));
    return inside.length === input.length ? input : input.take(Int32Array.from(inside));
  }

  advance(): Delta {
    return Delta.empty(this.schema);
  }

  due(): bigint | null {
    const root = this.#held.root(0);
    return root === NO_ROW ? null : this.#timeOf(this.#held.tree.first(root));
  }

  tick({ time: now }: StepContext): Delta {
    assert(now !== undefined, 'an epoch has a time');
    const { tree } = this.#held;
    const root = this.#held.root(0);
    const over: OrderWindow = { ids: [], weights: [] };
    if (root !== NO_ROW) tree.window(root, 0, tree.weightWhere(root, (id) => this.#timeOf(id) <= now), over);
    if (over.ids.length === 0) return Delta.empty(this.schema);
    const held = new Delta(this.#held.gather(Int32Array.from(over.ids)), Int32Array.from(over.weights));
    const rows = new Delta(new Batch(held.batch.columns.slice(0, -1), held.length), held.weights);
    const came: number[] = [];
    const went: number[] = [];
    const leaving: number[] = [];
    const next: bigint[] = [];
    const spanOf = this.#spans(rows.batch);
    const times = timesOf(held.batch, this.schema.columns.length);
    for (let i = 0; i < rows.length; i++) {
      const { from, until } = spanOf(i);
      if (times.values[i] !== from) went.push(i);
      else if (until > now) {
        came.push(i);
        if (until === LATEST) continue;
        leaving.push(i);
        next.push(until);
      }
    }
    this.#hold(concatDeltas([held.negate(), timed(rows.take(Int32Array.from(leaving)), next)]));
    return concatDeltas([rows.take(Int32Array.from(came)), rows.take(Int32Array.from(went)).negate()]);
  }

  #timeOf(id: number): bigint {
    return this.#held.timeCells.chunks[id >> PAGE_SHIFT].i64[id & PAGE_MASK];
  }

  #hold(delta: Delta): void {
    this.#held.change(delta, new Int32Array(delta.length));
    this.#held.apply();
    this.#held.dropEmpty();
  }

  /** By row, when it is in. */
  #spans(batch: Batch): (row: number) => Span {
    const bounds = this.#bounds.map(({ column, side, offset }) => ({ times: timesOf(batch, column), side, offset }));
    return (row) => {
      let from = EARLIEST;
      let until = LATEST;
      for (const { times: { values, validity }, side, offset } of bounds) {
        if (!isValid(validity, row)) return { from: LATEST, until: LATEST };
        const at = shifted(values[row], offset);
        if (side === 'from' && at > from) from = at;
        if (side === 'until' && at < until) until = at;
      }
      return { from, until };
    };
  }

  save(out: StateWriter): void {
    this.#held.save('rows', out);
  }

  restore(from: StateReader): void {
    this.#held.restore('rows', from, null);
  }

  stateSize(): StateSize {
    return { rows: this.#held.rows, bytes: this.#held.bytes };
  }
}

/** Infinite times stay what they are; no other comes to one. */
function shifted(time: bigint, offset: bigint): bigint {
  if (time === EARLIEST || time === LATEST) return time;
  const at = time + offset;
  return at <= EARLIEST ? EARLIEST + 1n : at >= LATEST ? LATEST - 1n : at;
}

function timesOf(batch: Batch, column: number): Int64Vector {
  const times = batch.columns[column];
  assert(times.layout === 'int64', 'a time');
  return times;
}

function timed({ batch, weights, length }: Delta, next: readonly bigint[]): Delta {
  return new Delta(new Batch([...batch.columns, new Int64Vector(INT8, length, BigInt64Array.from(next))], length), weights);
}
