// ON CONFLICT: which keys decide, which rows are in the way, and what becomes of them.
import { Batch, concatBatches } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { datumAt } from '../../engine/data/access.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { stretches } from '../../engine/data/stretches.ts';
import { isVolatile } from '../../engine/expression/walk.ts';
import type { Snapshot } from '../../engine/runtime/contract.ts';
import { NetWeights } from '../../engine/state/net-weights.ts';
import { bindExpression } from '../binder/bind-expression.ts';
import { coerceAssignment, coerceBoolean } from '../binder/coercion.ts';
import type { Environment } from '../binder/environment.ts';
import type { CommonTableScope, Site } from '../binder/level.ts';
import { locationOf } from '../binder/location.ts';
import type { ScopeItem } from '../binder/scope.ts';
import type { ColumnEntry, IndexEntry, TableEntry } from '../catalog/entry.ts';
import type { Expr, OnConflict } from '../parser/ast.ts';
import { rowSite } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import { runAtOnce } from '../turns.ts';
import type { Work } from '../turns.ts';
import { resolveAssignments } from './assignment.ts';
import { inferArbiters } from './conflict-inference.ts';
import { affectedTwice, sortOut } from './conflicting-rows.ts';
import type { SortedRows } from './conflicting-rows.ts';
import { wholeRowKey } from './key-text.ts';
import type { TableWriter } from './table-writer.ts';
import { RowExpressions } from './row-expressions.ts';
import type { WriteTarget } from './updatable-view.ts';
import { emptyRows, keysOf } from './unique-check.ts';
import type { TableKey } from './unique-check.ts';

export interface BoundConflict {
  readonly action: 'nothing' | 'update';
  /** Keys whose violation is handled; violations of others are errors. */
  readonly arbiters: readonly TableKey[];
  /** All of the table, when these were found among them. */
  readonly indexes: readonly IndexEntry[];
  /** Set to `values`, over [existing row .., excluded row ..]. */
  readonly columns: readonly ColumnEntry[];
  readonly values: RowExpressions | null;
  /** Set to DEFAULT. */
  readonly defaults: readonly ColumnEntry[];
  readonly where: RowExpressions | null;
  /** What is set is part of a key, or may be. */
  readonly movesKeys: boolean;
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
  return {
    ...action, arbiters, indexes: state.catalog.indexesOf(table.oid),
    movesKeys: movesKeys(state, table, [...action.columns, ...action.defaults]),
  };
}

function movesKeys(state: SessionState, table: TableEntry, set: readonly ColumnEntry[]): boolean {
  const moved = ({ attnum, generated, hidden }: ColumnEntry): boolean => (
    generated || hidden === true || set.some((column) => column.attnum === attnum));
  return set.length > 0 && keysOf(state, table).some((key) => key.columns.some((c) => moved(table.columns[c])));
}

const itemsOf = ({ through, table, alias, clause }: ConflictSite): readonly ScopeItem[] => [
  through.item({ alias }),
  ...clause.action === 'update' ? [through.item({ alias: 'excluded', from: table.columns.length })] : [],
];

function bindConflictAction(env: Environment, insert: ConflictSite): Omit<BoundConflict, 'arbiters' | 'indexes' | 'movesKeys'> {
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
  /** What subqueries see. */
  readonly before: Snapshot | null;
}

/** What subqueries of DO UPDATE see: the moment when the statement begins. To be asked for then. */
export function conflictSnapshot(state: SessionState, conflict: BoundConflict | null): Snapshot | null {
  return conflict !== null && parts(conflict).some((part) => part.reads) ? state.current.snapshot() : null;
}

function parts({ values, where }: BoundConflict): readonly RowExpressions[] {
  return [values, where].filter((part) => part !== null);
}

