// PostgreSQL's advanced regular expressions → RE2's, which match in linear time. What RE2 has not, posix-regex.ts matches.
import { DatabaseError } from '../error.ts';

export interface RegexFlags {
  readonly global: boolean;
  readonly ignoreCase: boolean;
  /** . and [^..] do not match a newline. */
  readonly newlineStop: boolean;
  /** ^ and $ match at newlines. */
  readonly newlineAnchors: boolean;
  readonly expanded: boolean;
  readonly literal: boolean;
}

const NO_FLAGS: RegexFlags = {
  global: false, ignoreCase: false, newlineStop: false, newlineAnchors: false, expanded: false, literal: false,
};

function withFlag(flags: RegexFlags, letter: string): RegexFlags | null {
  switch (letter) {
    case 'g': return { ...flags, global: true };
    case 'i': return { ...flags, ignoreCase: true };
    case 'c': return { ...flags, ignoreCase: false };
    case 'm': case 'n': return { ...flags, newlineStop: true, newlineAnchors: true };
    case 'p': return { ...flags, newlineStop: true, newlineAnchors: false };
    case 'w': return { ...flags, newlineStop: false, newlineAnchors: true };
    case 's': return { ...flags, newlineStop: false, newlineAnchors: false };
    case 'x': return { ...flags, expanded: true };
    case 't': return { ...flags, expanded: false };
    case 'q': return { ...flags, literal: true };
    case 'b': case 'e': return flags;
    default: return null;
  }
}

export function parseFlags(text: string): RegexFlags {
  let flags = NO_FLAGS;
  for (const letter of text) {
    const next = withFlag(flags, letter);
    if (next === null) throw new DatabaseError('22023', `invalid regular expression option: "${letter}"`);
    flags = next;
  }
  return flags;
}

/** Options written in the pattern itself: ***=, ***:, (?xyz) at its start. */
function embeddedFlags(pattern: string, flags: RegexFlags): { readonly rest: string; readonly flags: RegexFlags } {
  if (pattern.startsWith('***=')) return { rest: pattern.slice(4), flags: { ...flags, literal: true } };
  let rest = pattern.startsWith('***:') ? pattern.slice(4) : pattern;
  let out = flags;
  const found = /^\(\?([a-z]+)\)/.exec(rest);
  if (found !== null) {
    for (const letter of found[1]) {
      const next = letter === 'g' ? null : withFlag(out, letter);
      if (next === null) throw invalidRegex('invalid embedded option');
      out = next;
    }
    rest = rest.slice(found[0].length);
  }
  return { rest, flags: out };
}

export function invalidRegex(reason: string): DatabaseError {
  return new DatabaseError('2201B', `invalid regular expression: ${reason}`);
}

const QUANTIFIER = /^(?:[*+?]|\{(\d+)(,(\d*))?\})(\?)?/;

/** Shapes of escapes that differ between the two. */
const ESCAPES: { readonly [letter: string]: string } = {
  m: '\\b', M: '\\b', y: '\\b', Y: '\\B', A: '\\A', Z: '\\z', a: '\\x07', b: '\\x08', B: '\\\\', e: '\\x1b',
  d: '[0-9]', D: '[^0-9]', s: '[ \\t\\n\\v\\f\\r]', S: '[^ \\t\\n\\v\\f\\r]', w: '[0-9A-Za-z_]', W: '[^0-9A-Za-z_]',
  n: '\\n', r: '\\r', t: '\\t', f: '\\f', v: '\\v',
};

/** What of an escape stands within brackets. */
const CLASS_ESCAPES: { readonly [letter: string]: string } = {
  ...ESCAPES, d: '0-9', s: ' \\t\\n\\v\\f\\r', w: '0-9A-Za-z_',
};

/**
 * The reference to a group that an escape at a place is, `groups` being open or closed before it: one digit always is,
 * several are when there is such a group; null: it is none. The number may be of no group.
 */
export function backReference(
  text: string, at: number, groups: number,
): { readonly number: number; readonly end: number } | null {
  const digits = /^\\([1-9]\d{0,2})/.exec(text.slice(at, at + 4))?.[1];
  if (digits === undefined) return null;
  if (digits.length > 1 && Number(digits) > groups) return null;
  return { number: Number(digits), end: at + 1 + digits.length };
}

