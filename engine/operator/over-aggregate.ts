// Aggregates over frames: one slot for each lane, a run of a partition's rows; all lanes move on by one row at a time, together.
import { DatabaseError } from '../data/error.ts';
import { INT4 } from '../data/types.ts';
import { Int32Vector, concatVectors, nullVector, takeVector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import type { EvalContext } from '../expression/context.ts';
import type { Accumulator } from '../function/aggregate/aggregate.ts';
import { SlotRows } from '../function/aggregate/slots.ts';
import type { WindowSite, WindowValues } from '../function/ranking/window-function.ts';
import { rowNumbers } from '../state/scratch.ts';
import { accumulatorOf, keepWhere } from './frame-accumulator.ts';
import type { FrameAggregateCall } from './frame-accumulator.ts';
import { piecesOf } from './over-frame.ts';
import type { Frames } from './over-frame.ts';
import type { OverRows, Segment } from './over-rows.ts';
import type { PartitionTotals } from './over-totals.ts';

/** Rows a lane moves on by between two turns. */
const MOVES_A_TURN = 64;
/** Entries that the accumulator takes at a time; most epochs are small. */
const MOST_MOVES = 16_384;
const FIRST_MOVES = 64;
/** What it costs to move all lanes on by a row, in entries that could be taken instead; measured. */
const MOVE_COST = 128;
const SHORTEST_LANE = 16;

/**
 * Rows from .. to − 1 of a partition, evaluated one after the other, beginning with an empty slot; `first` is the number of
 * the first among all evaluated rows.
 */
interface Lane {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  /** Its number. */
  readonly segment: number;
}

/**
 * Why: moving on by a row costs the same for one lane and for hundreds, but each begins with a whole frame. Short lanes where
 * frames are short; of a running sum over 1 M rows some ten.
 */
function lanesOf({ segments }: OverRows, { lows, highs }: Frames): readonly Lane[] {
  const longest = segments.reduce((most, s) => Math.max(most, s.to - s.from), 0);
  let best: readonly Lane[] = lanesOfLength(segments, longest);
  if (longest <= SHORTEST_LANE) return best;
  let least = costOf(best, longest, lows, highs);
  for (let length = SHORTEST_LANE; length < longest; length *= 2) {
    const lanes = lanesOfLength(segments, length);
    const cost = costOf(lanes, length, lows, highs);
    if (cost >= least) continue;
    best = lanes;
    least = cost;
  }
  return best;
}

function lanesOfLength(segments: readonly Segment[], length: number): readonly Lane[] {
  const lanes: Lane[] = [];
  let n = 0;
  segments.forEach(({ from, to }, segment) => {
    for (let at = from; at < to; at += length) {
      lanes.push({ from: at, to: Math.min(at + length, to), first: n + at - from, segment });
    }
    n += to - from;
  });
  return lanes;
}

function costOf(lanes: readonly Lane[], length: number, lows: Int32Array, highs: Int32Array): number {
  return lanes.reduce((sum, { first }) => sum + highs[first] - lows[first], MOVE_COST * length);
}

/** Entries that come into and leave the frames of lanes. */
class Moves {
  slots = new Int32Array(FIRST_MOVES);
  entries = new Int32Array(FIRST_MOVES);
  weights = new Int32Array(FIRST_MOVES);
  length = 0;
  readonly #full: () => void;

  /** `full`: takes them, and leaves none. */
  constructor(full: () => void) {
    this.#full = full;
  }

  add(slot: number, from: number, to: number, weight: number): void {
    for (let i = from; i < to; i++) {
      if (this.length === MOST_MOVES) this.#full();
      if (this.length === this.slots.length) this.#grow();
      this.slots[this.length] = slot;
      this.entries[this.length] = i;
      this.weights[this.length++] = weight;
    }
  }

  #grow(): void {
    const grown = (from: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(from.length * 4);
      to.set(from);
      return to;
    };
    this.slots = grown(this.slots);
    this.entries = grown(this.entries);
    this.weights = grown(this.weights);
  }
}

/** Slots are empty between two evaluations. */
export class FrameAggregate {
  readonly #call: FrameAggregateCall;
  readonly #totals: PartitionTotals | null;
  readonly #rows = new SlotRows();
  readonly #accumulator: Accumulator;

