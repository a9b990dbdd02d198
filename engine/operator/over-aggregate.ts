// Aggregates over frames: one slot for each lane, a run of a partition's rows; all lanes move on by one row at a time, together.
import { DatabaseError } from '../data/error.ts';
import { INT4 } from '../data/types.ts';
import { Int32Vector, concatVectors, nullVector, takeVector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import type { EvalContext } from '../expression/context.ts';
import type { Accumulator } from '../function/aggregate/aggregate.ts';
import { SlotAccumulator, SlotRows } from '../function/aggregate/slots.ts';
import { isRunning } from '../function/ranking/frame-reach.ts';
import type { WindowSite, WindowValues } from '../function/ranking/window-function.ts';
import { rowNumbers } from '../state/scratch.ts';
import { accumulatorOf, keepWhere } from './frame-accumulator.ts';
import type { FrameAggregateCall } from './frame-accumulator.ts';
import { piecesOf } from './over-frame.ts';
import type { Frames } from './over-frame.ts';
import type { OverRows, Segment } from './over-rows.ts';
import type { PartitionTotals } from './over-totals.ts';

/** Rows that lanes move on by between two turns. */
const MOVES_A_TURN = 1024;
/** Entries that the accumulator takes at a time; most epochs are small. */
const MOST_MOVES = 16_384;
const FIRST_MOVES = 64;
/** What it costs to move all lanes on by a row, in entries that could be taken instead; measured. */
const MOVE_COST = 128;
/** The same of what one lane holds to be copied into the next. */
const COPY_COST = 64;
const SHORTEST_LANE = 16;

/** Rows from .. to − 1 of a partition, evaluated one after the other; `first`: the number of the first among all evaluated. */
interface Lane {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  /** Its number. */
  readonly segment: number;
}

/**
 * Why: moving on by a row costs the same for one lane and for hundreds, but each begins with a whole frame. Short lanes where
 * frames are short; of a list so far over 1 M rows some ten. `copied`: a lane begins with what the one before it began with.
 */
function lanesOf({ segments }: OverRows, { lows, highs }: Frames, copied: boolean): readonly Lane[] {
  const longest = segments.reduce((most, s) => Math.max(most, s.to - s.from), 0);
  let best: readonly Lane[] = lanesOfLength(segments, longest);
  if (longest <= SHORTEST_LANE) return best;
  const costOf = (lanes: readonly Lane[], length: number): number => MOVE_COST * length
    + (copied ? COPY_COST * lanes.length : lanes.reduce((sum, { first }) => sum + highs[first] - lows[first], 0));
  let least = costOf(best, longest);
  for (let length = SHORTEST_LANE; length < longest; length *= 2) {
    const lanes = lanesOfLength(segments, length);
    const cost = costOf(lanes, length);
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
    const copied = isRunning(this.#call.frame) && this.#accumulator instanceof SlotAccumulator;
    const lanes = lanesOf(rows, site.frames(), copied);
    this.#rows.ensure(lanes.length);
    this.#accumulator.ensure(lanes.length);
    const sweep = new Sweep(this.#call, this.#accumulator, site, context, lanes);
    try {
      if (this.#totals !== null) sweep.begin(this.#totals);
      if (copied) yield* sweep.copy();
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
  /** By slot: the runs of entries that are in it now .. */
  readonly #held: (readonly number[])[];
  /** .. or, of frames that exclude nothing, the limits of the only one. */
  readonly #lows: Int32Array;
  readonly #highs: Int32Array;
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
    const { length } = site.rows.ids;
    this.#args = [
      ...call.args.map((a) => site.argument(a)),
      ...(call.aggregate.ordered ? [new Int32Vector(INT4, length, new Int32Array(length).map((_, i) => i))] : []),
    ];
    this.#filter = call.filter === null ? null : site.argument(call.filter);
    this.#held = lanes.map(() => []);
    this.#lows = new Int32Array(lanes.length);
    this.#highs = new Int32Array(lanes.length);
    this.#current = new Int32Array(lanes.length).fill(-1);
  }

  /** The first lanes of segments that have rows before them begin with what those come to. */
  begin(totals: PartitionTotals): void {
    const { segments } = this.#site.rows;
    const isLater = (slot: number): boolean => !this.#isNext(slot) && segments[this.#lanes[slot].segment].base > 0;
    const slots = rowNumbers(this.#lanes.length).filter(isLater);
    if (slots.length === 0) return;
    const later = Array.from(slots, (slot) => segments[this.#lanes[slot].segment]);
    this.#accumulator.restoreColumns(slots, totals.before(later, { args: this.#args, filter: this.#filter }), 0);
  }

  /** Of running frames: each lane begins with what the one before it in its segment has in its first row's frame. */
  *copy(): Generator<null> {
    for (let slot = 1; slot < this.#lanes.length; slot++) {
      if (!this.#isNext(slot)) continue;
      const last = slot - 1;
      this.#move(last, 0);
      this.#take();
      this.#accumulator.restoreColumns(Int32Array.of(slot), this.#accumulator.saveColumns(Int32Array.of(last)), 0);
      this.#lows[slot] = this.#lows[last];
      this.#highs[slot] = this.#highs[last];
      yield null;
    }
  }

  /** Whether the lane goes on where the one before it ends. */
  #isNext(slot: number): boolean {
    return slot > 0 && this.#lanes[slot - 1].segment === this.#lanes[slot].segment;
  }

  *run(): Generator<null, WindowValues> {
    const lanes = this.#lanes;
    const n = this.#site.rows.evaluated.length;
    const resultOf = new Int32Array(n);
    let active = lanes.map((_, slot) => slot);
    let moves = 0;
    for (let row = 0; active.length > 0; row++) {
      const changed: number[] = [];
      for (const slot of active) {
        if (this.#move(slot, row) || this.#current[slot] < 0) changed.push(slot);
        if (row === 0) yield null;
      }
      this.#take();
      this.#ask(changed);
      for (const slot of active) resultOf[lanes[slot].first + row] = this.#current[slot];
      active = active.filter((slot) => lanes[slot].from + row + 1 < lanes[slot].to);
      moves += active.length;
      if (moves < MOVES_A_TURN) continue;
      moves = 0;
      yield null;
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

  /** To the frame of that row of its lane; false: it is the same. */
  #move(slot: number, row: number): boolean {
    const { rows } = this.#site;
    const { lows, highs } = this.#site.frames();
    const { from, first } = this.#lanes[slot];
    const [low, high] = [lows[first + row], highs[first + row]];
    const { frame } = this.#call;
    if (frame.exclude === 'no-others') return this.#slide(slot, low, high);
    return this.#exchange(slot, piecesOf(rows, frame, from + row, low, high));
  }

  /** Limits do not go back. */
  #slide(slot: number, low: number, high: number): boolean {
    const [heldLow, heldHigh] = [this.#lows[slot], this.#highs[slot]];
    this.#lows[slot] = low;
    this.#highs[slot] = high;
    this.#moves.add(slot, heldLow, Math.min(heldHigh, low), -1);
    this.#moves.add(slot, Math.max(heldHigh, low), high, 1);
    return low > heldLow || high > heldHigh;
  }

  /** The runs that are held for these. */
  #exchange(slot: number, pieces: readonly number[]): boolean {
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
