// Arithmetic of dates, times and timestamps: intervals added by calendar, differences, ages, zones, bins.
import {
  clockMicros, DATE_INFINITY, DATE_NEGATIVE_INFINITY, daysFromCivil, daysInMonth, END_DATE, fieldsToMicros, FIRST_DAY,
  isDateFinite, isTimestampFinite, isTimestampInRange, joinMicros, splitMicros, TIMESTAMP_INFINITY,
  TIMESTAMP_NEGATIVE_INFINITY, timestampFields,
} from '../../data/calendar.ts';
import { parseDisplacement } from '../../data/datetime-fields.ts';
import { DateFaultError } from '../../data/datetime-tokens.ts';
import { DatabaseError } from '../../data/error.ts';
import { Interval, justifyHours, MICROS_PER_DAY } from '../../data/interval.ts';
import { formatInterval } from '../../data/interval-text.ts';
import { UTC, offsetZone, timeZone, zoneAbbreviation } from '../../data/timezone.ts';
import type { TimeZone } from '../../data/timezone.ts';
import type { EvalContext } from '../../expression/context.ts';
import type { CallInfo } from '../function.ts';

const SECOND = 1_000_000n;

export function timestampOutOfRange(): DatabaseError {
  return new DatabaseError('22008', 'timestamp out of range');
}

export function checkTimestamp(micros: bigint): bigint {
  if (!isTimestampInRange(micros)) throw timestampOutOfRange();
  return micros;
}

/** The session's time zone. */
export function zoneOf(context: EvalContext): TimeZone {
  return timeZone(context.format.timeZone) ?? UTC;
}

export function floorSeconds(micros: bigint): number {
  return Math.floor(Number(micros / SECOND) - (micros % SECOND < 0n ? 1 : 0));
}

/** timestamptz → the local timestamp. */
export function toLocal(utc: bigint, zone: TimeZone): bigint {
  if (!isTimestampFinite(utc)) return utc;
  return checkTimestamp(utc + BigInt(zone.offsetAt(floorSeconds(utc))) * SECOND);
}

/** A local timestamp → timestamptz. */
export function toUtc(local: bigint, zone: TimeZone): bigint {
  if (!isTimestampFinite(local)) return local;
  return checkTimestamp(local - BigInt(zone.offsetOfLocal(floorSeconds(local))) * SECOND);
}

export function dateToTimestamp(days: number): bigint {
  if (days === DATE_INFINITY) return TIMESTAMP_INFINITY;
  if (days === DATE_NEGATIVE_INFINITY) return TIMESTAMP_NEGATIVE_INFINITY;
  const micros = joinMicros(days, 0);
  if (!isTimestampInRange(micros)) throw new DatabaseError('22008', 'date out of range for timestamp');
  return micros;
}

export function timestampToDate(micros: bigint): number {
  if (micros === TIMESTAMP_INFINITY) return DATE_INFINITY;
  if (micros === TIMESTAMP_NEGATIVE_INFINITY) return DATE_NEGATIVE_INFINITY;
  return splitMicros(micros).days;
}

export function addDays(days: number, count: number): number {
  if (!isDateFinite(days)) return days;
  const sum = days + count;
  if (sum < FIRST_DAY || sum >= END_DATE) throw new DatabaseError('22008', 'date out of range');
  return sum;
}

export function subtractDates(a: number, b: number): number {
  if (!isDateFinite(a) || !isDateFinite(b)) throw new DatabaseError('22008', 'cannot subtract infinite dates');
  return a - b;
}

/** Months later by the calendar, the day cut to the month's last. */
function addMonths(local: bigint, months: number): bigint {
  if (months === 0) return local;
  const f = timestampFields(local);
  const total = f.year * 12 + f.month - 1 + months;
  const year = Math.floor(total / 12);
  const month = total - year * 12 + 1;
  if (Math.abs(year) > 300000) throw timestampOutOfRange();
  return checkTimestamp(fieldsToMicros({ ...f, year, month, day: Math.min(f.day, daysInMonth(year, month)) }));
}

export function addToTimestamp(micros: bigint, span: Interval): bigint {
  if (!isTimestampFinite(micros)) return micros;
  const moved = checkTimestamp(addMonths(micros, span.months) + BigInt(span.days) * MICROS_PER_DAY);
  return checkTimestamp(moved + span.micros);
}

/** Months and days by the local calendar of the zone, the time part in absolute time. */
export function addToTimestampTz(utc: bigint, span: Interval, zone: TimeZone): bigint {
  if (!isTimestampFinite(utc)) return utc;
  let moved = utc;
  if (span.months !== 0) moved = toUtc(addMonths(toLocal(moved, zone), span.months), zone);
  if (span.days !== 0) {
    moved = toUtc(checkTimestamp(toLocal(moved, zone) + BigInt(span.days) * MICROS_PER_DAY), zone);
  }
  return checkTimestamp(moved + span.micros);
}

export function negated(span: Interval): Interval {
  return new Interval(0 - span.months, 0 - span.days, -span.micros);
}

