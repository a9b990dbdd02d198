// JSON tokens with PostgreSQL's errors: what was expected, what was found, and the line it was in.
import { DatabaseError } from './error.ts';

export type JsonToken = 'string' | 'number' | '{' | '}' | '[' | ']' | ',' | ':' | 'true' | 'false' | 'null' | 'end';

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** What PostgreSQL takes together when it names a bad token. */
const WORD = /[A-Za-z0-9_\u0080-\uffff]*/y;
/** No quote, backslash or control character. */
const PLAIN = /[ !#-[\]-\uffff]*/y;
const HEX = /[0-9a-fA-F]/;
const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'], ['\\', '\\'], ['/', '/'], ['b', '\b'], ['f', '\f'], ['n', '\n'], ['r', '\r'], ['t', '\t'],
]);

export class JsonLexer {
  readonly text: string;
  /** The current token and its place. */
  token: JsonToken = 'end';
  start = 0;
  end = 0;
  /** Where the token before it ended. */
  previousEnd = 0;
  /** A string token's value; '' when escapes are not decoded. */
  value = '';
  readonly #decode: boolean;

  /** `decode`: read strings for their value; then escapes must make sense (jsonb), not only be well-formed (json). */
  constructor(text: string, decode: boolean) {
    this.text = text;
    this.#decode = decode;
    this.next();
  }

  /** Whether the current token is this one. */
  at(token: JsonToken): boolean {
    return this.token === token;
  }

  next(): void {
    this.previousEnd = this.end;
    SPACE.lastIndex = this.end;
    SPACE.test(this.text);
    this.start = SPACE.lastIndex;
    this.end = this.start + 1;
    const char = this.text.charAt(this.start);
    switch (char) {
      case '':
        this.end = this.start;
        this.token = 'end';
        return;
      case '{': case '}': case '[': case ']': case ',': case ':':
        this.token = char;
        return;
      case '"':
        this.token = 'string';
        return this.#string();
      case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        this.token = 'number';
        return this.#number();
      default: this.#word();
    }
  }

