// One schedule: lives of a database on one disk, each ended by a kill, a power cut, a close or a damage, and what must hold after it.
import { DatabaseError } from '../../engine/data/error.ts';
import { loadParser } from '../../sql/parser/parse.ts';
import { Random } from '../support/random.ts';
import { Disk } from './disk.ts';
import type { Ending } from './ledger.ts';
import { SimulatedMachine } from './machine.ts';
import { RuntimeWorkload } from './runtime-workload.ts';
import { SqlWorkload } from './sql-workload.ts';
import { Violation } from './violation.ts';
import { drawSizes } from './workload.ts';
import type { Workload } from './workload.ts';

export interface Totals {
  schedules: number;
  lives: number;
  steps: number;
  kills: number;
  powerCuts: number;
  closes: number;
  damages: number;
  /** Damages that were found and refused. */
  detected: number;
  faults: number;
  fatals: number;
  acknowledged: number;
}

export function noTotals(): Totals {
  return {
    schedules: 0, lives: 0, steps: 0, kills: 0, powerCuts: 0, closes: 0, damages: 0, detected: 0, faults: 0, fatals: 0, acknowledged: 0,
  };
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly kind: 'runtime' | 'sql';
  /** Negative control: syncs do nothing. */
  readonly lying?: boolean;
  readonly log?: (line: string) => void;
}

/** What an open may be refused with where the disk has failed. */
const OPEN_REFUSALS = ['58030', '53100', '53000', '53200', '25006'];
/** And where what is on it was changed. */
const DAMAGE = ['XX001', 'F0000', '58030'];
const ENDINGS: readonly Ending[] = ['close', 'kill', 'power cut'];
/** Steps of a life after which nothing fails any more, and after which it should be over. */
const PATIENCE = 15_000;
const STEPS = 60_000;
const OPENS = 6;

function worse(a: Ending, b: Ending): Ending {
  return ENDINGS[Math.max(ENDINGS.indexOf(a), ENDINGS.indexOf(b))];
}

type Life = 'crashed' | 'closed' | 'detected';

/** Runs it; throws a Violation where a promise is broken. */
export async function runSchedule(options: ScheduleOptions, totals: Totals): Promise<void> {
  const random = new Random(options.seed);
  const sizes = drawSizes(random);
  const workload: Workload = options.kind === 'sql' ? new SqlWorkload(sizes) : new RuntimeWorkload(sizes);
  const schedule = new Schedule(options, random, workload, totals);
  // Reads a file: not while the scheduler decides what completes.
  if (options.kind === 'sql') await loadParser();
  totals.schedules++;
  try {
    await schedule.run();
  } finally {
    totals.acknowledged += workload.acknowledged;
  }
}

class Schedule {
  readonly #options: ScheduleOptions;
  readonly #random: Random;
  readonly #workload: Workload;
  readonly #totals: Totals;
  readonly #disk = new Disk();
  readonly #withFaults: boolean;
  #clock = 1_750_000_000_000;
  #ending: Ending = 'close';
  #damaged = false;
  #checked = true;

  constructor(options: ScheduleOptions, random: Random, workload: Workload, totals: Totals) {
    this.#options = options;
    this.#random = random;
    this.#workload = workload;
    this.#totals = totals;
    this.#withFaults = random.bool(0.6);
  }

