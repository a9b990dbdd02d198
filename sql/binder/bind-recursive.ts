// WITH RECURSIVE: base UNION [ALL] step, where the step reads what the last round added.
import { DatabaseError } from '../../engine/data/error.ts';
import { mentionFullType } from '../../engine/data/type-info.ts';
import { sameType, TEXT } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { CommonTable, Query, QueryBody, SetOperation } from '../parser/ast.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { convertColumns, targetPosition, unionCollation } from './bind-set-operation.ts';
import { coerceArgument } from './coercion.ts';
import { readCollation } from './collation.ts';
import { requireCommonType } from './common-type.ts';
import { Level } from './level.ts';
import type { BoundQuery, CommonTableScope, QuerySite, Recursion, Site } from './level.ts';
import { locationOf } from './location.ts';
import { Scope } from './scope.ts';
import { checkComparable } from './order.ts';
import { checkRecursion } from './recursion-rules.ts';
import { withSearchAndCycle } from './search-cycle.ts';
import type { Extended } from './search-cycle.ts';
import { asRelation } from './relation.ts';
import { collationOfType } from './type-rules.ts';
import type { ResultColumn } from '../session-api.ts';
import type { Trace } from './trace.ts';

/** Requires: the table's statement mentions its name; `outer` has what its own WITH names. */
export function bindRecursive(table: CommonTable, query: Query, outer: QuerySite, recurse: Recursion): BoundQuery {
  const written = checkRecursion(table, query);
  if (table.search === undefined && table.cycle === undefined) return bindUnion(table, written, NONE, { outer, recurse });
  const base = recurse.query(written.left, { ...outer, keepUnknown: true });
  checkColumnCount(table, base);
  if (table.cycle !== undefined) checkMarks(table.cycle, outer, recurse);
  const extended = withSearchAndCycle(table, query, base.columns.map((c, i) => table.columns[i] ?? c.name));
  const bound = bindUnion(table, checkRecursion(table, extended.query), extended, { outer, recurse });
  noteWritten(written, extended, outer.env.trace);
  return bound;
}

/** What was written is printed, not what it was extended to: its right side has no columns of ours. */
function noteWritten(written: SetOperation, { query, hidden }: Extended, trace: Trace | undefined): void {
  const { body } = query;
  if (trace === undefined || body.kind !== 'setOperation') return;
  trace.types.set(written, trace.types.get(body)?.slice(0, -hidden.length) ?? []);
  const right = stepBody(body);
  const noted = right === undefined ? undefined : trace.queries.get(right);
  if (noted !== undefined) trace.queries.set(written.right.body, { ...noted, targets: noted.targets.slice(0, -hidden.length) });
}

/** The recursive term inside of what withSearchAndCycle() has put around it. */
function stepBody({ right }: SetOperation): QueryBody | undefined {
  const [item] = right.body.kind === 'select' ? right.body.from : [];
  return item?.kind === 'subquery' ? item.query.body : undefined;
}

/** The two values of the mark are of one type. */
function checkMarks(
  { value, otherwise }: NonNullable<CommonTable['cycle']>, { env, parent, commonTables }: QuerySite, recurse: Recursion,
): void {
  const scope = new Scope(parent);
  const site: Site = {
    env, scope, level: new Level(scope), clause: { phrase: 'CYCLE' }, commonTables, recurse, windows: new Map(),
  };
  const marks = [value, otherwise].map((e) => recurse.expression(e, site));
  const place = (which: number): number | undefined => locationOf(which === 0 ? value : otherwise);
  const type = requireCommonType(marks.map((e) => e.type), 'CYCLE', place);
  [value, otherwise].forEach((e, i) => env.trace?.calls.set(e, coerceArgument(env, marks[i], type, place(i))));
}

type Added = Pick<Extended, 'hidden' | 'shown'>;

const NONE: Added = { hidden: [], shown: [] };

function checkColumnCount(table: CommonTable, base: BoundQuery): void {
  if (table.columns.length <= base.visible) return;
  throw new DatabaseError('42P10', `WITH query "${table.name}" has ${base.visible} columns available `
    + `but ${table.columns.length} columns specified`, { position: table.position });
}

