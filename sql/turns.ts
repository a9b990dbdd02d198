// Work of a statement in pieces: between any two of them it looks whether it is to end, and others may have their turn.
import type { Soon } from '../engine/data/soon.ts';
import type { Pause } from '../storage/pause.ts';

/** Yields between two pieces: whether others may go on now. */
export type Work<T> = Generator<boolean, T>;

/** Of a statement that reads in turns with others. */
export interface Settling {
  /** Gives others no more turns; whether they have had any. Throws where the statement is to be run again. */
  readonly settle: () => boolean;
  /** It takes rows away, which others may have changed. */
  readonly mayRunAgain: boolean;
}

/** `checkInterrupt` throws when the work is to end. */
export function runAtOnce<T>(work: Work<T>, checkInterrupt: () => void): T {
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
    orEnd(work, checkInterrupt);
  }
}

/**
 * The same, in turns with whatever else is to be done, if it takes long.
 * Requires: what is read, and who reads it, stay as they are until the end.
 */
export function runInTurns<T>(work: Work<T>, { checkInterrupt, pause }: {
  readonly checkInterrupt: () => void; readonly pause: Pause;
}): Soon<T> {
  const goOn = (): Soon<T> => {
    for (;;) {
      orEnd(work, checkInterrupt);
      const next = work.next();
      if (next.done === true) return next.value;
      const turn = next.value ? pause() : undefined;
      if (turn instanceof Promise) return turn.then(goOn);
    }
  };
  return goOn();
}

/** What the check throws ends the work, too. */
function orEnd(work: Work<unknown>, check: () => void): void {
  try {
    check();
  } catch (error) {
    work.throw(error);
  }
}

/** Others may go on wherever the work yields. */
export function* sharing<T>(work: Generator<unknown, T>): Work<T> {
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
    yield true;
  }
}
