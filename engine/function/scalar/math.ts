// Mathematical functions (manual 9.3).
import { compareDatums } from '../../data/datum-order.ts';
import { asArray } from '../../data/composite.ts';
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { Numeric, powerOfTen } from '../../data/numeric.ts';
import { FLOAT4, FLOAT8, INT2, INT4, INT8, NUMERIC, simpleType } from '../../data/types.ts';
import type { SimpleType } from '../../data/types.ts';
import { big, elementType, example, num, numeric, operator, scalar } from '../define.ts';
import type { CallInfo, ScalarFunction } from '../function.ts';
import { cubeRoot } from '../libm/cube-root.ts';
import { absolute, checkedBigint, checkedInteger, safeDivisor } from './arithmetic.ts';
import { divisionByZero } from './columns.ts';
import { expNumeric, lnNumeric, logNumeric, powerNumeric, sqrtNumeric } from './decimal-math.ts';
import * as float from './float-math.ts';

type Row = readonly [name: string, description: string, sql: string, result: string];

function floats([name, description, sql, result]: Row, body: (x: number) => number): ScalarFunction {
  return scalar({
    name, args: [FLOAT8], returns: FLOAT8, description, example: example(`SELECT ${sql}`, result),
    row: ([x]) => body(num(x)),
  });
}

function numerics([name, description, sql, result]: Row, body: (x: Numeric) => Numeric): ScalarFunction {
  return scalar({
    name, args: [NUMERIC], returns: NUMERIC, description, example: example(`SELECT ${sql}`, result),
    row: ([x]) => body(numeric(x)),
  });
}

/** Of NaN and of negative zero it is 0. */
function signOf(x: number): number {
  return x > 0 ? 1 : x < 0 ? -1 : 0;
}

const ROUNDING: readonly ScalarFunction[] = [
  ...[INT2, INT4, INT8, FLOAT4, FLOAT8].map((type) => scalar({
    name: 'abs', args: [type], returns: type, description: 'Absolute value.',
    example: example(`SELECT abs((-17)::${type.kind})`, '17'), row: ([x]) => absolute(x, type),
  })),
  numerics(['abs', 'Absolute value.', 'abs(-17.40)', '17.40'], (x) => x.abs()),
  ...['ceil', 'ceiling'].flatMap((name) => [
    floats([name, 'Nearest integer not below.', `${name}((-95.3)::float8)`, '-95'], Math.ceil),
    numerics([name, 'Nearest integer not below.', `${name}(42.2)`, '43'], (x) => x.ceil()),
  ]),
  floats(['floor', 'Nearest integer not above.', 'floor((-42.8)::float8)', '-43'], Math.floor),
  numerics(['floor', 'Nearest integer not above.', 'floor(42.8)', '42'], (x) => x.floor()),
  floats(['round', 'Nearest integer, halves to even.', 'round(2.5::float8)', '2'], float.roundFloat),
  numerics(['round', 'Nearest integer, halves away from zero.', 'round(42.5)', '43'], (x) => x.round(0)),
  scalar({
    name: 'round', args: [NUMERIC, INT4], returns: NUMERIC, example: example('SELECT round(42.4382, 2)', '42.44'),
    description: 'Rounds to a number of decimal places, halves away from zero.',
    row: ([x, n]) => numeric(x).round(num(n)),
  }),
  floats(['trunc', 'Towards zero.', 'trunc((-42.8)::float8)', '-42'], Math.trunc),
  numerics(['trunc', 'Towards zero.', 'trunc(42.8)', '42'], (x) => x.trunc(0)),
  scalar({
    name: 'trunc', args: [NUMERIC, INT4], returns: NUMERIC, description: 'Cuts to a number of decimal places.',
    example: example('SELECT trunc(42.4382, 2)', '42.43'), row: ([x, n]) => numeric(x).trunc(num(n)),
  }),
  floats(['sign', 'Sign: -1, 0 or +1.', 'sign((-8.4)::float8)', '-1'], signOf),
  numerics(['sign', 'Sign: -1, 0 or +1.', 'sign(-8.4)', '-1'], (x) => (x.isNaN ? x : Numeric.fromInteger(x.sign))),
  scalar({
    name: 'scale', args: [NUMERIC], returns: INT4, description: 'Number of decimal digits in the fraction.',
    example: example('SELECT scale(8.4100)', '4'), row: ([x]) => (numeric(x).isFinite ? numeric(x).scale : null),
  }),
  scalar({
    name: 'min_scale', args: [NUMERIC], returns: INT4, description: 'Least scale that holds the value exactly.',
    example: example('SELECT min_scale(8.4100)', '2'),
    row: ([x]) => (numeric(x).isFinite ? numeric(x).canonical().scale : null),
  }),
  numerics(['trim_scale', 'Without trailing zeros.', 'trim_scale(8.4100)', '8.41'], (x) => x.canonical()),
];

