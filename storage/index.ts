// The door of storage: opens a data folder, or memory, as the two ports that the engine asks for.
import { totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { DatabaseError } from '../engine/data/error.ts';
import { MemoryJournal, MemoryStateStore } from '../engine/state/memory.ts';
import type { DiskSpace, Journal, PageFile, StateStore } from '../engine/state/ports.ts';
import { writeBackup } from './backup.ts';
import type { BackupSummary } from './backup.ts';
import { importCheckpoint } from './checkpoint-export.ts';
import type { CheckpointExport, CheckpointSource } from './checkpoint-export.ts';
import type { FileSystem } from './file-system.ts';
import { FreeSpace } from './free-space.ts';
import { FORMAT_FILE, readFormat, writeFormat } from './format.ts';
import { DiskJournal } from './journal.ts';
import { LevelStore } from './level-store.ts';
import { NODE_MACHINE } from './machine.ts';
import type { Machine } from './machine.ts';
import { backupSource } from './restore.ts';
import { storageError } from './storage-error.ts';

/** Parts of the machine may be another's; for tests. */
export interface StorageOptions extends Partial<Machine> {
  log(message: string): void;
  /** A journal segment's size; for tests. */
  readonly segmentBytes?: number;
  /** Bytes on the disk below which nothing is added (free-space.ts). */
  readonly minFreeBytes?: number;
  /** Zeros are written ahead of the journal in portions of this size; for tests. */
  readonly aheadBytes?: number;
  /** Milliseconds that a small record is expected to take at first; for tests. */
  readonly usualSync?: number;
}

export interface Storage {
  readonly journal: Journal;
  readonly store: StateStore;
  /** Absent in memory: nothing is written anywhere. */
  readonly pageFile?: PageFile;
  /** Absent where the room is not known. */
  readonly space?: DiskSpace;
  /**
   * Writes the current checkpoint into a backup folder (backup.ts) while it goes on. Requires: there is a checkpoint. Absent in
   * memory.
   */
  readonly backup?: (folder: string) => Promise<BackupSummary>;
}

/*
 * A data folder:
 *   FORMAT     version and database id (format.ts)
 *   journal/   segments (journal-segment.ts)
 *   state/     LevelDB (key-space.ts); its LOCK keeps a second process out
 *   PAGES      pages that do not fit into memory (page-file.ts), while the server runs
 *   CREATING   there while the folder is being made; what is beside it without FORMAT is a leftover
 *   RESTORING  the same while it is restored from a backup: no server makes an empty database of it
 */
const CREATING = 'CREATING';
const RESTORING = 'RESTORING';
const STATE = 'state';
const STATE_NEW = 'state.new';
const JOURNAL = 'journal';
const PAGES = 'PAGES';

/** Bytes of memory of the machine, or of the control group that the process is confined to. */
function machineMemory(): number {
  const confined = process.constrainedMemory();
  return confined > 0 ? Math.min(confined, totalmem()) : totalmem();
}

/** Bytes that the process takes besides state when many load at once: program, what is in flight, a checkpoint, garbage. */
const PROCESS_BYTES = 512 << 20;
const LEAST_STATE_BYTES = 64 << 20;

/** Bytes for state where nobody says how many: half of the machine, on a small one what the process leaves. */
export function defaultStateMemory(): number {
  const machine = machineMemory();
  return Math.floor(Math.min(machine / 2, Math.max(machine - PROCESS_BYTES, LEAST_STATE_BYTES)));
}

/** How large the process's heap may become. */
export function heapBytes(): number {
  return getHeapStatistics().heap_size_limit;
}

/** `location`: a folder, made when it is missing or empty, or ':memory:'. */
export async function openStorage(location: string, options: StorageOptions): Promise<Storage> {
  if (location === ':memory:') return { journal: new MemoryJournal(false), store: new MemoryStateStore() };
  const folder = resolve(location);
  try {
    return await openFolder({ ...NODE_MACHINE, ...options }, folder);
  } catch (error) {
    throw storageError(error, `could not open data folder "${folder}"`);
  }
}

async function openFolder(options: Machine & StorageOptions, folder: string): Promise<Storage> {
  const { files } = options;
  await files.makeFolder(folder);
  const format = await readFormat(files, folder);
  const databaseId = format?.databaseId ?? options.randomBytes(16);
  if (format === null) await createFolder(options, folder, databaseId, null);
  // Of a process that was killed while it made the folder, the name of FORMAT may not be on disk.
  else await files.syncFolder(folder);
  const store = await LevelStore.open(join(folder, STATE), options.log, 'existing', options);
  try {
    if (format?.old === true) await writeFormat(files, folder, databaseId);
    let journal: DiskJournal | null = null;
    const space = spaceOf(folder, options, () => void journal?.giveBack());
    journal = await DiskJournal.open({
      ...options, folder: join(folder, JOURNAL), databaseId, ...(space === null ? {} : { short: () => space.short }),
    });
    let busy = false;
    const backup = async (to: string): Promise<BackupSummary> => {
      if (busy) throw new DatabaseError('55006', 'another backup is being taken');
      busy = true;
      let source: CheckpointExport | null = null;
      try {
        source = await store.export();
        return await writeBackup({ files, folder: to, databaseId, source });
      } catch (error) {
        throw storageError(error, `could not write the backup in "${to}"`);
      } finally {
        busy = false;
        await source?.close();
      }
    };
    return {
      journal, store, pageFile: options.pageFile(join(folder, PAGES)), backup, ...(space === null ? {} : { space }),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

type SpaceOptions = Pick<Machine & StorageOptions, 'files' | 'minFreeBytes' | 'log'>;

function spaceOf(folder: string, { files, minFreeBytes, log }: SpaceOptions, becameShort: () => void): FreeSpace | null {
  const { space } = files;
  return space === undefined ? null : new FreeSpace({ measure: () => space(folder), floor: minFreeBytes, log, becameShort });
}

/**
 * Makes a data folder from a backup; it is a database of its own. Throws F0000 unless the folder is missing or empty, XX001 for a
 * damaged backup: then there is no database in the folder.
 */
export async function restoreFolder(backup: string, folder: string): Promise<void> {
  const { files } = NODE_MACHINE;
  try {
    const source = await backupSource(backup);
    await files.makeFolder(folder);
    const names = await files.list(folder);
    if (names.includes(FORMAT_FILE) || (names.length > 0 && !names.includes(RESTORING))) {
      throw new DatabaseError('F0000', `folder "${folder}" is not empty`, {
        hint: 'Restore into a folder that is empty or missing.',
      });
    }
    await createFolder(NODE_MACHINE, folder, NODE_MACHINE.randomBytes(16), source);
  } catch (error) {
    throw storageError(error, `could not restore "${folder}"`);
  }
}

/**
 * Power-safe: LevelDB does not sync the names of the files it makes, so its folder is made under another name, synced and
 * renamed; FORMAT comes last.
 */
async function createFolder(
  machine: Machine & Pick<StorageOptions, 'aheadBytes'>, folder: string, databaseId: Uint8Array, from: CheckpointSource | null,
): Promise<void> {
  const { files } = machine;
  const names = await files.list(folder);
  const mark = from === null ? CREATING : RESTORING;
  const creating = join(folder, mark);
  if (!names.includes(mark)) {
    if (names.length > 0) {
      throw new DatabaseError('F0000', `folder "${folder}" is not empty and holds no millrace data`, {
        hint: `Choose another folder, or restore file ${FORMAT_FILE} if it was one.`,
      });
    }
    await (await files.open(creating, 'create')).close();
  }
  // Also where a process that was killed has made it: the name may not be on disk.
  await files.syncFolder(folder);
  await files.syncFolder(dirname(folder));
  const fresh = join(folder, STATE_NEW);
  if (names.includes(STATE_NEW)) await files.remove(fresh);
  if (from === null) await (await LevelStore.open(fresh, () => {}, 'create', machine)).close();
  else await importCheckpoint(machine, fresh, from);
  for (const leftover of [STATE, JOURNAL]) if (names.includes(leftover)) await files.remove(join(folder, leftover));
  await files.makeFolder(join(folder, JOURNAL));
  const epoch = from?.record.meta?.epoch ?? 0;
  await DiskJournal.create({ ...machine, folder: join(folder, JOURNAL), databaseId, log: () => {} }, epoch + 1);
  for (const name of await files.list(fresh)) await syncFile(files, join(fresh, name));
  await files.syncFolder(fresh);
  await files.rename(fresh, join(folder, STATE));
  await files.syncFolder(folder);
  await writeFormat(files, folder, databaseId);
  await files.remove(creating);
  await files.syncFolder(folder);
}

async function syncFile(files: FileSystem, path: string): Promise<void> {
  const file = await files.open(path, 'existing');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}
