// SET lists of UPDATE and ON CONFLICT DO UPDATE: which columns get which values, and which may not be set at all.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import type { Assignment, Expr } from '../parser/ast.ts';

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

/** (a, b) = ROW(x, y): each column's own part. */
function valueOf(assignment: Assignment): Expr {
  const { value, multiple, position } = assignment;
  if (multiple === undefined) return value;
  if (value.kind !== 'row') throw notSupported('a multiple assignment from a subquery', { position });
  if (value.fields.length !== multiple.count) {
    throw new DatabaseError('42601', 'number of columns does not match number of values', { position });
  }
  return value.fields[multiple.index];
}
