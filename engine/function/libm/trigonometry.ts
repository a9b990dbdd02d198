// sin, cos and tan, rounded correctly: as glibc's are but for one or two values in a thousand.
import { reduce, rest } from './angle-reduction.ts';
import { add, divide, multiply, pair, series } from './double-double.ts';

/** Taylor's coefficients from that of x³ on, of sin by x³ and of cos by x². */
const SINE = Float64Array.of(
  -0.16666666666666666, -9.25185853854297e-18, 0.008333333333333333, 1.1564823173178714e-19,
  -0.0001984126984126984, -1.7209558293420705e-22, 2.7557319223985893e-6, -1.858393274046472e-22,
  -2.505210838544172e-8, 1.448814070935912e-24, 1.6059043836821613e-10, 1.2585294588752098e-26,
);
const SINE_REST = Float64Array.of(
  -7.647163731819816e-13, 2.8114572543455206e-15, -8.22063524662433e-18, 1.9572941063391263e-20,
  -3.868170170630684e-23, 6.446950284384474e-26, -9.183689863795546e-29,
);
const COSINE = Float64Array.of(
  -0.5, 0, 0.041666666666666664, 2.3129646346357427e-18, -0.001388888888888889, 5.300543954373577e-20,
  2.48015873015873e-5, 2.1511947866775882e-23, -2.755731922398589e-7, -2.3767714622250297e-23,
  2.08767569878681e-9, -1.20734505911326e-25,
);
const COSINE_REST = Float64Array.of(
  -1.1470745597729725e-11, 4.779477332387385e-14, -1.5619206968586225e-16, 4.110317623312165e-19,
  -8.896791392450574e-22, 1.6117375710961184e-24, -2.4795962632247976e-27, 3.279889237069838e-30,
);

const square = pair();
const term = pair();
const sine = pair();
const cosine = pair();

/** Below it sin x and tan x round to x. */
const TINY = 2 ** -27;

/** The sine of the rest, into `sine`. */
function sineOfRest(): void {
  multiply(rest[0], rest[1], rest[0], rest[1], square);
  series(SINE, SINE_REST, square[0], square[1], term);
  multiply(term[0], term[1], square[0], square[1], term);
  multiply(term[0], term[1], rest[0], rest[1], term);
  add(rest[0], rest[1], term[0], term[1], sine);
}

/** The cosine of the rest, into `cosine`. */
function cosineOfRest(): void {
  multiply(rest[0], rest[1], rest[0], rest[1], square);
  series(COSINE, COSINE_REST, square[0], square[1], term);
  multiply(term[0], term[1], square[0], square[1], term);
  add(1, 0, term[0], term[1], cosine);
}

/** sin(x + quarters·π/2). */
function sineOf(x: number, quarters: number): number {
  const turns = (reduce(x) + quarters) & 3;
  let size: number;
  if ((turns & 1) === 0) {
    sineOfRest();
    [size] = sine;
  } else {
    cosineOfRest();
    [size] = cosine;
  }
  return turns > 1 ? -size : size;
}

export function sin(x: number): number {
  if (Math.abs(x) < TINY) return x;
  return Number.isFinite(x) ? sineOf(x, 0) : NaN;
}

export function cos(x: number): number {
  if (Math.abs(x) < TINY) return 1;
  return Number.isFinite(x) ? sineOf(x, 1) : NaN;
}

export function tan(x: number): number {
  if (Math.abs(x) < TINY) return x;
  if (!Number.isFinite(x)) return NaN;
  const odd = (reduce(x) & 1) === 1;
  sineOfRest();
  cosineOfRest();
  if (odd) divide(-cosine[0], -cosine[1], sine[0], sine[1], term);
  else divide(sine[0], sine[1], cosine[0], cosine[1], term);
  return term[0];
}
