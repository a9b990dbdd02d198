// The proleptic Gregorian calendar: days since 1970-01-01 ⇄ year, month, day; ISO weeks; clock fields of a day.

/** A moment's calendar fields. `year` counts astronomically: 0 is 1 BC. */
export interface DateFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}
export interface TimestampFields extends DateFields {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micros: number;
}

export const DATE_INFINITY = 2147483647;
export const DATE_NEGATIVE_INFINITY = -2147483648;
export const TIMESTAMP_INFINITY = 9223372036854775807n;
export const TIMESTAMP_NEGATIVE_INFINITY = -9223372036854775808n;

/** Julian day number of 1970-01-01. */
export const JULIAN_1970 = 2440588;
/** 2000-01-01 in days and µs since 1970-01-01: PostgreSQL's own zero. */
export const DAYS_2000 = 10957;
export const MICROS_2000 = 946_684_800_000_000n;

/** First day PostgreSQL knows, 4714-11-24 BC, and the day after the last date, 5874898-01-01. */
export const FIRST_DAY = -JULIAN_1970;
export const END_DATE = 2145042906;
/** Bounds of timestamps in µs since 1970: those of PostgreSQL, but for the last 25 years that do not fit int64. */
export const FIRST_TIMESTAMP = BigInt(FIRST_DAY) * 86_400_000_000n;
export const LAST_TIMESTAMP = TIMESTAMP_INFINITY - 1n;

export function isTimestampFinite(micros: bigint): boolean {
  return micros !== TIMESTAMP_INFINITY && micros !== TIMESTAMP_NEGATIVE_INFINITY;
}
export function isDateFinite(days: number): boolean {
  return days !== DATE_INFINITY && days !== DATE_NEGATIVE_INFINITY;
}
export function isTimestampInRange(micros: bigint): boolean {
  return micros >= FIRST_TIMESTAMP && micros <= LAST_TIMESTAMP;
}

/** Days since 1970-01-01; months outside 1..12 are not allowed, days outside the month are. */
export function daysFromCivil(year: number, month: number, day: number): number {
  // Years from March, so that the leap day is the last of the year; 400-year eras.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

export function civilFromDays(days: number): DateFields {
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : MONTH_DAYS[month - 1];
}

/** 0 Sunday … 6 Saturday. */
export function dayOfWeek(days: number): number {
  return (((days + 4) % 7) + 7) % 7;
}

/** Monday of the week. */
export function startOfWeek(days: number): number {
  return days - (dayOfWeek(days) + 6) % 7;
}

/** ISO 8601 week number and the year it belongs to. */
export function isoWeek(days: number): { readonly year: number; readonly week: number } {
  const thursday = startOfWeek(days) + 3;
  const { year } = civilFromDays(thursday);
  return { year, week: Math.floor((thursday - daysFromCivil(year, 1, 1)) / 7) + 1 };
}

/** Monday of an ISO week. */
export function isoWeekStart(year: number, week: number): number {
  return startOfWeek(daysFromCivil(year, 1, 4)) + (week - 1) * 7;
}

const DAY = 86_400_000_000n;

/** Day number of a moment, and µs since its midnight. */
export function splitMicros(micros: bigint): { readonly days: number; readonly rest: number } {
  let days = micros / DAY;
  let rest = micros % DAY;
  if (rest < 0n) {
    rest += DAY;
    days -= 1n;
  }
  return { days: Number(days), rest: Number(rest) };
}

export function joinMicros(days: number, rest: number): bigint {
  return BigInt(days) * DAY + BigInt(rest);
}

/** Requires: finite. */
export function timestampFields(micros: bigint): TimestampFields {
  const { days, rest } = splitMicros(micros);
  return { ...civilFromDays(days), ...clockFields(rest) };
}

export function clockFields(rest: number): Omit<TimestampFields, keyof DateFields> {
  const seconds = Math.floor(rest / 1_000_000);
  return {
    hour: Math.floor(seconds / 3600), minute: Math.floor(seconds / 60) % 60, second: seconds % 60,
    micros: rest - seconds * 1_000_000,
  };
}

/** µs since midnight. */
export function clockMicros(f: Omit<TimestampFields, keyof DateFields>): number {
  return (f.hour * 3600 + f.minute * 60 + f.second) * 1_000_000 + f.micros;
}

export function fieldsToMicros(f: TimestampFields): bigint {
  return joinMicros(daysFromCivil(f.year, f.month, f.day), clockMicros(f));
}
