// CountedDelta: the rows and keys of a large delta, counted before it takes its place in the queue, in turns with others.
import type { Batch } from '../data/batch.ts';
import type { Delta } from '../data/delta.ts';
import { stretches } from '../data/stretches.ts';
import { NetWeights } from '../state/net-weights.ts';
import type { UniqueKey } from './contract.ts';
import type { Relation } from './relation.ts';

/** Rows of a delta from which on it is counted before. */
const LARGE = 1 << 16;

export interface Counted {
  readonly net: NetWeights;
  /** By row of the delta; −1 for a NULL key. */
  readonly slots: Int32Array;
}

export class CountedDelta {
  /** Whole rows; null: none is taken back. */
  rows: Counted | null = null;
  readonly keys = new Map<UniqueKey, Counted>();
  readonly #relation: Relation;
  readonly #version: number;
  /** By row that is taken back: what the relation holds of it. */
  #stored = new Int32Array(0);
  readonly #heads = new Map<UniqueKey, Int32Array>();

  constructor(relation: Relation) {
    this.#relation = relation;
    this.#version = relation.version;
  }

  /** Requires: it was made for the relation. */
  *count(delta: Delta): Generator<null> {
    const { batch, weights, length } = delta;
    const relation = this.#relation;
    if (weights.some((w) => w < 0)) {
      this.rows = yield* counted(new NetWeights(batch.columns, 'exact', 'group'), batch, weights);
      this.#stored = new Int32Array(length);
      for (const [from, to] of stretches(length)) {
        // An update's new rows come after the old ones.
        if (!weights.subarray(from, to).some((w) => w < 0)) continue;
        this.#stored.set(relation.weightsOf(batch.slice(from, to)), from);
        yield null;
      }
    }
    for (const key of relation.definition.keys) {
      const keys = batch.select(key.columns);
      this.keys.set(key, yield* counted(new NetWeights(keys.columns, 'value', key.nulls ?? 'never'), keys, weights));
      const heads = new Int32Array(length).fill(-1);
      this.#heads.set(key, heads);
      for (const [from, to] of stretches(length)) {
        relation.indexOf(key.id)?.heads(keys.slice(from, to).columns, to - from, heads.subarray(from, to));
        yield null;
      }
    }
  }

  /** Whether it was made for the relation as it is defined now. */
  isOf(relation: Relation): boolean {
    const { keys } = relation.definition;
    return relation === this.#relation && keys.length === this.keys.size && keys.every((key) => this.keys.has(key));
  }

  /** What the relation holds of each row; null: it has changed since it was asked. */
  get stored(): Int32Array | null {
    return this.#relation.version === this.#version ? this.#stored : null;
  }

  /** By row the first one stored with its key; null: the relation has changed since. */
  headsOf(key: UniqueKey): Int32Array | null {
    return this.#relation.version === this.#version ? this.#heads.get(key) ?? null : null;
  }
}

export function isLarge({ length }: Delta): boolean {
  return length >= LARGE;
}

function* counted(net: NetWeights, keys: Batch, weights: Int32Array): Generator<null, Counted> {
  const slots = new Int32Array(keys.length);
  for (const [from, to] of stretches(keys.length)) {
    const part = net.add(keys.slice(from, to).columns, weights.subarray(from, to), 1);
    slots.set(part.subarray(0, to - from), from);
    yield null;
  }
  return { net, slots };
}
