// DROP of every kind of object, RESTRICT and CASCADE.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { describe, describeEntry, planDrop } from '../catalog/dependency.ts';
import type { Target } from '../catalog/dependency.ts';
import { displayName, isRelation, ownSchema } from '../catalog/catalog.ts';
import type { CatalogChange, QualifiedName } from '../catalog/catalog.ts';
import type { CatalogEntry, TypeEntry } from '../catalog/entry.ts';
import type { Drop, ObjectKind } from '../parser/ast-definition.ts';
import type { Name } from '../parser/ast.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { qualifiedName } from './naming.ts';
import { reshapeRows, rowShape } from './row-shape.ts';
import { ViewColumns, refuseTimedReaders } from './view-columns.ts';

export function drop(statement: Drop): BoundStatement {
  return command(async (state) => {
    const tag = `DROP ${statement.object.toUpperCase()}`;
    await state.current.lockCatalog(state.lockWait);
    const targets: Target[] = [];
    for (const name of statement.names) {
      const found = find(state, statement, name);
      if (found !== null && !targets.some((t) => t.kind === 'entry' && t.oid === found.oid)) {
        checkDroppable(state, found);
        targets.push({ kind: 'entry', oid: found.oid });
      }
    }
    await dropTargets(state, targets, statement.cascade);
    return done(tag);
  });
}

/** Removes objects and what depends on them, or says why not. Requires: the catalog lock. */
export async function dropTargets(state: SessionState, targets: readonly Target[], cascade: boolean): Promise<void> {
  if (targets.length === 0) return;
  const plan = planDrop(state.catalog, targets, {
    cascade, searchPath: state.searchPath, uses: new ViewColumns(state),
  });
  for (const change of plan.changes) {
    const oid = change.kind === 'remove' ? change.oid : change.entry.oid;
    const entry = state.catalog.get(oid);
    const drawn = entry?.kind === 'sequence' && change.kind === 'remove';
    if (entry?.kind !== 'table' && !drawn) continue;
    await state.current.lock(oid, 'access exclusive', state.lockWait);
    if (entry.kind !== 'table') continue;
    state.current.requireSettled(oid, change.kind === 'remove' ? 'DROP TABLE' : 'ALTER TABLE', entry.name);
  }
  if (plan.notice !== null) state.notice('NOTICE', plan.notice);
  const changes = [...plan.changes, ...withoutKeys(state, plan.changes)];
  for (const change of changes) {
    if (change.kind !== 'put' || change.entry.kind !== 'table') continue;
    await state.current.lock(change.entry.oid, 'access exclusive', state.lockWait);
  }
  const before = state.catalog;
  const removed = new Set(plan.changes.flatMap((c) => (c.kind === 'remove' ? [c.oid] : [])));
  for (const change of plan.changes) {
    if (change.kind === 'put' && change.entry.kind === 'table') refuseTimedReaders(state, change.entry, removed);
  }
  state.current.changeCatalog(changes);
  for (const change of plan.changes) {
    const shape = change.kind === 'put' ? rowShape(before.get(change.entry.oid), change.entry) : null;
    if (shape !== null) await reshapeRows(state, shape);
  }
}

/** Tables without the hidden columns of indexes that go. */
function withoutKeys(state: SessionState, changes: readonly CatalogChange[]): readonly CatalogChange[] {
  const gone = new Map<number, Set<number>>();
  const removed = new Set(changes.flatMap((c) => (c.kind === 'remove' ? [c.oid] : [])));
  for (const oid of removed) {
    const entry = state.catalog.get(oid);
    if (entry?.kind !== 'index' || entry.definition === undefined || removed.has(entry.table)) continue;
    const columns = gone.get(entry.table) ?? new Set();
    gone.set(entry.table, columns);
    for (const attnum of entry.columns) columns.add(attnum);
  }
  return [...gone].flatMap(([oid, attnums]): readonly CatalogChange[] => {
    const put = changes.findLast((c) => c.kind === 'put' && c.entry.oid === oid);
    const table = put?.kind === 'put' ? put.entry : state.catalog.get(oid);
    if (table?.kind !== 'table') return [];
    const columns = table.columns.map((c) => {
      const { hidden, ...plain } = c;
      return hidden === true && attnums.has(c.attnum) ? plain : c;
    });
    return [{ kind: 'put', entry: { ...table, columns } }];
  });
}

