// PendingChanges: what is queued and not yet published, relation by relation; in the order of the queue.
import type { Delta } from '../data/delta.ts';
import type { Transaction } from './contract.ts';
import { CountedDelta, isLarge } from './counted-delta.ts';
import { PendingRelation } from './pending.ts';
import type { Relation } from './relation.ts';

export class PendingChanges {
  readonly #relations = new Map<number, PendingRelation>();
  readonly #relation: (id: number) => Relation | undefined;

  /** `relation`: the published one, undefined when there is none. */
  constructor(relation: (id: number) => Relation | undefined) {
    this.#relation = relation;
  }

  get empty(): boolean {
    return this.#relations.size === 0;
  }

  /** By relation, as they are now. */
  deltas(): ReadonlyMap<number, readonly Delta[]> {
    return new Map([...this.#relations].map(([id, pending]) => [id, pending.deltas.slice()]));
  }

  /** Counts what is large before it is added, piece by piece; null: nothing is. */
  count(changes: Transaction['changes']): Generator<null, ReadonlyMap<Delta, CountedDelta>> | null {
    return changes.some(({ delta }) => isLarge(delta)) ? this.#counting(changes) : null;
  }

  *#counting(changes: Transaction['changes']): Generator<null, ReadonlyMap<Delta, CountedDelta>> {
    const out = new Map<Delta, CountedDelta>();
    for (const { relation: id, delta } of changes) {
      const relation = this.#relation(id);
      const fits = relation !== undefined && delta.batch.columns.length === relation.schema.columns.length;
      if (!fits || !isLarge(delta)) continue;
      const counted = new CountedDelta(relation);
      yield* counted.count(delta);
      out.set(delta, counted);
    }
    return out;
  }

  /** Throws 23505 or 40001 (PendingRelation.add) and then leaves everything as it was. */
  add(transaction: Transaction): void {
    const added: PendingRelation[] = [];
    try {
      for (const { relation: id, delta } of transaction.changes) {
        const relation = this.#relation(id);
        // One that the transaction itself creates: nobody else can write to it.
        if (relation === undefined || delta.length === 0) continue;
        const pending = this.#relations.get(id) ?? new PendingRelation(relation);
        this.#relations.set(id, pending);
        pending.add(delta, transaction.counted?.get(delta) ?? null);
        added.push(pending);
      }
    } catch (error) {
      for (const pending of added.toReversed()) pending.removeLast();
      throw error;
    } finally {
      for (const [id, pending] of this.#relations) if (pending.empty) this.#relations.delete(id);
    }
  }

  /** Transactions that are published, or were refused when they were sealed; theirs are the oldest deltas. */
  remove(sealed: readonly Transaction[]): void {
    const counts = new Map<number, number>();
    for (const { changes } of sealed) {
      for (const { relation, delta } of changes) {
        if (delta.length > 0) counts.set(relation, (counts.get(relation) ?? 0) + 1);
      }
    }
    for (const [id, count] of counts) {
      const pending = this.#relations.get(id);
      if (pending === undefined) continue;
      pending.remove(count);
      if (pending.empty) this.#relations.delete(id);
    }
  }

  /** Everything was given up. */
  clear(): void {
    this.#relations.clear();
  }
}
