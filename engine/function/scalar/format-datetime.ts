// to_char() of timestamps and intervals by template.
import {
  civilFromDays, daysFromCivil, dayOfWeek, isoWeek, isoWeekStart, JULIAN_1970, splitMicros, timestampFields,
} from '../../data/calendar.ts';
import { DatabaseError } from '../../data/error.ts';
import { intervalFields } from '../../data/interval.ts';
import type { Interval } from '../../data/interval.ts';
import { datetimeTemplate } from './datetime-template.ts';
import type { TemplatePiece, Word } from './datetime-template.ts';
import { ordinalSuffix, romanNumeral } from './format-number.ts';

export const MONTH_NAMES: readonly string[] = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November',
  'December',
];
export const DAY_NAMES: readonly string[] = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday',
  'Saturday'];

/** What the fields of a template read. */
interface Moment {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micros: number;
  readonly dayOfYear: number;
  /** Days since 1970; null for an interval. */
  readonly days: number | null;
  /** Abbreviation and seconds east; null where there is no zone. */
  readonly zone: { readonly name: string; readonly offset: number } | null;
}

type Field = TemplatePiece & { kind: 'field' };

/** Zeros up to a width that includes the sign. */
function number(value: number, width: number, piece: Field): string {
  const sign = value < 0 ? '-' : '';
  const digits = String(Math.abs(value));
  return withOrdinal(sign + (piece.fill ? digits : digits.padStart(width - sign.length, '0')), piece);
}

/** Zeros up to so many digits, whatever the sign. */
function digits(value: number, count: number, piece: Field): string {
  return number(value, value < 0 ? count + 1 : count, piece);
}

function withOrdinal(text: string, piece: Field): string {
  if (piece.ordinal === null) return text;
  const suffix = ordinalSuffix(text);
  return text + (piece.ordinal === 'TH' ? suffix.toUpperCase() : suffix);
}

/** Name in the case of the keyword; padded to the longest unless FM or TM. */
function name(text: string, width: number, piece: Field): string {
  const { written } = piece;
  const cased = written === written.toUpperCase() ? text.toUpperCase() : written === written.toLowerCase()
    ? text.toLowerCase() : text;
  return piece.fill || piece.local ? cased : cased.padEnd(width);
}

function halfDay(piece: Field, m: Moment): string {
  const text = m.hour % 24 >= 12 ? 'PM' : 'AM';
  return inCase(piece.word.includes('.') ? `${text[0]}.${text[1]}.` : text, piece);
}

function inCase(text: string, piece: Field): string {
  return piece.written === piece.written.toLowerCase() ? text.toLowerCase() : text;
}

function needDate(m: Moment): number {
  if (m.days === null) {
    throw new DatabaseError('22007', 'invalid format specification for an interval value',
      { hint: 'Intervals are not tied to specific calendar dates.' });
  }
  return m.days;
}

function shownYear(m: Moment): number {
  return m.days === null || m.year > 0 ? m.year : 1 - m.year;
}

function century(m: Moment): number {
  if (m.days === null) return Math.trunc(m.year / 100);
  return m.year > 0 ? Math.floor((m.year - 1) / 100) + 1 : Math.trunc(m.year / 100) - 1;
}

function clockField(word: Word, piece: Field, m: Moment): string | null {
  switch (word) {
    case 'HH': case 'HH12': return digits(m.hour % 12 === 0 ? 12 : m.hour % 12, 2, piece);
    case 'HH24': return digits(m.hour, 2, piece);
    case 'MI': return digits(m.minute, 2, piece);
    case 'SS': return digits(m.second, 2, piece);
    case 'MS': case 'FF3': return withOrdinal(fraction(m, 3), piece);
    case 'US': case 'FF6': return withOrdinal(fraction(m, 6), piece);
    case 'FF1': case 'FF2': case 'FF4': case 'FF5': return withOrdinal(fraction(m, Number(word[2])), piece);
    case 'SSSS': case 'SSSSS': return withOrdinal(String(m.hour * 3600 + m.minute * 60 + m.second), piece);
    case 'AM': case 'PM': case 'A.M.': case 'P.M.': return halfDay(piece, m);
    default: return null;
  }
}

function fraction(m: Moment, count: number): string {
  return `${m.micros < 0 ? '-' : ''}${String(Math.abs(m.micros)).padStart(6, '0').slice(0, count)}`;
}

function yearField(word: Word, piece: Field, m: Moment): string | null {
  switch (word) {
    case 'Y,YYY': {
      const year = shownYear(m);
      const thousands = Math.trunc(year / 1000);
      const rest = year - thousands * 1000;
      return withOrdinal(`${thousands},${rest < 0 ? '-' : ''}${String(Math.abs(rest)).padStart(rest < 0 ? 2 : 3, '0')}`, piece);
    }
    case 'YYYY': return digits(shownYear(m), 4, piece);
    case 'YYY': return digits(shownYear(m) % 1000, 3, piece);
    case 'YY': return digits(shownYear(m) % 100, 2, piece);
    case 'Y': return digits(shownYear(m) % 10, 1, piece);
    case 'IYYY': return number(isoYear(m), isoWidth(m, 4), piece);
    case 'IYY': return number(isoYear(m) % 1000, isoWidth(m, 3), piece);
    case 'IY': return number(isoYear(m) % 100, isoWidth(m, 2), piece);
    case 'I': return number(isoYear(m) % 10, isoWidth(m, 1), piece);
    case 'CC': return digits(century(m), 2, piece);
    case 'BC': case 'AD': needDate(m); return inCase(m.year > 0 ? 'AD' : 'BC', piece);
    case 'B.C.': case 'A.D.': needDate(m); return inCase(m.year > 0 ? 'A.D.' : 'B.C.', piece);
    default: return null;
  }
}