function bindUnion(
  table: CommonTable, body: SetOperation, added: Added, { outer, recurse }: { outer: QuerySite; recurse: Recursion },
): BoundQuery {
  const { env } = outer;
  const base = recurse.query(body.left, { ...outer, keepUnknown: true });
  checkColumnCount(table, base);
  const own = base.visible - added.hidden.length;
  const types = base.columns.map((c): LogicalType => (c.type.kind === 'unknown' ? TEXT : c.type));
  const schema = { columns: base.columns.map((c, i) => ({ name: table.columns[i] ?? c.name, type: types[i] })) };
  const id = env.shared.fresh();
  const working: LogicalPlan = { kind: 'working-table', id, name: table.name, schema };
  const all = schema.columns.map((c, i): ResultColumn => {
    const { collation } = base.columns[i];
    return { ...c, table: 0, attribute: 0, ...collation === undefined ? {} : { collation } };
  });
  const itself: CommonTableScope = {
    parent: outer.commonTables, name: table.name,
    columns: all.slice(0, own), plan: () => ({ ...working }),
    // Also under the names that the query around knows them by.
    hidden: all.slice(own).flatMap((c, i) => [c, { ...c, name: added.shown[i] }].map((x) => ({ ...x, index: own + i }))),
  };
  const step = recurse.query(body.right, { ...outer, commonTables: itself, keepUnknown: true });
  if (base.visible !== step.visible) {
    throw new DatabaseError('42601', 'each UNION query must have the same number of columns',
      { position: targetPosition(body.right, 0) });
  }
  checkTypes(table, body, types, [base, step]);
  checkCollations(table, body, all, step);
  env.trace?.types.set(body, types);
  const convert = (q: BoundQuery, source: Query): LogicalPlan =>
    convertColumns(env, asRelation(q), types, (i) => targetPosition(source, i));
  const plan: LogicalPlan = {
    kind: 'recursive', id, name: table.name, all: body.all, enough: null, schema,
    base: convert(base, body.left), step: convert(step, body.right),
  };
  return {
    plan, order: [], limit: null, offset: null, withTies: false, visible: types.length,
    columns: all.map((c, i) => ({ ...c, name: added.shown[i - own] ?? c.name })),
  };
}

/** The base decides the collations, too. */
function checkCollations(table: CommonTable, body: SetOperation, base: readonly ResultColumn[], step: BoundQuery): void {
  for (const [i, column] of base.entries()) {
    const { type } = column;
    const shown = (c: Pick<ResultColumn, 'collation'>): string | null => (c.collation === undefined ? collationOfType(type)
      : readCollation(c)?.name ?? '(null)');
    const [own, overall] = [column, unionCollation(body, [column, step.columns[i]], type, i)].map(shown);
    if (own === overall) continue;
    throw new DatabaseError('42P21', `recursive query "${table.name}" column ${i + 1} has collation "${own}" `
      + `in non-recursive term but collation "${overall}" overall`, {
      position: targetPosition(body.left, i), hint: 'Use the COLLATE clause to set the collation of the non-recursive term.',
    });
  }
}

/** The base decides the types; a step of a wider type is an error rather than cut. */
function checkTypes(table: CommonTable, body: SetOperation, types: readonly LogicalType[], sides: readonly BoundQuery[]): void {
  for (const [i, type] of types.entries()) {
    const overall = requireCommonType(sides.map((side) => side.columns[i].type), 'UNION',
      (s) => targetPosition(s === 0 ? body.left : body.right, i));
    const position = targetPosition(body.left, i);
    if (!sameType(type, overall)) {
      throw new DatabaseError('42804', `recursive query "${table.name}" column ${i + 1} has type ${mentionFullType(type)} `
        + `in non-recursive term but type ${mentionFullType(overall)} overall`,
        { position, hint: 'Cast the output of the non-recursive term to the correct type.' });
    }
    if (!body.all) checkComparable(type, position);
  }
}
