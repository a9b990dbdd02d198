// CREATE TABLE and CREATE TABLE AS.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { CatalogChange } from '../catalog/catalog.ts';
import type { ColumnEntry, ConstraintEntry, IndexEntry, SequenceEntry, TableEntry } from '../catalog/entry.ts';
import { keptCollation } from '../binder/collation.ts';
import { plainColumn } from '../catalog/entry.ts';
import type { CreateTable, CreateTableAs, LikeClause, WatermarkDefinition } from '../parser/ast-definition.ts';
import type { Constraint } from '../parser/ast.ts';
import type { ResultColumn } from '../session-api.ts';
import type { SessionState } from '../session-state.ts';
import { collect } from '../portal.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { checkColumnCount, defineColumn, withGenerated } from './column-definition.ts';
import type { TableContext } from './column-definition.ts';
import { refusePseudoType } from './column-type.ts';
import { defineConstraint } from './constraint-definition.ts';
import { lockReferenced } from './ddl-locks.ts';
import { likeChecks, likeColumn, likeIndexes, likeSource } from './like.ts';
import type { Like } from './like.ts';
import { TakenNames, allocateRowType, nameIsFree, qualified, targetSchema } from './naming.ts';
import { optionRecord } from './options.ts';
import { inTurns } from '../attempt.ts';
import { TableWriter } from './table-writer.ts';
import { watermarkEntry } from './watermark-definition.ts';
import { withColumn } from '../catalog/dependency.ts';

export function createTable(statement: CreateTable, text: string): BoundStatement {
  return command(async (state) => {
    refuse(statement);
    await state.current.lockCatalog(state.lockWait);
    const { relation } = statement;
    const schema = targetSchema(state, qualified(relation), relation.position, statement.persistence);
    if (!nameIsFree(state, schema, relation.name, statement.ifNotExists)) return done('CREATE TABLE');
    await lockReferenced(state, statement.columns, statement.constraints);
    state.current.changeCatalog(tableChanges(state, statement, { text, schema }));
    return done('CREATE TABLE');
  });
}

function refuse(statement: CreateTable): void {
  if (statement.inherits.length > 0) throw notSupported('INHERITS');
  checkOnCommit(statement);
}

function checkOnCommit({ onCommit, persistence }: Pick<CreateTable, 'onCommit' | 'persistence'>): void {
  if (onCommit === 'preserve' || persistence === 'temporary') return;
  throw new DatabaseError('42P16', 'ON COMMIT can only be used on temporary tables');
}

/** What becomes of a temporary table when its transaction commits. */
function onCommitOf(onCommit: CreateTable['onCommit']): Pick<TableEntry, 'onCommit'> {
  return onCommit === 'preserve' ? {} : { onCommit };
}

function tableChanges(
  state: SessionState, statement: CreateTable, where: { readonly text: string; readonly schema: string },
): readonly CatalogChange[] {
  const { text, schema } = where;
  const tableOid = state.services.allocateOid();
  const names = new TakenNames(state.catalog, schema);
  names.add(statement.relation.name);
  const context: TableContext = { state, text, schema, table: statement.relation.name, tableOid, names };
  const parts = defineParts(context, statement);
  const entry: TableEntry = {
    kind: 'table', oid: tableOid, schema, name: statement.relation.name, owner: state.role.oid, comment: null, acl: [],
    columns: parts.columns, constraints: parts.constraints,
    watermark: watermark(context, parts.columns, statement.watermark),
    appendOnly: statement.appendOnly, ...onCommitOf(statement.onCommit), options: optionRecord(statement.options),
    rowType: allocateRowType(state),
  };
  const { table, indexes } = likeIndexes(context, entry, parts.likes);
  return [...parts.sequences, table, ...parts.indexes, ...indexes].map((e): CatalogChange => ({ kind: 'put', entry: e }));
}

export interface DefinedTable {
  readonly columns: readonly ColumnEntry[];
  readonly constraints: readonly ConstraintEntry[];
  readonly sequences: readonly SequenceEntry[];
  readonly indexes: readonly IndexEntry[];
  /** What it is made like, indexes of which are yet to come. */
  readonly likes: readonly Like[];
}

