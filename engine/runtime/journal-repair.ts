// JournalRepair: from a journal's failure until it takes records again: tried, later each time, or given up.
import { DatabaseError } from '../data/error.ts';
import type { Journal } from '../state/ports.ts';

const FIRST_MS = 50;
const LAST_MS = 5_000;
/** About half a minute; a full disk is waited for without end. */
const TRIES = 12;

export interface RepairHost {
  later(milliseconds: number, task: () => void): void;
  log(message: string): void;
  /** The journal takes records again, from the one on that failed. */
  repaired(): void;
  /** It does not, or acknowledged records are gone from it. */
  givenUp(error: Error): void;
}

export class JournalRepair {
  readonly #journal: Journal;
  readonly #host: RepairHost;
  #trying: Promise<void> | null = null;
  #stopped = false;

  constructor(journal: Journal, host: RepairHost) {
    this.#journal = journal;
    this.#host = host;
  }

  /** Requires: no other repair is under way. */
  begin(failure: Error): void {
    this.#host.log(`${failure.message}; read-only until it can be written again`);
    this.#later(0);
  }

  /** No further try is begun; resolves when the one under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#trying;
  }

  #later(tries: number): void {
    this.#host.later(Math.min(FIRST_MS * 2 ** tries, LAST_MS), () => {
      if (!this.#stopped) this.#trying = this.#try(tries + 1);
    });
  }

  async #try(tries: number): Promise<void> {
    try {
      await this.#journal.reopen();
    } catch (error) {
      const fault = error instanceof Error ? error : new Error(String(error));
      if (!isPassing(fault) || (tries >= TRIES && !isDiskFull(fault))) {
        this.#host.givenUp(fault);
        return;
      }
      this.#host.log(`${fault.message}; try ${tries}`);
      this.#later(tries);
      return;
    }
    this.#host.log('the journal is written again');
    this.#host.repaired();
  }
}

/** 58030, 53000, 53100: the system's faults, which may pass; anything else is damage, or ours. */
export function isPassing(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '58030' || error.code.startsWith('53'));
}

export function isDiskFull(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '53100';
}
