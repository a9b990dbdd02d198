// pg_class, pg_attribute, pg_attrdef, pg_index, pg_namespace, pg_inherits & co: what relations there are.
import { arrayFrom } from '../../../engine/data/composite.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import { oidOf, typeRow } from '../../../engine/data/type-info.ts';
import { typmodOf } from '../../../engine/data/types.ts';
import type { Column } from '../../../engine/data/types.ts';
import { collationOfType } from '../../binder/type-rules.ts';
import type { Catalog } from '../catalog.ts';
import { INFORMATION_SCHEMA_OID, PG_CATALOG_OID, POSTGRES_ROLE_OID, isTemporary } from '../entry.ts';
import type {
  ColumnEntry, Grant, IndexEntry, RelationEntry, SystemContext, SystemRelation,
} from '../entry.ts';
import { SYSTEM_COLUMNS, systemRelation, vectorOf } from './relation-columns.ts';
import type { SystemColumns, SystemRow } from './relation-columns.ts';

export const HEAP_ACCESS_METHOD = 2;
export const BTREE_ACCESS_METHOD = 403;

/** OID of an entry's schema. */
export function namespaceOid(catalog: Catalog, schema: string): number {
  return catalog.schema(schema)?.oid ?? 0;
}

export function systemNamespaceOid(schema: string): number {
  return schema === 'pg_catalog' ? PG_CATALOG_OID : INFORMATION_SCHEMA_OID;
}

/** aclitem[] as text, NULL when nothing was granted. */
export function aclOf(catalog: Catalog, acl: readonly Grant[]): Datum {
  if (acl.length === 0) return null;
  const role = (oid: number): string => {
    const entry = oid === 0 ? null : catalog.get(oid);
    return entry === null ? '' : entry.name;
  };
  return arrayFrom(acl.map((g) => `${role(g.grantee)}=${g.privileges}${g.grantable === '' ? '' : '*'}/${role(g.grantor)}`));
}

/** OIDs of the collations there are. */
export const COLLATIONS: { readonly [name: string]: number } = { default: 100, C: 950, POSIX: 951, ucs_basic: 12340 };

/** Collation of a column, or of a type: 0 for what has none; ours is "C", shown as the database's default. */
export function collationOid({ type, collation }: Omit<Column, 'name'>): number {
  return COLLATIONS[collation ?? collationOfType(type) ?? ''] ?? 0;
}

export function entryColumns(entry: RelationEntry, catalog: Catalog): readonly ColumnEntry[] {
  if (entry.kind !== 'index') return entry.kind === 'sequence' ? [] : entry.columns;
  const table = catalog.get(entry.table);
  if (table === null || !('columns' in table) || table.kind === 'index') return [];
  return [...entry.columns, ...entry.include].flatMap((attnum, i) => {
    const column = table.columns.find((c) => c.attnum === attnum);
    if (column === undefined) return [];
    const collation = entry.collations?.[i] ?? column.collation;
    return [{
      ...column, ...collation === undefined ? {} : { collation }, dropped: false, attnum: i + 1, notNull: false, defaultText: null,
      identity: null, generated: false,
    }];
  });
}

const KINDS: Readonly<Record<RelationEntry['kind'], string>> = {
  'table': 'r', 'source': 'r', 'materialized-view': 'm', 'view': 'v', 'index': 'i', 'sequence': 'S',
};

const CLASS_DEFAULTS: SystemRow = {
  reloftype: 0, relfilenode: 0, reltablespace: 0, relpages: 0, reltuples: -1, relallvisible: 0, reltoastrelid: 0,
  relhasindex: false, relisshared: false, relpersistence: 'p', relchecks: 0, relhasrules: false, relhastriggers: false,
  relhassubclass: false, relrowsecurity: false, relforcerowsecurity: false, relispopulated: true, relreplident: 'n',
  relispartition: false, relrewrite: 0, relfrozenxid: 0, relminmxid: 0,
};

