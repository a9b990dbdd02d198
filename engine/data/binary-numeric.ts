// numeric in PostgreSQL's binary form: int16 digit count, weight, sign, display scale, then base-10000 digits.
import { DatabaseError } from './error.ts';
import { Numeric, powerOfTen } from './numeric.ts';

const NEGATIVE = 0x4000;
const NAN = 0xc000;
const INFINITY = 0xd000;
const NEGATIVE_INFINITY = 0xf000;
const BASE = 10000n;

export function encodeBinaryNumeric(value: Numeric): Uint8Array {
  switch (value.kind) {
    case 'nan': return header(0, 0, NAN, 0);
    case 'infinity': return header(0, 0, INFINITY, 0);
    case '-infinity': return header(0, 0, NEGATIVE_INFINITY, 0);
    case 'finite': return encodeFinite(value.unscaled, value.scale);
  }
}

function encodeFinite(unscaled: bigint, scale: number): Uint8Array {
  // The point falls between base-10000 digits when the scale is a multiple of four.
  const padded = Math.ceil(scale / 4) * 4;
  let rest = (unscaled < 0n ? -unscaled : unscaled) * powerOfTen(padded - scale);
  const digits: number[] = [];
  while (rest > 0n) {
    digits.push(Number(rest % BASE));
    rest /= BASE;
  }
  const weight = digits.length === 0 ? 0 : digits.length - 1 - padded / 4;
  let zeros = 0;
  while (zeros < digits.length && digits[zeros] === 0) zeros++;
  const out = header(digits.length - zeros, weight, unscaled < 0n ? NEGATIVE : 0, scale);
  const view = new DataView(out.buffer);
  for (let i = zeros; i < digits.length; i++) view.setInt16(8 + (digits.length - 1 - i) * 2, digits[i]);
  return out;
}

function header(count: number, weight: number, sign: number, scale: number): Uint8Array {
  const out = new Uint8Array(8 + count * 2);
  const view = new DataView(out.buffer);
  view.setInt16(0, count);
  view.setInt16(2, weight);
  view.setUint16(4, sign);
  view.setInt16(6, scale);
  return out;
}

/** 22P03 for what numeric_recv refuses. */
export function decodeBinaryNumeric(bytes: Uint8Array): Numeric {
  if (bytes.length < 8) throw new DatabaseError('08P01', 'insufficient data left in message');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint16(0);
  const weight = view.getInt16(2);
  const sign = view.getUint16(4);
  const scale = view.getUint16(6);
  if (bytes.length < 8 + count * 2) throw new DatabaseError('08P01', 'insufficient data left in message');
  if (bytes.length > 8 + count * 2) throw new DatabaseError('22P03', 'incorrect binary data format');
  if (sign === NAN) return Numeric.NAN;
  if (sign === INFINITY) return Numeric.INFINITY;
  if (sign === NEGATIVE_INFINITY) return Numeric.NEGATIVE_INFINITY;
  if (sign !== 0 && sign !== NEGATIVE) throw new DatabaseError('22P03', 'invalid sign in external "numeric" value');
  if (scale > 0x3fff) throw new DatabaseError('22P03', 'invalid scale in external "numeric" value');
  let magnitude = 0n;
  for (let i = 0; i < count; i++) {
    const digit = view.getUint16(8 + i * 2);
    if (digit > 9999) throw new DatabaseError('22P03', 'invalid digit in external "numeric" value');
    magnitude = magnitude * BASE + BigInt(digit);
  }
  // The last digit's unit is 10000^(weight - count + 1).
  const exponent = (weight - count + 1) * 4 + scale;
  const unscaled = exponent >= 0 ? magnitude * powerOfTen(exponent) : magnitude / powerOfTen(-exponent);
  return Numeric.of(sign === NEGATIVE ? -unscaled : unscaled, scale);
}
