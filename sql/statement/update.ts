// UPDATE: rows found by a query, rewritten, checked, and handed back by RETURNING.
import { Batch } from '../../engine/data/batch.ts';
import type { Update } from '../parser/ast.ts';
import { resolveAssignments } from './assignment.ts';
import { bindChange, findRows, shownTarget } from './change-query.ts';
import { currentRow, refuseCurrentOfView } from './current-of.ts';
import type { Modification, ModificationSite } from './modification.ts';
import { bindReturning, returningSnapshot, written } from './returning.ts';
import { TableWriter, prepareWrite } from './table-writer.ts';
import { through, writeTarget } from './updatable-view.ts';

export function bindUpdate(statement: Update, { state, env, commonTables }: ModificationSite): Modification {
  refuseCurrentOfView(state, statement);
  const target = writeTarget(state, statement.table.relation, 'update');
  const { table } = target;
  const current = currentRow(state, table, { where: statement.where, alias: statement.table.alias?.name });
  const assignments = resolveAssignments(target.seen, statement.set, statement.table.alias?.name);
  target.requireColumns(assignments.map((a) => a.column), 'update');
  const set = assignments.flatMap((a) => (a.value === null ? [] : [{ column: a.column, value: a.value }]));
  const change = bindChange({ env, parent: null, commonTables }, table, {
    with: statement.with, table: through(statement.table, target), from: statement.from,
    where: current?.where ?? statement.where,
  }, set);
  const items = statement.returning.length === 0 ? [] : [target.item({ alias: statement.table.alias?.name })];
  const returning = bindReturning({ env, commonTables, names: statement.with }, [...items, ...change.others],
    statement.returning);
  return {
    columns: returning?.columns ?? null,
    write: { title: `Update on ${shownTarget(statement.table)}`, details: [], query: change.bound },
    cacheable: current === null, changes: table.oid,
    prepare: (session) => prepareWrite(session, table, 'UPDATE', 'change', assignments.map((a) => a.column.attnum)),
    run: function* (session, values) {
      const writer = new TableWriter(session, table);
      const before = returningSnapshot(session, returning);
      const all = yield* findRows(session, change, values);
      const found = current?.narrow(session, all) ?? all;
      const columns = [...found.old.columns];
      change.values.forEach((column, i) => {
        columns[column.attnum - 1] = found.values.columns[i];
      });
      for (const { column, value } of assignments) {
        if (value === null) {
          columns[column.attnum - 1] = writer.rules.defaultVector(session, column.attnum - 1, found.old.length);
        }
      }
      const rows = yield* writer.rules.generated(session, new Batch(columns, found.old.length));
      yield* writer.replace(found.old, rows);
      if (rows.length > 0) current?.changed(session, rows);
      target.check(session, rows, values);
      return written(session, returning, {
        parameters: values, before, rows: new Batch([...rows.columns, ...found.others.columns], rows.length),
      });
    },
  };
}
