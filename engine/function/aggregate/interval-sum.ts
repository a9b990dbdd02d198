// sum and avg over interval: months, days and microseconds added up field by field.
import { DatabaseError, assert } from '../../data/error.ts';
import { vectorFromDatums } from '../../data/access.ts';
import { Interval, divideInterval, readInterval } from '../../data/interval.ts';
import { INTERVAL } from '../../data/types.ts';
import { isValid } from '../../data/vector.ts';
import type { Vector } from '../../data/vector.ts';
import type { AggregateFunction, ResultContext } from './aggregate.ts';
import { FloatSlots, RareBigInts, SlotAccumulator } from './slots.ts';
import type { SlotRows } from './slots.ts';

// A slot holds [n, months, days, micros]; micros that a double cannot hold are kept beside.
const WIDTH = 4;

export class IntervalSumAccumulator extends SlotAccumulator {
  readonly #average: boolean;
  readonly #slots: FloatSlots;
  readonly #micros = new RareBigInts();

  constructor(rows: SlotRows, average: boolean) {
    super();
    this.#slots = new FloatSlots(rows, WIDTH);
    this.#average = average;
  }

  ensure(slots: number): void {
    this.#slots.ensure(slots);
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const [arg] = args;
    assert(arg.layout === 'fixed16', 'interval sum');
    const data = this.#slots.rows.floats;
    for (let i = 0; i < length; i++) {
      const weight = weights[i];
      if (weight === 0 || !isValid(arg.validity, i)) continue;
      const { months, days, micros } = readInterval(arg.values, 16 * i);
      const at = this.#slots.at(slots[i]);
      data[at] += weight;
      data[at + 1] += weight * months;
      data[at + 2] += weight * days;
      const sum = data[at + 3] + weight * Number(micros);
      if (Number.isSafeInteger(sum) && Number.isSafeInteger(weight * Number(micros))) data[at + 3] = sum;
      else this.#micros.add(slots[i], micros * BigInt(weight));
    }
  }

  result(slots: Int32Array, context: ResultContext): Vector {
    const data = this.#slots.rows.floats;
    return vectorFromDatums(INTERVAL, Array.from(slots, (slot, index) => {
      const at = this.#slots.at(slot);
      if (data[at] === 0) return null;
      try {
        const sum = Interval.checked(data[at + 1], data[at + 2], BigInt(data[at + 3]) + this.#micros.get(slot));
        return this.#average ? divideInterval(sum, data[at]) : sum;
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error;
        context.fail(index, error);
        return null;
      }
    }));
  }

  clear(slots: Int32Array): void {
    this.#slots.clear(slots);
    this.#micros.clear(slots);
  }
  saveColumns(slots: Int32Array): readonly Vector[] {
    return [...this.#slots.save(slots), this.#micros.save(slots)];
  }
  restoreColumns(slots: Int32Array, columns: readonly Vector[], from: number): number {
    const used = this.#slots.restore(slots, columns, from);
    this.#micros.restore(slots, columns[from + used]);
    return used + 1;
  }
  get bytes(): number {
    return this.#micros.map.size * 64;
  }
}

export const INTERVAL_SUMS: readonly AggregateFunction[] = (['sum', 'avg'] as const).map((name) => ({
  kind: 'aggregate', form: 'plain', direct: 0, name, args: [INTERVAL], returns: INTERVAL, strict: true, ordered: false,
  description: name === 'sum' ? 'sum as interval across all interval input values'
    : 'the average (arithmetic mean) as interval of all interval values',
  example: {
    sql: `SELECT ${name}(x::interval) FROM (VALUES ('1 day'), ('3 days 02:00:00')) AS v(x)`,
    result: name === 'sum' ? '4 days 02:00:00' : '2 days 01:00:00',
  },
  accumulator: ({ rows }) => new IntervalSumAccumulator(rows, name === 'avg'),
}));
