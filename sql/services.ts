// Services: what a session gets from the database it belongs to; implemented by database.ts alone.
import type { Delta } from '../engine/data/delta.ts';
import type { DatabaseError } from '../engine/data/error.ts';
import type { Epoch } from '../engine/data/time.ts';
import type { SourceConnector } from '../engine/runtime/connector.ts';
import type { QueryMemory, Runtime, Transaction as RuntimeTransaction, Snapshot } from '../engine/runtime/contract.ts';
import type { Catalog, CatalogChange } from './catalog/catalog.ts';
import type { SessionInfo } from './catalog/entry.ts';
import type { FunctionRegistry } from '../engine/function/registry.ts';
import type { LockTable } from './lock-table.ts';
import type { OpenTransactions } from './write-conflict.ts';
import type { SequenceStore } from './sequence-store.ts';
import type { BackupSummary } from '../storage/backup.ts';
import type { Pause } from '../storage/pause.ts';

export interface RelationChange {
  readonly relation: number;
  readonly delta: Delta;
}

/** What a transaction asks to be made durable and visible at once. */
export interface CommitRequest {
  readonly changes: readonly RelationChange[];
  readonly catalog: readonly CatalogChange[];
  readonly sync: boolean;
  /** As the runtime's Transaction has them. */
  readonly counted?: RuntimeTransaction['counted'];
  readonly writer?: number;
  readonly durable?: (() => void) | undefined;
}

/** A published moment, and where it stands among commits: what was committed after it has a greater number. */
export interface ReadPoint {
  readonly snapshot: Snapshot;
  readonly sequence: number;
}

export interface Notification {
  readonly processId: number;
  readonly channel: string;
  readonly payload: string;
}

/** Another session, as pg_stat_activity shows it and pg_cancel_backend reaches it. */
export interface Peer {
  info(): SessionInfo;
  cancel(): void;
  /** Delivers to the client at once when it is idle, else after its transaction. */
  notify(notification: Notification): void;
  /** Characters of notifications, and bytes of answers, that its client has not taken yet. */
  readonly backlog: number;
  /** Between a message of the client and the answer to it. */
  readonly active: boolean;
  listensTo(channel: string): boolean;
  /** A parameter of the whole server has changed. */
  forceSetting(name: string, value: string): void;
}

export interface Services {
  /** The published catalog. */
  readonly catalog: Catalog;
  readonly runtime: Runtime;
  readonly locks: LockTable;
  /** What sessions keep on the heap. */
  readonly objectMemory: QueryMemory;
  readonly open: OpenTransactions;
  readonly sequences: SequenceStore;
  /** Resolves when the sequence values given out so far cannot be given out again; null: they cannot. */
  readonly sequencesJournaled: Promise<Epoch> | null;
  readonly functions: FunctionRegistry;
  readonly startTime: bigint;
  /** Name of the database that `millrace` and `postgres` both mean, as clients see it. */
  readonly connectors: readonly SourceConnector[];
  readonly sessions: ReadonlyMap<number, Peer>;
  /** BACKUP TO; null in memory. */
  readonly backup: ((folder: string) => Promise<BackupSummary>) | null;
  log(message: string): void;
  /** µs since 1970 UTC. */
  now(): bigint;
  random(): number;
  /** For work that goes on in turns with others. */
  startSlices(): Pause;
  /** A number never given out before, to this or another transaction. */
  allocateOid(): number;
  nextTransactionId(): number;
  /** Queues at once, in order of calls; throws before it returns when nothing was queued (see Runtime.commit). */
  commit(request: CommitRequest): Promise<Epoch>;
  readPoint(): ReadPoint;
  /** Number of the last commit queued. */
  readonly queued: number;
  /** Resolves when all that is queued now is durable and visible. */
  settled(): Promise<void>;
  /** Has the relation been changed by a commit after that point; `rewrite`: other than by insertions? */
  changedSince(relation: number, sequence: number, how: 'any' | 'rewrite'): boolean;
  /** Characters of notifications, and bytes of answers, that listeners have not taken. */
  readonly untaken: number;
  /** To all who listen, at commit. */
  publish(notification: Notification): void;
  /** Ends that session, which is told the error; false when there is none. */
  terminate(processId: number, error: DatabaseError): boolean;
}
