// CheckpointSchedule: when checkpoints are taken: once the journal has grown, as soon as nobody writes, or overdue.

/** Of the journal, after which one is due. */
const CHECKPOINT_BYTES = 64 << 20;
/** .. or, where there is little room on the disk. */
const HURRY_BYTES = 4 << 20;
/** What a start may have to replay bounds how long a checkpoint waits for quiet. */
const OVERDUE = 4;
/** Without a commit for so long, nobody writes. */
const QUIET_MS = 200;

export interface ScheduleHost {
  /** Bytes journaled since the last checkpoint was taken. */
  journalBytes(): number;
  /** No checkpoint may be begun now: one is being written, the journal has failed, or the end has come. */
  barred(): boolean;
  /** Changes whenever something is committed. */
  epoch(): number;
  /** An epoch is being made. */
  busy(): boolean;
  /** Takes one; never throws. */
  take(): void;
  later(milliseconds: number, task: () => void): void;
}

export class CheckpointSchedule {
  readonly #host: ScheduleHost;
  readonly #due: number;
  #awaitingQuiet = false;

  /** `due`: journal bytes; Infinity: no checkpoint by itself, whatever the disk has. */
  constructor(host: ScheduleHost, due = CHECKPOINT_BYTES) {
    this.#host = host;
    this.#due = due;
  }

  /** To be called after each epoch. */
  look(): void {
    const host = this.#host;
    if (host.barred() || host.journalBytes() < this.#due) return;
    if (host.journalBytes() < OVERDUE * this.#due) this.#awaitQuiet();
    else host.take();
  }

  /** The journal's room is wanted: one is taken at once, where that gives back a part worth it. */
  hurry(): void {
    if (this.#due === Infinity || this.#host.barred()) return;
    if (this.#host.journalBytes() >= Math.min(this.#due, HURRY_BYTES)) this.#host.take();
  }

  /** Why: while commits come, encoding pages would take their processors. */
  #awaitQuiet(): void {
    if (this.#awaitingQuiet) return;
    this.#awaitingQuiet = true;
    const host = this.#host;
    const epoch = host.epoch();
    host.later(QUIET_MS, () => {
      this.#awaitingQuiet = false;
      if (host.epoch() !== epoch || host.busy()) this.look();
      else if (!host.barred()) host.take();
    });
  }
}
