// LevelStore: checkpoints of state pages as blocks in LevelDB; the only file that knows `level`.
import { Level } from 'level';
import { corrupt } from '../engine/data/bytes.ts';
import { DatabaseError } from '../engine/data/error.ts';
import { toEpoch } from '../engine/data/time.ts';
import type { CheckpointMeta, PageImage, StateStore } from '../engine/state/ports.ts';
import { decodeBlock, encodeBlock } from './block.ts';
import { crc32c } from './crc32c.ts';
import { BEGUN_KEY, META_KEY, PAGE_RANGE, pageKey, parsePageKey, stateRange } from './key-space.ts';
import { storageError } from './storage-error.ts';

/** Writes go in synchronous batches of about this size. */
const BATCH_BYTES = 4 << 20;
/** Blocks being compressed at a time; the journal needs the other threads of the pool. */
const IN_FLIGHT = 2;
/** Blocks being decompressed at a time. */
const READ_AHEAD = 3;
const META_HEADER = 20;
const GONE = new Uint8Array(0);

type Database = Level<Uint8Array, Uint8Array>;
type Write =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

interface Current {
  /** Of the checkpoint, 0 for an empty store. */
  readonly number: number;
  readonly meta: CheckpointMeta | null;
}

export class LevelStore implements StateStore {
  readonly #path: string;
  readonly #log: (message: string) => void;
  #database: Database;
  #current: Current;
  /** Current version by page, of the states seen so far; says which key a new version supersedes. */
  #versions = new Map<string, Map<number, number>>();
  /** Superseded keys to remove. */
  #stale: Uint8Array[] = [];
  #failure: DatabaseError | null = null;
  #closed = false;

  private constructor(path: string, log: (message: string) => void, database: Database, current: Current) {
    this.#path = path;
    this.#log = log;
    this.#database = database;
    this.#current = current;
  }

  /** Opens, or creates an empty one (not power-safe: see `openStorage`). F0001 when another process has it open. */
  static async open(path: string, log: (message: string) => void): Promise<LevelStore> {
    const database = await openDatabase(path);
    try {
      return new LevelStore(path, log, database, await readCurrent(database));
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  async current(): Promise<CheckpointMeta | null> {
    return this.#current.meta;
  }

  async checkpoint(pages: Iterable<PageImage>, dropped: readonly string[], meta: CheckpointMeta): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    try {
      await this.#checkpoint(pages, dropped, meta);
    } catch (error) {
      const failure = storageError(error, 'could not write a checkpoint');
      await this.#reopen(failure);
      throw failure;
    }
    await this.#sweep();
  }

  async #checkpoint(pages: Iterable<PageImage>, dropped: readonly string[], meta: CheckpointMeta): Promise<void> {
    const version = this.#current.number + 1;
    const stale: Uint8Array[] = [];
    const changes = new Map<string, Map<number, number>>();
    const writer = new BatchWriter(this.#database);
    writer.put(BEGUN_KEY, numberBytes(version));
    for (const state of dropped) {
      const gone = new Map<number, number>();
      for (const page of (await this.#versionsOf(state)).keys()) {
        gone.set(page, 0);
        writer.put(pageKey({ state, page, version }), GONE);
      }
      changes.set(state, gone);
    }
    for (const { state, page, batch } of pages) {
      await this.#versionsOf(state);
      const changed = changes.get(state) ?? new Map<number, number>();
      changes.set(state, changed.set(page, batch === null ? 0 : version));
      const key = pageKey({ state, page, version });
      if (batch === null) writer.put(key, GONE);
      else await writer.block(key, encodeBlock(batch));
    }
    await writer.flush();
    await this.#database.put(META_KEY, encodeMeta(version, meta), { sync: true });
    for (const [state, changed] of changes) this.#supersede({ state, changed, version, stale });
    this.#current = { number: version, meta };
    this.#stale.push(...stale);
  }

  /** Notes what the new checkpoint's versions replace. */
  #supersede(change: {
    readonly state: string; readonly changed: ReadonlyMap<number, number>; readonly version: number;
    readonly stale: Uint8Array[];
  }): void {
    const { state, changed, version, stale } = change;
    const versions = this.#versions.get(state) ?? new Map<number, number>();
    for (const [page, now] of changed) {
      const before = versions.get(page);
      if (before !== undefined) stale.push(pageKey({ state, page, version: before }));
      if (now === 0) {
        stale.push(pageKey({ state, page, version }));
        versions.delete(page);
      } else versions.set(page, now);
    }
    if (versions.size > 0) this.#versions.set(state, versions);
  }