function* systemClasses(): Iterable<SystemRow> {
  for (const r of SYSTEM_COLUMNS) {
    yield {
      ...CLASS_DEFAULTS, oid: r.oid, relname: r.name, relnamespace: systemNamespaceOid(r.schema), reltype: r.rowType,
      relowner: POSTGRES_ROLE_OID, relam: r.relationKind === 'r' ? HEAP_ACCESS_METHOD : 0, relkind: r.relationKind,
      relnatts: r.columns.length, relhasrules: r.relationKind === 'v',
      relacl: arrayFrom(['postgres=arwdDxt/postgres', '=r/postgres']),
    };
  }
}

/** Tables that PostgreSQL would keep foreign keys of by triggers: psql looks for references only where there are some. */
function withTriggers(catalog: Catalog): ReadonlySet<number> {
  const out = new Set<number>();
  for (const entry of catalog.relations()) {
    if (entry.kind !== 'table') continue;
    for (const constraint of entry.constraints) if (constraint.kind === 'foreign') out.add(entry.oid).add(constraint.target);
  }
  return out;
}

function* userClasses(context: SystemContext): Iterable<SystemRow> {
  const { catalog } = context;
  const triggers = withTriggers(catalog);
  for (const entry of catalog.relations()) {
    const stored = entry.kind === 'table' || entry.kind === 'source' || entry.kind === 'materialized-view';
    const options = 'options' in entry ? Object.entries(entry.options) : [];
    yield {
      ...CLASS_DEFAULTS, oid: entry.oid, relname: entry.name, relnamespace: namespaceOid(catalog, entry.schema),
      reltype: 'rowType' in entry ? entry.rowType : 0, relowner: entry.owner, relkind: KINDS[entry.kind],
      relpersistence: isTemporary(entry.schema) ? 't' : 'p',
      relam: stored ? HEAP_ACCESS_METHOD : entry.kind === 'index' ? BTREE_ACCESS_METHOD : 0, relfilenode: entry.oid,
      reltuples: stored ? context.rowCount(entry.oid) : entry.kind === 'sequence' ? 1 : stored ? 0 : -1,
      relhasindex: stored && catalog.indexesOf(entry.oid).length > 0,
      relnatts: entry.kind === 'sequence' ? 3 : entryColumns(entry, catalog).length,
      relchecks: entry.kind === 'table' ? entry.constraints.filter((c) => c.kind === 'check').length : 0,
      relhasrules: entry.kind === 'view' || entry.kind === 'materialized-view',
      relhastriggers: triggers.has(entry.oid),
      relreplident: stored ? 'd' : 'n', relacl: aclOf(catalog, entry.acl),
      reloptions: options.length === 0 ? null : arrayFrom(options.map(([k, v]) => `${k}=${v}`)),
    };
  }
  yield* compositeClasses(catalog);
}

/** Composite types are in pg_class, too; there as in pg_type they go by the same OID. */
function* compositeClasses(catalog: Catalog): Iterable<SystemRow> {
  for (const { oid, name, schema, owner, definition } of catalog.types()) {
    if (definition.kind !== 'composite') continue;
    yield {
      ...CLASS_DEFAULTS, oid, relname: name, relnamespace: namespaceOid(catalog, schema), reltype: oid, relowner: owner, relam: 0,
      relkind: 'c', relnatts: definition.fields.length,
    };
  }
}

const ATTRIBUTE_DEFAULTS: SystemRow = {
  attstattarget: -1, attndims: 0, attcacheoff: -1, attcompression: '', atthasdef: false, atthasmissing: false,
  attidentity: '', attgenerated: '', attisdropped: false, attislocal: true, attinhcount: 0,
};

