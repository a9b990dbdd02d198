// Views in a query whose rows are locked, or to be found again: in their place stand their queries, whose tables' rows they are.
import { notSupported } from '../../engine/data/error.ts';
import { bindQuery } from '../binder/bind-query.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { ViewEntry } from '../catalog/entry.ts';
import type { FromItem, LockingClause, Query, TableItem } from '../parser/ast.ts';
import { samePlan } from '../plan/same-plan.ts';
import { parseQuery, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import { boundView } from './kept-view.ts';
import { qualified } from './naming.ts';
import { printedQuery } from './view-text.ts';

/** `hidden`: names of WITH queries around. Where a view is to be locked and there are no words for its query: 0A000. */
export function withViewQueries(state: SessionState, query: Query, hidden: ReadonlySet<string> = new Set()): Query {
  const { body, locking } = query;
  if (body.kind !== 'select') return query;
  const names = new Set([...hidden, ...query.with?.tables.map((t) => t.name) ?? []]);
  const within = (item: FromItem): FromItem => {
    switch (item.kind) {
      case 'join': return { ...item, left: within(item.left), right: within(item.right) };
      case 'subquery': return { ...item, query: lockedWithin(state, item.query, names) };
      case 'table': {
        const view = means(locking, item) ? viewOf(state, item, names) : null;
        if (view === null) return item;
        const written = queryOf(state, view);
        if (written !== null) return viewItem(state, item, view, written);
        if (locking.length > 0) throw notSupported(`locking the rows of view "${view.name}"`);
        return item;
      }
      default: return item;
    }
  };
  return { ...query, body: { ...body, from: body.from.map(within) } };
}

/** What locks for itself is looked at when it is bound. */
function lockedWithin(state: SessionState, query: Query, names: ReadonlySet<string>): Query {
  return query.locking.length > 0 ? query : withViewQueries(state, query, names);
}

function means(locking: readonly LockingClause[], { alias, relation }: TableItem): boolean {
  const label = alias?.name ?? relation.name;
  return locking.every(({ tables }) => tables.length === 0) || locking.some(({ tables }) => tables.some((t) => t.name === label));
}

function viewOf({ catalog, searchPath }: SessionState, { relation }: TableItem, names: ReadonlySet<string>): ViewEntry | null {
  if (relation.schema === undefined && names.has(relation.name)) return null;
  const entry = catalog.findRelation(qualified(relation), searchPath);
  return entry?.kind === 'view' ? entry : null;
}

/** As it is to be written in this session; null: there are no words for it. */
function queryOf(state: SessionState, view: ViewEntry): Query | null {
  const { catalog, names, settings: { format } } = state;
  const text = printedQuery(state, view, catalog, {
    catalog, searchPath: [], qualified: true, pretty: false, wrap: 0, format, names: { names, now: 0n },
  });
  if (text === null) return null;
  const query = parseQuery(text);
  const site = { env: sessionEnvironment(state), parent: null, commonTables: null };
  return samePlan(boundView(state, view).plan, bindQuery(query, site).plan) ? query : null;
}

function viewItem(state: SessionState, item: TableItem, view: ViewEntry, query: Query): FromItem {
  const own = liveColumns(view.columns).map((c) => c.name);
  const given = item.alias?.columns ?? [];
  return {
    kind: 'subquery', lateral: false, position: item.position,
    query: withViewQueries(state, query),
    alias: { name: item.alias?.name ?? item.relation.name, columns: [...given, ...own.slice(given.length)] },
  };
}
