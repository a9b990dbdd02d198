// Date/time functions (manual 9.9): parts, truncation, construction, clocks, zones, ages, OVERLAPS.
import { isDateFinite, isTimestampFinite } from '../../data/calendar.ts';
import { asTimeTz } from '../../data/composite.ts';
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { Interval, justifyDays, justifyHours, justifyInterval } from '../../data/interval.ts';
import { Numeric } from '../../data/numeric.ts';
import type { TimeZone } from '../../data/timezone.ts';
import {
  BOOLEAN, DATE, FLOAT8, INT4, INTERVAL, NUMERIC, parametricType, TEXT, TIME, TIMESTAMP, TIMESTAMPTZ,
} from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { timeOf } from '../../expression/context.ts';
import { big, example, interval, num, scalar, str } from '../define.ts';
import type { CallInfo, ScalarFunction, Volatility } from '../function.ts';
import {
  addToTimestamp, addToTimestampTz, age, checkTimestamp, dateBin, dateToTimestamp, intervalZone, makeDate, makeTime,
  namedZone, signedZone, timestampToDate, toLocal, toUtc, wrapTime, zoneOf,
} from './datetime-arithmetic.ts';
import * as parts from './datetime-parts.ts';

const TIMETZ = parametricType('timetz');

interface Spec {
  readonly name: string;
  readonly args: readonly LogicalType[];
  readonly optional?: number;
  readonly names?: readonly string[];
  readonly defaults?: readonly Datum[];
  readonly returns: LogicalType;
  readonly words: string;
  readonly shows?: readonly [string, string];
  readonly volatility?: Volatility;
  readonly clock?: true;
  readonly strict?: boolean;
  readonly row: (args: readonly Datum[], call: CallInfo) => Datum;
}

function fn({ words, shows, ...rest }: Spec): ScalarFunction {
  return scalar({
    ...rest, description: words, ...(shows === undefined ? {} : { example: example(`SELECT ${shows[0]}`, shows[1]) }),
  });
}

function offsetSeconds(utc: bigint, local: bigint): number {
  return Number((local - utc) / 1_000_000n);
}

/** extract() by type: the numeric part of a value. */
type Part = (unit: string, value: Datum, call: CallInfo) => Numeric | null;

const timestampTzPart: Part = (unit, value, call) => {
  const utc = big(value);
  const local = toLocal(utc, zoneOf(call.context));
  return parts.timestampPart(unit, local, { utc, offset: offsetSeconds(utc, local) });
};

interface PartSource {
  readonly type: LogicalType;
  readonly part: Part;
  readonly volatility: Volatility;
  readonly literal: string;
  readonly unit: string;
  readonly results: readonly [string, string];
}

const SOURCES: readonly PartSource[] = [
  {
    type: TIMESTAMP, volatility: 'immutable', literal: `timestamp '2001-02-16 20:38:40.5'`, unit: 'second',
    results: ['40.500000', '40.5'],
    part: (unit, value) => parts.timestampPart(unit, big(value), null),
  },
  {
    type: TIMESTAMPTZ, volatility: 'stable', literal: `timestamptz '2001-02-16 20:38:40+00'`, unit: 'epoch',
    results: ['982355920.000000', '982355920'], part: timestampTzPart,
  },
  {
    type: DATE, volatility: 'immutable', literal: `date '2001-02-16'`, unit: 'doy', results: ['47', '47'],
    part: (unit, value) => parts.datePart(unit, num(value)),
  },
  {
    type: TIME, volatility: 'immutable', literal: `time '20:38:40'`, unit: 'hour', results: ['20', '20'],
    part: (unit, value) => parts.timePart(unit, big(value), null),
  },
  {
    type: TIMETZ, volatility: 'immutable', literal: `timetz '20:38:40+02'`, unit: 'timezone_hour', results: ['2', '2'],
    part: (unit, value) => parts.timePart(unit, asTimeTz(value).micros, asTimeTz(value).offsetSeconds),
  },
  {
    type: INTERVAL, volatility: 'immutable', literal: `interval '2 years 3 mons'`, unit: 'month', results: ['3', '3'],
    part: (unit, value) => parts.intervalPart(unit, interval(value)),
  },
];

/** date_part() of a date is that of its midnight: units of the clock are 0. */
function datePartOf(source: PartSource): Part {
  if (source.type !== DATE) return source.part;
  return (unit, value) => parts.timestampPart(unit, dateToTimestamp(num(value)), null);
}

