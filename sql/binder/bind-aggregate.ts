// Aggregate calls: arguments, DISTINCT, ORDER BY, FILTER, WITHIN GROUP, and the query level they belong to.
import { DatabaseError } from '../../engine/data/error.ts';
import { formatTypeName } from '../../engine/data/type-info.ts';
import { INT8 } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { mapExpression, someExpression } from '../../engine/expression/walk.ts';
import type { AggregateFunction } from '../../engine/function/aggregate/aggregate.ts';
import type { Signature } from '../../engine/function/function.ts';
import type { FunctionExpr } from '../parser/ast.ts';
import type { AggregateCall } from '../plan/logical-plan.ts';
import { sameExpression } from '../plan/same-expression.ts';
import { coerceArgument, coerceBoolean, settleUnknown } from './coercion.ts';
import { requireCommonType } from './common-type.ts';
import { functionError } from './functions.ts';
import { bind } from './level.ts';
import type { Level, Site } from './level.ts';
import { locationOf } from './location.ts';
import { orderTerm } from './order.ts';
import { argumentTypes, resolveOverload, returnType } from './overload.ts';
import type { Scope } from './scope.ts';

interface Candidate extends Signature { readonly kind: string }

export function bindAggregate(e: FunctionExpr, candidates: readonly Candidate[], site: Site): Expression {
  const call = bindAggregateCall(e, candidates, site, { phrase: site.clause.phrase, within: 'aggregate' });
  const place = homeOf(call, site);
  const { clause } = site;
  if (place.scope === site.scope) {
    if (clause.within === 'aggregate') {
      throw new DatabaseError('42803', 'aggregate function calls cannot be nested', { position: e.position });
    }
    if (clause.aggregates === undefined) {
      throw new DatabaseError('42803', `aggregate functions are not allowed in ${clause.phrase}`, { position: e.position });
    }
  }
  const moved = moveTo(place.scope, call, site);
  if (place.scope !== site.scope && moved.args.some((a) => hasAggregate(a, place.level))) {
    throw new DatabaseError('42803', 'aggregate function calls cannot be nested', {
      position: e.arguments.length > 0 ? locationOf(e.arguments[0].value) : e.position,
    });
  }
  const hole = place.level.aggregate(site.env, moved, e.name[e.name.length - 1]);
  if (hole.kind === 'parameter') site.env.trace?.holes.set(hole.index, { kind: 'aggregate', call: moved, written: e });
  const result = place.scope === site.scope ? hole : place.scope.outer(site.env, hole);
  if (e.position !== undefined) site.env.shared.positions.set(hole, e.position);
  return result;
}

function hasAggregate(e: Expression, level: Level): boolean {
  return someExpression(e, (x) => x.kind === 'parameter' && x.hole === true
    && level.aggregates.some((a) => a.hole.index === x.index));
}

/** The call without a home; also for aggregates used as window functions. */
export function bindAggregateCall(
  e: FunctionExpr, candidates: readonly Candidate[], site: Site, clause: Site['clause'],
): AggregateCall {
  const inner: Site = { ...site, clause };
  const position = e.position;
  const direct = e.arguments.map((a) => bind(a.value, inner));
  const order = e.orderBy.map((k) => orderTerm(site.env, k, settleUnknown(site.env, bind(k.expression, inner))));
  const bound = e.withinGroup ? [...direct, ...order.map((o) => o.expression)] : direct;
  const name = e.name.join('.');
  if (!e.star && bound.length === 0 && !e.withinGroup && candidates.every((c) => c.args.length > 0 || c.name === 'count')) {
    throw new DatabaseError('42809', `${name}(*) must be used to call a parameterless aggregate function`, { position });
  }
  const types = bound.map((b) => b.type);
  const usable = candidates.filter((c): c is AggregateFunction => c.kind === 'aggregate');
  const resolution = resolveOverload(e.star ? usable.filter((c) => c.args.length === 0) : usable, types);
  if (resolution.kind !== 'found' || e.arguments.some((a) => a.name !== undefined)) {
    const ambiguous = resolution.kind === 'ambiguous';
    throw functionError(name, types, ambiguous, position, e.arguments.map((a) => a.name));
  }
  const fn = resolution.signature;
  checkForm(e, fn);
  const targets = fn.form === 'hypothetical' ? hypotheticalTypes(e, types) : argumentTypes(resolution.declared, types);
  const args = bound.map((b, i) => coerceArgument(site.env, b, targets[i],
    i < e.arguments.length ? locationOf(e.arguments[i].value) : position));
  const filter = e.filter === undefined ? null : bindFilter(e.filter, site);
  checkDistinctOrder(e, args, order.map((o) => o.expression));
  return {
    function: fn, args, distinct: e.distinct, filter, withinGroup: e.withinGroup, order,
    type: e.star ? INT8 : returnType(fn, resolution.declared, targets),
  };
}

