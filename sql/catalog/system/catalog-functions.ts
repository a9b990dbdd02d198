// Functions over the catalog (PostgreSQL manual 9.26.3 "Schema Visibility", 9.26.4 "System Catalog Information").
import { arrayFrom } from '../../../engine/data/composite.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import { DatabaseError } from '../../../engine/data/error.ts';
import { formatType, formatTypeName, quoteIdentifier, typeFromOid, typeRow } from '../../../engine/data/type-info.ts';
import {
  BOOLEAN, INT2, INT4, INT8, NAME, OID, REGCLASS, REGNAMESPACE, REGTYPE, TEXT, arrayOf, simpleType,
} from '../../../engine/data/types.ts';
import type { LogicalType } from '../../../engine/data/types.ts';
import type { RegKind } from '../../../engine/expression/context.ts';
import { bool, example, num, scalar, str } from '../../../engine/function/define.ts';
import type { CallInfo, ScalarFunction } from '../../../engine/function/function.ts';
import { encodingNumber, encodingNumbered } from '../../../engine/function/scalar/character-set.ts';
import type { Catalog } from '../catalog.ts';
import { FunctionOids } from './function-oids.ts';
import type { FunctionEntry } from './function-oids.ts';
import { constraintDefinition, constraintsOf } from './constraints.ts';
import { indexKey, indexText } from './definitions.ts';
import { isTemporary } from '../entry.ts';
import { systemOf } from './host.ts';
import { SYSTEM_BY_OID } from './relations.ts';

/** Not strict functions state it; all read the catalog, so they are stable. */
function stable(spec: Omit<Parameters<typeof scalar>[0], 'volatility'>): ScalarFunction {
  return scalar({ ...spec, volatility: 'stable' });
}

const PG_NODE_TREE = simpleType('pg_node_tree');
const CHAR = simpleType('char');

/** `typmod` null: without parameters, as error messages name types. */
function typeName(call: CallInfo, oid: number, typmod: number | null): string {
  if (oid === 0) return '-';
  const type = typeFromOid(oid, typmod ?? -1);
  if (type !== null) return typmod === null ? formatTypeName(type) : formatType(type);
  return typeRow(oid)?.name ?? call.context.catalog.nameOf('regtype', oid) ?? '???';
}

function isVisible(call: CallInfo, oid: number): boolean | null {
  const { catalog, searchPath } = systemOf(call);
  const system = SYSTEM_BY_OID.get(oid);
  if (system !== undefined) return system.schema === 'pg_catalog' || searchPath.includes(system.schema);
  const entry = catalog.get(oid);
  if (entry === null || !('schema' in entry)) return null;
  return catalog.isVisible(entry, searchPath);
}

function relationName(catalog: Catalog, oid: number): string | null {
  return catalog.get(oid)?.name ?? SYSTEM_BY_OID.get(oid)?.name ?? null;
}

const FORMAT: readonly ScalarFunction[] = [
  stable({ name: 'pg_get_userbyid', args: [OID], returns: NAME, description: 'name of the role with this OID',
    row: ([oid], call) => {
      const entry = systemOf(call).catalog.get(num(oid));
      return entry?.kind === 'role' ? entry.name : `unknown (OID=${num(oid)})`;
    } }),
  scalar({ name: 'pg_encoding_to_char', args: [INT4], returns: NAME, volatility: 'stable',
    description: 'name of an encoding by number', example: example('SELECT pg_encoding_to_char(6)', 'UTF8'),
    row: ([n]) => encodingNumbered(num(n)) ?? '' }),
  scalar({ name: 'pg_char_to_encoding', args: [NAME], returns: INT4, volatility: 'stable',
    description: 'number of an encoding by name', example: example("SELECT pg_char_to_encoding('UTF8')", '6'),
    row: ([name]) => encodingNumber(str(name)) }),
];

function visibility(name: string, what: string): ScalarFunction {
  return stable({ name, args: [OID], returns: BOOLEAN, description: `is the ${what} found by its bare name?`,
    row: ([oid], call) => isVisible(call, num(oid)) });
}

/** Functions, operators and collations all live in pg_catalog. */
function alwaysVisible(name: string, what: string): ScalarFunction {
  return stable({ name, args: [OID], returns: BOOLEAN, description: `is the ${what} found by its bare name?`, row: () => true });
}

function typeVisible(call: CallInfo, oid: number): boolean | null {
  const { catalog, searchPath } = systemOf(call);
  if (typeFromOid(oid) !== null) return true;
  const found = catalog.ofType(oid) ?? catalog.ofArrayType(oid);
  return found === null ? null : catalog.isVisible(found, searchPath);
}