function toFloat(n: Numeric | null): Datum {
  return n === null ? null : n.toFloat8();
}

const PARTS: readonly ScalarFunction[] = SOURCES.flatMap((s) => [
  fn({
    name: 'extract', args: [TEXT, s.type], returns: NUMERIC, words: 'A part of a date or time.',
    volatility: s.volatility,
    shows: [`extract(${s.unit} from ${s.literal})`, s.results[0]], row: ([unit, v], call) => s.part(str(unit), v, call),
  }),
  fn({
    name: 'date_part', args: [TEXT, s.type], returns: FLOAT8, words: 'A part of a date or time.',
    volatility: s.volatility,
    shows: [`date_part('${s.unit}', ${s.literal})`, s.results[1]],
    row: ([unit, v], call) => toFloat(datePartOf(s)(str(unit), v, call)),
  }),
]);

function truncateZoned(unit: Datum, value: Datum, zone: TimeZone): Datum {
  const utc = big(value);
  return parts.truncateTimestampTz(str(unit), utc, toLocal(utc, zone), zone);
}

const TRUNCATION: readonly ScalarFunction[] = [
  fn({
    name: 'date_trunc', args: [TEXT, TIMESTAMP], returns: TIMESTAMP, words: 'The start of the unit it is in.',
    shows: [`date_trunc('hour', timestamp '2001-02-16 20:38:40')`, '2001-02-16 20:00:00'],
    row: ([unit, t]) => parts.truncateTimestamp(str(unit), big(t)),
  }),
  fn({
    name: 'date_trunc', args: [TEXT, TIMESTAMPTZ], returns: TIMESTAMPTZ, words: 'The start of the unit it is in.',
    volatility: 'stable',
    shows: [`date_trunc('day', timestamptz '2001-02-16 20:38:40+00')`, '2001-02-16 00:00:00+00'],
    row: ([unit, t], call) => truncateZoned(unit, t, zoneOf(call.context)),
  }),
  fn({
    name: 'date_trunc', args: [TEXT, TIMESTAMPTZ, TEXT], returns: TIMESTAMPTZ,
    words: 'The start of the unit it is in, in a zone.',
    volatility: 'stable',
    shows: [`date_trunc('day', timestamptz '2001-02-16 20:38:40+00', 'Australia/Sydney')`, '2001-02-16 13:00:00+00'],
    row: ([unit, t, zone]) => unlessInfinite(t, () => truncateZoned(unit, t, namedZone(str(zone)))),
  }),
  fn({
    name: 'date_trunc', args: [TEXT, INTERVAL], returns: INTERVAL, words: 'Without what is below the unit.',
    shows: [`date_trunc('hour', interval '2 days 3 hours 40 minutes')`, '2 days 03:00:00'],
    row: ([unit, i]) => parts.truncateInterval(str(unit), interval(i)),
  }),
  ...[TIMESTAMP, TIMESTAMPTZ].map((type) => fn({
    name: 'date_bin', args: [INTERVAL, type, type], returns: type,
    words: 'The start of the bin it is in, counted from an origin.',
    shows: [
      `date_bin('15 minutes', ${type.kind} '2001-02-16 20:38:40', ${type.kind} '2001-02-16 20:05:00')`,
      type === TIMESTAMP ? '2001-02-16 20:35:00' : '2001-02-16 20:35:00+00',
    ],
    row: ([stride, t, origin]) => dateBin(interval(stride), big(t), big(origin)),
  })),
];

function currentDate(context: CallInfo['context']): bigint {
  return dateToTimestamp(timestampToDate(toLocal(timeOf(context.transactionTime), zoneOf(context))));
}

const AGES: readonly ScalarFunction[] = [
  fn({
    name: 'age', args: [TIMESTAMP, TIMESTAMP], returns: INTERVAL,
    words: 'Years, months and days from the second to the first.',
    shows: [`age(timestamp '2001-04-10', timestamp '1957-06-13')`, '43 years 9 mons 27 days'],
    row: ([a, b]) => age(big(a), big(b)),
  }),
  fn({
    name: 'age', args: [TIMESTAMPTZ, TIMESTAMPTZ], returns: INTERVAL,
    words: 'Years, months and days from the second to the first.',
    shows: [`age(timestamptz '2001-04-10 00:00+00', timestamptz '1957-06-13 00:00+00')`, '43 years 9 mons 27 days'],
    row: ([a, b], call) => age(toLocal(big(a), zoneOf(call.context)), toLocal(big(b), zoneOf(call.context))),
  }),
  fn({
    name: 'age', args: [TIMESTAMP], returns: INTERVAL, words: 'From then to the start of today.', volatility: 'stable',
    clock: true, row: ([t], call) => age(currentDate(call.context), big(t)),
  }),
  fn({
    name: 'age', args: [TIMESTAMPTZ], returns: INTERVAL, words: 'From then to the start of today.',
    volatility: 'stable', clock: true,
    row: ([t], call) => age(currentDate(call.context), toLocal(big(t), zoneOf(call.context))),
  }),
];