  #number(): void {
    NUMBER.lastIndex = this.start;
    const end = NUMBER.test(this.text) ? NUMBER.lastIndex : this.start + 1;
    WORD.lastIndex = end;
    WORD.test(this.text);
    this.end = WORD.lastIndex;
    const number = this.text.slice(this.start, end);
    if (this.end > end || number === '-') throw this.#invalidToken();
    if (this.text.charAt(end) === '.' && !/[.eE]/.test(number)) this.#badFraction(end);
  }

  /** "1.", "1.x": the point belongs to the bad token. */
  #badFraction(end: number): never {
    WORD.lastIndex = end + 1;
    WORD.test(this.text);
    this.end = WORD.lastIndex;
    throw this.#invalidToken();
  }

  #word(): void {
    WORD.lastIndex = this.start;
    WORD.test(this.text);
    this.end = Math.max(WORD.lastIndex, this.start + 1);
    const word = this.text.slice(this.start, this.end);
    this.token = word === 'true' || word === 'false' ? word : 'null';
    if (word !== this.token) throw this.#invalidToken();
  }

  #invalidToken(): DatabaseError {
    return this.fail(`Token "${this.text.slice(this.start, this.end)}" is invalid.`);
  }

  #string(): void {
    let value = '';
    let high = 0;
    let at = this.start + 1;
    for (;;) {
      PLAIN.lastIndex = at;
      PLAIN.test(this.text);
      const end = PLAIN.lastIndex;
      const char = this.text.charAt(end);
      if (high !== 0 && (end > at || char !== '\\')) throw this.#stringError(end > at ? at + 1 : end + 1, LOW_MISSING);
      if (this.#decode && end > at) value += this.text.slice(at, end);
      if (char === '"') {
        this.end = end + 1;
        this.value = value;
        return;
      }
      if (char !== '\\') throw this.#badCharacter(char, end);
      const escape = this.#escape(end, high);
      at = escape.end;
      high = escape.high;
      value += escape.text;
    }
  }

  #badCharacter(char: string, at: number): DatabaseError {
    if (char === '') {
      this.end = at;
      return this.#invalidToken();
    }
    const code = char.charCodeAt(0).toString(16).padStart(2, '0');
    return this.#stringError(at, `Character with value 0x${code} must be escaped.`);
  }

  #stringError(end: number, detail: string, code = '22P02'): DatabaseError {
    this.end = end;
    return code === '22P02' ? this.fail(detail) : this.fail(detail, code, 'unsupported Unicode escape sequence');
  }

  /** The escape at `at` (a backslash); `high`: a high surrogate that waits for its other half, or 0. */
  #escape(at: number, high: number): { readonly text: string; readonly end: number; readonly high: number } {
    const char = this.text.charAt(at + 1);
    if (char !== 'u') {
      const text = SIMPLE_ESCAPES.get(char);
      if (char === '') {
        this.end = at + 1;
        throw this.#invalidToken();
      }
      if (high !== 0) throw this.#stringError(at + 2, LOW_MISSING);
      if (text === undefined) {
        const escaped = String.fromCodePoint(this.text.codePointAt(at + 1) ?? 0);
        throw this.#stringError(at + 1 + escaped.length, `Escape sequence "\\${escaped}" is invalid.`);
      }
      return { text: this.#decode ? text : '', end: at + 2, high: 0 };
    }
    for (let i = at + 2; i < at + 6; i++) {
      if (i >= this.text.length) {
        this.end = i;
        throw this.#invalidToken();
      }
      if (!HEX.test(this.text.charAt(i))) {
        throw this.#stringError(i + 1, '"\\u" must be followed by four hexadecimal digits.');
      }
    }
    const code = Number.parseInt(this.text.slice(at + 2, at + 6), 16);
    if (!this.#decode) return { text: '', end: at + 6, high: 0 };
    return { ...this.#codeUnit(code, high, at + 6), end: at + 6 };
  }

  #codeUnit(code: number, high: number, end: number): { readonly text: string; readonly high: number } {
    if (code >= 0xd800 && code <= 0xdbff) {
      if (high !== 0) throw this.#stringError(end, 'Unicode high surrogate must not follow a high surrogate.');
      return { text: '', high: code };
    }
    const low = code >= 0xdc00 && code <= 0xdfff;
    if (low !== (high !== 0)) throw this.#stringError(end, LOW_MISSING);
    if (low) return { text: String.fromCharCode(high, code), high: 0 };
    if (code === 0) throw this.#stringError(end, '\\u0000 cannot be converted to text.', '22P05');
    return { text: String.fromCharCode(code), high: 0 };
  }

  /** The current token is not what must stand here. */
  unexpected(expected: string): DatabaseError {
    if (this.token === 'end') return this.fail('The input string ended unexpectedly.');
    return this.fail(`Expected ${expected}, but found "${this.text.slice(this.start, this.end)}".`);
  }

  fail(detail: string, code = '22P02', message = 'invalid input syntax for type json'): DatabaseError {
    return new DatabaseError(code, message, { detail, where: this.#context() });
  }

  #context(): string {
    const before = this.text.slice(0, this.start);
    const line = before.split('\n').length;
    const lineStart = before.lastIndexOf('\n') + 1;
    let from = lineStart;
    while (new TextEncoder().encode(this.text.slice(from, this.end)).length >= 50) from++;
    if (from - lineStart <= 3) from = lineStart;
    const more = this.token !== 'end' && this.end < this.text.length && !/[\n\r]/.test(this.text.charAt(this.end));
    const excerpt = `${from > lineStart ? '...' : ''}${this.text.slice(from, this.end)}${more ? '...' : ''}`;
    return `JSON data, line ${line}: ${excerpt}`;
  }
}

const LOW_MISSING = 'Unicode low surrogate must follow a high surrogate.';