  #log(line: string): void {
    this.#options.log?.(line);
  }

  async run(): Promise<void> {
    const lives = this.#random.pick([2, 2, 2, 3, 5]);
    const damage = this.#random.bool(0.15);
    for (let n = 1; n <= lives; n++) {
      const last = n === lives;
      if (last && damage && [...this.#disk.files()].some(([, { live }]) => live.length > 0)) {
        this.#log(`damage: ${this.#disk.damage(this.#random)}`);
        this.#damaged = true;
        this.#totals.damages++;
      }
      const outcome = await this.#live(last);
      if (outcome === 'detected') {
        this.#totals.detected++;
        return;
      }
    }
  }

  /** One life of the process. The last one is for looking only. */
  async #live(last: boolean): Promise<Life> {
    const random = this.#random;
    this.#totals.lives++;
    const crash = !last && random.bool(0.85);
    const early = crash && random.bool(0.25);
    const calls = early ? 80 : random.pick([100, 200, 400]);
    const machine = new SimulatedMachine({
      disk: this.#disk, random, clock: this.#clock, faults: this.#withFaults && !last, calls, lying: this.#options.lying === true,
      lastCall: early ? random.int(1, calls) : Infinity, log: (line) => this.#log(line),
    });
    const { scheduler } = machine;
    let end = Infinity;
    // While it works it ends with a call to the disk, or between two steps.
    const arm = (): void => {
      const within = random.pick([10, 40, 100, 250]);
      if (!crash || early) return;
      if (random.bool()) machine.files.lastCall = machine.files.calls + random.int(1, within);
      else end = machine.steps + random.int(1, 3 * within);
    };
    scheduler.beforeStep = () => {
      if (machine.steps >= end) machine.files.stop();
      // A full disk is waited for without end.
      if (machine.steps > PATIENCE) machine.faults.end();
    };
    let done = false;
    let failure: unknown = null;
    let life = 'crashed' as Life;
    this.#work(machine, last, arm).then((outcome) => { life = outcome; done = true; }, (error: unknown) => {
      failure = error;
      done = true;
    });
    const going = await scheduler.run(() => done || machine.steps > STEPS);
    this.#totals.steps += machine.steps;
    this.#totals.faults += machine.faults.injected;
    this.#clock = scheduler.clock + 1000;
    if (failure !== null && !(scheduler.stopped && !(failure instanceof Violation))) throw failure;
    if (!scheduler.stopped && !done) {
      throw new Violation(going ? `not done after ${machine.steps} steps` : 'nothing is under way, and it is not done');
    }
    if (life === 'detected') return life;
    this.#end(machine, done);
    return life;
  }

  /** The process is gone. */
  #end(machine: SimulatedMachine, done: boolean): void {
    const { random } = machine.scheduler;
    const stopped = machine.scheduler.stopped;
    if (!stopped) machine.files.stop();
    const cut = random.bool();
    const closed = done && !stopped && !cut && this.#workload.fatal() === null;
    // What the page cache dropped with a sync that failed is in the process alone until it has written it anew.
    const ending = closed ? 'close' : cut || machine.files.dropped ? 'power cut' : 'kill';
    // Where nothing was checked since the one before, the worse of the two decides.
    this.#ending = this.#checked ? ending : worse(this.#ending, ending);
    this.#checked = false;
    if (cut) this.#disk.powerCut(random);
    if (closed) this.#totals.closes++;
    else if (cut) this.#totals.powerCuts++;
    else this.#totals.kills++;
    this.#log(`${ending} after ${machine.steps} steps, ${machine.faults.injected} faults, clock ${machine.scheduler.clock.toFixed(1)}`);
  }

  /** `arm`: called before the work begins. */
  async #work(machine: SimulatedMachine, last: boolean, arm: () => void): Promise<Life> {
    const { faults, scheduler } = machine;
    for (let tries = 1; ; tries++) {
      try {
        await this.#workload.open(machine);
        break;
      } catch (error) {
        if (scheduler.stopped) throw error;
        if (!(error instanceof DatabaseError)) throw new Violation(`open: ${String(error)} ${error instanceof Error ? error.stack : ''}`);
        if (this.#damaged && DAMAGE.includes(error.code)) return 'detected';
        if (!OPEN_REFUSALS.includes(error.code) || faults.injected === 0) throw new Violation(`open: ${error.code} ${error.message}`);
        this.#log(`open refused: ${error.code} ${error.message}`);
        if (tries === OPENS) faults.end();
        if (tries > OPENS) throw new Violation(`open: ${error.code} ${error.message}, though nothing fails any more`);
      }
    }
    try {
      // A sync may fail while it is opened: with it goes what only the page cache had kept over a kill.
      if (machine.files.dropped) this.#ending = worse(this.#ending, 'power cut');
      await this.#workload.checkRecovered(this.#ending, this.#damaged);
      this.#checked = true;
      if (!last) {
        arm();
        await this.#workload.run();
      }
      if (this.#workload.fatal() !== null) return this.#died(machine);
      faults.end();
      if (!this.#damaged) await this.#workload.recover();
      if (this.#workload.fatal() !== null) return this.#died(machine);
      await this.#workload.checkLive();
      await this.#workload.close().catch((error: unknown) => {
        throw scheduler.stopped ? new Error('the process has ended while it was closed', { cause: error }) : error;
      });
      if (machine.files.openFiles !== 0 && faults.injected === 0) throw new Violation(`${machine.files.openFiles} files are open after the close`);
      return 'closed';
    } catch (error) {
      if (this.#damaged && error instanceof DatabaseError && DAMAGE.includes(error.code)) return 'detected';
      // A page that cannot be read: whoever asked is told.
      if (error instanceof DatabaseError && faults.reads > 0 && OPEN_REFUSALS.includes(error.code)) return this.#died(machine);
      throw error;
    }
  }

  /** Service has ended by itself: right where what was needed could not be read, or the journal not be mended for long. */
  #died(machine: SimulatedMachine): Life {
    const error = this.#workload.fatal();
    this.#totals.fatals++;
    this.#log(`fatal: ${String(error)}`);
    if (error !== null && !(error instanceof DatabaseError && (OPEN_REFUSALS.includes(error.code)
      || (this.#damaged && DAMAGE.includes(error.code))))) throw new Violation(`fatal: ${error.stack}`);
    if (machine.faults.injected === 0 && !this.#damaged) throw new Violation(`fatal without a fault: ${String(error)}`);
    return 'crashed';
  }
}
