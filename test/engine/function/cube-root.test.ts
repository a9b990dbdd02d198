// cbrt is rounded correctly: judged by exact integers. CUBE_SEED repeats a run.
import { describe, expect, it } from 'vitest';
import { cubeRoot } from '../../../engine/function/libm/cube-root.ts';
import { Random } from '../../support/random.ts';

const SEED = Number(process.env['CUBE_SEED'] ?? 1);
const COUNT = Number(process.env['CUBE_COUNT'] ?? 50_000);

const double = new Float64Array(1);
const bits = new BigUint64Array(double.buffer);

/** Mantissa and exponent: x = mantissa·2^exponent. */
function parts(x: number): readonly [bigint, number] {
  double[0] = x;
  const exponent = Number((bits[0] >> 52n) & 0x7ffn);
  const mantissa = bits[0] & 0xfffffffffffffn;
  return exponent === 0 ? [mantissa, -1074] : [mantissa | 0x10000000000000n, exponent - 1075];
}

function neighbour(x: number, step: bigint): number {
  double[0] = x;
  bits[0] += step;
  return double[0];
}

/** Compares the cube of what is halfway between two doubles with x. Requires: all positive. */
function halfwayCubed(a: number, b: number, x: number): number {
  const [[am, ae], [bm, be], [xm, xe]] = [parts(a), parts(b), parts(x)];
  const exponent = Math.min(ae, be);
  const twice = (am << BigInt(ae - exponent)) + (bm << BigInt(be - exponent));
  const cube = twice ** 3n;
  // (twice/2·2^exponent)³ against xm·2^xe
  const shift = 3 * (exponent - 1) - xe;
  const [left, right] = shift >= 0 ? [cube << BigInt(shift), xm] : [cube, xm << BigInt(-shift)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function isNearest(x: number, root: number): boolean {
  return halfwayCubed(neighbour(root, -1n), root, x) < 0 && halfwayCubed(root, neighbour(root, 1n), x) > 0;
}

/** Their roots lie within 2^-33 of the last digit's half between two doubles. */
const HARD: readonly number[] = [
  4503645313186140, 4503714437044609, 4503733353868670, 4503787322928596, 4503646407895528, 4503609009785537,
].map((n) => n * 2 ** -52);

describe('cubeRoot', () => {
  it(`gives the nearest double whatever the exponent (CUBE_SEED=${SEED})`, () => {
    const random = new Random(SEED);
    const wrong: number[] = [];
    for (let i = 0; i < COUNT; i++) {
      bits[0] = (BigInt(random.bits() >>> 1) << 32n) | BigInt(random.bits() >>> 0);
      // Every eighth a subnormal one.
      if (i % 8 === 0) bits[0] &= 0xfffffffffffffn;
      const x = double[0];
      if (!Number.isFinite(x) || x === 0) continue;
      const root = cubeRoot(x);
      if (!isNearest(x, root) || cubeRoot(-x) !== -root) wrong.push(x);
    }
    expect(wrong).toEqual([]);
  });

  it('gives whole roots, and the nearest double where it is hardest to tell', () => {
    for (let i = 1; i < 2000; i++) expect(cubeRoot(i * i * i)).toBe(i);
    for (const x of HARD) for (const scale of [1, 8, 2 ** -900, 2 ** 900, 2 ** -1020]) {
      expect(isNearest(x * scale, cubeRoot(x * scale)), `${x * scale}`).toBe(true);
    }
  });

  it('keeps what has no other root', () => {
    for (const x of [0, -0, Infinity, -Infinity, NaN]) expect(cubeRoot(x)).toBe(x);
  });
});
