// What has values of a type or speaks of it: whom a change of the type concerns.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { isQueryable } from '../catalog/catalog.ts';
import { FIRST_USER_OID } from '../catalog/entry.ts';
import type { CatalogEntry, ColumnEntry, TableEntry, TypeEntry } from '../catalog/entry.ts';
import type { SessionState } from '../session-state.ts';

/** A test for entries that hold the type or name it; a type is known by its OID, whatever it was called when it was stored. */
export function mentioning(type: Pick<TypeEntry, 'oid' | 'name'>): (entry: CatalogEntry) => boolean {
  const word = new RegExp(`(?<![\\w$])${type.name.replace(/[^\w]/g, '\\$&')}(?![\\w$])`, 'i');
  const speaks = (value: unknown, key: string): boolean => {
    if (typeof value === 'string') return key !== 'name' && key !== 'comment' && word.test(value);
    if (typeof value !== 'object' || value === null) return key === 'oid' && value === type.oid;
    return Object.entries(value).some(([k, v]) => speaks(v, k));
  };
  return (entry) => {
    if (entry.oid === type.oid || entry.oid < FIRST_USER_OID) return false;
    return speaks(entry, '');
  };
}

/** The type, and all that are made of it. */
function family(state: SessionState, type: TypeEntry): readonly TypeEntry[] {
  const found = [type];
  for (const next of found) {
    const test = mentioning(next);
    for (const other of state.catalog.types()) if (!found.includes(other) && test(other)) found.push(other);
  }
  return found;
}

/** Tables with columns of the type, or expressions that name it. */
export function tablesThatMention(state: SessionState, type: TypeEntry): readonly TableEntry[] {
  const tests = family(state, type).map(mentioning);
  return [...state.catalog.entries()].filter((e): e is TableEntry => e.kind === 'table' && tests.some((test) => test(e)));
}

/** 0A000 when a circuit or an index may have the type's rules compiled in: what they hold was made by the old ones. */
export function refuseCompiled(state: SessionState, type: TypeEntry): void {
  const tests = family(state, type).map(mentioning);
  for (const entry of state.catalog.entries()) {
    const text = entry.kind === 'materialized-view' ? { ...entry, columns: [] }
      : entry.kind === 'index' && entry.definition !== undefined ? entry : null;
    if (text === null || !tests.some((test) => test(text))) continue;
    const what = entry.kind === 'index' ? 'index' : 'materialized view';
    throw notSupported(`changing domain "${type.name}", which ${what} "${entry.name}" names,`);
  }
}

/** Columns whose values are the domain's; 0A000 for a column that has them inside of arrays or rows, as PostgreSQL does. */
export function* domainColumns(
  state: SessionState, domain: TypeEntry,
): Iterable<{ readonly table: TableEntry; readonly column: ColumnEntry }> {
  for (const table of state.catalog.entries()) {
    if (table.kind !== 'table') continue;
    for (const column of table.columns) {
      if (column.dropped) continue;
      const place = placeIn(column.type, domain.oid);
      if (place === 'inside') {
        throw new DatabaseError('0A000',
          `cannot alter type "${domain.name}" because column "${table.name}.${column.name}" uses it`);
      }
      if (place === 'whole') yield { table, column };
    }
  }
}

/** 0A000 when a column elsewhere has rows of the table, or values of the composite type, as its values. */
export function refuseRowTypeUsed(state: SessionState, owner: TableEntry | TypeEntry): void {
  const column = holder(state, owner.kind === 'table' ? owner.rowType : owner.oid);
  if (column === null) return;
  throw new DatabaseError('0A000', owner.kind === 'table'
    ? `cannot alter table "${owner.name}" because column "${column}" uses its row type`
    : `cannot alter type "${owner.name}" because column "${column}" uses it`);
}

/** The column that stores values of the type, as PostgreSQL comes upon it: arrays of them first, then by age. */
function holder(state: SessionState, oid: number): string | null {
  const entries = [...state.catalog.entries()].toSorted((a, b) => a.oid - b.oid);
  const is = (type: LogicalType): boolean => 'oid' in type && type.oid === oid;
  for (const found of [(t: LogicalType): boolean => t.kind === 'array' && is(t.element), is]) {
    for (const entry of entries) {
      const inner = innerType(entry, found);
      if (inner === null) continue;
      if (typeof inner === 'string') return inner;
      const deeper = holder(state, inner.oid);
      if (deeper !== null) return deeper;
    }
  }
  return null;
}

