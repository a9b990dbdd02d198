// Sums of two doubles, a high one and what it lacks, of 104 bits or so: what is computed in them is rounded correctly.
import { productError } from './fma.ts';

/** [high, low]: where a result goes. */
export type Pair = Float64Array;
export const pair = (): Pair => new Float64Array(2);

/** high + low with all of the first in high. Requires: low is not much larger than high. */
function put(high: number, low: number, out: Pair): void {
  const sum = high + low;
  out[0] = sum;
  out[1] = low - (sum - high);
}

export function add(ah: number, al: number, bh: number, bl: number, out: Pair): void {
  const sum = ah + bh;
  const part = sum - ah;
  put(sum, (ah - (sum - part)) + (bh - part) + (al + bl), out);
}

export function multiply(ah: number, al: number, bh: number, bl: number, out: Pair): void {
  put(ah * bh, productError(ah, bh) + (ah * bl + al * bh), out);
}

export function divide(ah: number, al: number, bh: number, bl: number, out: Pair): void {
  const quotient = ah / bh;
  const product = quotient * bh;
  put(quotient, ((ah - product) - productError(quotient, bh) + al - quotient * bl) / bh, out);
}

/** Requires: a > 0. */
export function squareRoot(ah: number, al: number, out: Pair): void {
  const root = Math.sqrt(ah);
  put(root, ((ah - root * root) - productError(root, root) + al) / (2 * root), out);
}

/**
 * The sum of c[i]·z^i for i from 0: the first coefficients are pairs, the rest, which come to less than 2^-45 of the sum,
 * doubles.
 */
export function series(pairs: Float64Array, rest: Float64Array, zh: number, zl: number, out: Pair): void {
  let high = 0;
  for (let i = rest.length - 1; i >= 0; i--) high = high * zh + rest[i];
  let low = 0;
  for (let i = pairs.length - 2; i >= 0; i -= 2) {
    const product = zh * high;
    const error = productError(zh, high) + (zh * low + zl * high);
    const constant = pairs[i];
    // The terms fall: the constant is the larger one.
    const sum = constant + product;
    const sumLow = (product - (sum - constant)) + (error + pairs[i + 1]);
    high = sum + sumLow;
    low = sumLow - (high - sum);
  }
  out[0] = high;
  out[1] = low;
}
