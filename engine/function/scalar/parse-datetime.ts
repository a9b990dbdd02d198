// to_timestamp() and to_date(): text read by a template.
import {
  clockMicros, daysFromCivil, daysInMonth, isLeapYear, isoWeekStart, JULIAN_1970, joinMicros,
} from '../../data/calendar.ts';
import { DatabaseError } from '../../data/error.ts';
import { datetimeTemplate } from './datetime-template.ts';
import type { TemplatePiece, Word } from './datetime-template.ts';
import { DAY_NAMES, MONTH_NAMES } from './format-datetime.ts';

type Field = TemplatePiece & { kind: 'field' };

/** What was read; absent fields are undefined. */
interface Found {
  year?: number;
  yearDigits?: number;
  century?: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  hour?: number;
  minute?: number;
  second?: number;
  daySeconds?: number;
  micros?: number;
  julian?: number;
  week?: number;
  monthWeek?: number;
  weekday?: number;
  isoYear?: number;
  isoWeek?: number;
  isoDay?: number;
  isoDayOfYear?: number;
  bc?: boolean;
  pm?: boolean;
  twelve?: boolean;
  zoneHours?: number;
  zoneMinutes?: number;
  zoneNegative?: boolean;
}

const badFormat = (message: string, detail?: string): DatabaseError => new DatabaseError('22007', message, { detail });

const WIDTHS: { readonly [word in Word]?: number } = {
  HH: 2, HH12: 2, HH24: 2, MI: 2, SS: 2, MS: 3, US: 6, FF1: 1, FF2: 2, FF3: 3, FF4: 4, FF5: 5, FF6: 6, SSSS: 5,
  SSSSS: 5, YYYY: 4, YYY: 3, YY: 2,
  Y: 1, IYYY: 4, IYY: 3, IY: 2, I: 1, MM: 2, DDD: 3, IDDD: 3, DD: 2, D: 1, ID: 1, WW: 2, IW: 2, W: 1, CC: 2, J: 7, Q: 1,
  TZH: 2, TZM: 2,
};

class TemplateReader {
  readonly #text: string;
  readonly #pieces: readonly TemplatePiece[];
  readonly found: Found = {};
  #at = 0;
  #extra = 0;
  #fixed = false;

  constructor(text: string, format: string) {
    this.#text = text;
    this.#pieces = datetimeTemplate(format);
  }

  read(): Found {
    this.#pieces.forEach((piece, i) => {
      if (piece.kind === 'field' && piece.word === 'FX') {
        this.#fixed = true;
        return;
      }
      if (!this.#fixed && (piece.kind === 'field' || i === 0)) this.#skipBlanks();
      if (piece.kind === 'text') this.#literal(piece);
      else if (this.#at < this.#text.length) this.#field(piece, this.#pieces[i + 1]);
    });
    return this.found;
  }

