// Checks a data folder offline, without changing it: format mark, state store, journal; what is damaged, what is lost by it.
import { link } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseError } from '../engine/data/error.ts';
import { BACKUP_FILE } from './backup-manifest.ts';
import { checkJournal } from './check-journal.ts';
import type { JournalReport } from './check-journal.ts';
import { checkState, rowsOf } from './check-state.ts';
import type { StoreReport } from './check-state.ts';
import { NODE_FILE_SYSTEM } from './file-system.ts';
import type { FileSystem } from './file-system.ts';
import { readFormat } from './format.ts';
import { LevelStore } from './level-store.ts';
import { backupFaults, readBackup } from './restore.ts';

/** One damage. */
export interface Finding {
  /** A file, or a part of the state. */
  readonly where: string;
  readonly what: string;
  /** The state it belongs to (see PageImage), null when it is none's alone. */
  readonly state: string | null;
  readonly lost: string;
}

export interface FolderReport {
  readonly findings: readonly Finding[];
  readonly store: StoreReport;
  /** Null: it is a backup folder. */
  readonly journal: JournalReport | null;
}

/**
 * Requires that no server runs on the folder: F0001 otherwise, and while it is checked none can start. F0000 when it holds no
 * database, or one that this program cannot read.
 */
export async function checkFolder(folder: string): Promise<FolderReport> {
  const files = NODE_FILE_SYSTEM;
  if (await files.exists(join(folder, BACKUP_FILE))) return checkBackup(files, folder);
  const findings: Finding[] = [];
  const report = (finding: Finding): void => void findings.push(finding);
  const databaseId = await idOf(files, folder, report);
  const unlock = await lock(files, folder);
  try {
    const store = await checkState(files, join(folder, 'state'), report);
    const epoch = store.checkpoint.meta?.epoch ?? 0;
    const journal = await checkJournal({ files, folder: join(folder, 'journal'), databaseId, epoch }, report);
    return { findings, store, journal };
  } finally {
    await unlock();
  }
}

async function checkBackup(files: FileSystem, folder: string): Promise<FolderReport> {
  const findings: Finding[] = [];
  const { record, parts } = await readBackup(files, folder);
  const states = new Map<string, { pages: number; bytes: number; damagedPages: number }>();
  for (const { part: { state }, pages } of parts) {
    const total = states.get(state) ?? { pages: 0, bytes: 0, damagedPages: 0 };
    states.set(state, total);
    total.pages += pages.length;
    for (const { place } of pages) total.bytes += place.bytes;
  }
  for await (const { page: { state, page, entry }, fault } of backupFaults(folder)) {
    const total = states.get(state);
    if (total !== undefined) total.damagedPages++;
    findings.push({ where: `page ${page} of state ${state}`, what: fault.message, state, lost: rowsOf(entry) });
  }
  return { findings, store: { checkpoint: record, states }, journal: null };
}

async function idOf(files: FileSystem, folder: string, report: (finding: Finding) => void): Promise<Uint8Array | null> {
  const lost = 'nothing: it can be written again';
  try {
    const format = await readFormat(files, folder);
    if (format !== null) return format.databaseId;
    if (!await files.exists(join(folder, 'state')) || !await files.exists(join(folder, 'journal'))) {
      throw new DatabaseError('F0000', `folder "${folder}" holds no millrace data`);
    }
    report({ where: join(folder, 'FORMAT'), what: 'the file is missing', state: null, lost });
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== 'XX001') throw error;
    report({ where: join(folder, 'FORMAT'), what: error.message, state: null, lost });
  }
  return null;
}

/**
 * Takes LevelDB's lock and leaves its folder alone: an empty store beside it, whose LOCK is the same file.
 */
async function lock(files: FileSystem, folder: string): Promise<() => Promise<void>> {
  const held = join(folder, 'state', 'LOCK');
  if (!await files.exists(held)) return async () => {};
  const beside = join(folder, 'CHECKING');
  if (await files.exists(beside)) await files.remove(beside);
  await files.makeFolder(beside);
  try {
    await link(held, join(beside, 'LOCK'));
    const store = await LevelStore.open(beside, () => {});
    return async () => {
      await store.close();
      await files.remove(beside);
    };
  } catch (error) {
    await files.remove(beside);
    if (!(error instanceof DatabaseError) || error.code !== 'F0001') throw error;
    throw new DatabaseError('F0001', `data folder "${folder}" is in use`, {
      hint: 'Stop the server that runs on it.', cause: error,
    });
  }
}
