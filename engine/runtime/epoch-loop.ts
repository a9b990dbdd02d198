// EpochLoop: the commits' way: seal what is queued, journal it, have it applied, acknowledge; what a failed journal stops.
import { DatabaseError } from '../data/error.ts';
import { whenThere } from '../data/soon.ts';
import type { Soon } from '../data/soon.ts';
import { toEpoch } from '../data/time.ts';
import type { Epoch } from '../data/time.ts';
import { layoutOf } from '../data/types.ts';
import type { LogicalType } from '../data/types.ts';
import type { Journal, StateStore } from '../state/ports.ts';
import { AppendQueue } from './append-queue.ts';
import type { Waiting } from './append-queue.ts';
import { commitFailed, definitionConflict, readOnly, shuttingDown } from './commit-error.ts';
import type { RuntimeHost, Transaction } from './contract.ts';
import { encodeEpochRecord } from './epoch-record.ts';
import { JournalRepair, isPassing } from './journal-repair.ts';
import type { PendingChanges } from './pending-changes.ts';
import { storeReady, untilReady } from './store-ready.ts';

export interface EpochLoopHost extends Pick<RuntimeHost, 'now' | 'defer' | 'alone' | 'later' | 'fatal' | 'log'> {
  /** What is published. */
  epoch(): Epoch;
  /** Its time, µs since 1970 UTC. */
  time(): bigint;
  /** The types of a relation's rows as journaled; null when it takes none. */
  typesOf(relation: number): readonly LogicalType[] | null;
  /** A record so long is in the journal. */
  journaled(bytes: number): void;
  /** Does what publishing would and nobody sees, while a record is on its way to the disk. */
  prepare(transactions: readonly Transaction[]): void;
  /** Applies a sealed epoch and makes it visible. Synchronous. */
  publish(epoch: Epoch, time: bigint, transactions: readonly Transaction[]): void;
  /** After each epoch of commits. */
  ended(): void;
}

const QUEUE_BYTES = 1 << 30;
/** How long what was committed without a sync may stay so: as often PostgreSQL's WAL writer looks (wal_writer_delay). */
const UNSYNCED_MS = 200;

export class EpochLoop {
  readonly #journal: Journal;
  readonly #store: StateStore;
  readonly #host: EpochLoopHost;
  readonly #pending: PendingChanges;
  readonly #repair: JournalRepair;
  readonly #queue = new AppendQueue();
  readonly #queueBytes: number;
  /** Some published epoch was written without being synced. */
  #unsynced = false;
  #syncPlanned = false;
  #running: Promise<void> | null = null;
  /** Of the last epoch, if it was one transaction; 0: of several, or of nobody. */
  #lastWriter = 0;
  #failure: Error | null = null;
  #failures = 0;
  #closing = false;

