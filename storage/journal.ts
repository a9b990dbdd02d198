// DiskJournal: the Journal over segment files; what was acknowledged is decided here and nowhere else.
import { join } from 'node:path';
import { DatabaseError, assert } from '../engine/data/error.ts';
import { toEpoch } from '../engine/data/time.ts';
import type { Epoch } from '../engine/data/time.ts';
import type { Journal, JournalRecord } from '../engine/state/ports.ts';
import { crc32c } from './crc32c.ts';
import { storageError } from './storage-error.ts';
import type { FileHandle, FileSystem } from './file-system.ts';
import {
  FOLLOWED, SEGMENT_HEADER, damaged, decodeSegmentHeader, encodeRecord, encodeSegmentHeader, scanSegment, segmentName,
  segmentNumber,
} from './journal-segment.ts';
import type { SegmentHeader, SegmentScan } from './journal-segment.ts';

export interface JournalOptions {
  readonly files: FileSystem;
  readonly folder: string;
  readonly databaseId: Uint8Array;
  /** A new segment is begun past this size. */
  readonly segmentBytes?: number;
  /** Zeros are written ahead of the records in portions of this size. */
  readonly aheadBytes?: number;
  log(message: string): void;
}

const SEGMENT_BYTES = 64 << 20;
const AHEAD_BYTES = 4 << 20;
const LARGE_RECORD = 16 << 10;
/** Records up to this size may be written on the main thread. */
const SMALL_RECORD = 64 << 10;
/**
 * Milliseconds: a disk that takes longer for more than one small write in four is waited for on another thread, so that
 * others go on meanwhile; and where there are no others.
 */
const QUICK_DISK = 0.5;
const QUICK_DISK_ALONE = 5;
/** By how much one write moves the estimate of that wait: up by three parts where it took longer, else down by one. */
const ESTIMATE_PART = 0.03;

interface Segment {
  readonly number: number;
  readonly firstEpoch: number;
}

/** The segment that is written. */
interface Tail {
  readonly file: FileHandle;
  readonly number: number;
  end: number;
  /** Zeros are on disk up to here: writes below change no metadata, which halves the time of a sync. */
  zeroed: number;
}

export class DiskJournal implements Journal {
  readonly #options: JournalOptions;
  readonly #seed: number;
  readonly #segments: Segment[];
  readonly #tail: { current: Tail };
  #last: number;
  #chain: number;
  /** Every epoch up to this one is on disk. */
  #durable: number;
  #extension: Promise<void> | null = null;
  #failure: DatabaseError | null = null;
  #busy = false;
  /** Moving average of record sizes. */
  #usualSize = 0;
  /** Milliseconds within which three small records in four are on disk; rare long waits say nothing about the next one. */
  #usualWait = QUICK_DISK / 2;

  private constructor(options: JournalOptions, segments: Segment[], tail: Tail, scan: SegmentScan) {
    this.#options = options;
    this.#seed = crc32c(options.databaseId);
    this.#segments = segments;
    this.#tail = { current: tail };
    this.#last = scan.lastEpoch;
    this.#chain = scan.chain;
    this.#durable = scan.lastEpoch;
  }

  /** Makes an empty journal; the folder exists and is empty. Durable on return. */
  static async create(options: JournalOptions): Promise<void> {
    const { files, folder, databaseId } = options;
    await createSegment(options, { databaseId, number: 1, firstEpoch: 1, chain: 0, bytes: aheadOf(options) });
    await files.syncFolder(folder);
  }

  /** Finds the end, cuts a torn tail. Throws XX001 when the last segment is damaged. */
  static async open(options: JournalOptions): Promise<DiskJournal> {
    const { files, folder, databaseId } = options;
    const segments = await listSegments(options);
    const last = segments.at(-1);
    if (last === undefined) throw damaged(folder, 0, 'the journal has no segment');
    const path = join(folder, segmentName(last.number));
    const bytes = await files.readFile(path);
    const header = decodeSegmentHeader(bytes, path);
    if (!sameBytes(header.databaseId, databaseId)) throw damaged(path, 16, 'it belongs to another database');
    if (header.followed === true) throw damaged(folder, 0, `segment ${last.number + 1} is missing`);
    const scan = scanSegment(bytes, header, path);
    const file = await files.open(path, 'existing');
    if (scan.torn > 0) {
      options.log(`journal file "${path}": cut ${scan.torn} bytes of an unfinished record at offset ${scan.end}`);
      await file.write([new Uint8Array(scan.torn)], scan.end);
    }
    // What was read may be in the page cache only: a killed process leaves it so, and it is about to be built upon.
    await file.datasync();
    return new DiskJournal(options, segments, { file, number: last.number, end: scan.end, zeroed: bytes.length }, scan);
  }

