// The journal on disk: conformance, every byte cut, power cuts, damage, faults.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toEpoch } from '../../engine/data/time.ts';
import { NODE_FILE_SYSTEM } from '../../storage/file-system.ts';
import type { FileSystem } from '../../storage/file-system.ts';
import { DiskJournal } from '../../storage/journal.ts';
import type { JournalOptions } from '../../storage/segment-files.ts';
import { journalConformance } from '../conformance/journal.ts';
import { MemoryFileSystem } from '../support/memory-file-system.ts';
import { Random } from '../support/random.ts';

const databaseId = new Uint8Array(16).fill(7);

function options(files: FileSystem, folder: string, more: Partial<JournalOptions> = {}): JournalOptions {
  return { files, folder, databaseId, log: () => {}, segmentBytes: 4096, aheadBytes: 2048, ...more };
}

async function made(files: FileSystem, folder: string): Promise<DiskJournal> {
  await DiskJournal.create(options(files, folder));
  return DiskJournal.open(options(files, folder));
}

journalConformance('in memory files', async () => {
  const files = new MemoryFileSystem();
  return {
    journal: await made(files, '/j'),
    reopen: async (journal) => {
      await journal.close();
      return DiskJournal.open(options(files, '/j'));
    },
  };
});

journalConformance('on disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-journal-'));
  return {
    journal: await made(NODE_FILE_SYSTEM, folder),
    reopen: async (journal) => {
      await journal.close();
      return DiskJournal.open(options(NODE_FILE_SYSTEM, folder));
    },
  };
});

function payload(epoch: number, random: Random): Uint8Array {
  const out = new Uint8Array(random.int(0, 700));
  for (let i = 0; i < out.length; i++) out[i] = (epoch * 31 + i) & 0xff;
  return out;
}

function isPayload(epoch: number, bytes: Uint8Array): boolean {
  return bytes.every((byte, i) => byte === ((epoch * 31 + i) & 0xff));
}

interface History { readonly acknowledged: number; readonly durable: number; readonly issued: number }

/** Appends until done or stopped. */
async function write(journal: DiskJournal, from: number, count: number, random: Random, syncEvery = 1): Promise<History> {
  let acknowledged = from - 1;
  let durable = from - 1;
  let issued = from - 1;
  try {
    for (let e = from; e < from + count; e++) {
      issued = e;
      const sync = e % syncEvery === 0;
      await journal.append(toEpoch(e), [payload(e, random)], sync);
      acknowledged = e;
      if (sync) durable = e;
    }
  } catch {
    // Stopped.
  }
  return { acknowledged, durable, issued };
}

async function verify(journal: DiskJournal): Promise<number> {
  let last = 0;
  for await (const record of journal.replay(toEpoch(0))) {
    expect(record.epoch).toBe(last + 1);
    expect(isPayload(record.epoch, record.bytes), `bytes of epoch ${record.epoch}`).toBe(true);
    last = record.epoch;
  }
  return last;
}

