// What a page's texts and the like may take: a page of long ones has fewer rows, so that copying or storing one takes no longer.
import type { Batch } from '../data/batch.ts';
import { PAGE_ROWS } from '../data/cells.ts';
import type { PageColumn } from './page-column.ts';

/** Bytes from which on a page takes no more rows. */
export const FULL_HEAP = 2 << 20;

/** Bytes of values that are not forgotten. */
export function heapOf(columns: readonly PageColumn[]): number {
  let total = 0;
  for (let c = 0; c < columns.length; c++) total += columns[c].heapUsed - columns[c].heapFrom - columns[c].heapDead;
  return total;
}

/** Bytes of a batch's values in `columns`, which are of layout bytes: of rows `from` .. `to` − 1. */
function bytesBetween({ columns: vectors }: Batch, columns: readonly number[], from: number, to: number): number {
  let total = 0;
  for (const c of columns) {
    const vector = vectors[c];
    if (vector.layout === 'bytes') total += vector.offsets[to] - vector.offsets[from];
  }
  return total;
}

/** Rows that follow each other make full pages that are not too large. */
export function fitsPages(batch: Batch, columns: readonly number[]): boolean {
  if (bytesBetween(batch, columns, 0, batch.length) <= FULL_HEAP) return true;
  for (let at = 0; at + PAGE_ROWS <= batch.length; at += PAGE_ROWS) {
    if (bytesBetween(batch, columns, at, at + PAGE_ROWS) > FULL_HEAP) return false;
  }
  return true;
}

/** Rows of a batch in portions that one page may take: where each ends, and bytes a row, 0 where they are of no account. */
export function* heapPortions(
  batch: Batch, rows: Int32Array, columns: readonly number[],
): Generator<{ readonly end: number; readonly rowBytes: number }> {
  if (bytesBetween(batch, columns, 0, batch.length) <= FULL_HEAP) {
    yield { end: rows.length, rowBytes: 0 };
    return;
  }
  let from = 0;
  let held = 0;
  for (let i = 0; i < rows.length; i++) {
    const size = bytesBetween(batch, columns, rows[i], rows[i] + 1);
    if (i > from && held + size > FULL_HEAP) {
      yield { end: i, rowBytes: held / (i - from) };
      from = i;
      held = 0;
    }
    held += size;
  }
  if (rows.length > from) yield { end: rows.length, rowBytes: held / (rows.length - from) };
}

/** How many rows of so many bytes may come to a page with `heap` bytes; an empty one takes one of any size. */
export function heapRoom(heap: number, live: number, rowBytes: number): number {
  const rest = FULL_HEAP - heap;
  if (rest <= 0) return live === 0 ? 1 : 0;
  return rowBytes * PAGE_ROWS <= rest ? PAGE_ROWS : Math.max(live === 0 ? 1 : 0, Math.floor(rest / rowBytes));
}