  get lastEpoch(): Epoch {
    return toEpoch(this.#last);
  }

  async append(epoch: Epoch, record: readonly Uint8Array[], sync: boolean, alone = false): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    assert(!this.#busy && epoch === this.#last + 1, `journal append of epoch ${epoch} after ${this.#last}`);
    this.#busy = true;
    try {
      await this.#write(epoch, record, sync, alone ? QUICK_DISK_ALONE : QUICK_DISK);
    } catch (error) {
      // Law: after a failed write or sync nothing is acknowledged any more; what is on disk is known only after a restart.
      this.#failure = storageError(error, 'could not write to the journal');
      throw this.#failure;
    } finally {
      this.#busy = false;
    }
    if (this.#failure !== null) throw this.#failure;
    this.#writeAhead();
  }

  async #write(epoch: Epoch, record: readonly Uint8Array[], sync: boolean, quick: number): Promise<void> {
    if (this.#tail.current.end >= (this.#options.segmentBytes ?? SEGMENT_BYTES)) await this.#rotate(epoch);
    const fields = { epoch, durable: this.#durable, chain: this.#chain, seed: this.#seed };
    const { pieces, checksum, size } = encodeRecord(record, fields);
    const tail = this.#tail.current;
    if (tail.end + size > tail.zeroed) await this.#extension;
    const inOne = !sync || this.#durable === this.#last;
    const start = performance.now();
    if (inOne && size <= SMALL_RECORD && (!sync || this.#usualWait < quick)) {
      tail.file.writeNow(pieces, tail.end, sync);
    } else if (sync && inOne) {
      await tail.file.writeDurable(pieces, tail.end);
    } else {
      await tail.file.write(pieces, tail.end);
      if (sync) await tail.file.datasync();
    }
    if (sync && size <= SMALL_RECORD) {
      this.#usualWait *= performance.now() - start > this.#usualWait ? 1 + 3 * ESTIMATE_PART : 1 - ESTIMATE_PART;
    }
    this.#usualSize += (size - this.#usualSize) / 16;
    tail.end += size;
    tail.zeroed = Math.max(tail.zeroed, tail.end);
    this.#last = epoch;
    this.#chain = checksum;
    if (sync) this.#durable = epoch;
  }

  async #rotate(epoch: Epoch): Promise<void> {
    await this.#extension;
    const old = this.#tail.current;
    await old.file.datasync();
    this.#durable = this.#last;
    const { databaseId, files, folder } = this.#options;
    const bytes = aheadOf(this.#options);
    const header = { databaseId, number: old.number + 1, firstEpoch: epoch, chain: this.#chain, bytes };
    await createSegment(this.#options, header);
    await files.syncFolder(folder);
    // From now on the journal is not whole without the new one.
    await old.file.writeDurable([FOLLOWED.bytes], FOLLOWED.position);
    const path = join(folder, segmentName(header.number));
    const file = await files.open(path, 'existing');
    this.#tail.current = { file, number: header.number, end: SEGMENT_HEADER, zeroed: aheadOf(this.#options) };
    this.#segments.push({ number: header.number, firstEpoch: epoch });
    await old.file.close();
  }

  /** Writes the next portion of zeros while nobody waits for it; for large records it would cost more than it saves. */
  #writeAhead(): void {
    const tail = this.#tail.current;
    const portion = aheadOf(this.#options);
    const limit = this.#options.segmentBytes ?? SEGMENT_BYTES;
    if (this.#usualSize > LARGE_RECORD) return;
    if (this.#extension !== null || tail.zeroed - tail.end > portion / 2 || tail.zeroed >= limit) return;
    const from = tail.zeroed;
    const done = async (): Promise<void> => {
      try {
        await tail.file.write([zeros(portion)], from);
        await tail.file.datasync();
        tail.zeroed = Math.max(tail.zeroed, from + portion);
      } catch (error) {
        // A failed sync is told once and may concern records written before, so it counts as theirs.
        this.#failure = storageError(error, 'could not write to the journal');
      } finally {
        this.#extension = null;
      }
    };
    this.#extension = done();
  }

  async *replay(after: Epoch): AsyncIterable<JournalRecord> {
    const { files, folder } = this.#options;
    if (after > this.#last) {
      throw damaged(folder, 0, `the journal ends at epoch ${this.#last}, the checkpoint is of epoch ${after}`);
    }
    const from = this.#segments.findLastIndex((s) => s.firstEpoch <= after + 1);
    if (from < 0) {
      const first = this.#segments[0].firstEpoch;
      throw damaged(folder, 0, `the journal begins at epoch ${first}, the checkpoint is of epoch ${after}`);
    }
    const segments = this.#segments.slice(from);
    let chain: number | null = null;
    for (const [i, segment] of segments.entries()) {
      const path = join(folder, segmentName(segment.number));
      const bytes = await files.readFile(path);
      const header = this.#headerOf(bytes, path, segment);
      if (chain !== null && header.chain !== chain) throw damaged(path, 48, 'it does not continue the segment before');
      const scan = scanSegment(bytes, header, path);
      const until = i + 1 < segments.length ? segments[i + 1].firstEpoch - 1 : scan.lastEpoch;
      if (scan.lastEpoch !== until) throw damaged(path, scan.end, `the record of epoch ${scan.lastEpoch + 1} is gone`);
      chain = scan.chain;
      for (const record of scan.records) if (record.epoch > after) yield { epoch: record.epoch, bytes: record.bytes };
    }
  }

  #headerOf(bytes: Uint8Array, path: string, segment: Segment): SegmentHeader {
    const header = decodeSegmentHeader(bytes, path);
    if (!sameBytes(header.databaseId, this.#options.databaseId)) throw damaged(path, 16, 'it belongs to another database');
    if (header.number !== segment.number || header.firstEpoch !== segment.firstEpoch) {
      throw damaged(path, 32, 'it is another segment');
    }
    return header;
  }

  async trim(upTo: Epoch): Promise<void> {
    const { files, folder } = this.#options;
    let removed = false;
    while (this.#segments.length > 1 && this.#segments[1].firstEpoch <= upTo + 1) {
      await files.remove(join(folder, segmentName(this.#segments[0].number)));
      this.#segments.shift();
      removed = true;
    }
    if (removed) await files.syncFolder(folder);
  }

  async close(): Promise<void> {
    await this.#extension;
    const { file } = this.#tail.current;
    try {
      if (this.#failure === null) await file.datasync();
    } finally {
      await file.close();
    }
  }
}

function aheadOf(options: JournalOptions): number {
  return options.aheadBytes ?? AHEAD_BYTES;
}

let zeroBlock = new Uint8Array(0);
function zeros(size: number): Uint8Array {
  if (zeroBlock.length < size) zeroBlock = new Uint8Array(size);
  return zeroBlock.subarray(0, size);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A whole segment under its name, its bytes on disk; the folder is the caller's to sync. */
async function createSegment(options: JournalOptions, header: SegmentHeader): Promise<void> {
  const { files, folder } = options;
  const name = segmentName(header.number);
  const temporary = join(folder, `${name}.new`);
  if (await files.exists(temporary)) await files.remove(temporary);
  const file = await files.open(temporary, 'create');
  try {
    await file.write([encodeSegmentHeader(header), zeros(header.bytes - SEGMENT_HEADER)], 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await files.rename(temporary, join(folder, name));
}

/** The segments in the folder, contiguous; leftovers of an unfinished creation are removed. */
async function listSegments(options: JournalOptions): Promise<Segment[]> {
  const { files, folder } = options;
  const segments: Segment[] = [];
  for (const name of await files.list(folder)) {
    const path = join(folder, name);
    if (name.endsWith('.journal.new')) await files.remove(path);
    const number = segmentNumber(name);
    if (number === null) continue;
    const before = segments.at(-1);
    if (before !== undefined && number !== before.number + 1) {
      throw damaged(path, 0, `segment ${before.number + 1} is missing`);
    }
    const header = decodeSegmentHeader(await files.readStart(path, SEGMENT_HEADER), path);
    segments.push({ number, firstEpoch: header.firstEpoch });
  }
  return segments;
}
