// SELECT, VALUES and set operations of libpg-query's tree as ours.
import type {
  CommonTableExpr, IntoClause as PgIntoClause, LockingClause as PgLockingClause, Node, SelectStmt, WithClause as PgWith,
} from 'libpg-query';
import { AssertionError } from '../../engine/data/error.ts';
import type {
  CommonTable, GroupItem, IntoClause, LockingClause, Query, QueryBody, Select, SetOperation, Target, WithClause,
} from './ast.ts';
import { names, persistence, relation, untag } from './postgres-node.ts';
import type { ReaderContext } from './postgres-node.ts';
import { expression, expressions, optional } from './postgres-expression.ts';
import { fromItem } from './postgres-from.ts';
import { sortKeys, windowSpecification } from './postgres-window.ts';

/** `range` stays undefined here: the statement's reader knows whether the query is one of its own. */
export function readQuery(node: SelectStmt, context: ReaderContext): Query {
  const queryBody = body(node, context);
  return {
    kind: 'query', with: withClause(node.withClause, context), body: queryBody,
    orderBy: sortKeys(node.sortClause, context, expression), limit: optional(node.limitCount, context),
    withTies: node.limitOption === 'LIMIT_OPTION_WITH_TIES', offset: optional(node.limitOffset, context),
    locking: (node.lockingClause ?? []).map((clause) => locking(untag(clause, 'LockingClause'), context)),
    range: undefined, position: queryBody.position,
  };
}

function body(node: SelectStmt, context: ReaderContext): QueryBody {
  if (node.op !== undefined && node.op !== 'SETOP_NONE') return setOperation(node, context);
  if (node.valuesLists === undefined) return select(node, context);
  const rows = node.valuesLists.map((row) => expressions(untag(row, 'List').items, context));
  return { kind: 'values', rows, position: rows[0]?.[0]?.position };
}

function setOperation(node: SelectStmt, context: ReaderContext): SetOperation {
  const { op, larg, rarg } = node;
  if (larg === undefined || rarg === undefined) throw new AssertionError('a set operation lacks an operand');
  const left = readQuery(larg, context);
  const right = readQuery(rarg, context);
  const operator = op === 'SETOP_UNION' ? 'union' : op === 'SETOP_INTERSECT' ? 'intersect' : 'except';
  return { kind: 'setOperation', operator, all: node.all ?? false, left, right, position: left.position };
}

function select(node: SelectStmt, context: ReaderContext): Select {
  const list = targets(node.targetList, context);
  const first = node.targetList?.[0];
  const start = first === undefined ? undefined : context.source.offset(untag(first, 'ResTarget').location);
  const { groupBy, groupByAll } = grouping(node.groupClause, context);
  return {
    kind: 'select', distinct: distinct(node.distinctClause, context), targets: list,
    from: (node.fromClause ?? []).map((item) => fromItem(item, context)),
    where: optional(node.whereClause, context), groupBy, groupDistinct: node.groupDistinct ?? false, groupByAll,
    having: optional(node.havingClause, context),
    windows: (node.windowClause ?? []).map((window) =>
      windowSpecification(untag(window, 'WindowDef'), context, expression)),
    qualify: start === undefined ? undefined : context.marks?.qualify.get(start),
    into: node.intoClause === undefined ? undefined : into(node.intoClause, context),
    position: list[0]?.position,
  };
}

/** Plain DISTINCT is a list of one empty node. */
function distinct(nodes: readonly Node[] | undefined, context: ReaderContext): Select['distinct'] {
  const first = nodes?.[0];
  if (first === undefined) return undefined;
  return Object.keys(first).length === 0 ? 'all' : expressions(nodes, context);
}

/** Targets of SELECT and RETURNING. */
export function targets(nodes: readonly Node[] | undefined, context: ReaderContext): readonly Target[] {
  return (nodes ?? []).map((node) => {
    const target = untag(node, 'ResTarget');
    return {
      expression: expression(target.val, context), alias: target.name,
      position: context.source.position(target.location),
    };
  });
}

