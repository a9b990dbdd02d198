// How a `bytes` vector holds numerics, with readers and writers that touch no bigint for small values.
//
// Format: two bytes of header, then the magnitude of the unscaled value, little-endian, without leading zero bytes
// (none for zero). Byte 0 is the scale's low byte; byte 1 holds its upper six bits, 0x40 for a negative value, 0x80 for
// a special one, whose byte 0 then says which: 0 NaN, 1 Infinity, 2 -Infinity. One encoding a (value, scale) pair.
import { Numeric } from './numeric.ts';
import type { BytesVector } from './vector.ts';

const NEGATIVE = 0x40;
const SPECIAL = 0x80;

const NAN_BYTES = Uint8Array.of(0, SPECIAL);
const INFINITY_BYTES = Uint8Array.of(1, SPECIAL);
const NEGATIVE_INFINITY_BYTES = Uint8Array.of(2, SPECIAL);

/** Longest encoding writeSmallNumeric makes. */
export const SMALL_NUMERIC_BYTES = 9;

/** Of a byte. */
const HEXADECIMAL = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const words = new BigUint64Array(1);
const wordBytes = new Uint8Array(words.buffer);

export function encodeNumeric(value: Numeric): Uint8Array {
  switch (value.kind) {
    case 'nan': return NAN_BYTES;
    case 'infinity': return INFINITY_BYTES;
    case '-infinity': return NEGATIVE_INFINITY_BYTES;
    case 'finite': break;
  }
  const negative = value.unscaled < 0n;
  const magnitude = negative ? -value.unscaled : value.unscaled;
  const out = magnitude >> 64n === 0n ? encodeWord(magnitude) : encodeLong(magnitude);
  out[0] = value.scale & 0xff;
  out[1] = (value.scale >> 8) | (negative ? NEGATIVE : 0);
  return out;
}

function encodeWord(magnitude: bigint): Uint8Array {
  words[0] = magnitude;
  let length = 8;
  while (length > 0 && wordBytes[length - 1] === 0) length--;
  const out = new Uint8Array(length + 2);
  for (let i = 0; i < length; i++) out[i + 2] = wordBytes[i];
  return out;
}

function encodeLong(magnitude: bigint): Uint8Array {
  const hex = magnitude.toString(16);
  const length = (hex.length + 1) >> 1;
  const out = new Uint8Array(length + 2);
  let to = 2;
  let i = hex.length - 1;
  for (; i > 0; i -= 2) out[to++] = nibble(hex.charCodeAt(i)) | (nibble(hex.charCodeAt(i - 1)) << 4);
  if (i === 0) out[to] = nibble(hex.charCodeAt(0));
  return out;
}

function nibble(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}

export function decodeNumeric(bytes: Uint8Array, start: number, end: number): Numeric {
  const flags = bytes[start + 1];
  if ((flags & SPECIAL) !== 0) {
    return bytes[start] === 0 ? Numeric.NAN : bytes[start] === 1 ? Numeric.INFINITY : Numeric.NEGATIVE_INFINITY;
  }
  const scale = bytes[start] | ((flags & 0x3f) << 8);
  const magnitude = decodeMagnitude(bytes, start + 2, end);
  return Numeric.of((flags & NEGATIVE) !== 0 ? -magnitude : magnitude, scale);
}

function decodeMagnitude(bytes: Uint8Array, start: number, end: number): bigint {
  if (end - start <= 6) {
    let value = 0;
    for (let i = end - 1; i >= start; i--) value = value * 256 + bytes[i];
    return BigInt(value);
  }
  if (end - start <= 8) {
    wordBytes.fill(0);
    for (let i = start; i < end; i++) wordBytes[i - start] = bytes[i];
    return words[0];
  }
  let hex = '0x';
  for (let i = end - 1; i >= start; i--) hex += HEXADECIMAL[bytes[i]];
  return BigInt(hex);
}

/** Row `row` of a numeric vector. Requires: not NULL. */
export function numericAt(vector: BytesVector, row: number): Numeric {
  return decodeNumeric(vector.bytes, vector.offsets[row], vector.offsets[row + 1]);
}

/**
 * Hot: the unscaled value as a double when it is an integer of at most 48 bits (so that sums of 32 of them stay
 * exact), NaN when the value is larger or special: then use numericAt. Requires: not NULL.
 */
export function smallUnscaledAt(vector: BytesVector, row: number): number {
  const { bytes, offsets } = vector;
  const start = offsets[row];
  const end = offsets[row + 1];
  const flags = bytes[start + 1];
  if (end - start > 8 || (flags & SPECIAL) !== 0) return NaN;
  let value = 0;
  for (let i = end - 1; i > start + 1; i--) value = value * 256 + bytes[i];
  return (flags & NEGATIVE) !== 0 ? -value : value;
}

/** Scale of row `row`. Requires: not NULL, finite. */
export function numericScaleAt(vector: BytesVector, row: number): number {
  const start = vector.offsets[row];
  return vector.bytes[start] | ((vector.bytes[start + 1] & 0x3f) << 8);
}

/**
 * Hot: writes unscaled × 10^−scale at `at` and returns the end. Requires: a safe integer, and SMALL_NUMERIC_BYTES of
 * room.
 */
export function writeSmallNumeric(out: Uint8Array, at: number, unscaled: number, scale: number): number {
  let magnitude = unscaled < 0 ? -unscaled : unscaled;
  out[at] = scale & 0xff;
  out[at + 1] = (scale >> 8) | (unscaled < 0 ? NEGATIVE : 0);
  let to = at + 2;
  while (magnitude > 0xffffffff) {
    const rest = Math.floor(magnitude / 256);
    out[to++] = magnitude - rest * 256;
    magnitude = rest;
  }
  for (let word = magnitude >>> 0; word !== 0; word >>>= 8) out[to++] = word & 0xff;
  return to;
}
