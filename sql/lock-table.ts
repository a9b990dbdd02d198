// LockTable: table-level locks between transactions, first come first served, with deadlock detection.
import { DatabaseError } from '../engine/data/error.ts';

/** PostgreSQL's table-level lock modes (manual 13.3.1), weakest first. Ours are held to the end of the transaction. */
export const LOCK_MODES = [
  'access share', 'row share', 'row exclusive', 'share update exclusive', 'share', 'share row exclusive', 'exclusive',
  'access exclusive',
] as const;
export type LockMode = (typeof LOCK_MODES)[number];

/** Which modes each mode does not go together with, as bits by place in LOCK_MODES. */
const CONFLICTS: Readonly<Record<LockMode, number>> = {
  'access share': 0b10000000,
  'row share': 0b11000000,
  'row exclusive': 0b11110000,
  'share update exclusive': 0b11111000,
  'share': 0b11101100,
  'share row exclusive': 0b11111100,
  'exclusive': 0b11111110,
  'access exclusive': 0b11111111,
};

const bitOf = (mode: LockMode): number => 1 << LOCK_MODES.indexOf(mode);

/** Who holds and waits; an object of its own a transaction. */
export interface LockOwner {
  readonly processId: number;
}

/** An OID, the negative number of a transaction, or what advisory locks are called. */
export type LockName = number | string;

interface Waiter {
  readonly owner: LockOwner;
  readonly mode: LockMode;
  readonly resolve: () => void;
}

interface Lock {
  readonly held: Map<LockOwner, number>;
  waiting: Waiter[];
}

export interface LockWait {
  readonly signal: AbortSignal;
  /** Milliseconds, 0: for ever. */
  readonly timeout: number;
}

/** The name under which transactions that change the catalog take turns. */
export const CATALOG_LOCK = 0;

/** Locks held and waited for at a time; PostgreSQL has room for some ten thousand by default. */
const MOST = 1 << 18;

export class LockTable {
  readonly #locks = new Map<LockName, Lock>();
  /** Who holds what: an owner's end does not look at the locks of others. */
  readonly #held = new Map<LockOwner, Set<LockName>>();
  /** What each process waits for, to find cycles: it holds some locks as a session, others as its transaction. */
  readonly #waits = new Map<number, { readonly owner: LockOwner; readonly relation: LockName; readonly mode: LockMode }>();

  /** Takes the lock if nothing stands in the way; false otherwise. */
  tryAcquire(owner: LockOwner, relation: LockName, mode: LockMode): boolean {
    const lock = this.#lock(relation);
    const mine = lock.held.get(owner) ?? 0;
    if ((mine & bitOf(mode)) !== 0) return true;
    if (!this.#free(lock, owner, mode)) return false;
    // Nobody overtakes a waiter, except who already holds a lock here (else it would wait for itself).
    if (mine === 0 && lock.waiting.some((w) => (CONFLICTS[mode] & bitOf(w.mode)) !== 0)) return false;
    this.#hold(lock, owner, { relation, modes: mine | bitOf(mode) });
    return true;
  }

  #hold(lock: Lock, owner: LockOwner, { relation, modes }: { readonly relation: LockName; readonly modes: number }): void {
    lock.held.set(owner, modes);
    const names = this.#held.get(owner);
    if (names === undefined) this.#held.set(owner, new Set([relation]));
    else names.add(relation);
  }

  /** false: it was not held. */
  #drop(owner: LockOwner, relation: LockName): boolean {
    if (this.#locks.get(relation)?.held.delete(owner) !== true) return false;
    const names = this.#held.get(owner);
    names?.delete(relation);
    if (names?.size === 0) this.#held.delete(owner);
    return true;
  }

  /** Would ACCESS SHARE be given at once? */
  isReadable(owner: LockOwner, relation: LockName): boolean {
    const lock = this.#locks.get(relation);
    if (lock === undefined || lock.held.has(owner)) return true;
    return this.#free(lock, owner, 'access share') && lock.waiting.every((w) => w.mode !== 'access exclusive');
  }

  /** Waits its turn. 40P01 when that would be for ever, 55P03 on timeout; rejects with the signal's reason. */
  async acquire(owner: LockOwner, relation: LockName, mode: LockMode, wait: LockWait): Promise<void> {
    if (this.tryAcquire(owner, relation, mode)) return;
    this.#waits.set(owner.processId, { owner, relation, mode });
    const cycle = this.#findCycle(owner);
    if (cycle !== null) {
      this.#waits.delete(owner.processId);
      throw deadlock(cycle);
    }
    const lock = this.#lock(relation);
    try {
      await new Promise<void>((resolve, reject) => {
        const waiter: Waiter = { owner, mode, resolve: () => done(resolve) };
        const onAbort = (): void => done(() => reject(wait.signal.reason));
        const timer = wait.timeout === 0 ? null : setTimeout(() => done(() => {
          reject(new DatabaseError('55P03', 'canceling statement due to lock timeout'));
        }), wait.timeout);
        const done = (then: () => void): void => {
          if (timer !== null) clearTimeout(timer);
          wait.signal.removeEventListener('abort', onAbort);
          lock.waiting = lock.waiting.filter((w) => w !== waiter);
          then();
        };
        wait.signal.addEventListener('abort', onAbort, { once: true });
        if (wait.signal.aborted) onAbort();
        else lock.waiting.push(waiter);
      });
    } finally {
      this.#waits.delete(owner.processId);
      this.#grant(relation);
    }
  }

