// Kills while a data folder is made or opened, then a power cut; a state store whose writes fail: on a simulated machine.
import { describe, expect, test } from 'vitest';
import { toEpoch } from '../../engine/data/time.ts';
import type { Storage } from '../../storage/index.ts';
import { openStorage } from '../../storage/index.ts';
import { checkpointMeta, content, pageBatch } from '../conformance/state-store.ts';
import { Disk } from '../simulation/disk.ts';
import { faultError } from '../simulation/faults.ts';
import { SimulatedMachine } from '../simulation/machine.ts';
import { Random } from '../support/random.ts';

function life(disk: Disk, seed: number, lastCall = Infinity): SimulatedMachine {
  return new SimulatedMachine({ disk, random: new Random(seed), clock: 0, faults: false, calls: 0, lastCall, log: () => undefined });
}

/** Lets the scheduler run until it is done; null where the process has ended before. */
async function within<T>(machine: SimulatedMachine, work: Promise<T>): Promise<T | null> {
  let settled = false;
  const done = work.finally(() => { settled = true; });
  done.catch(() => undefined);
  await machine.scheduler.run(() => settled);
  return machine.scheduler.stopped ? null : done;
}

const open = (machine: SimulatedMachine): Promise<Storage> =>
  openStorage('/data', { ...machine.machine, log: () => undefined, segmentBytes: 1000, aheadBytes: 512 });

async function append({ journal }: Storage, epoch: number): Promise<void> {
  await journal.append(toEpoch(epoch), [Uint8Array.of(epoch)], true);
}

async function epochs({ journal }: Storage): Promise<number[]> {
  const out: number[] = [];
  for await (const { epoch } of journal.replay(toEpoch(0))) out.push(epoch);
  return out;
}

describe('what a process has made that was killed may not be on disk', () => {
  test('a folder: the next one makes sure of it, whatever call was the last', async () => {
    let whole = false;
    for (let n = 0; !whole; n++) {
      // Each call several times, since a cut may spare what was not synced.
      const call = 1 + Math.floor(n / 6);
      const disk = new Disk();
      const first = life(disk, n, call);
      whole = await within(first, open(first)) !== null;
      const second = life(disk, n);
      const storage = await within(second, open(second));
      if (storage === null) throw new TypeError('not open');
      await within(second, append(storage, 1));
      second.files.stop();
      disk.powerCut(new Random(n));
      const third = life(disk, n);
      const again = await within(third, open(third));
      if (again === null) throw new TypeError('not open');
      expect(await within(third, epochs(again)), `killed at call ${call}`).toEqual([1]);
    }
  });

  test('a segment of the journal: the same', async () => {
    const work = async (machine: SimulatedMachine): Promise<void> => {
      const storage = await open(machine);
      // Over the end of a segment.
      for (let epoch = 1; epoch <= 40; epoch++) await append(storage, epoch);
    };
    for (let call = 1, whole = false; !whole; call++) {
      const disk = new Disk();
      const first = life(disk, call, call);
      whole = await within(first, work(first)) !== null;
      const second = life(disk, call);
      const storage = await within(second, open(second));
      if (storage === null) throw new TypeError('not open');
      const before = await within(second, epochs(storage)) ?? [];
      const next = before.length + 1;
      await within(second, append(storage, next));
      second.files.stop();
      disk.powerCut(new Random(call));
      const third = life(disk, call);
      const again = await within(third, open(third));
      if (again === null) throw new TypeError('not open');
      expect(await within(third, epochs(again)), `killed at call ${call}`).toEqual([...before, next]);
    }
  }, 60_000);
});

describe('a state store whose writes fail', () => {
  const image = (page: number): Parameters<Storage['store']['checkpoint']>[0] =>
    [{ state: 'a', page, content: content(pageBatch(page, 10)) }];

  test.each([['ENOSPC', '53100'], ['EMFILE', '53000'], ['EIO', '58030']])('%s: told as %s; pages are read on, and the next checkpoint is taken', async (fault, code) => {
    const machine = life(new Disk(), 1);
    const storage = await within(machine, open(machine));
    if (storage === null) throw new TypeError('not open');
    const { store } = storage;
    await within(machine, store.checkpoint(image(0), [], checkpointMeta(1)));
    const [page] = await within(machine, store.pages('a')) ?? [];
    const whole = machine.files.call.bind(machine.files);
    machine.files.call = (call, path, done) => (call === 'write' ? Promise.reject(faultError(fault, path)) : whole(call, path, done));
    await expect(within(machine, store.checkpoint(image(1), [], checkpointMeta(2)))).rejects.toMatchObject({ code });
    // The disk still takes nothing: it is not closed, since it might not open.
    await expect(within(machine, store.checkpoint(image(1), [], checkpointMeta(2)))).rejects.toMatchObject({ code });
    expect(page.batch.length).toBe(10);
    machine.files.call = whole;
    const third = store.checkpoint(image(1), [], checkpointMeta(3));
    // While it is opened anew pages cannot be read, and it says when they can.
    let waited = false;
    const waiting = (async (): Promise<void> => {
      while (store.ready?.() === null) await machine.scheduler.turn('client');
      waited = true;
      await store.ready?.();
      expect(page.batch.length).toBe(10);
    })();
    await within(machine, Promise.all([third, waiting]));
    expect(waited).toBe(true);
    expect((await within(machine, store.pages('a')))?.map((of) => of.page)).toEqual([0, 1]);
  });
});
