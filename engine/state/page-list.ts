// PageList: pages in order of arrival, each in one list at most; what the page cache chooses from.
import type { Page } from './page.ts';

export class PageList {
  first: Page | null = null;
  last: Page | null = null;
  /** Sum of the pages' sizes. */
  bytes = 0;
  length = 0;

  /** At the end. Requires: the page is in no list. */
  push(page: Page): void {
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
  remove(page: Page): void {
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
