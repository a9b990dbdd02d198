// The fields of date/time text being read, and the rules by which bare numbers become fields (DateOrder).
import { fault } from './datetime-tokens.ts';
import { dateWord } from './datetime-words.ts';
import { civilFromDays, clockFields, clockMicros, daysFromCivil, daysInMonth } from './calendar.ts';
import { roundEven } from './interval.ts';
import type { FormatSettings } from './settings.ts';

/** Which fields have been given. */
export const YEAR = 1;
export const MONTH = 2;
export const DAY = 4;
export const DAY_OF_YEAR = 8;
export const HOUR = 16;
export const MINUTE = 32;
export const SECOND = 64;
export const ZONE = 128;
export const WEEKDAY = 256;
export const MERIDIAN = 512;
export const ERA = 1024;
/** Fractions of a second: a time is whole only with them, which every spelling but a labelled second brings. */
export const FRACTION = 2048;
export const DATE_FIELDS = YEAR | MONTH | DAY;
export const TIME_FIELDS = HOUR | MINUTE | SECOND | FRACTION;

const INT32_DIGITS = 2147483647;

/** A whole number that fits int4. */
export function wholeNumber(digits: string): number {
  const value = Number(digits);
  if (value > INT32_DIGITS || value < -INT32_DIGITS) throw fault('field');
  return value;
}

/** ".5" as µs; "." is 0. */
export function fractionMicros(text: string): number {
  if (!/^\.\d*$/.test(text)) throw fault('format');
  return roundEven(Number(`0${text}0`) * 1e6);
}

export class FieldReader {
  year = 0;
  month = 0;
  day = 0;
  dayOfYear = 0;
  hour = 0;
  minute = 0;
  second = 0;
  micros = 0;
  textMonth = false;
  twoDigits = false;
  julian = false;
  readonly #order: FormatSettings['dateOrder'];

  constructor(order: FormatSettings['dateOrder']) {
    this.#order = order;
  }

  /** A whole date in one token; returns the fields given. */
  date(text: string, given: number): number {
    const parts = text.match(/\d+|[a-z]+/g) ?? [];
    if (/[^a-z\d]$/.test(text)) throw fault('format');
    let mask = 0;
    const add = (fields: number): void => {
      if (((given | mask) & fields) !== 0) throw fault('format');
      mask |= fields;
    };
    for (const part of parts) {
      const word = /^[a-z]/.test(part) ? dateWord(part) : undefined;
      if (word === undefined || word.kind === 'ignored') {
        if (/^[a-z]/.test(part) && word === undefined) throw fault('format');
        continue;
      }
      if (word.kind !== 'month') throw fault('format');
      this.month = word.month;
      this.textMonth = true;
      add(MONTH);
    }
    for (const part of parts) if (/^\d/.test(part)) add(this.number(part, given | mask));
    if (((given | mask) & ~(DAY_OF_YEAR | ZONE)) !== DATE_FIELDS) throw fault('format');
    return mask;
  }

  /** hh:mm, hh:mm:ss or mm:ss.f with a fraction. */
  time(text: string): number {
    const found = /^(\d+):(\d*)(?::(\d*))?(\.\d*)?$/.exec(text);
    if (found === null) throw fault('format');
    this.hour = wholeNumber(found[1]);
    this.minute = wholeNumber(found[2]);
    this.second = wholeNumber(found[3] ?? '0');
    this.micros = found[4] === undefined ? 0 : fractionMicros(found[4]);
    if (found[3] === undefined && found[4] !== undefined) {
      [this.hour, this.minute, this.second] = [0, this.hour, this.minute];
    }
    if (this.minute > 59 || this.second > 60) throw fault('field');
    return TIME_FIELDS;
  }

  /** A number without a label, by what is still missing. */
  number(text: string, given: number): number {
    const [whole, fraction] = splitFraction(text);
    const value = wholeNumber(whole);
    if (whole === '') throw fault('format');
    if (fraction !== null) {
      if (whole.length > 2) return this.concatenated(text, given | DATE_FIELDS);
      this.micros = fractionMicros(fraction);
    }
    if (text.length === 3 && (given & DATE_FIELDS) === YEAR && value >= 1 && value <= 366) {
      this.dayOfYear = value;
      return DAY_OF_YEAR | MONTH | DAY;
    }
    return this.#dateNumber(text, value, given);
  }