function find(state: SessionState, statement: Drop, name: Name): CatalogEntry | null {
  const { object } = statement;
  switch (object) {
    case 'schema': return missing(state, statement, name, state.catalog.schema(name[name.length - 1]));
    case 'role': return missing(state, statement, name, state.catalog.role(name[name.length - 1]));
    case 'type': case 'domain': {
      const found = state.catalog.findType(qualifiedName(name), state.searchPath);
      const fits = found !== null && object === 'domain' && found.definition.kind !== 'domain' ? null : found;
      if (found !== null && fits === null) throw new DatabaseError('42809', `"${name.join('.')}" is not a domain`);
      if (found === null) refuseRowType(state, object, name);
      else refuseMultirange(state, found);
      return missing(state, statement, name, fits);
    }
    case 'table': case 'view': case 'materialized view': case 'index': case 'sequence': case 'source':
      return findRelation(state, statement, qualifiedName(name));
    default: {
      if (statement.ifExists) {
        state.notice('NOTICE', new DatabaseError('00000', `${object} "${name.join('.')}" does not exist, skipping`));
        return null;
      }
      throw notSupported(`DROP ${object.toUpperCase()}`, { position: statement.position });
    }
  }
}

/** The type of multiranges goes with that of their ranges. */
function refuseMultirange(state: SessionState, { definition, oid, name }: TypeEntry): void {
  if (definition.kind !== 'multirange') return;
  const range = state.names.nameOf('regtype', definition.range.oid) ?? definition.range.name;
  const shown = state.names.nameOf('regtype', oid) ?? name;
  throw new DatabaseError('2BP01', `cannot drop type ${shown} because type ${range} requires it`,
    { hint: `You can drop type ${range} instead.` });
}

/** What has a lesser OID is never dropped. */
const FIRST_UNPINNED_OID = 12000;

/** The type of a relation's rows goes with the relation. */
function refuseRowType(state: SessionState, object: ObjectKind, name: Name): void {
  const relation = state.catalog.findRelation(qualifiedName(name), state.searchPath);
  if (relation === null || !('rowType' in relation)) return;
  if (object === 'domain') throw new DatabaseError('42809', `"${name.join('.')}" is not a domain`);
  if (relation.rowType < FIRST_UNPINNED_OID) {
    throw new DatabaseError('2BP01', `cannot drop type ${relation.name} because it is required by the database system`);
  }
  const entry = state.catalog.get(relation.oid);
  // Tables have lesser OIDs.
  const described = entry === null ? `view ${relation.name}` : describeEntry(state.catalog, entry, state.searchPath);
  throw new DatabaseError('2BP01', `cannot drop type ${state.names.nameOf('regtype', relation.rowType) ?? relation.name} `
    + `because ${described} requires it`, { hint: `You can drop ${described} instead.` });
}

const ENTRY_KINDS: Readonly<Record<string, ObjectKind>> = { 'materialized-view': 'materialized view' };

function kindOf(entry: CatalogEntry): string {
  return ENTRY_KINDS[entry.kind] ?? entry.kind;
}

