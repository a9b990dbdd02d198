// Reach of a frame: which rows' frames a change comes into.
import type { Frame } from '../../operator/over-frame.ts';
import type { Reach } from './window-function.ts';
import { ALL_ROWS } from './window-function.ts';

export function frameReach(frame: Frame): Reach {
  if (frame.exclude === 'group' || frame.exclude === 'ties') return ALL_ROWS;
  if ('column' in frame.start || 'column' in frame.end) return ALL_ROWS;
  if (frame.mode !== 'rows') {
    const running = frame.start.kind === 'unbounded-preceding' && frame.end.kind === 'current-row';
    return running ? { before: 0, peers: true, after: Infinity, back: Infinity, ahead: 0 } : ALL_ROWS;
  }
  const first = distance(frame.start);
  const last = distance(frame.end);
  const before = Math.max(0, last);
  const after = Math.max(0, -first);
  return { before, peers: false, after, back: after, ahead: before };
}

/** In rows, from the current one. */
function distance(bound: Frame['start']): number {
  switch (bound.kind) {
    case 'unbounded-preceding': return -Infinity;
    case 'unbounded-following': return Infinity;
    case 'current-row': return 0;
    case 'preceding': return 'offset' in bound ? -Number(bound.offset) : -Infinity;
    case 'following': return 'offset' in bound ? Number(bound.offset) : Infinity;
  }
}
