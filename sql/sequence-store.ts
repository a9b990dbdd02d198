// SequenceStore: where each sequence stands; values are never given out twice, not even after a crash.
import { DatabaseError } from '../engine/data/error.ts';
import type { SequenceState } from './catalog/codec.ts';
import type { SequenceEntry } from './catalog/entry.ts';

/** Values taken from the journal at a time: a crash loses at most so many (PostgreSQL's SEQ_LOG_VALS) .. */
const RESERVE = 32;
/** .. or as many as one transaction has drawn, up to here: a record for each few of a million rows costs more than they do. */
const MOST_RESERVE = 8192;

interface Running {
  last: bigint;
  called: boolean;
  /** Values up to here may be given out without a word to the journal. */
  reserved: bigint;
}

export class SequenceStore {
  readonly #running = new Map<number, Running>();
  /** Journals states before any value beyond what was reserved is used; order is kept by the runtime's queue. */
  readonly #log: (states: readonly SequenceState[]) => void;

  constructor(log: (states: readonly SequenceState[]) => void) {
    this.#log = log;
  }

  /** `ahead`: how many values may be given out before the journal is told. */
  current(sequence: SequenceEntry): { readonly last: bigint; readonly called: boolean; readonly ahead: bigint } {
    const running = this.#running.get(sequence.oid);
    if (running === undefined) return { last: sequence.start, called: false, ahead: 0n };
    const { last, called, reserved } = running;
    return { last, called, ahead: called ? (reserved - last) / sequence.increment : 0n };
  }

  /** `drawn`: how many its transaction has had before. */
  next(sequence: SequenceEntry, drawn = 0): bigint {
    const { oid, increment } = sequence;
    const running = this.#of(sequence);
    const value = running.called ? stepped(sequence, running.last) : running.last;
    const inReserve = running.called && (increment > 0n
      ? value <= running.reserved && value > running.last : value >= running.reserved && value < running.last);
    if (!inReserve) {
      const ahead = value + increment * BigInt(Math.max(RESERVE, Math.min(drawn, MOST_RESERVE)));
      const reserved = ahead > sequence.max ? sequence.max : ahead < sequence.min ? sequence.min : ahead;
      this.#log([{ oid, last: reserved, called: true }]);
      running.reserved = reserved;
    }
    running.last = value;
    running.called = true;
    return value;
  }

  set(sequence: SequenceEntry, value: bigint, called: boolean): void {
    if (value < sequence.min || value > sequence.max) {
      throw new DatabaseError('22003', `setval: value ${value} is out of bounds for sequence "${sequence.name}" `
        + `(${sequence.min}..${sequence.max})`);
    }
    this.#log([{ oid: sequence.oid, last: value, called }]);
    this.#running.set(sequence.oid, { last: value, called, reserved: value });
  }

  /** From the journal or a checkpoint, before anything runs: what runs is ahead of what was journaled. */
  restore(state: SequenceState): void {
    this.#running.set(state.oid, { last: state.last, called: state.called, reserved: state.last });
  }

  /** What was reserved last may not be in the journal: the next value of each sequence is journaled anew. */
  forgetReserves(): void {
    for (const running of this.#running.values()) running.reserved = running.last;
  }

  forget(oid: number): void {
    this.#running.delete(oid);
  }

  /** For a checkpoint: the reserved ends while serving; the exact values when nothing runs any more. */
  states(exact: boolean): readonly SequenceState[] {
    return [...this.#running].map(([oid, r]) =>
      ({ oid, last: exact || !r.called ? r.last : r.reserved, called: r.called }));
  }

  #of(sequence: SequenceEntry): Running {
    let running = this.#running.get(sequence.oid);
    if (running === undefined) {
      running = { last: sequence.start, called: false, reserved: sequence.start };
      this.#running.set(sequence.oid, running);
    }
    return running;
  }
}

function stepped(sequence: SequenceEntry, last: bigint): bigint {
  const { increment, min, max, cycle, name } = sequence;
  const value = last + increment;
  if (value <= max && value >= min) return value;
  if (cycle) return increment > 0n ? min : max;
  const [word, bound] = increment > 0n ? ['maximum', max] : ['minimum', min];
  throw new DatabaseError('2200H', `nextval: reached ${word} value of sequence "${name}" (${bound})`);
}
