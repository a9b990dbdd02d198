// ALTER .. RENAME, SET SCHEMA, OWNER TO, SWAP WITH; COMMENT ON.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { CatalogChange } from '../catalog/catalog.ts';
import { isQueryable, isRelation } from '../catalog/catalog.ts';
import { withColumn } from '../catalog/dependency.ts';
import { isTemporary } from '../catalog/entry.ts';
import type { CatalogEntry, TypeEntry } from '../catalog/entry.ts';
import type { Column, LogicalType } from '../../engine/data/types.ts';
import type { Comment, ObjectKind, Rename, SetOwner, SetSchema, Swap } from '../parser/ast-definition.ts';
import type { Name } from '../parser/ast.ts';
import type { SessionState } from '../session-state.ts';
import { setOwner } from './alter-table.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { renameLabel } from './alter-enum.ts';
import { checkColumnName } from './column-definition.ts';
import { renameDomainConstraint } from './domain.ts';
import { wrongKind } from './drop.ts';
import { withFollowers } from './follow-rename.ts';
import { isMadeOf, typesIn, withTypes } from './domain-use.ts';
import { renameType } from './renamed-text.ts';
import { duplicateRelation, qualified, qualifiedName } from './naming.ts';

/** What ALTER names, or null after a notice when it may be missing. */
function findObject(state: SessionState, object: ObjectKind, name: Name, ifExists: boolean): CatalogEntry | null {
  const last = name[name.length - 1];
  const { catalog, searchPath } = state;
  switch (object) {
    case 'schema': return catalog.requireSchema(last);
    case 'role': {
      const role = catalog.role(last);
      if (role === null) throw new DatabaseError('42704', `role "${last}" does not exist`);
      return role;
    }
    case 'type': case 'domain': {
      const type = catalog.findType(qualifiedName(name), searchPath);
      if (type === null) throw new DatabaseError('42704', `type "${name.join('.')}" does not exist`);
      return type;
    }
    default: {
      const relation = catalog.findRelation(qualifiedName(name), searchPath);
      if (relation === null) {
        if (catalog.findType(qualifiedName(name), searchPath)?.definition.kind === 'composite') {
          throw new DatabaseError('42809', `"${last}" is a composite type`, { hint: 'Use ALTER TYPE instead.' });
        }
        if (!ifExists) catalog.requireRelation(qualifiedName(name), searchPath);
        state.notice('NOTICE', new DatabaseError('00000', `relation "${last}" does not exist, skipping`));
        return null;
      }
      const entry = catalog.get(relation.oid);
      if (entry === null) throw new DatabaseError('42501', `permission denied: "${last}" is a system catalog`);
      // As in PostgreSQL, ALTER TABLE and ALTER INDEX rename any relation.
      const wanted = object === 'table' || object === 'index' ? undefined : KINDS[object];
      if (wanted !== undefined && wanted !== entry.kind) throw new DatabaseError('42809', wrongKind(object, entry).message);
      return entry;
    }
  }
}

export function rename(statement: Rename): BoundStatement {
  return command(async (state) => {
    const tag = `ALTER ${statement.object.toUpperCase()}`;
    await state.current.lockCatalog(state.lockWait);
    const { part, newName } = statement;
    if (part?.kind === 'value') {
      await renameLabel(state, statement.name, part.name, newName);
      return done(tag);
    }
    const entry = findObject(state, statement.object, statement.name, statement.ifExists);
    if (entry === null) return done(tag);
    if (isRelation(entry)) {
      await state.current.lock(entry.oid, entry.kind === 'index' ? 'share update exclusive' : 'access exclusive', state.lockWait);
    }
    if (part === undefined) renameEntry(state, entry, newName);
    else if (part.kind === 'column' || part.kind === 'attribute') renameColumn(state, entry, part.name, newName);
    else renameConstraint(state, entry, part.name, newName);
    return done(tag);
  });
}

