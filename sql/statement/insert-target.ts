// The columns an INSERT (or MERGE's) gives values to, and which may not be given any.
import { DatabaseError } from '../../engine/data/error.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import type { Insert, InsertColumn } from '../parser/ast.ts';
import { requireColumn } from './assignment.ts';

export interface InsertTarget {
  readonly table: TableEntry;
  /** Of the table, in order of the values. */
  readonly columns: readonly ColumnEntry[];
  /** As they were named; empty: they were not. */
  readonly given: readonly InsertColumn[];
  readonly overriding: Insert['overriding'];
}

/** Those that are named, or all; once for each of its parts when only parts of a column are. */
export function targetColumns(table: TableEntry, given: readonly InsertColumn[]): readonly ColumnEntry[] {
  const live = liveColumns(table.columns);
  if (given.length === 0) return live;
  const out: ColumnEntry[] = [];
  for (const { name, path, position } of given) {
    const column = requireColumn(table, name, position);
    const before = given[out.indexOf(column)];
    if (before !== undefined && (before.path.length === 0 || path.length === 0)) {
      throw new DatabaseError('42701', `column "${name}" specified more than once`, { position });
    }
    out.push(column);
  }
  return out;
}

/** The columns that `width` values fill; 42601 when they are too many, or fewer than the columns named. */
export function checkWidth(target: InsertTarget, width: number,
  at: { readonly extra: number | undefined; readonly values: number | undefined }): readonly ColumnEntry[] {
  const { columns, given } = target;
  if (width > columns.length) {
    throw new DatabaseError('42601', 'INSERT has more expressions than target columns', { position: at.extra });
  }
  if (width < columns.length && given.length > 0) {
    throw new DatabaseError('42601', 'INSERT has more target columns than expressions', {
      position: given[width].position,
    });
  }
  return columns.slice(0, width);
}

/** 428C9 for a value where only DEFAULT may stand. */
export function checkAssignable(target: InsertTarget, column: ColumnEntry): void {
  if (column.generated) {
    throw new DatabaseError('428C9', `cannot insert a non-DEFAULT value into column "${column.name}"`, {
      detail: `Column "${column.name}" is a generated column.`,
    });
  }
  if (column.identity === 'always' && target.overriding === undefined) {
    throw new DatabaseError('428C9', `cannot insert a non-DEFAULT value into column "${column.name}"`, {
      detail: `Column "${column.name}" is an identity column defined as GENERATED ALWAYS.`,
      hint: 'Use OVERRIDING SYSTEM VALUE to override.',
    });
  }
}
