// Pending: keys and rows of transactions that are queued and not yet published; unique keys are checked against it.
import type { Batch } from '../data/batch.ts';
import type { Delta } from '../data/delta.ts';
import type { Vector } from '../data/vector.ts';
import { NetWeights } from '../state/net-weights.ts';
import { keyViolation, updateConflict } from './commit-error.ts';
import type { UniqueKey } from './contract.ts';
import type { Counted, CountedDelta } from './counted-delta.ts';
import type { Relation } from './relation.ts';

const keyColumns = (key: UniqueKey, batch: Batch): readonly Vector[] => key.columns.map((c) => batch.columns[c]);

/** What is queued for one relation. */
export class PendingRelation {
  readonly #relation: Relation;
  readonly #keys = new Map<UniqueKey, NetWeights>();
  /** Whole rows; kept from the first transaction that retracts, until nothing is queued. */
  #rows: NetWeights | null = null;
  #deltas: Delta[] = [];
  /** Those of a transaction that gives the relation more columns: it has looked at all rows, and nobody else may. */
  readonly #wider = new Set<Delta>();
  #queued = 0;

  constructor(relation: Relation) {
    this.#relation = relation;
  }

  get empty(): boolean {
    return this.#deltas.length === 0;
  }

  get deltas(): readonly Delta[] {
    return this.#wider.size === 0 ? this.#deltas : this.#deltas.filter((delta) => !this.#wider.has(delta));
  }

  /**
   * Adds a transaction's delta, or throws and leaves everything as it was: 23505 when a key would be there twice, 40001
   * when a row is taken away that is not there.
   */
  add(delta: Delta, counted: CountedDelta | null = null): void {
    if (delta.batch.columns.length > this.#relation.schema.columns.length) {
      this.#wider.add(delta);
      this.#deltas.push(delta);
      this.#queued += delta.length;
      return;
    }
    if (counted !== null && this.empty && counted.isOf(this.#relation)) this.#adopt(delta, counted);
    else this.#count(delta);
    this.#deltas.push(delta);
    this.#queued += delta.length;
  }

  /** As #count, where nothing else is queued. */
  #adopt(delta: Delta, counted: CountedDelta): void {
    if (counted.rows !== null) this.#requireRows(counted.rows, delta, counted.stored);
    for (const [key, known] of counted.keys) this.#requireOnce(key, known, delta, counted.headsOf(key));
    this.#rows = counted.rows?.net ?? null;
    for (const [key, { net }] of counted.keys) this.#keys.set(key, net);
  }

  #count(delta: Delta): void {
    const retracts = delta.weights.some((w) => w < 0);
    const done: (() => void)[] = [];
    try {
      if (retracts) this.#wholeRows(delta);
      if (this.#rows !== null) this.#addRows(this.#rows, delta, done);
      for (const key of this.#relation.definition.keys) this.#addKey(key, delta, done);
    } catch (error) {
      for (const undo of done) undo();
      throw error;
    }
  }

  #wholeRows({ batch }: Delta): void {
    if (this.#rows !== null) return;
    this.#rows = new NetWeights(batch.columns, 'exact', 'group');
    for (const queued of this.deltas) this.#rows.add(queued.batch.columns, queued.weights, 1);
  }

  #addRows(rows: NetWeights, { batch, weights }: Delta, done: (() => void)[]): void {
    const slots = rows.add(batch.columns, weights, 1);
    done.push(() => rows.add(batch.columns, weights, -1));
    this.#requireRows({ net: rows, slots }, { batch, weights }, null);
  }

  /** `held`: what the relation holds of each row that is taken back; null: it is asked. */
  #requireRows({ net, slots }: Counted, { batch, weights }: Pick<Delta, 'batch' | 'weights'>, held: Int32Array | null): void {
    let stored = held;
    for (let i = 0; i < weights.length; i++) {
      if (weights[i] >= 0 || net.net(slots[i]) >= 0) continue;
      stored ??= this.#relation.weightsOf(batch);
      if (stored[i] + net.net(slots[i]) < 0) throw updateConflict();
    }
  }

  #addKey(key: UniqueKey, { batch, weights }: Delta, done: (() => void)[]): void {
    const columns = keyColumns(key, batch);
    const net = this.#netOf(key, columns);
    const slots = net.add(columns, weights, 1);
    done.push(() => net.add(columns, weights, -1));
    this.#requireOnce(key, { net, slots }, { batch, weights }, null);
  }

  /** `known`: by row the first one stored with its key; null: it is asked. */
  #requireOnce(
    key: UniqueKey, { net, slots }: Counted, { batch, weights }: Pick<Delta, 'batch' | 'weights'>, known: Int32Array | null,
  ): void {
    const heads = known ?? new Int32Array(weights.length).fill(-1);
    if (known === null) this.#relation.indexOf(key.id)?.heads(keyColumns(key, batch), weights.length, heads);
    for (let i = 0; i < weights.length; i++) {
      if (weights[i] <= 0 || slots[i] < 0) continue;
      const stored = heads[i] < 0 ? 0 : 1;
      if (stored + net.net(slots[i]) > 1) throw keyViolation(this.#relation.definition, key, batch, i);
    }
  }

  #netOf(key: UniqueKey, columns: readonly Vector[]): NetWeights {
    const net = this.#keys.get(key) ?? new NetWeights(columns, 'value', key.nulls ?? 'never');
    this.#keys.set(key, net);
    return net;
  }

  /** The oldest `count` deltas are published (or were refused): they are no longer pending. */
  remove(count: number): void {
    const gone = this.#deltas.splice(0, count);
    if (this.#deltas.length === 0) {
      this.#wider.clear();
      return;
    }
    for (const delta of gone) this.#queued -= delta.length;
    if (this.#tooLarge()) this.#rebuild();
    else for (const delta of gone) this.#forget(delta);
  }

  #forget(delta: Delta): void {
    if (this.#wider.delete(delta)) return;
    const { batch, weights } = delta;
    this.#rows?.add(batch.columns, weights, -1);
    for (const [key, net] of this.#keys) net.add(keyColumns(key, batch), weights, -1);
  }

  /** Takes back the delta added last. */
  removeLast(): void {
    const delta = this.#deltas.pop();
    if (delta === undefined) return;
    this.#queued -= delta.length;
    this.#forget(delta);
  }

  /** Keys whose weights cancelled out stay; when they are too many, what is queued is counted anew. */
  #tooLarge(): boolean {
    const limit = 4 * this.#queued + 65_536;
    const sizes = [...this.#keys.values(), ...(this.#rows === null ? [] : [this.#rows])];
    return sizes.some((net) => net.size > limit);
  }

  #rebuild(): void {
    this.#keys.clear();
    const { deltas } = this;
    const [first] = deltas;
    const hadRows = this.#rows !== null;
    this.#rows = hadRows && deltas.length > 0 ? new NetWeights(first.batch.columns, 'exact', 'group') : null;
    for (const { batch, weights } of deltas) {
      this.#rows?.add(batch.columns, weights, 1);
      for (const key of this.#relation.definition.keys) {
        const columns = keyColumns(key, batch);
        this.#netOf(key, columns).add(columns, weights, 1);
      }
    }
  }
}
