// Subqueries in expressions: scalar, EXISTS, ARRAY(..), IN, op ANY and op ALL; each becomes a hole of its level.
import { AssertionError, DatabaseError } from '../../engine/data/error.ts';
import { arrayOf, BOOLEAN, hasDimensions } from '../../engine/data/types.ts';
import type { LogicalType, RecordType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { canRaise, isVolatile } from '../../engine/expression/walk.ts';
import type { AggregateFunction } from '../../engine/function/aggregate/aggregate.ts';
import type { Expr, Position, Query } from '../parser/ast.ts';
import type { AggregateCall, InOperand, LogicalPlan } from '../plan/logical-plan.ts';
import { aggregateOf, columnOf, columnsOfPlan, projectOf } from '../plan/make.ts';
import { expressionsOf, visitPlan } from '../plan/map-plan.ts';
import { deepEqual } from '../plan/same-expression.ts';
import { compare } from './bind-operator.ts';
import { coerceArgument } from './coercion.ts';
import { comparedWith, noteCollation, readCollation, subqueryCollation } from './collation.ts';
import { resolveOperator } from './functions.ts';
import { bind, bindInner, newHole } from './level.ts';
import type { BoundQuery, Site, SubqueryUse } from './level.ts';
import { locationOf } from './location.ts';
import { argumentTypes, resolveOverload, returnType } from './overload.ts';
import { asRelation } from './relation.ts';
import type { HoleMeaning } from './trace.ts';

/** (query), EXISTS (query), ARRAY(query). */
interface PlainSubquery { readonly query: Query; readonly position: Position }

type Of<K extends Expr['kind']> = Expr & { readonly kind: K };
type Quantified = HoleMeaning & { readonly kind: 'quantified' };

function checkAllowed(site: Site, position: number | undefined): void {
  if (site.clause.noSubquery === undefined) return;
  throw new DatabaseError('0A000', `cannot use subquery in ${site.clause.noSubquery}`, { position });
}

function leave(site: Site, kind: SubqueryUse['kind'], plan: LogicalPlan, more: {
  readonly type: LogicalType; readonly operands?: readonly InOperand[];
}): Expression {
  const { subqueries } = site.level;
  const operands = more.operands ?? [];
  // The same subquery is the same expression: to GROUP BY, DISTINCT ON and ORDER BY, and it is computed once.
  const known = [...subqueries.values()].find((use) => use.kind === kind && deepEqual(use.plan, plan)
    && deepEqual(use.operands, operands) && !expressionsWithin(plan).some(isVolatile));
  if (known !== undefined) return known.hole;
  const hole = newHole(site.env, more.type);
  subqueries.set(hole.index, { hole, kind, plan, operands });
  return hole;
}

function expressionsWithin(plan: LogicalPlan): readonly Expression[] {
  const found: Expression[] = [];
  visitPlan(plan, (node) => {
    found.push(...expressionsOf(node));
  });
  return found;
}

/** Notes what the hole stands for. */
function subquery(hole: Expression, form: 'scalar' | 'exists' | 'array', e: PlainSubquery, site: Site): Expression {
  if (hole.kind === 'parameter') site.env.trace?.holes.set(hole.index, { kind: 'subquery', form, query: e.query });
  return hole;
}

function quantified(hole: Expression, meaning: Omit<Quantified, 'kind'>, site: Site): Expression {
  if (hole.kind === 'parameter') site.env.trace?.holes.set(hole.index, { kind: 'quantified', ...meaning });
  return hole;
}

export function bindScalarSubquery(e: PlainSubquery, site: Site): Expression {
  checkAllowed(site, e.position);
  const query = bindInner(e.query, site);
  if (query.visible !== 1) {
    throw new DatabaseError('42601', 'subquery must return only one column', { position: e.position });
  }
  const [column] = query.columns;
  const hole = leave(site, 'scalar', asRelation(query), { type: column.type });
  noteCollation(hole, subqueryCollation(column, e.position));
  return subquery(hole, 'scalar', e, site);
}

/**
 * `(a, b) op (query)`: the query's one row as a record, which is NULL where there is no row, compared field by field.
 */
export function bindRowSubquery(e: Of<'binary'>, right: PlainSubquery, site: Site): Expression {
  const left = bind(e.left, site);
  const count = left.kind === 'row' ? left.fields.length : 1;
  checkAllowed(site, right.position);
  const query = bindInner(right.query, site);
  if (query.visible !== count) {
    throw new DatabaseError('42601', `subquery has too ${query.visible > count ? 'many' : 'few'} columns`,
      { position: e.position });
  }
  const plan = asRelation(query);
  const type: RecordType = { kind: 'record', fields: plan.schema.columns };
  const packed: Expression = { kind: 'row', fields: columnsOfPlan(plan), type };
  const record = leave(site, 'scalar', projectOf(plan, [packed], ['row']), { type });
  const fields = type.fields.map((f, index): Expression => ({ kind: 'field', input: record, index, type: f.type }));
  fields.forEach((field, i) => noteCollation(field, readCollation(query.columns[i])));
  const use = { symbol: e.operator, schema: e.schema, position: e.position, operands: [locationOf(e.left)] };
  const compared = compare(site.env, use, left, { kind: 'row', fields, type });
  const lefts = left.kind === 'row' ? left.fields : [left];
  const meaning: Quantified = { kind: 'quantified', lefts, operator: e.operator, quantifier: null, query: right.query };
  site.env.trace?.forms.set(compared, { kind: 'meaning', meaning });
  return compared;
}

export function bindExists(e: PlainSubquery, site: Site): Expression {
  checkAllowed(site, e.position);
  const plan = asRelation(shownOnly(bindInner(e.query, site)));
  return subquery(leave(site, 'exists', plan, { type: BOOLEAN }), 'exists', e, site);
}

/** Nobody looks at what EXISTS selects: outputs that do something, or fail, are not computed where rows alone make the rows. */
function shownOnly(query: BoundQuery): BoundQuery {
  const { plan, limit, offset } = query;
  if (plan.kind !== 'project' || limit !== null || offset !== null || !plan.expressions.some(matters)) return query;
  const { kind } = plan.input;
  if (kind === 'aggregate' || kind === 'window' || kind === 'project-set') return query;
  return { ...query, plan: projectOf(plan.input, [], []), order: [], columns: [], visible: 0 };
}

function matters(output: Expression): boolean {
  return isVolatile(output) || canRaise(output);
}

/** ARRAY(query): array_agg over it, in its order; an empty array for no rows. */
export function bindArraySubquery(e: PlainSubquery, site: Site): Expression {
  checkAllowed(site, e.position);
  const query = bindInner(e.query, site);
  if (query.visible !== 1) {
    throw new DatabaseError('42601', 'subquery must return only one column', { position: e.position });
  }
  const element = query.columns[0].type;
  const type = hasDimensions(element) ? element : arrayOf(element);
  const call = aggregateCall(collecting(site, element), [columnOf(query.plan, 0)], type);
  const ordered: AggregateCall = {
    ...call, order: query.order.map((k) => ({
      expression: columnOf(query.plan, k.column), descending: k.descending, nullsFirst: k.nullsFirst,
    })),
  };
  const aggregate = aggregateOf(asRelation(query, true), [], [ordered], ['array']);
  const empty: Expression = { kind: 'array', type, elements: [] };
  const value: Expression = { kind: 'coalesce', type, args: [columnOf(aggregate, 0), empty] };
  const hole = leave(site, 'scalar', projectOf(aggregate, [value], ['array']), { type });
  noteCollation(hole, subqueryCollation(query.columns[0], e.position));
  return subquery(hole, 'array', e, site);
}

/** The array_agg that takes such values one by one: vectors too, which are arrays to it where it is called. */
function collecting(site: Site, element: LogicalType): AggregateFunction {
  const taken = hasDimensions(element) ? 'anyarray' : 'anynonarray';
  const found = site.env.functions.aggregateFunctions('array_agg').find((f) => f.args[0].kind === taken);
  if (found === undefined) throw new AssertionError(`no array_agg(${taken})`);
  return found;
}

function aggregateCall(fn: AggregateFunction, args: readonly Expression[], type: LogicalType): AggregateCall {
  return { function: fn, args, type, distinct: false, filter: null, order: [], withinGroup: false };
}

/** An aggregate the binder itself writes. */
export function namedAggregate(site: Pick<Site, 'env'>, name: string, args: readonly Expression[]): AggregateCall {
  const types = args.map((a) => a.type);
  const resolution = resolveOverload(site.env.functions.aggregateFunctions(name), types);
  if (resolution.kind !== 'found') throw new DatabaseError('42883', `function ${name} does not exist`);
  const targets = argumentTypes(resolution.declared, types);
  return aggregateCall(resolution.signature, args.map((a, i) => coerceArgument(site.env, a, targets[i], undefined)),
    returnType(resolution.signature, resolution.declared, targets));
}

/** Of a row that is written as one its fields; a relation's row is one value. */
function operandsOf(e: Of<'quantified'>, left: Expression): readonly Expression[] {
  return e.operand.kind === 'row' && left.kind === 'row' ? left.fields : [left];
}

/** `left op ANY|ALL (query)`, left possibly a row. */
export function bindQuantified(e: Of<'quantified'>, site: Site): Expression {
  checkAllowed(site, e.position);
  const left = bind(e.operand, site);
  const query = bindInner(e.query, site);
  const lefts = operandsOf(e, left);
  if (lefts.length !== query.visible) {
    const many = query.visible > lefts.length;
    throw new DatabaseError('42601', `subquery has too ${many ? 'many' : 'few'} columns`, { position: e.position });
  }
  if (e.operator === '=' && e.quantifier === 'any') return bindIn(e, lefts, query, site);
  if (e.operator === '<>' && e.quantifier === 'all') {
    const negated: Expression = { kind: 'not', type: BOOLEAN, input: bindIn(e, lefts, query, site) };
    const meaning: Quantified = { kind: 'quantified', lefts, operator: '<>', quantifier: 'all', query: e.query };
    site.env.trace?.forms.set(negated, { kind: 'meaning', meaning });
    return negated;
  }
  return bindGeneral(e, left, query, site);
}

/** A column of the subquery, where what is around it compares it. */
function outputOf(query: BoundQuery, plan: LogicalPlan, index: number): Expression {
  const column = columnOf(plan, index);
  noteCollation(column, readCollation(query.columns[index]));
  return column;
}

function bindIn(e: Of<'quantified'>, lefts: readonly Expression[], query: BoundQuery, site: Site): Expression {
  const plan = asRelation(query);
  const operands = lefts.map((left, i): InOperand => {
    const right = outputOf(query, plan, i);
    const use = { symbol: '=', schema: e.schema, position: e.position };
    const resolved = resolveOperator(site.env, use, [left.type, right.type]);
    const compared = coerceArgument(site.env, right, resolved.args[1], undefined);
    return {
      left: comparedWith(coerceArgument(site.env, left, resolved.args[0], locationOf(e.operand)), compared), right: compared,
    };
  });
  return quantified(leave(site, 'in', plan, { type: BOOLEAN, operands }),
    { lefts: operands.map((o) => o.left), operator: '=', quantifier: 'any', query: e.query }, site);
}

/**
 * Any other operator: over the comparisons' results c, ANY is true if some c is, else NULL if some c is NULL, else
 * false; ALL is false if some c is, else NULL if some c is NULL, else true.
 */
function bindGeneral(e: Of<'quantified'>, left: Expression, query: BoundQuery, site: Site): Expression {
  const plan = asRelation(query);
  const reach = (x: Expression): Expression => (x.kind === 'literal' ? x : site.scope.outer(site.env, x));
  const outer: Expression = left.kind === 'row' ? { ...left, fields: left.fields.map(reach) } : reach(left);
  const columns = query.columns.map((_, i) => outputOf(query, plan, i));
  const right: Expression = e.operand.kind === 'row' && left.kind === 'row'
    ? { kind: 'row', fields: columns, type: { kind: 'record', fields: plan.schema.columns } } : columns[0];
  const use = { symbol: e.operator, schema: e.schema, position: e.position, operands: [locationOf(e.operand)] };
  const comparison = compare(site.env, use, outer, right);
  const any = e.quantifier === 'any';
  const decisive: Expression = any ? comparison : { kind: 'not', type: BOOLEAN, input: comparison };
  const isNull: Expression = { kind: 'test', type: BOOLEAN, test: 'null', negated: false, input: comparison };
  const aggregate = aggregateOf(plan, [],
    [namedAggregate(site, 'bool_or', [decisive]), namedAggregate(site, 'bool_or', [isNull])], ['found', 'unknown']);
  const constant = (value: boolean | null): Expression => ({ kind: 'literal', type: BOOLEAN, value });
  const value: Expression = {
    kind: 'case', type: BOOLEAN, otherwise: constant(!any),
    branches: [
      { when: columnOf(aggregate, 0), then: constant(any) }, { when: columnOf(aggregate, 1), then: constant(null) },
    ],
  };
  return quantified(leave(site, 'scalar', projectOf(aggregate, [value], ['?column?']), { type: BOOLEAN }),
    { lefts: operandsOf(e, left), operator: e.operator, quantifier: e.quantifier, query: e.query }, site);
}
