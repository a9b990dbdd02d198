// Snapshots: immutable moments of all relations, and moments with changes on top.
import { Batch } from '../data/batch.ts';
import { Delta, concatDeltas, insertsOnly } from '../data/delta.ts';
import { assert } from '../data/error.ts';
import type { DatabaseError } from '../data/error.ts';
import type { Epoch, Watermark } from '../data/time.ts';
import type { QueryMemory, RelationLookup, Snapshot } from './contract.ts';
import { lookUp } from './delta-lookup.ts';
import { RangeFilter } from './range-lookup.ts';
import type { RangeLookup } from '../state/key-range.ts';
import { selectColumns } from './relation.ts';
import type { FrozenRelation, Relation } from './relation.ts';

const NOTHING = new Delta(new Batch([], 0), new Int32Array(0));

export interface SnapshotOwner {
  readonly queryMemory: QueryMemory;
  /** As published now. */
  relation(id: number): Relation | null;
  /** Of a relation or, for a view, of what it reads; `read` gives a relation's own as of the snapshot. */
  errorOf(id: number, read: (id: number) => DatabaseError | null): DatabaseError | null;
  released(snapshot: PublishedSnapshot): void;
}

/**
 * The published state at one epoch. It costs nothing until a relation is read, or is about to change while the
 * snapshot lives (`preserve`). A relation that is not there has no rows.
 */
export class PublishedSnapshot implements Snapshot {
  readonly epoch: Epoch;
  readonly #owner: SnapshotOwner;
  readonly #frozen = new Map<number, FrozenRelation>();
  #released = false;

  constructor(epoch: Epoch, owner: SnapshotOwner) {
    this.epoch = epoch;
    this.#owner = owner;
  }

  /** Called before a relation changes. */
  preserve(relation: Relation): void {
    if (!this.#frozen.has(relation.id)) this.#frozen.set(relation.id, relation.freeze());
  }

  #freeze(id: number): FrozenRelation | null {
    const held = this.#frozen.get(id);
    if (held !== undefined) return held;
    assert(!this.#released, 'a snapshot is read before it is given back');
    const relation = this.#owner.relation(id);
    if (relation === null) return null;
    const frozen = relation.freeze();
    this.#frozen.set(id, frozen);
    return frozen;
  }

  get queryMemory(): QueryMemory {
    return this.#owner.queryMemory;
  }

  scan(relation: number, columns: readonly number[]): Iterable<Delta> {
    return this.#freeze(relation)?.scan(columns) ?? [];
  }

  stands(): boolean {
    return true;
  }

  lookup(relation: number, columns: readonly number[], lookup: RelationLookup): Delta {
    const frozen = this.#frozen.get(relation);
    // Not frozen: it has not changed since, so its live indexes answer, and nothing needs to be held.
    const source = frozen ?? this.#owner.relation(relation);
    const found = source?.lookup(columns, lookup) ?? [];
    return found.length === 0 ? NOTHING : concatDeltas(found);
  }

  range(relation: number, columns: readonly number[], lookup: RangeLookup): Delta {
    const source = this.#frozen.get(relation) ?? this.#owner.relation(relation);
    const found = source?.range(columns, lookup) ?? [];
    return found.length === 0 ? NOTHING : concatDeltas(found);
  }

  error(relation: number): DatabaseError | null {
    return this.#owner.errorOf(relation, (id) => {
      const frozen = this.#frozen.get(id);
      return frozen === undefined ? this.#owner.relation(id)?.errors.first() ?? null : frozen.error;
    });
  }

  rowCount(relation: number): number {
    return this.#frozen.get(relation)?.rows ?? this.#owner.relation(relation)?.rowCount ?? 0;
  }

  watermark(relation: number): Watermark {
    const frozen = this.#frozen.get(relation);
    return frozen === undefined ? this.#owner.relation(relation)?.watermark ?? null : frozen.watermark;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    for (const frozen of this.#frozen.values()) frozen.release();
    this.#frozen.clear();
    this.#owner.released(this);
  }
}

/** A snapshot with changes on top that are not published. */
export class OverlaySnapshot implements Snapshot {
  readonly queryMemory?: QueryMemory;
  readonly #base: Snapshot;
  readonly #ownsBase: boolean;
  readonly #changes: ReadonlyMap<number, readonly Delta[]>;

  constructor(base: Snapshot, changes: ReadonlyMap<number, readonly Delta[]>, ownsBase: boolean) {
    this.#base = base;
    if (base.queryMemory !== undefined) this.queryMemory = base.queryMemory;
    this.#changes = changes;
    this.#ownsBase = ownsBase;
  }

  get epoch(): Epoch {
    return this.#base.epoch;
  }

  *scan(relation: number, columns: readonly number[]): Iterable<Delta> {
    yield* this.#base.scan(relation, columns);
    for (const delta of this.#changes.get(relation) ?? []) yield selectColumns(delta, columns);
  }

  stands(relation: number): boolean {
    return (this.#changes.get(relation)?.every(insertsOnly) ?? true) && this.#base.stands?.(relation) === true;
  }

  lookup(relation: number, columns: readonly number[], lookup: RelationLookup): Delta {
    const below = this.#base.lookup(relation, columns, lookup);
    const changes = this.#changes.get(relation);
    if (changes === undefined) return below;
    const above = lookUp(changes, lookup).map((delta) => selectColumns(delta, columns));
    return below.length === 0 ? concatDeltas(above) : concatDeltas([below, ...above]);
  }

  range(relation: number, columns: readonly number[], lookup: RangeLookup): Delta {
    const changes = this.#changes.get(relation);
    if (changes === undefined) return this.#base.range(relation, columns, lookup);
    const below = this.#base.range(relation, columns, beyond(lookup, changes));
    const filter = new RangeFilter(lookup);
    const above = changes.map((delta) => selectColumns(filter.apply(delta), columns));
    return below.length === 0 ? concatDeltas(above) : concatDeltas([below, ...above]);
  }

  error(relation: number): DatabaseError | null {
    return this.#base.error(relation);
  }

  rowCount(relation: number): number {
    let count = this.#base.rowCount(relation);
    for (const { weights } of this.#changes.get(relation) ?? []) for (let i = 0; i < weights.length; i++) count += weights[i];
    return count;
  }

  watermark(relation: number): Watermark {
    return this.#base.watermark(relation);
  }

  release(): void {
    if (this.#ownsBase) this.#base.release();
  }
}

/** What is taken back above may be among the first rows below. */
function beyond(lookup: RangeLookup, changes: readonly Delta[]): RangeLookup {
  const { order } = lookup;
  if (order === null) return lookup;
  let gone = 0;
  for (const { weights } of changes) for (let i = 0; i < weights.length; i++) if (weights[i] < 0) gone -= weights[i];
  return { ...lookup, order: { ...order, enough: order.enough + gone } };
}

/** Changes by relation, in order. */
export function byRelation(
  changes: Iterable<{ readonly relation: number; readonly delta: Delta }>,
): Map<number, Delta[]> {
  const out = new Map<number, Delta[]>();
  for (const { relation, delta } of changes) {
    if (delta.length === 0) continue;
    const list = out.get(relation);
    if (list === undefined) out.set(relation, [delta]);
    else list.push(delta);
  }
  return out;
}
