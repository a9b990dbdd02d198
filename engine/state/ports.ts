// Ports: what engine asks of storage. Implemented by storage/ (disk) and by memory.ts.
import type { Batch } from '../data/batch.ts';
import type { Epoch } from '../data/time.ts';

/**
 * The journal: one record an epoch, durable before visible. Records are opaque bytes to it.
 * Law: after a crash, replay gives exactly the records whose append was acknowledged, in order, plus possibly the
 * one in flight; never half a record, never a gap (corruption in the middle is DatabaseError XX001).
 */
export interface Journal {
  /** Resolves once the record is on disk (fdatasync), or written when `sync` is false. Requires: epoch = last + 1. */
  append(epoch: Epoch, record: readonly Uint8Array[], sync: boolean): Promise<void>;
  /** Records with epoch > after, in order. */
  replay(after: Epoch): AsyncIterable<JournalRecord>;
  /** Forget records with epoch ≤ upTo (a checkpoint covers them). May keep some longer. */
  trim(upTo: Epoch): Promise<void>;
  close(): Promise<void>;
}

export interface JournalRecord {
  readonly epoch: Epoch;
  readonly bytes: Uint8Array;
}

/** One page of state: the unit of checkpoint, compression and eviction. `batch` null: the page is gone. */
export interface PageImage {
  /** Names the state, stable across restarts: relation or view id, operator's ordinal in its circuit, state's name. */
  readonly state: string;
  readonly page: number;
  readonly batch: Batch | null;
}

/**
 * Checkpoints of state pages. A checkpoint is all or nothing: until it is complete the previous one is the truth.
 */
export interface StateStore {
  /**
   * Write the pages that changed, make `meta` the current checkpoint, durable on return. `dropped`: states that
   * are gone as a whole (a dropped view).
   */
  checkpoint(pages: Iterable<PageImage>, dropped: readonly string[], meta: CheckpointMeta): Promise<void>;
  /** The newest complete checkpoint, or null for an empty store. */
  current(): Promise<CheckpointMeta | null>;
  /** All pages of one state as of the current checkpoint, by page number. */
  pages(state: string): AsyncIterable<PageImage>;
  close(): Promise<void>;
}

export interface CheckpointMeta {
  readonly epoch: Epoch;
  /** Catalog, watermarks, offsets and circuit fingerprints, as the runtime encoded them. */
  readonly bytes: Uint8Array;
}

/** An operator's side of a checkpoint: named states, each a set of pages. */
export interface StateWriter {
  /** `name`: unique within the operator. */
  page(name: string, page: number, batch: Batch | null): void;
}

export interface StateReader {
  /** Pages of the operator's state `name`, by page number. */
  pages(name: string): Iterable<{ readonly page: number; readonly batch: Batch }>;
}
