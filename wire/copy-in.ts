// COPY .. FROM STDIN: the client's bytes → Batches of the target columns (PostgreSQL manual, SQL command COPY).
import { Buffer } from 'node:buffer';
import { columnBuilder } from '../engine/data/access.ts';
import { Batch } from '../engine/data/batch.ts';
import { BytesColumn } from '../engine/data/column-builder.ts';
import type { ColumnBuilder } from '../engine/data/column-builder.ts';
import { PAGE_ROWS } from '../engine/data/cells.ts';
import { giveMemory } from '../engine/data/given-memory.ts';
import { DatabaseError } from '../engine/data/error.ts';
import { stageInput } from '../engine/data/kernel/fields.ts';
import type { FieldBlock } from '../engine/data/kernel/fields.ts';
import type { FormatSettings } from '../engine/data/settings.ts';
import { parseBytesInto, parseFieldsInto } from '../engine/data/text-bytes.ts';
import type { CopyInSink } from '../sql/index.ts';
import { decodeBinary } from '../engine/data/binary-format.ts';
import { BinaryRows } from './copy-binary.ts';
import { CsvRows } from './copy-csv.ts';
import { TextRows } from './copy-text.ts';

/** Rows of a batch: enough to amortise what is paid once a batch, small enough to stay in cache; whole pages. */
const BATCH_ROWS = 4 * PAGE_ROWS;
/** As PostgreSQL's MAX_COPY_DATA_DISPLAY: how much of a bad line or value an error shows. */
const DISPLAY_CHARACTERS = 100;

/** Cuts bytes into rows and fields; one implementation a format. Calls back for each field, then for each row. */
export interface RowReader {
  /**
   * Whole rows of `bytes`; returns where the first incomplete row starts. `last`: nothing follows. `staged`: the bytes lie
   * in the kernel's memory.
   */
  read(bytes: Buffer, last: boolean, staged: boolean): number;
  /** An end-of-data marker was seen: what follows is ignored. */
  readonly ended: boolean;
}

/** Where a RowReader puts fields. */
export interface FieldSink {
  readonly columnCount: number;
  /** Rows that the batch being filled still takes. */
  readonly room: number;
  columnName(column: number): string;
  null(column: number): void;
  /** `bytes` is only valid during the call. */
  text(column: number, bytes: Buffer, start: number, end: number): void;
  binary(column: number, bytes: Buffer): void;
  /** The row's raw bytes, for error contexts. */
  startRow(bytes: Buffer, start: number): void;
  endRow(end: number): void;
  /** Whole plain rows; false when one is bad: nothing was taken, and the rows must be given one by one. */
  block(block: FieldBlock): boolean;
  /** A row that is no data (the header): counts as a line only. */
  skipRow(): void;
}

/** The client's bytes → batches; one implementation for rows of text or binary fields, one for Arrow. */
export interface CopyInput {
  /** Takes bytes in, valid during the call; gives the batches that became full. */
  push(bytes: Uint8Array): readonly Batch[] | Promise<readonly Batch[]>;
  /** The client is done. */
  finish(): readonly Batch[] | Promise<readonly Batch[]>;
  /** PostgreSQL's CONTEXT line for an error now. */
  where(): string;
  /** Bytes of what has come in part. */
  readonly held: number;
}

/** What decoding must know of the target. */
export type CopyTarget = Pick<CopyInSink, 'format' | 'columns' | 'table'>;

export class CopyDecoder implements FieldSink, CopyInput {
  readonly columnCount: number;
  readonly #sink: CopyTarget;
  readonly #format: () => FormatSettings;
  readonly #reader: RowReader;
  #settings: FormatSettings;
  #builders: ColumnBuilder[];
  #rows = 0;
  /** 1-based number of the row being read. */
  #line = 0;
  #column = -1;
  #lineBytes: Buffer = Buffer.alloc(0);
  #lineStart = 0;
  #value = '';
  /** A row that has come in part. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Of which so many have been looked at. */
  #seen = 0;
  #ready: Batch[] = [];

  constructor(sink: CopyTarget, format: () => FormatSettings) {
    this.#sink = sink;
    this.#format = format;
    this.#settings = format();
    this.columnCount = sink.columns.length;
    this.#builders = this.#newBuilders();
    switch (sink.format.format) {
      case 'text': this.#reader = new TextRows(sink.format, this); break;
      case 'csv': this.#reader = new CsvRows(sink.format, this); break;
      case 'binary': this.#reader = new BinaryRows(this); break;
      case 'arrow': throw new Error('an Arrow stream has no rows of fields: see copy-arrow.ts');
    }
  }

