// ChainWalk: the rows of the chains of several keys (key-chains.ts), so many at a time, from where the last ones ended.
import { grown } from '../data/grown.ts';
import { EvictableInts } from './evictable-ints.ts';
import { MAX_ORDERED, byPage } from './page-order.ts';

/** Pairs of a probing row and a row found, in order of the probing rows. */
export interface Pairs {
  readonly probeRows: Int32Array;
  readonly rowIds: Int32Array;
}

/**
 * Requires: no row comes to the chains, or leaves them, before the walk is over; and the first pairs are asked for before
 * anything else is looked up in them.
 */
export class ChainWalk {
  readonly length: number;
  /** By probing row, the first row of its chain. */
  #heads: Int32Array;
  /** Nobody else writes to them. */
  #ownHeads = false;
  readonly #next: EvictableInts;
  /** The probing row that is to go on, and the row it goes on with. */
  #at = 0;
  #id: number;
  /** Probing rows to look at together where links are away. */
  #together = Infinity;

  /** `heads`: theirs to use who look up something else in the chains later. */
  constructor(heads: Int32Array, length: number, next: EvictableInts) {
    this.#heads = heads;
    this.length = length;
    this.#next = next;
    this.#id = length === 0 ? -1 : heads[0];
  }

  get isOver(): boolean {
    return this.#at >= this.length;
  }

  /** By probing row, the first row of its chain; −1: none. Requires: nothing else was looked up since the walk was over. */
  get heads(): Int32Array {
    return this.#heads.subarray(0, this.length);
  }

  /** The next pairs, `most` or all that are left. Requires: most > 0. */
  next(most: number): Pairs {
    const words = this.#next.words;
    const pairs = words === null ? this.#byLink(most) : this.#inMemory(words, most);
    if (!this.#ownHeads && !this.isOver) {
      this.#heads = this.heads.slice();
      this.#ownHeads = true;
    }
    return pairs;
  }

  #inMemory(next: Int32Array, most: number): Pairs {
    const heads = this.#heads;
    const { length } = this;
    const left = length - this.#at;
    // Where one portion was not enough, the next is as good as full.
    const expected = this.#ownHeads ? most : left + (left >> 1) + 8;
    let probeRows: Int32Array = new Int32Array(Math.min(expected, most));
    let rowIds: Int32Array = new Int32Array(probeRows.length);
    let n = 0;
    let i = this.#at;
    let id = this.#id;
    rows: while (i < length) {
      for (; id >= 0; id = next[id]) {
        if (n === rowIds.length) {
          if (n >= most) break rows;
          const room = Math.min(n * 2, most);
          probeRows = grown(probeRows, room);
          rowIds = grown(rowIds, room);
        }
        probeRows[n] = i;
        rowIds[n++] = id;
      }
      i++;
      id = i < length ? heads[i] : -1;
    }
    this.#at = i;
    this.#id = id;
    return { probeRows: probeRows.subarray(0, n), rowIds: rowIds.subarray(0, n) };
  }

  /**
   * Some of the links are away: those of several chains are followed side by side, in order of the ids, so that a part of
   * them is read once. Where that comes to more than is wanted, half of the probing rows wait.
   */
  #byLink(most: number): Pairs {
    const from = this.#at;
    let rows = Math.min(this.length - from, Math.max(1, Math.min(most, this.#together)));
    let front = this.#firsts(from, rows);
    let total = 0;
    const levels: Pairs[] = [];
    while (front.rowIds.length > 0 && rows > 1) {
      levels.push(front);
      total += front.rowIds.length;
      front = this.#after(front);
      while (total > most && rows > 1) {
        rows >>= 1;
        const end = from + rows;
        levels.splice(0, levels.length, ...levels.map((level) => before(level, end)));
        total = levels.reduce((sum, level) => sum + level.rowIds.length, 0);
        front = before(front, end);
      }
    }
    this.#together = 2 * rows;
    if (rows === 1) return this.#oneByLink(most);
    this.#goTo(from + rows);
    return byProbeRow(levels, from, rows);
  }

  #firsts(from: number, rows: number): Pairs {
    const ids = this.#heads.slice(from, from + rows);
    ids[0] = this.#id;
    const found = Int32Array.from(ids.keys()).filter((i) => ids[i] >= 0);
    return { probeRows: found.map((i) => from + i), rowIds: found.map((i) => ids[i]) };
  }

  /** Each pair's next one; those at the end of their chain fall out. */
  #after({ probeRows, rowIds }: Pairs): Pairs {
    const after = new Int32Array(rowIds.length);
    const order = linkOrder(this.#next, rowIds, rowIds.length);
    for (let n = 0; n < rowIds.length; n++) {
      const i = order === null ? n : order[n];
      after[i] = this.#next.get(rowIds[i]);
    }
    return { probeRows: probeRows.filter((_, i) => after[i] >= 0), rowIds: after.filter((id) => id >= 0) };
  }

  #oneByLink(most: number): Pairs {
    const ids: number[] = [];
    let id = this.#id;
    for (; id >= 0 && ids.length < most; id = this.#next.get(id)) ids.push(id);
    const row = this.#at;
    if (id >= 0) this.#id = id;
    else this.#goTo(row + 1);
    return { probeRows: new Int32Array(ids.length).fill(row), rowIds: Int32Array.from(ids) };
  }

  #goTo(row: number): void {
    this.#at = row;
    this.#id = row < this.length ? this.#heads[row] : -1;
  }
}

/** As KEPT_CELLS. */
export const KEPT_WALK = new ChainWalk(new Int32Array(0), 0, new EvictableInts({ cache: null, dependents: new Set() }));

/** In which order rows are best taken whose links are going to be asked for; null where it is of no account. */
export function linkOrder(links: EvictableInts, ids: Int32Array, length: number): Int32Array | null {
  if (!links.divided || length < 2 || length > MAX_ORDERED) return null;
  return byPage(ids, length);
}

/** The pairs of probing rows before `end`. */
function before({ probeRows, rowIds }: Pairs, end: number): Pairs {
  let n = probeRows.length;
  while (n > 0 && probeRows[n - 1] >= end) n--;
  return { probeRows: probeRows.subarray(0, n), rowIds: rowIds.subarray(0, n) };
}

/** The levels of `rows` probing rows put together. */
function byProbeRow(levels: readonly Pairs[], from: number, rows: number): Pairs {
  const counts = new Int32Array(rows);
  for (const { probeRows } of levels) for (const row of probeRows) counts[row - from]++;
  const at = new Int32Array(rows);
  let total = 0;
  for (let i = 0; i < rows; i++) {
    at[i] = total;
    total += counts[i];
  }
  const out = { probeRows: new Int32Array(total), rowIds: new Int32Array(total) };
  for (const { probeRows, rowIds } of levels) {
    for (let i = 0; i < rowIds.length; i++) {
      const to = at[probeRows[i] - from]++;
      out.probeRows[to] = probeRows[i];
      out.rowIds[to] = rowIds[i];
    }
  }
  return out;
}
