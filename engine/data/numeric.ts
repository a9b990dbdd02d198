// Numeric: PostgreSQL's arbitrary-precision decimal as an unscaled bigint and a display scale, with its arithmetic.
import { DatabaseError } from './error.ts';
import { exponentialEven } from './float-text.ts';

export type NumericKind = 'finite' | 'nan' | 'infinity' | '-infinity';

/** Limits of PostgreSQL 15's numeric (utils/numeric.h, numeric.c). */
export const MAX_DISPLAY_SCALE = 1000;
const MAX_STORED_SCALE = 16383;
export const MAX_INTEGER_DIGITS = 131072;
const MIN_SIGNIFICANT_DIGITS = 16;

const POWERS: bigint[] = [1n];

/** Large ones, the last few that were made. */
const LARGE_POWERS = new Map<number, bigint>();
const LARGE_KEPT = 16;

/** 10^n. */
export function powerOfTen(n: number): bigint {
  if (n > 400) return LARGE_POWERS.get(n) ?? largePower(n);
  for (let i = POWERS.length; i <= n; i++) POWERS.push(POWERS[i - 1] * 10n);
  return POWERS[n];
}

function largePower(n: number): bigint {
  const value = 10n ** BigInt(n);
  for (const oldest of LARGE_POWERS.keys()) {
    if (LARGE_POWERS.size < LARGE_KEPT) break;
    LARGE_POWERS.delete(oldest);
  }
  LARGE_POWERS.set(n, value);
  return value;
}

// Up to here decimal digits are written faster than they are estimated.
const FEW_BITS = 1n << 1024n;
/** Hexadecimal digits that a double holds. */
const LEAD = 13;

/** Number of decimal digits of a magnitude; 0 has none. */
export function digitCount(magnitude: bigint): number {
  if (magnitude < FEW_BITS) return magnitude === 0n ? 0 : magnitude.toString().length;
  const hexadecimal = magnitude.toString(16);
  const logarithm = Math.log10(Number.parseInt(hexadecimal.slice(0, LEAD), 16))
    + (hexadecimal.length - LEAD) * Math.log10(16);
  const nearest = Math.round(logarithm);
  if (Math.abs(logarithm - nearest) > 1e-6) return Math.floor(logarithm) + 1;
  return magnitude >= powerOfTen(nearest) ? nearest + 1 : nearest;
}

function overflow(): DatabaseError {
  return new DatabaseError('22003', 'value overflows numeric format');
}

function divisionByZero(): DatabaseError {
  return new DatabaseError('22012', 'division by zero');
}

/** a / b rounded half away from zero. Requires: b > 0. */
export function divideRounded(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  const twice = (a % b) * 2n;
  if (twice >= b) return quotient + 1n;
  if (-twice >= b) return quotient - 1n;
  return quotient;
}

/** value × 10^from as a multiple of 10^−to, rounded half away from zero when digits are lost. */
export function rescale(unscaled: bigint, from: number, to: number): bigint {
  if (to >= from) return to === from ? unscaled : unscaled * powerOfTen(to - from);
  return divideRounded(unscaled, powerOfTen(from - to));
}

/** So many at a time are taken off. */
const TRAILING_ZEROS: readonly number[] = [4096, 256, 16, 1];

const INPUT = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:e([+-]?\d+))?$/i;
const SPECIAL = /^(?:(nan)|([+-]?)(?:infinity|inf))$/i;

/**
 * Immutable. `unscaled` and `scale` mean unscaled × 10^−scale; both are 0 unless finite. The scale is PostgreSQL's
 * dscale: 1.0 and 1.00 are equal but print differently.
 */
export class Numeric {
  readonly kind: NumericKind;
  readonly unscaled: bigint;
  readonly scale: number;

  private constructor(kind: NumericKind, unscaled: bigint, scale: number) {
    this.kind = kind;
    this.unscaled = unscaled;
    this.scale = scale;
  }

