// WHERE CURRENT OF: a cursor knows the table rows its rows come from; UPDATE and DELETE find the one it stands on.
import { datumAt } from '../../engine/data/access.ts';
import type { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { assert, DatabaseError, notSupported } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import type { Vector } from '../../engine/data/vector.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import type { DeclareCursor } from '../parser/ast-statement.ts';
import type { Expr, FromItem, Name, Query, SubqueryItem, TableItem, Target } from '../parser/ast.ts';
import type { CursorPortal } from '../portal.ts';
import type { SessionState } from '../session-state.ts';
import type { FoundRows } from './change-query.ts';
import { looksSimple } from './lock-clause.ts';
import { isLocked, withViewQueries } from './locked-view.ts';
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
export function tracedQuery(state: SessionState, { query: written }: DeclareCursor): TracedQuery | null {
  if (written.kind !== 'query' || written.body.kind !== 'select') return null;
  const locking = written.locking.length > 0;
  if (!locking && (written.orderBy.length > 0 || !isScan(written.body.from))) return null;
  const query = withViewQueries(state, written);
  const { body } = query;
  if (body.kind !== 'select' || body.distinct !== undefined || body.groupBy.length > 0 || body.groupByAll
    || body.having !== undefined || body.into !== undefined || body.qualify !== undefined) return null;
  const rows = new RowTracer(state, new Set(query.with?.tables.map((t) => t.name)), locking);
  const traced = rows.trace(query, (item) => !locking || isLocked(item, query.locking));
  return { query: traced.query, tables: traced.tables, width: traced.targets.length, locking };
}

const isScan = (from: readonly FromItem[]): boolean => from.length === 1 && from[0].kind !== 'join';

interface TracedFrom {
  readonly item: FromItem;
  readonly found: readonly (TracedTable & { readonly name: (column: ColumnEntry) => Name })[];
}

type Within = (item: TableItem | SubqueryItem) => boolean;

/** Queries with the columns of their tables that find rows again behind their own, under names that nothing refers to. */
class RowTracer {
  readonly #state: SessionState;
  /** Of WITH queries. */
  readonly #hidden: ReadonlySet<string>;
  readonly #locking: boolean;
  #subqueries = 0;

  constructor(state: SessionState, hidden: ReadonlySet<string>, locking: boolean) {
    this.#state = state;
    this.#hidden = hidden;
    this.#locking = locking;
  }

  /** `wanted`: items of FROM that are looked into. Requires: a SELECT. */
  trace(query: Query, wanted: Within): {
    readonly query: Query; readonly tables: readonly TracedTable[]; readonly targets: readonly Target[];
  } {
    const { body } = query;
    assert(body.kind === 'select', 'rows are traced in a SELECT');
    const from = body.from.map((item) => this.#within(item, wanted));
    const found = from.flatMap((f) => f.found);
    const targets = found.flatMap(({ name, columns }, t) => columns.map((column): Target => ({
      expression: { kind: 'column', name: name(column), position: undefined }, alias: aliasOf(t, column), position: undefined,
    })));
    return {
      query: { ...query, body: { ...body, from: from.map((f) => f.item), targets: [...body.targets, ...targets] } },
      tables: found.map(({ table, columns, byKey }) => ({ table, columns, byKey })), targets,
    };
  }

  #within(item: FromItem, wanted: Within): TracedFrom {
    if (item.kind === 'join' && item.alias === undefined) {
      const [left, right] = [this.#within(item.left, wanted), this.#within(item.right, wanted)];
      return { item: { ...item, left: left.item, right: right.item }, found: [...left.found, ...right.found] };
    }
    if ((item.kind !== 'table' && item.kind !== 'subquery') || !wanted(item)) return { item, found: [] };
    return item.kind === 'table' ? { item, found: this.#table(item) } : this.#subquery(item);
  }

  #table(item: TableItem): TracedFrom['found'] {
    if (this.#hidden.has(item.relation.name)) return [];
    const table = this.#state.catalog.findRelation(qualified(item.relation), this.#state.searchPath);
    if (table?.kind !== 'table') return [];
    const live = liveColumns(table.columns);
    const label = item.alias?.name ?? item.relation.name;
    const name = (column: ColumnEntry): Name => [label, item.alias?.columns[live.indexOf(column)] ?? column.name];
    return [{ ...tracedTable(table), name }];
  }

  /** One whose rows are rows of its tables. */
  #subquery(item: SubqueryItem): TracedFrom {
    const { body } = item.query;
    if (!looksSimple(item.query) || body.kind !== 'select' || (!this.#locking && !isScan(body.from))) return { item, found: [] };
    const inner = this.trace(item.query, () => true);
    if (inner.tables.length === 0) return { item, found: [] };
    const key = `*rows ${this.#subqueries++}*`;
    return {
      item: { ...item, query: inner.query, kept: { key, count: inner.targets.length } },
      found: inner.tables.map((table, t) => ({ ...table, name: (column: ColumnEntry) => [key, aliasOf(t, column)] })),
    };
  }
}

const aliasOf = (table: number, column: ColumnEntry): string => `*row ${table}.${column.attnum}*`;

function tracedTable(table: TableEntry): TracedTable {
  const key = table.constraints.find((c) => c.kind === 'primary');
  return {
    table: table.oid, byKey: key !== undefined,
    columns: key === undefined ? liveColumns(table.columns) : key.columns.map((attnum) => table.columns[attnum - 1]),
  };
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
