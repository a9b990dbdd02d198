// DeltaSum: the portions of a step put together, no larger than need be where they cancel out.
import type { Delta } from '../data/delta.ts';
import { concatDeltas } from '../data/delta.ts';
import { PORTION_ROWS } from '../operator/pieces.ts';
import { cancel } from '../state/consolidate.ts';

/** Above so many, what each costs by itself is more than what is in it. */
const PARTS = 1024;

/** Law: what was added sums to what comes out. */
export class DeltaSum {
  #parts: Delta[] = [];
  #rows = 0;
  /** From so many rows on it is worth a look whether some cancel out. */
  #many = PORTION_ROWS;

  add(part: Delta): void {
    if (part.length === 0) return;
    this.#parts.push(part);
    this.#rows += part.length;
    if (this.#rows <= this.#many && this.#parts.length <= PARTS) return;
    const sum = cancel(concatDeltas(this.#parts));
    this.#parts = [sum];
    this.#rows = sum.length;
    this.#many = Math.max(PORTION_ROWS, 2 * sum.length);
  }

  /** With the last part. */
  with(last: Delta): Delta {
    return this.#parts.length === 0 ? last : concatDeltas([...this.#parts, last]);
  }
}
