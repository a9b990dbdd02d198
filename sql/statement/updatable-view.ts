// Automatically updatable views: INSERT, UPDATE and DELETE on a view over one table are those of the table (manual, CREATE VIEW).
import type { Batch } from '../../engine/data/batch.ts';
import { datumAt } from '../../engine/data/access.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Environment } from '../binder/environment.ts';
import type { Site } from '../binder/level.ts';
import type { ScopeColumn, ScopeItem } from '../binder/scope.ts';
import { bindTargets } from '../binder/targets.ts';
import { rowTypeOf } from '../binder/type-name.ts';
import type { BoundTarget } from '../binder/targets.ts';
import { liveColumns, plainColumn } from '../catalog/entry.ts';
import type { ColumnEntry, TableEntry, ViewEntry } from '../catalog/entry.ts';
import type { RelationName, Select, TableItem } from '../parser/ast.ts';
import { bindPredicate, parseQuery, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import { qualified, requireTable } from './naming.ts';
import { RowExpressions } from './row-expressions.ts';
import { failingRow } from './table-rules.ts';

export type ItemPlace = NonNullable<Parameters<typeof rowScopeItem>[1]>;

/** What a statement writes to: a table, perhaps through views. */
export interface WriteTarget {
  readonly table: TableEntry;
  /** The table with the columns, and the name, that the statement knows; columns that cannot be written have no place. */
  readonly seen: TableEntry;
  /** The columns the statement knows, over rows of the table. */
  readonly item: (place: ItemPlace) => ScopeItem;
  /** Attribute numbers of what a search for rows must bring along; absent: it reads the table itself. */
  readonly base?: readonly number[];
  /** 0A000 for a column that is none of the table's, 42601 for one of it twice. */
  readonly requireColumns: (columns: readonly ColumnEntry[], verb: 'insert into' | 'update') => void;
  /** 44000 when rows that were written are not the view's. */
  readonly check: (state: SessionState, rows: Batch, parameters: readonly Datum[]) => void;
}

type Verb = 'insert into' | 'update' | 'delete from';

export function writeTarget(state: SessionState, relation: RelationName, verb: Verb): WriteTarget {
  const found = state.catalog.requireRelation(qualified(relation), state.searchPath, relation.position);
  if (found.kind === 'view') return viewTarget(state, found, verb);
  const table = requireTable(state, relation, verb);
  return {
    table, seen: table, item: (place) => rowScopeItem(table, place), requireColumns: () => undefined, check: () => undefined,
  };
}

/** The relation as rows to change are searched in. */
export function through(item: TableItem, { base }: WriteTarget): TableItem {
  return base === undefined ? item : { ...item, base };
}

/** One view over what it reads. */
interface Layer {
  readonly view: ViewEntry;
  readonly select: Select;
  readonly env: Environment;
  readonly base: TableEntry | ViewEntry;
}

/** The view's one relation, or why it may not be written to. */
function layerOf(state: SessionState, view: ViewEntry): Layer | string {
  const { settings } = view;
  const query = parseQuery(view.query, settings.dialect);
  const { body } = query;
  const not = (what: string): string => `Views ${what} are not automatically updatable.`;
  if (query.with !== undefined) return not('containing WITH');
  if (body.kind === 'setOperation') return not('containing UNION, INTERSECT, or EXCEPT');
  if (body.kind === 'values') return not('that do not select from a single table or view');
  if (body.distinct !== undefined) return not('containing DISTINCT');
  if (body.groupBy.length > 0 || body.groupByAll) return not('containing GROUP BY');
  if (body.having !== undefined) return not('containing HAVING');
  if (query.limit !== undefined || query.offset !== undefined) return not('containing LIMIT or OFFSET');
  const single = not('that do not select from a single table or view');
  const [item] = body.from;
  if (body.from.length !== 1 || item.kind !== 'table' || item.asOf !== undefined || body.qualify !== undefined) {
    return reasonOfTargets(state, view, body) ?? single;
  }
  if (item.sample !== undefined) return not('containing TABLESAMPLE');
  const base = state.catalog.findRelation(qualified(item.relation), settings.searchPath);
  if (base?.kind !== 'table' && base?.kind !== 'view') return reasonOfTargets(state, view, body) ?? single;
  const env = { ...sessionEnvironment(state), searchPath: settings.searchPath, format: settings.format };
  const layer = { view, select: body, env, base };
  const { level } = boundColumns(layer, rowsOf(base)).site;
  if (level.aggregates.length > 0) return not('that return aggregate functions');
  if (level.windows.length > 0) return not('that return window functions');
  if (level.sets.length > 0) return not('that return set-returning functions');
  return layer;
}

/** What PostgreSQL looks at before FROM, where it is not one relation: without FROM there are no columns to bind. */
function reasonOfTargets(state: SessionState, view: ViewEntry, { targets, from, windows }: Select): string | null {
  if (from.length > 0) return null;
  const env = { ...sessionEnvironment(state), searchPath: view.settings.searchPath, format: view.settings.format };
  const named = new Map(windows.flatMap((w) => (w.name === undefined ? [] : [[w.name, w] as const])));
  const site = { ...rowSite(env, [], OUTPUT), windows: named };
  bindTargets(targets, site, false);
  const what = site.level.aggregates.length > 0 ? 'aggregate' : site.level.windows.length > 0 ? 'window'
    : site.level.sets.length > 0 ? 'set-returning' : null;
  return what === null ? null : `Views that return ${what} functions are not automatically updatable.`;
}

const OUTPUT = { phrase: 'SELECT', aggregates: true, windows: true, sets: true } as const;

function boundColumns(layer: Layer, inner: ScopeItem): { readonly site: Site; readonly targets: readonly BoundTarget[] } {
  const [from] = layer.select.from;
  const alias = from.alias;
  const item = alias === undefined ? inner : {
    ...inner, name: alias.name, schema: null,
    columns: inner.columns.map((c, i) => ({ ...c, name: alias.columns[i] ?? c.name })),
  };
  const windows = new Map(layer.select.windows.flatMap((w) => (w.name === undefined ? [] : [[w.name, w] as const])));
  const site = { ...rowSite(layer.env, [item], OUTPUT), windows };
  return { site, targets: bindTargets(layer.select.targets, site, false) };
}

function viewTarget(state: SessionState, outermost: ViewEntry, verb: Verb): WriteTarget {
  const layers: Layer[] = [];
  for (let view = outermost; ;) {
    const layer = layerOf(state, view);
    if (typeof layer === 'string') throw notUpdatable(view, verb, layer);
    layers.push(layer);
    if (layer.base.kind === 'table') return targetOver(layers, layer.base, verb);
    view = layer.base;
  }
}

/** Requires: `layers`, outermost first, end over the table. */
function targetOver(layers: readonly Layer[], table: TableEntry, verb: Verb): WriteTarget {
  const item = (place: ItemPlace, depth = 0): ScopeItem => {
    const layer = layers[depth];
    if (layer === undefined) return rowsOf(table, { ...place, alias: undefined });
    const { view } = layer;
    const { site, targets } = boundColumns(layer, item(place, depth + 1));
    const columns = liveColumns(view.columns).map((c, i): ScopeColumn => ({
      name: c.name, table: view.oid, attribute: c.attnum,
      expression: site.level.subqueries.size > 0 ? plainColumnOf(view, targets[i].expression) : targets[i].expression,
    }));
    const own = rowScopeItem({ ...view, columns: [] }, depth === 0 ? place : { ...place, alias: undefined });
    return { ...own, columns, rowType: rowTypeOf(view) };
  };
  const places = layers.map(placesOf);
  const none = places.findIndex(isNone);
  if (verb !== 'delete from' && none >= 0) throw notUpdatable(layers[none].view, verb, NO_COLUMNS);
  const [outermost] = layers;
  const columns = liveColumns(outermost.view.columns).map((c, i): ColumnEntry => {
    const attnum = baseColumn(layers, places, i);
    return typeof attnum === 'number' ? { ...table.columns[attnum - 1], name: c.name } : plainColumn(c.name, -i - 1, c.type);
  });
  const seen: TableEntry = { ...table, name: outermost.view.name, columns };
  const checks = verb === 'delete from' ? [] : checksOf(layers, (depth) => item({}, depth));
  return {
    table, seen, item: (place) => item(place), base: liveColumns(table.columns).map((c) => c.attnum),
    requireColumns: (wanted, doing) => {
      const seenBefore = new Set<number>();
      for (const { attnum, name } of wanted) {
        const found = attnum > 0 ? attnum : baseColumn(layers, places, -attnum - 1);
        if (typeof found !== 'number') {
          throw new DatabaseError('0A000', `cannot ${doing} column "${found.name}" of view "${found.view}"`,
            { detail: found.reason });
        }
        if (seenBefore.has(found) && wanted.filter((c) => c.name === name).length === 1) {
          throw new DatabaseError('42601', `multiple assignments to same column "${table.columns[found - 1].name}"`);
        }
        seenBefore.add(found);
      }
    },
    check: (session, rows, parameters) => {
      for (const check of checks) check(session, table, rows, parameters);
    },
  };
}

interface Misplaced { readonly view: string; readonly name: string; readonly reason: string }

/** Which column of the table the view's column `index` is. */
function baseColumn(
  layers: readonly Layer[], places: readonly (readonly (number | string)[])[], index: number,
): number | Misplaced {
  let at = index;
  for (const [depth, { view, base }] of layers.entries()) {
    const place = places[depth][at];
    if (typeof place === 'string') return { view: view.name, name: liveColumns(view.columns)[at].name, reason: place };
    if (base.kind === 'table') return place;
    at = liveColumns(base.columns).findIndex((c) => c.attnum === place);
  }
  throw notSupported('a view over nothing');
}

/** By column of the view: the attribute number in what it reads, or why it cannot be written. */
function placesOf(layer: Layer): readonly (number | string)[] {
  const { targets } = boundColumns(layer, rowsOf(layer.base));
  return liveColumns(layer.view.columns).map((_, i): number | string => {
    const { table, attribute, expression } = targets[i];
    if (table === layer.base.oid && attribute > 0) return attribute;
    if (table === layer.base.oid && attribute < 0) return 'View columns that refer to system columns are not updatable.';
    return expression.type.kind === 'record' && expression.type.oid === layer.base.rowType
      ? 'View columns that return whole-row references are not updatable.'
      : 'View columns that are not columns of their base relation are not updatable.';
  });
}

const NO_COLUMNS = 'Views that have no updatable columns are not automatically updatable.';
const isNone = (places: readonly (number | string)[]): boolean => places.every((p) => typeof p === 'string');

function rowsOf(relation: TableEntry | ViewEntry, place: ItemPlace = {}): ScopeItem {
  return { ...rowScopeItem(relation, place), rowType: rowTypeOf(relation) };
}

function plainColumnOf(view: ViewEntry, e: Expression): Expression {
  if (e.kind === 'column') return e;
  throw notSupported(`RETURNING, ON CONFLICT or a check option over view "${view.name}", `
    + 'which has a subquery in its select list,');
}

type Check = (state: SessionState, table: TableEntry, rows: Batch, parameters: readonly Datum[]) => void;

/** Those of the innermost view come first. `itemAt`: what the view around that depth reads. */
function checksOf(layers: readonly Layer[], itemAt: (depth: number) => ScopeItem): readonly Check[] {
  const checks: Check[] = [];
  let cascaded = false;
  for (const [depth, layer] of layers.entries()) {
    const option = layer.view.options['check_option'];
    if (option === 'cascaded') cascaded = true;
    if (!cascaded && option === undefined) continue;
    const { where, from: [from] } = layer.select;
    if (where === undefined) continue;
    const inner = itemAt(depth + 1);
    const named = from.alias === undefined ? inner : { ...inner, name: from.alias.name, schema: null };
    const site = rowSite(layer.env, [named], { phrase: 'WHERE' });
    const condition = new RowExpressions(site, [boundCondition(site, where)]);
    checks.unshift((state, table, rows, parameters) => {
      if (rows.length === 0) return;
      const [passed] = condition.evaluate(state, rows, { parameters, snapshot: null });
      for (let row = 0; row < rows.length; row++) {
        if (datumAt(passed, row) === true) continue;
        throw new DatabaseError('44000', `new row violates check option for view "${layer.view.name}"`,
          { detail: failingRow(state, table, rows, row) });
      }
    });
  }
  return checks;
}

function boundCondition(site: Site, where: NonNullable<Select['where']>): Expression {
  return bindPredicate(site, where, 'WHERE');
}

const HINTS = {
  'insert into': ['inserting into', 'INSERT'], update: ['updating', 'UPDATE'], 'delete from': ['deleting from', 'DELETE'],
} as const;

function notUpdatable({ name }: ViewEntry, verb: Verb, detail: string): DatabaseError {
  const [doing, what] = HINTS[verb];
  return new DatabaseError('55000', `cannot ${verb} view "${name}"`, {
    detail,
    hint: `To enable ${doing} the view, provide an INSTEAD OF ${what} trigger or an unconditional ON ${what} DO INSTEAD rule.`,
  });
}

/** Why a view cannot have WITH CHECK OPTION; null: it can. */
export function whyNotUpdatable(state: SessionState, view: ViewEntry): string | null {
  const layer = layerOf(state, view);
  return typeof layer === 'string' ? layer : isNone(placesOf(layer)) ? NO_COLUMNS : null;
}

/** What may be done to the view, and which of its columns may be set, as pg_relation_is_updatable() says it. */
export interface Writable {
  /** The sum of 4 UPDATE, 8 INSERT, 16 DELETE. */
  readonly events: number;
  readonly columns: ReadonlySet<number>;
}

const ALL_EVENTS = 28;
const DELETE_EVENT = 16;

export function writableParts(state: SessionState, view: ViewEntry): Writable {
  const layer = layerOf(state, view);
  if (typeof layer === 'string') return { events: 0, columns: new Set() };
  const places = placesOf(layer);
  const { base } = layer;
  const inner = base.kind === 'view' ? writableParts(state, base) : null;
  const open = liveColumns(view.columns).filter((_, i) => {
    const place = places[i];
    return typeof place === 'number' && (inner === null || inner.columns.has(place));
  });
  const events = open.length === 0 ? DELETE_EVENT : ALL_EVENTS;
  return { events: events & (inner?.events ?? ALL_EVENTS), columns: new Set(open.map((c) => c.attnum)) };
}
