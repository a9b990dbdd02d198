// float8 and float4 as text: PostgreSQL's shortest exact output and its input with errors.
import { DatabaseError } from './error.ts';

/** float8out. `digits`: extra_float_digits; 0 and below print that many fewer than 15 significant digits. */
export function formatFloat8(value: number, digits = 1): string {
  if (!Number.isFinite(value)) return special(value);
  if (digits > 0) return layout(value.toString(), value, 15);
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

/** The fewest digits that read back as the same single-precision value. */
function shortestFloat4(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toExponential(digits - 1);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential(8);
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
  const { sign, digits, exponent } = decompose(value.toExponential(precision - 1));
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
