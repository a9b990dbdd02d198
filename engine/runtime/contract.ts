// What the runtime offers to sql/: relations, views, commits, snapshots, subscriptions.
import type { Batch } from '../data/batch.ts';
import type { Delta } from '../data/delta.ts';
import type { DatabaseError } from '../data/error.ts';
import type { Epoch, Watermark } from '../data/time.ts';
import type { Schema } from '../data/types.ts';
import type { Moment } from './history.ts';
import type { RangeLookup } from '../state/key-range.ts';
import type { Circuit } from '../circuit/contract.ts';
import type { CountedDelta } from './counted-delta.ts';
import type { EvalContext } from '../expression/context.ts';
import type { StateSize } from '../operator/operator.ts';
import type { NullKeys } from '../state/key-index.ts';
import type { PageCacheStatistics } from '../state/page-cache.ts';
import type { JournalStatistics } from '../state/ports.ts';

/** A unique or primary key. */
export interface UniqueKey {
  readonly id: number;
  readonly name: string;
  readonly columns: readonly number[];
  readonly primary: boolean;
  /** Absent, never: NULLs are distinct. */
  readonly nulls?: NullKeys;
}

/** CREATE INDEX, not unique, on plain columns. */
export interface IndexDefinition {
  readonly id: number;
  readonly name: string;
  readonly columns: readonly number[];
}

/** A stored relation: table, source or materialized view. Ids are the catalog's OIDs and never reused. */
export interface RelationDefinition {
  readonly id: number;
  readonly name: string;
  /** Name of its SQL schema, for error messages. */
  readonly namespace: string;
  readonly kind: 'table' | 'source' | 'view';
  readonly schema: Schema;
  readonly keys: readonly UniqueKey[];
  readonly indexes: readonly IndexDefinition[];
  /** Only insertions: no DELETE, no UPDATE. */
  readonly appendOnly: boolean;
  /**
   * WATERMARK FOR: the watermark (µs since 1970 UTC) a batch of rows promises, i.e. the greatest value of the
   * declared expression over the rows, null when it has none.
   */
  readonly watermark: ((rows: Batch) => Watermark) | null;
  /**
   * Event-time column of the watermark, for lateness. In a view: a column that carries the event time of its sources
   * through, so that their least watermark is the view's; else null.
   */
  readonly eventTime: number | null;
  /**
   * µs: rows whose event time the watermark has passed by more are gone, without a retraction: views keep what they have of
   * them.
   * Requires: append only, a watermark, no keys. Absent: rows stay.
   */
  readonly retention?: bigint;
}

export interface ViewDefinition extends RelationDefinition {
  readonly circuit: Circuit;
}

/** What one transaction brings; all of it becomes durable and visible in one epoch, or none. */
export interface Transaction {
  readonly changes: readonly { readonly relation: number; readonly delta: Delta }[];
  /** Catalog changes, opaque here; handed to `RuntimeHost.applyCatalog` before the deltas, live and at replay. */
  readonly catalog: Uint8Array | null;
  /** What `Runtime.count` has found out; absent: nothing. */
  readonly counted?: ReadonlyMap<Delta, CountedDelta> | undefined;
  /** Connector offsets by source, journaled with the rows. */
  readonly offsets: readonly { readonly relation: number; readonly offset: Uint8Array }[];
  /** synchronous_commit: acknowledge after fdatasync. */
  readonly sync: boolean;
  /** Who commits; one that commits by itself, time after time, is not kept waiting for others. 0 or absent: nobody. */
  readonly writer?: number;
  /**
   * Called when it is durable and just before it is visible: the client may be told at once, since nothing more is read
   * from anybody until it is visible. Must not throw, nor do anything but tell.
   */
  readonly durable?: (() => void) | undefined;
}

