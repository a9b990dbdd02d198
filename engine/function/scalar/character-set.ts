// Character encodings by PostgreSQL's names: UTF8 and those of one byte a character, and conversion between them.
import { DatabaseError, notSupported } from '../../data/error.ts';
import { decodeUtf8, encodeUtf8 } from '../../data/utf8.ts';
import { UPPER_HALVES } from './character-set-table.ts';

/** PostgreSQL's encodings in the order of their numbers. */
const NAMES = ('SQL_ASCII EUC_JP EUC_CN EUC_KR EUC_TW EUC_JIS_2004 UTF8 MULE_INTERNAL LATIN1 LATIN2 LATIN3 LATIN4 '
  + 'LATIN5 LATIN6 LATIN7 LATIN8 LATIN9 LATIN10 WIN1256 WIN1258 WIN866 WIN874 KOI8R WIN1251 WIN1252 '
  + 'ISO_8859_5 ISO_8859_6 ISO_8859_7 ISO_8859_8 '
  + 'WIN1250 WIN1253 WIN1254 WIN1255 WIN1257 KOI8U SJIS BIG5 GBK UHC GB18030 JOHAB SHIFT_JIS_2004').split(' ');

/** Other spellings, without punctuation (src/common/encnames.c). */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['unicode', 'UTF8'], ['koi8', 'KOI8R'], ['win', 'WIN1251'], ['alt', 'WIN866'], ['abc', 'WIN1258'],
  ['tcvn', 'WIN1258'], ['tcvn5712', 'WIN1258'], ['vscii', 'WIN1258'],
  ['mskanji', 'SJIS'], ['shiftjis', 'SJIS'], ['win932', 'SJIS'],
  ['windows932', 'SJIS'], ['win936', 'GBK'], ['windows936', 'GBK'], ['win949', 'UHC'], ['windows949', 'UHC'],
  ['win950', 'BIG5'], ['windows950', 'BIG5'], ['iso88599', 'LATIN5'], ['iso885910', 'LATIN6'], ['iso885913', 'LATIN7'],
  ['iso885914', 'LATIN8'], ['iso885915', 'LATIN9'], ['iso885916', 'LATIN10'],
  ...[1, 2, 3, 4].map((n) => [`iso8859${n}`, `LATIN${n}`] as const),
  ...[1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258, 866, 874].map((n) => [`windows${n}`, `WIN${n}`] as const),
  ...NAMES.map((name) => [plain(name), name] as const),
]);

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** An encoding by any of its names; null: PostgreSQL knows none of that name. */
export function encodingNamed(name: string): string | null {
  return ALIASES.get(plain(name)) ?? null;
}

/** The encoding with a number; null: there is none. */
export function encodingNumbered(n: number): string | null {
  return NAMES[n] ?? null;
}

/** The number of an encoding by any of its names, −1 where there is none. */
export function encodingNumber(name: string): number {
  const found = encodingNamed(name);
  return found === null ? -1 : NAMES.indexOf(found);
}

/** Code points of the bytes from 0x80 on (−1: no character), and back. */
interface UpperHalf {
  readonly points: Int32Array;
  readonly bytes: ReadonlyMap<number, number>;
}

const halves = new Map<string, UpperHalf>();

/** null for an encoding that is not of one byte a character. */
function upperHalf(name: string): UpperHalf | null {
  const known = halves.get(name);
  if (known !== undefined) return known;
  const text = Object.entries(UPPER_HALVES).find(([key]) => key === name)?.[1];
  if (text === undefined) return null;
  const points: number[] = [];
  for (const token of text.trim().split(/\s+/)) {
    const [from, to = from] = token.split('-').map((hex) => Number.parseInt(hex, 16));
    if (token.startsWith('.')) for (let n = Number(token.slice(1) || '1'); n > 0; n--) points.push(-1);
    else for (let point = from; point <= to; point++) points.push(point);
  }
  const bytes = new Map(points.flatMap((point, i) => (point < 0 ? [] : [[point, 0x80 + i] as const])));
  const half = { points: Int32Array.from(points), bytes };
  halves.set(name, half);
  return half;
}

function bytesShown(bytes: Iterable<number>): string {
  return [...bytes].map((b) => `0x${b.toString(16).padStart(2, '0')}`).join(' ');
}

function invalidBytes(encoding: string, bytes: Iterable<number>): DatabaseError {
  return new DatabaseError('22021', `invalid byte sequence for encoding "${encoding}": ${bytesShown(bytes)}`);
}

function noEquivalent(from: string, to: string, bytes: Iterable<number>): DatabaseError {
  return new DatabaseError('22P05',
    `character with byte sequence ${bytesShown(bytes)} in encoding "${from}" has no equivalent in encoding "${to}"`);
}

/** How many bytes a character that starts so has, by its first byte alone. */
function utf8Length(lead: number): number {
  if ((lead & 0xe0) === 0xc0) return 2;
  if ((lead & 0xf0) === 0xe0) return 3;
  return (lead & 0xf8) === 0xf0 ? 4 : 1;
}

/** Shortest form, no surrogates, up to U+10FFFF, no zero. Requires: `length` bytes from `at` on are there. */
function isUtf8Character(bytes: Uint8Array, at: number, length: number): boolean {
  const lead = bytes[at];
  if (length === 1) return lead > 0 && lead < 0x80;
  for (let i = 1; i < length; i++) if ((bytes[at + i] & 0xc0) !== 0x80) return false;
  const second = bytes[at + 1];
  switch (lead) {
    case 0xe0: return second >= 0xa0;
    case 0xed: return second <= 0x9f;
    case 0xf0: return second >= 0x90;
    case 0xf4: return second <= 0x8f;
    default: return lead >= 0xc2 && lead < 0xf5;
  }
}

