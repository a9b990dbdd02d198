// An interval being read from text: values and fractions of units added up, each field checked for its width.
import { fault } from './datetime-tokens.ts';
import {
  Interval, MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, roundEven,
} from './interval.ts';

export type IntervalUnit =
  | 'microsecond' | 'millisecond' | 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year' | 'decade'
  | 'century' | 'millennium';

const INT32 = 2147483647n;
const INT64 = 9223372036854775807n;

/** An interval being read; every addition is checked for the field's width. */
export class IntervalSum {
  years = 0n;
  months = 0n;
  days = 0n;
  micros = 0n;

  addYears(value: bigint): void {
    this.years += value;
    if (this.years > INT32 || this.years < -INT32 - 1n) throw fault('interval');
  }
  addMonths(value: bigint): void {
    this.months += value;
    if (this.months > INT32 || this.months < -INT32 - 1n) throw fault('interval');
  }
  addDays(value: bigint): void {
    this.days += value;
    if (this.days > INT32 || this.days < -INT32 - 1n) throw fault('interval');
  }
  addMicros(value: bigint): void {
    this.micros += value;
    if (this.micros > INT64 || this.micros < -INT64 - 1n) throw fault('interval');
  }
  addFractionOfMicros(fraction: number, scale: bigint): void {
    if (fraction === 0) return;
    const scaled = fraction * Number(scale);
    let whole = Math.trunc(scaled);
    const rest = scaled - whole;
    if (rest > 0.5) whole++;
    else if (rest < -0.5) whole--;
    this.addMicros(BigInt(whole));
  }
  addFractionOfDays(fraction: number, scale: number): void {
    const scaled = fraction * scale;
    this.addDays(BigInt(Math.trunc(scaled)));
    this.addFractionOfMicros(scaled - Math.trunc(scaled), MICROS_PER_DAY);
  }
  addFractionOfYears(fraction: number, scale: number): void {
    this.addMonths(BigInt(roundEven(fraction * scale * 12)));
  }

  add(value: bigint, fraction: number, unit: IntervalUnit): void {
    switch (unit) {
      case 'microsecond': return this.#addTime(value, fraction, 1n);
      case 'millisecond': return this.#addTime(value, fraction, 1000n);
      case 'second': return this.#addTime(value, fraction, MICROS_PER_SECOND);
      case 'minute': return this.#addTime(value, fraction, MICROS_PER_MINUTE);
      case 'hour': return this.#addTime(value, fraction, MICROS_PER_HOUR);
      case 'day':
        this.addDays(value);
        return this.addFractionOfMicros(fraction, MICROS_PER_DAY);
      case 'week':
        this.addDays(value * 7n);
        return this.addFractionOfDays(fraction, 7);
      case 'month':
        this.addMonths(value);
        return this.addFractionOfDays(fraction, 30);
      case 'year': return this.#addYears(value, fraction, 1);
      case 'decade': return this.#addYears(value, fraction, 10);
      case 'century': return this.#addYears(value, fraction, 100);
      case 'millennium': return this.#addYears(value, fraction, 1000);
    }
  }
  #addTime(value: bigint, fraction: number, scale: bigint): void {
    this.addMicros(value * scale);
    this.addFractionOfMicros(fraction, scale);
  }
  #addYears(value: bigint, fraction: number, scale: number): void {
    this.addYears(value * BigInt(scale));
    this.addFractionOfYears(fraction, scale);
  }

  finish(negate: boolean): Interval {
    const sign = negate ? -1n : 1n;
    const opposite = [this.years, this.months, this.days].map((field) => field * sign);
    const micros = this.micros * sign;
    if (opposite.some((field) => field > INT32) || micros > INT64) throw fault('interval');
    return Interval.checked(Number((this.years * 12n + this.months) * sign), Number(this.days * sign), micros);
  }
}
