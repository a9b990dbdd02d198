// Text of the plain scalar types: boolean, integers, oid, bytea, character types, bit strings, enum, pg_lsn.
import { DatabaseError } from './error.ts';
import { mentionType } from './type-info.ts';
import { encodeUtf8, decodeUtf8 } from './utf8.ts';
import type { EnumType, ParametricType } from './types.ts';

function badSyntax(type: string, text: string): DatabaseError {
  return new DatabaseError('22P02', `invalid input syntax for type ${type}: "${text}"`);
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['t', 'tr', 'tru', 'true', 'y', 'ye', 'yes', 'on', '1'].map((w) => [w, true] as const),
  ...['f', 'fa', 'fal', 'fals', 'false', 'n', 'no', 'of', 'off', '0'].map((w) => [w, false] as const),
]);

export function parseBoolean(text: string): boolean {
  const value = BOOLEANS.get(text.replace(/^[ \t\n\r\v\f]+|[ \t\n\r\v\f]+$/g, '').toLowerCase());
  if (value === undefined) throw badSyntax('boolean', text);
  return value;
}

const INTEGER = /^[ \t\n\r\v\f]*([+-]?\d+)(?:[ \t\n\r\v\f]*$)?/;

/** The digits of an integer text; 22003 comes before 22P02 when the leading digits are too many already. */
function integerText(text: string, type: string, fits: (digits: string) => boolean): string {
  const found = INTEGER.exec(text);
  if (found === null) throw badSyntax(type, text);
  if (!fits(found[1])) throw new DatabaseError('22003', `value "${text}" is out of range for type ${type}`);
  if (found[0].length !== text.length) throw badSyntax(type, text);
  return found[1];
}

export function parseInt2(text: string): number {
  return Number(integerText(text, 'smallint', (d) => Number(d) >= -32768 && Number(d) <= 32767)) + 0;
}
export function parseInt4(text: string): number {
  return Number(integerText(text, 'integer', (d) => Number(d) >= -2147483648 && Number(d) <= 2147483647)) + 0;
}
export function parseInt8(text: string): bigint {
  const fits = (d: string): boolean => d.length < 19 || BigInt.asIntN(64, BigInt(unsigned(d))) === BigInt(unsigned(d));
  return BigInt(unsigned(integerText(text, 'bigint', fits)));
}
function unsigned(digits: string): string {
  return digits.startsWith('+') ? digits.slice(1) : digits;
}

/** 32 bits without sign, a negative number wraps. */
export function parseOid(text: string): number {
  const fits = (d: string): boolean => Number(d) >= -2147483648 && Number(d) <= 4294967295;
  return Number(integerText(text, 'oid', fits)) >>> 0;
}

/** xidin, cidin: what C's strtoul reads, without an error; decimal, 0x.. or octal. */
export function parseTransactionId(text: string): number {
  const found = /^[ \t\n\v\f\r]*([+-]?)(?:0x([0-9a-f]+)|(0[0-7]*)|(\d+))/i.exec(text);
  if (found === null) return 0;
  const value = found[2] !== undefined ? BigInt(`0x${found[2]}`)
    : found[3] !== undefined ? BigInt(`0o0${found[3]}`) : BigInt(found[4]);
  if (value >= 1n << 64n) return 0xffffffff;
  return Number(BigInt.asUintN(32, found[1] === '-' ? -value : value));
}

/** (block,offset): where PostgreSQL keeps a row. */
export function parseTid(text: string): string {
  const found = /^\(\s*(\d+),\s*(\d+)\)/.exec(text);
  if (found === null || Number(found[1]) > 0xffffffff || Number(found[2]) > 0xffff) {
    throw new DatabaseError('22P02', `invalid input syntax for type tid: "${text}"`);
  }
  return `(${Number(found[1])},${Number(found[2])})`;
}

export function parseBytea(text: string): Uint8Array {
  return text.startsWith('\\x') ? parseHexBytea(text) : parseEscapedBytea(text);
}

function parseHexBytea(text: string): Uint8Array {
  const out = new Uint8Array((text.length - 2) >> 1);
  let length = 0;
  for (let i = 2; i < text.length; i += 2) {
    while (/[ \n\t\r]/.test(text.charAt(i))) i++;
    if (i >= text.length) break;
    const high = hexValue(text, i);
    if (i + 1 >= text.length) throw new DatabaseError('22023', 'invalid hexadecimal data: odd number of digits');
    out[length++] = high * 16 + hexValue(text, i + 1);
  }
  return out.subarray(0, length);
}

function hexValue(text: string, at: number): number {
  const char = text.charAt(at);
  const value = /[0-9a-f]/i.test(char) ? Number.parseInt(char, 16) : -1;
  if (value < 0) {
    const shown = String.fromCodePoint(text.codePointAt(at) ?? 0);
    throw new DatabaseError('22023', `invalid hexadecimal digit: "${shown}"`);
  }
  return value;
}

function parseEscapedBytea(text: string): Uint8Array {
  if (!text.includes('\\')) return encodeUtf8(text);
  const from = encodeUtf8(text);
  const out = new Uint8Array(from.length);
  let length = 0;
  for (let i = 0; i < from.length; i++) {
    if (from[i] !== 92) out[length++] = from[i];
    else if (from[i + 1] === 92) {
      out[length++] = 92;
      i++;
    } else {
      const octal = /^[0-3][0-7]{2}$/.exec(decodeUtf8(from, i + 1, Math.min(i + 4, from.length)));
      if (octal === null) throw new DatabaseError('22P02', 'invalid input syntax for type bytea');
      out[length++] = Number.parseInt(octal[0], 8);
      i += 3;
    }
  }
  return out.subarray(0, length);
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => (i | 0x100).toString(16).slice(1));