  /** Removes superseded versions; what fails is found again at the next open. */
  async #sweep(): Promise<void> {
    const keys = this.#stale;
    this.#stale = [];
    try {
      // Ascending: an older version goes no later than the tombstone that hides it.
      await this.#database.batch(keys.map((key) => ({ type: 'del', key })), { sync: false });
    } catch (error) {
      await this.#reopen(storageError(error, 'could not remove old pages'));
    }
  }

  /** Decodes a few blocks ahead of the one asked for, on the threads that decompression uses. */
  async *pages(state: string): AsyncIterable<PageImage> {
    const versions = await this.#versionsOf(state);
    const ahead: Promise<PageImage>[] = [];
    for await (const [key, value] of this.#database.iterator(stateRange(state))) {
      const { page, version } = parsePageKey(key);
      if (versions.get(page) !== version) continue;
      const image = this.#decode(value, state, page).then((batch) => ({ state, page, batch }));
      // A reader that stops early leaves it without a listener.
      image.catch(() => {});
      ahead.push(image);
      const first = ahead.length > READ_AHEAD ? ahead.shift() : undefined;
      if (first !== undefined) yield await first;
    }
    for (const image of ahead) yield await image;
  }

  async #decode(block: Uint8Array, state: string, page: number): Promise<PageImage['batch']> {
    try {
      return await decodeBlock(block);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new DatabaseError(error instanceof DatabaseError ? error.code : 'XX001',
        `page ${page} of state "${state}" in "${this.#path}": ${reason}`, { cause: error });
    }
  }

  /** Reads the keys of a state once. */
  async #versionsOf(state: string): Promise<Map<number, number>> {
    const known = this.#versions.get(state);
    if (known !== undefined) return known;
    const versions = new Map<number, number>();
    const current = this.#current.number;
    const gone = new Map<number, Uint8Array>();
    for await (const [key, value] of this.#database.iterator(stateRange(state))) {
      const { page, version } = parsePageKey(key);
      if (version > current) continue;
      const before = versions.get(page);
      if (before !== undefined) this.#stale.push(pageKey({ state, page, version: before }));
      versions.set(page, version);
      if (value.length === 0) gone.set(page, key);
      else gone.delete(page);
    }
    for (const [page, key] of gone) {
      versions.delete(page);
      this.#stale.push(key);
    }
    this.#versions.set(state, versions);
    return versions;
  }

  /**
   * Why: after a failed write LevelDB goes on acknowledging into a misaligned log. Only a fresh open tells what is on
   * disk; it must still hold the checkpoint we know.
   */
  async #reopen(cause: DatabaseError): Promise<void> {
    if (this.#closed) return;
    this.#log(`${cause.message}; reopening the state store`);
    try {
      await this.#database.close();
      this.#database = await openDatabase(this.#path);
      const current = await readCurrent(this.#database);
      const expected = this.#current.number;
      // The write of the meta record may have failed after it was on disk.
      if (current.number !== expected && current.number !== expected + 1) {
        throw corrupt(`the state store holds checkpoint ${current.number} where ${expected} was written`);
      }
      this.#current = current;
      this.#versions = new Map();
      this.#stale = [];
    } catch (error) {
      this.#failure = storageError(error, 'could not reopen the state store');
      this.#log(this.#failure.message);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#database.close();
  }
}

/** Collects writes into large synchronous batches while blocks are compressed. */
class BatchWriter {
  readonly #database: Database;
  #writes: Write[] = [];
  #bytes = 0;
  readonly #pending: { readonly key: Uint8Array; readonly block: Promise<Uint8Array> }[] = [];

  constructor(database: Database) {
    this.#database = database;
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
    this.#writes = [];
    this.#bytes = 0;
    if (writes.length > 0) await this.#database.batch(writes, { sync: true });
  }
}

async function openDatabase(path: string): Promise<Database> {
  // Blocks are compressed already, and a page is read as a whole.
  const options = { keyEncoding: 'view', valueEncoding: 'view', compression: false, writeBufferSize: 16 << 20 };
  const database: Database = new Level(path, options);
  try {
    await database.open();
    return database;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED') {
      throw new DatabaseError('F0001', `data folder "${path}" is in use`, {
        hint: 'Is another millrace running on it?', cause: error,
      });
    }
    throw storageError(cause ?? error, `could not open the state store "${path}"`);
  }
}

function numberBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

function encodeMeta(number: number, meta: CheckpointMeta): Uint8Array {
  const out = new Uint8Array(META_HEADER + meta.bytes.length);
  out.set(numberBytes(number), 0);
  out.set(numberBytes(meta.epoch), 8);
  out.set(meta.bytes, META_HEADER);
  const view = new DataView(out.buffer);
  view.setUint32(16, crc32c(meta.bytes, crc32c(out.subarray(0, 16))));
  return out;
}

function decodeMeta(bytes: Uint8Array): Current {
  if (bytes.length < META_HEADER) throw corrupt('the checkpoint record of the state store');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const meta = bytes.slice(META_HEADER);
  if (view.getUint32(16) !== crc32c(meta, crc32c(bytes.subarray(0, 16)))) {
    throw corrupt('the checkpoint record of the state store has a bad checksum');
  }
  const epoch = toEpoch(Number(view.getBigUint64(8)));
  return { number: Number(view.getBigUint64(0)), meta: { epoch, bytes: meta } };
}

/** The current checkpoint; what a later one left unfinished is removed first. */
async function readCurrent(database: Database): Promise<Current> {
  const meta = await database.get(META_KEY);
  const current = meta === undefined ? { number: 0, meta: null } : decodeMeta(meta);
  const begun = await database.get(BEGUN_KEY);
  if (begun === undefined) return current;
  const view = new DataView(begun.buffer, begun.byteOffset, begun.length);
  if (Number(view.getBigUint64(0)) <= current.number) return current;
  const unfinished: Uint8Array[] = [];
  for await (const key of database.keys(PAGE_RANGE)) {
    if (parsePageKey(key).version > current.number) unfinished.push(key);
  }
  await database.batch(unfinished.map((key) => ({ type: 'del', key })), { sync: true });
  await database.put(BEGUN_KEY, numberBytes(current.number), { sync: true });
  return current;
}