export interface RegexSource {
  readonly source: string;
  readonly flags: RegexFlags;
  /** Prefers the longest match (no non-greedy quantifier in it). */
  readonly greedy: boolean;
  /** Without embedded options; null for literal text. */
  readonly text: string | null;
  /** There are back-references in it, for which `source` has a character in their place. */
  readonly refers: boolean;
}

/** Reads the pattern once, left to right. */
export class Translator {
  #text: string;
  #at = 0;
  #out = '';
  #lazy = false;
  #refers = false;
  #groups = 0;
  readonly #flags: RegexFlags;

  constructor(text: string, flags: RegexFlags) {
    this.#text = text;
    this.#flags = flags;
  }

  translate(): string {
    while (this.#at < this.#text.length) this.#step(this.#text[this.#at]);
    return this.#out;
  }

  /** The atom at a place alone: a character, a bracket expression or an escape; '' for what does not count. */
  atomAt(at: number): { readonly source: string; readonly end: number } {
    this.#at = at;
    this.#out = '';
    this.#step(this.#text[at]);
    return { source: this.#out, end: this.#at };
  }

  get lazy(): boolean {
    return this.#lazy;
  }
  get refers(): boolean {
    return this.#refers;
  }

  #step(c: string): void {
    switch (c) {
      case '\\': return this.#escape(ESCAPES);
      case '[': return this.#bracket();
      case '(': return this.#group();
      case '*': case '+': case '?': case '{': return this.#quantifier(c);
      default:
        this.#at++;
        if (this.#flags.expanded && /\s/.test(c)) return;
        if (this.#flags.expanded && c === '#') {
          const end = this.#text.indexOf('\n', this.#at);
          this.#at = end < 0 ? this.#text.length : end + 1;
          return;
        }
        this.#out += c === '}' ? '\\}' : c === ']' ? '\\]' : c;
    }
  }

  #group(): void {
    const rest = this.#text.slice(this.#at);
    if (rest.startsWith('(?#')) {
      const end = rest.indexOf(')');
      if (end < 0) throw invalidRegex('parentheses () not balanced');
      this.#at += end + 1;
      return;
    }
    // Read by the tree's own parser; here only so that the brackets count.
    if (/^\(\?<?[=!]/.test(rest)) {
      this.#out += '(?:';
      this.#at += rest.startsWith('(?<') ? 4 : 3;
      return;
    }
    if (rest.startsWith('(?') && !rest.startsWith('(?:')) throw invalidRegex('quantifier operand invalid');
    const open = rest.startsWith('(?:') ? '(?:' : '(';
    if (open === '(') this.#groups++;
    this.#out += open;
    this.#at += open.length;
  }

  #quantifier(c: string): void {
    const found = QUANTIFIER.exec(this.#text.slice(this.#at));
    if (found === null) {
      // A { that starts no bound is an ordinary character unless a digit follows.
      if (/^\{\d/.test(this.#text.slice(this.#at))) throw invalidRegex('invalid repetition count(s)');
      this.#out += `\\${c}`;
      this.#at++;
      return;
    }
    const [whole, low, comma, high] = found;
    const [least, most] = [Number(low ?? 0), high === undefined || high === '' ? Infinity : Number(high)];
    if (c === '{' && (least > 255 || (most !== Infinity && (most > 255 || most < least)))) {
      throw invalidRegex('invalid repetition count(s)');
    }
    if (found[4] !== undefined && !(c === '{' && comma === undefined)) this.#lazy = true;
    this.#out += whole;
    this.#at += whole.length;
    if (/^[*+?]/.test(this.#text.slice(this.#at))) throw invalidRegex('quantifier operand invalid');
  }

  /** Reads the escape at the cursor. */
  #escape(letters: { readonly [letter: string]: string }): void {
    const rest = this.#text.slice(this.#at + 1);
    const letter = rest[0];
    if (letter === undefined) throw invalidRegex('invalid escape \\ sequence');
    const code = /^(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]+))/.exec(rest);
    if (code !== null) {
      this.#out += `\\x{${(code[1] ?? code[2] ?? code[3]).replace(/^0+(?=.)/, '')}}`;
      this.#at += 1 + code[0].length;
      return;
    }
    const reference = letters === ESCAPES ? backReference(this.#text, this.#at, this.#groups) : null;
    if (reference !== null) {
      if (reference.number > this.#groups) throw invalidRegex('invalid backreference number');
      this.#refers = true;
      // Only so that the syntax is looked at: RE2 has none.
      this.#out += '(?:.)';
      this.#at = reference.end;
      return;
    }
    const octal = /^[0-7]{1,3}/.exec(rest);
    if (octal !== null && (letter === '0' || letters === ESCAPES)) {
      this.#out += `\\x{${Number.parseInt(octal[0], 8).toString(16)}}`;
      this.#at += 1 + octal[0].length;
      return;
    }
    const mapped = letters[letter];
    if (mapped === undefined && /[A-Za-z0-9]/.test(letter)) throw invalidRegex('invalid escape \\ sequence');
    if (mapped === undefined && letter === 'c') throw invalidRegex('invalid escape \\ sequence');
    this.#out += mapped ?? (/\W/.test(letter) && letter.charCodeAt(0) < 128 ? `\\${letter}` : letter);
    this.#at += 2;
  }

  /** A bracket expression: classes as they are, [.x.] and [=x=] as x, [[:<:]] and [[:>:]] as word boundaries. */
  #bracket(): void {
    const text = this.#text;
    const boundary = text.slice(this.#at, this.#at + 7);
    if (boundary === '[[:<:]]' || boundary === '[[:>:]]') {
      this.#out += '\\b';
      this.#at += 7;
      return;
    }
    let i = this.#at + 1;
    let out = '[';
    const negated = text[i] === '^';
    if (negated) {
      out += this.#flags.newlineStop ? '^\\n' : '^';
      i++;
    }
    for (let first = true; first || text[i] !== ']'; first = false) {
      if (i >= text.length) throw invalidRegex('brackets [] not balanced');
      const special = /^\[([:.=])([^\]]*?)\1\]/.exec(text.slice(i));
      if (special !== null) {
        out += special[1] === ':' ? className(special[2]) : escapeInClass(special[2]);
        i += special[0].length;
      } else if (text[i] === '\\') {
        this.#at = i;
        const before = this.#out;
        this.#out = '';
        this.#escape(CLASS_ESCAPES);
        out += this.#out;
        this.#out = before;
        i = this.#at;
      } else {
        out += text[i] === '-' ? '-' : escapeInClass(text[i]);
        i++;
      }
    }
    this.#out += `${out}]`;
    this.#at = i + 1;
  }
}

function escapeInClass(text: string): string {
  return text.replace(/[[\]\\^&]/g, (c) => `\\${c}`);
}

const CLASSES = new Set([
  'alnum', 'alpha', 'blank', 'cntrl', 'digit', 'graph', 'lower', 'print', 'punct', 'space', 'upper', 'xdigit', 'word',
]);

function className(name: string): string {
  if (!CLASSES.has(name)) throw invalidRegex('invalid character class');
  return `[:${name}:]`;
}

export function translateRegex(pattern: string, given: RegexFlags): RegexSource {
  const { rest, flags } = embeddedFlags(pattern, given);
  if (flags.literal) {
    return { source: rest.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&'), flags, greedy: true, text: null, refers: false };
  }
  const translator = new Translator(rest, flags);
  const source = translator.translate();
  return { source, flags, greedy: !translator.lazy, text: rest, refers: translator.refers };
}

/** similar_to_escape(): a SIMILAR TO pattern as an advanced regular expression, in PostgreSQL's own spelling. */
export function similarToRegex(pattern: string, escape: string): string {
  if ([...escape].length > 1) {
    throw new DatabaseError('22025', 'invalid escape string',
      { hint: 'Escape string must be empty or one character.' });
  }
  let out = '^(?:';
  let bracket = false;
  const text = [...pattern];
  let quotes = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === escape && escape !== '') {
      const next = text[++i];
      if (next === '"' && !bracket) {
        if (quotes === 0) out += '){1,1}?(';
        else if (quotes === 1) out += '){1,1}(?:';
        else throw new DatabaseError('2200C',
          'SQL regular expression may not contain more than two escape-double-quote separators');
        quotes++;
      } else if (next !== undefined) out += `\\${next}`;
    } else if (bracket) {
      if (c === '\\') out += '\\';
      out += c;
      if (c === ']') bracket = false;
    } else if (c === '[') {
      out += c;
      bracket = true;
    } else if (c === '%') out += '.*';
    else if (c === '_') out += '.';
    else if (c === '(') out += '(?:';
    else if (c === '\\' || c === '.' || c === '^' || c === '$') out += `\\${c}`;
    else out += c;
  }
  return `${out})$`;
}
