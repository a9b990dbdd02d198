// Hyperbolic functions and their inverses as glibc has them from fdlibm, over its exp, log, expm1 and log1p.
//
// The intervals and formulas are fdlibm's: Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at
// SunPro, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute this software is freely
// granted, provided that this notice is preserved.
import { expm1, log1p } from './exp-and-log-near-zero.ts';
import { exp } from './exponential.ts';
import { log } from './logarithm.ts';

const { LN2 } = Math;
/** Beyond it e^-x does not show beside e^x. */
const ONE_SIDED = 22;
/** Where only the upper half of a double is compared, what begins like the limit belongs below. */
const BEYOND_2_28 = 2 ** 28 + 2 ** 8;
const BEYOND_2 = 2 + 2 ** -19;
const EXP_LIMIT = 709.7822265625;
const SINH_LIMIT = 710.4758600739439;

const withSign = (size: number, sign: number): number => (sign < 0 || Object.is(sign, -0) ? -size : size);

/** e^x/2 for large x. */
function halfExp(x: number): number {
  if (x < EXP_LIMIT) return 0.5 * exp(x);
  if (x > SINH_LIMIT) return Infinity;
  const root = exp(0.5 * x);
  return 0.5 * root * root;
}

export function sinh(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x) || size < 2 ** -28) return x;
  if (size >= ONE_SIDED) return withSign(halfExp(size), x);
  const half = x < 0 ? -0.5 : 0.5;
  const t = expm1(size);
  return half * (size < 1 ? (t + t) - t * t / (t + 1) : t + t / (t + 1));
}

export function cosh(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (size >= ONE_SIDED) return halfExp(size);
  // Up to 0.5 ln 2, in the upper half of a double.
  if (size < 0.3465735912322998) {
    if (size < 2 ** -55) return 1;
    const t = expm1(size);
    return 1 + t * t / ((1 + t) + (1 + t));
  }
  const t = exp(size);
  return 0.5 * t + 0.5 / t;
}

export function tanh(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x) || x === 0) return x;
  if (size >= ONE_SIDED) return Math.sign(x);
  if (size < 2 ** -55) return x * (1 + x);
  if (size >= 1) return withSign(1 - 2 / (expm1(2 * size) + 2), x);
  const t = expm1(-2 * size);
  return withSign(-t / (t + 2), x);
}

export function asinh(x: number): number {
  const size = Math.abs(x);
  if (!Number.isFinite(x) || size < 2 ** -28) return x;
  const square = x * x;
  if (size >= BEYOND_2_28) return withSign(log(size) + LN2, x);
  if (size >= BEYOND_2) return withSign(log(2 * size + 1 / (Math.sqrt(square + 1) + size)), x);
  return withSign(log1p(square / (Math.sqrt(square + 1) + 1) + size), x);
}

export function acosh(x: number): number {
  if (Number.isNaN(x) || x < 1) return NaN;
  if (x >= 2 ** 28) return x === Infinity ? x : log(x) + LN2;
  if (x > 2) return log((x + x) - 1 / (Math.sqrt(x * x - 1) + x));
  const t = x - 1;
  return t === 0 ? 0 : log1p(t + Math.sqrt((t + t) + t * t));
}

export function atanh(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x) || size < 2 ** -28) return x;
  if (size > 1) return NaN;
  if (size === 1) return x * Infinity;
  const t = size + size;
  const argument = size < 0.5 ? size * t / (1 - size) + t : t / (1 - size);
  return withSign(0.5 * log1p(argument), x);
}
