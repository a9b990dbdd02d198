// What queries and expressions kept as text name of relations: what stands in the way of dropping or retyping it.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { ColumnUse } from '../binder/column-use.ts';
import { valueSite } from '../binder/domain-check.ts';
import type { Site } from '../binder/level.ts';
import type { ScopeItem } from '../binder/scope.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { reshapedColumns } from '../catalog-state.ts';
import type { Target, Uses } from '../catalog/dependency.ts';
import type { MaterializedViewEntry, TableEntry, TypeEntry } from '../catalog/entry.ts';
import { parseExpression } from '../parser/parse.ts';
import { readsClock } from '../compiler/temporal-filter.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { expressionsOf, visitPlan } from '../plan/map-plan.ts';
import { bindValue, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import { retentionOf } from '../retention.ts';
import type { SessionState } from '../session-state.ts';
import { isMadeOf } from './domain-use.ts';
import { boundView } from './kept-view.ts';
import type { AnyView } from './kept-view.ts';

/** Looks it up in the queries of views, each bound once; what cannot be bound names all there was when it was made. */
export class ViewColumns implements Uses {
  readonly #state: SessionState;
  readonly #catalog: Catalog;
  readonly #found = new Map<AnyView, ColumnUse | null>();

  constructor(state: SessionState) {
    this.#state = state;
    this.#catalog = state.catalog;
  }

  columns(view: AnyView, relation: number): ReadonlySet<number> {
    return this.#useOf(view)?.columnsOf(relation) ?? new Set(view.dependencies.find((d) => d.oid === relation)?.columns);
  }

  /** Only what reads columns of such types, or names one, is bound for it. */
  fields(view: AnyView, rowType: number): ReadonlySet<string> {
    const sees = view.dependencies.some((d) => {
      const entry = this.#catalog.get(d.oid);
      return d.oid === rowType || (entry !== null && 'columns' in entry && entry.kind !== 'index'
        && (entry.rowType === rowType || entry.columns.some((c) => !c.dropped && isMadeOf(c.type, rowType))));
    });
    return (sees ? this.#useOf(view)?.fieldsOf(rowType) : undefined) ?? new Set();
  }

  parts(of: TableEntry | TypeEntry, rowType: number, field: string): readonly Target[] {
    return of.kind === 'table' ? this.#partsOfTable(of, rowType, field) : this.#checks(of, rowType, field);
  }

  #checks({ oid, definition }: TypeEntry, rowType: number, field: string): readonly Target[] {
    if (definition.kind !== 'domain' || !isMadeOf(definition.base, rowType)) return [];
    const site = (own: Site): Site => valueSite(own, definition.base);
    return definition.checks.filter((c) => this.#fieldsIn([], c.expression, site).fieldsOf(rowType).has(field))
      .map((c): Target => ({ kind: 'constraint', table: oid, oid: c.oid }));
  }

  #partsOfTable(table: TableEntry, rowType: number, field: string): readonly Target[] {
    if (!table.columns.some((c) => !c.dropped && isMadeOf(c.type, rowType))) return [];
    const looks = (text: string | null): boolean => text !== null
      && this.#fieldsIn([rowScopeItem(table)], text).fieldsOf(rowType).has(field);
    return [
      ...table.constraints.filter((c) => c.kind === 'check' && looks(c.expression))
        .map((c): Target => ({ kind: 'constraint', table: table.oid, oid: c.oid })),
      ...table.columns.filter((c) => !c.dropped && looks(c.defaultText))
        .map((c): Target => ({ kind: c.generated ? 'column' : 'default', table: table.oid, attnum: c.attnum })),
      ...this.#catalog.indexesOf(table.oid).filter(({ definition: d }) => [...d?.elements ?? [], d?.where ?? null].some(looks))
        .map((i): Target => ({ kind: 'entry', oid: i.oid })),
    ];
  }

  #fieldsIn(items: readonly ScopeItem[], text: string, inner: (site: Site) => Site = (site) => site): ColumnUse {
    const columns = new ColumnUse();
    const env = { ...sessionEnvironment(this.#state, { catalog: this.#catalog }), columns };
    try {
      bindValue(inner(rowSite(env, items, { phrase: 'stored expressions' })), parseExpression(text));
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
    }
    return columns;
  }

  /** Whether it has the relation's row as a value. */
  takesRows(view: AnyView, relation: number): boolean {
    return this.#useOf(view)?.takesRowsOf(relation) ?? true;
  }

  #useOf(view: AnyView): ColumnUse | null {
    const known = this.#found.get(view);
    if (known !== undefined) return known;
    const use = this.#notedUse(view);
    this.#found.set(view, use);
    return use;
  }

  #notedUse(view: AnyView): ColumnUse | null {
    const columns = new ColumnUse();
    try {
      boundView(this.#state, view, { catalog: this.#catalog, columns });
      return columns;
    } catch (error) {
      if (error instanceof DatabaseError) return null;
      throw error;
    }
  }
}

/**
 * A circuit may read a column that its query does not name, only to have rows. When the column goes it is fed anew; 0A000 where
 * it would not come to the same: what it has depends on what was there when. `after`: the table as it is to be. `gone`: what is
 * dropped with the column.
 */
export function refuseTimedReaders(state: SessionState, after: TableEntry, gone: ReadonlySet<number> = new Set()): void {
  const before = state.catalog.get(after.oid);
  for (const oid of state.services.runtime.readersOf(after.oid, reshapedColumns(before, after))) {
    const view = state.catalog.get(oid);
    if (view?.kind !== 'materialized-view' || gone.has(oid) || !isTimed(state, view)) continue;
    throw notSupported(`changing a column of table "${after.name}" that materialized view "${view.name}" was made from`);
  }
}

function isTimed(state: SessionState, view: MaterializedViewEntry): boolean {
  if (view.emit === 'window-close') return true;
  let timed = false;
  visitPlan(boundView(state, view).plan, (node) => {
    timed ||= isTimedNode(state.catalog, node);
  });
  return timed;
}

function isTimedNode(catalog: Catalog, node: LogicalPlan): boolean {
  if (expressionsOf(node).some(readsClock)) return true;
  if (node.kind === 'join') return node.join === 'temporal' || node.join === 'temporal-left';
  const entry = node.kind === 'scan' ? catalog.get(node.relation) : null;
  return entry?.kind === 'source' || (entry?.kind === 'table' && (entry.watermark !== null || retentionOf(entry) !== null));
}
