// CREATE VIEW and CREATE MATERIALIZED VIEW: the query checked, its columns and dependencies noted, its text kept.
import { boundByTime } from '../compiler/temporal-filter.ts';
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { whenThere } from '../../engine/data/soon.ts';
import type { Soon } from '../../engine/data/soon.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { someExpression } from '../../engine/expression/walk.ts';
import { bindQuery } from '../binder/bind-query.ts';
import { ColumnUse } from '../binder/column-use.ts';
import type { ClockUse } from '../binder/environment.ts';
import { categoryOf, collationOfType } from '../binder/type-rules.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { notContinuous } from '../catalog/continuous.ts';
import { FIRST_USER_OID, isTemporary } from '../catalog/entry.ts';
import type { ColumnEntry, Dependency, MaterializedViewEntry, ViewEntry, ViewSettings } from '../catalog/entry.ts';
import type { CreateMaterializedView, CreateView } from '../parser/ast-definition.ts';
import type { Query } from '../parser/ast.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { selectColumns } from '../plan/make.ts';
import { expressionsOf, visitPlan } from '../plan/map-plan.ts';
import { compileBound, compileView, optimizerSettings, sessionEnvironment } from '../planner.ts';
import { runQueryInTurns } from '../run-query.ts';
import { parseBoolean } from '../setting-value.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { rangeText } from './column-definition.ts';
import { namedColumns } from './create-table.ts';
import { allocateRowType, nameIsFree, qualified, targetSchema } from './naming.ts';
import { keptQuery } from './follow-rename.ts';
import { optionRecord } from './options.ts';
import { readCatalog } from './read-catalog.ts';
import { relationsRead } from './redefined.ts';
import { turnsOf } from './select.ts';
import { whyNotUpdatable } from './updatable-view.ts';
import { mentionFullType, oidOf, quoteIdentifier } from '../../engine/data/type-info.ts';
import { sameType } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';

interface Described {
  readonly columns: readonly ColumnEntry[];
  readonly dependencies: readonly Dependency[];
  readonly settings: ViewSettings;
}

function describeQuery(
  state: SessionState, query: Query, names: readonly string[], continuous: boolean,
): Described {
  const clocks: ClockUse[] = [];
  const columns = new ColumnUse();
  const env = { ...sessionEnvironment(state, { written: true }), columns, continuous, ...continuous ? { clocks } : {} };
  const bound = bindQuery(query, { env, parent: null, commonTables: null });
  if (continuous) refuseNames(boundByTime(bound.plan, state.evalContext(), clocks));
  const dialect = state.settings.get('sql_dialect') ?? 'postgres';
  const optimizer = optimizerSettings(state);
  return {
    columns: namedColumns(bound.columns, names, continuous ? 'rows' : 'view'),
    dependencies: [...dependenciesOf(state.catalog, env.used), ...namedIn(state.catalog, bound.plan, env.used)],
    settings: {
      format: state.settings.format, searchPath: [...state.searchPath], ...dialect === 'postgres' ? {} : { dialect },
      ...optimizer.disable === '' && optimizer.seed === 0 ? {} : { optimizer },
      ...columns.widths.size === 0 ? {} : { rowWidths: [...columns.widths].map(([type, fields]) => ({ type, fields })) },
    },
  };
}

/** Names that users give can change, and a view's rows would not follow. */
function refuseNames(plan: LogicalPlan): void {
  visitPlan(plan, (node) => {
    for (const expression of expressionsOf(node)) {
      someExpression(expression, (e) => {
        if (e.kind !== 'cast') return false;
        const [from, to] = [e.input.type.kind, e.type.kind];
        const shown = NAMED.has(from) || (from === 'regtype' && isOfUserType(e.input));
        if (shown && categoryOf(e.type) === 'S') throw notContinuous(`a name of type ${from}`);
        if (NAMED.has(to) && categoryOf(e.input.type) === 'S') throw notContinuous(`a name of type ${to}`);
        return false;
      });
    }
  });
}

function isOfUserType(e: Expression): boolean {
  return e.kind === 'call' && e.function.name === 'pg_typeof' && oidOf(e.args[0].type) >= FIRST_USER_OID;
}

const NAMED: ReadonlySet<string> = new Set(['regclass', 'regnamespace', 'regrole']);

/**
 * Whole relations: a column of one that is used by a view cannot be dropped alone. Primary keys that GROUP BY relies on. System
 * relations do not count.
 */
function dependenciesOf(catalog: Catalog, used: ReadonlySet<number>): readonly Dependency[] {
  const out: Dependency[] = [];
  const constraints = new Set([...used].flatMap((oid) => {
    const entry = catalog.get(oid);
    return entry?.kind === 'table' ? entry.constraints.map((c) => c.oid) : [];
  }));
  for (const oid of [...used].toSorted((a, b) => a - b)) {
    const entry = catalog.get(oid);
    if (constraints.has(oid)) out.push({ oid, columns: [] });
    if (entry?.kind === 'sequence') out.push({ oid, columns: [] });
    if (entry === null || !('columns' in entry)) continue;
    const columns = entry.kind === 'index' ? [] : entry.columns.filter((c) => !c.dropped).map((c) => c.attnum);
    out.push({ oid, columns });
  }
  return out;
}

