// ln and log10 as glibc computes them: x = 2^k·z, ln c of a c near z from a table, ln(z/c) by a polynomial.
//
// ln is that of Arm's optimized-routines: Copyright (c) 2018, Arm Limited, MIT License (see exponential-table.ts). log10 is
// fdlibm's: Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro, a Sun Microsystems, Inc.
// business. Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is
// preserved.
import { LN_INVERSES, LN_VALUES } from './exponential-table.ts';
import { fma, highWord, withHighWord } from './fma.ts';

/** ln 2 in two parts; of so few bits is the first that multiples of it are exact, and sums with LN_VALUES. */
const LN2_HIGH = 0.6931471805598903;
const LN2_LOW = 5.497923018708371e-14;
const A0 = -0.5000000000000001;
const A1 = 0.33333333331825593;
const A2 = -0.2499999999622955;
const A3 = 0.20000304511814496;
const A4 = -0.16667054827627667;

const B1 = 0.3333333333333352;
const B2 = -0.24999999999998432;
const B3 = 0.19999999999320328;
const B4 = -0.16666666669929706;
const B5 = 0.14285715076560868;
const B6 = -0.12499997863982555;
const B7 = 0.11110712032936046;
const B8 = -0.10000486757818193;
const B9 = 0.09181994006195467;
const B10 = -0.08328363062289341;

/** Upper word of the mantissa the intervals start from. */
const OFFSET = 0x3fe60000;
const NEAR_ONE_FROM = 1 - 2 ** -4;
const NEAR_ONE_TO = 1 + 265 * 2 ** -12;
const SMALLEST_NORMAL = 2 ** -1022;

export function log(x: number): number {
  if (x >= NEAR_ONE_FROM && x < NEAR_ONE_TO) return x === 1 ? 0 : logNearOne(x - 1);
  if (!(x >= SMALLEST_NORMAL && x < Infinity)) {
    if (x === Infinity) return x;
    if (x === 0) return -Infinity;
    if (!(x > 0)) return NaN;
    return logScaled(x * 2 ** 52, 52);
  }
  return logScaled(x, 0);
}

/** ln(x·2^-shift). */
function logScaled(x: number, shift: number): number {
  const high = highWord(x);
  const offset = (high - OFFSET) | 0;
  const interval = (offset >> 13) & 127;
  const exponent = offset >> 20;
  const z = withHighWord(x, high - (exponent << 20));
  const k = exponent - shift;
  const r = fma(z, LN_INVERSES[interval], -1);
  const w = k * LN2_HIGH + LN_VALUES[interval];
  const hi = w + r;
  const square = r * r;
  const lo = fma(square, A0, fma(k, LN2_LOW, (w - hi) + r));
  const polynomial = fma(fma(r, A4, A3), square, fma(A2, r, A1));
  return fma(r * square, polynomial, lo) + hi;
}

/** ln(1 + r). */
function logNearOne(r: number): number {
  const square = r * r;
  const cube = r * square;
  const p7 = fma(cube, B10, fma(square, B9, fma(B8, r, B7)));
  const p4 = fma(p7, cube, fma(square, B6, fma(B5, r, B4)));
  const p1 = fma(p4, cube, fma(square, B3, fma(B2, r, B1)));
  // r - r²/2 with more bits: r in two halves, squared exactly.
  const shifted = r * 2 ** 27;
  const upper = (r + shifted) - shifted;
  const half = upper * upper * -0.5;
  const hi = r + half;
  const lo = fma(-0.5 * (r - upper), r + upper, (r - hi) + half);
  return hi + fma(p1, cube, lo);
}

const LOG10_2_HIGH = 0.30102999566361177;
const LOG10_2_LOW = 3.694239077158931e-13;
const BY_LN10 = 0.4342944819032518;

export function log10(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x === Infinity ? x : NaN;
  const shift = x < SMALLEST_NORMAL ? 54 : 0;
  const scaled = shift === 0 ? x : x * 2 ** 54;
  const high = highWord(scaled);
  const exponent = (high >> 20) - 1023 - shift;
  // The mantissa is taken from 1 to 2, or from ½ to 1 below 1: so is the sum one of numbers of the same sign.
  const below = exponent < 0 ? 1 : 0;
  const mantissa = withHighWord(scaled, (high & 0xfffff) | ((1023 - below) << 20));
  const k = exponent + below;
  return (k * LOG10_2_LOW + BY_LN10 * log(mantissa)) + k * LOG10_2_HIGH;
}
