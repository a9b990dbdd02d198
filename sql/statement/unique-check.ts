// Unique keys inside a transaction: checked as each statement writes, against committed rows and the transaction's own.
import { stretches } from '../../engine/data/stretches.ts';
import { batchFromRows, datumAt } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import type { Delta } from '../../engine/data/delta.ts';
import { formatText } from '../../engine/data/text-format.ts';
import type { Snapshot } from '../../engine/runtime/contract.ts';
import type { NullKeys } from '../../engine/state/key-index.ts';
import { NetWeights } from '../../engine/state/net-weights.ts';
import type { IndexDefinitionText, KeyConstraint, TableEntry } from '../catalog/entry.ts';
import type { SessionState } from '../session-state.ts';
import { runAtOnce } from '../turns.ts';
import type { Work } from '../turns.ts';
import type { WrittenKey } from '../write-set.ts';
import { rowKey } from './key-text.ts';

/** A key of a table: a constraint, or a unique index. */
export interface TableKey {
  readonly name: string;
  /** Places in the stored rows. */
  readonly columns: readonly number[];
  /** Absent, never: NULLs are distinct. */
  readonly nulls?: NullKeys;
  /** Of a unique index on expressions or over part of the table. */
  readonly definition?: IndexDefinitionText;
  /** Absent: it is an index only. */
  readonly constraint?: KeyConstraint;
}

const nullsOf = ({ nullsNotDistinct }: { readonly nullsNotDistinct?: boolean }): Pick<TableKey, 'nulls'> =>
  (nullsNotDistinct === true ? { nulls: 'group' } : {});

export function keyOf(constraint: KeyConstraint): TableKey {
  return { name: constraint.name, columns: constraint.columns.map((a) => a - 1), ...nullsOf(constraint), constraint };
}

export function keysOf(state: SessionState, table: TableEntry): readonly TableKey[] {
  const keys = table.constraints.filter((c): c is KeyConstraint => c.kind === 'primary' || c.kind === 'unique')
    .map(keyOf);
  const indexes = state.catalog.indexesOf(table.oid).filter((i) => i.unique && i.constraint === null)
    .map((i) => ({
      name: i.name, columns: i.columns.map((a) => a - 1), ...nullsOf(i),
      ...(i.definition === undefined ? {} : { definition: i.definition }),
    }));
  return [...keys, ...indexes];
}

/** For a snapshot: the rows with one of these keys. */
export function keyLookup({ columns, nulls = 'never' }: TableKey, keys: Batch): Parameters<Snapshot['lookup']>[2] {
  return { columns, keys, nulls };
}

/** How many rows with each key the snapshot holds. `rows`: those of `batch` to ask about. */
export function countExisting(
  snapshot: Snapshot, relation: number, key: TableKey, batch: Batch, rows: readonly number[],
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  if (rows.length === 0) return counts;
  const keys = batch.select(key.columns).take(Int32Array.from(rows));
  const found = snapshot.lookup(relation, key.columns, keyLookup(key, keys));
  const places = key.columns.map((_, i) => i);
  for (let i = 0; i < found.length; i++) {
    const text = rowKey(found.batch, places, i, key.nulls);
    if (text !== null) counts.set(text, (counts.get(text) ?? 0) + found.weights[i]);
  }
  return counts;
}

/**
 * 40001 where one of the rows with these keys has come behind the transaction's snapshot: it can neither be changed nor left
 * alone as if it had been seen. `rows`: they are whole.
 */
export function requireSeen(
  { current }: SessionState, table: TableEntry, found: { readonly key: WrittenKey; readonly keys: Batch; readonly rows: Batch },
): void {
  const { key: { columns, nulls = 'never' }, keys, rows } = found;
  const snapshot = rows.length === 0 ? null : current.overtakenSnapshot(table.oid);
  if (snapshot === null) return;
  const seen = snapshot.lookup(table.oid, table.columns.map((_, i) => i), { columns, keys, nulls });
  const net = new NetWeights(rows.columns, 'exact', 'group');
  net.add(seen.batch.columns, seen.weights, 1);
  net.add(rows.columns, new Int32Array(rows.length).fill(1), -1).subarray(0, rows.length).forEach((slot) => {
    if (net.net(slot) < 0) throw new DatabaseError('40001', 'could not serialize access due to concurrent update');
  });
}

/** Blocked while another transaction has written one of the rows' keys. */
export function requireFreeKeys(state: SessionState, table: TableEntry, rows: Batch): void {
  for (const key of keysOf(state, table)) {
    state.services.open.requireFreeKeys(state.current, table.oid, key, rows.select(key.columns));
  }
}

/** Old rows and new ones in their places; null: there are no old ones. */
interface Replacement {
  readonly removed: Batch | null;
  readonly added: Batch;
}