/** Writes the rows; gives those inserted or updated, for RETURNING. */
export function* writeWithConflicts(
  state: SessionState, writer: TableWriter, conflict: BoundConflict, proposed: Proposed,
): Work<Batch> {
  const { current, signal } = state;
  for (const part of parts(conflict)) part.plan(state, proposed.parameters);
  yield* writer.rules.check(state, proposed.rows);
  // What is not to be done twice is done of rows that stay what they are.
  if (parts(conflict).some((part) => part.reads || part.expressions.some(isVolatile))) current.settle();
  const mark = current.writes.length;
  try {
    return yield* writeTogether(state, writer, conflict, proposed);
  } catch (error) {
    signal.throwIfAborted();
    if (!conflict.movesKeys || !(error instanceof DatabaseError) || !['21000', '23505'].includes(error.code)) throw error;
    // Perhaps a row has given a key to one that is proposed after it.
    current.settle();
    current.writes.truncate(mark);
    return writeOneByOne(state, writer, conflict, proposed);
  }
}

/** What is there is looked at in turns with others; where they have changed it meanwhile, it is looked at anew. */
function* writeTogether(
  state: SessionState, writer: TableWriter, conflict: BoundConflict, proposed: Proposed,
): Work<Batch> {
  const { current, services, signal } = state;
  const begun = services.queued;
  const stale = (): boolean => current.settle() && services.changedSince(writer.table.oid, begun, 'any');
  let write: (() => Batch) | null = null;
  try {
    write = yield* prepared(state, writer, conflict, proposed);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DatabaseError) || !stale()) throw error;
  }
  if (write === null || stale()) {
    write = runAtOnce(prepared(state, writer, conflict, proposed), () => state.checkInterrupt());
  }
  return write();
}

/** All but the writing, which it gives. */
function* prepared(
  state: SessionState, writer: TableWriter, conflict: BoundConflict, proposed: Proposed,
): Work<() => Batch> {
  const sorted = yield* sortOut(state, writer.table, conflict, proposed.rows);
  const fresh = proposed.rows.take(sorted.fresh);
  const { old, next, rows, left } = yield* updates(state, writer, conflict, { sorted, proposed });
  const written = (): Batch => inOrder(fresh, next, mergeOrder(sorted.fresh, rows));
  if (conflict.movesKeys) {
    // Rows that go in and rows that are changed may come to have the same key.
    return () => {
      runAtOnce(writer.insert(fresh), () => state.checkInterrupt());
      runAtOnce(writer.replace(old, next), () => state.checkInterrupt());
      lockLeft(state, writer.table, conflict, left);
      return written();
    };
  }
  const insert = yield* writer.inserting(fresh);
  const replace = yield* writer.replacing(old, next);
  return () => {
    insert();
    replace();
    lockLeft(state, writer.table, conflict, left);
    return written();
  };
}

/** As PostgreSQL does it: each row is proposed when those before it are written. */
function writeOneByOne(state: SessionState, writer: TableWriter, conflict: BoundConflict, proposed: Proposed): Batch {
  const interrupt = (): void => state.checkInterrupt();
  const affected = new Set<string>();
  const written: Batch[] = [emptyRows(writer.table)];
  for (let row = 0; row < proposed.rows.length; row++) {
    const one = { ...proposed, rows: proposed.rows.slice(row, row + 1) };
    const sorted = runAtOnce(sortOut(state, writer.table, conflict, one.rows), interrupt);
    if (sorted.blocked.length > 0 && affected.has(wholeRowKey(sorted.existing, 0))) throw affectedTwice();
    const { old, next, left } = runAtOnce(updates(state, writer, conflict, { sorted, proposed: one }), interrupt);
    lockLeft(state, writer.table, conflict, left);
    const done = sorted.fresh.length > 0 ? one.rows : next;
    if (sorted.fresh.length > 0) runAtOnce(writer.insert(done), interrupt);
    else runAtOnce(writer.replace(old, done), interrupt);
    if (done.length > 0) affected.add(wholeRowKey(done, 0));
    written.push(done);
  }
  return concatBatches(written);
}

/** Rows that WHERE has left alone are locked as if they had been changed. */
function lockLeft(state: SessionState, { oid }: TableEntry, { movesKeys: keys }: BoundConflict, left: Batch): void {
  const { current, services } = state;
  const strength = keys ? 'update' : 'no key update';
  services.open.requireFreeRows(current, oid, strength, left);
  current.rowLocks.add(oid, strength, left);
}

