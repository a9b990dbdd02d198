// CREATE statements of libpg-query's tree as ours.
import type { CreateStmt, CreateTableAsStmt, IndexStmt, Node, ViewStmt } from 'libpg-query';
import { AssertionError } from '../../engine/data/error.ts';
import type { CreateMaterializedView, CreateSource, CreateTable, CreateTableAs, LikeOption } from './ast-definition.ts';
import type { Execute, Statement } from './ast-statement.ts';
import type { ColumnDefinition, Constraint, Query, SourceRange, TypeName } from './ast.ts';
import { indexElements } from './postgres-change.ts';
import { columnDefinition, constraint, constraints } from './postgres-column.ts';
import { optional } from './postgres-expression.ts';
import {
  names, nameOf, options, persistence, refuse, relation, role, text, typeName, untag,
} from './postgres-node.ts';
import type { ReaderContext, Readers } from './postgres-node.ts';
import { elementRanges, rangeAfter } from './statement-text.ts';

export const definitionReaders: Readers<Statement> = {
  CreateStmt: createTable,
  CreateTableAsStmt: createTableAs,
  ViewStmt: createView,
  IndexStmt: createIndex,
  CreateSchemaStmt: (node, context) => {
    const ranges = context.span === undefined ? [] : elementRanges(context.span, context);
    return {
      kind: 'createSchema', name: node.schemaname, ifNotExists: node.if_not_exists ?? false,
      authorization: node.authrole === undefined ? undefined : role(node.authrole),
      elements: (node.schemaElts ?? []).map((element, i) => context.inner(element, ranges[i])), position: undefined,
    };
  },
  CreateSeqStmt: (node, context) => {
    const named = relation(node.sequence, context);
    return {
      kind: 'createSequence', relation: named, persistence: persistence(node.sequence),
      ifNotExists: node.if_not_exists ?? false, options: options(node.options, context), position: named.position,
    };
  },
  CreateEnumStmt: (node) => ({
    kind: 'createEnum', name: names(node.typeName), labels: names(node.vals), position: undefined,
  }),
  CreateRangeStmt: (node, context) => ({
    kind: 'createRange', name: names(node.typeName), position: undefined,
    parameters: (node.params ?? []).map((parameter) => {
      const { defname = '', arg, location } = untag(parameter, 'DefElem');
      const value = arg === undefined ? undefined : rangeParameter(arg, context);
      return { name: defname, value, position: context.source.position(location) };
    }),
  }),
  CompositeTypeStmt: (node, context) => {
    const named = relation(node.typevar, context);
    return {
      kind: 'createCompositeType', relation: named, position: named.position,
      columns: (node.coldeflist ?? []).map((column) => columnDefinition(untag(column, 'ColumnDef'), context)),
    };
  },
  CreateDomainStmt: (node, context) => ({
    kind: 'createDomain', name: names(node.domainname), type: typeName(node.typeName, context),
    collation: node.collClause === undefined ? undefined : names(node.collClause.collname),
    constraints: constraints(node.constraints, context), position: undefined,
  }),
  CreateRoleStmt: (node, context) => ({
    kind: 'createRole', name: node.role ?? '', options: options(node.options, context), position: undefined,
    word: node.stmt_type === 'ROLESTMT_USER' ? 'user' : node.stmt_type === 'ROLESTMT_GROUP' ? 'group' : 'role',
  }),
  AlterRoleStmt: (node, context) => ({
    kind: 'alterRole', name: role(node.role), options: options(node.options, context), position: undefined,
    word: 'role',
  }),
  CreatedbStmt: (node, context) => ({
    kind: 'createDatabase', name: node.dbname ?? '', options: options(node.options, context), position: undefined,
  }),
  CreateExtensionStmt: (node) => ({
    kind: 'createExtension', name: node.extname ?? '', ifNotExists: node.if_not_exists ?? false, position: undefined,
  }),
};

/** `"C"` and pg_catalog.text are both read as types; what is quoted is a name too. */
function rangeParameter(node: Node, context: ReaderContext): TypeName {
  if ('TypeName' in node) return typeName(node.TypeName, context);
  const name = 'List' in node ? names(node.List.items) : [text(node)];
  return { name, modifiers: [], arrayDimensions: 0, setOf: false, ofColumn: false, position: undefined };
}

function createTable(node: CreateStmt, context: ReaderContext): CreateTable | CreateSource {
  const named = relation(node.relation, context);
  if (node.partspec !== undefined || node.partbound !== undefined) {
    throw refuse('a partitioned table', context.source.position(node.partspec?.location ?? node.partbound?.location));
  }
  if (node.ofTypename !== undefined) throw refuse('CREATE TABLE OF', context.source.position(node.ofTypename.location));
  const columns: ColumnDefinition[] = [];
  const tableConstraints: Constraint[] = [];
  const like: CreateTable['like'][number][] = [];
  for (const element of node.tableElts ?? []) {
    if ('ColumnDef' in element) columns.push(columnDefinition(element.ColumnDef, context));
    else if ('Constraint' in element) tableConstraints.push(constraint(element.Constraint, context));
    else {
      const { relation: likeRelation, options: bits } = untag(element, 'TableLikeClause');
      const liked = relation(likeRelation, context);
      like.push({ relation: liked, including: likeOptions(bits ?? 0), after: columns.length, position: liked.position });
    }
  }
  const marks = context.marks?.statement;
  const common = {
    relation: named, ifNotExists: node.if_not_exists ?? false, columns, constraints: tableConstraints,
    watermark: marks?.watermark, appendOnly: marks?.appendOnly ?? false, position: named.position,
  };
  if (marks?.source === true) {
    return {
      ...common, kind: 'createSource', options: marks.options ?? [], format: marks.format, badRowsTo: marks.badRowsTo,
    };
  }
  return {
    ...common, kind: 'createTable', persistence: persistence(node.relation), like,
    inherits: (node.inhRelations ?? []).map((parent) => relation(untag(parent, 'RangeVar'), context)),
    options: marks?.options ?? options(node.options, context),
    onCommit: onCommit(node.oncommit),
  };
}

