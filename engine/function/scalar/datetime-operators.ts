// Date/time operators (manual 9.9): + - * / between dates, times, timestamps and intervals; comparisons across types.
import { asTimeTz } from '../../data/composite.ts';
import { isDateFinite, isTimestampFinite, joinMicros } from '../../data/calendar.ts';
import type { Datum, TimeTz } from '../../data/datum.ts';
import {
  addIntervals, divideInterval, Interval, MICROS_PER_DAY, multiplyInterval, negateInterval, subtractIntervals,
} from '../../data/interval.ts';
import {
  BOOLEAN, DATE, FLOAT8, INT4, INTERVAL, parametricType, TIME, TIMESTAMP, TIMESTAMPTZ,
} from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { isValid } from '../../data/vector.ts';
import type { Fixed16Vector, Int64Vector, Vector } from '../../data/vector.ts';
import { assert } from '../../data/error.ts';
import { big, example, interval, num, operator, scalar } from '../define.ts';
import type { CallInfo, Kernel, ScalarFunction, Volatility } from '../function.ts';
import { int64Column, int64Result } from './columns.ts';
import {
  addDays, addToTimestamp, addToTimestampTz, dateToTimestamp, floorSeconds, negated, subtractDates, subtractTimestamps, toUtc,
  wrapTime,
  zoneOf, checkTimestamp,
} from './datetime-arithmetic.ts';

const TIMETZ = parametricType('timetz');

interface Operation {
  readonly args: readonly LogicalType[];
  readonly returns: LogicalType;
  readonly sample: string;
  readonly result: string;
  readonly words: string;
  readonly volatility?: Volatility;
  readonly row: (args: readonly Datum[], call: CallInfo) => Datum;
  readonly kernel?: Kernel;
}

function make(name: string, o: Operation): ScalarFunction {
  return operator({
    name, args: o.args, returns: o.returns, description: o.words, example: example(`SELECT ${o.sample}`, o.result),
    row: o.row,
    ...(o.volatility === undefined ? {} : { volatility: o.volatility }),
    ...(o.kernel === undefined ? {} : { kernel: o.kernel }),
  });
}

function fixed16(v: Vector): Fixed16Vector {
  assert(v.layout === 'fixed16', 'interval column');
  return v;
}

// High words between which a timestamp plus an interval of days and time can neither overflow nor leave the range.
const LOW = -48000;
const HIGH = 0x40000000;

/** Hot: adds spans without months as 64-bit words; false when a row needs the calendar or comes near a bound. */
function addSpans(at: Int64Vector, spans: Fixed16Vector, sign: 1n | -1n, out: Int32Array): boolean {
  const view = new DataView(spans.values.buffer, spans.values.byteOffset, spans.values.byteLength);
  const { words } = at;
  const delta = new BigInt64Array(1);
  const deltaWords = new Int32Array(delta.buffer);
  let [months, days, low, high] = [0, 0, 0, 0];
  let bad = 0;
  for (let i = 0, w = 0, s = 0; i < at.length; i++, w += 2, s += 16) {
    const [m, d, l, h] = [view.getInt32(s, true), view.getInt32(s + 4, true), view.getInt32(s + 8, true),
      view.getInt32(s + 12, true)];
    // Mostly one constant interval: the sum of its parts is made once.
    if (m !== months || d !== days || l !== low || h !== high) {
      [months, days, low, high] = [m, d, l, h];
      if (h > HIGH || h < -HIGH) return false;
      delta[0] = sign * (BigInt(d) * MICROS_PER_DAY + view.getBigInt64(s + 8, true));
      bad |= m === 0 ? 0 : 1;
    }
    const sum = (words[w] >>> 0) + (deltaWords[0] >>> 0);
    const top = words[w + 1] + deltaWords[1] + (sum > 0xffffffff ? 1 : 0);
    out[w] = sum;
    out[w + 1] = top;
    bad |= top > LOW && top < HIGH && words[w + 1] > LOW && words[w + 1] < HIGH ? 0 : 1;
  }
  return bad === 0;
}

function spanKernel(sign: 1n | -1n, zoned: boolean): Kernel {
  return ([left, right], length, validity, call) => {
    const at = int64Column(left);
    const spans = fixed16(right);
    const out = new Int32Array(2 * length);
    // With a zone, days are calendar days: only UTC's are all of one length.
    const plain = !zoned || zoneOf(call.context).fixed !== null;
    if (!plain || !addSpans(at, spans, sign, out)) slowSpans(at, spans, sign, { out, validity, call, zoned });
    return int64Result(call.returnType, out, length, validity);
  };
}

