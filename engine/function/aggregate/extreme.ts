// min and max: kept right when rows are taken back, by a heap of the values of each slot.
import { assert } from '../../data/error.ts';
import {
  BPCHAR, DATE, FLOAT4, FLOAT8, INT2, INT4, INT8, INTERVAL, NUMERIC, OID, TEXT, TIME, TIMESTAMP, TIMESTAMPTZ, layoutOf,
  parametricType, simpleType,
} from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import type { Vector } from '../../data/vector.ts';
import type { StateReader, StateWriter } from '../../state/ports.ts';
import type { Accumulator, AggregateFunction } from './aggregate.ts';
import { appendExtreme } from './append-extreme.ts';
import { valueOrder } from './entry-order.ts';
import type { EntryOrder } from './entry-order.ts';
import { Multiset, grown } from './multiset.ts';

const NONE = -1;

/**
 * Pairing heaps (Fredman, Sedgewick, Sleator, Tarjan, 1986), one a slot, of entries of a multiset: insertion O(1),
 * removal of any entry O(log n) amortised, so that a hot group under deletes stays cheap.
 */
class PairingHeaps {
  readonly #order: EntryOrder;
  /** By slot. */
  #roots = new Int32Array(64).fill(NONE);
  /** By entry: first child, right sibling, left sibling or parent. */
  #child = new Int32Array(64);
  #next = new Int32Array(64);
  #previous = new Int32Array(64);

  /** The least by `order` is at the root. */
  constructor(order: EntryOrder) {
    this.#order = order;
  }

