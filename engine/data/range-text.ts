// Ranges and multiranges as text: PostgreSQL's range_in, range_out, multirange_in, multirange_out.
import { DatabaseError } from './error.ts';
import { makeMultirange } from './multirange.ts';
import { EMPTY_RANGE, makeRange } from './range.ts';
import type { Datum, SqlMultirange, SqlRange } from './datum.ts';
import type { RangeFamily } from './range-type.ts';

const NEEDS_QUOTES = /^$|["\\()[\],\s]/;
const SPACE = /[ \t\n\r\v\f]/;

/** `format` writes one bound. */
export function formatRange(range: SqlRange, format: (value: Datum) => string): string {
  if (range.empty) return 'empty';
  const bound = (value: Datum): string => {
    if (value === null) return '';
    const text = format(value);
    return NEEDS_QUOTES.test(text) ? `"${text.replace(/["\\]/g, '$&$&')}"` : text;
  };
  return `${range.lowerInclusive ? '[' : '('}${bound(range.lower)},${bound(range.upper)}${range.upperInclusive ? ']' : ')'}`;
}

export function formatMultirange({ ranges }: SqlMultirange, format: (value: Datum) => string): string {
  return `{${ranges.map((range) => formatRange(range, format)).join(',')}}`;
}

class RangeReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  malformed(detail: string): DatabaseError {
    return new DatabaseError('22P02', `malformed range literal: "${this.#text}"`, { detail });
  }

  skipSpace(): void {
    while (SPACE.test(this.#text.charAt(this.#at))) this.#at++;
  }

  /** The next character, taken when it is one of these; '' otherwise. */
  take(characters: string): string {
    const next = this.#text.charAt(this.#at);
    if (next === '' || !characters.includes(next)) return '';
    this.#at++;
    return next;
  }

  takeEmpty(): boolean {
    if (this.#text.slice(this.#at, this.#at + 5).toLowerCase() !== 'empty') return false;
    this.#at += 5;
    return true;
  }

  end(detail: string): void {
    this.skipSpace();
    if (this.#at < this.#text.length) throw this.malformed(detail);
  }

  /** Quotes and backslashes undone; null: nothing is there, which is no bound. */
  bound(): string | null {
    if (/[,)\]]/.test(this.#text.charAt(this.#at))) return null;
    let out = '';
    let quoted = false;
    for (;;) {
      const c = this.#text.charAt(this.#at);
      if (c === '') throw this.malformed('Unexpected end of input.');
      if (!quoted && /[,)\]]/.test(c)) return out;
      this.#at++;
      if (c === '\\') {
        if (this.#at >= this.#text.length) throw this.malformed('Unexpected end of input.');
        out += this.#text.charAt(this.#at++);
      } else if (c !== '"') out += c;
      else if (!quoted) quoted = true;
      else if (this.take('"') !== '') out += c;
      else quoted = false;
    }
  }
}

/** `parse` reads one bound. 22P02 with PostgreSQL's detail when the text is no range. */
export function parseRange(family: RangeFamily, text: string, parse: (text: string) => Datum): SqlRange {
  const reader = new RangeReader(text);
  reader.skipSpace();
  if (reader.takeEmpty()) {
    reader.end('Junk after "empty" key word.');
    return EMPTY_RANGE;
  }
  const open = reader.take('[(');
  if (open === '') throw reader.malformed('Missing left parenthesis or bracket.');
  const lower = reader.bound();
  if (reader.take(',') === '') throw reader.malformed('Missing comma after lower bound.');
  const upper = reader.bound();
  const close = reader.take('])');
  if (close === '') throw reader.malformed('Too many commas.');
  reader.end('Junk after right parenthesis or bracket.');
  return makeRange(family,
    { value: lower === null ? null : parse(lower), inclusive: open === '[' },
    { value: upper === null ? null : parse(upper), inclusive: close === ']' });
}

/** `parse` reads one bound. 22P02 with PostgreSQL's detail when the text is no multirange. */
export function parseMultirange(family: RangeFamily, text: string, parse: (text: string) => Datum): SqlMultirange {
  const ranges: SqlRange[] = [];
  for (const part of splitMultirange(text)) ranges.push(parseRange(family, part, parse));
  return makeMultirange(family, ranges);
}

/** The texts of the ranges between the braces, each before what follows it is looked at. */
function* splitMultirange(text: string): Generator<string> {
  const malformed = (detail: string): DatabaseError =>
    new DatabaseError('22P02', `malformed multirange literal: "${text}"`, { detail });
  const spaceFrom = (from: number): number => {
    let i = from;
    while (SPACE.test(text.charAt(i))) i++;
    return i;
  };
  let at = spaceFrom(0);
  if (text.charAt(at) !== '{') throw malformed('Missing left brace.');
  at = spaceFrom(at + 1);
  if (text.charAt(at) !== '}') {
    for (;;) {
      if (at >= text.length) throw malformed('Unexpected end of input.');
      const end = rangeEnd(text, at);
      if (end === null) throw malformed('Expected range start.');
      if (end > text.length) throw malformed('Unexpected end of input.');
      yield text.slice(at, end);
      at = spaceFrom(end);
      if (at >= text.length) throw malformed('Unexpected end of input.');
      const next = text.charAt(at);
      if (next === '}') break;
      if (next !== ',') throw malformed('Expected comma or end of multirange.');
      at = spaceFrom(at + 1);
    }
  }
  if (spaceFrom(at + 1) < text.length) throw malformed('Junk after closing right brace.');
}

/** Where the range that begins at `from` ends; beyond the text when it does not, null when none begins there. */
function rangeEnd(text: string, from: number): number | null {
  if (text.slice(from, from + 5).toLowerCase() === 'empty') return from + 5;
  if (!'[('.includes(text.charAt(from))) return null;
  let quoted = false;
  for (let i = from + 1; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === '\\') i++;
    else if (c === '"') quoted = !quoted;
    else if (!quoted && (c === ')' || c === ']')) return i + 1;
  }
  return text.length + 1;
}