/** What the runtime needs from sql/database. */
export interface RuntimeHost {
  /** Applies one transaction's catalog changes: calls define, drop, install ... on the runtime. Synchronous. */
  applyCatalog(bytes: Uint8Array): void;
  /** The whole catalog, for a checkpoint; and back, before any replay (defines relations and views, no backfill). */
  saveCatalog(): Uint8Array;
  restoreCatalog(bytes: Uint8Array): void;
  /** Wall clock, µs since 1970 UTC; read once an epoch and journaled. */
  now(): bigint;
  /** What expressions in views may look at; no clock or random. */
  evalContext(): EvalContext;
  /** Work postponed to between steps: setImmediate or a simulated scheduler. */
  defer(task: () => void): void;
  /** No more than one client is at work: the thread may wait for a moment. */
  alone(): boolean;
  /** Work postponed by so many milliseconds; nothing waits for it at the end. */
  later(milliseconds: number, task: () => void): void;
  /** A fault that ends service (a journal that cannot be mended): the process should exit non-zero after telling why. */
  fatal(error: Error): void;
  log(message: string): void;
}

export interface RelationLookup {
  readonly columns: readonly number[];
  readonly keys: Batch;
  /** Absent, never: a NULL equals nothing. */
  readonly nulls?: NullKeys;
}

/** Bytes that queries hold of rows besides the state. */
export interface QueryMemory {
  /** Of one query. */
  readonly most: number;
  /** Of all that run, in turns, at a time. */
  readonly mostOfAll: number;
  /** That they hold now, by what they say. */
  held: number;
}

/** A consistent, immutable moment: it stays readable while epochs go on, without copying (pages are copy-on-write). */
export interface Snapshot {
  readonly epoch: Epoch;
  /** All rows, as several deltas of bounded length. `columns` as in CircuitSource. */
  scan(relation: number, columns: readonly number[]): Iterable<Delta>;
  /** Rows whose key columns equal a row of `keys` (casts are the caller's affair); uses a key or index where one fits. */
  lookup(relation: number, columns: readonly number[], lookup: RelationLookup): Delta;
  /** Rows in ranges of a key; see range-lookup.ts. */
  range(relation: number, columns: readonly number[], lookup: RangeLookup): Delta;
  /** All rows of a scan have a weight above 0: none is taken back by a later delta. Absent: of no relation. */
  stands?(relation: number): boolean;
  /** An error a view carries (PostgreSQL's error of the failing row), or null. */
  error(relation: number): DatabaseError | null;
  rowCount(relation: number): number;
  watermark(relation: number): Watermark;
  /** What queries may hold of rows; absent: as much as there is. */
  readonly queryMemory?: QueryMemory;
  release(): void;
}

export interface ViewBuilding {
  /** To be driven to its end, in turns with whatever else there is to do; 53200 where there is no memory for it. */
  work(): Generator<null>;
  /** To be called at the end, whether the view was installed or not. */
  close(): void;
}

export interface SubscriptionEvent {
  readonly epoch: Epoch;
  /** Consolidated; empty for a progress mark. */
  readonly delta: Delta;
}

/** Bounded: a reader that falls behind gets its waiting deltas consolidated into one; past the limit it ends with 53400. */
export interface Subscription extends AsyncIterable<SubscriptionEvent> {
  close(): void;
}

/** Since the start. */
export interface StorageStatistics {
  /** What commits have brought, as journaled. */
  readonly journalBytes: number;
  readonly checkpoints: number;
  readonly checkpointBytes: number;
}

export interface JournalStatus extends JournalStatistics {
  /** Of the last record. */
  readonly epoch: Epoch;
  /** Journaled since the last checkpoint was taken: what a start would replay. */
  readonly lagBytes: number;
  readonly failures: number;
  /** Why commits are not taken; null: they are. */
  readonly failing: string | null;
}

export interface Runtime {
  /** Last published epoch. */
  readonly epoch: Epoch;
  /** How often queued transactions were given up: what a writer saw of them is gone. */
  readonly failures: number;
  readonly queryMemory: QueryMemory;

