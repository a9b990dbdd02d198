// DISTINCT in an aggregate's call: any accumulator over values that are counted once however often they occur.
import type { Vector } from '../../data/vector.ts';
import type { StateReader, StateWriter } from '../../state/ports.ts';
import type { Accumulator, AccumulatorSpec, AggregateFunction, ResultContext } from './aggregate.ts';
import { Multiset } from './multiset.ts';
import type { ResultColumn } from './result-column.ts';

/**
 * Values equal by SQL count as one; which representation of it (1.0 or 1.00) the aggregate sees is that of the row that
 * came first. The keys of an ORDER BY inside the call are among the arguments, as SQL demands.
 */
export class DistinctAccumulator implements Accumulator {
  readonly #inner: Accumulator;
  readonly #values: Multiset;
  readonly #columns: readonly number[];

  constructor(aggregate: AggregateFunction, spec: AccumulatorSpec) {
    // A value appears and disappears in the inner accumulator, but never disappears when no row is taken back.
    this.#inner = aggregate.accumulator(spec);
    this.#values = new Multiset(spec.argTypes, 'value', aggregate.strict);
    this.#columns = spec.argTypes.map((_, i) => i + 1);
  }

  ensure(slots: number): void {
    this.#inner.ensure(slots);
    this.#values.ensure(slots);
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const values = this.#values;
    values.apply(slots, args, weights, length);
    const entries = new Int32Array(values.touchedCount);
    const changes = new Int32Array(values.touchedCount);
    let count = 0;
    for (let i = 0; i < values.touchedCount; i++) {
      const entry = values.touched[i];
      const change = (values.weight(entry) > 0 ? 1 : 0) - (values.before[i] > 0 ? 1 : 0);
      if (change === 0) continue;
      entries[count] = entry;
      changes[count++] = change;
    }
    if (count > 0) {
      const ids = entries.subarray(0, count);
      const rows = values.pages.gather(ids, this.#columns);
      this.#inner.update(ids.map((entry) => values.slotOf(entry)), rows.columns, changes, count);
    }
    values.settle();
  }

  result(slots: Int32Array, context: ResultContext): Vector {
    return this.#inner.result(slots, context);
  }
  appendResult(slots: Int32Array, out: ResultColumn): boolean {
    return this.#inner.appendResult(slots, out);
  }
  clear(slots: Int32Array): void {
    this.#inner.clear(slots);
    this.#values.clear(slots);
  }
  saveColumns(slots: Int32Array): readonly Vector[] {
    return this.#inner.saveColumns(slots);
  }
  restoreColumns(slots: Int32Array, columns: readonly Vector[], from: number): number {
    return this.#inner.restoreColumns(slots, columns, from);
  }
  saveEntries(out: StateWriter, name: string): void {
    this.#inner.saveEntries(out, `${name}.inner`);
    this.#values.save(name, out);
  }
  restoreEntries(from: StateReader, name: string): void {
    this.#inner.restoreEntries(from, `${name}.inner`);
    this.#values.restore(name, from, () => {});
  }
  get bytes(): number {
    return this.#inner.bytes + this.#values.bytes;
  }
}
