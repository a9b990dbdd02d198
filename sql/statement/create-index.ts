// CREATE INDEX, unique ones included.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { IndexEntry, StoredEntry } from '../catalog/entry.ts';
import { checkSortable } from '../binder/order.ts';
import type { IndexElement } from '../parser/ast.ts';
import type { CreateIndex } from '../parser/ast-statement.ts';
import { sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { allRows } from './foreign-key.ts';
import { rowKey } from './key-text.ts';
import { TakenNames, nameIsFree, qualified } from './naming.ts';
import { describeKey } from './unique-check.ts';

export function createIndex(statement: CreateIndex): BoundStatement {
  return command(async (state) => {
    refuse(statement);
    await state.current.lockCatalog(state.lockWait);
    const { relation } = statement;
    const table = state.catalog.requireRelation(qualified(relation), state.searchPath, relation.position);
    if (table.kind !== 'table' && table.kind !== 'source' && table.kind !== 'materialized-view') {
      throw new DatabaseError('42809', `cannot create index on relation "${table.name}"`, {
        detail: table.kind === 'view' ? 'This operation is not supported for views.'
          : 'This operation is not supported for this kind of relation.',
      });
    }
    const columns = statement.elements.map((e) => indexColumn(state, table, e));
    const include = statement.include.map((name) => columnNamed(table, name));
    const names = new TakenNames(state.catalog, table.schema);
    const label = [...columns, ...include].map((a) => table.columns[a - 1].name).join('_');
    const name = statement.name ?? names.choose(table.name, label, 'idx');
    if (statement.name !== undefined && !nameIsFree(state, table.schema, name, statement.ifNotExists)) {
      return done('CREATE INDEX');
    }
    const entry: IndexEntry = {
      kind: 'index', oid: state.services.allocateOid(), schema: table.schema, name, owner: table.owner, comment: null,
      acl: [], table: table.oid, columns, include,
      descending: statement.elements.map((e) => e.direction === 'desc'),
      nullsFirst: statement.elements.map((e) => (e.nulls === 'default' ? e.direction === 'desc' : e.nulls === 'first')),
      unique: statement.unique, primary: false, constraint: null,
    };
    if (statement.unique) {
      if (table.kind !== 'table') throw notSupported(`a unique index on a ${table.kind.replace('-', ' ')}`);
      checkNoDuplicates(state, table, { name, columns: columns.map((a) => a - 1) });
    }
    state.current.changeCatalog([{ kind: 'put', entry }]);
    return done('CREATE INDEX');
  });
}

function refuse(statement: CreateIndex): void {
  if (statement.where !== undefined) throw notSupported('a partial index');
  if (statement.nullsNotDistinct) throw notSupported('NULLS NOT DISTINCT');
  if (statement.method !== 'btree' && statement.method !== 'hash' && statement.method !== '') {
    throw new DatabaseError('42704', `access method "${statement.method}" does not exist`);
  }
}

function indexColumn(state: SessionState, table: StoredEntry, element: IndexElement): number {
  if (element.column === undefined) throw notSupported('an index on an expression', { position: element.position });
  const attnum = columnNamed(table, element.column);
  checkSortable(sessionEnvironment(state), table.columns[attnum - 1].type, element.position);
  return attnum;
}

function columnNamed(table: StoredEntry, name: string): number {
  const column = table.columns.find((c) => c.name === name && !c.dropped);
  if (column === undefined) throw new DatabaseError('42703', `column "${name}" does not exist`);
  return column.attnum;
}

/** 23505 for a key that the rows there are hold twice. */
export function checkNoDuplicates(
  state: SessionState, table: StoredEntry & { readonly kind: 'table' },
  key: { readonly name: string; readonly columns: readonly number[] },
): void {
  const seen = new Set<string>();
  const rows = allRows(state, table);
  for (let row = 0; row < rows.length; row++) {
    const text = rowKey(rows, key.columns, row);
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