interface SlowSpans {
  readonly out: Int32Array;
  readonly validity: Uint8Array | null;
  readonly call: CallInfo;
  readonly zoned: boolean;
}

function slowSpans(at: Int64Vector, spans: Fixed16Vector, sign: 1n | -1n, rest: SlowSpans): void {
  const result = new BigInt64Array(rest.out.buffer);
  const view = new DataView(spans.values.buffer, spans.values.byteOffset, spans.values.byteLength);
  const zone = zoneOf(rest.call.context);
  for (let i = 0; i < at.length; i++) {
    if (!isValid(rest.validity, i)) continue;
    const span = new Interval(view.getInt32(16 * i, true), view.getInt32(16 * i + 4, true),
      view.getBigInt64(16 * i + 8, true));
    const moved = sign === 1n ? span : negated(span);
    result[i] = rest.zoned ? addToTimestampTz(at.values[i], moved, zone) : addToTimestamp(at.values[i], moved);
  }
}

function addTimeTz(value: TimeTz, micros: bigint): TimeTz {
  return { micros: wrapTime(value.micros + micros), offsetSeconds: value.offsetSeconds };
}

function dateWithTimeTz(days: number, time: TimeTz): bigint {
  const start = dateToTimestamp(days);
  if (start === 9223372036854775807n || start === -9223372036854775808n) return start;
  return checkTimestamp(start + time.micros - BigInt(time.offsetSeconds) * 1_000_000n);
}

function dateWithTime(days: number, time: bigint): bigint {
  const start = dateToTimestamp(days);
  return start === 9223372036854775807n || start === -9223372036854775808n ? start : checkTimestamp(start + time);
}

const D = `date '2001-09-28'`;
const TS = `timestamp '2001-09-28 01:00'`;
const TZ = `timestamptz '2001-09-28 01:00+00'`;
const T = `time '01:00'`;
const TT = `timetz '01:00+00'`;
const I = `interval '1 hour'`;

const ADDITIONS: readonly Operation[] = [
  {
    args: [DATE, INT4], returns: DATE, sample: `${D} + 7`, result: '2001-10-05', words: 'Days later.',
    row: ([d, n]) => addDays(num(d), num(n)),
  },
  {
    args: [DATE, INTERVAL], returns: TIMESTAMP, sample: `${D} + ${I}`, result: '2001-09-28 01:00:00',
    words: 'An interval later.',
    row: ([d, i]) => addToTimestamp(dateToTimestamp(num(d)), interval(i)),
  },
  {
    args: [DATE, TIME], returns: TIMESTAMP, sample: `${D} + time '03:00'`, result: '2001-09-28 03:00:00',
    words: 'That day at that time.',
    row: ([d, t]) => dateWithTime(num(d), big(t)),
  },
  {
    args: [DATE, TIMETZ], returns: TIMESTAMPTZ, sample: `${D} + timetz '03:00+00'`, result: '2001-09-28 03:00:00+00',
    words: 'That day at that time.', row: ([d, t]) => dateWithTimeTz(num(d), asTimeTz(t)),
  },
  {
    args: [INTERVAL, INTERVAL], returns: INTERVAL, sample: `interval '1 day' + ${I}`, result: '1 day 01:00:00',
    words: 'Sum.',
    row: ([a, b]) => addIntervals(interval(a), interval(b)),
  },
  {
    args: [TIMESTAMP, INTERVAL], returns: TIMESTAMP, sample: `${TS} + interval '23 hours'`,
    result: '2001-09-29 00:00:00',
    words: 'An interval later.', row: ([t, i]) => addToTimestamp(big(t), interval(i)), kernel: spanKernel(1n, false),
  },
  {
    args: [TIMESTAMPTZ, INTERVAL], returns: TIMESTAMPTZ, sample: `${TZ} + interval '23 hours'`,
    result: '2001-09-29 00:00:00+00',
    words: 'An interval later.', volatility: 'stable', kernel: spanKernel(1n, true),
    row: ([t, i], call) => addToTimestampTz(big(t), interval(i), zoneOf(call.context)),
  },
  {
    args: [TIME, INTERVAL], returns: TIME, sample: `${T} + interval '3 hours'`, result: '04:00:00',
    words: 'An interval later, around the clock.',
    row: ([t, i]) => wrapTime(big(t) + interval(i).micros),
  },
  {
    args: [TIMETZ, INTERVAL], returns: TIMETZ, sample: `${TT} + interval '3 hours'`, result: '04:00:00+00',
    words: 'An interval later, around the clock.', row: ([t, i]) => addTimeTz(asTimeTz(t), interval(i).micros),
  },
];

