// Restores a data folder from a backup folder, and verifies a backup folder.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { corrupt } from '../engine/data/bytes.ts';
import { DatabaseError } from '../engine/data/error.ts';
import { BACKUP_FILE, decodeManifest, packName } from './backup-manifest.ts';
import type { BackupManifest, BackupPage } from './backup-manifest.ts';
import { decodeBlock } from './block.ts';
import { checkBlock } from './checkpoint-export.ts';
import type { CheckpointSource } from './checkpoint-export.ts';
import { NODE_FILE_SYSTEM } from './file-system.ts';
import type { FileSystem } from './file-system.ts';
import { partChecksum } from './page-directory.ts';

/** Throws F0000 for a folder without a backup. */
export async function readBackup(files: FileSystem, folder: string): Promise<BackupManifest> {
  const path = join(folder, BACKUP_FILE);
  if (!await files.exists(path)) throw new DatabaseError('F0000', `folder "${folder}" holds no backup`);
  const manifest = decodeManifest(await files.readFile(path), path);
  for (const { part } of manifest.parts) {
    if (manifest.record.manifest?.get(part.state)?.get(part.part) !== partChecksum(part.bytes)) throw corrupt(`file "${path}"`);
  }
  return manifest;
}

/** The backup as a checkpoint; every block is verified when it is read. */
export async function backupSource(folder: string): Promise<CheckpointSource> {
  const { record, parts } = await readBackup(NODE_FILE_SYSTEM, folder);
  return {
    record,
    parts: parts.map(({ part }) => part),
    async *blocks() {
      for await (const { page, block } of readPages(folder, parts)) {
        if (block instanceof Error) throw block;
        yield { key: { state: page.state, page: page.page, version: page.entry.version }, block };
      }
    },
  };
}

/** What is wrong with pages of the backup, as it is found. Throws as `readBackup`. */
export async function* backupFaults(folder: string): AsyncGenerator<{ readonly page: BackupPage; readonly fault: Error }> {
  const { parts } = await readBackup(NODE_FILE_SYSTEM, folder);
  for await (const { page, block } of readPages(folder, parts)) {
    if (block instanceof Error) yield { page, fault: block };
  }
}

/** All pages, in the order in which they lie in the packs. */
async function* readPages(
  folder: string, parts: BackupManifest['parts'],
): AsyncGenerator<{ readonly page: BackupPage; readonly block: Uint8Array | Error }> {
  const pages = parts.flatMap((part) => part.pages)
    .toSorted(({ place: a }, { place: b }) => a.pack - b.pack || a.offset - b.offset);
  let pack = -1;
  let file: File | null = null;
  try {
    for (const page of pages) {
      if (page.place.pack !== pack) {
        ({ pack } = page.place);
        await file?.close();
        file = await open(join(folder, packName(pack)), 'r').catch(() => null);
      }
      yield { page, block: await readBlock(page, file) };
    }
  } finally {
    await file?.close();
  }
}

type File = Awaited<ReturnType<typeof open>>;

async function readBlock({ state, page, entry, place }: BackupPage, file: File | null): Promise<Uint8Array | Error> {
  const where = `page ${page} of state "${state}" in ${packName(place.pack)} at offset ${place.offset}`;
  if (file === null) return new DatabaseError('XX001', `${where}: the file is missing`);
  try {
    const block = new Uint8Array(place.bytes);
    const { bytesRead } = await file.read(block, 0, place.bytes, place.offset);
    if (bytesRead < place.bytes) throw corrupt('the file ends before it');
    checkBlock(block, entry.checksum);
    decodeBlock(block);
    return block;
  } catch (error) {
    return new DatabaseError('XX001', `${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
