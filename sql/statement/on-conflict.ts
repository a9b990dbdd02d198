// ON CONFLICT: which keys decide, which rows are in the way, and what becomes of them.
import { Batch, concatBatches } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { datumAt } from '../../engine/data/access.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { compileExpression } from '../../engine/expression/evaluate.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Environment } from '../binder/environment.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import type { OnConflict } from '../parser/ast.ts';
import { bindAssignment, bindPredicate, rowScopeItem, rowSite, withParameters } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import { requireColumn, resolveAssignments } from './assignment.ts';
import { parseExpression } from '../parser/parse.ts';
import { conjuncts } from '../binder/functions.ts';
import { sameComputation } from '../plan/same-expression.ts';
import { bindIndexExpression, bindIndexPredicate } from './index-expression.ts';
import { expand } from './foreign-key.ts';
import { rowKey } from './key-text.ts';
import type { TableWriter } from './table-writer.ts';
import { emptyRows, keysOf } from './unique-check.ts';
import type { TableKey } from './unique-check.ts';

export interface BoundConflict {
  readonly action: 'nothing' | 'update';
  /** Keys whose violation is handled; violations of others are errors. */
  readonly arbiters: readonly TableKey[];
  /** Over [existing row .., excluded row ..]; null: DEFAULT. */
  readonly set: readonly { readonly column: ColumnEntry; readonly value: Expression | null }[];
  readonly where: Expression | null;
}

export function bindConflict(env: Environment, state: SessionState, insert: {
  readonly table: TableEntry; readonly alias: string | undefined; readonly clause: OnConflict;
}): BoundConflict {
  const { table, alias, clause } = insert;
  const arbiters = inferArbiters(state, table, clause);
  if (arbiters.some((a) => a.constraint?.deferrable === true)) {
    throw new DatabaseError('55000',
      'ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters');
  }
  if (clause.action === 'nothing') return { action: 'nothing', arbiters, set: [], where: null };
  const site = rowSite(env, [
    rowScopeItem(table, { alias }), rowScopeItem(table, { alias: 'excluded', from: table.columns.length }),
  ], { phrase: 'UPDATE' });
  const set = resolveAssignments(table, clause.set, alias).map(({ column, value }) => ({
    column, value: value === null ? null : bindAssignment(site, value, column),
  }));
  const where = clause.where === undefined ? null : bindPredicate(site, clause.where, 'WHERE');
  return { action: 'update', arbiters, set, where };
}

/** As EXPLAIN shows it. */
export function conflictDetails({ action, arbiters }: BoundConflict): readonly string[] {
  return [
    `Conflict Resolution: ${action.toUpperCase()}`,
    ...(arbiters.length === 0 ? [] : [`Conflict Arbiter Indexes: ${arbiters.map((a) => a.name).join(', ')}`]),
  ];
}

function inferArbiters(state: SessionState, table: TableEntry, clause: OnConflict): readonly TableKey[] {
  const keys = keysOf(state, table);
  const { target } = clause;
  if (target === undefined) {
    if (clause.action === 'nothing') return keys;
    throw new DatabaseError('42601', 'ON CONFLICT DO UPDATE requires inference specification or constraint name', {
      position: clause.position, hint: 'For example, ON CONFLICT (column_name).',
    });
  }
  if (target.constraint !== undefined) {
    const named = table.constraints.find((c) => c.name === target.constraint);
    const key = keys.find((k) => k.name === target.constraint);
    if (named === undefined || key === undefined) {
      throw new DatabaseError('42704', `constraint "${target.constraint}" for table "${table.name}" does not exist`);
    }
    return [key];
  }
  const found = matchingKeys(state, table, keys, target);
  if (found.length > 0) return found;
  throw new DatabaseError('42P10',
    'there is no unique or exclusion constraint matching the ON CONFLICT specification');
}

/** Unique keys over just these columns and expressions, whose rows are all among those of the WHERE clause. */
function matchingKeys(
  state: SessionState, table: TableEntry, keys: readonly TableKey[], target: NonNullable<OnConflict['target']>,
): readonly TableKey[] {
  const columns = new Set<number>();
  const expressions: Expression[] = [];
  for (const e of target.elements) {
    if (e.column !== undefined) columns.add(requireConflictColumn(table, e.column, e.position).attnum);
    else if (e.expression !== undefined) expressions.push(bindIndexExpression(state, table, e.expression));
  }
  const given = target.where === undefined ? [] : conjuncts(bindIndexPredicate(state, table, target.where));
  const read = (text: string): Expression => bindIndexExpression(state, table, parseExpression(text));
  return keys.filter((key) => {
    const own = key.definition;
    const plain = own === undefined ? key.columns.map((c) => c + 1) : own.plain.filter((c) => c > 0);
    const texts = own?.elements.filter((text) => text !== null) ?? [];
    const predicate = own === undefined || own.where === null ? []
      : conjuncts(bindIndexPredicate(state, table, parseExpression(own.where)));
    return plain.length === columns.size && plain.every((c) => columns.has(c))
      && texts.every((text) => expressions.some((e) => sameComputation(e, read(text))))
      && expressions.every((e) => texts.some((text) => sameComputation(e, read(text))))
      && predicate.every((p) => given.some((g) => sameComputation(g, p)));
  });
}

function requireConflictColumn(table: TableEntry, name: string, position: number | undefined): ColumnEntry {
  const column = table.columns.find((c) => c.name === name && !c.dropped);
  if (column === undefined) throw new DatabaseError('42703', `column "${name}" does not exist`, { position });
  return requireColumn(table, name, position);
}

interface Proposed {
  readonly rows: Batch;
  readonly parameters: readonly Datum[];
}

/** Writes the rows; gives those inserted or updated, for RETURNING. */
export function writeWithConflicts(
  state: SessionState, writer: TableWriter, conflict: BoundConflict, proposed: Proposed,
): Batch {
  const { rows } = proposed;
  writer.rules.check(state, rows);
  const plan = sortOut(state, writer.table, conflict, rows);
  const fresh = rows.take(Int32Array.from(plan.fresh));
  if (conflict.action === 'nothing') {
    writer.insert(fresh);
    return fresh;
  }
  const updated = update(state, writer, conflict, { ...plan, proposed });
  writer.insert(fresh);
  writer.replace(updated.old, updated.next);
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
    const keys = conflict.arbiters.map((key) => rowKey(rows, key.columns, row));
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
    const text = rowKey(rows, key.columns, row);
    if (text !== null && !asked.has(text)) asked.set(text, row);
  }
  const out = new Map<string, { readonly batch: Batch; readonly row: number }>();
  if (asked.size === 0) return out;
  const keys = rows.select(key.columns).take(Int32Array.from(asked.values()));
  const all = table.columns.map((_, i) => i);
  const { current, services } = state;
  services.open.requireFreeKeys(current, table.oid, key.columns, keys);
  const batch = expand(current.latestSnapshot().lookup(table.oid, all, { columns: key.columns, keys }), table);
  // A row that came after the transaction's snapshot cannot be updated by it, nor left alone as if it had been seen.
  if (current.fixedSnapshot && batch.length > 0) current.checkSeen(table.oid);
  for (let row = 0; row < batch.length; row++) {
    const text = rowKey(batch, key.columns, row);
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
  for (const { column, value } of conflict.set) {
    columns[column.attnum - 1] = value === null ? writer.rules.defaultVector(state, column.attnum - 1, old.length)
      : compileExpression(withParameters(value, proposed.parameters)).evaluate(input, state.evalContext());
  }
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
  const verdict = compileExpression(withParameters(conflict.where, parameters)).evaluate(both, state.evalContext());
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
