// float8 and float4 as text: PostgreSQL's shortest exact output and its input with errors.
import { DatabaseError } from './error.ts';

/** float8out. `digits`: extra_float_digits; 0 and below print that many fewer than 15 significant digits. */
export function formatFloat8(value: number, digits = 1): string {
  if (!Number.isFinite(value)) return special(value);
  if (digits > 0) return layout(Math.abs(value) < 2 ** 53 ? value.toString() : shortestLarge(value), value, 15);
  return printfG(value, Math.max(15 + digits, 1));
}

export function formatFloat4(value: number, digits = 1): string {
  if (!Number.isFinite(value)) return special(value);
  if (digits > 0) return layout(shortestFloat4(value), value, 6);
  return printfG(value, Math.max(6 + digits, 1));
}

function special(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

/**
 * The fewest digits nearer to the value than to any other. JavaScript also takes digits exactly half-way to the next
 * value, which PostgreSQL does not; that happens to whole numbers from 2^53 on alone.
 */
function shortestLarge(value: number): string {
  const text = value.toString();
  const exact = BigInt(value);
  const magnitude = exact < 0n ? -exact : exact;
  const bits = BigInt(magnitude.toString(2).length);
  // Below a power of two the values are twice as dense.
  const power = magnitude === 1n << (bits - 1n);
  const gap = 1n << (bits - 53n);
  const inside = (candidate: string): boolean => {
    const off = wholeValue(candidate) - exact;
    const outwards = off === 0n || off > 0n === exact > 0n;
    const twice = (off < 0n ? -off : off) * 2n;
    return twice < (power && !outwards ? gap / 2n : gap);
  };
  if (inside(text)) return text;
  const { digits } = decompose(text);
  for (let count = digits.length; count < 17; count++) {
    const candidate = exponentialEven(value, count);
    if (inside(candidate)) return candidate;
  }
  return exponentialEven(value, 17);
}

function wholeValue(text: string): bigint {
  const { sign, digits, exponent } = decompose(text);
  if (digits.length > exponent + 1) return BigInt(Math.trunc(Number(text)));
  const magnitude = BigInt(digits) * 10n ** BigInt(exponent + 1 - digits.length);
  return sign === '-' ? -magnitude : magnitude;
}

/** Enough digits to write any tie out in full, and what toExponential gives at most. */
const MOST_DIGITS = 100;

/** toExponential with `count` digits in all, ties to even as C's printf rounds them. */
export function exponentialEven(value: number, count: number): string {
  const text = value.toExponential(count - 1);
  const longer = value.toExponential(Math.min(count + 5, MOST_DIGITS));
  if (!/5000000?e/.test(longer)) return text;
  if (!/^0*e/.test(value.toExponential(MOST_DIGITS).slice(longer.indexOf('e')))) return text;
  // A tie: JavaScript rounds it away from zero, so that an odd last digit is one too many.
  const [mantissa, exponent] = text.split('e');
  if (Number(mantissa.at(-1)) % 2 === 0) return text;
  const cut = longer.split('e');
  return cut[1] === exponent ? `${cut[0].slice(0, mantissa.length)}e${exponent}` : text;
}

const bits32 = new Int32Array(1);
const float32 = new Float32Array(bits32.buffer);

/** The next single-precision value away from zero (step 1) or towards it (−1). Requires: positive. */
function neighbour(value: number, step: number): number {
  float32[0] = value;
  bits32[0] += step;
  return Number.isFinite(float32[0]) ? float32[0] : 2 ** 128;
}

/** The fewest digits nearer to the value than to any other. */
function shortestFloat4(value: number): string {
  if (value === 0) return value.toString();
  const magnitude = Math.abs(value);
  const low = (magnitude + neighbour(magnitude, -1)) / 2;
  const high = (magnitude + neighbour(magnitude, 1)) / 2;
  for (let count = 1; count < 9; count++) {
    const text = exponentialEven(magnitude, count);
    const candidate = Number(text);
    if (candidate > low && candidate < high) return value < 0 ? `-${text}` : text;
  }
  return exponentialEven(value, 9);
}

/**
 * Where PostgreSQL turns to exponents: below 1e-4, and from 10^`limit` on unless every digit is needed anyway
 * (shortest_dec prints up to 15 integral digits for float8, 6 for float4).
 */
function layout(shortest: string, value: number, limit: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-4 && magnitude < 1e15 && limit === 15) return shortest.includes('e') ? plain(shortest) : shortest;
  const { sign, digits, exponent } = decompose(shortest);
  if (exponent < -4 || exponent >= limit) return sign + scientific(digits, exponent);
  return sign + positional(digits, exponent);
}

function plain(text: string): string {
  const { sign, digits, exponent } = decompose(text);
  return sign + positional(digits, exponent);
}

interface Decimal {
  readonly sign: string;
  /** Without trailing zeros; the point is after the first. */
  readonly digits: string;
  readonly exponent: number;
}

function decompose(text: string): Decimal {
  const sign = text.startsWith('-') ? '-' : '';
  const [mantissa, power] = text.slice(sign.length).split('e');
  const [whole, fraction = ''] = mantissa.split('.');
  const all = whole + fraction;
  const leading = /^0*/.exec(all)?.[0].length ?? 0;
  const digits = all.slice(leading).replace(/0+$/, '');
  return { sign, digits: digits === '' ? '0' : digits, exponent: whole.length - 1 - leading + Number(power ?? 0) };
}

function scientific(digits: string, exponent: number): string {
  const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`;
  const power = Math.abs(exponent).toString().padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${power}`;
}

function positional(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return digits.padEnd(exponent + 1, '0');
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

/** C's %.{precision}g. */
export function printfG(value: number, precision: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const { sign, digits, exponent } = decompose(exponentialEven(value, precision));
  if (exponent < -4 || exponent >= precision) return sign + scientific(digits, exponent);
  return sign + positional(digits, exponent);
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const HEXADECIMAL = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?\d+))?$/i;

/** float8in: 22P02 on bad syntax, 22003 when the value overflows or underflows. */
export function parseFloat8(text: string): number {
  return parse(text, 'double precision', (v) => v);
}

export function parseFloat4(text: string): number {
  return parse(text, 'real', Math.fround);
}

function parse(text: string, type: string, round: (value: number) => number): number {
  const trimmed = text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '');
  if (!NUMBER.test(trimmed)) return round(parseOther(text, trimmed, type));
  const value = round(Number(trimmed));
  if (!Number.isFinite(value) || (value === 0 && /[1-9]/.test(trimmed.split(/e/i)[0]))) {
    throw new DatabaseError('22003', `"${type === 'real' ? text : trimmed}" is out of range for type ${type}`);
  }
  return value;
}

function parseOther(text: string, trimmed: string, type: string): number {
  switch (trimmed.toLowerCase()) {
    case 'nan': return NaN;
    case 'inf': case '+inf': case 'infinity': case '+infinity': return Infinity;
    case '-inf': case '-infinity': return -Infinity;
  }
  const hex = HEXADECIMAL.exec(trimmed);
  if (hex === null || hex[2] + hex[3] === '') {
    throw new DatabaseError('22P02', `invalid input syntax for type ${type}: "${text}"`);
  }
  const mantissa = Number.parseInt(hex[2] + hex[3], 16) * 2 ** (Number(hex[4] ?? 0) - 4 * hex[3].length);
  return hex[1] === '-' ? -mantissa : mantissa;
}
