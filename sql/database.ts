// Database: composition and life cycle: storage, runtime, catalog, sessions, connectors; open, recover, connect, close.
import { DatabaseError } from '../engine/data/error.ts';
import { ENGINE_FUNCTIONS } from '../engine/function/registry.ts';
import type { SourceConnector } from '../engine/runtime/connector.ts';
import type { Runtime, RuntimeHost } from '../engine/runtime/contract.ts';
import { MillraceRuntime } from '../engine/runtime/runtime.ts';
import { defaultStateMemory, heapBytes, openStorage } from '../storage/index.ts';
import type { StorageOptions } from '../storage/index.ts';
import { CatalogState } from './catalog-state.ts';
import { HOST_FUNCTIONS } from './catalog/functions.ts';
import { SYSTEM_RELATIONS } from './catalog/system/index.ts';
import { startSlices } from '../storage/pause.ts';
import type { Pause } from '../storage/pause.ts';
import { DatabaseServices } from './database-services.ts';
import { loadParser } from './parser/parse.ts';
import { Catalog } from './catalog/catalog.ts';
import { ServerSession } from './session.ts';
import { DATABASE_NAMES } from './session-state.ts';
import type { Session, SessionOptions } from './session-api.ts';
import { dropLeftovers } from './temporary.ts';
import { SourceRunner } from './source-runner.ts';
import { viewContext } from './view-context.ts';

export interface DatabaseOptions {
  /** A data folder, or ':memory:'. */
  readonly data: string;
  readonly connectors?: readonly SourceConnector[];
  readonly log?: (message: string) => void;
  /** Ends another session's connection; false when there is none. */
  readonly terminate?: (processId: number, error: DatabaseError) => boolean;
  /** A fault after which nothing can be acknowledged any more. */
  readonly fatal?: (error: Error) => void;
  /** µs since 1970 UTC. */
  readonly now?: () => bigint;
  readonly random?: () => number;
  /** Journal bytes between checkpoints; for tests. */
  readonly checkpointBytes?: number;
  /** Bytes of a journal segment; for tests. */
  readonly segmentBytes?: number;
  /** Zeros are written ahead of the journal in portions of this size; for tests. */
  readonly aheadBytes?: number;
  /** Parts of the machine that are another's, its files for one; for tests. */
  readonly machine?: Omit<StorageOptions, 'log' | 'segmentBytes' | 'aheadBytes'>;
  /** How work is postponed; for tests. */
  readonly schedule?: Schedule;
  /** µs for which past moments can be read with AS OF; by default none are kept. */
  readonly history?: bigint;
  /** Bytes on the disk below which what adds data is refused; by default 64 MB, or a sixteenth of a small disk. */
  readonly minFreeBytes?: number;
  /** Bytes of memory for state; by default half of what the machine, or the process's group, has. */
  readonly memoryBytes?: number;
}

/** How work is postponed, and cut into turns with other work. */
export type Schedule = Pick<RuntimeHost, 'defer' | 'later'> & Pick<DatabaseServices, 'startSlices'>;

/** How a user proves who they are. */
export type Authentication =
  | { readonly kind: 'trust' }
  | { readonly kind: 'scram'; readonly verifier: string }
  | { readonly kind: 'unknown' };

export class Database {
  readonly #services: DatabaseServices;
  readonly #runtime: Runtime;
  readonly #catalog: CatalogState;
  readonly #sources: SourceRunner;
  readonly #sessions = new Set<ServerSession>();
  #closing: Promise<void> | null = null;

  /** Use openDatabase. */
  constructor(parts: {
    readonly services: DatabaseServices; readonly runtime: Runtime; readonly catalog: CatalogState;
    readonly sources: SourceRunner;
  }) {
    this.#services = parts.services;
    this.#runtime = parts.runtime;
    this.#catalog = parts.catalog;
    this.#sources = parts.sources;
  }