/**
 * 23505 unless every key is still unique once `removed` is gone and `added` is there; Blocked as requireFreeKeys. Gives what
 * checks this anew, where others have gone on since.
 */
export function* checkUnique(state: SessionState, table: TableEntry, change: Replacement): Work<() => void> {
  const { current, services } = state;
  const { removed, added } = change;
  const asked: (() => void)[] = [];
  for (const key of keysOf(state, table)) {
    if (key.constraint !== undefined && current.deferral.isDeferred(key.constraint)) {
      yield* checkLater(state, table, { key, oid: key.constraint.oid }, added);
      continue;
    }
    if (removed !== null && sameVectors(removed, added, key.columns)) continue;
    const risen = added.length < MANY ? risenTexts(key, change) : yield* risenKeys(key, change);
    const fresh = added.select(key.columns).take(risen.rows);
    const free = (): void => services.open.requireFreeKeys(current, table.oid, key, fresh);
    free();
    if (removed !== null && key.constraint?.deferrable !== true) yield* checkInTurn(state, table, key, { removed, added });
    const begun = services.queued;
    yield* requireOnce(state, table, key, { risen, fresh, added });
    asked.push(() => {
      free();
      if (!services.changedSince(table.oid, begun, 'any')) return;
      runAtOnce(requireOnce(state, table, key, { risen, fresh, added }), () => state.checkInterrupt());
    });
  }
  return () => asked.forEach((again) => again());
}

/** 23505 where a key that has risen is there twice. `fresh`: the keys. */
function* requireOnce(
  state: SessionState, table: TableEntry, key: TableKey,
  { risen, fresh, added }: { readonly risen: Risen; readonly fresh: Batch; readonly added: Batch },
): Work<void> {
  if (risen.rows.length === 0) return;
  const snapshot = state.current.latestSnapshot();
  for (const [from, to] of stretches(risen.rows.length, LOOK_UPS)) {
    const row = risen.twice(snapshot.lookup(table.oid, key.columns, keyLookup(key, fresh.slice(from, to))), from, to);
    if (row !== null) throw duplicateKey(state, table, key, { batch: added, row });
    yield true;
  }
}

/** They are the very same columns: none of the values has changed. */
export function sameVectors(a: Batch, b: Batch, columns: readonly number[]): boolean {
  return columns.every((c) => a.columns[c] === b.columns[c]);
}

/** Rows from which on vectors are worth their setting up. */
const MANY = 256;
/** Keys looked up at a time: changes that are not published are gone through for each. */
const LOOK_UPS = 1 << 18;

/** Keys that there are more of than before. */
interface Risen {
  /** The last of the new rows that has each, in order of the first ones. */
  readonly rows: Int32Array;
  /** The first of `rows`, from .. to, whose key is there more than once beside what was there of these keys. */
  twice(found: Delta, from: number, to: number): number | null;
}

function risenTexts({ columns, nulls }: TableKey, { removed, added }: Replacement): Risen {
  const net = new Map<string, number>();
  const rowOf = new Map<string, number>();
  const count = (batch: Batch, by: number): void => {
    for (let row = 0; row < batch.length; row++) {
      const text = rowKey(batch, columns, row, nulls);
      if (text === null) continue;
      net.set(text, (net.get(text) ?? 0) + by);
      if (by > 0) rowOf.set(text, row);
    }
  };
  if (removed !== null) count(removed, -1);
  count(added, 1);
  const risen = [...rowOf].filter(([text]) => (net.get(text) ?? 0) > 0);
  const places = columns.map((_, i) => i);
  return {
    rows: Int32Array.from(risen, ([, row]) => row),
    twice: ({ batch, weights }, from, to) => {
      const there = new Map<string, number>();
      for (let i = 0; i < batch.length; i++) {
        const text = rowKey(batch, places, i, nulls);
        if (text !== null) there.set(text, (there.get(text) ?? 0) + weights[i]);
      }
      return risen.slice(from, to).find(([text]) => (net.get(text) ?? 0) + (there.get(text) ?? 0) > 1)?.[1] ?? null;
    },
  };
}

/** As risenTexts, of many rows. */
function* risenKeys({ columns, nulls = 'never' }: TableKey, { removed, added }: Replacement): Work<Risen> {
  const ones = new Int32Array(added.length).fill(1);
  const slots = new Int32Array(added.length);
  const net = new NetWeights(added.select(columns).columns, 'value', nulls);
  if (removed !== null) {
    for (const [from, to] of stretches(removed.length)) {
      net.add(removed.select(columns).slice(from, to).columns, ones.subarray(from, to), -1);
      yield true;
    }
  }
  for (const [from, to] of stretches(added.length)) {
    const part = net.add(added.select(columns).slice(from, to).columns, ones.subarray(from, to), 1);
    slots.set(part.subarray(0, to - from), from);
    yield true;
  }
  const rows = lastOfEach(slots, (slot) => net.net(slot) > 0);
  return {
    rows,
    twice: ({ batch, weights }, from, to) => {
      const count = (sign: 1 | -1): void => {
        if (batch.length > 0) net.add(batch.columns, weights, sign);
      };
      count(1);
      const row = rows.subarray(from, to).find((asked) => net.net(slots[asked]) > 1) ?? null;
      count(-1);
      return row;
    },
  };
}

