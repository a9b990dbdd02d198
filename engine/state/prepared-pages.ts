// Full pages made of rows before they are appended: what a commit does while its record is on the way to the disk.
import type { Batch } from '../data/batch.ts';
import { layoutOf } from '../data/types.ts';
import type { LogicalType } from '../data/types.ts';
import { fitsPages } from './page-heap.ts';
import { Page } from './page.ts';

interface Prepared {
  readonly types: readonly LogicalType[];
  readonly pages: readonly Page[];
}

/** Gone with the batch, which is all that needs to be done where it is never appended. */
const prepared = new WeakMap<Batch, Prepared>();

/** For an append of all rows, each of weight 1, to the Pages whose `types` these are. */
export function preparePages(batch: Batch, types: readonly LogicalType[]): void {
  if (!fitsPages(batch, types.flatMap((type, c) => (layoutOf(type) === 'bytes' ? [c] : [])))) return;
  prepared.set(batch, { types, pages: Page.filled(batch, types, null, 0) });
}

/** What was prepared of the batch, once: nobody else has the pages. null: nothing. */
export function takePrepared(batch: Batch, types: readonly LogicalType[]): readonly Page[] | null {
  const found = prepared.get(batch);
  if (found?.types !== types) return null;
  prepared.delete(batch);
  return found.pages;
}
