// Bit strings (manual 9.6): values are texts of 0 and 1.
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { INT4, INT8, parametricType } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { example, num, operator, scalar, str } from '../define.ts';
import type { ScalarFunction } from '../function.ts';
import { checkedInteger } from './arithmetic.ts';

const BIT = parametricType('bit');
const VARBIT = parametricType('varbit');

/** Bit by bit. 22026 for strings of different lengths. */
export function combineBits(name: 'AND' | 'OR' | 'XOR', a: string, b: string): string {
  if (a.length !== b.length) throw new DatabaseError('22026', `cannot ${name} bit strings of different sizes`);
  let out = '';
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] === '1', b[i] === '1'];
    out += (name === 'AND' ? x && y : name === 'OR' ? x || y : x !== y) ? '1' : '0';
  }
  return out;
}

function shift(bits: string, by: number): string {
  const zeros = '0'.repeat(Math.min(Math.abs(by), bits.length));
  return by >= 0 ? bits.slice(zeros.length) + zeros : zeros + bits.slice(0, bits.length - zeros.length);
}

function substring(bits: string, from: number, count: number | null): string {
  if (count !== null && count < 0) throw new DatabaseError('22011', 'negative substring length not allowed');
  const start = Math.max(from - 1, 0);
  const end = count === null ? bits.length : Math.max(from - 1 + count, start);
  return bits.slice(start, end);
}

function overlay(bits: string, by: string, from: number, count: number): string {
  if (from <= 0) throw new DatabaseError('22011', 'negative substring length not allowed');
  checkedInteger(from + count, 'int4');
  return substring(bits, 1, from - 1) + by + substring(bits, from + count, null);
}

function index(bits: string, at: Datum): number {
  const n = num(at);
  if (n >= 0 && n < bits.length) return n;
  throw new DatabaseError('2202E', `bit index ${n} out of valid range (0..${bits.length - 1})`);
}

interface Spec {
  readonly name: string;
  readonly args?: readonly LogicalType[];
  readonly optional?: number;
  readonly returns?: LogicalType;
  readonly words: string;
  readonly shows: readonly [string, string];
  readonly row: ScalarFunction['row'];
}

function bit({ words, shows, args = [BIT], returns = BIT, ...rest }: Spec): ScalarFunction {
  return scalar({ ...rest, args, returns, description: words, example: example(`SELECT ${shows[0]}`, shows[1]) });
}

const OPERATORS: readonly ScalarFunction[] = [
  ...([['&', 'AND', '100'], ['|', 'OR', '111'], ['#', 'XOR', '011']] as const).map(([name, word, shown]) => operator({
    name, args: [BIT, BIT], returns: BIT, description: `Bitwise ${word}.`,
    example: example(`SELECT B'101' ${name} B'110'`, shown), row: ([a, b]) => combineBits(word, str(a), str(b)),
  })),
  operator({
    name: '~', args: [BIT], returns: BIT, description: 'Every bit the other way.', example: example(`SELECT ~ B'101'`, '010'),
    row: ([a]) => str(a).replace(/[01]/g, (c) => (c === '1' ? '0' : '1')),
  }),
  operator({
    name: '<<', args: [BIT, INT4], returns: BIT, description: 'Shifted left, filled with zeros.',
    example: example(`SELECT B'10001' << 3`, '01000'), row: ([a, n]) => shift(str(a), num(n)),
  }),
  operator({
    name: '>>', args: [BIT, INT4], returns: BIT, description: 'Shifted right, filled with zeros.',
    example: example(`SELECT B'10001' >> 2`, '00100'), row: ([a, n]) => shift(str(a), -num(n)),
  }),
  operator({
    name: '||', args: [VARBIT, VARBIT], returns: VARBIT, description: 'Concatenation.',
    example: example(`SELECT B'10001' || B'011'`, '10001011'), row: ([a, b]) => str(a) + str(b),
  }),
];

const FUNCTIONS: readonly ScalarFunction[] = [
  ...['length', 'bit_length'].map((name) => bit({
    name, returns: INT4, words: 'Number of bits.', shows: [`${name}(B'1011')`, '4'], row: ([a]) => str(a).length,
  })),
  bit({
    name: 'octet_length', returns: INT4, words: 'Number of bytes.', shows: [`octet_length(B'1011111011')`, '2'],
    row: ([a]) => Math.ceil(str(a).length / 8),
  }),
  bit({
    name: 'bit_count', returns: INT8, words: 'Number of bits set.', shows: [`bit_count(B'10111')`, '4'],
    row: ([a]) => BigInt(str(a).replaceAll('0', '').length),
  }),
  bit({
    name: 'get_bit', args: [BIT, INT4], returns: INT4, words: 'The n-th bit, from 0 at the left.',
    shows: [`get_bit(B'101010101010101010', 6)`, '1'], row: ([a, n]) => Number(str(a)[index(str(a), n)]),
  }),
  bit({
    name: 'set_bit', args: [BIT, INT4, INT4], words: 'With another n-th bit.', shows: [`set_bit(B'101010', 0, 0)`, '001010'],
    row: ([a, n, value]) => {
      const at = index(str(a), n);
      if (value !== 0 && value !== 1) throw new DatabaseError('22023', 'new bit must be 0 or 1');
      return `${str(a).slice(0, at)}${value}${str(a).slice(at + 1)}`;
    },
  }),
  bit({
    name: 'substring', args: [BIT, INT4, INT4], optional: 1, words: 'Bits from a position on, at most so many.',
    shows: [`substring(B'110010111111' from 3 for 2)`, '00'],
    row: ([a, from, count]) => substring(str(a), num(from), count === undefined ? null : num(count)),
  }),
  bit({
    name: 'overlay', args: [BIT, BIT, INT4, INT4], optional: 1, words: 'Replaces so many bits from a position on.',
    shows: [`overlay(B'01010101010101010' placing B'11111' from 2 for 3)`, '0111110101010101010'],
    row: ([a, by, from, count]) => overlay(str(a), str(by), num(from), count === undefined ? str(by).length : num(count)),
  }),
  bit({
    name: 'position', args: [BIT, BIT], returns: INT4, words: 'Position of the first occurrence, 0 when there is none.',
    shows: [`position(B'010' in B'000001101011')`, '8'],
    // In an empty string there is nothing, not even an empty one.
    row: ([a, wanted]) => (str(a) === '' ? 0 : str(a).indexOf(str(wanted)) + 1),
  }),
];

export const BIT_STRINGS: readonly ScalarFunction[] = [...OPERATORS, ...FUNCTIONS];
