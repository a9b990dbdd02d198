// SegmentFiles: the journal's files: making them, finding them, using those again that a checkpoint has made superfluous.
import { join } from 'node:path';
import type { Epoch } from '../engine/data/time.ts';
import type { FileHandle, FileSystem } from './file-system.ts';
import {
  SEGMENT_HEADER, damaged, decodeSegmentHeader, encodeSegmentHeader, segmentName, segmentNumber,
} from './journal-segment.ts';
import type { SegmentHeader } from './journal-segment.ts';

/*
 * Names: `<number>.journal` a segment; `<number>.journal.spare` a file that may become one, its blocks written; `<..>.new`
 * one that is not finished, a leftover at the next start.
 */
const SPARE = '.spare';
const NEW = '.new';
/** Files kept to be used again; more are removed. */
const SPARES = 4;
const SEGMENT_BYTES = 64 << 20;
const AHEAD_BYTES = 4 << 20;

export interface JournalOptions {
  readonly files: FileSystem;
  readonly folder: string;
  readonly databaseId: Uint8Array;
  /** A new segment is begun past this size. */
  readonly segmentBytes?: number;
  /** Zeros are written ahead of the records in portions of this size; 0: not at all. */
  readonly aheadBytes?: number;
  /** Milliseconds since any moment; by default performance.now. */
  readonly stopwatch?: () => number;
  /** Milliseconds that a small record is expected to take at first; by default those of a quick disk. */
  readonly usualSync?: number;
  /** There is little room: files are not kept to be used again. */
  readonly short?: () => boolean;
  log(message: string): void;
}

export interface Segment {
  readonly number: number;
  readonly firstEpoch: number;
  /** The segment before ends in records that are void. */
  readonly afterFault: boolean;
  /** Of the file, as known last. */
  bytes: number;
}

export class SegmentFiles {
  readonly options: JournalOptions;
  readonly #segments: Segment[];
  /** Names. */
  readonly #spares: string[];
  #preparing: Promise<void> | null = null;

  private constructor(options: JournalOptions, segments: Segment[], spares: string[]) {
    this.options = options;
    this.#segments = segments;
    this.#spares = spares;
  }

  /** What is in the folder. Throws XX001 where a segment is missing; leftovers are removed. */
  static async list(options: JournalOptions): Promise<SegmentFiles> {
    const { files, folder } = options;
    const segments: Segment[] = [];
    const spares: string[] = [];
    for (const name of await files.list(folder)) {
      const path = join(folder, name);
      if (name.endsWith(NEW)) await files.remove(path);
      if (name.endsWith(SPARE)) spares.push(name);
      const number = segmentNumber(name);
      if (number === null) continue;
      const before = segments.at(-1);
      if (before !== undefined && number !== before.number + 1) {
        throw damaged(path, 0, `segment ${before.number + 1} is missing`);
      }
      const header = decodeSegmentHeader(await files.readStart(path, SEGMENT_HEADER), path);
      segments.push({
        number, firstEpoch: header.firstEpoch, afterFault: header.afterFault, bytes: await files.size(path),
      });
    }
    return new SegmentFiles(options, segments, spares);
  }

  /** For a new journal. */
  static empty(options: JournalOptions): SegmentFiles {
    return new SegmentFiles(options, [], []);
  }

  /** Oldest first, numbers without a gap. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Files that wait to be used again. */
  get spares(): number {
    return this.#spares.length;
  }

  /** A segment's file has at least so many bytes. */
  grown(number: number, bytes: number): void {
    const segment = this.#segments.findLast((s) => s.number === number);
    if (segment !== undefined) segment.bytes = Math.max(segment.bytes, bytes);
  }

  /** Of all segments. */
  bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  get segmentBytes(): number {
    return this.options.segmentBytes ?? SEGMENT_BYTES;
  }

  get aheadBytes(): number {
    return this.options.aheadBytes ?? AHEAD_BYTES;
  }

  path(number: number): string {
    return join(this.options.folder, segmentName(number));
  }