  /** `queueBytes`: queued from which on a commit is refused (53200), unless nothing is queued. */
  constructor(
    ports: { readonly journal: Journal; readonly store: StateStore }, pending: PendingChanges, host: EpochLoopHost,
    queueBytes = QUEUE_BYTES,
  ) {
    this.#journal = ports.journal;
    this.#store = ports.store;
    this.#pending = pending;
    this.#host = host;
    this.#queueBytes = queueBytes;
    this.#repair = new JournalRepair(ports.journal, {
      later: (milliseconds, task) => host.later(milliseconds, task),
      log: (message) => host.log(message),
      repaired: () => {
        this.#failure = null;
        this.#unsynced = false;
      },
      givenUp: (error) => this.#stop(error, []),
    });
  }

  /** Why nothing is taken just now, or any more. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Times that what was queued was given up. */
  get failures(): number {
    return this.#failures;
  }

  /** What is published may not all be on disk. */
  get unsynced(): boolean {
    return this.#unsynced;
  }

  get busy(): boolean {
    return this.#running !== null;
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** Throws what stands in the way of any commit. */
  requireOpen(): void {
    if (this.#failure !== null) throw readOnly(this.#failure);
    if (this.#closing) throw shuttingDown();
    if (this.#queue.length > 0 && this.#queue.bytes > this.#queueBytes) {
      throw new DatabaseError('53200', 'out of memory', { detail: 'Too much is waiting to be committed.' });
    }
  }

  /** As Runtime.commit. `bytes`: of its rows. Requires: requireOpen. */
  commit(transaction: Transaction, bytes: number): Promise<Epoch> {
    this.#pending.add(transaction);
    const done = this.#queue.push(transaction, bytes);
    this.#wake();
    return done;
  }

  /** A lone commit starts an epoch at once; what comes while it is being written goes into the next one. */
  #wake(): void {
    this.#running ??= this.#pump();
  }

  async #pump(): Promise<void> {
    try {
      while (this.#queue.length > 0 && this.#failure === null) {
        // What else has arrived is read first: commits of the same turn of the event loop share an epoch. Not for who is
        // alone: another one would show by an epoch of its own or a shared one, and then both are waited for.
        const alone = this.#queue.writer === this.#lastWriter && this.#host.alone();
        await (alone ? Promise.resolve() : new Promise<void>((resolve) => this.#host.defer(resolve)));
        await this.#runEpoch(this.#queue.seal());
        this.#host.ended();
      }
    } finally {
      this.#running = null;
    }
  }

  async #runEpoch(sealed: readonly Waiting[]): Promise<void> {
    const taken = sealed.filter((waiting) => this.#fits(waiting));
    if (taken.length > 0 || sealed.length === 0) {
      const transactions = taken.map(({ transaction }) => transaction);
      const sync = sealed.length === 0 || transactions.some((transaction) => transaction.sync);
      const epoch = toEpoch(this.#host.epoch() + 1);
      const now = this.#host.now();
      const published = this.#host.time();
      const time = now > published ? now : published;
      try {
        const ready = untilReady(this.#store);
        if (ready !== null) await ready;
        const written = this.#append(epoch, encodeEpochRecord(time, transactions), sync);
        if (written !== undefined) {
          this.#host.prepare(transactions);
          await written;
        }
      } catch (error) {
        this.#fail(error, sealed);
        return;
      }
      this.#lastWriter = taken.length === 1 ? transactions[0].writer ?? 0 : 0;
      try {
        while (untilReady(this.#store) !== null) {
          await storeReady(this.#store, (milliseconds, task) => this.#host.later(milliseconds, task));
        }
        // From here on nothing is waited for, so that nobody can see what is told and not yet visible.
        for (const { durable } of transactions) durable?.();
        this.#host.publish(epoch, time, transactions);
      } catch (error) {
        this.#stop(error, sealed);
        return;
      }
    }
    if (this.#unsynced) this.#planSync();
    this.#pending.remove(sealed.map(({ transaction }) => transaction));
    for (const waiting of taken) waiting.resolve(this.#host.epoch());
  }

  /** Refuses what DDL has overtaken: its rows could not be read back. */
  #fits(waiting: Waiting): boolean {
    const { catalog, changes } = waiting.transaction;
    for (const { relation: id, delta } of changes) {
      const types = this.#host.typesOf(id);
      if (types === null && catalog !== null) continue;
      const columns = delta.batch.columns;
      // It gives the relation the columns itself.
      if (types !== null && catalog !== null && columns.length > types.length) continue;
      const fits = types !== null && types.length === columns.length
        && types.every((type, c) => layoutOf(type) === columns[c].layout);
      if (fits) continue;
      waiting.reject(definitionConflict());
      return false;
    }
    return true;
  }

  /** Durable before visible. */
  #append(epoch: Epoch, record: readonly Uint8Array[], sync: boolean): Soon<void> {
    return whenThere(this.#journal.append(epoch, record, sync, this.#host.alone()), () => {
      this.#unsynced = !sync;
      for (const piece of record) this.#host.journaled(piece.length);
    });
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

  #planSync(): void {
    if (this.#syncPlanned) return;
    this.#syncPlanned = true;
    this.#host.later(UNSYNCED_MS, () => {
      this.#syncPlanned = false;
      if (!this.#unsynced || this.#failure !== null || this.#closing) return;
      // Where it fails, the journal's repair has told already.
      this.sync().catch(() => undefined);
    });
  }

  /** All that is published is on disk on return: an empty epoch carries the sync. Throws 25006 where it cannot be. */
  async sync(): Promise<void> {
    while (this.#running !== null) await this.#running;
    // Another one that waited may have tried and failed: the journal is being mended then.
    if (this.#failure !== null) throw readOnly(this.#failure);
    if (!this.#unsynced) return;
    await this.#emptyEpoch();
    if (this.#failure !== null) throw readOnly(this.#failure);
  }

  #emptyEpoch(): Promise<void> {
    this.#running = this.#runEpoch([]).finally(() => {
      this.#running = null;
      if (this.#queue.length > 0) this.#wake();
    });
    return this.#running;
  }

  /** What time alone changes is published on return, unless nothing is taken just now. `due`: whether it still is to be done. */
  async tick(due: () => boolean): Promise<void> {
    while (this.#running !== null) await this.#running;
    if (this.#failure === null && !this.#closing && due()) await this.#emptyEpoch();
  }

  /** Takes nothing more; what is queued is done on return. */
  async close(): Promise<void> {
    this.#closing = true;
    while (this.#running !== null) await this.#running;
    await this.#repair.stop();
  }
}
