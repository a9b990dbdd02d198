// Foreign keys, checked at the end of each statement, with their actions on the referencing rows.
import { stretches } from '../../engine/data/stretches.ts';
import { datumAt } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import { Delta, concatDeltas } from '../../engine/data/delta.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import type { Soon } from '../../engine/data/soon.ts';
import { nullVector } from '../../engine/data/vector.ts';
import { consolidate } from '../../engine/state/consolidate.ts';
import type { ForeignConstraint, TableEntry } from '../catalog/entry.ts';
import type { SessionState } from '../session-state.ts';
import { checkImplementable } from './foreign-types.ts';
import { rowKey } from './key-text.ts';
import { castVector, rulesOf } from './table-rules.ts';
import { describeKey, requireSeen, sameVectors } from './unique-check.ts';

export interface Reference {
  readonly constraint: ForeignConstraint;
  readonly child: TableEntry;
}

/** Foreign keys of other tables (or its own) that point at this one. */
export function referencesTo(state: SessionState, parent: number): readonly Reference[] {
  const out: Reference[] = [];
  for (const entry of state.catalog.entries()) {
    if (entry.kind !== 'table') continue;
    for (const constraint of entry.constraints) {
      if (constraint.kind === 'foreign' && constraint.target === parent) out.push({ constraint, child: entry });
    }
  }
  return out;
}

/** The foreign keys that these columns of a table are in, on either side; 42804 for one that their types do not allow. */
export function foreignKeysOver(state: SessionState, table: TableEntry, attnums: readonly number[]): readonly Reference[] {
  const own = table.constraints.flatMap((constraint): readonly Reference[] => (
    constraint.kind === 'foreign' && constraint.columns.some((a) => attnums.includes(a)) ? [{ constraint, child: table }] : []));
  const others = referencesTo(state, table.oid).filter(({ constraint }) => (
    constraint.targetColumns.some((a) => attnums.includes(a)) && !own.some((o) => o.constraint.oid === constraint.oid)));
  const found = [...own, ...others.map((r) => (r.child.oid === table.oid ? { ...r, child: table } : r))];
  for (const { constraint, child } of found) {
    const parent = constraint.target === table.oid ? table : requireTable(state, constraint.target);
    checkImplementable(constraint.name, constraint.columns.map((a) => child.columns[a - 1]),
      constraint.targetColumns.map((a) => parent.columns[a - 1]));
  }
  return found;
}

/**
 * Keeps the tables referred to from being dropped or emptied; their rows are looked after one by one. `set`: columns that get
 * new values; null: whole rows are new.
 */
export function lockReferences(state: SessionState, table: TableEntry, set: readonly number[] | null): Soon<void> {
  if (table.constraints.length === 0) return;
  const changes = (columns: readonly number[]): boolean => (
    set === null || columns.some((attnum) => set.includes(attnum) || (set.length > 0 && table.columns[attnum - 1].generated)));
  const targets = table.constraints.flatMap((c) => (c.kind === 'foreign' && changes(c.columns) ? [c.target] : []));
  if (targets.length > 0) return lockAll(state, targets);
}

async function lockAll(state: SessionState, targets: readonly number[]): Promise<void> {
  for (const target of targets) await state.current.lock(target, 'row share', state.lockWait);
}

/** 23503 unless every reference of the new rows is there. `before`: the rows they replace; what refers as they did is left. */
export function checkReferences(state: SessionState, child: TableEntry, added: Batch, before: Batch | null = null): void {
  for (const constraint of child.constraints) {
    if (constraint.kind !== 'foreign') continue;
    const columns = constraint.columns.map((a) => a - 1);
    if (before !== null && !constraint.matchFull && sameVectors(before, added, columns)) continue;
    const rowOf = new Map<string, number>();
    for (const [from, to] of stretches(added.length)) {
      for (let row = from; row < to; row++) {
        const text = rowKey(added, columns, row);
        if (before !== null && text !== null && text === rowKey(before, columns, row)) continue;
        if (text === null) checkMatchFull(child, constraint, added, row);
        else rowOf.set(text, row);
      }
      state.checkInterrupt();
    }
    const asked = { batch: added, rows: [...rowOf.values()] };
    if (asked.rows.length > 0 && state.current.deferral.isDeferred(constraint)) {
      checkChildLater(state, { constraint, child }, asked);
    } else checkPresent(state, { constraint, child }, asked);
  }
}

interface AskedRows { readonly batch: Batch; readonly rows: readonly number[] }