const VISIBILITY: readonly ScalarFunction[] = [
  visibility('pg_table_is_visible', 'relation'),
  stable({ name: 'pg_type_is_visible', args: [OID], returns: BOOLEAN, description: 'is the type found by its bare name?',
    row: ([oid], call) => typeVisible(call, num(oid)) }),
  ...(['function', 'operator', 'opclass', 'opfamily', 'collation', 'conversion', 'statistics_obj', 'ts_config', 'ts_dict', 'ts_parser', 'ts_template'] as const)
    .map((what) => alwaysVisible(`pg_${what}_is_visible`, what)),
];

const EXPRESSIONS: readonly ScalarFunction[] = [
  ...[[PG_NODE_TREE, OID], [PG_NODE_TREE, OID, BOOLEAN], [TEXT, OID], [TEXT, OID, BOOLEAN]].map((args) => stable({
    name: 'pg_get_expr', args, returns: TEXT, description: 'text of a stored expression',
    row: ([text, relation, pretty], call) => systemOf(call).printed(str(text), { relation: num(relation), pretty: pretty === true }) })),
  ...[[OID], [OID, BOOLEAN], [OID, INT4]].map((args) => stable({
    name: 'pg_get_viewdef', args, returns: TEXT, description: 'text of a view\'s query',
    row: ([oid, how], call) => viewDefinition(call, num(oid), how ?? false) })),
  ...[[TEXT], [TEXT, BOOLEAN]].map((args) => stable({
    name: 'pg_get_viewdef', args, returns: TEXT, description: 'text of a view\'s query, by the view\'s name',
    row: ([name, how], call) => viewDefinition(call, call.context.catalog.oidOf('regclass', str(name)), how ?? false) })),
  ...[[OID], [OID, BOOLEAN]].map((args) => stable({
    name: 'pg_get_constraintdef', args, returns: TEXT, description: 'text of a constraint',
    row: ([oid, pretty], call) => constraintDefinition(systemOf(call), num(oid), pretty === true) })),
  stable({ name: 'pg_get_indexdef', args: [OID], returns: TEXT, description: 'CREATE INDEX statement of an index',
    row: ([oid], call) => {
      const context = systemOf(call);
      const entry = context.catalog.get(num(oid));
      return entry?.kind === 'index' ? indexText(context, entry) : null;
    } }),
  stable({ name: 'pg_get_indexdef', args: [OID, INT4, BOOLEAN], returns: TEXT, description: 'a column of an index, or its statement for column 0',
    row: ([oid, column, pretty], call) => {
      const context = systemOf(call);
      const entry = context.catalog.get(num(oid));
      if (entry?.kind !== 'index') return null;
      if (num(column) === 0) return indexText(context, entry, bool(pretty));
      return num(column) < 0 ? '' : indexKey(context, entry, num(column) - 1, bool(pretty)) ?? '';
    } }),
  // What we have none of: triggers, rules, partitions, extended statistics.
  ...[['pg_get_triggerdef', [OID]], ['pg_get_triggerdef', [OID, BOOLEAN]], ['pg_get_ruledef', [OID]], ['pg_get_ruledef', [OID, BOOLEAN]],
    ['pg_get_partkeydef', [OID]], ['pg_get_statisticsobjdef_columns', [OID]], ['pg_get_statisticsobjdef', [OID]],
    ['pg_get_partition_constraintdef', [OID]], ['pg_get_functiondef', [OID]]].map(([name, args]) => stable({
    name: String(name), args: Array.isArray(args) ? args : [], returns: TEXT, row: () => null,
    description: 'definition of an object of a kind there is none of' })),
];

/** `how`: whether pretty, or how long the lines of lists may be. */
function viewDefinition(call: CallInfo, oid: number, how: Datum): Datum {
  const context = systemOf(call);
  const entry = context.catalog.get(oid);
  if (entry?.kind === 'view' || entry?.kind === 'materialized-view') {
    return context.viewText(entry, typeof how === 'number' ? { pretty: true, wrap: how } : { pretty: how === true, wrap: 0 });
  }
  return SYSTEM_BY_OID.has(oid) || entry === null ? null : 'Not a view';
}

/** As pg_relation_is_updatable() says it. */
function writableParts(call: CallInfo, oid: number): { readonly events: number; readonly columns: ReadonlySet<number> | null } {
  const context = systemOf(call);
  const entry = context.catalog.get(oid);
  if (entry?.kind === 'view') return context.writable(entry);
  return { events: entry?.kind === 'table' ? 28 : 0, columns: null };
}

