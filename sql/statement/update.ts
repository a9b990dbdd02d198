// UPDATE: rows found by a query, rewritten, checked, and handed back by RETURNING.
import { Batch } from '../../engine/data/batch.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Update } from '../parser/ast.ts';
import { rowScopeItem, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import { resolveAssignments } from './assignment.ts';
import type { BoundStatement } from './bound.ts';
import { bindChange, findRows, shownTarget } from './change-query.ts';
import { Effects } from './effects.ts';
import { requireTable } from './naming.ts';
import { readCatalog } from './read-catalog.ts';
import { bindReturning, returningSnapshot, writeResult } from './returning.ts';
import { TableWriter } from './table-writer.ts';

export function bindUpdate(
  statement: Update, state: SessionState, declared: readonly (LogicalType | null)[],
): BoundStatement {
  const table = requireTable(state, statement.table.relation, 'update');
  const catalog = readCatalog(state);
  const effects = new Effects(state);
  const env = sessionEnvironment(state, { declared, catalog, effects });
  const assignments = resolveAssignments(table, statement.set, statement.table.alias?.name);
  const set = assignments.flatMap((a) => (a.value === null ? [] : [{ column: a.column, value: a.value }]));
  const change = bindChange(env, table, {
    with: statement.with, table: statement.table, from: statement.from, where: statement.where,
  }, set);
  const item = rowScopeItem(table, { alias: statement.table.alias?.name });
  const returning = bindReturning(env, [item, ...change.others], statement.returning, statement.with);
  const parameters = env.parameters.finish();
  return {
    parameters, columns: returning?.columns ?? null, cacheable: catalog === state.catalog,
    write: { title: `Update on ${shownTarget(statement.table)}`, details: [], query: change.bound },
    run: async (session, values) => {
      session.current.checkWritable('UPDATE');
      session.current.noteRead(env.used);
      const writer = new TableWriter(session, table);
      await writer.lock('change');
      await effects.prepare(session);
      return writer.run(() => {
        effects.run(session, values);
        const before = returningSnapshot(session, returning);
        const found = findRows(session, change, values);
        const columns = [...found.old.columns];
        change.values.forEach((column, i) => {
          columns[column.attnum - 1] = found.values.columns[i];
        });
        for (const { column, value } of assignments) {
          if (value === null) {
            columns[column.attnum - 1] = writer.rules.defaultVector(session, column.attnum - 1, found.old.length);
          }
        }
        const rows = writer.rules.generate(session, new Batch(columns, found.old.length));
        writer.replace(found.old, rows);
        return writeResult(session, {
          returning, parameters: values, before, tag: (n) => `UPDATE ${n}`,
          rows: new Batch([...rows.columns, ...found.others.columns], rows.length),
        });
      });
    },
  };
}