  static readonly NAN = new Numeric('nan', 0n, 0);
  static readonly INFINITY = new Numeric('infinity', 0n, 0);
  static readonly NEGATIVE_INFINITY = new Numeric('-infinity', 0n, 0);
  static readonly ZERO = new Numeric('finite', 0n, 0);
  static readonly ONE = new Numeric('finite', 1n, 0);

  /** unscaled × 10^−scale, of a value in range. Requires: scale ≥ 0. Throws 22003 for a scale beyond PostgreSQL's. */
  static of(unscaled: bigint, scale: number): Numeric {
    if (scale > MAX_STORED_SCALE) throw overflow();
    return new Numeric('finite', unscaled, scale);
  }

  /** unscaled × 10^−scale, computed. Requires: scale ≥ 0. Throws 22003 beyond PostgreSQL's range. */
  static computed(unscaled: bigint, scale: number): Numeric {
    return checked(unscaled, scale);
  }

  /** unscaled × 10^−scale beyond all limits: a step of a calculation, not its result. */
  static intermediate(unscaled: bigint, scale: number): Numeric {
    return new Numeric('finite', unscaled, scale);
  }

  static fromBigInt(value: bigint): Numeric {
    return new Numeric('finite', value, 0);
  }

  /** Requires: an integer below 2^53. */
  static fromInteger(value: number): Numeric {
    return new Numeric('finite', BigInt(value), 0);
  }

