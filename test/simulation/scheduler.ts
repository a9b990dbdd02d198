// Scheduler: owns the order in which everything asynchronous completes, and the clock; seeded, so that every run can be had again.
import type { Random } from '../support/random.ts';

/** What a task belongs to; some are slow in one life, others in the next. */
const LANES = ['write', 'sync', 'name', 'read', 'level', 'compress', 'defer', 'client', 'timer'] as const;
export type Lane = (typeof LANES)[number];

interface Task {
  readonly lane: Lane;
  run(): void;
}

interface Timer {
  /** Milliseconds. */
  readonly due: number;
  run(): void;
}

/** Of the weights by which the next task is drawn: what is slow waits about so many times as long. */
const SLOW = 30;
/** Milliseconds that pass in a step, on average. */
const STEP_MS = 0.05;
const HOUR_MS = 3_600_000;

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Scheduler {
  readonly random: Random;
  readonly #weights: Readonly<Record<Lane, number>>;
  #tasks: Task[] = [];
  #timers: Timer[] = [];
  #stopped = false;
  /** Milliseconds; never goes back. */
  clock: number;
  /** Milliseconds by which somebody has set the wall clock forward or back. */
  #set = 0;
  readonly #setting: boolean;
  steps = 0;
  /** Called before each step; may stop. */
  beforeStep: () => void = () => {};

  constructor(random: Random, clock: number) {
    this.random = random;
    this.clock = clock;
    // In one life of three nothing is slower than another.
    const even = random.bool(0.33);
    const weight = (): number => (even ? 1 : random.pick([1, 1, 1, 1 / SLOW]));
    this.#setting = random.bool(0.1);
    this.#weights = Object.fromEntries(LANES.map((lane) => [lane, weight()])) as Record<Lane, number>;
  }

  /** Wall clock, milliseconds since 1970. */
  get wallClock(): number {
    return this.clock + this.#set;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** The process is gone: nothing of it runs any more. */
  stop(): void {
    this.#stopped = true;
    this.#tasks = [];
    this.#timers = [];
  }

  post(lane: Lane, run: () => void): void {
    if (!this.#stopped) this.#tasks.push({ lane, run });
  }

  later(milliseconds: number, run: () => void): void {
    if (!this.#stopped) this.#timers.push({ due: this.clock + milliseconds, run });
  }

  /** Resolves when it is this one's turn; never, once stopped. */
  turn(lane: Lane): Promise<void> {
    return new Promise((resolve) => this.post(lane, resolve));
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.later(milliseconds, resolve));
  }

  /** Steps until `done`, until stopped, or (then false) until nothing is left that could go on. */
  async run(done: () => boolean): Promise<boolean> {
    for (;;) {
      await turnOfTheLoop();
      if (this.#stopped || done()) return true;
      this.beforeStep();
      if (this.#stopped) return true;
      const run = this.#next();
      if (run === null) return false;
      this.steps++;
      if (this.#setting && this.random.bool(0.01)) this.#set += this.random.pick([-HOUR_MS, HOUR_MS]);
      this.clock += this.random.float() * 2 * STEP_MS;
      run();
    }
  }

  #next(): (() => void) | null {
    const due = this.#timers.findIndex((timer) => timer.due <= this.clock);
    if (due >= 0) this.post('timer', this.#timers.splice(due, 1)[0].run);
    if (this.#tasks.length === 0) return this.#wait();
    let total = 0;
    for (const { lane } of this.#tasks) total += this.#weights[lane];
    let at = this.random.float() * total;
    let chosen = 0;
    while (chosen < this.#tasks.length - 1 && (at -= this.#weights[this.#tasks[chosen].lane]) > 0) chosen++;
    return this.#tasks.splice(chosen, 1)[0].run;
  }

  /** Nothing is under way: time passes until the next timer. */
  #wait(): (() => void) | null {
    if (this.#timers.length === 0) return null;
    let first = 0;
    for (let i = 1; i < this.#timers.length; i++) if (this.#timers[i].due < this.#timers[first].due) first = i;
    const [{ due, run }] = this.#timers.splice(first, 1);
    this.clock = Math.max(this.clock, due);
    return run;
  }
}
