// How a session's transaction ends, well or badly, and what ends with it.
import { buildViews } from './build-views.ts';
import type { CountedChanges } from './counted-changes.ts';
import { whenThere } from '../engine/data/soon.ts';
import type { Soon } from '../engine/data/soon.ts';
import type { SessionState } from './session-state.ts';
import { endTemporary } from './temporary.ts';
import type { Transaction } from './transaction.ts';
import { runInTurns } from './turns.ts';
import { whenFree } from './write-conflict.ts';

/**
 * Commits. `implicit`: only a transaction that nobody opened by BEGIN. Done when it is durable and visible. `durable`: as
 * Transaction's.
 */
export function finishTransaction(state: SessionState, which: 'implicit' | 'any', durable?: () => void): Soon<void> {
  const { transaction } = state;
  if (transaction === null || (which === 'implicit' && transaction.kind === 'block')) return;
  if (transaction.failed) {
    failTransaction(state, 'any');
    return;
  }
  const building = buildViews(state, transaction);
  if (building === null) return checkAndCommit(state, transaction, durable);
  return building.then(async (views) => {
    try {
      await checkAndCommit(state, transaction, durable);
    } finally {
      for (const view of views) view.close();
    }
  });
}

function checkAndCommit(state: SessionState, transaction: Transaction, durable?: () => void): Soon<void> {
  const counting = transaction.count();
  if (counting === null) return check(state, transaction, () => commit(state, transaction, durable));
  const { signal, services } = state;
  const counted = runInTurns(counting, { checkInterrupt: () => signal.throwIfAborted(), pause: services.startSlices() });
  return whenThere(counted, (known) => check(state, transaction, () => commit(state, transaction, durable, known)));
}

function check(state: SessionState, transaction: Transaction, then: () => Soon<void>): Soon<void> {
  if (transaction.writes.checks.length === 0) return then();
  return whenThere(whenFree(transaction, state.lockWait, () => transaction.checkDeferred(null)), then);
}

function commit(
  state: SessionState, transaction: Transaction, durable?: () => void, counted?: CountedChanges,
): Soon<void> {
  const { length } = transaction.writes;
  endTemporary(state);
  state.transaction = null;
  closePortals(state, true);
  const sync = state.settings.get('synchronous_commit') !== 'off';
  return transaction.commit(sync, durable, transaction.writes.length === length ? counted : undefined)?.then(() => undefined);
}

/** After an error: an implicit transaction is rolled back, a block waits for its end in state E. */
export function failTransaction(state: SessionState, which: 'implicit' | 'any' = 'implicit'): void {
  const { transaction } = state;
  if (transaction === null) return;
  transaction.endStatement();
  if (transaction.kind === 'block' && which === 'implicit') {
    closePortals(state, false, transaction.portalsKept);
    transaction.fail();
    return;
  }
  closePortals(state, false);
  state.transaction = null;
  transaction.rollback();
}

/**
 * Portals live as long as their transaction, but for cursors WITH HOLD whose transaction committed. `after`: only those
 * opened after this one, which a savepoint does not know.
 */
export function closePortals(state: SessionState, committed: boolean, after = 0): void {
  for (const [name, portal] of state.portals) {
    if (portal.options.number <= after) continue;
    if (portal.kind === 'cursor' && portal.holdable && (committed || portal.committed)) {
      portal.committed = true;
      continue;
    }
    portal.close();
    state.portals.delete(name);
  }
}

/** The result of work that may have to wait, or the interrupt that ends the statement. */
export function interruptible<T>(state: SessionState, work: Soon<T>): Soon<T> {
  return work instanceof Promise ? state.untilInterrupted(work) : work;
}
