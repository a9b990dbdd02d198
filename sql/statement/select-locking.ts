// SELECT .. FOR UPDATE and its weaker forms: the rows a query shows are found, locked, and only then counted by LIMIT.
import { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { nullVector } from '../../engine/data/vector.ts';
import type { BoundQuery } from '../binder/level.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { FromItem, LockingClause, Query, SubqueryItem, Target } from '../parser/ast.ts';
import { compileBound } from '../planner.ts';
import { runQuery } from '../run-query.ts';
import type { SessionState } from '../session-state.ts';
import { Blocked } from '../write-conflict.ts';
import { checkLockedForm, checkLockedPlan, lockedTables, looksSimple } from './lock-clause.ts';
import type { LockedTable } from './lock-clause.ts';
import { withViewQueries } from './locked-view.ts';
import { physicalBatch, rulesOf } from './table-rules.ts';

/** Where a table's live columns are in the rows of the query. */
interface LockedRows extends LockedTable { readonly from: number }

export interface LockingQuery {
  /** As it is called in messages. */
  readonly clause: string;
  readonly bound: BoundQuery;
  readonly locked: readonly LockedRows[];
  /** Columns the client asked for. */
  readonly shown: number;
}

/** The query with the columns of what it locks; `bind`: binds a query, for a look or to run it. */
export function bindLockingQuery(
  state: SessionState, written: Query, bind: (query: Query, dry: boolean) => BoundQuery,
): LockingQuery {
  const query = withViewQueries(state, written);
  const unlocked: Query = { ...query, locking: [] };
  checkLockedForm(query);
  const plain = bind(unlocked, true);
  const { tables, pushed } = lockedTables(state, query, (inner) => isSimple(inner, bind));
  checkLockedPlan(query, plain);
  const shown = plain.columns.length;
  const bound = bind(withRows(withPushed(unlocked, pushed), tables, tables), false);
  let from = shown;
  const locked = tables.map((table): LockedRows => {
    const at = from;
    from += liveColumns(table.entry.columns).length;
    return { ...table, from: at };
  });
  return { clause: `FOR ${query.locking[0].strength.toUpperCase()}`, bound, locked, shown };
}

/** 25006 in a read-only transaction. Locks the tables against being dropped. */
export async function lockTables(session: SessionState, { clause, locked }: LockingQuery): Promise<void> {
  session.current.checkWritable(`SELECT ${clause}`);
  for (const { entry } of locked) await session.current.lock(entry.oid, 'row share', session.lockWait);
}

/** Whether its rows are rows of its tables; one that refers to its neighbours cannot be looked at by itself. */
function isSimple(query: Query, bind: (query: Query, dry: boolean) => BoundQuery): boolean {
  if (!looksSimple(query)) return false;
  try {
    checkLockedPlan({ ...query, locking: [PLAIN] }, bind(query, true));
    return true;
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    return error.code !== '0A000';
  }
}

const PLAIN: LockingClause = { strength: 'update', tables: [], wait: 'block' };

/** Subqueries that lock for themselves do. */
function withPushed(query: Query, pushed: ReadonlyMap<SubqueryItem, readonly LockingClause[]>): Query {
  const { body } = query;
  if (body.kind !== 'select' || pushed.size === 0) return query;
  const push = (item: FromItem): FromItem => {
    if (item.kind === 'join') return { ...item, left: push(item.left), right: push(item.right) };
    if (item.kind !== 'subquery') return item;
    const clauses = pushed.get(item);
    return clauses === undefined ? item
      : { ...item, query: { ...item.query, locking: [...item.query.locking, ...clauses] } };
  };
  return { ...query, body: { ...body, from: body.from.map(push) } };
}

const keyOf = (table: number): string => `*lock ${table}*`;
const columnOf = (table: number, column: number): string => `*lock ${table}.${column}*`;

/** The query with the columns of `tables`, of `all` the locked ones, behind its own, under names that nothing refers to. */
function withRows(query: Query, tables: readonly LockedTable[], all: readonly LockedTable[]): Query {
  const { body } = query;
  if (body.kind !== 'select') return query;
  const items = body.from.flatMap(leaves);
  const targets = tables.flatMap((table) => {
    const number = all.indexOf(table);
    const item = items.find((i) => holds(i, table));
    return liveColumns(table.entry.columns).map((column, c): Target => {
      const name = item?.kind === 'subquery' ? [subqueryKey(item, all), columnOf(number, c)]
        : [keyOf(number), table.item.alias?.columns[c] ?? column.name];
      return { expression: { kind: 'column', name, position: undefined }, alias: columnOf(number, c), position: undefined };
    });
  });
  const from = body.from.map((item) => withKeys(item, tables, all));
  return { ...query, body: { ...body, from, targets: [...body.targets, ...targets] } };
}

function leaves(item: FromItem): readonly FromItem[] {
  return item.kind === 'join' ? [...leaves(item.left), ...leaves(item.right)] : [item];
}

function holds(item: FromItem, table: LockedTable): boolean {
  if (item.kind !== 'subquery') return item === table.item;
  return item.query.body.kind === 'select' && item.query.body.from.flatMap(leaves).some((i) => holds(i, table));
}

/** A subquery is known by the first of the locked tables in it, or as who has added columns before does. */
function subqueryKey(item: SubqueryItem, all: readonly LockedTable[]): string {
  return item.kept?.key ?? `*lock in ${all.findIndex((table) => holds(item, table))}*`;
}

function withKeys(item: FromItem, tables: readonly LockedTable[], all: readonly LockedTable[]): FromItem {
  if (item.kind === 'join') return { ...item, left: withKeys(item.left, tables, all), right: withKeys(item.right, tables, all) };
  const own = tables.filter((table) => holds(item, table));
  if (own.length === 0) return item;
  if (item.kind === 'table') return { ...item, key: keyOf(all.indexOf(own[0])) };
  if (item.kind !== 'subquery') return item;
  const count = own.reduce((sum, { entry }) => sum + liveColumns(entry.columns).length, item.kept?.count ?? 0);
  return { ...item, query: withRows(item.query, own, all), kept: { key: subqueryKey(item, all), count } };
}

/** Finds and locks; Blocked while another transaction is in the way and the clause says to wait. */
export function lockRows(session: SessionState, query: LockingQuery, parameters: readonly Datum[]): Batch {
  const { bound, locked, shown } = query;
  const compiled = compileBound(session, bound, parameters);
  const skips = locked.some((l) => l.wait === 'skip');
  const run = {
    snapshot: session.current.writerSnapshot(), context: session.evalContext(),
    checkInterrupt: () => session.checkInterrupt(),
  };
  const reach = compiled.limit === null ? null : compiled.limit + (compiled.offset ?? 0n);
  // Rows that are skipped do not count: all of them are looked at.
  const all = skips ? compileBound(session, { ...bound, limit: null, offset: null }, parameters) : compiled;
  const found = runQuery({ ...all, offset: null, limit: skips ? null : reach }, run);
  const rows = skips ? unlocked(session, locked, found, reach) : found;
  for (const table of locked) requireRows(session, table, rows);
  for (const table of locked) session.current.rowLocks.add(table.entry.oid, table.strength, rowsOf(session, table, rows));
  const from = Math.min(Number(compiled.offset ?? 0n), rows.length);
  return rows.slice(from, rows.length).select(Array.from({ length: shown }, (_, i) => i));
}

/** The first `count` rows of which nobody holds a part. */
function unlocked(session: SessionState, locked: readonly LockedRows[], rows: Batch, count: bigint | null): Batch {
  const { current, services } = session;
  const taken = new Set<number>();
  for (const table of locked) {
    const blocked = services.open.blockers(current, table.entry.oid, table.strength, rowsOf(session, table, rows));
    for (const row of blocked.keys()) taken.add(row);
  }
  const free = Array.from({ length: rows.length }, (_, i) => i).filter((i) => !taken.has(i));
  return rows.take(Int32Array.from(count === null || count > BigInt(free.length) ? free : free.slice(0, Number(count))));
}

function requireRows(session: SessionState, table: LockedRows, rows: Batch): void {
  const { current, services } = session;
  if (rows.length === 0) return;
  const [blocker] = services.open.blockers(current, table.entry.oid, table.strength, rowsOf(session, table, rows)).values();
  if (blocker !== undefined) {
    if (table.wait !== 'error') throw new Blocked(blocker);
    throw new DatabaseError('55P03', `could not obtain lock on row in relation "${table.entry.name}"`);
  }
  current.checkConflict(table.entry.oid);
}

/** A locked table's part of the rows, as it is stored. */
function rowsOf(session: SessionState, { entry, from }: LockedRows, rows: Batch): Batch {
  const live = liveColumns(entry.columns);
  const own = rows.select(live.map((_, i) => from + i));
  const schema = { columns: entry.columns.map((c) => ({ name: c.name, type: c.type })) };
  return rulesOf(session, entry).withKeys(physicalBatch(schema, own, live.map((c) => c.attnum),
    (i) => nullVector(schema.columns[i].type, rows.length)));
}
