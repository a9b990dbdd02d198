// connector = 'datagen': rows made up by the types of the columns, paced, as Flink's is. Replayable: offsets are row numbers.
import { Buffer } from 'node:buffer';
import { batchFromRows } from '../../engine/data/access.ts';
import type { SourceBatch, SourceConnector } from '../../engine/runtime/connector.ts';
import { CellRandom, fieldOf } from './datagen-fields.ts';
import { OptionReader, pause } from './options.ts';

const TICK_MS = 50;
const BATCH_ROWS = 5000;

export const DATAGEN: SourceConnector = {
  name: 'datagen',
  description: 'Rows made up by type, seeded. Options: rows_per_second (default 10000; 0: as fast as they are taken),'
    + ' number_of_rows (default: endless), seed (default 1), and for each column fields.NAME.kind (random, sequence), min,'
    + ' max, length, var_len, max_past, null_rate, start and end (of a sequence, whose end ends the source).',
  defaultSchema: () => null,
  open({ options, schema, offset }) {
    const reader = new OptionReader('datagen', options);
    const rate = reader.number('rows_per_second', 10_000, { min: 0, max: 1e7 }) ?? 10_000;
    const wanted = reader.number('number_of_rows', null, { min: 0, max: 2 ** 50 }) ?? Infinity;
    const seed = reader.number('seed', 1, { min: 0, max: 2 ** 31 - 1 }) ?? 1;
    const fields = schema.columns.map((column) => fieldOf(column, reader));
    reader.done();
    const last = fields.reduce((least, field) => Math.min(least, field.rows), wanted);
    const [from, start] = offset === null ? [0, Date.now() * 1000]
      : Buffer.from(offset).toString().split(',').map(Number);
    const interval = rate === 0 ? 0 : 1e6 / rate;
    const random = new CellRandom();
    const rowAt = (row: number): ReturnType<(typeof fields)[number]['value']>[] => {
      const now = BigInt(start + Math.floor(row * interval));
      return fields.map((field, i) => {
        random.start(seed, row, i);
        return field.value(row, random, now);
      });
    };
    return {
      async *read(signal: AbortSignal): AsyncIterable<SourceBatch> {
        const began = Date.now();
        let row = from;
        while (row < last && !signal.aborted) {
          const due = rate === 0 ? Infinity : from + Math.floor((Date.now() - began) * rate / 1000);
          const until = Math.min(row + BATCH_ROWS, last, due);
          if (until <= row) {
            if (!await pause(TICK_MS, signal)) return;
            continue;
          }
          const rows = batchFromRows(schema, Array.from({ length: until - row }, (_, i) => rowAt(row + i)));
          row = until;
          yield { rows, offset: Buffer.from(`${row},${start}`) };
        }
      },
    };
  },
};
