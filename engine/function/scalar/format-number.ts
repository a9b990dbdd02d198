// to_char() of numbers: numeric templates (manual 9.8) read to a description, and numbers written by it.
import { DatabaseError } from '../../data/error.ts';
import { exponentialEven } from '../../data/float-text.ts';
import { roundEven } from '../../data/interval.ts';
import { Numeric, powerOfTen } from '../../data/numeric.ts';
import { pow } from '../libm/power.ts';

export type Key =
  | '9' | '0' | '.' | 'D' | ',' | 'G' | 'B' | 'S' | 'MI' | 'PL' | 'SG' | 'PR' | 'L' | 'RN' | 'rn' | 'TH' | 'th' | 'V'
  | 'EEEE' | 'FM' | 'C' | 'SP';

type Piece = { readonly key: Key } | { readonly text: string };

export interface Template {
  readonly pieces: readonly Piece[];
  /** Digit positions before and after the point, and those that V shifts. */
  pre: number;
  post: number;
  multi: number;
  decimal: boolean;
  shift: boolean;
  fill: boolean;
  zero: boolean;
  zeroStart: number;
  zeroEnd: number;
  minus: boolean;
  plus: boolean;
  bracket: boolean;
  roman: boolean;
  blank: boolean;
  exponent: boolean;
  sign: 'none' | 'before' | 'after';
  /** Digits in front of S. */
  signAt: number;
}

const KEYS = ['EEEE', 'FM', 'MI', 'PL', 'SG', 'SP', 'PR', 'RN', 'TH', '9', '0', '.', 'D', ',', 'G', 'B', 'S', 'L', 'V',
  'C'] as const;

function isLower(text: string): text is 'rn' | 'th' {
  return text === 'rn' || text === 'th';
}

/** Within quotes a backslash stands before any character that is meant; the end of the template ends them, too. */
const QUOTED = /^"((?:\\[\s\S]|[^"\\]|\\$)*)"?/;

function readPieces(format: string): Piece[] {
  const pieces: Piece[] = [];
  for (let i = 0; i < format.length;) {
    if (format[i] === '"') {
      const [whole, quoted] = QUOTED.exec(format.slice(i)) ?? ['"', ''];
      pieces.push({ text: quoted.replace(/\\([\s\S])/g, '$1') });
      i += whole.length;
      continue;
    }
    const rest = format.slice(i, i + 4);
    const lower = rest.slice(0, 2);
    // In capitals or in small letters, not mixed.
    const found = KEYS.find((k) => rest.startsWith(k) || rest.startsWith(k.toLowerCase()));
    if (isLower(lower)) pieces.push({ key: lower });
    else if (found !== undefined) pieces.push({ key: found });
    else pieces.push({ text: format[i] === '\\' && format[i + 1] === '"' ? format[++i] : format[i] });
    i += found === undefined || isLower(lower) ? (isLower(lower) ? 2 : 1) : found.length;
  }
  return pieces;
}

const syntax = (message: string): DatabaseError => new DatabaseError('42601', message);

export function readTemplate(format: string): Template {
  const t: Template = {
    pieces: readPieces(format), pre: 0, post: 0, multi: 0, decimal: false, shift: false, fill: false, zero: false,
    zeroStart: 0, zeroEnd: 0,
    minus: false, plus: false, bracket: false, roman: false, blank: false, exponent: false, sign: 'none', signAt: 0,
  };
  for (const piece of t.pieces) if ('key' in piece) applyKey(t, piece.key);
  if (t.zeroStart > 0) t.zeroStart--;
  return t;
}

