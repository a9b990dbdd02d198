// PagesSnapshot: an immutable view of Pages at one moment.
import { Batch } from '../data/batch.ts';
import { PAGE_MASK, PAGE_SHIFT } from '../data/cells.ts';
import { Delta } from '../data/delta.ts';
import { layoutOf } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import type { Vector } from '../data/vector.ts';
import { gatherColumn } from './page-kernels.ts';
import type { Page } from './page.ts';

/** The rows in use of one page; the page's own arrays when there is no free row among them. */
export function scanPage(page: Page, columns: readonly number[] | null): Delta {
  // Who only counts rows needs no page read.
  const held = columns !== null && columns.length === 0 ? [] : page.peek();
  const chosen = columns === null ? held : columns.map((c) => held[c]);
  const { used } = page;
  const batch = new Batch(chosen.map((c): Vector => c.vector(used)), used);
  const weights = page.weights.subarray(0, used);
  if (page.live === used) return new Delta(batch, weights);
  return new Delta(batch, weights).take(liveRows(page));
}

function liveRows(page: Page): Int32Array {
  const rows = new Int32Array(page.live);
  let n = 0;
  for (let i = 0; i < page.used; i++) if (page.weights[i] !== 0) rows[n++] = i;
  return rows;
}

export class PagesSnapshot {
  readonly schema: Schema;
  /** Rows in use. */
  readonly rows: number;
  readonly #pages: readonly Page[];
  #release: (() => void) | null;

  constructor(schema: Schema, pages: readonly Page[], rows: number, release: () => void) {
    this.schema = schema;
    this.rows = rows;
    this.#pages = pages;
    this.#release = release;
  }

  /** One delta a page. */
  *scan(columns: readonly number[] | null = null): Generator<Delta> {
    for (const page of this.#pages) if (page.live > 0) yield scanPage(page, columns);
  }

  weight(id: number): number {
    const page = this.#pages[id >> PAGE_SHIFT];
    return page === undefined ? 0 : page.weights[id & PAGE_MASK];
  }

  /** Rows by id, as of the snapshot. */
  gather(ids: Int32Array, columns: readonly number[] | null = null): Delta {
    const chosen = columns ?? this.schema.columns.map((_, c) => c);
    const vectors = chosen.map((c) => {
      const { type } = this.schema.columns[c];
      return gatherColumn({ type, layout: layoutOf(type), chunks: this.#pages.map((p) => p.columns[c]), nullable: true },
        ids, false);
    });
    return new Delta(new Batch(vectors, ids.length), Int32Array.from(ids, (id) => this.weight(id)));
  }

  /** From now on the pages may be written in place; the snapshot must not be read any more. */
  release(): void {
    this.#release?.();
    this.#release = null;
  }
}
