// Time zones: offset from UTC at an instant and of a local time, from the time zone database or a fixed offset.
//
// Pure: the answers depend on the zone's name and the instant alone.
import { daysFromCivil } from './calendar.ts';
import { ZONE_ABBREVIATIONS } from './timezone-abbreviations.ts';
import { zoneHistory } from './timezone-history.ts';
import type { ZoneHistory, ZonePeriod } from './timezone-history.ts';
import { parsePosix } from './timezone-posix.ts';
import { linkedZone, zoneLines, zoneName } from './timezone-source.ts';

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
  daylightAt(utcSeconds: number): boolean;
  /** What an abbreviation of the zone meant then, or else when it was last or will be next in use; null: it has none such. */
  abbreviated(abbreviation: string, utcSeconds: number): { readonly offset: number; readonly daylight: boolean } | null;
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
  daylightAt(): boolean { return false; }
  abbreviated(abbreviation: string): ReturnType<TimeZone['abbreviated']> {
    return abbreviation === this.#abbreviation ? { offset: this.fixed, daylight: false } : null;
  }
}

const DAY = 86400;
const ERA_SECONDS = 146097 * DAY;
/** From here on what holds is read 400 years (or a multiple) earlier: all rules that end have ended. */
const CYCLE_START = daysFromCivil(2100, 1, 1) * DAY;

/** Rules of a POSIX specification hold always: from here back too they are read in the cycle. */
const POSIX_START = daysFromCivil(1771, 1, 1) * DAY;

class RuledZone implements TimeZone {
  readonly name: string;
  readonly fixed = null;
  readonly #history: ZoneHistory;
  /** Before it what holds is read 400 years (or a multiple) later. */
  readonly #cycleEnd: number;
  /** The period last asked for, with its bounds: rows that follow each other are mostly near in time. */
  #from = 0;
  #to = 0;
  #offset = 0;

  constructor(name: string, history: ZoneHistory, cycleEnd: number) {
    this.name = name;
    this.#history = history;
    this.#cycleEnd = cycleEnd;
  }

  offsetAt(utcSeconds: number): number {
    if (utcSeconds >= this.#from && utcSeconds < this.#to) return this.#offset;
    const at = this.#inCycle(utcSeconds);
    const { starts } = this.#history;
    const i = this.#indexAt(at);
    const { offset } = this.#period(i);
    if (at === utcSeconds) {
      this.#from = Math.max(i < 0 ? -Infinity : starts[i], this.#cycleEnd);
      this.#to = Math.min(starts[i + 1] ?? Infinity, CYCLE_START);
      this.#offset = offset;
    }
    return offset;
  }

  offsetOfLocal(localSeconds: number): number {
    const from = localSeconds - DAY;
    const at = this.#inCycle(from);
    const i = this.#indexAt(at);
    const before = this.#period(i).offset;
    const { starts } = this.#history;
    if (i + 1 >= starts.length) return before;
    const change = starts[i + 1] + from - at;
    const after = this.#period(i + 1).offset;
    const asBefore = localSeconds - before;
    const asAfter = localSeconds - after;
    if (asBefore < change && asAfter < change) return before;
    if (asBefore > change && asAfter >= change) return after;
    return before > after ? after : before;
  }

  abbreviationAt(utcSeconds: number): string {
    return this.#period(this.#indexAt(this.#inCycle(utcSeconds))).abbreviation;
  }

  daylightAt(utcSeconds: number): boolean {
    return this.#period(this.#indexAt(this.#inCycle(utcSeconds))).daylight;
  }

  abbreviated(abbreviation: string, utcSeconds: number): ReturnType<TimeZone['abbreviated']> {
    const { periods } = this.#history;
    const now = this.#indexAt(this.#inCycle(utcSeconds));
    for (let i = now; i >= 0; i--) if (periods[i].abbreviation === abbreviation) return periods[i];
    for (let i = now + 1; i < periods.length; i++) if (periods[i].abbreviation === abbreviation) return periods[i];
    return null;
  }

  #inCycle(utcSeconds: number): number {
    if (utcSeconds < this.#cycleEnd) return utcSeconds + Math.ceil((this.#cycleEnd - utcSeconds) / ERA_SECONDS) * ERA_SECONDS;
    return utcSeconds < CYCLE_START ? utcSeconds : CYCLE_START + (utcSeconds - CYCLE_START) % ERA_SECONDS;
  }

  #period(index: number): ZonePeriod {
    return index < 0 ? this.#history.first : this.#history.periods[index];
  }

  /** Of the last start that is not after the instant; -1: before all. */
  #indexAt(at: number): number {
    const { starts } = this.#history;
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** An abbreviation whose offset the date decides, as the zone had it. */
class AbbreviatedZone implements TimeZone {
  readonly name: string;
  readonly fixed = null;
  readonly #zone: TimeZone;

