// ClosingSlots: numbers by the event time at which they are over, taken out as the watermark passes.
import { assert } from '../data/error.ts';
import type { Int64Vector } from '../data/vector.ts';
import { liveIds } from '../state/key-index.ts';
import type { Pages } from '../state/pages.ts';
import { rowNumbers } from '../state/scratch.ts';

/** Few distinct times (the ends of open windows), many numbers each. */
export class ClosingSlots {
  readonly #byTime = new Map<bigint, number[]>();
  #lastLow = 0;
  #lastHigh = 0;
  #last: number[] | null = null;

  /** slots[i] is over at row rows[i] of `times`. Requires: no NULL among them. */
  add(times: Int64Vector, rows: Int32Array, slots: Int32Array, length: number): void {
    const { words, values } = times;
    for (let i = 0; i < length; i++) {
      const row = rows[i];
      const low = words[2 * row];
      const high = words[2 * row + 1];
      if (this.#last === null || low !== this.#lastLow || high !== this.#lastHigh) {
        this.#last = this.#slotsAt(values[row]);
        this.#lastLow = low;
        this.#lastHigh = high;
      }
      this.#last.push(slots[i]);
    }
  }

  /** All rows of the pages, over at what is in that column. */
  addAll(pages: Pages, column: number): void {
    for (let page = 0; page < pages.pageCount; page++) {
      const ids = liveIds(pages, page);
      if (ids.length === 0) continue;
      const ends = pages.gatherColumn(column, ids);
      assert(ends.layout === 'int64', 'window_end of a closing aggregate');
      this.add(ends, rowNumbers(ids.length), ids, ids.length);
    }
  }

  #slotsAt(time: bigint): number[] {
    const known = this.#byTime.get(time);
    if (known !== undefined) return known;
    const fresh: number[] = [];
    this.#byTime.set(time, fresh);
    return fresh;
  }

  /** Slots whose time is at or before the watermark, with that time; they are forgotten. */
  take(watermark: bigint): readonly { readonly time: bigint; readonly slots: readonly number[] }[] {
    const over: { time: bigint; slots: readonly number[] }[] = [];
    for (const [time, slots] of this.#byTime) if (time <= watermark) over.push({ time, slots });
    over.sort((a, b) => (a.time < b.time ? -1 : 1));
    for (const { time } of over) this.#byTime.delete(time);
    this.#last = null;
    return over;
  }
}