/** Days and time; never months. */
export function subtractTimestamps(a: bigint, b: bigint): Interval {
  if (!isTimestampFinite(a) || !isTimestampFinite(b)) {
    throw new DatabaseError('22008', 'cannot subtract infinite timestamps');
  }
  return justifyHours(new Interval(0, 0, a - b));
}

/** µs of the day, however far the interval's time part goes. */
export function wrapTime(micros: bigint): bigint {
  const rest = micros % MICROS_PER_DAY;
  return rest < 0n ? rest + MICROS_PER_DAY : rest;
}

/** age(): years, months, days and time from b to a, by the calendar. Requires: local timestamps. */
export function age(a: bigint, b: bigint): Interval {
  if (!isTimestampFinite(a) || !isTimestampFinite(b)) throw timestampOutOfRange();
  const sign = a < b ? -1 : 1;
  const [x, y] = [timestampFields(a), timestampFields(b)];
  let micros = sign * (clockMicros(x) - clockMicros(y));
  let days = sign * (x.day - y.day);
  let months = sign * ((x.year - y.year) * 12 + x.month - y.month);
  if (micros < 0) {
    micros += 86_400_000_000;
    days--;
  }
  const earlier = sign < 0 ? x : y;
  while (days < 0) {
    days += daysInMonth(earlier.year, earlier.month);
    months--;
  }
  return new Interval(sign * months + 0, sign * days + 0, BigInt(sign * micros));
}

/** date_bin(): the start of the stride-long bin the moment is in. */
export function dateBin(stride: Interval, micros: bigint, origin: bigint): bigint {
  if (!isTimestampFinite(micros)) return micros;
  if (!isTimestampFinite(origin)) throw new DatabaseError('22008', 'origin out of range');
  if (stride.months !== 0) {
    throw new DatabaseError('0A000', 'timestamps cannot be binned into intervals containing months or years');
  }
  const length = BigInt(stride.days) * MICROS_PER_DAY + stride.micros;
  if (BigInt.asIntN(64, length) !== length) throw new DatabaseError('22008', 'interval out of range');
  if (length <= 0n) throw new DatabaseError('22008', 'stride must be greater than zero');
  const difference = micros - origin;
  const rest = difference % length;
  return checkTimestamp(origin + difference - rest - (rest < 0n ? length : 0n));
}

/** AT TIME ZONE's zone by abbreviation, name or POSIX spec, whose offsets count west. */
export function namedZone(name: string): TimeZone {
  const abbreviation = zoneAbbreviation(name.toLowerCase());
  if (abbreviation !== null) {
    return abbreviation.kind === 'zone' ? abbreviation.zone : offsetZone(abbreviation.seconds);
  }
  const found = timeZone(name);
  if (found === null) throw new DatabaseError('22023', `time zone "${name}" not recognized`);
  return found;
}

/** The zone of make_timestamptz(): offsets count east there, and have a sign. */
export function signedZone(name: string): TimeZone {
  if (/^\d/.test(name)) {
    throw new DatabaseError('22023', `invalid input syntax for type numeric time zone: "${name}"`,
      { hint: 'Numeric time zones must have "-" or "+" as first character.' });
  }
  if (!/^[+-]/.test(name)) return namedZone(name);
  try {
    return offsetZone(parseDisplacement(name));
  } catch (error) {
    if (!(error instanceof DateFaultError)) throw error;
    if (error.fault === 'zone') throw new DatabaseError('22023', `numeric time zone "${name}" out of range`);
    return namedZone(name);
  }
}

/** AT TIME ZONE interval: seconds east. */
export function intervalZone(span: Interval, { context }: CallInfo): TimeZone {
  if (span.months !== 0 || span.days !== 0) {
    throw new DatabaseError('22023',
      `interval time zone "${formatInterval(span, context.format)}" must not include months or days`);
  }
  return offsetZone(Number(span.micros / SECOND));
}

export function makeDate(year: number, month: number, day: number): number {
  const invalid = year === 0 || month < 1 || month > 12 || day < 1;
  const astronomical = year < 0 ? year + 1 : year;
  if (invalid || day > daysInMonth(astronomical, month)) {
    throw new DatabaseError('22008', `date field value out of range: ${year}-${pad(month)}-${pad(day)}`);
  }
  const days = daysFromCivil(astronomical, month, day);
  if (days < FIRST_DAY || days >= END_DATE) {
    throw new DatabaseError('22008', `date out of range: ${year}-${pad(month)}-${pad(day)}`);
  }
  return days;
}

const pad = (n: number): string => String(n).padStart(2, '0');

export function makeTime(hour: number, minute: number, second: number): bigint {
  const fine = hour >= 0 && minute >= 0 && minute < 60 && second >= 0 && second <= 60
    && (hour < 24 || (hour === 24 && minute === 0 && second === 0));
  if (!fine) {
    const shown = second.toFixed(6).replace(/\.?0+$/, '');
    throw new DatabaseError('22008', `time field value out of range: ${hour}:${pad(minute)}:${shown.padStart(2, '0')}`);
  }
  return BigInt((hour * 60 + minute) * 60) * SECOND + BigInt(Math.round(second * 1_000_000));
}
