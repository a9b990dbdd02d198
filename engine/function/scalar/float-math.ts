// Mathematics of double precision with PostgreSQL's errors: powers, logarithms, trigonometry in radians and degrees.
import { DatabaseError } from '../../data/error.ts';
import { acos, asin, atan, atan2 } from '../libm/arcs.ts';
import { exp } from '../libm/exponential.ts';
import { acosh, asinh, atanh, cosh, sinh, tanh } from '../libm/hyperbolic.ts';
import { log, log10 } from '../libm/logarithm.ts';
import { pow } from '../libm/power.ts';
import { cos, sin, tan } from '../libm/trigonometry.ts';
import { checkedFloat } from './arithmetic.ts';

function inputOutOfRange(): DatabaseError {
  return new DatabaseError('22003', 'input is out of range');
}

export function sqrtFloat(x: number): number {
  if (x < 0) throw new DatabaseError('2201F', 'cannot take square root of a negative number');
  return Math.sqrt(x);
}

export function expFloat(x: number): number {
  if (Number.isNaN(x)) return x;
  return checkedFloat(exp(x), x === Infinity, x === -Infinity);
}

function logarithm(x: number, compute: (x: number) => number): number {
  if (x === 0) throw new DatabaseError('2201E', 'cannot take logarithm of zero');
  if (x < 0) throw new DatabaseError('2201E', 'cannot take logarithm of a negative number');
  return compute(x);
}
export const lnFloat = (x: number): number => logarithm(x, log);
export const log10Float = (x: number): number => logarithm(x, log10);

export function powerFloat(x: number, y: number): number {
  if (Number.isNaN(x)) return y === 0 ? 1 : x;
  if (Number.isNaN(y)) return x === 1 ? 1 : y;
  if (x === 0 && y < 0) throw new DatabaseError('2201F', 'zero raised to a negative power is undefined');
  const infinite = !Number.isFinite(x) || !Number.isFinite(y);
  if (x < 0 && Number.isFinite(y) && !Number.isInteger(y)) {
    throw new DatabaseError('2201F', 'a negative number raised to a non-integer power yields a complex result');
  }
  return checkedFloat(pow(x, y), infinite, infinite || x === 0);
}

/** To the nearest integer, halves to even, as rint does. */
export function roundFloat(x: number): number {
  const floor = Math.floor(x);
  const difference = x - floor;
  if (difference < 0.5) return x < 0 && floor === 0 ? -0 : floor;
  if (difference > 0.5) return floor === -1 ? -0 : floor + 1;
  const even = floor % 2 === 0 ? floor : floor + 1;
  return even === 0 && x < 0 ? -0 : even;
}

function finite(x: number, compute: (x: number) => number): number {
  if (x === Infinity || x === -Infinity) throw inputOutOfRange();
  return checkedFloat(compute(x), false, true);
}
export const sinFloat = (x: number): number => finite(x, sin);
export const cosFloat = (x: number): number => finite(x, cos);
export const tanFloat = (x: number): number => finite(x, tan);
export function cotFloat(x: number): number {
  if (x === Infinity || x === -Infinity) throw inputOutOfRange();
  return 1 / tan(x);
}

function within(x: number, low: number, high: number, compute: (x: number) => number): number {
  if (x < low || x > high) throw inputOutOfRange();
  return compute(x);
}
export const asinFloat = (x: number): number => within(x, -1, 1, asin);
export const acosFloat = (x: number): number => within(x, -1, 1, acos);
export const acoshFloat = (x: number): number => within(x, 1, Infinity, acosh);
export const atanhFloat = (x: number): number => within(x, -1, 1, atanh);
export const atanFloat = atan;
export const atan2Float = atan2;
export const sinhFloat = sinh;
export const coshFloat = cosh;
export const tanhFloat = tanh;
export const asinhFloat = asinh;

// Degrees: exact at multiples of 30 and 45, by scaling with the same function's value there.

const RADIANS = Math.PI / 180;
const SIN_30 = sin(30 * RADIANS);
const ONE_MINUS_COS_60 = 1 - cos(60 * RADIANS);
const ASIN_HALF = asin(0.5);
const ACOS_HALF = acos(0.5);
const ATAN_1 = atan(1);

const sinTo30 = (x: number): number => sin(x * RADIANS) / SIN_30 / 2;
const cosTo60 = (x: number): number => 1 - (1 - cos(x * RADIANS)) / ONE_MINUS_COS_60 / 2;
const sinQuadrant = (x: number): number => (x <= 30 ? sinTo30(x) : cosTo60(90 - x));
const cosQuadrant = (x: number): number => (x <= 60 ? cosTo60(x) : sinTo30(90 - x));

/** The angle within 0 … 90, and the signs that sine and cosine get back. */
function reduce(x: number): { readonly angle: number; readonly sine: number; readonly cosine: number } {
  if (x === Infinity || x === -Infinity) throw inputOutOfRange();
  let angle = x % 360;
  let sine = 1;
  let cosine = 1;
  if (angle < 0) {
    angle = -angle;
    sine = -sine;
  }
  if (angle > 180) {
    angle = 360 - angle;
    sine = -sine;
  }
  if (angle > 90) {
    angle = 180 - angle;
    cosine = -cosine;
  }
  return { angle, sine, cosine };
}

export function sinDegrees(x: number): number {
  const { angle, sine } = reduce(x);
  return sine * sinQuadrant(angle);
}
export function cosDegrees(x: number): number {
  const { angle, cosine } = reduce(x);
  return cosine * cosQuadrant(angle);
}
const TAN_45 = sinQuadrant(45) / cosQuadrant(45);
const COT_45 = cosQuadrant(45) / sinQuadrant(45);
export function tanDegrees(x: number): number {
  const { angle, sine, cosine } = reduce(x);
  const result = sine * cosine * (sinQuadrant(angle) / cosQuadrant(angle) / TAN_45);
  return result === 0 ? 0 : result;
}
export function cotDegrees(x: number): number {
  const { angle, sine, cosine } = reduce(x);
  const result = sine * cosine * (cosQuadrant(angle) / sinQuadrant(angle) / COT_45);
  return result === 0 ? 0 : result;
}

function asinQuadrant(x: number): number {
  return x <= 0.5 ? (asin(x) / ASIN_HALF) * 30 : 90 - (acos(x) / ACOS_HALF) * 60;
}
function acosQuadrant(x: number): number {
  return x <= 0.5 ? 90 - (asin(x) / ASIN_HALF) * 30 : (acos(x) / ACOS_HALF) * 60;
}
export const asinDegrees = (x: number): number =>
  within(x, -1, 1, (y) => (y >= 0 ? asinQuadrant(y) : -asinQuadrant(-y)));
export const acosDegrees = (x: number): number =>
  within(x, -1, 1, (y) => (y >= 0 ? acosQuadrant(y) : 90 + asinQuadrant(-y)));
export const atanDegrees = (x: number): number => (atan(x) / ATAN_1) * 45;
export const atan2Degrees = (y: number, x: number): number => (atan2(y, x) / ATAN_1) * 45;

export function degreesFloat(x: number): number {
  return checkedFloat(x / RADIANS, !Number.isFinite(x), true);
}
export function radiansFloat(x: number): number {
  return checkedFloat(x * RADIANS, !Number.isFinite(x), x === 0);
}
