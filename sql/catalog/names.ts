// CatalogNames: OIDs ⇄ names for regclass and its kin, as seen through one catalog and search path.
import { DatabaseError } from '../../engine/data/error.ts';
import { formatTypeName, mentionType, parseTypeName, quoteIdentifier, typeFromOid } from '../../engine/data/type-info.ts';
import { oidOf } from '../../engine/data/type-info.ts';
import type { EnumType } from '../../engine/data/types.ts';
import type { CatalogAccess, RegKind } from '../../engine/expression/context.ts';
import type { FunctionRegistry } from '../../engine/function/registry.ts';
import type { Catalog, QualifiedName } from './catalog.ts';
import { notContinuous } from './continuous.ts';
import { FIRST_USER_OID } from './entry.ts';
import {
  functionName, functionNamed, functionSignature, functionWith, nameAndTypes, operatorName, operatorNamed, operatorSignature,
  operatorWith,
} from './routine-names.ts';
import { FunctionOids } from './system/function-oids.ts';

interface TypeOids {
  readonly oid: number;
  readonly arrayType: number;
}

export class CatalogNames implements CatalogAccess {
  readonly #catalog: Catalog;
  readonly #searchPath: readonly string[];
  readonly #functions: FunctionRegistry;

  constructor(catalog: Catalog, searchPath: readonly string[], functions: FunctionRegistry) {
    this.#catalog = catalog;
    this.#searchPath = searchPath;
    this.#functions = functions;
  }

  /** Whether it answers for this version of the catalog and this very search path. */
  isOf(catalog: Catalog, searchPath: readonly string[]): boolean {
    return catalog === this.#catalog && searchPath === this.#searchPath;
  }

