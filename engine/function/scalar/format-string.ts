// format(): %s, %I and %L with argument positions, widths and the minus flag.
import { DatabaseError } from '../../data/error.ts';
import { parseInt4 } from '../../data/scalar-text.ts';
import { quoteIdentifier } from '../../data/type-info.ts';
import { lengthOf, quoteLiteral } from './text-algorithm.ts';

interface Specifier {
  /** Where the text goes on. */
  readonly end: number;
  readonly letter: 's' | 'I' | 'L';
  /** Number of the argument, from 1; 0: the next one. */
  readonly argument: number;
  readonly left: boolean;
  readonly width: number;
  /** Number of the argument that is the width; 0: the next one; null: the width is written. */
  readonly widthArgument: number | null;
}

const SINGLE = { hint: 'For a single "%" use "%%".' };

const invalid = (message: string, extra?: { readonly hint: string }): DatabaseError => new DatabaseError('22023', message, extra);
const tooLarge = (): DatabaseError => new DatabaseError('22003', 'number is out of range');

/** Reads a specifier from behind its %. */
class SpecifierReader {
  readonly #pattern: string;
  #at: number;

  constructor(pattern: string, at: number) {
    this.#pattern = pattern;
    this.#at = at;
  }

  read(): Specifier {
    let argument = 0;
    const first = this.#number();
    if (first !== null && this.#peek() !== '$') return this.#finish({ argument, left: false, width: first, widthArgument: null });
    if (first !== null) argument = this.#position(first);
    let left = false;
    for (; this.#peek() === '-'; this.#at++) left = true;
    if (this.#peek() !== '*') return this.#finish({ argument, left, width: this.#number() ?? 0, widthArgument: null });
    this.#at++;
    const place = this.#number();
    if (place === null) return this.#finish({ argument, left, width: 0, widthArgument: 0 });
    if (this.#peek() !== '$') throw invalid('width argument position must be ended by "$"');
    return this.#finish({ argument, left, width: 0, widthArgument: this.#position(place) });
  }

  #peek(): string {
    const code = this.#pattern.codePointAt(this.#at);
    if (code === undefined) throw invalid('unterminated format() type specifier', SINGLE);
    return String.fromCodePoint(code);
  }

  #number(): number | null {
    const [digits] = /^\d*/.exec(this.#pattern.slice(this.#at)) ?? [''];
    this.#at += digits.length;
    if (Number(digits) > 2147483647) throw tooLarge();
    return digits === '' ? null : Number(digits);
  }

  /** Behind the number stands its $. */
  #position(number: number): number {
    if (number === 0) throw invalid('format specifies argument 0, but arguments are numbered from 1');
    this.#at++;
    return number;
  }

  #finish(rest: Omit<Specifier, 'end' | 'letter'>): Specifier {
    const letter = this.#peek();
    if (letter !== 's' && letter !== 'I' && letter !== 'L') {
      throw invalid(`unrecognized format() type specifier "${letter}"`, SINGLE);
    }
    return { ...rest, letter, end: this.#at + 1 };
  }
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
  for (let at = 0; at < pattern.length;) {
    const percent = pattern.indexOf('%', at);
    if (percent < 0) return out + pattern.slice(at);
    out += pattern.slice(at, percent);
    if (pattern[percent + 1] === '%') {
      out += '%';
      at = percent + 2;
      continue;
    }
    const found = new SpecifierReader(pattern, percent + 1).read();
    const width = found.widthArgument === null ? found.width : parseInt4(take(found.widthArgument) ?? '0');
    if (width === -2147483648) throw tooLarge();
    out += justify(convert(found.letter, take(found.argument)), width, found.left);
    at = found.end;
  }
  return out;
}

function convert(letter: Specifier['letter'], value: string | null): string {
  if (letter === 's') return value ?? '';
  if (letter === 'L') return value === null ? 'NULL' : quoteLiteral(value);
  if (value === null) throw new DatabaseError('22004', 'null values cannot be formatted as an SQL identifier');
  return quoteIdentifier(value);
}

function justify(text: string, width: number, left: boolean): string {
  const missing = Math.abs(width) - lengthOf(text);
  if (missing <= 0) return text;
  return left || width < 0 ? text + ' '.repeat(missing) : ' '.repeat(missing) + text;
}