describe('DiskJournal', () => {
  test('killed after every byte: acknowledged records are there, and it goes on', async () => {
    const whole = new MemoryFileSystem();
    const journal = await made(whole, '/j');
    const base = whole.written;
    await write(journal, 1, 12, new Random(1));
    const total = whole.written - base;
    const random = new Random(5);
    for (let cut = 0; cut <= total; cut += cut < 1500 ? 1 : random.int(1, 23)) {
      const files = new MemoryFileSystem();
      const victim = await made(files, '/j');
      files.budget = cut;
      const done = await write(victim, 1, 12, new Random(1));
      const left = files.afterKill();
      const again = await DiskJournal.open(options(left, '/j'));
      const last = await verify(again);
      expect(last, `cut at byte ${cut}`).toBeGreaterThanOrEqual(done.acknowledged);
      expect(last).toBeLessThanOrEqual(done.issued);
      await write(again, last + 1, 3, new Random(2));
      await again.close();
      expect(await verify(await DiskJournal.open(options(left, '/j'))), `cut at byte ${cut}`).toBe(last + 3);
    }
  });

  test('power cut at random bytes, synchronous commits mixed with asynchronous ones', async () => {
    for (let seed = 1; seed <= 400; seed++) {
      const random = new Random(seed);
      const files = new MemoryFileSystem();
      const syncEvery = random.int(1, 4);
      const victim = await made(files, '/j');
      files.budget = random.int(0, 9000);
      const done = await write(victim, 1, 20, new Random(seed), syncEvery);
      const again = await DiskJournal.open(options(files.afterPowerCut(random), '/j'));
      const last = await verify(again);
      expect(last, `seed ${seed}`).toBeGreaterThanOrEqual(done.durable);
      expect(last, `seed ${seed}`).toBeLessThanOrEqual(done.issued);
    }
  });

  test('a damaged record with valid ones after it is XX001 with file and offset; the last one is cut', async () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const files = new MemoryFileSystem();
      const journal = await made(files, '/j');
      await write(journal, 1, 20, new Random(seed));
      await journal.close();
      const path = random.pick(files.paths());
      const raw = files.raw(path);
      const at = random.int(0, raw.length - 1);
      const before = raw[at];
      raw[at] ^= 1 << random.int(0, 7);
      try {
        const again = await DiskJournal.open(options(files, '/j'));
        const last = await verify(again);
        // Harmless: padding, zeros written ahead, or the last record, which cannot be told from a torn one.
        expect(last, `seed ${seed} byte ${at} of ${path} was ${before}`).toBeGreaterThanOrEqual(19);
      } catch (error) {
        expect(error, `seed ${seed}`).toMatchObject({ code: 'XX001' });
        expect(String(error)).toContain(path);
      }
    }
  });

  test('a missing segment is XX001', async () => {
    const files = new MemoryFileSystem();
    const journal = await made(files, '/j');
    await write(journal, 1, 60, new Random(3));
    await journal.close();
    const segments = files.paths().filter((path) => path.endsWith('.journal')).toSorted();
    expect(segments.length).toBeGreaterThan(3);
    const last = segments[segments.length - 1];
    const bytes = await files.readFile(last);
    await files.remove(last);
    await expect(DiskJournal.open(options(files, '/j'))).rejects.toMatchObject({ code: 'XX001' });
    const short = await files.open(last, 'create');
    await short.write([bytes.subarray(0, 100)], 0);
    await short.close();
    await expect(DiskJournal.open(options(files, '/j'))).rejects.toMatchObject({ code: 'XX001' });
    await files.remove(segments[1]);
    await expect(DiskJournal.open(options(files, '/j'))).rejects.toMatchObject({ code: 'XX001' });
  });

  test('another database, a newer format, an older checkpoint than the journal, a newer one', async () => {
    const files = new MemoryFileSystem();
    const journal = await made(files, '/j');
    await write(journal, 1, 60, new Random(3));
    await journal.trim(toEpoch(50));
    await expect(verify(journal)).rejects.toMatchObject({ code: 'XX001' });
    const over = journal.replay(toEpoch(61))[Symbol.asyncIterator]();
    await expect(over.next()).rejects.toMatchObject({ code: 'XX001' });
    await journal.close();
    const other = options(files, '/j', { databaseId: new Uint8Array(16).fill(8) });
    await expect(DiskJournal.open(other)).rejects.toMatchObject({ code: 'XX001' });
    for (const path of files.paths()) files.raw(path)[8] = 9;
    await expect(DiskJournal.open(options(files, '/j'))).rejects.toMatchObject({ code: 'F0000' });
  });

  test('after a failed write or sync nothing is acknowledged, and what was acknowledged is there', async () => {
    for (const [code, expected] of [['ENOSPC', '53100'], ['EIO', '58030']]) {
      for (let nth = 1; nth < 40; nth++) {
        const files = new MemoryFileSystem();
        const journal = await made(files, '/j');
        let calls = 0;
        files.before = (operation, path) => {
          if (++calls === nth) throw Object.assign(new Error(`${code}: ${operation} ${path}`), { code });
        };
        let acknowledged = 0;
        const random = new Random(nth);
        for (let e = 1; e <= 25; e++) {
          try {
            await journal.append(toEpoch(e), [payload(e, random)], true);
            acknowledged = e;
          } catch (error) {
            expect(error).toMatchObject({ code: expected });
            await expect((async () => journal.append(toEpoch(e), [], true))()).rejects.toMatchObject({ code: expected });
            break;
          }
        }
        const again = await DiskJournal.open(options(files.afterPowerCut(random), '/j'));
        expect(await verify(again), `${code} in call ${nth}`).toBeGreaterThanOrEqual(acknowledged);
      }
    }
  });
});
