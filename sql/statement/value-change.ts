// How a table's rows follow a type that has changed: enums with other labels, rows with other fields.
import { notSupported } from '../../engine/data/error.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { formatText, parseText } from '../../engine/data/text-format.ts';
import type { CatalogChange } from '../catalog/catalog.ts';
import type { ColumnEntry, LabelChange, TableEntry } from '../catalog/entry.ts';
import { labelChanges, relabelled, rowFill } from '../row-fill.ts';
import type { SessionState } from '../session-state.ts';
import { openConversion } from './column-type.ts';
import { isMadeOf } from './domain-use.ts';

/** The table's new entry, with its rows told how to follow. */
export function convertTable(
  state: SessionState, { before, after }: { readonly before: TableEntry; readonly after: TableEntry }, change: LabelChange,
): CatalogChange {
  const columns = after.columns.map((column): ColumnEntry => (!isMadeOf(column.type, change.oid) ? column : {
    ...column,
    missing: missingLabel(before.columns[column.attnum - 1], column, change),
    conversion: {
      serial: (column.conversion?.serial ?? 0) + 1, time: state.current.startTime, expression: '',
      labels: [...labelChanges(openConversion(state, before, column)?.labels), change],
      format: state.settings.format, searchPath: [...state.searchPath],
    },
  }));
  const entry = { ...after, columns };
  const { current } = state;
  if (current.writes.touches(before.oid)) {
    if (!current.isUncommitted(before.oid)) throw notSupported('changing a type of a table that this transaction has written');
    const fill = rowFill(before, entry, { catalog: state.catalog, functions: state.services.functions });
    if (fill !== null) current.writes.rewrite(before.oid, fill);
  }
  return { kind: 'put', entry };
}

/** The value of rows older than the column, as text. */
function missingLabel(before: ColumnEntry, after: ColumnEntry, change: LabelChange): string | null {
  if (before.missing === null) return null;
  const value = parseText(before.type, before.missing, DEFAULT_FORMAT);
  return formatText(after.type, relabelled(before.type, value, [change]), DEFAULT_FORMAT);
}