  // Called by RuntimeHost.applyCatalog and restoreCatalog only: catalog changes are part of an epoch.
  define(relation: RelationDefinition): void;
  /** Changed keys, indexes or schema (ADD COLUMN gives `fill` for existing rows). */
  redefine(relation: RelationDefinition, fill?: (rows: Batch) => Batch): void;
  /** Feeds the circuit what its sources hold (unless state is being restored) and keeps it up to date from now on. */
  install(view: ViewDefinition): void;
  /** Another circuit for a view, fed anew. Requires: it comes to the rows that the view has. */
  reinstall(view: ViewDefinition): void;
  /** Views whose circuits read one of the columns (0-based) of the relation, in order of installation. */
  readersOf(relation: number, columns: ReadonlySet<number>): readonly number[];
  drop(relation: number): void;

  /**
   * Queue a transaction for the next epoch; resolves when it is durable and visible. Checks unique keys against the
   * committed state and all transactions queued before (23505, with PostgreSQL's detail): then nothing is queued and
   * it throws before returning a promise, so that a caller sees its order among commits. 53100, 25006 (read-only after
   * a journal failure), 53200 likewise.
   * Waits (in the promise) while the queue is full.
   */
  commit(transaction: Transaction): Promise<Epoch>;
  /**
   * For the sake of those who wait while many rows are committed: counts them before, to be driven to its end in turns with
   * others. null: they are few.
   */
  count(changes: Transaction['changes']): Generator<null, ReadonlyMap<Delta, CountedDelta>> | null;
  /**
   * Begins to fill a view that is going to be installed by a commit of the caller's, so that this finds it filled; null where
   * it can only be filled then. Requires: until then its sources are not redefined or dropped.
   */
  buildView(view: ViewDefinition): ViewBuilding | null;

  /**
   * Makes, a piece at a time, what the first change after a start needs: the indexes of keys, the views' states from the last
   * checkpoint. Where memory is short they are left to be made then.
   */
  warm(): Generator<null>;

  /** Rows were to come or go with time by now and have not yet. */
  readonly timeIsDue: boolean;
  /** Publishes what time has changed; for who is going to read. */
  passTime(): Promise<void>;
  /** The published state: what readers see. */
  snapshot(): Snapshot;
  /** A past moment. Throws 55000 where none are kept, 22023 for one that is not; need not be released. */
  snapshotAt(moment: Moment): Snapshot;
  /** The oldest epoch that `snapshotAt` gives; null where none are kept. */
  readonly oldestEpoch: Epoch | null;
  /** The published state plus all queued transactions: what writers (UPDATE, DELETE, ON CONFLICT, checks) must see. */
  writerSnapshot(): Snapshot;
  /** A snapshot with further, uncommitted changes on top: a transaction that sees its own writes. */
  overlay(base: Snapshot, changes: readonly { readonly relation: number; readonly delta: Delta }[]): Snapshot;

  subscribe(relation: number, options: { readonly snapshot: boolean; readonly progress: boolean }): Subscription;
  /** Connector offset committed last, for resuming a source. */
  offset(relation: number): Uint8Array | null;
  stateSize(relation: number): StateSize;
  /** The memory that state takes, and what goes to and comes from disk for it. */
  memory(): PageCacheStatistics;
  /** Bytes for state from now on; null: as many as at the start. Between two steps only. */
  setMemoryLimit(bytes: number | null): void;
  storage(): StorageStatistics;
  /** Null for a database in memory. */
  journal(): JournalStatus | null;
  /** The errors that rows of a view raise as of the last epoch, each with the number of the rows. */
  errors(relation: number): readonly { readonly error: DatabaseError; readonly weight: number }[];
  /** A view's operators as EXPLAIN ANALYZE shows them; empty for what is no view. */
  operators(relation: number): readonly string[];
  /** Write a checkpoint now and trim the journal. Also happens by itself as the journal grows. */
  checkpoint(): Promise<void>;
  /** Stop accepting, finish what is queued, checkpoint, close the ports. */
  close(): Promise<void>;
}
