// to_number(): a text read by a numeric template, character by character as PostgreSQL does (formatting.c).
import { DatabaseError } from '../../data/error.ts';
import { Numeric } from '../../data/numeric.ts';
import { powerNumeric } from './decimal-math.ts';
import { readTemplate } from './format-number.ts';
import type { Key, Template } from './format-number.ts';

export function parseNumber(text: string, format: string): Numeric {
  const t = readTemplate(format);
  if (t.roman) throw new DatabaseError('0A000', '"RN" not supported for input');
  if (t.exponent) throw new DatabaseError('0A000', '"EEEE" not supported for input');
  const reader = new NumberReader(text, t);
  for (const piece of t.pieces) {
    if (reader.done) break;
    if ('text' in piece) reader.skip([...piece.text].length);
    else reader.key(piece.key);
  }
  // As many digits after the point as were read.
  const precision = t.pre + t.multi + reader.decimals;
  const value = Numeric.parse(reader.result()).fits(((precision << 16) | reader.decimals) + 4);
  return t.shift ? value.multiply(powerNumeric(Numeric.fromInteger(10), Numeric.fromInteger(-t.multi))) : value;
}

const isDigit = (c: string | undefined): boolean => c !== undefined && c >= '0' && c <= '9';
const isSign = (c: string | undefined): c is '-' | '+' => c === '-' || c === '+';

class NumberReader {
  readonly #text: string;
  readonly #template: Template;
  #at = 0;
  #number = '';
  #sign: '' | '-' | '+' = '';
  #point = false;
  #whole = 0;
  decimals = 0;

  constructor(text: string, template: Template) {
    this.#text = text;
    this.#template = template;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  skip(count: number): void {
    for (let i = 0; i < count && !this.done; i++) this.#at += (this.#text.codePointAt(this.#at) ?? 0) > 0xffff ? 2 : 1;
  }

  /** Moves on by one character where the key takes one. */
  key(key: Key): void {
    const c = this.#text[this.#at];
    switch (key) {
      case '9': case '0': case '.': case 'D':
        this.#part(key === '9' || key === '0');
        this.#at++;
        return;
      case ',': case 'G':
        if (!this.#template.fill && c === ',') this.#at++;
        return;
      case 'L': return this.#skipOther(1);
      case 'TH': case 'th':
        if (!this.#template.decimal) this.#skipOther(2);
        return;
      case 'MI': case 'PL': case 'SG':
        if (isSign(c) && (key === 'SG' || c === (key === 'MI' ? '-' : '+'))) {
          this.#sign = c;
          this.#at++;
        } else this.#skipOther(1);
        return;
      default:
    }
  }

  /** Up to so many characters that cannot be of a number. */
  #skipOther(count: number): void {
    for (let i = 0; i < count && !this.done && !/[0-9.,+-]/.test(this.#text[this.#at]); i++) this.skip(1);
  }

  /** A digit or the point, and a sign that stands beside it. */
  #part(digit: boolean): void {
    if (this.#text[this.#at] === ' ') this.#at++;
    if (this.done) return;
    if (this.#sign === '' && digit && this.#whole + this.decimals === 0) this.#signBefore();
    if (this.done) return;
    const c = this.#text[this.#at];
    let read = false;
    if (isDigit(c)) {
      if (this.#point && this.decimals === this.#template.post) return;
      this.#number += c;
      if (this.#point) this.decimals++;
      else this.#whole++;
      read = true;
    } else if (this.#template.decimal && !this.#point && c === '.') {
      this.#number += c;
      this.#point = true;
      read = true;
    }
    if (this.#sign === '' && this.#whole + this.decimals > 0) this.#signBehind(read);
  }

  #signBefore(): void {
    const c = this.#text[this.#at];
    if (isSign(c)) this.#sign = c;
    else if (this.#template.bracket && c === '<') this.#sign = '-';
    else return;
    this.#at++;
  }

  /** Where S stands for a sign it is behind the last digit; that of MI, PL and SG may come before its place. */
  #signBehind(read: boolean): void {
    if (this.#template.sign !== 'none') {
      const next = this.#text[this.#at + 1];
      if (!read || !isSign(next)) return;
      this.#sign = next;
      this.#at++;
      return;
    }
    const c = this.#text[this.#at];
    if (!read && (this.#template.plus || this.#template.minus) && isSign(c)) this.#sign = c;
  }

  result(): string {
    return `${this.#sign || ' '}${this.#number.replace(/\.$/, '')}`;
  }
}
