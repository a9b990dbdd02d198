// to_char() and to_number(): numeric templates (manual 9.8) read to a description, and numbers written by it.
import { DatabaseError } from '../../data/error.ts';
import { exponentialEven } from '../../data/float-text.ts';
import { roundEven } from '../../data/interval.ts';
import { Numeric, numericTypmodScale, powerOfTen } from '../../data/numeric.ts';
import { numericType } from '../../data/types.ts';
import { powerNumeric } from './decimal-math.ts';

type Key =
  | '9' | '0' | '.' | 'D' | ',' | 'G' | 'B' | 'S' | 'MI' | 'PL' | 'SG' | 'PR' | 'L' | 'RN' | 'rn' | 'TH' | 'th' | 'V'
  | 'EEEE' | 'FM' | 'C';

type Piece = { readonly key: Key } | { readonly text: string };

interface Template {
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
  exponent: boolean;
  sign: 'none' | 'before' | 'after';
  /** Digits in front of S. */
  signAt: number;
}

const KEYS = ['EEEE', 'FM', 'MI', 'PL', 'SG', 'PR', 'RN', 'TH', '9', '0', '.', 'D', ',', 'G', 'B', 'S', 'L', 'V',
  'C'] as const;

function isLower(text: string): text is 'rn' | 'th' {
  return text === 'rn' || text === 'th';
}

function readPieces(format: string): Piece[] {
  const pieces: Piece[] = [];
  for (let i = 0; i < format.length;) {
    if (format[i] === '"') {
      const end = format.indexOf('"', i + 1);
      pieces.push({ text: format.slice(i + 1, end < 0 ? undefined : end) });
      i = end < 0 ? format.length : end + 1;
      continue;
    }
    const rest = format.slice(i, i + 4);
    const lower = rest.slice(0, 2);
    const found = KEYS.find((k) => rest.toUpperCase().startsWith(k));
    if (isLower(lower)) pieces.push({ key: lower });
    else if (found !== undefined) pieces.push({ key: found });
    else pieces.push({ text: format[i] === '\\' && format[i + 1] === '"' ? format[++i] : format[i] });
    i += found === undefined || isLower(lower) ? (isLower(lower) ? 2 : 1) : found.length;
  }
  return pieces;
}

const syntax = (message: string): DatabaseError => new DatabaseError('42601', message);

function readTemplate(format: string): Template {
  const t: Template = {
    pieces: readPieces(format), pre: 0, post: 0, multi: 0, decimal: false, shift: false, fill: false, zero: false,
    zeroStart: 0, zeroEnd: 0,
    minus: false, plus: false, bracket: false, roman: false, exponent: false, sign: 'none', signAt: 0,
  };
  for (const piece of t.pieces) if ('key' in piece) applyKey(t, piece.key);
  if (t.zeroStart > 0) t.zeroStart--;
  return t;
}

