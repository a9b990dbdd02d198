// connector = 'nexmark': one table of the deterministic auction stream, paced. Replayable: its offset is an event number.
import { Buffer } from 'node:buffer';
import { DatabaseError } from '../../engine/data/error.ts';
import { sameKind } from '../../engine/data/types.ts';
import type { Schema } from '../../engine/data/types.ts';
import type { SourceBatch, SourceConnector } from '../../engine/runtime/connector.ts';
import { DEFAULT_NEXMARK, NEXMARK_SCHEMAS, nexmarkBatch } from './nexmark-generator.ts';
import type { NexmarkKind, NexmarkOptions } from './nexmark-generator.ts';
import { OptionReader, pause } from './options.ts';

const KINDS = ['person', 'auction', 'bid'] as const satisfies readonly NexmarkKind[];
const TICK_MS = 50;
/** Events (of all kinds) behind one batch at most. */
const BATCH_EVENTS = 5000;

interface Position {
  readonly event: number;
  /** Event time of event 0, so that a restart continues the same stream. */
  readonly start: number;
}

function readPosition(offset: Uint8Array): Position {
  const [event, start] = Buffer.from(offset).toString().split(',').map(Number);
  return { event, start };
}

function columnsOf(kind: NexmarkKind, schema: Schema): readonly number[] {
  const all = NEXMARK_SCHEMAS[kind].columns;
  return schema.columns.map((column) => {
    const at = all.findIndex((c) => c.name === column.name);
    if (at < 0) {
      throw new DatabaseError('42703', `nexmark table "${kind}" has no column "${column.name}"`, {
        hint: `Its columns: ${all.map((c) => c.name).join(', ')}.`,
      });
    }
    if (!sameKind(all[at].type, column.type)) {
      throw new DatabaseError('42804', `column "${column.name}" of nexmark table "${kind}" is of type ${all[at].type.kind}`);
    }
    return at;
  });
}

const kindOption = (reader: OptionReader): NexmarkKind => reader.oneOf('table', KINDS, 'bid');

export const NEXMARK: SourceConnector = {
  name: 'nexmark',
  description: 'The Nexmark auction stream, person/auction/bid 1:3:46, seeded. Options: table (person, auction, bid),'
    + ' rate (events of all kinds a second, default 10000; 0: as fast as it is taken), seed (default 1), events (stop'
    + ' after so many; default: endless), start (now, or epoch for the fixed one; default now).',
  defaultSchema: (options) => NEXMARK_SCHEMAS[kindOption(new OptionReader('nexmark', options))],
  open({ options, schema, offset }) {
    const reader = new OptionReader('nexmark', options);
    const kind = kindOption(reader);
    const rate = reader.number('rate', 10_000, { min: 0, max: 1e7 }) ?? 10_000;
    const seed = reader.number('seed', 1, { min: 0, max: 2 ** 31 - 1 }) ?? 1;
    const last = reader.number('events', null, { min: 0, max: 2 ** 50 }) ?? Infinity;
    const fixed = reader.oneOf('start', ['now', 'epoch'], 'now') === 'epoch';
    reader.done();
    const columns = columnsOf(kind, schema);
    const from = offset === null
      ? { event: 0, start: fixed ? DEFAULT_NEXMARK.start : Date.now() * 1000 } : readPosition(offset);
    const generator: NexmarkOptions = {
      ...DEFAULT_NEXMARK, seed, start: from.start,
      interval: rate === 0 ? DEFAULT_NEXMARK.interval : Math.max(1, Math.round(1e6 / rate)),
    };
    return {
      async *read(signal: AbortSignal): AsyncIterable<SourceBatch> {
        const began = Date.now();
        let event = from.event;
        while (event < last && !signal.aborted) {
          const due = rate === 0 ? Infinity : from.event + Math.floor((Date.now() - began) * rate / 1000);
          const until = Math.min(event + BATCH_EVENTS, last, due);
          if (until <= event) {
            if (!await pause(TICK_MS, signal)) return;
            continue;
          }
          const rows = nexmarkBatch(kind, event, until, generator).select(columns);
          event = until;
          yield { rows, offset: Buffer.from(`${event},${from.start}`) };
        }
      },
    };
  },
};
