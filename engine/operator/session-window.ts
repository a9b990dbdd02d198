// SessionWindow: session(): rows of one key whose times follow each other in less than the gap are one window, from the
// first of them to `gap` after the last.
//
// Law: a row's session follows from the rows of its key; a change at time t can only alter the sessions that hold t, or
// would if there were a row at t, before or after it. Rows of those are taken back and shown again where the bounds moved.
// Requires: the input sums to a multiset.
import { isTimestampFinite } from '../data/calendar.ts';
import { Batch } from '../data/batch.ts';
import { Delta } from '../data/delta.ts';
import { DatabaseError } from '../data/error.ts';
import { intervalSpan } from '../data/interval.ts';
import type { Interval } from '../data/interval.ts';
import type { Watermark } from '../data/time.ts';
import type { LogicalType, Schema } from '../data/types.ts';
import { Int64Vector } from '../data/vector.ts';
import { addToTimestamp } from '../function/scalar/datetime-arithmetic.ts';
import { KeyTable } from '../state/key-table.ts';
import { NO_ROW } from '../state/order-tree.ts';
import type { OrderWindow } from '../state/order-tree.ts';
import { Pages } from '../state/pages.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { micros, windowSchema } from './assign-window.ts';
import type { Operator, StateSize, StepContext } from './operator.ts';
import { TimedRows } from './timed-rows.ts';
import type { TimedChange } from './timed-rows.ts';

export interface SessionSpec {
  readonly input: Schema;
  readonly time: number;
  /** Columns; NULLs are equal. */
  readonly keys: readonly number[];
  readonly gap: Interval;
  /** Rows that come later than the watermark are left out before: sessions that are over can be forgotten. */
  readonly closing: boolean;
}

interface Session {
  readonly ids: readonly number[];
  readonly start: bigint;
  readonly end: bigint;
}

/** What is shown of a row: how often, and with which bounds. */
interface Shown {
  readonly weight: number;
  readonly start: bigint;
  readonly end: bigint;
}

/** Rows fetched at a time when a session is walked. */
const STRIDE = 32;

export class SessionWindow implements Operator {
  readonly name = 'session';
  readonly schema: Schema;
  readonly #spec: SessionSpec;
  readonly #rows: TimedRows;
  /** null: one group, number 0. */
  readonly #groups: KeyTable | null;
  readonly #type: LogicalType;
  /** No session in the state ends before. */
  #nextEnd: bigint | null = null;

  constructor(spec: SessionSpec) {
    const { input, time, keys, gap } = spec;
    if (intervalSpan(gap) <= 0n) throw new DatabaseError('22023', 'the gap of session() must be greater than zero');
    this.#spec = spec;
    this.schema = windowSchema(input, time);
    this.#type = this.schema.columns[input.columns.length].type;
    this.#rows = new TimedRows(input, { keys, strictKeys: [], time, descending: false });
    this.#groups = keys.length === 0 ? null
      : new KeyTable(new Pages({ columns: keys.map((c) => input.columns[c]) }), keys.map((_, i) => i));
  }

  step([delta]: readonly Delta[], context: StepContext): Delta {
    const timed = this.#inTime(delta, context);
    if (timed.length === 0) return Delta.empty(this.schema);
    const groups = this.#rows.findGroups(timed, this.#groups);
    this.#rows.change(timed, groups);
    const { changes } = this.#rows;
    const weights = new Map(changes.map((c) => [c.id, c.before]));
    const old = this.#shown(changes, (id) => weights.get(id) ?? this.#rows.weight(id));
    this.#rows.apply();
    const fresh = this.#shown(changes, (id) => this.#rows.weight(id));
    const out = this.#difference(old, fresh);
    this.#rows.dropEmpty();
    this.#dropGroups(groups);
    return out;
  }

