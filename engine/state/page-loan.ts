// Loan: full pages over the memory of the batch that their rows came in, instead of copies of it.
import type { Batch } from '../data/batch.ts';
import { PAGE_ROWS } from '../data/cells.ts';
import type { LogicalType } from '../data/types.ts';
import { PageColumn } from './page-column.ts';

/** A page over lent memory. */
export interface Borrower {
  /** Goes on with a copy. */
  own(): void;
}

/** The batch's memory may be so many times what its full pages take: what is beyond is held with them, and counted by nobody. */
const MOST = 1.25;

/** Memory that some pages are over: others copy it, or its end could not be told by the pages of one loan. */
const lent = new WeakSet<ArrayBufferLike>();

/**
 * Batches are never changed, and a borrowed page that is about to be changed takes a copy first, so both may be read
 * side by side for as long as anybody likes. The memory is given back as a whole: when one of the pages is evicted, the
 * others go on with copies.
 */
export class Loan {
  readonly #pages = new Set<Borrower>();

  /** null: the batch's memory is much larger than its full pages, or lent already. */
  static of(batch: Batch, types: readonly LogicalType[]): Loan | null {
    const rows = batch.length - batch.length % PAGE_ROWS;
    const buffers = new Set<ArrayBufferLike>();
    let needed = 0;
    for (const [c, type] of types.entries()) {
      const column = PageColumn.over(batch.columns[c], type, rows);
      needed += column.bytes();
      for (const { buffer } of column.arrays()) buffers.add(buffer);
    }
    let held = 0;
    for (const buffer of buffers) {
      if (lent.has(buffer)) return null;
      held += buffer.byteLength;
    }
    if (held > needed * MOST) return null;
    for (const buffer of buffers) lent.add(buffer);
    return new Loan();
  }

  borrow(page: Borrower): void {
    this.#pages.add(page);
  }

  /** The page does not need it any more, or nobody can evict the page any more. */
  leave(page: Borrower): void {
    this.#pages.delete(page);
  }

  /** The page has been evicted. */
  end(page: Borrower): void {
    this.#pages.delete(page);
    for (const other of [...this.#pages]) other.own();
  }
}

/** The rows' memory as it stands. */
export function borrowColumns(batch: Batch, types: readonly LogicalType[]): PageColumn[] {
  return types.map((type, c) => PageColumn.over(batch.columns[c], type, PAGE_ROWS));
}
