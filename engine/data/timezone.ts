// Time zones: offset from UTC at an instant and of a local time, from the runtime's IANA data or a fixed offset.
//
// Pure: the answers depend on the zone's name and the instant alone (and on the runtime's edition of the tz data).
import { daysFromCivil } from './calendar.ts';
import { ZONE_ABBREVIATIONS } from './timezone-abbreviations.ts';

/** Offsets are seconds EAST of UTC; instants are seconds since 1970 UTC. */
export interface TimeZone {
  /** As SHOW TimeZone prints it. */
  readonly name: string;
  /** The offset when it is the same at all times. */
  readonly fixed: number | null;
  offsetAt(utcSeconds: number): number;
  /** Offset of a local time; in a gap the one before it, in an overlap the one after the change (PostgreSQL's rule). */
  offsetOfLocal(localSeconds: number): number;
  /** Abbreviation in force at an instant, such as CET; a numeric one where there is no other. */
  abbreviationAt(utcSeconds: number): string;
}

class FixedZone implements TimeZone {
  readonly name: string;
  readonly fixed: number;
  readonly #abbreviation: string;

  constructor(name: string, offset: number, abbreviation: string) {
    this.name = name;
    this.fixed = offset;
    this.#abbreviation = abbreviation;
  }
  offsetAt(): number { return this.fixed; }
  offsetOfLocal(): number { return this.fixed; }
  abbreviationAt(): string { return this.#abbreviation; }
}

/** A year's offset changes: `offsets[i]` holds from `starts[i]` on. starts[0] is the year's first second. */
interface YearOffsets {
  readonly starts: readonly number[];
  readonly offsets: readonly number[];
}

const DAY = 86400;
/** Two changes are never closer than this (a Ramadan pause of daylight time lasts a month). */
const PROBE = 8 * DAY;
const ERA_SECONDS = 146097 * DAY;
const FIRST = Date.UTC(1800, 0, 1) / 1000;
const CYCLE_START = Date.UTC(2400, 0, 1) / 1000;
const OFFSET = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/;

class IanaZone implements TimeZone {
  readonly name: string;
  readonly fixed = null;
  readonly #format: Intl.DateTimeFormat;
  readonly #years = new Map<number, YearOffsets>();

  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  }

  offsetAt(utcSeconds: number): number {
    const at = canonicalInstant(utcSeconds);
    const { starts, offsets } = this.#yearOf(at);
    let i = starts.length - 1;
    while (i > 0 && starts[i] > at) i--;
    return offsets[i];
  }

  offsetOfLocal(localSeconds: number): number {
    const before = this.offsetAt(localSeconds - DAY);
    const change = this.#changeAfter(localSeconds - DAY);
    if (change === null) return before;
    const after = this.offsetAt(change);
    const asBefore = localSeconds - before;
    const asAfter = localSeconds - after;
    if (asBefore < change && asAfter < change) return before;
    if (asBefore >= change && asAfter >= change) return after;
    return before > after ? after : before;
  }

