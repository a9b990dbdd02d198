// Views in a query whose rows are locked, or to be found again: in their place stand their queries, whose tables' rows they are.
import { notSupported } from '../../engine/data/error.ts';
import { bindQuery } from '../binder/bind-query.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { ViewEntry } from '../catalog/entry.ts';
import type { FromItem, LockingClause, Query, SubqueryItem, TableItem } from '../parser/ast.ts';
import { samePlan } from '../plan/same-plan.ts';
import { parseQuery, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import { boundView } from './kept-view.ts';
import { qualified } from './naming.ts';
import { printedQuery } from './view-text.ts';

interface Around {
  /** Names of WITH queries. */
  readonly hidden: ReadonlySet<string>;
  readonly locked: boolean;
}

const NOTHING: Around = { hidden: new Set(), locked: false };

/** Where rows are to be locked, by the query or one around it, and there are no words for a view's query: 0A000. */
export function withViewQueries(state: SessionState, query: Query, { hidden, locked }: Around = NOTHING): Query {
  const { body, locking } = query;
  if (body.kind !== 'select') return query;
  const names = new Set([...hidden, ...query.with?.tables.map((t) => t.name) ?? []]);
  const below: Around = { hidden: names, locked: locked || locking.length > 0 };
  const means = (item: TableItem | SubqueryItem): boolean => locking.length === 0 || isLocked(item, locking);
  const within = (item: FromItem): FromItem => {
    switch (item.kind) {
      case 'join': return { ...item, left: within(item.left), right: within(item.right) };
      case 'subquery': return means(item) ? { ...item, query: lockedWithin(state, item.query, below) } : item;
      case 'table': {
        const view = means(item) ? viewOf(state, item, names) : null;
        // An item of its own, though a view that is read twice has one text, which is parsed once.
        if (view === null) return { ...item };
        const written = queryOf(state, view);
        if (written !== null) return viewItem(item, view, withViewQueries(state, written, { ...NOTHING, locked: below.locked }));
        if (below.locked) throw notSupported(`locking the rows of view "${view.name}"`);
        return item;
      }
      default: return item;
    }
  };
  return { ...query, body: { ...body, from: body.from.map(within) } };
}

/** What locks for itself is looked at when it is bound. */
function lockedWithin(state: SessionState, query: Query, below: Around): Query {
  return query.locking.length > 0 ? query : withViewQueries(state, query, below);
}

/** Whether a clause is about the item: it names it, or none. */
export function isLocked(item: TableItem | SubqueryItem, locking: readonly LockingClause[]): boolean {
  const label = item.alias?.name ?? (item.kind === 'table' ? item.relation.name : undefined);
  return locking.some(({ tables }) => tables.length === 0 || tables.some((t) => t.name === label));
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

function viewItem(item: TableItem, view: ViewEntry, query: Query): FromItem {
  const own = liveColumns(view.columns).map((c) => c.name);
  const given = item.alias?.columns ?? [];
  return {
    kind: 'subquery', lateral: false, position: item.position, query,
    alias: { name: item.alias?.name ?? item.relation.name, columns: [...given, ...own.slice(given.length)] },
  };
}