/** Columns, constraints and what they own; also of a source. */
export function defineParts(
  context: TableContext, statement: Pick<CreateTable,
    'columns' | 'constraints'> & { readonly like?: readonly LikeClause[] },
): DefinedTable {
  const likes = (statement.like ?? []).map((clause) => likeSource(context, clause));
  let columns: readonly ColumnEntry[] = [];
  const sequences: SequenceEntry[] = [];
  const pending: { readonly constraint: Constraint; readonly column: string | null }[] = [];
  const add = (column: ColumnEntry, sequence: SequenceEntry | null): void => {
    if (columns.some((c) => c.name === column.name)) {
      throw new DatabaseError('42701', `column "${column.name}" specified more than once`);
    }
    checkColumnCount(columns.length + 1);
    columns = [...columns, column];
    if (sequence !== null) sequences.push(sequence);
  };
  const addLikes = (place: number): void => {
    for (const like of likes) {
      if (like.after !== place) continue;
      for (const column of like.columns) {
        const copied = likeColumn(context, like, column, columns.length + 1);
        add(copied.column, copied.sequence);
      }
    }
  };
  for (const [i, definition] of statement.columns.entries()) {
    addLikes(i);
    const defined = defineColumn(context, definition, columns.length + 1);
    add(defined.column, defined.sequence);
    for (const constraint of defined.constraints) pending.push({ constraint, column: definition.name });
  }
  addLikes(statement.columns.length);
  for (const constraint of statement.constraints) pending.push({ constraint, column: null });
  columns = withGenerated(context, columns, statement.columns);
  const constraints: ConstraintEntry[] = [];
  const indexes: IndexEntry[] = [];
  for (const { constraint, column } of pending) {
    const on = columns.find((c) => c.name === column) ?? null;
    const defined = defineConstraint(context, { columns, constraints }, constraint, on);
    constraints.push(defined.constraint);
    if (defined.index !== null) indexes.push(defined.index);
    if (defined.constraint.kind !== 'primary') continue;
    for (const attnum of defined.constraint.columns) columns = withColumn(columns, attnum, { notNull: true });
  }
  for (const like of likes) constraints.push(...likeChecks(context, like, { columns, constraints }));
  return { columns, constraints, sequences, indexes, likes };
}

function watermark(
  context: TableContext, columns: readonly ColumnEntry[], definition: WatermarkDefinition | undefined,
): TableEntry['watermark'] {
  return definition === undefined ? null : watermarkEntry(context, columns, definition);
}

/** `query`: the bound query, whose rows fill the new table. */
export function createTableAs(statement: CreateTableAs, query: BoundStatement): BoundStatement {
  return {
    parameters: query.parameters, columns: null, cacheable: false,
    run: async (state, parameters) => {
      checkOnCommit(statement);
      await state.current.lockCatalog(state.lockWait);
      const { relation } = statement;
      const schema = targetSchema(state, qualified(relation), relation.position, statement.persistence);
      if (!nameIsFree(state, schema, relation.name, statement.ifNotExists)) return done('CREATE TABLE AS');
      const result = await query.run(state, parameters);
      if (result.kind !== 'rows') throw new DatabaseError('42601', 'CREATE TABLE AS needs a query');
      const entry: TableEntry = {
        kind: 'table', oid: state.services.allocateOid(), schema, name: relation.name, owner: state.role.oid,
        comment: null, acl: [], columns: namedColumns(result.columns, statement.columnNames), constraints: [],
        watermark: null, appendOnly: false, ...onCommitOf(statement.onCommit), options: optionRecord(statement.options),
        rowType: allocateRowType(state),
      };
      const rows = statement.withData ? await collect(result) : null;
      state.current.changeCatalog([{ kind: 'put', entry }]);
      // EXECUTE says how many rows it gave even so.
      if (rows === null) return done(statement.query.kind === 'execute' ? 'SELECT 0' : 'CREATE TABLE AS');
      const writer = new TableWriter(state, entry);
      await inTurns(state, { reads: new Set(), changes: null }, function* () {
        yield* writer.insert(yield* writer.completed(rows, entry.columns.map((c) => c.attnum)));
      });
      return done(`SELECT ${rows.length}`);
    },
  };
}

/** A query's columns as those of a relation, the first ones renamed. */
export function namedColumns(
  columns: readonly ResultColumn[], names: readonly string[], of: 'rows' | 'view' = 'rows',
): readonly ColumnEntry[] {
  if (names.length > columns.length) {
    throw new DatabaseError('42601', of === 'view' ? 'CREATE VIEW specifies more column names than columns'
      : 'too many column names were specified');
  }
  checkColumnCount(columns.length);
  const all = columns.map((c, i) => names[i] ?? c.name);
  const twice = all.find((name, i) => all.includes(name, i + 1));
  if (twice !== undefined) throw new DatabaseError('42701', `column "${twice}" specified more than once`);
  const out: ColumnEntry[] = [];
  columns.forEach((column, i) => {
    const name = all[i];
    refusePseudoType(name, column.type);
    const collation = keptCollation(column, of === 'view' ? `view column "${name}"` : null, name);
    out.push({ ...plainColumn(name, i + 1, column.type.kind === 'unknown' ? { kind: 'text' } : column.type), ...collation });
  });
  return out;
}
