// Every call to the disk failing, once or for good: nothing acknowledged is lost, nothing failed appears, service resumes.
import { expect, test } from 'vitest';
import type { DatabaseError } from '../../engine/data/error.ts';
import { MemoryStateStore } from '../../engine/state/memory.ts';
import { DiskJournal } from '../../storage/journal.ts';
import type { JournalOptions } from '../../storage/segment-files.ts';
import { MemoryFileSystem } from '../support/memory-file-system.ts';
import { Random } from '../support/random.ts';
import { TestDatabase } from '../support/runtime-database.ts';

const T = { op: 'table', id: 1, name: 't', columns: [['id', 'int8'], ['v', 'int8']], primary: [0] } as const;
const TOTAL = { op: 'view', id: 10, name: 's', query: 'total', over: [1] } as const;
const ROWS = 36;

const options = (files: MemoryFileSystem): JournalOptions =>
  ({ files, folder: '/j', databaseId: new Uint8Array(16).fill(3), log: (): void => {}, segmentBytes: 1500, aheadBytes: 1024 });

interface Outcome {
  /** Rows acknowledged after a sync, and before one. */
  readonly durable: Set<string>;
  readonly written: Set<string>;
  /** Rows whose last attempt failed. */
  readonly failed: Set<string>;
  readonly failures: number;
  readonly db: TestDatabase;
  readonly store: MemoryStateStore;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Rows in groups of one to three, committed together, every third not synced; what fails is tried again for a while. */
async function work(files: MemoryFileSystem, seed: number): Promise<Outcome> {
  await DiskJournal.create(options(files));
  const store = new MemoryStateStore();
  const db = await TestDatabase.open({ journal: await DiskJournal.open(options(files)), store }, { checkpointBytes: 4000 });
  // Repairs are tried at once; checkpoints wait for a quiet moment, which is any.
  db.host.later = (_milliseconds, task): void => void setImmediate(task);
  await db.ddl(T, TOTAL);
  const outcome: Outcome = { durable: new Set(), written: new Set(), failed: new Set(), failures: 0, db, store };
  const random = new Random(seed);
  let failures = 0;
  files.before = (): void => {};
  start(files);
  for (let n = 0; n < ROWS;) {
    const group = Array.from({ length: Math.min(random.int(1, 3), ROWS - n) }, () => n++);
    await Promise.all(group.map(async (id) => {
      const sync = id % 3 !== 0;
      const row = `${id},${id * 7}`;
      for (let tries = 0; tries < 60; tries++) {
        try {
          await db.commit({ 1: [[1, BigInt(id), BigInt(id * 7)]] }, sync);
          outcome.failed.delete(row);
          (sync ? outcome.durable : outcome.written).add(row);
          return;
        } catch (error) {
          failures++;
          expect(['58030', '53100', '25006']).toContain((error as DatabaseError).code);
          outcome.failed.add(row);
          if (db.host.fatals.length > 0) return;
          await settled();
        }
      }
    }));
    await settled();
  }
  return { ...outcome, failures };
}

/** Counts calls; the fault is put in by `faulty`. */
let calls = 0;
let faulty: (call: number, operation: string, path: string) => Error | null = () => null;

function start(files: MemoryFileSystem): void {
  calls = 0;
  files.before = (operation, path): void => {
    const error = faulty(++calls, operation, path);
    if (error !== null) throw error;
  };
}

const fault = (code: string): Error => Object.assign(new Error(code), { code });

async function verify(outcome: Outcome, files: MemoryFileSystem, which: string): Promise<void> {
  const { db, durable, written, failed } = outcome;
  const acknowledged = [...durable, ...written].toSorted();
  expect(db.rows(1, 2), which).toEqual(acknowledged);
  files.before = (): void => {};
  for (const [kind, left] of [['kill', files.afterKill()], ['power cut', files.afterPowerCut(new Random(7))]] as const) {
    const again = await TestDatabase.open({ journal: await DiskJournal.open(options(left)), store: outcome.store });
    const rows = new Set(again.rows(1, 2));
    const wanted = kind === 'kill' ? acknowledged : [...durable];
    expect(wanted.filter((row) => !rows.has(row)), `${which}: lost after ${kind}`).toEqual([]);
    // Given up for good, the last record may be on disk: that is what its error says.
    const allowed = db.host.fatals.length > 0 ? failed : new Set<string>();
    const surplus = [...rows].filter((row) => !durable.has(row) && !written.has(row) && !allowed.has(row));
    expect(surplus, `${which}: appeared after ${kind}`).toEqual([]);
    await again.commit({ 1: [[1, 1000n, 1n]] });
  }
}

test.each(['EIO', 'ENOSPC'])('%s in every call once: all is taken in the end', async (code) => {
  let clean = false;
  for (let nth = 1; !clean; nth++) {
    faulty = (call) => (call === nth ? fault(code) : null);
    const files = new MemoryFileSystem();
    const outcome = await work(files, nth);
    clean = calls < nth;
    const which = `${code} in call ${nth}`;
    expect(outcome.db.host.fatals, which).toEqual([]);
    expect(outcome.failed, which).toEqual(new Set());
    await verify(outcome, files, which);
    if (clean) expect(outcome.failures).toBe(0);
  }
}, 120_000);

test('EIO from every call on for good: given up with an error; what was acknowledged is there', async () => {
  let clean = false;
  for (let nth = 1; !clean; nth++) {
    faulty = (call) => (call >= nth ? fault('EIO') : null);
    const files = new MemoryFileSystem();
    const outcome = await work(files, nth);
    clean = calls < nth;
    const which = `EIO from call ${nth}`;
    if (outcome.failures > 0) expect(outcome.db.host.fatals.length, which).toBe(1);
    await verify(outcome, files, which);
  }
}, 120_000);

test('ENOSPC for a long while: never given up, and it goes on with room', async () => {
  for (let nth = 1; nth < 60; nth += 4) {
    faulty = (call) => (call >= nth && call < nth + 40 ? fault('ENOSPC') : null);
    const files = new MemoryFileSystem();
    const outcome = await work(files, nth);
    expect(outcome.db.host.fatals).toEqual([]);
    expect(outcome.failed, `from call ${nth}`).toEqual(new Set());
    await verify(outcome, files, `ENOSPC from call ${nth}`);
  }
}, 120_000);
