// Interval: months, days and microseconds, as PostgreSQL keeps them, with their arithmetic, order and bytes.
import { DatabaseError } from './error.ts';

export const MICROS_PER_SECOND = 1_000_000n;
export const MICROS_PER_MINUTE = 60_000_000n;
export const MICROS_PER_HOUR = 3_600_000_000n;
export const MICROS_PER_DAY = 86_400_000_000n;

/** `months` and `days` are int4, `micros` is int8. */
export class Interval {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;

  constructor(months: number, days: number, micros: bigint) {
    this.months = months;
    this.days = days;
    this.micros = micros;
  }

  static readonly ZERO = new Interval(0, 0, 0n);

  /** 22008 unless every field fits. */
  static checked(months: number, days: number, micros: bigint): Interval {
    if (!fitsInt4(months) || !fitsInt4(days) || micros > MAX_MICROS || micros < MIN_MICROS) throw intervalOutOfRange();
    return new Interval(months, days, micros);
  }
}

const MAX_MICROS = 9223372036854775807n;
const MIN_MICROS = -9223372036854775808n;

function fitsInt4(value: number): boolean {
  return value >= -2147483648 && value <= 2147483647;
}

export function intervalOutOfRange(): DatabaseError {
  return new DatabaseError('22008', 'interval out of range');
}

/** Format (fixed16): int32 months, int32 days, int64 µs, little-endian. */
export function readInterval(bytes: Uint8Array, at: number): Interval {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16);
  return new Interval(view.getInt32(0, true), view.getInt32(4, true), view.getBigInt64(8, true));
}

export function writeInterval(bytes: Uint8Array, at: number, value: Interval): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16);
  view.setInt32(0, value.months, true);
  view.setInt32(4, value.days, true);
  view.setBigInt64(8, value.micros, true);
}

/** The length that comparison goes by: months of 30 days, days of 24 hours. */
export function intervalSpan(value: Interval): bigint {
  return value.micros + (BigInt(value.days) + BigInt(value.months) * 30n) * MICROS_PER_DAY;
}

export function compareIntervals(a: Interval, b: Interval): number {
  const x = intervalSpan(a);
  const y = intervalSpan(b);
  return x < y ? -1 : x > y ? 1 : 0;
}
