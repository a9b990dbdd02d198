// DirectoryChanges: what a checkpoint changes in the directories of states, and which blocks it supersedes by that.
import type { Manifest } from './checkpoint-record.ts';
import { directoryKey, pageKey } from './key-space.ts';
import { PART_SHIFT, encodePart, partChecksum } from './page-directory.ts';
import type { PageEntry } from './page-directory.ts';

export type Write =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

export class DirectoryChanges {
  /** As they are going to be. */
  readonly directories = new Map<string, Map<number, PageEntry>>();
  /** Keys of versions that are superseded. */
  readonly stale: Uint8Array[] = [];
  readonly #version: number;
  readonly #before: (state: string) => Promise<ReadonlyMap<number, PageEntry>>;
  /** Parts that differ, by state. */
  readonly #parts = new Map<string, Set<number>>();

  constructor(version: number, before: (state: string) => Promise<ReadonlyMap<number, PageEntry>>) {
    this.#version = version;
    this.#before = before;
  }

  async #of(state: string): Promise<Map<number, PageEntry>> {
    const known = this.directories.get(state);
    if (known !== undefined) return known;
    const copy = new Map(await this.#before(state));
    this.directories.set(state, copy);
    this.#parts.set(state, new Set());
    return copy;
  }

  async drop(state: string): Promise<void> {
    for (const page of [...(await this.#of(state)).keys()]) await this.put(state, page, undefined);
  }

  /** `summary` undefined: the page is gone. */
  async put(state: string, page: number, summary: PageEntry['summary'] | undefined): Promise<void> {
    const directory = this.directories.get(state) ?? await this.#of(state);
    const before = directory.get(page);
    if (before !== undefined && before.version !== this.#version) {
      this.stale.push(pageKey({ state, page, version: before.version }));
    }
    if (summary === undefined) directory.delete(page);
    else directory.set(page, { version: this.#version, summary, checksum: null });
    this.#parts.get(state)?.add(page >> PART_SHIFT);
  }

  /** The page's block is made. Requires: the page was put. */
  made(state: string, page: number, checksum: number): void {
    const directory = this.directories.get(state);
    const entry = directory?.get(page);
    if (directory !== undefined && entry !== undefined) directory.set(page, { ...entry, checksum });
  }

  /** The parts that differ, and the checksums of all parts, `before` being what they were. */
  directoryWrites(before: Manifest): { readonly writes: readonly Write[]; readonly manifest: Manifest } {
    const out: Write[] = [];
    const manifest = new Map(before);
    for (const [state, directory] of this.directories) {
      const changed = this.#parts.get(state) ?? new Set();
      const parts = new Map<number, [number, PageEntry][]>([...changed].map((part) => [part, []]));
      for (const [page, entry] of directory) parts.get(page >> PART_SHIFT)?.push([page, entry]);
      const checksums = new Map(manifest.get(state));
      for (const [part, pages] of parts) {
        const key = directoryKey(state, part);
        checksums.delete(part);
        if (pages.length === 0) {
          out.push({ type: 'del', key });
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
