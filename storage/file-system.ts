// FileSystem: the few calls by which our own files are written, so that faults can be put in their place; over node:fs.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { joinPieces } from '../engine/data/bytes.ts';

/** An open file. Calls may overlap when they touch different bytes. */
export interface FileHandle {
  /** Writes all pieces one after another from `position`; in the page cache on return. */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>;
  /** As `write`, and these bytes (not others written before) are on disk on return. */
  writeDurable(pieces: readonly Uint8Array[], position: number): Promise<void>;
  /**
   * As `write`, or `writeDurable` when `durable`, but done on return and on this thread: for small writes to a disk that
   * answers sooner than another thread takes to wake and answer.
   */
  writeNow(pieces: readonly Uint8Array[], position: number, durable: boolean): void;
  /** Everything written so far is on disk on return, and so is the size. */
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** Bytes. */
export interface SpaceUse {
  /** For whoever is no administrator. */
  readonly free: number;
  readonly total: number;
}

/** Paths are absolute. A missing file is an error with code ENOENT, a full disk ENOSPC, as in node:fs. */
export interface FileSystem {
  /** Names in the folder, sorted. */
  list(folder: string): Promise<readonly string[]>;
  exists(path: string): Promise<boolean>;
  readFile(path: string): Promise<Uint8Array>;
  /** The first bytes, fewer when the file is shorter. */
  readStart(path: string, length: number): Promise<Uint8Array>;
  /** Of the file system that the folder is on; absent: not known. */
  readonly space?: (folder: string) => SpaceUse;
  /** Bytes of a file. */
  size(path: string): Promise<number>;
  /** `create`: the file must not exist; otherwise it must. */
  open(path: string, mode: 'create' | 'existing'): Promise<FileHandle>;
  /** A file of the new name is replaced. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Names created, renamed and removed in the folder so far are on disk on return. */
  syncFolder(folder: string): Promise<void>;
}

/** Linux takes at most 1024 buffers a call. */
const MAX_PIECES = 1024;

class NodeFile implements FileHandle {
  readonly #plain: fs.promises.FileHandle;
  readonly #durable: fs.promises.FileHandle;

  constructor(plain: fs.promises.FileHandle, durable: fs.promises.FileHandle) {
    this.#plain = plain;
    this.#durable = durable;
  }

  write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    return writeAll(this.#plain.fd, pieces, position);
  }

  /** Why: one call with O_DSYNC instead of write and fdatasync saves a turn of the thread pool (0.14 against 0.17 ms). */
  async writeDurable(pieces: readonly Uint8Array[], position: number): Promise<void> {
    if (pieces.length <= MAX_PIECES) return writeAll(this.#durable.fd, pieces, position);
    // Of several calls each would wait for the disk.
    await writeAll(this.#plain.fd, pieces, position);
    return this.#plain.datasync();
  }

  /** One buffer, since gathering several costs the kernel more than copying so few bytes. */
  writeNow(pieces: readonly Uint8Array[], position: number, durable: boolean): void {
    const bytes = joinPieces(pieces);
    const { fd } = durable ? this.#durable : this.#plain;
    for (let at = 0; at < bytes.length;) {
      const written = fs.writeSync(fd, bytes, at, bytes.length - at, position + at);
      if (written === 0) throw new Error('the file takes no more bytes');
      at += written;
    }
  }

  datasync(): Promise<void> {
    return this.#plain.datasync();
  }

  async close(): Promise<void> {
    await this.#durable.close();
    await this.#plain.close();
  }
}

function writeOnce(fd: number, pieces: readonly Uint8Array[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.writev(fd, pieces, position, (error, written) => {
      if (error === null) resolve(written);
      else reject(error);
    });
  });
}

async function writeAll(fd: number, pieces: readonly Uint8Array[], position: number): Promise<void> {
  let at = position;
  let rest = pieces.filter((piece) => piece.length > 0);
  while (rest.length > 0) {
    let written = await writeOnce(fd, rest.length > MAX_PIECES ? rest.slice(0, MAX_PIECES) : rest, at);
    if (written === 0) throw new Error('the file takes no more bytes');
    at += written;
    let whole = 0;
    while (whole < rest.length && written >= rest[whole].length) written -= rest[whole++].length;
    if (whole < rest.length && written > 0) rest = [rest[whole].subarray(written), ...rest.slice(whole + 1)];
    else rest = rest.slice(whole);
  }
}

/** The real one. */
export const NODE_FILE_SYSTEM: FileSystem = {
  async list(folder) {
    return (await fs.promises.readdir(folder)).toSorted();
  },
  async exists(path) {
    return fs.promises.access(path).then(() => true, () => false);
  },
  readFile(path) {
    return fs.promises.readFile(path);
  },
  async readStart(path, length) {
    const handle = await fs.promises.open(path, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  },
  space(folder) {
    const { bavail, blocks, bsize } = fs.statfsSync(folder);
    return { free: bavail * bsize, total: blocks * bsize };
  },
  async size(path) {
    return (await fs.promises.stat(path)).size;
  },
  async open(path, mode) {
    const { O_RDWR, O_CREAT, O_EXCL, O_DSYNC } = fs.constants;
    const plain = await fs.promises.open(path, mode === 'create' ? O_RDWR | O_CREAT | O_EXCL : O_RDWR);
    try {
      return new NodeFile(plain, await fs.promises.open(path, O_RDWR | O_DSYNC));
    } catch (error) {
      await plain.close();
      throw error;
    }
  },
  rename(from, to) {
    return fs.promises.rename(from, to);
  },
  remove(path) {
    return fs.promises.rm(path, { recursive: true });
  },
  async makeFolder(path) {
    await fs.promises.mkdir(path, { recursive: true });
  },
  async syncFolder(folder) {
    const handle = await fs.promises.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/** Writes a small file so that after a crash it is either the old one (or none) or the new one. */
export async function writeFileSafely(
  files: FileSystem, folder: string, name: string, bytes: readonly Uint8Array[],
): Promise<void> {
  const temporary = join(folder, `${name}.new`);
  if (await files.exists(temporary)) await files.remove(temporary);
  const handle = await files.open(temporary, 'create');
  try {
    await handle.write(bytes, 0);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await files.rename(temporary, join(folder, name));
  await files.syncFolder(folder);
}
