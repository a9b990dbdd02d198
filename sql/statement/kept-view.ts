// Views as the catalog keeps them: which there are over a relation, and their queries bound again.
import { bindQuery } from '../binder/bind-query.ts';
import { readingOf } from '../binder/environment.ts';
import type { Environment } from '../binder/environment.ts';
import type { BoundQuery } from '../binder/level.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { MaterializedViewEntry, ViewEntry } from '../catalog/entry.ts';
import type { Query } from '../parser/ast.ts';
import { parseQuery, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';

/** Both keep a query as text. */
export type AnyView = ViewEntry | MaterializedViewEntry;

/** `catalog`: the session's where it is left out. The others as in the environment: who is to note what the query is made of. */
interface KeptReading extends Partial<Pick<Environment, 'catalog' | 'columns' | 'trace'>> {
  /** The view's query where the caller has read it: `trace` goes by its nodes. */
  readonly query?: Query;
}

/** The view's query as it was written. */
export function writtenQuery({ query, settings }: AnyView): Query {
  return parseQuery(query, settings.dialect);
}

/** The view's query over things as they are in the catalog now: a DatabaseError where it does not fit them any more. */
export function boundView(
  state: SessionState, view: AnyView, { query = writtenQuery(view), catalog = state.catalog, ...notes }: KeptReading = {},
): BoundQuery {
  const env = { ...sessionEnvironment(state, { catalog }), ...readingOf(view), ...notes };
  return bindQuery(query, { env, parent: null, commonTables: null });
}

/** Views over a relation, the oldest first. */
export function viewsOver(catalog: Catalog, relation: number): readonly AnyView[] {
  return [...catalog.entries()].filter((e): e is AnyView => (e.kind === 'view' || e.kind === 'materialized-view')
    && e.dependencies.some((d) => d.oid === relation)).toSorted((a, b) => a.oid - b.oid);
}

/** Materialized views that have a relation in their query, be it by way of a view; each once, as they are asked for. */
export function* compiledOver(
  catalog: Catalog, relation: number, seen = new Set<number>(),
): Generator<MaterializedViewEntry, void> {
  for (const view of viewsOver(catalog, relation)) {
    if (seen.has(view.oid)) continue;
    seen.add(view.oid);
    if (view.kind === 'view') yield* compiledOver(catalog, view.oid, seen);
    else yield view;
  }
}
