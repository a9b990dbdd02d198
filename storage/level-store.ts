// LevelStore: checkpoints of state pages as blocks in LevelDB.
import { corrupt } from '../engine/data/bytes.ts';
import { DatabaseError } from '../engine/data/error.ts';
import type { Batch } from '../engine/data/batch.ts';
import type { CheckpointMeta, PageContent, PageImage, StateStore, StoredPage } from '../engine/state/ports.ts';
import { blockChecksum, decodeBlock, encodeBlock } from './block.ts';
import { CheckpointExport } from './checkpoint-export.ts';
import { NO_CHECKPOINT, decodeCheckpoint, encodeCheckpoint } from './checkpoint-record.ts';
import type { CheckpointRecord, Manifest } from './checkpoint-record.ts';
import {
  BEGUN_KEY, DIRECTORY_RANGE, KeyList, META_KEY, PAGE_RANGE, STALE_KEY, directoryRange, pageKey, parseDirectoryKey,
  parsePageKey,
} from './key-space.ts';
import { DirectoryChanges } from './directory-changes.ts';
import type { Directory, Write } from './directory-changes.ts';
import { decodePart, partChecksum, unpackSummary } from './page-directory.ts';
import type { PageEntry } from './page-directory.ts';
import { BatchWriter, levelError } from './level-database.ts';
import type { Database } from './level-database.ts';
import { NODE_MACHINE } from './machine.ts';
import type { Machine } from './machine.ts';
import { storageError } from './storage-error.ts';

/** What it takes from the machine. */
type StoreMachine = Pick<Machine, 'openDatabase' | 'compressor' | 'files' | 'pause'>;

/** What a disk must take before a state store is closed and opened anew. */
const PROBE_BYTES = 64 << 10;

/** The current checkpoint. */
type Current = CheckpointRecord & { readonly manifest: Manifest };

export class LevelStore implements StateStore {
  readonly #path: string;
  readonly #log: (message: string) => void;
  readonly #machine: StoreMachine;
  /** Null: it is being opened anew, or that has failed. */
  #database: Database | null;
  #opening: Promise<void> | null = null;
  #current: Current;
  /** The directories read so far, by state. */
  #directories = new Map<string, Directory>();
  /** Bytes of pages, directories and checkpoint records written. */
  writtenBytes = 0;
  /** A write has failed: none is made before the database was opened anew. */
  #failure: DatabaseError | null = null;
  /** Superseded versions that may still be there: the next checkpoint tries to remove them, too. */
  #left = new KeyList();
  #closed = false;

  private constructor(
    from: { readonly path: string; readonly log: (message: string) => void; readonly machine: StoreMachine },
    database: Database, current: Current,
  ) {
    this.#path = from.path;
    this.#log = from.log;
    this.#machine = from.machine;
    this.#database = database;
    this.#current = current;
  }

  /**
   * Opens one, or makes an empty one when `mode` says so (not power-safe: see `openStorage`). F0001 when another process has
   * it open, XX001 when it is damaged so that LevelDB cannot open it.
   */
  static async open(
    path: string, log: (message: string) => void, mode: 'create' | 'existing' = 'create', machine: StoreMachine = NODE_MACHINE,
  ): Promise<LevelStore> {
    const database = await machine.openDatabase(path, mode);
    try {
      const store = new LevelStore({ path, log, machine }, database, await readCurrent(database));
      await store.#sweep(await readStale(database));
      return store;
    } catch (error) {
      await database.close();
      throw levelError(error, `could not open the state store "${path}"`);
    }
  }

  get #open(): Database {
    if (this.#database === null) throw new DatabaseError('58030', `the state store "${this.#path}" is not open after a fault`);
    return this.#database;
  }

  async current(): Promise<CheckpointMeta | null> {
    return this.#current.meta;
  }

