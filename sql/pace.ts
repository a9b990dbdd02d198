// Pace: how many rows a query works on at a time, so that a piece of its work is short however long its rows take.

/** Rows to begin with: what a row takes is not known. */
const FIRST = 16;
/** µs. A piece that took longer was too large, one that took less may be larger. */
const LONG = 40_000n;
const SHORT = 10_000n;

export class Pace {
  readonly #most: number;
  readonly #clock: () => bigint;
  #since: bigint;
  #rows: number;

  /** The clock counts µs. */
  constructor(most: number, clock: () => bigint) {
    this.#most = most;
    this.#clock = clock;
    this.#rows = Math.min(FIRST, most);
    this.#since = clock();
  }

  get rows(): number {
    return this.#rows;
  }

  /** A piece begins. */
  begin(): void {
    this.#since = this.#clock();
  }

  /** It is over. */
  end(): void {
    const took = this.#clock() - this.#since;
    if (took > LONG) this.#rows = Math.max(1, this.#rows >> 2);
    else if (took < SHORT) this.#rows = Math.min(this.#most, this.#rows * 2);
  }
}