const POWERS: readonly ScalarFunction[] = [
  floats(['sqrt', 'Square root.', 'sqrt(2::float8)', '1.4142135623730951'], float.sqrtFloat),
  numerics(['sqrt', 'Square root.', 'sqrt(2.0)', '1.414213562373095'], sqrtNumeric),
  floats(['cbrt', 'Cube root.', 'cbrt(8::float8)', '2'], cubeRoot),
  floats(['exp', 'e to a power.', 'exp(1::float8)', '2.718281828459045'], float.expFloat),
  numerics(['exp', 'e to a power.', 'exp(1.0)', '2.7182818284590452'], expNumeric),
  floats(['ln', 'Natural logarithm.', 'ln(2::float8)', '0.6931471805599453'], float.lnFloat),
  numerics(['ln', 'Natural logarithm.', 'ln(2.0)', '0.6931471805599453'], lnNumeric),
  ...['log', 'log10'].flatMap((name) => [
    floats([name, 'Logarithm to base 10.', `${name}(100::float8)`, '2'], float.log10Float),
    numerics([name, 'Logarithm to base 10.', `${name}(100.0)`, '2.0000000000000000'],
      (x) => logNumeric(Numeric.fromInteger(10), x)),
  ]),
  scalar({
    name: 'log', args: [NUMERIC, NUMERIC], returns: NUMERIC,
    description: 'Logarithm of the second to the base of the first.',
    example: example('SELECT log(2.0, 64.0)', '6.0000000000000000'),
    row: ([b, x]) => logNumeric(numeric(b), numeric(x)),
  }),
  ...['power', 'pow'].flatMap((name) => [
    scalar({
      name, args: [FLOAT8, FLOAT8], returns: FLOAT8, description: 'First to the power of the second.',
      example: example(`SELECT ${name}(9::float8, 3::float8)`, '729'),
      row: ([x, y]) => float.powerFloat(num(x), num(y)),
    }),
    scalar({
      name, args: [NUMERIC, NUMERIC], returns: NUMERIC, description: 'First to the power of the second.',
      example: example(`SELECT ${name}(9.0, 3.0)`, '729.0000000000000000'),
      row: ([x, y]) => powerNumeric(numeric(x), numeric(y)),
    }),
  ]),
  operator({
    name: '^', args: [FLOAT8, FLOAT8], returns: FLOAT8, description: 'Power.',
    example: example('SELECT 2::float8 ^ 3::float8', '8'), row: ([x, y]) => float.powerFloat(num(x), num(y)),
  }),
  operator({
    name: '|/', args: [FLOAT8], returns: FLOAT8, description: 'Square root.',
    example: example('SELECT |/ 25.0::float8', '5'),
    row: ([x]) => float.sqrtFloat(num(x)),
  }),
  operator({
    name: '||/', args: [FLOAT8], returns: FLOAT8, description: 'Cube root.',
    example: example('SELECT ||/ 64.0::float8', '4'),
    row: ([x]) => cubeRoot(num(x)),
  }),
];

