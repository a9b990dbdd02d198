// LevelDB's database: how it is opened, written in large batches, and what its errors mean; the only file that knows `level`.
import { Level } from 'level';
import { DatabaseError } from '../engine/data/error.ts';
import type { Write } from './directory-changes.ts';
import { pause } from './pause.ts';
import { storageError } from './storage-error.ts';

/** LevelDB's words for files that are missing, too short ("Invalid argument") or not as they were written. */
const DAMAGE = /corrupt|does not exist|No such file|missing files|no meta-|not an sstable|CURRENT|Invalid argument/i;
/** The system's errors, as LevelDB words them. */
const SYSTEM = /No space left on device|Disk quota exceeded|Too many open files|Input\/output error/;
/** Writes go in synchronous batches of about this size. */
const BATCH_BYTES = 4 << 20;
/** Blocks being compressed at a time; the journal needs the other threads of the pool. */
const IN_FLIGHT = 2;

/** A moment of a database, readable until it is closed. */
export interface DatabaseSnapshot {
  close(): Promise<void>;
}

/** Keys from `gte` up to, not including, `lt`. */
export interface KeyRange {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
}

/**
 * What is asked of LevelDB. Contract, as measured of 1.20: a batch is all or nothing; with `sync` it is on disk on return, and
 * all before it; without, the last ones may be lost together. After a write has failed later ones are acknowledged and lost:
 * only opening it anew tells what is there. Damage is not always noticed.
 */
export interface Database {
  get(key: Uint8Array, options?: { readonly snapshot: DatabaseSnapshot }): Promise<Uint8Array | undefined>;
  getSync(key: Uint8Array): Uint8Array | undefined;
  put(key: Uint8Array, value: Uint8Array, options: { readonly sync: boolean }): Promise<void>;
  batch(writes: Iterable<Write>, options: { readonly sync: boolean }): Promise<void>;
  /** In the order of keys, as of the call. */
  iterator(range: KeyRange): AsyncIterable<readonly [Uint8Array, Uint8Array]>;
  keys(range: KeyRange): AsyncIterable<Uint8Array>;
  snapshot(): DatabaseSnapshot;
  /** Calls under way are finished first. */
  close(): Promise<void>;
}

/** F0001 when another process has it open, XX001 when LevelDB finds it damaged. */
export async function openDatabase(path: string, mode: 'create' | 'existing'): Promise<Database> {
  // Blocks are compressed already, and a page is read as a whole.
  const options = {
    keyEncoding: 'view', valueEncoding: 'view', compression: false, writeBufferSize: 16 << 20,
    createIfMissing: mode === 'create',
  };
  const database = new Level<Uint8Array, Uint8Array>(path, options);
  try {
    await database.open();
    return new LevelDatabase(database);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED') {
      throw new DatabaseError('F0001', `data folder "${path}" is in use`, {
        hint: 'Is another millrace running on it?', cause: error,
      });
    }
    throw levelError(cause ?? error, `could not open the state store "${path}"`);
  }
}

class LevelDatabase implements Database {
  readonly #level: Level<Uint8Array, Uint8Array>;
  readonly #reads: Pick<Database, 'get' | 'iterator' | 'keys' | 'snapshot'>;

  constructor(level: Level<Uint8Array, Uint8Array>) {
    this.#level = level;
    this.#reads = level;
  }

  get(key: Uint8Array, options?: { readonly snapshot: DatabaseSnapshot }): Promise<Uint8Array | undefined> {
    return options === undefined ? this.#reads.get(key) : this.#reads.get(key, options);
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    return this.#level.getSync(key);
  }

  put(key: Uint8Array, value: Uint8Array, options: { readonly sync: boolean }): Promise<void> {
    return this.#level.put(key, value, options);
  }

  /** Why a chained batch: its writes are copied one by one, and other work comes in between. */
  async batch(writes: Iterable<Write>, options: { readonly sync: boolean }): Promise<void> {
    const batch = this.#level.batch();
    try {
      for (const write of writes) {
        if (write.type === 'put') batch.put(write.key, write.value);
        else batch.del(write.key);
        await pause();
      }
    } catch (error) {
      await batch.close();
      throw error;
    }
    await batch.write(options);
  }

  iterator(range: KeyRange): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    return this.#reads.iterator(range);
  }

  keys(range: KeyRange): AsyncIterable<Uint8Array> {
    return this.#reads.keys(range);
  }

  snapshot(): DatabaseSnapshot {
    return this.#reads.snapshot();
  }

  close(): Promise<void> {
    return this.#level.close();
  }
}

/** XX001 for what LevelDB finds damaged; else as `storageError`. */
export function levelError(error: unknown, what: string): DatabaseError {
  const failure = storageError(error, what);
  if (error instanceof DatabaseError || !(error instanceof Error)) return failure;
  // The name of a file that cannot be read for want of something else does not make it a damaged one.
  const damage = DAMAGE.test(error.message) && !SYSTEM.test(error.message);
  return damage ? new DatabaseError('XX001', failure.message, { cause: error }) : failure;
}

/** Collects writes into large synchronous batches while blocks are compressed. */
export class BatchWriter {
  readonly #database: Database;
  readonly #written: (bytes: number) => void;
  #writes: Write[] = [];
  #bytes = 0;
  readonly #pending: { readonly key: Uint8Array; readonly block: Promise<Uint8Array> }[] = [];

  constructor(database: Database, written: (bytes: number) => void) {
    this.#database = database;
    this.#written = written;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#writes.push({ type: 'put', key, value });
    this.#bytes += key.length + value.length;
  }

  async block(key: Uint8Array, block: Promise<Uint8Array>): Promise<void> {
    // An earlier failure must not leave this promise without a listener.
    block.catch(() => {});
    this.#pending.push({ key, block });
    if (this.#pending.length >= IN_FLIGHT) await this.#settle();
    if (this.#bytes >= BATCH_BYTES) await this.#write();
  }

  async flush(): Promise<void> {
    while (this.#pending.length > 0) await this.#settle();
    await this.#write();
  }

  async #settle(): Promise<void> {
    const next = this.#pending.shift();
    if (next !== undefined) this.put(next.key, await next.block);
  }

  async #write(): Promise<void> {
    const writes = this.#writes;
    this.#written(this.#bytes);
    this.#writes = [];
    this.#bytes = 0;
    if (writes.length > 0) await this.#database.batch(writes, { sync: true });
  }
}
