// MillraceRuntime: the epoch loop: seal what is queued, journal it, apply it, publish, acknowledge; checkpoints and recovery.
import type { Batch } from '../data/batch.ts';
import { concatDeltas } from '../data/delta.ts';
import type { Delta } from '../data/delta.ts';
import { DatabaseError, assert } from '../data/error.ts';
import { whenThere } from '../data/soon.ts';
import type { Soon } from '../data/soon.ts';
import { toEpoch } from '../data/time.ts';
import type { Epoch } from '../data/time.ts';
import { layoutOf } from '../data/types.ts';
import type { StateSize } from '../operator/operator.ts';
import { consolidate } from '../state/consolidate.ts';
import { PageCache } from '../state/page-cache.ts';
import type { PageCacheStatistics } from '../state/page-cache.ts';
import type { DiskSpace, Journal, PageFile, StateStore } from '../state/ports.ts';
import { AppendQueue, deltaBytes } from './append-queue.ts';
import type { Waiting } from './append-queue.ts';
import { decodeMeta } from './checkpoint.ts';
import { CheckpointSchedule } from './checkpoint-schedule.ts';
import { Checkpointer } from './checkpointer.ts';
import { commitFailed, definitionConflict, readOnly, shuttingDown } from './commit-error.ts';
import type {
  JournalStatus, RelationDefinition, Runtime, RuntimeHost, Snapshot, StorageStatistics, Subscription, Transaction, ViewDefinition,
} from './contract.ts';
import { EpochRecordReader, encodeEpochRecord } from './epoch-record.ts';
import type { RecordedChange } from './epoch-record.ts';
import { JournalRepair, isPassing } from './journal-repair.ts';
import { PendingChanges } from './pending-changes.ts';
import { PublishedState } from './published-state.ts';
import type { EpochTransaction } from './published-state.ts';
import type { Relation } from './relation.ts';
import { storeReady, untilReady } from './store-ready.ts';
import { History } from './history.ts';
import type { Moment } from './history.ts';
import { OverlaySnapshot, PublishedSnapshot, byRelation } from './snapshot.ts';
import { DeltaSubscription } from './subscription.ts';

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

const QUEUE_BYTES = 1 << 30;
/** How long what was committed without a sync may stay so: as often PostgreSQL's WAL writer looks (wal_writer_delay). */
const UNSYNCED_MS = 200;
/** A replay that takes longer says how far it is, and again after as long. */
const PROGRESS_MICROS = 2_000_000n;
/** Of the memory for state: what one query may hold of its rows besides, and what it always may. */
const QUERY_SHARE = 4;
const LEAST_QUERY_BYTES = 64 << 20;

