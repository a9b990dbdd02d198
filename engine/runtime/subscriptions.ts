// Subscriptions: who is told of which relation's changes.
import { concatDeltas } from '../data/delta.ts';
import type { Delta } from '../data/delta.ts';
import type { DatabaseError } from '../data/error.ts';
import type { Epoch } from '../data/time.ts';
import { consolidate } from '../state/consolidate.ts';
import type { Subscription } from './contract.ts';
import type { PublishedSnapshot } from './snapshot.ts';
import { DeltaSubscription } from './subscription.ts';
import type { Relation } from './relation.ts';

export class Subscriptions {
  readonly #byRelation = new Map<number, Set<DeltaSubscription>>();

  /** `snapshot`: the rows to begin with; null: only what changes from now on. */
  add(id: number, relation: Relation, options: {
    readonly snapshot: PublishedSnapshot | null; readonly progress: boolean;
  }): Subscription {
    const all = this.#byRelation.get(id) ?? new Set();
    this.#byRelation.set(id, all);
    const subscription = new DeltaSubscription({
      ...options, relation: id, schema: relation.schema,
      closed: (closed) => {
        all.delete(closed);
        if (all.size === 0 && this.#byRelation.get(id) === all) this.#byRelation.delete(id);
      },
    });
    all.add(subscription);
    return subscription;
  }

  /** What an epoch has changed, by relation: consolidated once for all who asked. */
  offer(epoch: Epoch, outputs: ReadonlyMap<number, readonly Delta[]>): void {
    for (const [id, subscriptions] of this.#byRelation) {
      const parts = outputs.get(id);
      const delta = parts === undefined ? null : consolidate(concatDeltas(parts));
      for (const subscription of [...subscriptions]) subscription.offer(epoch, delta);
    }
  }

  /** Ends those of a relation, or all. */
  end(error: DatabaseError, id?: number): void {
    const sets = id === undefined ? [...this.#byRelation.values()] : [this.#byRelation.get(id) ?? []];
    for (const subscriptions of sets) for (const subscription of [...subscriptions]) subscription.end(error);
  }
}
