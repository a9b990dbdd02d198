// What to_timestamp() and to_date() have read → a day, a time of day and a zone, checked.
import {
  civilFromDays, daysFromCivil, daysInMonth, isoWeekStart, JULIAN_1970, joinMicros,
} from '../../data/calendar.ts';
import { DatabaseError } from '../../data/error.ts';
import { dateTimeError } from '../../data/datetime-tokens.ts';

/** As read; 0 is not given. */
export interface MomentFields {
  year: number;
  /** 1 to 4: of which the year was wanted. */
  yearDigits: number;
  century: number;
  month: number;
  day: number;
  dayOfYear: number;
  hour: number;
  minute: number;
  second: number;
  daySeconds: number;
  millis: number;
  micros: number;
  /** Digits of the second's fraction. */
  precision: number;
  julian: number;
  week: number;
  monthWeek: number;
  /** 1 is Sunday. */
  weekday: number;
  bc: number;
  pm: number;
  zoneHours: number;
  zoneMinutes: number;
  zoneSign: number;
  /** The hour is one of twelve. */
  twelve: boolean;
  /** The calendar: of ISO weeks, or of months; null: nothing tells. */
  weeks: boolean | null;
}

export interface ParsedMoment {
  readonly days: number;
  /** µs of the day. */
  readonly micros: number;
  /** Seconds east, null when the text names no zone. */
  readonly offset: number | null;
  /** Fractional digits wanted; -1: all. */
  readonly precision: number;
}

const MOST_ZONE_HOURS = 15;

export function momentOf(found: MomentFields, text: string): ParsedMoment {
  const micros = timeOf(found);
  const days = dayOf(found);
  if (days === null || micros === null) throw dateTimeError('field', text, 'timestamp');
  return { days, micros, offset: offsetOf(found, text), precision: found.precision === 0 ? -1 : found.precision };
}

function offsetOf({ zoneSign, zoneHours, zoneMinutes }: MomentFields, text: string): number | null {
  if (zoneSign === 0) return null;
  if (zoneHours < 0 || zoneHours > MOST_ZONE_HOURS || zoneMinutes < 0 || zoneMinutes > 59) {
    throw dateTimeError('zone', text, 'timestamp');
  }
  return zoneSign * (zoneHours * 60 + zoneMinutes) * 60;
}

/** null: out of range. */
function timeOf(found: MomentFields): number | null {
  const { daySeconds } = found;
  let hour = found.hour === 0 ? Math.trunc(daySeconds / 3600) : found.hour;
  const minute = found.minute === 0 ? Math.trunc(daySeconds / 60) % 60 : found.minute;
  const second = found.second === 0 ? daySeconds % 60 : found.second;
  if (found.twelve) {
    if (hour < 1 || hour > 12) {
      throw new DatabaseError('22007', `hour "${hour}" is invalid for the 12-hour clock`,
        { hint: 'Use the 24-hour clock, or give an hour between 1 and 12.' });
    }
    if (found.pm === 1 && hour < 12) hour += 12;
    else if (found.pm === 0 && hour === 12) hour = 0;
  }
  const micros = found.millis * 1000 + found.micros;
  const fits = hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59
    && micros >= 0 && micros < 1_000_000;
  return fits ? ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros : null;
}

/** Counted astronomically: 0 is 1 BC. */
function yearOf({ year, yearDigits, century, bc }: MomentFields): number {
  const signed = bc === 1 ? 0 - century : century;
  if (year === 0) return century === 0 ? 0 : signed >= 0 ? (signed - 1) * 100 + 1 : signed * 100 + 1;
  if (century !== 0 && yearDigits <= 2) {
    const low = year % 100;
    if (low === 0) return signed * 100 + (signed >= 0 ? 0 : 1);
    return signed >= 0 ? low + (signed - 1) * 100 : (signed + 1) * 100 - low + 1;
  }
  const counted = bc === 1 ? 0 - year : year;
  return counted < 0 ? counted + 1 : counted;
}

interface Day { year: number; month: number; day: number; readonly known: { year: boolean; month: boolean; day: boolean } }

function settle(date: Day, days: number): void {
  Object.assign(date, civilFromDays(days));
  date.known.year = date.known.month = date.known.day = true;
}

/** null: out of range. */
function dayOf(found: MomentFields): number | null {
  const date: Day = {
    year: yearOf(found), month: 1, day: 1,
    known: { year: found.year !== 0 || found.century !== 0, month: false, day: false },
  };
  let { dayOfYear, day } = found;
  if (found.julian !== 0) settle(date, found.julian - JULIAN_1970);
  if (found.week !== 0) {
    if (found.weeks === true) settle(date, isoWeekStart(date.year, found.week) + weekdayOffset(found.weekday));
    else dayOfYear = (found.week - 1) * 7 + 1;
  }
  if (found.monthWeek !== 0) day = (found.monthWeek - 1) * 7 + 1;
  if (day !== 0) {
    date.day = day;
    date.known.day = true;
  }
  if (found.month !== 0) {
    date.month = found.month;
    date.known.month = true;
  }
  if (dayOfYear !== 0 && (date.month <= 1 || date.day <= 1)) setDayOfYear(date, dayOfYear, found);
  return fits(date) ? daysFromCivil(date.year, date.month, date.day) : null;
}

/** Monday where no weekday is given. */
function weekdayOffset(weekday: number): number {
  return weekday === 0 ? 0 : weekday > 1 ? weekday - 2 : 6;
}

function setDayOfYear(date: Day, dayOfYear: number, { bc, weeks }: MomentFields): void {
  if (date.year === 0 && bc === 0) throw new DatabaseError('22007', 'cannot calculate day of year without year information');
  if (weeks === true) {
    settle(date, isoWeekStart(date.year, 1) + dayOfYear - 1);
    return;
  }
  let month = 1;
  let before = 0;
  while (month <= 12 && dayOfYear > before + daysInMonth(date.year, month)) before += daysInMonth(date.year, month++);
  if (date.month <= 1) date.month = month;
  if (date.day <= 1) date.day = dayOfYear - before;
  date.known.month = date.known.day = true;
}

function fits({ year, month, day, known }: Day): boolean {
  if (known.month && (month < 1 || month > 12)) return false;
  if (known.day && (day < 1 || day > 31)) return false;
  return !(known.year && known.month && known.day) || day <= daysInMonth(year, month);
}

export function momentMicros(m: ParsedMoment): bigint {
  return joinMicros(m.days, m.micros);
}