  nameOf(kind: RegKind, oid: number): string | null {
    switch (kind) {
      case 'regclass': {
        const relation = this.#catalog.relation(oid) ?? this.#catalog.compositeType(oid);
        return relation === null ? null : this.#qualified(relation);
      }
      case 'regtype': return this.#typeName(oid);
      case 'regnamespace': {
        const entry = this.#catalog.get(oid);
        return entry?.kind === 'schema' ? quoteIdentifier(entry.name) : null;
      }
      case 'regrole': {
        const entry = this.#catalog.get(oid);
        return entry?.kind === 'role' ? quoteIdentifier(entry.name) : null;
      }
      case 'regproc': case 'regprocedure': {
        const oids = FunctionOids.of(this.#functions);
        const found = oids.byOid(oid);
        return found === null ? null : kind === 'regproc' ? functionName(found, oids) : functionSignature(found);
      }
      case 'regoper': case 'regoperator': {
        const oids = FunctionOids.of(this.#functions);
        const found = oids.operatorByOid(oid);
        return found === null ? null : kind === 'regoper' ? operatorName(found, oids) : operatorSignature(found);
      }
      case 'regcollation': return null;
    }
  }

  checkLabel(type: EnumType, label: string): void {
    if (!this.#catalog.isNewLabel(type.oid, label)) return;
    throw new DatabaseError('55P04', `unsafe use of new value "${label}" of enum type ${mentionType(type)}`,
      { hint: 'New enum values must be committed before they can be used.' });
  }

  oidOf(kind: RegKind, name: string): number {
    if (/^\d+$/.test(name)) return Number(name);
    if (name === '-') return 0;
    switch (kind) {
      case 'regclass': return this.#relationOid(splitName(name));
      case 'regtype': return this.#typeOid(name);
      case 'regnamespace': return this.#catalog.requireSchema(splitName(name).name).oid;
      case 'regrole': {
        const role = splitName(name).name;
        const entry = this.#catalog.role(role);
        if (entry === null) throw new DatabaseError('42704', `role "${role}" does not exist`);
        return entry.oid;
      }
      case 'regproc': return functionNamed(this.#builtinName(name), name, FunctionOids.of(this.#functions)).oid;
      case 'regoper': return operatorNamed(this.#builtinName(name), name, FunctionOids.of(this.#functions)).oid;
      case 'regprocedure': case 'regoperator': {
        const parts = nameAndTypes(name);
        const look = kind === 'regprocedure' ? functionWith : operatorWith;
        return look(this.#builtinName(parts.name), parts.types, name,
          { oids: FunctionOids.of(this.#functions), oidOf: (type) => this.#typeOid(type) }).oid;
      }
      case 'regcollation':
        throw new DatabaseError('42704', `collation "${name}" for encoding "UTF8" does not exist`);
    }
  }

  #relationOid(name: QualifiedName): number {
    const type = this.#catalog.findType(name, this.#searchPath);
    return type?.definition.kind === 'composite' ? type.oid : this.#catalog.requireRelation(name, this.#searchPath).oid;
  }

  /** The name of what is in pg_catalog; elsewhere are no functions and operators, and '' is the name of none. */
  #builtinName(text: string): string {
    const { schema, name } = splitName(text);
    if (schema !== null) this.#catalog.requireSchema(schema);
    return schema === null || schema === 'pg_catalog' ? name : '';
  }

  #qualified(object: { readonly schema: string; readonly name: string; readonly oid: number }): string {
    const name = quoteIdentifier(object.name);
    return this.#catalog.isVisible(object, this.#searchPath) ? name : `${quoteIdentifier(object.schema)}.${name}`;
  }

  #typeName(oid: number): string | null {
    const builtin = typeFromOid(oid);
    if (builtin !== null) return formatTypeName(builtin);
    const named = this.#catalog.ofType(oid);
    if (named !== null) return this.#qualified(named);
    const element = this.#catalog.ofArrayType(oid);
    return element === null ? null : `${this.#qualified(element)}[]`;
  }

  #typeOid(text: string): number {
    const builtin = parseTypeName(text);
    if (builtin !== null) return oidOf(builtin);
    const array = /\[\s*\]$/.test(text);
    const name = typeNameOf(text.replace(/(\[\s*\])+$/, ''), text);
    if (name.schema !== null && name.schema !== 'pg_catalog') this.#catalog.requireSchema(name.schema);
    const found = this.#namedType(name) ?? this.#arrayNamed(name);
    if (found === null || (array && found.arrayType === 0)) throw new DatabaseError('42704', `type "${text}" does not exist`);
    return array ? found.arrayType : found.oid;
  }

  #namedType(name: QualifiedName): TypeOids | null {
    const type = this.#catalog.findType(name, this.#searchPath);
    if (type !== null) return type;
    const relation = this.#catalog.findRelation(name, this.#searchPath);
    if (relation === null || !('rowType' in relation)) return null;
    return { oid: relation.rowType, arrayType: this.#catalog.rowArrayType(relation) };
  }

  /** `_t` is the name of the type t[]; of it there are no arrays. */
  #arrayNamed({ schema, name }: QualifiedName): TypeOids | null {
    const element = name.startsWith('_') ? this.#namedType({ schema, name: name.slice(1) }) : null;
    return element === null || element.arrayType === 0 ? null : { oid: element.arrayType, arrayType: 0 };
  }
}

function typeNameOf(name: string, text: string): QualifiedName {
  try {
    return splitName(name);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== '42602') throw error;
    throw new DatabaseError('42601', `invalid type name "${text}"`);
  }
}

/** `a`, `"A b"`, `s.t`: identifiers folded unless quoted; 42602 for what is no name. */
export function splitName(text: string): QualifiedName {
  const part = /\s*(?:"((?:[^"]|"")*)"|([^\s."][^\s.]*))\s*(\.|$)/y;
  const parts: string[] = [];
  for (let at = 0; ;) {
    part.lastIndex = at;
    const match = part.exec(text);
    if (match === null) throw new DatabaseError('42602', 'invalid name syntax');
    parts.push(match[1] === undefined ? match[2].toLowerCase() : match[1].replaceAll('""', '"'));
    at = part.lastIndex;
    if (match[3] === '') break;
  }
  if (parts.length > 3) {
    throw new DatabaseError('42601', `improper qualified name (too many dotted names): ${text}`);
  }
  return { schema: parts.length > 1 ? parts[parts.length - 2] : null, name: parts[parts.length - 1] };
}

/** Names as a materialized view may look at them: those of users can change, and its rows would not follow. */
export class LastingNames implements CatalogAccess {
  readonly #names: CatalogNames;

  constructor(names: CatalogNames) {
    this.#names = names;
  }

  nameOf(kind: RegKind, oid: number): string | null {
    if (oid >= FIRST_USER_OID) throw notContinuous(`a name of type ${kind}`);
    return this.#names.nameOf(kind, oid);
  }

  checkLabel(type: EnumType, label: string): void {
    this.#names.checkLabel(type, label);
  }

  oidOf(kind: RegKind, name: string): number {
    const found = /^\d+$/.test(name) || name === '-' ? 0 : this.#known(kind, name);
    if (found === null || found >= FIRST_USER_OID) throw notContinuous(`a name of type ${kind}`);
    return this.#names.oidOf(kind, name);
  }

  /** null: there is none so far. */
  #known(kind: RegKind, name: string): number | null {
    try {
      return this.#names.oidOf(kind, name);
    } catch (error) {
      if (error instanceof DatabaseError) return null;
      throw error;
    }
  }
}
