// Windows that are not all equally long, or share a start: months and days by the calendar of a time zone, and cumulate().
//
// Law: window k starts `k` slides after 1970-01-01 00:00 (plus the offset) on the wall clock and ends where `size` later
// on the wall clock is; both are then instants of the zone. A wall time that a change of the clock skips is the instant
// of the change, one that comes twice is its first coming. cumulate: window k (slide = size) once for each step in it.
import { daysFromCivil, joinMicros, splitMicros, timestampFields } from '../data/calendar.ts';
import { DatabaseError, notSupported } from '../data/error.ts';
import { Interval, MICROS_PER_DAY, intervalSpan } from '../data/interval.ts';
import type { TimeZone } from '../data/timezone.ts';
import { addToTimestamp, checkTimestamp, timestampOutOfRange, toLocal, toUtc } from '../function/scalar/datetime-arithmetic.ts';

/** The windows a moment is in, latest start first; the same ones from `from` up to but not including `until`. */
export interface WindowList {
  readonly starts: readonly bigint[];
  readonly ends: readonly bigint[];
  readonly from: bigint;
  readonly until: bigint;
}

/** µs since 1970 UTC. Throws 22008 beyond what a timestamp can hold. */
export interface WindowGrid {
  readonly name: string;
  windowsAt(time: bigint): WindowList;
}

export interface CalendarSpec {
  readonly slide: Interval;
  readonly size: Interval;
  readonly offset: Interval | null;
  /** null: the times are wall times themselves, or UTC is the wall clock. */
  readonly zone: TimeZone | null;
}

const ZERO = new Interval(0, 0, 0n);
const MAX_WINDOWS = 10_000n;

function checkLength(slide: Interval, size: Interval): void {
  if (intervalSpan(slide) <= 0n || intervalSpan(size) <= 0n) {
    throw new DatabaseError('22023', 'window size and slide must be greater than zero');
  }
  if (intervalSpan(size) / intervalSpan(slide) > MAX_WINDOWS) {
    throw new DatabaseError('54000', `a row would be in more than ${MAX_WINDOWS} windows`);
  }
}

/** Where windows start, by number. */
class Starts {
  readonly #slide: Interval;
  readonly #offset: Interval;
  readonly #zone: TimeZone | null;

  constructor({ slide, offset, zone }: CalendarSpec) {
    const units = Number(slide.months !== 0) + Number(slide.days !== 0) + Number(slide.micros !== 0n);
    if (slide.months !== 0 && units > 1) throw notSupported('a window of months and a part of a month');
    if (zone !== null && slide.micros !== 0n) {
      throw notSupported('a window in a time zone whose size or slide is not of whole days or months');
    }
    this.#slide = slide;
    this.#offset = offset ?? ZERO;
    this.#zone = zone;
  }

