// Dates and times within SQL/JSON path: the items that .datetime() makes, how they are read, compared and written.
import { END_DATE, LAST_TIMESTAMP, daysFromCivil, daysInMonth, joinMicros } from '../../data/calendar.ts';
import { DatabaseError } from '../../data/error.ts';
import { DEFAULT_FORMAT } from '../../data/settings.ts';
import { formatText } from '../../data/text-format.ts';
import type { TimeZone } from '../../data/timezone.ts';
import { offsetZone } from '../../data/timezone.ts';
import { DATE, parametricType, TIME, TIMESTAMP, TIMESTAMPTZ } from '../../data/types.ts';
import { readTemplate } from './template.ts';
import { toUtc } from '../scalar/datetime-arithmetic.ts';

export type MomentKind = 'date' | 'time' | 'timetz' | 'timestamp' | 'timestamptz';

/** `days` since 1970-01-01 and µs of the day as written; seconds east of UTC where there is a zone. */
export class PathMoment {
  readonly kind: MomentKind;
  readonly days: number;
  readonly micros: number;
  readonly offset: number;

  constructor(kind: MomentKind, days: number, micros: number, offset: number) {
    this.kind = kind;
    this.days = days;
    this.micros = micros;
    this.offset = offset;
  }

  /** ISO 8601, as jsonb has it. */
  toString(): string {
    const settings = { ...DEFAULT_FORMAT, timeZone: offsetZone(this.offset).name };
    const local = joinMicros(this.days, this.micros);
    switch (this.kind) {
      case 'date': return formatText(DATE, this.days, settings);
      case 'time': return formatText(TIME, BigInt(this.micros), settings);
      case 'timestamp': return withT(formatText(TIMESTAMP, local, settings));
      case 'timetz': {
        const value = { micros: BigInt(this.micros), offsetSeconds: this.offset };
        return formatText(parametricType('timetz'), value, settings).replace(SHORT, '$&:00');
      }
      case 'timestamptz':
        return withT(formatText(TIMESTAMPTZ, local - BigInt(this.offset) * 1_000_000n, settings)).replace(SHORT, '$&:00');
    }
  }
}

/** An offset of hours alone. */
const SHORT = /[+-]\d\d$/;

function withT(text: string): string {
  return text.replace(' ', 'T');
}

/** As jsonb's type() has them. */
export const MOMENT_NAMES: Readonly<Record<MomentKind, string>> = {
  date: 'date', time: 'time without time zone', timetz: 'time with time zone', timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
};

const DATE_PART = '(\\d{1,7})-(\\d{1,2})-(\\d{1,2})';
const TIME_PART = '(\\d{1,2}):(\\d{1,2}):(\\d{1,2})(?:\\.(\\d{1,6}))?';
const ZONE_PART = '(?:\\s*([+-])(\\d{1,2})(?::?(\\d{1,2}))?)?';
const PLAIN = new RegExp(`^\\s*(?:${DATE_PART})?(?:(?:\\s+|T)?${TIME_PART}${ZONE_PART})?\\s*$`);

/** .datetime() without a template: ISO forms. null: none of them. */
export function plainMoment(text: string): PathMoment | null {
  const found = PLAIN.exec(text);
  if (found === null || (found[1] === undefined && found[4] === undefined)) return null;
  if (found[1] !== undefined && found[4] !== undefined && !/\d(?:\s+|T)\d{1,2}:/.test(text)) return null;
  if (found[1] === undefined && text.trimStart().startsWith('T')) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((n) => (n === undefined ? null : Number(n)));
  return momentOf({
    year, month, day, hour, minute, second,
    micros: found[7] === undefined ? 0 : Number(found[7].padEnd(6, '0')),
    zone: found[8] === undefined ? null
      : (found[8] === '-' ? -1 : 1) * (Number(found[9]) * 3600 + Number(found[10] ?? 0) * 60),
  });
}

export interface MomentFields {
  readonly year: number | null;
  readonly month: number | null;
  readonly day: number | null;
  readonly hour: number | null;
  readonly minute: number | null;
  readonly second: number | null;
  readonly micros: number;
  /** Seconds east. */
  readonly zone: number | null;
}

/** null: out of range. Dates and times are what is there of them. */
export function momentOf(f: MomentFields): PathMoment | null {
  const dated = f.year !== null || f.month !== null || f.day !== null;
  const timed = f.hour !== null || f.minute !== null || f.second !== null;
  const [year, month, day] = [f.year ?? 0, f.month ?? 1, f.day ?? 1];
  if (dated && (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month))) return null;
  const [hour, minute, second] = [f.hour ?? 0, f.minute ?? 0, f.second ?? 0];
  if (hour > 23 || minute > 59 || second > 59 || Math.abs(f.zone ?? 0) >= 16 * 3600) return null;
  const days = dated ? daysFromCivil(year, month, day) : 0;
  if (dated && days >= END_DATE) return null;
  if (dated && timed && joinMicros(days, 0) > LAST_TIMESTAMP) return null;
  const micros = ((hour * 60 + minute) * 60 + second) * 1_000_000 + f.micros;
  const zoned = f.zone !== null;
  const kind = !timed ? 'date' : dated ? (zoned ? 'timestamptz' : 'timestamp') : zoned ? 'timetz' : 'time';
  return new PathMoment(kind, days, timed ? micros : 0, f.zone ?? 0);
}

/** .datetime(template). */
export function templateMoment(text: string, template: string): PathMoment {
  const moment = momentOf(readTemplate(text, template));
  if (moment === null) throw new DatabaseError('22008', `date/time field value out of range: "${text}"`);
  return moment;
}

const DATED: ReadonlySet<MomentKind> = new Set(['date', 'timestamp', 'timestamptz']);

/** Negative, 0, positive; null for a date against a time of day. 0A000 where only a time zone could tell. */
export function compareMoments(a: PathMoment, b: PathMoment, zone: TimeZone | null): number | null {
  if (DATED.has(a.kind) !== DATED.has(b.kind)) return null;
  const zoned = (m: PathMoment): boolean => m.kind === 'timestamptz' || m.kind === 'timetz';
  if (zoned(a) !== zoned(b) && zone === null) {
    const plain = zoned(a) ? b : a;
    throw new DatabaseError('0A000',
      `cannot convert value from ${plain.kind} to ${plain.kind === 'time' ? 'timetz' : 'timestamptz'} without time zone usage`,
      { hint: 'Use *_tz() function for time zone support.' });
  }
  const mixed = zoned(a) !== zoned(b);
  const instant = (m: PathMoment): bigint => {
    const local = joinMicros(m.days, m.micros);
    if (zoned(m)) return local - BigInt(m.offset) * 1_000_000n;
    // A date beyond all timestamps is later than each of them wherever it is.
    return mixed && zone !== null && local <= LAST_TIMESTAMP ? toUtc(local, zone) : local;
  };
  const [x, y] = [instant(a), instant(b)];
  if (x !== y) return x < y ? -1 : 1;
  if (a.kind !== 'timetz' && b.kind !== 'timetz') return 0;
  // Times with a zone: the same moment further west is later. A plain time has the session's.
  const east = (m: PathMoment, at: bigint): bigint => joinMicros(m.days, m.micros) - at;
  const order = east(b, y) - east(a, x);
  return order === 0n ? 0 : order < 0n ? -1 : 1;
}
