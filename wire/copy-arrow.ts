// COPY .. (FORMAT arrow): Apache Arrow IPC streams in and out, for whom rows as text are too slow (DuckDB, pandas, polars ...).
import { Buffer } from 'node:buffer';
import { Field, RecordBatch, RecordBatchReader, RecordBatchStreamWriter, Schema, Struct, makeData } from 'apache-arrow';
import { ByteBuffer } from 'flatbuffers';
import { Batch } from '../engine/data/batch.ts';
import { DatabaseError } from '../engine/data/error.ts';
import type { FormatSettings } from '../engine/data/settings.ts';
import type { ResultColumn } from '../sql/index.ts';
import { arrowType, fromArrow, toArrow } from './arrow-columns.ts';
import type { CopyInput, CopyTarget } from './copy-in.ts';

/**
 * Why: Arrow's reader believes every length that a message's metadata says, and a client's damaged one would keep the
 * server counting for minutes. The class is shared with it, so this is where lengths can be checked.
 */
const vectorLength: (this: ByteBuffer, offset: number) => number = Reflect.get(ByteBuffer.prototype, '__vector_len');
Reflect.set(ByteBuffer.prototype, '__vector_len', function checked(this: ByteBuffer, offset: number): number {
  const length = vectorLength.call(this, offset);
  if (length < 0 || length > this.capacity()) throw new Error('a length is out of range');
  return length;
});

/** Arrow's file format, which cannot be read from its beginning. */
const FILE_MAGIC = Buffer.from('ARROW1');
/** What ends a stream: a message of length 0. */
const END_BYTES = 8;

/** Batches as one Arrow IPC stream: `begin`, then each batch, then `end`. */
export class ArrowEncoder {
  readonly #schema: Schema;
  readonly #columns: readonly ResultColumn[];
  readonly #head: Uint8Array;

  constructor(columns: readonly ResultColumn[]) {
    this.#columns = columns;
    this.#schema = new Schema(columns.map((c) => new Field(c.name, arrowType(c.type), true)));
    this.#head = this.#stream(null);
  }

  begin(): Uint8Array {
    return this.#head.subarray(0, this.#head.length - END_BYTES);
  }

  batch(batch: Batch, settings: FormatSettings): Uint8Array {
    const children = batch.columns.map((vector, i) => toArrow(vector, this.#columns[i].type, settings));
    const data = makeData({ type: new Struct(this.#schema.fields), length: batch.length, nullCount: 0, children });
    const stream = this.#stream(new RecordBatch(this.#schema, data));
    return stream.subarray(this.#head.length - END_BYTES, stream.length - END_BYTES);
  }

  end(): Uint8Array {
    return this.#head.subarray(this.#head.length - END_BYTES);
  }

  /** Why: the writer hands out whole streams only; a stream's beginning depends on its schema alone. */
  #stream(batch: RecordBatch | null): Uint8Array {
    const writer = new RecordBatchStreamWriter();
    writer.reset(undefined, this.#schema);
    if (batch !== null) writer.write(batch);
    writer.finish();
    return writer.toUint8Array(true);
  }
}

/** Bytes for the reader of streams, which asks for them. */
class ByteQueue implements AsyncIterable<Uint8Array> {
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #wake: (() => void) | null = null;
  /** Told when the reader wants more than there is. */
  #hungry: (() => void) | null = null;

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Resolves when all chunks have been taken. */
  async drained(): Promise<void> {
    if (this.#chunks.length === 0 && this.#wake !== null) return;
    await new Promise<void>((resolve) => { this.#hungry = resolve; });
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        yield chunk;
        continue;
      }
      if (this.#ended) return;
      const more = new Promise<void>((resolve) => { this.#wake = resolve; });
      this.#hungry?.();
      await more;
      this.#wake = null;
    }
  }
}

/** The rows of an Arrow IPC stream. */
export class ArrowInput implements CopyInput {
  readonly #target: CopyTarget;
  readonly #format: () => FormatSettings;
  readonly #queue = new ByteQueue();
  readonly #done: Promise<void>;
  #ready: Batch[] = [];
  #failure: unknown = null;
  #batches = 0;
  /** Bytes so far. */
  #received = 0;
  /** When the last batch was whole. */
  #used = 0;
  #begin: Buffer = Buffer.alloc(0);
  #checked = false;

  constructor(target: CopyTarget, format: () => FormatSettings) {
    this.#target = target;
    this.#format = format;
    this.#done = this.#read().catch((error: unknown) => { this.#failure = error; });
  }

  async push(bytes: Uint8Array): Promise<readonly Batch[]> {
    if (bytes.length > 0) {
      // The bytes are valid during the call only.
      const chunk = Buffer.from(bytes);
      this.#received += bytes.length;
      this.#checkBeginning(chunk);
      this.#queue.push(chunk);
      await Promise.race([this.#queue.drained(), this.#done]);
    }
    return this.#taken();
  }

  async finish(): Promise<readonly Batch[]> {
    this.#queue.end();
    await this.#done;
    return this.#taken();
  }

  where(): string {
    return `COPY ${this.#target.table}, record batch ${this.#batches + 1}`;
  }

  get held(): number {
    return this.#received - this.#used;
  }

  #checkBeginning(chunk: Buffer): void {
    if (this.#checked) return;
    this.#begin = Buffer.concat([this.#begin, chunk]);
    if (this.#begin.length < FILE_MAGIC.length) return;
    this.#checked = true;
    if (!this.#begin.subarray(0, FILE_MAGIC.length).equals(FILE_MAGIC)) return;
    throw new DatabaseError('0A000', 'COPY reads Arrow IPC streams, not files', {
      hint: 'Write the data in the streaming format (.arrows).', where: this.where(),
    });
  }

  async #read(): Promise<void> {
    const reader = await RecordBatchReader.from(this.#queue);
    await reader.open();
    // What is no stream at all looks like one that ends at once.
    const { schema } = reader as { readonly schema?: Schema };
    if (schema === undefined || schema === null) throw new Error('it has no schema');
    for await (const batch of reader) {
      this.#ready.push(this.#rows(batch));
      this.#used = this.#received;
      this.#batches++;
    }
  }

  #rows(batch: RecordBatch): Batch {
    const { columns } = this.#target;
    // A row takes a bit at least, of its validity or value.
    if (batch.numRows > 8 * this.#received) throw new DatabaseError('22P04', 'invalid Arrow IPC stream: rows without bytes');
    if (batch.schema.fields.length !== columns.length) {
      throw new DatabaseError('22P04',
        `Arrow stream has ${batch.schema.fields.length} columns, expected ${columns.length}`);
    }
    const vectors = columns.map((column, c) => {
      const from = batch.getChildAt(c);
      if (from === null) throw new DatabaseError('22P04', `Arrow stream has no column ${c + 1}`);
      return fromArrow(from, column, this.#format());
    });
    return new Batch(vectors, batch.numRows);
  }

  #taken(): readonly Batch[] {
    if (this.#failure !== null) throw this.#explained(this.#failure);
    const ready = this.#ready;
    this.#ready = [];
    return ready.filter((batch) => batch.length > 0);
  }

  #explained(error: unknown): DatabaseError {
    if (error instanceof DatabaseError) {
      return error.fields.where === undefined
        ? error.with({ where: this.where() }) : error;
    }
    const message = error instanceof Error ? error.message : String(error);
    return new DatabaseError('22P04', `invalid Arrow IPC stream: ${message}`, { where: this.where() });
  }
}
