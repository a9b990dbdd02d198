// Ports: what engine asks of storage. Implemented by storage/ (disk) and by memory.ts.
import type { Batch } from '../data/batch.ts';
import type { DatabaseError } from '../data/error.ts';
import type { Soon } from '../data/soon.ts';
import type { Epoch } from '../data/time.ts';
import type { PageCache } from './page-cache.ts';

/**
 * The journal: one record an epoch, durable before visible. Records are opaque bytes to it.
 * Law: after a crash, replay gives exactly the records whose append was acknowledged, in order, plus possibly the
 * one in flight; never half a record, never a gap (corruption in the middle is DatabaseError XX001).
 */
export interface Journal {
  /**
   * Done once the record is on disk (fdatasync), or written when `sync` is false. `alone`: nobody else needs this
   * thread just now, it may wait for the disk itself. Requires: epoch = last + 1.
   */
  append(epoch: Epoch, record: readonly Uint8Array[], sync: boolean, alone?: boolean): Soon<void>;
  /**
   * After an append failed, when nothing more can be appended: checks that all that was acknowledged is there (XX001: it
   * is not), and makes the failed record void for good. Rejects where the fault is still there; it may be called again.
   */
  reopen(): Promise<void>;
  /** Records with epoch > after, in order. */
  replay(after: Epoch): AsyncIterable<JournalRecord>;
  /** Forget records with epoch ≤ upTo (a checkpoint covers them). May keep some longer. */
  trim(upTo: Epoch): Promise<void>;
  /** Absent: it has no disk. */
  statistics?(): JournalStatistics;
  close(): Promise<void>;
}

export interface JournalStatistics {
  readonly segments: number;
  /** Files that wait to be used again. */
  readonly spares: number;
  /** Of the segments' files. */
  readonly bytes: number;
  /** Since the start: how many appends took up to so many milliseconds to be on disk, and more than the limit before. */
  readonly syncs: readonly { readonly upTo: number; readonly count: number }[];
}

export interface JournalRecord {
  readonly epoch: Epoch;
  readonly bytes: Uint8Array;
}

/** What is known of a page without reading it. */
export interface PageSummary {
  /** Rows, free ones among them. */
  readonly used: number;
  /** By row, 0 = free; null: all are 1. */
  readonly weights: Int32Array | null;
  /** Bit c, from 31 on bit 31: column c may hold NULLs. */
  readonly nulls: number;
  /** Its rows are long: few as they may be, it takes no more (page-heap.ts). */
  readonly large: boolean;
}

/** What a page holds, made when it is written. */
export interface PageContent {
  /** Null: whoever restores the page must read it. */
  readonly summary: PageSummary | null;
  image(): Batch;
  /** The content is durable; until the page is saved again it can be read by `read`, synchronously. */
  kept(read: PageRead): void;
}

/** One page of state: the unit of checkpoint, compression and eviction. `content` null: the page is gone. */
export interface PageImage {
  /** Names the state, stable across restarts: relation or view id, operator's ordinal in its circuit, state's name. */
  readonly state: string;
  readonly page: number;
  readonly content: PageContent | null;
}

/** A page that a checkpoint has; its batch is read when it is asked for. */
export interface StoredPage {
  readonly page: number;
  /** Grows with checkpoints: which one has written it. */
  readonly version: number;
  readonly summary: PageSummary | null;
  readonly batch: Batch;
  /** Some columns of the batch, in ascending order; absent: it is not quicker to read these alone. */
  select?(columns: readonly number[]): Batch;
}

/** Reads a page: all columns and the weights, or the columns given, in ascending order. */
export type PageRead = (columns?: readonly number[]) => Batch;

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
  /**
   * Null: pages can be read. Else, after a fault: resolves when they can be again; rejects, having tried, where they cannot.
   * Absent: they always can.
   */
  ready?(): Promise<void> | null;
  /** Bytes written for checkpoints since the store was opened. */
  readonly writtenBytes?: number;
  /** All pages of one state as of the current checkpoint, by page number. */
  pages(state: string): Promise<readonly StoredPage[]>;
  close(): Promise<void>;
}

export interface CheckpointMeta {
  readonly epoch: Epoch;
  /** Catalog, watermarks, offsets and circuit fingerprints, as the runtime encoded them. */
  readonly bytes: Uint8Array;
}

/** Room on the disk of journal and state. */
export interface DiskSpace {
  /** 53100 where so many bytes more would leave too little for checkpoints; null: they may be committed. */
  shortage(bytes: number): DatabaseError | null;
}

/** A place in the page file. It is free again when `free` is called or nobody holds it any more. */
export interface PageSlot {
  /** What was written, aligned to 8 bytes and the caller's own. XX001 where it is damaged, 58030 where it cannot be read. */
  read(): Uint8Array;
  free(): void;
}

/** Where pages go that do not fit into memory. Synchronous. What is in it is of no use once the process has ended. */
export interface PageFile {
  /** Throws 53100 when the disk is full. */
  write(bytes: readonly Uint8Array[]): PageSlot;
  /** Of the file. */
  readonly bytes: number;
  close(): void;
}

export interface ChangedPage {
  readonly page: number;
  readonly content: PageContent | null;
}

/** Pages that are saved under a name. */
export interface SavedState {
  /** What changed since this was called last; it counts as saved. The contents stay as they are: later writes go to copies. */
  changedPages(): readonly ChangedPage[];
  /** From now on the cache may evict pages. */
  attach(cache: PageCache): void;
  /** The state is gone, or stays in memory as a whole. */
  detach(): void;
  /** Bytes of pages in memory. */
  bytes(): number;
}

/** An operator's side of a checkpoint: named states, each a set of pages. */
export interface StateWriter {
  /** Only pages are to be shown, by `state`, such as are never saved, too; nothing is saved. */
  readonly looking?: boolean;
  /** A page made by the operator itself; null: it is gone. `name`: unique within the operator. */
  page(name: string, page: number, content: PageContent | null): void;
  /** The same for pages in which the operator works. */
  state(name: string, state: SavedState): void;
}

export interface StateReader {
  /** Pages of the operator's state `name`, by page number. */
  pages(name: string): Iterable<StoredPage>;
}