/** Each direct argument and what it is compared with become one type. Requires: WITHIN GROUP. */
function hypotheticalTypes(e: FunctionExpr, types: readonly LogicalType[]): readonly LogicalType[] {
  const [direct, sorted] = [e.arguments.length, e.orderBy.length];
  if (direct !== sorted) {
    const name = e.name.join('.');
    throw new DatabaseError('42883', `function ${name}(${types.map(formatTypeName).join(', ')}) does not exist`, {
      position: e.position, hint: `To use the hypothetical-set aggregate ${name}, the number of hypothetical direct arguments `
        + `(here ${direct}) must match the number of ordering columns (here ${sorted}).`,
    });
  }
  const common = e.orderBy.map((key, i) => requireCommonType([types[i], types[direct + i]], 'WITHIN GROUP',
    (which) => locationOf(which === 0 ? e.arguments[i].value : key.expression)));
  return [...common, ...common];
}

function bindFilter(filter: NonNullable<FunctionExpr['filter']>, site: Site): Expression {
  const inner: Site = { ...site, clause: { phrase: 'FILTER' } };
  return coerceBoolean(site.env, bind(filter, inner), 'FILTER', locationOf(filter));
}

function checkForm(e: FunctionExpr, fn: AggregateFunction): void {
  const name = e.name[e.name.length - 1];
  if (fn.form !== 'plain' && !e.withinGroup) {
    throw new DatabaseError('42809', `WITHIN GROUP is required for ${fn.form} aggregate ${name}`, { position: e.position });
  }
  if (fn.form === 'plain' && e.withinGroup) {
    throw new DatabaseError('42883', `${name} is not an ordered-set aggregate, so it cannot have WITHIN GROUP`,
      { position: e.position });
  }
}

function checkDistinctOrder(e: FunctionExpr, args: readonly Expression[], order: readonly Expression[]): void {
  if (!e.distinct || e.withinGroup) return;
  const bad = order.findIndex((o) => !args.some((a) => sameExpression(a, o) || strippedSame(a, o)));
  if (bad < 0) return;
  throw new DatabaseError('42P10', 'in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list',
    { position: locationOf(e.orderBy[bad].expression) });
}

function strippedSame(a: Expression, b: Expression): boolean {
  return a.kind === 'cast' && sameExpression(a.input, b);
}

interface Home { readonly scope: Scope; readonly level: Level }

/** The innermost query whose columns the arguments use; the current one when they use none. */
function homeOf(call: AggregateCall, site: Site): Home {
  const parts = [...call.args, ...(call.filter === null ? [] : [call.filter]), ...call.order.map((o) => o.expression)];
  const scopes = new Set<Scope>();
  let own = parts.length === 0;
  for (const part of parts) {
    someExpression(part, (x) => {
      if (x.kind === 'column') own = true;
      if (x.kind === 'parameter' && x.hole === true) {
        const scope = site.env.shared.outerScopes.get(x.index);
        if (scope === undefined) own = true;
        else scopes.add(scope);
      }
      return false;
    });
  }
  if (own || scopes.size === 0) return { scope: site.scope, level: site.level };
  for (let scope = site.scope.parent; scope !== null; scope = scope.parent) {
    if (scopes.has(scope) && scope.level !== null) return { scope, level: scope.level };
  }
  return { scope: site.scope, level: site.level };
}

/** The call as its home sees it: holes for that query's columns become the columns again. */
function moveTo(scope: Scope, call: AggregateCall, site: Site): AggregateCall {
  if (scope === site.scope) return call;
  const move = (e: Expression): Expression => mapExpression(e, (x) => {
    if (x.kind !== 'parameter' || x.hole !== true) return x;
    return scope.outers.find((o) => o.hole.index === x.index)?.target ?? x;
  });
  return {
    ...call, args: call.args.map(move), filter: call.filter === null ? null : move(call.filter),
    order: call.order.map((o) => ({ ...o, expression: move(o.expression) })),
  };
}
