// What an aggregate's checkpoint has of groups: a page of them in columns, and pages that are made when a checkpoint comes to
// them.
import { Batch } from '../data/batch.ts';
import { PAGE_SHIFT } from '../data/cells.ts';
import { INT4 } from '../data/types.ts';
import { Int32Vector } from '../data/vector.ts';
import type { FloatSlots } from '../function/aggregate/slots.ts';
import { LatePage } from '../state/made-page.ts';
import type { PageContent } from '../state/ports.ts';
import type { BoundCall } from './aggregate-call.ts';

/** Format of a page: slot, number of rows, the accumulators' columns, then their hints. */
export class GroupColumns {
  readonly #calls: readonly BoundCall[];
  readonly #counts: FloatSlots;

  /** `counts`: rows by group. */
  constructor(calls: readonly BoundCall[], counts: FloatSlots) {
    this.#calls = calls;
    this.#counts = counts;
  }

  /** The groups that accumulators have at `places`. */
  page(places: Int32Array, slots: Int32Array): Batch {
    const columns = this.#calls.flatMap(({ accumulator }) => accumulator.saveColumns(places));
    const hints = this.#calls.flatMap(({ accumulator }) => accumulator.saveHints?.(places) ?? []);
    const own = [new Int32Vector(INT4, slots.length, slots), ...this.#counts.save(places)];
    return new Batch([...own, ...columns, ...hints], slots.length);
  }

  /** Puts the groups of a page at `places`; returns how many of its columns that took: hints are behind them. */
  restore(places: Int32Array, { columns }: Batch): number {
    let at = 1 + this.#counts.restore(places, columns, 1);
    for (const { accumulator } of this.#calls) at += accumulator.restoreColumns(places, columns, at);
    return at;
  }

  /** Takes the hints, from that column on; whether there are any. */
  restoreHints(places: Int32Array, { columns }: Batch, from: number): boolean {
    let at = from;
    for (const { accumulator } of from < columns.length ? this.#calls : []) {
      at += accumulator.restoreHints?.(places, columns, at) ?? 0;
    }
    return at > from;
  }
}

/** Pages of a checkpoint that are not made yet. Groups that come to one before it is settled are still empty, and do no harm. */
export class LatePages {
  readonly #pages = new Map<number, LatePage>();

  /** The page is not to be made any more. */
  forget(page: number): void {
    this.#pages.delete(page);
  }

  add(page: number, make: () => Batch): PageContent {
    const late = new LatePage(make, () => {
      if (this.#pages.get(page) === late) this.#pages.delete(page);
    });
    this.#pages.set(page, late);
    return late;
  }

  /** Its groups are about to change. */
  settle(page: number): void {
    this.#pages.get(page)?.settle();
    this.#pages.delete(page);
  }

  /** The same of the pages that these slots are in. */
  settleSlots(slots: Int32Array): void {
    for (let i = 0; i < slots.length && this.#pages.size > 0; i++) this.settle(slots[i] >> PAGE_SHIFT);
  }
}