  /** Rows with a finite time; a time so late that no session can end after it is an error. */
  #inTime(delta: Delta, context: StepContext): Delta {
    const { timed } = this.#rows.split(delta);
    const { values } = micros(timed.batch.columns[this.#spec.time]);
    const kept = Int32Array.from(timed.weights.keys()).filter((i) => {
      if (!isTimestampFinite(values[i])) return false;
      try {
        addToTimestamp(values[i], this.#spec.gap);
        return true;
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error;
        context.error(error, timed.weights[i]);
        return false;
      }
    });
    return kept.length === timed.length ? timed : timed.take(kept);
  }

  #shown(changes: readonly TimedChange[], weightOf: (id: number) => number): Map<number, Shown> {
    const shown = new Map<number, Shown>();
    for (const { id, group } of changes) {
      if (this.#rows.root(group) === NO_ROW) continue;
      for (const { ids, start, end } of this.#sessionsAround(group, id)) {
        if (shown.has(ids[0])) continue;
        for (const row of ids) shown.set(row, { weight: weightOf(row), start, end });
      }
    }
    return shown;
  }

  /** The sessions that a row at the time of `id` is in or would touch: one or two. */
  #sessionsAround(group: number, id: number): readonly Session[] {
    const { tree } = this.#rows;
    const root = this.#rows.root(group);
    const time = this.#timeOf([id])[0];
    const place = tree.weightWhere(root, (other) => this.#rows.timeOrder(other, id) < 0);
    const before = this.#walk(root, place, time, -1);
    const after = this.#walk(root, place, time, 1);
    const [x, y] = [before.times.at(-1), after.times[0]];
    const session = (ids: readonly number[], times: readonly bigint[]): Session =>
      ({ ids, start: times[0], end: this.#endAfter(times[times.length - 1]) });
    if (x === undefined || y === undefined || y < this.#endAfter(x)) {
      const times = [...before.times, ...after.times];
      return times.length === 0 ? [] : [session([...before.ids, ...after.ids], times)];
    }
    return [session(before.ids, before.times), session(after.ids, after.times)];
  }

  /** Rows before (−1) or from (1) `place` on, as far as each is within the gap of the one before it. */
  #walk(root: number, place: number, time: bigint, direction: 1 | -1): { ids: number[]; times: bigint[] } {
    const { tree } = this.#rows;
    const size = tree.weight(root);
    const ids: number[] = [];
    const times: bigint[] = [];
    let last = time;
    let at = place;
    while (direction > 0 ? at < size : at > 0) {
      const take = Math.min(STRIDE, direction > 0 ? size - at : at);
      const found: OrderWindow = { ids: [], weights: [] };
      tree.window(root, direction > 0 ? at : at - take, take, found);
      const part = direction > 0 ? found.ids : found.ids.toReversed();
      const partTimes = this.#timeOf(part);
      for (let i = 0; i < part.length; i++) {
        const next = partTimes[i];
        if (direction > 0 ? next >= this.#endAfter(last) : last >= this.#endAfter(next)) return ordered(ids, times, direction);
        last = next;
        // A row that weighs more than one may stand in two parts.
        if (ids.at(-1) === part[i]) continue;
        ids.push(part[i]);
        times.push(next);
      }
      at += direction * take;
    }
    return ordered(ids, times, direction);
  }

  #endAfter(time: bigint): bigint {
    return addToTimestamp(time, this.#spec.gap);
  }

  #timeOf(ids: readonly number[]): BigInt64Array {
    return micros(this.#rows.column(this.#spec.time, Int32Array.from(ids))).values;
  }

  #difference(old: Map<number, Shown>, fresh: Map<number, Shown>): Delta {
    const ids: number[] = [];
    const weights: number[] = [];
    const starts: bigint[] = [];
    const ends: bigint[] = [];
    const put = (id: number, weight: number, { start, end }: Shown): void => {
      if (weight === 0) return;
      ids.push(id);
      weights.push(weight);
      starts.push(start);
      ends.push(end);
      if (this.#nextEnd === null || end < this.#nextEnd) this.#nextEnd = end;
    };
    for (const [id, now] of fresh) {
      const was = old.get(id);
      if (was !== undefined && was.start === now.start && was.end === now.end) put(id, now.weight - was.weight, now);
      else put(id, now.weight, now);
    }
    for (const [id, was] of old) {
      const now = fresh.get(id);
      if (now === undefined || was.start !== now.start || was.end !== now.end) put(id, -was.weight, was);
    }
    const rows = this.#rows.gather(Int32Array.from(ids));
    const bounds = [starts, ends].map((b) => new Int64Vector(this.#type, b.length, BigInt64Array.from(b)));
    return new Delta(new Batch([...rows.columns, ...bounds], ids.length), Int32Array.from(weights));
  }

  #dropGroups(groups: Iterable<number>): void {
    if (this.#groups === null) return;
    const gone = new Set<number>();
    for (const group of groups) if (this.#rows.root(group) < 0) gone.add(group);
    if (gone.size > 0) this.#groups.remove(Int32Array.from(gone), gone.size);
  }

  /** Nothing is emitted: rows of sessions that are over just go. */
  advance(watermark: Watermark, _context: StepContext): Delta {
    const none = Delta.empty(this.schema);
    if (!this.#spec.closing || watermark === null || this.#nextEnd === null || this.#nextEnd > watermark) return none;
    this.#nextEnd = null;
    const over = Int32Array.from(this.#sessionsOver(watermark));
    const rows = new Delta(this.#rows.gather(over), this.#rows.weights(over));
    const groups = this.#rows.findGroups(rows, this.#groups);
    this.#rows.change(rows.negate(), groups);
    this.#rows.apply();
    this.#rows.dropEmpty();
    this.#dropGroups(groups);
    return none;
  }

  /** Rows of sessions that end by the watermark; notes the first end of the others. */
  #sessionsOver(watermark: bigint): readonly number[] {
    const over: number[] = [];
    const seen = new Set<number>();
    for (const ids of this.#rows.pages()) {
      const groups = this.#rows.findGroups(new Delta(this.#rows.gather(ids), ids), this.#groups);
      for (let i = 0; i < ids.length; i++) {
        if (seen.has(ids[i])) continue;
        const [session] = this.#sessionsAround(groups[i], ids[i]);
        for (const id of session.ids) seen.add(id);
        if (session.end <= watermark) for (const id of session.ids) over.push(id);
        else if (this.#nextEnd === null || session.end < this.#nextEnd) this.#nextEnd = session.end;
      }
    }
    return over;
  }

  save(out: StateWriter): void {
    this.#rows.save('rows', out);
    if (out.looking === true) this.#groups?.pages.save('groups', out);
  }

  restore(from: StateReader): void {
    this.#rows.restore('rows', from, this.#groups);
    // Unknown: looked for at the next watermark.
    this.#nextEnd = -9223372036854775808n;
  }

  stateSize(): StateSize {
    const keys = this.#groups === null ? 0 : this.#groups.bytes + this.#groups.pages.bytes();
    return { rows: this.#rows.rows, bytes: this.#rows.bytes + keys };
  }
}

function ordered(ids: number[], times: bigint[], direction: 1 | -1): { ids: number[]; times: bigint[] } {
  return direction > 0 ? { ids, times } : { ids: ids.reverse(), times: times.reverse() };
}
