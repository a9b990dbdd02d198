// generate_series over integers, numeric and timestamps; generate_subscripts; unnest.
import { isTimestampFinite } from '../../data/calendar.ts';
import { asArray } from '../../data/composite.ts';
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { Interval, intervalSpan } from '../../data/interval.ts';
import { Numeric, powerOfTen, rescale } from '../../data/numeric.ts';
import { BOOLEAN, INT4, INT8, INTERVAL, NUMERIC, simpleType, TIMESTAMP, TIMESTAMPTZ } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { big, example, interval, num, numeric, table } from '../define.ts';
import type { TableFunction } from '../function.ts';
import { addToTimestamp, addToTimestampTz, zoneOf } from '../scalar/datetime-arithmetic.ts';

const invalid = (message: string): DatabaseError => new DatabaseError('22023', message);

function* integers(from: number, to: number, step: number): Generator<readonly Datum[]> {
  if (step === 0) throw invalid('step size cannot equal zero');
  for (let n = from; step > 0 ? n <= to : n >= to; n += step) yield [n];
}

const INT8_MAX = 9223372036854775807n;

function* bigints(from: bigint, to: bigint, step: bigint): Generator<readonly Datum[]> {
  if (step === 0n) throw invalid('step size cannot equal zero');
  for (let n = from; step > 0n ? n <= to : n >= to; n += step) {
    if (n > INT8_MAX || n < -INT8_MAX - 1n) return;
    yield [n];
  }
}

function* numerics(from: Numeric, to: Numeric, step: Numeric): Generator<readonly Datum[]> {
  for (const [name, value] of [['start', from], ['stop', to], ['step size', step]] as const) {
    if (value.isFinite) continue;
    throw invalid(`${name}${name === 'step size' ? '' : ' value'} cannot be ${value.isNaN ? 'NaN' : 'infinity'}`);
  }
  if (step.sign === 0) throw invalid('step size cannot equal zero');
  // In units of the finest scale, since the value after the last one may be beyond numeric's range.
  const scale = Math.max(from.scale, step.scale, to.scale);
  const shown = Math.max(from.scale, step.scale);
  const unit = powerOfTen(scale - shown);
  const [end, by] = [rescale(to.unscaled, to.scale, scale), rescale(step.unscaled, step.scale, scale)];
  let at = rescale(from.unscaled, from.scale, scale);
  if (by > 0n ? at > end : at < end) return;
  yield [from];
  for (at += by; by > 0n ? at <= end : at >= end; at += by) yield [Numeric.of(at / unit, shown)];
}

function* moments(
  from: bigint, to: bigint, step: Interval, add: (at: bigint, step: Interval) => bigint,
): Generator<readonly Datum[]> {
  const direction = intervalSpan(step);
  if (direction === 0n) throw invalid('step size cannot equal zero');
  for (let at = from; direction > 0n ? at <= to : at >= to; at = add(at, step)) {
    yield [at];
    if (!isTimestampFinite(at)) return;
  }
}

const SERIES: readonly TableFunction[] = [
  table({
    name: 'generate_series', args: [INT4, INT4, INT4], optional: 1, returns: INT4,
    description: 'From start to stop, both included.',
    example: example('SELECT sum(g) FROM generate_series(2, 4) g', '9'),
    rows: ([from, to, step]) => integers(num(from), num(to), step === undefined ? 1 : num(step)),
  }),
  table({
    name: 'generate_series', args: [INT8, INT8, INT8], optional: 1, returns: INT8,
    description: 'From start to stop, both included.',
    example: example('SELECT count(*) FROM generate_series(5::int8, 1, -2)', '3'),
    rows: ([from, to, step]) => bigints(big(from), big(to), step === undefined ? 1n : big(step)),
  }),
  table({
    name: 'generate_series', args: [NUMERIC, NUMERIC, NUMERIC], optional: 1, returns: NUMERIC,
    description: 'From start to stop, both included.',
    example: example('SELECT max(g) FROM generate_series(1.1, 4, 1.3) g', '3.7'),
    rows: ([from, to, step]) => numerics(numeric(from), numeric(to), step === undefined ? Numeric.ONE : numeric(step)),
  }),
  table({
    name: 'generate_series', args: [TIMESTAMP, TIMESTAMP, INTERVAL], returns: TIMESTAMP,
    description: 'From start to stop, both included.',
    example: example(`SELECT max(g) FROM generate_series(timestamp '2008-03-01', '2008-03-04 12:00', '10 hours') g`,
      '2008-03-04 08:00:00'),
    rows: ([from, to, step]) => moments(big(from), big(to), interval(step), addToTimestamp),
  }),
  table({
    name: 'generate_series', args: [TIMESTAMPTZ, TIMESTAMPTZ, INTERVAL], returns: TIMESTAMPTZ, volatility: 'stable',
    description: 'From start to stop, both included.',
    example: example(`SELECT count(*) FROM generate_series(timestamptz '2008-03-01', '2008-03-04 12:00', '10 hours') g`,
      '9'),
    rows: ([from, to, step], call) => {
      const zone = zoneOf(call.context);
      return moments(big(from), big(to), interval(step), (at, span) => addToTimestampTz(at, span, zone));
    },
  }),
];

const ANYARRAY: LogicalType = simpleType('anyarray');

function* subscripts([array, dimension, reverse]: readonly Datum[]): Generator<readonly Datum[]> {
  const { dimensions, lowerBounds } = asArray(array);
  const d = num(dimension) - 1;
  if (d < 0 || d >= dimensions.length) return;
  const [low, high] = [lowerBounds[d], lowerBounds[d] + dimensions[d] - 1];
  if (reverse === true) for (let i = high; i >= low; i--) yield [i];
  else for (let i = low; i <= high; i++) yield [i];
}

function* elements(array: Datum): Generator<readonly Datum[]> {
  for (const value of asArray(array).values) yield [value];
}

export const SERIES_FUNCTIONS: readonly TableFunction[] = [
  ...SERIES,
  table({
    name: 'generate_subscripts', args: [ANYARRAY, INT4, BOOLEAN], optional: 1, returns: INT4,
    description: 'The subscripts of a dimension.',
    example: example(`SELECT max(g) FROM generate_subscripts('{NULL,1,NULL,2}'::int[], 1) g`, '4'), rows: subscripts,
  }),
  table({
    name: 'unnest', args: [ANYARRAY], returns: simpleType('anyelement'), description: 'The elements of an array.',
    example: example('SELECT count(*) FROM unnest(ARRAY[1,2]) u', '2'), rows: ([a]) => elements(a),
  }),
];