  /** Takes bytes in; gives the batches that became full. */
  push(bytes: Uint8Array): readonly Batch[] {
    if (this.#reader.ended || bytes.length === 0) return [];
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const held = this.#heldBytes + chunk.length;
    // A row's beginning is read again when it is twice as long, not with every chunk.
    if (held < 2 * this.#seen) {
      this.#held.push(Buffer.from(chunk));
      this.#heldBytes = held;
      return [];
    }
    this.#read(chunk, false);
    return this.#takeReady();
  }

  /** The client is done: what is left is the last row. */
  finish(): readonly Batch[] {
    if (!this.#reader.ended) this.#read(Buffer.alloc(0), true);
    this.#emit();
    return this.#takeReady();
  }

  /** PostgreSQL's CONTEXT line for an error now. */
  where(): string {
    const at = `COPY ${this.#sink.table}, line ${Math.max(this.#line, 1)}`;
    if (this.#column < 0) return at;
    return `${at}, column ${this.columnName(this.#column)}: ${shown(this.#value)}`;
  }

  get held(): number {
    return this.#heldBytes;
  }

  get room(): number {
    return BATCH_ROWS - this.#rows;
  }

  columnName(column: number): string {
    return this.#sink.columns[column].name;
  }

  null(column: number): void {
    this.#builders[column].appendNull();
  }

  text(column: number, bytes: Buffer, start: number, end: number): void {
    try {
      parseBytesInto(this.#builders[column], bytes, start, end, this.#settings);
    } catch (error) {
      this.#column = column;
      this.#value = bytes.toString('utf8', start, end);
      throw this.#withContext(error);
    }
  }

  binary(column: number, bytes: Buffer): void {
    try {
      this.#builders[column].append(this.#decodeBinary(column, bytes));
    } catch (error) {
      throw error instanceof DatabaseError
        ? withWhere(error, `COPY ${this.#sink.table}, line ${this.#line}, column ${this.columnName(column)}`) : error;
    }
  }

  startRow(bytes: Buffer, start: number): void {
    this.#line++;
    this.#column = -1;
    this.#lineBytes = bytes;
    this.#lineStart = start;
  }

  endRow(): void {
    this.#rows++;
    if (this.#rows >= BATCH_ROWS) this.#emit();
  }

  skipRow(): void {
    this.#column = -1;
  }

  block(block: FieldBlock): boolean {
    try {
      for (let c = 0; c < this.columnCount; c++) parseFieldsInto(this.#builders[c], block, c, this.#settings);
    } catch {
      for (const builder of this.#builders) builder.truncate(this.#rows);
      return false;
    }
    this.#line += block.rows;
    this.#rows += block.rows;
    if (this.#rows >= BATCH_ROWS) this.#emit();
    return true;
  }

  #decodeBinary(column: number, bytes: Buffer): ReturnType<typeof decodeBinary> {
    return decodeBinary(this.#sink.columns[column].type, bytes);
  }

  #read(chunk: Buffer, last: boolean): void {
    this.#settings = this.#format();
    const staged = this.#sink.format.format === 'binary' ? null : stageInput(this.#held, chunk);
    const bytes = staged === null ? Buffer.concat([...this.#held, chunk])
      : Buffer.from(staged.buffer, staged.byteOffset, staged.length);
    let consumed: number;
    try {
      consumed = this.#reader.read(bytes, last, staged !== null);
    } catch (error) {
      throw this.#withContext(error);
    }
    this.#held = consumed < bytes.length && !last && !this.#reader.ended ? [Buffer.from(bytes.subarray(consumed))] : [];
    this.#seen = this.#heldBytes = this.#held.length === 0 ? 0 : bytes.length - consumed;
  }

  #withContext(error: unknown): unknown {
    if (!(error instanceof DatabaseError) || error.fields.where !== undefined) return error;
    if (this.#column >= 0) return withWhere(error, this.where());
    return withWhere(error, this.#line === 0 ? this.where() : `${this.where()}: ${shown(this.#lineText())}`);
  }

  #lineText(): string {
    let end = this.#lineBytes.indexOf(10, this.#lineStart);
    if (end < 0) end = this.#lineBytes.length;
    if (end > this.#lineStart && this.#lineBytes[end - 1] === 13) end--;
    return this.#lineBytes.toString('utf8', this.#lineStart, Math.min(end, this.#lineStart + 4 * DISPLAY_CHARACTERS + 4));
  }

  #newBuilders(): ColumnBuilder[] {
    return this.#sink.columns.map((c) => columnBuilder(c.type, BATCH_ROWS));
  }

  #emit(): void {
    if (this.#rows === 0) return;
    const batch = new Batch(this.#builders.map((b) => b.finish()), this.#rows);
    giveMemory(batch);
    this.#ready.push(batch);
    // As large as those before: rows are much alike, and growing would copy.
    this.#builders = this.#builders.map((b) => (b instanceof BytesColumn
      ? new BytesColumn(b.type, BATCH_ROWS, Math.ceil(b.byteLength * 1.1))
      : columnBuilder(b.type, BATCH_ROWS)));
    this.#rows = 0;
  }

  #takeReady(): readonly Batch[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }
}

function withWhere(error: DatabaseError, where: string): DatabaseError {
  return error.with({ where });
}

function shown(text: string): string {
  return `"${text.length > DISPLAY_CHARACTERS ? `${text.slice(0, DISPLAY_CHARACTERS)}...` : text}"`;
}
