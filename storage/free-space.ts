// FreeSpace: the room on the disk that is kept for checkpoints: below it what adds data is refused before the disk is full.
import { DatabaseError } from '../engine/data/error.ts';
import type { DiskSpace } from '../engine/state/ports.ts';
import type { SpaceUse } from './file-system.ts';

const FLOOR_BYTES = 64 << 20;
/** Of a small file system so much. */
const FLOOR_SHARE = 16;
/** It is measured after so many commits, or so many bytes of them: others use the disk, too. */
const COMMITS = 32;
const BYTES = 8 << 20;

export interface FreeSpaceOptions {
  /** As `FileSystem.space` of the data folder. */
  measure(): SpaceUse;
  /** Bytes to be kept free; absent: 64 MB, or a sixteenth of a small disk. */
  readonly floor?: number | undefined;
  log(message: string): void;
  /** Called when it has become short: what can be done without is to go. */
  becameShort?(): void;
}

const megabytes = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MB`;

export class FreeSpace implements DiskSpace {
  readonly #options: FreeSpaceOptions;
  /** To be committed before it is measured again. */
  #bytes = 0;
  #commits = 0;
  #refusal: DatabaseError | null = null;
  /** It was told that the disk cannot be measured. */
  #unmeasured = false;

  constructor(options: FreeSpaceOptions) {
    this.#options = options;
  }

  get short(): boolean {
    return this.#refusal !== null;
  }

  shortage(bytes: number): DatabaseError | null {
    this.#bytes -= bytes;
    if (this.#refusal !== null || this.#bytes < 0 || --this.#commits < 0) this.#measure(bytes);
    return this.#refusal;
  }

  #measure(bytes: number): void {
    const { log, measure } = this.#options;
    const was = this.#refusal !== null;
    let use: SpaceUse;
    try {
      use = measure();
      this.#unmeasured = false;
    } catch (error) {
      // What cannot be measured is found out by writing.
      if (!this.#unmeasured) log(`could not measure the disk: ${error instanceof Error ? error.message : String(error)}`);
      this.#unmeasured = true;
      use = { free: Infinity, total: Infinity };
    }
    const floor = this.#options.floor ?? Math.min(FLOOR_BYTES, use.total / FLOOR_SHARE);
    const left = use.free - floor - bytes;
    this.#refusal = left >= 0 ? null : new DatabaseError('53100', 'could not commit: No space left on device', {
      detail: `${megabytes(use.free)} are free, ${megabytes(floor)} are kept for checkpoints.`,
      hint: 'Rows and relations can be removed. There is no need to restart the server when there is room again.',
    });
    this.#bytes = Math.min(left, BYTES);
    this.#commits = COMMITS;
    if (was === this.short) return;
    log(was ? 'there is room on the disk again' : `the disk is nearly full, ${megabytes(use.free)} are free: nothing is added`);
    if (!was) this.#options.becameShort?.();
  }
}