/**
 * Types of users and constants of type regclass that the query speaks of: those of columns it reads are the columns' matter, a
 * view's in FROM the view's.
 */
function namedIn(catalog: Catalog, plan: LogicalPlan, used: ReadonlySet<number>): readonly Dependency[] {
  const found = new Set<number>();
  const relations = new Set<number>();
  visitPlan(plan, (node) => {
    for (const expression of expressionsOf(node)) {
      someExpression(expression, (e) => {
        if (e.kind !== 'column' && e.kind !== 'field' && e.kind !== 'subscript') noteType(e.type, found);
        if (e.kind === 'literal' && e.type.kind === 'regclass' && typeof e.value === 'number') relations.add(e.value);
        return false;
      });
    }
  });
  for (const oid of used) {
    const view = catalog.get(oid);
    if (view?.kind === 'view') for (const d of view.dependencies) {
      found.delete(d.oid);
      relations.delete(d.oid);
    }
  }
  const named = [...[...found].filter((oid) => catalog.get(oid)?.kind === 'type'),
    ...[...relations].filter((oid) => !used.has(oid) && catalog.get(oid) !== null)];
  return named.toSorted((a, b) => a - b).map((oid) => ({ oid, columns: [] }));
}

function noteType(type: LogicalType, found: Set<number>): void {
  if (type.kind === 'array') noteType(type.element, found);
  else if ('oid' in type && type.oid !== undefined) found.add(type.oid);
}

function readsTemporary(state: SessionState, { dependencies }: Described): boolean {
  return dependencies.some(({ oid }) => {
    const relation = state.catalog.relation(oid);
    return relation !== null && isTemporary(relation.schema);
  });
}

export function createView(statement: CreateView, text: string): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const { relation } = statement;
    const described = describeQuery(state, statement.query, statement.columnNames, false);
    const over = statement.persistence !== 'temporary' && readsTemporary(state, described);
    const schema = targetSchema(state, qualified(relation), relation.position, over ? 'temporary' : statement.persistence);
    if (over) state.notice('NOTICE', new DatabaseError('00000', `view "${relation.name}" will be a temporary view`));
    const old = state.catalog.relationIn(schema, relation.name);
    const replaced = statement.orReplace && old !== null
      ? requireView(old.kind === 'view' ? old : null, relation.name) : null;
    if (replaced === null && !nameIsFree(state, schema, relation.name,
      statement.ifNotExists)) return done('CREATE VIEW');
    if (replaced !== null) checkReplacement(state, replaced, described);
    const entry: ViewEntry = {
      kind: 'view', oid: replaced?.oid ?? state.services.allocateOid(), schema, name: relation.name,
      owner: replaced?.owner ?? state.role.oid, comment: replaced?.comment ?? null, acl: replaced?.acl ?? [],
      query: viewText(statement, text), ...described, options: viewOptions(statement),
      dependencies: described.dependencies.filter((d) => d.oid !== replaced?.oid),
      rowType: replaced?.rowType ?? allocateRowType(state),
    };
    requireUpdatable(state, entry);
    state.current.changeCatalog([{ kind: 'put', entry: settled(state, entry) }]);
    return done('CREATE VIEW');
  });
}

/** WITH .. CHECK OPTION is the option check_option, too. */
function viewOptions({ options, checkOption }: CreateView): ViewEntry['options'] {
  const given = optionRecord(options);
  for (const [name, value] of Object.entries(given)) {
    if (name === 'check_option') continue;
    if (name !== 'security_barrier' && name !== 'security_invoker') {
      throw new DatabaseError('22023', `unrecognized parameter "${name}"`);
    }
    if (parseBoolean(value) === null) {
      throw new DatabaseError('22023', `invalid value for boolean option "${name}": ${value}`);
    }
  }
  return checkOption === undefined ? given : { ...given, check_option: checkOption };
}

/** Only rows of a table can be checked. */
function requireUpdatable(state: SessionState, entry: ViewEntry): void {
  const option = entry.options['check_option'];
  if (option === undefined) return;
  const why = whyNotUpdatable(state, entry);
  if (why !== null) {
    throw new DatabaseError('0A000', 'WITH CHECK OPTION is supported only on automatically updatable views', { hint: why });
  }
  if (option === 'local' || option === 'cascaded') return;
  throw new DatabaseError('22023', `invalid value for enum option "check_option": ${option}`,
    { detail: 'Valid values are "local" and "cascaded".' });
}

/** In words that mean the same whatever is made later: what it reads keeps its place before others of the name. */
function settled<V extends ViewEntry | MaterializedViewEntry>(state: SessionState, entry: V): V {
  return { ...entry, query: keptQuery(state, entry) ?? entry.query };
}

/** As it is read again. */
function viewText({ query, recursive, relation, columnNames }: CreateView, text: string): string {
  const written = rangeText({ text }, query.range);
  if (!recursive) return written;
  const [name, columns] = [quoteIdentifier(relation.name), columnNames.map(quoteIdentifier).join(', ')];
  return `WITH RECURSIVE ${name}(${columns}) AS (${written}) SELECT ${columns} FROM ${name}`;
}

