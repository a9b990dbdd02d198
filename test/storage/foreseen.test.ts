// What the journal writes of a record before it is appended: never more than a head start.
import { describe, expect, test } from 'vitest';
import { toEpoch } from '../../engine/data/time.ts';
import { DiskJournal } from '../../storage/journal.ts';
import type { JournalOptions } from '../../storage/segment-files.ts';
import { MemoryFileSystem } from '../support/memory-file-system.ts';
import { Random } from '../support/random.ts';

const FOLDER = '/j';
const databaseId = new Uint8Array(16).fill(7);

function options(files: MemoryFileSystem, aheadBytes = 0): JournalOptions {
  return { files, folder: FOLDER, databaseId, log: () => undefined, segmentBytes: 1 << 20, aheadBytes, foreseenBytes: 100 };
}

async function made(files: MemoryFileSystem, aheadBytes = 0): Promise<DiskJournal> {
  await DiskJournal.create(options(files, aheadBytes));
  return DiskJournal.open(options(files, aheadBytes));
}

/** Lets what was begun come to its end. */
async function pause(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

function bytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.int(1, 255));
}

/** The same bytes, cut elsewhere. */
function recut(random: Random, pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const whole = Buffer.concat(pieces);
  const out: Uint8Array[] = [];
  for (let at = 0; at < whole.length;) {
    const next = Math.min(whole.length, at + random.int(1, 90));
    out.push(Uint8Array.from(whole.subarray(at, next)));
    at = next;
  }
  return out;
}

async function records(journal: DiskJournal): Promise<string[]> {
  const out: string[] = [];
  for await (const record of journal.replay(toEpoch(0))) out.push(Buffer.from(record.bytes).toString('hex'));
  return out;
}

const text = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString('hex');

describe('a record that was foreseen', () => {
  test('is written as to its rest, and found whole', async () => {
    const random = new Random(3);
    const files = new MemoryFileSystem();
    const journal = await made(files);
    const first = bytes(random, 64);
    const parts = Array.from({ length: 6 }, () => bytes(random, 200));
    for (let n = 1; n <= parts.length; n++) {
      journal.foresee([bytes(random, 64), ...parts.slice(0, n)]);
      await pause();
    }
    const last = bytes(random, 30);
    const before = files.written;
    const record = recut(random, [first, ...parts, last]);
    await journal.append(toEpoch(1), record, true);
    // A header, the first bytes, the last ones, and padding.
    expect(files.written - before).toBeLessThan(32 + 64 + last.length + 8 + 1);
    await journal.append(toEpoch(2), [first], true);
    await journal.close();
    expect(await records(await DiskJournal.open(options(files)))).toEqual([text(record), text([first])]);
  });

  test('may be another one, longer, shorter or none at all', async () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const files = new MemoryFileSystem();
      const journal = await made(files, random.pick([0, 1024]));
      const expected: string[] = [];
      for (let epoch = 1; epoch <= 6; epoch++) {
        const parts = Array.from({ length: random.int(1, 5) }, () => bytes(random, random.int(1, 400)));
        for (let n = 1; n <= parts.length; n++) {
          journal.foresee([bytes(random, 64), ...parts.slice(0, n)]);
          if (random.bool()) await pause();
        }
        const kind = random.pick(['as foreseen', 'shorter', 'changed', 'another']);
        const kept = kind === 'shorter' ? parts.slice(0, random.int(0, parts.length)) : parts.slice();
        if (kind === 'changed') {
          const at = random.int(0, kept.length - 1);
          kept[at] = kept[at].map((byte, i) => (i === kept[at].length >> 1 ? byte ^ 1 : byte));
        }
        const record = kind === 'another' ? [bytes(random, random.int(1, 900))] : recut(random, [bytes(random, 64), ...kept]);
        await journal.append(toEpoch(epoch), record, random.bool(0.7));
        expected.push(text(record));
      }
      await journal.close();
      expect(await records(await DiskJournal.open(options(files))), `seed ${seed}`).toEqual(expected);
    }
  });

  test('leaves nothing when its transaction is given up', async () => {
    const random = new Random(5);
    const files = new MemoryFileSystem();
    const journal = await made(files);
    await journal.append(toEpoch(1), [Uint8Array.of(1)], true);
    journal.foresee([bytes(random, 64), bytes(random, 900)]);
    await pause();
    await journal.close();
    const again = await DiskJournal.open(options(files));
    expect(again.lastEpoch).toBe(1);
    await again.append(toEpoch(2), [Uint8Array.of(2)], true);
    await again.close();
    expect(await records(await DiskJournal.open(options(files)))).toEqual(['01', '02']);
  });
});
