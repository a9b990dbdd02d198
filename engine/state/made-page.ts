// Contents of pages that an operator makes for a checkpoint, as others work in the pages themselves (page.ts).
import type { Batch } from '../data/batch.ts';
import type { PageContent } from './ports.ts';

/** A page made already; whoever restores it reads all of it. */
export function madePage(batch: Batch): PageContent {
  return { summary: null, image: () => batch, kept: () => undefined };
}

/**
 * A page that is made when the checkpoint comes to it, so that a checkpoint of many is taken in a moment. Whoever is about to
 * change what it is made of calls `settle` before. Requires: `make` gives the same until then.
 */
export class LatePage implements PageContent {
  readonly summary = null;
  readonly #make: () => Batch;
  readonly #done: () => void;
  #batch: Batch | null = null;

  /** `done`: it is durable, and need not be settled any more. */
  constructor(make: () => Batch, done: () => void) {
    this.#make = make;
    this.#done = done;
  }

  /** From here on it stays as it is. */
  settle(): void {
    this.#batch ??= this.#make();
  }

  image(): Batch {
    return this.#batch ?? this.#make();
  }

  kept(): void {
    this.#done();
  }
}