export function into(node: PgIntoClause, context: ReaderContext): IntoClause {
  return {
    relation: relation(node.rel, context), columns: names(node.colNames), persistence: persistence(node.rel),
  };
}

function grouping(
  nodes: readonly Node[] | undefined, context: ReaderContext,
): { readonly groupBy: readonly GroupItem[]; readonly groupByAll: boolean } {
  const first = nodes?.[0];
  if (first !== undefined && 'GroupingSet' in first) {
    const offset = context.source.offset(first.GroupingSet.location);
    if (offset !== undefined && context.marks?.groupByAll.has(offset) === true) {
      return { groupBy: [], groupByAll: true };
    }
  }
  return { groupBy: (nodes ?? []).map((node) => groupItem(node, context)), groupByAll: false };
}

function groupItem(node: Node, context: ReaderContext): GroupItem {
  if (!('GroupingSet' in node)) return { kind: 'expression', expression: expression(node, context) };
  const { kind, content, location } = node.GroupingSet;
  const position = context.source.position(location);
  switch (kind) {
    case 'GROUPING_SET_EMPTY': return { kind: 'empty', position };
    case 'GROUPING_SET_ROLLUP': return { kind: 'rollup', items: expressions(content, context), position };
    case 'GROUPING_SET_CUBE': return { kind: 'cube', items: expressions(content, context), position };
    case 'GROUPING_SET_SETS':
      return { kind: 'sets', items: (content ?? []).map((item) => groupItem(item, context)), position };
    default: throw new AssertionError(`a raw syntax tree has no ${kind}`);
  }
}

const strengths: { readonly [strength: string]: LockingClause['strength'] } = {
  LCS_FORKEYSHARE: 'key share', LCS_FORSHARE: 'share', LCS_FORNOKEYUPDATE: 'no key update', LCS_FORUPDATE: 'update',
};

function locking(node: PgLockingClause, context: ReaderContext): LockingClause {
  return {
    strength: strengths[node.strength ?? ''] ?? 'update',
    tables: (node.lockedRels ?? []).map((table) => relation(untag(table, 'RangeVar'), context)),
    wait: node.waitPolicy === 'LockWaitSkip' ? 'skip' : node.waitPolicy === 'LockWaitError' ? 'error' : 'block',
  };
}

export function withClause(node: PgWith | undefined, context: ReaderContext): WithClause | undefined {
  if (node === undefined) return undefined;
  return {
    recursive: node.recursive ?? false,
    tables: (node.ctes ?? []).map((table) => commonTable(untag(table, 'CommonTableExpr'), context)),
    position: context.source.position(node.location),
  };
}

function commonTable(node: CommonTableExpr, context: ReaderContext): CommonTable {
  if (node.ctequery === undefined) throw new AssertionError('a WITH query is missing in the syntax tree');
  const statement = context.statement(node.ctequery);
  const { kind } = statement;
  if (kind !== 'query' && kind !== 'insert' && kind !== 'update' && kind !== 'delete' && kind !== 'merge') {
    throw new AssertionError(`WITH holds a statement of kind ${kind}`);
  }
  const { search_clause: search, cycle_clause: cycle, ctematerialized: mode } = node;
  return {
    name: node.ctename ?? '', columns: names(node.aliascolnames), statement,
    materialized: mode === 'CTEMaterializeAlways' ? true : mode === 'CTEMaterializeNever' ? false : undefined,
    search: search === undefined ? undefined : {
      breadthFirst: search.search_breadth_first ?? false, columns: names(search.search_col_list),
      sequence: search.search_seq_column ?? '', position: context.source.position(search.location),
    },
    cycle: cycle === undefined ? undefined : {
      columns: names(cycle.cycle_col_list), mark: cycle.cycle_mark_column ?? '',
      value: expression(cycle.cycle_mark_value, context), otherwise: expression(cycle.cycle_mark_default, context),
      path: cycle.cycle_path_column ?? '', position: context.source.position(cycle.location),
    },
    position: context.source.position(node.location),
  };
}
