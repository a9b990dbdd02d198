// WriteSet: what a transaction has changed and not yet committed, by relation, in order, with marks to go back to.
import type { Batch } from '../engine/data/batch.ts';
import { Delta, concatDeltas } from '../engine/data/delta.ts';
import type { RelationChange } from './services.ts';

export class WriteSet {
  readonly #changes: RelationChange[] = [];

  get length(): number {
    return this.#changes.length;
  }

  add(relation: number, delta: Delta): void {
    if (delta.length === 0) return;
    this.#changes.push({ relation, delta });
  }

  touches(relation: number): boolean {
    return this.#changes.some((c) => c.relation === relation);
  }

  relations(): ReadonlySet<number> {
    return new Set(this.#changes.map((c) => c.relation));
  }

  /** Changes to one relation since a mark, in order. */
  of(relation: number, from = 0): readonly Delta[] {
    const out: Delta[] = [];
    for (let i = from; i < this.#changes.length; i++) {
      if (this.#changes[i].relation === relation) out.push(this.#changes[i].delta);
    }
    return out;
  }

  /** One delta a relation, in order of first change. */
  merged(): readonly RelationChange[] {
    const parts = new Map<number, Delta[]>();
    for (const { relation, delta } of this.#changes) {
      const list = parts.get(relation);
      if (list === undefined) parts.set(relation, [delta]);
      else list.push(delta);
    }
    return [...parts].map(([relation, deltas]) => ({ relation, delta: concatDeltas(deltas) }));
  }

  /** The rows written to a relation, in the layout its definition has got since. */
  rewrite(relation: number, fill: (rows: Batch) => Batch): void {
    this.#changes.forEach((change, i) => {
      if (change.relation !== relation) return;
      this.#changes[i] = { relation, delta: new Delta(fill(change.delta.batch), change.delta.weights) };
    });
  }

  /** Forgets what came after a mark (an earlier `length`). */
  truncate(length: number): void {
    this.#changes.length = length;
  }
}
