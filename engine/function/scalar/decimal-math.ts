// sqrt, exp, ln, log and power of numeric, to PostgreSQL's result scales, in fixed point over bigint.
import { DatabaseError } from '../../data/error.ts';
import { integerRoot } from '../../data/integer-root.ts';
import { log, log10 } from '../libm/logarithm.ts';
import { digitCount, divideRounded, leadingDigit, MAX_INTEGER_DIGITS, Numeric, powerOfTen, rescale }
  from '../../data/numeric.ts';

const MIN_SIGNIFICANT = 16;
const MAX_SCALE = 1000;
const GUARD = 20;

function clamp(scale: number): number {
  return Math.min(Math.max(scale, 0), MAX_SCALE);
}

/** value as an integer multiple of 10^−digits. */
function fixed(value: Numeric, digits: number): bigint {
  return rescale(value.unscaled, value.scale, digits);
}

function magnitude(value: Numeric): bigint {
  return value.unscaled < 0n ? -value.unscaled : value.unscaled;
}

/** log10 of a positive finite value, as a double. */
export function approximateLog10(value: Numeric): number {
  const digits = magnitude(value).toString();
  const lead = Number(digits.slice(0, 17));
  return log10(lead) + digits.length - Math.min(digits.length, 17) - value.scale;
}

export function sqrtNumeric(value: Numeric): Numeric {
  if (value.kind === 'nan' || value.kind === 'infinity') return value;
  if (value.sign < 0) throw new DatabaseError('2201F', 'cannot take square root of a negative number');
  const { weight } = leadingDigit(value);
  const scale = clamp(Math.max(MIN_SIGNIFICANT - Math.trunc(((weight + 1) * 4) / 2 - 1), value.scale));
  const root = integerRoot(fixed(value, 2 * (scale + 2)));
  return Numeric.of(divideRounded(root, 100n), scale);
}

/** ln 10 to a number of digits, remembered. */
let ln10Cache = { digits: 0, value: 0n };
function ln10(digits: number): bigint {
  if (ln10Cache.digits < digits) {
    const working = digits + 10;
    // 10 = (10/8)·8; ln 10 = 3 ln 2 + ln 1.25, each by atanh.
    const one = powerOfTen(working);
    const value = 3n * 2n * atanhInverse(3n, one) + 2n * atanhInverse(9n, one);
    ln10Cache = { digits: working, value };
  }
  return divideRounded(ln10Cache.value, powerOfTen(ln10Cache.digits - digits));
}

/** atanh(1/n) × one. */
function atanhInverse(n: bigint, one: bigint): bigint {
  let term = one / n;
  let sum = term;
  const square = n * n;
  for (let k = 3n; term !== 0n; k += 2n) {
    term /= square;
    sum += term / k;
  }
  return sum;
}

/** ln of a positive value in fixed point; the last ten digits or so are not exact. */
function lnFixed(value: Numeric, digits: number): bigint {
  const one = powerOfTen(digits);
  // Bring into [0.1, 1) by a power of ten, then near 1 by square roots.
  const places = digitCount(magnitude(value));
  const exponent = places - value.scale;
  let x = rescale(magnitude(value), places, digits);
  let doublings = 0;
  while (x * 1000n < one * 999n) {
    x = integerRoot(x * one);
    doublings++;
  }
  const y = ((x - one) * one) / (x + one);
  const square = (y * y) / one;
  let term = y;
  let sum = y;
  for (let k = 3n; term !== 0n; k += 2n) {
    term = (term * square) / one;
    sum += term / k;
  }
  return (sum * 2n << BigInt(doublings)) + BigInt(exponent) * ln10(digits);
}

/** e to a fixed-point power. */
function expFixed(power: bigint, digits: number): bigint {
  const one = powerOfTen(digits);
  const base = ln10(digits);
  const tens = divideRounded(power, base);
  let rest = power - tens * base;
  const halvings = 12n;
  rest >>= halvings;
  let term = one;
  let sum = one;
  for (let k = 1n; term !== 0n; k++) {
    term = (term * rest) / (one * k);
    sum += term;
  }
  for (let i = 0n; i < halvings; i++) sum = (sum * sum) / one;
  return tens >= 0n ? sum * powerOfTen(Number(tens)) : sum / powerOfTen(Number(-tens));
}

function requirePositive(value: Numeric): void {
  if (value.kind === 'nan') return;
  if (value.sign < 0) throw new DatabaseError('2201E', 'cannot take logarithm of a negative number');
  if (value.sign === 0) throw new DatabaseError('2201E', 'cannot take logarithm of zero');
}