function renameEntry(state: SessionState, entry: CatalogEntry, name: string): void {
  const { catalog } = state;
  if (entry.oid < 16384) throw new DatabaseError('42501', `permission denied to rename "${entry.name}"`);
  if (isRelation(entry)) {
    if (catalog.relationIn(entry.schema, name) !== null) throw duplicateRelation(name);
    const type = catalog.typeIn(entry.schema, name);
    if (type?.definition.kind === 'composite') throw duplicateRelation(name);
    // Indexes and sequences have no row type.
    if (type !== null && entry.kind !== 'index' && entry.kind !== 'sequence') {
      throw new DatabaseError('42710', `type "${name}" already exists`);
    }
  } else if (entry.kind === 'schema') {
    if (catalog.schema(name) !== null) throw new DatabaseError('42P06', `schema "${name}" already exists`);
    const changes: CatalogChange[] = [];
    for (const e of catalog.entries()) {
      if (!('schema' in e) || e.schema !== entry.name) continue;
      changes.push({ kind: 'put', entry: { ...e, schema: name } });
    }
    changes.push({ kind: 'put', entry: { ...entry, name } });
    state.current.changeCatalog(withFollowers(state, changes, oidsOf(changes)));
    return;
  } else if (entry.kind === 'role' && catalog.role(name) !== null) {
    throw new DatabaseError('42710', `role "${name}" already exists`);
  } else if (entry.kind === 'type') {
    const relation = catalog.relationIn(entry.schema, name);
    const type = catalog.typeIn(entry.schema, name);
    if (entry.definition.kind === 'composite' && (relation !== null || type?.definition.kind === 'composite')) {
      throw duplicateRelation(name);
    }
    if (relation !== null || type !== null) throw new DatabaseError('42710', `type "${name}" already exists`);
    checkNoText(state, entry);
    renameType(state, entry, { ...entry, name });
    return;
  }
  const changes: CatalogChange[] = [{ kind: 'put', entry: { ...entry, name } }];
  if (entry.kind === 'index' && entry.constraint !== null) {
    const table = catalog.get(entry.table);
    if (table?.kind === 'table') {
      const constraints = table.constraints.map((c) => (c.oid === entry.constraint ? { ...c, name } : c));
      changes.push({ kind: 'put', entry: { ...table, constraints } });
    }
  }
  state.current.changeCatalog(withFollowers(state, changes, new Set([entry.oid])));
}

function oidsOf(changes: readonly CatalogChange[]): ReadonlySet<number> {
  return new Set(changes.flatMap((c) => (c.kind === 'put' ? [c.entry.oid] : [])));
}

/** Views over what is swapped would have to be made over the other. */
function checkNoText(state: SessionState, entry: CatalogEntry): void {
  for (const other of state.catalog.entries()) {
    if (other.kind !== 'view' && other.kind !== 'materialized-view') continue;
    if (!other.dependencies.some((d) => d.oid === entry.oid)) continue;
    throw notSupported(`renaming "${entry.name}", which view "${other.name}" is made over,`);
  }
}

function renameColumn(state: SessionState, entry: CatalogEntry, from: string, to: string): void {
  if (entry.kind === 'type' && entry.definition.kind === 'composite') {
    renameAttribute(state, entry, entry.definition.fields, from, to);
    return;
  }
  if (!isQueryable(entry)) throw new DatabaseError('42809', `"${entry.name}" is not a table`);
  const column = entry.columns.find((c) => c.name === from && !c.dropped);
  if (column === undefined) throw new DatabaseError('42703', `column "${from}" does not exist`);
  if (entry.columns.some((c) => c.name === to && !c.dropped)) {
    throw new DatabaseError('42701', `column "${to}" of relation "${entry.name}" already exists`);
  }
  if (entry.kind === 'table') checkColumnName(to);
  const columns = withColumn(entry.columns, column.attnum, { name: to });
  const changes: readonly CatalogChange[] = [
    { kind: 'put', entry: { ...entry, columns } }, ...fieldRenamed(state, entry.rowType, from, to),
  ];
  state.current.changeCatalog(withFollowers(state, changes, oidsOf(changes)));
}