function requireView(found: ViewEntry | null, name: string): ViewEntry {
  if (found !== null) return found;
  throw new DatabaseError('42809', `"${name}" is not a view`);
}

/** Whether it reads the rows: what is only named has no columns in a dependency. */
function dependsOn(state: SessionState, view: Pick<ViewEntry, 'dependencies'>, oid: number): boolean {
  return view.dependencies.some((d) => {
    if (d.columns.length === 0) return false;
    if (d.oid === oid) return true;
    const entry = state.catalog.get(d.oid);
    return entry?.kind === 'view' && dependsOn(state, entry, oid);
  });
}

/** CREATE OR REPLACE VIEW may add columns behind those there are. */
function checkReplacement(state: SessionState, old: ViewEntry, described: Described): void {
  const { columns } = described;
  // PostgreSQL says it to whoever reads such a view.
  if (dependsOn(state, described, old.oid)) {
    throw new DatabaseError('42P17', `infinite recursion detected in rules for relation "${old.name}"`);
  }
  const kept = [...state.catalog.entries()].find((e) => e.kind === 'materialized-view' && dependsOn(state, e, old.oid));
  if (kept !== undefined) {
    throw notSupported(`replacing view "${old.name}", which materialized view "${kept.name}" is made over,`);
  }
  if (columns.length < old.columns.length) throw new DatabaseError('42P16', 'cannot drop columns from view');
  old.columns.forEach((before, i) => {
    const after = columns[i];
    if (before.name !== after.name) {
      throw new DatabaseError('42P16', `cannot change name of view column "${before.name}" to "${after.name}"`, {
        hint: 'Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.',
      });
    }
    if (!sameType(before.type, after.type)) {
      throw new DatabaseError('42P16', `cannot change data type of view column "${before.name}" from `
        + `${mentionFullType(before.type)} to ${mentionFullType(after.type)}`);
    }
    const [was, is] = [before, after].map((c) => c.collation ?? collationOfType(c.type));
    if (was === is) return;
    throw new DatabaseError('42P16', `cannot change collation of view column "${before.name}" from "${was}" to "${is}"`);
  });
}

export function createMaterializedView(statement: CreateMaterializedView, text: string): BoundStatement {
  return command(async (state) => {
    if (statement.replacementFor !== undefined) throw notSupported('CREATE REPLACEMENT MATERIALIZED VIEW');
    if (statement.lateDataTo !== undefined) throw notSupported('LATE DATA TO');
    if (statement.orReplace) throw notSupported('CREATE OR REPLACE MATERIALIZED VIEW');
    await state.current.lockCatalog(state.lockWait);
    const { relation } = statement;
    const schema = targetSchema(state, qualified(relation), relation.position);
    if (!nameIsFree(state, schema, relation.name, statement.ifNotExists)) return done('CREATE MATERIALIZED VIEW');
    const described = describeQuery(state, statement.query, statement.columnNames, true);
    if (readsTemporary(state, described)) {
      throw new DatabaseError('0A000', 'materialized views must not use temporary tables or views');
    }
    const entry: MaterializedViewEntry = {
      kind: 'materialized-view', oid: state.services.allocateOid(), schema, name: relation.name, owner: state.role.oid,
      comment: null, acl: [], query: rangeText({ text }, statement.query.range), ...described,
      emit: statement.emitOnWindowClose ? 'window-close' : 'changes', options: optionRecord(statement.options),
      rowType: allocateRowType(state),
    };
    // What the circuit cannot do must be said now, not when the journal is applied.
    compileView({ catalog: state.catalog, functions: state.services.functions, evalContext: state.evalContext() },
      entry, true);
    state.current.changeCatalog([{ kind: 'put', entry: settled(state, entry) }]);
    const tag = (): Soon<string> => whenThere(rowsOf(state, entry, statement.query), (n) => `SELECT ${n}`);
    return { kind: 'command', tag: 'SELECT 0', lateTag: tag };
  });
}

/** How many rows the new view has: kept ones if it is committed, else those of its query. */
function rowsOf(state: SessionState, entry: MaterializedViewEntry, query: Query): Soon<number> {
  if (state.services.catalog.get(entry.oid) !== null) {
    const { snapshot } = state.services.readPoint();
    try {
      return snapshot.rowCount(entry.oid);
    } finally {
      snapshot.release();
    }
  }
  if (entry.emit === 'window-close') return 0;
  const env = sessionEnvironment(state, { catalog: readCatalog(state) });
  const bound = bindQuery(query, { env, parent: null, commonTables: null });
  // Only their number is wanted; which rows WITH TIES keeps hangs on the columns it orders by.
  const counted = bound.withTies ? bound : { ...bound, plan: selectColumns(bound.plan, []), order: [], visible: 0 };
  const rows = runQueryInTurns(compileBound(state, counted, []), {
    snapshot: state.current.snapshot(), context: state.evalContext(), ...turnsOf(state, relationsRead(state.catalog, env.used)),
  });
  return whenThere(rows, ({ length }) => length);
}
