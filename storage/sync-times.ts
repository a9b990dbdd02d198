// SyncTimes: how long records take to be on disk: a histogram for those who look, an estimate for the next one.

/** Upper limits in milliseconds, each twice the one before; the last takes all that is longer. */
const FIRST_LIMIT = 1 / 16;
const BUCKETS = 18;
/** By how much one write moves the estimate: up by three parts where it took longer, else down by one. */
const ESTIMATE_PART = 0.03;

export class SyncTimes {
  readonly #counts = new Float64Array(BUCKETS);
  #usual: number;

  /** `usual`: the estimate to begin with, in milliseconds. */
  constructor(usual: number) {
    this.#usual = usual;
  }

  /** Milliseconds within which three small records in four are on disk; rare long waits say nothing about the next one. */
  get usual(): number {
    return this.#usual;
  }

  /** A record took so many milliseconds. A large one says nothing about the next small one. */
  note(milliseconds: number, small: boolean): void {
    let bucket = 0;
    for (let limit = FIRST_LIMIT; milliseconds > limit && bucket < BUCKETS - 1; limit *= 2) bucket++;
    this.#counts[bucket]++;
    if (small) this.#usual *= milliseconds > this.#usual ? 1 + 3 * ESTIMATE_PART : 1 - ESTIMATE_PART;
  }

  /** How many records took up to so many milliseconds, and more than the limit before. */
  histogram(): readonly { readonly upTo: number; readonly count: number }[] {
    return Array.from(this.#counts, (count, i) => ({ upTo: i === BUCKETS - 1 ? Infinity : FIRST_LIMIT * 2 ** i, count }));
  }
}
