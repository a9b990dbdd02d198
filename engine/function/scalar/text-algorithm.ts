// String algorithms over code points, in the "C" locale: case and character classes are ASCII's.
import { DatabaseError } from '../../data/error.ts';
import { MAX_VALUE, valueTooLarge } from '../../data/value-size.ts';
import { checkedInteger } from './arithmetic.ts';

export function asciiLower(s: string): string {
  return s.replace(/[A-Z]+/g, (m) => m.toLowerCase());
}
export function asciiUpper(s: string): string {
  return s.replace(/[a-z]+/g, (m) => m.toUpperCase());
}
export function initcap(s: string): string {
  return s.replace(/[A-Za-z0-9]+/g, (m) => asciiUpper(m[0]) + asciiLower(m.slice(1)));
}

/** Number of code points. */
export function lengthOf(s: string): number {
  let n = s.length;
  for (let i = 0; i < s.length; i++) {
    const code = s.charCodeAt(i);
    if (code >= 0xdc00 && code <= 0xdfff) n--;
  }
  return n;
}

const hasPairs = (s: string): boolean => /[\ud800-\udfff]/.test(s);

/** Code points from (inclusive) to (exclusive), as String.slice. */
export function slicePoints(s: string, from: number, to?: number): string {
  return hasPairs(s) ? [...s].slice(from, to).join('') : s.slice(from, to);
}

/** substring(s, from [, count]): positions from 1, those before the string count too. */
export function substring(s: string, from: number, count?: number): string {
  if (count === undefined) return slicePoints(s, Math.max(0, from - 1));
  if (count < 0) throw new DatabaseError('22011', 'negative substring length not allowed');
  const start = Math.max(from, 1);
  const end = Math.min(from + count, 2147483647);
  return end <= start ? '' : slicePoints(s, start - 1, end - 1);
}

/** 1-based position in code points, 0 when absent. */
export function position(s: string, part: string): number {
  const at = s.indexOf(part);
  return at < 0 ? 0 : lengthOf(s.slice(0, at)) + 1;
}

export function overlay(s: string, replacement: string, from: number, count: number): string {
  if (from <= 0) throw new DatabaseError('22011', 'negative substring length not allowed');
  checkedInteger(from + count, 'int4');
  return substring(s, 1, from - 1) + replacement + substring(s, from + count);
}

type Side = 'both' | 'start' | 'end';

export function trimPoints(s: string, characters: string, side: Side): string {
  const set = new Set(characters);
  const all = hasPairs(s) || hasPairs(characters) ? [...s] : s.split('');
  let from = 0;
  let to = all.length;
  if (side !== 'end') while (from < to && set.has(all[from])) from++;
  if (side !== 'start') while (to > from && set.has(all[to - 1])) to--;
  return all.slice(from, to).join('');
}

export function trimBytes(bytes: Uint8Array, set: Uint8Array, side: Side): Uint8Array {
  let from = 0;
  let to = bytes.length;
  if (side !== 'end') while (from < to && set.includes(bytes[from])) from++;
  if (side !== 'start') while (to > from && set.includes(bytes[to - 1])) to--;
  return bytes.slice(from, to);
}

export function pad(s: string, length: number, fill: string, side: 'start' | 'end'): string {
  if (length > MAX_VALUE) throw valueTooLarge();
  const size = lengthOf(s);
  if (length <= size) return slicePoints(s, 0, Math.max(0, length));
  if (fill === '') return s;
  const pieces = [...fill];
  const missing = length - size;
  const filling = fill.repeat(Math.floor(missing / pieces.length)) + pieces.slice(0, missing % pieces.length).join('');
  return side === 'start' ? filling + s : s + filling;
}

export function repeat(s: string, count: number): string {
  if (count <= 0 || s === '') return '';
  if (s.length * count > MAX_VALUE) throw valueTooLarge();
  return s.repeat(count);
}

export function leftPart(s: string, n: number): string {
  return n >= 0 ? slicePoints(s, 0, n) : slicePoints(s, 0, Math.max(0, lengthOf(s) + n));
}
export function rightPart(s: string, n: number): string {
  const length = lengthOf(s);
  // There is no -n of the least integer: it stays negative, and nothing goes.
  return slicePoints(s, n >= 0 ? Math.max(0, length - n) : n === -2147483648 ? 0 : -n);
}

export function splitPart(s: string, separator: string, field: number): string {
  if (field === 0) throw new DatabaseError('22023', 'field position must not be zero');
  if (s === '') return '';
  if (separator === '') return field === 1 || field === -1 ? s : '';
  const parts = s.split(separator);
  return parts[field > 0 ? field - 1 : parts.length + field] ?? '';
}

export function translate(s: string, from: string, to: string): string {
  const targets = [...to];
  const map = new Map<string, string>();
  [...from].forEach((c, i) => {
    if (!map.has(c)) map.set(c, targets[i] ?? '');
  });
  return [...s].map((c) => map.get(c) ?? c).join('');
}

export function character(code: number): string {
  if (code < 0) throw new DatabaseError('22023', 'character number must be positive');
  if (code === 0) throw new DatabaseError('54000', 'null character not permitted');
  if (code > 0x10ffff) throw new DatabaseError('54000', 'requested character too large for encoding: ' + String(code));
  if (code >= 0xd800 && code <= 0xdfff) {
    throw new DatabaseError('54000', `requested character not valid for encoding: ${code}`);
  }
  return String.fromCodePoint(code);
}

export function quoteLiteral(s: string): string {
  const quoted = `'${s.replaceAll('\'', '\'\'').replaceAll('\\', '\\\\')}'`;
  return s.includes('\\') ? `E${quoted}` : quoted;
}
