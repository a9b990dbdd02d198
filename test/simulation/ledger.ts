// Ledger: what was committed, acknowledged, refused or left open, in order; decides what may and must be found after a crash.

/** What ended a life of the process: `close` and `kill` lose nothing that was written, a power cut what was not synced. */
export type Ending = 'close' | 'kill' | 'power cut';

/*
 * queued: nobody was told anything      acked: acknowledged      refused: an error, and nothing was queued for the journal
 * open: its write has failed, so that a crash decides            void: open, and the journal was mended in the same life
 */
type Status = 'queued' | 'acked' | 'refused' | 'open' | 'void';

export interface Entry<M> {
  /** Found again in the database, when the transaction is there. */
  readonly number: number;
  /** It was to be on disk before it was acknowledged. */
  readonly sync: boolean;
  readonly what: string;
  apply(model: M): void;
  status: Status;
  epoch: number;
}

export class Ledger<M> {
  readonly #clone: (model: M) => M;
  #base: M;
  readonly #settled = new Set<number>();
  #entries: Entry<M>[] = [];
  #current: M;
  #epoch = 0;
  #number = 0;
  acknowledged = 0;

  constructor(empty: M, clone: (model: M) => M) {
    this.#clone = clone;
    this.#base = empty;
    this.#current = clone(empty);
  }

  /** With all that is queued: what the next writer has to build upon. */
  get current(): M {
    return this.#current;
  }

  nextNumber(): number {
    return ++this.#number;
  }

  /** A transaction was queued after all others. */
  queued(entry: Pick<Entry<M>, 'number' | 'sync' | 'what' | 'apply'>): Entry<M> {
    const out: Entry<M> = { ...entry, status: 'queued', epoch: 0 };
    this.#entries.push(out);
    out.apply(this.#current);
    return out;
  }

  /** Returns what is wrong about it, or null. */
  acked(entry: Entry<M>, epoch: number): string | null {
    const last = this.#entries.findLast(({ status }) => status === 'acked');
    entry.status = 'acked';
    entry.epoch = epoch;
    this.acknowledged++;
    for (const other of this.#entries) if (other.status === 'open') other.status = 'void';
    if (last !== undefined && this.#entries.indexOf(last) > this.#entries.indexOf(entry)) return `${entry.number} acknowledged after ${last.number}`;
    return epoch < Math.max(last?.epoch ?? 0, this.#epoch) ? `epoch ${epoch} after ${last?.epoch ?? this.#epoch}` : null;
  }

  failed(entry: Entry<M>, how: 'refused' | 'open'): void {
    entry.status = how;
    this.#current = this.#clone(this.#base);
    for (const other of this.#entries) if (other.status === 'queued' || other.status === 'acked') other.apply(this.#current);
  }

  /**
   * What is wrong with a set of transactions found, or null. `ending` null: the process still runs. `damaged`: the last ones may
   * be missing whatever they are.
   */
  fault(found: ReadonlySet<number>, ending: Ending | null, damaged: boolean): string | null {
    for (const number of this.#settled) if (!found.has(number)) return `transaction ${number} of an earlier life is lost`;
    const durable = ending === 'power cut' ? this.#entries.findLastIndex(({ status, sync }) => status === 'acked' && sync)
      : this.#entries.length;
    let missing: Entry<M> | null = null;
    for (const [i, entry] of this.#entries.entries()) {
      const { number, status, what } = entry;
      const there = found.has(number);
      if ((status === 'void' || status === 'refused') && there) return `transaction ${number} (${what}) is there, which is ${status}`;
      if (status === 'open' && there && ending === null) return `transaction ${number} (${what}) shows, which failed`;
      if (status === 'acked' && !there && i <= durable && !damaged) return `transaction ${number} (${what}) was acknowledged and is lost`;
      if (status === 'acked' || status === 'queued') {
        if (there && missing !== null) return `transaction ${number} (${what}) is there, ${missing.number} (${missing.what}) before it is not`;
        if (!there) missing ??= entry;
      }
    }
    const known = new Set(this.#entries.map(({ number }) => number));
    for (const number of found) if (!known.has(number) && !this.#settled.has(number)) return `transaction ${number} was never made`;
    return null;
  }

  /** Is a transaction of an earlier life missing? */
  loses(found: ReadonlySet<number>): boolean {
    return [...this.#settled].some((number) => !found.has(number));
  }

  /** Is what is missing the end of what was settled? Numbers are in the order of commits. */
  losesTheEnd(found: ReadonlySet<number>): boolean {
    const first = Math.min(...[...this.#settled].filter((number) => !found.has(number)));
    return [...found].every((number) => number < first);
  }

  /** What the transactions found come to. */
  expected(found: ReadonlySet<number>): M {
    const model = this.#clone(this.#base);
    for (const entry of this.#entries) if (found.has(entry.number)) entry.apply(model);
    return model;
  }

  /** Epochs that the database must have reached. */
  leastEpoch(found: ReadonlySet<number>): number {
    return this.#entries.reduce((least, { number, epoch }) => (found.has(number) ? Math.max(least, epoch) : least), this.#epoch);
  }

  /** A new life begins with what was found. */
  settle(found: ReadonlySet<number>, epoch: number): void {
    this.#base = this.expected(found);
    this.#settled.clear();
    for (const number of found) this.#settled.add(number);
    this.#entries = [];
    this.#epoch = epoch;
    this.#current = this.#clone(this.#base);
  }
}
