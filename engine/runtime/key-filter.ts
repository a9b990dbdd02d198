// KeyFilter: which rows of a batch have one of some keys; for look-ups where no index fits.
import type { Delta } from '../data/delta.ts';
import { KeyTable } from '../state/key-table.ts';
import { Pages } from '../state/pages.ts';
import type { RelationLookup } from './contract.ts';

export class KeyFilter {
  readonly #columns: readonly number[];
  readonly #keys: KeyTable;

  /** Rows whose `columns` equal a row of `keys`. */
  constructor({ columns, keys, nulls = 'never' }: RelationLookup) {
    this.#columns = columns;
    const schema = { columns: keys.columns.map((column, i) => ({ name: `k${i}`, type: column.type })) };
    this.#keys = new KeyTable(new Pages(schema), columns.map((_, i) => i), { nulls });
    this.#keys.findOrInsert(keys.columns, keys.length, new Int32Array(keys.length));
  }

  apply(delta: Delta): Delta {
    const slots = new Int32Array(delta.length);
    this.#keys.find(this.#columns.map((c) => delta.batch.columns[c]), delta.length, slots);
    const rows = new Int32Array(delta.length);
    let n = 0;
    for (let i = 0; i < rows.length; i++) if (slots[i] >= 0) rows[n++] = i;
    return n === delta.length ? delta : delta.take(rows.subarray(0, n));
  }
}
