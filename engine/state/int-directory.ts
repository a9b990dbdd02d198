// IntDirectory: 64-bit integer keys → numbers; open addressing with the key in the cell, growing step by step.
import { hashInt64 } from '../data/row-key.ts';
import type { DirectoryOutput } from './hash-directory.ts';

/** Int32 words a cell: key low, key high, value + 1 (0 = empty, −1 = removed, only while being moved), spare. */
const WORDS = 4;
const FIRST_CELLS = 64;
/** Cells moved to the new table a batch, at least, and a row of it. */
const MOVE_BATCH = 256;
const MOVE_ROW = 8;
/** Rows whose cells are fetched before the first of them is looked at: they fit into the nearest cache. */
const AHEAD = 256;
const homes = new Int32Array(AHEAD);

/** Index of a key's cell × WORDS, or of the empty cell where it would go. */
function locate(cells: Int32Array, mask: number, low: number, high: number): number {
  let at = (hashInt64(low, high) & mask) * WORDS;
  while (cells[at + 2] !== 0 && (cells[at] !== low || cells[at + 1] !== high || cells[at + 2] < 0)) {
    at = (at + WORDS) & (mask * WORDS + WORDS - 1);
  }
  return at;
}

/** Values are ≥ 0. Removal shifts cells back, so that there are no tombstones to wade through. */
export class IntDirectory {
  #cells = new Int32Array(FIRST_CELLS * WORDS);
  #mask = FIRST_CELLS - 1;
  /** The smaller table being moved from, and how far that is. */
  #old: Int32Array | null = null;
  #oldMask = 0;
  #moved = 0;
  #size = 0;
  /** Means nothing: what was fetched must be used, or it would not be. */
  protected seen = 0;

