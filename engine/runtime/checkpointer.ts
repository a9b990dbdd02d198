// Checkpointer: takes the state's changed pages in one moment and writes them while epochs go on.
import { assert } from '../data/error.ts';
import type { Epoch } from '../data/time.ts';
import type { Journal, PageImage, StateStore } from '../state/ports.ts';
import { encodeMeta, takePages } from './checkpoint.ts';
import type { StorageStatistics } from './contract.ts';
import type { PublishedState } from './published-state.ts';

export interface CheckpointHost {
  saveCatalog(): Uint8Array;
  log(message: string): void;
}

export class Checkpointer {
  readonly #ports: { readonly journal: Journal; readonly store: StateStore };
  readonly #state: PublishedState;
  readonly #host: CheckpointHost;
  #journalBytes = 0;
  #totalBytes = 0;
  #checkpoints = 0;
  #running: Promise<void> | null = null;
  /** States dropped since the last checkpoint that succeeded. */
  #dropped = new Set<string>();
  /** Pages of checkpoints that failed: they count as saved and are not. By state, then page. */
  #carried = new Map<string, Map<number, PageImage>>();

  constructor(
    ports: { readonly journal: Journal; readonly store: StateStore }, state: PublishedState, host: CheckpointHost,
  ) {
    this.#ports = ports;
    this.#state = state;
    this.#host = host;
  }

  get running(): boolean {
    return this.#running !== null;
  }

  /** Journaled since the last checkpoint was taken. */
  get journalBytes(): number {
    return this.#journalBytes;
  }

  journaled(bytes: number): void {
    this.#journalBytes += bytes;
    this.#totalBytes += bytes;
  }

  statistics(): StorageStatistics {
    return {
      journalBytes: this.#totalBytes, checkpoints: this.#checkpoints, checkpointBytes: this.#ports.store.writtenBytes ?? 0,
    };
  }

  drop(states: readonly string[]): void {
    for (const state of states) {
      this.#dropped.add(state);
      this.#carried.delete(state);
    }
  }

  /** Until no checkpoint is being written, whether it succeeded or not. */
  async settled(): Promise<void> {
    while (this.#running !== null) await this.#running.catch(() => {});
  }

  /** Requires: the journal is on disk up to the epoch, which is the published one. Synchronous up to the first write. */
  take(epoch: Epoch): Promise<void> {
    assert(this.#running === null, 'one checkpoint at a time');
    const dropped = [...this.#dropped];
    this.#dropped = new Set();
    const pages = this.#withCarried(takePages(this.#state));
    const meta = { epoch, bytes: encodeMeta(this.#state, this.#host.saveCatalog()) };
    this.#journalBytes = 0;
    this.#running = this.#write({ pages, dropped, meta }).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  #withCarried(taken: readonly PageImage[]): readonly PageImage[] {
    if (this.#carried.size === 0) return taken;
    this.#carry(taken);
    const pages = [...this.#carried.values()].flatMap((held) => [...held.values()]);
    this.#carried = new Map();
    return pages;
  }

  /** The newest image of a page counts. */
  #carry(images: readonly PageImage[]): void {
    for (const image of images) {
      const pages = this.#carried.get(image.state) ?? new Map<number, PageImage>();
      this.#carried.set(image.state, pages.set(image.page, image));
    }
  }

  async #write(checkpoint: {
    readonly pages: readonly PageImage[];
    readonly dropped: readonly string[];
    readonly meta: { readonly epoch: Epoch; readonly bytes: Uint8Array };
  }): Promise<void> {
    const { pages, dropped, meta } = checkpoint;
    try {
      await this.#ports.store.checkpoint(pages, dropped, meta);
    } catch (error) {
      this.#restore(pages, dropped);
      throw error;
    }
    this.#checkpoints++;
    try {
      await this.#ports.journal.trim(meta.epoch);
    } catch (error) {
      // Segments kept longer than needed do no harm; the next checkpoint trims them.
      this.#host.log(`could not trim the journal: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** What was not written goes with the next checkpoint, unless its state was dropped meanwhile. */
  #restore(pages: readonly PageImage[], dropped: readonly string[]): void {
    this.#carry(pages.filter(({ state }) => !this.#dropped.has(state)));
    for (const state of dropped) this.#dropped.add(state);
  }
}
