// Interval text: input in every spelling PostgreSQL takes, output in its four styles.
import { DateFaultError, dateTimeError, dateTokens, fault } from './datetime-tokens.ts';
import { isDateWord } from './datetime-words.ts';
import {
  FIELD_DAY, FIELD_HOUR, FIELD_MINUTE, FIELD_MONTH, FIELD_SECOND, FIELD_YEAR, MICROS_PER_HOUR, MICROS_PER_SECOND,
  intervalFields, intervalFits, roundEven,
} from './interval.ts';
import { decodeIsoInterval } from './interval-iso.ts';
import { IntervalSum } from './interval-sum.ts';
import type { DateToken } from './datetime-tokens.ts';
import type { Interval, IntervalFields } from './interval.ts';
import type { IntervalUnit } from './interval-sum.ts';
import type { FormatSettings } from './settings.ts';

const UNIT_WORDS: readonly (readonly [IntervalUnit, string])[] = [
  ['microsecond', 'microsecon us usec microsecond useconds usecs'],
  ['millisecond', 'millisecon ms msec msecs mseconds'],
  ['second', 's sec second seconds secs'],
  ['minute', 'm min mins minute minutes'],
  ['hour', 'h hour hours hr hrs'],
  ['day', 'd day days'],
  ['week', 'w week weeks'],
  ['month', 'mon mons month months'],
  ['year', 'y yr yrs year years'],
  ['decade', 'dec decs decade decades'],
  ['century', 'c cent century centuries'],
  ['millennium', 'mil mils millennia millennium'],
];

const UNITS: ReadonlyMap<string, IntervalUnit> = new Map(
  UNIT_WORDS.flatMap(([unit, words]) => words.split(' ').map((word) => [word.slice(0, 10), unit] as const)));

/** A unit's name or abbreviation, as intervals and extract() know it (names are told apart by ten characters). */
export function intervalUnit(word: string): IntervalUnit | undefined {
  return UNITS.get(word.slice(0, 10));
}

const INT64 = 9223372036854775807n;

/** interval_in: 22007, 22008 or 22015 when it cannot be read; `typmod` decides what bare numbers mean, too. */
export function parseInterval(text: string, settings: FormatSettings, typmod = -1): Interval {
  const range = typmod < 0 ? 0x7fff : (typmod >> 16) & 0x7fff;
  try {
    return intervalFits(decode(text, range, settings), typmod);
  } catch (error) {
    if (!(error instanceof DateFaultError)) throw error;
    throw dateTimeError(error.fault === 'field' ? 'interval' : error.fault, text, 'interval');
  }
}

function decode(text: string, range: number, settings: FormatSettings): Interval {
  try {
    return new IntervalDecoder(range, settings).decode(dateTokens(text, isDateWord));
  } catch (error) {
    if (error instanceof DateFaultError && error.fault === 'format') return decodeIsoInterval(text);
    throw error;
  }
}

const NUMBER = /^([+-]?\d*)(?:(-)(\d+)|(\.\d*))?$/;
const TIME = /^(\d+):(\d*)(?::(\d*))?(\.\d*)?$/;

/** Reads tokens from the right, so that a unit is known before its number. */
class IntervalDecoder {
  readonly #range: number;
  readonly #sqlStandard: boolean;
  readonly #sum = new IntervalSum();
  readonly #seen = new Set<string>();
  /** null: none yet; 'ago' takes no number. */
  #unit: IntervalUnit | 'ago' | null = null;
  #negate = false;
  #ago = false;

  constructor(range: number, settings: FormatSettings) {
    this.#range = range;
    this.#sqlStandard = settings.intervalStyle === 'sql_standard';
  }

  decode(tokens: readonly DateToken[]): Interval {
    const signed = (token: DateToken): boolean => /^[+-]/.test(token.text);
    this.#negate = this.#sqlStandard && tokens.length > 0 && tokens[0].text.startsWith('-')
      && !tokens.slice(1).some(signed);
    for (let i = tokens.length - 1; i >= 0; i--) this.#token(tokens[i]);
    if (this.#seen.size === 0) throw fault('format');
    return this.#sum.finish(this.#ago);
  }

  #token(token: DateToken): void {
    switch (token.kind) {
      case 'time': return this.#time(token.text);
      case 'zone':
        return TIME.test(token.text.slice(1)) ? this.#time(token.text) : this.#number(token.text);
      case 'date': case 'number': return this.#number(token.text);
      case 'string': case 'special': return this.#word(token.text);
    }
  }