/** b + a where a + b is known. */
function swapped(o: Operation): Operation {
  const [left, right] = o.sample.split(' + ');
  const { kernel, row } = o;
  return {
    ...o,
    args: [o.args[1], o.args[0]],
    sample: `${right} + ${left}`,
    row: ([b, a], call) => row([a, b], call),
    ...(kernel === undefined ? {} : { kernel: ([b, a], length, validity, call) => kernel([a, b], length, validity,
      call) }),
  };
}

const SUBTRACTIONS: readonly Operation[] = [
  {
    args: [DATE, DATE], returns: INT4, sample: `date '2001-10-01' - ${D}`, result: '3', words: 'Days between.',
    row: ([a, b]) => subtractDates(num(a), num(b)),
  },
  {
    args: [DATE, INT4], returns: DATE, sample: `${D} - 7`, result: '2001-09-21', words: 'Days earlier.',
    row: ([d, n]) => addDays(num(d), -num(n)),
  },
  {
    args: [DATE, INTERVAL], returns: TIMESTAMP, sample: `${D} - ${I}`, result: '2001-09-27 23:00:00',
    words: 'An interval earlier.',
    row: ([d, i]) => addToTimestamp(dateToTimestamp(num(d)), negated(interval(i))),
  },
  {
    args: [TIME, TIME], returns: INTERVAL, sample: `time '05:00' - time '03:00'`, result: '02:00:00',
    words: 'Time between.',
    row: ([a, b]) => new Interval(0, 0, big(a) - big(b)),
  },
  {
    args: [TIME, INTERVAL], returns: TIME, sample: `time '05:00' - interval '2 hours'`, result: '03:00:00',
    words: 'An interval earlier, around the clock.', row: ([t, i]) => wrapTime(big(t) - interval(i).micros),
  },
  {
    args: [TIMETZ, INTERVAL], returns: TIMETZ, sample: `timetz '05:00+00' - interval '2 hours'`, result: '03:00:00+00',
    words: 'An interval earlier, around the clock.', row: ([t, i]) => addTimeTz(asTimeTz(t), -interval(i).micros),
  },
  {
    args: [TIMESTAMP, INTERVAL], returns: TIMESTAMP, sample: `timestamp '2001-09-28 23:00' - interval '23 hours'`,
    result: '2001-09-28 00:00:00', words: 'An interval earlier.', kernel: spanKernel(-1n, false),
    row: ([t, i]) => addToTimestamp(big(t), negated(interval(i))),
  },
  {
    args: [TIMESTAMPTZ, INTERVAL], returns: TIMESTAMPTZ,
    sample: `timestamptz '2001-09-28 23:00+00' - interval '23 hours'`,
    result: '2001-09-28 00:00:00+00', words: 'An interval earlier.', volatility: 'stable',
    kernel: spanKernel(-1n, true),
    row: ([t, i], call) => addToTimestampTz(big(t), negated(interval(i)), zoneOf(call.context)),
  },
  ...[TIMESTAMP, TIMESTAMPTZ].map((type): Operation => ({
    args: [type, type], returns: INTERVAL, words: 'Days and time between.', result: '63 days 15:00:00',
    sample: `${type.kind} '2001-09-29 03:00' - ${type.kind} '2001-07-27 12:00'`,
    row: ([a, b]) => subtractTimestamps(big(a), big(b)),
  })),
  {
    args: [INTERVAL, INTERVAL], returns: INTERVAL, sample: `interval '1 day' - ${I}`, result: '1 day -01:00:00',
    words: 'Difference.',
    row: ([a, b]) => subtractIntervals(interval(a), interval(b)),
  },
  {
    args: [INTERVAL], returns: INTERVAL, sample: `- interval '23 hours'`, result: '-23:00:00', words: 'Negation.',
    row: ([i]) => negateInterval(interval(i)),
  },
];

const SCALING: readonly ScalarFunction[] = [
  make('*', {
    args: [INTERVAL, FLOAT8], returns: INTERVAL, sample: `${I} * 3.5`, result: '03:30:00', words: 'A multiple.',
    row: ([i, x]) => multiplyInterval(interval(i), num(x)),
  }),
  make('*', {
    args: [FLOAT8, INTERVAL], returns: INTERVAL, sample: `3.5 * ${I}`, result: '03:30:00', words: 'A multiple.',
    row: ([x, i]) => multiplyInterval(interval(i), num(x)),
  }),
  make('/', {
    args: [INTERVAL, FLOAT8], returns: INTERVAL, sample: `${I} / 1.5`, result: '00:40:00', words: 'A fraction.',
    row: ([i, x]) => divideInterval(interval(i), num(x)),
  }),
];