  #dateNumber(text: string, value: number, given: number): number {
    const long = text.length >= 3;
    switch (given & DATE_FIELDS) {
      case 0:
        if (long || this.#order === 'YMD') return this.#setYear(text, value);
        return this.#order === 'DMY' ? this.#setDay(value) : this.#setMonth(value);
      case YEAR: return this.#setMonth(value);
      case MONTH:
        if (this.textMonth && (long || this.#order === 'YMD')) return this.#setYear(text, value);
        return this.#setDay(value);
      case YEAR | MONTH:
        if (this.textMonth && long && this.twoDigits) {
          // What was taken for a year was the day: 08-Jan-1999 under YMD.
          this.day = this.year;
          this.year = value;
          this.twoDigits = false;
          return DAY;
        }
        return this.#setDay(value);
      case DAY: return this.#setMonth(value);
      case MONTH | DAY: return this.#setYear(text, value);
      case DATE_FIELDS: return this.concatenated(text, given);
      default: throw fault('format');
    }
  }
  #setYear(text: string, value: number): number {
    this.year = value;
    this.twoDigits = text.length <= 2;
    return YEAR;
  }
  #setMonth(value: number): number {
    this.month = value;
    return MONTH;
  }
  #setDay(value: number): number {
    this.day = value;
    return DAY;
  }

  /** yymmdd, yyyymmdd, hhmm, hhmmss, each perhaps with a fraction. */
  concatenated(text: string, given: number): number {
    const [digits, fraction] = splitFraction(text);
    if (fraction !== null) this.micros = fractionMicros(fraction);
    else if ((given & DATE_FIELDS) !== DATE_FIELDS && digits.length >= 6) {
      this.day = Number(digits.slice(-2));
      this.month = Number(digits.slice(-4, -2));
      this.year = wholeNumber(digits.slice(0, -4));
      this.twoDigits = digits.length === 6;
      return DATE_FIELDS;
    }
    if ((given & TIME_FIELDS) === TIME_FIELDS || (digits.length !== 6 && digits.length !== 4)) throw fault('format');
    this.hour = Number(digits.slice(0, 2));
    this.minute = Number(digits.slice(2, 4));
    this.second = Number(digits.slice(4) || '0');
    return TIME_FIELDS;
  }

  setDate(days: number): void {
    Object.assign(this, civilFromDays(days));
  }
  setClock(rest: number): void {
    Object.assign(this, clockFields(rest));
  }

  /** Years of two digits, BC, and whether there is such a day. */
  validateDate(given: number, bc: boolean): void {
    if ((given & YEAR) !== 0 && !this.julian) this.#fixYear(bc);
    if ((given & DAY_OF_YEAR) !== 0) this.setDate(daysFromCivil(this.year, 1, 1) + this.dayOfYear - 1);
    if ((given & MONTH) !== 0 && (this.month < 1 || this.month > 12)) throw fault('month-day');
    if ((given & DAY) !== 0 && (this.day < 1 || this.day > 31)) throw fault('month-day');
    if ((given & DATE_FIELDS) === DATE_FIELDS && this.day > daysInMonth(this.year, this.month)) throw fault('field');
  }
  #fixYear(bc: boolean): void {
    if (bc) {
      if (this.year <= 0) throw fault('field');
      this.year = 1 - this.year;
    } else if (this.twoDigits) {
      if (this.year < 70) this.year += 2000;
      else if (this.year < 100) this.year += 1900;
    } else if (this.year <= 0) throw fault('field');
  }

  applyMeridian(meridian: 'am' | 'pm' | null): void {
    if (meridian === null) return;
    if (this.hour > 12) throw fault('field');
    if (meridian === 'am' && this.hour === 12) this.hour = 0;
    else if (meridian === 'pm' && this.hour !== 12) this.hour += 12;
  }

  checkTime(): void {
    if (this.minute > 59 || this.second > 60 || clockMicros(this) > 86_400_000_000) throw fault('field');
  }
}

function splitFraction(text: string): readonly [string, string | null] {
  const point = text.indexOf('.');
  return point < 0 ? [text, null] : [text.slice(0, point), text.slice(point)];
}

/** +hh, +hhmm, +hh:mm or +hh:mm:ss as seconds east. */
export function parseDisplacement(text: string): number {
  const found = /^([+-])(\d+)(?::(\d*)(?::(\d*))?)?$/.exec(text);
  if (found === null) throw fault('format');
  let hours = Number(found[2]);
  let minutes = Number(found[3] ?? 0);
  if (found[3] === undefined && text.length > 3) [hours, minutes] = [Math.floor(hours / 100), hours % 100];
  const seconds = Number(found[4] ?? 0);
  if (hours > 15 || minutes > 59 || seconds > 59) throw fault('zone');
  const total = hours * 3600 + minutes * 60 + seconds;
  return found[1] === '-' ? -total : total;
}
