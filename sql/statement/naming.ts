// Names in definitions: where a new object goes, whether its name is free, and names nobody wrote.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Catalog, QualifiedName, Relation } from '../catalog/catalog.ts';
import type { ConstraintEntry, QueryableEntry } from '../catalog/entry.ts';
import type { Name, Persistence, RelationName } from '../parser/ast.ts';
import type { SessionState } from '../session-state.ts';
import { temporarySchema } from '../temporary.ts';

/** Bytes PostgreSQL keeps of an identifier. */
const NAME_BYTES = 63;

export function qualified(relation: RelationName): QualifiedName {
  return { schema: relation.schema ?? null, name: relation.name };
}

export function qualifiedName(name: Name): QualifiedName {
  return { schema: name.length > 1 ? name[name.length - 2] : null, name: name[name.length - 1] };
}

/** The schema a new relation goes to; 3F000 when there is none, 42501 for the system's own. */
export function targetSchema(
  state: SessionState, name: QualifiedName, position?: number, persistence: Persistence = 'permanent',
): string {
  if (persistence === 'temporary' || name.schema === 'pg_temp') return temporarySchema(state, name);
  const schema = name.schema === null ? state.catalog.creationSchema(state.searchPath)
    : state.catalog.requireSchema(name.schema, position);
  if (schema.name === 'pg_catalog' || schema.name === 'information_schema') {
    throw new DatabaseError('42501', `permission denied to create "${schema.name}.${name.name}"`, {
      detail: 'System catalog modifications are currently disallowed.',
    });
  }
  return schema.name;
}

export function duplicateRelation(name: string): DatabaseError {
  return new DatabaseError('42P07', `relation "${name}" already exists`);
}

/** Throws 42P07 for a taken name; with `ifNotExists` says so in a notice and answers false. */
export function nameIsFree(state: SessionState, schema: string, name: string, ifNotExists: boolean): boolean {
  if (state.catalog.relationIn(schema, name) === null) {
    const type = state.catalog.typeIn(schema, name);
    if (type === null) return true;
    if (type.definition.kind === 'composite') throw duplicateRelation(name);
    throw new DatabaseError('42710', `type "${name}" already exists`, {
      hint: 'A relation has an associated type of the same name, '
        + 'so you must use a name that doesn\'t conflict with any existing type.',
    });
  }
  if (!ifNotExists) throw duplicateRelation(name);
  state.notice('NOTICE', new DatabaseError('42P07', `relation "${name}" already exists, skipping`));
  return false;
}

/**
 * `table_column_suffix`, cut so that it fits, with a number when it is taken: PostgreSQL's ChooseRelationName.
 */
export function chooseName(table: string, columns: string, suffix: string, taken: (name: string) => boolean): string {
  for (let pass = 0; ; pass++) {
    const label = pass === 0 ? suffix : `${suffix}${pass}`;
    const name = fitName(table, columns, label);
    if (!taken(name)) return name;
  }
}

function fitName(table: string, columns: string, label: string): string {
  const overhead = bytes(label) + 1 + (columns === '' ? 0 : 1);
  let [first, second] = [table, columns];
  while (bytes(first) + bytes(second) > NAME_BYTES - overhead) {
    if (bytes(first) > bytes(second)) first = first.slice(0, -1);
    else second = second.slice(0, -1);
  }
  return [first, second, label].filter((part) => part !== '').join('_');
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Names that new relations of a schema and constraints of a table must avoid, those chosen meanwhile included. */
export class TakenNames {
  readonly #catalog: Catalog;
  readonly #schema: string;
  readonly #more = new Set<string>();

  constructor(catalog: Catalog, schema: string, constraints: readonly ConstraintEntry[] = []) {
    this.#catalog = catalog;
    this.#schema = schema;
    for (const constraint of constraints) this.#more.add(constraint.name);
  }

  has(name: string): boolean {
    return this.#more.has(name) || this.#catalog.relationIn(this.#schema, name) !== null;
  }

  add(name: string): string {
    this.#more.add(name);
    return name;
  }

  choose(table: string, columns: string, suffix: string): string {
    return this.add(chooseName(table, columns, suffix, (name) => this.has(name)));
  }
}

/** A relation that rows can be written to, or PostgreSQL's words on why not. */
export function requireTable(state: SessionState, relation: RelationName,
  verb: string): QueryableEntry & { kind: 'table' } {
  const found = state.catalog.requireRelation(qualified(relation), state.searchPath, relation.position);
  if (found.kind === 'table') return found;
  throw notWritable(found, verb);
}

function notWritable(found: Relation, verb: string): DatabaseError {
  const kept = found.kind === 'view' || found.kind === 'materialized-view' || found.kind === 'sequence' || found.kind === 'index';
  if (verb === 'truncate' && kept) return new DatabaseError('42809', `"${found.name}" is not a table`);
  switch (found.kind) {
    case 'view': {
      if (verb === 'copy to') {
        return new DatabaseError('42809', `cannot copy to view "${found.name}"`, {
          hint: 'To enable copying to a view, provide an INSTEAD OF INSERT trigger.',
        });
      }
      const [doing, how] = verb === 'insert into' ? ['INSERT', 'inserting into'] : verb === 'update'
        ? ['UPDATE', 'updating']
        : ['DELETE', 'deleting from'];
      return new DatabaseError('55000', `cannot ${verb} view "${found.name}"`, {
        detail: 'Views are not automatically updatable.',
        hint: `To enable ${how} the view, provide an INSTEAD OF ${doing} trigger or an unconditional ON ${doing} DO `
          + 'INSTEAD rule.',
      });
    }
    case 'materialized-view': return new DatabaseError('42809', `cannot change materialized view "${found.name}"`);
    case 'source': return new DatabaseError('42809', `cannot change source "${found.name}"`, {
      detail: 'Its rows come from its connector.',
    });
    case 'sequence': return new DatabaseError('42809', `cannot change sequence "${found.name}"`);
    case 'index': return new DatabaseError('42809', `cannot open relation "${found.name}"`, {
      detail: 'This operation is not supported for indexes.',
    });
    case 'system': return new DatabaseError('42501', `permission denied: "${found.name}" is a system catalog`);
    case 'table': return new DatabaseError('XX000', 'a table can be changed');
  }
}

/** For the rows of a relation. The array type has the OID after its element's. */
export function allocateRowType({ services }: SessionState): number {
  const oid = services.allocateOid();
  services.allocateOid();
  return oid;
}
