// Interval: months, days and microseconds, as PostgreSQL keeps them, with their arithmetic, order and bytes.
import { DatabaseError } from './error.ts';

export const MICROS_PER_SECOND = 1_000_000n;
export const MICROS_PER_MINUTE = 60_000_000n;
export const MICROS_PER_HOUR = 3_600_000_000n;
export const MICROS_PER_DAY = 86_400_000_000n;

/** `months` and `days` are int4, `micros` is int8. */
export class Interval {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;

  constructor(months: number, days: number, micros: bigint) {
    this.months = months;
    this.days = days;
    this.micros = micros;
  }

  static readonly ZERO = new Interval(0, 0, 0n);

  /** 22008 unless every field fits. */
  static checked(months: number, days: number, micros: bigint): Interval {
    if (!fitsInt4(months) || !fitsInt4(days) || micros > MAX_MICROS || micros < MIN_MICROS) throw intervalOutOfRange();
    return new Interval(months, days, micros);
  }
}

const MAX_MICROS = 9223372036854775807n;
const MIN_MICROS = -9223372036854775808n;

function fitsInt4(value: number): boolean {
  return value >= -2147483648 && value <= 2147483647;
}

export function intervalOutOfRange(): DatabaseError {
  return new DatabaseError('22008', 'interval out of range');
}

/** Format (fixed16): int32 months, int32 days, int64 µs, little-endian. */
export function readInterval(bytes: Uint8Array, at: number): Interval {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16);
  return new Interval(view.getInt32(0, true), view.getInt32(4, true), view.getBigInt64(8, true));
}

export function writeInterval(bytes: Uint8Array, at: number, value: Interval): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16);
  view.setInt32(0, value.months, true);
  view.setInt32(4, value.days, true);
  view.setBigInt64(8, value.micros, true);
}

/** The length that comparison goes by: months of 30 days, days of 24 hours. */
export function intervalSpan(value: Interval): bigint {
  return value.micros + (BigInt(value.days) + BigInt(value.months) * 30n) * MICROS_PER_DAY;
}

