// ISO 8601 durations as intervals: P1Y2M3DT4H5M6S and the alternative formats P0001-02-03T04:05:06, P20010203T040506.
import { fault } from './datetime-tokens.ts';
import { IntervalSum } from './interval-sum.ts';
import type { Interval } from './interval.ts';
import type { IntervalUnit } from './interval-sum.ts';

const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/yi;
const DATE_UNITS: ReadonlyMap<string, IntervalUnit> = new Map([
  ['Y', 'year'], ['M', 'month'], ['W', 'week'], ['D', 'day'],
]);
const TIME_UNITS: ReadonlyMap<string, IntervalUnit> = new Map([['H', 'hour'], ['M', 'minute'], ['S', 'second']]);
const DATE_SERIES: readonly IntervalUnit[] = ['year', 'month', 'day'];
const TIME_SERIES: readonly IntervalUnit[] = ['hour', 'minute', 'second'];

interface Field { readonly value: bigint; readonly fraction: number; readonly width: number }

class IsoReader {
  readonly #text: string;
  readonly #sum = new IntervalSum();
  #at = 1;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Interval {
    this.#part(DATE_UNITS, DATE_SERIES);
    while (this.#text[this.#at] === 'T') {
      this.#at++;
      this.#part(TIME_UNITS, TIME_SERIES);
    }
    if (this.#at < this.#text.length) throw fault('format');
    return this.#sum.finish(false);
  }

  /** Fields up to T or the end. */
  #part(units: ReadonlyMap<string, IntervalUnit>, series: readonly IntervalUnit[]): void {
    for (let first = true; this.#at < this.#text.length && this.#text[this.#at] !== 'T'; first = false) {
      const field = this.#number();
      const unit = units.get(this.#text.charAt(this.#at));
      if (unit !== undefined) {
        this.#at++;
        this.#sum.add(field.value, field.fraction, unit);
      } else if (first) return this.#alternative(field, series);
      else throw fault('format');
    }
  }

  /** All digits in one, or separated by hyphens or colons. */
  #alternative(first: Field, series: readonly IntervalUnit[]): void {
    const date = series === DATE_SERIES;
    const separator = date ? '-' : ':';
    if (first.width === (date ? 8 : 6) && this.#text[this.#at] !== separator) {
      this.#sum.add(first.value / 10000n, 0, series[0]);
      this.#sum.add(first.value / 100n % 100n, 0, series[1]);
      this.#sum.add(first.value % 100n, first.fraction, series[2]);
      return;
    }
    this.#sum.add(first.value, first.fraction, series[0]);
    for (let i = 1; i < 3 && this.#text[this.#at] === separator; i++) {
      this.#at++;
      const field = this.#number();
      this.#sum.add(field.value, field.fraction, series[i]);
    }
    if (this.#at < this.#text.length && !(date && this.#text[this.#at] === 'T')) throw fault('format');
  }

  #number(): Field {
    NUMBER.lastIndex = this.#at;
    const text = NUMBER.exec(this.#text)?.[0];
    if (text === undefined || text.startsWith('+')) throw fault('format');
    this.#at += text.length;
    const value = Number(text);
    if (Math.abs(value) > 1e15) throw fault('interval');
    const whole = Math.trunc(value);
    return { value: BigInt(whole), fraction: value - whole, width: /^-?(\d*)/.exec(text)?.[1].length ?? 0 };
  }
}

/** Throws a DateFaultError. */
export function decodeIsoInterval(text: string): Interval {
  if (text.length < 2 || text[0] !== 'P') throw fault('format');
  return new IsoReader(text).read();
}
