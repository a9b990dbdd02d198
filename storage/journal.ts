// DiskJournal: the Journal over segment files; what was acknowledged is decided here and nowhere else.
import { assert } from '../engine/data/error.ts';
import type { DatabaseError } from '../engine/data/error.ts';
import { whenThere } from '../engine/data/soon.ts';
import type { Soon } from '../engine/data/soon.ts';
import { toEpoch } from '../engine/data/time.ts';
import type { Epoch } from '../engine/data/time.ts';
import type { Journal, JournalRecord, JournalStatistics } from '../engine/state/ports.ts';
import { crc32c } from './crc32c.ts';
import { storageError } from './storage-error.ts';
import type { FileHandle } from './file-system.ts';
import { FOLLOWED, SEGMENT_HEADER, damaged, encodeRecord, scanSegment } from './journal-segment.ts';
import type { SegmentScan } from './journal-segment.ts';
import { SegmentFiles, zeros } from './segment-files.ts';
import type { JournalOptions, Segment } from './segment-files.ts';
import { SyncTimes } from './sync-times.ts';

const LARGE_RECORD = 16 << 10;
/** Records up to this size may be written on the main thread. */
const SMALL_RECORD = 64 << 10;
/**
 * Milliseconds: a disk that takes longer for more than one small write in four is waited for on another thread, so that
 * others go on meanwhile; and where there are no others. Why not longer: on a disk that others keep busy, writes on the
 * main thread had a median of 3.5 to 4 ms beside 1 ms on another one.
 */
const QUICK_DISK = 0.5;
const QUICK_DISK_ALONE = 1;
/** Bytes of records that are acknowledged without being synced; past them the next one is synced. */
const UNSYNCED_BYTES = 16 << 20;

/** The segment that is written. */
interface Tail {
  readonly file: FileHandle;
  readonly number: number;
  end: number;
  /**
   * Zeros were written up to here, and are on disk: a write below changes no metadata, which halves the time of a sync, and
   * finds its page in memory, where that of a file used again would have to be read.
   */
  written: number;
  closed: boolean;
}

interface Unsynced {
  readonly epoch: Epoch;
  readonly record: readonly Uint8Array[];
}

export class DiskJournal implements Journal {
  readonly #files: SegmentFiles;
  readonly #seed: number;
  #tail: Tail;
  #last: number;
  #chain: number;
  /** Every epoch up to this one is on disk; and the checksum of its record. */
  #durable: number;
  #durableChain: number;
  /** The records after it: should a sync fail they are written again, since the kernel may have dropped them. */
  #unsynced: Unsynced[] = [];
  #unsyncedBytes = 0;
  #extension: Promise<void> | null = null;
  #failure: DatabaseError | null = null;
  #busy = false;
  /** Moving average of record sizes. */
  #usualSize = 0;
  readonly #times: SyncTimes;

  private constructor(files: SegmentFiles, tail: Tail, scan: SegmentScan) {
    this.#files = files;
    this.#seed = crc32c(files.options.databaseId);
    this.#times = new SyncTimes(files.options.usualSync ?? QUICK_DISK / 2);
    this.#tail = tail;
    this.#last = scan.lastEpoch;
    this.#chain = scan.chain;
    this.#durable = scan.lastEpoch;
    this.#durableChain = scan.chain;
  }

  /** Makes an empty journal, `firstEpoch` is to come; the folder exists and is empty. Durable on return. */
  static async create(options: JournalOptions, firstEpoch = 1): Promise<void> {
    const files = SegmentFiles.empty(options);
    const { file } = await files.create({ number: 1, firstEpoch, chain: 0, afterFault: false });
    await file.close();
  }

  /** Finds the end, cuts a torn tail. Throws XX001 when the last segment is damaged. */
  static async open(options: JournalOptions): Promise<DiskJournal> {
    const files = await SegmentFiles.list(options);
    const last = files.segments.at(-1);
    if (last === undefined) throw damaged(options.folder, 0, 'the journal has no segment');
    const { bytes, header, path } = await files.read(last);
    if (header.followed === true) throw damaged(options.folder, 0, `segment ${last.number + 1} is missing`);
    const scan = scanSegment(bytes, header, path);
    const file = await options.files.open(path, 'existing');
    if (scan.torn > 0) {
      const what = header.reused ? 'an unfinished record, or of what the file held before,' : 'an unfinished record';
      options.log(`journal file "${path}": cut ${scan.torn} bytes of ${what} at offset ${scan.end}`);
      await file.write([new Uint8Array(scan.torn)], scan.end);
    }
    // What was read, names too, may be in the page cache only: a killed process leaves it so, and it is about to be built upon.
    // Written again, since a sync that failed is told once: the pages then count as clean, and the next sync passes them by.
    const from = firstUnsynced(scan);
    if (from < scan.end) await file.write([bytes.subarray(from, scan.end)], from);
    await file.datasync();
    await options.files.syncFolder(options.folder);
    return new DiskJournal(files, { file, number: last.number, end: scan.end, written: bytes.length, closed: false }, scan);
  }

