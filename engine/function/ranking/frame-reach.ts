// Reach of a frame: which rows' frames a change comes into.
import type { Frame } from '../../operator/over-frame.ts';
import type { Reach } from './window-function.ts';
import { ALL_ROWS } from './window-function.ts';

/** ROWS with constant offsets, and what runs up to the current row, have one: others' frames may change anywhere. */
export function frameReach({ mode, start, end, exclude }: Frame): Reach {
  if (exclude === 'group' || exclude === 'ties') return ALL_ROWS;
  if ('column' in start || 'column' in end) return ALL_ROWS;
  if (mode !== 'rows') {
    const running = start.kind === 'unbounded-preceding' && end.kind === 'current-row';
    return running ? { before: 0, peers: true, after: Infinity, back: Infinity, ahead: 0 } : ALL_ROWS;
  }
  const first = distance(start);
  const last = distance(end);
  const before = Math.max(0, last);
  const after = Math.max(0, -first);
  return { before, peers: false, after, back: after, ahead: before };
}

/** From the partition's first row to near the current one: each frame has the rows of the one before it. */
export function isRunning({ mode, start, end, exclude }: Frame): boolean {
  return start.kind === 'unbounded-preceding' && exclude === 'no-others' && !('column' in end)
    && end.kind !== 'unbounded-following' && (mode === 'rows' || end.kind === 'current-row');
}

/** Of a call that looks at a running frame's last rows alone, or knows what is before those that are loaded. */
export function runningReach(frame: Frame): Reach {
  const { mode, end } = frame;
  return { ...frameReach(frame), back: mode === 'rows' && !('column' in end) ? Math.max(0, -distance(end)) : 0 };
}

/** In rows or groups, from the current one. */
export function distance(bound: Exclude<Frame['start'], { readonly column: number }>): number {
  switch (bound.kind) {
    case 'unbounded-preceding': return -Infinity;
    case 'unbounded-following': return Infinity;
    case 'current-row': return 0;
    case 'preceding': return -Number(bound.offset);
    case 'following': return Number(bound.offset);
  }
}