const UPDATABLE: readonly ScalarFunction[] = [
  stable({ name: 'pg_relation_is_updatable', args: [REGCLASS, BOOLEAN], returns: INT4,
    description: 'what may be done to a relation: the sum of 4 UPDATE, 8 INSERT, 16 DELETE',
    row: ([oid], call) => writableParts(call, num(oid)).events }),
  stable({ name: 'pg_column_is_updatable', args: [REGCLASS, INT2, BOOLEAN], returns: BOOLEAN,
    description: 'may the column be set and the row deleted?',
    row: ([oid, attnum], call) => {
      const { events, columns } = writableParts(call, num(oid));
      return num(attnum) > 0 && (events & 20) === 20 && columns?.has(num(attnum)) !== false;
    } }),
];

function argumentList(f: FunctionEntry): string {
  const all = f.args.map(formatTypeName);
  if (f.variadic !== null) all.push(`VARIADIC ${formatTypeName(f.variadic)}`);
  return all.join(', ');
}

function functionFact(name: string, description: string, fact: (f: FunctionEntry) => Datum): ScalarFunction {
  return stable({ name, args: [OID], returns: TEXT, description,
    row: ([oid], call) => {
      const f = FunctionOids.of(systemOf(call).functions).byOid(num(oid));
      return f === null ? null : fact(f);
    } });
}

const FUNCTIONS: readonly ScalarFunction[] = [
  functionFact('pg_get_function_arguments', 'argument list of a function', argumentList),
  functionFact('pg_get_function_identity_arguments', 'argument list of a function, without defaults', argumentList),
  functionFact('pg_get_function_result', 'result type of a function', (f) => `${f.returnsSet ? 'SETOF ' : ''}${formatTypeName(f.returns)}`),
  functionFact('pg_get_function_sqlbody', 'SQL body of a function', () => null),
];

function commentOn(catalog: Catalog, oid: number, column: number): Datum {
  const entry = catalog.get(oid);
  if (entry === null) {
    for (const { constraint } of constraintsOf(catalog)) if (constraint.oid === oid) return constraint.comment;
    return null;
  }
  if (column === 0) return entry.comment;
  return 'columns' in entry && entry.kind !== 'index' ? entry.columns.find((c) => c.attnum === column)?.comment ?? null : null;
}

const COMMENTS: readonly ScalarFunction[] = [
  stable({ name: 'obj_description', args: [OID], returns: TEXT, description: 'comment on an object',
    row: ([oid], call) => commentOn(systemOf(call).catalog, num(oid), 0) }),
  stable({ name: 'obj_description', args: [OID, NAME], returns: TEXT, description: 'comment on an object of a catalog',
    row: ([oid, catalog], call) => {
      const f = str(catalog) === 'pg_proc' ? FunctionOids.of(systemOf(call).functions).byOid(num(oid)) : null;
      return f?.description ?? commentOn(systemOf(call).catalog, num(oid), 0);
    } }),
  stable({ name: 'col_description', args: [OID, INT4], returns: TEXT, description: 'comment on a column',
    row: ([oid, column], call) => commentOn(systemOf(call).catalog, num(oid), num(column)) }),
  stable({ name: 'shobj_description', args: [OID, NAME], returns: TEXT, description: 'comment on a shared object',
    row: ([oid], call) => commentOn(systemOf(call).catalog, num(oid), 0) }),
];

/** No such relation, function, schema, type or role, or more than one function of that name. */
const NOT_FOUND: ReadonlySet<string> = new Set(['42P01', '42883', '3F000', '42704', '42725']);

function lookUp(name: string, returns: LogicalType, kind: RegKind): ScalarFunction {
  return stable({ name, args: [TEXT], returns, description: `OID by name, NULL when there is none`,
    row: ([text], call) => {
      // What ::regclass would take for an OID is a name here.
      if (/^(\d+|-)$/.test(str(text)) && kind !== 'regtype') return null;
      try {
        return call.context.catalog.oidOf(kind, str(text));
      } catch (error) {
        if (error instanceof DatabaseError && NOT_FOUND.has(error.code)) return null;
        throw error;
      }
    } });
}