  /** Removes files that are only kept for later. */
  giveBack(): Promise<void> {
    return this.#files.dropSpares();
  }

  get lastEpoch(): Epoch {
    return toEpoch(this.#last);
  }

  append(epoch: Epoch, record: readonly Uint8Array[], sync: boolean, alone = false): Soon<void> {
    if (this.#failure !== null) throw this.#failure;
    assert(!this.#busy && epoch === this.#last + 1, `journal append of epoch ${epoch} after ${this.#last}`);
    this.#busy = true;
    const fail = (error: unknown): never => {
      this.#busy = false;
      // Law: after a failed write or sync nothing is acknowledged any more until `reopen` has decided what is there.
      this.#failure = storageError(error, 'could not write to the journal');
      throw this.#failure;
    };
    const end = (): void => {
      this.#busy = false;
      this.#writeAhead();
    };
    let writing: Soon<void>;
    try {
      const must = sync || this.#unsyncedBytes > UNSYNCED_BYTES;
      const rotated = this.#tail.end < this.#files.segmentBytes ? undefined : this.#rotate(epoch);
      writing = whenThere(rotated, () => this.#write(epoch, record, must, alone ? QUICK_DISK_ALONE : QUICK_DISK));
    } catch (error) {
      return fail(error);
    }
    if (writing instanceof Promise) return writing.then(end, fail);
    end();
  }

  #write(epoch: Epoch, record: readonly Uint8Array[], sync: boolean, quick: number): Soon<void> {
    const fields = { epoch, durable: this.#durable, chain: this.#chain, seed: this.#seed };
    const { pieces, checksum, size } = encodeRecord(record, fields);
    const tail = this.#tail;
    const extended = tail.end + size > tail.written ? this.#extension ?? undefined : undefined;
    return whenThere(extended, () => {
      const { stopwatch = (): number => performance.now() } = this.#files.options;
      const start = stopwatch();
      return whenThere(this.#put(pieces, { size, sync, quick }), () => {
        // The sync of a write ahead has failed meanwhile: its error is told once, and may be this record's.
        if (this.#failure !== null) throw this.#failure;
        if (sync) this.#times.note(stopwatch() - start, size <= SMALL_RECORD);
        this.#appended({ epoch, record, checksum, size, sync });
      });
    });
  }

  /** The bytes of a record at the end of the segment. */
  #put(
    pieces: readonly Uint8Array[],
    { size, sync, quick }: { readonly size: number; readonly sync: boolean; readonly quick: number },
  ): Soon<void> {
    const { file, end } = this.#tail;
    const inOne = !sync || this.#durable === this.#last;
    if (inOne && size <= SMALL_RECORD && (!sync || this.#times.usual < quick)) {
      file.writeNow(pieces, end, sync);
      return;
    }
    if (sync && inOne) return file.writeDurable(pieces, end);
    const written = file.write(pieces, end);
    return sync ? written.then(() => file.datasync()) : written;
  }

  #appended({ epoch, record, checksum, size, sync }: {
    readonly epoch: Epoch; readonly record: readonly Uint8Array[]; readonly checksum: number; readonly size: number;
    readonly sync: boolean;
  }): void {
    const tail = this.#tail;
    this.#usualSize += (size - this.#usualSize) / 16;
    tail.end += size;
    tail.written = Math.max(tail.written, tail.end);
    this.#last = epoch;
    this.#chain = checksum;
    if (sync) {
      this.#synced();
    } else {
      this.#unsynced.push({ epoch, record });
      this.#unsyncedBytes += size;
    }
  }

  /** All records are on disk. */
  #synced(): void {
    this.#durable = this.#last;
    this.#durableChain = this.#chain;
    if (this.#unsynced.length === 0) return;
    this.#unsynced = [];
    this.#unsyncedBytes = 0;
  }

  async #rotate(epoch: Epoch): Promise<void> {
    await this.#extension;
    const old = this.#tail;
    await old.file.datasync();
    this.#synced();
    const number = old.number + 1;
    this.#files.grown(old.number, old.end);
    const { file, written } = await this.#files.create({ number, firstEpoch: epoch, chain: this.#chain, afterFault: false });
    this.#tail = { file, number, end: SEGMENT_HEADER, written, closed: false };
    // From now on the journal is not whole without the new one.
    await old.file.writeDurable([FOLLOWED.bytes], FOLLOWED.position);
    await this.#close(old);
  }

  /** Everything that matters in it was synced, or has failed to be: an error adds nothing. */
  async #close(tail: Tail): Promise<void> {
    if (tail.closed) return;
    tail.closed = true;
    await tail.file.close().catch((error: unknown) => {
      this.#files.options.log(`could not close a journal file: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  /** Writes the next portion of zeros while nobody waits for it; for large records it would cost more than it saves. */
  #writeAhead(): void {
    const tail = this.#tail;
    const { aheadBytes: portion, segmentBytes: limit } = this.#files;
    if (tail.end > limit / 2) this.#files.prepare(tail.number + 1);
    if (this.#usualSize > LARGE_RECORD || portion === 0) return;
    if (this.#extension !== null || tail.written - tail.end > portion / 2 || tail.written >= limit) return;
    const from = tail.written;
    const done = async (): Promise<void> => {
      try {
        await tail.file.write([zeros(portion)], from);
      } catch (error) {
        // Nothing was promised about these bytes: where there is no room, the record that needs it will tell.
        this.#files.options.log(`could not write ahead in the journal: ${String(error)}`);
        this.#extension = null;
        return;
      }
      try {
        await tail.file.datasync();
        tail.written = Math.max(tail.written, from + portion);
      } catch (error) {
        // A failed sync is told once and may concern records written before, so it counts as theirs.
        this.#failure ??= storageError(error, 'could not write to the journal');
      }
      this.#extension = null;
    };
    this.#extension = done();
  }

  /**
   * A new segment continues after the last record that is known to be on disk; what the old one holds after it is void.
   * No sync of the old file is tried again: after a failure it says nothing about what is on disk.
   */
  async reopen(): Promise<void> {
    if (this.#failure === null) return;
    try {
      await this.#extension;
      await this.#verify();
      await this.#files.dropSpares();
      const number = this.#tail.number + 1;
      const how = { number, firstEpoch: this.#durable + 1, chain: this.#durableChain, afterFault: true };
      // The records are in the file before it has its name, from when on they are void in the old one.
      const records: Uint8Array[] = [];
      let chain = this.#durableChain;
      let end = SEGMENT_HEADER;
      for (const { epoch, record } of this.#unsynced) {
        const { pieces, size, checksum } = encodeRecord(record, { epoch, durable: this.#durable, chain, seed: this.#seed });
        records.push(...pieces);
        end += size;
        chain = checksum;
      }
      const { file, written } = await this.#files.create(how, records);
      const old = this.#tail;
      this.#tail = { file, number, end, written, closed: false };
      await this.#markFollowed(old);
      await this.#close(old);
      this.#chain = chain;
      this.#synced();
      this.#failure = null;
    } catch (error) {
      throw storageError(error, 'could not reopen the journal');
    }
  }

  /** As well as it goes: the file has failed before, and nothing hangs on the mark but to tell that a file was taken away. */
  async #markFollowed(old: Tail): Promise<void> {
    try {
      await old.file.writeDurable([FOLLOWED.bytes], FOLLOWED.position);
    } catch (error) {
      this.#files.options.log(`could not mark a journal file: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Throws XX001 unless the last segment holds every record that was acknowledged as durable. */
  async #verify(): Promise<void> {
    const { bytes, header, path } = await this.#files.read(this.#files.segments.at(-1) ?? { number: 0, firstEpoch: null });
    const { chain, end } = scanSegment(bytes, header, path, this.#durable);
    if (chain !== this.#durableChain) throw damaged(path, end, `the record of epoch ${this.#durable} is another one`);
  }

  async *replay(after: Epoch): AsyncIterable<JournalRecord> {
    const { folder } = this.#files.options;
    if (after > this.#last) {
      throw damaged(folder, 0, `the journal ends at epoch ${this.#last}, the checkpoint is of epoch ${after}`);
    }
    const all = this.#files.segments;
    const from = all.findLastIndex((s) => s.firstEpoch <= after + 1);
    if (from < 0) {
      throw damaged(folder, 0, `the journal begins at epoch ${all[0].firstEpoch}, the checkpoint is of epoch ${after}`);
    }
    const segments = all.slice(from);
    let chain: number | null = null;
    for (const [i, segment] of segments.entries()) {
      const { bytes, header, path } = await this.#read(segment);
      if (chain !== null && header.chain !== chain) throw damaged(path, 48, 'it does not continue the segment before');
      const scan = scanSegment(bytes, header, path, i + 1 < segments.length ? segments[i + 1].firstEpoch - 1 : this.#last);
      chain = scan.chain;
      for (const record of scan.records) if (record.epoch > after) yield { epoch: record.epoch, bytes: record.bytes };
    }
  }

  async #read(segment: Segment): ReturnType<SegmentFiles['read']> {
    try {
      return await this.#files.read(segment);
    } catch (error) {
      throw storageError(error, 'could not read the journal');
    }
  }

  statistics(): JournalStatistics {
    const { segments, spares } = this.#files;
    this.#files.grown(this.#tail.number, Math.max(this.#tail.written, this.#tail.end));
    return { segments: segments.length, spares, bytes: this.#files.bytes(), syncs: this.#times.histogram() };
  }

  trim(upTo: Epoch): Promise<void> {
    return this.#files.trim(upTo);
  }

  async close(): Promise<void> {
    await this.#extension;
    await this.#files.settled();
    try {
      if (this.#failure === null) await this.#tail.file.datasync();
    } catch (error) {
      throw storageError(error, 'could not close the journal');
    } finally {
      await this.#close(this.#tail);
    }
  }
}

/** Where the records begin of which none says that they were on disk; the end, when there are none. */
function firstUnsynced({ records, end }: SegmentScan): number {
  const known = records.at(-1)?.durable ?? 0;
  return records.find(({ epoch }) => epoch > known)?.offset ?? end;
}