  release(owner: LockOwner, relation: LockName): void {
    if (this.#drop(owner, relation)) this.#grant(relation);
  }

  /** One mode of several that the owner may have. */
  releaseMode(owner: LockOwner, relation: LockName, mode: LockMode): void {
    const lock = this.#locks.get(relation);
    const left = (lock?.held.get(owner) ?? 0) & ~bitOf(mode);
    if (left === 0) this.#drop(owner, relation);
    else lock?.held.set(owner, left);
    this.#grant(relation);
  }

  /** Everything an owner holds, at the end of its transaction. */
  releaseAll(owner: LockOwner): void {
    for (const relation of this.#held.get(owner) ?? []) this.release(owner, relation);
  }

  /** What an owner holds, to go back to at a savepoint. */
  held(owner: LockOwner): ReadonlyMap<LockName, number> {
    const out = new Map<LockName, number>();
    for (const relation of this.#held.get(owner) ?? []) {
      out.set(relation, this.#locks.get(relation)?.held.get(owner) ?? 0);
    }
    return out;
  }

  /** Gives back what was taken since `held` was called. */
  releaseTo(owner: LockOwner, held: ReadonlyMap<LockName, number>): void {
    for (const relation of [...this.#held.get(owner) ?? []]) {
      const before = held.get(relation);
      if (before === undefined) this.#drop(owner, relation);
      else this.#locks.get(relation)?.held.set(owner, before);
      this.#grant(relation);
    }
  }

  list(): readonly { relation: LockName; processId: number; mode: string; granted: boolean }[] {
    const out: { relation: LockName; processId: number; mode: string; granted: boolean }[] = [];
    for (const [relation, lock] of this.#locks) {
      for (const [owner, modes] of lock.held) {
        for (const mode of LOCK_MODES) {
          if ((modes & bitOf(mode)) !== 0) out.push({ relation, processId: owner.processId, mode, granted: true });
        }
      }
      for (const w of lock.waiting) out.push({ relation, processId: w.owner.processId, mode: w.mode, granted: false });
    }
    return out;
  }

  #lock(relation: LockName): Lock {
    let lock = this.#locks.get(relation);
    if (lock === undefined) {
      if (this.#locks.size >= MOST) throw new DatabaseError('53200', 'out of shared memory');
      lock = { held: new Map(), waiting: [] };
      this.#locks.set(relation, lock);
    }
    return lock;
  }

  #free(lock: Lock, owner: LockOwner, mode: LockMode): boolean {
    for (const [other, modes] of lock.held) {
      if (other !== owner && (modes & CONFLICTS[mode]) !== 0) return false;
    }
    return true;
  }

  /** Wakes waiters in their order, but for those that are still in the way of each other. */
  #grant(relation: LockName): void {
    const lock = this.#locks.get(relation);
    if (lock === undefined) return;
    let ahead = 0;
    for (const waiter of [...lock.waiting]) {
      const mine = lock.held.get(waiter.owner) ?? 0;
      const isNext = mine !== 0 || (ahead & CONFLICTS[waiter.mode]) === 0;
      if (!isNext || !this.#free(lock, waiter.owner, waiter.mode)) {
        ahead |= bitOf(waiter.mode);
        continue;
      }
      this.#hold(lock, waiter.owner, { relation, modes: mine | bitOf(waiter.mode) });
      waiter.resolve();
    }
    if (lock.held.size === 0 && lock.waiting.length === 0) this.#locks.delete(relation);
  }

  /** Owners that wait for each other in a ring which starts and ends with `start`, or null. */
  #findCycle(start: LockOwner): readonly LockOwner[] | null {
    const path: LockOwner[] = [];
    const seen = new Set<number>();
    const visit = (owner: LockOwner): boolean => {
      path.push(owner);
      for (const blocker of this.#blockers(owner)) {
        if (blocker.processId === start.processId) return true;
        if (seen.has(blocker.processId)) continue;
        seen.add(blocker.processId);
        if (visit(blocker)) return true;
      }
      path.pop();
      return false;
    };
    return visit(start) ? path : null;
  }

  #blockers({ processId }: LockOwner): readonly LockOwner[] {
    const wait = this.#waits.get(processId);
    const lock = wait === undefined ? undefined : this.#locks.get(wait.relation);
    if (wait === undefined || lock === undefined) return [];
    const { owner } = wait;
    const holders = [...lock.held].filter(([o, modes]) => o !== owner && (modes & CONFLICTS[wait.mode]) !== 0);
    if (lock.held.has(owner)) return holders.map(([o]) => o);
    const before = lock.waiting.findIndex((w) => w.owner === owner);
    const ahead = (before < 0 ? lock.waiting : lock.waiting.slice(0, before))
      .filter((w) => w.owner !== owner && (bitOf(w.mode) & CONFLICTS[wait.mode]) !== 0);
    return [...holders.map(([o]) => o), ...ahead.map((w) => w.owner)];
  }
}

function deadlock(ring: readonly LockOwner[]): DatabaseError {
  const detail = ring.map((owner, i) =>
    `Process ${owner.processId} waits for a lock; blocked by process ${ring[(i + 1) % ring.length].processId}.`);
  return new DatabaseError('40P01', 'deadlock detected', {
    detail: detail.join('\n'), hint: 'See server log for query details.',
  });
}