function typeColumns(column: Omit<Column, 'name'>): SystemRow {
  const { type } = column;
  const oid = oidOf(type);
  const row = typeRow(oid);
  return {
    atttypid: oid, attlen: row?.length ?? -1, atttypmod: typmodOf(type), attbyval: row?.byValue ?? false,
    attalign: row?.align ?? 'i', attstorage: row?.storage ?? 'x', attndims: type.kind === 'array' && type.vector !== true ? 1 : 0,
    attcollation: collationOid(column),
  };
}

function* systemAttributes(): Iterable<SystemRow> {
  for (const r of SYSTEM_COLUMNS) {
    for (let i = 0; i < r.columns.length; i++) {
      yield {
        ...ATTRIBUTE_DEFAULTS, attrelid: r.oid, attname: r.columns[i].name, ...typeColumns(r.columns[i]), attnum: i + 1,
        attnotnull: r.notNull[i],
      };
    }
  }
}

function* userAttributes(catalog: Catalog): Iterable<SystemRow> {
  for (const entry of catalog.relations()) {
    for (const column of entryColumns(entry, catalog)) {
      const dropped = column.dropped;
      yield {
        ...ATTRIBUTE_DEFAULTS, attrelid: entry.oid, attnum: column.attnum,
        attname: dropped ? `........pg.dropped.${column.attnum}........` : column.name,
        ...typeColumns(column), atttypid: dropped ? 0 : oidOf(column.type), attnotnull: column.notNull && !dropped,
        atthasdef: column.defaultText !== null, attisdropped: dropped,
        attidentity: column.identity === 'always' ? 'a' : column.identity === 'by default' ? 'd' : '',
        attgenerated: column.generated ? 's' : '',
      };
    }
  }
  yield* compositeAttributes(catalog);
}

function* compositeAttributes(catalog: Catalog): Iterable<SystemRow> {
  for (const { oid, definition } of catalog.types()) {
    if (definition.kind !== 'composite') continue;
    for (const [i, field] of definition.fields.entries()) {
      yield { ...ATTRIBUTE_DEFAULTS, attrelid: oid, attnum: i + 1, attname: field.name, ...typeColumns(field), attnotnull: false };
    }
  }
}

/** The OID of a column's default: derived, since nothing else needs to name it. */
export function defaultOid(relation: number, attnum: number): number {
  return 1_000_000_000 + (relation % 1_000_000) * 1000 + attnum;
}

function* defaults(catalog: Catalog): Iterable<SystemRow> {
  for (const entry of catalog.relations()) {
    if (entry.kind !== 'table' && entry.kind !== 'source') continue;
    for (const column of entry.columns) {
      if (column.defaultText === null || column.dropped) continue;
      yield { oid: defaultOid(entry.oid, column.attnum), adrelid: entry.oid, adnum: column.attnum, adbin: column.defaultText };
    }
  }
}

/** Column of a key as pg_index has it: 0 for an expression; behind the hidden column of a partial index, its own. */
function shownColumn(entry: IndexEntry, attnum: number, place: number): number {
  return entry.definition === undefined ? attnum : entry.definition.elements[place] === null ? entry.definition.plain[place] : 0;
}

function indexRow(entry: IndexEntry, catalog: Catalog): SystemRow {
  const columns = entryColumns(entry, catalog).slice(0, entry.columns.length);
  return {
    indexrelid: entry.oid, indrelid: entry.table, indnatts: entry.columns.length + entry.include.length,
    indnkeyatts: entry.columns.length, indisunique: entry.unique, indnullsnotdistinct: entry.nullsNotDistinct === true, indisprimary: entry.primary,
    indisexclusion: false, indimmediate: !catalog.isOfDeferrable(entry), indisclustered: false, indisvalid: true, indcheckxmin: false, indisready: true,
    indislive: true, indisreplident: false, indkey: vectorOf([...entry.columns.map((c, i) => shownColumn(entry, c, i)), ...entry.include]),
    indpred: entry.definition?.where ?? null,
    indexprs: entry.definition?.elements.some((e) => e !== null) === true ? entry.definition.elements.filter((e) => e !== null).join(', ') : null,
    indcollation: vectorOf(columns.map((c) => collationOid(c))), indclass: vectorOf(columns.map(() => 0)),
    indoption: vectorOf(entry.columns.map((_, i) => (entry.descending[i] ? 1 : 0) | (entry.nullsFirst[i] ? 2 : 0))),
  };
}

