// SimulatedLevel: what storage asks of LevelDB, over the simulated files, with the weaknesses that were measured of LevelDB 1.20.
import { join } from 'node:path';
import { DatabaseError } from '../../engine/data/error.ts';
import { crc32c } from '../../storage/crc32c.ts';
import type { Write } from '../../storage/directory-changes.ts';
import type { FileHandle } from '../../storage/file-system.ts';
import { levelError } from '../../storage/level-database.ts';
import type { Database, DatabaseSnapshot, KeyRange } from '../../storage/level-database.ts';
import type { Faults } from './faults.ts';
import type { SimulatedFileSystem } from './file-system.ts';
import type { Scheduler } from './scheduler.ts';

/*
 * A folder: CURRENT, the number of a table and a log; `<n>.table`, all pairs as of some moment, without any checksum; `<n>.log`,
 * the batches since: u32 length, u32 CRC-32C, then the pairs. A pair: u8 1 = put, 0 = del; u32 length, key; u32 length, value.
 * As in LevelDB: what follows a bad record of the log is passed over in silence; a log that is missing is an empty one; after a
 * failed write the log is misaligned, and what is acknowledged then is not found again.
 */
const CURRENT = 'CURRENT';
const LOG_LIMIT = 24 << 10;

type Pairs = Map<string, Uint8Array>;

export interface LevelParts {
  readonly files: SimulatedFileSystem;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  /** Folders that are open. */
  readonly locks: Set<string>;
}

const nameOf = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
const keyOf = (name: string): Uint8Array => new Uint8Array(Buffer.from(name, 'latin1'));

/** As `openDatabase` of the product. */
export async function openSimulatedLevel(parts: LevelParts, path: string, mode: 'create' | 'existing'): Promise<Database> {
  if (parts.locks.has(path)) throw new DatabaseError('F0001', `data folder "${path}" is in use`);
  parts.locks.add(path);
  try {
    return await SimulatedLevel.open(parts, path, mode);
  } catch (error) {
    parts.locks.delete(path);
    throw levelError(asLevel(error, path), `could not open the state store "${path}"`);
  }
}

function encodePairs(pairs: Iterable<Write>): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const write of pairs) {
    const value = write.type === 'put' ? write.value : new Uint8Array(0);
    const head = new Uint8Array(9);
    const view = new DataView(head.buffer);
    view.setUint8(0, write.type === 'put' ? 1 : 0);
    view.setUint32(1, write.key.length);
    view.setUint32(5, value.length);
    pieces.push(head, write.key, value);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

function decodePairs(bytes: Uint8Array, into: Pairs): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    if (at + 9 > bytes.length) throw new Error('Corruption: truncated table');
    const keyEnd = at + 9 + view.getUint32(at + 1);
    const end = keyEnd + view.getUint32(at + 5);
    if (end > bytes.length) throw new Error('Corruption: bad table');
    const name = nameOf(bytes.subarray(at + 9, keyEnd));
    if (view.getUint8(at) === 1) into.set(name, bytes.slice(keyEnd, end));
    else into.delete(name);
    at = end;
  }
}

class SimulatedLevel implements Database {
  readonly #parts: LevelParts;
  readonly #path: string;
  #pairs: Pairs = new Map();
  #number = 0;
  #log: FileHandle | null = null;
  #end = 0;
  #closed = false;
  /** A failed sync or table: no write is taken any more. */
  #failed: Error | null = null;
  /** Writes go one after another. */
  #writing: Promise<unknown> = Promise.resolve();
  readonly #underway = new Set<Promise<unknown>>();
  readonly #snapshots = new Map<DatabaseSnapshot, Pairs>();

  private constructor(parts: LevelParts, path: string) {
    this.#parts = parts;
    this.#path = path;
  }

  static async open(parts: LevelParts, path: string, mode: 'create' | 'existing'): Promise<Database> {
    const level = new SimulatedLevel(parts, path);
    await level.#recover(mode);
    return level;
  }

