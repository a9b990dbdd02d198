// Type names as written → LogicalType: built-in ones, the catalog's enums, domains and composites, and arrays of them.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { reducedPrecision, typeFromName } from '../../engine/data/type-info.ts';
import { arrayOf } from '../../engine/data/types.ts';
import type { LogicalType, RecordType } from '../../engine/data/types.ts';
import { columnsOf } from '../catalog/catalog.ts';
import type { Catalog, RowRelation } from '../catalog/catalog.ts';
import { ownCollation } from '../catalog/entry.ts';
import type { TypeEntry } from '../catalog/entry.ts';
import type { TypeName } from '../parser/ast.ts';

export interface TypeSite {
  readonly catalog: Catalog;
  readonly searchPath: readonly string[];
  /** Tells the client of something odd that is written; absent where nobody has just written it. */
  readonly warn?: ((warning: DatabaseError) => void) | undefined;
}

/** The type, or PostgreSQL's 42704 at its position. */
export function resolveTypeName(site: TypeSite, name: TypeName): LogicalType {
  if (name.setOf) throw notSupported('SETOF', { position: name.position });
  if (name.ofColumn) throw notSupported('%TYPE', { position: name.position });
  const element = named(site, name);
  if (element === null) {
    throw new DatabaseError('42704', `type "${displayed(name)}" does not exist`, { position: name.position });
  }
  return name.arrayDimensions > 0 ? arrayOf(element) : element;
}

function displayed(name: TypeName): string {
  return `${name.name.join('.')}${'[]'.repeat(name.arrayDimensions)}`;
}

/** The same for one argument f(x), where the name of a function may be the name of a type: null when it is none. */
export function findTypeNamed(site: TypeSite, name: readonly string[]): LogicalType | null {
  try {
    return named(site, {
      name, modifiers: [], arrayDimensions: 0, setOf: false, ofColumn: false, position: undefined,
    });
  } catch (error) {
    if (error instanceof DatabaseError) return null;
    throw error;
  }
}

function named(site: TypeSite, type: TypeName): LogicalType | null {
  const found = ofName(site, type);
  const name = type.name[type.name.length - 1];
  // The name of an array type in the catalog; of such there are no arrays.
  if (found !== null || !name.startsWith('_') || type.arrayDimensions > 0) return found;
  const element = ofName(site, { ...type, name: [...type.name.slice(0, -1), name.slice(1)] });
  return element === null ? null : arrayOf(element);
}

function ofName(site: TypeSite, type: TypeName): LogicalType | null {
  const schema = type.name.length > 1 ? type.name[type.name.length - 2] : null;
  const name = type.name[type.name.length - 1];
  if (schema === null || schema === 'pg_catalog') {
    const builtIn = builtInType(site, type, name);
    if (builtIn !== null) return builtIn;
  }
  const entry = site.catalog.findType({ schema, name }, site.searchPath);
  if (entry !== null) return typeOfEntry(entry);
  const relation = site.catalog.findRelation({ schema, name }, site.searchPath);
  if (relation === null || !('rowType' in relation)) return domainOfInformationSchema(schema, name);
  return rowTypeOf(relation);
}

/** The type of a relation's rows. */
export function rowTypeOf(relation: RowRelation): RecordType {
  const fields = columnsOf(relation).map((c) => ({ name: c.name, type: c.type, ...ownCollation(c) }));
  const type = { kind: 'record' as const, oid: relation.rowType, name: relation.name, fields };
  return relation.kind === 'system' ? { ...type, arrayOid: relation.arrayType } : type;
}

/** information_schema.sql_identifier and its kin: what they stand on. */
function domainOfInformationSchema(schema: string | null, name: string): LogicalType | null {
  if (schema !== 'information_schema') return null;
  switch (name) {
    case 'sql_identifier': return typeFromName('name');
    case 'cardinal_number': return typeFromName('int4');
    case 'character_data': case 'yes_or_no': return typeFromName('varchar');
    case 'time_stamp': return typeFromName('timestamptz');
    default: return null;
  }
}

function builtInType(site: TypeSite, type: TypeName, name: string): LogicalType | null {
  const modifiers = type.modifiers.map((m) => {
    if (typeof m === 'number') return m;
    throw new DatabaseError('42601', 'type modifiers must be simple constants or identifiers',
      { position: type.position });
  });
  try {
    const found = typeFromName(name, modifiers, true);
    const warning = site.warn === undefined ? null : reducedPrecision(name, modifiers);
    if (warning !== null) site.warn?.(warning.at(type.position));
    return found;
  } catch (error) {
    throw error instanceof DatabaseError ? error.at(type.position) : error;
  }
}

/** The type a CREATE TYPE or CREATE DOMAIN made. */
export function typeOfEntry(entry: TypeEntry): LogicalType {
  const { definition, oid, name } = entry;
  switch (definition.kind) {
    case 'enum': return { kind: 'enum', oid, name, labels: definition.labels };
    case 'domain': return { kind: 'domain', oid, name, base: definition.base, ...ownCollation(definition) };
    case 'composite': return { kind: 'record', oid, name, fields: definition.fields };
    case 'range': return { kind: 'range', oid, name, bound: definition.bound, multirange: definition.multirange };
    case 'multirange': return { kind: 'multirange', oid, name, bound: definition.bound, range: definition.range };
  }
}

/** A type that is not built in, by its OID. */
export function typeOfOid(catalog: Catalog, oid: number): LogicalType | null {
  const found = catalog.ofType(oid);
  if (found !== null) return declaredType(found);
  const element = catalog.ofArrayType(oid);
  return element === null ? null : arrayOf(declaredType(element));
}

function declaredType(of: TypeEntry | RowRelation): LogicalType {
  return of.kind === 'type' ? typeOfEntry(of) : rowTypeOf(of);
}
