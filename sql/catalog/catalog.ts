// Catalog: names and OIDs → entries; immutable, so that a plan, a transaction or a reader can hold on to one version.
import { DatabaseError } from '../../engine/data/error.ts';
import { typeRowByName } from '../../engine/data/type-info.ts';
import type { Column } from '../../engine/data/types.ts';
import { bootstrapEntries } from './bootstrap.ts';
import { FIRST_USER_OID, isDeferrable, isTemporary, liveColumns } from './entry.ts';
import type {
  CatalogEntry, IndexEntry, MaterializedViewEntry, QueryableEntry, RelationEntry, RoleEntry, SchemaEntry, SequenceEntry,
  SystemRelation, TypeEntry, ViewEntry,
} from './entry.ts';

/** The unit of change, of the journal and of undo: an entry as it is from now on, or gone. */
export type CatalogChange =
  | { readonly kind: 'put'; readonly entry: CatalogEntry }
  | { readonly kind: 'remove'; readonly oid: number };

/** A possibly qualified name as written, folded by the parser. */
export interface QualifiedName {
  readonly schema: string | null;
  readonly name: string;
}

/** What a name in FROM may turn out to be. */
export type Relation = RelationEntry | SystemRelation;

/** What has rows of a type of its own. */
export type RowRelation = Extract<Relation, { readonly rowType: number }>;

/** Columns that exist, of tables and views as of system relations. */
export function columnsOf(relation: RowRelation): readonly Column[] {
  return relation.kind === 'system' ? relation.columns : liveColumns(relation.columns);
}

interface Names {
  readonly relations: ReadonlyMap<string, RelationEntry>;
  readonly types: ReadonlyMap<string, TypeEntry>;
  /** By the OID of their arrays' type. */
  readonly elements: ReadonlyMap<number, TypeEntry>;
  /** By the OID of their rows' type. */
  readonly rowTypes: ReadonlyMap<number, RowRelation>;
  readonly schemas: ReadonlyMap<string, SchemaEntry>;
  readonly roles: ReadonlyMap<string, RoleEntry>;
  /** Range and multirange types by the names of the functions that make their values. */
  readonly constructed: ReadonlyMap<string, readonly TypeEntry[]>;
  /** By table, in order of their OIDs. */
  readonly indexes: ReadonlyMap<number, readonly IndexEntry[]>;
  /** In order of their OIDs. */
  readonly views: readonly AnyViewEntry[];
}

type AnyViewEntry = ViewEntry | MaterializedViewEntry;

const NO_INDEXES: readonly IndexEntry[] = [];

const key = (schema: string, name: string): string => `${schema}\u0000${name}`;

export class Catalog {
  /** Grows with every change; equal versions of one database mean equal catalogs. */
  readonly version: number;
  /** The least OID never given out. */
  readonly nextOid: number;
  readonly #entries: ReadonlyMap<number, CatalogEntry>;
  readonly #names: Names;
  readonly #system: SystemIndex;
  /** By enum type: labels that the transaction whose catalog this is has added; they are not to be used before it commits. */
  #newLabels: ReadonlyMap<number, ReadonlySet<string>> | null = null;

  private constructor(version: number, entries: ReadonlyMap<number, CatalogEntry>, system: SystemIndex, next: number) {
    this.version = version;
    this.nextOid = next;
    this.#entries = entries;
    this.#system = system;
    this.#names = indexNames(entries.values());
  }

  /** The built-in schemas and roles, and the given system relations. */
  static initial(system: readonly SystemRelation[] = []): Catalog {
    const entries = new Map(bootstrapEntries().map((e) => [e.oid, e]));
    return new Catalog(1, entries, new SystemIndex(system), FIRST_USER_OID);
  }

  apply(change: CatalogChange): Catalog {
    return this.applyAll([change]);
  }

