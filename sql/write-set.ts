// WriteSet: what a transaction has changed and not yet committed, by relation, in order, with marks to go back to.
import type { Batch } from '../engine/data/batch.ts';
import { Delta, concatDeltas, insertsOnly } from '../engine/data/delta.ts';
import { cancel } from '../engine/state/consolidate.ts';
import type { NullKeys } from '../engine/state/key-index.ts';
import { NetWeights } from '../engine/state/net-weights.ts';
import type { DeferredCheck } from './deferral.ts';
import type { RelationChange } from './services.ts';

/** Rows from which on copying costs more than a delta of its own. */
const LARGE = 1024;
const MANY = 1 << 16;

/** A check put off, with the length of the write set from which on it is wanted. */
export interface HeldCheck {
  readonly at: number;
  readonly check: DeferredCheck;
}

/** Columns that are looked at together; unless NULLs are grouped, a key with one is left out. */
export interface WrittenKey {
  readonly columns: readonly number[];
  readonly nulls?: NullKeys;
}

export class WriteSet {
  readonly #changes: RelationChange[] = [];
  /** How many of them each relation has. */
  readonly #counts = new Map<number, number>();
  /** Checks put off. */
  #checks: HeldCheck[] = [];
  /** The first #layered of them by relation, in few deltas: neighbours of like size are joined, for cheap reading. */
  #layers: Map<number, Delta[]> | null = null;
  #layered = 0;
  /** What was written by key, as asked for by other transactions: for each the changes counted so far. */
  #touched: Map<string, { net: NetWeights | null; counted: number }> | null = null;

  get length(): number {
    return this.#changes.length;
  }

  /** So much was written that counting it takes a while. */
  get large(): boolean {
    return this.#changes.reduce((sum, { delta }) => sum + delta.length, 0) >= MANY;
  }

  add(relation: number, delta: Delta): void {
    if (delta.length === 0) return;
    this.#changes.push({ relation, delta });
    this.#counts.set(relation, (this.#counts.get(relation) ?? 0) + 1);
  }

  /** Puts a check off. `at`: the length with what it is about. */
  defer(check: DeferredCheck, at: number): void {
    this.#checks.push({ at, check });
  }

  get checks(): readonly HeldCheck[] {
    return this.#checks;
  }

  /** From here on these are left to be made: some are done, or wanted again. */
  restore(checks: readonly HeldCheck[]): void {
    this.#checks = [...checks];
  }

  /** For a snapshot's overlay. */
  layers(): readonly RelationChange[] {
    for (; this.#layered < this.#changes.length; this.#layered++) {
      const { relation, delta } = this.#changes[this.#layered];
      addLayer(this.#layers ??= new Map(), relation, delta);
    }
    return [...this.#layers ?? []].flatMap(([relation, deltas]) => deltas.map((delta) => ({ relation, delta })));
  }

  touches(relation: number): boolean {
    return this.#counts.has(relation);
  }

  /**
   * The net weights written to a relation by the values of a key (equal as SQL has it) or, for null, by whole rows.
   * null: nothing was written to it.
   */
  netWeights(relation: number, key: WrittenKey | null): NetWeights | null {
    const { columns, nulls = 'never' } = key ?? { columns: null };
    const id = `${relation}/${columns === null ? 'row' : `${columns.join()} ${nulls}`}`;
    this.#touched ??= new Map();
    const held = this.#touched.get(id) ?? { net: null, counted: 0 };
    this.#touched.set(id, held);
    for (; held.counted < this.#changes.length; held.counted++) {
      const { relation: changed, delta } = this.#changes[held.counted];
      if (changed !== relation) continue;
      const vectors = columns === null ? delta.batch.columns : columns.map((c) => delta.batch.columns[c]);
      held.net ??= columns === null ? new NetWeights(vectors, 'exact', 'group') : new NetWeights(vectors, 'value', nulls);
      held.net.add(vectors, delta.weights, 1);
    }
    return held.net;
  }

  relations(): Iterable<number> {
    return this.#counts.keys();
  }

  /** Changes to one relation since a mark, in order. */
  of(relation: number, from = 0): readonly Delta[] {
    const out: Delta[] = [];
    for (let i = from; i < this.#changes.length; i++) {
      if (this.#changes[i].relation === relation) out.push(this.#changes[i].delta);
    }
    return out;
  }

  /** One delta a relation, in order of first change; or several, where all are insertions and some are large. */
  merged(): readonly RelationChange[] {
    if (this.#changes.length < 2) return this.#changes.slice();
    const parts = new Map<number, Delta[]>();
    for (const { relation, delta } of this.#changes) {
      const list = parts.get(relation);
      if (list === undefined) parts.set(relation, [delta]);
      else list.push(delta);
    }
    return [...parts].flatMap(([relation, deltas]) => gathered(deltas).map((delta) => ({ relation, delta })));
  }

  /** The rows written to a relation, in the layout its definition has got since. */
  rewrite(relation: number, fill: (rows: Batch) => Batch): void {
    this.#forgetLayers();
    this.#touched = null;
    this.#changes.forEach((change, i) => {
      if (change.relation !== relation) return;
      this.#changes[i] = { relation, delta: new Delta(fill(change.delta.batch), change.delta.weights) };
    });
  }

  /** Forgets what came after a mark (an earlier `length`). */
  truncate(length: number): void {
    if (this.#checks.length > 0) this.#checks = this.#checks.filter(({ at }) => at <= length);
    if (length === this.#changes.length) return;
    if (length < this.#layered) this.#forgetLayers();
    this.#touched = null;
    for (const { relation } of this.#changes.splice(length)) {
      const left = (this.#counts.get(relation) ?? 0) - 1;
      if (left > 0) this.#counts.set(relation, left);
      else this.#counts.delete(relation);
    }
  }

  #forgetLayers(): void {
    this.#layers = null;
    this.#layered = 0;
  }
}

/**
 * Each layer is at least twice as long as the next: a row is copied a logarithmic number of times. What has cancelled out is
 * left behind: a row that is changed time after time is there once or twice.
 */
function addLayer(layers: Map<number, Delta[]>, relation: number, delta: Delta): void {
  const list = layers.get(relation) ?? [];
  layers.set(relation, list);
  list.push(delta);
  while (list.length > 1 && list[list.length - 2].length < 2 * list[list.length - 1].length) {
    const [a, b] = list.splice(-2);
    list.push(cancel(concatDeltas([a, b])));
  }
}

function gathered(deltas: readonly Delta[]): readonly Delta[] {
  if (!deltas.every(insertsOnly)) return [concatDeltas(deltas)];
  const out = deltas.filter((delta) => delta.length >= LARGE);
  const small = deltas.filter((delta) => delta.length < LARGE);
  if (small.length > 0) out.push(concatDeltas(small));
  return out;
}
