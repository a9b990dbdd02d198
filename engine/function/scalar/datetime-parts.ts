// extract(), date_part() and date_trunc(): the units, of timestamps, dates, times and intervals.
import {
  daysFromCivil, dayOfWeek, fieldsToMicros, isDateFinite, isoWeek, isTimestampFinite, JULIAN_1970, joinMicros,
  splitMicros,
  startOfWeek, timestampFields,
} from '../../data/calendar.ts';
import type { TimestampFields } from '../../data/calendar.ts';
import { DatabaseError } from '../../data/error.ts';
import { intervalUnit } from '../../data/interval-text.ts';
import { Interval } from '../../data/interval.ts';
import { Numeric } from '../../data/numeric.ts';
import type { TimeZone } from '../../data/timezone.ts';
import { toUtc } from './datetime-arithmetic.ts';

const SPECIAL = ['dow', 'isodow', 'doy', 'isoyear', 'julian', 'epoch', 'quarter', 'timezone', 'timezone_hour',
  'timezone_minute'] as const;
type Special = typeof SPECIAL[number];
export type Unit = NonNullable<ReturnType<typeof intervalUnit>> | Special;

const ALIASES: { readonly [word: string]: Special } = {
  qtr: 'quarter', j: 'julian', jd: 'julian', timezone_h: 'timezone_hour', timezone_m: 'timezone_minute',
};

/** Throws 22023 for a word that is no unit. */
export function unitOf(word: string, typeName: string): Unit {
  const lower = word.toLowerCase();
  const unit = SPECIAL.find((s) => s === lower) ?? ALIASES[lower] ?? intervalUnit(lower);
  if (unit === undefined) throw new DatabaseError('22023', `unit "${lower}" not recognized for type ${typeName}`);
  return unit;
}

export function unsupportedUnit(word: string, typeName: string, detail?: string): DatabaseError {
  return new DatabaseError('0A000', `unit "${word.toLowerCase()}" not supported for type ${typeName}`, { detail });
}

const whole = (n: number): Numeric => Numeric.fromInteger(n);

/** Years count 1 BC, 1 AD for people; `year` is astronomical. */
export function shownYear(year: number): number {
  return year > 0 ? year : year - 1;
}
function decadeOf(year: number): number {
  return Math.floor(year / 10);
}
function centuryOf(year: number): number {
  return year > 0 ? Math.floor((year + 99) / 100) : -Math.floor((99 - (year - 1)) / 100);
}
function millenniumOf(year: number): number {
  return year > 0 ? Math.floor((year + 999) / 1000) : -Math.floor((999 - (year - 1)) / 1000);
}

/** Units of the clock; null for the others. */
function clockPart(unit: Unit, f: Pick<TimestampFields, 'hour' | 'minute' | 'second' | 'micros'>): Numeric | null {
  const micros = f.second * 1_000_000 + f.micros;
  switch (unit) {
    case 'microsecond': return whole(micros);
    case 'millisecond': return Numeric.of(BigInt(micros), 3);
    case 'second': return Numeric.of(BigInt(micros), 6);
    case 'minute': return whole(f.minute);
    case 'hour': return whole(f.hour);
    default: return null;
  }
}

/** Units of the calendar; null for the others. */
function calendarPart(unit: Unit, days: number, f: Pick<TimestampFields, 'year' | 'month' | 'day'>): Numeric | null {
  switch (unit) {
    case 'day': return whole(f.day);
    case 'month': return whole(f.month);
    case 'quarter': return whole(Math.floor((f.month - 1) / 3) + 1);
    case 'week': return whole(isoWeek(days).week);
    case 'year': return whole(shownYear(f.year));
    case 'decade': return whole(decadeOf(f.year));
    case 'century': return whole(centuryOf(f.year));
    case 'millennium': return whole(millenniumOf(f.year));
    case 'isoyear': return whole(shownYear(isoWeek(days).year));
    case 'dow': return whole(dayOfWeek(days));
    case 'isodow': return whole(dayOfWeek(days) === 0 ? 7 : dayOfWeek(days));
    case 'doy': return whole(days - daysFromCivil(f.year, 1, 1) + 1);
    default: return null;
  }
}

const GROWING = new Set<Unit>(['year', 'decade', 'century', 'millennium', 'isoyear', 'julian', 'epoch']);

