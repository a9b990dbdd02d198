// CREATE TYPE .. AS RANGE: a range type, and the type of its multiranges.
import { DatabaseError } from '../../engine/data/error.ts';
import { mentionType, typeRowByName } from '../../engine/data/type-info.ts';
import { NAME_BYTES, nameFits } from '../../engine/data/scalar-text.ts';
import { TEXT, baseType, sameKind } from '../../engine/data/types.ts';
import type { LogicalType, TypeIdentity } from '../../engine/data/types.ts';
import { clauseCollation } from '../binder/bind-collate.ts';
import { rangeConstructors } from '../binder/range-constructors.ts';
import { resolveTypeName } from '../binder/type-name.ts';
import { categoryOf } from '../binder/type-rules.ts';
import { defaultClass, differenceFunction, requireClass } from '../catalog/operator-class.ts';
import type { TypeEntry } from '../catalog/entry.ts';
import { COLLATIONS } from '../catalog/system/relations.ts';
import type { CreateRange } from '../parser/ast-definition.ts';
import type { Name, TypeName } from '../parser/ast.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { newType } from './define.ts';
import { qualifiedName, targetSchema } from './naming.ts';

const MULTIRANGE = '_multirange';


const PARAMETERS: ReadonlySet<string> = new Set([
  'subtype', 'subtype_opclass', 'collation', 'canonical', 'subtype_diff', 'multirange_type_name',
]);

export function createRange(statement: CreateRange): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const identity = namedType(state, statement.name);
    checkFree(state, identity);
    const given = parametersOf(state, statement);
    const subtype = given.get('subtype');
    if (subtype === undefined) throw new DatabaseError('42601', 'type attribute "subtype" is required');
    const bound = resolveTypeName(state.typeSite(), { ...subtype, position: undefined });
    if (categoryOf(bound) === 'P') throw new DatabaseError('42804', `range subtype cannot be ${mentionType(bound)}`);
    const operatorClass = operatorClassOf(bound, given.get('subtype_opclass'));
    const collation = collationOf(bound, given.get('collation'));
    if (given.has('canonical')) {
      throw new DatabaseError('42P17', 'cannot specify a canonical function without a pre-created shell type', {
        hint: 'Create the type as a shell type, then create its canonicalization function, then do a full CREATE TYPE.',
      });
    }
    const difference = differenceOf(state, bound, given.get('subtype_diff'));
    const many = multirangeName(state, identity, given.get('multirange_type_name'));
    checkNoFunction(state, identity, bound);
    put(state, { identity, many, bound, collation, operatorClass, difference });
    return done('CREATE TYPE');
  });
}

interface Identity { readonly schema: string; readonly name: string }

function namedType(state: SessionState, name: Name): Identity {
  const written = qualifiedName(name);
  return { schema: targetSchema(state, written), name: written.name };
}

function isTaken(state: SessionState, { schema, name }: Identity): boolean {
  return state.catalog.typeIn(schema, name) !== null || state.catalog.relationIn(schema, name) !== null;
}

function checkFree(state: SessionState, identity: Identity): void {
  if (isTaken(state, identity)) throw taken(identity.name);
}

function taken(name: string): DatabaseError {
  return new DatabaseError('42710', `type "${name}" already exists`);
}

function parametersOf(state: SessionState, { parameters }: CreateRange): ReadonlyMap<string, TypeName> {
  const given = new Map<string, TypeName>();
  for (const { name, value, position } of parameters) {
    if (!PARAMETERS.has(name)) throw new DatabaseError('42601', `type attribute "${name}" not recognized`);
    if (given.has(name)) throw new DatabaseError('42601', 'conflicting or redundant options', { position });
    if (value === undefined) throw new DatabaseError('42601', `${name} requires a parameter`);
    if (name === 'subtype') resolveTypeName({ ...state.typeSite(), warn: undefined }, { ...value, position: undefined });
    if (name === 'collation') clauseCollation(value.name, TEXT);
    if (name === 'multirange_type_name') checkMultirangeName(state, value.name);
    given.set(name, value);
  }
  return given;
}

function checkMultirangeName(state: SessionState, written: Name): void {
  const { schema, name } = qualifiedName(written);
  if (schema === 'pg_catalog' && typeRowByName(name) !== undefined) throw taken(name);
  checkFree(state, namedType(state, written));
}