const TRIGONOMETRY: readonly ScalarFunction[] = [
  floats(['acos', 'Inverse cosine, in radians.', 'acos(1)', '0'], float.acosFloat),
  floats(['acosd', 'Inverse cosine, in degrees.', 'acosd(0.5)', '60'], float.acosDegrees),
  floats(['asin', 'Inverse sine, in radians.', 'asin(0)', '0'], float.asinFloat),
  floats(['asind', 'Inverse sine, in degrees.', 'asind(0.5)', '30'], float.asinDegrees),
  floats(['atan', 'Inverse tangent, in radians.', 'atan(1)', '0.7853981633974483'], float.atanFloat),
  floats(['atand', 'Inverse tangent, in degrees.', 'atand(1)', '45'], float.atanDegrees),
  floats(['cos', 'Cosine of radians.', 'cos(0)', '1'], float.cosFloat),
  floats(['cosd', 'Cosine of degrees.', 'cosd(60)', '0.5'], float.cosDegrees),
  floats(['cot', 'Cotangent of radians.', 'cot(0.5)', '1.830487721712452'], float.cotFloat),
  floats(['cotd', 'Cotangent of degrees.', 'cotd(45)', '1'], float.cotDegrees),
  floats(['sin', 'Sine of radians.', 'sin(1)', '0.8414709848078965'], float.sinFloat),
  floats(['sind', 'Sine of degrees.', 'sind(30)', '0.5'], float.sinDegrees),
  floats(['tan', 'Tangent of radians.', 'tan(0)', '0'], float.tanFloat),
  floats(['tand', 'Tangent of degrees.', 'tand(45)', '1'], float.tanDegrees),
  floats(['sinh', 'Hyperbolic sine.', 'sinh(0)', '0'], float.sinhFloat),
  floats(['cosh', 'Hyperbolic cosine.', 'cosh(0)', '1'], float.coshFloat),
  floats(['tanh', 'Hyperbolic tangent.', 'tanh(0)', '0'], float.tanhFloat),
  floats(['asinh', 'Inverse hyperbolic sine.', 'asinh(0)', '0'], float.asinhFloat),
  floats(['acosh', 'Inverse hyperbolic cosine.', 'acosh(1)', '0'], float.acoshFloat),
  floats(['atanh', 'Inverse hyperbolic tangent.', 'atanh(0)', '0'], float.atanhFloat),
  floats(['degrees', 'Radians to degrees.', 'degrees(0.5)', '28.64788975654116'], float.degreesFloat),
  floats(['radians', 'Degrees to radians.', 'radians(45.0)', '0.7853981633974483'], float.radiansFloat),
  scalar({
    name: 'atan2', args: [FLOAT8, FLOAT8], returns: FLOAT8, description: 'Inverse tangent of y/x, in radians.',
    example: example('SELECT atan2(1, 0)', '1.5707963267948966'), row: ([y, x]) => float.atan2Float(num(y), num(x)),
  }),
  scalar({
    name: 'atan2d', args: [FLOAT8, FLOAT8], returns: FLOAT8, description: 'Inverse tangent of y/x, in degrees.',
    example: example('SELECT atan2d(1, 0)', '90'), row: ([y, x]) => float.atan2Degrees(num(y), num(x)),
  }),
  scalar({
    name: 'pi', args: [], returns: FLOAT8, description: 'The number pi.',
    example: example('SELECT pi()', '3.141592653589793'), row: () => Math.PI,
  }),
];

const absBig = (x: bigint): bigint => (x < 0n ? -x : x);

