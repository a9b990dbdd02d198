// Text of date, time, timetz, timestamp and timestamptz: input with PostgreSQL's errors, output by DateStyle.
import {
  DATE_INFINITY, DATE_NEGATIVE_INFINITY, END_DATE, FIRST_DAY, MICROS_2000, TIMESTAMP_INFINITY,
  TIMESTAMP_NEGATIVE_INFINITY, civilFromDays, clockFields, dayOfWeek, isTimestampFinite,
  isTimestampInRange, joinMicros, splitMicros,
} from './calendar.ts';
import { DateDecoder, sessionZone } from './datetime-decode.ts';
import { DateFaultError, dateTimeError } from './datetime-tokens.ts';
import { DatabaseError } from './error.ts';
import { roundMicros } from './interval.ts';
import type { TimeTz } from './datum.ts';
import type { DecodeContext, Decoded } from './datetime-decode.ts';
import type { FormatSettings } from './settings.ts';

function decode(text: string, context: DecodeContext, type: string): Decoded {
  try {
    return new DateDecoder(text, context, type.startsWith('time ') || type === 'time').decode();
  } catch (error) {
    if (error instanceof DateFaultError) throw dateTimeError(error.fault, text, type);
    throw error;
  }
}

/** date_in: days since 1970-01-01. */
export function parseDate(text: string, settings: FormatSettings, now: bigint | null = null): number {
  const iso = isoDate(text);
  if (iso !== null) return iso;
  const decoded = decode(text, { settings, now }, 'date');
  switch (decoded.special) {
    case 'epoch': return 0;
    case 'infinity': return DATE_INFINITY;
    case '-infinity': return DATE_NEGATIVE_INFINITY;
    case null: break;
  }
  if (decoded.days < FIRST_DAY || decoded.days >= END_DATE) {
    throw new DatabaseError('22008', `date out of range: "${text}"`);
  }
  return decoded.days;
}