  /** numeric_in: 22P02 on bad syntax, 22003 when out of range. */
  static parse(text: string): Numeric {
    const trimmed = text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '');
    const found = INPUT.exec(trimmed);
    if (found === null) return parseSpecial(text, trimmed);
    const fraction = found[3] ?? found[4] ?? '';
    const magnitude = BigInt((found[2] ?? '') + fraction);
    const exponent = found[5] === undefined ? 0 : Number(found[5]);
    if (Math.abs(exponent) >= 1073741823) throw overflow();
    const unscaled = found[1] === '-' ? -magnitude : magnitude;
    const scale = fraction.length - exponent;
    if (scale >= 0) return checked(unscaled, scale);
    if (unscaled === 0n) return Numeric.ZERO;
    if (-scale > MAX_INTEGER_DIGITS) throw overflow();
    return checked(unscaled * powerOfTen(-scale), 0);
  }

  /** float8_numeric (digits 15), float4_numeric (digits 6). */
  static fromFloat(value: number, digits: 15 | 6 = 15): Numeric {
    if (Number.isNaN(value)) return Numeric.NAN;
    if (value === Infinity) return Numeric.INFINITY;
    if (value === -Infinity) return Numeric.NEGATIVE_INFINITY;
    if (Number.isInteger(value) && Math.abs(value) < (digits === 15 ? 1e15 : 1e6)) return Numeric.fromInteger(value);
    const [mantissa, exponent] = exponentialEven(value, digits).split('e');
    return Numeric.parse(`${mantissa.replace(/\.?0+$/, '')}e${exponent}`);
  }

  get isFinite(): boolean { return this.kind === 'finite'; }
  get isNaN(): boolean { return this.kind === 'nan'; }

  /** −1, 0 or 1; 0 for NaN. */
  get sign(): -1 | 0 | 1 {
    switch (this.kind) {
      case 'finite': return this.unscaled > 0n ? 1 : this.unscaled < 0n ? -1 : 0;
      case 'nan': return 0;
      case 'infinity': return 1;
      case '-infinity': return -1;
    }
  }

  toString(): string {
    switch (this.kind) {
      case 'finite': return decimalText(this.unscaled, this.scale);
      case 'nan': return 'NaN';
      case 'infinity': return 'Infinity';
      case '-infinity': return '-Infinity';
    }
  }

  negate(): Numeric {
    switch (this.kind) {
      case 'finite': return new Numeric('finite', -this.unscaled, this.scale);
      case 'nan': return this;
      case 'infinity': return Numeric.NEGATIVE_INFINITY;
      case '-infinity': return Numeric.INFINITY;
    }
  }

  abs(): Numeric {
    return this.sign < 0 ? this.negate() : this;
  }

  add(other: Numeric): Numeric {
    if (this.kind !== 'finite' || other.kind !== 'finite') {
      if (this.isNaN || other.isNaN) return Numeric.NAN;
      if (this.kind === 'finite') return other;
      return other.kind === 'finite' || other.kind === this.kind ? this : Numeric.NAN;
    }
    if (this.scale === other.scale) return checked(this.unscaled + other.unscaled, this.scale);
    const scale = Math.max(this.scale, other.scale);
    return checked(rescale(this.unscaled, this.scale, scale) + rescale(other.unscaled, other.scale, scale), scale);
  }

  subtract(other: Numeric): Numeric {
    return this.add(other.negate());
  }

  multiply(other: Numeric): Numeric {
    if (this.kind !== 'finite' || other.kind !== 'finite') {
      if (this.isNaN || other.isNaN) return Numeric.NAN;
      return signed(this.sign * other.sign);
    }
    const product = this.unscaled * other.unscaled;
    const scale = this.scale + other.scale;
    if (scale <= MAX_STORED_SCALE) return checked(product, scale);
    return checked(rescale(product, scale, MAX_STORED_SCALE), MAX_STORED_SCALE);
  }

  /** Throws 22012. */
  divide(other: Numeric): Numeric {
    if (this.kind !== 'finite' || other.kind !== 'finite') {
      if (this.isNaN || other.isNaN) return Numeric.NAN;
      if (this.kind === 'finite') return Numeric.ZERO;
      if (other.kind !== 'finite') return Numeric.NAN;
      if (other.unscaled === 0n) throw divisionByZero();
      return signed(this.sign * other.sign);
    }
    return this.divideAt(other, divisionScale(this, other));
  }

  /** The quotient rounded to a scale. Requires: both finite. Throws 22012. */
  divideAt(other: Numeric, scale: number): Numeric {
    if (other.unscaled === 0n) throw divisionByZero();
    let dividend = this.unscaled;
    let divisor = other.unscaled;
    const shift = scale - this.scale + other.scale;
    if (shift >= 0) dividend *= powerOfTen(shift);
    else divisor *= powerOfTen(-shift);
    if (divisor < 0n) return checked(divideRounded(-dividend, -divisor), scale);
    return checked(divideRounded(dividend, divisor), scale);
  }

  /** div(): the quotient truncated towards zero. */
  divideTruncated(other: Numeric): Numeric {
    if (this.kind !== 'finite' || other.kind !== 'finite') return this.divide(other);
    if (other.unscaled === 0n) throw divisionByZero();
    const scale = Math.max(this.scale, other.scale);
    return checked(rescale(this.unscaled, this.scale, scale) / rescale(other.unscaled, other.scale, scale), 0);
  }

  /** Has the sign of `this`. Throws 22012. */
  mod(other: Numeric): Numeric {
    if (this.kind !== 'finite' || other.kind !== 'finite') {
      if (this.isNaN || other.isNaN) return Numeric.NAN;
      if (this.kind === 'finite') return this;
      if (other.kind === 'finite' && other.unscaled === 0n) throw divisionByZero();
      return Numeric.NAN;
    }
    if (other.unscaled === 0n) throw divisionByZero();
    const scale = Math.max(this.scale, other.scale);
    return new Numeric('finite',
      rescale(this.unscaled, this.scale, scale) % rescale(other.unscaled, other.scale, scale), scale);
  }

  /** Half away from zero; a negative scale rounds left of the point. */
  round(scale = 0): Numeric {
    if (this.kind !== 'finite') return this;
    // One place more than a value can have: the first digit may round up.
    const to = clampScale(scale, MAX_INTEGER_DIGITS + 1);
    const unscaled = rescale(this.unscaled, this.scale, to);
    return to >= 0 ? checked(unscaled, to) : checked(unscaled * powerOfTen(-to), 0);
  }

  /** Towards zero. */
  trunc(scale = 0): Numeric {
    if (this.kind !== 'finite') return this;
    const to = clampScale(scale, MAX_INTEGER_DIGITS);
    if (to >= this.scale) return checked(rescale(this.unscaled, this.scale, to), to);
    const unscaled = this.unscaled / powerOfTen(this.scale - to);
    return to >= 0 ? checked(unscaled, to) : checked(unscaled * powerOfTen(-to), 0);
  }

  ceil(): Numeric {
    const whole = this.trunc(0);
    return this.sign > 0 && whole.compare(this) !== 0 ? checked(whole.unscaled + 1n, 0) : whole;
  }

  floor(): Numeric {
    const whole = this.trunc(0);
    return this.sign < 0 && whole.compare(this) !== 0 ? checked(whole.unscaled - 1n, 0) : whole;
  }

  /** PostgreSQL's total order: −Infinity, finite, Infinity, NaN; NaN equals NaN. */
  compare(other: Numeric): number {
    if (this.kind !== 'finite' || other.kind !== 'finite') return rank(this.kind) - rank(other.kind);
    let a = this.unscaled;
    let b = other.unscaled;
    if (this.scale !== other.scale) {
      const scale = Math.max(this.scale, other.scale);
      a = rescale(a, this.scale, scale);
      b = rescale(b, other.scale, scale);
    }
    return a < b ? -1 : a > b ? 1 : 0;
  }

  equals(other: Numeric): boolean {
    return this.compare(other) === 0;
  }

  /** The equal value with the least scale, one for all equal values: what is hashed. */
  canonical(): Numeric {
    if (this.kind !== 'finite' || this.scale === 0) return this;
    let { unscaled, scale } = this;
    if (unscaled === 0n) return Numeric.ZERO;
    for (const zeros of TRAILING_ZEROS) {
      while (scale >= zeros && unscaled % powerOfTen(zeros) === 0n) {
        unscaled /= powerOfTen(zeros);
        scale -= zeros;
      }
    }
    return scale === this.scale ? this : new Numeric('finite', unscaled, scale);
  }

  /** numeric(p, s): rounds to the scale, 22003 when the value does not fit. A typmod of −1 changes nothing. */
  fits(typmod: number): Numeric {
    if (typmod < 4 || this.kind === 'nan') return this;
    const precision = ((typmod - 4) >> 16) & 0xffff;
    const scale = numericTypmodScale(typmod);
    const field = `A field with precision ${precision}, scale ${scale}`;
    if (this.kind !== 'finite') {
      throw new DatabaseError('22003', 'numeric field overflow', { detail: `${field} cannot hold an infinite value.` });
    }
    const rounded = this.scale === scale ? this : this.round(scale);
    const digits = precision - scale;
    if (digitCount(rounded.abs().unscaled) - rounded.scale > digits && rounded.unscaled !== 0n) {
      const limit = digits === 0 ? '1' : `10^${digits}`;
      throw new DatabaseError('22003', 'numeric field overflow',
        { detail: `${field} must round to an absolute value less than ${limit}.` });
    }
    return rounded;
  }

  toInt2(): number {
    return Number(this.#toInteger('smallint', -32768n, 32767n));
  }
  toInt4(): number {
    return Number(this.#toInteger('integer', -2147483648n, 2147483647n));
  }
  toInt8(): bigint {
    return this.#toInteger('bigint', -9223372036854775808n, 9223372036854775807n);
  }

  #toInteger(type: string, least: bigint, greatest: bigint): bigint {
    if (this.kind !== 'finite') {
      throw new DatabaseError('0A000', `cannot convert ${this.isNaN ? 'NaN' : 'infinity'} to ${type}`);
    }
    const value = rescale(this.unscaled, this.scale, 0);
    if (value < least || value > greatest) throw new DatabaseError('22003', `${type} out of range`);
    return value;
  }

  /** Throws 22003 beyond the range of double precision. */
  toFloat8(): number {
    return this.#toFloat('double precision', Number);
  }
  /** Throws 22003 beyond the range of real. */
  toFloat4(): number {
    return this.#toFloat('real', (text) => Math.fround(Number(text)));
  }

  #toFloat(type: string, convert: (text: string) => number): number {
    switch (this.kind) {
      case 'nan': return NaN;
      case 'infinity': return Infinity;
      case '-infinity': return -Infinity;
      case 'finite': {
        const text = this.toString();
        const value = convert(text);
        if (!Number.isFinite(value) || (value === 0 && this.unscaled !== 0n)) {
          throw new DatabaseError('22003', `"${text}" is out of range for type ${type}`);
        }
        return value === 0 ? 0 : value;
      }
    }
  }
}