export function compareIntervals(a: Interval, b: Interval): number {
  const x = intervalSpan(a);
  const y = intervalSpan(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

export function addIntervals(a: Interval, b: Interval): Interval {
  return Interval.checked(a.months + b.months, a.days + b.days, a.micros + b.micros);
}

export function subtractIntervals(a: Interval, b: Interval): Interval {
  return Interval.checked(a.months - b.months, a.days - b.days, a.micros - b.micros);
}

export function negateInterval(a: Interval): Interval {
  return Interval.checked(a.months === 0 ? 0 : -a.months, a.days === 0 ? 0 : -a.days, -a.micros);
}

/** C's rint: to the nearest integer, ties to even. */
export function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

const SECONDS_PER_DAY = 86400;

/** What is left of months and days after scaling, cascaded down: fractions of months to days, of days to seconds. */
function cascade(months: number, days: number, micros: number): Interval {
  if (Number.isNaN(months) || Number.isNaN(days) || !fitsInt4(months) || !fitsInt4(days)) throw intervalOutOfRange();
  const wholeMonths = Math.trunc(months) + 0;
  let wholeDays = Math.trunc(days) + 0;
  const restDays = roundEven((months - wholeMonths) * 30 * 1e6) / 1e6;
  let seconds = (days - wholeDays + restDays - Math.trunc(restDays)) * SECONDS_PER_DAY;
  seconds = roundEven(seconds * 1e6) / 1e6;
  if (Math.abs(seconds) >= SECONDS_PER_DAY) {
    wholeDays += Math.trunc(seconds / SECONDS_PER_DAY);
    seconds -= Math.trunc(seconds / SECONDS_PER_DAY) * SECONDS_PER_DAY;
  }
  wholeDays += Math.trunc(restDays) + 0;
  const total = roundEven(micros + seconds * 1e6);
  if (Number.isNaN(total) || Math.abs(total) >= 2 ** 63) throw intervalOutOfRange();
  return Interval.checked(wholeMonths, wholeDays, BigInt(total));
}

export function multiplyInterval(a: Interval, factor: number): Interval {
  return cascade(a.months * factor, a.days * factor, Number(a.micros) * factor);
}

/** Throws 22012. */
export function divideInterval(a: Interval, divisor: number): Interval {
  if (divisor === 0) throw new DatabaseError('22012', 'division by zero');
  return cascade(a.months / divisor, a.days / divisor, Number(a.micros) / divisor);
}

/** justify_hours: 24 hours become a day. */
export function justifyHours(a: Interval): Interval {
  let days = a.days + Number(a.micros / MICROS_PER_DAY);
  let micros = a.micros % MICROS_PER_DAY;
  if (days > 0 && micros < 0n) {
    micros += MICROS_PER_DAY;
    days--;
  } else if (days < 0 && micros > 0n) {
    micros -= MICROS_PER_DAY;
    days++;
  }
  return Interval.checked(a.months, days, micros);
}

/** justify_days: 30 days become a month. */
export function justifyDays(a: Interval): Interval {
  let months = a.months + Math.trunc(a.days / 30);
  let days = a.days % 30;
  if (months > 0 && days < 0) {
    days += 30;
    months--;
  } else if (months < 0 && days > 0) {
    days -= 30;
    months++;
  }
  return Interval.checked(months, days + 0, a.micros);
}

/** justify_interval: both, with one sign for all fields. */
export function justifyInterval(a: Interval): Interval {
  let days = a.days + Number(a.micros / MICROS_PER_DAY);
  let micros = a.micros % MICROS_PER_DAY;
  let months = a.months + Math.trunc(days / 30);
  days %= 30;
  if (months > 0 && (days < 0 || (days === 0 && micros < 0n))) {
    days += 30;
    months--;
  } else if (months < 0 && (days > 0 || (days === 0 && micros > 0n))) {
    days -= 30;
    months++;
  }
  if (days > 0 && micros < 0n) {
    micros += MICROS_PER_DAY;
    days--;
  } else if (days < 0 && micros > 0n) {
    micros -= MICROS_PER_DAY;
    days++;
  }
  return Interval.checked(months, days + 0, micros);
}

/** Years, months, ... seconds of an interval; all of a time part have its sign. */
export interface IntervalFields {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: bigint;
  readonly minutes: number;
  readonly seconds: number;
  readonly micros: number;
}

export function intervalFields(a: Interval): IntervalFields {
  return {
    years: Math.trunc(a.months / 12) + 0,
    months: a.months % 12 + 0,
    days: a.days,
    hours: a.micros / MICROS_PER_HOUR,
    minutes: Number(a.micros % MICROS_PER_HOUR / MICROS_PER_MINUTE),
    seconds: Number(a.micros % MICROS_PER_MINUTE / MICROS_PER_SECOND),
    micros: Number(a.micros % MICROS_PER_SECOND),
  };
}

/** Range masks of an interval typmod (bits as in PostgreSQL's INTERVAL_MASK). */
export const FIELD_YEAR = 4;
export const FIELD_MONTH = 2;
export const FIELD_DAY = 8;
export const FIELD_HOUR = 1024;
export const FIELD_MINUTE = 2048;
export const FIELD_SECOND = 4096;

/** interval(p), interval fields: cuts what is below the last field, rounds to the precision. */
export function intervalFits(value: Interval, typmod: number): Interval {
  if (typmod < 0) return value;
  const range = (typmod >> 16) & 0x7fff;
  const precision = typmod & 0xffff;
  let { months, days, micros } = value;
  if (range !== 0x7fff) {
    const least = leastMicros(range);
    micros = micros / least * least;
    if ((range & (FIELD_YEAR | FIELD_MONTH)) !== 0) days = 0;
    if (range === FIELD_YEAR) months -= months % 12;
  }
  return Interval.checked(months, days, precision < 6 ? roundMicros(micros, precision) : micros);
}

/** The length of the last time field in a range; longer than any interval when there is none. */
function leastMicros(range: number): bigint {
  if ((range & FIELD_SECOND) !== 0) return 1n;
  if ((range & FIELD_MINUTE) !== 0) return MICROS_PER_MINUTE;
  return (range & FIELD_HOUR) !== 0 ? MICROS_PER_HOUR : 1n << 64n;
}

const SCALES: readonly bigint[] = [1000000n, 100000n, 10000n, 1000n, 100n, 10n, 1n];

/** µs rounded to `precision` digits of a second, halves away from zero. */
export function roundMicros(micros: bigint, precision: number): bigint {
  if (precision < 0 || precision >= 6) return micros;
  const scale = SCALES[precision];
  const half = scale / 2n;
  return micros >= 0n ? (micros + half) / scale * scale : -((-micros + half) / scale * scale);
}
