// Arrays and records as text: PostgreSQL's array_in, array_out, record_in, record_out.
import { EMPTY_ARRAY } from './composite.ts';
import { DatabaseError } from './error.ts';
import type { Datum, SqlArray, SqlRecord } from './datum.ts';

const MAX_DIMENSIONS = 6;
const MAX_INT4 = 2147483647;

function malformed(text: string, detail: string): DatabaseError {
  return new DatabaseError('22P02', `malformed array literal: "${text}"`, { detail });
}

const NEEDS_QUOTES = /^$|^null$|["\\{},\s]/i;

/** `format` writes one element that is not NULL. */
export function formatArray(array: SqlArray, format: (value: Datum) => string): string {
  if (array.dimensions.length === 0) return '{}';
  const elements = array.values.map((value) => {
    if (value === null) return 'NULL';
    const text = format(value);
    return NEEDS_QUOTES.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
  });
  const { dimensions, lowerBounds } = array;
  let prefix = '';
  if (lowerBounds.some((b) => b !== 1)) {
    prefix = `${dimensions.map((n, d) => `[${lowerBounds[d]}:${lowerBounds[d] + n - 1}]`).join('')}=`;
  }
  return prefix + nest(elements, dimensions);
}

function nest(elements: readonly string[], dimensions: readonly number[]): string {
  let level = elements;
  for (let d = dimensions.length - 1; d >= 0; d--) {
    const width = dimensions[d];
    const groups: string[] = [];
    for (let i = 0; i < level.length; i += width) groups.push(`{${level.slice(i, i + width).join(',')}}`);
    level = groups;
  }
  return level[0];
}

/** `parse` reads one element. 22P02 with PostgreSQL's detail when the text is no array. */
export function parseArray(text: string, parse: (text: string) => Datum): SqlArray {
  const header = parseBounds(text);
  if (text.charAt(header.end) !== '{') {
    throw malformed(text, header.bounds === null
      ? 'Array value must start with "{" or dimension information.' : 'Array contents must start with "{".');
  }
  const reader = new ArrayReader(text, header.end);
  const dimensions = reader.read();
  if (header.bounds === null && dimensions.length === 0) return EMPTY_ARRAY;
  if (header.bounds !== null && header.bounds.map((b) => b.length).join() !== dimensions.join()) {
    throw malformed(text, 'Specified array dimensions do not match array contents.');
  }
  return {
    dimensions,
    lowerBounds: header.bounds?.map((b) => b.lower) ?? dimensions.map(() => 1),
    values: reader.elements.map((e) => (e === null ? null : parse(e))),
  };
}

interface Bound { readonly lower: number; readonly length: number }

function skipSpace(text: string, at: number): number {
  let i = at;
  while (/[ \t\n\r\v\f]/.test(text.charAt(i))) i++;
  return i;
}

/** `[1:2][3:4]=` in front, if any. */
function parseBounds(text: string): { readonly bounds: readonly Bound[] | null; readonly end: number } {
  const bounds: Bound[] = [];
  let at = skipSpace(text, 0);
  while (text.charAt(at) === '[') {
    if (bounds.length >= MAX_DIMENSIONS) throw tooManyDimensions(bounds.length + 1);
    const lower = /^\s*([+-]?\d+)/.exec(text.slice(at + 1));
    if (lower === null) throw malformed(text, '"[" must introduce explicitly-specified array dimensions.');
    at += 1 + lower[0].length;
    let from = 1;
    let to = Number(lower[1]);
    if (text.charAt(at) === ':') {
      const upper = /^[+-]?\d+/.exec(text.slice(at + 1));
      if (upper === null) throw malformed(text, 'Missing array dimension value.');
      at += 1 + upper[0].length;
      [from, to] = [to, Number(upper[0])];
    }
    if (text.charAt(at) !== ']') throw malformed(text, 'Missing "]" after array dimensions.');
    if (to < from) throw new DatabaseError('2202E', 'upper bound cannot be less than lower bound');
    if (to > MAX_INT4) throw new DatabaseError('22003', 'array bound is out of integer range');
    bounds.push({ lower: from, length: to - from + 1 });
    at = skipSpace(text, at + 1);
  }
  if (bounds.length === 0) return { bounds: null, end: at };
  if (text.charAt(at) !== '=') throw malformed(text, 'Missing "=" after array dimensions.');
  return { bounds, end: skipSpace(text, at + 1) };
}

function tooManyDimensions(count: number): DatabaseError {
  return new DatabaseError('54000',
    `number of array dimensions (${count}) exceeds the maximum allowed (${MAX_DIMENSIONS})`);
}

/** Where the reader stands: after `{`, in or after an element, after a comma, after `}`. */
type Place =
  | 'none' | 'level started' | 'element' | 'quoted' | 'element delimited' | 'level completed' | 'level delimited';

class ArrayReader {
  readonly elements: (string | null)[] = [];
  readonly #text: string;
  #at: number;
  #depth = 0;
  #place: Place = 'none';
  /** Members seen in the open level of each depth, and the number all closed levels of it had. */
  readonly #counts: number[] = [];
  readonly #widths: number[] = [];

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  /** The lengths by dimension; none for `{}`. */
  read(): readonly number[] {
    do this.#step(); while (this.#depth > 0);
    if (skipSpace(this.#text, this.#at) < this.#text.length) throw this.#fail('Junk after closing right brace.');
    return this.elements.length === 0 ? [] : this.#widths;
  }

  #fail(detail: string): DatabaseError {
    return malformed(this.#text, detail);
  }

  #step(): void {
    this.#at = skipSpace(this.#text, this.#at);
    const char = this.#text.charAt(this.#at);
    switch (char) {
      case '': throw this.#fail('Unexpected end of input.');
      case '{': return this.#open();
      case '}': return this.#close();
      case ',': return this.#delimiter();
      case '"': return this.#quoted();
      default: return this.#plain(char);
    }
  }

  #open(): void {
    if (!['none', 'level started', 'level delimited'].includes(this.#place)) {
      throw this.#fail('Unexpected "{" character.');
    }
    if (this.#depth >= MAX_DIMENSIONS) throw tooManyDimensions(this.#depth + 1);
    this.#counts[this.#depth++] = 0;
    this.#place = 'level started';
    this.#at++;
  }

  #close(): void {
    const empty = this.#place === 'level started' && this.#depth === 1;
    if (!['element', 'quoted', 'level completed'].includes(this.#place) && !empty) {
      throw this.#fail('Unexpected "}" character.');
    }
    const level = --this.#depth;
    const width = this.#counts[level] + (empty ? 0 : 1);
    if ((this.#widths[level] ?? width) !== width) {
      throw this.#fail('Multidimensional arrays must have sub-arrays with matching dimensions.');
    }
    this.#widths[level] = width;
    this.#place = 'level completed';
    this.#at++;
  }

  #delimiter(): void {
    if (!['element', 'quoted', 'level completed'].includes(this.#place)) throw this.#fail('Unexpected "," character.');
    this.#place = this.#place === 'level completed' ? 'level delimited' : 'element delimited';
    this.#counts[this.#depth - 1]++;
    this.#at++;
  }

  #expectElement(): void {
    if (this.#place !== 'level started' && this.#place !== 'element delimited') {
      throw this.#fail('Unexpected array element.');
    }
  }

  #quoted(): void {
    this.#expectElement();
    let value = '';
    for (let i = this.#at + 1; ; i++) {
      let char = this.#text.charAt(i);
      if (char === '"') {
        this.#at = i + 1;
        break;
      }
      if (char === '\\') char = this.#text.charAt(++i);
      if (char === '') throw this.#fail('Unexpected end of input.');
      value += char;
    }
    this.elements.push(value);
    this.#place = 'quoted';
  }

  #plain(first: string): void {
    if (first === '\\' && this.#place !== 'level started' && this.#place !== 'element delimited') {
      throw this.#fail('Unexpected "\\" character.');
    }
    this.#expectElement();
    let value = '';
    let kept = 0;
    let escaped = false;
    let i = this.#at;
    for (; ; i++) {
      let char = this.#text.charAt(i);
      if (char === '"') throw this.#fail('Unexpected array element.');
      if (char === '{') throw this.#fail('Unexpected "{" character.');
      if (char === '' || char === ',' || char === '}') break;
      if (char === '\\') {
        escaped = true;
        char = this.#text.charAt(++i);
        if (char === '') throw this.#fail('Unexpected end of input.');
        value += char;
        kept = value.length;
        continue;
      }
      value += char;
      if (!/[ \t\n\r\v\f]/.test(char)) kept = value.length;
    }
    this.#at = i;
    value = value.slice(0, kept);
    this.elements.push(!escaped && value.toLowerCase() === 'null' ? null : value);
    this.#place = 'element';
  }
}

const RECORD_QUOTES = /^$|["\\(),\s]/;

/** `format` writes one field that is not NULL. */
export function formatRecord(record: SqlRecord, format: (value: Datum, index: number) => string): string {
  const fields = record.fields.map((value, i) => {
    if (value === null) return '';
    const text = format(value, i);
    return RECORD_QUOTES.test(text) ? `"${text.replace(/["\\]/g, '$&$&')}"` : text;
  });
  return `(${fields.join(',')})`;
}

/** `parse` reads field `index`. Requires: the number of fields the type has. */
export function parseRecord(
  text: string, count: number, parse: (text: string, index: number) => Datum,
): SqlRecord {
  const fail = (detail: string): DatabaseError =>
    new DatabaseError('22P02', `malformed record literal: "${text}"`, { detail });
  let at = skipSpace(text, 0);
  if (text.charAt(at) !== '(') throw fail('Missing left parenthesis.');
  at++;
  const fields: Datum[] = [];
  for (let index = 0; index < count; index++) {
    if (index > 0) {
      if (text.charAt(at) !== ',') throw fail('Too few columns.');
      at++;
    }
    const field = recordField(text, at, fail);
    at = field.end;
    fields.push(field.value === null ? null : parse(field.value, index));
  }
  if (text.charAt(at) !== ')') throw fail('Too many columns.');
  if (skipSpace(text, at + 1) < text.length) throw fail('Junk after right parenthesis.');
  return { fields };
}

function recordField(
  text: string, start: number, fail: (detail: string) => DatabaseError,
): { readonly value: string | null; readonly end: number } {
  if (text.charAt(start) === ',' || text.charAt(start) === ')') return { value: null, end: start };
  let value = '';
  let quoted = false;
  let at = start;
  for (; ; at++) {
    const char = text.charAt(at);
    if (char === '') throw fail('Unexpected end of input.');
    if (!quoted && (char === ',' || char === ')')) break;
    if (char === '\\') {
      at++;
      if (at >= text.length) throw fail('Unexpected end of input.');
      value += text.charAt(at);
    } else if (char !== '"') value += char;
    else if (!quoted) quoted = true;
    else if (text.charAt(at + 1) === '"') {
      value += '"';
      at++;
    } else quoted = false;
  }
  return { value, end: at };
}