const LOOK_UPS: readonly ScalarFunction[] = [
  lookUp('to_regclass', REGCLASS, 'regclass'),
  lookUp('to_regtype', REGTYPE, 'regtype'),
  lookUp('to_regnamespace', REGNAMESPACE, 'regnamespace'),
  lookUp('to_regrole', simpleType('regrole'), 'regrole'),
  lookUp('to_regproc', simpleType('regproc'), 'regproc'),
  lookUp('to_regprocedure', simpleType('regprocedure'), 'regprocedure'),
  lookUp('to_regoper', simpleType('regoper'), 'regoper'),
  lookUp('to_regoperator', simpleType('regoperator'), 'regoperator'),
];

/** All roles there are may do all there is, as long as each is a superuser; what does not exist is an error or NULL. */
function privilege(name: string, object: readonly LogicalType[], exists: (call: CallInfo, object: Datum) => boolean): readonly ScalarFunction[] {
  const variants: LogicalType[][] = [];
  for (const o of object) variants.push([o, TEXT], [NAME, o, TEXT], [OID, o, TEXT]);
  return variants.map((args) => stable({ name, args, returns: BOOLEAN, description: 'may the user do this with the object?',
    row: (values, call) => (exists(call, values[values.length - 2]) ? true : null) }));
}

function relationExists(call: CallInfo, object: Datum): boolean {
  if (typeof object === 'string') {
    call.context.catalog.oidOf('regclass', object);
    return true;
  }
  return relationName(systemOf(call).catalog, num(object)) !== null;
}

function schemaExists(call: CallInfo, object: Datum): boolean {
  if (typeof object === 'string') {
    systemOf(call).catalog.requireSchema(object);
    return true;
  }
  return systemOf(call).catalog.get(num(object))?.kind === 'schema';
}

const PRIVILEGES: readonly ScalarFunction[] = [
  ...privilege('has_table_privilege', [TEXT, OID], relationExists),
  ...privilege('has_any_column_privilege', [TEXT, OID], relationExists),
  ...privilege('has_sequence_privilege', [TEXT, OID], relationExists),
  ...privilege('has_schema_privilege', [TEXT, OID], schemaExists),
  ...privilege('has_database_privilege', [TEXT, OID], () => true),
  ...privilege('has_type_privilege', [TEXT, OID], () => true),
  ...privilege('has_function_privilege', [TEXT, OID], () => true),
  ...privilege('has_language_privilege', [TEXT, OID], () => true),
  ...privilege('has_tablespace_privilege', [TEXT, OID], () => true),
  ...[[TEXT, TEXT, TEXT], [OID, TEXT, TEXT], [OID, INT2, TEXT], [TEXT, INT2, TEXT]].map((args) => stable({
    name: 'has_column_privilege', args, returns: BOOLEAN, description: 'may the user do this with the column?',
    row: ([object], call) => (relationExists(call, object) ? true : null) })),
  ...[[NAME, TEXT], [OID, TEXT], [NAME, NAME, TEXT], [OID, OID, TEXT]].map((args) => stable({
    name: 'pg_has_role', args, returns: BOOLEAN, description: 'is the user a member of the role?', row: () => true })),
];

/** Bytes of state held for a relation: what "size" can mean before pages are on disk. */
function size(name: string, description: string): readonly ScalarFunction[] {
  const args: LogicalType[][] = name === 'pg_relation_size' ? [[REGCLASS], [REGCLASS, TEXT]] : [[REGCLASS]];
  return args.map((list) => stable({ name, args: list, returns: INT8, description,
    row: ([oid], call) => {
      const { catalog, stateSize } = systemOf(call);
      const entry = catalog.get(num(oid));
      if (entry === null) return SYSTEM_BY_OID.has(num(oid)) ? 0n : null;
      return entry.kind === 'table' || entry.kind === 'source' || entry.kind === 'materialized-view' ? BigInt(stateSize(entry.oid).bytes) : 0n;
    } }));
}

function databaseSize(call: CallInfo): bigint {
  const { catalog, stateSize } = systemOf(call);
  let bytes = 0;
  for (const e of catalog.relations()) {
    if (e.kind === 'table' || e.kind === 'source' || e.kind === 'materialized-view') bytes += stateSize(e.oid).bytes;
  }
  return BigInt(bytes);
}

const SIZES: readonly ScalarFunction[] = [
  ...size('pg_relation_size', 'bytes of state held for a relation'),
  ...size('pg_table_size', 'bytes of state held for a table'),
  ...size('pg_total_relation_size', 'bytes of state held for a table and its indexes'),
  ...size('pg_indexes_size', 'bytes of state held for the indexes of a table'),
  ...[[NAME], [OID]].map((args) => stable({ name: 'pg_database_size', args, returns: INT8,
    description: 'bytes of state held for all relations', row: (_, call) => databaseSize(call) })),
];

