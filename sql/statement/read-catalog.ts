// What a query binds against inside a transaction that has written: views over what it wrote read as their queries.
import type { Catalog, CatalogChange } from '../catalog/catalog.ts';
import type { MaterializedViewEntry, ViewEntry } from '../catalog/entry.ts';
import type { SessionState } from '../session-state.ts';

/**
 * A materialized view is up to date with what is committed; within a transaction it must show the transaction's own
 * rows, too, and one that is itself uncommitted holds nothing yet. Both are then read as plain views.
 */
export function readCatalog(state: SessionState): Catalog {
  const { catalog, transaction } = state;
  if (transaction === null || !transaction.isDirty) return catalog;
  const stale = staleViews(state);
  if (stale.length === 0) return catalog;
  return catalog.applyAll(stale.map((view): CatalogChange => ({ kind: 'put', entry: asView(view) })));
}

/** Materialized views that this transaction sees otherwise than everybody else. */
function staleViews(state: SessionState): readonly MaterializedViewEntry[] {
  const { catalog, transaction } = state;
  if (transaction === null) return [];
  const dirty = new Set(transaction.writes.relations());
  const stale: MaterializedViewEntry[] = [];
  for (const entry of catalog.views()) {
    const isNew = entry.kind === 'materialized-view' && transaction.isUncommitted(entry.oid);
    if (!isNew && !entry.dependencies.some((d) => dirty.has(d.oid))) continue;
    dirty.add(entry.oid);
    if (entry.kind === 'materialized-view' && (isNew || entry.emit === 'changes')) stale.push(entry);
  }
  return stale;
}

function asView(view: MaterializedViewEntry): ViewEntry {
  const { oid, name, owner, comment, acl, schema, query, columns, settings, dependencies, options, rowType } = view;
  return {
    kind: 'view', oid, name, owner, comment, acl, schema, query, columns, settings, dependencies, options, rowType,
  };
}
