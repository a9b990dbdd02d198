// A name in FROM: a common table, a stored relation, a system relation, or a view, whose query takes its place.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { batchFromRows } from '../../engine/data/access.ts';
import type { Column, RecordType } from '../../engine/data/types.ts';
import { BOOLEAN, INT8, OID } from '../../engine/data/types.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { ColumnEntry, SequenceEntry, StoredEntry, SystemRelation, ViewEntry } from '../catalog/entry.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { TableItem } from '../parser/ast.ts';
import type { AccessPath, LogicalPlan } from '../plan/logical-plan.ts';
import { aliased, plainItem } from './bind-from-item.ts';
import type { FromResult, FromSite } from './bind-from-item.ts';
import type { CommonTableScope } from './level.ts';
import { asRelation } from './relation.ts';
import type { ScopeColumn, ScopeItem } from './scope.ts';

export function bindTable(item: TableItem, site: FromSite): FromResult {
  const { env } = site;
  const { relation } = item;
  if (relation.schema === undefined) {
    const common = findCommonTable(site.commonTables, relation.name);
    if (common !== null) return bindCommonTable(item, common);
  }
  const name = { schema: relation.schema ?? null, name: relation.name };
  const found = env.catalog.requireRelation(name, env.searchPath, relation.position ?? item.position);
  env.used.add(found.oid);
  switch (found.kind) {
    case 'system': return bindSystem(item, found, site);
    case 'view': return bindView(item, found, site);
    case 'sequence': return bindSequence(item, found, site);
    case 'index':
      throw new DatabaseError('42809', `cannot open relation "${relation.name}"`, {
        position: relation.position, detail: 'This operation is not supported for indexes.',
      });
    default: return bindStored(item, found, site.env.catalog);
  }
}

function findCommonTable(scope: CommonTableScope | null, name: string): CommonTableScope | null {
  for (let s = scope; s !== null; s = s.parent) if (s.name === name) return s;
  return null;
}

function bindCommonTable(item: TableItem, common: CommonTableScope): FromResult {
  const { columns, hidden = [] } = common;
  const all = [...columns, ...hidden].map((c, i): ScopeColumn => ({
    name: c.name, table: c.table, attribute: c.attribute, expression: { kind: 'column', index: i, type: c.type },
  }));
  const itself = { ...plainItem(common.name, all.slice(0, columns.length)), hidden: all.slice(columns.length) };
  return { plan: common.plan(), items: [aliased(itself, item.alias)] };
}

interface Named { readonly oid: number; readonly name: string; readonly schema: string }

function relationItem(found: Named, columns: readonly ScopeColumn[], rowType: RecordType | null): ScopeItem {
  const tableoid: ScopeColumn = {
    name: 'tableoid', table: found.oid, attribute: -6, expression: { kind: 'literal', type: OID, value: found.oid },
  };
  return {
    ...plainItem(found.name, columns), schema: found.schema, hidden: [tableoid], rowType, relation: found.oid,
  };
}

function bindSystem(item: TableItem, found: SystemRelation, site: FromSite): FromResult {
  const { system } = site.env;
  if (site.env.continuous) throw notSupported('a materialized view over a system relation', { position: item.position });
  const columns = found.columns.map((c, i): ScopeColumn => ({
    name: c.name, table: found.oid, attribute: i + 1, expression: { kind: 'column', index: i, type: c.type },
  }));
  const plan: LogicalPlan = {
    kind: 'constant', name: found.name, alias: item.alias?.name ?? found.name, columns: found.columns.map((_, i) => i),
    schema: { columns: found.columns },
    rows: () => {
      if (system === null) throw notSupported('a system relation in this context');
      return found.rows(system);
    },
  };
  return { plan, items: [aliased(relationItem(found, columns, null), item.alias)] };
}

