// Reading of the time zone database: a zone's lines and rules by name, names in their proper spelling.
import { daysFromCivil, dayOfWeek, daysInMonth } from './calendar.ts';
import { assert } from './error.ts';
import { TZ_DATABASE } from './timezone-table.ts';

const DAY = 86400;

/** What a time of day is counted in: the clock on the wall, standard time or UTC. */
export type ClockKind = 'wall' | 'standard' | 'utc';

export interface ZoneMoment {
  /** Seconds since 1970, of that clock. */
  readonly seconds: number;
  readonly clock: ClockKind;
}

/** A change that comes every year from `from` to `to`. */
export interface ZoneRule {
  readonly from: number;
  readonly to: number;
  readonly clock: ClockKind;
  /** Added to standard time, in seconds. */
  readonly save: number;
  /** What stands for %s in the abbreviation. */
  readonly letters: string;
  /** When it comes that year, in seconds of its clock since 1970. */
  at(year: number): number;
}

export interface ZoneLine {
  /** Standard time, seconds east. */
  readonly offset: number;
  /** A rule set, or what is added to standard time all along. */
  readonly rules: readonly ZoneRule[] | number;
  /** Abbreviation: with %s or %z, or `A/B` for standard and daylight time. */
  readonly format: string;
  /** Until when the line holds; null: for ever. `year`: the year as written. */
  readonly until: (ZoneMoment & { readonly year: number }) | null;
}

interface Source {
  readonly rules: ReadonlyMap<string, readonly string[]>;
  readonly zones: ReadonlyMap<string, readonly string[]>;
  readonly links: ReadonlyMap<string, string>;
  /** Spelling of a name by its lower case. */
  readonly names: ReadonlyMap<string, string>;
}

let source: Source | null = null;

function database(): Source {
  source ??= read();
  return source;
}

function read(): Source {
  const rules = new Map<string, string[]>();
  const zones = new Map<string, string[]>();
  const links = new Map<string, string>();
  let zone: string[] = [];
  for (const line of TZ_DATABASE.trim().split('\n').filter((l) => !l.startsWith('#'))) {
    const [kind, first, second] = line.split(' ', 3);
    if (kind === 'R') rules.set(first, [...rules.get(first) ?? [], line]);
    else if (kind === 'L') links.set(second, first);
    else if (kind === 'Z') zones.set(first, zone = [line.slice(first.length + 3)]);
    else zone.push(line);
  }
  const names = new Map([...zones.keys(), ...links.keys()].map((name) => [name.toLowerCase(), name]));
  return { rules, zones, links, names };
}

/** All names, links included, in no particular order. */
export function zoneNames(): readonly string[] {
  return [...database().names.values()];
}

/** A zone's name as the database spells it, or null. */
export function zoneName(name: string): string | null {
  return database().names.get(name.toLowerCase()) ?? null;
}

/** The zone that a name of the database stands for: itself or where its link leads. */
export function linkedZone(name: string): string {
  const target = database().links.get(name);
  return target === undefined ? name : linkedZone(target);
}

/** Requires: a zone of the database, no link. */
export function zoneLines(name: string): readonly ZoneLine[] {
  const lines = database().zones.get(name);
  assert(lines !== undefined, 'a zone of the database');
  return lines.map(zoneLine);
}

function zoneLine(line: string): ZoneLine {
  const [offset, rules, format, year, month = 'Ja', day = '1', time = '0'] = line.split(' ');
  const standard = clockSeconds(offset);
  return {
    offset: standard, rules: /^-?\d/.test(rules) ? clockSeconds(rules) : rules === '-' ? 0 : ruleSet(rules), format,
    until: year === undefined ? null : {
      year: Number(year), clock: clockKind(time),
      seconds: dayIn(monthOf(month), day)(Number(year)) * DAY + clockSeconds(time),
    },
  };
}

const RULE_SETS = new Map<string, readonly ZoneRule[]>();

function ruleSet(name: string): readonly ZoneRule[] {
  const known = RULE_SETS.get(name);
  if (known !== undefined) return known;
  const lines = database().rules.get(name);
  assert(lines !== undefined, 'a rule set of the database');
  const rules = lines.map(zoneRule);
  RULE_SETS.set(name, rules);
  return rules;
}

function zoneRule(line: string): ZoneRule {
  const [, , from, to, , month, day, time, save, letters] = line.split(' ');
  const inYear = dayIn(monthOf(month), day);
  const clockTime = clockSeconds(time);
  return {
    from: Number(from), to: to === 'o' ? Number(from) : to === 'ma' ? Infinity : Number(to),
    clock: clockKind(time), save: clockSeconds(save), letters: letters === '-' ? '' : letters,
    at: (year) => inYear(year) * DAY + clockTime,
  };
}

function clockKind(time: string): ClockKind {
  if (/[ugz]$/.test(time)) return 'utc';
  return time.endsWith('s') ? 'standard' : 'wall';
}

/** [-]h[:mm[:ss]] in seconds; `-` is none. */
function clockSeconds(text: string): number {
  const found = /^(-?)(\d+)(?::(\d+))?(?::(\d+))?/.exec(text);
  if (found === null) return 0;
  const size = Number(found[2]) * 3600 + Number(found[3] ?? 0) * 60 + Number(found[4] ?? 0);
  return found[1] === '-' ? 0 - size : size;
}

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october',
  'november', 'december'];
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** Words are as short as they can be without doubt. */
function monthOf(word: string): number {
  return MONTHS.findIndex((m) => m.startsWith(word.toLowerCase())) + 1;
}

function weekdayOf(word: string): number {
  return WEEKDAYS.findIndex((d) => d.startsWith(word.toLowerCase()));
}

/** `12`, `lastSu`, `Su>=8` or `Su<=25` of a month: by year, in days since 1970. */
function dayIn(month: number, day: string): (year: number) => number {
  if (day.startsWith('last')) {
    const weekday = weekdayOf(day.slice(4));
    return (year) => weekdayUpTo(daysFromCivil(year, month, daysInMonth(year, month)), weekday);
  }
  const found = /^([A-Za-z]+)([<>])=(\d+)$/.exec(day);
  if (found === null) return (year) => daysFromCivil(year, month, Number(day));
  const weekday = weekdayOf(found[1]);
  const bound = Number(found[3]) + (found[2] === '<' ? 0 : 6);
  return (year) => weekdayUpTo(daysFromCivil(year, month, bound), weekday);
}

/** The last such weekday up to a day, itself included. */
export function weekdayUpTo(days: number, weekday: number): number {
  return days - (dayOfWeek(days) - weekday + 7) % 7;
}