const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

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
  readonly #repair: JournalRepair;
  readonly #cache: PageCache;
  readonly #queue = new AppendQueue();
  readonly #pending: PendingChanges;
  readonly #snapshots = new Set<PublishedSnapshot>();
  readonly #subscriptions = new Map<number, Set<DeltaSubscription>>();
  #epoch: Epoch = toEpoch(0);
  /** Some published epoch was written without being synced. */
  #unsynced = false;
  #syncPlanned = false;
  #pumping: Promise<void> | null = null;
  /** Of the last epoch, if it was one transaction; 0: of several, or of nobody. */
  #lastWriter = 0;
  #failure: Error | null = null;
  #failures = 0;
  #closing = false;
  #history: History | null = null;

  private constructor(ports: RuntimePorts, host: (runtime: Runtime) => RuntimeHost, options: RuntimeOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#cache = new PageCache(options.memoryBytes ?? Infinity, ports.pageFile ?? null);
    this.#host = host(this);
    this.#state = new PublishedState(this.#epoch, {
      evalContext: (time) => this.#host.evalContext(time),
      applyCatalog: (bytes) => this.#host.applyCatalog(bytes),
      cache: this.#cache,
      beforeChange: (relation) => this.#preserve(relation),
      dropped: (states) => this.#checkpointer.drop(states),
      log: (message) => this.#host.log(message),
    });
    this.#pending = new PendingChanges((id) => this.#state.relations.get(id));
    this.#repair = new JournalRepair(ports.journal, {
      later: (milliseconds, task) => this.#host.later(milliseconds, task),
      log: (message) => this.#host.log(message),
      repaired: () => {
        this.#failure = null;
        this.#unsynced = false;
      },
      givenUp: (error) => this.#stop(error, []),
    });
    this.#checkpointer = new Checkpointer(ports, this.#state, {
      saveCatalog: () => this.#host.saveCatalog(),
      log: (message) => this.#host.log(message),
    });
    this.#schedule = new CheckpointSchedule({
      journalBytes: () => this.#checkpointer.journalBytes,
      barred: () => this.#failure !== null || this.#closing || this.#checkpointer.running,
      epoch: () => this.#epoch,
      busy: () => this.#pumping !== null,
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
    return this.#failures;
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

  drop(id: number): void {
    this.#history?.redefined(id);
    this.#state.drop(id);
    const gone = new DatabaseError('42P01', 'the relation was dropped');
    for (const subscription of [...this.#subscriptions.get(id) ?? []]) subscription.end(gone);
  }

  commit(transaction: Transaction): Promise<Epoch> {
    if (this.#failure !== null) throw readOnly(this.#failure);
    if (this.#closing) throw shuttingDown();
    if (this.#queue.length > 0 && this.#queue.bytes > (this.#options.queueBytes ?? QUEUE_BYTES)) {
      throw new DatabaseError('53200', 'out of memory', { detail: 'Too much is waiting to be committed.' });
    }
    this.#checkMemory(transaction);
    this.#checkSpace(transaction);
    this.#pending.add(transaction);
    const done = this.#queue.push(transaction);
    this.#wake();
    return done;
  }

  /** What only takes rows away, or drops relations, always goes through. */
  #checkMemory(transaction: Transaction): void {
    if (!this.#cache.exhausted || addsNothing(transaction)) return;
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
  #checkSpace(transaction: Transaction): void {
    const { space } = this.#ports;
    if (space === undefined) return;
    const bytes = transaction.changes.reduce((sum, { delta }) => sum + deltaBytes(delta), 0);
    const refusal = space.shortage(bytes);
    if (refusal === null || addsNothing(transaction)) return;
    this.#schedule.hurry();
    throw refusal;
  }

  /** A lone commit starts an epoch at once; what comes while it is being written goes into the next one. */
  #wake(): void {
    this.#pumping ??= this.#pump();
  }

  async #pump(): Promise<void> {
    try {
      while (this.#queue.length > 0 && this.#failure === null) {
        // What else has arrived is read first: commits of the same turn of the event loop share an epoch. Not for who is
        // alone: another one would show by an epoch of its own or a shared one, and then both are waited for.
        const alone = this.#queue.writer === this.#lastWriter && this.#host.alone();
        await (alone ? Promise.resolve() : new Promise<void>((resolve) => this.#host.defer(resolve)));
        await this.#runEpoch(this.#queue.seal());
        this.#schedule.look();
      }
    } finally {
      this.#pumping = null;
    }
  }

  async #runEpoch(sealed: readonly Waiting[]): Promise<void> {
    const taken = sealed.filter((waiting) => this.#fits(waiting));
    if (taken.length > 0 || sealed.length === 0) {
      const transactions = taken.map(({ transaction }) => transaction);
      const sync = sealed.length === 0 || transactions.some((transaction) => transaction.sync);
      const epoch = toEpoch(this.#epoch + 1);
      const now = this.#host.now();
      const time = now > this.#state.time ? now : this.#state.time;
      try {
        const ready = untilReady(this.#ports.store);
        if (ready !== null) await ready;
        const written = this.#journal(epoch, encodeEpochRecord(time, transactions), sync);
        if (written !== undefined) await written;
      } catch (error) {
        this.#fail(error, sealed);
        return;
      }
      this.#lastWriter = taken.length === 1 ? transactions[0].writer ?? 0 : 0;
      try {
        while (untilReady(this.#ports.store) !== null) {
          await storeReady(this.#ports.store, (milliseconds, task) => this.#host.later(milliseconds, task));
        }
        // From here on nothing is waited for, so that nobody can see what is told and not yet visible.
        for (const { durable } of transactions) durable?.();
        this.#publish(epoch, time, transactions);
      } catch (error) {
        this.#stop(error, sealed);
        return;
      }
    }
    if (this.#unsynced) this.#planSync();
    this.#pending.remove(sealed.map(({ transaction }) => transaction));
    for (const waiting of taken) waiting.resolve(this.#epoch);
  }

  /** Refuses what DDL has overtaken: its rows could not be read back. */
  #fits(waiting: Waiting): boolean {
    const { catalog, changes } = waiting.transaction;
    for (const { relation: id, delta } of changes) {
      const types = this.#state.typesOf(id);
      if (types === null && catalog !== null) continue;
      const columns = delta.batch.columns;
      const fits = types !== null && types.length === columns.length
        && types.every((type, c) => layoutOf(type) === columns[c].layout);
      if (fits) continue;
      waiting.reject(definitionConflict());
      return false;
    }
    return true;
  }

  /** Durable before visible. */
  #journal(epoch: Epoch, record: readonly Uint8Array[], sync: boolean): Soon<void> {
    return whenThere(this.#ports.journal.append(epoch, record, sync, this.#host.alone()), () => {
      this.#unsynced = !sync;
      for (const piece of record) this.#checkpointer.journaled(piece.length);
    });
  }

  #publish(epoch: Epoch, time: bigint, transactions: readonly Transaction[]): void {
    const outputs = this.#state.apply({
      epoch, time, transactions: transactions.map((t) => ({ ...t, changes: (): readonly RecordedChange[] => t.changes })),
    });
    this.#epoch = epoch;
    this.#offer(outputs);
    this.#history?.published(epoch, time, outputs);
  }

  #offer(outputs: ReadonlyMap<number, readonly Delta[]>): void {
    for (const [id, subscriptions] of this.#subscriptions) {
      const parts = outputs.get(id);
      const delta = parts === undefined ? null : consolidate(concatDeltas(parts));
      for (const subscription of [...subscriptions]) subscription.offer(this.#epoch, delta);
    }
  }

  /** Nobody is told that it is done, and nothing is taken until the journal has made the failed record void. */
  #fail(error: unknown, sealed: readonly Waiting[]): void {
    if (!(error instanceof DatabaseError) || !isPassing(error)) {
      this.#stop(error, sealed);
      return;
    }
    this.#failure = error;
    this.#failures++;
    for (const waiting of sealed) waiting.reject(commitFailed(error));
    for (const waiting of this.#queue.drain()) waiting.reject(readOnly(error));
    this.#pending.clear();
    if (!this.#closing) this.#repair.begin(error);
  }

  /** A fault that is not the disk's: what is published may not be what is journaled. The next start will tell. */
  #stop(error: unknown, sealed: readonly Waiting[]): void {
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#failure = failure;
    for (const waiting of [...sealed, ...this.#queue.drain()]) waiting.reject(failure);
    this.#pending.clear();
    this.#host.fatal(failure);
  }

  #preserve(relation: Relation): void {
    for (const snapshot of this.#snapshots) snapshot.preserve(relation);
  }

  snapshot(): PublishedSnapshot {
    const snapshot = new PublishedSnapshot(this.#epoch, {
      queryBytes: Math.max(this.#cache.limit / QUERY_SHARE, LEAST_QUERY_BYTES),
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
    const all = this.#subscriptions.get(id) ?? new Set();
    this.#subscriptions.set(id, all);
    const subscription = new DeltaSubscription({
      relation: id,
      schema: relation.schema,
      progress: options.progress,
      snapshot: options.snapshot ? this.snapshot() : null,
      closed: (closed) => {
        all.delete(closed);
        if (all.size === 0 && this.#subscriptions.get(id) === all) this.#subscriptions.delete(id);
      },
    });
    all.add(subscription);
    return subscription;
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

  journal(): JournalStatus | null {
    const statistics = this.#ports.journal.statistics?.();
    return statistics === undefined ? null : {
      ...statistics, epoch: this.#epoch, lagBytes: this.#checkpointer.journalBytes, failures: this.#failures,
      failing: this.#failure?.message ?? null,
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
    if (this.#failure !== null) throw readOnly(this.#failure);
    // Law: a checkpoint is never ahead of the journal on disk. An empty epoch carries the sync.
    while (this.#unsynced || this.#checkpointer.running) {
      await (this.#unsynced ? this.#syncJournal() : this.#checkpointer.settled());
    }
    await this.#checkpointer.take(this.#epoch);
  }

  #planSync(): void {
    if (this.#syncPlanned) return;
    this.#syncPlanned = true;
    this.#host.later(UNSYNCED_MS, () => {
      this.#syncPlanned = false;
      if (!this.#unsynced || this.#failure !== null || this.#closing) return;
      // Where it fails, the journal's repair has told already.
      this.#syncJournal().catch(() => undefined);
    });
  }

  async #syncJournal(): Promise<void> {
    while (this.#pumping !== null) await this.#pumping;
    // Another one that waited may have tried and failed: the journal is being mended then.
    if (this.#failure !== null) throw readOnly(this.#failure);
    if (!this.#unsynced) return;
    this.#pumping = this.#runEpoch([]).finally(() => {
      this.#pumping = null;
      if (this.#queue.length > 0) this.#wake();
    });
    await this.#pumping;
    if (this.#failure !== null) throw readOnly(this.#failure);
  }

  async close(): Promise<void> {
    this.#closing = true;
    while (this.#pumping !== null) await this.#pumping;
    await this.#repair.stop();
    for (const subscriptions of [...this.#subscriptions.values()]) {
      for (const subscription of [...subscriptions]) subscription.end(shuttingDown());
    }
    const saving = this.#failure === null && this.#options.checkpointBytes !== Infinity;
    const saved = saving ? await Promise.allSettled([this.checkpoint()]) : [];
    await this.#checkpointer.settled();
    // What cannot be closed as it should does not keep the folder from others.
    const closed = await Promise.allSettled([this.#ports.journal.close(), this.#ports.store.close()]);
    this.#ports.pageFile?.close();
    for (const outcome of [...saved, ...closed]) if (outcome.status === 'rejected') throw outcome.reason;
  }
}
