// ALTER TABLE .. ADD COLUMN whose value is another for each row: the rows are written anew.
import { Batch } from '../../engine/data/batch.ts';
import { Delta, concatDeltas } from '../../engine/data/delta.ts';
import { notSupported } from '../../engine/data/error.ts';
import { firstFailure } from '../binder/domain-check.ts';
import type { TableEntry } from '../catalog/entry.ts';
import { retentionOf } from '../retention.ts';
import type { SessionState } from '../session-state.ts';
import { expand } from './foreign-key.ts';
import { rulesOf, typeChecks } from './table-rules.ts';

/** Requires: the columns are in the table, NULL in all rows; nobody else writes to it. */
export function fillAdded(state: SessionState, table: TableEntry, attnums: readonly number[]): void {
  if (table.appendOnly || table.watermark !== null || retentionOf(table) !== null) {
    throw notSupported('adding a column with a value of its own for each row to a table whose rows are in time');
  }
  const all = table.columns.map((_, i) => i);
  const held = [...state.current.latestSnapshot().scan(table.oid, all)];
  if (held.length === 0) return;
  const rows = expand(concatDeltas(held), table);
  const rules = rulesOf(state, table);
  const given = attnums.map((a) => a - 1).filter((i) => !table.columns[i].generated);
  const defaults = rules.defaultVectors(state, given, rows.length);
  const filled = rules.generate(state, new Batch(rows.columns.map((v, i) => defaults.get(i) ?? v), rows.length));
  for (const attnum of attnums) {
    const checks = typeChecks(state, table.columns[attnum - 1]);
    const failure = firstFailure(checks, filled.columns[attnum - 1], state.evalContext());
    if (failure !== null) throw failure.error();
  }
  state.current.write(table.oid, concatDeltas([Delta.remove(rows), Delta.insert(filled)]));
}