/** Of ±infinity: ±infinity for units that grow for ever, else NULL. */
function infinitePart(unit: Unit, positive: boolean): Numeric | null {
  if (!GROWING.has(unit)) return null;
  return positive ? Numeric.INFINITY : Numeric.NEGATIVE_INFINITY;
}

export const TIMESTAMP_NAME = 'timestamp without time zone';
export const TIMESTAMPTZ_NAME = 'timestamp with time zone';

/** `local` as the clock shows it; for timestamptz, `utc` and the offset then. */
export function timestampPart(
  word: string, local: bigint, zoned: { readonly utc: bigint; readonly offset: number } | null,
): Numeric | null {
  const name = zoned === null ? TIMESTAMP_NAME : TIMESTAMPTZ_NAME;
  const unit = unitOf(word, name);
  const isZone = unit === 'timezone' || unit === 'timezone_hour' || unit === 'timezone_minute';
  if (!isTimestampFinite(local)) return infinitePart(unit, local > 0n);
  if (isZone && zoned === null) throw unsupportedUnit(word, name);
  if (isZone) return zonePart(unit, zoned?.offset ?? 0);
  if (unit === 'epoch') return Numeric.of(zoned?.utc ?? local, 6);
  const { days, rest } = splitMicros(local);
  if (unit === 'julian') {
    const share = whole(rest).divide(Numeric.fromBigInt(86_400_000_000n));
    return whole(days + JULIAN_1970).add(share);
  }
  const f = timestampFields(local);
  const part = clockPart(unit, f) ?? calendarPart(unit, days, f);
  if (part === null) throw unsupportedUnit(word, name);
  return part;
}

function zonePart(unit: Unit, offset: number): Numeric {
  if (unit === 'timezone') return whole(offset);
  if (unit === 'timezone_hour') return whole(Math.trunc(offset / 3600) + 0);
  return whole(Math.trunc((offset % 3600) / 60) + 0);
}

export function datePart(word: string, days: number): Numeric | null {
  const unit = unitOf(word, 'date');
  const clock = clockPart(unit, { hour: 0, minute: 0, second: 0, micros: 0 });
  if (clock !== null || unit.startsWith('timezone')) throw unsupportedUnit(word, 'date');
  if (!isDateFinite(days)) return infinitePart(unit, days > 0);
  if (unit === 'epoch') return whole(days * 86400);
  if (unit === 'julian') return whole(days + JULIAN_1970);
  const part = calendarPart(unit, days, timestampFields(joinMicros(days, 0)));
  if (part === null) throw unsupportedUnit(word, 'date');
  return part;
}

export const TIME_NAME = 'time without time zone';
export const TIMETZ_NAME = 'time with time zone';

/** `offset`: seconds east of a timetz, null for time. */
export function timePart(word: string, micros: bigint, offset: number | null): Numeric {
  const name = offset === null ? TIME_NAME : TIMETZ_NAME;
  const unit = unitOf(word, name);
  if (unit === 'epoch') return Numeric.of(micros - BigInt(offset ?? 0) * 1_000_000n, 6);
  if (offset !== null && unit.startsWith('timezone')) return zonePart(unit, offset);
  const seconds = micros / 1_000_000n;
  const part = clockPart(unit, {
    hour: Number(seconds / 3600n), minute: Number((seconds / 60n) % 60n), second: Number(seconds % 60n),
    micros: Number(micros % 1_000_000n),
  });
  if (part === null) throw unsupportedUnit(word, name);
  return part;
}

const truncate = (n: number): number => Math.trunc(n) + 0;

export function intervalPart(word: string, span: Interval): Numeric {
  const unit = unitOf(word, 'interval');
  const { months, days, micros } = span;
  const seconds = micros % 60_000_000n;
  switch (unit) {
    case 'microsecond': return Numeric.fromBigInt(seconds);
    case 'millisecond': return Numeric.of(seconds, 3);
    case 'second': return Numeric.of(seconds, 6);
    case 'minute': return Numeric.fromBigInt((micros / 60_000_000n) % 60n);
    case 'hour': return Numeric.fromBigInt(micros / 3_600_000_000n);
    case 'day': return whole(days);
    case 'month': return whole(months % 12 + 0);
    case 'quarter': return whole(truncate((months % 12) / 3) + 1);
    case 'year': return whole(truncate(months / 12));
    case 'decade': return whole(truncate(truncate(months / 12) / 10));
    case 'century': return whole(truncate(truncate(months / 12) / 100));
    case 'millennium': return whole(truncate(truncate(months / 12) / 1000));
    case 'epoch': {
      const years = BigInt(truncate(months / 12));
      const day = 86_400n;
      const total = (years * 1461n * day) / 4n + BigInt(months % 12) * 30n * day + BigInt(days) * day;
      return Numeric.of(total * 1_000_000n + micros, 6);
    }
    default: throw unsupportedUnit(word, 'interval');
  }
}

