// IntDirectory: 64-bit integer keys → numbers; open addressing with the key in the cell, growing step by step.
import { hashInt64 } from '../data/row-key.ts';
import type { DirectoryOutput } from './hash-directory.ts';

/**
 * Int32 words a cell: the key's low word, value + 1 (0 = empty, −1 = removed, only while being moved). As soon as one key
 * needs 64 bits, all cells are wide: then come the high word and a spare one. The size of a cell is 1 << its shift.
 */
const NARROW = 1;
const WIDE = 2;
const FIRST_CELLS = 64;
/** Cells moved to the new table a batch, at least, and a row of it. */
const MOVE_BATCH = 256;
const MOVE_ROW = 8;
/** Rows whose cells are fetched before the first of them is looked at: they fit into the nearest cache. */
const AHEAD = 256;
const homes = new Int32Array(AHEAD);

const NO_CELLS = new Int32Array(0);

interface Table {
  readonly cells: Int32Array;
  readonly mask: number;
  readonly shift: number;
}

/** Index of a key's cell, or of the empty cell where it would go. Requires: the key fits. */
function locate({ cells, mask, shift }: Table, low: number, high: number): number {
  const wide = shift === WIDE;
  const step = 1 << shift;
  const wrap = ((mask + 1) << shift) - 1;
  let at = (hashInt64(low, high) & mask) << shift;
  while (cells[at + 1] !== 0 && (cells[at] !== low || (wide && cells[at + 2] !== high) || cells[at + 1] < 0)) {
    at = (at + step) & wrap;
  }
  return at;
}

/** Requires: the key is absent. */
function put(table: Table, low: number, high: number, value: number): void {
  const at = locate(table, low, high);
  table.cells[at] = low;
  table.cells[at + 1] = value;
  if (table.shift === WIDE) table.cells[at + 2] = high;
}

function makeTable(cells: number, shift: number): Table {
  return { cells: new Int32Array(cells << shift), mask: cells - 1, shift };
}

/** Values are ≥ 0. Removal shifts cells back, so that there are no tombstones to wade through. */
export class IntDirectory {
  #table = makeTable(FIRST_CELLS, NARROW);
  /** The smaller table being moved from, its cells of the same size, and how far that is. */
  #old: Table | null = null;
  #moved = 0;
  #size = 0;
  /** Means nothing: what was fetched must be used, or it would not be. */
  protected seen = 0;

