// Aggregates over frames: one slot a partition; all partitions move on by one row at a time, together.
import { DatabaseError } from '../data/error.ts';
import { INT4 } from '../data/types.ts';
import { Int32Vector, concatVectors, isValid, nullVector, takeVector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import type { EvalContext } from '../expression/context.ts';
import type { Accumulator, AggregateFunction } from '../function/aggregate/aggregate.ts';
import { SlotRows } from '../function/aggregate/slots.ts';
import type { OverArgument, OverCallShape, WindowSite, WindowValues } from '../function/ranking/window-function.ts';
import { piecesOf } from './over-frame.ts';

export interface FrameAggregateCall extends OverCallShape {
  readonly aggregate: AggregateFunction;
  readonly filter: OverArgument | null;
}

/** Rows a partition moves on by between two turns. */
const MOVES_A_TURN = 64;

/** Entries that come into and leave a partition's frame. */
class Moves {
  slots: number[] = [];
  entries: number[] = [];
  weights: number[] = [];

  add(slot: number, from: number, to: number, weight: number): void {
    for (let i = from; i < to; i++) {
      this.slots.push(slot);
      this.entries.push(i);
      this.weights.push(weight);
    }
  }
}

/** Slots are empty between two evaluations. */
export class FrameAggregate {
  readonly #call: FrameAggregateCall;
  readonly #rows = new SlotRows();
  readonly #accumulator: Accumulator;

  constructor(call: FrameAggregateCall) {
    this.#call = call;
    const { aggregate, args, type, frame } = call;
    // Where the order of rows counts, the place in the partition is the key that the rows are sorted by.
    const orderBy = aggregate.ordered
      ? [{ column: args.length, type: INT4, descending: false, nullsFirst: false }] : [];
    this.#accumulator = aggregate.accumulator({
      argTypes: args.map((a) => a.type), returnType: type, orderBy, rows: this.#rows,
      appendOnly: frame.start.kind === 'unbounded-preceding' && frame.exclude === 'no-others',
    });
  }

  /** In turns. */
  *evaluate(site: WindowSite, context: EvalContext): Generator<null, WindowValues> {
    const { rows } = site;
    const { length } = rows.evaluated;
    const slots = rows.segments.length;
    if (length === 0) return { vector: nullVector(this.#call.type, 0), errors: new Map() };
    this.#rows.ensure(slots);
    this.#accumulator.ensure(slots);
    const sweep = new Sweep(this.#call, this.#accumulator, site, context);
    try {
      return yield* sweep.run();
    } finally {
      this.#accumulator.clear(Int32Array.from({ length: slots }, (_, i) => i));
    }
  }
}

class Sweep {
  readonly #call: FrameAggregateCall;
  readonly #accumulator: Accumulator;
  readonly #site: WindowSite;
  readonly #context: EvalContext;
  readonly #args: readonly Vector[];
  readonly #filter: Vector | null;
  readonly #parts: Vector[] = [];
  readonly #failed = new Map<number, DatabaseError>();
  /** By slot: the runs of entries that are in it now. */
  readonly #held: (readonly number[])[];
  /** By slot: the result of what is in it, −1: not asked for yet. */
  readonly #current: Int32Array;
  #results = 0;

  constructor(call: FrameAggregateCall, accumulator: Accumulator, site: WindowSite, context: EvalContext) {
    this.#call = call;
    this.#accumulator = accumulator;
    this.#site = site;
    this.#context = context;
    const { rows } = site;
    const places = Int32Array.from(rows.ids, (_, i) => i);
    this.#args = [
      ...call.args.map((a) => site.argument(a)),
      ...(call.aggregate.ordered ? [new Int32Vector(INT4, places.length, places)] : []),
    ];
    this.#filter = call.filter === null ? null : site.argument(call.filter);
    this.#held = rows.segments.map(() => []);
    this.#current = new Int32Array(rows.segments.length).fill(-1);
  }

  *run(): Generator<null, WindowValues> {
    const { rows } = this.#site;
    const { lows, highs } = this.#site.frames();
    const { segments } = rows;
    const firsts: number[] = [];
    let n = 0;
    for (const { from, to } of segments) {
      firsts.push(n);
      n += to - from;
    }
    const resultOf = new Int32Array(n);
    let active = segments.map((_, s) => s).filter((s) => segments[s].to > segments[s].from);
    for (let row = 0; active.length > 0; row++) {
      const moves = new Moves();
      const changed: number[] = [];
      for (const s of active) {
        const at = firsts[s] + row;
        const pieces = piecesOf(rows, this.#call.frame, segments[s].from + row, lows[at], highs[at]);
        if (this.#move(s, pieces, moves) || this.#current[s] < 0) changed.push(s);
      }
      this.#settle(moves, changed);
      for (const s of active) resultOf[firsts[s] + row] = this.#current[s];
      active = active.filter((s) => segments[s].from + row + 1 < segments[s].to);
      if (row % MOVES_A_TURN === 0) yield null;
    }
    const errors = new Map<number, DatabaseError>();
    if (this.#failed.size > 0) {
      for (let i = 0; i < n; i++) {
        const error = this.#failed.get(resultOf[i]);
        if (error !== undefined) errors.set(i, error);
      }
    }
    return { vector: takeVector(concatVectors(this.#parts), resultOf), errors };
  }

  /** From the runs that are held to these; false: they are the same. */
  #move(slot: number, pieces: readonly number[], moves: Moves): boolean {
    const held = this.#held[slot];
    if (held.length === pieces.length && held.every((x, i) => x === pieces[i])) return false;
    this.#held[slot] = pieces;
    addDifference(pieces, held, (from, to) => moves.add(slot, from, to, 1));
    addDifference(held, pieces, (from, to) => moves.add(slot, from, to, -1));
    return true;
  }

  #settle({ slots, entries, weights }: Moves, changed: readonly number[]): void {
    if (entries.length > 0) {
      const rows = Int32Array.from(entries);
      const counted = Int32Array.from(weights);
      if (this.#filter !== null) keepWhere(this.#filter, rows, counted);
      this.#accumulator.update(Int32Array.from(slots), this.#args.map((a) => takeVector(a, rows)), counted, rows.length);
    }
    if (changed.length === 0) return;
    const base = this.#results;
    this.#parts.push(this.#accumulator.result(Int32Array.from(changed), {
      eval: this.#context,
      fail: (index, error) => {
        if (!this.#failed.has(base + index)) this.#failed.set(base + index, error);
      },
    }));
    for (const slot of changed) this.#current[slot] = this.#results++;
  }
}

/** What the runs `a` hold and the runs `b` do not; both ascending. */
function addDifference(a: readonly number[], b: readonly number[], each: (from: number, to: number) => void): void {
  for (let p = 0; p < a.length; p += 2) {
    let from = a[p];
    const to = a[p + 1];
    for (let q = 0; q < b.length && from < to; q += 2) {
      if (b[q + 1] <= from || b[q] >= to) continue;
      if (b[q] > from) each(from, b[q]);
      from = Math.max(from, b[q + 1]);
    }
    if (from < to) each(from, to);
  }
}

function keepWhere(filter: Vector, rows: Int32Array, weights: Int32Array): void {
  if (filter.layout !== 'bool') throw new TypeError('FILTER is boolean');
  for (let i = 0; i < rows.length; i++) {
    if (!isValid(filter.validity, rows[i]) || filter.values[rows[i]] === 0) weights[i] = 0;
  }
}
