// OverRows: the rows that window functions are evaluated on: of each touched partition, in order, one entry a row.
import type { RowOrder } from '../data/row-order.ts';
import type { Vector } from '../data/vector.ts';

/** Where rows are: the pages of a state, or a batch. */
export interface RowSource {
  gatherColumn(column: number, ids: Int32Array): Vector;
}

/**
 * A run of one partition's rows. Entries start .. end − 1 are loaded, entries from .. to − 1 are evaluated; entry
 * `start` is row number `base` (from 0) of a partition of `size` rows. `partition`: its number, where a state has it.
 */
export interface Segment {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
  readonly base: number;
  readonly size: number;
}

/** By entry: the first entry of its peers, and the one after its last peer. */
export interface Peers {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

export class OverRows {
  readonly #source: RowSource;
  /** By entry: the row of the source. */
  readonly ids: Int32Array;
  readonly segments: readonly Segment[];
  /** Entries that are evaluated, in order: an output is one value for each. */
  readonly evaluated: Int32Array;
  readonly #keyOrder: RowOrder | null;
  readonly #columns = new Map<number, Vector>();
  #peers: Peers | null = null;

  /** `keyOrder` null: no ORDER BY, all rows of a partition are peers. */
  constructor(source: RowSource, ids: Int32Array, segments: readonly Segment[], keyOrder: RowOrder | null) {
    this.#source = source;
    this.ids = ids;
    this.segments = segments;
    this.#keyOrder = keyOrder;
    this.evaluated = new Int32Array(segments.reduce((sum, s) => sum + s.to - s.from, 0));
    let n = 0;
    for (const { from, to } of segments) for (let i = from; i < to; i++) this.evaluated[n++] = i;
  }

  /** A column of the rows, by entry. */
  column(c: number): Vector {
    const known = this.#columns.get(c);
    if (known !== undefined) return known;
    const vector = this.#source.gatherColumn(c, this.ids);
    this.#columns.set(c, vector);
    return vector;
  }

  peers(): Peers {
    this.#peers ??= this.#findPeers();
    return this.#peers;
  }

  #findPeers(): Peers {
    const { ids } = this;
    const order = this.#keyOrder;
    const starts = new Int32Array(ids.length);
    const ends = new Int32Array(ids.length);
    for (const { start, end } of this.segments) {
      for (let first = start; first < end;) {
        let next = first + 1;
        while (next < end && (order === null || ids[next] === ids[next - 1] || order(ids[next - 1], ids[next]) === 0)) next++;
        starts.fill(first, first, next);
        ends.fill(next, first, next);
        first = next;
      }
    }
    return { starts, ends };
  }
}
