// KeyIndex: key columns → one row of Pages that carries the key; derived from the pages, never saved.
import { cellsOf, PAGE_MASK, PAGE_SHIFT } from '../data/cells.ts';
import type { CellColumn, Cells } from '../data/cells.ts';
import { hashCells, hashInt64, matchRows, rowsEqual } from '../data/row-key.ts';
import type { Equality } from '../data/row-key.ts';
import { layoutOf } from '../data/types.ts';
import type { Layout } from '../data/types.ts';
import { isValid } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import { DividedDirectory } from './divided-directory.ts';
import { HashDirectory } from './hash-directory.ts';
import { IntDirectory } from './int-directory.ts';
import type { PageCache } from './page-cache.ts';
import type { Pages } from './pages.ts';
import { pageEnds } from './page-order.ts';
import { rowNumbers } from './scratch.ts';

/** Where the rows of new keys come from. */
export interface NewKeyRows {
  /** The id for the new key of this row of the batch. */
  take(row: number): number;
  /** Before keys are compared: rows[0 .. count) of the batch got new ids; their keys must be in the pages on return. */
  write(rows: Int32Array, count: number, ids: Int32Array): void;
}

/** Rows that are in the pages already, keys written: row i of the batch is row ids[i]. */
export class GivenRows implements NewKeyRows {
  readonly #ids: Int32Array;
  constructor(ids: Int32Array) {
    this.#ids = ids;
  }
  take(row: number): number {
    return this.#ids[row];
  }
  write(): void {}
}

/** never: a key with a NULL in it is in no row and found nowhere (joins). group: NULL equals NULL. */
export type NullKeys = 'group' | 'never';

export interface KeyIndexOptions {
  readonly equality?: Equality;
  /** Default group. */
  readonly nulls?: NullKeys;
}

/** Rows handled between two checks for growth. */
const CHUNK = 4096;

const INTEGERS: ReadonlySet<Layout> = new Set(['bool', 'int16', 'int32', 'int64']);

const scratch = {
  words: new Int32Array(2 * CHUNK),
  hashes: new Int32Array(CHUNK),
  ids: new Int32Array(CHUNK),
  same: new Uint8Array(CHUNK),
  rows: new Int32Array(CHUNK),
  fresh: new Int32Array(CHUNK),
  /** By row: its key is new. */
  isNew: new Uint8Array(CHUNK),
};

function room(length: number): void {
  if (scratch.hashes.length >= length) return;
  const size = length * 2;
  scratch.words = new Int32Array(2 * size);
  scratch.hashes = new Int32Array(size);
  scratch.isNew = new Uint8Array(size);
}

export class KeyIndex {
  readonly #pages: Pages;
  readonly #columns: readonly number[];
  readonly #stored: readonly CellColumn[];
  readonly #equality: Equality;
  readonly #never: boolean;
  /** One integer column: keys are in the directory itself. */
  readonly #ints: IntDirectory | null;
  #hashes = new HashDirectory();
  /** In place of the one or the other, where memory is short. */
  #intParts: DividedDirectory<IntDirectory> | null = null;
  #hashParts: DividedDirectory<HashDirectory> | null = null;
  /** The row of the NULL key, when keys are single integers. */
  #nullRow = -1;

  constructor(pages: Pages, columns: readonly number[], options: KeyIndexOptions = {}) {
    this.#pages = pages;
    this.#columns = columns;
    this.#stored = columns.map((c) => pages.cells(c));
    this.#equality = options.equality ?? 'value';
    this.#never = options.nulls === 'never';
    const single = columns.length === 1 && INTEGERS.has(layoutOf(pages.schema.columns[columns[0]].type));
    this.#ints = single ? new IntDirectory() : null;
  }

