// DELETE and TRUNCATE.
import { Batch } from '../../engine/data/batch.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import type { Soon } from '../../engine/data/soon.ts';
import type { TableEntry } from '../catalog/entry.ts';
import type { Truncate } from '../parser/ast-statement.ts';
import type { Delete } from '../parser/ast.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { bindChange, findRows, shownTarget } from './change-query.ts';
import { currentRow, refuseCurrentOfView } from './current-of.ts';
import { allRows, referencesTo } from './foreign-key.ts';
import type { Modification, ModificationSite } from './modification.ts';
import { requireTable } from './naming.ts';
import { unlessRedefined } from './redefined.ts';
import { bindReturning, returningSnapshot, written } from './returning.ts';
import { setSequence } from './sequence-options.ts';
import { TableWriter, prepareWrite } from './table-writer.ts';
import { Delta } from '../../engine/data/delta.ts';
import { through, writeTarget } from './updatable-view.ts';

export function bindDelete(statement: Delete, { state, env, commonTables }: ModificationSite): Modification {
  refuseCurrentOfView(state, statement);
  const target = writeTarget(state, statement.table.relation, 'delete from');
  const { table } = target;
  const current = currentRow(state, table, { where: statement.where, alias: statement.table.alias?.name });
  const change = bindChange({ env, parent: null, commonTables }, table, {
    with: statement.with, table: through(statement.table, target), from: statement.using,
    where: current?.where ?? statement.where,
  }, []);
  const items = statement.returning.length === 0 ? [] : [target.item({ alias: statement.table.alias?.name })];
  const returning = bindReturning({ env, commonTables, names: statement.with }, [...items, ...change.others],
    statement.returning);
  return {
    columns: returning?.columns ?? null,
    write: { title: `Delete on ${shownTarget(statement.table)}`, details: [], query: change.bound },
    cacheable: current === null, changes: table.oid,
    prepare: (session) => prepareWrite(session, table, 'DELETE', 'change', []),
    run: function* (session, values) {
      const before = returningSnapshot(session, returning);
      const all = yield* findRows(session, change, values);
      const found = current?.narrow(session, all) ?? all;
      new TableWriter(session, table).remove(found.old);
      current?.changed(session, null);
      return written(session, returning, {
        parameters: values, before, rows: new Batch([...found.old.columns, ...found.others.columns], found.old.length),
      });
    },
  };
}

export function truncate(statement: Truncate): BoundStatement {
  return command(async (state) => {
    state.current.checkWritable('TRUNCATE TABLE');
    const all = await lockEmptied(state, statement);
    for (const table of all) {
      const rows = allRows(state, table);
      if (rows.length > 0) state.current.write(table.oid, Delta.remove(rows));
      if (!statement.restartIdentity) continue;
      for (const sequence of state.catalog.sequencesOwnedBy(table.oid)) {
        setSequence(state, sequence, sequence.start);
      }
    }
    return done('TRUNCATE TABLE');
  });
}

function lockEmptied(state: SessionState, statement: Truncate): Soon<readonly TableEntry[]> {
  return unlessRedefined(async () => {
    const tables = statement.tables.map((t) => requireTable(state, { ...t.relation, position: undefined }, 'truncate'));
    const all = statement.cascade ? withReferring(state, tables) : tables;
    checkReferring(state, all);
    for (const table of all) {
      const writer = new TableWriter(state, table);
      await writer.lock('truncate');
      state.current.requireSettled(table.oid, 'TRUNCATE', table.name);
    }
    return all;
  }, () => lockEmptied(state, statement));
}

function withReferring(state: SessionState, tables: readonly TableEntry[]): readonly TableEntry[] {
  const found = new Map(tables.map((t) => [t.oid, t]));
  for (const queue = [...tables]; queue.length > 0;) {
    const table = queue.shift();
    if (table === undefined) break;
    for (const { child } of referencesTo(state, table.oid)) {
      if (found.has(child.oid)) continue;
      found.set(child.oid, child);
      queue.push(child);
      state.notice('NOTICE', new DatabaseError('00000', `truncate cascades to table "${child.name}"`));
    }
  }
  return [...found.values()];
}

function checkReferring(state: SessionState, tables: readonly TableEntry[]): void {
  const oids = new Set(tables.map((t) => t.oid));
  for (const table of tables) {
    const outside = referencesTo(state, table.oid).find((r) => !oids.has(r.child.oid));
    if (outside === undefined) continue;
    throw new DatabaseError('0A000', 'cannot truncate a table referenced in a foreign key constraint', {
      detail: `Table "${outside.child.name}" references "${table.name}".`,
      hint: `Truncate table "${outside.child.name}" at the same time, or use TRUNCATE ... CASCADE.`,
    });
  }
}
