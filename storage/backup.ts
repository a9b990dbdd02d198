// BACKUP TO: writes the current checkpoint into a backup folder, while the server goes on; only blocks that are not there yet.
import { dirname, join } from 'node:path';
import { DatabaseError } from '../engine/data/error.ts';
import { BACKUP_FILE, decodeManifest, encodeManifest, packName, packNumber } from './backup-manifest.ts';
import type { BackupManifest, BackupPage, BlockPlace } from './backup-manifest.ts';
import type { CheckpointExport, DirectoryPart } from './checkpoint-export.ts';
import { writeFileSafely } from './file-system.ts';
import type { FileHandle, FileSystem } from './file-system.ts';
import { decodePart } from './page-directory.ts';
import type { PageEntry } from './page-directory.ts';

/** Blocks are written in portions of this size. */
const PORTION = 4 << 20;
/** A pack of which less than this share is of use is copied anew. */
const WORTH_KEEPING = 0.5;

export interface BackupSummary {
  readonly epoch: number;
  readonly pages: number;
  readonly copiedPages: number;
  readonly copiedBytes: number;
}

interface Backup {
  readonly files: FileSystem;
  /** A backup folder of the same database, or one that is empty or missing. */
  readonly folder: string;
  readonly databaseId: Uint8Array;
  readonly source: CheckpointExport;
}

/**
 * Until it is done, the folder holds the backup before. Throws 58P02 for a folder of something else, 55000 for another database's
 * backup.
 */
export async function writeBackup(backup: Backup): Promise<BackupSummary> {
  const { files, folder, databaseId, source } = backup;
  const before = await previous(backup);
  const names = await files.list(folder);
  const wanted: { readonly part: DirectoryPart; readonly pages: readonly (readonly [number, PageEntry])[] }[] = [];
  for await (const part of source.parts()) wanted.push({ part, pages: [...decodePart(part.bytes)] });
  const kept = await usable(backup, before, new Set(wanted.flatMap(({ part, pages }) =>
    pages.map(([page, entry]) => placeName(part.state, page, entry)))));
  const newest = Math.max(0, ...names.map((name) => packNumber(name) ?? 0));
  const pack = new PackWriter(files, folder, newest + 1);
  const parts: BackupManifest['parts'][number][] = [];
  try {
    for (const { part, pages: entries } of wanted) {
      const { state } = part;
      const pages: BackupPage[] = [];
      for (const [page, entry] of entries) {
        const key = { state, page, version: entry.version };
        const place = kept.get(placeName(state, page, entry)) ?? await pack.add(await source.block(key, entry.checksum));
        pages.push({ state, page, entry, place });
      }
      parts.push({ part, pages });
    }
    await pack.finish();
  } catch (error) {
    await pack.abandon();
    throw error;
  }
  await files.syncFolder(folder);
  await writeFileSafely(files, folder, BACKUP_FILE, encodeManifest({ databaseId, record: source.record, parts }));
  const used = new Set(parts.flatMap(({ pages }) => pages.map(({ place }) => packName(place.pack))));
  for (const name of names) if (packNumber(name) !== null && !used.has(name)) await files.remove(join(folder, name));
  return {
    epoch: source.record.meta?.epoch ?? 0,
    pages: parts.reduce((sum, { pages }) => sum + pages.length, 0),
    copiedPages: pack.blocks,
    copiedBytes: pack.bytes,
  };
}

/** The backup that is there; makes the folder when it is missing. */
async function previous({ files, folder, databaseId }: Backup): Promise<BackupManifest | null> {
  if (!await files.exists(folder)) {
    await files.makeFolder(folder);
    await files.syncFolder(dirname(folder));
    return null;
  }
  const path = join(folder, BACKUP_FILE);
  if (!await files.exists(path)) {
    const others = (await files.list(folder)).filter((name) => packNumber(name) === null && name !== `${BACKUP_FILE}.new`);
    if (others.length === 0) return null;
    throw new DatabaseError('58P02', `folder "${folder}" is not empty and holds no backup`);
  }
  const manifest = decodeManifest(await files.readFile(path), path);
  if (Buffer.compare(manifest.databaseId, databaseId) === 0) return manifest;
  throw new DatabaseError('55000', `folder "${folder}" holds a backup of another database`, {
    detail: 'A database that was restored from a backup is another one from then on.', hint: 'Choose another folder.',
  });
}

function placeName(state: string, page: number, { version, checksum }: BackupPage['entry']): string {
  return `${state} ${page} ${version} ${checksum}`;
}

/** Where wanted blocks are that need not be copied: those known by checksum, in packs that are whole and mostly of use. */
async function usable(
  { files, folder }: Backup, before: BackupManifest | null, wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, BlockPlace>> {
  const all = (before?.parts ?? []).flatMap(({ pages }) => pages)
    .filter(({ state, page, entry }) => entry.checksum !== null && wanted.has(placeName(state, page, entry)));
  const ends = new Map<number, { end: number; used: number }>();
  for (const { place: { pack, offset, bytes } } of all) {
    const known = ends.get(pack) ?? { end: 0, used: 0 };
    ends.set(pack, { end: Math.max(known.end, offset + bytes), used: known.used + bytes });
  }
  const whole = new Set<number>();
  for (const [pack, { end, used }] of ends) {
    const size = await files.size(join(folder, packName(pack))).catch(() => 0);
    if (size >= end && used >= size * WORTH_KEEPING) whole.add(pack);
  }
  return new Map(all.filter(({ place }) => whole.has(place.pack))
    .map(({ state, page, entry, place }) => [placeName(state, page, entry), place]));
}

/** Writes blocks one after another into one file, which is made for the first of them. */
class PackWriter {
  blocks = 0;
  bytes = 0;
  readonly #files: FileSystem;
  readonly #path: string;
  readonly #number: number;
  #file: FileHandle | null = null;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(files: FileSystem, folder: string, number: number) {
    this.#files = files;
    this.#path = join(folder, packName(number));
    this.#number = number;
  }

  async add(block: Uint8Array): Promise<BlockPlace> {
    this.#file ??= await this.#files.open(this.#path, 'create');
    const place = { pack: this.#number, offset: this.bytes, bytes: block.length };
    this.#waiting.push(block);
    this.#waitingBytes += block.length;
    this.bytes += block.length;
    this.blocks++;
    if (this.#waitingBytes >= PORTION) await this.#write();
    return place;
  }

  async #write(): Promise<void> {
    await this.#file?.write(this.#waiting, this.bytes - this.#waitingBytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** On disk on return. */
  async finish(): Promise<void> {
    await this.#write();
    await this.#file?.datasync();
    await this.#file?.close();
    this.#file = null;
  }

  async abandon(): Promise<void> {
    if (this.#file === null) return;
    await this.#file.close();
    await this.#files.remove(this.#path);
  }
}
