// Eviction in tests: a page file in memory, and a cache so small that it keeps nothing it need not keep.
import { PageCache } from '../../engine/state/page-cache.ts';
import type { PageFile, PageSlot, SavedState, StateWriter } from '../../engine/state/ports.ts';

/** Slots are copies; one that was freed is not read again. */
export class MemoryPageFile implements PageFile {
  bytes = 0;

  write(bytes: readonly Uint8Array[]): PageSlot {
    const whole = new Uint8Array(bytes.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of bytes) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.bytes += whole.length;
    let freed = false;
    return {
      read: () => {
        if (freed) throw new Error('a slot is read that was freed');
        return whole.slice();
      },
      free: () => {
        freed = true;
        whole.fill(0xee);
      },
    };
  }

  close(): void {
    this.bytes = 0;
  }
}

/** Evicts every page between steps, and within a step whenever another page is read. */
export function tinyCache(): PageCache {
  return new PageCache(1, new MemoryPageFile());
}

/** Shows the states of whoever saves to it. */
export function looking(at: (state: SavedState) => void): StateWriter {
  return { looking: true, page: () => undefined, state: (_, state) => at(state) };
}
