// PostgreSQL's tokens (manual 4.1): a lexer that never fails, for what happens before or beside the grammar.

export type TokenKind =
  /** An unquoted word, folded; keywords are words. */
  | 'word'
  /** "..", U&"..": the name, quotes undone. */
  | 'quoted'
  /** Any kind of string constant; see stringValue. */
  | 'string'
  | 'number'
  | 'parameter'
  /** A run of operator characters. */
  | 'operator'
  /** One of ( ) [ ] , ; . : and :: := => .. */
  | 'punctuation'
  /** A string, name or comment without its end, up to the end of the text. */
  | 'unterminated';

/** `value` is the word, name, operator or punctuation; for others the text as written. Offsets as String.slice's. */
export interface Token {
  readonly kind: TokenKind;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

export function tokenize(text: string): Token[] {
  const lexer = new Lexer(text, 0);
  const tokens: Token[] = [];
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) tokens.push(token);
  return tokens;
}

const SPACE = 1;
const IDENTIFIER_START = 2;
const DIGIT = 4;
const OPERATOR = 8;
const PUNCTUATION = 16;
const IDENTIFIER_PART = IDENTIFIER_START | DIGIT;
const DOLLAR = 0x24;
const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const BACKSLASH = 0x5c;

const classes = new Uint8Array(128);
for (const unit of [9, 10, 11, 12, 13, 32]) classes[unit] = SPACE;
for (let unit = 0x61; unit <= 0x7a; unit++) classes[unit] = classes[unit - 32] = IDENTIFIER_START;
classes[0x5f] = IDENTIFIER_START;
for (let unit = 0x30; unit <= 0x39; unit++) classes[unit] = DIGIT;
for (const character of '~!@#^&|`?+-*/%<>=') classes[character.charCodeAt(0)] = OPERATOR;
for (const character of '()[],;.:') classes[character.charCodeAt(0)] = PUNCTUATION;

function classOf(unit: number): number {
  return unit < 128 ? classes[unit] ?? 0 : unit >= 128 ? IDENTIFIER_START : 0;
}