  authenticate(user: string): Authentication {
    const role = this.#services.catalog.role(user);
    if (role === null) {
      // With no password anywhere there is nothing to protect: the session says that the role is unknown.
      const guarded = [...this.#services.catalog.roles()].some((r) => r.password !== null);
      return guarded ? { kind: 'unknown' } : { kind: 'trust' };
    }
    return role.password === null ? { kind: 'trust' } : { kind: 'scram', verifier: role.password };
  }

  /** Throws what the client is to be told as FATAL: 28000, 3D000, 57P03, a bad startup parameter. */
  connect(options: SessionOptions): Session {
    if (this.#closing !== null) throw new DatabaseError('57P03', 'the database system is shutting down');
    if (!DATABASE_NAMES.includes(options.database)) {
      throw new DatabaseError('3D000', `database "${options.database}" does not exist`);
    }
    const session = new ServerSession(this.#services, options, () => {
      this.#services.removeSession(options.processId);
      this.#sessions.delete(session);
    });
    this.#sessions.add(session);
    this.#services.addSession(options.processId, session);
    return session;
  }

  async checkpoint(): Promise<void> {
    await this.#runtime.checkpoint();
  }

  /** Ends sessions and sources, finishes what is queued, checkpoints. Safe to call twice. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await this.#sources.stop();
    for (const session of this.#sessions) await session.close();
    this.#catalog.exactSequences = true;
    await this.#runtime.close();
  }
}

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  await loadParser();
  const log = options.log ?? (() => {});
  const now = options.now ?? (() => BigInt(Date.now()) * 1000n);
  const storage = await openStorage(options.data, {
    log, ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
    ...(options.aheadBytes === undefined ? {} : { aheadBytes: options.aheadBytes }), ...options.machine,
    ...(options.minFreeBytes === undefined ? {} : { minFreeBytes: options.minFreeBytes }),
  });
  const schedule = options.schedule ?? NODE_SCHEDULE;
  const functions = ENGINE_FUNCTIONS.with(HOST_FUNCTIONS);
  const catalog = new CatalogState(Catalog.initial(SYSTEM_RELATIONS), functions);
  let services: DatabaseServices | null = null;
  const host = (runtime: Runtime): RuntimeHost => {
    catalog.attach(runtime);
    return {
      applyCatalog: (bytes) => catalog.apply(bytes),
      saveCatalog: () => catalog.save(),
      restoreCatalog: (bytes) => catalog.restore(bytes),
      now,
      evalContext: () => viewContext(catalog.current, catalog.functions),
      alone: () => services === null || services.alone,
      defer: schedule.defer, later: schedule.later,
      fatal: options.fatal ?? ((error) => log(`fatal: ${error.message}`)),
      log,
    };
  };
  const inMemory = options.data === ':memory:';
  const checkpointBytes = options.checkpointBytes ?? (inMemory ? Infinity : undefined);
  const runtime = await MillraceRuntime.open(storage, host, {
    memoryBytes: options.memoryBytes ?? defaultStateMemory(),
    ...(checkpointBytes === undefined ? {} : { checkpointBytes }),
    ...(options.history === undefined ? {} : { history: options.history }),
  }).catch(async (error: unknown) => {
    // The folder is free for another try.
    await Promise.allSettled([storage.journal.close(), storage.store.close()]);
    storage.pageFile?.close();
    throw error;
  });
  catalog.recovered();
  services = new DatabaseServices({
    catalog, runtime, functions, log, now, heapBytes: heapBytes(),
    random: options.random ?? Math.random, startSlices: schedule.startSlices,
    connectors: options.connectors ?? [], backup: storage.backup ?? null, terminate: options.terminate ?? (() => false),
  });
  await dropLeftovers(services);
  const sources = new SourceRunner({ services, runtime, log, later: schedule.later });
  const running = services;
  running.onCatalogChange = () => sources.follow(running.catalog);
  sources.follow(running.catalog);
  void warmUp(runtime, schedule.startSlices());
  return new Database({ services: running, runtime, catalog, sources });
}

/** In turns with what clients want. */
async function warmUp(runtime: Runtime, pause: Pause): Promise<void> {
  for (const _ of runtime.warm()) {
    const turn = pause();
    if (turn !== undefined) await turn;
  }
}

const NODE_SCHEDULE: Schedule = {
  startSlices,
  defer: (task) => void setImmediate(task),
  later: (milliseconds, task) => void setTimeout(task, milliseconds).unref(),
};