/** The scale in a numeric typmod: eleven bits, signed since PostgreSQL 15. */
export function numericTypmodScale(typmod: number): number {
  return (((typmod - 4) & 0x7ff) ^ 1024) - 1024;
}

function rank(kind: NumericKind): number {
  switch (kind) {
    case '-infinity': return -1;
    case 'finite': return 0;
    case 'infinity': return 1;
    case 'nan': return 2;
  }
}

function signed(sign: number): Numeric {
  return sign > 0 ? Numeric.INFINITY : sign < 0 ? Numeric.NEGATIVE_INFINITY : Numeric.NAN;
}

function clampScale(scale: number, places: number): number {
  return Math.min(Math.max(scale, -places), MAX_STORED_SCALE);
}

// A magnitude of fewer hexadecimal digits than this cannot have too many decimal ones.
const SAFE_LIMIT = 1n << 65536n;

function checked(unscaled: bigint, scale: number): Numeric {
  if ((unscaled > SAFE_LIMIT || unscaled < -SAFE_LIMIT)
    && digitCount(unscaled < 0n ? -unscaled : unscaled) - scale > MAX_INTEGER_DIGITS) throw overflow();
  return Numeric.of(unscaled, scale);
}

function parseSpecial(text: string, trimmed: string): Numeric {
  const found = SPECIAL.exec(trimmed);
  if (found === null) throw new DatabaseError('22P02', `invalid input syntax for type numeric: "${text}"`);
  if (found[1] !== undefined) return Numeric.NAN;
  return found[2] === '-' ? Numeric.NEGATIVE_INFINITY : Numeric.INFINITY;
}

