// Journal files used again: records of a file's earlier life are never taken for its own, whatever is cut.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toEpoch } from '../../engine/data/time.ts';
import { checkJournal } from '../../storage/check-journal.ts';
import type { Finding } from '../../storage/check.ts';
import { DiskJournal } from '../../storage/journal.ts';
import {
  SEGMENT_HEADER, decodeSegmentHeader, encodeSegmentHeader, recordSize, scanSegment,
} from '../../storage/journal-segment.ts';
import type { SegmentScan } from '../../storage/journal-segment.ts';
import type { JournalOptions } from '../../storage/segment-files.ts';
import { MemoryFileSystem } from '../support/memory-file-system.ts';
import { Random } from '../support/random.ts';

const LENGTH = 72;
const IN_SEGMENT = 10;

function options(files: MemoryFileSystem): JournalOptions {
  const segmentBytes = SEGMENT_HEADER + IN_SEGMENT * recordSize(LENGTH);
  return { files, folder: '/j', databaseId: new Uint8Array(16).fill(5), log: () => {}, segmentBytes, aheadBytes: 0 };
}

/** All of one length, so that records of every life of a file begin at the same places. */
const payload = (epoch: number): Uint8Array => new Uint8Array(LENGTH).fill(epoch & 0xff);

async function made(files: MemoryFileSystem): Promise<DiskJournal> {
  await DiskJournal.create(options(files));
  return DiskJournal.open(options(files));
}

interface Written { readonly acknowledged: number; readonly durable: number; readonly issued: number; readonly trimmed: number }

/** A checkpoint every 15 epochs, which covers all but the last few. */
async function write(journal: DiskJournal, from: number, count: number, syncEvery = 1): Promise<Written> {
  const out = { acknowledged: from - 1, durable: from - 1, issued: from - 1, trimmed: 0 };
  try {
    for (let e = from; e < from + count; e++) {
      out.issued = e;
      const sync = e % syncEvery === 0;
      await journal.append(toEpoch(e), [payload(e)], sync);
      out.acknowledged = e;
      if (sync) out.durable = e;
      if (e % 15 !== 0 || out.durable < 3) continue;
      const upTo = out.durable - 2;
      await journal.trim(toEpoch(upTo));
      out.trimmed = upTo;
    }
  } catch {
    // Stopped.
  }
  return out;
}

async function lastOf(journal: DiskJournal, after: number): Promise<number> {
  let last = after;
  for await (const { epoch, bytes } of journal.replay(toEpoch(after))) {
    expect(epoch).toBe(last + 1);
    expect(bytes).toEqual(payload(epoch));
    last = epoch;
  }
  return last;
}

/** Segments of an earlier life: how many, and whether a whole record of it stands right where the next one goes. */
function reused(files: MemoryFileSystem): readonly string[] {
  return files.paths().filter((path) => path.endsWith('.journal')
    && decodeSegmentHeader(files.raw(path), path).reused);
}

test('the files do come back, with old records right behind the new ones', async () => {
  const files = new MemoryFileSystem();
  const journal = await made(files);
  await write(journal, 1, 95);
  const [path] = reused(files).toReversed();
  expect(path).toBeDefined();
  const { firstEpoch } = decodeSegmentHeader(files.raw(path), path);
  const behind = SEGMENT_HEADER + (95 - firstEpoch + 1) * recordSize(LENGTH);
  const view = new DataView(files.raw(path).buffer);
  expect(view.getUint32(behind, true)).toBe(LENGTH);
  const old = Number(view.getBigUint64(behind + 8, true));
  expect(old).toBeGreaterThan(0);
  expect(old).toBeLessThan(firstEpoch);
  await journal.close();
  const logs: string[] = [];
  const again = await DiskJournal.open({ ...options(files), log: (message) => logs.push(message) });
  expect(again.lastEpoch).toBe(95);
  expect(logs).toEqual([]);
  // None is kept without bound.
  expect(files.paths().length).toBeLessThan(7);
});

