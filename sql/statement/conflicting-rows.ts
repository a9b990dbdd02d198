// ON CONFLICT: which of the proposed rows go in, and which rows that are there are in the way of the others.
import { Batch, concatBatches } from '../../engine/data/batch.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { stretches } from '../../engine/data/stretches.ts';
import { NetWeights } from '../../engine/state/net-weights.ts';
import type { TableEntry } from '../catalog/entry.ts';
import type { SessionState } from '../session-state.ts';
import type { Work } from '../turns.ts';
import { expand } from './foreign-key.ts';
import { emptyRows, keyLookup, requireSeen } from './unique-check.ts';
import type { TableKey } from './unique-check.ts';

export interface SortedRows {
  /** Proposed rows that go in. */
  readonly fresh: Int32Array;
  /** Those of DO UPDATE, which are none of DO NOTHING, in whose way a row stands, and which of `existing` that is. */
  readonly blocked: Int32Array;
  readonly blockers: Int32Array;
  readonly existing: Batch;
}

interface Conflict {
  readonly action: 'nothing' | 'update';
  readonly arbiters: readonly TableKey[];
}

/** 21000 for a row that DO UPDATE would insert and then update; Blocked while another transaction has written a key. */
export function* sortOut(
  state: SessionState, table: TableEntry, { action, arbiters }: Conflict, rows: Batch,
): Work<SortedRows> {
  const updates = action === 'update';
  const out = new Uint8Array(rows.length);
  const keys: ProposedKey[] = [];
  const existing: Batch[] = [];
  let found = 0;
  for (const key of arbiters) {
    const proposed = new ProposedKey(key, rows);
    yield* proposed.read();
    for (const part of proposed.lookUp(state, table, { whole: updates, number: found, out })) {
      found += part.length;
      if (updates) existing.push(part);
      yield true;
    }
    // One key that is there is enough.
    if (key !== arbiters.at(-1)) yield* proposed.mark(out);
    keys.push(proposed);
  }
  const fresh = new Int32Array(rows.length);
  const blocked = new Int32Array(rows.length);
  const blockers = new Int32Array(rows.length);
  let inserted = 0;
  let left = 0;
  for (const [from, to] of stretches(rows.length)) {
    for (let row = from; row < to; row++) {
      let blocker = -1;
      let own = false;
      for (const key of keys) {
        if (key.isTaken(row)) own = true;
        if (blocker < 0) blocker = key.blocker(row);
      }
      if (own && updates) throw affectedTwice();
      if (blocker >= 0) {
        if (!updates) continue;
        blocked[left] = row;
        blockers[left++] = blocker;
      } else if (!own) {
        for (const key of keys) key.take(row);
        fresh[inserted++] = row;
      }
    }
    yield true;
  }
  return {
    fresh: fresh.subarray(0, inserted), blocked: blocked.subarray(0, left), blockers: blockers.subarray(0, left),
    existing: existing.length === 0 ? emptyRows(table) : concatBatches(existing),
  };
}

export function affectedTwice(): DatabaseError {
  return new DatabaseError('21000', 'ON CONFLICT DO UPDATE command cannot affect row a second time', {
    hint: 'Ensure that no rows proposed for insertion within the same command have duplicate constrained values.',
  });
}

/** The proposed rows' values of one key: each has a slot. */
class ProposedKey {
  readonly #key: TableKey;
  readonly #proposed: Batch;
  readonly #net: NetWeights;
  readonly #slots: Int32Array;
  /** By slot: the row that is there, −1 for none; and whether a proposed row goes in. */
  #blockers = new Int32Array(0);
  #taken = new Uint8Array(0);

  constructor(key: TableKey, rows: Batch) {
    this.#key = key;
    this.#proposed = rows.select(key.columns);
    this.#net = new NetWeights(this.#proposed.columns, 'value', key.nulls ?? 'never');
    this.#slots = new Int32Array(rows.length);
  }

  *read(): Work<void> {
    const { length } = this.#slots;
    const ones = new Int32Array(length).fill(1);
    for (const [from, to] of stretches(length)) {
      const slots = this.#net.add(this.#proposed.slice(from, to).columns, ones.subarray(from, to), 1);
      this.#slots.set(slots.subarray(0, to - from), from);
      yield true;
    }
    this.#taken = new Uint8Array(this.#net.size);
    this.#blockers = new Int32Array(this.#net.size).fill(-1);
  }

  /** A row of each slot, but for those that are out. */
  #each(out: Uint8Array): Int32Array {
    const seen = new Uint8Array(this.#taken.length);
    const rows = new Int32Array(this.#taken.length);
    let n = 0;
    this.#slots.forEach((slot, row) => {
      if (slot < 0 || seen[slot] === 1 || out[row] === 1) return;
      seen[slot] = 1;
      rows[n++] = row;
    });
    return rows.subarray(0, n);
  }

  /**
   * The rows with these values, whole or as much of them as the key is made of; `number`: of the first one; `out`: 1 for
   * proposed rows that are not asked about.
   */
  *lookUp(state: SessionState, table: TableEntry, { whole, number, out }: {
    readonly whole: boolean; readonly number: number; readonly out: Uint8Array;
  }): Generator<Batch> {
    const { current, services } = state;
    const { columns } = this.#key;
    const values = this.#proposed.take(this.#each(out));
    services.open.requireFreeKeys(current, table.oid, this.#key, values);
    const snapshot = current.latestSnapshot();
    // Whether they have been seen is for whole rows to tell.
    const wanted = whole || current.fixedSnapshot ? table.columns.map((_, i) => i) : columns;
    const schema = { columns: wanted.map((c) => table.columns[c]) };
    let at = number;
    for (const [from, to] of stretches(values.length)) {
      const keys = values.slice(from, to);
      const found = expand(snapshot.lookup(table.oid, wanted, keyLookup(this.#key, keys)), schema);
      if (current.fixedSnapshot) requireSeen(state, table, { key: this.#key, keys, rows: found });
      const slots = this.#net.find((wanted !== columns ? found.select(columns) : found).columns, found.length);
      for (let row = 0; row < found.length; row++) this.#blockers[slots[row]] = at++;
      yield found;
    }
  }

  /** Proposed rows in whose way a row stands are out. */
  *mark(out: Uint8Array): Work<void> {
    for (const [from, to] of stretches(out.length)) {
      for (let row = from; row < to; row++) if (this.blocker(row) >= 0) out[row] = 1;
      yield true;
    }
  }

  /** A row before it goes in with the same value. */
  isTaken(row: number): boolean {
    return this.#slots[row] >= 0 && this.#taken[this.#slots[row]] === 1;
  }

  take(row: number): void {
    if (this.#slots[row] >= 0) this.#taken[this.#slots[row]] = 1;
  }

  blocker(row: number): number {
    return this.#slots[row] < 0 ? -1 : this.#blockers[this.#slots[row]];
  }
}
