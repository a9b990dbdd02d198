// What is kept as text follows when something it names gets another name: views' queries, and a table's own expressions.
import { notSupported } from '../../engine/data/error.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { bindQuery } from '../binder/bind-query.ts';
import type { Catalog, CatalogChange } from '../catalog/catalog.ts';
import type { ColumnEntry, IndexEntry, MaterializedViewEntry, TableEntry, ViewEntry } from '../catalog/entry.ts';
import { parseExpression } from '../parser/parse.ts';
import { deparse } from '../plan/deparse.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { samePlan } from '../plan/same-plan.ts';
import { sameComputation } from '../plan/same-expression.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { bindValue, parseQuery, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import { shownKey } from './index-expression.ts';
import { printedQuery } from './view-text.ts';

/** `changes`, and with them the views over `renamed`, their queries now in the new names. */
export function withViews(
  state: SessionState, changes: readonly CatalogChange[], renamed: ReadonlySet<number>,
): readonly CatalogChange[] {
  const after = state.catalog.applyAll(changes);
  const followers: CatalogChange[] = [];
  for (const entry of after.entries()) {
    if (entry.kind !== 'view' && entry.kind !== 'materialized-view') continue;
    if (!entry.dependencies.some((d) => renamed.has(d.oid))) continue;
    const query = followed(state, entry, after);
    if (query === null) throw notSupported(`renaming something that view "${entry.name}" is made over,`);
    followers.push({ kind: 'put', entry: { ...entry, query } });
  }
  const moved = new Set(followers.flatMap((c) => (c.kind === 'put' ? [c.entry.oid] : [])));
  return [...changes.filter((c) => c.kind !== 'put' || !moved.has(c.entry.oid)), ...followers];
}

/** The query in the names of `after`; null where it cannot be said so that it is the same query. */
function followed(state: SessionState, view: ViewEntry | MaterializedViewEntry, after: Catalog): string | null {
  const query = printedQuery(state, view, state.catalog, {
    catalog: after, searchPath: view.settings.searchPath, qualified: true, pretty: false, wrap: 0, format: view.settings.format,
    names: { names: state.names, now: 0n },
  });
  if (query === null) return null;
  try {
    return samePlan(planOf(state, view, state.catalog), planOf(state, { ...view, query }, after)) ? query.trim() : null;
  } catch {
    return null;
  }
}

function planOf(state: SessionState, { query, settings }: ViewEntry | MaterializedViewEntry, catalog: Catalog): LogicalPlan {
  const env = { ...sessionEnvironment(state, { catalog }), searchPath: settings.searchPath, format: settings.format };
  return bindQuery(parseQuery(query, settings.dialect), { env, parent: null, commonTables: null }).plan;
}

/** The table with its columns renamed, its checks and computed columns with it; and its indexes. */
export function withExpressions(
  state: SessionState, table: TableEntry, columns: readonly ColumnEntry[],
): readonly CatalogChange[] {
  const renamed = (text: string, pretty = false): string => {
    const bound = boundOver(state, table, table.columns, text);
    const now = deparse(bound, {
      columnName: (i) => columns[i].name, pretty, format: DEFAULT_FORMAT, names: { names: state.names, now: 0n },
    });
    if (sameComputation(boundOver(state, table, columns, now), bound)) return now;
    throw notSupported('renaming a column that an expression of its table uses');
  };
  const own: TableEntry = {
    ...table,
    columns: columns.map((c) => {
      if (c.generated && c.defaultText !== null) return { ...c, defaultText: renamed(c.defaultText) };
      if (c.hidden !== true || c.conversion === undefined) return c;
      const { conversion } = c;
      // A key is called as errors show it.
      const plain = table.columns.find((o) => !o.dropped && o.name === c.name);
      const name = plain === undefined ? shownKey(renamed(c.name, true)) : columns[plain.attnum - 1].name;
      return { ...c, name, conversion: { ...conversion, expression: renamed(conversion.expression) } };
    }),
    constraints: table.constraints.map((c) => (c.kind === 'check' ? { ...c, expression: renamed(c.expression) } : c)),
    watermark: table.watermark === null ? null : { ...table.watermark, expression: renamed(table.watermark.expression) },
  };
  const indexes = state.catalog.indexesOf(table.oid).flatMap((index): CatalogChange[] => {
    const { definition } = index;
    if (definition === undefined) return [];
    const entry: IndexEntry = {
      ...index, definition: {
        ...definition, elements: definition.elements.map((e) => (e === null ? null : renamed(e))),
        where: definition.where === null ? null : renamed(definition.where),
      },
    };
    return [{ kind: 'put', entry }];
  });
  return [{ kind: 'put', entry: own }, ...indexes];
}

function boundOver(state: SessionState, table: TableEntry, columns: readonly ColumnEntry[], text: string): Expression {
  const item = rowScopeItem({ name: table.name, columns, oid: table.oid });
  return bindValue(rowSite(sessionEnvironment(state), [item], { phrase: 'stored expressions' }), parseExpression(text));
}
