// Multiset: the rows of each slot as values and weight, in pages: what min, max, DISTINCT and array_agg keep.
import { grown } from '../../data/grown.ts';
import { PAGE_MASK, PAGE_SHIFT } from '../../data/cells.ts';
import { INT4 } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import type { Equality } from '../../data/row-key.ts';
import { Int32Vector, isValid, takeVector } from '../../data/vector.ts';
import type { Vector } from '../../data/vector.ts';
import { liveIds } from '../../state/key-index.ts';
import { KeyTable } from '../../state/key-table.ts';
import { Pages } from '../../state/pages.ts';
import type { StateReader, StateWriter } from '../../state/ports.ts';

const NONE = -1;
const ONE = new Int32Array(1);

/** An entry is a row id of `pages`: column 0 is the slot, the values follow. Entries of a slot are chained. */
export class Multiset {
  readonly pages: Pages;
  /** Of the last `apply`: entries whose weight may have changed, each once, and their weights before. */
  touched = new Int32Array(64);
  before = new Int32Array(64);
  touchedCount = 0;
  readonly #table: KeyTable;
  readonly #strict: boolean;
  #heads = new Int32Array(64).fill(NONE);
  /** By entry. */
  #next = new Int32Array(64);
  #previous = new Int32Array(64);
  /** The batch that touched the entry last. */
  #stamps = new Int32Array(64);
  #batch = 0;
  #entries = new Int32Array(64);

  /** `strict`: rows with a NULL value are left out. */
  constructor(types: readonly LogicalType[], equality: Equality, strict: boolean) {
    const values = types.map((type, i) => ({ name: `value${i}`, type }));
    this.pages = new Pages({ columns: [{ name: 'slot', type: INT4 }, ...values] });
    this.#table = new KeyTable(this.pages, this.pages.schema.columns.map((_, i) => i), { equality });
    this.#strict = strict;
  }

