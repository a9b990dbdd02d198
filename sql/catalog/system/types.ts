// pg_type, pg_enum, pg_range, pg_collation: the types there are, built in, made by users, and of tables' rows.
import { RANGE_FAMILIES } from '../../../engine/data/range-type.ts';
import { BUILTIN_TYPES, DOMAIN_FUNCTIONS, ENUM_FUNCTIONS, oidOf, typeRow } from '../../../engine/data/type-info.ts';
import type { TypeFunction, TypeRow } from '../../../engine/data/type-info.ts';
import { baseType, typmodOf } from '../../../engine/data/types.ts';
import type { LogicalType } from '../../../engine/data/types.ts';
import type { Catalog } from '../catalog.ts';
import { PG_CATALOG_OID, POSTGRES_ROLE_OID } from '../entry.ts';
import type { SystemContext, SystemRelation, TypeEntry } from '../entry.ts';
import { collationOid, namespaceOid, systemNamespaceOid } from './relations.ts';
import { SYSTEM_COLUMNS, systemRelation } from './relation-columns.ts';
import type { SystemRow } from './relation-columns.ts';

const functionOid = (f: TypeFunction): number => f?.oid ?? 0;

const DEFAULTS: SystemRow = {
  typisdefined: true, typrelid: 0, typnotnull: false, typbasetype: 0, typtypmod: -1, typndims: 0, typdefaultbin: null,
  typdefault: null, typacl: null,
};

function physical(t: TypeRow): SystemRow {
  return {
    typlen: t.length, typbyval: t.byValue, typcategory: t.category, typispreferred: t.preferred, typdelim: t.delimiter,
    typsubscript: functionOid(t.subscript), typinput: functionOid(t.input), typoutput: functionOid(t.output),
    typreceive: functionOid(t.receive), typsend: functionOid(t.send), typmodin: functionOid(t.modifierInput),
    typmodout: functionOid(t.modifierOutput), typanalyze: functionOid(t.analyze), typalign: t.align,
    typstorage: t.storage, typcollation: t.collation, typelem: t.element, typarray: t.array,
  };
}

function* builtin(): Iterable<SystemRow> {
  yield* systemRows();
  for (const t of BUILTIN_TYPES) {
    yield { ...DEFAULTS, ...physical(t), oid: t.oid, typname: t.name, typnamespace: PG_CATALOG_OID, typowner: POSTGRES_ROLE_OID, typtype: t.type };
  }
}

function* systemRows(): Iterable<SystemRow> {
  for (const r of SYSTEM_COLUMNS) {
    yield* rowTypes({ relation: r, arrayType: r.arrayType }, { typnamespace: systemNamespaceOid(r.schema), typowner: POSTGRES_ROLE_OID });
  }
}

interface RowsOf {
  readonly relation: { readonly oid: number; readonly name: string; readonly rowType: number };
  readonly arrayType: number;
}

/** The type of a relation's rows, and that of arrays of them. */
function* rowTypes({ relation, arrayType }: RowsOf, place: SystemRow): Iterable<SystemRow> {
  const common = { ...DEFAULTS, ...place, typispreferred: false };
  yield {
    ...common, ...like('record'), oid: relation.rowType, typname: relation.name, typtype: 'c', typcategory: 'C', typrelid: relation.oid,
    typarray: arrayType, typelem: 0,
  };
  if (arrayType !== 0) yield arrayRow(common, { oid: arrayType, name: relation.name, element: relation.rowType, align: 'd' });
}

/** The shape of a type made by users, borrowed from the built-in type that is stored alike. */
function like(name: string): SystemRow {
  const row = BUILTIN_TYPES.find((t) => t.name === name);
  return row === undefined ? {} : physical(row);
}

const ENUM_IO: SystemRow = {
  typinput: ENUM_FUNCTIONS.input.oid, typoutput: ENUM_FUNCTIONS.output.oid, typreceive: ENUM_FUNCTIONS.receive.oid,
  typsend: ENUM_FUNCTIONS.send.oid,
};
const DOMAIN_INPUT: SystemRow = { typinput: DOMAIN_FUNCTIONS.input.oid, typreceive: DOMAIN_FUNCTIONS.receive.oid };

function* ofType(catalog: Catalog, entry: TypeEntry, defaultText: string | null = null): Iterable<SystemRow> {
  const { definition } = entry;
  const common: SystemRow = {
    ...DEFAULTS, oid: entry.oid, typname: entry.name, typnamespace: namespaceOid(catalog, entry.schema), typowner: entry.owner,
  };
  const shape = { typarray: entry.arrayType, typelem: 0, typispreferred: false };
  switch (definition.kind) {
    case 'enum':
      yield { ...common, ...like('anyenum'), ...ENUM_IO, ...shape, typtype: 'e', typcategory: 'E', typlen: 4, typbyval: true };
      break;
    case 'domain': {
      const base = typeRow(oidOf(definition.base));
      yield { ...common, ...(base === undefined ? {} : physical(base)), ...DOMAIN_INPUT, ...shape,
        typtype: 'd', typcollation: collationOid({ ...definition, type: definition.base }), typbasetype: oidOf(definition.base),
        typtypmod: typmodOf(definition.base), typnotnull: definition.notNull, typdefault: defaultText };
      break;
    }
    case 'composite':
      yield { ...common, ...like('record'), ...shape, typtype: 'c', typcategory: 'C', typrelid: entry.oid };
      break;
    case 'range':
      yield { ...common, ...like('int4range'), ...shape, typtype: 'r', typalign: alignment(definition) };
      break;
    case 'multirange':
      yield { ...common, ...like('int4multirange'), ...shape, typalign: alignment(definition), typtype: 'm' };
  }
  if (entry.arrayType !== 0) {
    yield arrayRow(common, { oid: entry.arrayType, name: entry.name, element: entry.oid, align: alignment(definition) });
  }
}

