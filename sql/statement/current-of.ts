// WHERE CURRENT OF: a cursor knows the table rows its rows come from; UPDATE and DELETE find the one it stands on.
import { datumAt } from '../../engine/data/access.ts';
import type { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { formatTypeName } from '../../engine/data/type-info.ts';
import type { Vector } from '../../engine/data/vector.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import type { DeclareCursor } from '../parser/ast-statement.ts';
import type { Expr, FromItem, LockingClause, Query, TableItem } from '../parser/ast.ts';
import type { CursorPortal } from '../portal.ts';
import type { SessionState } from '../session-state.ts';
import type { FoundRows } from './change-query.ts';
import { qualified } from './naming.ts';

/** A cursor's query that gives, behind its own columns, the rows of these tables (by OID) as records. */
export interface TracedQuery {
  readonly query: Query;
  readonly tables: readonly number[];
  /** FOR UPDATE or its like: only what it names can be changed, but the query may be of any form. */
  readonly locking: boolean;
}

/** What a cursor keeps of it. */
export interface CursorRows {
  readonly locking: boolean;
  readonly tables: readonly { readonly table: number; readonly rows: Vector; readonly changed: Map<number, Datum> }[];
}

/** null: PostgreSQL would not find the table's rows in it. */
export function tracedQuery(state: SessionState, { query }: DeclareCursor): TracedQuery | null {
  if (query.kind !== 'query' || query.body.kind !== 'select') return null;
  const { body, locking } = query;
  const locked = locking.length > 0;
  const simple = body.distinct === undefined && body.groupBy.length === 0 && !body.groupByAll && body.having === undefined
    && body.into === undefined && body.qualify === undefined
    && (locked || (query.orderBy.length === 0 && body.from.length === 1));
  if (!simple) return null;
  const named = new Set(query.with?.tables.map((t) => t.name));
  const items = body.from.flatMap((item) => (locked ? tablesIn(item) : item.kind === 'table' ? [item] : []))
    .filter((item) => locking.length === 0 || isLocked(item, locking));
  const found = items.flatMap((item) => {
    if (named.has(item.relation.name)) return [];
    const table = state.catalog.findRelation(qualified(item.relation), state.searchPath);
    return table?.kind === 'table' ? [{ table: table.oid, label: labelOf(item) }] : [];
  });
  const targets = found.map(({ label }) => ({
    expression: {
      kind: 'row', explicit: true, position: undefined,
      fields: [{ kind: 'star', qualifier: [label], exclude: [], position: undefined }],
    } as const,
    alias: undefined, position: undefined,
  }));
  return {
    query: { ...query, body: { ...body, targets: [...body.targets, ...targets] } }, tables: found.map((f) => f.table),
    locking: locked,
  };
}

function tablesIn(item: FromItem): readonly TableItem[] {
  if (item.kind === 'table') return [item];
  return item.kind === 'join' && item.alias === undefined ? [...tablesIn(item.left), ...tablesIn(item.right)] : [];
}

const labelOf = (item: TableItem): string => item.alias?.name ?? item.relation.name;

function isLocked(item: TableItem, locking: readonly LockingClause[]): boolean {
  return locking.some(({ tables }) => tables.length === 0 || tables.some((t) => t.name === labelOf(item)));
}

/** The row that WHERE CURRENT OF means. */
export interface CurrentRow {
  readonly where: Expr;
  /** One of the rows found: without a primary key several may be alike. */
  readonly narrow: (state: SessionState, found: FoundRows) => FoundRows;
  /** After it was written: what it is now; null: gone. */
  readonly changed: (state: SessionState, now: Datum) => void;
}

/** null: the condition is another one. 24000 where the cursor stands on no row of the table. */
export function currentRow(
  state: SessionState, table: TableEntry, statement: { readonly where: Expr | undefined; readonly alias: string | undefined },
): CurrentRow | null {
  const { where, alias = table.name } = statement;
  if (where?.kind !== 'currentOf') return null;
  const portal = requirePortal(state, where.cursor);
  const { rows, changed } = traced(portal, table);
  if (portal.position < 1 || portal.position > portal.rows.length) {
    throw invalid(`cursor "${where.cursor}" is not positioned on a row`);
  }
  const place = portal.position - 1;
  const row = changed.has(place) ? changed.get(place) ?? null : datumAt(rows, place);
  const key = table.constraints.find((c) => c.kind === 'primary')?.columns ?? null;
  return {
    where: conditionOf(table, row, { alias, key }),
    narrow: (session, found) => {
      const lost = found.old.length === 0 && row !== null && key === null && session.current.writes.touches(table.oid);
      if (lost) throw notSupported('WHERE CURRENT OF a row changed since, of a table without a primary key');
      if (found.old.length < 2) return found;
      const first = Int32Array.of(0);
      return { old: found.old.take(first), values: found.values.take(first), others: found.others.take(first) };
    },
    changed: (session, now) => {
      const before = changed.get(place);
      const known = changed.has(place);
      session.current.undo.add(() => {
        if (known) changed.set(place, before ?? null);
        else changed.delete(place);
      });
      changed.set(place, now);
    },
  };
}

const invalid = (message: string): DatabaseError => new DatabaseError('24000', message);

function requirePortal(state: SessionState, name: string): CursorPortal {
  const portal = state.portals.get(name);
  if (portal === undefined) throw new DatabaseError('34000', `cursor "${name}" does not exist`);
  if (portal.kind !== 'cursor') throw invalid(`cursor "${name}" is not a SELECT query`);
  if (portal.committed) throw invalid(`cursor "${name}" is held from a previous transaction`);
  return portal;
}

function traced(portal: CursorPortal, table: TableEntry): CursorRows['tables'][number] {
  const { name } = portal.options;
  const { source } = portal;
  const own = source?.tables.filter((t) => t.table === table.oid) ?? [];
  if (source?.locking === true) {
    if (own.length > 1) throw invalid(`cursor "${name}" has multiple FOR UPDATE/SHARE references to table "${table.name}"`);
    if (own.length === 0) {
      throw invalid(`cursor "${name}" does not have a FOR UPDATE/SHARE reference to table "${table.name}"`);
    }
  }
  if (own.length === 0) throw invalid(`cursor "${name}" is not a simply updatable scan of table "${table.name}"`);
  return own[0];
}

/** By the primary key, else by all there is in the row. */
function conditionOf(
  table: TableEntry, row: Datum, { alias, key }: { readonly alias: string; readonly key: readonly number[] | null },
): Expr {
  const position = undefined;
  if (row === null || typeof row !== 'object' || !('fields' in row)) return { kind: 'boolean', value: false, position };
  const columns = liveColumns(table.columns);
  const operands = columns.flatMap((column, i): readonly Expr[] => {
    if (key !== null && !key.includes(column.attnum)) return [];
    if (key === null) requireComparable(column);
    const left: Expr = { kind: 'column', name: [alias, column.name], position };
    const right: Expr = { kind: 'value', type: column.type, value: row.fields[i] ?? null, position };
    return [key === null ? { kind: 'isDistinct', left, right, negated: true, position }
      : { kind: 'binary', operator: '=', schema: undefined, left, right, position }];
  });
  if (operands.length === 0) return { kind: 'boolean', value: true, position };
  return operands.length === 1 ? operands[0] : { kind: 'logical', operator: 'and', operands, position };
}

function requireComparable({ type }: ColumnEntry): void {
  if (type.kind !== 'json' && type.kind !== 'jsonpath') return;
  throw notSupported(`WHERE CURRENT OF in a table without a primary key and with a column of type ${formatTypeName(type)}`);
}

/** The first row as a record of the table's columns. */
export function rowDatum(table: TableEntry, rows: Batch): Datum {
  return { fields: liveColumns(table.columns).map((c) => datumAt(rows.columns[c.attnum - 1], 0)) };
}

export function refuseCurrentOfView(
  state: SessionState, statement: { readonly table: TableItem; readonly where: Expr | undefined },
): void {
  if (statement.where?.kind !== 'currentOf') return;
  if (state.catalog.findRelation(qualified(statement.table.relation), state.searchPath)?.kind !== 'view') return;
  throw new DatabaseError('0A000', 'WHERE CURRENT OF on a view is not implemented');
}
