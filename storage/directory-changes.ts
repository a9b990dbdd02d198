// DirectoryChanges: what a checkpoint changes in the directories of states, and which blocks it supersedes by that.
import type { PageSummary } from '../engine/state/ports.ts';
import type { Manifest } from './checkpoint-record.ts';
import { directoryKey, pageKey } from './key-space.ts';
import type { KeyList } from './key-space.ts';
import { PART_SHIFT, encodePart, packSummary, partChecksum } from './page-directory.ts';
import type { PageEntry } from './page-directory.ts';
import type { Pause } from './pause.ts';

export type Write =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

/** A state's pages by number, by part of the directory: a checkpoint copies the parts that it changes. */
export type Directory = ReadonlyMap<number, ReadonlyMap<number, PageEntry>>;

export class DirectoryChanges {
  /** As they are going to be. */
  readonly #directories = new Map<string, Map<number, ReadonlyMap<number, PageEntry>>>();
  /** Parts that differ, by state: copies of their own. */
  readonly #parts = new Map<string, Map<number, Map<number, PageEntry>>>();
  readonly #version: number;
  readonly #before: (state: string) => Promise<Directory>;
  /** Told the keys of versions that are superseded. */
  readonly #stale: KeyList;

  constructor(version: number, before: (state: string) => Promise<Directory>, stale: KeyList) {
    this.#version = version;
    this.#before = before;
    this.#stale = stale;
  }

  get directories(): ReadonlyMap<string, Directory> {
    return this.#directories;
  }

  /** To be called before pages of the state are put. */
  async open(state: string): Promise<void> {
    if (this.#directories.has(state)) return;
    this.#directories.set(state, new Map(await this.#before(state)));
    this.#parts.set(state, new Map());
  }

  #part(state: string, page: number): Map<number, PageEntry> {
    const number = page >> PART_SHIFT;
    const known = this.#parts.get(state)?.get(number);
    if (known !== undefined) return known;
    const copy = new Map(this.#directories.get(state)?.get(number));
    this.#directories.get(state)?.set(number, copy);
    this.#parts.get(state)?.set(number, copy);
    return copy;
  }

  async drop(state: string, pause: Pause): Promise<void> {
    await this.open(state);
    for (const part of [...this.#directories.get(state)?.values() ?? []]) {
      for (const page of [...part.keys()]) {
        this.put(state, page, undefined);
        await pause();
      }
    }
  }

  /** `summary` undefined: the page is gone. Requires: the state is open. */
  put(state: string, page: number, summary: PageSummary | null | undefined): void {
    const part = this.#part(state, page);
    const before = part.get(page);
    if (before !== undefined && before.version !== this.#version) {
      this.#stale.add(pageKey({ state, page, version: before.version }));
    }
    if (summary === undefined) part.delete(page);
    else part.set(page, { version: this.#version, summary: summary === null ? null : packSummary(summary), checksum: null });
  }

  /** The page's block is made. Requires: the page was put. */
  made(state: string, page: number, checksum: number): void {
    const part = this.#part(state, page);
    const entry = part.get(page);
    if (entry !== undefined) part.set(page, { ...entry, checksum });
  }

  /** Of a page that was put. */
  checksum(state: string, page: number): number | null {
    return this.#parts.get(state)?.get(page >> PART_SHIFT)?.get(page)?.checksum ?? null;
  }

  /** The parts that differ, and the checksums of all parts, `before` being what they were. */
  async directoryWrites(
    before: Manifest, pause: Pause,
  ): Promise<{ readonly writes: readonly Write[]; readonly manifest: Manifest }> {
    const out: Write[] = [];
    const manifest = new Map(before);
    for (const [state, parts] of this.#parts) {
      const checksums = new Map(manifest.get(state));
      for (const [part, pages] of parts) {
        await pause();
        const key = directoryKey(state, part);
        checksums.delete(part);
        if (pages.size === 0) {
          out.push({ type: 'del', key });
          this.#directories.get(state)?.delete(part);
          continue;
        }
        const value = encodePart(pages);
        checksums.set(part, partChecksum(value));
        out.push({ type: 'put', key, value });
      }
      manifest.set(state, checksums);
      if (checksums.size === 0) manifest.delete(state);
    }
    return { writes: out, manifest };
  }
}
