// MillraceRuntime: tables and views as of the published epoch: what changes and reads them, checkpoints and recovery.
import type { Batch } from '../data/batch.ts';
import { deltaBytes } from '../data/delta.ts';
import { DatabaseError, assert } from '../data/error.ts';
import { toEpoch } from '../data/time.ts';
import type { Epoch } from '../data/time.ts';
import type { StateSize } from '../operator/operator.ts';
import { PageCache } from '../state/page-cache.ts';
import type { PageCacheStatistics } from '../state/page-cache.ts';
import type { DiskSpace, Journal, PageFile, StateStore } from '../state/ports.ts';
import { decodeMeta } from './checkpoint.ts';
import { CheckpointSchedule } from './checkpoint-schedule.ts';
import { Checkpointer } from './checkpointer.ts';
import { readOnly, shuttingDown } from './commit-error.ts';
import type {
  JournalStatus, QueryMemory, RelationDefinition, Runtime, RuntimeHost, Snapshot, StorageStatistics, Subscription, Transaction,
  ViewBuilding, ViewDefinition,
} from './contract.ts';
import { EpochLoop } from './epoch-loop.ts';
import { EpochRecordReader } from './epoch-record.ts';
import type { RecordedChange } from './epoch-record.ts';
import { PendingChanges } from './pending-changes.ts';
import { PublishedState } from './published-state.ts';
import type { EpochTransaction } from './published-state.ts';
import type { Relation } from './relation.ts';
import { History } from './history.ts';
import type { Moment } from './history.ts';
import { OverlaySnapshot, PublishedSnapshot, byRelation } from './snapshot.ts';
import { Subscriptions } from './subscriptions.ts';

export interface RuntimePorts {
  readonly journal: Journal;
  readonly store: StateStore;
  /** Where pages go that do not fit into memory; none: they stay, unless a checkpoint has them. */
  readonly pageFile?: PageFile;
  /** Absent: a full disk is found out by writing. */
  readonly space?: DiskSpace;
}

export interface RuntimeOptions {
  /**
   * Journal bytes after which a checkpoint is taken as soon as nobody writes, and at four times as many in any case;
   * Infinity: none, not even at close (a database in memory).
   */
  readonly checkpointBytes?: number;
  /** Bytes queued from which on a commit is refused (53200), unless nothing is queued. */
  readonly queueBytes?: number;
  /** Bytes of memory for state; Infinity (the default): as much as there is. */
  readonly memoryBytes?: number;
  /** µs for which past moments can be read (snapshotAt); absent or 0: none. */
  readonly history?: bigint;
}

/** A replay that takes longer says how far it is, and again after as long. */
const PROGRESS_MICROS = 2_000_000n;
/** Of the memory for state: what one query may hold of its rows besides, and what it always may. */
const QUERY_SHARE = 4;
const LEAST_QUERY_BYTES = 64 << 20;
/** All queries together may hold so many times what one may. */
const QUERIES_SHARE = 2;

const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

/** Rows that come and go one after the other do so in epochs that are at least so far apart, unless somebody reads or commits. */
const TICK_MS = 100;
/** No timer takes longer; then it is looked again. */
const LONGEST_WAIT_MS = 3_600_000;

function addsNothing({ changes }: Transaction): boolean {
  return changes.every(({ delta }) => delta.weights.every((w) => w <= 0));
}

export class MillraceRuntime implements Runtime {
  readonly #ports: RuntimePorts;
  readonly #host: RuntimeHost;
  readonly #options: RuntimeOptions;
  readonly #state: PublishedState;
  readonly #checkpointer: Checkpointer;
  readonly #schedule: CheckpointSchedule;
  readonly #loop: EpochLoop;
  readonly #cache: PageCache;
  readonly #memoryBytes: number;
  readonly #pending: PendingChanges;
  readonly queryMemory: QueryMemory;
  readonly #snapshots = new Set<PublishedSnapshot>();
  readonly #subscriptions = new Subscriptions();
  #epoch: Epoch = toEpoch(0);
  /** For when a look at the clock is planned, µs since 1970 UTC. */
  #tickAt: bigint | null = null;
  #history: History | null = null;

