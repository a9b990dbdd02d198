// Attempts of a statement that reads what it then changes: it reads and checks in turns with others, and writes in one go.
import { DatabaseError } from '../engine/data/error.ts';
import type { Soon } from '../engine/data/soon.ts';
import type { SessionState } from './session-state.ts';
import { runInTurns } from './turns.ts';
import type { Work } from './turns.ts';

/** How often others may change what the statement has read before it keeps the thread to itself. */
const ATTEMPTS = 2;

/** Thrown before anything is written: rows that the statement would take away may not be there any more. */
class Overtaken extends Error {
  constructor() {
    super('others have changed the table meanwhile');
    this.name = 'Overtaken';
  }
}

/** What a statement is to be run with. */
export interface Attempted {
  /** Relations it reads: they stay what they are from the first time on that others get their turn. */
  readonly reads: ReadonlySet<number>;
  /** The table whose rows it takes away; null: it takes none. */
  readonly changes: number | null;
}

/**
 * As if the statement had been run when it began and had been at once with all that it writes: what others have done since is
 * what they may do beside a transaction that has not committed. Rows that it takes away they may not change: where they have,
 * it is run again.
 */
export function inTurns<T>(state: SessionState, how: Attempted, work: () => Work<T>): Soon<T> {
  return attempt(state, how, work, 1);
}

function attempt<T>(state: SessionState, how: Attempted, work: () => Work<T>, number: number): Soon<T> {
  const { current, services, signal } = state;
  const { reads, changes } = how;
  const begun = services.queued;
  const written = current.writes.length;
  const slice = services.startSlices();
  let settled = number > ATTEMPTS;
  /** Others have gone on since it began. */
  let shared = false;
  const overtaken = (): boolean => shared && changes !== null && !current.fixedSnapshot
    && services.changedSince(changes, begun, 'rewrite');
  const settle = (): boolean => {
    if (settled) return shared;
    settled = true;
    if (overtaken()) throw new Overtaken();
    return shared;
  };
  const settling = { settle, mayRunAgain: changes !== null };
  const over = (): void => {
    if (current.settling === settling) current.settling = null;
  };
  const again = (error: unknown): Soon<T> => {
    over();
    const stale = error instanceof Overtaken || (error instanceof DatabaseError && !settled && overtaken());
    if (!stale) throw error;
    signal.throwIfAborted();
    current.writes.truncate(written);
    current.endStatement();
    return attempt(state, how, work, number + 1);
  };
  current.settling = settling;
  try {
    const done = runInTurns(work(), {
      checkInterrupt: () => {
        // Of this statement alone: the session's next one has a signal of its own.
        signal.throwIfAborted();
        state.checkInterrupt();
      },
      pause: () => {
        const turn = settled ? undefined : slice();
        if (turn !== undefined) {
          shared = true;
          current.keepReadable(reads);
        }
        return turn;
      },
    });
    if (done instanceof Promise) {
      return done.then((value) => {
        over();
        return value;
      }, again);
    }
    over();
    return done;
  } catch (error) {
    return again(error);
  }
}
