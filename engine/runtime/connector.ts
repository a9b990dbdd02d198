// Connectors: how rows come in from and go out to the world. Implemented in wire/connector, one file each.
import type { Batch } from '../data/batch.ts';
import type { Schema } from '../data/types.ts';

/** A batch of source rows and the position after them; journaled together, so a restart goes on exactly there. */
export interface SourceBatch {
  readonly rows: Batch;
  /** Opaque to all but the connector. */
  readonly offset: Uint8Array;
}

/** One running source. */
export interface SourceReader {
  /** Batches until the source ends or `signal` aborts; the caller takes the next only when the last is committed or queued. */
  read(signal: AbortSignal): AsyncIterable<SourceBatch>;
}

export interface SourceConnector {
  /** `connector = '..'` in CREATE SOURCE .. WITH. */
  readonly name: string;
  readonly description: string;
  /** Columns when CREATE SOURCE declares none, or null when it must. */
  defaultSchema(options: ReadonlyMap<string, string>): Schema | null;
  /** Throws 22023 for an unknown or malformed option, 42804 for a schema it cannot serve. */
  open(config: {
    readonly options: ReadonlyMap<string, string>;
    readonly schema: Schema;
    /** Where to go on from: the last committed offset, null at first. */
    readonly offset: Uint8Array | null;
  }): SourceReader;
}