  /** First change of offset within three days after an instant. */
  #changeAfter(utcSeconds: number): number | null {
    const at = canonicalInstant(utcSeconds);
    for (const instant of [at, at + 3 * DAY]) {
      const { starts, offsets } = this.#yearOf(instant);
      for (let i = 1; i < starts.length; i++) {
        if (starts[i] > at && starts[i] <= at + 3 * DAY && offsets[i] !== offsets[i - 1]) {
          return starts[i] + utcSeconds - at;
        }
      }
    }
    return null;
  }

  #yearOf(at: number): YearOffsets {
    const year = new Date(at * 1000).getUTCFullYear();
    const known = this.#years.get(year);
    if (known !== undefined) return known;
    const found = this.#discover(year);
    this.#years.set(year, found);
    return found;
  }

  #discover(year: number): YearOffsets {
    const start = daysFromCivil(year, 1, 1) * DAY;
    const end = daysFromCivil(year + 1, 1, 1) * DAY;
    const starts = [start];
    const offsets = [this.#ask(start)];
    for (let low = start; low < end; low += PROBE) {
      const high = Math.min(low + PROBE, end);
      const before = offsets[offsets.length - 1];
      const after = this.#ask(high);
      if (after === before) continue;
      const change = this.#bisect(low, high, before);
      // A change at the next year's first second is that year's own.
      if (change >= end) continue;
      starts.push(change);
      offsets.push(after);
    }
    return { starts, offsets };
  }

  #bisect(from: number, to: number, before: number): number {
    let low = from;
    let high = to;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#ask(middle) === before) low = middle;
      else high = middle;
    }
    return high;
  }

  #ask(utcSeconds: number): number {
    const found = OFFSET.exec(this.#format.format(utcSeconds * 1000));
    if (found === null || found[1] === undefined) return 0;
    const seconds = Number(found[2]) * 3600 + Number(found[3]) * 60 + Number(found[4] ?? 0);
    return found[1] === '-' ? -seconds : seconds;
  }

  abbreviationAt(utcSeconds: number): string {
    const offset = this.offsetAt(utcSeconds);
    if (offset % 60 !== 0) return 'LMT';
    const at = this.#modernInstant(canonicalInstant(utcSeconds), offset) * 1000;
    for (const locale of ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA']) {
      const text = new Intl.DateTimeFormat(locale, { timeZone: this.name, timeZoneName: 'short' }).format(at);
      const name = /[A-Z]{2,5}$/.exec(text)?.[0];
      if (name !== undefined && name !== 'GMT') return name;
    }
    if (offset === 0) return 'GMT';
    return REGIONAL.get(`${this.name} ${offset}`) ?? numericAbbreviation(offset);
  }

  /** The runtime knows abbreviations of our days alone: a day of 2024 with the same offset, if there is one. */
  #modernInstant(at: number, offset: number): number {
    if (at >= daysFromCivil(1970, 1, 1) * DAY) return at;
    const winter = daysFromCivil(2024, 1, 15) * DAY;
    const summer = daysFromCivil(2024, 7, 15) * DAY;
    return [winter, summer].find((instant) => this.offsetAt(instant) === offset) ?? at;
  }
}

/** Abbreviations that no English locale of the runtime has. */
const REGIONAL: ReadonlyMap<string, string> = new Map([
  ['Asia/Tokyo 32400', 'JST'], ['Asia/Seoul 32400', 'KST'], ['Asia/Shanghai 28800', 'CST'],
  ['Asia/Taipei 28800', 'CST'],
  ['Asia/Hong_Kong 28800', 'HKT'], ['Asia/Manila 28800', 'PST'], ['Asia/Jakarta 25200', 'WIB'],
  ['Asia/Jerusalem 7200', 'IST'], ['Asia/Jerusalem 10800', 'IDT'], ['Asia/Karachi 18000', 'PKT'],
  ['Europe/Moscow 10800', 'MSK'], ['Europe/Kyiv 7200', 'EET'], ['Europe/Kyiv 10800', 'EEST'],
  ['Africa/Nairobi 10800', 'EAT'], ['Africa/Lagos 3600', 'WAT'], ['Africa/Cairo 7200', 'EET'],
  ['Africa/Cairo 10800', 'EEST'], ['Pacific/Auckland 43200', 'NZST'], ['Pacific/Auckland 46800', 'NZDT'],
]);

/** Zone rules repeat every 400 years after the last written one; before the first, local mean time holds. */
function canonicalInstant(utcSeconds: number): number {
  if (utcSeconds < FIRST) return FIRST;
  if (utcSeconds < CYCLE_START) return utcSeconds;
  return CYCLE_START + (utcSeconds - CYCLE_START) % ERA_SECONDS;
}