/** The types that values of a user's type are made of. */
export function typesWithin(definition: TypeEntry['definition']): readonly LogicalType[] {
  switch (definition.kind) {
    case 'domain': return [definition.base];
    case 'composite': return definition.fields.map((f) => f.type);
    case 'range': case 'multirange': return [definition.bound];
    default: return [];
  }
}

/** A stored column with such values; or the type that is made of them; null: none. */
function innerType(entry: CatalogEntry, found: (type: LogicalType) => boolean): string | { readonly oid: number } | null {
  if (entry.kind === 'type') {
    return typesWithin(entry.definition).some(found) ? { oid: entry.oid } : null;
  }
  if (!('columns' in entry) || entry.kind === 'index') return null;
  const column = entry.columns.find((c) => !c.dropped && found(c.type));
  if (column === undefined) return null;
  return entry.kind === 'view' ? { oid: entry.rowType } : `${entry.name}.${column.name}`;
}

/** Is it the type that a user made or the row type, or made of it? */
export function isMadeOf(type: LogicalType, oid: number): boolean {
  switch (type.kind) {
    case 'enum': return type.oid === oid;
    case 'domain': return type.oid === oid || isMadeOf(type.base, oid);
    case 'array': return isMadeOf(type.element, oid);
    case 'record': return type.oid === oid || type.fields.some((f) => isMadeOf(f.type, oid));
    case 'range': case 'multirange': return type.oid === oid || isMadeOf(type.bound, oid);
    default: return false;
  }
}

/** Is a value of the type one of the domain, or does it have such values inside? */
function placeIn(type: LogicalType, oid: number): 'whole' | 'inside' | null {
  if (type.kind === 'domain') return type.oid === oid ? 'whole' : placeIn(type.base, oid);
  return isMadeOf(type, oid) ? 'inside' : null;
}

/** The type with `change` made of each type in it, from the inside out. */
export function mapType(type: LogicalType, change: (type: LogicalType) => LogicalType): LogicalType {
  switch (type.kind) {
    case 'array': return change({ ...type, element: mapType(type.element, change) });
    case 'domain': return change({ ...type, base: mapType(type.base, change) });
    case 'record': return change({ ...type, fields: type.fields.map((f) => ({ ...f, type: mapType(f.type, change) })) });
    case 'range': case 'multirange': return change({ ...type, bound: mapType(type.bound, change) });
    default: return change(type);
  }
}

/** Columns or fields with `change` made of each type in theirs. */
export function retyped<T extends { readonly type: LogicalType }>(
  parts: readonly T[], change: (type: LogicalType) => LogicalType,
): readonly T[] {
  return parts.map((part) => ({ ...part, type: mapType(part.type, change) }));
}

/** The types of an entry's columns, dropped ones too, or those that values of its type are made of. */
export function typesIn(entry: CatalogEntry): readonly LogicalType[] {
  return entry.kind === 'type' ? typesWithin(entry.definition) : isQueryable(entry) ? entry.columns.map((c) => c.type) : [];
}

/** The entry with `change` made of each type in those; its texts are as they were. */
export function withTypes(entry: CatalogEntry, change: (type: LogicalType) => LogicalType): CatalogEntry {
  if (isQueryable(entry)) return { ...entry, columns: retyped(entry.columns, change) };
  if (entry.kind !== 'type') return entry;
  const { definition } = entry;
  switch (definition.kind) {
    case 'enum': return entry;
    case 'domain': return { ...entry, definition: { ...definition, base: mapType(definition.base, change) } };
    case 'composite': return { ...entry, definition: { ...definition, fields: retyped(definition.fields, change) } };
    case 'range': return { ...entry, definition: { ...definition, bound: mapType(definition.bound, change) } };
    case 'multirange': return { ...entry, definition: { ...definition, bound: mapType(definition.bound, change) } };
  }
}