  get size(): number { return this.#size; }
  get bytes(): number { return this.#table.cells.byteLength + (this.#old === null ? 0 : this.#old.cells.byteLength); }

  #fits(low: number, high: number): boolean {
    return high === low >> 31 || this.#table.shift === WIDE;
  }

  /** The key's value, or −1. */
  get(low: number, high: number): number {
    if (!this.#fits(low, high)) return -1;
    const value = this.#table.cells[locate(this.#table, low, high) + 1];
    if (value !== 0 || this.#old === null) return value - 1;
    return this.#old.cells[locate(this.#old, low, high) + 1] - 1;
  }

  /** Requires: the key is absent. */
  add(low: number, high: number, value: number): void {
    if (!this.#fits(low, high)) this.#widen();
    this.prepare(1);
    put(this.#table, low, high, value + 1);
    this.#size++;
  }

  /** Changes the value of a key that is there. */
  replace(low: number, high: number, value: number): void {
    const { cells } = this.#table;
    const at = locate(this.#table, low, high);
    if (cells[at + 1] !== 0) cells[at + 1] = value + 1;
    else if (this.#old !== null) this.#old.cells[locate(this.#old, low, high) + 1] = value + 1;
  }

  remove(low: number, high: number): void {
    if (!this.#fits(low, high)) return;
    const at = locate(this.#table, low, high);
    if (this.#table.cells[at + 1] !== 0) this.#shiftBack(at);
    else if (this.#old !== null) {
      const old = locate(this.#old, low, high);
      if (this.#old.cells[old + 1] === 0) return;
      this.#old.cells[old + 1] = -1;
    } else return;
    this.#size--;
  }

  #shiftBack(from: number): void {
    const { cells, mask, shift } = this.#table;
    const wide = shift === WIDE;
    const step = 1 << shift;
    const wrap = ((mask + 1) << shift) - 1;
    let hole = from;
    for (let at = (hole + step) & wrap; cells[at + 1] !== 0; at = (at + step) & wrap) {
      const home = (hashInt64(cells[at], wide ? cells[at + 2] : cells[at] >> 31) & mask) << shift;
      if (((at - home) & wrap) < ((at - hole) & wrap)) continue;
      cells.copyWithin(hole, at, at + step);
      hole = at;
    }
    cells[hole + 1] = 0;
  }

  /** The cells with all keys; until `attach` puts them back nothing may be asked. */
  detach(): Int32Array {
    if (this.#old !== null) this.#move(this.#old.mask + 1);
    const { cells } = this.#table;
    this.#table = { ...this.#table, cells: NO_CELLS };
    return cells;
  }

  /** They may be those of an earlier `detach`, if the keys are the same. */
  attach(cells: Int32Array): void {
    const { shift } = this.#table;
    this.#table = { cells, mask: (cells.length >> shift) - 1, shift };
  }

  clear(): void {
    this.#table = makeTable(FIRST_CELLS, NARROW);
    this.#old = null;
    this.#size = 0;
  }

  /** Adds all keys to others, chosen by their hashes. */
  moveTo(other: (hash: number) => IntDirectory): void {
    if (this.#old !== null) this.#move(this.#old.mask + 1);
    const { cells, shift } = this.#table;
    for (let at = 0; at < cells.length; at += 1 << shift) {
      if (cells[at + 1] === 0) continue;
      const high = shift === WIDE ? cells[at + 2] : cells[at] >> 31;
      other(hashInt64(cells[at], high)).add(cells[at], high, cells[at + 1] - 1);
    }
  }

  /** Room for `rows` more keys, and a share of the moving. */
  prepare(rows: number): void {
    if (this.#old !== null) this.#move(Math.max(MOVE_BATCH, rows * MOVE_ROW));
    const { mask, shift } = this.#table;
    if ((this.#size + rows) * 2 <= mask + 1) return;
    if (this.#old !== null) this.#move(this.#old.mask + 1);
    let cells = (mask + 1) * 2;
    while (cells < (this.#size + rows) * 2) cells *= 2;
    this.#replaceTable(makeTable(cells, shift));
    this.#move(MOVE_BATCH);
  }

  #replaceTable(by: Table): void {
    this.#old = this.#table;
    this.#moved = 0;
    this.#table = by;
  }

  /** All cells at once: it happens once. */
  #widen(): void {
    if (this.#old !== null) this.#move(this.#old.mask + 1);
    this.#replaceTable(makeTable(this.#table.mask + 1, WIDE));
    this.#move(this.#table.mask + 1);
  }

  #move(count: number): void {
    if (this.#old === null) return;
    const { cells: old, mask, shift } = this.#old;
    const end = Math.min(mask + 1, this.#moved + count);
    for (let i = this.#moved; i < end; i++) {
      const at = i << shift;
      const value = old[at + 1];
      if (value <= 0) continue;
      const low = old[at];
      put(this.#table, low, shift === WIDE ? old[at + 2] : low >> 31, value);
      // Moved keys are found in the new table only.
      old[at + 1] = -1;
    }
    this.#moved = end;
    if (end > mask) this.#old = null;
  }

  /** Values of the keys of the given rows, −1 where absent. `words`: low and high a row. */
  find(words: Int32Array, rows: Int32Array, length: number, out: Int32Array): void {
    if (!this.#allFit(words, rows, length)) {
      for (let i = 0; i < length; i++) out[rows[i]] = this.get(words[2 * rows[i]], words[2 * rows[i] + 1]);
      return;
    }
    const { cells, mask, shift } = this.#table;
    const wide = shift === WIDE;
    const step = 1 << shift;
    const wrap = ((mask + 1) << shift) - 1;
    for (let start = 0; start < length; start += AHEAD) {
      const end = Math.min(length, start + AHEAD);
      this.#fetch(words, rows, start, end);
      for (let i = start; i < end; i++) {
        const row = rows[i];
        const low = words[2 * row];
        let at = homes[i - start];
        let value = cells[at + 1];
        while (value !== 0 && (cells[at] !== low || (wide && cells[at + 2] !== words[2 * row + 1]))) {
          at = (at + step) & wrap;
          value = cells[at + 1];
        }
        out[row] = value - 1;
      }
    }
    if (this.#old !== null) this.#findOld(this.#old, words, { rows, length, out });
  }

  #allFit(words: Int32Array, rows: Int32Array, length: number): boolean {
    if (this.#table.shift === WIDE) return true;
    let differing = 0;
    for (let i = 0; i < length; i++) differing |= (words[2 * rows[i]] >> 31) ^ words[2 * rows[i] + 1];
    return differing === 0;
  }

  /** Where the rows' keys belong, into `homes`; their cells come into the cache, all at a time, as no branch waits for one. */
  #fetch(words: Int32Array, rows: Int32Array, start: number, end: number): void {
    const { cells, mask, shift } = this.#table;
    let seen = 0;
    for (let i = start; i < end; i++) {
      const row = rows[i];
      const at = (hashInt64(words[2 * row], words[2 * row + 1]) & mask) << shift;
      homes[i - start] = at;
      seen ^= cells[at + 1];
    }
    this.seen = seen;
  }

  #findOld(old: Table, words: Int32Array, { rows, length, out }: FoundRows): void {
    for (let i = 0; i < length; i++) {
      const row = rows[i];
      if (out[row] >= 0) continue;
      out[row] = old.cells[locate(old, words[2 * row], words[2 * row + 1]) + 1] - 1;
    }
  }

  /**
   * Find or insert: absent keys get the values of `fresh` in order of first appearance; returns how many were taken,
   * their rows in `freshRows`.
   */
  findOrInsert(
    words: Int32Array, rows: Int32Array, length: number,
    to: DirectoryOutput,
  ): number {
    if (!this.#allFit(words, rows, length)) this.#widen();
    this.prepare(length);
    return this.#old === null ? this.#insertPlain(words, rows, length, to) : this.#insertMoving(words, rows, length, to);
  }

  #insertPlain(
    words: Int32Array, rows: Int32Array, length: number,
    { out, fresh, freshRows }: DirectoryOutput,
  ): number {
    const { cells, mask, shift } = this.#table;
    const wide = shift === WIDE;
    const step = 1 << shift;
    const wrap = ((mask + 1) << shift) - 1;
    let taken = 0;
    for (let start = 0; start < length; start += AHEAD) {
      const end = Math.min(length, start + AHEAD);
      this.#fetch(words, rows, start, end);
      for (let i = start; i < end; i++) {
        const row = rows[i];
        const low = words[2 * row];
        let at = homes[i - start];
        let value = cells[at + 1];
        while (value !== 0 && (cells[at] !== low || (wide && cells[at + 2] !== words[2 * row + 1]))) {
          at = (at + step) & wrap;
          value = cells[at + 1];
        }
        if (value === 0) {
          value = fresh.take(row) + 1;
          cells[at] = low;
          cells[at + 1] = value;
          if (wide) cells[at + 2] = words[2 * row + 1];
          freshRows[taken++] = row;
        }
        out[row] = value - 1;
      }
    }
    this.#size += taken;
    return taken;
  }

  #insertMoving(
    words: Int32Array, rows: Int32Array, length: number,
    { out, fresh, freshRows }: DirectoryOutput,
  ): number {
    let taken = 0;
    for (let i = 0; i < length; i++) {
      const row = rows[i];
      const low = words[2 * row];
      const high = words[2 * row + 1];
      let value = this.get(low, high);
      if (value < 0) {
        value = fresh.take(row);
        put(this.#table, low, high, value + 1);
        freshRows[taken++] = row;
      }
      out[row] = value;
    }
    this.#size += taken;
    return taken;
  }
}

interface FoundRows {
  readonly rows: Int32Array;
  readonly length: number;
  readonly out: Int32Array;
}
