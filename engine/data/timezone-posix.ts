// POSIX specifications of time zones, such as `<+03>-03`, `EST5` and `CET-1CEST,M3.5.0,M10.5.0/3`.
import { daysFromCivil, daysInMonth, isLeapYear } from './calendar.ts';
import { weekdayUpTo } from './timezone-source.ts';
import type { ZoneLine, ZoneRule } from './timezone-source.ts';

const DAY = 86400;
/** Daylight time without rules: those of the United States. */
const USUAL_RULES = ',M3.2.0,M11.1.0';
/** Hours of a week. */
const MOST_HOURS = 167;
const FIRST_YEAR = 1770;

const NAME = '(?:<([^>]*)>|([^\\d,+<-]*))';
const OFFSET = '([+-]?\\d{1,3}(?::\\d{1,2}(?::\\d{1,2})?)?)';
const SPEC = new RegExp(`^${NAME}${OFFSET}(?:(?:<([^>]*)>|([^\\d,+<-]+))${OFFSET}?(?:[,;](.*))?)?$`);

export interface PosixZone {
  /** Of standard time. */
  readonly abbreviation: string;
  /** Of standard time, seconds east. */
  readonly offset: number;
  /** The zone's line; null: standard time all year. */
  readonly daylight: ZoneLine | null;
}

export function parsePosix(spec: string): PosixZone | null {
  const found = SPEC.exec(spec);
  if (found === null) return null;
  const west = seconds(found[3]);
  if (west === null) return null;
  const abbreviation = found[1] ?? found[2];
  const offset = 0 - west;
  const summer = found[4] ?? found[5];
  if (summer === undefined) return { abbreviation, offset, daylight: null };
  const summerWest = found[6] === undefined ? west - 3600 : seconds(found[6]);
  const rules = summerWest === null ? null : parseRules(found[7] === undefined ? USUAL_RULES : `,${found[7]}`, west - summerWest);
  if (rules === null) return null;
  return { abbreviation, offset, daylight: { offset, rules, format: `${abbreviation}/${summer}`, until: null } };
}

/** POSIX counts west; [+-]h[h[h]][:mm[:ss]]. */
function seconds(text: string): number | null {
  const [, sign, hours, minutes, rest] = /^([+-]?)(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text) ?? [];
  if (Number(hours) > MOST_HOURS || Number(minutes ?? 0) > 59 || Number(rest ?? 0) > 60) return null;
  const size = Number(hours) * 3600 + Number(minutes ?? 0) * 60 + Number(rest ?? 0);
  return sign === '-' ? 0 - size : size;
}

function parseRules(text: string, save: number): readonly ZoneRule[] | null {
  const parts = text.split(',').slice(1);
  if (parts.length !== 2) return null;
  const [start, end] = parts.map(parseDay);
  if (start === null || end === null) return null;
  const common = { from: FIRST_YEAR, to: Infinity, clock: 'wall', letters: '' } as const;
  return [{ ...common, save, at: start }, { ...common, save: 0, at: end }];
}

type Moment = (year: number) => number;

/** Jn: day 1 to 365, never the 29th of February; n: day 0 to 365; Mm.w.d: week 5 is the last. Then perhaps /time. */
function parseDay(text: string): Moment | null {
  const found = /^(?:J(\d{1,3})|(\d{1,3})|M(\d{1,2})\.(\d)\.(\d))(?:\/([+-]?\d{1,3}(?::\d{1,2}(?::\d{1,2})?)?))?$/.exec(text);
  if (found === null) return null;
  const time = found[6] === undefined ? 7200 : seconds(found[6]);
  if (time === null) return null;
  const newYear = (year: number): number => daysFromCivil(year, 1, 1);
  const at = (day: (year: number) => number): Moment => (year) => day(year) * DAY + time;
  if (found[1] !== undefined) {
    const n = Number(found[1]);
    return n < 1 || n > 365 ? null : at((year) => newYear(year) + n - (isLeapYear(year) && n >= 60 ? 0 : 1));
  }
  if (found[2] !== undefined) return Number(found[2]) > 365 ? null : at((year) => newYear(year) + Number(found[2]));
  const [month, week, weekday] = found.slice(3, 6).map(Number);
  if (month < 1 || month > 12 || week < 1 || week > 5 || weekday > 6) return null;
  return at((year) => weekdayUpTo(daysFromCivil(year, month, week === 5 ? daysInMonth(year, month) : week * 7), weekday));
}
