// Constraints as written → ConstraintEntry and the index behind a key, with PostgreSQL's names and checks.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf } from '../../engine/expression/walk.ts';
import type {
  CheckConstraint, ColumnEntry, ConstraintEntry, ForeignConstraint, IndexEntry, KeyConstraint, TableEntry,
} from '../catalog/entry.ts';
import { isTemporary } from '../catalog/entry.ts';
import type { Constraint } from '../parser/ast.ts';
import { parseExpression } from '../parser/parse.ts';
import { bindPredicate, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import { checkComparable } from '../binder/order.ts';
import { SYSTEM_COLUMNS, rangeText } from './column-definition.ts';
import { checkImplementable } from './foreign-types.ts';
import type { TableContext } from './column-definition.ts';
import { qualified } from './naming.ts';
import { storedText } from './stored-expression.ts';

export interface TableParts {
  readonly columns: readonly ColumnEntry[];
  readonly constraints: readonly ConstraintEntry[];
}

export interface DefinedConstraint {
  readonly constraint: ConstraintEntry;
  readonly index: IndexEntry | null;
}

/** `column`: the one whose definition it stands in. */
export function defineConstraint(
  context: TableContext, table: TableParts, constraint: Constraint, column: ColumnEntry | null,
): DefinedConstraint {
  switch (constraint.kind) {
    case 'primaryKey': case 'unique': return defineKey(context, table, constraint, column);
    case 'check': return { constraint: defineCheck(context, table, constraint), index: null };
    case 'foreignKey': return { constraint: defineForeign(context, table, constraint, column), index: null };
    case 'null': case 'notNull': case 'default': case 'generated': case 'identity':
      throw new DatabaseError('XX000', `${constraint.kind} is no table constraint`);
  }
}

function constraintName(context: TableContext, given: string | undefined, columns: string, suffix: string): string {
  if (given === undefined) return context.names.choose(context.table, columns, suffix);
  return given;
}

function defineKey(
  context: TableContext, table: TableParts, constraint: Constraint & { kind: 'primaryKey' | 'unique' },
  column: ColumnEntry | null,
): DefinedConstraint {
  const { state, schema, tableOid } = context;
  const primary = constraint.kind === 'primaryKey';
  const isNew = state.catalog.get(tableOid) === null;
  if (primary && table.constraints.some((c) => c.kind === 'primary')) {
    throw new DatabaseError('42P16', `multiple primary keys for table "${context.table}" are not allowed`, {
      position: isNew ? constraint.position : undefined,
    });
  }
  if (constraint.include.length > 0) throw notSupported('INCLUDE in a key', { position: constraint.position });
  if (constraint.usingIndex !== undefined) throw notSupported('USING INDEX', { position: constraint.position });
  const columns = column === null
    ? keyColumns(table.columns, constraint.columns, primary ? 'primary key' : 'unique', constraint.position) : [column];
  for (const c of columns) checkComparable(c.type, constraint.position);
  const names = primary ? '' : columns.map((c) => c.name).join('_');
  const name = constraintName(context, constraint.name, names, primary ? 'pkey' : 'key');
  if (constraint.name !== undefined) checkFree(context, table, constraint.name);
  const oid = state.services.allocateOid();
  const index = state.services.allocateOid();
  const attnums = columns.map((c) => c.attnum);
  const nulls = constraint.nullsNotDistinct ? { nullsNotDistinct: true } : {};
  const key: KeyConstraint = {
    kind: primary ? 'primary' : 'unique', oid, name, columns: attnums, index, comment: null, ...nulls, ...timing(constraint),
  };
  return {
    constraint: key,
    index: {
      kind: 'index', oid: index, schema, name, owner: state.role.oid, comment: null, acl: [], table: tableOid,
      columns: attnums, include: [], descending: attnums.map(() => false), nullsFirst: attnums.map(() => false),
      unique: true, ...nulls, primary, constraint: oid,
    },
  };
}

function timing({ deferrable, initiallyDeferred }: Pick<Constraint, 'deferrable' | 'initiallyDeferred'>): {
  readonly deferrable?: boolean; readonly initiallyDeferred?: boolean;
} {
  return deferrable || initiallyDeferred ? { deferrable: true, initiallyDeferred } : {};
}

function checkFree(context: TableContext, table: TableParts, name: string): void {
  if (table.constraints.some((c) => c.name === name)) {
    throw new DatabaseError('42710', `constraint "${name}" for relation "${context.table}" already exists`);
  }
  if (context.names.has(name)) throw new DatabaseError('42P07', `relation "${name}" already exists`);
  context.names.add(name);
}

function keyColumns(
  all: readonly ColumnEntry[], names: readonly string[], word: string, position: number | undefined,
): readonly ColumnEntry[] {
  const out: ColumnEntry[] = [];
  for (const name of names) {
    const column = all.find((c) => c.name === name && !c.dropped);
    if (column === undefined) {
      throw new DatabaseError('42703', `column "${name}" named in key does not exist`, { position });
    }
    if (out.includes(column)) {
      throw new DatabaseError('42701', `column "${name}" appears twice in ${word} constraint`, { position });
    }
    out.push(column);
  }
  return out;
}

function defineCheck(
  context: TableContext, table: TableParts, constraint: Constraint & { kind: 'check' },
): CheckConstraint {
  const bound = bindCheck(context, table.columns, constraint);
  const used = columnsOf(bound).map((i) => i + 1);
  const named = table.columns.filter((c) => used.includes(c.attnum));
  const label = named.length === 1 ? named[0].name : '';
  const name = constraint.name ?? context.names.choose(context.table, label, 'check');
  const known = table.constraints.find((c) => c.name === name);
  if (known?.kind === 'check' && context.state.catalog.get(context.tableOid) === null) {
    throw new DatabaseError('42710', `check constraint "${name}" already exists`);
  }
  if (known !== undefined) {
    throw new DatabaseError('42710', `constraint "${name}" for relation "${context.table}" already exists`);
  }
  return {
    kind: 'check', oid: context.state.services.allocateOid(), name,
    expression: storedText(context.state, {
      bound, original: rangeText(context, constraint.range), columns: table.columns,
      rebind: (text) => bindCheck(context, table.columns, { ...constraint, expression: parseExpression(text) }),
    }),
    columns: used, comment: null,
  };
}

function bindCheck(
  context: TableContext, columns: readonly ColumnEntry[], constraint: Constraint & { kind: 'check' },
): Expression {
  const env = sessionEnvironment(context.state, { written: true });
  const item = rowScopeItem({ name: context.table, columns, oid: context.tableOid });
  const site = rowSite(env, [item], { phrase: 'check constraints', noSubquery: 'check constraint' });
  return bindPredicate(site, constraint.expression, 'CHECK');
}

function defineForeign(
  context: TableContext, table: TableParts, constraint: Constraint & { kind: 'foreignKey' }, column: ColumnEntry | null,
): ForeignConstraint {
  const { state } = context;
  const target = foreignTarget(context, table, constraint);
  if (constraint.match === 'partial') throw new DatabaseError('0A000', 'MATCH PARTIAL not yet implemented');
  const names = column === null ? constraint.columns : [column.name];
  const columns = foreignColumns(table.columns, names);
  const key = target.constraints.find((c) => c.kind === 'primary');
  if (constraint.referencedColumns.length === 0 && key === undefined) {
    throw new DatabaseError('42704', `there is no primary key for referenced table "${target.name}"`);
  }
  const targetColumns = constraint.referencedColumns.length === 0
    ? (key?.columns ?? []).map((attnum) => target.columns[attnum - 1])
    : foreignColumns(target.columns, constraint.referencedColumns);
  if (columns.length !== targetColumns.length) {
    throw new DatabaseError('42830', 'number of referencing and referenced columns for foreign key disagree');
  }
  const set = foreignColumns(table.columns, constraint.onDeleteColumns);
  const outside = set.find((c) => !columns.includes(c));
  if (outside !== undefined) {
    throw new DatabaseError('42P10',
      `column "${outside.name}" referenced in ON DELETE SET action must be part of foreign key`);
  }
  checkReferenced(target, targetColumns, constraint.referencedColumns.length === 0);
  const name = constraintName(context, constraint.name, names.join('_'), 'fkey');
  checkImplementable(name, columns, targetColumns);
  return {
    kind: 'foreign', oid: state.services.allocateOid(), name, columns: columns.map((c) => c.attnum), target: target.oid,
    targetColumns: targetColumns.map((c) => c.attnum), onDelete: constraint.onDelete, onUpdate: constraint.onUpdate,
    ...set.length === 0 ? {} : { onDeleteColumns: [...new Set(set.map((c) => c.attnum))] },
    matchFull: constraint.match === 'full', comment: null, ...timing(constraint),
  };
}

/** The referenced table; the one being created may refer to itself. */
function foreignTarget(
  context: TableContext, table: TableParts, constraint: Constraint & { kind: 'foreignKey' },
): Pick<TableEntry, 'oid' | 'name' | 'columns' | 'constraints'> {
  const { state } = context;
  const name = qualified(constraint.references);
  const found = state.catalog.findRelation(name, state.searchPath);
  if (found === null && name.name === context.table && (name.schema === null || name.schema === context.schema)) {
    return { oid: context.tableOid, name: context.table, columns: table.columns, constraints: table.constraints };
  }
  const relation = found ?? state.catalog.requireRelation(name, state.searchPath);
  if (relation.kind !== 'table') {
    throw new DatabaseError('42809', `referenced relation "${relation.name}" is not a table`);
  }
  if (isTemporary(context.schema) !== isTemporary(relation.schema)) {
    const kind = isTemporary(context.schema) ? 'temporary' : 'permanent';
    throw new DatabaseError('42P16', `constraints on ${kind} tables may reference only ${kind} tables`);
  }
  return relation.oid === context.tableOid ? { ...relation, ...table } : relation;
}

function foreignColumns(all: readonly ColumnEntry[], names: readonly string[]): readonly ColumnEntry[] {
  return names.map((name) => {
    const column = all.find((c) => c.name === name && !c.dropped);
    if (column !== undefined) return column;
    if (SYSTEM_COLUMNS.has(name)) throw new DatabaseError('0A000', 'system columns cannot be used in foreign keys');
    throw new DatabaseError('42703', `column "${name}" referenced in foreign key constraint does not exist`);
  });
}

function checkReferenced(
  target: Pick<TableEntry, 'name' | 'constraints'>, columns: readonly ColumnEntry[], primary: boolean,
): void {
  const attnums = columns.map((c) => c.attnum);
  const fitting = target.constraints.flatMap((c) => ((c.kind === 'primary' || c.kind === 'unique')
    && c.columns.length === attnums.length && c.columns.every((a) => attnums.includes(a)) ? [c] : []));
  if (fitting.some((c) => c.deferrable !== true)) return;
  if (fitting.length > 0) {
    throw new DatabaseError('55000', `cannot use a deferrable ${primary ? 'primary key' : 'unique constraint'} for referenced `
      + `table "${target.name}"`);
  }
  throw new DatabaseError('42830',
    `there is no unique constraint matching given keys for referenced table "${target.name}"`);
}