/** YYYY-MM-DD with a day that every month has; the rest goes the long way. */
function isoDate(text: string): number | null {
  if (text.length !== 10 || text[4] !== '-' || text[7] !== '-') return null;
  const found = /^([1-9]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$/.exec(text);
  return found === null ? null : Date.UTC(Number(found[1]), Number(found[2]) - 1, Number(found[3])) / 86_400_000;
}

/** time_in: µs since midnight, up to 24:00:00. */
export function parseTime(text: string, settings: FormatSettings, typmod = -1, now: bigint | null = null): bigint {
  return roundMicros(BigInt(decode(text, { settings, now }, 'time').micros), typmod);
}

export function parseTimeTz(text: string, settings: FormatSettings, typmod = -1, now: bigint | null = null): TimeTz {
  const decoded = decode(text, { settings, now }, 'time with time zone');
  return {
    micros: roundMicros(BigInt(decoded.micros), typmod),
    offsetSeconds: decoded.offset ?? sessionOffset(decoded, settings, now),
  };
}

function sessionOffset(decoded: Decoded, settings: FormatSettings, now: bigint | null): number {
  const zone = sessionZone(settings);
  const seconds = Math.floor(decoded.micros / 1_000_000);
  if (decoded.hasDate) return zone.offsetOfLocal(decoded.days * 86400 + seconds);
  if (zone.fixed !== null || now === null) return zone.fixed ?? zone.offsetAt(0);
  const today = splitMicros(now + BigInt(zone.offsetAt(Number(now / 1_000_000n))) * 1_000_000n).days;
  return zone.offsetOfLocal(today * 86400 + seconds);
}

export function parseTimestamp(text: string, settings: FormatSettings, typmod = -1, now: bigint | null = null): bigint {
  const decoded = decode(text, { settings, now }, 'timestamp');
  if (decoded.special !== null) return specialTimestamp(decoded.special);
  return timestampFits(inRange(joinMicros(decoded.days, decoded.micros), text), typmod);
}

export function parseTimestampTz(
  text: string, settings: FormatSettings, typmod = -1, now: bigint | null = null,
): bigint {
  const decoded = decode(text, { settings, now }, 'timestamp with time zone');
  if (decoded.special !== null) return specialTimestamp(decoded.special);
  const seconds = Math.floor(decoded.micros / 1_000_000);
  const offset = decoded.offset ?? sessionZone(settings).offsetOfLocal(decoded.days * 86400 + seconds);
  const micros = joinMicros(decoded.days, decoded.micros) - BigInt(offset) * 1_000_000n;
  return timestampFits(inRange(micros, text), typmod);
}

function specialTimestamp(special: 'epoch' | 'infinity' | '-infinity'): bigint {
  switch (special) {
    case 'epoch': return 0n;
    case 'infinity': return TIMESTAMP_INFINITY;
    case '-infinity': return TIMESTAMP_NEGATIVE_INFINITY;
  }
}

function inRange(micros: bigint, text: string): bigint {
  if (!isTimestampInRange(micros)) throw new DatabaseError('22008', `timestamp out of range: "${text}"`);
  return micros;
}

/** timestamp(p): rounds halves away from 2000-01-01, PostgreSQL's zero. */
export function timestampFits(micros: bigint, typmod: number): bigint {
  if (typmod < 0 || typmod >= 6 || !isTimestampFinite(micros)) return micros;
  return roundMicros(micros - MICROS_2000, typmod) + MICROS_2000;
}

const TWO: readonly string[] = Array.from({ length: 100 }, (_, i) => i.toString().padStart(2, '0'));
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

interface DayText { readonly year: string; readonly month: string; readonly day: string; readonly era: string }

function dayText(days: number): DayText & { readonly monthNumber: number } {
  const { year, month, day } = civilFromDays(days);
  const shown = year > 0 ? year : 1 - year;
  return {
    year: shown.toString().padStart(4, '0'), month: TWO[month], day: TWO[day], era: year > 0 ? '' : ' BC',
    monthNumber: month,
  };
}

/** Day and month in DateStyle's order for the styles that have them apart by `separator`. */
function dayMonth(d: DayText, separator: string, dayFirst: boolean): string {
  return dayFirst ? `${d.day}${separator}${d.month}` : `${d.month}${separator}${d.day}`;
}

export function formatDate(days: number, settings: FormatSettings): string {
  if (days === DATE_INFINITY) return 'infinity';
  if (days === DATE_NEGATIVE_INFINITY) return '-infinity';
  const d = dayText(days);
  const dayFirst = settings.dateOrder === 'DMY';
  switch (settings.dateStyle) {
    case 'ISO': return `${d.year}-${d.month}-${d.day}${d.era}`;
    case 'SQL': return `${dayMonth(d, '/', dayFirst)}/${d.year}${d.era}`;
    case 'German': return `${d.day}.${d.month}.${d.year}${d.era}`;
    case 'Postgres': return `${dayMonth(d, '-', dayFirst)}-${d.year}${d.era}`;
  }
}

/** hh:mm:ss with as many fractional digits as needed. */
function clockText(rest: number): string {
  const c = clockFields(rest);
  const whole = `${TWO[c.hour]}:${TWO[c.minute]}:${TWO[c.second]}`;
  if (c.micros === 0) return whole;
  return `${whole}.${c.micros.toString().padStart(6, '0').replace(/0+$/, '')}`;
}

export function formatTime(micros: bigint): string {
  return clockText(Number(micros));
}

/** +hh, +hh:mm or +hh:mm:ss. */
export function formatDisplacement(offset: number): string {
  const magnitude = Math.abs(offset);
  const seconds = magnitude % 60;
  const minutes = Math.floor(magnitude / 60) % 60;
  const hours = Math.floor(magnitude / 3600);
  let text = `${offset < 0 ? '-' : '+'}${TWO[hours] ?? hours}`;
  if (minutes !== 0 || seconds !== 0) text += `:${TWO[minutes]}`;
  return seconds === 0 ? text : `${text}:${TWO[seconds]}`;
}

export function formatTimeTz(value: TimeTz): string {
  return formatTime(value.micros) + formatDisplacement(value.offsetSeconds);
}

export function formatTimestamp(micros: bigint, settings: FormatSettings): string {
  return infinityText(micros) ?? timestampText(micros, settings, '');
}

export function formatTimestampTz(micros: bigint, settings: FormatSettings): string {
  const special = infinityText(micros);
  if (special !== null) return special;
  const zone = sessionZone(settings);
  const seconds = Number((micros - (((micros % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n);
  const offset = zone.offsetAt(seconds);
  const local = micros + BigInt(offset) * 1_000_000n;
  if (settings.dateStyle === 'ISO') return timestampText(local, settings, formatDisplacement(offset));
  return timestampText(local, settings, ` ${zone.abbreviationAt(seconds).slice(0, MOST_ZONE_LETTERS)}`);
}

function infinityText(micros: bigint): string | null {
  if (micros === TIMESTAMP_INFINITY) return 'infinity';
  return micros === TIMESTAMP_NEGATIVE_INFINITY ? '-infinity' : null;
}

/** Of a zone's abbreviation. */
const MOST_ZONE_LETTERS = 10;

function timestampText(local: bigint, settings: FormatSettings, zone: string): string {
  const { days, rest } = splitMicros(local);
  const d = dayText(days);
  const clock = clockText(rest);
  const dayFirst = settings.dateOrder === 'DMY';
  switch (settings.dateStyle) {
    case 'ISO': return `${d.year}-${d.month}-${d.day} ${clock}${zone}${d.era}`;
    case 'SQL': return `${dayMonth(d, '/', dayFirst)}/${d.year} ${clock}${zone}${d.era}`;
    case 'German': return `${d.day}.${d.month}.${d.year} ${clock}${zone}${d.era}`;
    case 'Postgres': {
      const month = MONTHS[d.monthNumber - 1];
      const date = dayFirst ? `${d.day} ${month}` : `${month} ${d.day}`;
      return `${WEEKDAYS[dayOfWeek(days)]} ${date} ${clock} ${d.year}${zone}${d.era}`;
    }
  }
}
