// macaddr and macaddr8: six or eight bytes, in order as they are, and their text.
import { DatabaseError } from './error.ts';
import { encodeUtf8 } from './utf8.ts';

/** How macaddr is written: digits a group at most, and what stands between the groups. */
const FORMS: readonly (readonly [number, readonly string[]])[] = [
  [Infinity, [':', ':', ':', ':', ':']], [Infinity, ['-', '-', '-', '-', '-']],
  [2, ['', '', ':', '', '']], [2, ['', '', '-', '', '']],
  [2, ['', '.', '', '.', '']], [2, ['', '-', '', '-', '']], [2, ['', '', '', '', '']],
];

/** 22P02 for what is no such value, 22003 for a group that is no byte. */
export function parseMacAddress(text: string): Uint8Array {
  for (const [width, separators] of FORMS) {
    const groups = scanGroups(text, width, separators);
    if (groups === null) continue;
    if (groups.some((group) => group < 0 || group > 255)) {
      throw new DatabaseError('22003', `invalid octet value in "macaddr" value: "${text}"`);
    }
    return Uint8Array.from(groups);
  }
  throw badSyntax('macaddr', text);
}

function badSyntax(type: string, text: string): DatabaseError {
  return new DatabaseError('22P02', `invalid input syntax for type ${type}: "${text}"`);
}

/** Six numbers as C's scanf reads them by %x, blanks around them; null where the text is something else. */
function scanGroups(text: string, width: number, separators: readonly string[]): readonly number[] | null {
  const groups: number[] = [];
  let at = 0;
  for (let i = 0; i < 6; i++) {
    const group = scanHex(text, at, width);
    if (group === null) return null;
    groups.push(group.value);
    at = group.end;
    const separator = separators[i] ?? '';
    if (!text.startsWith(separator, at)) return null;
    at += separator.length;
  }
  return skipBlanks(text, at) === text.length ? groups : null;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (/[ \t\n\v\f\r]/.test(text.charAt(at))) at++;
  return at;
}

const isDigit = (char: string): boolean => /[\da-f]/i.test(char);

/** %x: blanks, a sign, 0x, digits; of `width` characters, blanks aside. The number is one of 32 bits. */
function scanHex(text: string, from: number, width: number): { readonly value: number; readonly end: number } | null {
  const start = skipBlanks(text, from);
  const limit = Math.min(start + width, text.length);
  const negative = start < limit && text[start] === '-';
  let at = negative || (start < limit && text[start] === '+') ? start + 1 : start;
  let digits = '';
  if (at + 1 < limit && /^0x/i.test(text.slice(at, at + 2))) {
    digits = '0';
    at += 2;
  }
  while (at < limit && isDigit(text[at])) digits += text[at++];
  if (digits === '') return null;
  const magnitude = BigInt(`0x${digits}`);
  const value = magnitude >= 1n << 64n ? -1n : negative ? -magnitude : magnitude;
  return { value: Number(BigInt.asIntN(32, value)), end: at };
}

const COLON = 58;
const HYPHEN = 45;
const POINT = 46;
const isBlank = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

/** Pairs of digits with one kind of separator, or none, behind each; of six, FF and FE become the fourth and fifth of eight. */
export function parseMacAddress8(text: string): Uint8Array {
  const from = encodeUtf8(text);
  const bytes: number[] = [];
  let separator = 0;
  let at = 0;
  while (isBlank(from[at])) at++;
  // PostgreSQL overlooks a single character at the end.
  while (at + 1 < from.length && bytes.length <= 8) {
    const pair = String.fromCharCode(from[at], from[at + 1]);
    if (!/^[\da-f]{2}$/i.test(pair)) throw badSyntax('macaddr8', text);
    bytes.push(Number.parseInt(pair, 16));
    at += 2;
    if (from[at] === COLON || from[at] === HYPHEN || from[at] === POINT) {
      if (separator !== 0 && separator !== from[at]) throw badSyntax('macaddr8', text);
      separator = from[at++];
    }
    if ((bytes.length === 6 || bytes.length === 8) && isBlank(from[at])) {
      while (isBlank(from[at])) at++;
      if (at < from.length) throw badSyntax('macaddr8', text);
    }
  }
  if (bytes.length === 6) return widenMacAddress(Uint8Array.from(bytes));
  if (bytes.length !== 8) throw badSyntax('macaddr8', text);
  return Uint8Array.from(bytes);
}

/** Of six bytes eight, as a modified EUI-64 has them. */
export function widenMacAddress(six: Uint8Array): Uint8Array {
  return Uint8Array.of(six[0], six[1], six[2], 0xff, 0xfe, six[3], six[4], six[5]);
}

/** Back: 22003 where those two are not FF and FE. */
export function narrowMacAddress(eight: Uint8Array): Uint8Array {
  if (eight[3] !== 0xff || eight[4] !== 0xfe) {
    throw new DatabaseError('22003', 'macaddr8 data out of range to convert to macaddr', {
      hint: 'Only addresses that have FF and FE as values in the 4th and 5th bytes from the left, for example '
        + 'xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr.',
    });
  }
  return Uint8Array.of(eight[0], eight[1], eight[2], eight[5], eight[6], eight[7]);
}

export function formatMacAddress(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
