// The cube root, rounded correctly: as glibc's is from 2.41 on.
import { highWord, powerOfTwo, productError } from './fma.ts';

/** What is scaled has a root that is scaled by the third of it; in between nothing overflows, and no error is lost. */
const HUGE = 2 ** 900;
const TINY = 2 ** -600;
const SCALE = 2 ** 600;
const ROOT_SCALE = 2 ** 200;
/** The correction is known much better than this; where it does not decide, once in a thousand million values, the cube does. */
const SLACK = 2 ** -32;

export function cubeRoot(x: number): number {
  const size = Math.abs(x);
  if (!(size <= HUGE)) return !Number.isFinite(size) ? x : rootOf(x / SCALE) * ROOT_SCALE;
  if (size < TINY) return size === 0 ? x : rootOf(x * SCALE) / ROOT_SCALE;
  return rootOf(x);
}

/** Math's root is within one unit of its last digit; what it lacks is a step of Newton's, with the error of its cube. */
function rootOf(x: number): number {
  const root = Math.cbrt(x);
  const square = root * root;
  const cube = square * root;
  const rest = (x - cube) - (productError(square, root) + productError(root, root) * root);
  const correction = rest / (3 * square);
  const slack = correction * SLACK;
  const one = root + (correction - slack);
  const other = root + (correction + slack);
  return one === other ? one : nearer(x, one, other);
}

/** Which of two neighbouring doubles: whether the cube of what is halfway is larger. There is no tie, it has too many bits. */
function nearer(x: number, a: number, b: number): number {
  const [low, high] = Math.abs(a) < Math.abs(b) ? [a, b] : [b, a];
  const places = 52 - exponentOf(low);
  const twice = BigInt(Math.abs(low) * powerOfTwo(places)) + BigInt(Math.abs(high) * powerOfTwo(places));
  const exponent = exponentOf(x);
  const scaled = BigInt(Math.abs(x) * powerOfTwo(52 - exponent) * 8) << BigInt(exponent - 52 + 3 * places);
  return twice ** 3n > scaled ? low : high;
}

function exponentOf(x: number): number {
  return ((highWord(x) >> 20) & 0x7ff) - 1023;
}
