// COPY's text format: fields between delimiters, backslash escapes, \N for NULL (manual, COPY, "Text Format").
import { Buffer } from 'node:buffer';
import { DatabaseError } from '../engine/data/error.ts';
import type { CopyInSink } from '../sql/index.ts';
import { scannable } from '../engine/data/kernel/fields.ts';
import { checkHeader } from './copy-header.ts';
import type { FieldSink, RowReader } from './copy-in.ts';
import { PlainRows, isText } from './copy-plain.ts';
import { invalidUtf8 } from './frontend.ts';

const BACKSLASH = 92;
const NEWLINE = 10;
const RETURN = 13;
const DOT = 46;

const ESCAPES: ReadonlyMap<number, number> = new Map([['b', 8], ['f', 12], ['n', 10], ['r', 13], ['t', 9], ['v', 11]]
  .map(([letter, value]) => [String(letter).charCodeAt(0), Number(value)]));

type Format = CopyInSink['format'];

export class TextRows implements RowReader {
  ended = false;
  readonly #sink: FieldSink;
  readonly #delimiter: number;
  readonly #null: Buffer;
  readonly #header: Format['header'];
  #scratch: Buffer = Buffer.alloc(256);
  #headerSeen: boolean;
  readonly #plain: PlainRows;
  #lineEnd: 'unknown' | 'lf' | 'crlf' | 'cr' = 'unknown';

  constructor(format: Format, sink: FieldSink) {
    this.#sink = sink;
    this.#delimiter = format.delimiter.charCodeAt(0);
    this.#null = Buffer.from(format.nullText);
    this.#header = format.header;
    this.#headerSeen = format.header === false;
    this.#plain = new PlainRows(sink, scannable(sink.columnCount) && format.nullText === '\\N'
      ? { columns: sink.columnCount, delimiter: this.#delimiter, escape: BACKSLASH, nulls: 'backslash-n' } : null);
  }

  read(bytes: Buffer, last: boolean, staged: boolean): number {
    let at = 0;
    this.#plain.begin(bytes, staged);
    while (at < bytes.length && !this.ended) {
      const after = this.#lineEnd === 'lf' && this.#headerSeen ? this.#plain.take(at) : at;
      if (after > at) {
        at = after;
        continue;
      }
      const end = this.#rowEnd(bytes, at, last);
      if (end < 0) return at;
      this.#row(bytes, at, end);
      at = this.#afterRow(bytes, end);
    }
    return this.ended ? bytes.length : at;
  }

  /** Where the row's line end is (or the end of input), −1 when it is not there yet. Escaped line ends do not count. */
  #rowEnd(bytes: Buffer, from: number, last: boolean): number {
    if (this.#lineEnd === 'unknown' && !this.#detect(bytes, from, last)) return -1;
    const stop = this.#lineEnd === 'cr' ? RETURN : NEWLINE;
    for (let at = bytes.indexOf(stop, from); at >= 0; at = bytes.indexOf(stop, at + 1)) {
      const end = this.#lineEnd === 'crlf' && at > from && bytes[at - 1] === RETURN ? at - 1 : at;
      if (!escapedAt(bytes, from, end)) return end;
    }
    return last ? bytes.length : -1;
  }

  /** The first line end decides for all: \n, \r\n or \r. */
  #detect(bytes: Buffer, from: number, last: boolean): boolean {
    const newline = bytes.indexOf(NEWLINE, from);
    const carriage = bytes.indexOf(RETURN, from);
    if (carriage >= 0 && (newline < 0 || carriage < newline)) {
      if (carriage + 1 === bytes.length && !last) return false;
      this.#lineEnd = carriage + 1 === newline ? 'crlf' : 'cr';
      return true;
    }
    if (newline < 0 && !last) return false;
    this.#lineEnd = 'lf';
    return true;
  }

