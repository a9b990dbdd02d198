// SET lists of UPDATE and ON CONFLICT DO UPDATE: which columns get which values, and which may not be set at all.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { locationOf } from '../binder/location.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import type { Assignment, Expr, Query, Select } from '../parser/ast.ts';

/** `value` null: DEFAULT. */
export interface ColumnAssignment {
  readonly column: ColumnEntry;
  readonly value: Expr | null;
}

/** `alias`: what the statement calls the table. Assignments to several parts of one column become one. */
export function resolveAssignments(
  table: TableEntry, set: readonly Assignment[], alias: string = table.name,
): readonly ColumnAssignment[] {
  const out: ColumnAssignment[] = [];
  for (const assignment of set) {
    const { column: name, position, path } = assignment;
    const column = requireColumn(table, name, position);
    const known = out.findIndex((a) => a.column === column);
    const earlier = known < 0 ? null : out[known].value;
    if (known >= 0 && (path.length === 0 || earlier?.kind !== 'assigned')) {
      throw new DatabaseError('42601', `multiple assignments to same column "${name}"`);
    }
    const value = path.length === 0 ? valueOf(assignment)
      : partOf(assignment, earlier ?? { kind: 'column', name: [alias, name], position });
    if (known >= 0) {
      out[known] = { column, value };
      continue;
    }
    if (column.generated && value.kind !== 'default') throw onlyDefault(column, 'Column "{}" is a generated column.');
    if (column.identity === 'always' && value.kind !== 'default') {
      throw onlyDefault(column, 'Column "{}" is an identity column defined as GENERATED ALWAYS.');
    }
    if (!column.generated) out.push({ column, value: value.kind === 'default' ? null : value });
  }
  return out;
}

/** The column with one part replaced. */
function partOf(assignment: Assignment, operand: Expr): Expr {
  const { column, path, position } = assignment;
  const value = valueOf(assignment);
  if (value.kind !== 'default') return { kind: 'assigned', operand, column, path, value, position };
  throw new DatabaseError('0A000', path[0].kind === 'field' ? 'cannot set a subfield to DEFAULT'
    : 'cannot set an array element to DEFAULT', { position });
}

function onlyDefault(column: ColumnEntry, detail: string): DatabaseError {
  return new DatabaseError('428C9', `column "${column.name}" can only be updated to DEFAULT`, {
    detail: detail.replace('{}', column.name),
  });
}

export function requireColumn(table: TableEntry, name: string, position: number | undefined): ColumnEntry {
  const column = table.columns.find((c) => c.name === name && !c.dropped);
  if (column !== undefined) return column;
  throw new DatabaseError('42703', `column "${name}" of relation "${table.name}" does not exist`, { position });
}

/** (a, b) = ROW(x, y) and (a, b) = (SELECT ..): each column's own part. */
function valueOf(assignment: Assignment): Expr {
  const { multiple } = assignment;
  const value = wholeRow(assignment.value);
  if (multiple === undefined) return value;
  switch (value.kind) {
    case 'row': {
      if (value.fields.some(isStar)) return columnOfQuery(rowQuery(value), multiple, locationOf(value));
      if (value.fields.length !== multiple.count) throw widthError(locationOf(value));
      return value.fields[multiple.index];
    }
    case 'scalarSubquery': return columnOfQuery(value.query, multiple, value.position);
    default:
      throw new DatabaseError('0A000', 'source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression', {
        position: locationOf(value),
      });
  }
}

const isStar = (e: Expr): boolean => e.kind === 'star' || e.kind === 'fieldStar';

/** `v.*` as the value of one column is the row. */
function wholeRow(value: Expr): Expr {
  if (value.kind === 'fieldStar') return value.operand;
  return value.kind === 'star' && value.qualifier.length > 0
    ? { kind: 'column', name: value.qualifier, position: value.position } : value;
}

function widthError(position: number | undefined): DatabaseError {
  return new DatabaseError('42601', 'number of columns does not match number of values', { position });
}

/** ROW(v.*, x) as SELECT v.*, x. */
function rowQuery(row: Expr & { readonly kind: 'row' }): Query {
  if (row.fields.some((e) => e.kind === 'default')) throw notSupported('DEFAULT beside * in a row', { position: row.position });
  return queryOf(selectFrom(row.fields, [], row.position), row.position);
}

function selectFrom(expressions: readonly Expr[], from: Select['from'], position: number | undefined): Select {
  return {
    kind: 'select', distinct: undefined, where: undefined, groupBy: [], groupDistinct: false, groupByAll: false,
    having: undefined, windows: [], qualify: undefined, into: undefined, position, from,
    targets: expressions.map((expression) => ({ expression, alias: undefined, position })),
  };
}

function queryOf(body: Select, position: number | undefined): Query {
  return {
    kind: 'query', with: undefined, body, orderBy: [], limit: undefined, withTies: false, offset: undefined,
    locking: [], range: undefined, position,
  };
}

/** `(SELECT c1 FROM (query) AS source(c0, c1))`. */
function columnOfQuery(
  query: Query, { index, count }: NonNullable<Assignment['multiple']>, position: number | undefined,
): Expr {
  const columns = Array.from({ length: count }, (_, i) => `c${i}`);
  const body = selectFrom([{ kind: 'column', name: ['source', columns[index]], position }], [
    { kind: 'subquery', query, lateral: false, alias: { name: 'source', columns, exactly: { position } }, position },
  ], position);
  return { kind: 'scalarSubquery', position, query: queryOf(body, position) };
}
