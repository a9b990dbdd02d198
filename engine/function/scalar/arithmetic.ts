// + - * / % and unary operators on int2, int4, int8, float4, float8; bits. Range is checked as PostgreSQL does.
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { FLOAT4, FLOAT8, INT2, INT4, INT8 } from '../../data/types.ts';
import type { LogicalType, SimpleType } from '../../data/types.ts';
import { Float32Vector, Float64Vector, Int16Vector, Int32Vector, isValid } from '../../data/vector.ts';
import type { Validity, Vector } from '../../data/vector.ts';
import { big, example, num, operator } from '../define.ts';
import type { Kernel, ScalarFunction } from '../function.ts';
import * as kernels from './arithmetic-kernels.ts';
import {
  divisionByZero, float64Values, int32Values, int64Result, int64Words, outOfRange,
} from './columns.ts';

export const INTEGER_NAMES: { readonly [kind: string]: string } = { int2: 'smallint', int4: 'integer', int8: 'bigint' };

/** Throws 22003 unless the value fits int2 or int4. */
export function checkedInteger(value: number, kind: 'int2' | 'int4'): number {
  const limit = kind === 'int2' ? 0x8000 : 0x80000000;
  if (value >= limit || value < -limit) throw outOfRange(INTEGER_NAMES[kind]);
  return value;
}

export function checkedBigint(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw outOfRange('bigint');
  return value;
}

type Symbol5 = '+' | '-' | '*' | '/' | '%';

function smallInteger(symbol: Symbol5, x: number, y: number): number {
  switch (symbol) {
    case '+': return x + y;
    case '-': return x - y;
    // Adding 0 makes −0 plain 0.
    case '*': return x * y + 0;
    case '/': case '%':
      if (y === 0) throw divisionByZero();
      return (symbol === '/' ? Math.trunc(x / y) : x % y) + 0;
  }
}

function wideInteger(symbol: Symbol5, x: bigint, y: bigint): bigint {
  switch (symbol) {
    case '+': return checkedBigint(x + y);
    case '-': return checkedBigint(x - y);
    case '*': return checkedBigint(x * y);
    case '/': case '%':
      if (y === 0n) throw divisionByZero();
      return checkedBigint(symbol === '/' ? x / y : x % y);
  }
}

const toBig = (d: Datum): bigint => (typeof d === 'bigint' ? d : BigInt(num(d)));

const KERNELS_32 = {
  '+': kernels.add32, '-': kernels.subtract32, '*': kernels.multiply32, '/': kernels.divide32, '%': kernels.modulo32,
} as const;
const KERNELS_64 = {
  '+': kernels.add64, '-': kernels.subtract64, '*': kernels.multiply64, '/': kernels.divide64, '%': kernels.modulo64,
} as const;
const KERNELS_FLOAT = {
  '+': kernels.addFloat, '-': kernels.subtractFloat, '*': kernels.multiplyFloat, '/': kernels.divideFloat,
} as const;

/** Throws the first failure among the rows that are there. */
function recheck(length: number, validity: Validity, row: (i: number) => void): void {
  for (let i = 0; i < length; i++) if (isValid(validity, i)) row(i);
}

function kernel32(symbol: Symbol5, kind: 'int2' | 'int4'): Kernel {
  const run = KERNELS_32[symbol];
  return ([left, right], length, validity, call) => {
    const [a, b] = [int32Values(left), int32Values(right)];
    const out = new Int32Array(length);
    let bad = run(a, b, out);
    let result: Vector = new Int32Vector(call.returnType, length, out, validity);
    if (kind === 'int2') {
      const narrow = new Int16Array(length);
      bad |= kernels.narrow16(out, narrow);
      result = new Int16Vector(call.returnType, length, narrow, validity);
    }
    if (bad !== 0) recheck(length, validity, (i) => checkedInteger(smallInteger(symbol, a[i], b[i]), kind));
    return result;
  };
}

function kernel64(symbol: Symbol5): Kernel {
  const run = KERNELS_64[symbol];
  return ([left, right], length, validity, call) => {
    const [a, b] = [int64Words(left), int64Words(right)];
    const out = new Int32Array(2 * length);
    if (run(a, b, out) !== 0) {
      recheck(length, validity,
        (i) => wideInteger(symbol, kernels.bigFromWords(a, 2 * i), kernels.bigFromWords(b, 2 * i)));
    }
    return int64Result(call.returnType, out, length, validity);
  };
}

