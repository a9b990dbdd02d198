// Query → BoundQuery: WITH, then SELECT, VALUES or a set operation.
import { AssertionError, DatabaseError } from '../../engine/data/error.ts';
import type { CommonTable, Query, WithClause } from '../parser/ast.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { hasComputedLimit, withComputedLimits } from './computed-limits.ts';
import { bindExpression } from './bind-expression.ts';
import { bindRecursive } from './bind-recursive.ts';
import { bindSelect } from './bind-select.ts';
import { bindSetOperation } from './bind-set-operation.ts';
import { bindValues } from './bind-values.ts';
import type { BoundQuery, CommonTableScope, QuerySite, Recursion } from './level.ts';
import { checkRecursion, inOrder, mentions } from './recursion-rules.ts';
import { asRelation } from './relation.ts';

export const RECURSION: Recursion = { expression: bindExpression, query: bindQuery };

export function bindQuery(query: Query, site: QuerySite): BoundQuery {
  if (hasComputedLimit(query, site.parent !== null)) {
    const unlimited: Query = { ...query, limit: undefined, offset: undefined, withTies: false };
    return withComputedLimits(query, bindQuery(unlimited, site), site, RECURSION);
  }
  if (query.locking.length > 0 && site.env.effects !== null) return site.env.effects.bindLocking(query, site);
  const commonTables = bindWith(query, site);
  const inner: QuerySite = { ...site, commonTables };
  const { body } = query;
  switch (body.kind) {
    case 'select': return bindSelect(query, body, inner, RECURSION);
    case 'values': return bindValues(query, body, inner, RECURSION);
    case 'setOperation': return bindSetOperation(query, body, inner, RECURSION);
  }
}

function bindWith(query: Query, site: QuerySite): CommonTableScope | null {
  return query.with === undefined ? site.commonTables : bindCommonTables(query.with, site);
}

export function bindCommonTables(clause: WithClause, site: QuerySite): CommonTableScope | null {
  let scope = site.commonTables;
  const names = new Set<string>();
  for (const table of clause.tables) {
    if (names.has(table.name)) {
      throw new DatabaseError('42712', `WITH query name "${table.name}" specified more than once`, { position: table.position });
    }
    names.add(table.name);
  }
  const tables = clause.recursive ? inOrder(clause.tables) : clause.tables;
  for (const [i, table] of tables.entries()) {
    const unseen = clause.recursive ? [] : tables.slice(i).map((t) => t.name);
    const commonTables = unseen.length === 0 ? scope : notYet(scope, unseen);
    const bound = bindCommonTable(table, { ...site, commonTables }, clause.recursive);
    scope = { ...bound, parent: scope };
  }
  return scope;
}

/** Where tables of WITH are known that cannot be read yet. */
function notYet(parent: CommonTableScope | null, unseen: readonly string[]): CommonTableScope {
  return { parent, name: null, unseen, columns: [], plan: () => { throw new AssertionError('a common table that is none'); } };
}

function bindCommonTable(table: CommonTable, site: QuerySite, recursive: boolean): CommonTableScope {
  const { keepUnknown: _, output: __, ...plain } = site;
  if (table.statement.kind !== 'query' && recursive && mentions(table.statement, table.name).length > 0) {
    throw new DatabaseError('42P19', `recursive query "${table.name}" must not contain data-modifying statements`,
      { position: table.position });
  }
  if (table.statement.kind !== 'query') return commonTableOf(table, site, bindModifying(table, plain));
  const itself = recursive && mentions(table.statement, table.name).length > 0;
  if (itself) checkRecursion(table, table.statement);
  if (!itself && (table.search !== undefined || table.cycle !== undefined)) {
    throw new DatabaseError('42601', 'WITH query is not recursive', { position: table.position });
  }
  const query = itself
    ? bindRecursive(table, table.statement, { ...plain, commonTables: bindWith(table.statement, plain) }, RECURSION)
    : bindQuery(table.statement, plain);
  return commonTableOf(table, site, query);
}

/** 0A000 where nothing is ever run: in the definition of a view. */
function bindModifying(table: CommonTable, site: QuerySite): BoundQuery | null {
  if (site.env.effects !== null) return site.env.effects.bindModifying(table, site);
  throw new DatabaseError('0A000', 'views must not contain data-modifying statements in WITH');
}

/** `query`: null for what returns no rows, and so cannot be read. */
function commonTableOf(table: CommonTable, site: QuerySite, query: BoundQuery | null): CommonTableScope {
  const common = { parent: site.commonTables, name: table.name };
  if (query === null) {
    const message = `WITH query "${table.name}" does not have a RETURNING clause`;
    return { ...common, columns: [], plan: (position) => { throw new DatabaseError('0A000', message, { position }); } };
  }
  if (table.columns.length > query.columns.length) {
    throw new DatabaseError('42P10', `WITH query "${table.name}" has ${query.columns.length} columns available `
      + `but ${table.columns.length} columns specified`, { position: table.position });
  }
  const columns = query.columns.map((c, i) => ({ ...c, name: table.columns[i] ?? c.name }));
  const input = asRelation(query, true);
  const shared: LogicalPlan = {
    kind: 'shared', id: site.env.shared.fresh(), name: table.name, input,
    schema: { columns: input.schema.columns.map((c, i) => columns[i] ?? c).map(({ name, type }) => ({ name, type })) },
  };
  return { ...common, columns, order: query.order, plan: () => shared };
}

