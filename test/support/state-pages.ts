// StatePages: what an operator saved, kept as bare pages, so that it can be restored in a test.
import type { Batch } from '../../engine/data/batch.ts';
import { concatBatches } from '../../engine/data/batch.ts';
import type { StateReader, StateWriter } from '../../engine/state/ports.ts';

export class StatePages {
  readonly #states = new Map<string, Map<number, Batch>>();
  /** Pages written since the last look. */
  written = 0;

  readonly writer: StateWriter = {
    page: (name, page, content) => this.#write(name, page, content?.image() ?? null),
    state: (name, state) => {
      for (const { page, content } of state.changedPages()) this.#write(name, page, content?.image() ?? null);
    },
  };

  #write(name: string, page: number, batch: Batch | null): void {
    this.written++;
    const pages = this.#states.get(name) ?? new Map<number, Batch>();
    this.#states.set(name, pages);
    if (batch === null) pages.delete(page);
    // A copy, as a disk would make: the operator goes on changing its arrays.
    else pages.set(page, structuredCopy(batch));
  }

  readonly reader: StateReader = {
    pages: (name) => [...(this.#states.get(name) ?? [])].sort(([a], [b]) => a - b)
      .map(([page, batch]) => ({ page, version: 1, summary: null, batch })),
  };
}

function structuredCopy(batch: Batch): Batch {
  const rows = Int32Array.from({ length: batch.length }, (_, i) => i);
  return concatBatches([batch.take(rows)]);
}