  private constructor(ports: RuntimePorts, host: (runtime: Runtime) => RuntimeHost, options: RuntimeOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#memoryBytes = options.memoryBytes ?? Infinity;
    this.#cache = new PageCache(this.#memoryBytes, ports.pageFile ?? null);
    const cache = this.#cache;
    this.queryMemory = {
      get most() { return Math.max(cache.limit / QUERY_SHARE, LEAST_QUERY_BYTES); },
      get mostOfAll() { return QUERIES_SHARE * this.most; },
      held: 0,
    };
    this.#host = host(this);
    this.#state = new PublishedState(this.#epoch, {
      evalContext: () => this.#host.evalContext(),
      applyCatalog: (bytes) => this.#host.applyCatalog(bytes),
      cache: this.#cache,
      beforeChange: (relation) => this.#preserve(relation),
      dropped: (states) => this.#checkpointer.drop(states),
      log: (message) => this.#host.log(message),
    });
    this.#pending = new PendingChanges((id) => this.#state.relations.get(id));
    this.#loop = new EpochLoop(ports, this.#pending, {
      now: () => this.#host.now(),
      defer: (task) => this.#host.defer(task),
      alone: () => this.#host.alone(),
      later: (milliseconds, task) => this.#host.later(milliseconds, task),
      fatal: (error) => this.#host.fatal(error),
      log: (message) => this.#host.log(message),
      epoch: () => this.#epoch,
      time: () => this.#state.time,
      typesOf: this.#state.typesOf,
      journaled: (bytes) => this.#checkpointer.journaled(bytes),
      prepare: (transactions) => this.#state.prepare(transactions),
      publish: (epoch, time, transactions) => this.#publish(epoch, time, transactions),
      ended: () => this.#schedule.look(),
    }, options.queueBytes);
    this.#checkpointer = new Checkpointer(ports, this.#state, {
      saveCatalog: () => this.#host.saveCatalog(),
      log: (message) => this.#host.log(message),
    });
    this.#schedule = new CheckpointSchedule({
      journalBytes: () => this.#checkpointer.journalBytes,
      barred: () => this.#loop.failure !== null || this.#loop.closing || this.#checkpointer.running,
      epoch: () => this.#epoch,
      busy: () => this.#loop.busy,
      take: () => this.#checkpointNow(),
      later: (milliseconds, task) => this.#host.later(milliseconds, task),
    }, options.checkpointBytes);
  }

  /** Loads the checkpoint and replays the journal; ready on return. `host` is made first and called during recovery. */
  static async open(
    ports: RuntimePorts, host: (runtime: Runtime) => RuntimeHost, options: RuntimeOptions = {},
  ): Promise<MillraceRuntime> {
    const runtime = new MillraceRuntime(ports, host, options);
    await runtime.#recover();
    runtime.#startHistory();
    runtime.#planTick();
    return runtime;
  }

  async #recover(): Promise<void> {
    const meta = await this.#ports.store.current();
    if (meta !== null) {
      const reader = decodeMeta(meta.bytes);
      this.#epoch = meta.epoch;
      this.#state.resume(meta.epoch, reader.time);
      this.#state.restoring = true;
      this.#host.restoreCatalog(reader.catalog);
      this.#state.restoring = false;
      await reader.load(this.#state, this.#ports.store, (message) => this.#host.log(message));
    }
    let replayed = 0;
    let told = this.#host.now();
    for await (const { epoch, bytes } of this.#ports.journal.replay(this.#epoch)) {
      assert(epoch === this.#epoch + 1, `journal gives epoch ${epoch} after ${this.#epoch}`);
      this.#replay(epoch, bytes);
      this.#checkpointer.journaled(bytes.length);
      replayed += bytes.length;
      const now = this.#host.now();
      if (now - told < PROGRESS_MICROS) continue;
      told = now;
      this.#host.log(`replaying the journal: at epoch ${epoch}, ${megabytes(replayed)} MB done`);
    }
    this.#schedule.look();
  }

  #replay(epoch: Epoch, bytes: Uint8Array): void {
    const record = new EpochRecordReader(bytes);
    const { typesOf } = this.#state;
    function* transactions(): Generator<EpochTransaction> {
      for (let n = record.transactions; n > 0; n--) {
        // In the order of the record: each part is read when it is asked for.
        const catalog = record.catalog();
        const offsets = record.offsets();
        yield { catalog, offsets, changes: () => record.changes(typesOf) };
      }
    }
    this.#state.apply({ epoch, time: record.time, transactions: transactions() });
    record.end();
    this.#epoch = epoch;
  }

  get epoch(): Epoch {
    return this.#epoch;
  }

  get failures(): number {
    return this.#loop.failures;
  }

  define(definition: RelationDefinition): void {
    this.#history?.redefined(definition.id);
    this.#state.define(definition);
  }

  redefine(definition: RelationDefinition, fill?: (rows: Batch) => Batch): void {
    if (fill !== undefined) this.#history?.redefined(definition.id);
    this.#state.redefine(definition, fill ?? null);
  }

  install(view: ViewDefinition): void {
    this.#history?.redefined(view.id);
    this.#state.install(view);
  }

  reinstall(view: ViewDefinition): void {
    this.#history?.redefined(view.id);
    this.#state.reinstall(view);
  }

  readersOf(id: number, columns: ReadonlySet<number>): readonly number[] {
    return this.#state.readersOf(id, columns);
  }

  drop(id: number): void {
    this.#history?.redefined(id);
    this.#state.drop(id);
    this.#subscriptions.end(new DatabaseError('42P01', 'the relation was dropped'), id);
  }

  commit(transaction: Transaction): Promise<Epoch> {
    this.#loop.requireOpen();
    const bytes = transaction.changes.reduce((sum, { delta }) => sum + deltaBytes(delta), 0);
    this.#checkMemory(transaction);
    this.#checkSpace(transaction, bytes);
    return this.#loop.commit(transaction, bytes);
  }

  count(changes: Transaction['changes']): ReturnType<Runtime['count']> {
    return this.#pending.count(changes);
  }

  *warm(): Generator<null> {
    for (const _ of this.#state.warm()) {
      if (this.#loop.closing) return;
      yield null;
    }
  }

  buildView(definition: ViewDefinition): ViewBuilding | null {
    return this.#state.build(definition, { snapshot: () => this.snapshot(), checkMemory: () => this.#requireMemory() });
  }

  /** What only takes rows away, or drops relations, always goes through. */
  #checkMemory(transaction: Transaction): void {
    if (this.#cache.exhausted && !addsNothing(transaction)) this.#requireMemory();
  }

  #requireMemory(): void {
    if (!this.#cache.exhausted) return;
    // Views may have been dropped since it was counted, or the disk has room again.
    this.#state.recount();
    this.#cache.balance();
    if (!this.#cache.exhausted) return;
    const { limit, fixedBytes } = this.#cache.statistics();
    const { failure } = this.#cache;
    throw new DatabaseError('53200', 'out of memory', {
      detail: failure instanceof DatabaseError ? `Pages of state cannot be moved to disk: ${failure.message}.`
        : `Indexes and the state of views take ${megabytes(fixedBytes)} MB; memory_limit is ${megabytes(limit)} MB.`,
      hint: 'Raise memory_limit, or drop views or indexes.',
    });
  }

  /** So that there is room for a checkpoint, which gives back the journal's. The same goes through as above. */
  #checkSpace(transaction: Transaction, bytes: number): void {
    const refusal = this.#ports.space?.shortage(bytes) ?? null;
    if (refusal === null || addsNothing(transaction)) return;
    this.#schedule.hurry();
    throw refusal;
  }

  #publish(epoch: Epoch, time: bigint, transactions: readonly Transaction[]): void {
    const outputs = this.#state.apply({
      epoch, time, transactions: transactions.map((t) => ({ ...t, changes: (): readonly RecordedChange[] => t.changes })),
    });
    this.#epoch = epoch;
    this.#subscriptions.offer(epoch, outputs);
    this.#history?.published(epoch, time, outputs);
    this.#planTick();
  }

  get timeIsDue(): boolean {
    if (this.#loop.failure !== null || this.#loop.closing) return false;
    const due = this.#state.due();
    return due !== null && due <= this.#host.now();
  }

  passTime(): Promise<void> {
    return this.#loop.tick(() => this.timeIsDue);
  }

  /** For those who subscribe, and whoever reads later: what is due is done by then, or not much later. */
  #planTick(): void {
    const due = this.#state.due();
    if (due === null || (this.#tickAt !== null && this.#tickAt <= due)) return;
    this.#tickAt = due;
    const wait = Number(due - this.#host.now()) / 1000;
    this.#host.later(Math.min(Math.max(wait, TICK_MS), LONGEST_WAIT_MS), () => {
      if (this.#tickAt === due) this.#tickAt = null;
      if (this.#loop.closing) return;
      // What stands in the way of an epoch the loop has told.
      if (this.timeIsDue) this.passTime().catch(() => undefined);
      else this.#planTick();
    });
  }

  #preserve(relation: Relation): void {
    for (const snapshot of this.#snapshots) snapshot.preserve(relation);
  }

  snapshot(): PublishedSnapshot {
    const snapshot = new PublishedSnapshot(this.#epoch, {
      queryMemory: this.queryMemory,
      relation: (id) => this.#state.relations.get(id) ?? null,
      errorOf: (id, read) => this.#state.errorOf(id, read),
      released: (released) => this.#snapshots.delete(released),
    });
    this.#snapshots.add(snapshot);
    return snapshot;
  }

  snapshotAt(moment: Moment): Snapshot {
    if (this.#history !== null) return this.#history.at(moment);
    throw new DatabaseError('55000', 'past moments are not kept', {
      hint: 'Start the server with --history, as in --history 1h.',
    });
  }

  get oldestEpoch(): Epoch | null {
    return this.#history?.oldest ?? null;
  }

  #startHistory(): void {
    const span = this.#options.history ?? 0n;
    if (span <= 0n) return;
    this.#history = new History(span, {
      snapshot: () => this.snapshot(),
      errors: () => {
        const errors = new Map<number, DatabaseError>();
        for (const [id, relation] of this.#state.relations) {
          const error = relation.errors.first();
          if (error !== null) errors.set(id, error);
        }
        return errors;
      },
      errorOf: (id, read) => this.#state.errorOf(id, read),
      ages: (id) => this.#state.relations.get(id)?.definition.retention !== undefined,
    });
    this.#history.published(this.#epoch, this.#state.time, new Map());
  }

  writerSnapshot(): Snapshot {
    const base = this.snapshot();
    return this.#pending.empty ? base : new OverlaySnapshot(base, this.#pending.deltas(), true);
  }

  overlay(base: Snapshot, changes: Transaction['changes']): Snapshot {
    return new OverlaySnapshot(base, byRelation(changes), false);
  }

  subscribe(id: number, options: { readonly snapshot: boolean; readonly progress: boolean }): Subscription {
    const relation = this.#state.relations.get(id);
    if (relation === undefined) throw new DatabaseError('42P01', 'the relation was dropped');
    return this.#subscriptions.add(id, relation, {
      snapshot: options.snapshot ? this.snapshot() : null, progress: options.progress,
    });
  }

  offset(id: number): Uint8Array | null {
    return this.#state.relations.get(id)?.offset ?? null;
  }

  errors(id: number): readonly { readonly error: DatabaseError; readonly weight: number }[] {
    return this.#state.relations.get(id)?.errors.list() ?? [];
  }

  operators(id: number): readonly string[] {
    return this.#state.views.get(id)?.circuit.print({ state: true }) ?? [];
  }

  stateSize(id: number): StateSize {
    const rows = this.#state.relations.get(id)?.arrangement.size() ?? { rows: 0, bytes: 0 };
    const operators = this.#state.views.get(id)?.circuit.stateSize() ?? { rows: 0, bytes: 0 };
    return { rows: rows.rows + operators.rows, bytes: rows.bytes + operators.bytes };
  }

  memory(): PageCacheStatistics {
    return this.#cache.statistics();
  }

  setMemoryLimit(bytes: number | null): void {
    this.#cache.setLimit(bytes ?? this.#memoryBytes);
  }

  journal(): JournalStatus | null {
    const statistics = this.#ports.journal.statistics?.();
    return statistics === undefined ? null : {
      ...statistics, epoch: this.#epoch, lagBytes: this.#checkpointer.journalBytes, failures: this.#loop.failures,
      failing: this.#loop.failure?.message ?? null,
    };
  }

  storage(): StorageStatistics {
    return this.#checkpointer.statistics();
  }

  #checkpointNow(): void {
    this.checkpoint().catch((error: unknown) => {
      // The journal has everything: it is tried again when it has grown once more.
      this.#host.log(`checkpoint failed: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  async checkpoint(): Promise<void> {
    if (this.#loop.failure !== null) throw readOnly(this.#loop.failure);
    // Law: a checkpoint is never ahead of the journal on disk.
    while (this.#loop.unsynced || this.#checkpointer.running) {
      await (this.#loop.unsynced ? this.#loop.sync() : this.#checkpointer.settled());
    }
    await this.#checkpointer.take(this.#epoch);
  }

  async close(): Promise<void> {
    await this.#loop.close();
    this.#subscriptions.end(shuttingDown());
    const saving = this.#loop.failure === null && this.#options.checkpointBytes !== Infinity;
    const saved = saving ? await Promise.allSettled([this.checkpoint()]) : [];
    await this.#checkpointer.settled();
    // What cannot be closed as it should does not keep the folder from others.
    const closed = await Promise.allSettled([this.#ports.journal.close(), this.#ports.store.close()]);
    this.#ports.pageFile?.close();
    for (const outcome of [...saved, ...closed]) if (outcome.status === 'rejected') throw outcome.reason;
  }
}
