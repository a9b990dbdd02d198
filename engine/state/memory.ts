// The state ports in memory: for databases without a folder, and for tests.
import type { Batch } from '../data/batch.ts';
import { assert } from '../data/error.ts';
import type { Epoch } from '../data/time.ts';
import type {
  CheckpointMeta, Journal, JournalRecord, PageImage, StateReader, StateStore, StateWriter,
} from './ports.ts';

/** Keeps records for as long as they are not trimmed; `keep` false: replays nothing (a database that ends with its process). */
export class MemoryJournal implements Journal {
  readonly #keep: boolean;
  #records: JournalRecord[] = [];
  #last: number | null = null;

  constructor(keep = true) {
    this.#keep = keep;
  }

  append(epoch: Epoch, record: readonly Uint8Array[]): Promise<void> {
    assert(this.#last === null || epoch === this.#last + 1, 'journal epochs in order');
    this.#last = epoch;
    if (this.#keep) this.#records.push({ epoch, bytes: joined(record) });
    return Promise.resolve();
  }

  async *replay(after: Epoch): AsyncGenerator<JournalRecord> {
    for (const record of this.#records.slice()) if (record.epoch > after) yield record;
  }

  trim(upTo: Epoch): Promise<void> {
    this.#records = this.#records.filter((record) => record.epoch > upTo);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

type States = Map<string, Map<number, Batch>>;

export class MemoryStateStore implements StateStore {
  #states: States = new Map();
  #meta: CheckpointMeta | null = null;

  checkpoint(pages: Iterable<PageImage>, dropped: readonly string[], meta: CheckpointMeta): Promise<void> {
    // A copy first, so that a fault while pages are being made leaves the previous checkpoint whole.
    const states: States = new Map([...this.#states].map(([name, held]) => [name, new Map(held)]));
    for (const name of dropped) states.delete(name);
    for (const { state, page, batch } of pages) {
      const held = states.get(state) ?? new Map<number, Batch>();
      states.set(state, held);
      if (batch === null) held.delete(page);
      else held.set(page, batch);
    }
    this.#states = states;
    this.#meta = meta;
    return Promise.resolve();
  }

  current(): Promise<CheckpointMeta | null> {
    return Promise.resolve(this.#meta);
  }

  async *pages(state: string): AsyncGenerator<PageImage> {
    const held = [...(this.#states.get(state) ?? [])].toSorted(([a], [b]) => a - b);
    for (const [page, batch] of held) yield { state, page, batch };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Both sides of one operator's checkpoint: what is written can be read back. */
export class MemoryState implements StateWriter, StateReader {
  readonly #states: States = new Map();

  page(name: string, page: number, batch: Batch | null): void {
    const held = this.#states.get(name) ?? new Map<number, Batch>();
    this.#states.set(name, held);
    if (batch === null) held.delete(page);
    else held.set(page, batch);
  }

  pages(name: string): Iterable<{ readonly page: number; readonly batch: Batch }> {
    return [...(this.#states.get(name) ?? [])].map(([page, batch]) => ({ page, batch }))
      .toSorted((a, b) => a.page - b.page);
  }
}