  #skipBlanks(): void {
    while (this.#at < this.#text.length && /\s/.test(this.#text[this.#at])) {
      this.#at++;
      this.#extra++;
    }
  }

  #literal(piece: TemplatePiece & { kind: 'text' }): void {
    const c = this.#text[this.#at];
    if (this.#fixed) {
      this.#at++;
      return;
    }
    const separator = !piece.quoted && /^[\s!-/:-@[-`{-~]$/.test(piece.text);
    if (separator) {
      this.#extra--;
      if (c !== undefined && /^[\s!-/:-@[-`{-~]$/.test(c)) {
        this.#at++;
        this.#extra++;
      }
      if (this.#extra < 0) this.#extra = 0;
    } else if (this.#extra > 0) this.#extra--;
    else this.#at++;
  }

  /** Digits: as many as the field has, or all there are when something that is no digit follows in the template. */
  #integer(piece: Field, next: TemplatePiece | undefined): number {
    const width = WIDTHS[piece.word] ?? 2;
    const free = piece.fill || next === undefined || (next.kind === 'text' && !/^\d/.test(next.text))
      || (next.kind === 'field' && ['MONTH', 'MON', 'DAY', 'DY', 'AM', 'PM', 'RM'].includes(next.word));
    const rest = this.#text.slice(this.#at);
    const found = (free ? /^\s*[+-]?\d+/ : new RegExp(`^\\s*[+-]?\\d{1,${width}}`)).exec(rest);
    if (found === null) {
      throw badFormat(`invalid value "${rest.slice(0, width)}" for "${piece.written}"`, 'Value must be an integer.');
    }
    if (!free && found[0].length < width) {
      throw new DatabaseError('22007', `source string too short for "${piece.written}" formatting field`, {
        detail: `Field requires ${width} characters, but only ${found[0].length} remain.`,
        hint: 'If your source string is not fixed-width, try using the "FM" modifier.',
      });
    }
    this.#at += found[0].length;
    const value = Number(found[0]);
    if (Math.abs(value) > 2147483647) {
      throw new DatabaseError('22008', `value for "${piece.written}" in source string is out of range`,
        { detail: 'Value must be in the range -2147483648 to 2147483647.' });
    }
    if (piece.ordinal !== null) this.#at += 2;
    return value;
  }

  #name(piece: Field, names: readonly string[], short: boolean): number {
    const rest = this.#text.slice(this.#at).toLowerCase();
    const at = names.findIndex((n) => rest.startsWith((short ? n.slice(0, 3) : n).toLowerCase()));
    if (at < 0) {
      throw badFormat(`invalid value "${this.#text.slice(this.#at).split(/\s/)[0]}" for "${piece.written}"`,
        'The given value did not match any of the allowed values for this field.');
    }
    this.#at += short ? 3 : names[at].length;
    return at;
  }

  #field(piece: Field, next: TemplatePiece | undefined): void {
    const { word } = piece;
    const { found } = this;
    switch (word) {
      case 'MONTH': found.month = this.#name(piece, MONTH_NAMES, false) + 1; return;
      case 'MON': found.month = this.#name(piece, MONTH_NAMES, true) + 1; return;
      case 'DAY': found.weekday = this.#name(piece, DAY_NAMES, false); return;
      case 'DY': found.weekday = this.#name(piece, DAY_NAMES, true); return;
      case 'AM': case 'PM': case 'A.M.': case 'P.M.': found.pm = this.#oneOf(piece,
        /^([ap])\.?m\.?/i) === 'p'; found.twelve = true; return;
      case 'BC': case 'AD': case 'B.C.': case 'A.D.': found.bc = this.#oneOf(piece,
        /^([ab])\.?[dc]\.?/i) === 'b'; return;
      case 'RM': found.month = this.#roman(piece); return;
      case 'TZH': {
        const sign = this.#text[this.#at];
        if (sign === '+' || sign === '-') this.#at++;
        found.zoneNegative = sign === '-';
        found.zoneHours = this.#integer(piece, next);
        return;
      }
      case 'TZ': case 'OF':
        throw new DatabaseError('0A000', `formatting field "${piece.written}" is only supported in to_char`);
      case 'Y,YYY': {
        const parts = /^(\d+),(\d{3})/.exec(this.#text.slice(this.#at));
        if (parts === null) throw badFormat('invalid input string for "Y,YYY"');
        found.year = Number(parts[1]) * 1000 + Number(parts[2]);
        found.yearDigits = 4;
        this.#at += parts[0].length;
        return;
      }
      default: this.#numberField(word, piece, next);
    }
  }

  #oneOf(piece: Field, shape: RegExp): string {
    const match = shape.exec(this.#text.slice(this.#at));
    if (match === null) {
      const part = this.#text.slice(this.#at, this.#at + piece.word.length);
      throw badFormat(`invalid value "${part}" for "${piece.written}"`,
        'The given value did not match any of the allowed values for this field.');
    }
    this.#at += match[0].length;
    return match[1].toLowerCase();
  }

  #roman(piece: Field): number {
    const numerals = ['XII', 'XI', 'X', 'IX', 'VIII', 'VII', 'VI', 'V', 'IV', 'III', 'II', 'I'];
    const rest = this.#text.slice(this.#at).toUpperCase();
    const at = numerals.findIndex((n) => rest.startsWith(n));
    if (at < 0) throw badFormat(`invalid value "${rest.split(/\s/)[0]}" for "${piece.written}"`);
    this.#at += numerals[at].length;
    return 12 - at;
  }

  #numberField(word: Word, piece: Field, next: TemplatePiece | undefined): void {
    const { found } = this;
    const before = this.#at;
    const value = this.#integer(piece, next);
    const digits = this.#at - before;
    switch (word) {
      case 'HH': case 'HH12': found.hour = value; found.twelve = true; return;
      case 'HH24': found.hour = value; return;
      case 'MI': found.minute = value; return;
      case 'SS': found.second = value; return;
      case 'MS': found.micros = (found.micros ?? 0) + value * 1000 * 10 ** Math.max(0, 3 - digits); return;
      case 'US': case 'FF1': case 'FF2': case 'FF3': case 'FF4': case 'FF5': case 'FF6':
        found.micros = (found.micros ?? 0) + value * 10 ** Math.max(0, 6 - digits);
        return;
      case 'SSSS': case 'SSSSS': found.daySeconds = value; return;
      case 'YYYY': found.year = value; found.yearDigits = 4; return;
      case 'YYY': case 'YY': case 'Y': found.year = digits < 4 ? nearYear(value)
        : value; found.yearDigits = digits; return;
      case 'IYYY': found.isoYear = value; return;
      case 'IYY': case 'IY': case 'I': found.isoYear = digits < 4 ? nearYear(value) : value; return;
      case 'CC': found.century = value; return;
      case 'MM': found.month = value; return;
      case 'DD': found.day = value; return;
      case 'DDD': found.dayOfYear = value; return;
      case 'IDDD': found.isoDayOfYear = value; return;
      case 'D': found.weekday = value - 1; return;
      case 'ID': found.isoDay = value; return;
      case 'WW': found.week = value; return;
      case 'IW': found.isoWeek = value; return;
      case 'W': found.monthWeek = value; return;
      case 'J': found.julian = value; return;
      case 'TZM': found.zoneMinutes = value; return;
      default:
    }
  }
}

