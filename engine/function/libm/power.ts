// pow as glibc computes it: ln x with 68 bits, times y, then exp of a sum of two doubles.
//
// After Arm's optimized-routines: Copyright (c) 2018, Arm Limited, MIT License (see exponential-table.ts).
import { expOfSum } from './exponential.ts';
import { POWER_INVERSES, POWER_TAILS, POWER_VALUES } from './exponential-table.ts';
import { fma, highWord, productError, withHighWord } from './fma.ts';

const LN2_HIGH = 0.6931471805598903;
const LN2_LOW = 5.497923018708371e-14;
const A1 = -0.6666666666666679;
const A2 = 0.5000000000000007;
const A3 = 0.7999999995323976;
const A4 = -0.6666666663487739;
const A5 = -1.142909628459501;
const A6 = 1.0000415263675542;

/** Upper word of the mantissa the intervals start from. */
const OFFSET = 0x3fe69555;
const SMALLEST_NORMAL = 2 ** -1022;

/** C's pow: ±1 to an infinite power and 1 to NaN are 1. */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (!(x > 0) || x === Infinity || !Number.isFinite(y)) return powSpecial(x, y);
  return powPositive(x, y, 1);
}

function powSpecial(x: number, y: number): number {
  // What is left of NaN, infinity and zero JavaScript answers as C does.
  if (!Number.isFinite(y)) return x === -1 && !Number.isNaN(y) ? 1 : x ** y;
  if (x === 0 || !Number.isFinite(x)) return x ** y;
  if (!Number.isInteger(y)) return NaN;
  return x === -1 && y % 2 === 0 ? 1 : powPositive(-x, y, y % 2 === 0 ? 1 : -1);
}

/** sign·x^y for x > 0, both finite. */
function powPositive(x: number, y: number, sign: number): number {
  const size = Math.abs(y);
  if (size < 2 ** -65) return x > 1 ? 1 + y : 1 - y;
  if (size >= 2 ** 63) {
    if (x === 1) return sign;
    return sign * (x > 1 === y > 0 ? Infinity : 0);
  }
  const shift = x < SMALLEST_NORMAL ? 52 : 0;
  const scaled = shift === 0 ? x : x * 2 ** 52;
  const high = highWord(scaled);
  const offset = (high - OFFSET) | 0;
  const interval = (offset >> 13) & 127;
  const exponent = offset >> 20;
  const z = withHighWord(scaled, high - (exponent << 20));
  const k = exponent - shift;

  // k·ln 2 + ln c + r - r²/2 and the errors of this sum.
  const r = fma(z, POWER_INVERSES[interval], -1);
  const t1 = k * LN2_HIGH + POWER_VALUES[interval];
  const t2 = t1 + r;
  const error1 = fma(k, LN2_LOW, POWER_TAILS[interval]);
  const error2 = (t1 - t2) + r;
  const half = -0.5 * r;
  const square = r * half;
  const error3 = productError(half, r);
  const sum = t2 + square;
  const error4 = (t2 - sum) + square;
  const polynomial = fma(square, fma(fma(r, A6, A5), square, fma(A4, r, A3)), fma(A2, r, A1));
  const low = fma(r * square, polynomial, ((error1 + error2) + error3) + error4);
  const ln = sum + low;
  const tail = (sum - ln) + low;

  return expOfSum(y * ln, fma(y, tail, productError(ln, y)), sign);
}
