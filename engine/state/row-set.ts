// RowSet: rows with weights in pages, found again by the whole row once one is retracted.
import { atOnce } from '../data/at-once.ts';
import type { Delta } from '../data/delta.ts';
import type { Schema } from '../data/types.ts';
import { GivenRows, KeyIndex, liveIds } from './key-index.ts';
import { Pages } from './pages.ts';
import type { StateReader, StateWriter } from './ports.ts';
import { TouchedRows } from './touched-rows.ts';

/**
 * For operators that keep an order over the ids themselves: rows whose weight came to 0 stay until they are dropped.
 * Until the first retraction, a row that comes twice is held twice.
 */
export class RowSet {
  readonly pages: Pages;
  /** After `change`: the rows that came by, the weight before noted. */
  readonly touched: TouchedRows;
  /** By row of the last delta: its id. */
  ids = new Int32Array(1024);
  #rows: KeyIndex | null = null;

  constructor(schema: Schema) {
    this.pages = new Pages(schema);
    this.touched = new TouchedRows(this.pages);
  }

  get bytes(): number { return this.pages.bytes() + this.touched.bytes + (this.#rows === null ? 0 : this.#rows.bytes); }

  /** Whether `insert` may be used for the delta: only insertions, and none was retracted before. */
  canInsert({ weights, length }: Delta): boolean {
    if (this.#rows !== null) return false;
    for (let i = 0; i < length; i++) if (weights[i] <= 0) return false;
    return true;
  }

  /** New rows, ids by row in `ids`. */
  insert({ batch, weights, length }: Delta): void {
    this.#room(length);
    this.pages.append(batch, null, weights, this.ids.subarray(0, length));
  }

  /** Adds weights; ids by row in `ids`, each distinct one in `touched`. `merged`: told of rows that became one. */
  change({ batch, weights, length }: Delta, merged: (gone: number, into: number) => void): void {
    this.#room(length);
    const { ids, pages, touched } = this;
    const rows = this.#rows ?? atOnce(this.indexing(merged));
    const fresh = new Set<number>();
    rows.findOrInsert(batch.columns, length, ids, {
      take: () => pages.take(),
      write: (freshRows, count, out) => {
        const plan = { length: count, rows: freshRows, ids: new Int32Array(count) };
        for (let i = 0; i < count; i++) {
          plan.ids[i] = out[freshRows[i]];
          fresh.add(plan.ids[i]);
        }
        for (let c = 0; c < batch.columns.length; c++) pages.write(c, batch.columns[c], plan);
      },
    });
    pages.touch(ids, length);
    // A new row came with weight 1.
    for (const id of fresh) pages.addWeight(id, -1);
    touched.begin();
    for (let i = 0; i < length; i++) {
      if (touched.add(ids[i])) touched.note(pages.weight(ids[i]));
      pages.addWeight(ids[i], weights[i]);
    }
  }

  #room(length: number): void {
    if (this.ids.length < length) this.ids = new Int32Array(length * 2);
  }

  /** Makes the index that `change` needs, in turns. Requires: there is none yet, and no row comes or goes meanwhile. */
  *indexing(merged: (gone: number, into: number) => void): Generator<null, KeyIndex> {
    const { pages } = this;
    const rows = new KeyIndex(pages, pages.schema.columns.map((_, c) => c), { equality: 'exact' });
    const gone: number[] = [];
    for (let number = 0; number < pages.pageCount; number++) {
      const ids = liveIds(pages, number);
      if (ids.length === 0) continue;
      const found = new Int32Array(ids.length);
      rows.findOrInsert(pages.gather(ids).columns, ids.length, found, new GivenRows(ids));
      for (let i = 0; i < ids.length; i++) {
        if (found[i] === ids[i]) continue;
        pages.touch(found.subarray(i, i + 1), 1);
        merged(ids[i], found[i]);
        pages.addWeight(found[i], pages.weight(ids[i]));
        gone.push(ids[i]);
      }
      yield null;
    }
    pages.free(Int32Array.from(gone), gone.length);
    this.#rows = rows;
    return rows;
  }

  /** Frees rows, of weight 0 as a rule. */
  drop(ids: Int32Array): void {
    if (ids.length === 0) return;
    this.#rows?.removeRows(ids, ids.length);
    this.pages.free(ids, ids.length);
  }

  save(name: string, out: StateWriter): void {
    this.pages.save(name, out);
  }

  restore(name: string, from: StateReader): void {
    this.pages.restore(name, from);
  }
}
