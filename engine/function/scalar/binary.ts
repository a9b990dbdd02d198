// Binary strings (manual 9.5): bytea functions, digests, encodings; uuid generation.
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { BYTEA, INT4, INT8, TEXT, UUID } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { encodeUtf8 } from '../../data/utf8.ts';
import { big, bytes, example, num, operator, scalar, str } from '../define.ts';
import type { ScalarFunction } from '../function.ts';
import { checkedInteger } from './arithmetic.ts';
import { md5, sha256, sha512, toHex } from './digest.ts';
import { decodeBytes, encodeBytes } from './encoding.ts';
import { trimBytes } from './text-algorithm.ts';

interface Spec {
  readonly name: string;
  readonly args?: readonly LogicalType[];
  readonly optional?: number;
  readonly returns?: LogicalType;
  readonly words: string;
  readonly shows: readonly [string, string];
  readonly row: (args: readonly Datum[]) => Datum;
}

function binary({ args = [BYTEA], returns = BYTEA, words, shows, ...rest }: Spec): ScalarFunction {
  return scalar({ args, returns, description: words, example: example(`SELECT ${shows[0]}`, shows[1]), ...rest });
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function part(from: Uint8Array, start: number, count: number | undefined): Uint8Array {
  if (count !== undefined && count < 0) throw new DatabaseError('22011', 'negative substring length not allowed');
  const end = count === undefined ? from.length : Math.max(0, start - 1 + count);
  return from.slice(Math.max(0, start - 1), Math.max(end, 0));
}

function find(from: Uint8Array, wanted: Uint8Array): number {
  for (let at = 0; at + wanted.length <= from.length; at++) {
    if (wanted.every((b, k) => from[at + k] === b)) return at + 1;
  }
  return 0;
}

function overlay(from: Uint8Array, by: Uint8Array, start: number, count: number): Uint8Array {
  if (start <= 0) throw new DatabaseError('22011', 'negative substring length not allowed');
  checkedInteger(start + count, 'int4');
  return join(part(from, 1, start - 1), by, part(from, start + count, undefined));
}

function checkIndex(index: bigint | number, size: number): number {
  const at = Number(index);
  if (at < 0 || at >= size) throw new DatabaseError('2202E', `index ${index} out of valid range, 0..${size - 1}`);
  return at;
}

function replaced(from: Uint8Array, at: number, value: number): Uint8Array {
  const out = from.slice();
  out[at] = value;
  return out;
}

function bitCount(from: Uint8Array): bigint {
  let n = 0;
  for (const byte of from) for (let b = byte; b !== 0; b &= b - 1) n++;
  return BigInt(n);
}

const MEASURES: readonly ScalarFunction[] = [
  operator({
    name: '||', args: [BYTEA, BYTEA], returns: BYTEA, description: 'Concatenation.',
    example: example(`SELECT '\\x12'::bytea || '\\x34'::bytea`, '\\x1234'), row: ([a, b]) => join(bytes(a), bytes(b)),
  }),
  ...['length', 'octet_length'].map((name) => binary({
    name, returns: INT4, words: 'Number of bytes.', shows: [`${name}('\\x1234'::bytea)`, '2'],
    row: ([b]) => bytes(b).length,
  })),
  binary({
    name: 'bit_length', returns: INT4, words: 'Number of bits.', shows: [`bit_length('\\x1234'::bytea)`, '16'],
    row: ([b]) => bytes(b).length * 8,
  }),
  binary({
    name: 'bit_count', returns: INT8, words: 'Number of bits set.', shows: [`bit_count('\\x1234'::bytea)`, '5'],
    row: ([b]) => bitCount(bytes(b)),
  }),
  ...['substring', 'substr'].map((name) => binary({
    name, args: [BYTEA, INT4, INT4], optional: 1, words: 'Bytes from a position on, at most so many.',
    shows: [`${name}('\\x123456'::bytea, 2, 1)`, '\\x34'],
    row: ([b, from, count]) => part(bytes(b), num(from), count === undefined ? undefined : num(count)),
  })),
  binary({
    name: 'position', args: [BYTEA, BYTEA], returns: INT4,
    words: 'Position of the first occurrence, 0 when there is none.',
    shows: [`position('\\x34'::bytea in '\\x1234'::bytea)`, '2'], row: ([b, wanted]) => find(bytes(b), bytes(wanted)),
  }),
  binary({
    name: 'overlay', args: [BYTEA, BYTEA, INT4, INT4], optional: 1, words: 'Replaces so many bytes from a position on.',
    shows: [`overlay('\\x123456'::bytea placing '\\xff'::bytea from 2)`, '\\x12ff56'],
    row: ([b, by, from, count]) =>
      overlay(bytes(b), bytes(by), num(from), count === undefined ? bytes(by).length : num(count)),
  }),
  ...([['btrim', 'both'], ['ltrim', 'start'], ['rtrim', 'end']] as const).map(([name, side]) => binary({
    name, args: [BYTEA, BYTEA], words: 'Without the given bytes at the ends.',
    shows: [`${name}('\\x0012'::bytea, '\\x00'::bytea)`, name === 'rtrim' ? '\\x0012' : '\\x12'],
    row: ([b, set]) => trimBytes(bytes(b), bytes(set), side),
  })),
];

const ELEMENTS: readonly ScalarFunction[] = [
  binary({
    name: 'get_byte', args: [BYTEA, INT4], returns: INT4, words: 'The n-th byte, from 0.',
    shows: [`get_byte('\\x1234'::bytea, 1)`, '52'],
    row: ([b, n]) => bytes(b)[checkIndex(num(n), bytes(b).length)],
  }),
  binary({
    name: 'set_byte', args: [BYTEA, INT4, INT4], words: 'With another n-th byte.',
    shows: [`set_byte('\\x1234'::bytea, 1, 255)`, '\\x12ff'],
    row: ([b, n, value]) => replaced(bytes(b), checkIndex(num(n), bytes(b).length), num(value)),
  }),
  binary({
    name: 'get_bit', args: [BYTEA, INT8], returns: INT4, words: 'The n-th bit, from 0, lowest of each byte first.',
    shows: [`get_bit('\\x1234'::bytea, 4)`, '1'],
    row: ([b, n]) => {
      const at = checkIndex(big(n), bytes(b).length * 8);
      return (bytes(b)[at >> 3] >> (at & 7)) & 1;
    },
  }),
  binary({
    name: 'set_bit', args: [BYTEA, INT8, INT4], words: 'With another n-th bit.',
    shows: [`set_bit('\\x1234'::bytea, 0, 1)`, '\\x1334'],
    row: ([b, n, value]) => {
      const at = checkIndex(big(n), bytes(b).length * 8);
      if (value !== 0 && value !== 1) throw new DatabaseError('22023', 'new bit must be 0 or 1');
      const old = bytes(b)[at >> 3];
      return replaced(bytes(b), at >> 3, value === 1 ? old | (1 << (at & 7)) : old & ~(1 << (at & 7)));
    },
  }),
];

const DIGESTS: readonly ScalarFunction[] = [
  binary({
    name: 'md5', returns: TEXT, words: 'MD5 digest, in hexadecimal.',
    shows: [`md5('\\x1234'::bytea)`, '33563489094a0506c237a4965395d61b'],
    row: ([b]) => toHex(md5(bytes(b))),
  }),
  binary({ name: 'sha224', words: 'SHA-224 digest.', shows: [`length(sha224('abc'::bytea))`, '28'],
    row: ([b]) => sha256(bytes(b), true) }),
  binary({
    name: 'sha256', words: 'SHA-256 digest.', row: ([b]) => sha256(bytes(b)),
    shows: [`sha256('abc'::bytea)`, '\\xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  }),
  binary({ name: 'sha384', words: 'SHA-384 digest.', shows: [`length(sha384('abc'::bytea))`, '48'],
    row: ([b]) => sha512(bytes(b), true) }),
  binary({ name: 'sha512', words: 'SHA-512 digest.', shows: [`length(sha512('abc'::bytea))`, '64'],
    row: ([b]) => sha512(bytes(b)) }),
  binary({
    name: 'encode', args: [BYTEA, TEXT], returns: TEXT, words: 'As text: base64, hex or escape.',
    shows: [`encode('\\x1234'::bytea, 'base64')`, 'EjQ='], row: ([b, form]) => encodeBytes(bytes(b), str(form)),
  }),
  binary({
    name: 'decode', args: [TEXT, TEXT], words: 'From text: base64, hex or escape.',
    shows: [`decode('EjQ=', 'base64')`, '\\x1234'],
    row: ([s, form]) => decodeBytes(str(s), encodeUtf8(str(s)), str(form)),
  }),
  scalar({
    name: 'gen_random_uuid', args: [], returns: UUID, volatility: 'volatile', description: 'A random UUID (version 4).',
    row: (_args, call) => randomUuid(() => call.context.random()),
  }),
];

function randomUuid(random: () => number): string {
  const digits = Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256));
  digits[6] = (digits[6] & 0x0f) | 0x40;
  digits[8] = (digits[8] & 0x3f) | 0x80;
  return toHex(digits).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const BINARY: readonly ScalarFunction[] = [...MEASURES, ...ELEMENTS, ...DIGESTS];
