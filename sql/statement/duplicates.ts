// Keys that rows already there hold twice: no unique index can be made over them.
import { DatabaseError } from '../../engine/data/error.ts';
import type { StoredEntry } from '../catalog/entry.ts';
import type { SessionState } from '../session-state.ts';
import { allRows } from './foreign-key.ts';
import { rowKey } from './key-text.ts';
import { describeKey } from './unique-check.ts';
import type { TableKey } from './unique-check.ts';

/** 23505 for a key that the rows there are hold twice. */
export function checkNoDuplicates(
  state: SessionState, table: StoredEntry & { readonly kind: 'table' },
  key: Pick<TableKey, 'name' | 'columns' | 'nulls'>,
): void {
  const seen = new Set<string>();
  const rows = allRows(state, table);
  for (let row = 0; row < rows.length; row++) {
    const text = rowKey(rows, key.columns, row, key.nulls);
    if (text === null) continue;
    if (!seen.has(text)) {
      seen.add(text);
      continue;
    }
    throw new DatabaseError('23505', `could not create unique index "${key.name}"`, {
      detail: `${describeKey(state, table, key.columns, { batch: rows, row })} is duplicated.`,
      schema: table.schema, table: table.name, constraint: key.name,
    });
  }
}
