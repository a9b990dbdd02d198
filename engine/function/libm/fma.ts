// fma(a, b, c): a·b + c rounded once, which glibc's functions are compiled to where the processor has it; JavaScript has not.

/** Splits a double into two halves of 26 bits (Veltkamp). */
const SPLIT = 134217729;
const EPSILON = 2 ** -52;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const [LOW, HIGH] = LITTLE ? [0, 1] : [1, 0];

/**
 * Requires: a·b is 0 or between 2^-960 and 2^1020, a and b are below 2^995 and c is below 2^1020, so that nothing on the
 * way overflows and the product's error (Dekker) is a double.
 */
export function fma(a: number, b: number, c: number): number {
  // Not a call of productError: power, which comes here ten times, took a fifth longer.
  const product = a * b;
  const aSplit = SPLIT * a;
  const bSplit = SPLIT * b;
  const aHigh = aSplit - (aSplit - a);
  const bHigh = bSplit - (bSplit - b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  const productError = ((aHigh * bHigh - product) + aHigh * bLow + aLow * bHigh) + aLow * bLow;
  const sum = product + c;
  const part = sum - product;
  const sumError = (product - (sum - part)) + (c - part);
  const error = sumError + productError;
  // Only where the rounding of `error` could matter for the rounding of the result it must be looked at more closely.
  const slack = error * EPSILON;
  const result = sum + (error - slack);
  return result === sum + (error + slack) ? result : sum + roundToOdd(sumError, productError);
}

/**
 * a + b, of the two doubles around it the one with an odd mantissa where it is none: rounding what is added to it once more
 * is then the same as rounding once (Boldo & Melquiond, Emulation of FMA and correctly rounded sums, 2008).
 */
function roundToOdd(a: number, b: number): number {
  const sum = a + b;
  const part = sum - a;
  const error = (a - (sum - part)) + (b - part);
  if (error === 0) return sum;
  float[0] = sum;
  if ((words[LOW] & 1) === 1) return sum;
  // The neighbour towards the error: a larger magnitude when the two have the same sign.
  if ((error > 0) === (sum > 0)) {
    words[LOW] |= 1;
  } else {
    if (words[LOW] === 0) words[HIGH]--;
    words[LOW]--;
  }
  return float[0];
}

/** The error of the rounded product of a and b, with fma's requirements. */
export function productError(a: number, b: number): number {
  const product = a * b;
  const aSplit = SPLIT * a;
  const bSplit = SPLIT * b;
  const aHigh = aSplit - (aSplit - a);
  const bHigh = bSplit - (bSplit - b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return ((aHigh * bHigh - product) + aHigh * bLow + aLow * bHigh) + aLow * bLow;
}

/** The upper 32 bits of a double: sign, exponent, the first 20 bits of the mantissa. */
export function highWord(x: number): number {
  float[0] = x;
  return words[HIGH] | 0;
}

/** x with other upper 32 bits. */
export function withHighWord(x: number, high: number): number {
  float[0] = x;
  words[HIGH] = high;
  return float[0];
}

/** 2^n for n from -1022 to 1023. */
export function powerOfTwo(n: number): number {
  words[LOW] = 0;
  words[HIGH] = (n + 1023) << 20;
  return float[0];
}
