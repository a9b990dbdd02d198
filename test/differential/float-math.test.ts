// Functions of double precision give PostgreSQL's last digit (glibc's, on a processor with FMA): FLOAT_SEED repeats a run.
import { describe, expect, test } from 'vitest';
import * as float from '../../engine/function/scalar/float-math.ts';
import { ProtocolClient } from '../support/protocol-client.ts';
import { Random } from '../support/random.ts';
import { oracleAddress } from './hunt.ts';

const SEED = Number(process.env['FLOAT_SEED'] ?? 1);
const COUNT = Number(process.env['FLOAT_COUNT'] ?? 4000);

type Range = readonly [low: number, high: number];
interface Case {
  readonly call: string;
  readonly body: (x: number, y: number) => number;
  readonly x: Range;
  readonly y?: Range;
  /** The arguments' logarithms to base 2 are spread evenly over their range, not they themselves. */
  readonly spread?: boolean;
  /** glibc does not always round correctly, we do: the share of values, one in so many, whose last digit may be another. */
  readonly exceptOneIn?: number;
}

const FULL: Range = [-60, 60];
const UNIT: Range = [-1, 1];

const CASES: readonly Case[] = [
  { call: 'exp(x)', body: float.expFloat, x: [-700, 709] },
  { call: 'exp(x)', body: float.expFloat, x: [-70, 9], spread: true },
  { call: 'ln(x)', body: float.lnFloat, x: [-1022, 1023], spread: true },
  { call: 'ln(x)', body: float.lnFloat, x: [0.9, 1.1] },
  { call: 'log(x)', body: float.log10Float, x: [-1022, 1023], spread: true },
  { call: 'log(x)', body: float.log10Float, x: [0.5, 2] },
  { call: 'power(x, y)', body: float.powerFloat, x: [0.1, 100], y: [-100, 100] },
  { call: 'power(x, y)', body: float.powerFloat, x: [0.99, 1.01], y: [-50000, 50000] },
  { call: 'power(x, y)', body: float.powerFloat, x: [-100, 100], y: [-3, 3], spread: true },
  { call: 'sinh(x)', body: float.sinhFloat, x: [-30, 30] },
  { call: 'sinh(x)', body: float.sinhFloat, x: [-2, 2] },
  { call: 'cosh(x)', body: float.coshFloat, x: [-30, 30] },
  { call: 'cosh(x)', body: float.coshFloat, x: [-2, 2] },
  { call: 'tanh(x)', body: float.tanhFloat, x: [-3, 3] },
  { call: 'asinh(x)', body: float.asinhFloat, x: [-50, 50] },
  { call: 'asinh(x)', body: float.asinhFloat, x: [-2, 2] },
  { call: 'acosh(x)', body: float.acoshFloat, x: [1, 50] },
  { call: 'acosh(x)', body: float.acoshFloat, x: [1, 2] },
  { call: 'atanh(x)', body: float.atanhFloat, x: UNIT },
  { call: 'sin(x)', body: float.sinFloat, x: FULL, exceptOneIn: 100 },
  { call: 'sin(x)', body: float.sinFloat, x: [-20, 1000], spread: true, exceptOneIn: 100 },
  { call: 'cos(x)', body: float.cosFloat, x: FULL, exceptOneIn: 100 },
  { call: 'tan(x)', body: float.tanFloat, x: FULL, exceptOneIn: 100 },
  { call: 'cot(x)', body: float.cotFloat, x: FULL, exceptOneIn: 100 },
  { call: 'asin(x)', body: float.asinFloat, x: UNIT, exceptOneIn: 100 },
  { call: 'acos(x)', body: float.acosFloat, x: UNIT, exceptOneIn: 100 },
  { call: 'atan(x)', body: float.atanFloat, x: FULL, exceptOneIn: 100 },
  { call: 'atan2(x, y)', body: float.atan2Float, x: FULL, y: FULL, exceptOneIn: 100 },
  { call: 'sind(x)', body: float.sinDegrees, x: [-720, 720], exceptOneIn: 100 },
  { call: 'cosd(x)', body: float.cosDegrees, x: [-720, 720], exceptOneIn: 100 },
  { call: 'tand(x)', body: float.tanDegrees, x: [-720, 720], exceptOneIn: 50 },
  { call: 'cotd(x)', body: float.cotDegrees, x: [-720, 720], exceptOneIn: 50 },
  { call: 'asind(x)', body: float.asinDegrees, x: UNIT, exceptOneIn: 100 },
  { call: 'acosd(x)', body: float.acosDegrees, x: UNIT, exceptOneIn: 100 },
  { call: 'atand(x)', body: float.atanDegrees, x: FULL, exceptOneIn: 100 },
  { call: 'atan2d(x, y)', body: float.atan2Degrees, x: FULL, y: FULL, exceptOneIn: 100 },
  { call: 'degrees(x)', body: float.degreesFloat, x: FULL },
  { call: 'radians(x)', body: float.radiansFloat, x: FULL },
];

function argument(random: Random, [low, high]: Range, spread: boolean): number {
  const fraction = (random.bits() * 2 ** 21 + (random.bits() >>> 11)) / 2 ** 53;
  const value = low + (high - low) * fraction;
  return spread ? 2 ** value : value;
}

const address = oracleAddress();
if (address === null) console.log('skipped: the comparison of mathematics with PostgreSQL needs MILLRACE_ORACLE');

describe.skipIf(address === null)('functions of double precision', () => {
  test.each(CASES)(`$call of $x as PostgreSQL's (FLOAT_SEED=${SEED})`, async ({ call, body, x, y, spread, exceptOneIn }) => {
    if (address === null) return;
    const client = await ProtocolClient.open(address);
    await client.startup({ user: 'postgres', database: 'postgres' });
    const random = new Random(SEED);
    const draw = (range: Range): number[] => Array.from({ length: COUNT }, () => argument(random, range, spread === true));
    const xs = draw(x);
    const ys = y === undefined ? xs : draw(y);
    client.send({ Query: { q: `SELECT ${call} FROM unnest('{${xs.join()}}'::float8[], '{${ys.join()}}'::float8[]) a (x, y)` } });
    const theirs = (await client.untilReady()).filter((a) => a.msg === 'DataRow')
      .map((a) => Number(Array.isArray(a['values']) ? a['values'][0] : NaN));
    client.close();
    expect(theirs.length).toBe(COUNT);
    const different = theirs.flatMap((value, i) => {
      const ours = body(xs[i], ys[i]);
      return Object.is(ours, value) ? [] : [`${xs[i]} ${ys[i]}: ${ours} for ${value}`];
    });
    if (exceptOneIn === undefined) expect(different).toEqual([]);
    else expect(different.length, different.slice(0, 20).join('\n')).toBeLessThan(COUNT / exceptOneIn);
  });
});