const SERVER: readonly ScalarFunction[] = [
  ...[[TEXT], [OID]].map((args) => stable({ name: 'row_security_active', args, returns: BOOLEAN,
    description: 'do policies filter what the user sees of a table? There are none',
    row: ([table], call) => {
      if (typeof table === 'string') call.context.catalog.oidOf('regclass', table);
      return false;
    } })),
  scalar({ name: 'getdatabaseencoding', args: [], returns: NAME, volatility: 'stable', description: 'encoding of the database',
    example: example('SELECT getdatabaseencoding()', 'UTF8'), row: () => 'UTF8' }),
  stable({ name: 'pg_tablespace_location', args: [OID], returns: TEXT,
    description: 'path of a tablespace, empty for those that come with the server', row: () => '' }),
  stable({ name: 'pg_is_in_recovery', args: [], returns: BOOLEAN, description: 'is the server a standby?',
    example: example('SELECT pg_is_in_recovery()', 'f'), row: () => false }),
  stable({ name: 'pg_my_temp_schema', args: [], returns: OID, description: 'OID of the session\'s temporary schema, 0 when it has none', row: (_, call) => {
    const { catalog, searchPath } = systemOf(call);
    const own = searchPath.find(isTemporary);
    return own === undefined ? 0 : catalog.schema(own)?.oid ?? 0;
  } }),
  stable({ name: 'pg_is_other_temp_schema', args: [OID], returns: BOOLEAN, description: 'is it another session\'s temporary schema?', row: ([oid], call) => {
    const { catalog, searchPath } = systemOf(call);
    const entry = catalog.get(Number(oid));
    return entry?.kind === 'schema' && isTemporary(entry.name) && !searchPath.includes(entry.name);
  } }),
  stable({ name: 'pg_relation_is_publishable', args: [REGCLASS], returns: BOOLEAN, description: 'may the relation be published?',
    row: ([oid], call) => systemOf(call).catalog.get(num(oid))?.kind === 'table' }),
  stable({ name: 'pg_postmaster_start_time', args: [], returns: { kind: 'timestamptz', typmod: -1 }, description: 'when the server started',
    row: (_, call) => systemOf(call).startTime }),
  stable({ name: 'pg_get_serial_sequence', args: [TEXT, TEXT], returns: TEXT, description: 'name of the sequence a column owns',
    row: ([table, column], call) => {
      const { catalog } = systemOf(call);
      const entry = catalog.get(call.context.catalog.oidOf('regclass', str(table)));
      if (entry?.kind !== 'table') return null;
      const found = entry.columns.find((c) => c.name === str(column) && !c.dropped);
      if (found === undefined) throw new DatabaseError('42703', `column "${str(column)}" of relation "${entry.name}" does not exist`);
      const sequence = found.sequence === null ? null : catalog.get(found.sequence);
      return sequence?.kind === 'sequence' ? `${quoteIdentifier(sequence.schema)}.${quoteIdentifier(sequence.name)}` : null;
    } }),
  stable({ name: 'current_schemas', args: [BOOLEAN], returns: arrayOf(NAME), description: 'schemas of the search path, implicit ones on demand',
    row: ([implicit], call) => {
      const { catalog, searchPath } = systemOf(call);
      const effective = catalog.effectivePath(searchPath);
      return arrayFrom(bool(implicit) ? [...effective] : effective.filter((s) => (s !== 'pg_catalog' || searchPath.includes(s)) && !isTemporary(s)));
    } }),
];

/** information_schema's helpers that drivers call by name. */
const STANDARD: readonly ScalarFunction[] = [
  scalar({ name: 'information_schema._pg_truetypid', args: [CHAR, OID, OID], returns: OID, description: 'a column\'s type below its domain',
    row: ([typtype, base, own]) => (str(typtype) === 'd' ? base : own) }),
];

export const CATALOG_FUNCTIONS: readonly ScalarFunction[] = [
  stable({ name: 'format_type', args: [OID, INT4], returns: TEXT, strict: false, description: 'SQL name of a type with its parameters',
    example: example('SELECT format_type(1043, 14)', 'character varying(10)'),
    row: ([oid, typmod], call) => (oid === null ? null : typeName(call, num(oid), typmod === null ? null : num(typmod))) }),
  ...FORMAT, ...VISIBILITY, ...EXPRESSIONS, ...UPDATABLE, ...FUNCTIONS, ...COMMENTS, ...LOOK_UPS, ...PRIVILEGES, ...SIZES, ...SERVER, ...STANDARD,
];
