// The simulated LevelDB beside the real one: the same calls, the same answers, before and after it is opened anew.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Write } from '../../storage/directory-changes.ts';
import { openDatabase } from '../../storage/level-database.ts';
import type { Database } from '../../storage/level-database.ts';
import { Random } from '../support/random.ts';
import { Disk } from './disk.ts';
import { SimulatedMachine } from './machine.ts';

const text = (bytes: Uint8Array | undefined): string | null => (bytes === undefined ? null : Buffer.from(bytes).toString('latin1'));
const bytes = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'latin1'));

function life(disk: Disk, seed: number): SimulatedMachine {
  return new SimulatedMachine({
    disk, random: new Random(seed), clock: 0, faults: false, calls: 100, lastCall: Infinity, log: () => undefined,
  });
}

/** Lets the scheduler run for as long as a call takes. */
async function within<T>({ scheduler }: SimulatedMachine, work: Promise<T>): Promise<T> {
  let settled = false;
  const done = work.finally(() => { settled = true; });
  done.catch(() => undefined);
  await scheduler.run(() => settled);
  return done;
}

interface Side {
  readonly database: Database;
  run<T>(work: Promise<T>): Promise<T>;
}

async function all({ database, run }: Side, gte: string, lt: string): Promise<(string | null)[]> {
  const read = async (): Promise<(string | null)[]> => {
    const out: (string | null)[] = [];
    for await (const [key, value] of database.iterator({ gte: bytes(gte), lt: bytes(lt) })) out.push(text(key), text(value));
    return out;
  };
  return run(read());
}

function writes(random: Random): Write[] {
  return Array.from({ length: random.int(1, 8) }, (): Write => {
    const key = bytes(`${random.pick(['a', 'b', '\xff'])}${random.int(0, 30)}`);
    return random.bool(0.7) ? { type: 'put', key, value: bytes('x'.repeat(random.int(0, 2000)) + random.int(0, 1e6)) } : { type: 'del', key };
  });
}

test('answers as the real one does, also when it was opened anew', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-level-'));
  const path = join(folder, 'state');
  const disk = new Disk();
  const random = new Random(7);
  await expect(openDatabase(path, 'existing')).rejects.toMatchObject({ code: 'XX001' });
  const none = life(disk, 1);
  await expect(within(none, none.machine.openDatabase(path, 'existing'))).rejects.toMatchObject({ code: 'XX001' });
  for (let n = 0; n < 12; n++) {
    const machine = life(disk, n);
    const real: Side = { database: await openDatabase(path, 'create'), run: (work) => work };
    const simulated: Side = {
      database: await within(machine, machine.machine.openDatabase(path, 'create')), run: (work) => within(machine, work),
    };
    await expect(openDatabase(path, 'existing')).rejects.toMatchObject({ code: 'F0001' });
    await expect(within(machine, machine.machine.openDatabase(path, 'existing'))).rejects.toMatchObject({ code: 'F0001' });
    const held = [real, simulated].map(({ database }) => database.snapshot());
    for (let b = random.int(1, 20); b > 0; b--) {
      const batch = writes(random);
      const sync = random.bool();
      for (const { database, run } of [real, simulated]) await run(database.batch(batch, { sync }));
    }
    for (const [gte, lt] of [['a', 'b'], ['', '\xff\xff'], ['a2', 'a20'], ['b', 'b']]) {
      expect(await all(simulated, gte, lt)).toEqual(await all(real, gte, lt));
    }
    for (const key of ['a1', 'b7', '\xff3', 'none'].map(bytes)) {
      const values = [real, simulated].map(({ database }) => text(database.getSync(key)));
      expect(values[1]).toBe(values[0]);
      const then: (string | null)[] = [];
      for (const [i, { database, run }] of [real, simulated].entries()) then.push(text(await run(database.get(key, { snapshot: held[i] }))));
      expect(then[1]).toBe(then[0]);
    }
    for (const { database, run } of [real, simulated]) {
      await run(database.close());
      expect(() => database.getSync(bytes('a1'))).toThrow(/not open/);
    }
  }
  rmSync(folder, { recursive: true });
}, 60_000);

test('synced batches survive a power cut; of the others, the first ones, whole', async () => {
  for (let seed = 0; seed < 200; seed++) {
    const disk = new Disk();
    const random = new Random(seed);
    const machine = life(disk, seed);
    const database = await within(machine, machine.machine.openDatabase('/state', 'create'));
    // The folder's own name is its maker's to sync.
    await within(machine, machine.files.syncFolder('/'));
    let synced = 0;
    const count = random.int(1, 12);
    for (let n = 1; n <= count; n++) {
      const sync = random.bool(0.4);
      await within(machine, database.batch([1, 2, 3].map((i): Write => ({ type: 'put', key: bytes(`${n}.${i}`), value: bytes('v'.repeat(600)) })), { sync }));
      if (sync) synced = n;
    }
    machine.files.stop();
    disk.powerCut(random);
    const next = life(disk, seed);
    const again = await within(next, next.machine.openDatabase('/state', 'existing'));
    const there = Array.from({ length: count }, (_, n) => [1, 2, 3].map((i) => again.getSync(bytes(`${n + 1}.${i}`)) !== undefined));
    const kept = there.filter(([first]) => first).length;
    expect(there, `seed ${seed}`).toEqual(there.map((_, n) => Array(3).fill(n < kept)));
    expect(kept, `seed ${seed}`).toBeGreaterThanOrEqual(synced);
  }
}, 60_000);
