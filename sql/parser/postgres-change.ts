// INSERT, UPDATE, DELETE and MERGE of libpg-query's tree as ours.
import type {
  DeleteStmt, InsertStmt, MergeStmt, MergeWhenClause, Node, OnConflictClause, RangeVar, UpdateStmt,
} from 'libpg-query';
import { AssertionError, DatabaseError } from '../../engine/data/error.ts';
import type {
  Assignment, Delete, IndexElement, Insert, InsertColumn, Merge, MergeClause, OnConflict, TableItem, Update,
} from './ast.ts';
import { assignmentPath, expression, expressions, optional } from './postgres-expression.ts';
import { fromItem, tableItem } from './postgres-from.ts';
import { names, relation, untag } from './postgres-node.ts';
import type { ReaderContext } from './postgres-node.ts';
import { targets, withClause } from './postgres-query.ts';
import { direction, nullsPlace } from './postgres-window.ts';
import { isWord } from './statement-text.ts';
import { tokenize } from './tokens.ts';
import { extent } from './unnamed.ts';

function target(node: RangeVar | undefined, context: ReaderContext): TableItem {
  if (node === undefined) throw new AssertionError('a table is missing in the syntax tree');
  return tableItem(node, context);
}

export function readInsert(node: InsertStmt, context: ReaderContext): Insert {
  const named = relation(node.relation, context);
  return {
    kind: 'insert', with: withClause(node.withClause, context), relation: named,
    alias: node.relation?.alias?.aliasname, columns: insertColumns(node.cols, context),
    overriding: overriding(node.override),
    source: node.selectStmt === undefined ? undefined : context.query(node.selectStmt),
    onConflict: node.onConflictClause === undefined ? undefined : onConflict(node.onConflictClause, context),
    returning: targets(node.returningClause?.exprs, context), position: named.position,
  };
}

function overriding(kind: string | undefined): Insert['overriding'] {
  return kind === 'OVERRIDING_SYSTEM_VALUE' ? 'system' : kind === 'OVERRIDING_USER_VALUE' ? 'user' : undefined;
}

function insertColumns(nodes: readonly Node[] | undefined, context: ReaderContext): readonly InsertColumn[] {
  return (nodes ?? []).map((node) => {
    const column = untag(node, 'ResTarget');
    const position = context.source.position(column.location);
    return { name: column.name ?? '', path: assignmentPath(column.indirection, position, context), position };
  });
}

function onConflict(node: OnConflictClause, context: ReaderContext): OnConflict {
  const { infer } = node;
  return {
    target: infer === undefined ? undefined : {
      elements: indexElements(infer.indexElems, context), where: optional(infer.whereClause, context),
      constraint: infer.conname, position: context.source.position(infer.location),
    },
    action: node.action === 'ONCONFLICT_UPDATE' ? 'update' : 'nothing', set: assignments(node.targetList, context),
    where: optional(node.whereClause, context), position: context.source.position(node.location),
  };
}

export function indexElements(nodes: readonly Node[] | undefined, context: ReaderContext): readonly IndexElement[] {
  return (nodes ?? []).map((node) => {
    const element = untag(node, 'IndexElem');
    const indexed = optional(element.expr, context);
    return {
      column: element.name, expression: indexed,
      collation: element.collation === undefined ? undefined : names(element.collation),
      operatorClass: element.opclass === undefined ? undefined : names(element.opclass),
      direction: direction(element.ordering), nulls: nullsPlace(element.nulls_ordering), position: indexed?.position,
    };
  });
}

function assignments(nodes: readonly Node[] | undefined, context: ReaderContext): readonly Assignment[] {
  return (nodes ?? []).map((node) => {
    const { name, indirection, val, location } = untag(node, 'ResTarget');
    const position = context.source.position(location);
    const common = { column: name ?? '', path: assignmentPath(indirection, position, context), position };
    if (val === undefined || !('MultiAssignRef' in val)) {
      return { ...common, value: expression(val, context), multiple: undefined };
    }
    const { source, colno = 1, ncolumns = 1 } = val.MultiAssignRef;
    return { ...common, value: expression(source, context), multiple: { index: colno - 1, count: ncolumns } };
  });
}

export function readUpdate(node: UpdateStmt, context: ReaderContext): Update {
  const table = target(node.relation, context);
  return {
    kind: 'update', with: withClause(node.withClause, context), table, set: assignments(node.targetList, context),
    from: (node.fromClause ?? []).map((item) => fromItem(item, context)), where: optional(node.whereClause, context),
    returning: targets(node.returningClause?.exprs, context), position: table.position,
  };
}

export function readDelete(node: DeleteStmt, context: ReaderContext): Delete {
  const table = target(node.relation, context);
  return {
    kind: 'delete', with: withClause(node.withClause, context), table,
    using: (node.usingClause ?? []).map((item) => fromItem(item, context)),
    where: optional(node.whereClause, context), returning: targets(node.returningClause?.exprs, context),
    position: table.position,
  };
}

export function readMerge(node: MergeStmt, context: ReaderContext): Merge {
  checkMergeForm(node, context);
  const table = target(node.relation, context);
  return {
    kind: 'merge', with: withClause(node.withClause, context), table, source: fromItem(node.sourceRelation, context),
    on: expression(node.joinCondition, context),
    clauses: (node.mergeWhenClauses ?? []).map((clause) => mergeClause(untag(clause, 'MergeWhenClause'), context)),
    position: table.position,
  };
}

/** The grammar's build knows RETURNING and WHEN NOT MATCHED BY .., at which PostgreSQL 15 stops. */
function checkMergeForm({ returningClause: returning }: MergeStmt, { source }: ReaderContext): void {
  const tokens = tokenize(source.text);
  // BY TARGET is not in the tree.
  const by = tokens.find((t, i) => isWord(t, 'by') && isWord(tokens[i - 1], 'matched'));
  const end = (source.offset(extent(returning).first) ?? 0) - source.base;
  const token = by ?? (returning === undefined ? undefined
    : tokens.findLast((t) => isWord(t, 'returning') && t.start < end));
  if (token === undefined) return;
  throw new DatabaseError('42601', `syntax error at or near "${source.text.slice(token.start, token.end)}"`,
    { position: source.whole.position(source.base + token.start) });
}

function mergeClause(node: MergeWhenClause, context: ReaderContext): MergeClause {
  return {
    match: node.matchKind === 'MERGE_WHEN_MATCHED' ? 'matched' : 'not matched',
    condition: optional(node.condition, context), action: mergeAction(node, context),
  };
}

function mergeAction(node: MergeWhenClause, context: ReaderContext): MergeClause['action'] {
  switch (node.commandType) {
    case 'CMD_UPDATE': return { kind: 'update', set: assignments(node.targetList, context) };
    case 'CMD_DELETE': return { kind: 'delete' };
    case 'CMD_INSERT':
      return {
        kind: 'insert', columns: insertColumns(node.targetList, context), values: expressions(node.values, context),
        overriding: overriding(node.override),
      };
    default: return { kind: 'nothing' };
  }
}