const SECOND = 1_000_000;

function makeMoment([year, month, day, hour, minute, second]: readonly Datum[]): bigint {
  return checkTimestamp(dateToTimestamp(makeDate(num(year), num(month), num(day))) + makeTime(num(hour), num(minute),
    num(second)));
}

function makeInterval(args: readonly Datum[]): Interval {
  const [years, months, weeks, days, hours, minutes] = [0, 1, 2, 3, 4,
    5].map((i) => (i < args.length ? num(args[i]) : 0));
  const seconds = args.length > 6 ? num(args[6]) : 0;
  if (!Number.isFinite(seconds)) throw new DatabaseError('22008', 'interval out of range');
  const micros = BigInt(hours * 3600 + minutes * 60) * 1_000_000n + BigInt(Math.round(seconds * SECOND));
  return Interval.checked(years * 12 + months, weeks * 7 + days, micros);
}

/** As C's %g prints it. */
function shortFloat(x: number): string {
  const [mantissa, exponent] = x.toExponential(5).split('e');
  return `${Number(mantissa)}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

function fromUnix(seconds: number): bigint {
  if (Number.isNaN(seconds)) throw new DatabaseError('22008', 'timestamp cannot be NaN');
  if (seconds === Infinity) return 9223372036854775807n;
  if (seconds === -Infinity) return -9223372036854775808n;
  if (Math.abs(seconds) > 1e13) throw new DatabaseError('22008', `timestamp out of range: "${shortFloat(seconds)}"`);
  // PostgreSQL rounds after moving to its own zero, 2000-01-01.
  const epoch = 946_684_800;
  return checkTimestamp(BigInt(parts2000(seconds - epoch)) + BigInt(epoch) * 1_000_000n);
}

function parts2000(seconds: number): number {
  const micros = seconds * SECOND;
  const floor = Math.floor(micros);
  const rest = micros - floor;
  if (rest === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return rest < 0.5 ? floor : floor + 1;
}

const MOMENT: readonly string[] = ['year', 'month', 'mday', 'hour', 'min', 'sec'];

const CONSTRUCTION: readonly ScalarFunction[] = [
  fn({
    name: 'make_date', args: [INT4, INT4, INT4], names: ['year', 'month', 'day'], returns: DATE,
    words: 'The date of a year, month and day.',
    shows: ['make_date(2013, 7, 15)', '2013-07-15'], row: ([y, m, d]) => makeDate(num(y), num(m), num(d)),
  }),
  fn({
    name: 'make_time', args: [INT4, INT4, FLOAT8], names: ['hour', 'min', 'sec'], returns: TIME,
    words: 'The time of an hour, minute and second.',
    shows: ['make_time(8, 15, 23.5)', '08:15:23.5'], row: ([h, m, s]) => makeTime(num(h), num(m), num(s)),
  }),
  fn({
    name: 'make_timestamp', args: [INT4, INT4, INT4, INT4, INT4, FLOAT8], names: MOMENT, returns: TIMESTAMP,
    words: 'The moment of these fields.',
    shows: ['make_timestamp(2013, 7, 15, 8, 15, 23.5)', '2013-07-15 08:15:23.5'], row: makeMoment,
  }),
  fn({
    name: 'make_timestamptz', args: [INT4, INT4, INT4, INT4, INT4, FLOAT8], names: MOMENT, returns: TIMESTAMPTZ,
    volatility: 'stable',
    words: 'The moment of these fields in the session\'s zone.',
    shows: ['make_timestamptz(2013, 7, 15, 8, 15, 23.5)', '2013-07-15 08:15:23.5+00'],
    row: (args, call) => toUtc(makeMoment(args), zoneOf(call.context)),
  }),
  fn({
    name: 'make_timestamptz', args: [INT4, INT4, INT4, INT4, INT4, FLOAT8, TEXT], names: [...MOMENT, 'timezone'],
    returns: TIMESTAMPTZ,
    volatility: 'stable',
    words: 'The moment of these fields in a zone.',
    shows: [`make_timestamptz(2013, 7, 15, 8, 15, 23.5, 'Europe/Berlin')`, '2013-07-15 06:15:23.5+00'],
    row: (args) => toUtc(makeMoment(args), signedZone(str(args[6]))),
  }),
  fn({
    name: 'make_interval', args: [INT4, INT4, INT4, INT4, INT4, INT4, FLOAT8], optional: 7, returns: INTERVAL,
    names: ['years', 'months', 'weeks', 'days', 'hours', 'mins', 'secs'], defaults: [0, 0, 0, 0, 0, 0, 0],
    words: 'The interval of years, months, weeks, days, hours, minutes, seconds.',
    shows: ['make_interval(0, 0, 0, 10)', '10 days'],
    row: makeInterval,
  }),
  fn({
    name: 'to_timestamp', args: [FLOAT8], returns: TIMESTAMPTZ, words: 'Seconds since 1970-01-01 UTC as a moment.',
    shows: ['to_timestamp(1284352323)', '2010-09-13 04:32:03+00'], row: ([s]) => fromUnix(num(s)),
  }),
];

/** Rounds to a precision, as current_timestamp(p) does. */
function rounded(micros: bigint, precision: Datum | undefined): bigint {
  if (precision === undefined || precision === null) return micros;
  const step = 10n ** BigInt(6 - Math.min(Math.max(num(precision), 0), 6));
  const half = step / 2n;
  return ((micros + half) / step) * step;
}

function clock(name: string, returns: LogicalType, words: string, read: (call: CallInfo) => Datum): ScalarFunction {
  return fn({ name, args: [], returns, words, volatility: 'stable', clock: true, row: (_args, call) => read(call) });
}

const localNow = (call: CallInfo): bigint => toLocal(timeOf(call.context.transactionTime), zoneOf(call.context));

/** current_timestamp and its kin take an optional precision. */
function sqlClock(name: string, returns: LogicalType, words: string,
  read: (call: CallInfo, precision: Datum | undefined) => Datum): ScalarFunction {
  return fn({ name, args: [INT4], optional: 1, returns, words, volatility: 'stable', clock: true,
    row: ([p], call) => read(call, p) });
}

const CLOCKS: readonly ScalarFunction[] = [
  ...['now', 'transaction_timestamp'].map((name) =>
    clock(name, TIMESTAMPTZ, 'The start of the transaction.', (call) => timeOf(call.context.transactionTime))),
  clock('statement_timestamp', TIMESTAMPTZ, 'The start of the statement.', (call) => timeOf(call.context.statementTime)),
  fn({
    name: 'clock_timestamp', args: [], returns: TIMESTAMPTZ, words: 'The time now, however long the statement runs.',
    volatility: 'volatile', clock: true, row: (_args, call) => call.context.clock(),
  }),
  clock('current_date', DATE, 'The date of the transaction.', (call) => timestampToDate(localNow(call))),
  sqlClock('current_timestamp', TIMESTAMPTZ, 'The start of the transaction.',
    (call, p) => rounded(timeOf(call.context.transactionTime), p)),
  sqlClock('localtimestamp', TIMESTAMP, 'The start of the transaction, local.',
    (call, p) => rounded(localNow(call), p)),
  sqlClock('localtime', TIME, 'The time of day of the transaction, local.',
    (call, p) => wrapTime(rounded(localNow(call), p))),
  sqlClock('current_time', TIMETZ, 'The time of day of the transaction.', (call, p) => {
    const local = localNow(call);
    return { micros: wrapTime(rounded(local, p)), offsetSeconds: offsetSeconds(timeOf(call.context.transactionTime), local) };
  }),
];

function timeInZone(value: Datum, zone: TimeZone, at: bigint | null): Datum {
  const time = asTimeTz(value);
  const offset = zone.fixed ?? zone.offsetAt(Number(timeOf(at) / 1_000_000n));
  return { micros: wrapTime(time.micros + BigInt(offset - time.offsetSeconds) * 1_000_000n), offsetSeconds: offset };
}

/** Infinity is the same in any zone, and asks for none. */
function unlessInfinite(moment: Datum, convert: (micros: bigint) => Datum): Datum {
  return isTimestampFinite(big(moment)) ? convert(big(moment)) : moment;
}

const ZONES: readonly ScalarFunction[] = [
  fn({
    name: 'timezone', args: [TEXT, TIMESTAMPTZ], returns: TIMESTAMP, words: 'AT TIME ZONE: the local time there.',
    shows: [`timestamptz '2001-02-16 20:38:40+00' AT TIME ZONE 'America/Denver'`, '2001-02-16 13:38:40'],
    row: ([zone, t]) => unlessInfinite(t, (micros) => toLocal(micros, namedZone(str(zone)))),
  }),
  fn({
    name: 'timezone', args: [TEXT, TIMESTAMP], returns: TIMESTAMPTZ,
    words: 'AT TIME ZONE: the moment of a local time there.',
    shows: [`timestamp '2001-02-16 20:38:40' AT TIME ZONE 'America/Denver'`, '2001-02-17 03:38:40+00'],
    row: ([zone, t]) => unlessInfinite(t, (micros) => toUtc(micros, namedZone(str(zone)))),
  }),
  fn({
    name: 'timezone', args: [TEXT, TIMETZ], returns: TIMETZ, words: 'AT TIME ZONE: the time of day there.',
    volatility: 'stable',
    shows: [`timetz '20:38:40+00' AT TIME ZONE 'UTC'`, '20:38:40+00'],
    row: ([zone, t], call) => timeInZone(t, namedZone(str(zone)), call.context.transactionTime),
  }),
  fn({
    name: 'timezone', args: [INTERVAL, TIMESTAMPTZ], returns: TIMESTAMP,
    words: 'AT TIME ZONE: the local time at an offset.',
    shows: [`timestamptz '2001-02-16 20:38:40+00' AT TIME ZONE interval '-7 hours'`, '2001-02-16 13:38:40'],
    row: ([zone, t], call) => unlessInfinite(t, (micros) => toLocal(micros, intervalZone(interval(zone), call))),
  }),
  fn({
    name: 'timezone', args: [INTERVAL, TIMESTAMP], returns: TIMESTAMPTZ,
    words: 'AT TIME ZONE: the moment of a local time at an offset.',
    shows: [`timestamp '2001-02-16 20:38:40' AT TIME ZONE interval '-7 hours'`, '2001-02-17 03:38:40+00'],
    row: ([zone, t], call) => unlessInfinite(t, (micros) => toUtc(micros, intervalZone(interval(zone), call))),
  }),
  fn({
    name: 'timezone', args: [INTERVAL, TIMETZ], returns: TIMETZ, words: 'AT TIME ZONE: the time of day at an offset.',
    shows: [`timetz '20:38:40+00' AT TIME ZONE interval '2 hours'`, '22:38:40+02'],
    row: ([zone, t], call) => timeInZone(t, intervalZone(interval(zone), call), 0n),
  }),
];

const CHECKS: readonly ScalarFunction[] = [
  fn({
    name: 'isfinite', args: [DATE], returns: BOOLEAN, words: 'Is it neither infinity?',
    shows: [`isfinite(date '2001-02-16')`, 't'],
    row: ([d]) => isDateFinite(num(d)),
  }),
  ...[TIMESTAMP, TIMESTAMPTZ].map((type) => fn({
    name: 'isfinite', args: [type], returns: BOOLEAN, words: 'Is it neither infinity?',
    shows: [`isfinite(${type.kind} 'infinity')`, 'f'],
    row: ([t]) => isTimestampFinite(big(t)),
  })),
  fn({
    name: 'isfinite', args: [INTERVAL], returns: BOOLEAN, words: 'Always true.',
    shows: [`isfinite(interval '4 hours')`, 't'],
    row: () => true,
  }),
  fn({
    name: 'justify_days', args: [INTERVAL], returns: INTERVAL, words: '30 days become a month.',
    shows: [`justify_days(interval '35 days')`, '1 mon 5 days'], row: ([i]) => justifyDays(interval(i)),
  }),
  fn({
    name: 'justify_hours', args: [INTERVAL], returns: INTERVAL, words: '24 hours become a day.',
    shows: [`justify_hours(interval '27 hours')`, '1 day 03:00:00'], row: ([i]) => justifyHours(interval(i)),
  }),
  fn({
    name: 'justify_interval', args: [INTERVAL], returns: INTERVAL, words: 'Both, with one sign for all fields.',
    shows: [`justify_interval(interval '1 mon -1 hour')`, '29 days 23:00:00'],
    row: ([i]) => justifyInterval(interval(i)),
  }),
];

/** SQL's OVERLAPS of two periods with possibly unknown ends; three-valued. */
function overlaps(a: readonly [bigint | null, bigint | null],
  b: readonly [bigint | null, bigint | null]): boolean | null {
  const first = ordered(a);
  const second = ordered(b);
  if (first === null || second === null) return null;
  const [early, late] = first[0] <= second[0] ? [first, second] : [second, first];
  if (early[0] === late[0]) return early[1] === null || late[1] === null ? null : true;
  if (early[1] !== null && late[0] < early[1]) return true;
  return early[1] === null || late[1] === null ? null : false;
}

/** Start and end in order; a known end counts as the start where that is missing. */
function ordered([start, end]: readonly [bigint | null, bigint | null]): readonly [bigint, bigint | null] | null {
  if (start === null) return end === null ? null : [end, null];
  if (end === null) return [start, null];
  return start <= end ? [start, end] : [end, start];
}

interface Period {
  readonly type: LogicalType;
  readonly literals: readonly [string, string];
  readonly moment: (d: Datum) => bigint;
  readonly add: (start: bigint, span: Interval, call: CallInfo) => bigint;
  readonly zoned: boolean;
}

const PERIODS: readonly Period[] = [
  { type: TIMESTAMP, literals: [`timestamp '2001-02-16'`, `timestamp '2001-12-21'`], moment: big, add: addToTimestamp,
    zoned: false },
  {
    type: TIMESTAMPTZ, literals: [`timestamptz '2001-02-16'`, `timestamptz '2001-12-21'`], moment: big, zoned: true,
    add: (start, span, call) => addToTimestampTz(start, span, zoneOf(call.context)),
  },
  { type: TIME, literals: [`time '08:00'`, `time '10:00'`], moment: big,
    add: (start, span) => wrapTime(start + span.micros), zoned: false },
];

function overlapsFunction(p: Period, spans: readonly [boolean, boolean]): ScalarFunction {
  const end = (start: Datum, d: Datum, call: CallInfo, span: boolean): bigint | null => {
    if (d === null) return null;
    if (!span) return p.moment(d);
    return start === null ? null : p.add(p.moment(start), interval(d), call);
  };
  const shown = spans.map((span) => (span ? `interval '1 hour'` : p.literals[1]));
  return fn({
    name: 'overlaps', args: [p.type, spans[0] ? INTERVAL : p.type, p.type, spans[1] ? INTERVAL : p.type],
    returns: BOOLEAN, strict: false,
    words: 'Do two periods, each a start and an end or a length, have a moment in common?',
    volatility: p.zoned && (spans[0] || spans[1]) ? 'stable' : 'immutable',
    shows: [`(${p.literals[0]}, ${shown[0]}) OVERLAPS (${p.literals[0]}, ${shown[1]})`, 't'],
    row: ([a, b, c, d], call) => overlaps(
      [a === null ? null : p.moment(a), end(a, b, call, spans[0])],
      [c === null ? null : p.moment(c), end(c, d, call, spans[1])],
    ),
  });
}

const timeTzMoment = (d: Datum): bigint | null =>
  (d === null ? null : asTimeTz(d).micros - BigInt(asTimeTz(d).offsetSeconds) * 1_000_000n);

const OVERLAPS: readonly ScalarFunction[] = [
  ...PERIODS.flatMap((p) => ([[false, false], [false, true], [true, false], [true, true]] as const)
    .map((spans) => overlapsFunction(p, spans))),
  fn({
    name: 'overlaps', args: [TIMETZ, TIMETZ, TIMETZ, TIMETZ], returns: BOOLEAN, strict: false,
    words: 'Do two periods have a moment in common?',
    shows: [`(timetz '08:00+00', timetz '10:00+00') OVERLAPS (timetz '09:00+00', timetz '11:00+00')`, 't'],
    row: ([a, b, c, d]) => overlaps([timeTzMoment(a), timeTzMoment(b)], [timeTzMoment(c), timeTzMoment(d)]),
  }),
];

export const DATETIME: readonly ScalarFunction[] = [
  ...PARTS, ...TRUNCATION, ...AGES, ...CONSTRUCTION, ...CLOCKS, ...ZONES, ...CHECKS, ...OVERLAPS,
];