interface ArrayOf { readonly oid: number; readonly name: string; readonly element: number; readonly align: 'd' | 'i' }

function arrayRow(common: SystemRow, { oid, name, element, align }: ArrayOf): SystemRow {
  return {
    ...common, ...like('_text'), oid, typname: `_${name}`, typtype: 'b', typelem: element, typarray: 0, typcollation: 0, typalign: align,
  };
}

/** Of arrays of the type. */
function alignment(definition: TypeEntry['definition']): 'd' | 'i' {
  switch (definition.kind) {
    case 'domain': return alignmentOf(definition.base);
    case 'range': case 'multirange': return alignmentOf(definition.bound);
    case 'composite': return 'd';
    case 'enum': return 'i';
  }
}

function alignmentOf(type: LogicalType): 'd' | 'i' {
  const base = baseType(type);
  return base.kind === 'record' || (base.kind === 'array' && alignmentOf(base.element) === 'd')
    || typeRow(oidOf(base))?.align === 'd' ? 'd' : 'i';
}

function* domains({ catalog, printed }: SystemContext): Iterable<SystemRow> {
  for (const entry of catalog.types()) {
    if (entry.definition.kind !== 'domain') continue;
    const { defaultText } = entry.definition;
    yield* ofType(catalog, entry, defaultText === null ? null : printed(defaultText, { relation: 0, pretty: false }));
  }
}

function* userTypes(catalog: Catalog): Iterable<SystemRow> {
  for (const entry of catalog.types()) if (entry.definition.kind !== 'domain') yield* ofType(catalog, entry);
  for (const entry of catalog.relations()) {
    if (!('rowType' in entry) || entry.rowType === 0) continue;
    yield* rowTypes({ relation: entry, arrayType: catalog.rowArrayType(entry) },
      { typnamespace: namespaceOid(catalog, entry.schema), typowner: entry.owner });
  }
}

function* enums(catalog: Catalog): Iterable<SystemRow> {
  for (const entry of catalog.types()) {
    if (entry.definition.kind !== 'enum') continue;
    const { labels, places } = entry.definition;
    for (let i = 0; i < labels.length; i++) {
      yield { oid: 1_500_000_000 + (entry.oid % 100_000) * 1000 + i, enumtypid: entry.oid, enumsortorder: places?.[i] ?? i + 1, enumlabel: labels[i] };
    }
  }
}

/** By type of the bounds: btree operator class, and the functions behind canonical values and distances. */
const RANGE_SUPPORT: { readonly [bound: string]: readonly [number, number, number] } = {
  int4: [1978, 3914, 3922], numeric: [3125, 0, 3924], timestamp: [3128, 0, 3929], timestamptz: [3127, 0, 3930],
  date: [3122, 3915, 3925], int8: [3124, 3928, 3923],
};

function* ranges(): Iterable<SystemRow> {
  for (const { range, multirange, bound } of RANGE_FAMILIES) {
    const [rngsubopc, rngcanonical, rngsubdiff] = RANGE_SUPPORT[bound.kind];
    yield { rngtypid: oidOf(range), rngsubtype: oidOf(bound), rngmultitypid: oidOf(multirange), rngcollation: 0, rngsubopc,
      rngcanonical, rngsubdiff };
  }
}

function* userRanges(catalog: Catalog): Iterable<SystemRow> {
  for (const { oid, definition } of catalog.types()) {
    if (definition.kind !== 'range') continue;
    yield { rngtypid: oid, rngsubtype: oidOf(definition.bound), rngmultitypid: definition.multirange.oid,
      rngcollation: definition.collation, rngsubopc: definition.operatorClass, rngcanonical: 0, rngsubdiff: definition.difference };
  }
}

/** Everything is ordered by bytes. */
function* collations(): Iterable<SystemRow> {
  const common = { collnamespace: PG_CATALOG_OID, collowner: POSTGRES_ROLE_OID, collisdeterministic: true, collencoding: -1 };
  yield { ...common, oid: 100, collname: 'default', collprovider: 'd' };
  yield { ...common, oid: 950, collname: 'C', collprovider: 'c', collcollate: 'C', collctype: 'C' };
  yield { ...common, oid: 951, collname: 'POSIX', collprovider: 'c', collcollate: 'POSIX', collctype: 'POSIX' };
  yield { ...common, oid: 12340, collname: 'ucs_basic', collprovider: 'c', collencoding: 6, collcollate: 'C', collctype: 'C' };
}

export const TYPES: readonly SystemRelation[] = [
  systemRelation('pg_catalog', 'pg_type', { fixed: builtin, catalog: userTypes, now: domains }),
  systemRelation('pg_catalog', 'pg_enum', { catalog: enums }),
  systemRelation('pg_catalog', 'pg_range', { fixed: ranges, catalog: userRanges }),
  systemRelation('pg_catalog', 'pg_collation', { fixed: collations }),
];