/** The text, number of characters told; 22021 for what is no UTF-8, with PostgreSQL's choice of bytes. */
function readUtf8(bytes: Uint8Array, encoding: string): { readonly text: string; readonly characters: number } {
  let characters = 0;
  for (let at = 0; at < bytes.length; characters++) {
    const length = utf8Length(bytes[at]);
    if (at + length > bytes.length || !isUtf8Character(bytes, at, length)) {
      throw invalidBytes(encoding, bytes.subarray(at, at + length));
    }
    at += length;
  }
  return { text: decodeUtf8(bytes, 0, bytes.length), characters };
}

function checkNoZero(bytes: Uint8Array, encoding: string): void {
  if (bytes.includes(0)) throw invalidBytes(encoding, [0]);
}

/** Number of characters. 22021 for bytes that are none of the encoding, 0A000 for one we cannot read. */
export function characterLength(bytes: Uint8Array, encoding: string): number {
  if (encoding === 'UTF8') return readUtf8(bytes, encoding).characters;
  if (encoding !== 'SQL_ASCII' && upperHalf(encoding) === null) throw notSupported(`encoding "${encoding}"`);
  checkNoZero(bytes, encoding);
  return bytes.length;
}

/** Of one byte a character → UTF-8's text. */
function decodeHalf(bytes: Uint8Array, encoding: string, half: UpperHalf): string {
  checkNoZero(bytes, encoding);
  let text = '';
  for (const byte of bytes) {
    const point = byte < 0x80 ? byte : half.points[byte - 0x80];
    if (point < 0) throw noEquivalent(encoding, 'UTF8', [byte]);
    text += String.fromCharCode(point);
  }
  return text;
}

function encodeHalf(text: string, encoding: string, half: UpperHalf): Uint8Array {
  const out: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    const byte = point < 0x80 ? point : half.bytes.get(point);
    if (byte === undefined) throw noEquivalent('UTF8', encoding, encodeUtf8(character));
    out.push(byte);
  }
  return Uint8Array.from(out);
}

/** Pairs that PostgreSQL converts without UTF8 in between; we do not. */
const DIRECT: readonly ReadonlySet<string>[] = [
  new Set(['KOI8R', 'WIN1251', 'WIN866', 'ISO_8859_5', 'MULE_INTERNAL']),
  new Set(['LATIN2', 'WIN1250', 'MULE_INTERNAL']),
];

/**
 * Bytes of one encoding as those of another. 22021 for bytes that are none of the first, 22P05 for a character that the
 * second does not have, 42883 where PostgreSQL converts neither, 0A000 for an encoding of several bytes a character.
 */
export function convertBytes(bytes: Uint8Array, from: string, to: string): Uint8Array {
  if (from === to || from === 'SQL_ASCII' || to === 'SQL_ASCII') {
    characterLength(bytes, from);
    if (from === 'SQL_ASCII') characterLength(bytes, to);
    return bytes;
  }
  const [source, target] = [upperHalf(from), upperHalf(to)];
  if (source !== null && to === 'UTF8') return encodeUtf8(decodeHalf(bytes, from, source));
  if (target !== null && from === 'UTF8') return encodeHalf(readUtf8(bytes, from).text, to, target);
  const direct = DIRECT.some((set) => set.has(from) && set.has(to));
  if (source !== null && target !== null && !direct) {
    throw new DatabaseError('42883', `default conversion function for encoding "${from}" to "${to}" does not exist`);
  }
  throw notSupported(`conversion of encoding "${from}" to "${to}"`);
}

/** What to_ascii() puts for the bytes from 0x80 or 0xa0 on (src/backend/utils/adt/ascii.c), by encoding. */
const ASCII: ReadonlyMap<string, string> = new Map([
  ['LATIN1', "  cL Y  \"Ca  -R     'u .,      ?AAAAAAACEEEEIIII NOOOOOxOUUUUYTBaaaaaaaceeeeiiii nooooo/ouuuuyty"],
  ['LATIN2', " A L LS \"SSTZ-ZZ a,l'ls ,sstz\"zzRAAAALCCCEEEEIIDDNNOOOOxRUUUUYTBraaaalccceeeeiiddnnoooo/ruuuuyt."],
  ['LATIN9', "  cL YS sCa  -R     Zu .z   EeY?AAAAAAACEEEEIIII NOOOOOxOUUUUYTBaaaaaaaceeeeiiii nooooo/ouuuuyty"],
  ['WIN1250', "  ' \"    %S<STZZ `'\"\".--  s"
    + ">stzz   L A  \"CS  -RZ  ,l'u .,as L\"lzRAAAALCCCEEEEIIDDNNOOOOxRUUUUYTBraaaalccceeeeiiddnnoooo/ruuuuyt "],
]);

/** Each byte of the text's UTF-8 as if it were of the encoding, as PostgreSQL reads it. 0A000 for other encodings. */
export function toAscii(text: string, encoding: string): string {
  const table = ASCII.get(encoding);
  if (table === undefined) {
    throw new DatabaseError('0A000', `encoding conversion from ${encoding} to ASCII not supported`);
  }
  const start = 256 - table.length;
  let out = '';
  for (const byte of encodeUtf8(text)) {
    out += byte < 128 ? String.fromCharCode(byte) : byte < start ? ' ' : table[byte - start];
  }
  return out;
}