/** Decimal weight of ln(value): estimate_ln_dweight of PostgreSQL. */
function lnWeight(value: Numeric): number {
  const one = Numeric.ONE;
  if (value.compare(Numeric.parse('0.9')) >= 0 && value.compare(Numeric.parse('1.1')) <= 0) {
    const difference = value.subtract(one);
    if (difference.sign === 0) return 0;
    const { weight, digit } = leadingDigit(difference);
    return weight * 4 + Math.trunc(log10(digit));
  }
  const { digits, exponent } = leadingDigits(value);
  return Math.trunc(log10(Math.abs(log(digits) + exponent * 2.302585092994046)));
}

/** The value as an integer of up to eight digits and a power of ten, of which PostgreSQL estimates: two digits to base 10000. */
function leadingDigits(value: Numeric): { readonly digits: number; readonly exponent: number } {
  const { weight, digit } = leadingDigit(value);
  const below = value.scale + weight * 4;
  if (below <= 0 || value.unscaled % powerOfTen(below) === 0n) return { digits: digit, exponent: weight * 4 };
  const both = below < 4 ? value.unscaled * powerOfTen(4 - below) : value.unscaled / powerOfTen(below - 4);
  return { digits: Number(both), exponent: weight * 4 - 4 };
}

/** ln(value) rounded to a scale. Requires: finite, positive. */
function lnAt(value: Numeric, scale: number): Numeric {
  const digits = scale + GUARD + 10;
  return Numeric.intermediate(rescale(lnFixed(value, digits), digits, scale), scale);
}

export function lnNumeric(value: Numeric): Numeric {
  requirePositive(value);
  if (!value.isFinite) return value;
  return lnAt(value, clamp(Math.max(MIN_SIGNIFICANT - lnWeight(value), value.scale)));
}

export function logNumeric(base: Numeric, value: Numeric): Numeric {
  if (base.isNaN || value.isNaN) return Numeric.NAN;
  if (value.kind === '-infinity') requirePositive(value);
  requirePositive(base);
  requirePositive(value);
  if (!base.isFinite || !value.isFinite) {
    if (base.isFinite) return Numeric.INFINITY;
    return value.isFinite ? Numeric.ZERO : Numeric.NAN;
  }
  const [baseWeight, valueWeight] = [lnWeight(base), lnWeight(value)];
  const scale = clamp(Math.max(MIN_SIGNIFICANT - (valueWeight - baseWeight), base.scale, value.scale));
  const working = scale + GUARD + Math.abs(baseWeight) + Math.abs(valueWeight);
  return lnAt(value, working).divideAt(lnAt(base, working), scale);
}

function overflow(): DatabaseError {
  return new DatabaseError('22003', 'value overflows numeric format');
}

/** As a double; what is beyond its range is infinite. */
const toDouble = (value: Numeric): number => Number(value.toString());

/** e to a power beyond this, in either direction, has more digits than numeric's functions give. */
const MAX_EXPONENT = 6000;
const LOG10_E = 0.434294481903252;

export function expNumeric(value: Numeric): Numeric {
  if (value.kind === '-infinity') return Numeric.ZERO;
  if (!value.isFinite) return value;
  const exponent = toDouble(value);
  if (exponent >= MAX_EXPONENT) throw overflow();
  const weight = Math.trunc(Math.max(exponent * LOG10_E, -MAX_SCALE * 2));
  const scale = clamp(Math.max(MIN_SIGNIFICANT - weight, value.scale));
  return exponent <= -MAX_EXPONENT ? Numeric.of(0n, scale) : expAt(value, scale, weight);
}

function expAt(value: Numeric, scale: number, weight: number): Numeric {
  const digits = scale + GUARD + Math.max(0, weight) + 11;
  return Numeric.of(rescale(expFixed(fixed(value, digits), digits), digits, scale), scale);
}

const isInteger = (n: Numeric): boolean => n.trunc(0).compare(n) === 0;
const isOdd = (n: Numeric): boolean => (n.trunc(0).unscaled & 1n) === 1n;