function operatorClassOf(bound: LogicalType, written: TypeName | undefined): number {
  if (written === undefined) {
    const own = defaultClass(bound);
    if (own !== null) return own.oid;
    throw new DatabaseError('42704',
      `data type ${mentionType(bound)} has no default operator class for access method "btree"`, {
        hint: 'You must specify an operator class for the range type or define a default operator class for the subtype.',
      });
  }
  return requireClass(written.name, bound).oid;
}

/** OID of the collation: only shown, there is one order. */
function collationOf(bound: LogicalType, written: TypeName | undefined): number {
  const base = baseType(bound);
  if (categoryOf(base.kind === 'array' ? base.element : base) !== 'S') {
    if (written === undefined) return 0;
    throw new DatabaseError('42809', 'range collation specified but subtype does not support collation');
  }
  if (written === undefined) return base.kind === 'name' ? COLLATIONS.C : COLLATIONS.default;
  return COLLATIONS[written.name[written.name.length - 1]] ?? COLLATIONS.default;
}

/** Nothing here asks how far apart two bounds are: PostgreSQL's GiST indexes do. */
function differenceOf(state: SessionState, bound: LogicalType, written: TypeName | undefined): number {
  if (written === undefined) return 0;
  const name = written.name[written.name.length - 1];
  const known = differenceFunction(name, bound);
  if (known !== null) return known;
  const arguments_ = `${written.name.join('.')}(${mentionType(bound)}, ${mentionType(bound)})`;
  const other = state.services.functions.scalarFunctions(name)
    .some((f) => f.args.length === 2 && f.args.every((a) => sameKind(a, bound)));
  if (!other) throw new DatabaseError('42883', `function ${arguments_} does not exist`);
  throw new DatabaseError('42P17', `range subtype diff function ${arguments_} must return type double precision`);
}

function multirangeName(state: SessionState, range: Identity, written: TypeName | undefined): Identity {
  if (written !== undefined) {
    const given = namedType(state, written.name);
    if (given.schema !== range.schema || given.name !== range.name) return given;
    throw new DatabaseError('23505', 'duplicate key value violates unique constraint "pg_type_typname_nsp_index"', {
      detail: `Key (typname, typnamespace)=(${given.name}, ${state.catalog.schema(given.schema)?.oid ?? 0}) already exists.`,
      schema: 'pg_catalog', table: 'pg_type', constraint: 'pg_type_typname_nsp_index',
    });
  }
  // The words at the end are there whole.
  const name = range.name.includes('range') ? nameFits(range.name.replace('range', 'multirange'))
    : `${nameFits(range.name, NAME_BYTES - MULTIRANGE.length)}${MULTIRANGE}`;
  const chosen = { schema: range.schema, name };
  if (!isTaken(state, chosen) && name !== range.name) return chosen;
  throw new DatabaseError('42710', `type "${name}" already exists`, {
    detail: `Failed while creating a multirange type for type "${range.name}".`,
    hint: 'You can manually specify a multirange type name using the "multirange_type_name" attribute.',
  });
}

/** A function keeps its name when the type it came with gets another. */
function checkNoFunction(state: SessionState, { schema, name }: Identity, bound: LogicalType): void {
  const known = rangeConstructors(state, { schema, name });
  if (!known.some((f) => f.args.length === 3 && sameKind(f.args[0], bound))) return;
  throw new DatabaseError('42723', `function "${name}" already exists with same argument types`);
}

interface Made {
  readonly identity: Identity;
  readonly many: Identity;
  readonly bound: LogicalType;
  readonly collation: number;
  readonly operatorClass: number;
  readonly difference: number;
}

function put(state: SessionState, { identity, many, bound, collation, operatorClass, difference }: Made): void {
  const range = (multirange: TypeIdentity): TypeEntry['definition'] => (
    { kind: 'range', bound, multirange, constructedBy: identity, collation, operatorClass, difference });
  const entry = newType(state, [identity.schema, identity.name], range({ oid: 0, name: many.name }));
  const { oid, name } = entry;
  const multirange = newType(state, [many.schema, many.name], {
    kind: 'multirange', bound, range: { oid, name }, constructedBy: many,
  });
  state.current.changeCatalog([
    { kind: 'put', entry: { ...entry, definition: range({ oid: multirange.oid, name: multirange.name }) } },
    { kind: 'put', entry: multirange },
  ]);
}