  #word(word: string): void {
    if (word === 'ago') {
      this.#ago = true;
      this.#unit = 'ago';
      return;
    }
    const unit = intervalUnit(word);
    if (unit === undefined) throw fault('format');
    this.#unit = unit;
  }

  #time(text: string): void {
    const signed = /^[+-]/.test(text);
    const found = TIME.exec(signed ? text.slice(1) : text);
    if (found === null) throw fault('format');
    let [hours, minutes, seconds] = [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
    if (found[3] === undefined && (found[4] !== undefined || this.#range === (FIELD_MINUTE | FIELD_SECOND))) {
      [hours, minutes, seconds] = [0, hours, minutes];
    }
    if (minutes > 59 || seconds > 60) throw fault('interval');
    const fraction = Math.trunc(roundEven(Number(`0${found[4] ?? ''}`) * 1e6));
    const micros = BigInt(hours) * MICROS_PER_HOUR + BigInt(minutes * 60 + seconds) * MICROS_PER_SECOND
      + BigInt(fraction);
    if (micros > INT64) throw fault(signed ? 'format' : 'interval');
    this.#mark('hour', 'minute', 'second', 'millisecond', 'microsecond');
    this.#sum.addMicros(this.#negate && micros > 0n ? -micros : text.startsWith('-') ? -micros : micros);
    this.#unit = 'day';
  }

  #number(text: string): void {
    const unit = this.#unit ?? this.#defaultUnit();
    const found = NUMBER.exec(text);
    if (found === null || unit === 'ago') throw fault('format');
    const negative = text.startsWith('-');
    let value = BigInt(/\d/.test(found[1]) ? found[1].replace('+', '') : 0);
    if (value > INT64 || value < -INT64 - 1n) throw fault('interval');
    let fraction = found[4] === undefined ? 0 : Number(`0${found[4]}`) * (negative ? -1 : 1);
    if (found[2] !== undefined) return this.#yearMonth(value, Number(found[3]), negative);
    if (this.#negate) {
      value = value > 0n ? -value : value;
      fraction = -Math.abs(fraction);
    }
    this.#unit = unit === 'hour' ? 'day' : unit;
    if (unit === 'second' && fraction !== 0) this.#mark('second', 'millisecond', 'microsecond');
    else this.#mark(unit);
    this.#sum.add(value, fraction, unit);
  }

  #yearMonth(years: bigint, months: number, negative: boolean): void {
    if (months >= 12) throw fault('interval');
    const total = years * 12n + BigInt(negative ? -months : months);
    this.#unit = 'month';
    this.#mark('month');
    this.#sum.addMonths(this.#negate && total > 0n ? -total : total);
  }

  #mark(...fields: readonly string[]): void {
    for (const field of fields) {
      if (this.#seen.has(field)) throw fault('format');
      this.#seen.add(field);
    }
  }

  #defaultUnit(): IntervalUnit {
    const range = this.#range;
    if (range === 0x7fff || (range & FIELD_SECOND) !== 0) return 'second';
    if ((range & FIELD_MINUTE) !== 0) return 'minute';
    if ((range & FIELD_HOUR) !== 0) return 'hour';
    if ((range & FIELD_DAY) !== 0) return 'day';
    return (range & FIELD_MONTH) !== 0 ? 'month' : (range & FIELD_YEAR) !== 0 ? 'year' : 'second';
  }
}

export function formatInterval(value: Interval, settings: FormatSettings): string {
  const fields = intervalFields(value);
  switch (settings.intervalStyle) {
    case 'postgres': return formatPostgres(fields);
    case 'postgres_verbose': return formatVerbose(fields);
    case 'sql_standard': return formatSqlStandard(fields);
    case 'iso_8601': return formatIso(fields);
  }
}

/** |seconds|, with a fraction when there is one. */
function secondsText(f: IntervalFields, width: 1 | 2): string {
  const whole = Math.abs(f.seconds).toString().padStart(width, '0');
  if (f.micros === 0) return whole;
  return `${whole}.${Math.abs(f.micros).toString().padStart(6, '0').replace(/0+$/, '')}`;
}

