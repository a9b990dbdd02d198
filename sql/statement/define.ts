// CREATE SCHEMA, SEQUENCE, TYPE; ALTER SEQUENCE and ALTER TYPE .. ADD VALUE.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { resolveTypeName } from '../binder/type-name.ts';
import type { SequenceEntry, TypeEntry } from '../catalog/entry.ts';
import type {
  AlterEnum, AlterSequence, CreateCompositeType, CreateEnum, CreateSchema, CreateSequence, Statement,
} from '../parser/ast-statement.ts';
import type { Name, Option, RelationName } from '../parser/ast.ts';
import type { SessionState } from '../session-state.ts';
import { ownerOid } from './alter-table.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { mentioning } from './domain-use.ts';
import { nameIsFree, qualified, qualifiedName, targetSchema } from './naming.ts';
import { optionText } from './options.ts';
import { alteredSequence, restartOption, restartSequence, sequenceEntry } from './sequence-options.ts';

/** `runElement`: CREATE SCHEMA .. CREATE TABLE ..: runs one of the statements inside. */
export function createSchema(statement: CreateSchema,
  runElement: (state: SessionState, element: Statement) => Promise<void>): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const name = statement.name ?? statement.authorization ?? '';
    if (name.startsWith('pg_')) {
      throw new DatabaseError('42939', `unacceptable schema name "${name}"`, {
        detail: 'The prefix "pg_" is reserved for system schemas.',
      });
    }
    if (state.catalog.schema(name) !== null) {
      const message = `schema "${name}" already exists`;
      if (!statement.ifNotExists) throw new DatabaseError('42P06', message);
      state.notice('NOTICE', new DatabaseError('42P06', `${message}, skipping`));
      return done('CREATE SCHEMA');
    }
    const owner = statement.authorization === undefined ? state.role.oid : ownerOid(state, statement.authorization);
    state.current.changeCatalog([{
      kind: 'put', entry: { kind: 'schema', oid: state.services.allocateOid(), name, owner, comment: null, acl: [] },
    }]);
    if (statement.elements.length === 0) return done('CREATE SCHEMA');
    const path = state.settings.get('search_path') ?? '';
    state.settings.set('search_path', `"${name.replaceAll('"', '""')}"`, true);
    for (const element of statement.elements) await runElement(state, element);
    state.settings.set('search_path', path, true);
    return done('CREATE SCHEMA');
  });
}

export function createSequence(statement: CreateSequence): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const { relation } = statement;
    const schema = targetSchema(state, qualified(relation), relation.position, statement.persistence);
    if (!nameIsFree(state, schema, relation.name, statement.ifNotExists)) return done('CREATE SEQUENCE');
    const owned = statement.options.find((o) => o.name === 'owned_by');
    const entry = sequenceEntry(statement.options.filter((o) => o !== owned), {
      oid: state.services.allocateOid(), schema, name: relation.name, owner: state.role.oid,
      ownedBy: owned === undefined ? null : ownerColumn(state, owned, { schema, owner: state.role.oid }),
    });
    state.current.changeCatalog([{ kind: 'put', entry }]);
    return done('CREATE SEQUENCE');
  });
}

/** OWNED BY table.column, or NONE. */
function ownerColumn(
  state: SessionState, option: Option,
  sequence: Pick<SequenceEntry, 'schema' | 'owner'> & Partial<Pick<SequenceEntry, 'name' | 'ownedBy'>>,
): SequenceEntry['ownedBy'] {
  const linked = sequence.ownedBy?.identity === true ? state.catalog.get(sequence.ownedBy.table) : null;
  if (linked !== null) {
    throw new DatabaseError('0A000', 'cannot change ownership of identity sequence', {
      detail: `Sequence "${sequence.name}" is linked to table "${linked.name}".`,
    });
  }
  const parts = option.value?.kind === 'list'
    ? option.value.items.map((i) => (i.kind === 'star' || i.kind === 'list' ? '' : i.text))
    : optionText(option).split('.');
  if (parts.length === 1 && parts[0] === 'none') return null;
  if (parts.length === 1) {
    throw new DatabaseError('42601', 'invalid OWNED BY option', { hint: 'Specify OWNED BY table.column or OWNED BY NONE.' });
  }
  const column = parts[parts.length - 1];
  const table = state.catalog.requireRelation(qualifiedName(parts.slice(0, -1)), state.searchPath);
  if (table.kind === 'index' || table.kind === 'sequence') {
    throw new DatabaseError('42809', `sequence cannot be owned by relation "${table.name}"`, {
      detail: `This operation is not supported for ${table.kind === 'index' ? 'indexes' : 'sequences'}.`,
    });
  }
  if ('owner' in table && table.owner !== sequence.owner) {
    throw new DatabaseError('55000', 'sequence must have same owner as table it is linked to');
  }
  if (table.schema !== sequence.schema) {
    throw new DatabaseError('55000', 'sequence must be in same schema as table it is linked to');
  }
  const found = table.kind === 'table' ? table.columns.find((c) => c.name === column && !c.dropped) : undefined;
  if (found === undefined) throw new DatabaseError('42703',
    `column "${column}" of relation "${table.name}" does not exist`);
  return { table: table.oid, column: found.attnum, identity: false };
}

