// RowLocks: rows that a transaction keeps others from changing (SELECT .. FOR UPDATE and its weaker forms).
import type { Batch } from '../engine/data/batch.ts';
import { NetWeights } from '../engine/state/net-weights.ts';

/** Weakest first, as PostgreSQL has them (manual 13.3.2). */
export type RowLockStrength = 'key share' | 'share' | 'no key update' | 'update';

/** Which strengths of others each strength does not go together with. */
const CONFLICTS: Readonly<Record<RowLockStrength, readonly RowLockStrength[]>> = {
  'key share': ['update'],
  'share': ['no key update', 'update'],
  'no key update': ['share', 'no key update', 'update'],
  'update': ['key share', 'share', 'no key update', 'update'],
};

/** Rows are known by what they hold: equal rows of a table without a key are locked together. */
export class RowLocks {
  /** By relation and strength; most transactions lock none. */
  #rows: Map<string, NetWeights> | null = null;
  readonly #log: { readonly relation: number; readonly strength: RowLockStrength; readonly rows: Batch }[] = [];

  get length(): number {
    return this.#log.length;
  }

  /** `rows`: whole rows as they are stored. */
  add(relation: number, strength: RowLockStrength, rows: Batch): void {
    if (rows.length === 0) return;
    this.#log.push({ relation, strength, rows });
    this.#count(relation, strength, rows);
  }

  #count(relation: number, strength: RowLockStrength, rows: Batch): void {
    const id = `${relation}/${strength}`;
    this.#rows ??= new Map();
    const held = this.#rows.get(id) ?? new NetWeights(rows.columns, 'exact', 'group');
    this.#rows.set(id, held);
    held.add(rows.columns, new Int32Array(rows.length).fill(1), 1);
  }

  /** Of the rows, those that may not be had with `strength`. */
  conflicts(relation: number, strength: RowLockStrength, rows: Batch): readonly number[] {
    const out = new Set<number>();
    for (const other of CONFLICTS[strength]) {
      const held = this.#rows?.get(`${relation}/${other}`);
      if (held === undefined) continue;
      const slots = held.find(rows.columns, rows.length);
      for (let row = 0; row < rows.length; row++) if (slots[row] >= 0) out.add(row);
    }
    return [...out];
  }

  /** Gives up what was added after `length` was this. */
  truncate(length: number): void {
    if (length === this.#log.length) return;
    this.#log.length = length;
    this.#rows = null;
    for (const { relation, strength, rows } of this.#log) this.#count(relation, strength, rows);
  }
}