  get size(): number {
    if (this.#ints === null) return (this.#hashParts ?? this.#hashes).size;
    return (this.#intParts ?? this.#ints).size + (this.#nullRow < 0 ? 0 : 1);
  }

  /** In memory. */
  get bytes(): number {
    return this.#ints === null ? (this.#hashParts ?? this.#hashes).bytes : (this.#intParts ?? this.#ints).bytes;
  }

  /** Nobody is going to ask any more. */
  release(): void {
    for (const parts of [this.#intParts, this.#hashParts]) {
      if (parts === null) continue;
      parts.detach();
      this.#pages.dependents.delete(parts);
    }
  }

  /** Before keys are added: where memory is short, the directory is held in parts from now on. */
  #divide(): void {
    const { cache } = this.#pages;
    if (cache === null || this.#intParts !== null || this.#hashParts !== null) return;
    if (!cache.tooLarge(this.bytes)) return;
    const governor = (): PageCache | null => this.#pages.cache;
    if (this.#ints === null) {
      this.#hashParts = new DividedDirectory(this.#hashes, () => new HashDirectory(), governor);
      this.#hashes = new HashDirectory();
      this.#pages.dependents.add(this.#hashParts);
    } else {
      this.#intParts = new DividedDirectory(this.#ints, () => new IntDirectory(), governor);
      this.#ints.clear();
      this.#pages.dependents.add(this.#intParts);
    }
  }

  /** The id of each row's key, −1 where absent. */
  find(keys: readonly Vector[], length: number, out: Int32Array): void {
    room(length);
    if (this.#ints !== null) this.#findInts(this.#ints, keys[0], length, out);
    else this.#findHashes(keys, length, out);
  }

  /** As `find`, but absent keys get a row of `fresh`. Returns how many were new. */
  findOrInsert(keys: readonly Vector[], length: number, out: Int32Array, fresh: NewKeyRows): number {
    room(length);
    this.#divide();
    if (this.#ints !== null) return this.#insertInts(this.#ints, keys[0], out, { length, fresh });
    return this.#insertHashes(keys, out, { length, fresh });
  }

  #findInts(ints: IntDirectory, key: Vector, length: number, out: Int32Array): void {
    const words = toWords(key, length);
    let rows = rowNumbers(length);
    if (key.validity !== null) {
      rows = splitNulls(key, length).present;
      const nullRow = this.#nullRow;
      for (let i = 0; i < length; i++) out[i] = nullRow;
    }
    if (this.#intParts === null) {
      ints.find(words, rows, rows.length, out);
      return;
    }
    this.#intParts.each(hashWords(words, length), rows, (part, some) => {
      part.find(words, some, some.length, out);
      return false;
    });
  }

  #insertInts(ints: IntDirectory, key: Vector, out: Int32Array, call: InsertCall): number {
    const { length, fresh } = call;
    const words = toWords(key, length);
    let rows = rowNumbers(length);
    let taken = 0;
    if (key.validity !== null) {
      const split = splitNulls(key, length);
      rows = split.present;
      taken += this.#insertNulls(split.absent, out, fresh);
    }
    if (this.#intParts === null) return taken + this.#insertWords(ints, words, rows, { out, fresh });
    this.#intParts.each(hashWords(words, length), rows, (part, some) => {
      const count = this.#insertWords(part, words, some, { out, fresh });
      taken += count;
      return count > 0;
    });
    this.#intParts.grow();
    return taken;
  }