function gcdBig(a: bigint, b: bigint): bigint {
  let [x, y] = [absBig(a), absBig(b)];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

function lcmBig(a: bigint, b: bigint): bigint {
  return a === 0n || b === 0n ? 0n : absBig((a / gcdBig(a, b)) * b);
}

/** Numbers of one scale, combined as integers. */
function numericDivisor(a: Numeric, b: Numeric, combine: (x: bigint, y: bigint) => bigint): Numeric {
  if (!a.isFinite || !b.isFinite) return Numeric.NAN;
  const scale = Math.max(a.scale, b.scale);
  const x = a.unscaled * powerOfTen(scale - a.scale);
  const y = b.unscaled * powerOfTen(scale - b.scale);
  return Numeric.computed(combine(x, y), scale);
}

function remainder(x: Datum, y: Datum): Datum {
  if (typeof x === 'bigint' && typeof y === 'bigint') {
    if (y === 0n) throw divisionByZero();
    return x % y;
  }
  if (num(y) === 0) throw divisionByZero();
  return (num(x) % num(y)) + 0;
}

function integerPair(name: 'gcd' | 'lcm', type: SimpleType, result: string): ScalarFunction {
  const combine = name === 'gcd' ? gcdBig : lcmBig;
  const words = name === 'gcd' ? 'Greatest common divisor.' : 'Least common multiple.';
  return scalar({
    name, args: [type, type], returns: type, description: words,
    example: example(`SELECT ${name}(1071::${type.kind}, 462::${type.kind})`, result),
    row: ([x, y]) => (type.kind === 'int8'
      ? checkedBigint(combine(big(x), big(y)))
      : checkedInteger(Number(combine(BigInt(num(x)), BigInt(num(y)))), 'int4')),
  });
}

function factorial(n: bigint): Numeric {
  if (n < 0n) throw new DatabaseError('22003', 'factorial of a negative number is undefined');
  if (n > 32177n) throw new DatabaseError('22003', 'value overflows numeric format');
  let product = 1n;
  for (let i = 2n; i <= n; i++) product *= i;
  return Numeric.fromBigInt(product);
}

const INTEGERS: readonly ScalarFunction[] = [
  ...[INT2, INT4, INT8].map((type) => scalar({
    name: 'mod', args: [type, type], returns: type, description: 'Remainder, with the sign of the first argument.',
    example: example(`SELECT mod((-9)::${type.kind}, 4::${type.kind})`, '-1'), total: safeDivisor,
    row: ([x, y]) => remainder(x, y),
  })),
  scalar({
    name: 'mod', args: [NUMERIC, NUMERIC], returns: NUMERIC,
    description: 'Remainder, with the sign of the first argument.',
    example: example('SELECT mod(9.5, 4)', '1.5'), row: ([x, y]) => numeric(x).mod(numeric(y)),
  }),
  scalar({
    name: 'div', args: [NUMERIC, NUMERIC], returns: NUMERIC, description: 'Quotient, truncated towards zero.',
    example: example('SELECT div(9, 4)', '2'), row: ([x, y]) => numeric(x).divideTruncated(numeric(y)),
  }),
  integerPair('gcd', INT4, '21'), integerPair('gcd', INT8, '21'),
  integerPair('lcm', INT4, '23562'), integerPair('lcm', INT8, '23562'),
  scalar({
    name: 'gcd', args: [NUMERIC, NUMERIC], returns: NUMERIC, description: 'Greatest common divisor.',
    example: example('SELECT gcd(10.5, 4.2)', '2.1'), row: ([x, y]) => numericDivisor(numeric(x), numeric(y), gcdBig),
  }),
  scalar({
    name: 'lcm', args: [NUMERIC, NUMERIC], returns: NUMERIC, description: 'Least common multiple.',
    example: example('SELECT lcm(10.5, 4.2)', '21.0'), row: ([x, y]) => numericDivisor(numeric(x), numeric(y), lcmBig),
  }),
  scalar({
    name: 'factorial', args: [INT8], returns: NUMERIC, description: 'Factorial.',
    example: example('SELECT factorial(20)', '2432902008176640000'), row: ([n]) => factorial(big(n)),
  }),
];

const bucketError = (message: string): DatabaseError => new DatabaseError('2201G', message);

function bucketFloat(x: number, low: number, high: number, count: number): number {
  if (count <= 0) throw bucketError('count must be greater than zero');
  if ([x, low, high].some(Number.isNaN)) throw bucketError('operand, lower bound, and upper bound cannot be NaN');
  if (!Number.isFinite(low) || !Number.isFinite(high)) throw bucketError('lower and upper bounds must be finite');
  if (low === high) throw bucketError('lower bound cannot equal upper bound');
  const [value, from, to] = low < high ? [x, low, high] : [-x, -low, -high];
  if (value < from) return 0;
  if (value >= to) return checkedInteger(count + 1, 'int4');
  return Math.min(Math.floor(((value - from) / (to - from)) * count) + 1, count);
}

function bucketNumeric(x: Numeric, low: Numeric, high: Numeric, count: number): number {
  if (count <= 0) throw bucketError('count must be greater than zero');
  if (x.isNaN || low.isNaN || high.isNaN) throw bucketError('operand, lower bound, and upper bound cannot be NaN');
  if (!low.isFinite || !high.isFinite) throw bucketError('lower and upper bounds must be finite');
  const order = low.compare(high);
  if (order === 0) throw bucketError('lower bound cannot equal upper bound');
  const flip = (n: Numeric): Numeric => (order < 0 ? n : n.negate());
  const [value, from, to] = [flip(x), flip(low), flip(high)];
  if (value.compare(from) < 0) return 0;
  if (value.compare(to) >= 0) return checkedInteger(count + 1, 'int4');
  const share = value.subtract(from).multiply(Numeric.fromInteger(count)).divideTruncated(to.subtract(from));
  return Number(share.unscaled) + 1;
}

/** Index of the last threshold that is not above the value. */
function bucketOf([x, thresholds]: readonly Datum[], call: CallInfo): number {
  const { values, dimensions } = asArray(thresholds);
  if (dimensions.length > 1) throw new DatabaseError('2202E', 'thresholds must be one-dimensional array');
  if (values.includes(null)) throw new DatabaseError('22004', 'thresholds array must not contain NULLs');
  const type = elementType(call.argTypes[1]);
  let [from, to] = [0, values.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compareDatums(type, x, values[middle]) < 0) to = middle;
    else from = middle + 1;
  }
  return from;
}