function two(value: number | bigint): string {
  return value.toString().replace('-', '').padStart(2, '0');
}

function timeIsNegative(f: IntervalFields): boolean {
  return f.hours < 0n || f.minutes < 0 || f.seconds < 0 || f.micros < 0;
}
function hasTime(f: IntervalFields): boolean {
  return f.hours !== 0n || f.minutes !== 0 || f.seconds !== 0 || f.micros !== 0;
}

function formatPostgres(f: IntervalFields): string {
  const parts: string[] = [];
  let negative = false;
  for (const [value, unit] of [[f.years, 'year'], [f.months, 'mon'], [f.days, 'day']] as const) {
    if (value === 0) continue;
    parts.push(`${negative && value > 0 ? '+' : ''}${value} ${unit}${value === 1 ? '' : 's'}`);
    negative = value < 0;
  }
  if (parts.length === 0 || hasTime(f)) {
    const sign = timeIsNegative(f) ? '-' : negative ? '+' : '';
    parts.push(`${sign}${two(f.hours)}:${two(f.minutes)}:${secondsText(f, 2)}`);
  }
  return parts.join(' ');
}

function formatVerbose(f: IntervalFields): string {
  let text = '@';
  let zero = true;
  let before = false;
  const units = [[BigInt(f.years), 'year'], [BigInt(f.months), 'mon'], [BigInt(f.days), 'day'], [f.hours, 'hour'],
    [BigInt(f.minutes), 'min']] as const;
  for (const [value, unit] of units) {
    if (value === 0n) continue;
    if (zero) before = value < 0n;
    const shown = before ? -value : value;
    text += ` ${shown} ${unit}${shown === 1n ? '' : 's'}`;
    zero = false;
  }
  if (f.seconds !== 0 || f.micros !== 0) {
    const negative = f.seconds < 0 || f.micros < 0;
    if (zero) before = negative;
    text += ` ${negative !== before ? '-' : ''}${secondsText(f, 1)} sec`;
    if (Math.abs(f.seconds) !== 1 || f.micros !== 0) text += 's';
    zero = false;
  }
  return text + (zero ? ' 0' : '') + (before ? ' ago' : '');
}

function formatSqlStandard(f: IntervalFields): string {
  const negative = f.years < 0 || f.months < 0 || f.days < 0 || timeIsNegative(f);
  const positive = f.years > 0 || f.months > 0 || f.days > 0 || (hasTime(f) && !timeIsNegative(f));
  const yearMonth = f.years !== 0 || f.months !== 0;
  const dayTime = f.days !== 0 || hasTime(f);
  if (!negative && !positive) return '0';
  const abs = (n: number): number => Math.abs(n);
  const hours = f.hours.toString().replace('-', '');
  const time = `${hours}:${two(f.minutes)}:${secondsText(f, 2)}`;
  if ((negative && positive) || (yearMonth && dayTime)) {
    const sign = (minus: boolean): string => (minus ? '-' : '+');
    return `${sign(f.years < 0 || f.months < 0)}${abs(f.years)}-${abs(f.months)} `
      + `${sign(f.days < 0)}${abs(f.days)} ${sign(timeIsNegative(f))}${time}`;
  }
  const prefix = negative ? '-' : '';
  if (yearMonth) return `${prefix}${abs(f.years)}-${abs(f.months)}`;
  return f.days !== 0 ? `${prefix}${abs(f.days)} ${time}` : prefix + time;
}

function formatIso(f: IntervalFields): string {
  let text = 'P';
  if (f.years !== 0) text += `${f.years}Y`;
  if (f.months !== 0) text += `${f.months}M`;
  if (f.days !== 0) text += `${f.days}D`;
  if (!hasTime(f)) return text === 'P' ? 'PT0S' : text;
  text += 'T';
  if (f.hours !== 0n) text += `${f.hours}H`;
  if (f.minutes !== 0) text += `${f.minutes}M`;
  if (f.seconds !== 0 || f.micros !== 0) text += `${f.seconds < 0 || f.micros < 0 ? '-' : ''}${secondsText(f, 1)}S`;
  return text;
}
