// pg_tables, pg_views, pg_matviews, pg_indexes, pg_sequences and the text of indexes: what PostgreSQL defines as views.
import { oidOf, quoteIdentifier } from '../../../engine/data/type-info.ts';
import type { Catalog } from '../catalog.ts';
import type { CatalogEntry, IndexEntry, SystemContext, SystemRelation } from '../entry.ts';
import { SYSTEM_COLUMNS, systemRelation } from './relation-columns.ts';
import type { SystemRow } from './relation-columns.ts';
import { entryColumns } from './relations.ts';

export function ownerName(catalog: Catalog, entry: CatalogEntry): string {
  return catalog.get(entry.owner)?.name ?? `unknown (OID=${entry.owner})`;
}

/** Column i of an index, keys first; null: it has fewer. */
export function indexKey(context: SystemContext, index: IndexEntry, i: number, pretty: boolean): string | null {
  const kept = index.definition?.elements[i] ?? null;
  if (kept === null) {
    const column = entryColumns(index, context.catalog).at(i);
    return column === undefined ? null : quoteIdentifier(column.name);
  }
  const expression = context.printed(kept, { relation: index.table, pretty });
  // A call stands by itself, anything else in parentheses.
  return /^[\w".]+\(.*\)$/.test(expression) ? expression : `(${expression})`;
}

/** As pg_get_indexdef prints it. `pretty`: names that are found bare are bare, and parentheses only where needed. */
export function indexText(context: SystemContext, index: IndexEntry, pretty = false): string {
  const { catalog } = context;
  const table = catalog.get(index.table);
  const columns = entryColumns(index, catalog);
  const key = index.columns.map((_, i) => {
    const descending = index.descending[i] ? ' DESC' : '';
    const nulls = index.nullsFirst[i] === index.descending[i] ? '' : index.nullsFirst[i] ? ' NULLS FIRST' : ' NULLS LAST';
    const collation = index.collations?.[i] ?? null;
    const collate = collation === null ? '' : ` COLLATE ${quoteIdentifier(collation)}`;
    return `${indexKey(context, index, i, pretty) ?? '?'}${collate}${descending}${nulls}`;
  });
  const predicate = index.definition?.where ?? null;
  const include = columns.slice(index.columns.length).map((c) => quoteIdentifier(c.name));
  const where = table === null || !('schema' in table) ? '?'
    : pretty && catalog.effectivePath(context.searchPath).includes(table.schema) ? quoteIdentifier(table.name)
    : `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
  return `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${quoteIdentifier(index.name)} ON ${where} USING btree (${key.join(', ')})`
    + (include.length === 0 ? '' : ` INCLUDE (${include.join(', ')})`)
    + (index.nullsNotDistinct === true ? ' NULLS NOT DISTINCT' : '')
    + (predicate === null ? '' : ` WHERE ${context.printed(predicate, { relation: index.table, pretty })}`);
}

/** As the system's own views show definitions. */
export const PLAIN = { pretty: false, wrap: 0 } as const;

function* systemTables(): Iterable<SystemRow> {
  for (const r of SYSTEM_COLUMNS) {
    if (r.relationKind !== 'r') continue;
    yield { schemaname: r.schema, tablename: r.name, tableowner: 'postgres', hasindexes: false, hasrules: false, hastriggers: false, rowsecurity: false };
  }
}

function* tables(catalog: Catalog): Iterable<SystemRow> {
  for (const e of catalog.relations()) {
    if (e.kind !== 'table' && e.kind !== 'source') continue;
    yield { schemaname: e.schema, tablename: e.name, tableowner: ownerName(catalog, e), hasindexes: catalog.indexesOf(e.oid).length > 0,
      hasrules: false, hastriggers: false, rowsecurity: false };
  }
}

function* views(context: SystemContext): Iterable<SystemRow> {
  const { catalog } = context;
  for (const e of catalog.relations()) {
    if (e.kind === 'view') yield { schemaname: e.schema, viewname: e.name, viewowner: ownerName(catalog, e), definition: context.viewText(e, PLAIN) };
  }
}

function* materializedViews(context: SystemContext): Iterable<SystemRow> {
  const { catalog } = context;
  for (const e of catalog.relations()) {
    if (e.kind !== 'materialized-view') continue;
    yield { schemaname: e.schema, matviewname: e.name, matviewowner: ownerName(catalog, e), hasindexes: catalog.indexesOf(e.oid).length > 0,
      ispopulated: true, definition: context.viewText(e, PLAIN) };
  }
}

function* indexes(context: SystemContext): Iterable<SystemRow> {
  const { catalog } = context;
  for (const e of catalog.relations()) {
    if (e.kind !== 'index') continue;
    yield { schemaname: e.schema, tablename: catalog.get(e.table)?.name ?? null, indexname: e.name, indexdef: indexText(context, e) };
  }
}

function* sequences(context: SystemContext): Iterable<SystemRow> {
  for (const e of context.catalog.relations()) {
    if (e.kind !== 'sequence') continue;
    const { last, called } = context.sequence(e.oid);
    yield { schemaname: e.schema, sequencename: e.name, sequenceowner: ownerName(context.catalog, e), data_type: oidOf(e.type),
      start_value: e.start, min_value: e.min, max_value: e.max, increment_by: e.increment, cycle: e.cycle, cache_size: e.cache,
      last_value: called ? last : null };
  }
}

function* sequenceRows(catalog: Catalog): Iterable<SystemRow> {
  for (const e of catalog.relations()) {
    if (e.kind !== 'sequence') continue;
    yield { seqrelid: e.oid, seqtypid: oidOf(e.type), seqstart: e.start, seqincrement: e.increment, seqmax: e.max, seqmin: e.min,
      seqcache: e.cache, seqcycle: e.cycle };
  }
}

function* tableStatistics(context: SystemContext): Iterable<SystemRow> {
  for (const e of context.catalog.relations()) {
    if (e.kind !== 'table' && e.kind !== 'source' && e.kind !== 'materialized-view') continue;
    yield { relid: e.oid, schemaname: e.schema, relname: e.name, n_live_tup: BigInt(context.rowCount(e.oid)), n_dead_tup: 0n };
  }
}

export const DEFINITIONS: readonly SystemRelation[] = [
  systemRelation('pg_catalog', 'pg_tables', { fixed: systemTables, catalog: tables }),
  systemRelation('pg_catalog', 'pg_views', { now: views }),
  systemRelation('pg_catalog', 'pg_matviews', { now: materializedViews }),
  systemRelation('pg_catalog', 'pg_indexes', { now: indexes }),
  systemRelation('pg_catalog', 'pg_sequences', { now: sequences }),
  systemRelation('pg_catalog', 'pg_sequence', { catalog: sequenceRows }),
  systemRelation('pg_catalog', 'pg_stat_user_tables', { now: tableStatistics }),
  systemRelation('pg_catalog', 'pg_stat_all_tables', { now: tableStatistics }),
];