  constructor(name: string, zone: TimeZone) {
    this.name = name;
    this.#zone = zone;
  }

  offsetAt(utcSeconds: number): number {
    return this.#zone.abbreviated(this.name, utcSeconds)?.offset ?? this.#zone.offsetAt(utcSeconds);
  }

  offsetOfLocal(localSeconds: number): number {
    const offset = this.#zone.offsetOfLocal(localSeconds);
    return this.#zone.abbreviated(this.name, localSeconds - offset)?.offset ?? offset;
  }

  abbreviationAt(): string { return this.name; }
  daylightAt(utcSeconds: number): boolean {
    return this.#zone.abbreviated(this.name, utcSeconds)?.daylight ?? this.#zone.daylightAt(utcSeconds);
  }
  abbreviated(abbreviation: string, utcSeconds: number): ReturnType<TimeZone['abbreviated']> {
    return this.#zone.abbreviated(abbreviation, utcSeconds);
  }
}

export const UTC: TimeZone = new FixedZone('UTC', 0, 'UTC');

const KNOWN = new Map<string, TimeZone | null>([['utc', UTC]]);
const MAX_KNOWN = 2000;

/** A zone by name of the database (in any case) or POSIX spec such as `<+03>-03` or `EST5`; null when there is none. */
export function timeZone(name: string): TimeZone | null {
  const key = name.toLowerCase();
  const known = KNOWN.get(key);
  if (known !== undefined) return known;
  const found = databaseZone(name) ?? posixZone(name.toUpperCase());
  if (KNOWN.size > MAX_KNOWN) KNOWN.clear();
  KNOWN.set(key, found);
  return found;
}

function databaseZone(name: string): TimeZone | null {
  const spelled = zoneName(name);
  if (spelled === null) return null;
  const history = historyOf(linkedZone(spelled));
  const { first, starts } = history;
  return starts.length === 0 ? new FixedZone(spelled, first.offset, first.abbreviation)
    : new RuledZone(spelled, history, -Infinity);
}

/** By name of the zone, links resolved. */
const HISTORIES = new Map<string, ZoneHistory>();

function historyOf(zone: string): ZoneHistory {
  const known = HISTORIES.get(zone);
  if (known !== undefined) return known;
  const history = zoneHistory(zoneLines(zone));
  HISTORIES.set(zone, history);
  return history;
}

function posixZone(spec: string): TimeZone | null {
  const found = parsePosix(spec);
  if (found === null) return null;
  const { abbreviation, offset, daylight } = found;
  return daylight === null ? new FixedZone(spec, offset, abbreviation)
    : new RuledZone(spec, zoneHistory([daylight]), POSIX_START);
}

/** SET TIME ZONE n: hours east, fractions allowed, as PostgreSQL names it (`<+02>-02`). */
export function offsetZone(secondsEast: number): TimeZone {
  const size = clockText(Math.abs(secondsEast));
  const [sign, opposite] = secondsEast < 0 ? ['-', '+'] : ['+', '-'];
  return new FixedZone(`<${sign}${size}>${opposite}${size}`, secondsEast, `${sign}${size}`);
}

/** hh, hh:mm or hh:mm:ss. */
function clockText(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((n) => n.toString().padStart(2, '0'));
  return `${hours}${seconds % 3600 === 0 ? '' : `:${minutes}`}${seconds % 60 === 0 ? '' : `:${rest}`}`;
}

/** An abbreviation's meaning in input: a fixed offset, or the zone that decides it by date. */
export type ZoneAbbreviation =
  | { readonly kind: 'offset'; readonly seconds: number; readonly daylight: boolean }
  | { readonly kind: 'zone'; readonly zone: TimeZone };

let abbreviations: ReadonlyMap<string, string> | null = null;

/** By abbreviation in lower case. */
function meanings(): ReadonlyMap<string, string> {
  abbreviations ??= new Map(ZONE_ABBREVIATIONS.trim().split(/\s+/).map((entry) => {
    const colon = entry.indexOf(':');
    return [entry.slice(0, colon).toLowerCase(), entry.slice(colon + 1)];
  }));
  return abbreviations;
}

/** What input knows, in lower case. */
export function zoneAbbreviations(): readonly string[] {
  return [...meanings().keys()];
}

/** `word` in lower case. */
export function zoneAbbreviation(word: string): ZoneAbbreviation | null {
  const meaning = meanings().get(word);
  if (meaning === undefined) return null;
  const [value, daylight] = meaning.split(':');
  if (/^-?\d+$/.test(value)) return { kind: 'offset', seconds: Number(value), daylight: daylight === 'D' };
  const zone = timeZone(value);
  return zone === null ? null : { kind: 'zone', zone: new AbbreviatedZone(word.toUpperCase(), zone) };
}