export function alterSequence(statement: AlterSequence): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const found = findSequence(state, statement.relation, statement.ifExists);
    if (found === null) return done('ALTER SEQUENCE');
    const restart = restartOption(statement.options);
    const owned = statement.options.find((o) => o.name === 'owned_by');
    const { last } = state.services.sequences.current(found);
    const altered = alteredSequence(found, statement.options.filter((o) => o !== owned), last);
    const entry = owned === undefined ? altered : { ...altered, ownedBy: ownerColumn(state, owned, found) };
    state.current.changeCatalog([{ kind: 'put', entry }]);
    if (restart !== undefined) restartSequence(state, entry, restart);
    return done('ALTER SEQUENCE');
  });
}

function findSequence(state: SessionState, relation: RelationName, ifExists: boolean): SequenceEntry | null {
  const name = qualified(relation);
  const found = state.catalog.findRelation(name, state.searchPath);
  if (found?.kind === 'sequence') return found;
  if (found !== null) throw new DatabaseError('42809', `"${found.name}" is not a sequence`);
  if (!ifExists) state.catalog.requireRelation(name, state.searchPath);
  state.notice('NOTICE', new DatabaseError('00000', `relation "${name.name}" does not exist, skipping`));
  return null;
}

export function newType(state: SessionState, name: Name, definition: TypeEntry['definition']): TypeEntry {
  const target = qualifiedName(name);
  const schema = targetSchema(state, target);
  if (state.catalog.typeIn(schema, target.name) !== null || state.catalog.relationIn(schema, target.name) !== null) {
    throw new DatabaseError('42710', `type "${target.name}" already exists`);
  }
  const oid = state.services.allocateOid();
  // The array type has the OID after its element's.
  const arrayType = state.services.allocateOid();
  return {
    kind: 'type', oid, schema, name: target.name, owner: state.role.oid, comment: null, acl: [], definition,
    arrayType,
  };
}

export function createEnum(statement: CreateEnum): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const { labels } = statement;
    const entry = newType(state, statement.name, { kind: 'enum', labels });
    const twice = labels.find((label, i) => labels.indexOf(label) !== i);
    if (twice !== undefined) {
      throw new DatabaseError('23505', 'duplicate key value violates unique constraint "pg_enum_typid_label_index"', {
        detail: `Key (enumtypid, enumlabel)=(${entry.oid}, ${twice}) already exists.`,
      });
    }
    state.current.changeCatalog([{ kind: 'put', entry }]);
    return done('CREATE TYPE');
  });
}

export function alterEnum(statement: AlterEnum): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const { entry: found, labels } = requireEnum(state, statement.name);
    if (labels.includes(statement.value)) {
      const message = `enum label "${statement.value}" already exists`;
      if (!statement.ifNotExists) throw new DatabaseError('42710', message);
      state.notice('NOTICE', new DatabaseError('42710', `${message}, skipping`));
      return done('ALTER TYPE');
    }
    requireUnused(state, found, 'ALTER TYPE .. ADD VALUE for');
    const at = place(labels, statement);
    const next = [...labels.slice(0, at), statement.value, ...labels.slice(at)];
    state.current.changeCatalog([{ kind: 'put', entry: { ...found, definition: { kind: 'enum', labels: next } } }]);
    return done('ALTER TYPE');
  });
}

/** ALTER TYPE .. RENAME VALUE. Requires: the catalog lock. */
export function renameLabel(state: SessionState, name: Name, from: string, to: string): void {
  const { entry, labels } = requireEnum(state, name);
  if (!labels.includes(from)) throw new DatabaseError('22023', `"${from}" is not an existing enum label`);
  if (labels.includes(to)) throw new DatabaseError('42710', `enum label "${to}" already exists`);
  requireUnused(state, entry, 'renaming a value of');
  const next = labels.map((label) => (label === from ? to : label));
  state.current.changeCatalog([{ kind: 'put', entry: { ...entry, definition: { kind: 'enum', labels: next } } }]);
}

function requireEnum(state: SessionState, written: Name): { readonly entry: TypeEntry; readonly labels: readonly string[] } {
  const name = qualifiedName(written);
  const entry = state.catalog.findType(name, state.searchPath);
  if (entry === null) throw new DatabaseError('42704', `type "${name.name}" does not exist`);
  if (entry.definition.kind !== 'enum') throw new DatabaseError('42809', `${name.name} is not an enum`);
  return { entry, labels: entry.definition.labels };
}

/**
 * 0A000 when something may have values of the type or speak of them: columns carry the labels in their type, comparisons
 * in circuits go by them, and stored expressions name them.
 */
function requireUnused(state: SessionState, type: TypeEntry, what: string): void {
  const mentions = mentioning(type);
  for (const entry of state.catalog.entries()) {
    if (mentions(entry)) throw notSupported(`${what} type "${type.name}", which "${entry.name}" has or names,`);
  }
}

function place(labels: readonly string[], statement: AlterEnum): number {
  if (statement.place === undefined) return labels.length;
  const { kind, neighbour } = statement.place;
  const at = labels.indexOf(neighbour);
  if (at < 0) throw new DatabaseError('22023', `"${neighbour}" is not an existing enum label`);
  return kind === 'before' ? at : at + 1;
}

export function createCompositeType(statement: CreateCompositeType): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const { relation } = statement;
    const fields = statement.columns.map((c) => ({
      name: c.name, type: resolveTypeName({ catalog: state.catalog, searchPath: state.searchPath }, c.type),
    }));
    const name = relation.schema === undefined ? [relation.name] : [relation.schema, relation.name];
    state.current.changeCatalog([{ kind: 'put', entry: newType(state, name, { kind: 'composite', fields }) }]);
    return done('CREATE TYPE');
  });
}
