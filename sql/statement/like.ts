// CREATE TABLE (LIKE ..): columns of another relation, and what of them is asked for.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type {
  CheckConstraint, ColumnEntry, ConstraintEntry, IndexEntry, KeyConstraint, SequenceEntry, TableEntry,
} from '../catalog/entry.ts';
import type { Column } from '../../engine/data/types.ts';
import { liveColumns, ownCollation, plainColumn } from '../catalog/entry.ts';
import type { LikeClause, LikeOption } from '../parser/ast-definition.ts';
import type { IndexElement } from '../parser/ast.ts';
import { parseExpression } from '../parser/parse.ts';
import { bindValue, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import type { TableContext } from './column-definition.ts';
import { chooseIndexName } from './create-index.ts';
import { computedKey } from './index-expression.ts';
import { qualified } from './naming.ts';
import { storedText } from './stored-expression.ts';

export interface Like {
  readonly after: number;
  readonly including: ReadonlySet<LikeOption>;
  readonly columns: readonly ColumnEntry[];
  /** All of the relation's, by attribute number. */
  readonly all: readonly ColumnEntry[];
  readonly constraints: readonly ConstraintEntry[];
  readonly indexes: readonly IndexEntry[];
}

export function likeSource(context: TableContext, clause: LikeClause): Like {
  const { catalog, searchPath } = context.state;
  const { relation, after } = clause;
  const name = qualified(relation);
  const including = new Set(clause.including);
  const plain = (columns: readonly Column[]): Like => {
    const all = columns.map((c, i) => ({ ...plainColumn(c.name, i + 1, c.type), ...ownCollation(c) }));
    return { after, including, columns: all, all, constraints: [], indexes: [] };
  };
  const type = catalog.findRelation(name, searchPath) === null ? catalog.findType(name, searchPath) : null;
  if (type?.definition.kind === 'composite') return plain(type.definition.fields);
  const source = catalog.requireRelation(name, searchPath, relation.position);
  switch (source.kind) {
    case 'index': case 'sequence':
      throw new DatabaseError('42809', `relation "${source.name}" is invalid in LIKE clause`, {
        detail: `This operation is not supported for ${source.kind === 'index' ? 'indexes' : 'sequences'}.`,
        position: relation.position,
      });
    case 'system': return plain(source.columns);
    default: return {
      after, including, columns: liveColumns(source.columns), all: source.columns,
      constraints: 'constraints' in source ? source.constraints : [],
      indexes: [...catalog.indexesOf(source.oid)].toSorted((a, b) => a.oid - b.oid),
    };
  }
}

/** Name, type, collation and NOT NULL; where its values come from and its comment, as asked for. */
export function likeColumn(
  context: TableContext, like: Like, column: ColumnEntry, attnum: number,
): { readonly column: ColumnEntry; readonly sequence: SequenceEntry | null } {
  const { including } = like;
  const copied: ColumnEntry = {
    ...plainColumn(column.name, attnum, column.type), ...ownCollation(column), notNull: column.notNull,
    comment: including.has('comments') ? column.comment : null,
  };
  if (column.identity !== null && including.has('identity')) {
    const sequence = ownSequence(context, column, attnum);
    return { column: { ...copied, identity: column.identity, sequence: sequence.oid }, sequence };
  }
  if (column.generated && column.defaultText !== null && including.has('generated')) {
    const defaultText = boundText(context, like, column.defaultText).text;
    return { column: { ...copied, generated: true, defaultText }, sequence: null };
  }
  const plain = including.has('defaults') && !column.generated;
  return { column: plain ? { ...copied, ...ownDefault(column) } : copied, sequence: null };
}

/** The default as an expression: of a serial column, that of its sequence, which stays the other's. */
function ownDefault({ defaultText, defaultReads = [], sequence }: ColumnEntry): Partial<ColumnEntry> {
  return defaultText === null ? {} : { defaultText, defaultReads: sequence === null ? defaultReads : [sequence] };
}

/** One that counts as the other's does, from its start. */
function ownSequence(context: TableContext, column: ColumnEntry, attnum: number): SequenceEntry {
  const { state, schema, table, tableOid, names } = context;
  const sequence = state.catalog.get(column.sequence ?? 0);
  if (sequence?.kind !== 'sequence') throw new DatabaseError('XX000', 'no owned sequence found');
  return {
    ...sequence, oid: state.services.allocateOid(), schema, name: names.choose(table, column.name, 'seq'), owner: state.role.oid,
    comment: null, acl: [], ownedBy: { table: tableOid, column: attnum, identity: true },
  };
}

/** An expression over the relation's columns in words that hold for columns of the same names. */
function boundText(context: TableContext, like: Like, text: string): { readonly text: string; readonly bound: Expression } {
  const { state } = context;
  const item = rowScopeItem({ name: context.table, columns: like.all, oid: context.tableOid });
  const site = rowSite(sessionEnvironment(state), [item], { phrase: 'stored expressions' });
  const rebind = (written: string): Expression => bindValue(site, parseExpression(written));
  const bound = rebind(text);
  return { text: storedText(state, { bound, original: text, columns: like.all, rebind }), bound };
}

/** The checks of INCLUDING CONSTRAINTS, under their names. */
export function likeChecks(
  context: TableContext, like: Like, table: Pick<TableEntry, 'columns' | 'constraints'>,
): readonly CheckConstraint[] {
  if (!like.including.has('constraints')) return [];
  return like.constraints.flatMap((c): readonly CheckConstraint[] => {
    if (c.kind !== 'check') return [];
    if (table.constraints.some((other) => other.name === c.name)) {
      throw new DatabaseError('42710', `constraint "${c.name}" for relation "${context.table}" already exists`);
    }
    return [{
      ...c, oid: context.state.services.allocateOid(), expression: boundText(context, like, c.expression).text,
      columns: c.columns.map((attnum) => place(like, table, attnum)), comment: like.including.has('comments') ? c.comment : null,
    }];
  });
}

/** Where the table has the column. */
function place(like: Like, table: Pick<TableEntry, 'columns'>, attnum: number): number {
  const { name } = like.all[attnum - 1];
  const found = table.columns.find((c) => c.name === name && !c.dropped);
  if (found === undefined) throw new DatabaseError('XX000', `column "${name}" is missing`);
  return found.attnum;
}

/** The indexes of INCLUDING INDEXES, keys among them, under names of the table's own. */
export function likeIndexes(
  context: TableContext, entry: TableEntry, likes: readonly Like[],
): { readonly table: TableEntry; readonly indexes: readonly IndexEntry[] } {
  let table = entry;
  const indexes: IndexEntry[] = [];
  for (const like of likes) {
    if (!like.including.has('indexes')) continue;
    for (const index of like.indexes) {
      const copied = index.constraint === null ? likeIndex(context, table, like, index) : likeKey(context, table, like, index);
      table = copied.table;
      indexes.push(copied.index);
    }
  }
  return { table, indexes };
}

interface Copied {
  readonly table: TableEntry;
  readonly index: IndexEntry;
}

function likeKey(context: TableContext, table: TableEntry, like: Like, index: IndexEntry): Copied {
  const { state, names } = context;
  if (index.primary && table.constraints.some((c) => c.kind === 'primary')) {
    throw new DatabaseError('42P16', `multiple primary keys for table "${table.name}" are not allowed`);
  }
  const key = like.constraints.find((c): c is KeyConstraint => (
    c.oid === index.constraint && (c.kind === 'primary' || c.kind === 'unique')));
  if (key === undefined) throw new DatabaseError('XX000', `index "${index.name}" lacks its constraint`);
  const columns = index.columns.map((attnum) => place(like, table, attnum));
  const label = index.primary ? '' : columns.map((attnum) => table.columns[attnum - 1].name).join('_');
  const name = names.choose(table.name, label, index.primary ? 'pkey' : 'key');
  const constraint: KeyConstraint = {
    ...key, oid: state.services.allocateOid(), name, columns, index: state.services.allocateOid(), comment: null,
  };
  return {
    table: { ...table, constraints: [...table.constraints, constraint] },
    index: { ...owned(context, table, like, index), oid: constraint.index, name, columns, constraint: constraint.oid },
  };
}

function likeIndex(context: TableContext, table: TableEntry, like: Like, index: IndexEntry): Copied {
  const { state, names } = context;
  const { definition } = index;
  const include = index.include.map((attnum) => place(like, table, attnum));
  const common = { ...owned(context, table, like, index), oid: state.services.allocateOid(), include };
  if (definition === undefined) {
    const columns = index.columns.map((attnum) => place(like, table, attnum));
    return { table, index: { ...common, name: chooseIndexName(names, table, { labels: undefined, columns, include }), columns } };
  }
  const where = definition.where === null ? undefined : parseExpression(boundText(context, like, definition.where).text);
  const elements = definition.elements.map((text, i): IndexElement => ({
    ...element(context, like, text, definition.plain[i]), ...collated(index.collations?.[i]),
  }));
  const key = computedKey(state, table, elements, where,
    ({ column }) => table.columns.find((c) => c.name === column && !c.dropped)?.attnum ?? 0);
  const name = chooseIndexName(names, table, { labels: key.labels, columns: [...key.columns], include });
  return {
    table: { ...table, columns: [...table.columns, ...key.hidden] },
    index: { ...common, name, columns: key.columns, definition: key.definition },
  };
}

function collated(name: string | null | undefined): Partial<IndexElement> {
  return name === null || name === undefined ? {} : { collation: [name] };
}

function element(context: TableContext, like: Like, text: string | null, attnum: number): IndexElement {
  return {
    column: text === null ? like.all[attnum - 1].name : undefined,
    expression: text === null ? undefined : parseExpression(boundText(context, like, text).text),
    collation: undefined, operatorClass: undefined, direction: 'default', nulls: 'default', position: undefined,
  };
}

function owned({ state, schema }: TableContext, table: TableEntry, like: Like, index: IndexEntry): IndexEntry {
  return {
    ...index, schema, owner: state.role.oid, acl: [], table: table.oid,
    comment: like.including.has('comments') ? index.comment : null,
  };
}
