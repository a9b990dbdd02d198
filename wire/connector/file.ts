// connector = 'file': rows of a local CSV or JSON file, as fast as they are taken or replayed in event time.
import { Buffer } from 'node:buffer';
import { createReadStream, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Batch } from '../../engine/data/batch.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import type { Schema } from '../../engine/data/types.ts';
import type { Vector } from '../../engine/data/vector.ts';
import { isValid } from '../../engine/data/vector.ts';
import type { SourceBatch, SourceConnector } from '../../engine/runtime/connector.ts';
import { CopyDecoder } from '../copy-in.ts';
import { ObjectSplitter, rowsFromObjects } from './json-rows.ts';
import { OptionReader, pause } from './options.ts';

/** Rows handed over at once. */
const BATCH_ROWS = 2000;
/** How often due rows are handed over when replaying in event time. */
const TICK_MS = 100;

interface Replay {
  readonly column: number;
  /** Event-time seconds per second. */
  readonly speed: number;
}

function csvTarget(schema: Schema, path: string, header: boolean): ConstructorParameters<typeof CopyDecoder>[0] {
  return {
    columns: schema.columns.map(({ name, type }) => ({ name, type, table: 0, attribute: 0 })),
    table: path,
    format: {
      format: 'csv', delimiter: ',', nullText: '', header, quote: '"', escape: '"',
      forceQuote: [], forceNotNull: [], forceNull: [],
    },
  };
}

async function* csvBatches(path: string, schema: Schema, header: boolean): AsyncIterable<Batch> {
  const decoder = new CopyDecoder(csvTarget(schema, path, header), () => DEFAULT_FORMAT);
  for await (const chunk of createReadStream(path)) yield* decoder.push(chunk);
  yield* decoder.finish();
}

async function* jsonBatches(path: string, schema: Schema): AsyncIterable<Batch> {
  const splitter = new ObjectSplitter();
  let rows = 0;
  for await (const chunk of createReadStream(path)) {
    const objects = splitter.push(chunk);
    if (objects.length === 0) continue;
    yield rowsFromObjects(schema, objects, rows);
    rows += objects.length;
  }
  if (splitter.incomplete) throw new DatabaseError('22P02', `file "${path}" ends within a JSON object`);
}

/** Event time in µs since 1970, null where the row has none. */
function eventTime(vector: Vector, row: number): number | null {
  if (!isValid(vector.validity, row)) return null;
  if (vector.layout === 'int64') return vector.words[2 * row + 1] * 4294967296 + (vector.words[2 * row] >>> 0);
  if (vector.layout === 'int32') return vector.values[row] * 86_400_000_000;
  return null;
}

/** Waits until rows are due: the first row's event time is now, later ones follow `speed` times as fast as they did. */
class Pacer {
  readonly #replay: Replay;
  readonly #signal: AbortSignal;
  #firstEvent: number | null = null;
  #startMs = 0;

  constructor(replay: Replay, signal: AbortSignal) {
    this.#replay = replay;
    this.#signal = signal;
  }

  /** How many of the rows from `start` are due, at least one; waits for it. 0: aborted. */
  async due(batch: Batch, start: number): Promise<number> {
    const column = batch.columns[this.#replay.column];
    for (;;) {
      let end = start;
      const limit = Math.min(batch.length, start + BATCH_ROWS);
      while (end < limit && this.#dueInMs(eventTime(column, end)) <= 0) end++;
      if (end > start) return end - start;
      if (!await pause(Math.max(TICK_MS, Math.min(this.#dueInMs(eventTime(column, start)), 60_000)), this.#signal)) return 0;
    }
  }

  #dueInMs(time: number | null): number {
    if (time === null) return 0;
    if (this.#firstEvent === null) {
      this.#firstEvent = time;
      this.#startMs = Date.now();
    }
    return (time - this.#firstEvent) / 1000 / this.#replay.speed - (Date.now() - this.#startMs);
  }
}

function readReplay(reader: OptionReader, schema: Schema): Replay | null {
  const name = reader.text('replay.column');
  const speed = reader.number('replay.speed', 1, { min: 0.001, max: 1e9 }) ?? 1;
  if (name === null) return null;
  const column = schema.columns.findIndex((c) => c.name === name);
  if (column < 0) throw new DatabaseError('42703', `column "${name}" of option "replay.column" does not exist`);
  if (!['timestamp', 'timestamptz', 'date'].includes(schema.columns[column].type.kind)) {
    throw new DatabaseError('42804', `column "${name}" of option "replay.column" is no date or timestamp`);
  }
  return { column, speed };
}

export const FILE: SourceConnector = {
  name: 'file',
  description: 'Rows of a local CSV or JSON file (objects in an array, or one a line). Options: path, format (csv, json),'
    + ' header (CSV, default true), replay.column and replay.speed (event-time replay).',
  defaultSchema: () => null,
  open({ options, schema, offset }) {
    const reader = new OptionReader('file', options);
    const path = resolve(reader.required('path'));
    const format = reader.oneOf('format', ['csv', 'json'], /\.(json|jsonl|ndjson)$/i.test(path) ? 'json' : 'csv');
    const header = reader.boolean('header', true);
    const replay = readReplay(reader, schema);
    reader.done();
    if (!existsSync(path)) {
      throw new DatabaseError('58P01', `could not open file "${path}" for reading: No such file or directory`);
    }
    const done = offset === null ? 0 : Number(Buffer.from(offset).toString());
    return {
      async *read(signal: AbortSignal): AsyncIterable<SourceBatch> {
        const batches = format === 'csv' ? csvBatches(path, schema, header) : jsonBatches(path, schema);
        const pacer = replay === null ? null : new Pacer(replay, signal);
        let row = 0;
        for await (const batch of batches) {
          let at = Math.min(Math.max(done - row, 0), batch.length);
          while (at < batch.length) {
            const count = pacer === null ? Math.min(BATCH_ROWS, batch.length - at) : await pacer.due(batch, at);
            if (count === 0 || signal.aborted) return;
            at += count;
            yield { rows: batch.slice(at - count, at), offset: Buffer.from(String(row + at)) };
          }
          row += batch.length;
        }
      },
    };
  },
};
