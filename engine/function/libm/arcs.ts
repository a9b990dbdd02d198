// asin, acos, atan and atan2, rounded correctly: as glibc's are but for one or two values in a thousand.
import { add, divide, multiply, pair, series, squareRoot } from './double-double.ts';
import { highWord, powerOfTwo } from './fma.ts';

/** Taylor's coefficients from that of x³ on, by x³. */
const ARC = Float64Array.of(
  -0.3333333333333333, -1.850371707708594e-17, 0.2, -1.1102230246251566e-17, -0.14285714285714285, -7.93016446160826e-18,
  0.1111111111111111, 6.1679056923619804e-18, -0.09090909090909091, 2.523234146875356e-18,
);
const ARC_REST = Float64Array.of(
  0.07692307692307693, -0.06666666666666667, 0.058823529411764705, -0.05263157894736842, 0.047619047619047616,
  -0.043478260869565216,
);

/** atan(i/16), i from 0 to 16, in pairs. */
const ARCS = Float64Array.of(
  0, 0, 0.06241880999595735, -1.5490756308295046e-18, 0.12435499454676144, -3.1253241424539383e-18,
  0.18534794999569476, 4.180692268843079e-18, 0.24497866312686414, 1.0698755618734451e-17,
  0.3028848683749714, -1.1010827903001369e-17, 0.35877067027057225, -2.4623815582638635e-17,
  0.4124104415973873, -1.587652227770689e-17, 0.4636476090008061, 2.2698777452961687e-17,
  0.5123894603107377, -2.5462781472855804e-17, 0.5585993153435624, -5.4556305485916264e-18,
  0.6022873461349642, 2.950430737228402e-17, 0.6435011087932844, 1.5834785051444286e-17,
  0.6823165548747481, 6.943223671560008e-18, 0.7188299996216245, -2.1478388444456983e-17,
  0.7531512809621944, -2.4256934659182068e-17, 0.7853981633974483, 3.061616997868383e-17,
);
const STEPS = 16;

const HALF_PI = 1.5707963267948966;
const HALF_PI_LOW = 6.123233995736766e-17;
const PI_LOW = 1.2246467991473532e-16;

/** Below it the sine, the tangent and their arcs round to the argument. */
const TINY = 2 ** -27;
const HUGE = 2 ** 110;

const scratch = pair();
const divisor = pair();
const ratio = pair();
const term = pair();
const arc = pair();
const root = pair();

/** atan of y/x into `arc`. Requires: neither negative, not both 0, the larger one between 2^-400 and 2^400. */
function arcOfRatio(yh: number, yl: number, xh: number, xl: number): void {
  if (yh <= xh) {
    arcOfSmallRatio(yh, yl, xh, xl);
    return;
  }
  arcOfSmallRatio(xh, xl, yh, yl);
  add(HALF_PI, HALF_PI_LOW, -arc[0], -arc[1], arc);
}

/** The same for y ≤ x: atan(y/x) = atan c + atan((y - c·x)/(x + c·y)), for a c near y/x. */
function arcOfSmallRatio(yh: number, yl: number, xh: number, xl: number): void {
  const step = Math.round(yh / xh * STEPS);
  const c = step / STEPS;
  multiply(-c, 0, xh, xl, scratch);
  add(yh, yl, scratch[0], scratch[1], scratch);
  multiply(c, 0, yh, yl, divisor);
  add(xh, xl, divisor[0], divisor[1], divisor);
  divide(scratch[0], scratch[1], divisor[0], divisor[1], ratio);
  multiply(ratio[0], ratio[1], ratio[0], ratio[1], scratch);
  series(ARC, ARC_REST, scratch[0], scratch[1], term);
  multiply(term[0], term[1], scratch[0], scratch[1], term);
  multiply(term[0], term[1], ratio[0], ratio[1], term);
  add(ratio[0], ratio[1], term[0], term[1], arc);
  if (step > 0) add(ARCS[2 * step], ARCS[2 * step + 1], arc[0], arc[1], arc);
}

/** √(1 - x²) into `root`. Requires: 0 ≤ x < 1. */
function otherSide(x: number): void {
  const less = 1 - x;
  const more = 1 + x;
  multiply(less, (1 - less) - x, more, x - (more - 1), scratch);
  squareRoot(scratch[0], scratch[1], root);
}

export function atan(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x) || size < TINY) return x;
  if (size > HUGE) return x < 0 ? -HALF_PI : HALF_PI;
  arcOfRatio(size, 0, 1, 0);
  return x < 0 ? -arc[0] : arc[0];
}

export function asin(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x) || size < TINY) return x;
  if (size >= 1) return size > 1 ? NaN : x * HALF_PI;
  otherSide(size);
  arcOfRatio(size, 0, root[0], root[1]);
  return x < 0 ? -arc[0] : arc[0];
}

export function acos(x: number): number {
  const size = Math.abs(x);
  if (size >= 1) return x === 1 ? 0 : x === -1 ? Math.PI : NaN;
  if (Number.isNaN(x)) return x;
  // What is below the last bit of π/2 does not show.
  if (size < 2 ** -60) return HALF_PI;
  otherSide(size);
  arcOfRatio(root[0], root[1], size, 0);
  if (x < 0) add(Math.PI, PI_LOW, -arc[0], -arc[1], arc);
  return arc[0];
}

export function atan2(y: number, x: number): number {
  // What is 0, infinite or not a number JavaScript answers as C does.
  if (y === 0 || x === 0 || !Number.isFinite(y) || !Number.isFinite(x)) return Math.atan2(y, x);
  const [tall, wide] = [Math.abs(y), Math.abs(x)];
  const size = Math.max(tall, wide);
  const scale = powerOfTwo(Math.max(Math.min(1023 - (highWord(size) >> 20), 1023), -1022));
  const [yScaled, xScaled] = [tall * scale, wide * scale];
  const angle = arcOfSides(yScaled, xScaled, x < 0) ?? tall / wide;
  return y < 0 ? -angle : angle;
}

/** Null where the angle is the quotient. */
function arcOfSides(y: number, x: number, left: boolean): number | null {
  if (x < y / HUGE) return HALF_PI;
  if (y < x * 2 ** -60) return left ? Math.PI : null;
  arcOfRatio(y, 0, x, 0);
  if (left) add(Math.PI, PI_LOW, -arc[0], -arc[1], arc);
  return arc[0];
}
