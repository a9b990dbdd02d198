// In range: whether a value is within an offset of another, for RANGE frames, by type.
import type { Datum, TimeTz } from '../data/datum.ts';
import { compareDatums } from '../data/datum-order.ts';
import { DatabaseError, notSupported } from '../data/error.ts';
import { Interval, addIntervals, intervalSpan, negateInterval } from '../data/interval.ts';
import { Numeric } from '../data/numeric.ts';
import type { LogicalType } from '../data/types.ts';
import { FLOAT8, INTERVAL, NUMERIC, TIMESTAMP, TIMESTAMPTZ } from '../data/types.ts';
import type { EvalContext } from '../expression/context.ts';
import {
  addToTimestamp, addToTimestampTz, dateToTimestamp, zoneOf,
} from '../function/scalar/datetime-arithmetic.ts';

export interface RangeDirection {
  /** The limit is base − offset, else base + offset. */
  readonly subtract: boolean;
  /** value ≤ limit is asked for, else value ≥ limit. */
  readonly less: boolean;
  readonly context: EvalContext;
}

type InRange = (value: Datum, base: Datum) => boolean;

function invalidSize(): DatabaseError {
  return new DatabaseError('22013', 'invalid preceding or following size in window function');
}

/** Throws 22013 for a negative offset. */
export function inRange(type: LogicalType, offset: Datum, direction: RangeDirection): InRange {
  if (type.kind === 'domain') return inRange(type.base, offset, direction);
  const { subtract, less } = direction;
  const answer = (order: number): boolean => (less ? order <= 0 : order >= 0);
  switch (type.kind) {
    case 'int2': case 'int4': case 'int8': {
      const distance = BigInt(Number.isNaN(Number(offset)) ? 0 : String(offset));
      if (distance < 0n) throw invalidSize();
      return (value, base) => {
        const limit = toBigInt(base) + (subtract ? -distance : distance);
        const v = toBigInt(value);
        return answer(v < limit ? -1 : v > limit ? 1 : 0);
      };
    }
    case 'float4': case 'float8': return floatInRange(Number(offset), direction);
    case 'numeric': return numericInRange(offset, direction);
    case 'interval': {
      const span = distanceOf(offset);
      const step = subtract ? negateInterval(span) : span;
      return (value, base) => {
        if (!(base instanceof Interval)) return false;
        return answer(compareDatums(INTERVAL, value, addIntervals(base, step)));
      };
    }
    case 'date': case 'timestamp': case 'timestamptz': return momentInRange(type, distanceOf(offset), direction);
    case 'time': {
      const micros = clockDistanceOf(offset);
      return (value, base) => {
        const limit = toBigInt(base) + (subtract ? -micros : micros);
        const v = toBigInt(value);
        return answer(v < limit ? -1 : v > limit ? 1 : 0);
      };
    }
    case 'timetz': {
      const micros = clockDistanceOf(offset);
      return (value, base) => {
        if (!isTimeTz(base)) return false;
        const limit: TimeTz = { micros: base.micros + (subtract ? -micros : micros), offsetSeconds: base.offsetSeconds };
        return answer(compareDatums(type, value, limit));
      };
    }
    default: throw notSupported(`RANGE with an offset over type ${type.kind}`);
  }
}

function toBigInt(datum: Datum): bigint {
  return typeof datum === 'bigint' ? datum : BigInt(Number(datum));
}

function isTimeTz(datum: Datum): datum is TimeTz {
  return typeof datum === 'object' && datum !== null && 'offsetSeconds' in datum;
}

function distanceOf(offset: Datum): Interval {
  if (!(offset instanceof Interval)) throw invalidSize();
  if (intervalSpan(offset) < 0n) throw invalidSize();
  return offset;
}

/** Of a time of day: months and days do not count. */
function clockDistanceOf(offset: Datum): bigint {
  if (!(offset instanceof Interval) || offset.micros < 0n) throw invalidSize();
  return offset.micros;
}

function momentInRange(type: LogicalType, span: Interval, { subtract, less, context }: RangeDirection): InRange {
  const step = subtract ? negateInterval(span) : span;
  const zone = type.kind === 'timestamptz' ? zoneOf(context) : null;
  const asMicros = (d: Datum): bigint => (type.kind === 'date' ? dateToTimestamp(Number(d)) : toBigInt(d));
  const stamp = zone === null ? TIMESTAMP : TIMESTAMPTZ;
  return (value, base) => {
    const from = asMicros(base);
    const limit = zone === null ? addToTimestamp(from, step) : addToTimestampTz(from, step, zone);
    const order = compareDatums(stamp, asMicros(value), limit);
    return less ? order <= 0 : order >= 0;
  };
}

/** NaN is in range of NaN alone; infinities meet as PostgreSQL has it. */
function floatInRange(offset: number, { subtract, less }: RangeDirection): InRange {
  if (Number.isNaN(offset) || offset < 0) throw invalidSize();
  return (v, b) => {
    const value = Number(v);
    const base = Number(b);
    if (Number.isNaN(value)) return Number.isNaN(base) ? true : !less;
    if (Number.isNaN(base)) return less;
    if (offset === Infinity && !Number.isFinite(base) && (subtract ? base > 0 : base < 0)) return true;
    const order = compareDatums(FLOAT8, value, subtract ? base - offset : base + offset);
    return less ? order <= 0 : order >= 0;
  };
}

function numericInRange(offset: Datum, { subtract, less }: RangeDirection): InRange {
  if (!(offset instanceof Numeric) || offset.isNaN || offset.sign < 0) throw invalidSize();
  return (value, base) => {
    if (!(value instanceof Numeric) || !(base instanceof Numeric)) return false;
    if (value.isNaN) return base.isNaN ? true : !less;
    if (base.isNaN) return less;
    if (offset.kind === 'infinity' && (subtract ? base.kind === 'infinity' : base.kind === '-infinity')) return true;
    const order = compareDatums(NUMERIC, value, subtract ? base.subtract(offset) : base.add(offset));
    return less ? order <= 0 : order >= 0;
  };
}