  get size(): number { return this.#size; }
  get bytes(): number { return this.#cells.byteLength + (this.#old === null ? 0 : this.#old.byteLength); }

  /** The key's value, or −1. */
  get(low: number, high: number): number {
    const value = this.#cells[locate(this.#cells, this.#mask, low, high) + 2];
    if (value !== 0 || this.#old === null) return value - 1;
    return this.#old[locate(this.#old, this.#oldMask, low, high) + 2] - 1;
  }

  /** Requires: the key is absent. */
  add(low: number, high: number, value: number): void {
    this.prepare(1);
    const at = locate(this.#cells, this.#mask, low, high);
    this.#cells[at] = low;
    this.#cells[at + 1] = high;
    this.#cells[at + 2] = value + 1;
    this.#size++;
  }

  /** Changes the value of a key that is there. */
  replace(low: number, high: number, value: number): void {
    const at = locate(this.#cells, this.#mask, low, high);
    if (this.#cells[at + 2] !== 0) {
      this.#cells[at + 2] = value + 1;
      return;
    }
    if (this.#old !== null) this.#old[locate(this.#old, this.#oldMask, low, high) + 2] = value + 1;
  }

  remove(low: number, high: number): void {
    const at = locate(this.#cells, this.#mask, low, high);
    if (this.#cells[at + 2] !== 0) this.#shiftBack(at);
    else if (this.#old !== null) {
      const old = locate(this.#old, this.#oldMask, low, high);
      if (this.#old[old + 2] === 0) return;
      this.#old[old + 2] = -1;
    } else return;
    this.#size--;
  }

  #shiftBack(from: number): void {
    const cells = this.#cells;
    const wrap = this.#mask * WORDS + WORDS - 1;
    let hole = from;
    for (let at = (hole + WORDS) & wrap; cells[at + 2] !== 0; at = (at + WORDS) & wrap) {
      const home = (hashInt64(cells[at], cells[at + 1]) & this.#mask) * WORDS;
      if (((at - home) & wrap) < ((at - hole) & wrap)) continue;
      cells[hole] = cells[at];
      cells[hole + 1] = cells[at + 1];
      cells[hole + 2] = cells[at + 2];
      hole = at;
    }
    cells[hole + 2] = 0;
  }

  /** Room for `rows` more keys, and a share of the moving. */
  prepare(rows: number): void {
    if (this.#old !== null) this.#move(Math.max(MOVE_BATCH, rows * MOVE_ROW));
    if ((this.#size + rows) * 2 <= this.#mask + 1) return;
    if (this.#old !== null) this.#move(this.#oldMask + 1);
    let cells = (this.#mask + 1) * 2;
    while (cells < (this.#size + rows) * 2) cells *= 2;
    this.#old = this.#cells;
    this.#oldMask = this.#mask;
    this.#moved = 0;
    this.#cells = new Int32Array(cells * WORDS);
    this.#mask = cells - 1;
    this.#move(MOVE_BATCH);
  }

  #move(count: number): void {
    const old = this.#old;
    if (old === null) return;
    const end = Math.min(this.#oldMask + 1, this.#moved + count);
    const cells = this.#cells;
    for (let i = this.#moved; i < end; i++) {
      const value = old[i * WORDS + 2];
      if (value <= 0) continue;
      const low = old[i * WORDS];
      const high = old[i * WORDS + 1];
      const at = locate(cells, this.#mask, low, high);
      cells[at] = low;
      cells[at + 1] = high;
      cells[at + 2] = value;
      // Moved keys are found in the new table only.
      old[i * WORDS + 2] = -1;
    }
    this.#moved = end;
    if (end > this.#oldMask) this.#old = null;
  }

  /** Values of the keys of the given rows, −1 where absent. `words`: low and high a row. */
  find(words: Int32Array, rows: Int32Array, length: number, out: Int32Array): void {
    const cells = this.#cells;
    const wrap = this.#mask * WORDS + WORDS - 1;
    for (let start = 0; start < length; start += AHEAD) {
      const end = Math.min(length, start + AHEAD);
      this.#fetch(words, rows, start, end);
      for (let i = start; i < end; i++) {
        const row = rows[i];
        const low = words[2 * row];
        const high = words[2 * row + 1];
        let at = homes[i - start];
        let value = cells[at + 2];
        while (value !== 0 && (cells[at] !== low || cells[at + 1] !== high)) {
          at = (at + WORDS) & wrap;
          value = cells[at + 2];
        }
        out[row] = value - 1;
      }
    }
    if (this.#old !== null) this.#findOld(words, rows, length, out);
  }

  /** Where the rows' keys belong, into `homes`; their cells come into the cache, all at a time, as no branch waits for one. */
  #fetch(words: Int32Array, rows: Int32Array, start: number, end: number): void {
    const cells = this.#cells;
    const mask = this.#mask;
    let seen = 0;
    for (let i = start; i < end; i++) {
      const row = rows[i];
      const at = (hashInt64(words[2 * row], words[2 * row + 1]) & mask) * WORDS;
      homes[i - start] = at;
      seen ^= cells[at + 2];
    }
    this.seen = seen;
  }

  #findOld(words: Int32Array, rows: Int32Array, length: number, out: Int32Array): void {
    const old = this.#old;
    if (old === null) return;
    for (let i = 0; i < length; i++) {
      const row = rows[i];
      if (out[row] >= 0) continue;
      out[row] = old[locate(old, this.#oldMask, words[2 * row], words[2 * row + 1]) + 2] - 1;
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
    this.prepare(length);
    return this.#old === null ? this.#insertPlain(words, rows, length, to) : this.#insertMoving(words, rows, length, to);
  }

  #insertPlain(
    words: Int32Array, rows: Int32Array, length: number,
    { out, fresh, freshRows }: DirectoryOutput,
  ): number {
    const cells = this.#cells;
    const wrap = this.#mask * WORDS + WORDS - 1;
    let taken = 0;
    for (let start = 0; start < length; start += AHEAD) {
      const end = Math.min(length, start + AHEAD);
      this.#fetch(words, rows, start, end);
      for (let i = start; i < end; i++) {
        const row = rows[i];
        const low = words[2 * row];
        const high = words[2 * row + 1];
        let at = homes[i - start];
        let value = cells[at + 2];
        while (value !== 0 && (cells[at] !== low || cells[at + 1] !== high)) {
          at = (at + WORDS) & wrap;
          value = cells[at + 2];
        }
        if (value === 0) {
          value = fresh.take(row) + 1;
          cells[at] = low;
          cells[at + 1] = high;
          cells[at + 2] = value;
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
        const at = locate(this.#cells, this.#mask, low, high);
        this.#cells[at] = low;
        this.#cells[at + 1] = high;
        this.#cells[at + 2] = value + 1;
        freshRows[taken++] = row;
      }
      out[row] = value;
    }
    this.#size += taken;
    return taken;
  }
}
