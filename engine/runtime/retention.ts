// Retention: rows whose event time the watermark has left behind by more than the table keeps are gone; their pages are freed.
import type { Delta } from '../data/delta.ts';
import { isValid } from '../data/vector.ts';
import { dropLate } from '../operator/late-filter.ts';
import type { Arrangement } from '../state/arrangement.ts';
import { PAGE_ROWS } from '../data/cells.ts';
import { scanPage } from '../state/pages-snapshot.ts';

/** Rows with an event time below this are gone; those without one stay. */
export interface Horizon {
  readonly column: number;
  /** µs since 1970 UTC. */
  readonly time: bigint;
}

/** Pages looked at for the first time, in one epoch: after a start none is known, and they may have to be read. */
const LOOK = 16;
/** Pages are freed each time the horizon has moved by this part of the retention. */
const PARTS = 64n;

/** A scan without the rows that are gone; `columns` null: all. */
export function* kept(
  scan: (columns: readonly number[] | null) => Iterable<Delta>, columns: readonly number[] | null, horizon: Horizon | null,
): Generator<Delta> {
  if (horizon === null) {
    yield* scan(columns);
    return;
  }
  const { column, time } = horizon;
  if (columns === null || columns.includes(column)) {
    const at = columns === null ? column : columns.indexOf(column);
    for (const delta of scan(columns)) yield dropLate(delta, at, time).kept;
    return;
  }
  const wanted = columns.map((_, c) => c);
  for (const delta of scan([...columns, column])) {
    const { kept: left } = dropLate(delta, columns.length, time);
    yield left.with(left.batch.select(wanted));
  }
}

/**
 * Frees pages of an append-only relation all of whose rows are gone. What readers see does not depend on it: they leave out
 * the rows that are gone one by one.
 */
export class PageRetention {
  /** The greatest event time of a full page; null: a row of it has none, so that it stays. */
  readonly #greatest = new Map<number, bigint | null>();
  #last: bigint | null = null;
  /** A round has begun: pages from `#next` on are to be looked at. */
  #active = false;
  #next = 0;

  /** Returns the pages that can be freed. `span`: the retention, µs. Requires: no page is written meanwhile. */
  due({ pages }: Arrangement, { column, time }: Horizon, span: bigint): readonly number[] {
    if (!this.#active) {
      if (this.#last !== null && time - this.#last < span / PARTS) return [];
      this.#last = time;
      this.#next = 0;
      this.#active = true;
    }
    const due: number[] = [];
    for (let looked = 0; this.#next < pages.pageCount && looked < LOOK; this.#next++) {
      const page = pages.page(this.#next);
      if (page.live === 0) continue;
      let greatest = this.#greatest.get(this.#next);
      if (greatest === undefined) {
        looked++;
        greatest = greatestTime(scanPage(page, [column]));
        if (page.live === PAGE_ROWS) this.#greatest.set(this.#next, greatest);
      }
      if (greatest === null || greatest >= time) continue;
      due.push(this.#next);
      this.#greatest.delete(this.#next);
    }
    this.#active = this.#next < pages.pageCount;
    return due;
  }
}

function greatestTime({ batch, length }: Delta): bigint | null {
  const [times] = batch.columns;
  if (times.layout !== 'int64') return null;
  let greatest: bigint | null = null;
  for (let i = 0; i < length; i++) {
    if (!isValid(times.validity, i)) return null;
    if (greatest === null || times.values[i] > greatest) greatest = times.values[i];
  }
  return greatest;
}