function renameAttribute(state: SessionState, entry: TypeEntry, fields: readonly Column[], from: string, to: string): void {
  if (!fields.some((f) => f.name === from)) throw new DatabaseError('42703', `column "${from}" does not exist`);
  if (fields.some((f) => f.name === to)) {
    throw new DatabaseError('42701', `column "${to}" of relation "${entry.name}" already exists`);
  }
  const renamed: TypeEntry = {
    ...entry, definition: { kind: 'composite', fields: fields.map((f) => (f.name === from ? { ...f, name: to } : f)) },
  };
  const changes: readonly CatalogChange[] = [{ kind: 'put', entry: renamed }, ...fieldRenamed(state, entry.oid, from, to)];
  state.current.changeCatalog(withFollowers(state, changes, oidsOf(changes)));
}

/** What has values of the row type, with its field under the new name. */
function fieldRenamed(state: SessionState, rowType: number, from: string, to: string): readonly CatalogChange[] {
  const named = (own: LogicalType): LogicalType => (own.kind !== 'record' || own.oid !== rowType ? own
    : { ...own, fields: own.fields.map((f) => (f.name === from ? { ...f, name: to } : f)) });
  return [...state.catalog.entries()].filter((e) => typesIn(e).some((type) => isMadeOf(type, rowType)))
    .map((e) => ({ kind: 'put', entry: withTypes(e, named) }));
}

function renameConstraint(state: SessionState, entry: CatalogEntry, from: string, to: string): void {
  if (entry.kind === 'type') {
    if (entry.definition.kind !== 'domain') throw new DatabaseError('42809', `${entry.name} is not a domain`);
    renameDomainConstraint(state, { entry, domain: entry.definition }, from, to);
    return;
  }
  const constraint = entry.kind === 'table' ? entry.constraints.find((c) => c.name === from) : undefined;
  if (entry.kind !== 'table' || constraint === undefined) {
    throw new DatabaseError('42704', `constraint "${from}" for table "${entry.name}" does not exist`);
  }
  if (entry.constraints.some((c) => c.name === to)) {
    throw new DatabaseError('42710', `constraint "${to}" for relation "${entry.name}" already exists`);
  }
  const constraints = entry.constraints.map((c) => (c === constraint ? { ...c, name: to } : c));
  const changes: CatalogChange[] = [{ kind: 'put', entry: { ...entry, constraints } }];
  if (constraint.kind === 'primary' || constraint.kind === 'unique') {
    const index = state.catalog.get(constraint.index);
    if (index?.kind === 'index') changes.push({ kind: 'put', entry: { ...index, name: to } });
  }
  state.current.changeCatalog(changes);
}

export function setSchema(statement: SetSchema): BoundStatement {
  return command(async (state) => {
    const tag = `ALTER ${statement.object.toUpperCase()}`;
    await state.current.lockCatalog(state.lockWait);
    const entry = findObject(state, statement.object, statement.name, statement.ifExists);
    if (entry === null) return done(tag);
    if (!('schema' in entry)) throw notSupported(`SET SCHEMA of a ${entry.kind}`);
    if (isRelation(entry)) await state.current.lock(entry.oid, 'access exclusive', state.lockWait);
    const schema = state.catalog.requireSchema(statement.newSchema).name;
    if (isTemporary(schema) || isTemporary(entry.schema)) {
      throw new DatabaseError('0A000', 'cannot move objects into or out of temporary schemas');
    }
    if (entry.kind === 'type' && state.catalog.typeIn(schema, entry.name) !== null) {
      throw new DatabaseError('42710', `type "${entry.name}" already exists in schema "${schema}"`);
    }
    if (state.catalog.relationIn(schema, entry.name) !== null) {
      throw new DatabaseError('42P07', `relation "${entry.name}" already exists in schema "${schema}"`);
    }
    const along = entry.kind === 'table'
      ? [...state.catalog.indexesOf(entry.oid), ...state.catalog.sequencesOwnedBy(entry.oid)] : [];
    const changes = [entry, ...along].map((e): CatalogChange => ({ kind: 'put', entry: { ...e, schema } }));
    state.current.changeCatalog(withFollowers(state, changes, oidsOf(changes)));
    return done(tag);
  });
}