function applyKey(t: Template, key: Key): void {
  if (t.exponent && key !== 'EEEE') throw syntax('"EEEE" must be the last pattern used');
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
    case 'V':
      if (t.decimal) throw syntax('cannot use "V" and decimal point together');
      t.shift = true;
      return;
    case 'EEEE':
      if (t.fill || t.shift || t.bracket || t.minus || t.plus || t.roman || t.sign !== 'none') {
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
    if (this.#position + 1 === end) {
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
    this.#inNumber = true;
  }
}

function romanText(t: Template, value: number): string {
  const valid = value >= 1 && value <= 3999;
  const lower = t.pieces.some((p) => 'key' in p && p.key === 'rn');
  const text = valid ? romanNumeral(value) : '#'.repeat(15);
  const shown = lower ? text.toLowerCase() : text;
  return t.fill ? shown : shown.padStart(15);
}

/** Digits of an absolute value with the template's places, or # in each place when it does not fit. */
function finishNumber(t: Template, text: string, pre: number): string {
  const negative = text.startsWith('-');
  const number = negative ? text.slice(1) : text;
  const whole = number.indexOf('.') < 0 ? number.length : number.indexOf('.');
  if (whole > pre) {
    const hashes = `${'#'.repeat(pre)}.${'#'.repeat(t.post)}`;
    return new NumberWriter({ ...t, pre }, t.post > 0 || t.decimal ? hashes : '#'.repeat(pre), negative, 0).write();
  }
  // NaN has no point: of the template, nothing from there on is looked at.
  const point = /^\d/.test(number) ? -1 : t.pieces.findIndex((p) => 'key' in p && (p.key === '.' || p.key === 'D'));
  const pieces = point < 0 ? t.pieces : t.pieces.slice(0, point);
  return new NumberWriter({ ...t, pre, pieces }, number, negative, pre - whole).write();
}

function scientific(t: Template, value: Numeric): string {
  if (!value.isFinite) return ` ${'#'.repeat(t.pre)}${t.decimal ? `.${'#'.repeat(t.post)}` : ''}####`.replace(/^ /,
    ' ');
  const digits = value.abs().unscaled.toString();
  let exponent = value.sign === 0 ? 0 : digits.length - 1 - value.scale;
  const at = (e: number): Numeric => (e >= 0
    ? value.divideAt(Numeric.fromBigInt(powerOfTen(e)), t.post)
    : value.multiply(Numeric.fromBigInt(powerOfTen(-e))).round(t.post));
  let mantissa = at(exponent);
  if (mantissa.abs().compare(Numeric.fromInteger(10)) >= 0) mantissa = at(++exponent);
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
  const shifted = t.shift ? value * 10 ** t.multi : value;
  const whole = fixedText(Math.abs(shifted), 0).length;
  if (whole >= digits) t.post = 0;
  else if (whole + t.post > digits) t.post = digits - whole;
  return finishNumber(t, fixedText(shifted, t.post), t.pre + t.multi);
}

function fixedText(value: number, places: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  // Unlike printf, toFixed drops the sign of a negative zero.
  if (Object.is(value, -0)) return `-${(0).toFixed(places)}`;
  if (Math.abs(value) < 1e21) return value.toFixed(places);
  return BigInt(value).toString() + (places > 0 ? `.${'0'.repeat(places)}` : '');
}

/** Digits, point and sign of an input, as the template lets them be read. */
export function parseNumber(text: string, format: string): Numeric {
  const t = readTemplate(format);
  if (t.roman) throw new DatabaseError('0A000', '"RN" not supported for input');
  if (t.exponent) throw new DatabaseError('0A000', '"EEEE" not supported for input');
  const reader = new NumberReader(text);
  for (const piece of t.pieces) {
    if ('text' in piece) reader.skip([...piece.text].length);
    else reader.key(piece.key, t);
  }
  const value = Numeric.parse(reader.result()).fits(typmodOf(t.pre + t.multi + t.post, t.post));
  return t.shift ? value.multiply(powerNumeric(Numeric.fromInteger(10), Numeric.fromInteger(-t.multi))) : value;
}

function typmodOf(precision: number, scale: number): number {
  const { typmod } = numericType(Math.max(precision, 1), scale);
  return numericTypmodScale(typmod) === scale ? typmod : -1;
}

class NumberReader {
  readonly #text: string;
  #at = 0;
  #digits = '';
  #point = false;
  #sign = '';

  constructor(text: string) {
    this.#text = text;
  }

  skip(count: number): void {
    this.#at += count;
  }

  key(key: Key, t: Template): void {
    const c = this.#text[this.#at];
    switch (key) {
      case '9': case '0': return this.#digit(t);
      case '.': case 'D':
        this.#digit(t);
        return;
      case ',': case 'G': if (c === ',') this.#at++; return;
      case 'L': if (c !== undefined && !/[0-9.,+-]/.test(c)) this.#at++; return;
      case 'MI': case 'PL': case 'SG': case 'S': return this.#readSign();
      case 'PR': if (c === '>') this.#at++; return;
      case 'TH': case 'th': this.#at += 2; return;
      default:
    }
  }

  #readSign(): void {
    while (this.#text[this.#at] === ' ') this.#at++;
    const c = this.#text[this.#at];
    if (c !== '-' && c !== '+') return;
    this.#sign = c;
    this.#at++;
  }

  /** Every digit position takes a character, whether it is one for a number or not. */
  #digit(t: Template): void {
    if (this.#text[this.#at] === ' ') this.#at++;
    if (this.#digits === '' && this.#sign === '') {
      const c = this.#text[this.#at];
      if (t.bracket && c === '<') this.#sign = '-';
      else if (c === '-' || c === '+') this.#sign = c;
      if (this.#sign !== '') this.#at++;
    }
    const c = this.#text[this.#at];
    if (c === undefined) return;
    if (c >= '0' && c <= '9') this.#digits += c;
    else if (c === '.' && !this.#point && t.decimal) {
      this.#point = true;
      this.#digits += '.';
    }
    this.#at++;
  }

  result(): string {
    const rest = this.#text.slice(this.#at).trim();
    if (this.#sign === '' && (rest.startsWith('-') || rest.startsWith('+'))) this.#sign = rest[0];
    return `${this.#sign === '-' ? '-' : ' '}${this.#digits}`;
  }
}