  async checkpoint(pages: Iterable<PageImage>, dropped: readonly string[], meta: CheckpointMeta): Promise<void> {
    if (this.#failure !== null) await this.#reopen();
    let stale: KeyList;
    try {
      stale = await this.#checkpoint(pages, dropped, meta);
    } catch (error) {
      this.#failure = storageError(error, 'could not write a checkpoint');
      throw this.#failure;
    }
    await this.#sweep(stale);
  }

  /** Returns the keys that are superseded. */
  async #checkpoint(
    pages: Iterable<PageImage>, dropped: readonly string[], meta: CheckpointMeta,
  ): Promise<KeyList> {
    const { pause, compressor } = this.#machine;
    const version = this.#current.number + 1;
    // Those that are left are in it, too. What this one supersedes is not, if it fails.
    const stale = new KeyList(this.#left.bytes);
    const changes = new DirectoryChanges(version, (state) => this.#directory(state), stale);
    const writer = new BatchWriter(this.#open, (bytes) => {
      this.writtenBytes += bytes;
    });
    const written: { readonly image: PageImage; readonly content: PageContent }[] = [];
    writer.put(BEGUN_KEY, numberBytes(version));
    for (const state of dropped) await changes.drop(state, pause);
    for (const image of pages) {
      const { state, page, content } = image;
      await pause();
      await changes.open(state);
      changes.put(state, page, content?.summary);
      if (content === null) continue;
      const made = encodeBlock(content.image(), compressor).then((block) => {
        changes.made(state, page, blockChecksum(block));
        return block;
      });
      await writer.block(pageKey({ state, page, version }), made);
      written.push({ image, content });
    }
    await writer.flush();
    const { writes, manifest } = await changes.directoryWrites(this.#current.manifest, pause);
    await this.#open.batch([
      ...writes,
      { type: 'put', key: STALE_KEY, value: stale.bytes },
      { type: 'put', key: META_KEY, value: encodeCheckpoint(version, meta, manifest) },
    ], { sync: true });
    for (const [state, directory] of changes.directories) this.#directories.set(state, directory);
    this.#current = { number: version, meta, manifest };
    for (const { image: { state, page }, content } of written) {
      await pause();
      const checksum = changes.checksum(state, page);
      content.kept((columns) => this.#read(state, page, { version, checksum }, columns));
    }
    return stale;
  }

  /** Removes superseded versions; what fails is tried again with the next checkpoint, or at the next start. */
  async #sweep(stale: KeyList): Promise<void> {
    this.#left = stale;
    if (stale.isEmpty) return;
    try {
      await this.#open.batch(removals(stale), { sync: false });
      this.#left = new KeyList();
    } catch (error) {
      this.#failure = storageError(error, 'could not remove old pages');
      this.#log(this.#failure.message);
    }
  }

  /** The current checkpoint, readable until it is closed. Requires: there is one. */
  async export(): Promise<CheckpointExport> {
    return CheckpointExport.of(this.#open);
  }

  async pages(state: string): Promise<readonly StoredPage[]> {
    const directory = await this.#directory(state);
    const entries = [...directory.values()].flatMap((part) => [...part]).toSorted(([a], [b]) => a - b);
    const read = (page: number, entry: PageEntry, columns?: readonly number[]): Batch => this.#read(state, page, entry, columns);
    return entries.map(([page, entry]) => ({
      page, version: entry.version, summary: unpackSummary(entry.summary), get batch() { return read(page, entry); },
      select: (columns) => read(page, entry, columns),
    }));
  }

  #read(
    state: string, page: number, { version, checksum }: Omit<PageEntry, 'summary'>, columns: readonly number[] | null = null,
  ): Batch {
    try {
      const block = this.#open.getSync(pageKey({ state, page, version }));
      if (block === undefined) throw corrupt('the page is missing');
      if (checksum !== null && checksum !== blockChecksum(block)) throw corrupt('it is another page');
      return decodeBlock(block, columns);
    } catch (error) {
      const failure = levelError(error, 'could not read it');
      throw new DatabaseError(failure.code, `page ${page} of state "${state}" in "${this.#path}": ${failure.message}`, {
        cause: error,
      });
    }
  }

