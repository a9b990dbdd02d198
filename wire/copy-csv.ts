// COPY's CSV format: quoted fields, line ends inside quotes, NULL as an unquoted string (manual, COPY, "CSV Format").
import { Buffer } from 'node:buffer';
import { DatabaseError } from '../engine/data/error.ts';
import type { CopyInSink } from '../sql/index.ts';
import { scannable } from '../engine/data/kernel/fields.ts';
import { checkHeader } from './copy-header.ts';
import type { FieldSink, RowReader } from './copy-in.ts';
import { PlainRows, isText } from './copy-plain.ts';
import { equalAt } from './copy-text.ts';
import { invalidUtf8 } from './frontend.ts';

const NEWLINE = 10;
const RETURN = 13;

type Format = CopyInSink['format'];

export class CsvRows implements RowReader {
  ended = false;
  readonly #sink: FieldSink;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #null: Buffer;
  readonly #notNull: ReadonlySet<number>;
  readonly #forceNull: ReadonlySet<number>;
  readonly #header: Format['header'];
  readonly #plain: PlainRows;
  #headerSeen: boolean;
  #value: Buffer = Buffer.alloc(256);

  constructor(format: Format, sink: FieldSink) {
    this.#sink = sink;
    this.#delimiter = format.delimiter.charCodeAt(0);
    this.#quote = format.quote.charCodeAt(0);
    this.#escape = format.escape.charCodeAt(0);
    this.#null = Buffer.from(format.nullText);
    this.#notNull = new Set(format.forceNotNull);
    this.#forceNull = new Set(format.forceNull);
    this.#header = format.header;
    this.#headerSeen = format.header === false;
    // In a row of one column the end-of-data marker could not be told from a value.
    const plain = sink.columnCount > 1 && scannable(sink.columnCount) && format.nullText === '' && this.#notNull.size === 0;
    this.#plain = new PlainRows(sink, plain
      ? { columns: sink.columnCount, delimiter: this.#delimiter, escape: this.#quote, nulls: 'empty' } : null);
  }

  read(bytes: Buffer, last: boolean, staged: boolean): number {
    let at = 0;
    this.#plain.begin(bytes, staged);
    while (at < bytes.length && !this.ended) {
      const after = this.#headerSeen ? this.#plain.take(at) : at;
      if (after > at) {
        at = after;
        continue;
      }
      const end = this.#rowEnd(bytes, at, last);
      if (end < 0) return at;
      this.#row(bytes, at, end);
      at = afterLineEnd(bytes, end);
    }
    return this.ended ? bytes.length : at;
  }

  /** First line end outside quotes, or the end of input; −1 when it is not there yet. */
  #rowEnd(bytes: Buffer, from: number, last: boolean): number {
    const quote = this.#quote;
    const escape = this.#escape;
    let quoted = false;
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at];
      if (quoted) {
        if (byte === escape && at + 1 < bytes.length && (bytes[at + 1] === quote || bytes[at + 1] === escape)) at++;
        else if (byte === quote) quoted = false;
      } else if (byte === quote) {
        quoted = true;
      } else if (byte === NEWLINE) {
        return at;
      } else if (byte === RETURN) {
        // Whether \n follows must be known before the row can be closed.
        if (at + 1 === bytes.length && !last) return -1;
        return at;
      }
    }
    if (!last) return -1;
    if (quoted) {
      this.#sink.startRow(bytes, from);
      throw new DatabaseError('22P04', 'unterminated CSV quoted field');
    }
    return bytes.length;
  }

  #row(bytes: Buffer, start: number, end: number): void {
    if (end - start === 2 && bytes[start] === 92 && bytes[start + 1] === 46) {
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
    if (columns === 0) {
      if (end > start) throw new DatabaseError('22P04', 'extra data after last expected column');
      return;
    }
    let column = 0;
    for (let at = start; ; at++) {
      if (column === columns) throw new DatabaseError('22P04', 'extra data after last expected column');
      at = this.#field(column++, bytes, at, end);
      if (at >= end) break;
    }
    if (column < columns) {
      throw new DatabaseError('22P04', `missing data for column "${this.#sink.columnName(column)}"`);
    }
  }

  /** One field from `start`; returns where its delimiter, or the row's end, is. */
  #field(column: number, bytes: Buffer, start: number, end: number): number {
    const plain = this.#plainEnd(bytes, start, end);
    if (plain >= 0) {
      this.#put(column, bytes, { from: start, to: plain, quoted: false });
      return plain;
    }
    const { at, length } = this.#unquote(bytes, start, end);
    this.#put(column, this.#value, { from: 0, to: length, quoted: true });
    return at;
  }

  /** Where a field without any quote ends, −1 when it has one. */
  #plainEnd(bytes: Buffer, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      if (bytes[at] === this.#delimiter) return at;
      if (bytes[at] === this.#quote) return -1;
    }
    return end;
  }

  #unquote(bytes: Buffer, start: number, end: number): { readonly at: number; readonly length: number } {
    if (this.#value.length < end - start) this.#value = Buffer.alloc((end - start) * 2);
    const out = this.#value;
    let length = 0;
    let quoted = false;
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at];
      if (quoted) {
        const next = at + 1 < end ? bytes[at + 1] : -1;
        if (byte === this.#escape && (next === this.#quote || next === this.#escape)) out[length++] = bytes[++at];
        else if (byte === this.#quote) quoted = false;
        else out[length++] = byte;
      } else if (byte === this.#quote) {
        quoted = true;
      } else if (byte === this.#delimiter) {
        break;
      } else {
        out[length++] = byte;
      }
    }
    return { at, length };
  }

  #put(column: number, bytes: Buffer, field: { readonly from: number; readonly to: number; readonly quoted: boolean }): void {
    const { from, to, quoted } = field;
    const isNullText = to - from === this.#null.length && equalAt(bytes, from, this.#null);
    const isNull = isNullText && (quoted ? this.#forceNull.has(column) : !this.#notNull.has(column));
    if (isNull) this.#sink.null(column);
    else this.#sink.text(column, bytes, from, to);
  }

  #names(bytes: Buffer, start: number, end: number): (string | null)[] {
    const names: (string | null)[] = [];
    for (let at = start; ; at++) {
      const plain = this.#plainEnd(bytes, at, end);
      if (plain >= 0) {
        const name = bytes.toString('utf8', at, plain);
        names.push(name === this.#null.toString() ? null : name);
        at = plain;
      } else {
        const read = this.#unquote(bytes, at, end);
        names.push(this.#value.toString('utf8', 0, read.length));
        at = read.at;
      }
      if (at >= end) return names;
    }
  }
}

function afterLineEnd(bytes: Buffer, end: number): number {
  if (end >= bytes.length) return end;
  return bytes[end] === RETURN && bytes[end + 1] === NEWLINE ? end + 2 : end + 1;
}