test('killed after every so many bytes, opened and written on', async () => {
  const whole = new MemoryFileSystem();
  const { issued } = await write(await made(whole), 1, 80);
  expect(issued).toBe(80);
  const random = new Random(11);
  for (let budget = 0; budget < whole.written; budget += random.int(20, 90)) {
    const files = new MemoryFileSystem();
    const journal = await made(files);
    files.budget = budget;
    const done = await write(journal, 1, 80);
    const left = files.afterKill();
    const again = await DiskJournal.open(options(left));
    const last = await lastOf(again, done.trimmed);
    expect(last, `stopped after ${budget} bytes`).toBeGreaterThanOrEqual(done.acknowledged);
    expect(last).toBeLessThanOrEqual(done.issued);
    const { trimmed } = await write(again, last + 1, 5);
    await again.close();
    const third = await DiskJournal.open(options(left));
    expect(await lastOf(third, Math.max(done.trimmed, trimmed)), `after ${budget} bytes`).toBe(last + 5);
  }
}, 60_000);

test('power cuts with unsynced records: what is torn in a used file is cut, and never comes back', async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = new Random(seed);
    const files = new MemoryFileSystem();
    const journal = await made(files);
    files.budget = random.int(5_000, 14_000);
    const done = await write(journal, 1, 120, random.int(1, 4));
    const left = files.afterPowerCut(random);
    const again = await DiskJournal.open(options(left));
    const last = await lastOf(again, done.trimmed);
    expect(last, `seed ${seed}`).toBeGreaterThanOrEqual(done.durable);
    expect(last, `seed ${seed}`).toBeLessThanOrEqual(done.issued);
    // Shorter records over the place of longer ones, and once more from there.
    await again.append(toEpoch(last + 1), [new Uint8Array(random.int(0, 40)).fill((last + 1) & 0xff)], true);
    const third = await DiskJournal.open(options(left.afterKill()));
    expect(third.lastEpoch, `seed ${seed}`).toBe(last + 1);
  }
}, 60_000);

/** A used file with one number after the other where records are to come; what is found in it. */
function scanOf(numbers: (random: Random) => readonly bigint[]): SegmentScan {
  const random = new Random(5);
  const bytes = new Uint8Array(2 << 20);
  const words = new BigInt64Array(bytes.buffer);
  for (let at = 0; at < words.length; at += 4) words.set(numbers(random), at);
  bytes.set(encodeSegmentHeader({
    databaseId: new Uint8Array(16).fill(5), number: 3, firstEpoch: 7, chain: 0, bytes: bytes.length, reused: true, afterFault: false,
  }));
  return scanSegment(bytes, decodeSegmentHeader(bytes, 'x'), 'x');
}

const number = (random: Random): bigint => BigInt(random.int(900_000, 1_100_000));

test('what a used file held may look like a large record at many places: it is looked through all the same', () => {
  // Lengths, epochs and epochs on disk that are all possible: a sum over half of the file a place would take minutes.
  const scan = scanOf((random) => [number(random) + (BigInt(random.int(1, 1e9)) << 32n), number(random) + 1_000_000n, number(random), 1n]);
  expect(scan).toMatchObject({ records: [], end: SEGMENT_HEADER, lastEpoch: 6, torn: 0 });
});

test('columns of whole numbers look like records at every place', () => {
  const scan = scanOf((random) => [number(random), number(random), number(random), number(random)]);
  expect(scan).toMatchObject({ records: [], end: SEGMENT_HEADER, lastEpoch: 6, torn: 0 });
});

test('a file that ends in void records is found whole by the check, and not used again', async () => {
  const files = new MemoryFileSystem();
  const journal = await made(files);
  await write(journal, 1, 5);
  // On disk, and yet it failed: the sync says so.
  files.before = (operation): void => {
    if (operation === 'datasync') throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  await expect((async () => journal.append(toEpoch(6), [payload(66)], true))()).rejects.toMatchObject({ code: '58030' });
  files.before = (): void => {};
  await journal.reopen();
  await write(journal, 6, 4);
  const findings: Finding[] = [];
  const report = await checkJournal({ files, folder: '/j', databaseId: null, epoch: 0 }, (finding) => findings.push(finding));
  expect({ findings, report }).toMatchObject({ findings: [], report: { segments: 2, firstEpoch: 1, lastEpoch: 9 } });
  await journal.trim(toEpoch(8));
  await journal.close();
  expect(files.paths().filter((path) => path.endsWith('.journal'))).toEqual([join('/j', '000000000002.journal')]);
  // The one that was prepared is new.
  for (const path of files.paths().filter((p) => p.endsWith('.spare'))) expect(files.raw(path).every((b) => b === 0)).toBe(true);
  expect(await lastOf(await DiskJournal.open(options(files)), 5)).toBe(9);
});
