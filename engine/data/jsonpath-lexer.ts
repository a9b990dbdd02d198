// Tokens of SQL/JSON path text, as PostgreSQL's jsonpath input reads them.
import { DatabaseError } from './error.ts';

export type PathToken =
  | { readonly kind: 'end'; readonly text: '' }
  /** Punctuation and operators. */
  | { readonly kind: 'mark'; readonly text: string }
  | { readonly kind: 'number' | 'string' | 'variable'; readonly text: string; readonly value: string }
  /** A bare word; `keyword` is null where it is none, as are `TRUE` and its kin in capitals. */
  | { readonly kind: 'word'; readonly text: string; readonly value: string; readonly keyword: string | null };

const KEYWORDS: ReadonlySet<string> = new Set([
  'is', 'to', 'abs', 'lax', 'flag', 'last', 'size', 'type', 'with', 'floor', 'double', 'exists', 'starts', 'strict',
  'ceiling', 'unknown', 'datetime', 'keyvalue', 'like_regex',
]);
const LOWER_KEYWORDS: ReadonlySet<string> = new Set(['null', 'true', 'false']);

const BLANK = /(?:[ \t\n\r\f]|\/\*[\s\S]*?\*\/)*/y;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const MARKS = ['&&', '||', '**', '==', '<>', '!=', '<=', '>='];
/** What ends a bare word. */
const SPECIAL = new Set([...'?%$.[]{}()|&!=<>@#,*:-+/"', ' ', '\t', '\n', '\r', '\f']);

export function pathSyntaxError(message: string, text: string): DatabaseError {
  return new DatabaseError('42601',
    text === '' ? `${message} at end of jsonpath input` : `${message} at or near "${text}" of jsonpath input`);
}

/** All tokens, the last of them `end`. 42601 as PostgreSQL has it. */
export function pathTokens(text: string): readonly PathToken[] {
  const out: PathToken[] = [];
  let at = 0;
  for (;;) {
    BLANK.lastIndex = at;
    BLANK.test(text);
    at = BLANK.lastIndex;
    if (text.startsWith('/*', at)) throw pathSyntaxError('unexpected end of comment', '');
    if (at >= text.length) break;
    const { token, end } = tokenAt(text, at);
    out.push(token);
    at = end;
  }
  return [...out, { kind: 'end', text: '' }];
}

interface Found { readonly token: PathToken; readonly end: number }

function tokenAt(text: string, at: number): Found {
  const c = text[at];
  if (c === '"') return quoted(text, at, at + 1, 'string');
  if (c === '$') {
    if (text[at + 1] === '"') return quoted(text, at, at + 2, 'variable');
    if (at + 1 < text.length && !SPECIAL.has(text[at + 1])) {
      const { value, end } = word(text, at + 1);
      return { token: { kind: 'variable', text: text.slice(at, end), value }, end };
    }
    return { token: { kind: 'mark', text: c }, end: at + 1 };
  }
  if (/\d/.test(c) || (c === '.' && /\d/.test(text[at + 1] ?? ''))) return number(text, at);
  const two = text.slice(at, at + 2);
  if (MARKS.includes(two)) return { token: { kind: 'mark', text: two === '!=' ? '<>' : two }, end: at + 2 };
  if (SPECIAL.has(c)) return { token: { kind: 'mark', text: c }, end: at + 1 };
  const { value, end } = word(text, at);
  const lower = value.toLowerCase();
  const keyword = KEYWORDS.has(lower) ? lower : LOWER_KEYWORDS.has(value) ? value : null;
  return { token: { kind: 'word', text: end >= text.length ? '' : text.slice(at, end), value, keyword }, end };
}

function number(text: string, at: number): Found {
  NUMBER.lastIndex = at;
  NUMBER.test(text);
  const end = NUMBER.lastIndex;
  const value = text.slice(at, end);
  const next = text[end] ?? ' ';
  const leadingZero = /^0\d/.test(value);
  if (leadingZero || !SPECIAL.has(next)) {
    throw pathSyntaxError('trailing junk after numeric literal', leadingZero ? value.slice(0, 2) : text.slice(at, end + 1));
  }
  return { token: { kind: 'number', text: value, value }, end };
}

function quoted(text: string, start: number, from: number, kind: 'string' | 'variable'): Found {
  let value = '';
  for (let at = from; ;) {
    const c = text[at];
    if (c === undefined) throw pathSyntaxError('unexpected end of quoted string', '');
    if (c === '"') return { token: { kind, text: text.slice(start, at + 1), value }, end: at + 1 };
    if (c === '\\') {
      const escape = escapeAt(text, at);
      value += escape.value;
      at = escape.end;
    } else {
      value += c;
      at++;
    }
  }
}

function word(text: string, from: number): { value: string; end: number } {
  let value = '';
  let at = from;
  while (at < text.length && !SPECIAL.has(text[at])) {
    if (text[at] === '\\') {
      const escape = escapeAt(text, at);
      value += escape.value;
      at = escape.end;
    } else value += text[at++];
  }
  return { value, end: at };
}

const SIMPLE: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

function escapeAt(text: string, at: number): { value: string; end: number } {
  const c = text[at + 1];
  if (c === undefined) throw pathSyntaxError('unexpected end after backslash', '');
  if (c === 'x') {
    const digits = /^[0-9a-fA-F]{2}/.exec(text.slice(at + 2, at + 4));
    if (digits === null) throw pathSyntaxError('invalid hex character sequence', text.slice(at, at + 2));
    return { value: String.fromCharCode(parseInt(digits[0], 16)), end: at + 4 };
  }
  if (c !== 'u') return { value: SIMPLE[c] ?? c, end: at + 2 };
  const long = /^\\u\{([0-9a-fA-F]{1,6})\}/.exec(text.slice(at, at + 11));
  if (long !== null) return { value: codePoint(parseInt(long[1], 16)), end: at + long[0].length };
  // A pair of surrogates is one character.
  const short = /^(?:\\u[0-9a-fA-F]{4})+/.exec(text.slice(at, at + 12));
  if (short === null) throw pathSyntaxError('invalid Unicode escape sequence', text.slice(at, at + 2));
  const units = [...short[0].matchAll(/[0-9a-fA-F]{4}/g)].map((m) => parseInt(m[0], 16));
  const pair = units.length === 2 && units[0] >= 0xd800 && units[0] < 0xdc00 && units[1] >= 0xdc00 && units[1] < 0xe000;
  if (!pair && units[0] >= 0xd800 && units[0] < 0xe000) {
    throw new DatabaseError('22P02', 'invalid input syntax for type jsonpath',
      { detail: 'Unicode low surrogate must follow a high surrogate.' });
  }
  return pair ? { value: String.fromCharCode(...units), end: at + 12 } : { value: codePoint(units[0]), end: at + 6 };
}

function codePoint(code: number): string {
  if (code === 0) {
    throw new DatabaseError('22P05', 'unsupported Unicode escape sequence', { detail: '\\u0000 cannot be converted to text.' });
  }
  if (code > 0x10ffff) throw new DatabaseError('22P02', 'invalid input syntax for type jsonpath');
  return String.fromCodePoint(code);
}
