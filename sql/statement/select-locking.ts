// SELECT .. FOR UPDATE and its weaker forms: the rows a query shows are found, locked, and only then counted by LIMIT.
import { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { nullVector } from '../../engine/data/vector.ts';
import type { BoundQuery } from '../binder/level.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { FromItem, Query } from '../parser/ast.ts';
import { compileBound } from '../planner.ts';
import { runQuery } from '../run-query.ts';
import type { SessionState } from '../session-state.ts';
import { Blocked } from '../write-conflict.ts';
import { checkLockedForm, checkLockedPlan, lockedTables } from './lock-clause.ts';
import type { LockedTable } from './lock-clause.ts';
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
  state: SessionState, query: Query, bind: (query: Query, dry: boolean) => BoundQuery,
): LockingQuery {
  const unlocked: Query = { ...query, locking: [] };
  checkLockedForm(query);
  const plain = bind(unlocked, true);
  checkLockedPlan(query, plain);
  const tables = lockedTables(state, query);
  const shown = plain.columns.length;
  const bound = bind(withRows(unlocked, tables), false);
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

const keyOf = (table: number): string => `*lock ${table}*`;

/** The query with the locked tables' columns behind its own, under names that nothing refers to. */
function withRows(query: Query, tables: readonly LockedTable[]): Query {
  const { body } = query;
  if (body.kind !== 'select') return query;
  const more = tables.flatMap(({ entry, item }, t) => liveColumns(entry.columns).map((column, c) => ({
    expression: {
      kind: 'column', name: [keyOf(t), item.alias?.columns[c] ?? column.name], position: undefined,
    } as const,
    alias: `*lock ${t}.${c}*`, position: undefined,
  })));
  const from = body.from.map((item) => withKeys(item, tables));
  return { ...query, body: { ...body, from, targets: [...body.targets, ...more] } };
}

function withKeys(item: FromItem, tables: readonly LockedTable[]): FromItem {
  if (item.kind === 'join') return { ...item, left: withKeys(item.left, tables), right: withKeys(item.right, tables) };
  const at = tables.findIndex((table) => table.item === item);
  return at < 0 || item.kind !== 'table' ? item : { ...item, key: keyOf(at) };
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
