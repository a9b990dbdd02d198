// pg_timezone_names and pg_timezone_abbrevs: what is in force at the moment.
import { Interval } from '../../../engine/data/interval.ts';
import { timeZone, zoneAbbreviation, zoneAbbreviations } from '../../../engine/data/timezone.ts';
import { zoneNames } from '../../../engine/data/timezone-source.ts';
import type { SystemContext, SystemRelation } from '../entry.ts';
import { systemRelation } from './relation-columns.ts';
import type { SystemRow } from './relation-columns.ts';

const offsetOf = (seconds: number): Interval => new Interval(0, 0, BigInt(seconds) * 1_000_000n);

function* names({ now }: SystemContext): Iterable<SystemRow> {
  const at = Number(now / 1_000_000n);
  for (const name of zoneNames()) {
    const zone = timeZone(name);
    if (zone === null) continue;
    yield { name, abbrev: zone.abbreviationAt(at), utc_offset: offsetOf(zone.offsetAt(at)), is_dst: zone.daylightAt(at) };
  }
}

function* abbreviations({ now }: SystemContext): Iterable<SystemRow> {
  const at = Number(now / 1_000_000n);
  for (const word of zoneAbbreviations().toSorted()) {
    const meaning = zoneAbbreviation(word);
    if (meaning === null) continue;
    const [seconds, daylight] = meaning.kind === 'offset' ? [meaning.seconds, meaning.daylight]
      : [meaning.zone.offsetAt(at), meaning.zone.daylightAt(at)];
    yield { abbrev: word.toUpperCase(), utc_offset: offsetOf(seconds), is_dst: daylight };
  }
}

export const TIME_ZONES: readonly SystemRelation[] = [
  systemRelation('pg_catalog', 'pg_timezone_names', { now: names }),
  systemRelation('pg_catalog', 'pg_timezone_abbrevs', { now: abbreviations }),
];
