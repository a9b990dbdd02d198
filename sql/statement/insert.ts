// INSERT: target columns, rows from VALUES or a query, ON CONFLICT, RETURNING.
import { VectorBuilder, datumAt } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { whenThere } from '../../engine/data/soon.ts';
import { compileExpression } from '../../engine/expression/evaluate.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { bindCommonTables, bindQuery } from '../binder/bind-query.ts';
import type { Environment } from '../binder/environment.ts';
import type { BoundQuery, Clause, CommonTableScope, Site } from '../binder/level.ts';
import { locationOf } from '../binder/location.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import type { Expr, Insert, Query, WithClause } from '../parser/ast.ts';
import { parseExpression } from '../parser/parse.ts';
import {
  assignTypes, bindAssignment, bindRowExpression, compileBound, rowSite, withParameters,
} from '../planner.ts';
import { queryWork } from '../run-query.ts';
import type { SessionState } from '../session-state.ts';
import type { Work } from '../turns.ts';
import { checkAssignable, checkWidth, targetColumns } from './insert-target.ts';
import type { InsertTarget } from './insert-target.ts';
import type { Modification, ModificationSite } from './modification.ts';
import { bindConflict, conflictDetails, conflictSnapshot, writeWithConflicts } from './on-conflict.ts';
import { requireSameIndexes } from './redefined.ts';
import { bindReturning, returningSnapshot, written } from './returning.ts';
import { assembleQuery, assembled, gatherParts, hasParts, refuseDefault } from './insert-parts.ts';
import { defaultExpression } from './table-rules.ts';
import { TableWriter, prepareWrite } from './table-writer.ts';
import { writeTarget } from './updatable-view.ts';
import type { WriteTarget } from './updatable-view.ts';
import { withNames } from './with-names.ts';

type ValuesBody = Extract<Query['body'], { readonly kind: 'values' }>;

interface RowSource {
  /** null: rows of expressions. */
  readonly query: BoundQuery | null;
  /** Makes the rows: columns in the order of the target list, of the target columns' types. */
  readonly make: (state: SessionState, parameters: readonly Datum[], writer: TableWriter) => Work<Batch>;
}

export function bindInsert(statement: Insert, { state, env, commonTables }: ModificationSite): Modification {
  const through = writeTarget(state, statement.relation, 'insert into');
  const { table } = through;
  const columns = targetColumns(through.seen, statement.columns);
  const { source } = statement;
  const target = {
    state, statement, through, table, columns, given: statement.columns, overriding: statement.overriding, commonTables,
  };
  // What WITH changes is changed all the same.
  if (source === undefined) bindCommonTablesOf(statement, env, commonTables);
  const rows = source === undefined ? defaultRow() : bindSource(env, { ...target, source });
  const conflict = statement.onConflict === undefined ? null
    : bindConflict(env, state, {
      through, table, alias: statement.alias, clause: statement.onConflict,
      commonTables: withNames(env, commonTables, statement.with),
    });
  const excluded = conflict?.action === 'update' ? [through.item({ alias: 'excluded' })] : [];
  const returning = bindReturning({ env, commonTables, names: statement.with },
    statement.returning.length === 0 ? [] : [through.item({ alias: statement.alias })], statement.returning, excluded);
  const targets = source === undefined ? [] : [...new Set(columns.map((c) => c.attnum))].filter((attnum) => attnum > 0);
  return {
    columns: returning?.columns ?? null,
    write: {
      title: `Insert on ${shownName(statement)}`, details: conflict === null ? [] : conflictDetails(conflict), query: rows.query,
    },
    prepare: (session) => whenThere(
      prepareWrite(session, table, 'INSERT', conflict?.action === 'update' ? 'change' : 'insert'),
      () => conflict === null ? undefined : requireSameIndexes(session, table, conflict.indexes)),
    changes: null,
    run: function* (session, values) {
      const writer = new TableWriter(session, table);
      const before = returningSnapshot(session, returning);
      const conflictBefore = conflictSnapshot(session, conflict);
      const given = yield* rows.make(session, values, writer);
      const kept = overriding(statement, targets, table);
      const complete = yield* writer.completed(given.select(kept.map((attnum) => targets.indexOf(attnum))), kept);
      const inserted = conflict === null ? complete
        : yield* writeWithConflicts(session, writer, conflict, { rows: complete, parameters: values, before: conflictBefore });
      if (conflict === null) yield* writer.insert(complete);
      through.check(session, inserted, values);
      return written(session, returning, { parameters: values, before, rows: inserted });
    },
  };
}

function shownName({ relation, alias }: Insert): string {
  return alias === undefined || alias === relation.name ? relation.name : `${relation.name} ${alias}`;
}