  #afterRow(bytes: Buffer, end: number): number {
    if (end >= bytes.length) return end;
    return this.#lineEnd === 'crlf' && bytes[end] === RETURN ? end + 2 : end + 1;
  }

  #row(bytes: Buffer, start: number, end: number): void {
    if (end - start === 2 && bytes[start] === BACKSLASH && bytes[start + 1] === DOT) {
      this.ended = true;
      return;
    }
    this.#sink.startRow(bytes, start);
    if (end > this.#plain.textUntil && !isText(bytes.subarray(start, end))) throw invalidUtf8(bytes.subarray(start, end));
    if (!this.#headerSeen) {
      this.#headerSeen = true;
      if (this.#header === 'match') checkHeader(this.#sink, this.#names(bytes, start, end), this.#null.toString());
      this.#sink.skipRow();
      return;
    }
    this.#fields(bytes, start, end);
    this.#sink.endRow(end);
  }

  #fields(bytes: Buffer, start: number, end: number): void {
    const columns = this.#sink.columnCount;
    const delimiter = this.#delimiter;
    // A table without columns takes empty lines only.
    if (columns === 0) {
      if (end > start) throw extraData();
      return;
    }
    let column = 0;
    let from = start;
    let escaped = false;
    for (let at = start; at < end; at++) {
      const byte = bytes[at];
      if (byte === delimiter) {
        if (column === columns - 1) throw extraData();
        this.#field(column++, bytes, { from, to: at, escaped });
        from = at + 1;
        escaped = false;
      } else if (byte === BACKSLASH) {
        escaped = true;
        at++;
      } else if (byte === RETURN || byte === NEWLINE) {
        throw strayLineEnd(byte);
      }
    }
    this.#field(column++, bytes, { from, to: end, escaped });
    if (column < columns) {
      throw new DatabaseError('22P04', `missing data for column "${this.#sink.columnName(column)}"`);
    }
  }

  #field(column: number, bytes: Buffer, field: { readonly from: number; readonly to: number; readonly escaped: boolean }): void {
    const { from, to, escaped } = field;
    const length = to - from;
    if (length === this.#null.length && equalAt(bytes, from, this.#null)) {
      this.#sink.null(column);
    } else if (!escaped) {
      this.#sink.text(column, bytes, from, to);
    } else {
      if (this.#scratch.length < length) this.#scratch = Buffer.alloc(length * 2);
      this.#sink.text(column, this.#scratch, 0, unescape(bytes, from, to, this.#scratch));
    }
  }

  #names(bytes: Buffer, start: number, end: number): (string | null)[] {
    return bytes.toString('utf8', start, end).split(String.fromCharCode(this.#delimiter)).map((text) => {
      const raw = Buffer.from(text);
      if (raw.equals(this.#null)) return null;
      const out = Buffer.alloc(raw.length);
      return out.toString('utf8', 0, unescape(raw, 0, raw.length, out));
    });
  }
}

function extraData(): DatabaseError {
  return new DatabaseError('22P04', 'extra data after last expected column');
}

function strayLineEnd(byte: number): DatabaseError {
  return byte === RETURN
    ? new DatabaseError('22P04', 'literal carriage return found in data', { hint: 'Use "\\r" to represent carriage return.' })
    : new DatabaseError('22P04', 'literal newline found in data', { hint: 'Use "\\n" to represent newline.' });
}

/** An odd number of backslashes before `at`. */
function escapedAt(bytes: Buffer, from: number, at: number): boolean {
  let count = 0;
  while (at - 1 - count >= from && bytes[at - 1 - count] === BACKSLASH) count++;
  return (count & 1) === 1;
}

export function equalAt(bytes: Buffer, from: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text[i]) return false;
  return true;
}

function isOctal(byte: number): boolean {
  return byte >= 48 && byte <= 55;
}

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** De-escapes bytes[from..to) into `out`; returns the length. */
function unescape(bytes: Buffer, from: number, to: number, out: Buffer): number {
  let length = 0;
  for (let at = from; at < to; at++) {
    if (bytes[at] !== BACKSLASH || at + 1 >= to) {
      out[length++] = bytes[at];
      continue;
    }
    const next = bytes[++at];
    const simple = ESCAPES.get(next);
    if (simple !== undefined) {
      out[length++] = simple;
    } else if (isOctal(next)) {
      let value = next - 48;
      for (let n = 0; n < 2 && at + 1 < to && isOctal(bytes[at + 1]); n++) value = value * 8 + bytes[++at] - 48;
      out[length++] = value & 0xff;
    } else if (next === 120 && at + 1 < to && hexValue(bytes[at + 1]) >= 0) {
      let value = hexValue(bytes[++at]);
      if (at + 1 < to && hexValue(bytes[at + 1]) >= 0) value = value * 16 + hexValue(bytes[++at]);
      out[length++] = value;
    } else {
      out[length++] = next;
    }
  }
  return length;
}
