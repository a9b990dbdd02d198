// PageCache: keeps the pages of all stored state within a budget of memory: which stay, which go to the page file.
import type { Page } from './page.ts';
import { PageList } from './page-list.ts';
import type { PageFile, PageSlot } from './ports.ts';

/** Of the budget: what is hidden, and shows by being touched that it is in use. */
const HIDDEN_SHARE = 4;
/** Of the budget: pages get at least half of it, whatever indexes and accumulators take. */
const LEAST_SHARE = 2;
/** As long as the state takes less than this, a budget below is not held against anybody. */
const LEAST_REFUSED = 64 << 20;
/** Pages that are being written and are passed over, at most. */
const LOOK = 64;

export interface PageCacheStatistics {
  /** The budget. */
  readonly limit: number;
  /** Pages in memory. */
  readonly pages: number;
  readonly pageBytes: number;
  /** State that cannot be evicted: indexes, weights, accumulators. */
  readonly fixedBytes: number;
  /** Pages read back, pages whose memory was given up, and bytes written for that since the start. */
  readonly reads: number;
  readonly evictions: number;
  readonly writtenBytes: number;
  readonly fileBytes: number;
}

/**
 * Two lists, first in first out, as in a system's virtual memory: pages that kernels see, and pages hidden from them that
 * are still in memory. A touch of a hidden one brings it back to the end of the first list; the oldest hidden one is
 * evicted. As long as all fits, nothing is hidden and nobody pays anything.
 *
 * Law: a page that is being written (touched and not guarded since) is not evicted; `balance` is called when no kernel runs.
 */
export class PageCache {
  readonly #shown = new PageList();
  readonly #hidden = new PageList();
  /** Pages that are being filled: their sizes are not known before the step is over. */
  #filled: Page[] = [];
  readonly #file: PageFile | null;
  #limit: number;
  #fixed = 0;
  #failure: unknown = null;
  reads = 0;
  #evictions = 0;
  #overshoot = 0;
  #written = 0;

  /** `file` null: only what a checkpoint has is evicted. `limit` in bytes. */
  constructor(limit: number, file: PageFile | null) {
    this.#limit = limit;
    this.#file = file;
  }

  get limit(): number { return this.#limit; }

  setLimit(bytes: number): void {
    this.#limit = bytes;
    this.balance();
  }

  /** Bytes of state that stay in memory, as last counted. */
  setFixed(bytes: number): void {
    this.#fixed = bytes;
  }

  /** Bytes of pages that may be in memory. */
  get #allowance(): number {
    return Math.max(this.#limit - this.#fixed, this.#limit / LEAST_SHARE);
  }

  get #bytes(): number {
    return this.#shown.bytes + this.#hidden.bytes;
  }

  /** What must stay in memory, be it that the disk does not take it, is more than the budget: nothing should be added. */
  get exhausted(): boolean {
    const held = this.#fixed + (this.#file === null || this.#failure !== null ? this.#bytes : 0);
    return held > Math.max(this.#limit, LEAST_REFUSED);
  }

  /** Why pages could not be written the last time it was tried, or null. */
  get failure(): unknown { return this.#failure; }

  statistics(): PageCacheStatistics {
    return {
      limit: this.#limit, pages: this.#shown.length + this.#hidden.length, pageBytes: this.#bytes, fixedBytes: this.#fixed,
      reads: this.reads, evictions: this.#evictions, writtenBytes: this.#written, fileBytes: this.#file?.bytes ?? 0,
    };
  }

  /** Not all of the state is in memory. */
  get tight(): boolean { return this.#evictions > 0 && this.#bytes + this.#fixed > this.#limit / 2; }

  /** How far a step has gone beyond what pages may take, as a share of it, since it was asked last. */
  takeOvershoot(): number {
    const over = this.#overshoot;
    this.#overshoot = 0;
    return over;
  }

  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.#allowance;
  }

  /** Governs a page from now on. */
  add(page: Page): void {
    page.cache = this;
    if (!page.isResident) {
      // What it is going to take is known when it has been read.
      page.size = 0;
      return;
    }
    page.size = page.bytes();
    this.#shown.push(page);
    this.#filled.push(page);
  }

  /** Lets a page go: nobody holds it any more, or only a snapshot does. */
  remove(page: Page): void {
    page.list?.remove(page);
    page.cache = null;
  }

  /** Makes a page independent of the checkpoint that has it. */
  keep(page: Page): void {
    if (!page.isResident && this.#file !== null) page.keep(this.#write);
    else page.present();
  }

  /** The page is to be counted anew when the step is over. */
  growing(page: Page): void {
    this.#filled.push(page);
  }

  #count(): void {
    for (const page of this.#filled) {
      const { list } = page;
      const size = page.bytes();
      if (list !== null) list.bytes += size - page.size;
      page.size = size;
    }
    this.#filled = [];
  }

  /** The page has been read. */
  loaded(page: Page): void {
    this.reads++;
    page.size = page.bytes();
    this.#shown.push(page);
  }

  /** The page was hidden and has been touched. */
  shown(page: Page): void {
    if (page.list !== this.#hidden) return;
    this.#hidden.remove(page);
    this.#shown.push(page);
  }

  /** In the middle of a step: what is hidden and evicted is being written by nobody. */
  makeRoom(bytes: number): void {
    if (this.hasRoom(bytes)) return;
    if (this.#hidden.bytes < bytes) this.#hide(bytes, (page) => page.home?.guarded(page) === true);
    while (!this.hasRoom(bytes)) {
      const victim = this.#hidden.first;
      if (victim === null || !this.#evict(victim)) return;
    }
  }

  /** Hides the oldest pages, until so much may be evicted and a share is left besides. */
  #hide(bytes: number, may: (page: Page) => boolean): void {
    const wanted = this.#allowance / HIDDEN_SHARE + bytes;
    let skipped = 0;
    for (let page = this.#shown.first; page !== null && this.#hidden.bytes < wanted; page = this.#shown.first) {
      this.#shown.remove(page);
      if (!may(page)) {
        this.#shown.push(page);
        if (++skipped === LOOK) return;
        continue;
      }
      page.size = page.bytes();
      page.hide();
      this.#hidden.push(page);
    }
  }

  /** Brings memory back within the budget. Requires: no kernel is running. */
  balance(): void {
    if (this.#filled.length > 0) this.#count();
    if (this.#bytes <= this.#allowance) return;
    this.#overshoot = Math.max(this.#overshoot, this.#bytes / this.#allowance - 1);
    this.#failure = null;
    this.#hide(this.#bytes - this.#allowance, () => true);
    for (let page = this.#hidden.first; page !== null && this.#bytes > this.#allowance; page = this.#hidden.first) {
      if (!this.#evict(page)) return;
    }
  }

  #evict(page: Page): boolean {
    const { list } = page;
    try {
      page.evict(this.#write);
    } catch (error) {
      this.#failure = error;
      return false;
    }
    list?.remove(page);
    this.#evictions++;
    return true;
  }

  readonly #write = (bytes: readonly Uint8Array[]): PageSlot => {
    if (this.#file === null) throw new TypeError('there is no page file');
    const slot = this.#file.write(bytes);
    for (const piece of bytes) this.#written += piece.length;
    return slot;
  };
}
