// CREATE SCHEMA, SEQUENCE, TYPE; ALTER SEQUENCE and ALTER TYPE .. ADD VALUE.
import { DatabaseError } from '../../engine/data/error.ts';
import { clauseCollation } from '../binder/bind-collate.ts';
import { resolveTypeName } from '../binder/type-name.ts';
import type { SequenceEntry, TypeEntry } from '../catalog/entry.ts';
import type { AlterSequence, CreateCompositeType, CreateEnum, CreateSchema, CreateSequence } from '../parser/ast-definition.ts';
import type { Statement } from '../parser/ast-statement.ts';
import type { Name, Option, RelationName } from '../parser/ast.ts';
import type { SessionState } from '../session-state.ts';
import { ownerOid } from './alter-table.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { checkLabel } from './alter-enum.ts';
import { duplicateRelation, nameIsFree, qualified, qualifiedName, targetSchema } from './naming.ts';
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
    state.settings.set('search_path', [`"${name.replaceAll('"', '""')}"`, path].filter((p) => p !== '').join(', '), true);
    for (const element of inTurn(statement.elements, name)) await runElement(state, element);
    state.settings.set('search_path', path, true);
    return done('CREATE SCHEMA');
  });
}

const TURNS: readonly Statement['kind'][] = ['createSequence', 'createTable', 'createView', 'createIndex', 'grant'];

/** What others may need first, wherever it stands; 42P15 for what is to be in another schema. */
function inTurn(elements: readonly Statement[], schema: string): readonly Statement[] {
  for (const element of elements) {
    if (element.kind !== 'createSequence' && element.kind !== 'createTable' && element.kind !== 'createView') continue;
    const own = element.relation.schema;
    if (own === undefined || own === schema) continue;
    throw new DatabaseError('42P15', `CREATE specifies a schema (${own}) different from the one being created (${schema})`);
  }
  return elements.toSorted((a, b) => TURNS.indexOf(a.kind) - TURNS.indexOf(b.kind));
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
  const relation = state.catalog.relationIn(schema, target.name);
  // Indexes and sequences have no row type, but names like that of one.
  if (definition.kind === 'composite' && (relation?.kind === 'index' || relation?.kind === 'sequence')) {
    throw duplicateRelation(target.name);
  }
  if (relation !== null || state.catalog.typeIn(schema, target.name) !== null) {
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
    for (const label of labels) checkLabel(label);
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

export function createCompositeType(statement: CreateCompositeType): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const { relation } = statement;
    const twice = statement.columns.find((c, i) => statement.columns.findIndex((o) => o.name === c.name) < i);
    if (twice !== undefined) throw new DatabaseError('42701', `column "${twice.name}" specified more than once`);
    const fields = statement.columns.map((c) => {
      const type = resolveTypeName(state.typeSite(), { ...c.type, position: undefined });
      return { name: c.name, type, ...clauseCollation(c.collation?.name, type) };
    });
    const name = relation.schema === undefined ? [relation.name] : [relation.schema, relation.name];
    state.current.changeCatalog([{ kind: 'put', entry: newType(state, name, { kind: 'composite', fields }) }]);
    return done('CREATE TYPE');
  });
}