const BUCKETS: readonly ScalarFunction[] = [
  scalar({
    name: 'width_bucket', args: [FLOAT8, FLOAT8, FLOAT8, INT4], returns: INT4,
    description: 'Number of the equal-width bucket the value falls in.',
    example: example('SELECT width_bucket(5.35::float8, 0.024, 10.06, 5)', '3'),
    row: ([x, low, high, n]) => bucketFloat(num(x), num(low), num(high), num(n)),
  }),
  scalar({
    name: 'width_bucket', args: [NUMERIC, NUMERIC, NUMERIC, INT4], returns: INT4,
    description: 'Number of the equal-width bucket the value falls in.',
    example: example('SELECT width_bucket(5.35, 0.024, 10.06, 5)', '3'),
    row: ([x, low, high, n]) => bucketNumeric(numeric(x), numeric(low), numeric(high), num(n)),
  }),
  scalar({
    name: 'width_bucket', args: [simpleType('anycompatible'), simpleType('anycompatiblearray')], returns: INT4,
    description: 'Number of lower bounds that the value has reached.',
    example: example('SELECT width_bucket(5, array[1, 3, 9])', '2'), row: bucketOf,
  }),
  scalar({
    name: 'random', args: [], returns: FLOAT8, description: 'A random value, 0 ≤ x < 1.', volatility: 'volatile',
    row: (_args, call) => call.context.random(),
  }),
];

export const MATH: readonly ScalarFunction[] = [...ROUNDING, ...POWERS, ...TRIGONOMETRY, ...INTEGERS, ...BUCKETS];
