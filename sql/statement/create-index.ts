// CREATE INDEX, unique ones included.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { IndexEntry, StoredEntry } from '../catalog/entry.ts';
import { keyCollation } from '../binder/bind-collate.ts';
import { checkSortable } from '../binder/order.ts';
import { requireClass } from '../catalog/operator-class.ts';
import type { IndexElement } from '../parser/ast.ts';
import type { CreateIndex } from '../parser/ast-definition.ts';
import { sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { addHiddenColumns } from './alter-table.ts';
import { computedKey, requireOwnRows } from './index-expression.ts';
import type { ComputedKey } from './index-expression.ts';
import { TakenNames, nameIsFree, qualified } from './naming.ts';
import { checkNoDuplicates } from './duplicates.ts';

export function createIndex(statement: CreateIndex): BoundStatement {
  return command(async (state) => {
    refuse(statement);
    await state.current.lockCatalog(state.lockWait);
    const { relation } = statement;
    const table = state.catalog.requireRelation(qualified(relation), state.searchPath);
    if (table.kind !== 'table' && table.kind !== 'source' && table.kind !== 'materialized-view') {
      throw new DatabaseError('42809', `cannot create index on relation "${table.name}"`, {
        detail: table.kind === 'view' ? 'This operation is not supported for views.'
          : 'This operation is not supported for this kind of relation.',
      });
    }
    await state.current.lock(table.oid, 'share', state.lockWait);
    const computed = statement.where === undefined && statement.elements.every((e) => e.expression === undefined) ? null
      : computedKeyOf(state, table, statement);
    const distinctNulls = !statement.nullsNotDistinct;
    const columns = computed?.columns ?? statement.elements.map((e) => indexColumn(state, table, e));
    const include = statement.include.map((name) => columnNamed(table, name));
    const all = [...table.columns, ...computed?.hidden ?? []];
    statement.elements.forEach(({ operatorClass }, i) => {
      if (operatorClass !== undefined && statement.method !== 'hash') requireClass(operatorClass, all[columns[i] - 1].type);
    });
    const collations = statement.elements.map((e, i) => keyCollation(e.collation, all[columns[i] - 1]));
    const names = new TakenNames(state.catalog, table.schema);
    const name = statement.name ?? chooseIndexName(names, table, { labels: computed?.labels, columns, include });
    if (statement.name !== undefined && !nameIsFree(state, table.schema, name, statement.ifNotExists)) {
      return done('CREATE INDEX');
    }
    const key = { name, columns: columns.map((a) => a - 1), ...(distinctNulls ? {} : { nulls: 'group' as const }) };
    const entry: IndexEntry = {
      kind: 'index', oid: state.services.allocateOid(), schema: table.schema, name, owner: table.owner, comment: null,
      acl: [], table: table.oid, columns, include,
      descending: statement.elements.map((e) => e.direction === 'desc'),
      nullsFirst: statement.elements.map((e) => (e.nulls === 'default' ? e.direction === 'desc' : e.nulls === 'first')),
      ...collations.every((c) => c === null) ? {} : { collations },
      unique: statement.unique, ...(distinctNulls ? {} : { nullsNotDistinct: true }), primary: false, constraint: null,
      ...(computed === null ? {} : { definition: computed.definition }),
    };
    if (computed !== null && table.kind === 'table') {
      await addHiddenColumns(state, table, computed.hidden);
      const after = state.catalog.get(table.oid);
      if (statement.unique && after?.kind === 'table') {
        checkNoDuplicates(state, after, key);
      }
    } else if (statement.unique) {
      if (table.kind !== 'table') throw notSupported(`a unique index on a ${table.kind.replace('-', ' ')}`);
      checkNoDuplicates(state, table, key);
    }
    state.current.changeCatalog([{ kind: 'put', entry }]);
    return done('CREATE INDEX');
  });
}

function refuse(statement: CreateIndex): void {
  if (statement.nullsNotDistinct && statement.where !== undefined) {
    // The rows it leaves out have NULL for their key, and would be in the way of those it does not.
    throw notSupported('NULLS NOT DISTINCT in an index over part of a table');
  }
  if (statement.method !== 'btree' && statement.method !== 'hash' && statement.method !== '') {
    throw new DatabaseError('42704', `access method "${statement.method}" does not exist`);
  }
}

/** `labels`: of the keys, where they are not all columns. */
export function chooseIndexName(names: TakenNames, table: Pick<StoredEntry, 'name' | 'columns'>, index: {
  readonly labels: readonly string[] | undefined; readonly columns: readonly number[]; readonly include: readonly number[];
}): string {
  const named = (attnum: number): string => table.columns[attnum - 1].name;
  const label = distinct([...index.labels ?? index.columns.map(named), ...index.include.map(named)]).join('_');
  return names.choose(table.name, label, 'idx');
}

/** PostgreSQL's names of an index's columns: those that come again have a number. */
function distinct(names: readonly string[]): readonly string[] {
  const out: string[] = [];
  for (const name of names) {
    let next = name;
    for (let i = 1; out.includes(next); i++) next = `${name}${i}`;
    out.push(next);
  }
  return out;
}

function computedKeyOf(state: SessionState, table: StoredEntry, statement: CreateIndex): ComputedKey {
  requireOwnRows(table.kind);
  if (table.kind !== 'table') throw notSupported('an index on an expression here');
  const key = computedKey(state, table, statement.elements, statement.where, (e) => indexColumn(state, table, e));
  const env = sessionEnvironment(state);
  statement.elements.forEach((e, i) => {
    const hidden = key.hidden.find((c) => c.attnum === key.columns[i]);
    if (hidden !== undefined) checkSortable(env, hidden.type, e.position);
  });
  return key;
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
