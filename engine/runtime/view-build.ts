// ViewBuild: a view that is filled beside the epochs, in turns with them, before it is installed.
import { deltaBytes } from '../data/delta.ts';
import type { Delta } from '../data/delta.ts';
import type { StepContext } from '../operator/operator.ts';
import type { PageCache } from '../state/page-cache.ts';
import type { Snapshot, ViewBuilding } from './contract.ts';
import type { View } from './view.ts';

export interface ViewBuildOptions {
  readonly view: View;
  /** What its sources hold as this is made. */
  readonly snapshot: Snapshot;
  readonly cache: PageCache;
  /** As of now. */
  readonly context: () => StepContext;
  /** Called after each piece of work; throws where there is no memory for more. */
  readonly checkMemory: () => void;
  /** Given up, or installed. */
  readonly closed: () => void;
}

interface Missed {
  readonly relation: number;
  readonly delta: Delta;
}

/**
 * Law: when it has caught up, the circuit has been given all that its sources hold, late rows included, and no watermark: the
 * same as if it were filled then.
 */
export class ViewBuild implements ViewBuilding {
  readonly #options: ViewBuildOptions;
  readonly #sources: ReadonlySet<number>;
  /** Changes since the snapshot. */
  #missed: Missed[] = [];
  #missedBytes = 0;
  #open = true;

  constructor(options: ViewBuildOptions) {
    this.#options = options;
    this.#sources = new Set(options.view.circuit.sources.flatMap((s) => (s.kind === 'relation' ? [s.relation] : [])));
  }

  get view(): View {
    return this.#options.view;
  }

  get bytes(): number {
    return this.view.circuit.stateSize().bytes + this.view.relation.arrangement.size().bytes + this.#missedBytes;
  }

  /** An epoch's changes by relation, views' included. */
  note(changes: ReadonlyMap<number, readonly Delta[]>): void {
    for (const relation of this.#sources) {
      for (const delta of changes.get(relation) ?? []) {
        this.#missed.push({ relation, delta });
        this.#missedBytes += deltaBytes(delta);
      }
    }
  }

  *work(): Generator<null> {
    const { snapshot, context, checkMemory, cache } = this.#options;
    try {
      for (const _ of this.view.fill((id, columns) => snapshot.scan(id, columns), context)) {
        cache.balance();
        checkMemory();
        yield null;
      }
    } finally {
      snapshot.release();
    }
    for (const _ of this.catchUp()) {
      checkMemory();
      yield null;
    }
  }

  /** What it has missed until now. */
  *catchUp(): Generator<null> {
    const { view, context, cache } = this.#options;
    while (this.#missed.length > 0) {
      const missed = this.#missed;
      this.#missed = [];
      for (const { relation, delta } of missed) {
        this.#missedBytes -= deltaBytes(delta);
        for (const _ of view.feed(relation, delta, context)) {
          cache.balance();
          yield null;
        }
      }
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#options.snapshot.release();
    this.#options.closed();
  }
}
