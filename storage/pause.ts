// Pause: long work on the thread of the commits is cut into slices of bounded time, between which these go on.
import type { Soon } from '../engine/data/soon.ts';

/** To be called between small pieces of such work, and waited for. */
export type Pause = () => Soon<void>;

const SLICE_MS = 2;
let since = 0;

/** One for the process, as there is one thread. */
export function pause(): Soon<void> {
  if (performance.now() - since < SLICE_MS) return undefined;
  return new Promise((resolve) => {
    setImmediate(() => {
      since = performance.now();
      resolve();
    });
  });
}