  #insertWords(
    ints: IntDirectory, words: Int32Array, rows: Int32Array,
    { out, fresh }: { readonly out: Int32Array; readonly fresh: NewKeyRows },
  ): number {
    let taken = 0;
    for (let start = 0; start < rows.length; start += CHUNK) {
      const part = rows.subarray(start, start + CHUNK);
      const count = ints.findOrInsert(words, part, part.length, { out, fresh, freshRows: scratch.fresh });
      if (count > 0) fresh.write(scratch.fresh, count, out);
      taken += count;
    }
    return taken;
  }

  #insertNulls(rows: Int32Array, out: Int32Array, fresh: NewKeyRows): number {
    if (rows.length === 0) return 0;
    let taken = 0;
    if (this.#nullRow < 0 && !this.#never) {
      this.#nullRow = fresh.take(rows[0]);
      out[rows[0]] = this.#nullRow;
      fresh.write(rows.subarray(0, 1), 1, out);
      taken = 1;
    }
    for (let i = 0; i < rows.length; i++) out[rows[i]] = this.#nullRow;
    return taken;
  }

  #findHashes(keys: readonly Vector[], length: number, out: Int32Array): void {
    const cells = keys.map(cellsOf);
    const hashes = this.#hash(cells, length);
    const rows = this.#keyed(keys, length, out);
    this.#hashParts?.each(hashes, rows, (part, some) => {
      part.candidates(hashes, some, some.length, out);
      return false;
    });
    for (let start = 0; start < rows.length; start += CHUNK) {
      const part = rows.subarray(start, start + CHUNK);
      if (this.#hashParts === null) this.#hashes.candidates(hashes, part, part.length, out);
      this.#verify(cells, part, out, (row) => this.#search(cells, row, hashes[row]));
    }
  }

  #insertHashes(keys: readonly Vector[], out: Int32Array, call: InsertCall): number {
    const { length, fresh } = call;
    const cells = keys.map(cellsOf);
    const hashes = this.#hash(cells, length);
    const rows = this.#keyed(keys, length, out);
    const { isNew } = scratch;
    let taken = 0;
    const insert = (directory: HashDirectory, some: Int32Array): boolean => {
      const count = directory.candidatesOrAdd(hashes, some, some.length, { out, fresh, freshRows: scratch.fresh });
      if (count > 0) fresh.write(scratch.fresh, count, out);
      for (let i = 0; i < count; i++) isNew[scratch.fresh[i]] = 1;
      taken += count;
      return count > 0;
    };
    isNew.fill(0, 0, length);
    // All parts first: the pages of the candidates are then read once.
    this.#hashParts?.each(hashes, rows, (part, some) => {
      let changed = false;
      for (let start = 0; start < some.length; start += CHUNK) {
        if (insert(part, some.subarray(start, start + CHUNK))) changed = true;
      }
      return changed;
    });
    for (let start = 0; start < rows.length; start += CHUNK) {
      const part = rows.subarray(start, start + CHUNK);
      if (this.#hashParts === null) insert(this.#hashes, part);
      // A key is what itself is; and the page it is in may be absent.
      this.#verify(cells, part.filter((row) => isNew[row] === 0), out, (row) => {
        const found = this.#search(cells, row, hashes[row]);
        if (found >= 0) return found;
        taken++;
        return this.#addCollision(row, hashes[row], out, fresh);
      });
    }
    this.#hashParts?.grow();
    return taken;
  }

  #addCollision(row: number, hash: number, out: Int32Array, fresh: NewKeyRows): number {
    const id = fresh.take(row);
    out[row] = id;
    fresh.write(Int32Array.of(row), 1, out);
    if (this.#hashParts === null) this.#hashes.add(hash, id);
    else {
      this.#hashParts.one(hash, (part) => {
        part.prepare(1);
        part.add(hash, id);
        return true;
      });
    }
    return id;
  }

  #hash(cells: readonly Cells[], length: number): Int32Array {
    hashCells(cells, length, scratch.hashes, this.#equality);
    return scratch.hashes;
  }

  /** The rows to look up; with nulls 'never' those without a NULL, the others get −1. */
  #keyed(keys: readonly Vector[], length: number, out: Int32Array): Int32Array {
    if (!this.#never || keys.every((k) => k.validity === null)) return rowNumbers(length);
    const rows = new Int32Array(length);
    let n = 0;
    for (let i = 0; i < length; i++) {
      if (keys.every((k) => isValid(k.validity, i))) rows[n++] = i;
      else out[i] = -1;
    }
    return rows.subarray(0, n);
  }

  /** Compares the keys of rows with those of their candidates; where they differ, `repair` says which row it is. */
  #verify(
    cells: readonly Cells[], rows: Int32Array, out: Int32Array, repair: (row: number) => number,
  ): void {
    const { ids, same } = scratch;
    for (let i = 0; i < rows.length; i++) {
      ids[i] = out[rows[i]];
      same[i] = 1;
    }
    const order = this.#pages.readOrder(ids, rows.length);
    const checked = order === null ? rows : order.map((i) => rows[i]);
    if (order !== null) this.#matchByPage(cells, checked, out);
    else matchRows(cells, this.#stored, { length: rows.length, aRows: rows, bIds: ids }, this.#equality, same);
    for (let i = 0; i < checked.length; i++) if (same[i] === 0) out[checked[i]] = repair(checked[i]);
  }

  /** As matchRows, a page at a time. Requires: the rows in ascending order of their candidates. */
  #matchByPage(cells: readonly Cells[], rows: Int32Array, out: Int32Array): void {
    const { ids, same } = scratch;
    for (let i = 0; i < rows.length; i++) ids[i] = out[rows[i]];
    let from = 0;
    for (const end of pageEnds(ids.subarray(0, rows.length), this.#pages.isAbsent)) {
      const pairs = { length: end - from, aRows: rows.subarray(from, end), bIds: ids.subarray(from, end) };
      matchRows(cells, this.#stored, pairs, this.#equality, same.subarray(from, end));
      from = end;
    }
  }

  /** From the start: while the directory grows, a key that has been added since stands before the candidates of then. */
  #search(cells: readonly Cells[], row: number, hash: number): number {
    let at = this.#next(hash, -1);
    while (at >= 0 && !rowsEqual(cells, row, this.#stored, at, this.#equality)) at = this.#next(hash, at);
    return at;
  }

  #next(hash: number, id: number): number {
    if (this.#hashParts === null) return this.#hashes.next(hash, id);
    let found = -1;
    this.#hashParts.one(hash, (part) => {
      found = part.next(hash, id);
      return false;
    });
    return found;
  }

  /** Forgets the keys of these rows. Requires: they carry their keys, and the keys are still in the pages. */
  removeRows(ids: Int32Array, length: number): void {
    this.#change(ids.subarray(0, length), {
      ints: (directory, low, high) => directory.remove(low, high),
      hashes: (directory, hash, i) => directory.remove(hash, ids[i]),
      nulls: () => {
        this.#nullRow = -1;
      },
    });
  }

  /** The keys carried by rows `ids` are from now on carried by rows `by`, which have the same keys. */
  replaceRows(ids: Int32Array, by: Int32Array): void {
    this.#change(ids, {
      ints: (directory, low, high, i) => directory.replace(low, high, by[i]),
      hashes: (directory, hash, i) => directory.replace(hash, ids[i], by[i]),
      nulls: (i) => {
        this.#nullRow = by[i];
      },
    });
  }

  /** Adds keys known to be absent. Requires: the rows are in the pages. For rebuilding after a restore. */
  addRows(ids: Int32Array): void {
    this.#divide();
    this.#change(ids, {
      ints: (directory, low, high, i) => directory.add(low, high, ids[i]),
      hashes: (directory, hash, i) => {
        directory.prepare(1);
        directory.add(hash, ids[i]);
      },
      nulls: (i) => {
        this.#nullRow = ids[i];
      },
    });
    this.#intParts?.grow();
    this.#hashParts?.grow();
  }

  /** Changes the entry of each row's key. */
  #change(ids: Int32Array, by: EntryChange): void {
    const { length } = ids;
    if (length === 0) return;
    room(length);
    const keys = this.#columns.map((c) => this.#pages.gatherColumn(c, ids));
    if (this.#ints === null) this.#changeHashes(this.#hash(keys.map(cellsOf), length), length, by);
    else this.#changeInts(this.#ints, keys[0], length, by);
  }

  #changeHashes(hashes: Int32Array, length: number, by: EntryChange): void {
    if (this.#hashParts === null) {
      for (let i = 0; i < length; i++) by.hashes(this.#hashes, hashes[i], i);
      return;
    }
    this.#hashParts.each(hashes, rowNumbers(length), (part, rows) => {
      for (const i of rows) by.hashes(part, hashes[i], i);
      return true;
    });
  }

  #changeInts(ints: IntDirectory, key: Vector, length: number, by: EntryChange): void {
    const words = toWords(key, length);
    let rows = rowNumbers(length);
    if (key.validity !== null) {
      const split = splitNulls(key, length);
      rows = split.present;
      for (const i of split.absent) by.nulls(i);
    }
    const change = (directory: IntDirectory, some: Int32Array): boolean => {
      for (let k = 0; k < some.length; k++) by.ints(directory, words[2 * some[k]], words[2 * some[k] + 1], some[k]);
      return true;
    };
    if (this.#intParts === null) change(ints, rows);
    else this.#intParts.each(hashWords(words, length), rows, change);
  }

  /** The hash by which `removeRows` and its kin find a single integer: exposed for tests of clustering. */
  static hash(low: number, high: number): number {
    return hashInt64(low, high);
  }
}