  /** Read once. */
  async #directory(state: string): Promise<Directory> {
    const known = this.#directories.get(state);
    if (known !== undefined) return known;
    const directory = new Map<number, Map<number, PageEntry>>();
    try {
      await this.#readDirectory(state, directory);
    } catch (error) {
      throw levelError(error, `could not read the directory of state "${state}" in "${this.#path}"`);
    }
    this.#directories.set(state, directory);
    return directory;
  }

  async #readDirectory(state: string, directory: Map<number, Map<number, PageEntry>>): Promise<void> {
    const missing = new Map(this.#current.manifest.get(state));
    for await (const [key, part] of this.#open.iterator(directoryRange(state))) {
      const number = parseDirectoryKey(key).part;
      const checksum = missing.get(number);
      // What no checkpoint knows is of one that LevelDB has lost; the next one writes over it.
      if (checksum === undefined) continue;
      if (checksum !== partChecksum(part)) throw corrupt(`the directory of state "${state}" in "${this.#path}"`);
      directory.set(number, new Map(decodePart(part)));
      missing.delete(number);
    }
    if (missing.size > 0) throw corrupt(`the directory of state "${state}" in "${this.#path}" is not complete`);
  }

  /**
   * Why: after a failed write LevelDB goes on acknowledging into a misaligned log. Only a fresh open tells what is on
   * disk; it must still hold the checkpoint we know. Pages are read from the failed one until then: it is closed only when the
   * disk takes something, and the next one will be there soon.
   */
  #reopen(): Promise<void> {
    this.#opening ??= this.#openAgain().catch((error: unknown) => {
      const failure = levelError(error, 'could not reopen the state store');
      this.#log(failure.message);
      throw failure;
    }).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #openAgain(): Promise<void> {
    await this.#probe();
    const failed = this.#database;
    this.#database = null;
    await failed?.close();
    const database = await this.#machine.openDatabase(this.#path, 'existing');
    try {
      const current = await readCurrent(database);
      const expected = this.#current.number;
      // The write of the meta record may have failed after it was on disk.
      if (current.number !== expected && current.number !== expected + 1) {
        throw corrupt(`the state store holds checkpoint ${current.number} where ${expected} was written`);
      }
      this.#left = await readStale(database);
      this.#current = current;
    } catch (error) {
      await database.close();
      throw error;
    }
    this.#directories = new Map();
    this.#database = database;
    this.#failure = null;
  }

  /** Rejects where the disk does not take a file. */
  async #probe(): Promise<void> {
    const { files } = this.#machine;
    const path = `${this.#path}.probe`;
    if (await files.exists(path)) await files.remove(path);
    const file = await files.open(path, 'create');
    try {
      await file.write([new Uint8Array(PROBE_BYTES)], 0);
      await file.datasync();
    } finally {
      await file.close();
      await files.remove(path);
    }
  }

  ready(): Promise<void> | null {
    return this.#database !== null || this.#closed ? null : this.#reopen();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => {});
    await this.#database?.close();
  }
}

function numberBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** Superseded versions that may still be there. */
async function readStale(database: Database): Promise<KeyList> {
  return new KeyList(await database.get(STALE_KEY));
}

function* removals(stale: KeyList): Generator<Write> {
  for (const key of stale) yield { type: 'del', key };
  yield { type: 'del', key: STALE_KEY };
}

/** The current checkpoint; what a later one left unfinished is removed first. */
async function readCurrent(database: Database): Promise<Current> {
  const meta = await database.get(META_KEY);
  const read = meta === undefined ? NO_CHECKPOINT : decodeCheckpoint(meta);
  const current = { ...read, manifest: read.manifest ?? await found(database) };
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

/** Of a checkpoint of data format 2: the checksums of the directories as they are found; the next checkpoint writes them. */
async function found(database: Database): Promise<Manifest> {
  const manifest = new Map<string, Map<number, number>>();
  for await (const [key, part] of database.iterator(DIRECTORY_RANGE)) {
    const { state, part: index } = parseDirectoryKey(key);
    const parts = manifest.get(state) ?? new Map<number, number>();
    manifest.set(state, parts.set(index, partChecksum(part)));
  }
  return manifest;
}
