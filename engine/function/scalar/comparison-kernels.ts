// Column kernels of equality and order, one monomorphic loop per array type. Each writes 0 or 1 a row.
import { comparePlainBytes } from '../../data/loose-key.ts';
import { numericAt, numericScaleAt, smallUnscaledAt } from '../../data/numeric-bytes.ts';
import type { BytesVector } from '../../data/vector.ts';
import { isValid } from '../../data/vector.ts';
import type { Validity } from '../../data/vector.ts';

export function equal8(a: Uint8Array, b: Uint8Array, out: Uint8Array): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i] === b[i] ? 1 : 0;
}
export function less8(a: Uint8Array, b: Uint8Array, out: Uint8Array): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i] < b[i] ? 1 : 0;
}
export function equal32(a: Int32Array, b: Int32Array, out: Uint8Array): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i] === b[i] ? 1 : 0;
}
export function less32(a: Int32Array, b: Int32Array, out: Uint8Array): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i] < b[i] ? 1 : 0;
}
/** int64 as words: low, high. */
export function equal64(a: Int32Array, b: Int32Array, out: Uint8Array): void {
  for (let i = 0, w = 0; i < out.length; i++, w += 2) {
    out[i] = ((a[w] ^ b[w]) | (a[w + 1] ^ b[w + 1])) === 0 ? 1 : 0;
  }
}
/** `flip`: see orderFlip(). */
export function less64(a: Int32Array, b: Int32Array, out: Uint8Array, flip: number): void {
  for (let i = 0, w = 0; i < out.length; i++, w += 2) {
    const high = a[w + 1] ^ flip;
    const other = b[w + 1] ^ flip;
    out[i] = high < other || (high === other && a[w] >>> 0 < b[w] >>> 0) ? 1 : 0;
  }
}

// Floats in PostgreSQL's total order: −0 = 0, NaN = NaN, NaN above everything.
export function equalFloat64(a: Float64Array, b: Float64Array, out: Uint8Array): void {
  for (let i = 0; i < out.length; i++) {
    const x = a[i];
    const y = b[i];
    out[i] = x === y || (x !== x && y !== y) ? 1 : 0;
  }
}
export function lessFloat64(a: Float64Array, b: Float64Array, out: Uint8Array): void {
  for (let i = 0; i < out.length; i++) {
    const x = a[i];
    const y = b[i];
    out[i] = x < y || (y !== y && x === x) ? 1 : 0;
  }
}

export function equal128(a: Uint8Array, b: Uint8Array, out: Uint8Array): void {
  for (let i = 0, at = 0; i < out.length; i++, at += 16) {
    let k = 0;
    while (k < 16 && a[at + k] === b[at + k]) k++;
    out[i] = k === 16 ? 1 : 0;
  }
}
export function less128(a: Uint8Array, b: Uint8Array, out: Uint8Array): void {
  for (let i = 0, at = 0; i < out.length; i++, at += 16) {
    let k = at;
    while (k < at + 15 && a[k] === b[k]) k++;
    out[i] = a[k] < b[k] ? 1 : 0;
  }
}

/** Text, bytea: bytes as they are. */
export function equalBytes(a: BytesVector, b: BytesVector, out: Uint8Array): void {
  const [x, y, ax, by] = [a.bytes, b.bytes, a.offsets, b.offsets];
  for (let i = 0; i < out.length; i++) {
    const start = ax[i];
    const length = ax[i + 1] - start;
    const other = by[i];
    let k = by[i + 1] - other === length ? 0 : -1;
    if (k === 0) while (k < length && x[start + k] === y[other + k]) k++;
    out[i] = k === length ? 1 : 0;
  }
}
export function lessBytes(a: BytesVector, b: BytesVector, out: Uint8Array): void {
  const [x, y, ax, by] = [a.bytes, b.bytes, a.offsets, b.offsets];
  for (let i = 0; i < out.length; i++) {
    const start = ax[i];
    const length = ax[i + 1] - start;
    const other = by[i];
    const otherLength = by[i + 1] - other;
    const shared = length < otherLength ? length : otherLength;
    let k = 0;
    while (k < shared && x[start + k] === y[other + k]) k++;
    out[i] = (k < shared ? x[start + k] < y[other + k] : length < otherLength) ? 1 : 0;
  }
}

/** Where the row ends without trailing blanks. */
function paddedEnd({ bytes, offsets }: BytesVector, row: number): number {
  const start = offsets[row];
  let end = offsets[row + 1];
  while (end > start && bytes[end - 1] === 32) end--;
  return end;
}

/** char(n): trailing blanks do not count. */
export function equalPadded(a: BytesVector, b: BytesVector, out: Uint8Array): void {
  const [x, y] = [a.bytes, b.bytes];
  for (let i = 0; i < out.length; i++) {
    const start = a.offsets[i];
    const other = b.offsets[i];
    const length = paddedEnd(a, i) - start;
    if (length !== paddedEnd(b, i) - other) continue;
    let k = 0;
    while (k < length && x[start + k] === y[other + k]) k++;
    if (k === length) out[i] = 1;
  }
}
export function lessPadded(a: BytesVector, b: BytesVector, out: Uint8Array): void {
  for (let i = 0; i < out.length; i++) {
    const x = a.bytes.subarray(a.offsets[i], paddedEnd(a, i));
    out[i] = comparePlainBytes(x, b.bytes.subarray(b.offsets[i], paddedEnd(b, i))) < 0 ? 1 : 0;
  }
}

/** 10^k, exact. */
const POWERS = Float64Array.from({ length: 16 }, (_, k) => Number(`1e${k}`));

function compareNumericRow(a: BytesVector, b: BytesVector, row: number): number {
  const x = smallUnscaledAt(a, row);
  const y = smallUnscaledAt(b, row);
  if (x === x && y === y) {
    const scales = numericScaleAt(a, row) - numericScaleAt(b, row);
    if (scales === 0) return x - y;
    // Different signs need no common scale.
    if (x <= 0 && y >= 0) return x === y ? 0 : -1;
    if (x >= 0 && y <= 0) return 1;
    if (scales > -POWERS.length && scales < POWERS.length) {
      const left = scales < 0 ? x * POWERS[-scales] : x;
      const right = scales > 0 ? y * POWERS[scales] : y;
      // Exact as integers: a product that is not is beyond all that are.
      if (Math.abs(left) <= Number.MAX_SAFE_INTEGER && Math.abs(right) <= Number.MAX_SAFE_INTEGER) return left - right;
    }
  }
  return numericAt(a, row).compare(numericAt(b, row));
}

export function equalNumeric(a: BytesVector, b: BytesVector, out: Uint8Array, validity: Validity): void {
  for (let i = 0; i < out.length; i++) {
    out[i] = isValid(validity, i) && compareNumericRow(a, b, i) === 0 ? 1 : 0;
  }
}
export function lessNumeric(a: BytesVector, b: BytesVector, out: Uint8Array, validity: Validity): void {
  for (let i = 0; i < out.length; i++) {
    out[i] = isValid(validity, i) && compareNumericRow(a, b, i) < 0 ? 1 : 0;
  }
}