// Comparisons across types: both as timestamp, or both as timestamptz when one is.

/** What lies beyond the range of timestamps is later or earlier than all of them, though not than infinity. */
type ToMoment = (d: Datum, call: CallInfo) => bigint;
const BEYOND_ALL = 10n ** 30n;

const localMoment: ToMoment = (d) => {
  if (typeof d === 'number' && isDateFinite(d)) return joinMicros(d, 0);
  const micros = typeof d === 'bigint' ? d : dateToTimestamp(num(d));
  return isTimestampFinite(micros) ? micros : micros > 0n ? BEYOND_ALL : -BEYOND_ALL;
};

const zonedMoment: ToMoment = (d, call) => {
  const local = localMoment(d, call);
  const finite = local !== BEYOND_ALL && local !== -BEYOND_ALL;
  return finite ? local - BigInt(zoneOf(call.context).offsetOfLocal(floorSeconds(local))) * 1_000_000n : local;
};

interface Mixed {
  readonly args: readonly [LogicalType, LogicalType];
  readonly moments: readonly [ToMoment, ToMoment];
  readonly volatility: Volatility;
}

const MIXED: readonly Mixed[] = [
  { args: [DATE, TIMESTAMP], moments: [localMoment, localMoment], volatility: 'immutable' },
  { args: [TIMESTAMP, DATE], moments: [localMoment, localMoment], volatility: 'immutable' },
  { args: [DATE, TIMESTAMPTZ], moments: [zonedMoment, localMoment], volatility: 'stable' },
  { args: [TIMESTAMPTZ, DATE], moments: [localMoment, zonedMoment], volatility: 'stable' },
  { args: [TIMESTAMP, TIMESTAMPTZ], moments: [zonedMoment, localMoment], volatility: 'stable' },
  { args: [TIMESTAMPTZ, TIMESTAMP], moments: [localMoment, zonedMoment], volatility: 'stable' },
];

const TESTS: readonly (readonly [string, string, (a: bigint, b: bigint) => boolean])[] = [
  ['=', 'Equal to.', (a, b) => a === b], ['<>', 'Not equal to.', (a, b) => a !== b],
  ['<', 'Less than.', (a, b) => a < b],
  ['>', 'Greater than.', (a, b) => a > b], ['<=', 'Less than or equal to.', (a, b) => a <= b],
  ['>=', 'Greater than or equal to.', (a, b) => a >= b],
];

const COMPARISONS: readonly ScalarFunction[] = TESTS.flatMap(([name, words, test]) => MIXED.map((m) => operator({
  name, args: m.args, returns: BOOLEAN, description: words, volatility: m.volatility,
  example: example(`SELECT ${m.args[0].kind} '2001-01-01' ${name} ${m.args[1].kind} '2001-01-02'`,
    test(1n, 2n) ? 't' : 'f'),
  row: ([a, b], call) => test(m.moments[0](a, call), m.moments[1](b, call)),
})));

/** What date + time and date + timetz do, under the names of the types. */
const JOINED: readonly ScalarFunction[] = [
  scalar({
    name: 'timestamp', args: [DATE, TIME], returns: TIMESTAMP, description: 'That day at that time.',
    example: example(`SELECT "timestamp"(date '2001-09-28', time '03:00')`, '2001-09-28 03:00:00'),
    row: ([d, t]) => dateWithTime(num(d), big(t)),
  }),
  scalar({
    name: 'timestamptz', args: [DATE, TIME], returns: TIMESTAMPTZ, volatility: 'stable',
    description: 'That day at that time in the session\'s zone.',
    example: example(`SELECT timestamptz(date '2001-09-28', time '03:00')`, '2001-09-28 03:00:00+00'),
    row: ([d, t], call) => toUtc(dateWithTime(num(d), big(t)), zoneOf(call.context)),
  }),
  scalar({
    name: 'timestamptz', args: [DATE, TIMETZ], returns: TIMESTAMPTZ, description: 'That day at that time.',
    example: example(`SELECT timestamptz(date '2001-09-28', timetz '03:00+02')`, '2001-09-28 01:00:00+00'),
    row: ([d, t]) => dateWithTimeTz(num(d), asTimeTz(t)),
  }),
];

export const DATETIME_OPERATORS: readonly ScalarFunction[] = [
  ...ADDITIONS.flatMap((o) => (o.args[0] === o.args[1] ? [make('+', o)] : [make('+', o), make('+', swapped(o))])),
  ...SUBTRACTIONS.map((o) => make('-', o)),
  ...SCALING, ...COMPARISONS, ...JOINED,
];
