// Which columns of a relation a view's query names: what stands in the way of dropping them, or of giving them another type.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { bindQuery } from '../binder/bind-query.ts';
import { ColumnUse } from '../binder/column-use.ts';
import { readingOf } from '../binder/environment.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { MaterializedViewEntry, TableEntry, ViewEntry } from '../catalog/entry.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { visitPlan } from '../plan/map-plan.ts';
import { parseQuery, sessionEnvironment } from '../planner.ts';
import { retentionOf } from '../retention.ts';
import type { SessionState } from '../session-state.ts';

type AnyView = ViewEntry | MaterializedViewEntry;

/** Looks it up in the queries of views, each bound once; what cannot be bound names all there was when it was made. */
export class ViewColumns {
  readonly #state: SessionState;
  readonly #catalog: Catalog;
  readonly #found = new Map<AnyView, ColumnUse | null>();

  constructor(state: SessionState) {
    this.#state = state;
    this.#catalog = state.catalog;
  }

  /** Attribute numbers. */
  readonly named = (view: AnyView, relation: number): ReadonlySet<number> => (
    this.#useOf(view)?.columnsOf(relation) ?? new Set(view.dependencies.find((d) => d.oid === relation)?.columns));

  /** Whether it has the relation's row as a value. */
  takesRows(view: AnyView, relation: number): boolean {
    return this.#useOf(view)?.takesRowsOf(relation) ?? true;
  }

  /** 0A000 when a circuit makes values of the table's rows: those it has made do not follow the table. */
  refuseRowsCompiled(table: TableEntry): void {
    for (const view of viewsOver(this.#catalog, table.oid)) {
      if (!this.takesRows(view, table.oid)) continue;
      const compiled = view.kind === 'materialized-view' ? view : compiledOver(this.#catalog, view.oid);
      if (compiled === null) continue;
      throw notSupported(`changing the columns of table "${table.name}", of whose rows materialized view "${compiled.name}" `
        + 'makes values,');
    }
  }

  #useOf(view: AnyView): ColumnUse | null {
    const known = this.#found.get(view);
    if (known !== undefined) return known;
    const use = this.#bound(view);
    this.#found.set(view, use);
    return use;
  }

  #bound(view: AnyView): ColumnUse | null {
    const columns = new ColumnUse();
    const env = { ...sessionEnvironment(this.#state, { catalog: this.#catalog }), ...readingOf(view), columns };
    try {
      bindQuery(parseQuery(view.query, view.settings.dialect), { env, parent: null, commonTables: null });
      return columns;
    } catch (error) {
      if (error instanceof DatabaseError) return null;
      throw error;
    }
  }
}

/** Views over a relation, the oldest first. */
export function viewsOver(catalog: Catalog, relation: number): readonly AnyView[] {
  return [...catalog.entries()].filter((e): e is AnyView => (e.kind === 'view' || e.kind === 'materialized-view')
    && e.dependencies.some((d) => d.oid === relation)).toSorted((a, b) => a.oid - b.oid);
}

/** A materialized view that has a view's query in its own. */
function compiledOver(catalog: Catalog, view: number): MaterializedViewEntry | null {
  for (const over of viewsOver(catalog, view)) {
    const compiled = over.kind === 'materialized-view' ? over : compiledOver(catalog, over.oid);
    if (compiled !== null) return compiled;
  }
  return null;
}

/**
 * A circuit may read a column that its query does not name, only to have rows. When the column goes it is fed anew; 0A000 where
 * it would not come to the same: what it has depends on what was there when.
 */
export function refuseTimedReaders(state: SessionState, table: TableEntry, attnum: number): void {
  for (const oid of state.services.runtime.readersOf(table.oid, new Set([attnum - 1]))) {
    const view = state.catalog.get(oid);
    if (view?.kind !== 'materialized-view' || !isTimed(state, view)) continue;
    const { name } = table.columns[attnum - 1];
    throw notSupported(`changing column "${name}", which materialized view "${view.name}" was made from,`);
  }
}

function isTimed(state: SessionState, view: MaterializedViewEntry): boolean {
  const env = { ...sessionEnvironment(state), ...readingOf(view) };
  const { plan } = bindQuery(parseQuery(view.query, view.settings.dialect), { env, parent: null, commonTables: null });
  let timed = view.emit === 'window-close';
  visitPlan(plan, (node) => {
    timed ||= isTimedNode(state.catalog, node);
  });
  return timed;
}

function isTimedNode(catalog: Catalog, node: LogicalPlan): boolean {
  if (node.kind === 'join') return node.join === 'temporal' || node.join === 'temporal-left';
  const entry = node.kind === 'scan' ? catalog.get(node.relation) : null;
  return entry?.kind === 'source' || (entry?.kind === 'table' && (entry.watermark !== null || retentionOf(entry) !== null));
}