/** Folds as PostgreSQL does in UTF-8: ASCII letters alone. */
export function foldCase(word: string): string {
  return word.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Reads tokens one by one from `at` on. */
export class Lexer {
  readonly #text: string;
  #at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  /** undefined at the end. */
  next(): Token | undefined {
    const comment = this.#skipSpace();
    if (comment !== undefined) return this.#token('unterminated', comment, this.#text.length);
    const start = this.#at;
    if (start >= this.#text.length) return undefined;
    const unit = this.#text.charCodeAt(start);
    if (unit === QUOTE) return this.#quoted('string', start, start + 1);
    if (unit === DOUBLE_QUOTE) return this.#quoted('quoted', start, start + 1);
    if (unit === DOLLAR) return this.#dollar(start);
    switch (classOf(unit)) {
      case IDENTIFIER_START: return this.#word(start, unit);
      case DIGIT: return this.#number(start);
      case OPERATOR: return this.#operator(start);
      case PUNCTUATION:
        if (unit === 0x2e && classOf(this.#text.charCodeAt(start + 1)) === DIGIT) return this.#number(start);
        return this.#punctuation(start);
      default: return this.#token('operator', start, start + 1);
    }
  }

  #token(kind: TokenKind, start: number, end: number): Token {
    this.#at = end;
    return { kind, value: this.#text.slice(start, end), start, end };
  }

  /** Also comments, which nest. The start of a comment without end, if there is one. */
  #skipSpace(): number | undefined {
    const text = this.#text;
    for (;;) {
      while (classOf(text.charCodeAt(this.#at)) === SPACE) this.#at++;
      if (text.startsWith('--', this.#at)) {
        const rest = /[\r\n]/g;
        rest.lastIndex = this.#at;
        this.#at = rest.test(text) ? rest.lastIndex : text.length;
      } else if (text.startsWith('/*', this.#at)) {
        const start = this.#at;
        if (!this.#skipComment()) return start;
      } else return undefined;
    }
  }

  #skipComment(): boolean {
    const mark = /\/\*|\*\//g;
    mark.lastIndex = this.#at;
    for (let depth = 0; ;) {
      const match = mark.exec(this.#text);
      if (match === null) return false;
      depth += match[0] === '/*' ? 1 : -1;
      if (depth > 0) continue;
      this.#at = mark.lastIndex;
      return true;
    }
  }

  #quoted(kind: 'string' | 'quoted', start: number, from: number): Token {
    const quote = kind === 'string' ? "'" : '"';
    const escapes = kind === 'string' && /^e'/i.test(this.#text.slice(start, start + 2));
    const end = escapes ? this.#escapedEnd(from) : this.#quotedEnd(quote, from);
    if (end < 0) return this.#token('unterminated', start, this.#text.length);
    if (kind === 'string') return this.#token(kind, start, end);
    this.#at = end;
    const name = this.#text.slice(from, end - 1).replaceAll('""', '"');
    return { kind, value: from - start > 1 ? undoUnicode(name) : name, start, end };
  }

  #quotedEnd(quote: string, from: number): number {
    for (let at = from; ; at += 2) {
      at = this.#text.indexOf(quote, at);
      if (at < 0) return -1;
      if (this.#text[at + 1] !== quote) return at + 1;
    }
  }

  #escapedEnd(from: number): number {
    for (let at = from; at < this.#text.length; at++) {
      const unit = this.#text.charCodeAt(at);
      if (unit === BACKSLASH) at++;
      else if (unit === QUOTE) {
        if (this.#text.charCodeAt(at + 1) !== QUOTE) return at + 1;
        at++;
      }
    }
    return -1;
  }

  /** $1, or $tag$ .. $tag$. */
  #dollar(start: number): Token {
    let at = start + 1;
    if (classOf(this.#text.charCodeAt(at)) === DIGIT) {
      while (classOf(this.#text.charCodeAt(at)) === DIGIT) at++;
      return this.#token('parameter', start, at);
    }
    while ((classOf(this.#text.charCodeAt(at)) & IDENTIFIER_PART) !== 0) at++;
    if (this.#text.charCodeAt(at) !== DOLLAR) return this.#token('operator', start, start + 1);
    const tag = this.#text.slice(start, at + 1);
    const end = this.#text.indexOf(tag, at + 1);
    if (end < 0) return this.#token('unterminated', start, this.#text.length);
    return this.#token('string', start, end + tag.length);
  }

  #word(start: number, unit: number): Token {
    const next = this.#text.charCodeAt(start + 1);
    // e'..' b'..' x'..'; n'..' is two tokens.
    if (next === QUOTE && 'eEbBxX'.includes(String.fromCharCode(unit))) {
      return this.#quoted('string', start, start + 2);
    }
    if (next === 0x26 && (unit | 32) === 0x75) {
      const quote = this.#text.charCodeAt(start + 2);
      if (quote === QUOTE) return this.#quoted('string', start, start + 3);
      if (quote === DOUBLE_QUOTE) return this.#quoted('quoted', start, start + 3);
    }
    let at = start + 1;
    let part = next;
    while ((classOf(part) & IDENTIFIER_PART) !== 0 || part === DOLLAR) part = this.#text.charCodeAt(++at);
    this.#at = at;
    return { kind: 'word', value: foldCase(this.#text.slice(start, at)), start, end: at };
  }

  #number(start: number): Token {
    const pattern =
      /0[xX][0-9a-fA-F_]+|0[oObB][0-7_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y;
    pattern.lastIndex = start;
    pattern.test(this.#text);
    return this.#token('number', start, Math.max(pattern.lastIndex, start + 1));
  }

  /** Longest run, cut before a comment; a trailing + or - only after one of ~!@#%^&|`? (manual 4.1.3). */
  #operator(start: number): Token {
    let end = start;
    while (classOf(this.#text.charCodeAt(end)) === OPERATOR) end++;
    const run = this.#text.slice(start, end);
    const comment = run.slice(1).search(/--|\/\*/);
    let length = comment < 0 ? run.length : comment + 1;
    if (!/[~!@#%^&|`?]/.test(run.slice(0, length))) {
      while (length > 1 && /[+-]/.test(run.charAt(length - 1))) length--;
    }
    const token = this.#token('operator', start, start + length);
    return token.value === '=>' ? { ...token, kind: 'punctuation' } : token;
  }

  #punctuation(start: number): Token {
    const pair = this.#text.slice(start, start + 2);
    return this.#token('punctuation', start, start + (pair === '::' || pair === ':=' || pair === '..' ? 2 : 1));
  }
}

/** \xxxx and \+xxxxxx of U&"..". */
function undoUnicode(name: string): string {
  return name.replace(/\\(?:([0-9a-fA-F]{4})|\+([0-9a-fA-F]{6})|\\)/g, (whole, four?: string, six?: string) => {
    const digits = four ?? six;
    return digits === undefined ? whole.slice(1) : String.fromCodePoint(Number.parseInt(digits, 16));
  });
}

const escapes: { readonly [letter: string]: string } = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** What a string token stands for; U& and bit strings are taken as they are written. */
export function stringValue(token: Token): string {
  const written = token.value;
  const dollar = /^\$[^$]*\$/.exec(written);
  if (dollar !== null) return written.slice(dollar[0].length, -dollar[0].length);
  const body = written.slice(written.indexOf("'") + 1, -1).replaceAll("''", "'");
  if (!/^e/i.test(written)) return body;
  return body.replace(/\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/gs, (_, escaped: string) => {
    if (/^[0-7]/.test(escaped)) return String.fromCharCode(Number.parseInt(escaped, 8));
    if (/^[xuU]./.test(escaped)) return String.fromCodePoint(Number.parseInt(escaped.slice(1), 16));
    return escapes[escaped] ?? escaped;
  });
}
