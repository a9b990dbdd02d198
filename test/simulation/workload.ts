// Workload: what a schedule needs of the work that it interrupts, be it the runtime's or SQL's.
import type { Random } from '../support/random.ts';
import type { Ending } from './ledger.ts';
import type { SimulatedMachine } from './machine.ts';

/** So small that everything comes within a few dozen commits. */
export interface Sizes {
  readonly segmentBytes: number;
  readonly aheadBytes: number;
  readonly checkpointBytes: number;
  readonly memoryBytes: number;
  /** Past moments are kept. */
  readonly history: boolean;
  /** Of commits that are synced before they are acknowledged. */
  readonly syncShare: number;
  /** Actions of one client in one life, at most. */
  readonly actions: number;
  /** Rows of a large insertion. */
  readonly load: number;
}

export function drawSizes(random: Random): Sizes {
  return {
    segmentBytes: random.pick([700, 1500, 4000, 20_000]),
    aheadBytes: random.pick([0, 0, 512, 1024, 20_000]),
    checkpointBytes: random.pick([1500, 4000, 10_000, 1e9]),
    memoryBytes: random.pick([Infinity, Infinity, 60_000, 20_000]),
    history: random.bool(0.1),
    syncShare: random.pick([1, 1, 0.7, 0.3, 0.05]),
    actions: random.pick([5, 8, 8, 12, 30]),
    load: random.pick([60, 60, 300, 1100]),
  };
}

export interface Workload {
  readonly acknowledged: number;
  /** Opens the database; rejects as the product does. */
  open(machine: SimulatedMachine): Promise<void>;
  /** Works for a while. */
  run(): Promise<void>;
  /** After the last fault: commits are taken again, without a restart. */
  recover(): Promise<void>;
  close(): Promise<void>;
  /** The fault that has ended service, if any. */
  fatal(): Error | null;
  /** Throws a Violation unless what readers see is what was committed. */
  checkLive(): void | Promise<void>;
  /** The same after a restart; what is found is the truth from then on. `damaged`: the last commits may be missing. */
  checkRecovered(ending: Ending, damaged: boolean): void | Promise<void>;
}