function overflow(): DatabaseError {
  return new DatabaseError('22003', 'value out of range: overflow');
}
function underflow(): DatabaseError {
  return new DatabaseError('22003', 'value out of range: underflow');
}

/** A float result, rounded to its type. Throws 22003 where it left the range although the arguments are in it. */
export function checkedFloat(result: number, mayBeInfinite: boolean, mayBeZero: boolean): number {
  if (!mayBeInfinite && (result === Infinity || result === -Infinity)) throw overflow();
  if (!mayBeZero && result === 0) throw underflow();
  return result;
}

const isInfinite = (x: number): boolean => x === Infinity || x === -Infinity;

function floatRow(symbol: Symbol5, x: number, y: number, single: boolean): number {
  const round = (value: number): number => (single ? Math.fround(value) : value);
  switch (symbol) {
    case '+': return checkedFloat(round(x + y), isInfinite(x) || isInfinite(y), true);
    case '-': return checkedFloat(round(x - y), isInfinite(x) || isInfinite(y), true);
    case '*': return checkedFloat(round(x * y), isInfinite(x) || isInfinite(y), x === 0 || y === 0);
    default:
      if (y === 0 && !Number.isNaN(x)) throw divisionByZero();
      return checkedFloat(round(x / y), isInfinite(x), x === 0 || isInfinite(y));
  }
}

function kernelFloat(symbol: '+' | '-' | '*' | '/', single: boolean): Kernel {
  const run = KERNELS_FLOAT[symbol];
  return ([left, right], length, validity, call) => {
    const [a, b] = [float64Values(left), float64Values(right)];
    const out = new Float64Array(length);
    const bad = run(a, b, out);
    // Rounding to single precision can overflow by itself.
    if (bad !== 0 || single) recheck(length, validity, (i) => floatRow(symbol, a[i], b[i], single));
    return single
      ? new Float32Vector(call.returnType, length, Float32Array.from(out), validity)
      : new Float64Vector(call.returnType, length, out, validity);
  };
}

const NAMES: { readonly [s in Symbol5]: string } = {
  '+': 'Addition.', '-': 'Subtraction.', '*': 'Multiplication.',
  '/': 'Division; of integers, truncated towards zero.', '%': 'Remainder, with the sign of the first argument.',
};
const SAMPLES: { readonly [s in Symbol5]: string } = { '+': '9', '-': '5', '*': '14', '/': '3', '%': '1' };

/** Division by a constant other than 0 and −1 never fails. */
export function safeDivisor(constants: readonly (Datum | undefined)[]): boolean {
  const divisor = constants[1];
  if (typeof divisor === 'bigint') return divisor !== 0n && divisor !== -1n;
  return typeof divisor === 'number' && divisor !== 0 && divisor !== -1;
}

const RANK: { readonly [kind: string]: number } = { int2: 1, int4: 2, int8: 3 };

function integerOperator(symbol: Symbol5, a: SimpleType, b: SimpleType): ScalarFunction {
  const result = RANK[a.kind] >= RANK[b.kind] ? a : b;
  const wide = result.kind === 'int8';
  const kind = result.kind === 'int2' ? 'int2' : 'int4';
  return operator({
    name: symbol,
    args: [a, b],
    returns: result,
    description: NAMES[symbol],
    example: example(`SELECT 7::${a.kind} ${symbol} 2::${b.kind}`, SAMPLES[symbol]),
    ...(symbol === '/' || symbol === '%' ? { total: safeDivisor } : {}),
    row: wide
      ? ([x, y]) => wideInteger(symbol, toBig(x), toBig(y))
      : ([x, y]) => checkedInteger(smallInteger(symbol, num(x), num(y)), kind),
    kernel: wide ? kernel64(symbol) : kernel32(symbol, kind),
  });
}

function floatOperator(symbol: '+' | '-' | '*' | '/', a: SimpleType, b: SimpleType): ScalarFunction {
  const single = a.kind === 'float4' && b.kind === 'float4';
  return operator({
    name: symbol,
    args: [a, b],
    returns: single ? FLOAT4 : FLOAT8,
    description: NAMES[symbol],
    example: example(`SELECT 7::${a.kind} ${symbol} 2::${b.kind}`, symbol === '/' ? '3.5' : SAMPLES[symbol]),
    row: ([x, y]) => floatRow(symbol, num(x), num(y), single),
    kernel: kernelFloat(symbol, single),
  });
}