/** By row the slot of its key, −1 for none: the last row of each slot that is wanted, in order of the first ones. */
function lastOfEach(slots: Int32Array, wanted: (slot: number) => boolean): Int32Array {
  const last = new Int32Array(slots.reduce((most, slot) => Math.max(most, slot), -1) + 1);
  for (let row = 0; row < slots.length; row++) if (slots[row] >= 0) last[slots[row]] = row + 1;
  const rows = new Int32Array(last.length);
  let n = 0;
  for (const slot of slots) {
    if (slot < 0 || last[slot] === 0) continue;
    if (wanted(slot)) rows[n++] = last[slot] - 1;
    last[slot] = 0;
  }
  return rows.subarray(0, n);
}

/**
 * 23505 where a row, replaced after those before it, gets a key that another row has at that moment. PostgreSQL looks row by
 * row, in the order in which they are stored, unless the constraint is deferrable.
 */
function* checkInTurn(
  state: SessionState, table: TableEntry, key: TableKey, { removed, added }: { readonly removed: Batch; readonly added: Batch },
): Work<void> {
  const moves: { readonly row: number; readonly from: string | null; readonly to: string | null }[] = [];
  for (const [start, end] of stretches(added.length)) {
    for (let row = start; row < end; row++) {
      const from = rowKey(removed, key.columns, row, key.nulls);
      const to = rowKey(added, key.columns, row, key.nulls);
      if (from !== to) moves.push({ row, from, to });
    }
    yield true;
  }
  if (moves.length < 2) return;
  const wanted = moves.flatMap(({ row, to }) => (to === null ? [] : [row]));
  const held = new Map(countExisting(state.current.latestSnapshot(), table.oid, key, added, wanted));
  for (const { row, from, to } of moves) {
    if (from !== null) held.set(from, (held.get(from) ?? 0) - 1);
    if (to === null) continue;
    const others = held.get(to) ?? 0;
    if (others > 0) throw duplicateKey(state, table, key, { batch: added, row });
    held.set(to, others + 1);
  }
}

/** 23505 when the transaction ends, unless each of the rows' keys is there once by then. */
function* checkLater(
  state: SessionState, table: TableEntry, { key, oid }: { readonly key: TableKey; readonly oid: number }, added: Batch,
): Work<void> {
  const rowOf = new Map<string, number>();
  for (const [from, to] of stretches(added.length)) {
    for (let row = from; row < to; row++) {
      const text = rowKey(added, key.columns, row, key.nulls);
      if (text !== null) rowOf.set(text, row);
    }
    yield true;
  }
  const { current } = state;
  current.writes.defer({
    constraint: oid, relations: [table.oid], run: () => {
      const rows = [...rowOf.values()];
      state.services.open.requireFreeKeys(current, table.oid, key,
        added.select(key.columns).take(Int32Array.from(rows)));
      const existing = countExisting(current.latestSnapshot(), table.oid, key, added, rows);
      for (const [text, row] of rowOf) {
        if ((existing.get(text) ?? 0) > 1) throw duplicateKey(state, table, key, { batch: added, row });
      }
    },
  }, current.writes.length + 1);
}

/** 23505, as PostgreSQL says it. */
export function duplicateKey(
  state: SessionState, table: TableEntry, key: TableKey, at: { readonly batch: Batch; readonly row: number },
): DatabaseError {
  return new DatabaseError('23505', `duplicate key value violates unique constraint "${key.name}"`, {
    detail: `${describeKey(state, table, key.columns, at)} already exists.`,
    schema: table.schema, table: table.name, constraint: key.name,
  });
}

/** `Key (a, b)=(1, x)`. */
export function describeKey(
  state: SessionState, table: TableEntry, columns: readonly number[],
    at: { readonly batch: Batch; readonly row: number },
): string {
  const names = columns.map((c) => table.columns[c].name);
  const values = columns.map((c) => {
    const vector = at.batch.columns[c];
    const datum = datumAt(vector, at.row);
    return datum === null ? 'null' : formatText(vector.type, datum, state.settings.format);
  });
  return `Key (${names.join(', ')})=(${values.join(', ')})`;
}

/** An empty batch of a table's stored layout. */
export function emptyRows(table: TableEntry): Batch {
  return batchFromRows({ columns: table.columns.map((c) => ({ name: c.name, type: c.type })) }, []);
}