  ensureSlots(slots: number): void {
    if (slots <= this.#roots.length) return;
    const roots = new Int32Array(Math.max(slots, this.#roots.length * 2)).fill(NONE);
    roots.set(this.#roots);
    this.#roots = roots;
  }

  ensureEntries(entries: number): void {
    if (entries <= this.#child.length) return;
    const length = Math.max(entries, this.#child.length * 2);
    this.#child = grown(this.#child, length);
    this.#next = grown(this.#next, length);
    this.#previous = grown(this.#previous, length);
  }

  /** The least entry, −1 when there is none. */
  root(slot: number): number {
    return this.#roots[slot];
  }

  insert(slot: number, entry: number): void {
    this.#child[entry] = NONE;
    this.#next[entry] = NONE;
    this.#previous[entry] = NONE;
    const root = this.#roots[slot];
    this.#roots[slot] = root === NONE ? entry : this.#meld(root, entry);
  }

  /** Requires: the entry is in the slot's heap. */
  remove(slot: number, entry: number): void {
    const root = this.#roots[slot];
    const rest = this.#mergeChildren(this.#child[entry]);
    if (entry === root) {
      this.#roots[slot] = rest;
      return;
    }
    const previous = this.#previous[entry];
    const next = this.#next[entry];
    if (this.#child[previous] === entry) this.#child[previous] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    if (rest !== NONE) this.#roots[slot] = this.#meld(root, rest);
  }

  clear(slot: number): void {
    this.#roots[slot] = NONE;
  }

  /** Requires: two roots. */
  #meld(a: number, b: number): number {
    const top = this.#order(a, b) <= 0 ? a : b;
    const below = top === a ? b : a;
    const first = this.#child[top];
    this.#next[below] = first;
    if (first !== NONE) this.#previous[first] = below;
    this.#previous[below] = top;
    this.#child[top] = below;
    this.#next[top] = NONE;
    this.#previous[top] = NONE;
    return top;
  }

  /** Two passes: siblings melded in pairs from the left, then the pairs from the right. */
  #mergeChildren(first: number): number {
    let pairs = NONE;
    for (let at = first; at !== NONE;) {
      const second = this.#next[at];
      const after = second === NONE ? NONE : this.#next[second];
      this.#detach(at);
      let pair = at;
      if (second !== NONE) {
        this.#detach(second);
        pair = this.#meld(at, second);
      }
      this.#next[pair] = pairs;
      pairs = pair;
      at = after;
    }
    let merged = NONE;
    while (pairs !== NONE) {
      const after = this.#next[pairs];
      this.#detach(pairs);
      merged = merged === NONE ? pairs : this.#meld(merged, pairs);
      pairs = after;
    }
    return merged;
  }

  #detach(entry: number): void {
    this.#next[entry] = NONE;
    this.#previous[entry] = NONE;
  }

  get bytes(): number {
    return this.#roots.byteLength + this.#child.byteLength * 3;
  }
}

class ExtremeAccumulator implements Accumulator {
  readonly #values: Multiset;
  readonly #heaps: PairingHeaps;

  constructor(type: LogicalType, max: boolean) {
    this.#values = new Multiset([type], 'exact', true);
    const order = valueOrder(this.#values.pages, 1);
    this.#heaps = new PairingHeaps(max ? (a, b) => order(b, a) : order);
  }

  ensure(slots: number): void {
    this.#values.ensure(slots);
    this.#heaps.ensureSlots(slots);
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const values = this.#values;
    values.apply(slots, args, weights, length);
    this.#heaps.ensureEntries(values.pages.idLimit);
    for (let i = 0; i < values.touchedCount; i++) {
      const entry = values.touched[i];
      const was = values.before[i] > 0;
      const is = values.weight(entry) > 0;
      if (was === is) continue;
      if (is) this.#heaps.insert(values.slotOf(entry), entry);
      else this.#heaps.remove(values.slotOf(entry), entry);
    }
    values.settle();
  }

  result(slots: Int32Array): Vector {
    return this.#values.pages.gatherColumn(1, slots.map((slot) => this.#heaps.root(slot)), true);
  }

  clear(slots: Int32Array): void {
    this.#values.clear(slots);
    for (let i = 0; i < slots.length; i++) this.#heaps.clear(slots[i]);
  }

  appendResult(): boolean {
    return false;
  }
  saveColumns(): readonly Vector[] {
    return [];
  }
  restoreColumns(): number {
    return 0;
  }
  saveEntries(out: StateWriter, name: string): void {
    this.#values.save(name, out);
  }
  restoreEntries(from: StateReader, name: string): void {
    this.#values.restore(name, from, (entry) => {
      this.#heaps.ensureEntries(this.#values.pages.idLimit);
      if (this.#values.weight(entry) > 0) this.#heaps.insert(this.#values.slotOf(entry), entry);
    });
  }
  get bytes(): number {
    return this.#values.bytes + this.#heaps.bytes;
  }
}

function extreme(name: 'min' | 'max', type: LogicalType): AggregateFunction {
  const max = name === 'max';
  return {
    kind: 'aggregate', form: 'plain', direct: 0, name, args: [type], returns: type, strict: true, ordered: false,
    description: `${max ? 'maximum' : 'minimum'} value of all ${type.kind} input values`,
    ...(type.kind === 'int4'
      ? { example: { sql: `SELECT ${name}(x) FROM (VALUES (1), (2)) AS v(x)`, result: max ? '2' : '1' } } : {}),
    accumulator: ({ argTypes, appendOnly, rows }) => {
      const [arg] = argTypes;
      assert(argTypes.length === 1, `${name} of one argument`);
      return appendOnly ? appendExtreme(rows, arg, layoutOf(arg), max) : new ExtremeAccumulator(arg, max);
    },
  };
}

/** The types that PostgreSQL 15 has min and max for, those of ours among them. */
const ORDERED: readonly LogicalType[] = [
  INT8, INT4, INT2, OID, FLOAT4, FLOAT8, DATE, TIME, parametricType('timetz'), TIMESTAMP, TIMESTAMPTZ, INTERVAL, TEXT,
  NUMERIC, BPCHAR, simpleType('anyarray'), simpleType('anyenum'), simpleType('tid'), simpleType('pg_lsn'),
];

export const EXTREMES: readonly AggregateFunction[] =
  (['min', 'max'] as const).flatMap((name) => ORDERED.map((type) => extreme(name, type)));
