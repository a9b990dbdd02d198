// Formatting functions (manual 9.8): to_char, to_number, to_date, to_timestamp.
import { END_DATE, FIRST_DAY, isTimestampFinite } from '../../data/calendar.ts';
import type { Datum } from '../../data/datum.ts';
import { timestampFits } from '../../data/datetime-text.ts';
import { DatabaseError } from '../../data/error.ts';
import { Numeric } from '../../data/numeric.ts';
import { DATE, FLOAT4, FLOAT8, INT4, INT8, INTERVAL, NUMERIC, TEXT, TIMESTAMP, TIMESTAMPTZ } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { big, example, interval, num, numeric, scalar, str } from '../define.ts';
import type { CallInfo, ScalarFunction } from '../function.ts';
import { checkTimestamp, floorSeconds, toLocal, toUtc, zoneOf } from './datetime-arithmetic.ts';
import { formatMoment, formatSpan } from './format-datetime.ts';
import { formatFloat, formatNumeric } from './format-number.ts';
import { momentMicros } from './moment-fields.ts';
import { parseMoment } from './parse-datetime.ts';
import { parseNumber } from './parse-number.ts';

interface Shown {
  readonly type: LogicalType;
  readonly shows: readonly [string, string];
  readonly write: (value: Datum, format: string, call: CallInfo) => Datum;
}

function zonedText(utc: bigint, format: string, call: CallInfo): Datum {
  if (!isTimestampFinite(utc)) return null;
  const zone = zoneOf(call.context);
  const local = toLocal(utc, zone);
  const seconds = floorSeconds(utc);
  return formatMoment(local, { name: zone.abbreviationAt(seconds), offset: zone.offsetAt(seconds) }, format);
}

const SHOWN: readonly Shown[] = [
  {
    type: TIMESTAMP, shows: [`timestamp '2002-04-20 17:31:12.66', 'HH12:MI:SS'`, '05:31:12'],
    write: (value, format) => (isTimestampFinite(big(value)) ? formatMoment(big(value), null, format) : null),
  },
  {
    type: TIMESTAMPTZ, shows: [`timestamptz '2002-04-20 17:31:12.66+00', 'Day, DD  HH12:MI:SS'`,
      'Saturday , 20  05:31:12'],
    write: (value, format, call) => zonedText(big(value), format, call),
  },
  { type: INTERVAL, shows: [`interval '15h 2m 12s', 'HH24:MI:SS'`, '15:02:12'],
    write: (value, format) => formatSpan(interval(value), format) },
  { type: NUMERIC, shows: [`-125.8, '999D99S'`, '125.80-'],
    write: (value, format) => formatNumeric(numeric(value), format) },
  { type: INT4, shows: [`125, '999'`, ' 125'],
    write: (value, format) => formatNumeric(Numeric.fromInteger(num(value)), format) },
  { type: INT8, shows: [`1485::int8, '9,999'`, ' 1,485'],
    write: (value, format) => formatNumeric(Numeric.fromBigInt(big(value)), format) },
  { type: FLOAT8, shows: [`125.8::float8, '999D9'`, ' 125.8'],
    write: (value, format) => formatFloat(num(value), format, 15) },
  { type: FLOAT4, shows: [`125.8::float4, '999D9'`, ' 125.8'],
    write: (value, format) => formatFloat(num(value), format, 6) },
];

function dateOf(text: string, format: string): number {
  const { days } = parseMoment(text, format);
  if (days < FIRST_DAY || days >= END_DATE) throw new DatabaseError('22008', `date out of range: "${text}"`);
  return days;
}

function isNumber(type: LogicalType): boolean {
  return type.kind !== 'timestamp' && type.kind !== 'timestamptz' && type.kind !== 'interval';
}

export const FORMATTING: readonly ScalarFunction[] = [
  ...SHOWN.map(({ type, shows, write }) => scalar({
    name: 'to_char', args: [type, TEXT], returns: TEXT, volatility: 'stable', description: 'As text, by a template.',
    example: example(`SELECT to_char(${shows[0]})`, shows[1]),
    row: ([value, format], call) => (str(format) !== '' ? write(value, str(format), call) : isNumber(type) ? '' : null),
  })),
  scalar({
    name: 'to_number', args: [TEXT, TEXT], returns: NUMERIC, volatility: 'stable',
    description: 'A number read by a template.',
    example: example(`SELECT to_number('12,454.8-', '99G999D9S')`, '-12454.8'),
    row: ([text, format]) => (str(format) === '' ? null : parseNumber(str(text), str(format))),
  }),
  scalar({
    name: 'to_date', args: [TEXT, TEXT], returns: DATE, volatility: 'stable', description: 'A date read by a template.',
    example: example(`SELECT to_date('05 Dec 2000', 'DD Mon YYYY')`, '2000-12-05'),
    row: ([text, format]) => dateOf(str(text), str(format)),
  }),
  scalar({
    name: 'to_timestamp', args: [TEXT, TEXT], returns: TIMESTAMPTZ, volatility: 'stable',
    description: 'A moment read by a template.',
    example: example(`SELECT to_timestamp('05 Dec 2000', 'DD Mon YYYY')`, '2000-12-05 00:00:00+00'),
    row: ([text, format], call) => {
      const found = parseMoment(str(text), str(format));
      const local = checkTimestamp(momentMicros(found));
      const utc = found.offset === null ? toUtc(local, zoneOf(call.context))
        : checkTimestamp(local - BigInt(found.offset) * 1_000_000n);
      return timestampFits(utc, found.precision);
    },
  }),
];