/** 23503 unless the keys that these rows of the child refer to are there. */
function checkPresent(state: SessionState, { constraint, child }: Reference, { batch, rows }: AskedRows): void {
  const columns = constraint.columns.map((a) => a - 1);
  const parent = requireTable(state, constraint.target);
  const target = { table: parent, columns: constraint.targetColumns.map((a) => a - 1) };
  const missing = notIn(state, target, batch, { columns, rows });
  if (missing === null) return;
  throw new DatabaseError('23503', `insert or update on table "${child.name}" violates foreign key constraint `
    + `"${constraint.name}"`, {
    detail: `${describeKey(state, child, columns, { batch, row: missing })} is not present in table `
      + `"${parent.name}".`,
    schema: child.schema, table: child.name, constraint: constraint.name,
  });
}

/** At the end of the transaction, of the rows whose keys the child then still has. */
function checkChildLater(state: SessionState, reference: Reference, { batch, rows }: AskedRows): void {
  const { constraint, child } = reference;
  const { current } = state;
  const columns = constraint.columns.map((a) => a - 1);
  const keys = batch.select(columns).take(Int32Array.from(rows));
  current.writes.defer({
    constraint: constraint.oid, relations: [child.oid, constraint.target], run: () => {
      // The parent's key is indexed, the child's reference mostly is not.
      const target = { table: requireTable(state, constraint.target), columns: constraint.targetColumns.map((a) => a - 1) };
      if (notIn(state, target, batch, { columns, rows }) === null) return;
      const held = presentKeys(current.latestSnapshot().lookup(child.oid, columns, { columns, keys }), columns.length);
      const left = rows.filter((row) => (held.get(rowKey(batch, columns, row) ?? '') ?? 0) > 0);
      checkPresent(state, reference, { batch, rows: left });
    },
  }, current.writes.length);
}

function checkMatchFull(child: TableEntry, constraint: ForeignConstraint, batch: Batch, row: number): void {
  if (!constraint.matchFull) return;
  if (constraint.columns.every((a) => datumAt(batch.columns[a - 1], row) === null)) return;
  throw new DatabaseError('23503', `insert or update on table "${child.name}" violates foreign key constraint `
    + `"${constraint.name}"`, {
    detail: 'MATCH FULL does not allow mixing of null and nonnull key values.',
    schema: child.schema, table: child.name, constraint: constraint.name,
  });
}

/** The first of the rows whose key the table does not hold, or null. */
function notIn(
  state: SessionState, target: { readonly table: TableEntry; readonly columns: readonly number[] }, batch: Batch,
  asked: { readonly columns: readonly number[]; readonly rows: readonly number[] },
): number | null {
  if (asked.rows.length === 0) return null;
  const keys = keyBatch(state, batch, asked, target);
  state.services.open.requireKeptKeys(state.current, target.table.oid, target.columns, keys);
  const found = state.current.latestSnapshot().lookup(target.table.oid, target.columns,
    { columns: target.columns, keys });
  const present = presentKeys(found, target.columns.length);
  const places = target.columns.map((_, i) => i);
  for (let i = 0; i < keys.length; i++) {
    const text = rowKey(keys, places, i);
    if (text === null || (present.get(text) ?? 0) <= 0) return asked.rows[i];
  }
  return null;
}

function presentKeys(found: Delta, width: number): ReadonlyMap<string, number> {
  const places = Array.from({ length: width }, (_, i) => i);
  const out = new Map<string, number>();
  for (let i = 0; i < found.length; i++) {
    const text = rowKey(found.batch, places, i);
    if (text !== null) out.set(text, (out.get(text) ?? 0) + found.weights[i]);
  }
  return out;
}

/** Keys of some rows, as the other table's types. */
function keyBatch(
  state: SessionState, batch: Batch, asked: { readonly columns: readonly number[]; readonly rows: readonly number[] },
  target: { readonly table: TableEntry; readonly columns: readonly number[] },
): Batch {
  const taken = batch.select(asked.columns).take(Int32Array.from(asked.rows));
  const columns = taken.columns.map((v, i) => castVector(state, v, target.table.columns[target.columns[i]].type));
  return new Batch(columns, taken.length);
}

/** What becomes of rows that refer to keys that are gone. */
export interface Consequence {
  readonly table: TableEntry;
  readonly removed: Batch;
  readonly added: Batch | null;
}

/**
 * After rows of `parent` were removed (and perhaps others added): 23503 for keys that are still referenced, or what
 * the constraints' actions do to the rows that refer to them. Each is to be done before the next is asked for: several
 * constraints may change the same row.
 */
