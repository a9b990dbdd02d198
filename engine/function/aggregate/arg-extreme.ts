// arg_min and arg_max: the value of the row whose key is least or greatest; approx_count_distinct.
import { totalOrder } from '../../data/row-order.ts';
import { INT8, simpleType } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import type { Vector } from '../../data/vector.ts';
import type { StateReader, StateWriter } from '../../state/ports.ts';
import type { Accumulator, AccumulatorSpec, AggregateFunction } from './aggregate.ts';
import { COUNT } from './count.ts';
import { DistinctAccumulator } from './distinct.ts';
import { Multiset } from './multiset.ts';
import { PairingHeaps } from './pairing-heaps.ts';

/** Rows with a NULL value or key do not count. Of equal keys the row with the least value does. */
class ArgExtreme implements Accumulator {
  readonly #rows: Multiset;
  readonly #heaps: PairingHeaps;

  constructor([value, key]: readonly LogicalType[], max: boolean) {
    this.#rows = new Multiset([value, key], 'exact', true);
    const { pages } = this.#rows;
    this.#heaps = new PairingHeaps(totalOrder([pages.cells(1), pages.cells(2)],
      [{ column: 1, descending: max, nullsFirst: false }]), pages);
  }

  ensure(slots: number): void {
    this.#rows.ensure(slots);
    this.#heaps.ensureSlots(slots);
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const rows = this.#rows;
    rows.apply(slots, args, weights, length);
    this.#heaps.ensureEntries(rows.pages.idLimit);
    for (let i = 0; i < rows.touchedCount; i++) {
      const entry = rows.touched[i];
      const held = rows.weight(entry) > 0;
      if (held === rows.before[i] > 0) continue;
      if (held) this.#heaps.insert(rows.slotOf(entry), entry);
      else this.#heaps.remove(rows.slotOf(entry), entry);
    }
    rows.settle();
  }

  result(slots: Int32Array): Vector {
    return this.#rows.pages.gatherColumn(1, slots.map((slot) => this.#heaps.root(slot)), true);
  }

  appendResult(): boolean {
    return false;
  }
  clear(slots: Int32Array): void {
    this.#rows.clear(slots);
    for (let i = 0; i < slots.length; i++) this.#heaps.clear(slots[i]);
  }
  saveColumns(): readonly Vector[] {
    return [];
  }
  restoreColumns(): number {
    return 0;
  }
  saveEntries(out: StateWriter, name: string): void {
    this.#rows.save(name, out);
  }
  restoreEntries(from: StateReader, name: string): void {
    this.#rows.restore(name, from, (entry) => {
      this.#heaps.ensureEntries(this.#rows.pages.idLimit);
      if (this.#rows.weight(entry) > 0) this.#heaps.insert(this.#rows.slotOf(entry), entry);
    });
  }
  get bytes(): number {
    return this.#rows.bytes + this.#heaps.bytes;
  }
}

function argExtreme(name: 'arg_min' | 'arg_max' | 'min_by' | 'max_by'): AggregateFunction {
  const max = name === 'arg_max' || name === 'max_by';
  return {
    kind: 'aggregate', form: 'plain', direct: 0, name, args: [simpleType('anyelement'), simpleType('any')],
    returns: simpleType('anyelement'), strict: true, ordered: false,
    description: `value of the first argument where the second is ${max ? 'greatest' : 'least'}`,
    example: { sql: `SELECT ${name}(x, y) FROM (VALUES ('a', 2), ('b', 1)) AS v(x, y)`, result: max ? 'a' : 'b' },
    accumulator: ({ argTypes }) => new ArgExtreme(argTypes, max),
  };
}

const [COUNT_ANY] = COUNT.filter((a) => a.name === 'count' && a.args.length === 1);

/** Counted exactly: rows are taken back here, which sketches cannot do. */
const approxCountDistinct: AggregateFunction = {
  ...COUNT_ANY, name: 'approx_count_distinct', returns: INT8, description: 'number of distinct input values that are not null',
  example: { sql: 'SELECT approx_count_distinct(x) FROM (VALUES (1), (1), (2), (NULL)) AS v(x)', result: '2' },
  accumulator: (spec: AccumulatorSpec) => new DistinctAccumulator(COUNT_ANY, spec),
};

export const ARG_EXTREMES: readonly AggregateFunction[] = [
  ...(['arg_min', 'arg_max', 'min_by', 'max_by'] as const).map(argExtreme), approxCountDistinct,
];
