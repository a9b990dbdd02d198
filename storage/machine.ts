// Machine: all that storage takes from the machine it runs on; a simulation puts one of its own in its place.
import { randomBytes } from 'node:crypto';
import type { PageFile } from '../engine/state/ports.ts';
import { CODEC } from './codec.ts';
import type { Compressor } from './codec.ts';
import { NODE_FILE_SYSTEM } from './file-system.ts';
import type { FileSystem } from './file-system.ts';
import { openDatabase } from './level-database.ts';
import type { Database } from './level-database.ts';
import { DiskPageFile } from './page-file.ts';
import { pause } from './pause.ts';
import type { Pause } from './pause.ts';

export interface Machine {
  readonly files: FileSystem;
  /** LevelDB: F0001 when another process has it open, XX001 when it is damaged. */
  openDatabase(path: string, mode: 'create' | 'existing'): Promise<Database>;
  /** How new blocks are compressed. */
  readonly compressor: Compressor;
  pageFile(path: string): PageFile;
  /** Milliseconds since any moment, for how long something takes. */
  stopwatch(): number;
  /** Cuts long work into slices. */
  readonly pause: Pause;
  randomBytes(length: number): Uint8Array;
}

/** The real one. */
export const NODE_MACHINE: Machine = {
  files: NODE_FILE_SYSTEM,
  openDatabase,
  compressor: CODEC,
  pageFile: (path) => new DiskPageFile(path),
  stopwatch: () => performance.now(),
  pause,
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
};
