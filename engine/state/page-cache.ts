// PageCache: keeps the pages of all stored state within a budget of memory: which stay, which go to the page file.
import type { Page } from './page.ts';
import { PageList } from './page-list.ts';
import type { Evictable } from './page-list.ts';
import type { PageFile, PageSlot } from './ports.ts';

/** Of the budget: what is hidden, and shows by being touched that it is in use. */
const HIDDEN_SHARE = 4;
/** Of the budget: pages get at least half of it, whatever indexes and accumulators take. */
const LEAST_SHARE = 2;
/** What a step may take beyond the budget without a word: a process takes as much for other things. */
const LEAST_OVERSHOOT = 8 << 20;
/** As long as the state takes less than this, a budget below is not held against anybody. */
const LEAST_REFUSED = 64 << 20;
/** Of the budget: what an index may take where memory is short before it is evicted in parts. */
const WHOLE_SHARE = 16;
/** Of the budget: what an operator's accumulators may take before some of them are evicted, and what they keep then. */
const OPERATOR_SHARE = 4;
/** Of the budget: what accumulators keep however many operators have them. */
const LEAST_OPERATOR_SHARE = 64;
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
  #filled: Evictable[] = [];
  readonly #file: PageFile | null;
  #limit: number;
  #fixed = 0;
  /** Part of the above: see `claim`. */
  #claimed = 0;
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

  /** Whether an index of so many bytes should be held in parts, of which some are in the page file. */
  tooLarge(bytes: number): boolean {
    if (this.#file === null || bytes * WHOLE_SHARE < this.#limit) return false;
    return this.tight || bytes * LEAST_SHARE > this.#limit;
  }

  /** The same for accumulators, which are not evicted by themselves: as long as there is room for them they stay. */
  crowded(bytes: number): boolean {
    if (this.#file === null || !(this.tight || bytes * LEAST_SHARE > this.#limit)) return false;
    if (bytes * OPERATOR_SHARE > this.#limit) return true;
    return this.#fixed * LEAST_SHARE > this.#limit && bytes * LEAST_OPERATOR_SHARE > this.#limit;
  }

  /** Bytes that an operator whose accumulators are crowded may keep in memory. */
  claim(): number {
    const rest = this.#limit / LEAST_SHARE - this.#claimed;
    const granted = Math.max(this.#limit / LEAST_OPERATOR_SHARE, Math.min(this.#limit / OPERATOR_SHARE, rest));
    this.#claimed += granted;
    return granted;
  }

  unclaim(bytes: number): void {
    this.#claimed -= bytes;
  }

  /** Keeps bytes in the page file. Throws 53100 when the disk is full. */
  store(bytes: readonly Uint8Array[]): PageSlot {
    return this.#write(bytes);
  }

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
  add(page: Evictable): void {
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
  remove(page: Evictable): void {
    page.list?.remove(page);
    page.cache = null;
  }

  /** Makes a page independent of the checkpoint that has it. */
  keep(page: Page): void {
    if (!page.isResident && this.#file !== null) page.keep(this.#write);
    else page.present();
  }

  /** The page is to be counted anew when the step is over. */
  growing(page: Evictable): void {
    this.#filled.push(page);
  }

  #count(): void {
    for (const page of this.#filled) this.resized(page);
    this.#filled = [];
  }

  /** Its size is another now, in the middle of a step. */
  resized(page: Evictable): void {
    // What it takes when it is read again is what it took before.
    if (!page.isResident) return;
    const size = page.bytes();
    if (page.list !== null) page.list.bytes += size - page.size;
    page.size = size;
  }

  /** The page has been read. */
  loaded(page: Evictable): void {
    this.reads++;
    page.size = page.bytes();
    this.#shown.push(page);
  }

  /** The page was hidden and has been touched. */
  shown(page: Evictable): void {
    if (page.list !== this.#hidden) return;
    this.#hidden.remove(page);
    this.#shown.push(page);
  }

  /** In the middle of a step: what is hidden and evicted is being written by nobody. */
  makeRoom(bytes: number): void {
    if (this.hasRoom(bytes)) return;
    if (this.#hidden.bytes < bytes) this.#hide(bytes, (page) => page.idle);
    while (!this.hasRoom(bytes)) {
      const victim = this.#hidden.first;
      if (victim === null || !this.#evict(victim)) return;
    }
  }

  /** Hides the oldest pages, until so much may be evicted and a share is left besides. */
  #hide(bytes: number, may: (page: Evictable) => boolean): void {
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
    this.#overshoot = Math.max(this.#overshoot, (this.#bytes - LEAST_OVERSHOOT) / this.#allowance - 1);
    this.#failure = null;
    this.#hide(this.#bytes - this.#allowance, () => true);
    for (let page = this.#hidden.first; page !== null && this.#bytes > this.#allowance; page = this.#hidden.first) {
      if (!this.#evict(page)) return;
    }
  }

  #evict(page: Evictable): boolean {
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
