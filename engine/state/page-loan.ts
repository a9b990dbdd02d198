// Loan: full pages over the memory of the batch that their rows came in, instead of copies of it.
import type { Batch } from '../data/batch.ts';
import { PAGE_ROWS } from '../data/cells.ts';
import { takeMemory } from '../data/given-memory.ts';
import type { LogicalType } from '../data/types.ts';
import { PageColumn } from './page-column.ts';

/** A page over lent memory. */
export interface Borrower {
  /** Goes on with a copy. */
  own(): void;
}

/** The batch's memory may be so many times what its full pages take: what is beyond is held with them, and counted by nobody. */
const MOST = 1.25;

/**
 * Only of memory that nobody writes to (given-memory.ts). A borrowed page that is about to be changed takes a copy first, so
 * that both may be read side by side for as long as anybody likes. The memory is given back as a whole: when one of the pages
 * is evicted, the others go on with copies.
 */
export class Loan {
  readonly #pages = new Set<Borrower>();

  /** null: the batch's memory was not given away, or is lent already, or is much larger than its full pages. */
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
    for (const buffer of buffers) held += buffer.byteLength;
    return held <= needed * MOST && takeMemory(buffers) ? new Loan() : null;
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
