// format(): %s, %I and %L with argument positions, widths and the minus flag.
import { DatabaseError } from '../../data/error.ts';
import { parseInt4 } from '../../data/scalar-text.ts';
import { quoteIdentifier } from '../../data/type-info.ts';
import { lengthOf, quoteLiteral } from './text-algorithm.ts';

const SINGLE = { hint: 'For a single "%" use "%%".' };

const invalid = (message: string, extra?: { readonly hint: string }): DatabaseError => new DatabaseError('22023', message, extra);
const tooLarge = (): DatabaseError => new DatabaseError('22003', 'number is out of range');

/** Reads specifiers, each from behind its %; what the last one said. */
class SpecifierReader {
  readonly #pattern: string;
  /** Where the text goes on. */
  at = 0;
  letter = '';
  /** Number of the argument, from 1; 0: the next one. */
  argument = 0;
  left = false;
  width = 0;
  /** Number of the argument that is the width; 0: the next one; null: the width is written. */
  widthArgument: number | null = null;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  read(at: number): void {
    this.at = at;
    this.argument = 0;
    this.left = false;
    this.width = 0;
    this.widthArgument = null;
    this.#readOptions();
    this.letter = this.#peek();
    if (this.letter !== 's' && this.letter !== 'I' && this.letter !== 'L') {
      throw invalid(`unrecognized format() type specifier "${this.letter}"`, SINGLE);
    }
    this.at++;
  }

  #readOptions(): void {
    const first = this.#number();
    if (first !== null && this.#peek() !== '$') {
      this.width = first;
      return;
    }
    if (first !== null) this.argument = this.#position(first);
    for (; this.#peek() === '-'; this.at++) this.left = true;
    if (this.#peek() !== '*') {
      this.width = this.#number() ?? 0;
      return;
    }
    this.at++;
    const place = this.#number();
    if (place !== null && this.#peek() !== '$') throw invalid('width argument position must be ended by "$"');
    this.widthArgument = place === null ? 0 : this.#position(place);
  }

  #peek(): string {
    const code = this.#pattern.codePointAt(this.at);
    if (code === undefined) throw invalid('unterminated format() type specifier', SINGLE);
    return String.fromCodePoint(code);
  }

  #number(): number | null {
    const start = this.at;
    while (isDigit(this.#pattern.charCodeAt(this.at))) this.at++;
    if (this.at === start) return null;
    const value = Number(this.#pattern.slice(start, this.at));
    if (value > 2147483647) throw tooLarge();
    return value;
  }

  /** Behind the number stands its $. */
  #position(number: number): number {
    if (number === 0) throw invalid('format specifies argument 0, but arguments are numbered from 1');
    this.at++;
    return number;
  }
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** `args` are texts, null for NULL. */
export function formatString(pattern: string, args: readonly (string | null)[]): string {
  let out = '';
  let next = 0;
  const take = (number: number): string | null => {
    const at = number === 0 ? next : number - 1;
    next = at + 1;
    if (at >= args.length) throw invalid('too few arguments for format()');
    return args[at];
  };
  const found = new SpecifierReader(pattern);
  for (let at = 0; at < pattern.length;) {
    const percent = pattern.indexOf('%', at);
    if (percent < 0) return out + pattern.slice(at);
    out += pattern.slice(at, percent);
    if (pattern[percent + 1] === '%') {
      out += '%';
      at = percent + 2;
      continue;
    }
    found.read(percent + 1);
    const width = found.widthArgument === null ? found.width : parseInt4(take(found.widthArgument) ?? '0');
    if (width === -2147483648) throw tooLarge();
    out += justify(convert(found.letter, take(found.argument)), width, found.left);
    at = found.at;
  }
  return out;
}

function convert(letter: string, value: string | null): string {
  if (letter === 's') return value ?? '';
  if (letter === 'L') return value === null ? 'NULL' : quoteLiteral(value);
  if (value === null) throw new DatabaseError('22004', 'null values cannot be formatted as an SQL identifier');
  return quoteIdentifier(value);
}

function justify(text: string, width: number, left: boolean): string {
  if (width === 0) return text;
  const missing = Math.abs(width) - lengthOf(text);
  if (missing <= 0) return text;
  return left || width < 0 ? text + ' '.repeat(missing) : ' '.repeat(missing) + text;
}
