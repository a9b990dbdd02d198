// COPY .. TO STDOUT: batches → CopyData messages in text, CSV or binary format, one row a message as PostgreSQL does.
import { Buffer } from 'node:buffer';
import type { Batch } from '../engine/data/batch.ts';
import { isValid } from '../engine/data/vector.ts';
import type { ExecuteResult, ResultColumn } from '../sql/index.ts';
import { beginMessage, endMessage } from './backend.ts';
import { binaryWriter, textWriter } from './cell-writer.ts';
import type { CellWriter, TextSettings } from './cell-writer.ts';
import { COPY_SIGNATURE } from './copy-binary.ts';
import { Page } from './page.ts';

type CopyFormat = (ExecuteResult & { readonly kind: 'copyOut' })['format'];

const COPY_DATA = 'd'.charCodeAt(0);
const BACKSLASH = 92;
const NEWLINE = 10;
const RETURN = 13;

/** Bytes that text format writes as a backslash and a letter. */
const TEXT_ESCAPES = new Uint8Array(256);
for (const [byte, letter] of [[8, 'b'], [12, 'f'], [10, 'n'], [13, 'r'], [9, 't'], [11, 'v'], [92, '\\']] as const) {
  TEXT_ESCAPES[byte] = letter.charCodeAt(0);
}

/** The header line (CSV, text) or the signature (binary). */
export function writeCopyHeader(page: Page, format: CopyFormat, columns: readonly ResultColumn[]): void {
  if (format.format === 'binary') {
    const at = beginMessage(page, COPY_DATA);
    page.raw(COPY_SIGNATURE);
    page.int32(0);
    page.int32(0);
    endMessage(page, at);
    return;
  }
  if (format.header === false) return;
  const at = beginMessage(page, COPY_DATA);
  const delimiter = format.delimiter.charCodeAt(0);
  columns.forEach((column, i) => {
    if (i > 0) page.int8(delimiter);
    const name = Buffer.from(column.name);
    if (format.format === 'csv') csvField(page, name, { format, force: false });
    else textField(page, name, delimiter);
  });
  page.int8(NEWLINE);
  endMessage(page, at);
}

export function writeCopyTrailer(page: Page, format: CopyFormat): void {
  if (format.format !== 'binary') return;
  const at = beginMessage(page, COPY_DATA);
  page.int16(-1);
  endMessage(page, at);
}

/** Rows from `from` until the page holds `untilBytes` or the batch ends; returns the next row. */
export function writeCopyRows(page: Page, batch: Batch, how: {
  readonly from: number; readonly untilBytes: number; readonly copy: CopyFormat;
  readonly columns: readonly ResultColumn[]; readonly settings: TextSettings;
}): number {
  const { copy, columns } = how;
  const binary = copy.format === 'binary';
  const writers = columns.map((c, i) => (binary
    ? binaryWriter(batch.columns[i], c.type) : textWriter(batch.columns[i], c.type, how.settings)));
  const rowWriter = new CopyRowWriter(page, copy, writers);
  let row = how.from;
  for (; row < batch.length && page.at < how.untilBytes; row++) {
    const at = beginMessage(page, COPY_DATA);
    if (binary) rowWriter.binary(batch, row);
    else rowWriter.text(batch, row);
    endMessage(page, at);
  }
  return row;
}

class CopyRowWriter {
  readonly #page: Page;
  readonly #format: CopyFormat;
  readonly #writers: readonly CellWriter[];
  /** A value's text before escaping. */
  readonly #cell = new Page(256);
  readonly #forced: (column: number) => boolean;

  constructor(page: Page, format: CopyFormat, writers: readonly CellWriter[]) {
    this.#page = page;
    this.#format = format;
    this.#writers = writers;
    const { forceQuote } = format;
    this.#forced = forceQuote === 'all' ? () => true : (column) => forceQuote.includes(column);
  }

  binary(batch: Batch, row: number): void {
    const page = this.#page;
    page.int16(this.#writers.length);
    for (let c = 0; c < this.#writers.length; c++) {
      if (!isValid(batch.columns[c].validity, row)) {
        page.int32(-1);
        continue;
      }
      const lengthAt = page.at;
      page.int32(0);
      this.#writers[c](page, row);
      page.patchInt32(lengthAt, page.at - lengthAt - 4);
    }
  }

  text(batch: Batch, row: number): void {
    const page = this.#page;
    const { delimiter, nullText, format } = this.#format;
    const delimiterByte = delimiter.charCodeAt(0);
    for (let c = 0; c < this.#writers.length; c++) {
      if (c > 0) page.int8(delimiterByte);
      if (!isValid(batch.columns[c].validity, row)) {
        page.utf8(nullText);
        continue;
      }
      this.#cell.at = 0;
      this.#writers[c](this.#cell, row);
      const value = this.#cell.bytes.subarray(0, this.#cell.at);
      if (format === 'csv') {
        csvField(page, value, { format: this.#format, force: this.#forced(c), only: this.#writers.length === 1 });
      } else {
        textField(page, value, delimiterByte);
      }
    }
    page.int8(NEWLINE);
  }
}

function textField(page: Page, value: Buffer, delimiter: number): void {
  page.ensure(value.length * 2);
  const out = page.bytes;
  let { at } = page;
  for (let i = 0; i < value.length; i++) {
    const byte = value[i];
    const letter = TEXT_ESCAPES[byte];
    if (letter !== 0) {
      out[at++] = BACKSLASH;
      out[at++] = letter;
    } else {
      if (byte === delimiter) out[at++] = BACKSLASH;
      out[at++] = byte;
    }
  }
  page.at = at;
}

/** Quoted when asked to, when it looks like NULL, when a lone field could be read as the end marker, or when it must. */
function csvField(page: Page, value: Buffer, how: {
  readonly format: CopyFormat; readonly force: boolean; readonly only?: boolean;
}): void {
  const { format, force, only } = how;
  const quote = format.quote.charCodeAt(0);
  const escape = format.escape.charCodeAt(0);
  const delimiter = format.delimiter.charCodeAt(0);
  const endMarker = only === true && value.length === 2 && value[0] === BACKSLASH && value[1] === 46;
  const quoted = force || endMarker || value.equals(Buffer.from(format.nullText)) || value.some((byte) =>
    byte === delimiter || byte === quote || byte === NEWLINE || byte === RETURN);
  if (!quoted) {
    page.raw(value);
    return;
  }
  page.ensure(value.length * 2 + 2);
  page.int8(quote);
  for (const byte of value) {
    if (byte === quote || byte === escape) page.int8(escape);
    page.int8(byte);
  }
  page.int8(quote);
}
