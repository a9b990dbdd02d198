// Advisory locks: on numbers that only applications know the meaning of, held by a session or to its transaction's end.
import type { LockOwner, LockTable, LockWait } from './lock-table.ts';
import type { Transaction } from './transaction.ts';

export type AdvisoryMode = 'exclusive' | 'share';

/** One number of 64 bits or two of 32, as pg_locks shows them. */
export interface AdvisoryKey {
  readonly classId: number;
  readonly objectId: number;
  readonly objectSubId: 1 | 2;
}

export interface AdvisoryWish {
  readonly key: AdvisoryKey;
  readonly mode: AdvisoryMode;
  /** Whose it is; null: the session's. */
  readonly transaction: Transaction | null;
}

interface Count {
  session: number;
  transaction: number;
}

const PREFIX = 'advisory';

const nameOf = ({ classId, objectId, objectSubId }: AdvisoryKey): string =>
  `${PREFIX} ${classId} ${objectId} ${objectSubId}`;

/** The key of a lock in the LockTable; null: it is another kind of lock. */
export function advisoryKey(name: number | string): AdvisoryKey | null {
  if (typeof name === 'number') return null;
  const [, classId, objectId, sub] = name.split(' ').map(Number);
  return { classId, objectId, objectSubId: sub === 1 ? 1 : 2 };
}

/** Those of one session, which stands in no way of its own. */
export class AdvisoryLocks {
  readonly #owner: LockOwner;
  readonly #table: LockTable;
  /** By name and mode. */
  readonly #counts = new Map<string, Count>();
  #wishes: AdvisoryWish[] = [];

  constructor(owner: LockOwner, table: LockTable) {
    this.#owner = owner;
    this.#table = table;
  }

  tryTake(wish: AdvisoryWish): boolean {
    if (!this.#table.tryAcquire(this.#owner, nameOf(wish.key), wish.mode)) return false;
    this.#count(wish);
    return true;
  }

  /** At once, or when the statement has been run: functions cannot wait. */
  take(wish: AdvisoryWish): void {
    if (this.#wishes.length > 0 || !this.tryTake(wish)) this.#wishes.push(wish);
  }

  get isWaiting(): boolean {
    return this.#wishes.length > 0;
  }

  /** Of a statement that did not come to waiting. */
  forgetWishes(): void {
    this.#wishes = [];
  }

  async settle(wait: LockWait): Promise<void> {
    const wishes = this.#wishes;
    this.#wishes = [];
    for (const wish of wishes) {
      await this.#table.acquire(this.#owner, nameOf(wish.key), wish.mode, wait);
      this.#count(wish);
    }
  }

  /** false: the session does not hold it. */
  release(key: AdvisoryKey, mode: AdvisoryMode): boolean {
    const count = this.#counts.get(`${nameOf(key)} ${mode}`);
    if (count === undefined || count.session === 0) return false;
    count.session--;
    this.#drop(key, mode);
    return true;
  }

  releaseAll(): void {
    for (const [id, count] of this.#counts) {
      count.session = 0;
      const key = advisoryKey(id);
      if (key !== null) this.#drop(key, id.endsWith('share') ? 'share' : 'exclusive');
    }
  }

  #count({ key, mode, transaction }: AdvisoryWish): void {
    const id = `${nameOf(key)} ${mode}`;
    const count = this.#counts.get(id) ?? { session: 0, transaction: 0 };
    this.#counts.set(id, count);
    if (transaction === null) {
      count.session++;
      return;
    }
    count.transaction++;
    transaction.untilEnd(() => {
      count.transaction--;
      this.#drop(key, mode);
    });
  }

  #drop(key: AdvisoryKey, mode: AdvisoryMode): void {
    const id = `${nameOf(key)} ${mode}`;
    const count = this.#counts.get(id);
    if (count === undefined || count.session + count.transaction > 0) return;
    this.#counts.delete(id);
    this.#table.releaseMode(this.#owner, nameOf(key), mode);
  }
}