export function changeOwner(statement: SetOwner): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const entry = findObject(state, statement.object, statement.name, false);
    if (entry !== null) setOwner(state, entry.oid, statement.owner);
    return done(`ALTER ${statement.object.toUpperCase()}`);
  });
}

/** Two relations of a kind change names. */
export function swap(statement: Swap): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const [a, b] = [statement.relation, statement.other].map((r) => {
      const found = state.catalog.requireRelation(qualified(r), state.searchPath, r.position);
      const entry = state.catalog.get(found.oid);
      if (entry === null || !isRelation(entry)) throw new DatabaseError('42501', `"${found.name}" is a system catalog`);
      return entry;
    });
    if (a.kind !== b.kind) throw new DatabaseError('42809', `"${b.name}" is not of the same kind as "${a.name}"`);
    for (const entry of [a, b]) checkNoText(state, entry);
    state.current.changeCatalog([
      { kind: 'put', entry: { ...a, name: b.name, schema: b.schema } },
      { kind: 'put', entry: { ...b, name: a.name, schema: a.schema } },
    ]);
    return done(`ALTER ${statement.object.toUpperCase()}`);
  });
}

const KINDS: Readonly<Record<string, CatalogEntry['kind']>> = {
  'table': 'table', 'view': 'view', 'materialized view': 'materialized-view', 'index': 'index', 'sequence': 'sequence',
  'source': 'source',
};

export function comment(statement: Comment): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const { object, name } = statement;
    const text = statement.text === undefined || statement.text === '' ? null : statement.text;
    switch (object) {
      case 'column': case 'constraint': commentPart(state, object, name, text); break;
      case 'table': case 'view': case 'materialized view': case 'index': case 'sequence': case 'source':
      case 'schema': case 'type': case 'domain': case 'role': {
        const entry = findObject(state, object, name, false);
        if (entry === null) break;
        const wanted = KINDS[object];
        if (wanted !== undefined && entry.kind !== wanted) {
          throw new DatabaseError('42809', wrongKind(object, entry).message);
        }
        state.current.changeCatalog([{ kind: 'put', entry: { ...entry, comment: text } }]);
        break;
      }
      default: throw notSupported(`COMMENT ON ${object.toUpperCase()}`, { position: statement.position });
    }
    return done('COMMENT');
  });
}

function commentPart(state: SessionState, object: 'column' | 'constraint', name: Name, text: string | null): void {
  const last = name[name.length - 1];
  const relation = findObject(state, 'table', name.slice(0, -1), false);
  if (relation === null || !isQueryable(relation)) throw new DatabaseError('42809',
    `"${name.join('.')}" has no columns`);
  if (object === 'column') {
    const column = relation.columns.find((c) => c.name === last && !c.dropped);
    if (column === undefined) {
      throw new DatabaseError('42703', `column "${last}" of relation "${relation.name}" does not exist`);
    }
    const columns = withColumn(relation.columns, column.attnum, { comment: text });
    state.current.changeCatalog([{ kind: 'put', entry: { ...relation, columns } }]);
    return;
  }
  if (relation.kind !== 'table' || !relation.constraints.some((c) => c.name === last)) {
    throw new DatabaseError('42704', `constraint "${last}" for table "${relation.name}" does not exist`);
  }
  const constraints = relation.constraints.map((c) => (c.name === last ? { ...c, comment: text } : c));
  state.current.changeCatalog([{ kind: 'put', entry: { ...relation, constraints } }]);
}