  applyAll(changes: readonly CatalogChange[]): Catalog {
    if (changes.length === 0) return this;
    const entries = new Map(this.#entries);
    let next = this.nextOid;
    for (const change of changes) {
      if (change.kind === 'remove') {
        entries.delete(change.oid);
        next = Math.max(next, change.oid + 1);
      } else {
        entries.set(change.entry.oid, change.entry);
        next = Math.max(next, ...oidsOf(change.entry).map((oid) => oid + 1));
      }
    }
    const after = new Catalog(this.version + 1, entries, this.#system, next);
    after.#newLabels = this.#newLabels;
    return after;
  }

  /** The same catalog, one label of the enum type being new. What is published is made without it, from the changes. */
  withNewLabel(type: number, label: string): Catalog {
    const after = new Catalog(this.version, this.#entries, this.#system, this.nextOid);
    const labels = new Set([...this.#newLabels?.get(type) ?? [], label]);
    after.#newLabels = new Map([...this.#newLabels ?? [], [type, labels]]);
    return after;
  }

  hasNewLabels(type: number): boolean {
    return this.#newLabels?.has(type) ?? false;
  }

  isNewLabel(type: number, label: string): boolean {
    return this.#newLabels?.get(type)?.has(label) ?? false;
  }

  /** The same catalog with the counter at least there: OIDs given out to transactions that failed stay used. */
  withNextOid(nextOid: number): Catalog {
    if (nextOid <= this.nextOid) return this;
    return new Catalog(this.version, this.#entries, this.#system, nextOid);
  }

  /** A catalog with exactly these entries, the system relations being this one's. */
  replaced(entries: readonly CatalogEntry[], nextOid: number): Catalog {
    return new Catalog(this.version + 1, new Map(entries.map((e) => [e.oid, e])), this.#system, nextOid);
  }

  entries(): IterableIterator<CatalogEntry> {
    return this.#entries.values();
  }

  get(oid: number): CatalogEntry | null {
    return this.#entries.get(oid) ?? null;
  }

  /** Table, source, view, index, sequence or system relation by OID. */
  relation(oid: number): Relation | null {
    const entry = this.#entries.get(oid);
    if (entry === undefined) return this.#system.byOid.get(oid) ?? null;
    return isRelation(entry) ? entry : null;
  }

  systemRelations(): readonly SystemRelation[] {
    return this.#system.all;
  }

  /** A type that is in pg_class as well. */
  compositeType(oid: number): TypeEntry | null {
    const entry = this.#entries.get(oid);
    return entry?.kind === 'type' && entry.definition.kind === 'composite' ? entry : null;
  }

  schema(name: string): SchemaEntry | null {
    return this.#names.schemas.get(name) ?? null;
  }

  schemas(): IterableIterator<SchemaEntry> {
    return this.#names.schemas.values();
  }

  role(name: string): RoleEntry | null {
    return this.#names.roles.get(name) ?? null;
  }

  roles(): IterableIterator<RoleEntry> {
    return this.#names.roles.values();
  }

  relations(): IterableIterator<RelationEntry> {
    return this.#names.relations.values();
  }

  /** Of a composite type or a relation's row type; null: it is none. */
  fieldNames(type: number): readonly string[] | null {
    const found = this.ofType(type);
    if (found?.kind === 'type') return found.definition.kind === 'composite' ? found.definition.fields.map((f) => f.name) : null;
    return found === null ? null : columnsOf(found).map((c) => c.name);
  }

  /** The type that a user made, or the relation whose rows are of this type. */
  ofType(type: number): TypeEntry | RowRelation | null {
    const entry = this.#entries.get(type);
    return entry?.kind === 'type' ? entry : this.#system.byRowType.get(type) ?? this.#names.rowTypes.get(type) ?? null;
  }

  /** The same for a type of arrays: of what they are. */
  ofArrayType(type: number): TypeEntry | RowRelation | null {
    const entry = this.#names.elements.get(type);
    if (entry !== undefined) return entry;
    const relation = this.#system.byArrayType.get(type) ?? this.#names.rowTypes.get(type - 1);
    return relation !== undefined && this.rowArrayType(relation) === type ? relation : null;
  }

  /** OID of the type of arrays of a relation's rows; 0: none, as older catalogs have given that OID to something else. */
  rowArrayType(relation: RowRelation): number {
    if (relation.kind === 'system') return relation.arrayType;
    const { rowType } = relation;
    return rowType === 0 || this.#entries.has(rowType + 1) ? 0 : rowType + 1;
  }

  types(): IterableIterator<TypeEntry> {
    return this.#names.types.values();
  }

  /** Types whose values functions of that name make. */
  typesMadeBy(name: string): readonly TypeEntry[] {
    return this.#names.constructed.get(name) ?? [];
  }

  relationIn(schema: string, name: string): Relation | null {
    return this.#names.relations.get(key(schema, name)) ?? this.#system.byName.get(key(schema, name)) ?? null;
  }

  typeIn(schema: string, name: string): TypeEntry | null {
    return this.#names.types.get(key(schema, name)) ?? null;
  }

  /** The schemas names are looked up in: pg_catalog first unless the path places it, and only what exists. */
  effectivePath(searchPath: readonly string[]): readonly string[] {
    const existing = searchPath.filter((s, i) => this.#names.schemas.has(s) && searchPath.indexOf(s) === i);
    if (existing.includes('pg_catalog')) return existing;
    // A session's own objects come before all others.
    const own = existing.length > 0 && isTemporary(existing[0]) ? 1 : 0;
    return [...existing.slice(0, own), 'pg_catalog', ...existing.slice(own)];
  }

  findRelation(name: QualifiedName, searchPath: readonly string[]): Relation | null {
    if (name.schema !== null) return this.relationIn(ownSchema(name.schema, searchPath), name.name);
    for (const schema of this.effectivePath(searchPath)) {
      const found = this.relationIn(schema, name.name);
      if (found !== null) return found;
    }
    return null;
  }

  /** The relation, or PostgreSQL's 42P01 (of a composite type 42809) at `position` (1-based character). */
  requireRelation(name: QualifiedName, searchPath: readonly string[], position?: number): Relation {
    const found = this.findRelation(name, searchPath);
    if (found !== null) return found;
    if (this.findType(name, searchPath)?.definition.kind !== 'composite') throw undefinedRelation(name, position);
    throw new DatabaseError('42809', `"${name.name}" is a composite type`, { position });
  }

  findType(name: QualifiedName, searchPath: readonly string[]): TypeEntry | null {
    if (name.schema !== null) return this.typeIn(ownSchema(name.schema, searchPath), name.name);
    for (const schema of this.effectivePath(searchPath)) {
      const found = this.typeIn(schema, name.name);
      if (found !== null) return found;
    }
    return null;
  }

  /** The schema new objects go to when their name is not qualified. */
  creationSchema(searchPath: readonly string[]): SchemaEntry {
    for (const name of searchPath) {
      const schema = this.#names.schemas.get(name);
      if (schema !== undefined && !isTemporary(name)) return schema;
    }
    throw new DatabaseError('3F000', 'no schema has been selected to create in');
  }

  requireSchema(name: string, position?: number): SchemaEntry {
    const schema = this.#names.schemas.get(name);
    if (schema === undefined) throw new DatabaseError('3F000', `schema "${name}" does not exist`, { position });
    return schema;
  }

  /** Whether the unqualified name finds this object (pg_table_is_visible). */
  isVisible(object: { readonly schema: string; readonly name: string; readonly oid: number },
    path: readonly string[]): boolean {
    const isType = 'kind' in object && object.kind === 'type';
    for (const schema of this.effectivePath(path)) {
      if (isType && schema === 'pg_catalog' && typeRowByName(object.name) !== undefined) return false;
      const found = this.relationIn(schema, object.name) ?? this.typeIn(schema, object.name);
      if (found !== null) return found.oid === object.oid;
    }
    return false;
  }

  /** Indexes on a relation, constraints' own included, by OID. */
  indexesOf(table: number): readonly IndexEntry[] {
    return this.#names.indexes.get(table) ?? NO_INDEXES;
  }

  /** Is the index of a constraint whose key may be there several times until the transaction ends? */
  isOfDeferrable(index: IndexEntry): boolean {
    const table = this.get(index.table);
    return table?.kind === 'table' && table.constraints.some((c) => c.oid === index.constraint && isDeferrable(c));
  }

  /** Materialized or not: each behind those that it reads, which are older. */
  views(): readonly AnyViewEntry[] {
    return this.#names.views;
  }

  sequencesOwnedBy(table: number): readonly SequenceEntry[] {
    const found: SequenceEntry[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.kind === 'sequence' && entry.ownedBy?.table === table) found.push(entry);
    }
    return found;
  }
}

/** pg_temp is the session's own temporary schema, by the search path of the session. */
export function ownSchema(schema: string, searchPath: readonly string[]): string {
  return schema === 'pg_temp' ? searchPath.find(isTemporary) ?? schema : schema;
}

/** System relations by name and OID; shared by all versions of a catalog. */
class SystemIndex {
  readonly all: readonly SystemRelation[];
  readonly byName: ReadonlyMap<string, SystemRelation>;
  readonly byOid: ReadonlyMap<number, SystemRelation>;
  readonly byRowType: ReadonlyMap<number, SystemRelation>;
  readonly byArrayType: ReadonlyMap<number, SystemRelation>;

  constructor(all: readonly SystemRelation[]) {
    this.all = all;
    this.byName = new Map(all.map((r) => [key(r.schema, r.name), r]));
    this.byOid = new Map(all.map((r) => [r.oid, r]));
    this.byRowType = new Map(all.map((r) => [r.rowType, r]));
    this.byArrayType = new Map(all.filter((r) => r.arrayType !== 0).map((r) => [r.arrayType, r]));
  }
}

export function isRelation(entry: CatalogEntry): entry is RelationEntry {
  switch (entry.kind) {
    case 'table': case 'source': case 'materialized-view': case 'view': case 'index': case 'sequence': return true;
    case 'schema': case 'type': case 'role': return false;
  }
}

/** Has columns and can stand in FROM. */
export function isQueryable(entry: CatalogEntry): entry is QueryableEntry {
  return isRelation(entry) && entry.kind !== 'index' && entry.kind !== 'sequence';
}

export function displayName(name: QualifiedName): string {
  return name.schema === null ? name.name : `${name.schema}.${name.name}`;
}

export function undefinedRelation(name: QualifiedName, position?: number): DatabaseError {
  return new DatabaseError('42P01', `relation "${displayName(name)}" does not exist`, { position });
}

function oidsOf(entry: CatalogEntry): readonly number[] {
  switch (entry.kind) {
    case 'table': case 'source': return [entry.oid, entry.rowType, entry.rowType + 1, ...entry.constraints.map((c) => c.oid)];
    case 'materialized-view': case 'view': return [entry.oid, entry.rowType, entry.rowType + 1];
    case 'type': return [entry.oid, entry.arrayType];
    case 'index': case 'sequence': case 'schema': case 'role': return [entry.oid];
  }
}

function indexNames(entries: Iterable<CatalogEntry>): Names {
  const relations = new Map<string, RelationEntry>();
  const types = new Map<string, TypeEntry>();
  const elements = new Map<number, TypeEntry>();
  const rowTypes = new Map<number, RowRelation>();
  const schemas = new Map<string, SchemaEntry>();
  const roles = new Map<string, RoleEntry>();
  const indexes = new Map<number, IndexEntry[]>();
  const constructed = new Map<string, readonly TypeEntry[]>();
  const views: AnyViewEntry[] = [];
  for (const entry of entries) {
    if (entry.kind === 'type' && 'constructedBy' in entry.definition) {
      const { name } = entry.definition.constructedBy;
      constructed.set(name, [...constructed.get(name) ?? [], entry]);
    }
    if (entry.kind === 'schema') schemas.set(entry.name, entry);
    else if (entry.kind === 'role') roles.set(entry.name, entry);
    else if (entry.kind === 'type') types.set(key(entry.schema, entry.name), entry);
    else relations.set(key(entry.schema, entry.name), entry);
    if (entry.kind === 'type' && entry.arrayType !== 0) elements.set(entry.arrayType, entry);
    // Relations of older catalogs may have none.
    if ('rowType' in entry && entry.rowType !== 0) rowTypes.set(entry.rowType, entry);
    if (entry.kind === 'view' || entry.kind === 'materialized-view') views.push(entry);
    if (entry.kind !== 'index') continue;
    const others = indexes.get(entry.table);
    if (others === undefined) indexes.set(entry.table, [entry]);
    else others.push(entry);
  }
  for (const list of indexes.values()) list.sort((a, b) => a.oid - b.oid);
  views.sort((a, b) => a.oid - b.oid);
  return { relations, types, elements, rowTypes, schemas, roles, constructed, indexes, views };
}