  #file(kind: 'table' | 'log', number = this.#number): string {
    return join(this.#path, `${String(number).padStart(6, '0')}.${kind}`);
  }

  async #recover(mode: 'create' | 'existing'): Promise<void> {
    const { files } = this.#parts;
    const current = join(this.#path, CURRENT);
    if (await files.exists(current)) {
      const text = new TextDecoder().decode(await files.readFile(current));
      if (!/^\d{6}\n$/.test(text)) throw new Error('Corruption: CURRENT file does not end with newline');
      this.#number = Number(text);
      const table = this.#file('table');
      if (!await files.exists(table)) throw new Error('Corruption: 1 missing files');
      decodePairs(await files.readFile(table), this.#pairs);
      if (await files.exists(this.#file('log'))) this.#replay(await files.readFile(this.#file('log')));
    } else {
      if (mode === 'existing') throw new Error(`Invalid argument: ${this.#path}: does not exist (create_if_missing is false)`);
      await files.makeFolder(this.#path);
    }
    await this.#rotate();
  }

  #replay(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + 8 <= bytes.length;) {
      const end = at + 8 + view.getUint32(at);
      if (end > bytes.length || end === at + 8) return;
      const record = bytes.subarray(at + 8, end);
      if (crc32c(record) !== view.getUint32(at + 4)) return;
      decodePairs(record, this.#pairs);
      at = end;
    }
  }

  /** All pairs as a table of its own, a new log, then CURRENT; what was before goes. */
  async #rotate(): Promise<void> {
    const { files } = this.#parts;
    const before = this.#number;
    const number = before + 1;
    for (const kind of ['table', 'log'] as const) {
      if (await files.exists(this.#file(kind, number))) await files.remove(this.#file(kind, number));
    }
    const pairs = [...this.#pairs].map(([name, value]): Write => ({ type: 'put', key: keyOf(name), value }));
    await this.#whole(this.#file('table', number), encodePairs(pairs));
    const log = await files.open(this.#file('log', number), 'create');
    const fresh = join(this.#path, 'CURRENT.new');
    try {
      if (await files.exists(fresh)) await files.remove(fresh);
      await this.#whole(fresh, new TextEncoder().encode(`${String(number).padStart(6, '0')}\n`));
      await files.syncFolder(this.#path);
      await files.rename(fresh, join(this.#path, CURRENT));
      await files.syncFolder(this.#path);
    } catch (error) {
      await log.close();
      throw error;
    }
    await this.#log?.close();
    this.#log = log;
    this.#end = 0;
    this.#number = number;
    for (const kind of ['table', 'log'] as const) {
      // Leftovers do no harm.
      await files.remove(this.#file(kind, before)).catch(() => undefined);
    }
  }

  async #whole(path: string, bytes: Uint8Array): Promise<void> {
    const file = await this.#parts.files.open(path, 'create');
    try {
      await file.write([bytes], 0);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** Runs a call while the database is open; `close` waits for it. */
  async #during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw notOpen();
    const done = work();
    this.#underway.add(done);
    try {
      return await done;
    } finally {
      this.#underway.delete(done);
    }
  }

  get(key: Uint8Array, options?: { readonly snapshot: DatabaseSnapshot }): Promise<Uint8Array | undefined> {
    return this.#during(async () => {
      const pairs = this.#of(options?.snapshot);
      await this.#parts.scheduler.turn('level');
      this.#check('levelRead');
      return pairs.get(nameOf(key))?.slice();
    });
  }

  #of(snapshot: DatabaseSnapshot | undefined): Pairs {
    if (snapshot === undefined) return this.#pairs;
    const pairs = this.#snapshots.get(snapshot);
    if (pairs === undefined) throw Object.assign(new Error('Snapshot is not open'), { code: 'LEVEL_SNAPSHOT_NOT_OPEN' });
    return pairs;
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    if (this.#closed) throw notOpen();
    this.#check('levelRead');
    return this.#pairs.get(nameOf(key))?.slice();
  }

  #check(call: 'levelRead' | 'levelWrite'): void {
    const code = this.#parts.faults.next(call);
    if (code !== null) throw ioError(code, this.#path);
  }

  put(key: Uint8Array, value: Uint8Array, options: { readonly sync: boolean }): Promise<void> {
    return this.batch([{ type: 'put', key, value }], options);
  }

  batch(given: Iterable<Write>, options: { readonly sync: boolean }): Promise<void> {
    const writes = [...given];
    return this.#during(() => {
      const done = this.#writing.then(() => this.#append(writes, options.sync));
      this.#writing = done.catch(() => undefined);
      return done;
    });
  }

  async #append(writes: readonly Write[], sync: boolean): Promise<void> {
    if (this.#failed !== null) throw this.#failed;
    if (this.#log === null) throw notOpen();
    if (writes.length === 0) return;
    const body = encodePairs(writes);
    const head = new Uint8Array(8);
    const view = new DataView(head.buffer);
    view.setUint32(0, body.length);
    view.setUint32(4, crc32c(body));
    try {
      this.#check('levelWrite');
      await this.#log.write([head, body], this.#end);
      this.#end += 8 + body.length;
    } catch (error) {
      // A hole: what follows is not found.
      this.#end += 16 + body.length;
      throw asLevel(error, this.#path);
    }
    if (sync) {
      try {
        await this.#log.datasync();
      } catch (error) {
        this.#failed = asLevel(error, this.#path);
        throw this.#failed;
      }
    }
    for (const write of writes) {
      if (write.type === 'put') this.#pairs.set(nameOf(write.key), write.value.slice());
      else this.#pairs.delete(nameOf(write.key));
    }
    if (this.#end > LOG_LIMIT) {
      await this.#rotate().catch((error: unknown) => {
        this.#failed = asLevel(error, this.#path);
      });
    }
  }

  async *iterator(range: KeyRange): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
    if (this.#closed) throw notOpen();
    const from = nameOf(range.gte);
    const to = nameOf(range.lt);
    // As of the call: values are never changed in place.
    const found = [...this.#pairs].filter(([name]) => name >= from && name < to).toSorted(([a], [b]) => (a < b ? -1 : 1));
    for (const [i, [name, value]] of found.entries()) {
      if (i % 8 === 0) await this.#parts.scheduler.turn('level');
      if (this.#closed) throw Object.assign(new Error('Iterator is not open'), { code: 'LEVEL_ITERATOR_NOT_OPEN' });
      if (i % 8 === 0) this.#check('levelRead');
      yield [keyOf(name), value.slice()];
    }
  }

  async *keys(range: KeyRange): AsyncGenerator<Uint8Array> {
    for await (const [key] of this.iterator(range)) yield key;
  }

  snapshot(): DatabaseSnapshot {
    if (this.#closed) throw notOpen();
    const snapshot: DatabaseSnapshot = {
      close: async () => void this.#snapshots.delete(snapshot),
    };
    this.#snapshots.set(snapshot, new Map(this.#pairs));
    return snapshot;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#underway);
    this.#snapshots.clear();
    await this.#log?.close();
    this.#log = null;
    this.#parts.locks.delete(this.#path);
  }
}

function notOpen(): Error {
  return Object.assign(new Error('Database is not open'), { code: 'LEVEL_DATABASE_NOT_OPEN' });
}

/** As LevelDB says it: the system's code is gone, its words are there. */
function ioError(code: string, path: string): Error {
  const words = code === 'ENOSPC' ? 'No space left on device' : code === 'EMFILE' ? 'Too many open files' : 'Input/output error';
  return Object.assign(new Error(`IO error: ${path}: ${words}`), { code: 'LEVEL_IO_ERROR' });
}

function asLevel(error: unknown, path: string): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('E') ? ioError(error.code, path) : error;
}
