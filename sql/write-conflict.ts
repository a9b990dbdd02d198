// Conflicting writers: what other open transactions have written or locked, and waiting until they are through.
import type { Batch } from '../engine/data/batch.ts';
import type { Soon } from '../engine/data/soon.ts';
import type { LockOwner, LockWait } from './lock-table.ts';
import type { RowLockStrength, RowLocks } from './row-locks.ts';
import type { WriteSet, WrittenKey } from './write-set.ts';

/** A transaction that is not over, as others see it. */
export interface OpenTransaction extends LockOwner {
  /** A number of its own. */
  readonly id: number;
  readonly writes: WriteSet;
  readonly rowLocks: RowLocks;
}

/** Thrown where a statement meets what another transaction has not decided; it is run anew when that one is over. */
export class Blocked extends Error {
  readonly blocker: OpenTransaction;

  constructor(blocker: OpenTransaction) {
    super(`process ${blocker.processId} is in the way`);
    this.name = 'Blocked';
    this.blocker = blocker;
  }
}

/** The transactions whose writes are not queued yet; those of one that is are in the writer's snapshot. */
export class OpenTransactions {
  readonly #open = new Set<OpenTransaction>();

  add(transaction: OpenTransaction): void {
    this.#open.add(transaction);
  }

  delete(transaction: OpenTransaction): void {
    this.#open.delete(transaction);
  }

  has(transaction: OpenTransaction): boolean {
    return this.#open.has(transaction);
  }

  /** Throws Blocked when another has written a row with one of these keys. */
  requireFreeKeys(self: OpenTransaction, relation: number, key: WrittenKey, keys: Batch): void {
    this.#requireKeys(self, { relation, key, keys }, () => true);
  }

  /** Throws Blocked when there may be more or fewer rows with one of these keys when another transaction is over. */
  requireSettledKeys(self: OpenTransaction, relation: number, key: WrittenKey, keys: Batch): void {
    this.#requireKeys(self, { relation, key, keys }, (change) => change !== 0);
  }

  /** Throws Blocked when another is about to take one of these keys away. */
  requireKeptKeys(self: OpenTransaction, relation: number, columns: readonly number[], keys: Batch): void {
    this.#requireKeys(self, { relation, key: { columns }, keys }, (change) => change < 0);
  }

  /** `isInTheWay`: of a key that another has written, by how many rows more it would leave with it. */
  #requireKeys(
    self: OpenTransaction,
    { relation, key, keys }: { readonly relation: number; readonly key: WrittenKey; readonly keys: Batch },
    isInTheWay: (change: number) => boolean,
  ): void {
    for (const other of this.#open) {
      if (other === self || other.writes.length === 0) continue;
      const net = other.writes.netWeights(relation, key);
      if (net === null) continue;
      const slots = net.find(keys.columns, keys.length);
      for (let row = 0; row < keys.length; row++) {
        if (slots[row] >= 0 && isInTheWay(net.net(slots[row]))) throw new Blocked(other);
      }
    }
  }

  /** Throws Blocked when another has changed or locked one of these rows. */
  requireFreeRows(self: OpenTransaction, relation: number, strength: RowLockStrength, rows: Batch): void {
    const [blocker] = this.blockers(self, relation, strength, rows).values();
    if (blocker !== undefined) throw new Blocked(blocker);
  }

  /** Of whole rows as they are stored: which are changed or locked by which other transaction. */
  blockers(
    self: OpenTransaction, relation: number, strength: RowLockStrength, rows: Batch,
  ): ReadonlyMap<number, OpenTransaction> {
    const out = new Map<number, OpenTransaction>();
    for (const other of this.#open) {
      if (other === self || rows.length === 0) continue;
      const net = other.writes.length === 0 ? null : other.writes.netWeights(relation, null);
      if (net !== null) {
        const slots = net.find(rows.columns, rows.length);
        // One that was replaced by an equal one is changed, too.
        for (let row = 0; row < rows.length; row++) if (slots[row] >= 0 && net.net(slots[row]) <= 0) out.set(row, other);
      }
      if (other.rowLocks.length === 0) continue;
      for (const row of other.rowLocks.conflicts(relation, strength, rows)) out.set(row, other);
    }
    return out;
  }
}

/** What waiting and running anew need of a transaction. */
export interface Retrying {
  readonly writes: WriteSet;
  waitFor(blocker: OpenTransaction, wait: LockWait): Promise<void>;
}

/** Runs a statement's work; while another transaction is in its way, undoes it, waits, and runs it again. */
export function whenFree<T>(transaction: Retrying, wait: LockWait, work: () => Soon<T>): Soon<T> {
  wait.signal.throwIfAborted();
  const mark = transaction.writes.length;
  const again = (error: unknown): Soon<T> => {
    if (!(error instanceof Blocked)) throw error;
    transaction.writes.truncate(mark);
    return transaction.waitFor(error.blocker, wait).then(() => whenFree(transaction, wait, work));
  };
  try {
    const done = work();
    return done instanceof Promise ? done.catch(again) : done;
  } catch (error) {
    return again(error);
  }
}