  /** `totals` null: rows before those that are loaded are in no frame. */
  constructor(call: FrameAggregateCall, totals: PartitionTotals | null) {
    this.#call = call;
    this.#totals = totals;
    const { start, exclude } = call.frame;
    this.#accumulator = accumulatorOf(call, this.#rows, start.kind === 'unbounded-preceding' && exclude === 'no-others');
  }

  /** In turns. */
  *evaluate(site: WindowSite, context: EvalContext): Generator<null, WindowValues> {
    const { rows } = site;
    if (rows.evaluated.length === 0) return { vector: nullVector(this.#call.type, 0), errors: new Map() };
    const lanes = lanesOf(rows, site.frames());
    this.#rows.ensure(lanes.length);
    this.#accumulator.ensure(lanes.length);
    const sweep = new Sweep(this.#call, this.#accumulator, site, context, lanes);
    try {
      if (this.#totals !== null) sweep.begin(this.#totals);
      return yield* sweep.run();
    } finally {
      this.#accumulator.clear(rowNumbers(lanes.length));
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
  /** By slot. */
  readonly #lanes: readonly Lane[];
  readonly #moves = new Moves(() => this.#take());
  /** By slot: the runs of entries that are in it now. */
  readonly #held: (readonly number[])[];
  /** By slot: the result of what is in it, −1: not asked for yet. */
  readonly #current: Int32Array;
  #results = 0;

  constructor(
    call: FrameAggregateCall, accumulator: Accumulator, site: WindowSite, context: EvalContext, lanes: readonly Lane[],
  ) {
    this.#call = call;
    this.#lanes = lanes;
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
    this.#held = lanes.map(() => []);
    this.#current = new Int32Array(lanes.length).fill(-1);
  }

  /** Lanes of segments that have rows before them begin with what those come to. */
  begin(totals: PartitionTotals): void {
    const { segments } = this.#site.rows;
    const slots = Int32Array.from(this.#lanes.keys()).filter((slot) => segments[this.#lanes[slot].segment].base > 0);
    if (slots.length === 0) return;
    const later = [...new Set(Array.from(slots, (slot) => this.#lanes[slot].segment))];
    const columns = totals.before(later.map((segment) => segments[segment]), { args: this.#args, filter: this.#filter });
    const placeOf = new Map(later.map((segment, place) => [segment, place]));
    const places = slots.map((slot) => placeOf.get(this.#lanes[slot].segment) ?? 0);
    this.#accumulator.restoreColumns(slots, columns.map((column) => takeVector(column, places)), 0);
  }

  *run(): Generator<null, WindowValues> {
    const { rows } = this.#site;
    const { lows, highs } = this.#site.frames();
    const lanes = this.#lanes;
    const n = rows.evaluated.length;
    const resultOf = new Int32Array(n);
    let active = lanes.map((_, slot) => slot);
    for (let row = 0; active.length > 0; row++) {
      const changed: number[] = [];
      for (const slot of active) {
        const { from, first } = lanes[slot];
        const pieces = piecesOf(rows, this.#call.frame, from + row, lows[first + row], highs[first + row]);
        if (this.#move(slot, pieces) || this.#current[slot] < 0) changed.push(slot);
        if (row === 0) yield null;
      }
      this.#take();
      this.#ask(changed);
      for (const slot of active) resultOf[lanes[slot].first + row] = this.#current[slot];
      active = active.filter((slot) => lanes[slot].from + row + 1 < lanes[slot].to);
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
  #move(slot: number, pieces: readonly number[]): boolean {
    const held = this.#held[slot];
    if (held.length === pieces.length && held.every((x, i) => x === pieces[i])) return false;
    this.#held[slot] = pieces;
    addDifference(pieces, held, (from, to) => this.#moves.add(slot, from, to, 1));
    addDifference(held, pieces, (from, to) => this.#moves.add(slot, from, to, -1));
    return true;
  }

  /** The accumulator takes the moves so far. */
  #take(): void {
    const { length } = this.#moves;
    if (length === 0) return;
    const rows = this.#moves.entries.slice(0, length);
    const weights = this.#moves.weights.slice(0, length);
    if (this.#filter !== null) keepWhere(this.#filter, rows, weights);
    this.#accumulator.update(this.#moves.slots.slice(0, length), this.#args.map((a) => takeVector(a, rows)), weights, length);
    this.#moves.length = 0;
  }

  #ask(changed: readonly number[]): void {
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
