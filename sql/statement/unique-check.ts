// Unique keys inside a transaction: checked as each statement writes, against committed rows and the transaction's own.
import { batchFromRows, datumAt } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { formatText } from '../../engine/data/text-format.ts';
import type { Snapshot } from '../../engine/runtime/contract.ts';
import type { NullKeys } from '../../engine/state/key-index.ts';
import type { IndexDefinitionText, KeyConstraint, TableEntry } from '../catalog/entry.ts';
import type { SessionState } from '../session-state.ts';
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

/** Blocked while another transaction has written one of the rows' keys. */
export function requireFreeKeys(state: SessionState, table: TableEntry, rows: Batch): void {
  for (const key of keysOf(state, table)) {
    state.services.open.requireFreeKeys(state.current, table.oid, key, rows.select(key.columns));
  }
}

/** 23505 unless every key is still unique once `removed` is gone and `added` is there. */
export function checkUnique(
  state: SessionState, table: TableEntry,
    change: { readonly removed: Batch | null; readonly added: Batch },
): void {
  for (const key of keysOf(state, table)) {
    if (key.constraint !== undefined && state.current.deferral.isDeferred(key.constraint)) {
      checkLater(state, table, { key, oid: key.constraint.oid }, change.added);
      continue;
    }
    const net = new Map<string, number>();
    const rowOf = new Map<string, number>();
    const count = (batch: Batch, by: number): void => {
      for (let row = 0; row < batch.length; row++) {
        const text = rowKey(batch, key.columns, row, key.nulls);
        if (text === null) continue;
        net.set(text, (net.get(text) ?? 0) + by);
        if (by > 0) rowOf.set(text, row);
      }
    };
    if (change.removed !== null) count(change.removed, -1);
    count(change.added, 1);
    const asked = [...rowOf].filter(([text]) => (net.get(text) ?? 0) > 0);
    const fresh = change.added.select(key.columns).take(Int32Array.from(asked, ([, row]) => row));
    state.services.open.requireFreeKeys(state.current, table.oid, key, fresh);
    if (change.removed !== null && key.constraint?.deferrable !== true) {
      checkInTurn(state, table, key, { removed: change.removed, added: change.added });
    }
    const existing = countExisting(state.current.latestSnapshot(), table.oid, key, change.added, asked.map(([, row]) => row));
    for (const [text, row] of asked) {
      if ((existing.get(text) ?? 0) + (net.get(text) ?? 0) > 1) throw duplicateKey(state, table, key,
        { batch: change.added, row });
    }
  }
}

/**
 * 23505 where a row, replaced after those before it, gets a key that another row has at that moment. PostgreSQL looks row by
 * row, in the order in which they are stored, unless the constraint is deferrable.
 */
function checkInTurn(
  state: SessionState, table: TableEntry, key: TableKey, { removed, added }: { readonly removed: Batch; readonly added: Batch },
): void {
  const moves: { readonly row: number; readonly from: string | null; readonly to: string | null }[] = [];
  for (let row = 0; row < added.length; row++) {
    const from = rowKey(removed, key.columns, row, key.nulls);
    const to = rowKey(added, key.columns, row, key.nulls);
    if (from !== to) moves.push({ row, from, to });
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
function checkLater(
  state: SessionState, table: TableEntry, { key, oid }: { readonly key: TableKey; readonly oid: number }, added: Batch,
): void {
  const rowOf = new Map<string, number>();
  for (let row = 0; row < added.length; row++) {
    const text = rowKey(added, key.columns, row, key.nulls);
    if (text !== null) rowOf.set(text, row);
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
  });
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
