// Numeric against PostgreSQL's answers, and its laws on random values.
import { expect, test } from 'vitest';
import { datumAt, vectorFromDatums } from '../../../engine/data/access.ts';
import { decodeNumeric, encodeNumeric } from '../../../engine/data/numeric-bytes.ts';
import { leadingDigit, Numeric, powerOfTen } from '../../../engine/data/numeric.ts';
import { formatFloat4, formatFloat8 } from '../../../engine/data/float-text.ts';
import { NUMERIC, numericType, typmodOf } from '../../../engine/data/types.ts';
import { fixture, outcome } from '../../support/fixture.ts';
import { Random } from '../../support/random.ts';

const answers = fixture<{
  readonly binary: readonly (readonly string[])[];
  readonly unary: readonly (readonly [string, number, ...(string | null)[]])[];
  readonly float: readonly (readonly [string, string, string | null, string | null])[];
}>('data/numeric');

test('arithmetic', () => {
  const given = answers.binary.map(([left, right]) => {
    const a = Numeric.parse(left);
    const b = Numeric.parse(right);
    const show = (answer: () => Numeric): string | null => outcome(() => answer().toString());
    return [left, right, show(() => a.add(b)), show(() => a.subtract(b)), show(() => a.multiply(b)),
      show(() => a.divide(b)), show(() => a.mod(b)), show(() => a.divideTruncated(b)),
      Math.sign(a.compare(b)).toString()];
  });
  expect(given).toEqual(answers.binary);
});

test('rounding and conversion', () => {
  const typmod = typmodOf(numericType(8, 3));
  const given = answers.unary.map(([text, n]) => {
    const a = Numeric.parse(text);
    const show = (answer: () => Numeric | number | bigint): string | null => outcome(() => answer().toString());
    return [text, n, show(() => a.round(n)), show(() => a.trunc(n)), show(() => a.ceil()), show(() => a.floor()),
      show(() => a.negate()), show(() => a.abs()), a.isNaN ? 'NaN' : a.sign.toString(), show(() => a.toInt2()),
      show(() => a.toInt4()), show(() => a.toInt8()), outcome(() => formatFloat8(a.toFloat8())),
      outcome(() => formatFloat4(a.toFloat4())), show(() => a.fits(typmod)), show(() => a.canonical())];
  });
  expect(given).toEqual(answers.unary);
});

test('from and to floating point', () => {
  const given = answers.float.map(([text, , narrow]) => {
    const value = Number(text);
    const tooWide = Math.abs(value) > 3e38 || (value !== 0 && Math.abs(value) < 1e-37);
    const single = tooWide ? 0 : Math.fround(value);
    return [text, Numeric.fromFloat(value).toString(), narrow === null ? null : Numeric.fromFloat(single, 6).toString(),
      formatFloat8(value)];
  });
  expect(given).toEqual(answers.float);
});

test('limits of the format', () => {
  expect(Numeric.parse('1e131071').toString()).toHaveLength(131072);
  expect(Numeric.parse('1e-16383').scale).toBe(16383);
  expect(outcome(() => Numeric.parse('1e131072').toString())).toBe('!22003 value overflows numeric format');
  expect(outcome(() => Numeric.parse('1e-16384').toString())).toBe('!22003 value overflows numeric format');
  const great = Numeric.parse('9e131071');
  expect(outcome(() => great.add(great).toString())).toBe('!22003 value overflows numeric format');
});

function randomNumeric(random: Random): Numeric {
  const digits = random.int(0, 30);
  let text = random.int(0, 1) === 1 ? '-' : '';
  for (let i = 0; i <= digits; i++) text += random.int(0, 9).toString();
  return Numeric.of(BigInt(text), random.int(0, 12));
}

test('laws on random values', () => {
  const seed = 20240229;
  const random = new Random(seed);
  for (let round = 0; round < 2000; round++) {
    const [a, b] = [randomNumeric(random), randomNumeric(random)];
    const where = `seed ${seed}, round ${round}: ${a} and ${b}`;
    expect(Numeric.parse(a.toString()), where).toEqual(a);
    const bytes = encodeNumeric(a);
    expect(decodeNumeric(bytes, 0, bytes.length), where).toEqual(a);
    expect(datumAt(vectorFromDatums(NUMERIC, [a]), 0), where).toEqual(a);
    expect(a.add(b).subtract(b).equals(a), where).toBe(true);
    expect(a.compare(b) + b.compare(a), where).toBe(0);
    expect(a.canonical().equals(a), where).toBe(true);
    expect(a.multiply(Numeric.fromInteger(10)).canonical(), where)
      .toEqual(a.canonical().multiply(Numeric.fromInteger(10)).canonical());
    if (b.sign === 0) continue;
    expect(a.divideTruncated(b).multiply(b).add(a.mod(b)).equals(a), where).toBe(true);
  }
});

test('many digits: the stored form gives them back, the leading one is found without writing them all', () => {
  const random = new Random(11);
  for (let i = 0; i < 400; i++) {
    const places = random.int(300, 2000);
    const near = powerOfTen(places) * BigInt(random.int(1, 10000)) + BigInt(random.int(-1, 1));
    const any = BigInt(`${random.int(1, 9)}${Array.from({ length: places }, () => random.int(0, 9)).join('')}`);
    const value = Numeric.of(random.pick([near, -near, any, -any]), random.int(0, 2500));
    const bytes = encodeNumeric(value);
    expect(decodeNumeric(bytes, 0, bytes.length)).toEqual(value);
    const digits = value.abs().unscaled.toString();
    const exponent = digits.length - 1 - value.scale;
    const weight = Math.floor(exponent / 4);
    const width = exponent - weight * 4 + 1;
    expect(leadingDigit(value)).toEqual({ weight, digit: Number(digits.slice(0, width).padEnd(width, '0')) });
  }
});
