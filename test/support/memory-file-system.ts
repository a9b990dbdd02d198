// MemoryFileSystem: files in memory that tell synced from unsynced bytes; can stop at any byte, tear and fail.
import { basename, dirname } from 'node:path';
import type { FileHandle, FileSystem } from '../../storage/file-system.ts';
import type { Random } from './random.ts';

const SECTOR = 512;

interface Unsynced { readonly position: number; readonly bytes: Uint8Array }

class MemoryFile {
  live = new Uint8Array(0);
  synced = new Uint8Array(0);
  unsynced: Unsynced[] = [];

  write(bytes: Uint8Array, position: number): void {
    this.live = put(this.live, bytes, position);
    this.unsynced.push({ position, bytes: bytes.slice() });
  }

  sync(): void {
    this.synced = this.live.slice();
    this.unsynced = [];
  }

  syncRange(bytes: Uint8Array, position: number): void {
    this.synced = put(this.synced, bytes, position);
  }
}

function put(target: Uint8Array, bytes: Uint8Array, position: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(Math.max(target.length, position + bytes.length));
  out.set(target);
  out.set(bytes, position);
  return out;
}

function fault(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}

export type Operation = 'write' | 'datasync' | 'open' | 'rename' | 'remove' | 'syncFolder';

export class MemoryFileSystem implements FileSystem {
  readonly #names = new Map<string, MemoryFile>();
  #syncedNames = new Map<string, MemoryFile>();
  /** Names changed since the folder was synced, in order. */
  #unsyncedNames: { readonly path: string; readonly file: MemoryFile | null }[] = [];
  /** Bytes that may still be written before everything stops (a kill at that byte). */
  budget = Number.POSITIVE_INFINITY;
  written = 0;
  stopped = false;
  /** May throw, to fail an operation. */
  before: (operation: Operation, path: string) => void = () => {};

  #check(operation: Operation, path: string): void {
    if (this.stopped) throw fault('EKILLED', 'stopped');
    this.before(operation, path);
  }

  #find(path: string): MemoryFile {
    const file = this.#names.get(path);
    if (file === undefined) throw fault('ENOENT', path);
    return file;
  }

  async list(folder: string): Promise<readonly string[]> {
    return [...this.#names.keys()].filter((p) => dirname(p) === folder).map((p) => basename(p)).toSorted();
  }

  async exists(path: string): Promise<boolean> {
    return this.#names.has(path) || [...this.#names.keys()].some((p) => dirname(p) === path);
  }

  async readFile(path: string): Promise<Uint8Array> {
    return this.#find(path).live.slice();
  }

  async readStart(path: string, length: number): Promise<Uint8Array> {
    return this.#find(path).live.slice(0, length);
  }

  async size(path: string): Promise<number> {
    return this.#find(path).live.length;
  }

  async open(path: string, mode: 'create' | 'existing'): Promise<FileHandle> {
    this.#check('open', path);
    if (mode === 'create') {
      if (this.#names.has(path)) throw fault('EEXIST', path);
      this.#name(path, new MemoryFile());
    }
    return this.#handle(path, this.#find(path));
  }

  #name(path: string, file: MemoryFile | null): void {
    if (file === null) this.#names.delete(path);
    else this.#names.set(path, file);
    this.#unsyncedNames.push({ path, file });
  }

  #handle(path: string, file: MemoryFile): FileHandle {
    const write = (pieces: readonly Uint8Array[], position: number): void => {
      this.#check('write', path);
      const all = Buffer.concat(pieces);
      const allowed = Math.min(all.length, this.budget);
      if (allowed > 0) file.write(all.subarray(0, allowed), position);
      this.budget -= allowed;
      this.written += allowed;
      if (allowed < all.length) {
        this.stopped = true;
        throw fault('EKILLED', 'stopped in a write');
      }
    };
    const writeDurable = (pieces: readonly Uint8Array[], position: number): void => {
      write(pieces, position);
      this.#check('datasync', path);
      file.syncRange(Buffer.concat(pieces), position);
    };
    return {
      write: async (pieces, position) => write(pieces, position),
      writeDurable: async (pieces, position) => writeDurable(pieces, position),
      writeNow: (pieces, position, durable) => (durable ? writeDurable : write)(pieces, position),
      datasync: async () => {
        this.#check('datasync', path);
        file.sync();
      },
      close: async () => {},
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#check('rename', from);
    const file = this.#find(from);
    this.#name(from, null);
    this.#name(to, file);
  }

  async remove(path: string): Promise<void> {
    this.#check('remove', path);
    this.#find(path);
    this.#name(path, null);
  }

  async makeFolder(): Promise<void> {}

  async syncFolder(folder: string): Promise<void> {
    this.#check('syncFolder', folder);
    const rest = [];
    for (const change of this.#unsyncedNames) {
      if (dirname(change.path) !== folder) rest.push(change);
      else if (change.file === null) this.#syncedNames.delete(change.path);
      else this.#syncedNames.set(change.path, change.file);
    }
    this.#unsyncedNames = rest;
  }

  /** What a killed process leaves behind: everything that reached the page cache. */
  afterKill(): MemoryFileSystem {
    const out = new MemoryFileSystem();
    for (const [path, file] of this.#names) out.#place(path, file.live);
    return out;
  }

  /** What a power cut leaves behind: what was synced, and of the rest whatever the disk got to. */
  afterPowerCut(random: Random): MemoryFileSystem {
    const out = new MemoryFileSystem();
    const names = new Map(this.#syncedNames);
    const reached = random.int(0, this.#unsyncedNames.length);
    for (const { path, file } of this.#unsyncedNames.slice(0, reached)) {
      if (file === null) names.delete(path);
      else names.set(path, file);
    }
    for (const [path, file] of names) out.#place(path, tear(file, random));
    return out;
  }

  #place(path: string, bytes: Uint8Array): void {
    const file = new MemoryFile();
    file.live = bytes.slice();
    file.synced = bytes.slice();
    this.#names.set(path, file);
    this.#syncedNames.set(path, file);
  }

  /** Damage: the bytes of a file, to be changed in place. */
  raw(path: string): Uint8Array {
    const file = this.#find(path);
    file.synced = file.live;
    return file.live;
  }

  paths(): readonly string[] {
    return [...this.#names.keys()];
  }
}

function tear(file: MemoryFile, random: Random): Uint8Array {
  let out: Uint8Array = file.synced.slice();
  for (const { position, bytes } of file.unsynced) {
    let at = 0;
    while (at < bytes.length) {
      const end = Math.min(bytes.length, at + SECTOR - ((position + at) % SECTOR));
      if (random.float() < 0.5) {
        // A sector written later may already be synced: the newer bytes win.
        const piece = bytes.subarray(at, end);
        const live = file.live.subarray(position + at, position + end);
        out = put(out, random.float() < 0.5 ? live : newest(out, file.synced, piece, position + at), position + at);
      }
      at = end;
    }
  }
  return out;
}

/** `piece`, unless synced bytes cover the place already. */
function newest(now: Uint8Array, synced: Uint8Array, piece: Uint8Array, position: number): Uint8Array {
  if (position + piece.length <= synced.length) return synced.subarray(position, position + piece.length);
  return position + piece.length <= now.length ? now.subarray(position, position + piece.length) : piece;
}