/** Years of fewer than four digits lie nearest to 2020. */
function nearYear(year: number): number {
  if (year < 70) return year + 2000;
  if (year < 100) return year + 1900;
  if (year < 520) return year + 2000;
  return year < 1000 ? year + 1000 : year;
}

export interface ParsedMoment {
  readonly days: number;
  /** µs of the day. */
  readonly micros: number;
  /** Seconds east, null when the text names no zone. */
  readonly offset: number | null;
}

export function parseMoment(text: string, format: string): ParsedMoment {
  const found = new TemplateReader(text, format).read();
  const outOfRange = (): DatabaseError => new DatabaseError('22008', `date/time field value out of range: "${text}"`);
  const days = dayOf(found, outOfRange);
  const micros = timeOf(found, outOfRange);
  if (found.zoneHours === undefined && found.zoneMinutes === undefined) return { days, micros, offset: null };
  const [hours, minutes] = [found.zoneHours ?? 0, found.zoneMinutes ?? 0];
  if (hours > 15 || minutes > 59) throw outOfRange();
  const offset = (hours * 60 + minutes) * 60;
  return { days, micros, offset: found.zoneNegative === true ? -offset : offset };
}

function timeOf(found: Found, outOfRange: () => DatabaseError): number {
  let hour = found.hour ?? 0;
  let [minute, second] = [found.minute ?? 0, found.second ?? 0];
  if (found.daySeconds !== undefined) {
    hour = Math.floor(found.daySeconds / 3600);
    minute = Math.floor(found.daySeconds / 60) % 60;
    second = found.daySeconds % 60;
  }
  if (found.twelve === true && found.hour !== undefined) {
    if (hour < 1 || hour > 12) {
      throw new DatabaseError('22007', `hour "${hour}" is invalid for the 12-hour clock`,
        { hint: 'Use the 24-hour clock, or give an hour between 1 and 12.' });
    }
    if (found.pm === true && hour < 12) hour += 12;
    else if (found.pm !== true && hour === 12) hour = 0;
  }
  const micros = found.micros ?? 0;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || micros < 0) throw outOfRange();
  return clockMicros({ hour, minute, second, micros: 0 }) + micros;
}

function yearOf(found: Found): number {
  let year = found.year ?? 0;
  if (found.century !== undefined) {
    const century = found.bc === true ? -found.century : found.century;
    if (found.yearDigits !== undefined && found.yearDigits <= 2) {
      const short = year % 100;
      return short === 0 ? century * 100 : (century - 1) * 100 + short;
    }
    if (found.year === undefined) return century >= 0 ? (century - 1) * 100 + 1 : century * 100 + 1;
  }
  // Without a year it is 1 BC, as PostgreSQL has it.
  if (found.bc === true && year > 0) year = -(year - 1);
  else if (found.bc !== true && year < 0) year += 1;
  return year;
}

function dayOf(found: Found, outOfRange: () => DatabaseError): number {
  if (found.julian !== undefined) return found.julian - JULIAN_1970;
  if (found.isoYear !== undefined) return isoDayOf(found, found.isoYear);
  const year = yearOf(found);
  let { month, day } = found;
  if (found.week !== undefined && found.dayOfYear === undefined
    && day === undefined) found.dayOfYear = (found.week - 1) * 7 + 1;
  if (found.monthWeek !== undefined && day === undefined) day = (found.monthWeek - 1) * 7 + 1;
  if (found.dayOfYear !== undefined && month === undefined && day === undefined) {
    if (found.dayOfYear < 1 || found.dayOfYear > (isLeapYear(year) ? 366 : 365)) throw outOfRange();
    return daysFromCivil(year, 1, 1) + found.dayOfYear - 1;
  }
  month ??= 1;
  day ??= 1;
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) throw outOfRange();
  return daysFromCivil(year, month, day);
}

function isoDayOf(found: Found, year: number): number {
  if (found.isoDayOfYear !== undefined) return isoWeekStart(year, 1) + found.isoDayOfYear - 1;
  const weekday = found.isoDay ?? (found.weekday === undefined ? 1 : found.weekday === 0 ? 7 : found.weekday);
  return isoWeekStart(year, found.isoWeek ?? 1) + weekday - 1;
}

export function momentMicros(m: ParsedMoment): bigint {
  return joinMicros(m.days, m.micros);
}