function numericAbbreviation(offset: number): string {
  const magnitude = Math.abs(offset);
  const two = (n: number): string => n.toString().padStart(2, '0');
  const minutes = Math.floor(magnitude / 60) % 60;
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(magnitude / 3600))}${minutes === 0 ? '' : two(minutes)}`;
}

export const UTC: TimeZone = new FixedZone('UTC', 0, 'UTC');

const KNOWN = new Map<string, TimeZone | null>([['utc', UTC]]);
const MAX_KNOWN = 2000;

/** A zone by IANA name (in any case) or POSIX spec such as `<+03>-03` or `EST5`; null when there is none. */
export function timeZone(name: string): TimeZone | null {
  const key = name.toLowerCase();
  const known = KNOWN.get(key);
  if (known !== undefined) return known;
  const found = posixZone(name) ?? ianaZone(name);
  if (KNOWN.size > MAX_KNOWN) KNOWN.clear();
  KNOWN.set(key, found);
  return found;
}

/** SET TIME ZONE n: hours east, fractions allowed, as PostgreSQL names it (`<+02>-02`). */
export function offsetZone(secondsEast: number): TimeZone {
  const abbreviation = numericAbbreviation(secondsEast);
  const inverse = numericAbbreviation(-secondsEast).replace('+', '').replace(/(\d\d)(\d\d)$/, '$1:$2');
  const spelled = abbreviation.replace(/(\d\d)(\d\d)$/, '$1:$2');
  return new FixedZone(`<${spelled}>${inverse}`, secondsEast, spelled);
}

const POSIX = /^(?:<([^<>]+)>|([a-z]{3,}))([+-]?)(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?$/i;

function posixZone(name: string): TimeZone | null {
  const found = POSIX.exec(name);
  if (found === null) return null;
  const west = Number(found[4]) * 3600 + Number(found[5] ?? 0) * 60 + Number(found[6] ?? 0);
  if (west > 167 * 3600) return null;
  // POSIX counts west, ISO 8601 east.
  return new FixedZone(name, found[3] === '-' ? west : -west + 0, found[1] ?? found[2].toUpperCase());
}

function ianaZone(name: string): TimeZone | null {
  // The runtime also takes offsets such as +05:30 for names, which PostgreSQL does not.
  if (!/^[a-z][a-z0-9_+\-/]*$/i.test(name)) return null;
  if (/^(?:utc|gmt|zulu|universal|uct|etc\/(?:utc|gmt|uct|zulu|universal|greenwich))$/i.test(name)) {
    return new FixedZone(properCase(name), 0, /gmt|greenwich/i.test(name) ? 'GMT' : 'UTC');
  }
  try {
    return new IanaZone(properCase(name));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

let canonicalNames: ReadonlyMap<string, string> | null = null;

function properCase(name: string): string {
  canonicalNames ??= new Map(Intl.supportedValuesOf('timeZone').map((n) => [n.toLowerCase(), n]));
  const known = canonicalNames.get(name.toLowerCase());
  if (known !== undefined) return known;
  if (/^(utc|gmt|uct)$/i.test(name)) return name.toUpperCase();
  if (name !== name.toLowerCase()) return name;
  return name.replace(/(^|[/_-])([a-z])/g, (_, lead: string, letter: string) => lead + letter.toUpperCase());
}

/** An abbreviation's meaning in input: a fixed offset, or the zone that decides it by date. */
export type ZoneAbbreviation =
  | { readonly kind: 'offset'; readonly seconds: number; readonly daylight: boolean }
  | { readonly kind: 'zone'; readonly zone: TimeZone };

let abbreviations: ReadonlyMap<string, string> | null = null;

/** `word` in lower case. */
export function zoneAbbreviation(word: string): ZoneAbbreviation | null {
  abbreviations ??= new Map(ZONE_ABBREVIATIONS.trim().split(/\s+/).map((entry) => {
    const colon = entry.indexOf(':');
    return [entry.slice(0, colon).toLowerCase(), entry.slice(colon + 1)];
  }));
  const meaning = abbreviations.get(word);
  if (meaning === undefined) return null;
  const [value, daylight] = meaning.split(':');
  if (/^-?\d+$/.test(value)) return { kind: 'offset', seconds: Number(value), daylight: daylight === 'D' };
  const zone = timeZone(value);
  return zone === null ? null : { kind: 'zone', zone };
}