  /**
   * A new last segment, on disk with its name on return, open. `records`: its first ones. `written`: bytes of the file that are
   * header, records and zeros.
   * A file of its number is one whose making failed, and is replaced.
   */
  async create(
    how: Pick<SegmentHeader, 'number' | 'firstEpoch' | 'chain' | 'afterFault'>, records: readonly Uint8Array[] = [],
  ): Promise<{ readonly file: FileHandle; readonly written: number }> {
    await this.#preparing;
    const { files, folder, databaseId } = this.options;
    const path = this.path(how.number);
    const fresh = `${path}${NEW}`;
    if (await files.exists(fresh)) await files.remove(fresh);
    const spare = this.#spares.shift();
    if (spare !== undefined) await files.rename(join(folder, spare), fresh);
    const file = await files.open(fresh, spare === undefined ? 'create' : 'existing');
    try {
      const reused = spare !== undefined;
      const used = records.reduce((sum, piece) => sum + piece.length, SEGMENT_HEADER);
      const written = reused ? used : Math.max(this.aheadBytes, used);
      const bytes = reused ? Math.min(await files.size(fresh), 0xffff_ffff) : written;
      const header = encodeSegmentHeader({ databaseId, ...how, reused, bytes });
      await file.write([header, ...records, zeros(written - used)], 0);
      await file.datasync();
      await files.rename(fresh, path);
      await files.syncFolder(folder);
      this.#segments.push({ number: how.number, firstEpoch: how.firstEpoch, afterFault: how.afterFault, bytes });
      return { file, written };
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
  }

  /** Makes a spare file ready where there is none, in the background; `number`: that of the segment it may become. */
  prepare(number: number): void {
    if (this.#preparing !== null || this.#spares.length > 0 || this.options.short?.() === true) return;
    const { files, folder, log } = this.options;
    const name = `${segmentName(number)}${SPARE}`;
    const work = async (): Promise<void> => {
      const fresh = join(folder, `${name}${NEW}`);
      if (await files.exists(fresh)) await files.remove(fresh);
      const file = await files.open(fresh, 'create');
      try {
        await file.write([zeros(this.aheadBytes)], 0);
        await file.datasync();
      } finally {
        await file.close();
      }
      await files.rename(fresh, join(folder, name));
      this.#spares.push(name);
    };
    this.#preparing = work().catch((error: unknown) => {
      log(`could not prepare a journal file: ${error instanceof Error ? error.message : String(error)}`);
    }).finally(() => {
      this.#preparing = null;
    });
  }

  /** Forgets segments whose records are all of epochs up to `upTo`; their files become spares. */
  async trim(upTo: Epoch): Promise<void> {
    const { files, folder } = this.options;
    const short = this.options.short?.() === true;
    if (short) await this.dropSpares();
    let changed = false;
    while (this.#segments.length > 1 && this.#segments[1].firstEpoch <= upTo + 1) {
      const [{ number }, { afterFault }] = this.#segments;
      const path = this.path(number);
      // A record larger than a segment leaves a file that would hold the disk's space for long.
      const keep = !short && !afterFault && this.#spares.length < SPARES && await files.size(path) <= 2 * this.segmentBytes;
      const spare = `${segmentName(number)}${SPARE}`;
      if (keep) await files.rename(path, join(folder, spare));
      else await files.remove(path);
      this.#segments.shift();
      if (keep) this.#spares.push(spare);
      changed = true;
    }
    if (changed) await files.syncFolder(folder);
  }

  /** No spare is used any more: after a fault only new files are trusted; or their room is wanted. */
  async dropSpares(): Promise<void> {
    await this.#preparing;
    const { files, folder, log } = this.options;
    for (const name of this.#spares.splice(0)) {
      await files.remove(join(folder, name)).catch((error: unknown) => {
        log(`could not remove "${name}": ${error instanceof Error ? error.message : String(error)}`);
      });
    }
  }

  async settled(): Promise<void> {
    await this.#preparing;
  }

  /** Throws XX001 where the file is not that segment of this database. */
  async read(segment: Pick<Segment, 'number'> & { readonly firstEpoch: number | null }): Promise<{
    readonly bytes: Uint8Array; readonly header: SegmentHeader; readonly path: string;
  }> {
    const { files, databaseId } = this.options;
    const path = this.path(segment.number);
    const bytes = await files.readFile(path);
    const header = decodeSegmentHeader(bytes, path);
    if (!header.databaseId.every((byte, i) => byte === databaseId[i])) {
      throw damaged(path, 16, 'it belongs to another database');
    }
    if (header.number !== segment.number || (segment.firstEpoch !== null && header.firstEpoch !== segment.firstEpoch)) {
      throw damaged(path, 32, 'it is another segment');
    }
    return { bytes, header, path };
  }
}

let zeroBlock = new Uint8Array(0);

/** A shared array of so many zeros, not to be written to. */
export function zeros(size: number): Uint8Array {
  if (zeroBlock.length < size) zeroBlock = new Uint8Array(size);
  return zeroBlock.subarray(0, size);
}
