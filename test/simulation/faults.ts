// Faults: which calls to the disk fail, and how; drawn from the seed.
import type { Random } from '../support/random.ts';

export type Call = 'write' | 'sync' | 'open' | 'rename' | 'remove' | 'syncFolder' | 'read' | 'levelWrite' | 'levelRead' | 'page';
export type FaultCode = 'EIO' | 'ENOSPC' | 'EMFILE';

/** Calls to the disk from `from` up to, not including, `to`, counted from the start of the life. */
interface Episode {
  readonly from: number;
  readonly to: number;
  readonly calls: readonly Call[];
  readonly code: FaultCode;
  readonly probability: number;
}

/** Calls before a disk is full from which on it says so. */
const SOON = 30;

const KINDS: readonly { readonly code: FaultCode; readonly calls: readonly Call[] }[] = [
  { code: 'ENOSPC', calls: ['write', 'levelWrite', 'page'] },
  { code: 'ENOSPC', calls: ['write', 'open', 'levelWrite', 'page'] },
  { code: 'EIO', calls: ['write'] },
  { code: 'EIO', calls: ['sync'] },
  { code: 'EIO', calls: ['write', 'sync', 'syncFolder'] },
  { code: 'EIO', calls: ['rename', 'remove', 'syncFolder', 'open'] },
  { code: 'EIO', calls: ['levelWrite'] },
  { code: 'EIO', calls: ['read'] },
  { code: 'EIO', calls: ['levelRead'] },
  { code: 'EIO', calls: ['write', 'sync', 'rename', 'remove', 'syncFolder', 'open', 'levelWrite'] },
  { code: 'EMFILE', calls: ['open'] },
];

export class Faults {
  readonly #random: Random;
  readonly #episodes: Episode[] = [];
  #calls = 0;
  injected = 0;
  /** Of those: while something was read. */
  reads = 0;
  /** The last one was injected at this call. */
  #last = 0;

  /** `calls`: about how many calls the life is going to have. */
  constructor(random: Random, calls: number, allowed: boolean) {
    this.#random = random;
    if (!allowed) return;
    for (let n = random.pick([0, 1, 1, 2, 3]); n > 0; n--) {
      const from = random.int(0, calls);
      const length = random.pick([1, 1, 1, random.int(2, 12), random.int(10, 150), Infinity]);
      const kind = random.pick(KINDS);
      this.#episodes.push({ ...kind, from, to: from + length, probability: random.pick([1, 1, 0.5, 0.1]) });
    }
  }

  /** How a call is going to fail; null: it does not. */
  next(call: Call): FaultCode | null {
    const at = this.#calls++;
    for (const episode of this.#episodes) {
      if (at < episode.from || at >= episode.to || !episode.calls.includes(call)) continue;
      if (episode.probability < 1 && !this.#random.bool(episode.probability)) continue;
      this.injected++;
      this.#last = at;
      if (call === 'read' || call === 'levelRead') this.reads++;
      return episode.code;
    }
    return null;
  }

  /** The disk is full, or will be before long. */
  get nearlyFull(): boolean {
    return this.#episodes.some(({ code, from, to }) => code === 'ENOSPC' && this.#calls > from - SOON && this.#calls < to);
  }

  get calls(): number {
    return this.#calls;
  }

  /** No call has failed for so many calls. */
  quiet(calls: number): boolean {
    return this.injected === 0 || this.#calls - this.#last > calls;
  }

  end(): void {
    this.#episodes.length = 0;
  }
}

export function faultError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
