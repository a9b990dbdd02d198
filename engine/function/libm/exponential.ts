// exp as glibc computes it: x = k/128·ln 2 + r, 2^(k/128) from a table, e^r by a polynomial.
//
// After Arm's optimized-routines: Copyright (c) 2018, Arm Limited, MIT License (see exponential-table.ts).
import { EXP_SCALES, EXP_TAILS } from './exponential-table.ts';
import { fma, powerOfTwo } from './fma.ts';

const STEPS = 128;
const STEPS_BY_LN2 = 184.6649652337873;
/** ln 2/128 in two parts; of so few bits is the first that multiples of it are exact. */
const LN2_HIGH = 0.005415212348111709;
const LN2_LOW = 1.2864023111638346e-14;
/** Adding and taking it away rounds to an integer. */
const ROUNDER = 6755399441055744;
const C2 = 0.49999999999996786;
const C3 = 0.16666666666665886;
const C4 = 0.0416666808410674;
const C5 = 0.008333335853059549;

const EPSILON = 2 ** -52;
const TINY = 2 ** -54;
/** Beyond it the power of two may leave the range of doubles, or of normal ones, before the result does. */
const LARGE = 512;

export function exp(x: number): number {
  const size = Math.abs(x);
  if (size < TINY) return 1 + x;
  if (size >= 1024) return x < 0 ? 0 : Infinity;
  return expWithTail(x, 0, 1, size >= LARGE);
}

/** sign·e^(x + tail) for a tail far below x. */
export function expOfSum(x: number, tail: number, sign: number): number {
  const size = Math.abs(x);
  if (size < TINY) return sign * (1 + x);
  if (size >= 1024) return sign * (x < 0 ? 0 : Infinity);
  return expWithTail(x, tail, sign, size >= LARGE);
}

function expWithTail(x: number, tail: number, sign: number, large: boolean): number {
  const k = nearestStep(x);
  // The product is exact, so that this is rounded once only.
  const r = tail + fma(-k, LN2_LOW, x - k * LN2_HIGH);
  const step = k & (STEPS - 1);
  const exponent = (k - step) / STEPS;
  const square = r * r;
  const first = fma(fma(r, C3, C2), square, EXP_TAILS[step] + r);
  const rest = fma(square * square, fma(r, C5, C4), first);
  const scale = sign * EXP_SCALES[step];
  if (!large) return fma(scale, rest, scale) * powerOfTwo(exponent);
  if (k >= 0) return fma(scale, rest, scale) * powerOfTwo(exponent - 1009) * 2 ** 1009;
  return expNearZero(scale * powerOfTwo(exponent + 1022), rest, sign);
}

/** x·128/ln 2 to the nearest integer, as if it were computed exactly before. */
function nearestStep(x: number): number {
  const z = STEPS_BY_LN2 * x;
  const slack = z * EPSILON;
  const shifted = (z - slack) + ROUNDER;
  return (shifted === (z + slack) + ROUNDER ? shifted : fma(STEPS_BY_LN2, x, ROUNDER)) - ROUNDER;
}

/** (scale + scale·rest)·2^-1022; a subnormal result is rounded to its few bits before it is scaled. */
function expNearZero(scale: number, rest: number, sign: number): number {
  const product = rest * scale;
  const y = scale + product;
  if (Math.abs(y) >= 1) return y * 2 ** -1022;
  const low = (scale - y) + product;
  const high = sign + y;
  const rounded = (((sign - high) + y + low) + high) - sign;
  return (rounded === 0 ? (sign < 0 ? -0 : 0) : rounded) * 2 ** -1022;
}
