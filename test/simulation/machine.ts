// SimulatedMachine: one life of a process on a disk: its files, LevelDB, page file, clock, timers and randomness, all from one seed.
import type { PageFile, PageSlot } from '../../engine/state/ports.ts';
import type { Machine } from '../../storage/machine.ts';
import { BROTLI } from '../../storage/codec.ts';
import { storageError } from '../../storage/storage-error.ts';
import type { Random } from '../support/random.ts';
import type { Disk } from './disk.ts';
import { Faults, faultError } from './faults.ts';
import { SimulatedFileSystem } from './file-system.ts';
import { openSimulatedLevel } from './level.ts';
import { Scheduler } from './scheduler.ts';

export interface LifeOptions {
  readonly disk: Disk;
  readonly random: Random;
  /** Milliseconds since 1970. */
  readonly clock: number;
  readonly faults: boolean;
  /** Negative control: syncs do nothing. */
  readonly lying?: boolean;
  /** About how many calls to the disk the life is going to have. */
  readonly calls: number;
  readonly lastCall: number;
  readonly log: (line: string) => void;
}

export class SimulatedMachine {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly files: SimulatedFileSystem;
  readonly locks = new Set<string>();
  readonly machine: Machine & { readonly usualSync: number };
  readonly log: (line: string) => void;

  constructor({ disk, random, clock, faults, lying, calls, lastCall, log }: LifeOptions) {
    this.log = log;
    this.scheduler = new Scheduler(random, clock);
    this.faults = new Faults(random, calls, faults);
    this.files = new SimulatedFileSystem({
      disk, scheduler: this.scheduler, faults: this.faults, lying: lying === true,
      // Now quicker than what makes the journal write on its own thread, now slower.
      syncMs: random.pick([0.05, 0.3, 3]),
    });
    this.files.lastCall = lastCall;
    const { scheduler, files, locks } = this;
    // On a slow disk the journal does not wait on its own thread.
    const pace = random.pick([0.1, 1, 1000]);
    this.machine = {
      files,
      openDatabase: (path, mode) => openSimulatedLevel({ files, scheduler, faults: this.faults, locks }, path, mode),
      // Blocks are stored as they are, after a while.
      compressor: {
        id: BROTLI,
        compress: async (bytes) => {
          await scheduler.turn('compress');
          return bytes;
        },
      },
      pageFile: () => new SimulatedPageFile(this.faults),
      stopwatch: () => scheduler.clock * pace,
      // Any piece of long work may be the last of its slice.
      pause: () => (random.bool(0.05) ? scheduler.turn('defer') : undefined),
      usualSync: pace > 1 ? 5 : 0.25,
      randomBytes: (length) => Uint8Array.from({ length }, () => random.int(0, 255)),
    };
  }

  /** Calls to the disk and steps of the scheduler. */
  get steps(): number {
    return this.scheduler.steps + this.files.calls;
  }
}

/** Slots are copies; one that was freed is never read. */
class SimulatedPageFile implements PageFile {
  bytes = 0;
  readonly #faults: Faults;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  write(bytes: readonly Uint8Array[]): PageSlot {
    const code = this.#faults.next('page');
    if (code !== null) throw storageError(faultError(code, 'page file'), 'could not write to "PAGES"');
    const whole = new Uint8Array(Buffer.concat(bytes));
    this.bytes += whole.length;
    let freed = false;
    return {
      read: () => {
        if (freed) throw new TypeError('a slot of the page file is read that was freed');
        return whole.slice();
      },
      free: () => {
        freed = true;
      },
    };
  }

  close(): void {
    this.bytes = 0;
  }
}