/** OVERRIDING USER VALUE: identity columns get their sequence's values whatever was given. */
function overriding(statement: Insert, targets: readonly number[], table: TableEntry): readonly number[] {
  if (statement.overriding !== 'user') return targets;
  return targets.filter((attnum) => table.columns[attnum - 1].identity === null);
}

/** What is given for the column is not used. */
function overridden({ overriding }: InsertTarget, column: ColumnEntry): boolean {
  return overriding === 'user' && column.identity !== null;
}

function bindCommonTablesOf({ with: names }: Insert, env: Environment, commonTables: CommonTableScope | null): void {
  if (names !== undefined) bindCommonTables(names, { env, parent: null, commonTables });
}

function defaultRow(): RowSource {
  return { query: null, make: made(() => new Batch([], 1)) };
}

interface Target extends InsertTarget {
  readonly state: SessionState;
  readonly statement: Insert;
  readonly source: Query;
  readonly commonTables: CommonTableScope | null;
  readonly through: WriteTarget;
}

function bindSource(env: Environment, target: Target): RowSource {
  const { source, statement } = target;
  const { body } = source;
  const plain = isPlain(source) && statement.with === undefined;
  if (body.kind === 'values' && plain && !body.rows.some((row) => row.some((e) => isStar(e) || hasSubquery(e)))) {
    return bindRows(env, target, body.rows);
  }
  return bindQuerySource(env, target);
}

/** A single row of VALUES is a select list without FROM: set-returning calls make several of it. */
const ONE_ROW: Clause = { phrase: 'VALUES', sets: true };

function asSelect({ rows: [row], position }: ValuesBody): Query['body'] {
  return {
    kind: 'select', distinct: undefined, from: [], where: undefined, groupBy: [], groupDistinct: false, groupByAll: false,
    having: undefined, windows: [], qualify: undefined, into: undefined, position,
    targets: row.map((expression) => ({ expression, alias: undefined, position: locationOf(expression) })),
  };
}

/** Of VALUES: it may have DEFAULT in it. */
function isPlain(source: Query): boolean {
  return source.with === undefined && source.orderBy.length === 0 && source.limit === undefined && source.offset === undefined;
}

function isStar(e: Expr): boolean {
  return e.kind === 'star' || e.kind === 'fieldStar';
}

function hasSubquery(e: Expr): boolean {
  return JSON.stringify(e).includes('"kind":"query"');
}

/** VALUES: each cell an expression of its column's type, or DEFAULT. */
function bindRows(env: Environment, target: Target, rows: readonly (readonly Expr[])[]): RowSource {
  const [first] = rows;
  const bad = rows.find((row) => row.length !== first.length);
  if (bad !== undefined) {
    throw new DatabaseError('42601', 'VALUES lists must all be the same length', { position: locationOf(bad[0]) });
  }
  const columns = checkWidth(target, first.length, {
    extra: first.length > target.columns.length ? locationOf(first[target.columns.length]) : undefined,
      values: undefined,
  });
  target.through.requireColumns(columns, 'insert into');
  const site = rowSite(env, [], rows.length === 1 ? ONE_ROW : { phrase: 'VALUES' });
  const parts = hasParts(target.given) ? gatherParts(columns) : null;
  const stored = parts?.map((g) => g.column) ?? columns;
  const cells = parts !== null ? rows.map((row) => partCells(site, target, parts, row))
    : rows.map((row) => row.map((e, c): Expression | null => {
      if (e.kind === 'default') return null;
      checkAssignable(target, columns[c]);
      return bindAssignment(site, e, columns[c]);
    }));
  if (site.level.sets.length > 0) return bindQuerySource(env, target);
  return { query: null, make: made((state, parameters, writer) => {
    let context: EvalContext | null = null;
    const builders = stored.map((c) => new VectorBuilder(c.type, cells.length));
    const one = new Batch([], 1);
    for (const row of cells) {
      row.forEach((cell, c) => {
        if (cell === null) {
          const value = overridden(target, stored[c]) ? null : writer.rules.defaultDatum(state, stored[c].attnum - 1);
          builders[c].append(value);
        }
        else if (cell.kind === 'literal') builders[c].append(cell.value);
        else {
          const e = withParameters(cell, parameters);
          if (e.kind === 'literal') builders[c].append(e.value);
          else {
            context ??= state.evalContext();
            builders[c].append(datumAt(compileExpression(e).evaluate(one, context), 0));
          }
        }
      });
    }
    return padded(parts === null ? target.columns : stored, builders.map((b) => b.finish()), cells.length, { state, writer });
  }) };
}

