// WHERE CURRENT OF: a cursor knows the table rows its rows come from; UPDATE and DELETE find the one it stands on.
import { datumAt } from '../../engine/data/access.ts';
import type { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import type { Vector } from '../../engine/data/vector.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import type { DeclareCursor } from '../parser/ast-statement.ts';
import type { Expr, FromItem, LockingClause, Name, Query, TableItem } from '../parser/ast.ts';
import type { CursorPortal } from '../portal.ts';
import type { SessionState } from '../session-state.ts';
import type { FoundRows } from './change-query.ts';
import { qualified } from './naming.ts';

/** By which columns a row of the table is found again: those of its primary key, else all. */
interface TracedTable {
  /** OID. */
  readonly table: number;
  readonly columns: readonly ColumnEntry[];
  readonly byKey: boolean;
}

/** A cursor's query that gives, behind its own columns, such columns of these tables. */
export interface TracedQuery {
  readonly query: Query;
  readonly tables: readonly TracedTable[];
  /** Of all tables. */
  readonly width: number;
  /** FOR UPDATE or its like: only what it names can be changed, but the query may be of any form. */
  readonly locking: boolean;
}

/** The values of a row's columns; null: the row is gone. */
type Found = readonly Datum[] | null;

interface TracedRows extends TracedTable {
  readonly values: readonly Vector[];
  /** By place: what rows have become since. */
  readonly changed: Map<number, Found>;
}

/** What a cursor keeps of it. */
export interface CursorRows {
  readonly locking: boolean;
  readonly tables: readonly TracedRows[];
}

/** Out of all columns of the query's rows. */
export function cursorRows({ tables, locking, width }: TracedQuery, all: readonly Vector[]): CursorRows {
  let at = all.length - width;
  return {
    locking, tables: tables.map((table) => {
      const values = all.slice(at, at + table.columns.length);
      at += values.length;
      return { ...table, values, changed: new Map() };
    }),
  };
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
    return table?.kind === 'table' ? [{ ...tracedTable(table), names: namesIn(item, table) }] : [];
  });
  // Under names that nothing refers to.
  const targets = found.flatMap(({ names, columns }, t) => columns.map((column, c) => ({
    expression: { kind: 'column', name: names.of(column), position: undefined } as const,
    alias: `*row ${t}.${c}*`, position: undefined,
  })));
  return {
    query: { ...query, body: { ...body, targets: [...body.targets, ...targets] } }, tables: found, width: targets.length,
    locking: locked,
  };
}

function tracedTable(table: TableEntry): TracedTable {
  const key = table.constraints.find((c) => c.kind === 'primary');
  return {
    table: table.oid, byKey: key !== undefined,
    columns: key === undefined ? liveColumns(table.columns) : key.columns.map((attnum) => table.columns[attnum - 1]),
  };
}

/** How the query refers to the table's columns. */
function namesIn(item: TableItem, table: TableEntry): { readonly of: (column: ColumnEntry) => Name } {
  const live = liveColumns(table.columns);
  return { of: (column) => [labelOf(item), item.alias?.columns[live.indexOf(column)] ?? column.name] };
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
  /** After it was written: what it is now, one row of the table; null: gone. */
  readonly changed: (state: SessionState, now: Batch | null) => void;
}

/** null: the condition is another one. 24000 where the cursor stands on no row of the table. */
export function currentRow(
  state: SessionState, table: TableEntry, statement: { readonly where: Expr | undefined; readonly alias: string | undefined },
): CurrentRow | null {
  const { where, alias = table.name } = statement;
  if (where?.kind !== 'currentOf') return null;
  const portal = requirePortal(state, where.cursor);
  const source = traced(portal, table);
  const { columns, changed, byKey } = source;
  if (portal.position < 1 || portal.position > portal.rows.length) {
    throw invalid(`cursor "${where.cursor}" is not positioned on a row`);
  }
  const place = portal.position - 1;
  const row = changed.has(place) ? changed.get(place) ?? null : source.values.map((vector) => datumAt(vector, place));
  return {
    where: conditionOf(source, row, alias),
    narrow: (session, found) => {
      const lost = found.old.length === 0 && row !== null && !byKey && session.current.writes.touches(table.oid);
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
      changed.set(place, now === null ? null : columns.map((c) => datumAt(now.columns[c.attnum - 1], 0)));
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

function traced(portal: CursorPortal, table: TableEntry): TracedRows {
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

function conditionOf({ columns, byKey }: TracedTable, row: Found, alias: string): Expr {
  const position = undefined;
  if (row === null) return { kind: 'boolean', value: false, position };
  const operands = columns.map((column, i): Expr => {
    if (!byKey) requireComparable(column);
    const left: Expr = { kind: 'column', name: [alias, column.name], position };
    const right: Expr = { kind: 'value', type: column.type, value: row[i], position };
    return byKey ? { kind: 'binary', operator: '=', schema: undefined, left, right, position }
      : { kind: 'isDistinct', left, right, negated: true, position };
  });
  if (operands.length === 0) return { kind: 'boolean', value: true, position };
  return operands.length === 1 ? operands[0] : { kind: 'logical', operator: 'and', operands, position };
}

function requireComparable({ type }: ColumnEntry): void {
  if (type.kind !== 'json' && type.kind !== 'jsonpath') return;
  throw notSupported(`WHERE CURRENT OF in a table without a primary key and with a column of type ${mentionType(type)}`);
}

export function refuseCurrentOfView(
  state: SessionState, statement: { readonly table: TableItem; readonly where: Expr | undefined },
): void {
  if (statement.where?.kind !== 'currentOf') return;
  if (state.catalog.findRelation(qualified(statement.table.relation), state.searchPath)?.kind !== 'view') return;
  throw new DatabaseError('0A000', 'WHERE CURRENT OF on a view is not implemented');
}