function* indexes(catalog: Catalog): Iterable<SystemRow> {
  for (const entry of catalog.relations()) if (entry.kind === 'index') yield indexRow(entry, catalog);
}

function* namespaces(catalog: Catalog): Iterable<SystemRow> {
  for (const s of catalog.schemas()) yield { oid: s.oid, nspname: s.name, nspowner: s.owner, nspacl: aclOf(catalog, s.acl) };
}

/** Only what tools ask for: a sequence is owned by its column, an index by its constraint. */
const CONSTRAINT_CLASS = 2606;

function* dependencies(catalog: Catalog): Iterable<SystemRow> {
  const CLASS = 1259;
  const TYPE = 1247;
  for (const entry of catalog.relations()) {
    if (entry.kind === 'sequence' && entry.ownedBy !== null) {
      yield { classid: CLASS, objid: entry.oid, objsubid: 0, refclassid: CLASS, refobjid: entry.ownedBy.table,
        refobjsubid: entry.ownedBy.column, deptype: entry.ownedBy.identity ? 'i' : 'a' };
    }
    if (entry.kind === 'index' && entry.constraint !== null) {
      yield { classid: CLASS, objid: entry.oid, objsubid: 0, refclassid: CONSTRAINT_CLASS, refobjid: entry.constraint, refobjsubid: 0, deptype: 'i' };
    }
    if (entry.kind === 'materialized-view' || entry.kind === 'view') {
      for (const d of entry.dependencies) {
        const on = catalog.get(d.oid);
        const refclassid = on === null ? CONSTRAINT_CLASS : on.kind === 'type' ? TYPE : CLASS;
        yield { classid: CLASS, objid: entry.oid, objsubid: 0, refclassid, refobjid: d.oid, refobjsubid: 0, deptype: 'n' };
      }
    }
  }
}

function* descriptions(catalog: Catalog): Iterable<SystemRow> {
  for (const entry of catalog.entries()) {
    if (entry.kind === 'role') continue;
    const classoid = entry.kind === 'schema' ? 2615 : entry.kind === 'type' ? 1247 : 1259;
    if (entry.comment !== null) yield { objoid: entry.oid, classoid, objsubid: 0, description: entry.comment };
    if ('columns' in entry && entry.kind !== 'index') {
      for (const c of entry.columns) {
        if (c.comment !== null) yield { objoid: entry.oid, classoid, objsubid: c.attnum, description: c.comment };
      }
    }
    if ('constraints' in entry) {
      for (const c of entry.constraints) {
        if (c.comment !== null) yield { objoid: c.oid, classoid: 2606, objsubid: 0, description: c.comment };
      }
    }
  }
}

/** For has_*_privilege and \d: every system relation, by OID. */
export const SYSTEM_BY_OID: ReadonlyMap<number, SystemColumns> = new Map(SYSTEM_COLUMNS.map((r) => [r.oid, r]));

export const RELATIONS: readonly SystemRelation[] = [
  systemRelation('pg_catalog', 'pg_namespace', { catalog: namespaces }),
  systemRelation('pg_catalog', 'pg_class', { fixed: systemClasses, now: userClasses }),
  systemRelation('pg_catalog', 'pg_attribute', { fixed: systemAttributes, catalog: userAttributes }),
  systemRelation('pg_catalog', 'pg_attrdef', { catalog: defaults }),
  systemRelation('pg_catalog', 'pg_index', { catalog: indexes }),
  systemRelation('pg_catalog', 'pg_depend', { catalog: dependencies }),
  systemRelation('pg_catalog', 'pg_description', { catalog: descriptions }),
];
