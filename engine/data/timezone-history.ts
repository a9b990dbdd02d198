// A zone's history: which offset and abbreviation hold from when on, worked out from its lines and rules.
//
// Law: the same changes as the database's own compiler (zic) makes of them.
import type { ClockKind, ZoneLine, ZoneMoment, ZoneRule } from './timezone-source.ts';

/** What holds for a while: seconds east of UTC. */
export interface ZonePeriod {
  readonly offset: number;
  readonly daylight: boolean;
  readonly abbreviation: string;
}

/** `periods[i]` holds from `starts[i]` on (seconds since 1970 UTC), `first` before all of them. */
export interface ZoneHistory {
  readonly first: ZonePeriod;
  readonly starts: readonly number[];
  readonly periods: readonly ZonePeriod[];
}

/** Rules without end repeat after this year with the calendar, every 400 years. */
const LAST_YEAR = 2501;

interface Change { readonly at: number; readonly period: ZonePeriod }

/** Beginning of a line that is not the first, and what it begins with unless a rule says it at that moment. */
interface Begin { at: number; offset: number; abbreviation: string; open: boolean }

export function zoneHistory(lines: readonly ZoneLine[]): ZoneHistory {
  const changes: Change[] = [];
  let first: ZonePeriod | null = null;
  let start: number | null = null;
  for (const line of lines) {
    let save = 0;
    if (typeof line.rules === 'number') {
      save = line.rules;
      const period = periodOf(line, save, '');
      if (start === null) first = period;
      else changes.push({ at: start, period });
    } else {
      save = followRules(line, line.rules, start, changes);
      first ??= changes.find((c) => !c.period.daylight)?.period ?? null;
    }
    if (line.until !== null) start = inUtc(line.until, line.offset, save);
  }
  const kept = withoutIdle(changes.toSorted((a, b) => a.at - b.at), first ?? UTC_PERIOD);
  return { first: first ?? UTC_PERIOD, starts: kept.map((c) => c.at), periods: shared(kept.map((c) => c.period)) };
}

/** Equal ones are the same object: a zone has few, and hundreds of changes between them. */
function shared(periods: readonly ZonePeriod[]): readonly ZonePeriod[] {
  const known = new Map<string, ZonePeriod>();
  return periods.map((period) => {
    const key = `${period.offset} ${period.daylight} ${period.abbreviation}`;
    const found = known.get(key) ?? period;
    known.set(key, found);
    return found;
  });
}

const UTC_PERIOD: ZonePeriod = { offset: 0, daylight: false, abbreviation: 'UTC' };

function inUtc({ seconds, clock }: ZoneMoment, offset: number, save: number): number {
  return seconds - behind(clock, offset, save);
}

function behind(clock: ClockKind, offset: number, save: number): number {
  return clock === 'utc' ? 0 : clock === 'standard' ? offset : offset + save;
}

/** Adds the changes of one line; gives what is added to standard time at its end. */
function followRules(line: ZoneLine, rules: readonly ZoneRule[], start: number | null, changes: Change[]): number {
  const begin: Begin = { at: start ?? 0, offset: line.offset, abbreviation: '', open: start !== null };
  let save = 0;
  const last = line.until?.year ?? LAST_YEAR;
  const lasting = rules.filter((r) => r.to === Infinity);
  const settled = Math.max(...rules.map((r) => (r.to === Infinity ? r.from : r.to)));
  for (let year = Math.min(...rules.map((r) => r.from)); year <= last; year++) {
    const active = year > settled ? lasting : rules.filter((r) => r.from <= year && year <= r.to);
    const waiting = active.map((rule) => ({ rule, at: rule.at(year) }));
    while (waiting.length > 0) {
      const until = line.until === null ? Infinity : inUtc(line.until, line.offset, save);
      const utc = waiting.map((w) => w.at - behind(w.rule.clock, line.offset, save));
      const at = Math.min(...utc);
      const [{ rule }] = waiting.splice(utc.indexOf(at), 1);
      const period = periodOf(line, rule.save, rule.letters);
      if (at >= until) {
        if (begin.abbreviation === '' && period.offset === begin.offset) begin.abbreviation = period.abbreviation;
        break;
      }
      save = rule.save;
      if (begin.at === at) begin.open = false;
      if (begin.open) {
        if (at < begin.at) {
          begin.offset = period.offset;
          begin.abbreviation = period.abbreviation;
          continue;
        }
        if (begin.abbreviation === '' && begin.offset === period.offset) begin.abbreviation = period.abbreviation;
      }
      changes.push({ at, period });
    }
  }
  if (begin.open) changes.push({ at: begin.at, period: beginning(line, begin, save) });
  return save;
}

function beginning(line: ZoneLine, { offset, abbreviation }: Begin, save: number): ZonePeriod {
  const daylight = offset !== line.offset;
  return {
    offset, daylight, abbreviation: abbreviation === '' ? abbreviationOf(line, { save, daylight }, '') : abbreviation,
  };
}

function periodOf(line: ZoneLine, save: number, letters: string): ZonePeriod {
  const daylight = save !== 0;
  return { offset: line.offset + save, daylight, abbreviation: abbreviationOf(line, { save, daylight }, letters) };
}

function abbreviationOf(
  { format, offset }: ZoneLine, { save, daylight }: { readonly save: number; readonly daylight: boolean }, letters: string,
): string {
  if (format.includes('%s')) return format.replace('%s', letters);
  if (format.includes('%z')) return format.replace('%z', numericAbbreviation(offset + save));
  const slash = format.indexOf('/');
  if (slash < 0) return format;
  return daylight ? format.slice(slash + 1) : format.slice(0, slash);
}

/** +hh, +hhmm or +hhmmss. */
function numericAbbreviation(offset: number): string {
  const size = Math.abs(offset);
  const two = (n: number): string => n.toString().padStart(2, '0');
  const [hours, minutes, seconds] = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60].map(two);
  const tail = seconds === '00' ? minutes === '00' ? '' : minutes : `${minutes}${seconds}`;
  return `${offset < 0 ? '-' : '+'}${hours}${tail}`;
}

/** Without changes that change nothing, and those overtaken by the next before the clock has got there. */
function withoutIdle(changes: readonly Change[], first: ZonePeriod): readonly Change[] {
  const kept: Change[] = [];
  for (const change of changes) {
    const last = kept.at(-1);
    if (last !== undefined) {
      const before = kept.at(-2)?.period ?? first;
      if (change.at + last.period.offset <= last.at + before.offset) {
        kept[kept.length - 1] = { at: last.at, period: change.period };
        continue;
      }
    }
    if (last === undefined || !same(last.period, change.period)) kept.push(change);
  }
  return kept;
}

function same(a: ZonePeriod, b: ZonePeriod): boolean {
  return a.offset === b.offset && a.daylight === b.daylight && a.abbreviation === b.abbreviation;
}