const SEQUENCE_COLUMNS: readonly Column[] = [
  { name: 'last_value', type: INT8 }, { name: 'log_cnt', type: INT8 }, { name: 'is_called', type: BOOLEAN },
];

/** A sequence is a relation of one row: where it stands when the query runs. */
function bindSequence(item: TableItem, found: SequenceEntry, site: FromSite): FromResult {
  const { system } = site.env;
  if (site.env.continuous) throw notSupported('a materialized view over a sequence', { position: item.position });
  const columns = SEQUENCE_COLUMNS.map((c, i): ScopeColumn => ({
    name: c.name, table: found.oid, attribute: i + 1, expression: { kind: 'column', index: i, type: c.type },
  }));
  const plan: LogicalPlan = {
    kind: 'constant', name: found.name, alias: item.alias?.name ?? found.name, columns: SEQUENCE_COLUMNS.map((_, i) => i),
    schema: { columns: SEQUENCE_COLUMNS },
    rows: () => {
      if (system === null) throw notSupported('a sequence in this context');
      const { last, called, ahead } = system.sequence(found.oid);
      return batchFromRows({ columns: SEQUENCE_COLUMNS }, [[last, ahead, called]]);
    },
  };
  return { plan, items: [aliased(relationItem(found, columns, null), item.alias)] };
}

export function rowTypeOf(entry: StoredEntry | ViewEntry): RecordType {
  return {
    kind: 'record', oid: entry.rowType, name: entry.name,
    fields: liveColumns(entry.columns).map((c) => ({ name: c.name, type: c.type })),
  };
}

function scopeColumns(oid: number, columns: readonly ColumnEntry[]): readonly ScopeColumn[] {
  return columns.map((c, i) => ({
    name: c.name, table: oid, attribute: c.attnum, expression: { kind: 'column', index: i, type: c.type },
  }));
}

function bindStored(item: TableItem, found: StoredEntry, catalog: Catalog): FromResult {
  const columns = scopeColumns(found.oid, liveColumns(found.columns));
  return {
    plan: scanOf(found, catalog, item.alias?.name ?? found.name),
    items: [aliased(relationItem(found, columns, rowTypeOf(found)), item.alias)],
  };
}

/** All live columns of a stored relation. */
export function scanOf(found: StoredEntry, catalog: Catalog, alias: string): LogicalPlan {
  const live = liveColumns(found.columns);
  const watermark = found.kind === 'materialized-view' ? null : found.watermark;
  return {
    kind: 'scan', relation: found.oid, name: found.name, alias, lookup: null, late: 'keep',
    columns: live.map((c) => c.attnum - 1),
    notNull: live.filter((c) => c.notNull).map((c) => c.attnum - 1),
    paths: accessPaths(found, catalog),
    eventTime: watermark === null ? null : watermark.column - 1,
    watermark: watermark !== null,
    appendOnly: found.kind === 'table' && found.appendOnly,
    schema: { columns: live.map((c) => ({ name: c.name, type: c.type })) },
  };
}

function accessPaths(found: StoredEntry, catalog: Catalog): readonly AccessPath[] {
  return catalog.indexesOf(found.oid).map((i) => ({
    name: i.name, columns: i.columns.map((c) => c - 1),
    // A key of part of the rows, or of an expression, says nothing of the columns.
    unique: i.unique && i.definition === undefined,
  }));
}

function bindView(item: TableItem, found: ViewEntry, site: FromSite): FromResult {
  const { settings } = found;
  const query = site.recurse.query(site.env.parseQuery(found.query, settings.dialect), {
    // What the view reads is its own affair: whoever reads the view depends on the view.
    env: { ...site.env, searchPath: settings.searchPath, format: settings.format, used: new Set() },
    parent: null, commonTables: null,
  });
  const columns = scopeColumns(found.oid, liveColumns(found.columns));
  return { plan: asRelation(query), items: [aliased(relationItem(found, columns, rowTypeOf(found)), item.alias)] };
}
