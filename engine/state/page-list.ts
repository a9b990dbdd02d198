// PageList: pages in order of arrival, each in one list at most; what the page cache chooses from.
import type { PageCache } from './page-cache.ts';
import type { PageSlot } from './ports.ts';

/** What a cache governs: a page, or a part of an index. */
export interface Evictable {
  /** The cache's: its list, its neighbours there, and the bytes it counts. */
  list: PageList | null;
  before: Evictable | null;
  after: Evictable | null;
  size: number;
  cache: PageCache | null;
  readonly isResident: boolean;
  /** Nobody is writing to it. */
  readonly idle: boolean;
  /** In memory now. */
  bytes(): number;
  /** From now on a touch is to be told by `PageCache.shown`. */
  hide(): void;
  /** Gives its memory back; `write` keeps what is nowhere else, and what it throws leaves things as they are. */
  evict(write: (bytes: readonly Uint8Array[]) => PageSlot): void;
}

export class PageList {
  first: Evictable | null = null;
  last: Evictable | null = null;
  /** Sum of the pages' sizes. */
  bytes = 0;
  length = 0;

  /** At the end. Requires: the page is in no list. */
  push(page: Evictable): void {
    page.list = this;
    page.before = this.last;
    page.after = null;
    if (this.last === null) this.first = page;
    else this.last.after = page;
    this.last = page;
    this.bytes += page.size;
    this.length++;
  }

  /** Requires: the page is in this list. */
  remove(page: Evictable): void {
    if (page.before === null) this.first = page.after;
    else page.before.after = page.after;
    if (page.after === null) this.last = page.before;
    else page.after.before = page.before;
    page.list = null;
    page.before = null;
    page.after = null;
    this.bytes -= page.size;
    this.length--;
  }
}
