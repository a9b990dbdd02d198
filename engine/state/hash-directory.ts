// HashDirectory: hashes → numbers; open addressing, growing step by step. Says nothing about keys: equal hashes may
// stand for different keys, so whoever uses it compares the candidates.

/** Int32 words a cell: hash, value + 1 (0 = empty, −1 = removed, only in the table being moved from). */
const FIRST_CELLS = 64;
const MOVE_BATCH = 256;
const MOVE_ROW = 8;

const NO_CELLS = new Int32Array(0);

/** Values are ≥ 0. */
export class HashDirectory {
  #cells: Int32Array = new Int32Array(FIRST_CELLS * 2);
  #mask = FIRST_CELLS - 1;
  #old: Int32Array | null = null;
  #oldMask = 0;
  #moved = 0;
  #size = 0;

  get size(): number { return this.#size; }
  get bytes(): number { return this.#cells.byteLength + (this.#old === null ? 0 : this.#old.byteLength); }

  /** First value of that hash, −1 when there is none. */
  first(hash: number): number {
    return this.next(hash, -1);
  }

  /** The value of that hash after `value` (as found before); −1 at the end. */
  next(hash: number, value: number): number {
    const found = nextIn(this.#cells, this.#mask, hash, value + 1);
    if (found > 0) return found - 1;
    if (this.#old === null) return -1;
    // `value` was the last in the new table, or is in the old one.
    const inOld = value >= 0 && findIn(this.#old, this.#oldMask, hash, value + 1) >= 0;
    return nextIn(this.#old, this.#oldMask, hash, inOld ? value + 1 : 0) - 1;
  }

  /** Adds without asking whether it is there. Requires: `prepare` made room. */
  add(hash: number, value: number): void {
    put(this.#cells, this.#mask, hash, value + 1);
    this.#size++;
  }

  /** Requires: the pair is there. */
  replace(hash: number, value: number, by: number): void {
    const at = findIn(this.#cells, this.#mask, hash, value + 1);
    if (at >= 0) {
      this.#cells[at + 1] = by + 1;
      return;
    }
    if (this.#old === null) return;
    const old = findIn(this.#old, this.#oldMask, hash, value + 1);
    if (old >= 0) this.#old[old + 1] = by + 1;
  }

  remove(hash: number, value: number): void {
    const at = findIn(this.#cells, this.#mask, hash, value + 1);
    if (at >= 0) this.#shiftBack(at);
    else {
      if (this.#old === null) return;
      const old = findIn(this.#old, this.#oldMask, hash, value + 1);
      if (old < 0) return;
      this.#old[old + 1] = -1;
    }
    this.#size--;
  }

  #shiftBack(from: number): void {
    const cells = this.#cells;
    const wrap = this.#mask * 2 + 1;
    let hole = from;
    for (let at = (hole + 2) & wrap; cells[at + 1] !== 0; at = (at + 2) & wrap) {
      const home = (cells[at] & this.#mask) * 2;
      if (((at - home) & wrap) < ((at - hole) & wrap)) continue;
      cells[hole] = cells[at];
      cells[hole + 1] = cells[at + 1];
      hole = at;
    }
    cells[hole + 1] = 0;
  }

  /** The cells with all pairs; until `attach` puts them back nothing may be asked. */
  detach(): Int32Array {
    if (this.#old !== null) this.#move(this.#oldMask + 1);
    const cells = this.#cells;
    this.#cells = NO_CELLS;
    return cells;
  }

  /** They may be those of an earlier `detach`, if the pairs are the same. */
  attach(cells: Int32Array): void {
    this.#cells = cells;
    this.#mask = (cells.length >> 1) - 1;
  }

  /** Adds all pairs to others, chosen by their hashes. */
  moveTo(other: (hash: number) => HashDirectory): void {
    if (this.#old !== null) this.#move(this.#oldMask + 1);
    for (let at = 0; at < this.#cells.length; at += 2) {
      const value = this.#cells[at + 1];
      if (value === 0) continue;
      const to = other(this.#cells[at]);
      to.prepare(1);
      to.add(this.#cells[at], value - 1);
    }
  }

  /** Room for `rows` more, and a share of the moving. */
  prepare(rows: number): void {
    if (this.#old !== null) this.#move(Math.max(MOVE_BATCH, rows * MOVE_ROW));
    if (this.#size + rows <= mostOf(this.#mask + 1)) return;
    if (this.#old !== null) this.#move(this.#oldMask + 1);
    let cells = (this.#mask + 1) * 2;
    while (mostOf(cells) < this.#size + rows) cells *= 2;
    this.#old = this.#cells;
    this.#oldMask = this.#mask;
    this.#moved = 0;
    this.#cells = new Int32Array(cells * 2);
    this.#mask = cells - 1;
    this.#move(MOVE_BATCH);
  }

  #move(count: number): void {
    const old = this.#old;
    if (old === null) return;
    const end = Math.min(this.#oldMask + 1, this.#moved + count);
    for (let i = this.#moved; i < end; i++) {
      const value = old[2 * i + 1];
      if (value <= 0) continue;
      put(this.#cells, this.#mask, old[2 * i], value);
      old[2 * i + 1] = -1;
    }
    this.#moved = end;
    if (end > this.#oldMask) this.#old = null;
  }

  /** The first value of each row's hash, −1 where there is none. */
  candidates(hashes: Int32Array, rows: Int32Array, length: number, out: Int32Array): void {
    const cells = this.#cells;
    const mask = this.#mask;
    const wrap = mask * 2 + 1;
    for (let i = 0; i < length; i++) {
      const row = rows[i];
      const hash = hashes[row];
      let at = (hash & mask) * 2;
      let value = cells[at + 1];
      while (value !== 0 && cells[at] !== hash) {
        at = (at + 2) & wrap;
        value = cells[at + 1];
      }
      out[row] = value - 1;
    }
    if (this.#old === null) return;
    for (let i = 0; i < length; i++) if (out[rows[i]] < 0) out[rows[i]] = this.first(hashes[rows[i]]);
  }

  /**
   * The first value of each row's hash; rows whose hash is new get the values that `fresh` hands out, and are listed
   * in `freshRows`. Returns how many those are.
   */
  candidatesOrAdd(
    hashes: Int32Array, rows: Int32Array, length: number,
    { out, fresh, freshRows }: DirectoryOutput,
  ): number {
    this.prepare(length);
    const cells = this.#cells;
    const mask = this.#mask;
    const wrap = mask * 2 + 1;
    const moving = this.#old !== null;
    let taken = 0;
    for (let i = 0; i < length; i++) {
      const row = rows[i];
      const hash = hashes[row];
      let at = (hash & mask) * 2;
      let value = cells[at + 1];
      while (value !== 0 && cells[at] !== hash) {
        at = (at + 2) & wrap;
        value = cells[at + 1];
      }
      if (value === 0 && moving) value = this.first(hash) + 1;
      if (value === 0) {
        value = fresh.take(row) + 1;
        cells[at] = hash;
        cells[at + 1] = value;
        freshRows[taken++] = row;
      }
      out[row] = value - 1;
    }
    this.#size += taken;
    return taken;
  }
}

/** Tables up to this are small beside the keys' pages: they have half of their cells empty, larger ones a quarter. */
const SMALL_CELLS = 1 << 17;

/** Keys that so many cells take. */
function mostOf(cells: number): number {
  return cells <= SMALL_CELLS ? cells >> 1 : cells * 0.75;
}

/** Where bulk insertion puts its answers. */
export interface DirectoryOutput {
  readonly out: Int32Array;
  /** The value for the new key of this row of the batch. */
  readonly fresh: { take(row: number): number };
  readonly freshRows: Int32Array;
}

function put(cells: Int32Array, mask: number, hash: number, value: number): void {
  let at = (hash & mask) * 2;
  while (cells[at + 1] !== 0) at = (at + 2) & (mask * 2 + 1);
  cells[at] = hash;
  cells[at + 1] = value;
}

function findIn(cells: Int32Array, mask: number, hash: number, value: number): number {
  for (let at = (hash & mask) * 2; cells[at + 1] !== 0; at = (at + 2) & (mask * 2 + 1)) {
    if (cells[at] === hash && cells[at + 1] === value) return at;
  }
  return -1;
}

/** The stored value of that hash after stored value `after` (0: the first); 0 at the end or when `after` is not there. */
function nextIn(cells: Int32Array, mask: number, hash: number, after: number): number {
  let passed = after === 0;
  for (let at = (hash & mask) * 2; cells[at + 1] !== 0; at = (at + 2) & (mask * 2 + 1)) {
    const value = cells[at + 1];
    if (cells[at] !== hash || value < 0) continue;
    if (passed) return value;
    passed = value === after;
  }
  return 0;
}