function isoYear(m: Moment): number {
  const { year } = isoOf(m);
  return m.days === null || year > 0 ? year : 1 - year;
}

/** It goes by the sign of the calendar's year. */
function isoWidth(m: Moment, count: number): number {
  return m.days === null && m.year < 0 ? count + 1 : count;
}

/** An interval's day is looked for in the weeks of its own year, the one before and the one after, and no others. */
function isoOf(m: Moment): { readonly year: number; readonly week: number; readonly day: number } {
  if (m.days !== null) {
    const { year, week } = isoWeek(m.days);
    return { year, week, day: m.days - isoWeekStart(year, 1) + 1 };
  }
  const days = spanDay(m);
  const before = days < isoWeekStart(m.year, 1);
  const year = before ? m.year - 1 : days >= isoWeekStart(m.year + 1, 1) ? m.year + 1 : m.year;
  const day = days - isoWeekStart(year, 1) + 1;
  return { year, week: Math.trunc((day - 1) / 7) + 1, day };
}

/** An interval read as a date, whatever its months: as date2j() calculates. */
function spanDay(m: Moment): number {
  const late = m.month > 2;
  const year = m.year + (late ? 4800 : 4799);
  const century = Math.trunc(year / 100);
  return year * 365 - 32167 + Math.trunc(year / 4) - century + Math.trunc(century / 4)
    + Math.trunc(7834 * (m.month + (late ? 1 : 13)) / 256) + m.day - JULIAN_1970;
}

function isoDay(days: number): number {
  return dayOfWeek(days) === 0 ? 7 : dayOfWeek(days);
}

/** An interval's whole years end with the twelfth month, and negative ones count back from it; 0: none. */
function romanMonth({ year, month }: Moment): number {
  if (month === 0) return year === 0 ? 0 : year > 0 ? 12 : 1;
  return month < 0 ? 13 + month : month;
}

function dayField(word: Word, piece: Field, m: Moment): string | null {
  switch (word) {
    case 'MONTH': needDate(m); return name(MONTH_NAMES[m.month - 1], 9, piece);
    case 'MON': needDate(m); return name(MONTH_NAMES[m.month - 1].slice(0, 3), 3, piece);
    case 'MM': return digits(m.month, 2, piece);
    case 'RM': {
      const month = romanMonth(m);
      return month === 0 ? '' : inCase(romanNumeral(month).padEnd(piece.fill ? 0 : 4), piece);
    }
    case 'Q': return m.month === 0 ? '' : withOrdinal(String(Math.trunc((m.month - 1) / 3) + 1), piece);
    case 'DAY': return name(DAY_NAMES[dayOfWeek(needDate(m))], 9, piece);
    case 'DY': return name(DAY_NAMES[dayOfWeek(needDate(m))].slice(0, 3), 3, piece);
    case 'DDD': return number(m.dayOfYear, 3, piece);
    case 'DD': return number(m.day, 2, piece);
    case 'D': return withOrdinal(String(dayOfWeek(needDate(m)) + 1), piece);
    case 'ID': return withOrdinal(String(isoDay(needDate(m))), piece);
    case 'IDDD': return number(isoOf(m).day, 3, piece);
    case 'WW': return number(Math.trunc((m.dayOfYear - 1) / 7) + 1, 2, piece);
    case 'IW': return number(isoOf(m).week, 2, piece);
    case 'W': return withOrdinal(String(Math.trunc((m.day - 1) / 7) + 1), piece);
    case 'J': return withOrdinal(String((m.days ?? spanDay(m)) + JULIAN_1970),
      piece);
    default: return null;
  }
}

function zoneField(word: Word, piece: Field, m: Moment): string {
  needDate(m);
  if (m.zone === null) return word === 'OF' ? '+00' : word === 'TZH' ? '+00' : word === 'TZM' ? '00' : '';
  const { name: abbreviation, offset } = m.zone;
  const width = piece.fill && word === 'OF' ? 0 : 2;
  const hours = `${offset < 0 ? '-' : '+'}${String(Math.floor(Math.abs(offset) / 3600)).padStart(width, '0')}`;
  const minutes = String(Math.floor(Math.abs(offset) / 60) % 60).padStart(2, '0');
  switch (word) {
    case 'TZ': return inCase(abbreviation.toUpperCase(), piece);
    case 'TZH': return hours;
    case 'TZM': return minutes;
    default: return minutes === '00' ? hours : `${hours}:${minutes}`;
  }
}

function write(m: Moment, format: string): string {
  let out = '';
  for (const piece of datetimeTemplate(format)) {
    if (piece.kind === 'text') out += piece.text;
    else if (piece.word !== 'FX') {
      const { word } = piece;
      out += clockField(word, piece, m) ?? yearField(word, piece, m) ?? dayField(word, piece, m) ?? zoneField(word,
        piece, m);
    }
  }
  return out;
}

/** Requires: finite. */
export function formatMoment(local: bigint, zone: Moment['zone'], format: string): string {
  const f = timestampFields(local);
  const { days } = splitMicros(local);
  return write({ ...f, days, zone, dayOfYear: days - daysFromCivil(civilFromDays(days).year, 1, 1) + 1 }, format);
}

export function formatSpan(span: Interval, format: string): string {
  const f = intervalFields(span);
  const dayOfYear = (f.years * 12 + f.months) * 30 + f.days;
  return write({
    year: f.years, month: f.months, day: f.days, hour: Number(f.hours), minute: f.minutes, second: f.seconds,
    micros: f.micros, dayOfYear,
    days: null, zone: null,
  }, format);
}
