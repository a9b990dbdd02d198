// Aggregate calls: arguments, DISTINCT, ORDER BY, FILTER, WITHIN GROUP, and the query level they belong to.
import { DatabaseError } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import { INT8 } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { AggregateFunction } from '../../engine/function/aggregate/aggregate.ts';
import type { Signature } from '../../engine/function/function.ts';
import type { FunctionExpr } from '../parser/ast.ts';
import type { AggregateCall, OrderTerm } from '../plan/logical-plan.ts';
import { sameExpression } from '../plan/same-expression.ts';
import { checkClause, firstWithin, homeOf, moveTo, readsBelow } from './aggregate-home.ts';
import type { Home } from './aggregate-home.ts';
import { coerceArgument, coerceBoolean, settleUnknown } from './coercion.ts';
import { argumentsOf, collationOf, compared, merged, noteCollation, requireSortable } from './collation.ts';
import type { Collation } from './collation.ts';
import { requireCommonType } from './common-type.ts';
import { functionError } from './functions.ts';
import { bind } from './level.ts';
import type { Site } from './level.ts';
import { locationOf } from './location.ts';
import { orderTerm } from './order.ts';
import { argumentTypes, resolveOverload, returnType } from './overload.ts';

interface Candidate extends Signature { readonly kind: string }

export function bindAggregate(e: FunctionExpr, candidates: readonly Candidate[], site: Site): Expression {
  const call = bindAggregateCall(e, candidates, site, { phrase: site.clause.phrase, within: 'aggregate' });
  const home = homeOf(aggregatedParts(call), site);
  checkDirect(call, e, home, site);
  const moved = moveCall(home, call, site);
  const nested = firstWithin(partsOf(moved), home);
  if (nested !== null) {
    throw new DatabaseError('42803', 'aggregate function calls cannot be nested', {
      position: site.env.shared.positions.get(nested)
        ?? (e.arguments.length > 0 ? locationOf(e.arguments[0].value) : e.position),
    });
  }
  checkClause(home, 'aggregate functions', e.position);
  const hole = home.level.aggregate(site.env, moved, e.name[e.name.length - 1], e.position);
  noteCollation(hole, aggregateCollation(call));
  if (hole.kind === 'parameter') site.env.trace?.holes.set(hole.index, { kind: 'aggregate', call: moved, written: e });
  const result = home.scope === site.scope ? hole : home.scope.outer(site.env, hole);
  if (e.position !== undefined) site.env.shared.positions.set(hole, e.position);
  return result;
}

function partsOf(call: AggregateCall): readonly Expression[] {
  return [...call.args, ...call.filter === null ? [] : [call.filter], ...call.order.map((o) => o.expression)];
}

/** What is evaluated for each row; what stands before WITHIN GROUP is not, and does not decide where the call belongs. */
function aggregatedParts(call: AggregateCall): readonly Expression[] {
  return partsOf({ ...call, args: call.args.slice(directCount(call)) });
}

function directCount(call: AggregateCall): number {
  return call.withinGroup ? call.args.length - call.order.length : 0;
}

/** What stands before WITHIN GROUP is evaluated by the home, which has no columns of a query further in. */
function checkDirect(call: AggregateCall, e: FunctionExpr, home: Home, site: Site): void {
  const bad = call.args.slice(0, directCount(call)).findIndex((a) => readsBelow(a, home, site));
  if (bad < 0) return;
  throw new DatabaseError('42803', 'outer-level aggregate cannot contain a lower-level variable in its direct arguments',
    { position: locationOf(e.arguments[bad].value) });
}

function moveCall(home: Home, call: AggregateCall, site: Site): AggregateCall {
  const move = (x: Expression): Expression => moveTo(home, x, site);
  return {
    ...call, args: call.args.map(move), filter: call.filter === null ? null : move(call.filter),
    order: call.order.map((o) => ({ ...o, expression: move(o.expression) })),
  };
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
  const given = bound.map((b, i) => coerceArgument(site.env, b, targets[i],
    i < e.arguments.length ? locationOf(e.arguments[i].value) : position));
  const args = collatedArguments(e, fn, given);
  const filter = e.filter === undefined ? null : bindFilter(e.filter, site);
  return {
    function: fn, args, distinct: e.distinct, filter, withinGroup: e.withinGroup,
    order: e.distinct && !e.withinGroup ? distinctOrder(e, order, bound, args) : order,
    type: e.star ? INT8 : returnType(fn, resolution.declared, targets),
  };
}

/** Each direct argument and what it is compared with become one type. Requires: WITHIN GROUP. */
function hypotheticalTypes(e: FunctionExpr, types: readonly LogicalType[]): readonly LogicalType[] {
  const [direct, sorted] = [e.arguments.length, e.orderBy.length];
  if (direct !== sorted) {
    const name = e.name.join('.');
    throw new DatabaseError('42883', `function ${name}(${types.map(mentionType).join(', ')}) does not exist`, {
      position: e.position, hint: `To use the hypothetical-set aggregate ${name}, the number of hypothetical direct arguments `
        + `(here ${direct}) must match the number of ordering columns (here ${sorted}).`,
    });
  }
  const common = e.orderBy.map((key, i) => requireCommonType([types[direct + i], types[i]], 'WITHIN GROUP',
    (which) => locationOf(which === 0 ? key.expression : e.arguments[i].value)));
  return [...common, ...common];
}

/** Each direct argument is compared with what it stands for; what DISTINCT compares must have a collation. */
function collatedArguments(e: FunctionExpr, fn: AggregateFunction, args: readonly Expression[]): readonly Expression[] {
  if (!e.withinGroup) return e.distinct ? args.map(requireSortable) : argumentsOf(fn, args);
  const keys = args.slice(e.arguments.length);
  if (fn.form !== 'hypothetical') return args;
  return [...keys.map((key, i) => compared(args[i], key)[0]), ...keys];
}

/** Of what it gives: that of its arguments, of one that it takes in order that of the only key. */
function aggregateCollation({ args, order, withinGroup }: AggregateCall): Collation | undefined {
  if (!withinGroup) return merged(args) ?? undefined;
  return order.length === 1 ? collationOf(order[0].expression) ?? undefined : undefined;
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

/** DISTINCT sorts by arguments only: those as written (`bound`), or as the function takes them. */
function distinctOrder(
  e: FunctionExpr, order: readonly OrderTerm[], bound: readonly Expression[], args: readonly Expression[],
): readonly OrderTerm[] {
  return order.map((term, i) => {
    const at = args.findIndex((a, k) => sameExpression(bound[k], term.expression) || sameExpression(a, term.expression));
    if (at >= 0) return { ...term, expression: args[at] };
    throw new DatabaseError('42P10', 'in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list',
      { position: locationOf(e.orderBy[i].expression) });
  });
}