interface InsertCall {
  readonly length: number;
  readonly fresh: NewKeyRows;
}

/** What becomes of the entry of row i's key: its words, or its hash. */
interface EntryChange {
  ints(directory: IntDirectory, low: number, high: number, i: number): void;
  hashes(directory: HashDirectory, hash: number, i: number): void;
  /** For a NULL single integer. */
  nulls(i: number): void;
}

/** By row. */
function hashWords(words: Int32Array, length: number): Int32Array {
  for (let i = 0; i < length; i++) scratch.hashes[i] = hashInt64(words[2 * i], words[2 * i + 1]);
  return scratch.hashes;
}

/** The rows of an integer vector as int64 words. */
function toWords(v: Vector, length: number): Int32Array {
  if (v.layout === 'int64') return v.words;
  const { words } = scratch;
  switch (v.layout) {
    case 'int32': extend32(v.values, length, words); break;
    case 'int16': extend16(v.values, length, words); break;
    case 'bool': extend8(v.values, length, words); break;
    default: break;
  }
  return words;
}
function extend32(values: Int32Array, length: number, words: Int32Array): void {
  for (let i = 0; i < length; i++) {
    words[2 * i] = values[i];
    words[2 * i + 1] = values[i] >> 31;
  }
}
function extend16(values: Int16Array, length: number, words: Int32Array): void {
  for (let i = 0; i < length; i++) {
    words[2 * i] = values[i];
    words[2 * i + 1] = values[i] >> 31;
  }
}
function extend8(values: Uint8Array, length: number, words: Int32Array): void {
  for (let i = 0; i < length; i++) {
    words[2 * i] = values[i];
    words[2 * i + 1] = 0;
  }
}

function splitNulls(key: Vector, length: number): { readonly present: Int32Array; readonly absent: Int32Array } {
  const present = new Int32Array(length);
  const absent = new Int32Array(length);
  let n = 0;
  let m = 0;
  for (let i = 0; i < length; i++) {
    if (isValid(key.validity, i)) present[n++] = i;
    else absent[m++] = i;
  }
  return { present: present.subarray(0, n), absent: absent.subarray(0, m) };
}

/** Ids of the rows in use of one page. */
export function liveIds(pages: Pages, number: number): Int32Array {
  const page = pages.page(number);
  const out = new Int32Array(page.live);
  let n = 0;
  for (let row = 0; row < page.used; row++) if (page.weights[row & PAGE_MASK] !== 0) out[n++] = (number << PAGE_SHIFT) | row;
  return out;
}