/** unscaled × 10^−scale with exactly `scale` digits after the point. */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString();
  const negative = unscaled < 0n;
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${negative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Position of the leading base-10000 digit of a finite value, and that digit; 0 and 0 for zero. */
export function leadingDigit(value: Numeric): { readonly weight: number; readonly digit: number } {
  const magnitude = value.unscaled < 0n ? -value.unscaled : value.unscaled;
  if (magnitude === 0n) return { weight: 0, digit: 0 };
  const digits = digitCount(magnitude);
  const exponent = digits - 1 - value.scale;
  const weight = Math.floor(exponent / 4);
  const below = digits - (exponent - weight * 4 + 1);
  return { weight, digit: Number(below < 0 ? magnitude * powerOfTen(-below) : magnitude / powerOfTen(below)) };
}

/** Scale of a quotient: at least 16 significant digits and no less than either operand's scale (select_div_scale). */
export function divisionScale(a: Numeric, b: Numeric): number {
  const top = leadingDigit(a);
  const bottom = leadingDigit(b);
  let weight = top.weight - bottom.weight;
  if (top.digit <= bottom.digit) weight--;
  const scale = Math.max(MIN_SIGNIFICANT_DIGITS - weight * 4, a.scale, b.scale, 0);
  return Math.min(scale, MAX_DISPLAY_SCALE);
}