function applyKey(t: Template, key: Key): void {
  if (t.exponent) throw syntax(key === 'EEEE' ? 'cannot use "EEEE" twice' : '"EEEE" must be the last pattern used');
  switch (key) {
    case '9': case '0': return applyDigit(t, key);
    case '.': case 'D':
      if (t.decimal) throw syntax('multiple decimal points');
      if (t.shift) throw syntax('cannot use "V" and decimal point together');
      t.decimal = true;
      return;
    case 'S': return applySign(t);
    case 'MI': case 'PL': case 'SG':
      if (t.sign !== 'none') throw syntax(`cannot use "S" and "${key}" together`);
      if (key !== 'PL') t.minus = true;
      if (key !== 'MI') t.plus = true;
      return;
    case 'PR':
      if (t.sign !== 'none' || t.plus || t.minus) throw syntax('cannot use "PR" and "S"/"PL"/"MI"/"SG" together');
      t.bracket = true;
      return;
    case 'FM': t.fill = true; return;
    case 'RN': case 'rn': t.roman = true; return;
    case 'B': if (t.pre + t.post === 0 && !t.zero) t.blank = true; return;
    case 'V':
      if (t.decimal) throw syntax('cannot use "V" and decimal point together');
      t.shift = true;
      return;
    case 'EEEE':
      if (t.blank || t.fill || t.shift || t.bracket || t.minus || t.plus || t.roman || t.sign !== 'none') {
        throw new DatabaseError('42601', '"EEEE" is incompatible with other formats',
          { detail: '"EEEE" may only be used together with digit and decimal point patterns.' });
      }
      t.exponent = true;
      return;
    default:
  }
}

function applyDigit(t: Template, key: '9' | '0'): void {
  if (t.bracket) throw syntax(`"${key}" must be ahead of "PR"`);
  if (key === '9' && t.shift) {
    t.multi++;
    return;
  }
  if (key === '0' && !t.zero && !t.decimal) {
    t.zero = true;
    t.zeroStart = t.pre + 1;
  }
  if (t.decimal) t.post++;
  else t.pre++;
  if (key === '0') t.zeroEnd = t.pre + t.post;
}

function applySign(t: Template): void {
  if (t.sign !== 'none') throw syntax('cannot use "S" twice');
  if (t.plus || t.minus || t.bracket) throw syntax('cannot use "S" and "PL"/"MI"/"SG"/"PR" together');
  t.sign = t.decimal ? 'after' : 'before';
  if (!t.decimal) t.signAt = t.pre;
}

const ROMAN: readonly (readonly [number, string])[] = [
  [1000, 'M'], [900, 'CM'], [500, 'D'], [400, 'CD'], [100, 'C'], [90, 'XC'], [50, 'L'], [40, 'XL'], [10, 'X'],
  [9, 'IX'], [5, 'V'],
  [4, 'IV'], [1, 'I'],
];

export function romanNumeral(n: number): string {
  let [rest, out] = [n, ''];
  for (const [value, letters] of ROMAN) {
    while (rest >= value) {
      out += letters;
      rest -= value;
    }
  }
  return out;
}

export function ordinalSuffix(digits: string): string {
  const last = digits.at(-1);
  if (digits.length > 1 && digits.at(-2) === '1') return 'th';
  return last === '1' ? 'st' : last === '2' ? 'nd' : last === '3' ? 'rd' : 'th';
}

/** Writes one number by a template, position by position. */
class NumberWriter {
  readonly #t: Template;
  readonly #number: string;
  readonly #negative: boolean;
  readonly #blanks: number;
  /** Index of the last digit that counts under FM; −1: all count. */
  #lastRelevant = -1;
  #signWritten: boolean;
  #bracket: boolean;
  #signPlace: Template['sign'];
  #count: number;
  #position = 0;
  #at = 0;
  #inNumber = false;
  #out = '';
  /** PostgreSQL writes the end of its string where the number has no more characters: nothing is seen of the rest. */
  #ended = false;