  /** Entries of a slot are found from its head. */
  ensure(slots: number): void {
    if (slots <= this.#heads.length) return;
    const heads = new Int32Array(Math.max(slots, this.#heads.length * 2)).fill(NONE);
    heads.set(this.#heads);
    this.#heads = heads;
  }

  slotOf(entry: number): number {
    return this.pages.columns[0][entry >> PAGE_SHIFT].i32[entry & PAGE_MASK];
  }

  weight(entry: number): number {
    return this.pages.weights[entry >> PAGE_SHIFT][entry & PAGE_MASK];
  }

  /** Adds the rows' weights to their entries. The caller looks at `touched`, then calls `settle`. */
  apply(slots: Int32Array, values: readonly Vector[], weights: Int32Array, length: number): void {
    this.touchedCount = 0;
    const rows = this.#counting(values, weights, length);
    const count = rows === null ? length : rows.length;
    if (count === 0) return;
    const chosen = rows === null ? values : values.map((v) => takeVector(v, rows));
    const slotValues = rows === null ? slots.subarray(0, length) : rows.map((row) => slots[row]);
    if (this.#entries.length < count) this.#entries = new Int32Array(count * 2);
    const entries = this.#entries;
    const fresh = this.#table.findOrInsert([new Int32Vector(INT4, count, slotValues), ...chosen], count, entries);
    this.#ensureEntries(count);
    this.#linkFresh(fresh);
    this.pages.touch(entries, count);
    this.#add(entries, count, rows, weights);
  }

  /**
   * Rows of `pages` that came there otherwise become entries, each for its slot, values and weight; those of equal ones
   * are put together and the others freed. Calls `each` with every entry that is new.
   */
  adopt(ids: Int32Array, each: (entry: number) => void): void {
    const entries = new Int32Array(ids.length);
    this.#table.adopt(ids, entries);
    this.#ensureEntries(ids.length);
    const gone: number[] = [];
    for (let i = 0; i < ids.length; i++) {
      if (entries[i] === ids[i]) {
        this.#link(ids[i]);
        each(ids[i]);
        continue;
      }
      ONE[0] = entries[i];
      this.pages.touch(ONE, 1);
      this.pages.addWeight(entries[i], this.weight(ids[i]));
      gone.push(ids[i]);
    }
    if (gone.length > 0) this.pages.free(Int32Array.from(gone), gone.length);
  }

  /** The rows that count, or null for all. */
  #counting(values: readonly Vector[], weights: Int32Array, length: number): Int32Array | null {
    const checked = this.#strict ? values.filter((v) => v.validity !== null) : [];
    if (checked.length === 0 && !weights.includes(0)) return null;
    const rows = new Int32Array(length);
    let count = 0;
    for (let i = 0; i < length; i++) {
      if (weights[i] !== 0 && checked.every((v) => isValid(v.validity, i))) rows[count++] = i;
    }
    return count === length ? null : rows.slice(0, count);
  }

  #ensureEntries(count: number): void {
    if (this.touched.length < count) {
      this.touched = new Int32Array(count * 2);
      this.before = new Int32Array(count * 2);
    }
    const limit = this.pages.idLimit;
    if (limit <= this.#next.length) return;
    const length = Math.max(limit, this.#next.length * 2);
    this.#next = grown(this.#next, length);
    this.#previous = grown(this.#previous, length);
    this.#stamps = grown(this.#stamps, length);
  }

  #linkFresh(count: number): void {
    const { inserted } = this.#table;
    for (let i = 0; i < count; i++) {
      const entry = inserted[i];
      this.pages.weights[entry >> PAGE_SHIFT][entry & PAGE_MASK] = 0;
      this.#link(entry);
    }
  }

  #link(entry: number): void {
    const slot = this.slotOf(entry);
    const head = this.#heads[slot];
    this.#next[entry] = head;
    this.#previous[entry] = NONE;
    if (head !== NONE) this.#previous[head] = entry;
    this.#heads[slot] = entry;
  }

  #unlink(entry: number): void {
    const next = this.#next[entry];
    const previous = this.#previous[entry];
    if (previous === NONE) this.#heads[this.slotOf(entry)] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
  }

  #add(entries: Int32Array, count: number, rows: Int32Array | null, weights: Int32Array): void {
    this.#batch++;
    const { touched, before } = this;
    let n = 0;
    for (let i = 0; i < count; i++) {
      const entry = entries[i];
      const page = this.pages.weights[entry >> PAGE_SHIFT];
      const at = entry & PAGE_MASK;
      if (this.#stamps[entry] !== this.#batch) {
        this.#stamps[entry] = this.#batch;
        touched[n] = entry;
        before[n++] = page[at];
      }
      page[at] += weights[rows === null ? i : rows[i]];
    }
    this.touchedCount = n;
  }

  /** Forgets the touched entries whose weight has come to 0. */
  settle(): void {
    let gone = 0;
    const { touched } = this;
    for (let i = 0; i < this.touchedCount; i++) {
      const entry = touched[i];
      if (this.weight(entry) !== 0) continue;
      this.#unlink(entry);
      touched[gone++] = entry;
    }
    this.touchedCount = 0;
    if (gone > 0) this.#table.remove(touched, gone);
  }

  /** Entries of a slot, in no particular order. */
  entries(slot: number): number[] {
    const out: number[] = [];
    for (let entry = this.#heads[slot]; entry !== NONE; entry = this.#next[entry]) out.push(entry);
    return out;
  }

  clear(slots: Int32Array): void {
    const gone: number[] = [];
    for (let i = 0; i < slots.length; i++) {
      if (this.#heads[slots[i]] === NONE) continue;
      gone.push(...this.entries(slots[i]));
      this.#heads[slots[i]] = NONE;
    }
    if (gone.length > 0) this.#table.remove(Int32Array.from(gone), gone.length);
  }

  save(name: string, out: StateWriter): void {
    this.pages.save(name, out);
  }

  /** Calls `each` with every entry restored. Requires: ensure() was called with all slots. */
  restore(name: string, from: StateReader, each: (entry: number) => void): void {
    this.pages.restore(name, from);
    this.#table.rebuild();
    this.#ensureEntries(0);
    for (let page = 0; page < this.pages.pageCount; page++) {
      for (const entry of liveIds(this.pages, page)) {
        this.#link(entry);
        each(entry);
      }
    }
  }

  get bytes(): number {
    return this.pages.bytes() + this.#table.bytes + this.#heads.byteLength + this.#next.byteLength * 3;
  }
}