  /** `plus` later on the wall clock than the start of window `k`, as an instant. */
  at(k: number, plus: Interval): bigint {
    const { months, days, micros } = this.#slide;
    const day = BigInt(k) * BigInt(days) + BigInt(this.#offset.days);
    const start = monthStart(k * months + this.#offset.months) + day * MICROS_PER_DAY + BigInt(k) * micros
      + this.#offset.micros;
    const local = addToTimestamp(checkTimestamp(start), plus);
    return this.#zone === null ? local : firstInstant(local, this.#zone);
  }

  /** The last window that starts at or before the moment. */
  lastUpTo(time: bigint): number {
    const local = this.#zone === null ? time : toLocal(time, this.#zone);
    const { months, days, micros } = this.#slide;
    let k: number;
    if (months !== 0) {
      const { year, month } = timestampFields(local);
      k = Math.floor(((year - 1970) * 12 + month - 1 - this.#offset.months) / months);
    } else if (micros === 0n) k = Math.floor((splitMicros(local).days - this.#offset.days) / days);
    else k = Number((local - intervalSpan(this.#offset)) / (BigInt(days) * MICROS_PER_DAY + micros));
    while (this.at(k, ZERO) > time) k--;
    while (this.at(k + 1, ZERO) <= time) k++;
    return k;
  }
}

/** Midnight of the first of a month, counted from January 1970. */
function monthStart(months: number): bigint {
  const year = 1970 + Math.floor(months / 12);
  if (Math.abs(year) > 300_000) throw timestampOutOfRange();
  return joinMicros(daysFromCivil(year, months - (year - 1970) * 12 + 1, 1), 0);
}

const SECOND = 1_000_000n;

function firstInstant(local: bigint, zone: TimeZone): bigint {
  const found = toUtc(local, zone);
  const before = BigInt(zone.offsetAt(Number((found - MICROS_PER_DAY) / SECOND))) * SECOND;
  const earlier = local - before;
  return earlier < found && toLocal(earlier, zone) === local ? earlier : found;
}

/** tumble() and hop() by the calendar. */
export class CalendarGrid implements WindowGrid {
  readonly name: string;
  readonly #starts: Starts;
  readonly #size: Interval;

  constructor(spec: CalendarSpec) {
    checkLength(spec.slide, spec.size);
    const same = intervalSpan(spec.slide) === intervalSpan(spec.size);
    this.name = same ? 'tumble' : 'hop';
    this.#starts = new Starts(spec);
    this.#size = spec.size;
  }

  windowsAt(time: bigint): WindowList {
    const last = this.#starts.lastUpTo(time);
    const starts: bigint[] = [];
    const ends: bigint[] = [];
    let from = this.#starts.at(last, ZERO);
    let until = this.#starts.at(last + 1, ZERO);
    for (let k = last; ; k--) {
      const end = this.#starts.at(k, this.#size);
      if (end <= time) {
        if (end > from) from = end;
        return { starts, ends, from, until };
      }
      if (end < until) until = end;
      starts.push(this.#starts.at(k, ZERO));
      ends.push(end);
    }
  }
}

/** cumulate(): the windows of one start, each a step longer than the last, up to `size`. */
export class CumulateGrid implements WindowGrid {
  readonly name = 'cumulate';
  readonly #starts: Starts;
  readonly #step: Interval;
  readonly #size: Interval;

  constructor({ step, ...spec }: Omit<CalendarSpec, 'slide'> & { readonly step: Interval }) {
    const { size, zone } = spec;
    checkLength(step, size);
    if (zone !== null && step.micros !== 0n && (step.months !== 0 || step.days !== 0)) {
      throw notSupported('a step of days and a part of a day in a time zone');
    }
    const [a, b] = size.months !== 0 && step.months !== 0 ? [BigInt(size.months), BigInt(step.months)]
      : [intervalSpan(size), intervalSpan(step)];
    if ((size.months === 0 || step.months !== 0) && a % b !== 0n) {
      throw new DatabaseError('22023', 'size of cumulate() must be a multiple of its step');
    }
    this.#starts = new Starts({ ...spec, slide: size });
    this.#step = step;
    this.#size = size;
  }

  windowsAt(time: bigint): WindowList {
    const k = this.#starts.lastUpTo(time);
    const start = this.#starts.at(k, ZERO);
    const last = this.#starts.at(k, this.#size);
    const ends: bigint[] = [];
    let from = start;
    for (let i = 1; ; i++) {
      const end = this.#end(k, start, i);
      if (end >= last) break;
      if (end <= time) from = end;
      else ends.push(end);
    }
    ends.push(last);
    return { starts: ends.map(() => start), ends, from, until: ends[0] };
  }

  /** Hours and less are absolute time even where the clock changes. */
  #end(k: number, start: bigint, steps: number): bigint {
    const { months, days, micros } = this.#step;
    if (months === 0 && days === 0) return start + micros * BigInt(steps);
    return this.#starts.at(k, new Interval(months * steps, days * steps, micros * BigInt(steps)));
  }
}
