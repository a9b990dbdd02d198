// UNION, INTERSECT, EXCEPT: both sides brought to common column types.
import { DatabaseError } from '../../engine/data/error.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { sameType } from '../../engine/data/types.ts';
import type { SortKey } from '../../engine/operator/operator.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Query, SetOperation } from '../parser/ast.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { columnOf, columnsOfPlan, projectOf } from '../plan/make.ts';
import { coerceArgument } from './coercion.ts';
import { unitedCollation, noteCollation, requireSortable } from './collation.ts';
import { requireCommonType } from './common-type.ts';
import type { ResultColumn } from '../session-api.ts';
import type { Environment } from './environment.ts';
import { Level } from './level.ts';
import type { BoundQuery, QuerySite, Recursion, Site } from './level.ts';
import { bindLimits } from './limits.ts';
import { locationOf } from './location.ts';
import { checkComparable } from './order.ts';
import { bindOutputOrder } from './output-order.ts';
import { asRelation } from './relation.ts';
import { Scope } from './scope.ts';

export function bindSetOperation(query: Query, body: SetOperation, outer: QuerySite, recurse: Recursion): BoundQuery {
  const { env } = outer;
  const name = body.operator.toUpperCase();
  // What is still unknown in a row of VALUES, or on both sides, is text.
  const [left, right] = [body.left, body.right]
    .map((q) => recurse.query(q, { ...outer, keepUnknown: q.body.kind === 'select' }));
  if (left.visible !== right.visible) {
    throw new DatabaseError('42601', `each ${name} query must have the same number of columns`,
      { position: targetPosition(body.right, 0) });
  }
  const types = left.columns.map((c, i): LogicalType => {
    const pair = [c.type, right.columns[i].type];
    const type = requireCommonType(pair, name, (s) => targetPosition(s === 0 ? body.left : body.right, i));
    if (!body.all || body.operator !== 'union') checkComparable(type, targetPosition(body.left, i));
    return type;
  });
  const inputs = [[left, body.left] as const, [right, body.right] as const]
    .map(([q, source]) => convertColumns(env, asRelation(q), types, (i) => targetPosition(source, i)));
  const columns = left.columns.map((c, i): ResultColumn => ({
    name: c.name, type: types[i], table: 0, attribute: 0, ...unionCollation(body, [c, right.columns[i]], types[i], i),
  }));
  const schema = { columns: columns.map((c) => ({ name: c.name, type: c.type })) };
  const scope = new Scope(outer.parent);
  const site: Site = {
    env, scope, level: new Level(scope), clause: { phrase: 'ORDER BY' }, commonTables: outer.commonTables, recurse,
    windows: new Map(),
  };
  const order = bindOutputOrder(query.orderBy, columns, 'set', site);
  env.trace?.types.set(body, types);
  env.trace?.queries.set(body, {
    targets: [], where: null, having: null, rows: [], distinctOn: [],
    order: order.map((k, i) => ({
      ...query.orderBy[i], target: k.column, bound: { kind: 'column', index: k.column, type: k.type },
    })),
  });
  const plan: LogicalPlan = { kind: 'set-operation', operation: body.operator, all: body.all, inputs, schema };
  return {
    plan: sortable(plan, columns, order),
    columns, order, ...bindLimits(query, site),
    visible: columns.length,
  };
}

/** The plan, which fails where it is sorted by a column without a collation. */
function sortable(plan: LogicalPlan, columns: readonly ResultColumn[], order: readonly SortKey[]): LogicalPlan {
  if (!order.some((k) => columns[k.column].collation === null)) return plan;
  const outputs = columnsOfPlan(plan);
  outputs.forEach((e, i) => noteCollation(e, columns[i].collation));
  return projectOf(plan, outputs.map((e, i) => (order.some((k) => k.column === i) ? requireSortable(e) : e)),
    columns.map((c) => c.name));
}

/** Rows of UNION ALL are not compared: they need no collation. */
export function unionCollation(
  body: SetOperation, pair: readonly ResultColumn[], type: LogicalType, column: number,
): Pick<ResultColumn, 'collation'> {
  const sides = [body.left, body.right];
  return unitedCollation(pair.map((c, side) => ({ ...c, position: targetPosition(sides[side], column) })), type,
    body.all && body.operator === 'union');
}

/** Where a column of the first SELECT is written; PostgreSQL points at none of VALUES. */
export function targetPosition(query: Query, column: number): number | undefined {
  const { body } = query;
  switch (body.kind) {
    case 'select': {
      const target = body.targets[column];
      return target === undefined ? undefined : locationOf(target.expression);
    }
    case 'values': return undefined;
    case 'setOperation': return targetPosition(body.left, column);
  }
}

/** The plan with its columns as these types; literals that nothing typed so far are read as what they are to be. */
export function convertColumns(
  env: Environment, plan: LogicalPlan, types: readonly LogicalType[], positionOf: (column: number) => number | undefined,
): LogicalPlan {
  const current = plan.schema.columns.map((c) => c.type);
  if (current.every((t, i) => sameType(t, types[i]))) return plan;
  const names = plan.schema.columns.map((c) => c.name);
  if (plan.kind === 'project') {
    return projectOf(plan.input, plan.expressions.map((e, i) => convert(env, e, types[i], positionOf(i))), names);
  }
  if (plan.kind === 'values') {
    const rows = plan.rows.map((r) => r.map((e, i) => convert(env, e, types[i], positionOf(i))));
    return { ...plan, rows, schema: { columns: names.map((name, i) => ({ name, type: types[i] })) } };
  }
  return projectOf(plan, types.map((t, i) => convert(env, columnOf(plan, i), t, positionOf(i))), names);
}

function convert(env: Environment, e: Expression, type: LogicalType, position: number | undefined): Expression {
  return coerceArgument(env, e, type, position);
}
