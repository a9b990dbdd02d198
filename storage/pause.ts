// Pause: long work on the thread of the commits is cut into slices of bounded time, between which these go on.
import type { Soon } from '../engine/data/soon.ts';

/** To be called between small pieces of such work, and waited for. */
export type Pause = () => Soon<void>;

const SLICE_MS = 2;

/** Slices that begin now. */
export function startSlices(): Pause {
  let since = performance.now();
  return () => {
    if (performance.now() - since < SLICE_MS) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        since = performance.now();
        resolve();
      });
    });
  };
}

/** One for all that the process does in the background, as there is one thread. */
export const pause: Pause = startSlices();
