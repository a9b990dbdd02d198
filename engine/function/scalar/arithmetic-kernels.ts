// Column kernels of integer and float arithmetic. Each returns non-zero when some row may be out of range: the caller
// then looks for a row that is really there and fails (values under NULLs are arbitrary).

export function add32(a: Int32Array, b: Int32Array, out: Int32Array): number {
  let bad = 0;
  for (let i = 0; i < out.length; i++) {
    const x = a[i];
    const y = b[i];
    const sum = (x + y) | 0;
    out[i] = sum;
    bad |= (x ^ sum) & (y ^ sum);
  }
  return bad & 0x80000000;
}

export function subtract32(a: Int32Array, b: Int32Array, out: Int32Array): number {
  let bad = 0;
  for (let i = 0; i < out.length; i++) {
    const x = a[i];
    const y = b[i];
    const difference = (x - y) | 0;
    out[i] = difference;
    bad |= (x ^ y) & (x ^ difference);
  }
  return bad & 0x80000000;
}

export function multiply32(a: Int32Array, b: Int32Array, out: Int32Array): number {
  let bad = 0;
  for (let i = 0; i < out.length; i++) {
    const x = a[i];
    const y = b[i];
    const product = Math.imul(x, y);
    out[i] = product;
    // A double holds the product well enough to tell whether it left 32 bits.
    bad |= x * y === product ? 0 : 1;
  }
  return bad;
}

export function divide32(a: Int32Array, b: Int32Array, out: Int32Array): number {
  let bad = 0;
  for (let i = 0; i < out.length; i++) {
    const x = a[i];
    const y = b[i];
    out[i] = (x / y) | 0;
    bad |= y === 0 || (y === -1 && x === -2147483648) ? 1 : 0;
  }
  return bad;
}

export function modulo32(a: Int32Array, b: Int32Array, out: Int32Array): number {
  let bad = 0;
  for (let i = 0; i < out.length; i++) {
    const y = b[i];
    out[i] = (a[i] % y) | 0;
    bad |= y === 0 ? 1 : 0;
  }
  return bad;
}

/** Copies into int16; non-zero when a value does not fit. */
export function narrow16(from: Int32Array, out: Int16Array): number {
  let bad = 0;
  for (let i = 0; i < out.length; i++) {
    const x = from[i];
    out[i] = x;
    bad |= (x << 16 >> 16) ^ x;
  }
  return bad;
}

// int64 as words (low, high), so that no BigInt is made.

export function add64(a: Int32Array, b: Int32Array, out: Int32Array): number {
  let bad = 0;
  for (let w = 0; w < out.length; w += 2) {
    const low = (a[w] >>> 0) + (b[w] >>> 0);
    const x = a[w + 1];
    const y = b[w + 1];
    const high = (x + y + (low > 0xffffffff ? 1 : 0)) | 0;
    out[w] = low;
    out[w + 1] = high;
    bad |= (x ^ high) & (y ^ high);
  }
  return bad & 0x80000000;
}

export function subtract64(a: Int32Array, b: Int32Array, out: Int32Array): number {
  let bad = 0;
  for (let w = 0; w < out.length; w += 2) {
    const low = (a[w] >>> 0) - (b[w] >>> 0);
    const x = a[w + 1];
    const y = b[w + 1];
    const high = (x - y - (low < 0 ? 1 : 0)) | 0;
    out[w] = low;
    out[w + 1] = high;
    bad |= (x ^ y) & (x ^ high);
  }
  return bad & 0x80000000;
}

/** Requires: `out` owns its buffer. Products below 2^53 of values within int32 take the short way. */
export function multiply64(a: Int32Array, b: Int32Array, out: Int32Array): number {
  let bad = 0;
  for (let w = 0; w < out.length; w += 2) {
    const x = a[w];
    const y = b[w];
    const product = x * y;
    if (a[w + 1] === x >> 31 && b[w + 1] === y >> 31 && product < 9007199254740992 && product > -9007199254740992) {
      out[w] = Math.imul(x, y);
      out[w + 1] = Math.floor(product / 4294967296);
    } else {
      bad |= multiplyWide(a, b, out, w);
    }
  }
  return bad;
}

