// Values that may be equal without being the same bytes (numeric 1.0 and 1.00): their hash, equality and order.
import { decodeDatum } from './composite.ts';
import { compareDatums, hashDatum } from './datum-order.ts';
import { compareIntervals, readInterval } from './interval.ts';
import { decodeNumeric } from './numeric-bytes.ts';
import { anyRangeFamily } from './range-type.ts';
import { NUMERIC } from './types.ts';
import type { LogicalType } from './types.ts';
import type { Numeric } from './numeric.ts';

/** Whether equality of this type is more than equality of bytes (floats aside, whose kernels see to −0 and NaN). */
export function isLoose(type: LogicalType): boolean {
  switch (type.kind) {
    case 'numeric': case 'bpchar': case 'interval': case 'jsonb': return true;
    case 'domain': return isLoose(type.base);
    case 'array': return isLooseElement(type.element);
    case 'record': return type.fields.some((f) => isLooseElement(f.type));
    default: {
      const family = anyRangeFamily(type);
      return family !== undefined && isLooseElement(family.bound);
    }
  }
}

function isLooseElement(type: LogicalType): boolean {
  return type.kind === 'float4' || type.kind === 'float8' || isLoose(type);
}

/** Equal for equal values of a loose type. */
export function hashLoose(type: LogicalType, bytes: Uint8Array, start: number, end: number): number {
  switch (type.kind) {
    case 'numeric': return hashNumericBytes(bytes, start, end);
    case 'bpchar': return hashBlankPadded(bytes, start, end);
    case 'domain': return hashLoose(type.base, bytes, start, end);
    case 'interval': return hashDatum(type, readInterval(bytes, start));
    default: return hashDatum(type, decodeDatum(type, bytes, start, end));
  }
}

const POSITIVE = 0x1234567;

/** Small decimals without a bigint: the value without trailing zeros, then its scale. */
function hashNumericBytes(bytes: Uint8Array, start: number, end: number): number {
  const flags = bytes[start + 1];
  if (end - start > 8 || (flags & 0x80) !== 0) return hashLargeNumeric(decodeNumeric(bytes, start, end).canonical());
  let value = 0;
  for (let i = end - 1; i > start + 1; i--) value = value * 256 + bytes[i];
  return hashDecimal(value, bytes[start] | ((flags & 0x3f) << 8), (flags & 0x40) !== 0);
}

function hashLargeNumeric(value: Numeric): number {
  const magnitude = value.unscaled < 0n ? -value.unscaled : value.unscaled;
  if (!value.isFinite || magnitude >= 1n << 48n) return hashDatum(NUMERIC, value);
  return hashDecimal(Number(magnitude), value.scale, value.unscaled < 0n);
}

/** Requires: 0 ≤ magnitude < 2^48. */
export function hashDecimal(magnitude: number, scale: number, negative: boolean): number {
  let value = magnitude;
  let digits = scale;
  if (value === 0) return POSITIVE;
  while (digits > 0 && value % 10 === 0) {
    value /= 10;
    digits--;
  }
  const high = Math.floor(value / 0x100000000);
  let h = Math.imul((value | 0) ^ POSITIVE, 0x9e3779b1 | 0);
  h = Math.imul(h ^ (h >>> 15) ^ high ^ (negative ? 0x55555555 : 0), 0x85ebca6b | 0);
  return Math.imul(h ^ (h >>> 13) ^ digits, 0x9e3779b1 | 0);
}

function hashBlankPadded(bytes: Uint8Array, start: number, end: number): number {
  let h = 17;
  for (let i = start; i < trimmedEnd(bytes, start, end); i++) h = Math.imul(h ^ bytes[i], 0x01000193) ^ (h >>> 17);
  return h;
}

export function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let to = end;
  while (to > start && bytes[to - 1] === 32) to--;
  return to;
}

/** Requires: values of a loose type. */
export function equalLoose(type: LogicalType, a: Uint8Array, b: Uint8Array): boolean {
  return compareBytesAs(type, a, b) === 0;
}

/** PostgreSQL's btree order of two encoded values of a `bytes` or `fixed16` type: negative, 0 or positive. */
export function compareBytesAs(type: LogicalType, a: Uint8Array, b: Uint8Array): number {
  switch (type.kind) {
    case 'domain': return compareBytesAs(type.base, a, b);
    case 'numeric': return compareDatums(type, decodeNumeric(a, 0, a.length), decodeNumeric(b, 0, b.length));
    case 'interval': return compareIntervals(readInterval(a, 0), readInterval(b, 0));
    case 'bpchar':
      return comparePlainBytes(a.subarray(0, trimmedEnd(a, 0, a.length)), b.subarray(0, trimmedEnd(b, 0, b.length)));
    case 'array': case 'record': case 'jsonb': case 'enum': case 'timetz':
      return compareDatums(type, decodeDatum(type, a, 0, a.length), decodeDatum(type, b, 0, b.length));
    default:
      if (anyRangeFamily(type) === undefined) return comparePlainBytes(a, b);
      return compareDatums(type, decodeDatum(type, a, 0, a.length), decodeDatum(type, b, 0, b.length));
  }
}

export function comparePlainBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = a.length < b.length ? a.length : b.length;
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
