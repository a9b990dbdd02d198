// A name in FROM: a common table, a stored relation, a system relation, or a view, whose query takes its place.
import { AssertionError, DatabaseError, notSupported } from '../../engine/data/error.ts';
import { batchFromRows } from '../../engine/data/access.ts';
import type { Column, RecordType } from '../../engine/data/types.ts';
import { BOOLEAN, INT8, OID } from '../../engine/data/types.ts';
import { liveColumns } from '../catalog/entry.ts';
import type {
  ColumnEntry, IndexDefinitionText, SequenceEntry, StoredEntry, SystemRelation, ViewEntry,
} from '../catalog/entry.ts';
import type { Query, TableItem, Target } from '../parser/ast.ts';
import type { ResultColumn } from '../session-api.ts';
import type { AccessPath, LogicalPlan } from '../plan/logical-plan.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { aliased, plainItem, siteOver } from './bind-from-item.ts';
import type { FromResult, FromSite } from './bind-from-item.ts';
import { storedCollation } from './collation.ts';
import { readingOf } from './environment.ts';
import type { ClockUse } from './environment.ts';
import { conjuncts } from './functions.ts';
import type { CommonTableScope } from './level.ts';
import { undefinedRelation } from '../catalog/catalog.ts';
import { asRelation } from './relation.ts';
import { notSampled, sampleOf } from './bind-sample.ts';
import { Scope } from './scope.ts';
import { rowTypeOf } from './type-name.ts';
import type { ScopeColumn, ScopeItem } from './scope.ts';

export function bindTable(item: TableItem, site: FromSite): FromResult {
  const { env } = site;
  const { relation, sample } = item;
  if (relation.schema === undefined) {
    const common = findCommonTable(site.commonTables, relation.name);
    if (common !== null && sample !== undefined) throw notSampled(item);
    if (common !== null) return bindCommonTable(item, common);
  }
  const name = { schema: relation.schema ?? null, name: relation.name };
  if (relation.schema === undefined && env.catalog.findRelation(name, env.searchPath) === null
    && isUnseen(site.commonTables, relation.name)) {
    throw undefinedRelation(name, relation.position ?? item.position).with({
      detail: `There is a WITH item named "${relation.name}", but it cannot be referenced from this part of the query.`,
      hint: 'Use WITH RECURSIVE, or re-order the WITH items to remove forward references.',
    });
  }
  const found = env.catalog.requireRelation(name, env.searchPath, relation.position ?? item.position);
  env.used.add(found.oid);
  if (sample !== undefined && (found.kind === 'view' || found.kind === 'sequence' || found.kind === 'index')) throw notSampled(item);
  if (sample !== undefined && found.kind === 'system') throw notSupported('TABLESAMPLE of a system relation', sample);
  switch (found.kind) {
    case 'system': return bindSystem(item, found, site);
    case 'view': return bindView(item, found, site);
    case 'sequence': return bindSequence(item, found, site);
    case 'index':
      throw new DatabaseError('42809', `cannot open relation "${relation.name}"`, {
        position: relation.position, detail: 'This operation is not supported for indexes.',
      });
    default: return bindStored(item, found, site);
  }
}

function isUnseen(scope: CommonTableScope | null, name: string): boolean {
  for (let s = scope; s !== null; s = s.parent) if (s.unseen?.includes(name) === true) return true;
  return false;
}

function findCommonTable(scope: CommonTableScope | null, name: string): CommonTableScope | null {
  for (let s = scope; s !== null; s = s.parent) if (s.name === name) return s;
  return null;
}

function bindCommonTable(item: TableItem, common: CommonTableScope): FromResult {
  const { columns, hidden = [] } = common;
  const shown = (c: ResultColumn, index: number): ScopeColumn => ({
    ...c, expression: { kind: 'column', index, type: c.type },
  });
  const itself = { ...plainItem(common.name, columns.map(shown)), hidden: hidden.map((c) => shown(c, c.index)) };
  return {
    plan: common.plan(item.relation.position ?? item.position), items: [aliased(itself, item.alias)], order: common.order ?? [],
  };
}