const wide = new BigInt64Array(1);
const wideWords = new Int32Array(wide.buffer);

export function bigFromWords(words: Int32Array, at: number): bigint {
  wideWords[0] = words[at];
  wideWords[1] = words[at + 1];
  return wide[0];
}

function storeBig(value: bigint, out: Int32Array, at: number): void {
  wide[0] = value;
  out[at] = wideWords[0];
  out[at + 1] = wideWords[1];
}

function multiplyWide(a: Int32Array, b: Int32Array, out: Int32Array, at: number): number {
  const product = bigFromWords(a, at) * bigFromWords(b, at);
  storeBig(product, out, at);
  return wide[0] === product ? 0 : 1;
}

/** Whether every value lies within int32. */
function isNarrow(words: Int32Array): boolean {
  let differs = 0;
  for (let w = 0; w < words.length; w += 2) differs |= (words[w] >> 31) ^ words[w + 1];
  return differs === 0;
}

export function divide64(a: Int32Array, b: Int32Array, out: Int32Array): number {
  let bad = 0;
  for (let w = 0; w < out.length; w += 2) {
    const x = a[w];
    const y = b[w];
    if (a[w + 1] === x >> 31 && b[w + 1] === y >> 31 && y !== 0 && y !== -1) {
      const quotient = (x / y) | 0;
      out[w] = quotient;
      out[w + 1] = quotient >> 31;
    } else {
      bad |= divideWide(a, b, out, w);
    }
  }
  return bad;
}

function divideWide(a: Int32Array, b: Int32Array, out: Int32Array, at: number): number {
  const divisor = bigFromWords(b, at);
  if (divisor === 0n) return 1;
  const quotient = bigFromWords(a, at) / divisor;
  storeBig(quotient, out, at);
  return wide[0] === quotient ? 0 : 1;
}

export function modulo64(a: Int32Array, b: Int32Array, out: Int32Array): number {
  return isNarrow(a) && isNarrow(b) ? moduloNarrow(a, b, out) : moduloWide(a, b, out);
}

function moduloNarrow(a: Int32Array, b: Int32Array, out: Int32Array): number {
  let bad = 0;
  for (let w = 0; w < out.length; w += 2) {
    const y = b[w];
    const rest = (a[w] % y) | 0;
    out[w] = rest;
    out[w + 1] = rest >> 31;
    bad |= y === 0 ? 1 : 0;
  }
  return bad;
}

function moduloWide(a: Int32Array, b: Int32Array, out: Int32Array): number {
  let bad = 0;
  for (let w = 0; w < out.length; w += 2) {
    const divisor = bigFromWords(b, w);
    if (divisor === 0n) bad = 1;
    else storeBig(bigFromWords(a, w) % divisor, out, w);
  }
  return bad;
}

// Floats: any result that is not finite, or a zero that may be underflow, is looked at again.

export function addFloat(a: Float64Array, b: Float64Array, out: Float64Array): number {
  let bad = 0;
  for (let i = 0; i < out.length; i++) {
    const sum = a[i] + b[i];
    out[i] = sum;
    bad |= sum - sum === 0 ? 0 : 1;
  }
  return bad;
}
export function subtractFloat(a: Float64Array, b: Float64Array, out: Float64Array): number {
  let bad = 0;
  for (let i = 0; i < out.length; i++) {
    const difference = a[i] - b[i];
    out[i] = difference;
    bad |= difference - difference === 0 ? 0 : 1;
  }
  return bad;
}
export function multiplyFloat(a: Float64Array, b: Float64Array, out: Float64Array): number {
  let bad = 0;
  for (let i = 0; i < out.length; i++) {
    const product = a[i] * b[i];
    out[i] = product;
    bad |= product - product === 0 && product !== 0 ? 0 : 1;
  }
  return bad;
}
export function divideFloat(a: Float64Array, b: Float64Array, out: Float64Array): number {
  let bad = 0;
  for (let i = 0; i < out.length; i++) {
    const quotient = a[i] / b[i];
    out[i] = quotient;
    bad |= quotient - quotient === 0 && quotient !== 0 ? 0 : 1;
  }
  return bad;
}