function findRelation(state: SessionState, statement: Drop, name: QualifiedName): CatalogEntry | null {
  if (name.schema !== null && state.catalog.schema(ownSchema(name.schema, state.searchPath)) === null) {
    if (!statement.ifExists) throw new DatabaseError('3F000', `schema "${name.schema}" does not exist`);
    state.notice('NOTICE', new DatabaseError('00000', `schema "${name.schema}" does not exist, skipping`));
    return null;
  }
  const relation = state.catalog.findRelation(name, state.searchPath);
  if (relation?.kind === 'system') {
    throw new DatabaseError('42501', `permission denied: "${relation.name}" is a system catalog`);
  }
  if (relation === null && state.catalog.findType(name, state.searchPath)?.definition.kind === 'composite') {
    const article = statement.object === 'index' ? 'an' : 'a';
    throw new DatabaseError('42809', `"${name.name}" is not ${article} ${statement.object}`,
      { hint: 'Use DROP TYPE to remove a type.' });
  }
  const found = relation === null ? null : state.catalog.get(relation.oid);
  if (found !== null && isRelation(found) && kindOf(found) !== statement.object) throw wrongKind(statement.object,
    found);
  // PostgreSQL names a missing relation without its schema.
  return missing(state, statement, [name.name], found);
}

export function wrongKind(wanted: string, found: CatalogEntry): DatabaseError {
  const article = /^[aeiou]/.test(wanted) ? 'an' : 'a';
  const kind = kindOf(found);
  const hint = `Use DROP ${kind.toUpperCase()} to remove a ${kind}.`;
  return new DatabaseError('42809', `"${found.name}" is not ${article} ${wanted}`, {
    hint: kind === 'index' ? 'Use DROP INDEX to remove an index.' : hint,
  });
}

/** SQLSTATEs of what is not there. */
const MISSING: Readonly<Record<string, string>> = {
  'schema': '3F000', 'index': '42704', 'role': '42704', 'type': '42704', 'domain': '42704',
};

function missing(state: SessionState, statement: Drop, name: Name, found: CatalogEntry | null): CatalogEntry | null {
  if (found !== null) return found;
  const word = statement.object === 'domain' ? 'type' : statement.object;
  const text = `${word} "${displayName(qualifiedName(name))}" does not exist`;
  if (!statement.ifExists) throw new DatabaseError(MISSING[statement.object] ?? '42P01', text);
  state.notice('NOTICE', new DatabaseError('00000', `${text}, skipping`));
  return null;
}

/** What belongs to something else, or is ours, does not go by its own name. */
function checkDroppable(state: SessionState, entry: CatalogEntry): void {
  const { catalog, searchPath } = state;
  if (entry.oid < 16384) {
    throw new DatabaseError('2BP01', `cannot drop ${describe(catalog, { kind: 'entry', oid: entry.oid }, searchPath)} `
      + 'because it is required by the database system');
  }
  if (entry.kind === 'index' && entry.constraint !== null) {
    const constraint = { kind: 'constraint', table: entry.table, oid: entry.constraint } as const;
    const name = describe(catalog, constraint, searchPath);
    throw new DatabaseError('2BP01', `cannot drop index ${entry.name} because ${name} requires it`, {
      hint: `You can drop ${name} instead.`,
    });
  }
  if (entry.kind === 'sequence' && entry.ownedBy?.identity === true) {
    const column = describe(catalog, { kind: 'column', table: entry.ownedBy.table, attnum: entry.ownedBy.column },
      searchPath);
    throw new DatabaseError('2BP01', `cannot drop sequence ${entry.name} because ${column} requires it`, {
      hint: `You can drop ${column} instead.`,
    });
  }
  if (entry.kind === 'role') checkRole(state, entry.oid, entry.name);
}

function checkRole(state: SessionState, oid: number, name: string): void {
  if (name === state.currentUser) throw new DatabaseError('55006', 'current user cannot be dropped');
  const owned = [...state.catalog.entries()].filter((e) => e.owner === oid && e.oid !== oid);
  if (owned.length === 0) return;
  throw new DatabaseError('2BP01', `role "${name}" cannot be dropped because some objects depend on it`, {
    detail: owned.map((e) => `owner of ${describeEntry(state.catalog, e, state.searchPath)}`).join('\n'),
  });
}