export function* consequences(
  state: SessionState, parent: TableEntry, change: { readonly removed: Batch; readonly added: Batch | null },
): Iterable<Consequence> {
  for (const { constraint, child } of referencesTo(state, parent.oid)) {
    const parentColumns = constraint.targetColumns.map((a) => a - 1);
    const gone = goneRows(state, change, parentColumns);
    const wanted = change.added === null ? constraint.onDelete : constraint.onUpdate;
    // Actions are never put off.
    if (gone.length > 0 && wanted === 'no action' && state.current.deferral.isDeferred(constraint)) {
      checkParentLater(state, parent, { constraint, child }, { batch: change.removed, rows: gone });
      continue;
    }
    const missing = gone.length === 0 ? []
      : stillMissing(state, parent, parentColumns, { batch: change.removed, rows: gone });
    if (missing.length === 0) continue;
    const isAction = wanted !== 'no action' && wanted !== 'restrict';
    const rows = referring(state, { constraint, child }, { batch: change.removed, rows: missing }, isAction);
    if (rows.length === 0) continue;
    yield act(state, { action: wanted, constraint, child, parent, rows, removed: change.removed, missing,
      added: change.added });
  }
}

/** 23503 at the end of the transaction, if these keys are then gone and referred to. */
function checkParentLater(state: SessionState, parent: TableEntry, reference: Reference, { batch, rows }: AskedRows): void {
  const { constraint, child } = reference;
  const columns = constraint.targetColumns.map((a) => a - 1);
  state.current.writes.defer({
    constraint: constraint.oid, relations: [child.oid, parent.oid], run: () => {
      const missing = stillMissing(state, parent, columns, { batch, rows });
      if (missing.length === 0) return;
      const found = referring(state, reference, { batch, rows: missing });
      if (found.length > 0) throw stillReferenced(state, { constraint, child, parent, rows: found, removed: batch, missing });
    },
  }, state.current.writes.length);
}

/** Rows whose key is in `removed` and not in `added`, one a key. */
function goneRows(
  state: SessionState, { removed, added }: { readonly removed: Batch; readonly added: Batch | null }, columns: readonly number[],
): readonly number[] {
  const gone = new Map<string, number>();
  if (added !== null && sameVectors(removed, added, columns)) return [];
  const each = (batch: Batch, take: (text: string, row: number) => void): void => {
    for (const [from, to] of stretches(batch.length)) {
      for (let row = from; row < to; row++) {
        const text = rowKey(batch, columns, row);
        if (text !== null) take(text, row);
      }
      state.checkInterrupt();
    }
  };
  each(removed, (text, row) => gone.set(text, row));
  if (added !== null) each(added, (text) => gone.delete(text));
  return [...gone.values()];
}

/** Another row of the parent may hold the same key. */
function stillMissing(
  state: SessionState, parent: TableEntry, columns: readonly number[],
  asked: { readonly batch: Batch; readonly rows: readonly number[] },
): readonly number[] {
  const keys = asked.batch.select(columns).take(Int32Array.from(asked.rows));
  const found = state.current.latestSnapshot().lookup(parent.oid, columns, { columns, keys });
  const present = presentKeys(found, columns.length);
  const places = columns.map((_, i) => i);
  return asked.rows.filter((_, i) => {
    const text = rowKey(keys, places, i);
    return text !== null && (present.get(text) ?? 0) <= 0;
  });
}

/** The whole rows of the child that refer to these keys, as often as they are there; `known`: 40001 for newer ones. */
function referring(
  state: SessionState, reference: Reference, asked: { readonly batch: Batch; readonly rows: readonly number[] }, known = false,
): Batch {
  const { constraint, child } = reference;
  const columns = constraint.columns.map((a) => a - 1);
  const keys = keyBatch(state, asked.batch, { columns: constraint.targetColumns.map((a) => a - 1), rows: asked.rows }, {
    table: child, columns,
  });
  const all = child.columns.map((_, i) => i);
  // A row that another one changes and that keeps its reference is in the way of who would change it, not of who sees it.
  state.services.open.requireSettledKeys(state.current, child.oid, { columns }, keys);
  const rows = expand(state.current.latestSnapshot().lookup(child.oid, all, { columns, keys }), child);
  if (known) requireSeen(state, child, { key: { columns }, keys, rows });
  return rows;
}

/** What a snapshot holds, as rows, each as often as it is there. */
export function expand(found: Delta, table: Pick<TableEntry, 'columns'>): Batch {
  const delta = consolidate(found);
  const rows: number[] = [];
  for (let i = 0; i < delta.length; i++) for (let n = 0; n < delta.weights[i]; n++) rows.push(i);
  if (rows.length === 0) return new Batch(table.columns.map((c) => nullVector(c.type, 0)), 0);
  return delta.batch.take(Int32Array.from(rows));
}