/** The blocked rows' updates, but for those that WHERE leaves alone. `rows`: the proposed ones that they are for. */
function* updates(
  state: SessionState, writer: TableWriter, conflict: BoundConflict,
  { sorted, proposed }: { readonly sorted: SortedRows; readonly proposed: Proposed },
): Work<{ readonly old: Batch; readonly next: Batch; readonly rows: Int32Array; readonly left: Batch }> {
  const { blocked, blockers, existing } = sorted;
  const updated = writtenByOthers(state, writer.table, existing);
  const kept = new Int32Array(blocked.length);
  const values: Batch[] = [];
  let n = 0;
  for (const [from, to] of stretches(blocked.length)) {
    const both = (picked: Int32Array): Batch => new Batch([
      ...existing.take(picked.map((i) => blockers[i])).columns,
      ...proposed.rows.take(picked.map((i) => blocked[i])).columns,
    ], picked.length);
    const all = Int32Array.from({ length: to - from }, (_, i) => from + i);
    const verdict = conflict.where === null ? null : conflict.where.evaluate(state, both(all), {
      parameters: proposed.parameters, snapshot: proposed.before,
    })[0];
    const begin = n;
    for (let i = from; i < to; i++) {
      // A row that the statement has written cannot be in the way again; one that WHERE left alone can.
      if (updated[blockers[i]] === 1) throw affectedTwice();
      if (verdict !== null && datumAt(verdict, i - from) !== true) continue;
      updated[blockers[i]] = 1;
      kept[n++] = i;
    }
    values.push(new Batch(conflict.values?.evaluate(state, both(kept.subarray(begin, n)), {
      parameters: proposed.parameters, snapshot: proposed.before,
    }) ?? [], n - begin));
    yield true;
  }
  const picked = kept.subarray(0, n);
  const old = existing.take(picked.map((i) => blockers[i]));
  const columns = [...old.columns];
  const set = concatBatches(values);
  conflict.columns.forEach(({ attnum }, i) => {
    columns[attnum - 1] = set.columns[i];
  });
  for (const { attnum } of conflict.defaults) columns[attnum - 1] = writer.rules.defaultVector(state, attnum - 1, n);
  return {
    old, next: yield* writer.rules.generated(state, new Batch(columns, n)), rows: picked.map((i) => blocked[i]),
    left: existing.take(Int32Array.from(updated.keys()).filter((i) => updated[i] === 0)),
  };
}

/** Of the rows, 1 for those that other parts of the statement have written. */
function writtenByOthers({ current }: SessionState, { oid }: TableEntry, rows: Batch): Uint8Array {
  const out = new Uint8Array(rows.length);
  if (rows.length === 0) return out;
  for (const { batch, weights } of current.hiddenWrites(oid)) {
    const net = new NetWeights(batch.columns, 'exact', 'group');
    net.add(batch.columns, weights.map((weight) => Math.max(weight, 0)), 1);
    net.find(rows.columns, rows.length).subarray(0, rows.length).forEach((slot, row) => {
      if (slot >= 0 && net.net(slot) > 0) out[row] = 1;
    });
  }
  return out;
}

/** Of rows that are numbered by the one and the other, both ascending: their places among all, in order. */
function mergeOrder(fresh: Int32Array, updated: Int32Array): Int32Array {
  const order = new Int32Array(fresh.length + updated.length);
  let a = 0;
  let b = 0;
  for (let n = 0; n < order.length; n++) {
    const isFresh = b === updated.length || (a < fresh.length && fresh[a] < updated[b]);
    order[n] = isFresh ? a++ : fresh.length + b++;
  }
  return order;
}

/** Inserted and updated rows in the order of the proposed ones. */
function inOrder(fresh: Batch, updated: Batch, order: Int32Array): Batch {
  if (updated.length === 0) return fresh;
  return fresh.length === 0 ? updated : concatBatches([fresh, updated]).take(order);
}
