// Checks the journal's segments offline: every checksum, the chain, the numbers; and says which epochs are lost.
import { join } from 'node:path';
import { DatabaseError } from '../engine/data/error.ts';
import type { Finding } from './check.ts';
import type { FileSystem } from './file-system.ts';
import { SEGMENT_HEADER, decodeSegmentHeader, scanSegment, segmentName, segmentNumber } from './journal-segment.ts';
import type { SegmentHeader } from './journal-segment.ts';

export interface JournalReport {
  readonly segments: number;
  /** Of the records that are whole, in one row; 0 and 0 when there are none. */
  readonly firstEpoch: number;
  readonly lastEpoch: number;
  /** Bytes of a record that was never finished: the next start cuts them. */
  readonly unfinished: number;
}

interface Place {
  readonly files: FileSystem;
  readonly folder: string;
  /** Null: not known. */
  readonly databaseId: Uint8Array | null;
  /** The checkpoint's: earlier records are not needed. */
  readonly epoch: number;
}

export async function checkJournal(place: Place, report: (finding: Finding) => void): Promise<JournalReport> {
  const { files, folder, epoch } = place;
  const names = await files.exists(folder) ? (await files.list(folder)).filter((name) => segmentNumber(name) !== null) : [];
  const found = (where: string, what: string, from: number): void =>
    report({ where, what, state: null, lost: from > epoch ? `commits from epoch ${from} on` : 'nothing: the checkpoint has it' });
  let expected: { readonly number: number; readonly epoch: number; readonly chain: number } | null = null;
  let first = 0;
  let last = 0;
  let unfinished = 0;
  let followed = false;
  for (const [i, name] of names.entries()) {
    const path = join(folder, name);
    const at = expected?.epoch ?? epoch + 1;
    try {
      const bytes = await files.readFile(path);
      const header = decodeSegmentHeader(bytes, path);
      const wrong = wrongHeader(header, place.databaseId, expected);
      if (wrong !== null) found(path, wrong, at);
      const scan = scanSegment(bytes, header, path, await voidFrom(place, names[i + 1]));
      if (first === 0 && scan.records.length > 0) first = scan.records[0].epoch;
      last = scan.lastEpoch;
      unfinished = scan.torn;
      followed = header.followed === true;
      expected = { number: header.number + 1, epoch: scan.lastEpoch + 1, chain: scan.chain };
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      found(path, error.message, at);
      expected = null;
      followed = false;
    }
  }
  if (names.length === 0) found(folder, 'the journal has no segment', epoch + 1);
  if (followed) found(join(folder, segmentName(expected?.number ?? 0)), 'the segment is missing', last + 1);
  else if (expected !== null && last < epoch) {
    found(folder, `the journal ends at epoch ${last}, before the checkpoint's ${epoch}`, last + 1);
  }
  if (first > epoch + 1) found(folder, `the journal begins at epoch ${first}, the checkpoint is of epoch ${epoch}`, epoch + 1);
  return { segments: names.length, firstEpoch: first, lastEpoch: last, unfinished };
}

/** The last epoch that counts where the next segment was made after a fault: what follows it in the one before is void. */
async function voidFrom({ files, folder }: Place, next: string | undefined): Promise<number | null> {
  if (next === undefined) return null;
  try {
    const path = join(folder, next);
    const header = decodeSegmentHeader(await files.readStart(path, SEGMENT_HEADER), path);
    return header.afterFault ? header.firstEpoch - 1 : null;
  } catch (error) {
    // Reported when its turn comes.
    if (error instanceof DatabaseError) return null;
    throw error;
  }
}

function wrongHeader(
  header: SegmentHeader, databaseId: Uint8Array | null,
  expected: { readonly number: number; readonly epoch: number; readonly chain: number } | null,
): string | null {
  if (databaseId !== null && Buffer.compare(header.databaseId, databaseId) !== 0) return 'it belongs to another database';
  if (expected === null) return null;
  if (header.number !== expected.number) return `segment ${expected.number} is missing`;
  const continues = header.firstEpoch === expected.epoch && header.chain === expected.chain;
  return continues ? null : 'it does not continue the segment before';
}