  constructor(t: Template, number: string, negative: boolean, blanks: number) {
    this.#t = t;
    this.#number = number;
    this.#negative = negative;
    this.#blanks = blanks;
    this.#bracket = t.bracket && (negative || !t.fill);
    this.#signPlace = t.sign;
    if (t.plus || t.minus) this.#signWritten = t.minus;
    else {
      this.#signWritten = !negative && t.fill && t.sign === 'none';
      if (t.sign === 'before' && t.pre === t.signAt) this.#signPlace = 'after';
    }
    this.#count = t.post + t.pre - 1;
    if (t.fill && t.decimal) this.#lastRelevant = this.#findLastRelevant();
    if (!this.#signWritten && blanks === 0) this.#count++;
  }

  #findLastRelevant(): number {
    const point = this.#number.indexOf('.');
    if (point < 0) return -1;
    let last = point;
    for (let i = point + 1; i < this.#number.length; i++) if (this.#number[i] !== '0') last = i;
    if (this.#t.zeroEnd > this.#blanks) {
      last = Math.max(last, Math.min(this.#number.length - 1, this.#t.zeroEnd - this.#blanks));
    }
    return last;
  }

  write(): string {
    for (const piece of this.#t.pieces) {
      if (this.#ended) break;
      if ('text' in piece) this.#out += piece.text;
      else this.#key(piece.key);
    }
    return this.#out;
  }

  #key(key: Key): void {
    const { fill } = this.#t;
    switch (key) {
      case '9': case '0': case '.': case 'D': return this.#digit(key);
      case ',': case 'G':
        if (this.#inNumber) this.#out += ',';
        else if (!fill) this.#out += ' ';
        return;
      case 'L': this.#out += ' '; return;
      case 'MI': if (this.#negative || !fill) this.#out += this.#negative ? '-' : ' '; return;
      case 'PL': if (!this.#negative || !fill) this.#out += this.#negative ? ' ' : '+'; return;
      case 'SG': this.#out += this.#negative ? '-' : '+'; return;
      case 'TH': case 'th':
        if (this.#number.startsWith('#') || this.#negative || this.#t.decimal) return;
        if (!/\d$/.test(this.#number)) throw new DatabaseError('22P02', `"${this.#number}" is not a number`);
        this.#out += key === 'TH' ? ordinalSuffix(this.#number).toUpperCase() : ordinalSuffix(this.#number);
        return;
      default:
    }
  }

  /** The 0 before the point, where the template asks for no digit there. */
  get #hiddenZero(): boolean {
    return !this.#t.zero && this.#at === 0 && this.#number[0] === '0' && this.#t.post !== 0;
  }

  get #pointIsLast(): boolean {
    return this.#lastRelevant >= 0 && this.#number[this.#lastRelevant] === '.';
  }

  #writeSign(): void {
    const { zero, zeroStart, fill } = this.#t;
    const reached = this.#position >= this.#blanks || (zero && zeroStart === this.#position);
    if (this.#signWritten || !reached || (this.#hiddenZero && !this.#pointIsLast)) return;
    if (this.#signPlace !== 'none') {
      if (this.#signPlace === 'after') return;
      this.#out += this.#negative ? '-' : '+';
    } else if (this.#bracket) this.#out += this.#negative ? '<' : ' ';
    else if (this.#negative) this.#out += '-';
    else if (!fill) this.#out += ' ';
    this.#signWritten = true;
  }

  #digit(key: Key): void {
    this.#inNumber = false;
    this.#writeSign();
    const { zero, zeroStart, fill, decimal } = this.#t;
    const padding = this.#position < this.#blanks;
    if (padding && !(zero && zeroStart <= this.#position)) {
      if (!fill) this.#out += ' ';
    } else if (padding) {
      this.#out += '0';
      this.#inNumber = true;
    } else {
      this.#character(key);
      if (this.#at < this.#number.length) this.#at++;
    }
    let end = this.#count + (this.#blanks > 0 ? 1 : 0) + (decimal ? 1 : 0);
    if (this.#lastRelevant >= 0 && this.#lastRelevant === this.#at) end = this.#position;
    if (this.#position + 1 === end && !this.#ended) {
      if (this.#signWritten && this.#bracket) this.#out += this.#negative ? '>' : ' ';
      else if (this.#signPlace === 'after') this.#out += this.#negative ? '-' : '+';
    }
    this.#position++;
  }

  #character(key: Key): void {
    const c = this.#number[this.#at] ?? '';
    if (c === '.') {
      if (!this.#pointIsLast || this.#t.fill) this.#out += '.';
      return;
    }
    if (this.#lastRelevant >= 0 && this.#at > this.#lastRelevant && key !== '0') return;
    if (this.#hiddenZero) {
      if (!this.#t.fill) this.#out += ' ';
      else if (this.#pointIsLast) this.#out += '0';
      return;
    }
    this.#out += c;
    this.#ended = c === '';
    this.#inNumber = true;
  }
}

function romanText(t: Template, value: number): string {
  const numeral = value >= 1 && value <= 3999 ? romanNumeral(value) : '#'.repeat(15);
  const text = t.fill ? numeral : numeral.padStart(15);
  let out = '';
  for (const piece of t.pieces) {
    if ('text' in piece) out += piece.text;
    else {
      switch (piece.key) {
        case 'RN': out += text; break;
        case 'rn': out += text.toLowerCase(); break;
        case 'L': out += ' '; break;
        case ',': case 'G': case 'MI': case 'PL': out += t.fill ? '' : ' '; break;
        // There is no sign: its end of string is written.
        case 'SG': return out;
        default:
      }
    }
  }
  return out;
}

/** Digits of an absolute value with the template's places, or # in each place when it does not fit. */
function finishNumber(t: Template, text: string, pre: number): string {
  const negative = text.startsWith('-');
  const number = negative ? text.slice(1) : text;
  const whole = number.indexOf('.') < 0 ? number.length : number.indexOf('.');
  if (whole > pre) {
    const hashes = `${'#'.repeat(pre)}.${'#'.repeat(t.post)}`;
    return new NumberWriter({ ...t, pre }, hashes, negative, 0).write();
  }
  return new NumberWriter({ ...t, pre }, number, negative, pre - whole).write();
}

function scientific(t: Template, value: Numeric): string {
  if (!value.isFinite) return ` ${'#'.repeat(t.pre)}.${'#'.repeat(t.post)}####`;
  const digits = value.abs().unscaled.toString();
  const exponent = value.sign === 0 ? 0 : digits.length - 1 - value.scale;
  // Rounding may make it 10: the exponent stays, as in PostgreSQL.
  const mantissa = exponent >= 0 ? value.divideAt(Numeric.fromBigInt(powerOfTen(exponent)), t.post)
    : value.multiply(Numeric.fromBigInt(powerOfTen(-exponent))).round(t.post);
  const sign = exponent < 0 ? '-' : '+';
  return `${value.sign < 0 ? '' : ' '}${mantissa.toString()}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

export function formatNumeric(value: Numeric, format: string): string {
  const t = readTemplate(format);
  if (t.roman) return romanText(t, value.toInt4());
  if (t.exponent) return scientific(t, value);
  const shifted = t.shift ? value.multiply(Numeric.fromBigInt(powerOfTen(t.multi))) : value;
  return finishNumber(t, shifted.round(t.post).toString(), t.pre + t.multi);
}

/** `digits`: what the type can hold, 15 or 6; places beyond are not invented. */
export function formatFloat(value: number, format: string, digits: 15 | 6): string {
  const t = readTemplate(format);
  if (t.roman) return romanText(t, roundEven(value));
  if (t.exponent) {
    if (!Number.isFinite(value)) return scientific(t, Numeric.NAN);
    const text = scientific(t, Numeric.parse(exponentialEven(value, Math.min(t.post, 20) + 1)));
    return Object.is(value, -0) ? text.replace(' ', '-') : text;
  }
  const shifted = t.shift ? value * pow(10, t.multi) : value;
  const whole = fixedText(Math.abs(shifted), 0).length;
  if (whole >= digits) t.post = 0;
  else if (whole + t.post > digits) t.post = digits - whole;
  return finishNumber(t, fixedText(shifted, t.post), t.pre + t.multi);
}

/** toFixed, but for what lies right in the middle: printf takes the even digit there. */
function evenFixed(value: number, places: number): string {
  const text = value.toFixed(places);
  // Only a multiple of 2^-(places + 1) can, and of that one more place is exact.
  if (places >= 100 || !Number.isInteger(value * 2 ** (places + 1))) return text;
  const exact = value.toFixed(places + 1);
  if (!exact.endsWith('5')) return text;
  const below = exact.slice(0, places === 0 ? -2 : -1);
  return /[02468]$/.test(below) ? below : text;
}

function fixedText(value: number, places: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  // Unlike printf, toFixed drops the sign of a negative zero.
  if (Object.is(value, -0)) return `-${(0).toFixed(places)}`;
  if (Math.abs(value) < 1e21) return evenFixed(value, places);
  return BigInt(value).toString() + (places > 0 ? `.${'0'.repeat(places)}` : '');
}
