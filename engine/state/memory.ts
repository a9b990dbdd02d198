// The state ports in memory: for databases without a folder, and for tests.
import { assert } from '../data/error.ts';
import type { Epoch } from '../data/time.ts';
import type {
  CheckpointMeta, Journal, JournalRecord, PageContent, PageImage, PageSummary, SavedState, StateReader, StateStore,
  StateWriter, StoredPage,
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

  reopen(): Promise<void> {
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

type States = Map<string, Map<number, StoredPage>>;

function put(states: States, state: string, page: number, held: Omit<StoredPage, 'page'> | null): void {
  const pages = states.get(state) ?? new Map<number, StoredPage>();
  states.set(state, pages);
  if (held === null) pages.delete(page);
  else pages.set(page, { page, ...held });
}

function pagesOf(states: States, state: string): readonly StoredPage[] {
  return [...(states.get(state)?.values() ?? [])].toSorted((a, b) => a.page - b.page);
}

export class MemoryStateStore implements StateStore {
  #states: States = new Map();
  #meta: CheckpointMeta | null = null;
  #version = 1;

  checkpoint(pages: Iterable<PageImage>, dropped: readonly string[], meta: CheckpointMeta): Promise<void> {
    // A copy first, so that a fault while pages are being made leaves the previous checkpoint whole.
    const states: States = new Map([...this.#states].map(([name, held]) => [name, new Map(held)]));
    for (const name of dropped) states.delete(name);
    for (const { state, page, content } of pages) {
      const held = content === null ? null : { version: this.#version, summary: content.summary, batch: content.image() };
      put(states, state, page, held);
    }
    this.#version++;
    this.#states = states;
    this.#meta = meta;
    return Promise.resolve();
  }

  current(): Promise<CheckpointMeta | null> {
    return Promise.resolve(this.#meta);
  }

  pages(state: string): Promise<readonly StoredPage[]> {
    return Promise.resolve(pagesOf(this.#states, state));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Both sides of one operator's checkpoint: what is written can be read back. */
export class MemoryState implements StateWriter, StateReader {
  readonly #states: States = new Map();
  readonly #lazily: boolean;

  /** `lazily`: pages are restored when they are touched. */
  constructor(lazily = true) {
    this.#lazily = lazily;
  }

  page(name: string, page: number, content: PageContent | null): void {
    put(this.#states, name, page, content === null ? null : { version: 1, summary: null, batch: content.image() });
  }

  state(name: string, state: SavedState): void {
    for (const { page, content } of state.changedPages()) {
      const held = content === null ? null : { version: 1, summary: this.#summaryOf(content), batch: content.image() };
      put(this.#states, name, page, held);
    }
  }

  #summaryOf({ summary }: { readonly summary: PageSummary | null }): PageSummary | null {
    return this.#lazily ? summary : null;
  }

  pages(name: string): Iterable<StoredPage> {
    return pagesOf(this.#states, name);
  }
}
