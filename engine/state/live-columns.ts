// Columns of a page's rows in use for one reading, as whoever makes an index of all pages needs them.
import { PAGE_MASK } from '../data/cells.ts';
import { takeVector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import { liveIds } from './key-index.ts';
import type { Pages } from './pages.ts';

/**
 * Why not `Pages.gatherColumn`: it brings the page into memory, with all of its columns. Requires: `ids` are all that liveIds
 * gives.
 */
export function liveColumns(pages: Pages, number: number, ids: Int32Array, columns: readonly number[]): readonly Vector[] {
  const page = pages.page(number);
  if (page.isResident) return columns.map((c) => pages.gatherColumn(c, ids));
  const ascending = [...new Set(columns)].sort((a, b) => a - b);
  const read = page.glance(ascending);
  const chosen = columns.map((c) => read[ascending.indexOf(c)]);
  if (page.live === page.used) return chosen;
  const rows = ids.map((id) => id & PAGE_MASK);
  return chosen.map((vector) => takeVector(vector, rows));
}

/** The same page by page, with the ids; pages without rows are left out. */
export function* eachLive(
  pages: Pages, columns: readonly number[],
): Generator<{ readonly ids: Int32Array; readonly columns: readonly Vector[] }> {
  for (let number = 0; number < pages.pageCount; number++) {
    const ids = liveIds(pages, number);
    if (ids.length > 0) yield { ids, columns: liveColumns(pages, number, ids, columns) };
  }
}
