// expm1 and log1p as glibc computes them on a processor with FMA: fdlibm's reductions and polynomials.
//
// The numbers are fdlibm's: Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro, a Sun
// Microsystems, Inc. business. Permission to use, copy, modify, and distribute this software is freely granted, provided
// that this notice is preserved.
import { fma, highWord, powerOfTwo, withHighWord } from './fma.ts';

/** ln 2 in two parts; of so few bits is the first that multiples of it are exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const BY_LN2 = 1.4426950408889634;

const Q1 = -0.03333333333333313;
const Q2 = 0.0015873015872548146;
const Q3 = -7.93650757867488e-5;
const Q4 = 4.008217827329362e-6;
const Q5 = -2.0109921818362437e-7;

const LARGEST = 709.782712893384;

/** e^x - 1. */
export function expm1(x: number): number {
  const high = highWord(x);
  const size = high & 0x7fffffff;
  if (size < 0x3c900000 || Number.isNaN(x)) return x;
  if (size >= 0x4043687a) {
    if (x > LARGEST) return Infinity;
    if (x < 0) return -1;
  }
  // 0.5 ln 2, 1.5 ln 2: up to the first there is nothing to reduce, up to the second once.
  if (size <= 0x3fd62e42) return expm1Reduced(x);
  const k = size <= 0x3ff0a2b1 ? Math.sign(x) : Math.trunc(BY_LN2 * x + (x < 0 ? -0.5 : 0.5));
  const upper = x - k * LN2_HIGH;
  const lower = k * LN2_LOW;
  const r = upper - lower;
  const correction = (upper - r) - lower;
  const square = r * (0.5 * r);
  const error = fma(expm1Rest(r, square) - correction, r, -correction) - square;
  return expm1Scaled(r, error, k);
}

function expm1Reduced(x: number): number {
  const square = x * (0.5 * x);
  return x - fma(expm1Rest(x, square), x, -square);
}

/** What the rational approximation says beyond r + r²/2, by r. */
function expm1Rest(r: number, square: number): number {
  const fourth = square * square;
  const first = fma(fourth, fma(Q3, square, Q2), fma(square, Q1, 1));
  const quotient = fma(fourth * fourth, fma(Q5, square, Q4), first);
  const t = fma(-quotient, 0.5 * r, 3);
  return (quotient - t) / fma(-r, t, 6) * square;
}

/** 2^k·(r - error + 1) - 1. */
function expm1Scaled(r: number, error: number, k: number): number {
  if (k === -1) return 0.5 * (r - error) - 0.5;
  if (k === 1) return r < -0.25 ? -2 * (error - (r + 0.5)) : 1 + 2 * (r - error);
  if (k <= -2 || k > 56) return (1 - (error - r)) * 2 * powerOfTwo(k - 1) - 1;
  const small = powerOfTwo(-k);
  const y = k < 20 ? (1 - small) - (error - r) : (r - (error + small)) + 1;
  return y * powerOfTwo(k);
}

const L1 = 0.6666666666666735;
const L2 = 0.3999999999940942;
const L3 = 0.2857142874366239;
const L4 = 0.22222198432149784;
const L5 = 0.1818357216161805;
const L6 = 0.15313837699209373;
const L7 = 0.14798198605116586;

/** ln(1 + x). */
export function log1p(x: number): number {
  const high = highWord(x);
  const size = high & 0x7fffffff;
  if (Number.isNaN(x) || x < -1) return NaN;
  if (x === -1) return -Infinity;
  if (x === Infinity || size < 0x3c900000) return x;
  if (size < 0x3e200000) return fma(-0.5, x * x, x);
  // From √½ - 1 to √2 - 1.
  if ((high > 0 && high < 0x3fda827a) || high <= (0xbfd2bec3 | 0)) return log1pSeries(x, 0.5 * x * x, 0, 0);
  // 1 + x and what is lost of it, in shares of it.
  const sum = size < 0x43400000 ? 1 + x : x;
  const sumHigh = highWord(sum);
  const exponent = (sumHigh >> 20) - 1023;
  const lost = size >= 0x43400000 ? 0 : (exponent > 0 ? 1 - (sum - x) : x - (sum - 1)) / sum;
  const mantissa = sumHigh & 0xfffff;
  // The mantissa from √½ to √2.
  const below = mantissa < 0x6a09e ? 0 : 1;
  const f = withHighWord(sum, mantissa | ((1023 - below) << 20)) - 1;
  const k = exponent + below;
  const square = 0.5 * f * f;
  return mantissa === 0 || (below === 1 && mantissa > 0xffffc)
    ? log1pNearPower(f, square, k, lost) : log1pSeries(f, square, k, lost);
}

/** Where f is below 2^-20. */
function log1pNearPower(f: number, square: number, k: number, lost: number): number {
  if (f === 0) return k === 0 ? 0 : k * LN2_HIGH + fma(k, LN2_LOW, lost);
  const rest = fma(-0.6666666666666666, f, 1) * square;
  return k === 0 ? f - rest : k * LN2_HIGH - ((rest - fma(k, LN2_LOW, lost)) - f);
}

function log1pSeries(f: number, square: number, k: number, lost: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const z2 = z * z;
  const z4 = z2 * z2;
  const first = fma(z, L1, z2 * fma(L3, z, L2));
  const rest = fma(z2 * z4, fma(L7, z, L6), fma(z4, fma(L5, z, L4), first));
  const correction = (rest + square) * s;
  if (k === 0) return f - (square - correction);
  return k * LN2_HIGH - ((square - (fma(k, LN2_LOW, lost) + correction)) - f);
}