/** The start of the unit that holds the moment. */
function truncatedFields(unit: Unit, f: TimestampFields, days: number): TimestampFields | null {
  const year = (first: number): TimestampFields => ({ year: first, month: 1, day: 1, hour: 0, minute: 0, second: 0,
    micros: 0 });
  switch (unit) {
    case 'microsecond': return f;
    case 'millisecond': return { ...f, micros: Math.floor(f.micros / 1000) * 1000 };
    case 'second': return { ...f, micros: 0 };
    case 'minute': return { ...f, micros: 0, second: 0 };
    case 'hour': return { ...f, micros: 0, second: 0, minute: 0 };
    case 'day': return { ...year(f.year), month: f.month, day: f.day };
    case 'week': return timestampFields(joinMicros(startOfWeek(days), 0));
    case 'month': return { ...year(f.year), month: f.month };
    case 'quarter': return { ...year(f.year), month: 3 * Math.floor((f.month - 1) / 3) + 1 };
    case 'year': return year(f.year);
    case 'decade': return year(decadeOf(f.year) * 10);
    case 'century': return year(f.year > 0 ? centuryOf(f.year) * 100 - 99 : centuryOf(f.year) * 100 + 1);
    case 'millennium': return year(f.year > 0 ? millenniumOf(f.year) * 1000 - 999 : millenniumOf(f.year) * 1000 + 1);
    default: return null;
  }
}

const ONLY_READ = new Set<Unit>(['dow', 'isodow', 'doy', 'isoyear', 'epoch', 'julian']);

/** A unit one can truncate to, or that is at least known there. */
function truncationUnit(word: string, typeName: string): Unit {
  const unit = unitOf(word, typeName);
  if (ONLY_READ.has(unit)) throw new DatabaseError('22023', `unit "${word.toLowerCase()}" not recognized for type ${typeName}`);
  return unit;
}

export function truncateTimestamp(word: string, local: bigint, typeName = TIMESTAMP_NAME): bigint {
  if (!isTimestampFinite(local)) return local;
  const unit = truncationUnit(word, typeName);
  const f = truncatedFields(unit, timestampFields(local), splitMicros(local).days);
  if (f === null) throw unsupportedUnit(word, typeName);
  return fieldsToMicros(f);
}

const BELOW_DAY = new Set<Unit>(['microsecond', 'millisecond', 'second', 'minute', 'hour']);

/** In a zone: whole hours and less keep the offset there was; days and more begin at local midnight. */
export function truncateTimestampTz(word: string, utc: bigint, local: bigint, zone: TimeZone): bigint {
  if (!isTimestampFinite(utc)) return utc;
  const cut = truncateTimestamp(word, local, TIMESTAMPTZ_NAME);
  return BELOW_DAY.has(unitOf(word, TIMESTAMPTZ_NAME)) ? cut - (local - utc) : toUtc(cut, zone);
}

export function truncateInterval(word: string, span: Interval): Interval {
  const unit = truncationUnit(word, 'interval');
  const { months, days, micros } = span;
  const years = truncate(months / 12);
  const toYears = (step: number): Interval => new Interval(truncate(years / step) * step * 12, 0, 0n);
  const toMicros = (step: bigint): Interval => new Interval(months, days, (micros / step) * step);
  switch (unit) {
    case 'microsecond': return span;
    case 'millisecond': return toMicros(1000n);
    case 'second': return toMicros(1_000_000n);
    case 'minute': return toMicros(60_000_000n);
    case 'hour': return toMicros(3_600_000_000n);
    case 'day': return new Interval(months, days, 0n);
    case 'month': return new Interval(months, 0, 0n);
    case 'quarter': return new Interval(truncate(months / 3) * 3, 0, 0n);
    case 'year': return toYears(1);
    case 'decade': return toYears(10);
    case 'century': return toYears(100);
    case 'millennium': return toYears(1000);
    case 'week': throw unsupportedUnit(word, 'interval', 'Months usually have fractional weeks.');
    default: throw unsupportedUnit(word, 'interval');
  }
}