/** Rows that are given are made at once. */
function made(make: (...given: Parameters<RowSource['make']>) => Batch): RowSource['make'] {
  return function* (...given) {
    const rows = make(...given);
    yield true;
    return rows;
  };
}

function partCells(
  site: Site, target: Target, parts: ReturnType<typeof gatherParts>, row: readonly Expr[],
): readonly (Expression | null)[] {
  const values = row.map((e, c): Expression => {
    if (e.kind === 'default' && target.given[c].path.length > 0) throw refuseDefault(target.given[c]);
    return e.kind === 'default' ? { kind: 'literal', type: target.columns[c].type, value: null } : bindRowExpression(site, e);
  });
  return parts.map((gathered) => {
    if (row[gathered.places[0]].kind === 'default') return null;
    checkAssignable(target, gathered.column);
    return assembled(site, gathered, target.given, { values, written: row });
  });
}

/** Fewer values than columns: the rest get their defaults. */
function padded(
  stored: readonly ColumnEntry[], vectors: readonly Batch['columns'][number][], length: number,
  how: { readonly state: SessionState; readonly writer: TableWriter },
): Batch {
  const given = new Set(stored.slice(0, vectors.length).map((c) => c.attnum));
  // Columns of a view that are none of the table's, or one of it once more, are not stored.
  const rest = stored.slice(vectors.length)
    .filter((c, i, all) => c.attnum > 0 && !given.has(c.attnum) && all.findIndex((o) => o.attnum === c.attnum) === i);
  const defaults = how.writer.rules.defaultVectors(how.state, rest.map((c) => c.attnum - 1), length);
  return new Batch([...vectors, ...defaults.values()], length);
}

/** DEFAULT as the expression it stands for. */
function withDefaults(target: Target, body: ValuesBody): ValuesBody {
  return { ...body, rows: body.rows.map((row) => row.map((e, c) => {
    if (e.kind !== 'default' || c >= target.columns.length) return e;
    if ((target.given[c]?.path.length ?? 0) > 0) throw refuseDefault(target.given[c]);
    const text = overridden(target, target.columns[c]) ? null : defaultExpression(target.state, target.columns[c]);
    return text === null ? { kind: 'null', position: e.position } : parseExpression(text);
  })) };
}

/** WITH before INSERT, and before its query. */
function bothNames(outer: WithClause | undefined, inner: WithClause | undefined): WithClause | undefined {
  if (outer === undefined || inner === undefined) return outer ?? inner;
  return { recursive: outer.recursive || inner.recursive, tables: [...outer.tables, ...inner.tables], position: outer.position };
}

/** What the first SELECT of a query computes. */
function firstList({ body }: Query): readonly Expr[] {
  if (body.kind === 'setOperation') return firstList(body.left);
  return body.kind === 'select' ? body.targets.map((t) => t.expression) : [];
}

function bindQuerySource(env: Environment, target: Target): RowSource {
  const { statement, source } = target;
  const { body } = source;
  const given = body.kind === 'values' && isPlain(source) ? withDefaults(target, body) : null;
  const single = given?.rows.length === 1 ? asSelect(given) : null;
  const query: Query = { ...source, body: single ?? given ?? body, with: bothNames(statement.with, source.with) };
  const first = bindQuery(query, {
    env, parent: null, commonTables: target.commonTables, keepUnknown: body.kind !== 'values' || isPlain(source),
    ...(single === null ? {} : { output: ONE_ROW }),
  });
  const list = firstList(query);
  const exact = list.length === first.columns.length ? list : [];
  const columns = checkWidth(target, first.columns.length, {
    extra: exact.length > target.columns.length ? locationOf(exact[target.columns.length]) : undefined,
      values: undefined,
  });
  target.through.requireColumns(columns, 'insert into');
  const rows = body.kind === 'values' && isPlain(source) ? body.rows : [];
  columns.forEach((column, c) => {
    const isDefault = (row: readonly Expr[]): boolean => row.length === columns.length && row[c].kind === 'default';
    if (rows.length === 0 || !rows.every(isDefault)) checkAssignable(target, column);
  });
  const bound = hasParts(target.given)
    ? assembleQuery(rowSite(env, [], { phrase: 'VALUES' }), first, gatherParts(columns), { given: target.given, written: exact })
    : assignTypes(env, first, columns, exact, 0);
  return { query: bound, make: function* (state, parameters, writer) {
    const rows = yield* queryWork(compileBound(state, bound, parameters), {
      snapshot: state.current.snapshot(), context: state.evalContext(),
    });
    return padded([...new Set(target.columns)], rows.columns, rows.length, { state, writer });
  } };
}
