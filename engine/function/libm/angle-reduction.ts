// An angle as a number of quarter turns and a rest within an eighth of one, of a hundred bits however large the angle is.
import { pair } from './double-double.ts';
import { highWord, powerOfTwo, productError } from './fma.ts';

/** π/2 in four parts, the last a pair; multiples of the first three are exact. */
const P1 = 1.5707963267341256;
const P2 = 6.077100506303966e-11;
const P3 = 2.0222662487111665e-21;
const P4 = 8.4784276603689e-32;
const P4_LOW = 7.398504768267704e-49;
const TWO_BY_PI = 0.6366197723675814;

const EIGHTH = Math.PI / 4;
const MANY_TURNS = 2 ** 20;
/** Adding and taking it away rounds to an integer. */
const ROUNDER = 6755399441055744;

/** The rest of what was reduced last. */
export const rest = pair();

/** Quarter turns, modulo 4; the rest goes into `rest`. Requires: finite. */
export function reduce(x: number): number {
  if (Math.abs(x) <= EIGHTH) {
    rest[0] = x;
    rest[1] = 0;
    return 0;
  }
  const turns = (x * TWO_BY_PI + ROUNDER) - ROUNDER;
  if (Math.abs(turns) > MANY_TURNS) return reduceLarge(x);
  const first = x - turns * P1;
  const b = -turns * P2;
  const second = first + b;
  const secondPart = second - first;
  const secondError = (first - (second - secondPart)) + (b - secondPart);
  const c = -turns * P3;
  const third = second + c;
  const thirdPart = third - second;
  const thirdError = (second - (third - thirdPart)) + (c - thirdPart);
  const fourth = -turns * P4;
  const fourthError = productError(-turns, P4) - turns * P4_LOW;
  const low = secondError + thirdError;
  const lowPart = low - secondError;
  const lowError = (secondError - (low - lowPart)) + (thirdError - lowPart);
  const sum = third + low;
  const sumPart = sum - third;
  const sumError = (third - (sum - sumPart)) + (low - sumPart);
  const remainder = (sumError + fourth) + (lowError + fourthError);
  rest[0] = sum + remainder;
  rest[1] = remainder - (rest[0] - sum);
  return turns & 3;
}

/** 2/π·2^1280: enough for the largest double's place, its 53 bits, and a rest of which 2^-62 is left. */
const INVERSE = BigInt(
  '0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73ee88235f5'
  + '2ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d75'
  + '27bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc209af4361d',
);
const PLACES = 1280;
/** π/2·2^255. */
const QUARTER = BigInt('0xc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22');
const KEPT = 230;

function reduceLarge(x: number): number {
  const size = Math.abs(x);
  const exponent = (highWord(size) >> 20) - 1075;
  const mantissa = BigInt(exponent < 0 ? size * powerOfTwo(-exponent) : size / powerOfTwo(exponent));
  // x·2/π·2^places; the fraction is taken from -½ to ½.
  const places = BigInt(PLACES - exponent);
  const product = mantissa * INVERSE;
  const turns = (product + (1n << (places - 1n))) >> places;
  const fraction = (product - (turns << places)) >> (places - BigInt(KEPT));
  const scaled = (fraction * QUARTER) >> 255n;
  const high = Number(scaled);
  const low = Number(scaled - BigInt(high));
  const sign = x < 0 ? -1 : 1;
  rest[0] = sign * high * 2 ** -KEPT;
  rest[1] = sign * low * 2 ** -KEPT;
  return (sign * Number(turns & 3n)) & 3;
}
