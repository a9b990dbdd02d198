// ON CONFLICT: which keys decide, which rows are in the way, and what becomes of them.
import { Batch, concatBatches } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { datumAt } from '../../engine/data/access.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { bindExpression } from '../binder/bind-expression.ts';
import { coerceAssignment, coerceBoolean } from '../binder/coercion.ts';
import type { Environment } from '../binder/environment.ts';
import type { CommonTableScope, Site } from '../binder/level.ts';
import { locationOf } from '../binder/location.ts';
import type { ScopeItem } from '../binder/scope.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import type { Expr, OnConflict } from '../parser/ast.ts';
import { rowSite } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import type { Work } from '../turns.ts';
import { resolveAssignments } from './assignment.ts';
import { inferArbiters } from './conflict-inference.ts';
import { expand } from './foreign-key.ts';
import { rowKey } from './key-text.ts';
import type { TableWriter } from './table-writer.ts';
import { RowExpressions } from './row-expressions.ts';
import type { WriteTarget } from './updatable-view.ts';
import { emptyRows, keyLookup } from './unique-check.ts';
import type { TableKey } from './unique-check.ts';

export interface BoundConflict {
  readonly action: 'nothing' | 'update';
  /** Keys whose violation is handled; violations of others are errors. */
  readonly arbiters: readonly TableKey[];
  /** Set to `values`, over [existing row .., excluded row ..]. */
  readonly columns: readonly ColumnEntry[];
  readonly values: RowExpressions | null;
  /** Set to DEFAULT. */
  readonly defaults: readonly ColumnEntry[];
  readonly where: RowExpressions | null;
}

interface ConflictSite {
  readonly through: WriteTarget;
  readonly table: TableEntry;
  readonly alias: string | undefined;
  readonly clause: OnConflict;
  readonly commonTables: CommonTableScope | null;
}

export function bindConflict(env: Environment, state: SessionState, insert: ConflictSite): BoundConflict {
  const { table, clause } = insert;
  const matching = inferArbiters(env, state, { table, clause, items: itemsOf(insert) });
  const action = bindConflictAction(env, insert);
  const arbiters = matching();
  if (arbiters.some((a) => a.constraint?.deferrable === true)) {
    throw new DatabaseError('55000',
      'ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters');
  }
  return { ...action, arbiters };
}

const itemsOf = ({ through, table, alias, clause }: ConflictSite): readonly ScopeItem[] => [
  through.item({ alias }),
  ...clause.action === 'update' ? [through.item({ alias: 'excluded', from: table.columns.length })] : [],
];

function bindConflictAction(env: Environment, insert: ConflictSite): Omit<BoundConflict, 'arbiters'> {
  const { through, alias, clause, commonTables } = insert;
  if (clause.action === 'nothing') return { action: 'nothing', columns: [], values: null, defaults: [], where: null };
  const set = resolveAssignments(through.seen, clause.set, alias);
  through.requireColumns(set.map((a) => a.column), 'update');
  const given = set.flatMap(({ column, value }) => (value === null ? [] : [{ column, value }]));
  const site = rowSite(env, itemsOf(insert), { phrase: 'UPDATE' }, commonTables);
  const values = given.map(({ column, value }) =>
    coerceAssignment(env, bindExpression(value, site), column, locationOf(value)));
  return {
    action: 'update', columns: given.map((a) => a.column), defaults: set.filter((a) => a.value === null).map((a) => a.column),
    values: new RowExpressions(site, values),
    where: clause.where === undefined ? null
      : bindWhere(rowSite(env, itemsOf(insert), { phrase: 'WHERE' }, commonTables), clause.where),
  };
}

function bindWhere(site: Site, where: Expr): RowExpressions {
  const bound = coerceBoolean(site.env, bindExpression(where, site), 'WHERE', locationOf(where));
  return new RowExpressions(site, [bound]);
}

/** As EXPLAIN shows it. */
export function conflictDetails({ action, arbiters }: BoundConflict): readonly string[] {
  return [
    `Conflict Resolution: ${action.toUpperCase()}`,
    ...(arbiters.length === 0 ? [] : [`Conflict Arbiter Indexes: ${arbiters.map((a) => a.name).join(', ')}`]),
  ];
}

interface Proposed {
  readonly rows: Batch;
  readonly parameters: readonly Datum[];
}

/** Writes the rows; gives those inserted or updated, for RETURNING. */
export function* writeWithConflicts(
  state: SessionState, writer: TableWriter, conflict: BoundConflict, proposed: Proposed,
): Work<Batch> {
  const { rows } = proposed;
  yield* writer.rules.check(state, rows);
  // Which rows are in the way is looked up once.
  state.current.settle();
  const plan = sortOut(state, writer.table, conflict, rows);
  const fresh = rows.take(Int32Array.from(plan.fresh));
  if (conflict.action === 'nothing') {
    yield* writer.insert(fresh);
    return fresh;
  }
  const updated = update(state, writer, conflict, { ...plan, proposed });
  yield* writer.insert(fresh);
  yield* writer.replace(updated.old, updated.next);
  return inOrder(plan, { fresh, updated: updated.next, kept: updated.kept }, writer.table);
}

interface Sorted {
  /** Rows that go in. */
  readonly fresh: readonly number[];
  /** Rows in whose way `existing` (same place) stands. */
  readonly blocked: readonly number[];
  readonly existing: Batch;
  /** Which stored row each of them is: equal texts for the same one. */
  readonly stored: readonly string[];
}