function onCommit(action: string | undefined): CreateTable['onCommit'] {
  return action === 'ONCOMMIT_DELETE_ROWS' ? 'delete' : action === 'ONCOMMIT_DROP' ? 'drop' : 'preserve';
}

/** Bits of TableLikeOption (PostgreSQL's parsenodes.h), in their order. */
const likeBits: readonly LikeOption[] = [
  'comments', 'compression', 'constraints', 'defaults', 'generated', 'identity', 'indexes', 'statistics', 'storage',
];

function likeOptions(bits: number): readonly LikeOption[] {
  return likeBits.filter((_, bit) => (bits & (1 << bit)) !== 0);
}

function queryAt(node: Node | undefined, range: SourceRange | undefined, context: ReaderContext): Query {
  return { ...context.query(node), range };
}

function createTableAs(node: CreateTableAsStmt, context: ReaderContext): CreateTableAs | CreateMaterializedView {
  const { into } = node;
  if (into === undefined || node.query === undefined) throw new AssertionError('CREATE TABLE AS lacks its parts');
  const named = relation(into.rel, context);
  const range = context.span === undefined ? undefined : rangeAfter('as', context.span, context);
  const marks = context.marks?.statement;
  const common = {
    relation: named, ifNotExists: node.if_not_exists ?? false, columnNames: names(into.colNames),
    options: options(into.options, context), withData: into.skipData !== true, position: named.position,
  };
  if (node.objtype === 'OBJECT_MATVIEW') {
    return {
      ...common, kind: 'createMaterializedView', query: queryAt(node.query, range, context),
      orReplace: marks?.orReplace ?? false, emitOnWindowClose: marks?.emitOnWindowClose ?? false,
      lateDataTo: marks?.lateDataTo, replacementFor: marks?.replacementFor,
    };
  }
  const query = 'ExecuteStmt' in node.query ? execute(node.query, context) : queryAt(node.query, range, context);
  return { ...common, kind: 'createTableAs', persistence: persistence(into.rel), onCommit: onCommit(into.onCommit), query };
}

function execute(node: Node, context: ReaderContext): Execute {
  const statement = context.statement(node);
  if (statement.kind !== 'execute') throw new AssertionError('not an EXECUTE');
  return statement;
}

function createView(node: ViewStmt, context: ReaderContext): Statement {
  const named = relation(node.view, context);
  const query = queryAt(node.query, context.span && rangeAfter('as', context.span, context), context);
  return {
    // The grammar makes a query of RECURSIVE, which has no place in the text.
    kind: 'createView', recursive: query.with?.recursive === true && query.with.position === undefined,
    relation: named, persistence: persistence(node.view), orReplace: node.replace ?? false,
    ifNotExists: context.marks?.statement.ifNotExists ?? false, columnNames: names(node.aliases),
    options: options(node.options, context), query,
    checkOption: node.withCheckOption === 'LOCAL_CHECK_OPTION' ? 'local'
      : node.withCheckOption === 'CASCADED_CHECK_OPTION' ? 'cascaded' : undefined,
    position: named.position,
  };
}

function createIndex(node: IndexStmt, context: ReaderContext): Statement {
  const named = relation(node.relation, context);
  return {
    kind: 'createIndex', name: node.idxname, relation: named, method: node.accessMethod ?? 'btree',
    unique: node.unique ?? false, concurrently: node.concurrent ?? false, ifNotExists: node.if_not_exists ?? false,
    elements: indexElements(node.indexParams, context),
    include: (node.indexIncludingParams ?? []).map((element) => untag(element, 'IndexElem').name ?? ''),
    nullsNotDistinct: node.nulls_not_distinct ?? false, options: options(node.options, context),
    where: optional(node.whereClause, context), position: named.position,
  };
}

/** The parts that were written of a name in a list of names. */
export function objectName(node: Node): readonly string[] {
  if ('List' in node) return (node.List.items ?? []).flatMap(objectName);
  if ('String' in node) return [node.String.sval ?? ''];
  if ('TypeName' in node) return names(node.TypeName.names);
  if ('RangeVar' in node) return nameOf(node.RangeVar);
  if ('ObjectWithArgs' in node) return names(node.ObjectWithArgs.objname);
  if ('RoleSpec' in node) return [role(node.RoleSpec)];
  throw new AssertionError(`not a name: ${JSON.stringify(node)}`);
}
