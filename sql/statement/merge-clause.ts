// The parts of MERGE: the join of source and target as a query, and each WHEN clause over its rows.
import { bindExpression } from '../binder/bind-expression.ts';
import { bindQuery } from '../binder/bind-query.ts';
import { coerceAssignment, coerceBoolean } from '../binder/coercion.ts';
import type { Environment } from '../binder/environment.ts';
import type { CommonTableScope, QuerySite, Site } from '../binder/level.ts';
import { locationOf } from '../binder/location.ts';
import type { ScopeItem } from '../binder/scope.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import type { Expr, FromItem, Merge, MergeClause } from '../parser/ast.ts';
import { rowScopeItem, rowSite } from '../planner.ts';
import { resolveAssignments } from './assignment.ts';
import { labelsOf, otherItems, plainTarget, selectOf, starOf, starWidth } from './change-query.ts';
import type { ChangeQuery } from './change-query.ts';
import { assembled, gatherParts, hasParts, refuseDefault } from './insert-parts.ts';
import { checkAssignable, checkWidth, targetColumns } from './insert-target.ts';
import type { InsertTarget } from './insert-target.ts';
import { RowExpressions } from './row-expressions.ts';

/** A name that no clause can say, of a relation with one true column: NULL where no row of the target matches. */
const MATCHED = '*MERGE*';

const TRUE: Expr = { kind: 'boolean', value: true, position: undefined };

/**
 * SELECT target columns, matched, source.* FROM source LEFT JOIN (target CROSS JOIN (SELECT true)) ON ..; `others`: the
 * source's relations, their columns following those of the stored target row.
 */
export function bindMergeQuery(site: QuerySite, table: TableEntry, statement: Merge): ChangeQuery {
  const target = statement.table.alias?.name ?? statement.table.relation.name;
  const labels = labelsOf(statement.source);
  const live = liveColumns(table.columns);
  const common = { natural: false, asof: false, using: undefined, usingAlias: undefined, alias: undefined, position: undefined };
  const mark: FromItem = {
    kind: 'subquery', lateral: false, alias: { name: MATCHED, columns: ['matched'] }, position: undefined,
    query: selectOf(undefined, [plainTarget(TRUE)], [], undefined),
  };
  const marked: FromItem = { kind: 'join', join: 'cross', left: statement.table, right: mark, on: undefined, ...common };
  const from: FromItem = {
    kind: 'join', join: 'left', left: statement.source, right: marked, on: statement.on, ...common,
  };
  const query = selectOf(statement.with, [
    ...live.map((c) => plainTarget({ kind: 'column', name: [target, c.name], position: undefined })),
    plainTarget({ kind: 'column', name: [MATCHED, 'matched'], position: undefined }),
    ...labels.map(starOf),
  ], [from], undefined);
  const bound = bindQuery(query, { ...site, hidden: [rowScopeItem(table, { alias: target })] });
  const others = otherItems(bound, labels, { from: live.length + 1, offset: table.columns.length },
    (label) => starWidth(site, label, { with: statement.with, from: [statement.source] }));
  return { table, bound, values: [], joined: false, others };
}

export type BoundAction =
  | { readonly kind: 'nothing' | 'delete' }
  | { readonly kind: 'update'; readonly columns: readonly ColumnEntry[]; readonly values: RowExpressions;
      /** Set to DEFAULT. */
      readonly defaults: readonly ColumnEntry[] }
  /** Columns that are not here get their defaults. */
  | { readonly kind: 'insert'; readonly columns: readonly ColumnEntry[]; readonly values: RowExpressions };

export interface BoundClause {
  readonly match: MergeClause['match'];
  readonly condition: RowExpressions | null;
  readonly action: BoundAction;
}

interface ClauseScope {
  readonly table: TableEntry;
  readonly target: ScopeItem;
  readonly source: readonly ScopeItem[];
  readonly commonTables: CommonTableScope | null;
}

export function bindMergeClause(env: Environment, clause: MergeClause, scope: ClauseScope): BoundClause {
  const site = (phrase: string): Site => {
    const matched = clause.match === 'matched';
    const made = rowSite(env, matched ? [scope.target, ...scope.source] : scope.source, { phrase },
      scope.commonTables);
    if (!matched) made.scope.hiddenItems = [scope.target];
    return made;
  };
  return {
    match: clause.match, action: bindAction(clause.action, scope, site),
    condition: clause.condition === undefined ? null : bindCondition(clause.condition, site('MERGE WHEN conditions')),
  };
}

function bindCondition(condition: Expr, site: Site): RowExpressions {
  const bound = coerceBoolean(site.env, bindExpression(condition, site), 'WHEN', locationOf(condition));
  return new RowExpressions(site, [bound]);
}

function bindAction(action: MergeClause['action'], scope: ClauseScope, site: (phrase: string) => Site): BoundAction {
  switch (action.kind) {
    case 'nothing': case 'delete': return { kind: action.kind };
    case 'update': {
      const set = resolveAssignments(scope.table, action.set, scope.target.name ?? undefined);
      const given = set.flatMap(({ column, value }) => (value === null ? [] : [{ column, value }]));
      return {
        kind: 'update', columns: given.map((a) => a.column), values: bindValues(given, site('UPDATE')),
        defaults: set.filter((a) => a.value === null).map((a) => a.column),
      };
    }
    case 'insert': return bindInsertAction(action, scope, site('VALUES'));
  }
}

function bindInsertAction(
  action: MergeClause['action'] & { readonly kind: 'insert' }, scope: ClauseScope, site: Site,
): BoundAction {
  const columns = targetColumns(scope.table, action.columns);
  const target = { table: scope.table, columns, given: action.columns, overriding: action.overriding };
  const { values } = action;
  // No values at all: DEFAULT VALUES.
  const filled = values.length === 0 ? [] : checkWidth(target, values.length, {
    extra: values.length > columns.length ? locationOf(values[columns.length]) : undefined, values: undefined,
  });
  if (hasParts(action.columns)) return partsAction(target, filled, values, site);
  const given = filled.map((column, i) => ({ column, value: values[i] })).filter(({ column, value }) => {
    if (value.kind === 'default') return false;
    checkAssignable(target, column);
    return action.overriding !== 'user' || column.identity === null;
  });
  return { kind: 'insert', columns: given.map((g) => g.column), values: bindValues(given, site) };
}

function partsAction(target: InsertTarget, filled: readonly ColumnEntry[], values: readonly Expr[],
  site: Site): BoundAction {
  const bound = values.map((value, i) => {
    if (value.kind === 'default') throw refuseDefault(target.given[i]);
    checkAssignable(target, filled[i]);
    return bindExpression(value, site);
  });
  const gathered = gatherParts(filled);
  const whole = gathered.map((g) => assembled(site, g, target.given, { values: bound, written: values }));
  return {
    kind: 'insert', columns: gathered.map((g) => g.column), values: new RowExpressions(site, whole),
  };
}

function bindValues(
  given: readonly { readonly column: ColumnEntry; readonly value: Expr }[], site: Site,
): RowExpressions {
  return new RowExpressions(site, given.map(({ column, value }) =>
    coerceAssignment(site.env, bindExpression(value, site), column, locationOf(value))));
}
