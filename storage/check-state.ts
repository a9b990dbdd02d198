// Checks the state store offline: LevelDB's files, then the checkpoint record, the directories and the blocks it stands for.
import { DatabaseError } from '../engine/data/error.ts';
import { blockChecksum, decodeBlock } from './block.ts';
import type { Finding } from './check.ts';
import { NO_CHECKPOINT, decodeCheckpoint } from './checkpoint-record.ts';
import type { CheckpointRecord } from './checkpoint-record.ts';
import type { FileSystem } from './file-system.ts';
import { META_KEY, isDirectoryKey, isPageKey, parseDirectoryKey, parsePageKey } from './key-space.ts';
import { LevelReader } from './level-reader.ts';
import { decodePart, partChecksum, unpackSummary } from './page-directory.ts';
import type { PageEntry } from './page-directory.ts';

export interface StateReport {
  readonly pages: number;
  /** Bytes of its blocks. */
  readonly bytes: number;
  readonly damagedPages: number;
}

export interface StoreReport {
  readonly checkpoint: CheckpointRecord;
  readonly states: ReadonlyMap<string, StateReport>;
}

/** A block that was found: its size and checksum, or what is wrong with it. */
interface Block {
  readonly sequence: number;
  readonly bytes: number;
  readonly checksum: number;
  readonly fault: string | null;
}

interface Newest {
  readonly sequence: number;
  readonly value: Uint8Array | null;
}

const ALL = 'everything that the journal does not have';
const ROWS_A_PAGE = 1024;

/** Everything the folder holds, the newest of each key; blocks only as what is to be known of them. */
class Contents {
  readonly small = new Map<string, Newest>();
  readonly blocks = new Map<string, Block>();

  add(key: Uint8Array, sequence: number, value: Uint8Array | null): void {
    const name = Buffer.from(key).toString('latin1');
    if (!isPageKey(key)) {
      if ((this.small.get(name)?.sequence ?? -1) < sequence) this.small.set(name, { sequence, value: value?.slice() ?? null });
    } else if ((this.blocks.get(name)?.sequence ?? -1) < sequence) {
      const removed = { sequence, bytes: 0, checksum: 0, fault: 'it was removed' };
      this.blocks.set(name, value === null ? removed : blockOf(sequence, value));
    }
  }
}

function blockOf(sequence: number, value: Uint8Array): Block {
  try {
    decodeBlock(value);
    return { sequence, bytes: value.length, checksum: blockChecksum(value), fault: null };
  } catch (error) {
    return { sequence, bytes: value.length, checksum: 0, fault: error instanceof Error ? error.message : String(error) };
  }
}

export async function checkState(
  files: FileSystem, folder: string, report: (finding: Finding) => void,
): Promise<StoreReport> {
  if (!await files.exists(folder)) {
    report({ where: folder, what: 'the folder is missing', state: null, lost: ALL });
    return { checkpoint: NO_CHECKPOINT, states: new Map() };
  }
  const reader = new LevelReader(files, folder);
  const contents = new Contents();
  for await (const { key, sequence, value } of reader.entries()) contents.add(key, sequence, value);
  for (const { file, offset, what } of reader.faults) {
    const where = `${folder}/${file}`;
    report({ where, what: `${what}, at offset ${offset}`, state: null, lost: 'what is listed below, if anything' });
  }
  const checkpoint = checkpointOf(contents, folder, report);
  return { checkpoint, states: checkPages(contents, checkpoint, report) };
}

function checkpointOf(contents: Contents, folder: string, report: (finding: Finding) => void): CheckpointRecord {
  const value = contents.small.get(Buffer.from(META_KEY).toString('latin1'))?.value ?? null;
  try {
    if (value !== null) return decodeCheckpoint(value);
    if (contents.small.size === 0 && contents.blocks.size === 0) return NO_CHECKPOINT;
    report({ where: folder, what: 'there is no checkpoint record', state: null, lost: ALL });
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    report({ where: folder, what: error.message, state: null, lost: ALL });
  }
  return NO_CHECKPOINT;
}

function checkPages(
  contents: Contents, { manifest }: CheckpointRecord, report: (finding: Finding) => void,
): ReadonlyMap<string, StateReport> {
  const states = new Map<string, { pages: number; bytes: number; damagedPages: number }>();
  const parts = new Map<string, Uint8Array>();
  for (const [name, { value }] of contents.small) {
    const key = Buffer.from(name, 'latin1');
    if (!isDirectoryKey(key) || value === null) continue;
    const { state, part } = parseDirectoryKey(key);
    // Data format 2 knew nothing of its directories: those that are there count.
    if (manifest === null || manifest.get(state)?.get(part) === partChecksum(value)) parts.set(`${state} ${part}`, value);
  }
  for (const [state, known] of manifest ?? []) {
    for (const part of known.keys()) {
      if (parts.has(`${state} ${part}`)) continue;
      const what = `part ${part} of the directory is missing, or is an old one`;
      report({ where: `state ${state}`, what, state, lost: `up to ${ROWS_A_PAGE * ROWS_A_PAGE} rows` });
    }
  }
  const blocks = blocksByPage(contents);
  for (const [name, value] of parts) {
    const state = name.slice(0, name.lastIndexOf(' '));
    const total = states.get(state) ?? { pages: 0, bytes: 0, damagedPages: 0 };
    states.set(state, total);
    try {
      for (const [page, entry] of decodePart(value)) {
        const block = blocks.get(`${state} ${page} ${entry.version}`);
        total.pages++;
        total.bytes += block?.bytes ?? 0;
        const what = wrongBlock(block, entry);
        if (what === null) continue;
        total.damagedPages++;
        report({ where: `page ${page} of state ${state}`, what, state, lost: rowsOf(entry) });
      }
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      report({ where: `state ${state}`, what: error.message, state, lost: `up to ${ROWS_A_PAGE * ROWS_A_PAGE} rows` });
    }
  }
  return states;
}

function blocksByPage({ blocks }: Contents): ReadonlyMap<string, Block> {
  const out = new Map<string, Block>();
  for (const [name, block] of blocks) {
    const { state, page, version } = parsePageKey(Buffer.from(name, 'latin1'));
    out.set(`${state} ${page} ${version}`, block);
  }
  return out;
}

function wrongBlock(block: Block | undefined, entry: PageEntry): string | null {
  if (block === undefined) return 'its block is missing';
  if (block.fault !== null) return block.fault;
  return entry.checksum === null || entry.checksum === block.checksum ? null : 'its block is another';
}

/** How many rows go with a page. */
export function rowsOf(entry: PageEntry): string {
  const summary = unpackSummary(entry.summary);
  if (summary === null) return `up to ${ROWS_A_PAGE} rows`;
  const rows = summary.weights === null ? summary.used : summary.weights.reduce((n, weight) => n + (weight === 0 ? 0 : 1), 0);
  return `${rows} rows`;
}