const INTEGERS = [INT2, INT4, INT8] as const;
const FLOATS = [FLOAT4, FLOAT8] as const;

const BINARY: readonly ScalarFunction[] = [
  ...(['+', '-', '*', '/'] as const).flatMap((symbol) => [
    ...INTEGERS.flatMap((a) => INTEGERS.map((b) => integerOperator(symbol, a, b))),
    ...FLOATS.flatMap((a) => FLOATS.map((b) => floatOperator(symbol, a, b))),
  ]),
  ...INTEGERS.map((t) => integerOperator('%', t, t)),
];

function negate(type: SimpleType): ScalarFunction {
  return operator({
    name: '-', args: [type], returns: type, description: 'Negation.',
    example: example(`SELECT - 2::${type.kind}`, '-2'),
    row: ([x]) => negated(x, type),
  });
}

function negated(x: Datum, type: LogicalType): Datum {
  if (typeof x === 'bigint') return checkedBigint(-x);
  const value = num(x);
  if (type.kind === 'int2' || type.kind === 'int4') return checkedInteger(0 - value, type.kind);
  return -value;
}

/** abs(x), @ x */
export function absolute(x: Datum, type: LogicalType): Datum {
  if (typeof x === 'bigint') return x < 0n ? checkedBigint(-x) : x;
  const value = Math.abs(num(x));
  return type.kind === 'int2' || type.kind === 'int4' ? checkedInteger(value, type.kind) : value;
}

const UNARY: readonly ScalarFunction[] = [...INTEGERS, ...FLOATS].flatMap((type) => [
  negate(type),
  operator({
    name: '+', args: [type], returns: type, description: 'The argument itself.', total: true,
    example: example(`SELECT + 2::${type.kind}`, '2'), row: ([x]) => x,
  }),
  operator({
    name: '@', args: [type], returns: type, description: 'Absolute value.',
    example: example(`SELECT @ (-2)::${type.kind}`, '2'), row: ([x]) => absolute(x, type),
  }),
]);

type BitSymbol = '&' | '|' | '#' | '<<' | '>>';

function bits(symbol: BitSymbol, type: SimpleType, x: Datum, y: Datum): Datum {
  if (type.kind === 'int8') {
    const [a, b] = [big(x), toBig(y)];
    switch (symbol) {
      case '&': return a & b;
      case '|': return a | b;
      case '#': return a ^ b;
      case '<<': return BigInt.asIntN(64, a << (b & 63n));
      case '>>': return a >> (b & 63n);
    }
  }
  const [a, b] = [num(x), num(y)];
  const narrow = (value: number): number => (type.kind === 'int2' ? value << 16 >> 16 : value | 0);
  switch (symbol) {
    case '&': return a & b;
    case '|': return a | b;
    case '#': return a ^ b;
    case '<<': return narrow(a << (b & 31));
    case '>>': return a >> (b & 31);
  }
}

const BIT_WORDS: { readonly [s in BitSymbol]: readonly [string, string] } = {
  '&': ['Bitwise AND.', '2'], '|': ['Bitwise OR.', '7'], '#': ['Bitwise exclusive OR.', '5'],
  '<<': ['Bits shifted left.', '48'], '>>': ['Bits shifted right.', '0'],
};

const BITS: readonly ScalarFunction[] = INTEGERS.flatMap((type) => [
  ...(['&', '|', '#', '<<', '>>'] as const).map((symbol) => operator({
    name: symbol, args: [type, symbol === '<<' || symbol === '>>' ? INT4 : type], returns: type, total: true,
    description: BIT_WORDS[symbol][0],
    example: example(
      `SELECT 6::${type.kind} ${symbol} 3::${symbol === '<<' || symbol === '>>' ? 'int4' : type.kind}`,
      BIT_WORDS[symbol][1],
    ),
    row: ([x, y]) => bits(symbol, type, x, y),
  })),
  operator({
    name: '~', args: [type], returns: type, description: 'Bitwise NOT.', total: true,
    example: example(`SELECT ~ 6::${type.kind}`, '-7'),
    row: ([x]) => (typeof x === 'bigint' ? ~x : ~num(x)),
  }),
]);

export const ARITHMETIC: readonly ScalarFunction[] = [...BINARY, ...UNARY, ...BITS];
