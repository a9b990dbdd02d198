// TimeZone's values: names of the time zone database, POSIX specifications, hours east of Greenwich, intervals.
import { DatabaseError } from '../engine/data/error.ts';
import type { Interval } from '../engine/data/interval.ts';
import { parseInterval } from '../engine/data/interval-text.ts';
import { DEFAULT_FORMAT } from '../engine/data/settings.ts';
import { offsetZone, timeZone } from '../engine/data/timezone.ts';

const NUMBER = /^\s*([+-]?)(0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)$/i;
const INTERVAL = /^interval\s*'(.*)'\s*$/is;
const JANUARY_2000 = 946_684_800;

/** The value SHOW TimeZone prints; without one perhaps the reason. */
export function canonicalTimeZone(text: string): { readonly name: string | null; readonly detail?: string } {
  if (/^interval/i.test(text)) {
    const span = INTERVAL.exec(text);
    return span === null ? { name: null } : ofInterval(parseInterval(span[1], DEFAULT_FORMAT));
  }
  const hours = NUMBER.exec(text);
  if (hours !== null) return ofOffset(Math.trunc(Number(hours[2]) * 3600) * (hours[1] === '-' ? -1 : 1));
  const zone = timeZone(text);
  if (zone === null) return { name: null };
  if (zone.offsetAt(JANUARY_2000) % 60 !== 0) {
    throw new DatabaseError('22023', `time zone "${text}" appears to use leap seconds`,
      { detail: 'PostgreSQL does not support leap seconds.' });
  }
  return { name: zone.name };
}

function ofInterval(span: Interval): ReturnType<typeof canonicalTimeZone> {
  if (span.months !== 0) return { name: null, detail: 'Cannot specify months in time zone interval.' };
  if (span.days !== 0) return { name: null, detail: 'Cannot specify days in time zone interval.' };
  return ofOffset(Number(span.micros / 1_000_000n));
}

/** Infinite and NaN too: words that Number() does not know. */
function ofOffset(secondsEast: number): ReturnType<typeof canonicalTimeZone> {
  const name = Number.isNaN(secondsEast) ? null : timeZone(offsetZone(secondsEast).name)?.name ?? null;
  return name === null ? { name, detail: 'UTC timezone offset is out of range.' } : { name };
}
