// What information_schema tells of a column's type: the standard's names and precisions (PostgreSQL manual 37.17).
import type { Datum } from '../../../engine/data/datum.ts';
import { formatType, formatTypeName, oidOf, typeRow } from '../../../engine/data/type-info.ts';
import { isOwn, typmodOf } from '../../../engine/data/types.ts';
import type { Column, LogicalType } from '../../../engine/data/types.ts';
import { collationOfType } from '../../binder/type-rules.ts';
import type { Catalog } from '../catalog.ts';
import type { SystemContext } from '../entry.ts';
import type { SystemRow } from './relation-columns.ts';

export const BINARY_PRECISION: ReadonlyMap<string, number> = new Map(
  [['int2', 16], ['int4', 32], ['int8', 64], ['float4', 24], ['float8', 53]]);

/** What a value without a limit may have in bytes, as PostgreSQL says. */
const NO_LIMIT = 1073741824;

/** Of a domain: what it is over, if only another domain, and its own name. */
export function typeFacts(
  { type: column, collation = collationOfType(column) ?? undefined }: Omit<Column, 'name'>, { catalog, database }: SystemContext,
): SystemRow {
  const type = column.kind === 'domain' ? column.base : column;
  const named = isOwn(type) || type.kind === 'record';
  const udt = nameOf(catalog, type);
  const own = column.kind === 'domain' ? nameOf(catalog, column) : null;
  return {
    data_type: type.kind === 'array' ? 'ARRAY' : named ? 'USER-DEFINED' : formatTypeName(type),
    udt_catalog: database, udt_schema: udt.schema, udt_name: udt.name,
    ...(own === null ? {} : { domain_catalog: database, domain_schema: own.schema, domain_name: own.name }),
    ...(collation === undefined || collation === 'default' ? {}
      : { collation_catalog: database, collation_schema: 'pg_catalog', collation_name: collation }),
    ...precision(type),
  };
}

function nameOf(catalog: Catalog, type: LogicalType): { readonly schema: string; readonly name: string } {
  const builtIn = typeRow(oidOf(type));
  if (builtIn !== undefined) return { schema: 'pg_catalog', name: builtIn.name };
  if (type.kind === 'array') {
    const { schema, name } = nameOf(catalog, type.element);
    return { schema, name: `_${name}` };
  }
  const oid = 'oid' in type ? type.oid ?? 0 : 0;
  const entry = catalog.get(oid);
  if (entry?.kind === 'type') return entry;
  for (const relation of catalog.relations()) if ('rowType' in relation && relation.rowType === oid) return relation;
  return { schema: 'pg_catalog', name: 'name' in type ? type.name ?? 'record' : 'text' };
}

function precision(type: LogicalType): SystemRow {
  const typmod = typmodOf(type);
  const { kind } = type;
  const facts: Record<string, Datum> = {};
  if (kind === 'varchar' || kind === 'bpchar') {
    facts['character_maximum_length'] = typmod < 0 ? null : typmod - 4;
    facts['character_octet_length'] = typmod < 0 ? NO_LIMIT : (typmod - 4) * 4;
  } else if (kind === 'bit' || kind === 'varbit') {
    facts['character_maximum_length'] = typmod < 0 ? null : typmod;
  } else if (kind === 'text') {
    facts['character_octet_length'] = NO_LIMIT;
  } else if (kind === 'numeric') {
    facts['numeric_precision'] = typmod < 0 ? null : ((typmod - 4) >> 16) & 0xffff;
    facts['numeric_precision_radix'] = 10;
    facts['numeric_scale'] = typmod < 0 ? null : (typmod - 4) & 0x7ff;
  } else if (BINARY_PRECISION.has(kind)) {
    facts['numeric_precision'] = BINARY_PRECISION.get(kind) ?? null;
    facts['numeric_precision_radix'] = 2;
    facts['numeric_scale'] = kind.startsWith('int') ? 0 : null;
  } else if (kind === 'interval') {
    const digits = typmod & 0xffff;
    facts['datetime_precision'] = typmod < 0 || digits === 0xffff ? 6 : digits;
    facts['interval_type'] = formatType(type).replace(/^interval[ ()\d]*/, '').toUpperCase() || null;
  } else if (['time', 'timetz', 'timestamp', 'timestamptz'].includes(kind)) {
    facts['datetime_precision'] = typmod < 0 ? 6 : typmod & 0xffff;
  } else if (kind === 'date') {
    facts['datetime_precision'] = 0;
  }
  return facts;
}
