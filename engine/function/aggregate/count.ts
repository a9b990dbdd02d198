// count(*) and count(x).
import { intersectValidity } from '../../data/vector.ts';
import type { Validity, Vector } from '../../data/vector.ts';
import type { AggregateFunction } from './aggregate.ts';
import { INT8, simpleType } from '../../data/types.ts';
import { ResultColumn } from './result-column.ts';
import { FloatSlots, SlotAccumulator, writeInt64 } from './slots.ts';
import type { SlotRows } from './slots.ts';

/** Rows in which all arguments are present. */
export class CountAccumulator extends SlotAccumulator {
  readonly #counts: FloatSlots;
  /** Somebody else counts. */
  readonly #shared: boolean;

  constructor(rows: SlotRows, counts: FloatSlots | null = null) {
    super();
    this.#counts = counts ?? new FloatSlots(rows, 1);
    this.#shared = counts !== null;
  }

  ensure(slots: number): void {
    this.#counts.ensure(slots);
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    if (this.#shared) return;
    const { offset, rows: { floats, stride } } = this.#counts;
    let present: Validity = null;
    for (const { validity } of args) present = intersectValidity(present, validity, length);
    if (present === null) for (let i = 0; i < length; i++) floats[slots[i] * stride + offset] += weights[i];
    else {
      for (let i = 0; i < length; i++) {
        floats[slots[i] * stride + offset] += weights[i] * ((present[i >> 3] >> (i & 7)) & 1);
      }
    }
  }

  result(slots: Int32Array): Vector {
    const out = new ResultColumn(INT8, slots.length);
    this.appendResult(slots, out);
    return out.finish();
  }

  override appendResult(slots: Int32Array, out: ResultColumn): boolean {
    const words = out.int64();
    const { offset, rows: { floats, stride } } = this.#counts;
    let row = out.length;
    for (let i = 0; i < slots.length; i++, row++) {
      const count = floats[slots[i] * stride + offset];
      if (count >= 0 && count < 4294967296) words[2 * row] = count >>> 0;
      else writeInt64(words, row, count);
    }
    out.length = row;
    return true;
  }

  clear(slots: Int32Array): void {
    this.#counts.clear(slots);
  }
  saveColumns(slots: Int32Array): readonly Vector[] {
    return this.#counts.save(slots);
  }
  restoreColumns(slots: Int32Array, columns: readonly Vector[], from: number): number {
    return this.#counts.restore(slots, columns, from);
  }
  get bytes(): number {
    return 0;
  }
  override get plain(): boolean { return true; }
}

export const COUNT: readonly AggregateFunction[] = [
  {
    kind: 'aggregate', form: 'plain', direct: 0, name: 'count', args: [], returns: INT8, strict: false, ordered: false,
    description: 'number of input rows',
    example: { sql: 'SELECT count(*) FROM (VALUES (1), (NULL)) AS v(x)', result: '2' },
    accumulator: ({ rows, counts }) => new CountAccumulator(rows, counts),
  },
  {
    kind: 'aggregate', form: 'plain', direct: 0, name: 'count', args: [simpleType('any')], returns: INT8,
    strict: true, ordered: false,
    description: 'number of input rows for which the input expression is not null',
    example: { sql: 'SELECT count(x) FROM (VALUES (1), (NULL)) AS v(x)', result: '1' },
    accumulator: ({ rows }) => new CountAccumulator(rows),
  },
];
