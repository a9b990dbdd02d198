// Multiset: the rows of each slot as values and weight, in pages: what min, max, DISTINCT and array_agg keep.
import { atOnce } from '../../data/at-once.ts';
import { PAGE_MASK, PAGE_SHIFT } from '../../data/cells.ts';
import { INT4 } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import type { Equality } from '../../data/row-key.ts';
import { Int32Vector, isValid, takeVector } from '../../data/vector.ts';
import type { Vector } from '../../data/vector.ts';
import { EvictableInts } from '../../state/evictable-ints.ts';
import { liveIds } from '../../state/key-index.ts';
import { KeyTable } from '../../state/key-table.ts';
import { MAX_ORDERED, byPage } from '../../state/page-order.ts';
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
  readonly #heads: EvictableInts;
  /** By entry. */
  readonly #next: EvictableInts;
  readonly #previous: EvictableInts;
  /** The batch that touched the entry last. */
  readonly #stamps: EvictableInts;
  #batch = 0;
  #entries = new Int32Array(64);

  /** `strict`: rows with a NULL value are left out. */
  constructor(types: readonly LogicalType[], equality: Equality, strict: boolean) {
    const values = types.map((type, i) => ({ name: `value${i}`, type }));
    this.pages = new Pages({ columns: [{ name: 'slot', type: INT4 }, ...values] });
    this.#table = new KeyTable(this.pages, this.pages.schema.columns.map((_, i) => i), { equality });
    this.#strict = strict;
    this.#heads = new EvictableInts(this.pages, NONE);
    this.#next = new EvictableInts(this.pages);
    this.#previous = new EvictableInts(this.pages);
    this.#stamps = new EvictableInts(this.pages);
  }

  /** Entries of a slot are found from its head. */
  ensure(slots: number): void {
    this.#heads.ensure(slots);
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
    this.#next.ensure(limit);
    this.#previous.ensure(limit);
    this.#stamps.ensure(limit);
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
    const head = this.#heads.get(slot);
    this.#next.set(entry, head);
    this.#previous.set(entry, NONE);
    if (head !== NONE) this.#previous.set(head, entry);
    this.#heads.set(slot, entry);
  }

  #unlink(entry: number): void {
    const next = this.#next.get(entry);
    const previous = this.#previous.get(entry);
    if (previous === NONE) this.#heads.set(this.slotOf(entry), next);
    else this.#next.set(previous, next);
    if (next !== NONE) this.#previous.set(next, previous);
  }

  #add(entries: Int32Array, count: number, rows: Int32Array | null, weights: Int32Array): void {
    this.#batch++;
    const { touched, before } = this;
    // Stamps that are away from memory are best asked for in order.
    const order = this.#stamps.divided && count <= MAX_ORDERED ? byPage(entries, count) : null;
    let n = 0;
    for (let k = 0; k < count; k++) {
      const i = order === null ? k : order[k];
      const entry = entries[i];
      const page = this.pages.weights[entry >> PAGE_SHIFT];
      const at = entry & PAGE_MASK;
      if (this.#stamps.get(entry) !== this.#batch) {
        this.#stamps.set(entry, this.#batch);
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
    for (let entry = this.#heads.get(slot); entry !== NONE; entry = this.#next.get(entry)) out.push(entry);
    return out;
  }

  clear(slots: Int32Array): void {
    const gone: number[] = [];
    for (let i = 0; i < slots.length; i++) {
      if (this.#heads.get(slots[i]) === NONE) continue;
      gone.push(...this.entries(slots[i]));
      this.#heads.set(slots[i], NONE);
    }
    if (gone.length > 0) this.#table.remove(Int32Array.from(gone), gone.length);
  }

  save(name: string, out: StateWriter): void {
    this.pages.save(name, out);
  }

  /** Calls `each` with every entry restored. Requires: ensure() was called with all slots. */
  restore(name: string, from: StateReader, each: (entry: number) => void): void {
    this.pages.restore(name, from);
    atOnce(this.#table.rebuild());
    this.#ensureEntries(0);
    for (let page = 0; page < this.pages.pageCount; page++) {
      for (const entry of liveIds(this.pages, page)) {
        this.#link(entry);
        each(entry);
      }
    }
  }

  get bytes(): number {
    const links = this.#heads.bytes + this.#next.bytes + this.#previous.bytes + this.#stamps.bytes;
    return this.pages.bytes() + this.#table.bytes + links;
  }
}
