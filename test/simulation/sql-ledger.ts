// SqlLedger: transactions of several sessions whose effects do not depend on their order; which must, may and must not be found.
import type { Ending } from './ledger.ts';

export interface SqlEntry<M> {
  readonly number: number;
  readonly sync: boolean;
  readonly what: string;
  /** Applied in the order of phases. */
  readonly phase: number;
  apply(model: M): void;
  /** When its COMMIT was sent, and when it was answered, by a count of events; Infinity: not yet. */
  begun: number;
  ended: number;
  /** open: the answer left it to a crash; see `Ledger`. */
  status: 'sent' | 'acked' | 'refused' | 'open' | 'void';
}

export class SqlLedger<M> {
  readonly #empty: () => M;
  #settled: SqlEntry<M>[] = [];
  #entries: SqlEntry<M>[] = [];
  #events = 0;
  #number = 0;
  acknowledged = 0;

  constructor(empty: () => M) {
    this.#empty = empty;
  }

  nextNumber(): number {
    return ++this.#number;
  }

  /** A moment. */
  now(): number {
    return ++this.#events;
  }

  sent(entry: Pick<SqlEntry<M>, 'number' | 'sync' | 'what' | 'phase' | 'apply'>): SqlEntry<M> {
    const out: SqlEntry<M> = { ...entry, begun: this.now(), ended: Infinity, status: 'sent' };
    this.#entries.push(out);
    return out;
  }

  /** Was a transaction of this kind of `what` under way at some time since the moment? */
  underWay(what: RegExp, since: number): boolean {
    return this.#entries.some((entry) => what.test(entry.what) && entry.ended >= since);
  }

  answered(entry: SqlEntry<M>, status: 'acked' | 'refused' | 'open'): void {
    entry.status = status;
    entry.ended = this.now();
    if (status !== 'acked') return;
    this.acknowledged++;
    // It was taken after the other's failure was told: the journal was mended in between.
    for (const other of this.#entries) if (other.status === 'open' && other.ended < entry.begun) other.status = 'void';
  }

  /** What is wrong with a set of transactions found, or null; `since`: of a reader, the moment its snapshot was asked for. */
  fault(found: ReadonlySet<number>, ending: Ending | null, options: { readonly since?: number; readonly damaged?: boolean }): string | null {
    const damaged = options.damaged === true;
    const since = options.since ?? Infinity;
    const last = this.#settled.reduce((latest, { number, begun }) => (found.has(number) ? Math.max(latest, begun) : latest), 0);
    for (const { number, what, ended } of this.#settled) {
      // Damage may take the end, and nothing else.
      if (!found.has(number) && (!damaged || ended < last)) return `transaction ${number} (${what}) of an earlier life is lost`;
    }
    const acked = this.#entries.filter(({ status, ended }) => status === 'acked' && ended < since);
    const lastSync = acked.reduce((last, { sync, begun }) => (sync ? Math.max(last, begun) : last), 0);
    const lastFound = this.#entries.reduce((last, { number, begun, status }) =>
      (status !== 'open' && found.has(number) ? Math.max(last, begun) : last), 0);
    for (const { number, what, sync, ended } of acked) {
      if (found.has(number)) continue;
      if (ended < lastFound) return `transaction ${number} (${what}) is lost, later ones are there`;
      if (damaged || (ending === 'power cut' && !sync && ended > lastSync)) continue;
      return `transaction ${number} (${what}) was acknowledged and is lost`;
    }
    const known = new Set(this.#settled.map(({ number }) => number));
    for (const { number, what, status } of this.#entries) {
      known.add(number);
      if (!found.has(number)) continue;
      if (status === 'refused' || status === 'void') return `transaction ${number} (${what}) is there, which is ${status}`;
      if (status === 'open' && ending === null) return `transaction ${number} (${what}) shows, which failed`;
    }
    for (const number of found) if (!known.has(number)) return `transaction ${number} was never committed`;
    return null;
  }

  /** What the transactions found come to. */
  expected(found: ReadonlySet<number>): M {
    const model = this.#empty();
    const all = [...this.#settled, ...this.#entries].filter(({ number }) => found.has(number));
    for (const entry of all.toSorted((a, b) => a.phase - b.phase || a.number - b.number)) entry.apply(model);
    return model;
  }

  /** What is there for whoever begins now. */
  acknowledgedModel(): M {
    const all = [...this.#settled, ...this.#entries.filter(({ status }) => status === 'acked')];
    return this.expected(new Set(all.map(({ number }) => number)));
  }

  /** A new life begins with what was found. */
  settle(found: ReadonlySet<number>): void {
    this.#settled = [...this.#settled, ...this.#entries].filter(({ number }) => found.has(number));
    this.#entries = [];
  }
}