function act(state: SessionState, found: {
  readonly action: ForeignConstraint['onDelete']; readonly constraint: ForeignConstraint; readonly child: TableEntry;
  readonly parent: TableEntry; readonly rows: Batch; readonly removed: Batch; readonly missing: readonly number[];
  /** Of an update: the new rows, each in the place of its old one. */
  readonly added: Batch | null;
}): Consequence {
  const { action, constraint, child, rows } = found;
  switch (action) {
    case 'no action': case 'restrict': throw stillReferenced(state, found);
    case 'cascade':
      return { table: child, removed: rows, added: found.added === null ? null : withNewKeys(state, found, found.added) };
    case 'set null': case 'set default': {
      const columns = [...rows.columns];
      const set = found.added === null ? constraint.onDeleteColumns ?? constraint.columns : constraint.columns;
      for (const attnum of set) {
        columns[attnum - 1] = action === 'set null' ? nullVector(child.columns[attnum - 1].type, rows.length)
          : rulesOf(state, child).defaultVector(state, attnum - 1, rows.length);
      }
      const added = new Batch(columns, rows.length);
      const own = constraint.columns.map((a) => a - 1);
      for (let row = 0; row < rows.length; row++) {
        // The default is the very key that is going.
        if (rowKey(added, own, row) === rowKey(rows, own, row)) throw stillReferenced(state, found);
      }
      return { table: child, removed: rows, added };
    }
  }
}

/** The referring rows with the keys that the rows they refer to have now. */
function withNewKeys(state: SessionState, found: {
  readonly constraint: ForeignConstraint; readonly child: TableEntry; readonly parent: TableEntry; readonly rows: Batch;
  readonly removed: Batch; readonly missing: readonly number[];
}, added: Batch): Batch {
  const { constraint, child, parent, rows, removed, missing } = found;
  const parentColumns = constraint.targetColumns.map((a) => a - 1);
  const placeOf = new Map(missing.map((row) => [rowKey(removed, parentColumns, row), row]));
  const all = Array.from({ length: rows.length }, (_, i) => i);
  const keys = keyBatch(state, rows, { columns: constraint.columns.map((a) => a - 1), rows: all },
    { table: parent, columns: parentColumns });
  const places = parentColumns.map((_, i) => i);
  const from = Int32Array.from(all, (row) => placeOf.get(rowKey(keys, places, row)) ?? missing[0]);
  const given = added.select(parentColumns).take(from);
  const columns = [...rows.columns];
  constraint.columns.forEach((attnum, i) => {
    columns[attnum - 1] = castVector(state, given.columns[i], child.columns[attnum - 1].type);
  });
  return new Batch(columns, rows.length);
}

function stillReferenced(state: SessionState, found: {
  readonly constraint: ForeignConstraint; readonly child: TableEntry; readonly parent: TableEntry; readonly rows: Batch;
  readonly removed: Batch; readonly missing: readonly number[];
}): DatabaseError {
  const { constraint, child, parent, rows, removed, missing } = found;
  const columns = constraint.columns.map((a) => a - 1);
  const parentColumns = constraint.targetColumns.map((a) => a - 1);
  const wanted = rowKey(rows, columns, 0);
  const row = missing.find((r) => rowKey(removed, parentColumns, r) === wanted) ?? missing[0];
  return new DatabaseError('23503', `update or delete on table "${parent.name}" violates foreign key constraint `
    + `"${constraint.name}" on table "${child.name}"`, {
    detail: `${describeKey(state, parent, parentColumns, { batch: removed, row })} is still referenced from table `
      + `"${child.name}".`,
    schema: child.schema, table: child.name, constraint: constraint.name,
  });
}

function requireTable(state: SessionState, oid: number): TableEntry {
  const entry = state.catalog.get(oid);
  if (entry?.kind !== 'table') throw new DatabaseError('XX000', `table ${oid} is missing`);
  return entry;
}

/** All rows of a stored relation as the writer sees them. */
export function allRows(state: SessionState,
  table: { readonly oid: number; readonly columns: TableEntry['columns'] }): Batch {
  const columns = table.columns.map((_, i) => i);
  const parts = [...state.current.writerSnapshot().scan(table.oid, columns)];
  return expand(parts.length === 0 ? Delta.empty({ columns: table.columns }) : concatDeltas(parts), table);
}