interface Named { readonly oid: number; readonly name: string; readonly schema: string }

function relationItem(
  found: Named, columns: readonly ScopeColumn[], rowType: RecordType | null, known?: readonly number[],
): ScopeItem {
  const tableoid: ScopeColumn = {
    name: 'tableoid', table: found.oid, attribute: -6, expression: { kind: 'literal', type: OID, value: found.oid },
  };
  const isKnown = ({ attribute }: ScopeColumn): boolean => known === undefined || known.includes(attribute);
  const younger = known === undefined ? []
    : columns.filter((c) => !isKnown(c)).map((c): ScopeColumn => ({ ...c, younger: true }));
  return {
    ...plainItem(found.name, younger.length === 0 ? columns : columns.filter(isKnown)), schema: found.schema,
    hidden: [tableoid, ...younger], rowType, relation: found.oid,
  };
}

function bindSystem(item: TableItem, found: SystemRelation, site: FromSite): FromResult {
  const { system } = site.env;
  if (site.env.continuous) throw notSupported('a materialized view over a system relation', { position: item.position });
  const columns = found.columns.map((c, i): ScopeColumn => ({
    name: c.name, table: found.oid, attribute: i + 1, expression: { kind: 'column', index: i, type: c.type }, ...storedCollation(c),
  }));
  const plan: LogicalPlan = {
    kind: 'constant', name: found.name, alias: item.alias?.name ?? found.name, columns: found.columns.map((_, i) => i),
    schema: { columns: found.columns },
    rows: () => {
      if (system === null) throw notSupported('a system relation in this context');
      return found.rows(system);
    },
  };
  return { plan, items: [aliased(relationItem(found, columns, rowTypeOf(found)), item.alias)] };
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

function scopeColumns(oid: number, columns: readonly ColumnEntry[]): readonly ScopeColumn[] {
  return columns.map((c, i) => ({
    name: c.name, table: oid, attribute: c.attnum, expression: { kind: 'column', index: i, type: c.type }, ...storedCollation(c),
  }));
}

function bindStored(item: TableItem, found: StoredEntry, site: FromSite): FromResult {
  const columns = scopeColumns(found.oid, liveColumns(found.columns));
  const whole = relationItem(found, columns, rowTypeOf(found), site.env.known?.get(found.oid));
  const own = item.key === undefined ? whole : { ...whole, key: item.key };
  const scan = scanOf(found, site, item.alias?.name ?? found.name);
  const base = columns.filter((c) => item.base?.includes(c.attribute) === true).map((c) => baseColumn(c.attribute, c.expression));
  return {
    plan: item.sample === undefined ? scan : sampleOf(scan, item.sample, found, site),
    items: [aliased(base.length === 0 ? own : { ...own, hidden: [...own.hidden, ...base] }, item.alias)],
  };
}

/** All live columns of a stored relation. */
function scanOf(found: StoredEntry, site: FromSite, alias: string): LogicalPlan {
  const live = liveColumns(found.columns);
  const watermark = found.kind === 'materialized-view' ? null : found.watermark;
  return {
    kind: 'scan', relation: found.oid, name: found.name, alias, lookup: null, late: 'keep',
    columns: live.map((c) => c.attnum - 1),
    notNull: live.filter((c) => c.notNull).map((c) => c.attnum - 1),
    paths: accessPaths(found, site),
    eventTime: watermark === null ? null : watermark.column - 1,
    watermark: watermark !== null,
    appendOnly: found.kind === 'table' && found.appendOnly,
    schema: { columns: live.map((c) => ({ name: c.name, type: c.type })) },
  };
}

function accessPaths(found: StoredEntry, site: FromSite): readonly AccessPath[] {
  return site.env.catalog.indexesOf(found.oid).map((i): AccessPath => {
    const path = { name: i.name, columns: i.columns.map((c) => c - 1) };
    // A key of part of the rows, or of an expression, says nothing of the columns.
    return i.definition === undefined ? { ...path, unique: i.unique && !site.env.catalog.isOfDeferrable(i) }
      : { ...path, unique: false, computed: computedKeys(found, i.definition, site) };
  });
}

/** The texts of an index's definition, bound over the relation's columns. */
function computedKeys(found: StoredEntry, definition: IndexDefinitionText, site: FromSite): NonNullable<AccessPath['computed']> {
  const columns = liveColumns(found.columns).map((c): ScopeColumn => ({
    name: c.name, table: found.oid, attribute: c.attnum, expression: { kind: 'column', index: c.attnum - 1, type: c.type },
    ...storedCollation(c),
  }));
  const env = { ...site.env, columns: undefined };
  const at = siteOver({ ...site, env }, new Scope(null, [plainItem(found.name, columns)]), { phrase: 'index expressions' });
  const read = (text: string): Expression => {
    const { body } = site.env.parseQuery(`SELECT ${text}`);
    if (body.kind !== 'select') throw new AssertionError(`no expression: ${text}`);
    return site.recurse.expression(body.targets[0].expression, at);
  };
  const plain = (attnum: number): ColumnEntry => found.columns[attnum - 1];
  return {
    keys: definition.elements.map((text, i): Expression => (text === null
      ? { kind: 'column', index: definition.plain[i] - 1, type: plain(definition.plain[i]).type } : read(text))),
    conditions: definition.where === null ? [] : conjuncts(read(definition.where)),
    labels: definition.elements.map((text, i) => text ?? plain(definition.plain[i]).name),
  };
}

function bindView(item: TableItem, found: ViewEntry, site: FromSite): FromResult {
  const { settings } = found;
  const written = site.env.parseQuery(found.query, settings.dialect);
  const clocks: ClockUse[] = [];
  const query = site.recurse.query(item.base === undefined ? written : withBase(written, item.base), {
    // What the view reads is its own affair: whoever reads the view depends on the view.
    env: {
      ...site.env, ...readingOf(found), used: new Set(), trace: undefined, columns: undefined, warn: undefined,
      ...site.env.clocks === undefined ? {} : { clocks },
    },
    parent: null, commonTables: null,
  });
  // Where it stands in the view's own text is nothing to who writes another.
  for (const { written: clock } of clocks) site.env.clocks?.push({ written: clock, position: undefined });
  const columns = scopeColumns(found.oid, liveColumns(found.columns));
  const own = relationItem(found, columns, rowTypeOf(found), site.env.known?.get(found.oid));
  const first = query.visible - (item.base?.length ?? 0);
  const base = (item.base ?? []).map((attnum, i) =>
    baseColumn(attnum, { kind: 'column', index: first + i, type: query.columns[first + i].type }));
  return {
    plan: asRelation(query, true), items: [aliased({ ...own, hidden: [...own.hidden, ...base] }, item.alias)], order: query.order,
  };
}

/** The name by which a table's column is found through the views it is written through. */
export function baseName(attnum: number): string {
  return `*BASE ${attnum}*`;
}

function baseColumn(attnum: number, expression: Expression): ScopeColumn {
  return { name: baseName(attnum), table: 0, attribute: 0, expression };
}

/** The view's query, its table's columns behind its own. Requires: the view is updatable. */
function withBase(query: Query, base: readonly number[]): Query {
  const { body } = query;
  if (body.kind !== 'select') throw new AssertionError('no updatable view');
  const targets = base.map((attnum): Target => ({
    expression: { kind: 'column', name: [baseName(attnum)], position: undefined }, alias: undefined, position: undefined,
  }));
  const from = body.from.map((item) => (item.kind === 'table' ? { ...item, base } : item));
  return { ...query, body: { ...body, targets: [...body.targets, ...targets], from } };
}