function sortOut(state: SessionState, table: TableEntry, conflict: BoundConflict, rows: Batch): Sorted {
  const fresh: number[] = [];
  const blocked: number[] = [];
  const existingRows: Batch[] = [];
  const stored: string[] = [];
  const found = conflict.arbiters.map((key) => existingByKey(state, table, key, rows));
  const taken = conflict.arbiters.map(() => new Set<string>());
  for (let row = 0; row < rows.length; row++) {
    let inTheWay: { readonly batch: Batch; readonly row: number } | null = null;
    let own = false;
    let place = '';
    const keys = conflict.arbiters.map((key) => rowKey(rows, key.columns, row, key.nulls));
    keys.forEach((text, k) => {
      if (text === null) return;
      if (taken[k].has(text)) own = true;
      const blocks = found[k].get(text);
      if (inTheWay !== null || blocks === undefined) return;
      inTheWay = blocks;
      place = `${k} ${text}`;
    });
    if (own && conflict.action === 'update') throw twice();
    const blocker: { readonly batch: Batch; readonly row: number } | null = inTheWay;
    if (blocker === null && own) continue;
    keys.forEach((text, k) => {
      if (text !== null && blocker === null) taken[k].add(text);
    });
    if (blocker === null) fresh.push(row);
    else if (conflict.action === 'update') {
      blocked.push(row);
      existingRows.push(sliceOf(blocker));
      stored.push(place);
    }
  }
  return { fresh, blocked, stored, existing: existingRows.length === 0 ? emptyRows(table) : concatBatches(existingRows) };
}

function sliceOf(at: { readonly batch: Batch; readonly row: number }): Batch {
  return at.batch.take(Int32Array.of(at.row));
}

function twice(): DatabaseError {
  return new DatabaseError('21000', 'ON CONFLICT DO UPDATE command cannot affect row a second time', {
    hint: 'Ensure that no rows proposed for insertion within the same command have duplicate constrained values.',
  });
}

function existingByKey(
  state: SessionState, table: TableEntry, key: TableKey, rows: Batch,
): ReadonlyMap<string, { readonly batch: Batch; readonly row: number }> {
  const asked = new Map<string, number>();
  for (let row = 0; row < rows.length; row++) {
    const text = rowKey(rows, key.columns, row, key.nulls);
    if (text !== null && !asked.has(text)) asked.set(text, row);
  }
  const out = new Map<string, { readonly batch: Batch; readonly row: number }>();
  if (asked.size === 0) return out;
  const keys = rows.select(key.columns).take(Int32Array.from(asked.values()));
  const all = table.columns.map((_, i) => i);
  const { current, services } = state;
  services.open.requireFreeKeys(current, table.oid, key, keys);
  const batch = expand(current.latestSnapshot().lookup(table.oid, all, keyLookup(key, keys)), table);
  // A row that came after the transaction's snapshot cannot be updated by it, nor left alone as if it had been seen.
  if (current.fixedSnapshot && batch.length > 0) current.checkSeen(table.oid);
  for (let row = 0; row < batch.length; row++) {
    const text = rowKey(batch, key.columns, row, key.nulls);
    if (text !== null) out.set(text, { batch, row });
  }
  return out;
}

/** The blocked rows' updates, but for those that WHERE leaves alone. `kept`: which of them were done. */
function update(
  state: SessionState, writer: TableWriter, conflict: BoundConflict, plan: Sorted & { readonly proposed: Proposed },
): { readonly old: Batch; readonly next: Batch; readonly kept: readonly number[] } {
  const { proposed, blocked, existing } = plan;
  const excluded = proposed.rows.take(Int32Array.from(blocked));
  const both = new Batch([...existing.columns, ...excluded.columns], blocked.length);
  const kept = passing(state, conflict, both, proposed.parameters);
  refuseSecond(plan.stored, kept);
  const pick = Int32Array.from(kept);
  const old = existing.take(pick);
  const input = both.take(pick);
  const columns = [...old.columns];
  const values = conflict.values?.evaluate(state, input, { parameters: proposed.parameters, snapshot: null }) ?? [];
  conflict.columns.forEach(({ attnum }, i) => {
    columns[attnum - 1] = values[i];
  });
  for (const { attnum } of conflict.defaults) columns[attnum - 1] = writer.rules.defaultVector(state, attnum - 1, old.length);
  return { old, next: writer.rules.generate(state, new Batch(columns, old.length)), kept };
}

/** A row that the statement has updated cannot be in the way again; one that WHERE left alone can. */
function refuseSecond(stored: readonly string[], kept: readonly number[]): void {
  const updating = new Set(kept);
  const updated = new Set<string>();
  stored.forEach((row, i) => {
    if (updated.has(row)) throw twice();
    if (updating.has(i)) updated.add(row);
  });
}

function passing(
  state: SessionState, conflict: BoundConflict, both: Batch, parameters: readonly Datum[],
): readonly number[] {
  const all = Array.from({ length: both.length }, (_, i) => i);
  if (conflict.where === null || both.length === 0) return all;
  const [verdict] = conflict.where.evaluate(state, both, { parameters, snapshot: null });
  return all.filter((i) => datumAt(verdict, i) === true);
}

/** Inserted and updated rows in the order of the proposed ones. */
function inOrder(
  plan: Sorted, written: { readonly fresh: Batch; readonly updated: Batch; readonly kept: readonly number[] },
  table: TableEntry,
): Batch {
  const all = [written.fresh, written.updated].filter((b) => b.length > 0);
  if (all.length === 0) return emptyRows(table);
  const places = [...plan.fresh, ...written.kept.map((k) => plan.blocked[k])];
  const order = places.map((place, i) => ({ place, i })).toSorted((a, b) => a.place - b.place);
  return concatBatches(all).take(Int32Array.from(order, (o) => o.i));
}
