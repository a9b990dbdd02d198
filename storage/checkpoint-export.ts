// CheckpointExport: the current checkpoint of a state store as it is stored, held while later ones are written; and back.
import { corrupt } from '../engine/data/bytes.ts';
import { blockChecksum } from './block.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-record.ts';
import type { CheckpointRecord } from './checkpoint-record.ts';
import { crc32c } from './crc32c.ts';
import { META_KEY, directoryKey, pageKey } from './key-space.ts';
import type { PageKey } from './key-space.ts';
import { BatchWriter } from './level-database.ts';
import type { Database, DatabaseSnapshot } from './level-database.ts';
import type { Machine } from './machine.ts';
import { partChecksum } from './page-directory.ts';

/** A part of a state's directory (page-directory.ts). */
export interface DirectoryPart {
  readonly state: string;
  readonly part: number;
  readonly bytes: Uint8Array;
}

/** XX001 unless the block is whole, and the one with that checksum (null: not known). */
export function checkBlock(block: Uint8Array, checksum: number | null): void {
  const own = blockChecksum(block);
  if (own !== crc32c(block.subarray(4))) throw corrupt('a block has a bad checksum');
  if (checksum !== null && own !== checksum) throw corrupt('a block is another');
}

export class CheckpointExport {
  readonly record: CheckpointRecord;
  readonly #database: Database;
  readonly #snapshot: DatabaseSnapshot;

  private constructor(database: Database, snapshot: DatabaseSnapshot, record: CheckpointRecord) {
    this.#database = database;
    this.#snapshot = snapshot;
    this.record = record;
  }

  /** Requires: there is a checkpoint. */
  static async of(database: Database): Promise<CheckpointExport> {
    const snapshot = database.snapshot();
    try {
      const bytes = await database.get(META_KEY, { snapshot });
      if (bytes === undefined) throw corrupt('the state store has no checkpoint record');
      return new CheckpointExport(database, snapshot, decodeCheckpoint(bytes));
    } catch (error) {
      await snapshot.close();
      throw error;
    }
  }

  async *parts(): AsyncGenerator<DirectoryPart> {
    for (const [state, parts] of this.record.manifest ?? []) {
      for (const [part, checksum] of parts) {
        const bytes = await this.#database.get(directoryKey(state, part), { snapshot: this.#snapshot });
        if (bytes === undefined || partChecksum(bytes) !== checksum) throw corrupt(`the directory of state "${state}"`);
        yield { state, part, bytes };
      }
    }
  }

  /** The page's block, verified. */
  async block(key: PageKey, checksum: number | null): Promise<Uint8Array> {
    const block = await this.#database.get(pageKey(key), { snapshot: this.#snapshot });
    if (block === undefined) throw corrupt(`page ${key.page} of state "${key.state}" is missing`);
    checkBlock(block, checksum);
    return block;
  }

  async close(): Promise<void> {
    await this.#snapshot.close();
  }
}

/** What a state store is filled with that is made from a checkpoint elsewhere. */
export interface CheckpointSource {
  readonly record: CheckpointRecord;
  readonly parts: readonly DirectoryPart[];
  /** Every page that the parts name. */
  blocks(): AsyncIterable<{ readonly key: PageKey; readonly block: Uint8Array }>;
}

/** Makes a state store in an empty folder. Its files are the caller's to sync. */
export async function importCheckpoint(
  { openDatabase }: Machine, path: string, { record, parts, blocks }: CheckpointSource,
): Promise<void> {
  if (record.meta === null) throw corrupt('there is no checkpoint');
  const database = await openDatabase(path, 'create');
  try {
    const writer = new BatchWriter(database, () => {});
    for await (const { key, block } of blocks()) await writer.block(pageKey(key), Promise.resolve(block));
    for (const { state, part, bytes } of parts) writer.put(directoryKey(state, part), bytes);
    writer.put(META_KEY, encodeCheckpoint(record.number, record.meta, record.manifest ?? new Map()));
    await writer.flush();
  } finally {
    await database.close();
  }
}
