// storeReady: waits until pages that are not in memory can be read: after a fault the state store is opened anew.
import type { StateStore } from '../state/ports.ts';
import { isPassing } from './journal-repair.ts';

const FIRST_MS = 50;
const LAST_MS = 5_000;
/** About half a minute. */
const TRIES = 12;

/** The store's wait, or null when there is none: then nothing comes between and what the caller does at once. */
export function untilReady(store: StateStore): Promise<void> | null {
  return store.ready?.() ?? null;
}

/**
 * Tries again for a while: an epoch that is journaled must be applied. Rejects when the store cannot be opened; the caller asks
 * `untilReady` once more.
 */
export async function storeReady(
  store: StateStore, later: (milliseconds: number, task: () => void) => void,
): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await untilReady(store);
      return;
    } catch (error) {
      if (!isPassing(error) || tries >= TRIES) throw error;
      await new Promise<void>((resolve) => later(Math.min(FIRST_MS * 2 ** tries, LAST_MS), resolve));
    }
  }
}
