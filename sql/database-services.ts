// DatabaseServices: what sessions share: commits and their order, locks, OIDs, notifications, each other.
import type { DatabaseError } from '../engine/data/error.ts';
import type { Epoch } from '../engine/data/time.ts';
import type { FunctionRegistry } from '../engine/function/registry.ts';
import type { SourceConnector } from '../engine/runtime/connector.ts';
import type { QueryMemory, Runtime } from '../engine/runtime/contract.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { SequenceState } from './catalog/codec.ts';
import { encodeRecord } from './catalog/codec.ts';
import type { CatalogState } from './catalog-state.ts';
import { LockTable } from './lock-table.ts';
import type { Pause } from '../storage/pause.ts';
import type { CommitRequest, Notification, Peer, ReadPoint, Services } from './services.ts';
import { OpenTransactions } from './write-conflict.ts';
import type { SequenceStore } from './sequence-store.ts';

export interface ServiceParts {
  readonly catalog: CatalogState;
  readonly runtime: Runtime;
  readonly functions: FunctionRegistry;
  readonly connectors: readonly SourceConnector[];
  readonly backup: Services['backup'];
  log(message: string): void;
  /** The largest that the process's heap may become. */
  readonly heapBytes: number;
  now(): bigint;
  random(): number;
  startSlices(): Pause;
  terminate(processId: number, error: DatabaseError): boolean;
}

interface LastChange {
  any: number;
  rewrite: number;
}

export class DatabaseServices implements Services {
  readonly runtime: Runtime;
  readonly locks = new LockTable();
  readonly objectMemory: QueryMemory;
  readonly open = new OpenTransactions();
  readonly functions: FunctionRegistry;
  readonly connectors: readonly SourceConnector[];
  readonly backup: Services['backup'];
  readonly startTime: bigint;
  /** Called after commits that changed the catalog. */
  onCatalogChange: () => void = () => {};
  readonly #parts: ServiceParts;
  readonly #sessions = new Map<number, Peer>();
  readonly #lastChange = new Map<number, LastChange>();
  #nextOid: number;
  #journaling: Promise<Epoch> | null = null;
  /** Transaction numbers need only differ while the server runs. */
  #nextTransaction = 1000;
  /** Number of the last commit queued, and of the last one published. */
  #queued = 0;
  #published = 0;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
    this.runtime = parts.runtime;
    this.functions = parts.functions;
    this.connectors = parts.connectors;
    this.backup = parts.backup;
    this.startTime = parts.now();
    this.objectMemory = { most: parts.heapBytes / 8, mostOfAll: parts.heapBytes / 4, held: 0 };
    this.#nextOid = parts.catalog.current.nextOid;
    parts.catalog.logSequences = (states) => this.#logSequences(states);
  }

  get catalog(): Catalog {
    return this.#parts.catalog.current;
  }

  get sequences(): SequenceStore {
    return this.#parts.catalog.sequences;
  }

  /** Is no more than one session at work? */
  get alone(): boolean {
    let active = 0;
    for (const peer of this.#sessions.values()) if (peer.active && ++active > 1) return false;
    return true;
  }

  get sequencesJournaled(): Promise<Epoch> | null {
    return this.#journaling;
  }

  get sessions(): ReadonlyMap<number, Peer> {
    return this.#sessions;
  }

  addSession(processId: number, peer: Peer): void {
    this.#sessions.set(processId, peer);
  }

  removeSession(processId: number): void {
    this.#sessions.delete(processId);
  }

  log(message: string): void {
    this.#parts.log(message);
  }

  now(): bigint {
    return this.#parts.now();
  }

  random(): number {
    return this.#parts.random();
  }

  startSlices(): Pause {
    return this.#parts.startSlices();
  }

  allocateOid(): number {
    this.#nextOid = Math.max(this.#nextOid, this.catalog.nextOid);
    return this.#nextOid++;
  }

  nextTransactionId(): number {
    return this.#nextTransaction++;
  }

  commit(request: CommitRequest): Promise<Epoch> {
    const catalog = request.catalog.length === 0 ? null : encodeRecord({ changes: request.catalog, sequences: [] });
    const { changes, counted, sync, writer, durable } = request;
    const done = this.runtime.commit({ changes, counted, catalog, offsets: [], sync, writer: writer ?? 0, durable });
    const sequence = ++this.#queued;
    for (const { relation, delta } of changes) {
      this.noteChange(relation, sequence, delta.weights.some((w) => w < 0));
    }
    return done.then((epoch) => {
      this.#published = Math.max(this.#published, sequence);
      if (catalog !== null) this.onCatalogChange();
      return epoch;
    });
  }

  /** A source's batch was queued. */
  noteSource(relation: number, done: Promise<Epoch>): void {
    const sequence = ++this.#queued;
    this.noteChange(relation, sequence, false);
    done.then(() => {
      this.#published = Math.max(this.#published, sequence);
    }, () => undefined);
  }

  noteChange(relation: number, sequence: number, rewrite: boolean): void {
    const last = this.#lastChange.get(relation) ?? { any: 0, rewrite: 0 };
    last.any = sequence;
    if (rewrite) last.rewrite = sequence;
    this.#lastChange.set(relation, last);
  }

  get queued(): number {
    return this.#queued;
  }

  readPoint(): ReadPoint {
    return { snapshot: this.runtime.snapshot(), sequence: this.#published };
  }

  async settled(): Promise<void> {
    if (this.#published < this.#queued) await this.runtime.commit({ changes: [], catalog: null, offsets: [], sync: true });
  }

  changedSince(relation: number, sequence: number, how: 'any' | 'rewrite'): boolean {
    const entry = this.catalog.get(relation);
    if (entry?.kind === 'materialized-view' || entry?.kind === 'view') {
      return entry.dependencies.some((d) => this.changedSince(d.oid, sequence, how));
    }
    const last = this.#lastChange.get(relation);
    return last !== undefined && last[how] > sequence;
  }

  get untaken(): number {
    let waiting = 0;
    for (const peer of this.#sessions.values()) waiting += peer.backlog;
    return waiting;
  }

  publish(notification: Notification): void {
    for (const peer of this.#sessions.values()) if (peer.listensTo(notification.channel)) peer.notify(notification);
  }

  terminate(processId: number, error: DatabaseError): boolean {
    return this.#parts.terminate(processId, error);
  }

  /** Queued before the transaction that uses the values, so never lost without it. */
  #logSequences(states: readonly SequenceState[]): void {
    const catalog = encodeRecord({ changes: [], sequences: states });
    const done = this.runtime.commit({ changes: [], catalog, offsets: [], sync: true });
    this.#journaling = done;
    done.catch((error: unknown) => {
      this.sequences.forgetReserves();
      this.log(`sequence values could not be journaled: ${String(error)}`);
    }).finally(() => {
      if (this.#journaling === done) this.#journaling = null;
    });
  }
}
