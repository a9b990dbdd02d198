// FaultyFileSystem: the real files, with faults put in before writes and syncs.
import { NODE_FILE_SYSTEM } from '../../storage/file-system.ts';
import type { FileHandle, FileSystem } from '../../storage/file-system.ts';

export class FaultyFileSystem implements FileSystem {
  /** The error code that writes and syncs fail with; null: they do not. */
  failing: 'EIO' | 'ENOSPC' | null = null;
  /** Let writes through and fail the syncs after them. */
  onlySyncs = false;

  #check(what: 'write' | 'sync'): void {
    if (this.failing === null || (this.onlySyncs && what === 'write')) return;
    throw Object.assign(new Error(`${this.failing}: ${what}`), { code: this.failing });
  }

  async open(path: string, mode: 'create' | 'existing'): Promise<FileHandle> {
    const file = await NODE_FILE_SYSTEM.open(path, mode);
    return {
      write: async (pieces, position) => {
        this.#check('write');
        await file.write(pieces, position);
      },
      writeDurable: async (pieces, position) => {
        this.#check('write');
        await file.write(pieces, position);
        this.#check('sync');
        await file.datasync();
      },
      writeNow: (pieces, position, durable) => {
        this.#check('write');
        file.writeNow(pieces, position, durable);
        if (durable) this.#check('sync');
      },
      datasync: async () => {
        this.#check('sync');
        await file.datasync();
      },
      close: () => file.close(),
    };
  }

  list = NODE_FILE_SYSTEM.list;
  exists = NODE_FILE_SYSTEM.exists;
  readFile = NODE_FILE_SYSTEM.readFile;
  readStart = NODE_FILE_SYSTEM.readStart;
  size = NODE_FILE_SYSTEM.size;
  rename = NODE_FILE_SYSTEM.rename;
  remove = NODE_FILE_SYSTEM.remove;
  makeFolder = NODE_FILE_SYSTEM.makeFolder;
  syncFolder = NODE_FILE_SYSTEM.syncFolder;
}