function powerSpecial(base: Numeric, exponent: Numeric): Numeric {
  if (base.isNaN) return exponent.isFinite && exponent.sign === 0 ? Numeric.ONE : Numeric.NAN;
  if (exponent.isNaN) return base.compare(Numeric.ONE) === 0 ? Numeric.ONE : Numeric.NAN;
  if (exponent.isFinite) return powerOfInfinity(base, exponent);
  if (base.compare(Numeric.ONE) === 0) return Numeric.ONE;
  if (base.sign === 0) {
    if (exponent.sign < 0) throw new DatabaseError('2201F', 'zero raised to a negative power is undefined');
    return Numeric.ZERO;
  }
  const size = base.abs().compare(Numeric.ONE);
  if (size === 0) return Numeric.ONE;
  return (size > 0) === (exponent.sign > 0) ? Numeric.INFINITY : Numeric.ZERO;
}

/** (±Infinity) ^ finite. */
function powerOfInfinity(base: Numeric, exponent: Numeric): Numeric {
  if (exponent.sign === 0) return Numeric.ONE;
  const negative = base.sign < 0;
  if (negative && !isInteger(exponent)) throw complexResult();
  if (exponent.sign < 0) return Numeric.ZERO;
  return negative && isOdd(exponent) ? Numeric.NEGATIVE_INFINITY : Numeric.INFINITY;
}

function complexResult(): DatabaseError {
  return new DatabaseError('2201F', 'a negative number raised to a non-integer power yields a complex result');
}

export function powerNumeric(base: Numeric, exponent: Numeric): Numeric {
  if (!base.isFinite || !exponent.isFinite) return powerSpecial(base, exponent);
  if (base.sign === 0 && exponent.sign < 0) {
    throw new DatabaseError('2201F', 'zero raised to a negative power is undefined');
  }
  const whole = isInteger(exponent);
  if (base.sign < 0 && !whole) throw complexResult();
  if (whole) {
    const power = toDouble(exponent);
    if (power >= -2147483648 && power <= 2147483647) {
      return powerInteger(base, power, clamp(Math.max(MIN_SIGNIFICANT, base.scale)));
    }
  }
  if (base.sign === 0) return Numeric.of(0n, MIN_SIGNIFICANT);
  const result = powerByLogarithm(base.abs(), exponent);
  return base.sign < 0 && isOdd(exponent) ? result.negate() : result;
}

/** Requires: base > 0. */
function powerByLogarithm(base: Numeric, exponent: Numeric): Numeric {
  // The logarithm to eight significant digits says how large the result is.
  const places = Math.max(8 - lnWeight(base), 0);
  const product = lnAt(base, places).unscaled * exponent.unscaled;
  const rough = toDouble(Numeric.intermediate(rescale(product, places + exponent.scale, places), places));
  if (rough >= MAX_EXPONENT) throw overflow();
  if (rough <= -MAX_EXPONENT) return Numeric.of(0n, MAX_SCALE);
  const weight = Math.trunc(rough * LOG10_E);
  const scale = clamp(Math.max(MIN_SIGNIFICANT - weight, base.scale, exponent.scale));
  // An error of the logarithm is multiplied by the exponent, and by the result.
  const working = scale + GUARD + Math.max(0, weight) + Math.max(0, Math.ceil(approximateLog10(exponent.abs())));
  const power = lnAt(base, working).unscaled * exponent.unscaled;
  return expAt(Numeric.intermediate(power, working + exponent.scale), scale, weight);
}

/** By squaring, exactly while that is small, else on as many digits as the result shows. */
function powerInteger(base: Numeric, power: number, scale: number): Numeric {
  if (power === 0) return Numeric.ONE.round(scale);
  if (base.sign === 0) return Numeric.of(0n, scale);
  const weight = power * approximateLog10(base.abs());
  if (weight > MAX_INTEGER_DIGITS) throw overflow();
  if (weight + 1 < -scale) return Numeric.of(0n, scale);
  const digits = scale + GUARD + Math.ceil(Math.abs(weight)) + 10;
  let result = Numeric.ONE;
  let square = base;
  for (let n = Math.abs(power); n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result = trimmedProduct(result, square, digits);
    if (n > 1) square = trimmedProduct(square, square, digits);
  }
  return power < 0 ? Numeric.ONE.divideAt(result, scale) : result.round(scale);
}

/** Without the digits after the point beyond what `digits` significant ones need. */
function trimmedProduct(a: Numeric, b: Numeric, digits: number): Numeric {
  const product = a.unscaled * b.unscaled;
  const scale = a.scale + b.scale;
  const excess = scale <= 0 ? 0 : Math.min(digitCount(product < 0n ? -product : product) - digits, scale);
  return excess <= 0 ? Numeric.intermediate(product, scale)
    : Numeric.intermediate(divideRounded(product, powerOfTen(excess)), scale - excess);
}
