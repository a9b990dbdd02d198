// INSERT INTO t (column[1], column.field) ..: the values given to parts of a column, put together as its value.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { assignPart } from '../binder/bind-assigned.ts';
import { coerceAssignment, settleUnknown } from '../binder/coercion.ts';
import type { BoundQuery, Site } from '../binder/level.ts';
import { locationOf } from '../binder/location.ts';
import type { ColumnEntry } from '../catalog/entry.ts';
import type { Expr, InsertColumn } from '../parser/ast.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';

/** A column and the places of the values for it. */
interface Gathered {
  readonly column: ColumnEntry;
  readonly places: readonly number[];
}

export function hasParts(given: readonly InsertColumn[]): boolean {
  return given.some(({ path }) => path.length > 0);
}

/** `columns`: one for each value, as they were named. */
export function gatherParts(columns: readonly ColumnEntry[]): readonly Gathered[] {
  return [...new Set(columns)].map((column) => ({
    column, places: columns.flatMap((c, place) => (c === column ? [place] : [])),
  }));
}

/** 0A000 for DEFAULT as the value of a part. */
export function refuseDefault({ path, position }: InsertColumn): DatabaseError {
  return new DatabaseError('0A000', path[0]?.kind === 'field' ? 'cannot set a subfield to DEFAULT'
    : 'cannot set an array element to DEFAULT', { position });
}

/** The value of a column out of those of its parts. `written`: what they come from, for positions of errors. */
export function assembled(site: Site, { column, places }: Gathered, given: readonly InsertColumn[],
  cells: { readonly values: readonly Expression[]; readonly written: readonly Expr[] }): Expression {
  const position = (place: number): number | undefined => {
    const cell = cells.written[place];
    return cell === undefined ? undefined : locationOf(cell);
  };
  const [first] = places;
  if (given[first].path.length === 0) return coerceAssignment(site.env, cells.values[first], column, position(first));
  const whole = places.reduce((base: Expression, place) => assignPart(base, given[place].path, {
    column: column.name, position: given[place].position, site, value: () => cells.values[place], valuePosition: position(place),
  }), { kind: 'literal', type: column.type, value: null });
  return coerceAssignment(site.env, whole, column, position(first));
}

/** The query with the columns' values in front; behind them, where it has an order, what it gave. */
export function assembleQuery(site: Site, bound: BoundQuery, gathered: readonly Gathered[], target: {
  readonly given: readonly InsertColumn[]; readonly written: readonly Expr[];
}): BoundQuery {
  const { plan } = bound;
  const ordered = bound.order.length > 0;
  const assemble = (values: readonly Expression[]): Expression[] => [
    ...gathered.map((g) => assembled(site, g, target.given, { values, written: target.written })),
    ...ordered ? values.map((e) => settleUnknown(site.env, e)) : [],
  ];
  const schemaOf = (list: readonly Expression[]): LogicalPlan['schema'] => ({
    columns: list.map((e, i) => ({ name: gathered[i]?.column.name ?? `c${i}`, type: e.type })),
  });
  const made = (next: LogicalPlan): BoundQuery => ({
    ...bound, plan: next, visible: gathered.length,
    columns: gathered.map(({ column }, i) => ({ name: column.name, type: next.schema.columns[i].type, table: 0, attribute: 0 })),
    order: bound.order.map((o) => ({ ...o, column: o.column + gathered.length })),
  });
  if (plan.kind === 'values' && !ordered) {
    const rows = plan.rows.map(assemble);
    return made({ ...plan, rows, schema: schemaOf(rows[0]) });
  }
  // A volatile expression that is also sorted by is computed once, below.
  const merged = plan.kind === 'project' && !ordered ? plan : null;
  const expressions = assemble(merged?.expressions
    ?? plan.schema.columns.map((c, index): Expression => ({ kind: 'column', index, type: c.type })));
  return made({ kind: 'project', input: merged?.input ?? plan, expressions, schema: schemaOf(expressions) });
}
