// VALUES: rows of expressions, each column brought to a common type.
import { DatabaseError } from '../../engine/data/error.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Query, Values } from '../parser/ast.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { projectOf, SINGLE_ROW } from '../plan/make.ts';
import { holesOf } from '../plan/map-plan.ts';
import { attachSubqueries } from './attach.ts';
import { coerceArgument } from './coercion.ts';
import { valuesCollation } from './collation.ts';
import type { ResultColumn } from '../session-api.ts';
import { requireCommonType } from './common-type.ts';
import { Level } from './level.ts';
import type { BoundQuery, QuerySite, Recursion, Site } from './level.ts';
import { bindLimits } from './limits.ts';
import { locationOf } from './location.ts';
import { bindOutputOrder } from './output-order.ts';
import { Scope } from './scope.ts';
import { bindCells } from './targets.ts';

export function bindValues(query: Query, values: Values, outer: QuerySite, recurse: Recursion): BoundQuery {
  const { env } = outer;
  const scope = new Scope(outer.parent);
  const level = new Level(scope);
  scope.level = level;
  const site: Site = {
    env, scope, level, clause: { phrase: 'VALUES' }, commonTables: outer.commonTables, recurse, windows: new Map(),
  };
  const cells: (ReturnType<typeof bindCells>)[] = [];
  for (const row of values.rows) {
    const bound = bindCells(row, site);
    if (bound.length !== (cells[0] ?? bound).length) {
      throw new DatabaseError('42601', 'VALUES lists must all be the same length',
        { position: row.length > 0 ? locationOf(row[0]) : values.position });
    }
    cells.push(bound);
  }
  const rows = cells.map((row) => row.map((c) => c.expression));
  const [first] = rows;
  const places = (column: number) => (row: number): number | undefined => cells[row][column].position;
  const types = first.map((_, c): LogicalType => {
    const column = rows.map((r) => r[c].type);
    if (outer.keepUnknown === true && column.every((t) => t.kind === 'unknown')) return column[0];
    return requireCommonType(column, 'VALUES', places(c));
  });
  const converted = rows.map((r, i) => r.map((e, c) => coerceArgument(env, e, types[c], places(c)(i))));
  const names = types.map((_, i) => `column${i + 1}`);
  env.trace?.queries.set(values, { targets: [], where: null, having: null, rows: converted, distinctOn: [], order: [] });
  // The types that all rows have: what the first one is may be narrower.
  const plan = valuesPlan(converted, level, { columns: types.map((type, i) => ({ name: names[i], type })) });
  const columns = types.map((type, c): ResultColumn => ({
    name: names[c], type, table: 0, attribute: 0, ...valuesCollation(converted.map((row) => row[c]), type),
  }));
  return {
    plan, columns, order: bindOutputOrder(query.orderBy, columns, 'VALUES', site), ...bindLimits(query, site),
    visible: types.length,
  };
}

function valuesPlan(rows: readonly (readonly Expression[])[], level: Level, schema: Schema): LogicalPlan {
  const names = schema.columns.map((c) => c.name);
  const needsPlan = rows.some((r) => r.some((e) => holesOf(e).size > 0));
  if (!needsPlan) return { kind: 'values', rows, schema };
  const inputs = rows.map((r) => {
    const attached = attachSubqueries(SINGLE_ROW, r, level, (e) => e);
    return projectOf(attached.plan, attached.expressions, names);
  });
  return inputs.length === 1 ? inputs[0] : { kind: 'set-operation', operation: 'union', all: true, inputs, schema };
}
