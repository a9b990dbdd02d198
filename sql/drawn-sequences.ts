// DrawnSequences: the sequences that a transaction draws from, and what of them is on its way to the journal.
import type { Epoch } from '../engine/data/time.ts';

interface Drawing {
  /** Gives others no more turns where the statement may be run again: what it has drawn is gone. */
  readonly settle: () => void;
  /** Keeps a sequence from being dropped until the transaction ends. */
  readonly hold: (sequence: number) => void;
  /** The record of sequences under way; null: none is. */
  readonly record: () => Promise<Epoch> | null;
}

export class DrawnSequences {
  readonly #how: Drawing;
  /** By sequence: how many values. */
  readonly #drawn = new Map<number, number>();
  readonly #noted = new Set<number>();
  /** Records under way when it was given values, or gave them: some may have come through by its end, or failed. */
  readonly #records = new Set<Promise<Epoch>>();

  constructor(how: Drawing) {
    this.#how = how;
  }

  /** Before values are drawn; returns how many were before. */
  draw(sequence: number, count = 1): number {
    this.#how.settle();
    const before = this.#drawn.get(sequence);
    if (before === undefined) this.#how.hold(sequence);
    this.#drawn.set(sequence, (before ?? 0) + count);
    return before ?? 0;
  }

  /** A sequence has given a value, or was given one: who is told of it must find it after a crash. */
  note(sequence: number): void {
    this.#noted.add(sequence);
    const record = this.#how.record();
    if (record !== null) this.#records.add(record);
  }

  /** Their OIDs. */
  get noted(): Iterable<number> {
    return this.#noted;
  }

  /** All that was noted is on disk; rejects where it could not be written. null: it is. */
  get journaled(): Promise<Epoch> | null {
    const records = [...this.#records];
    return records.length === 0 ? null : Promise.all(records).then((epochs) => epochs[epochs.length - 1]);
  }
}