export function formatBytea(bytes: Uint8Array, output: 'hex' | 'escape'): string {
  let text = output === 'hex' ? '\\x' : '';
  for (const byte of bytes) {
    if (output === 'hex') text += HEX[byte];
    else if (byte === 92) text += '\\\\';
    else if (byte < 32 || byte > 126) text += `\\${byte.toString(8).padStart(3, '0')}`;
    else text += String.fromCharCode(byte);
  }
  return text;
}

/** Number of characters (code points). */
export function characterCount(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0xd800 && code <= 0xdbff) count--;
  }
  return count;
}

/** The first `count` characters. */
export function firstCharacters(text: string, count: number): string {
  if (text.length <= count) return text;
  let end = 0;
  for (let n = 0; n < count && end < text.length; n++) end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  return text.slice(0, end);
}

/**
 * varchar(n) and bpchar(n): blanks beyond the length go silently, anything else is 22001, or goes too when `explicit`;
 * bpchar is padded. A typmod of −1 changes nothing.
 */
export function characterFits(text: string, type: ParametricType, explicit: boolean): string {
  if (type.typmod < 4) return text;
  const limit = type.typmod - 4;
  const count = characterCount(text);
  if (count <= limit) return type.kind === 'bpchar' ? text + ' '.repeat(limit - count) : text;
  const kept = firstCharacters(text, limit);
  if (!explicit && /[^ ]/.test(text.slice(kept.length))) {
    const name = type.kind === 'bpchar' ? 'character' : 'character varying';
    throw new DatabaseError('22001', `value too long for type ${name}(${limit})`);
  }
  return kept;
}

/** What a name may have. */
export const NAME_BYTES = 63;

/** name: at most so many bytes of whole characters. */
export function nameFits(text: string, most = NAME_BYTES): string {
  if (text.length * 3 <= most) return text;
  const bytes = encodeUtf8(text);
  if (bytes.length <= most) return text;
  let end = most;
  while ((bytes[end] & 0xc0) === 0x80) end--;
  return decodeUtf8(bytes, 0, end);
}

/** bit(n) must have the length, varbit(n) may be shorter; `explicit` casts cut and pad. */
export function bitFits(text: string, type: ParametricType, explicit: boolean): string {
  const { kind, typmod } = type;
  if (typmod < 1 || text.length === typmod || (kind === 'varbit' && text.length < typmod)) return text;
  if (explicit) return kind === 'bit' ? text.slice(0, typmod).padEnd(typmod, '0') : text.slice(0, typmod);
  if (kind === 'varbit') throw new DatabaseError('22001', `bit string too long for type bit varying(${typmod})`);
  throw new DatabaseError('22026', `bit string length ${text.length} does not match type bit(${typmod})`);
}

export function parseBits(text: string): string {
  const hex = /^x/i.test(text);
  const digits = /^[bx]/i.test(text) ? text.slice(1) : text;
  for (const char of digits) {
    if (hex ? !/[0-9a-f]/i.test(char) : !/[01]/.test(char)) {
      throw new DatabaseError('22P02', `"${char}" is not a valid ${hex ? 'hexadecimal' : 'binary'} digit`);
    }
  }
  return hex ? [...digits].map((d) => Number.parseInt(d, 16).toString(2).padStart(4, '0')).join('') : digits;
}

export function parseEnum(text: string, type: EnumType): string {
  if (!type.labels.includes(text)) {
    throw new DatabaseError('22P02', `invalid input value for enum ${mentionType(type)}: "${text}"`);
  }
  return text;
}

/** The number of 64 bits without sign that a datum of pg_lsn has the bits of. */
export const unsignedOf = (datum: bigint): bigint => BigInt.asUintN(64, datum);
/** Requires: 0 ≤ value < 2^64. */
export const unsignedDatum = (value: bigint): bigint => BigInt.asIntN(64, value);

export function parseLsn(text: string): bigint {
  const found = /^([0-9a-f]{1,8})\/([0-9a-f]{1,8})$/i.exec(text);
  if (found === null) throw badSyntax('pg_lsn', text);
  return unsignedDatum((BigInt(`0x${found[1]}`) << 32n) | BigInt(`0x${found[2]}`));
}

export function formatLsn(datum: bigint): string {
  const bits = unsignedOf(datum);
  return `${(bits >> 32n).toString(16).toUpperCase()}/${(bits & 0xffffffffn).toString(16).toUpperCase()}`;
}

/** "char": a byte, as the character of that number; none is the byte 0. A backslash and three octal digits say one, too. */
export function parseChar(text: string): string {
  const byte = /^\\[0-3][0-7]{2}$/.test(text) ? Number.parseInt(text.slice(1), 8) : encodeUtf8(text)[0] ?? 0;
  return byte === 0 ? '' : String.fromCharCode(byte);
}

export function formatChar(stored: string): string {
  const byte = stored.charCodeAt(0);
  return byte >= 0x80 ? `\\${byte.toString(8)}` : stored;
}
