// COPY's text format: fields between delimiters, backslash escapes, \N for NULL (manual, COPY, "Text Format").
import { Buffer, isUtf8 } from 'node:buffer';
import { DatabaseError } from '../engine/data/error.ts';
import type { CopyInSink } from '../sql/index.ts';
import { checkHeader } from './copy-header.ts';
import type { FieldSink, RowReader } from './copy-in.ts';
import { invalidUtf8 } from './frontend.ts';

const BACKSLASH = 92;
const NEWLINE = 10;
const RETURN = 13;
const DOT = 46;

const ESCAPES: ReadonlyMap<number, number> = new Map([['b', 8], ['f', 12], ['n', 10], ['r', 13], ['t', 9], ['v', 11]]
  .map(([letter, value]) => [String(letter).charCodeAt(0), Number(value)]));

/** Rows handed on at once. */
export const BLOCK_ROWS = 256;

type Format = CopyInSink['format'];

/**
 * Hot: bench "copy". Rows without escapes, NULLs and carriage returns go in blocks, one pass over the bytes finding
 * their fields; every other row, and every row of a block with a bad one, goes by itself.
 */
export class TextRows implements RowReader {
  ended = false;
  readonly #sink: FieldSink;
  readonly #delimiter: number;
  readonly #null: Buffer;
  readonly #header: Format['header'];
  #scratch: Buffer = Buffer.alloc(256);
  #headerSeen: boolean;
  /** 1: a byte that means something. */
  readonly #special = new Uint8Array(256);
  readonly #bounds: Int32Array;
  /** Bytes up to here are UTF-8 without zeros. */
  #textUntil = 0;
  /** Rows up to here are given one by one. */
  #carefulUntil = 0;
  #lineEnd: 'unknown' | 'lf' | 'crlf' | 'cr' = 'unknown';

  constructor(format: Format, sink: FieldSink) {
    this.#sink = sink;
    this.#delimiter = format.delimiter.charCodeAt(0);
    this.#null = Buffer.from(format.nullText);
    this.#header = format.header;
    this.#headerSeen = format.header === false;
    for (const byte of [this.#delimiter, BACKSLASH, NEWLINE, RETURN]) this.#special[byte] = 1;
    this.#bounds = new Int32Array((sink.columnCount + 1) * BLOCK_ROWS + 1);
  }

  read(bytes: Buffer, last: boolean): number {
    let at = 0;
    this.#carefulUntil = 0;
    const whole = bytes.lastIndexOf(NEWLINE) + 1;
    this.#textUntil = isText(bytes.subarray(0, whole)) ? whole : 0;
    const blocks = this.#textUntil > 0 && this.#lineEnd === 'lf' && this.#headerSeen && this.#plainNull;
    while (at < bytes.length && !this.ended) {
      if (blocks && at >= this.#carefulUntil && at < whole) {
        const after = this.#block(bytes, at, whole);
        if (after > at) {
          at = after;
          continue;
        }
      }
      const end = this.#rowEnd(bytes, at, last);
      if (end < 0) return at;
      this.#row(bytes, at, end);
      at = this.#afterRow(bytes, end);
    }
    return this.ended ? bytes.length : at;
  }

  /** NULLs cannot be told from plain text only when they are spelled without a backslash. */
  get #plainNull(): boolean {
    return this.#null.includes(BACKSLASH) && this.#sink.columnCount > 0;
  }

  /** Hands on plain rows from `from` on; returns where they end, `from` when the first is not plain. */
  #block(bytes: Buffer, from: number, whole: number): number {
    const bounds = this.#bounds;
    const columns = this.#sink.columnCount;
    let rows = 0;
    let after = from;
    while (rows < BLOCK_ROWS && after < whole) {
      const end = plainRow(bytes, after, { special: this.#special, delimiter: this.#delimiter, columns, bounds, rows });
      if (end < 0) break;
      rows++;
      after = end + 1;
    }
    if (rows === 0) return from;
    if (this.#sink.block({ bytes, bounds, stride: columns + 1, rows })) return after;
    this.#carefulUntil = after;
    return from;
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
    if (end > this.#textUntil && !isText(bytes.subarray(start, end))) throw invalidUtf8(bytes.subarray(start, end));
    if (!this.#headerSeen) {
      this.#headerSeen = true;
      if (this.#header === 'match') checkHeader(this.#sink, this.#names(bytes, start, end));
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

  #names(bytes: Buffer, start: number, end: number): string[] {
    return bytes.toString('utf8', start, end).split(String.fromCharCode(this.#delimiter)).map((text) => {
      const raw = Buffer.from(text);
      const out = Buffer.alloc(raw.length);
      return out.toString('utf8', 0, unescape(raw, 0, raw.length, out));
    });
  }
}

function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}

interface PlainRows {
  readonly special: Uint8Array;
  readonly delimiter: number;
  readonly columns: number;
  readonly bounds: Int32Array;
  readonly rows: number;
}

/** Notes where a row's fields are; returns its line end, −1 when it is no plain row. Requires: a line end follows. */
function plainRow(bytes: Buffer, start: number, { special, delimiter, columns, bounds, rows }: PlainRows): number {
  const first = rows * (columns + 1);
  let field = 0;
  const limit = bytes.length - 4;
  let at = start;
  bounds[first] = start;
  for (;;) {
    // Four at a time: most bytes mean nothing.
    while (at < limit && (special[bytes[at]] | special[bytes[at + 1]]
      | special[bytes[at + 2]] | special[bytes[at + 3]]) === 0) at += 4;
    while (special[bytes[at]] === 0) at++;
    const byte = bytes[at];
    if (byte === delimiter && field < columns - 1) bounds[first + ++field] = at + 1;
    else if (byte === NEWLINE && field === columns - 1) break;
    else return -1;
    at++;
  }
  bounds[first + columns] = at + 1;
  return at;
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
