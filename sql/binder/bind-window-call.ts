// OVER: window functions and aggregates over a window; named windows.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { FunctionExpr, Position, WindowSpecification } from '../parser/ast.ts';
import type { WindowCall } from '../plan/logical-plan.ts';
import { sameExpression } from '../plan/same-expression.ts';
import { bindAggregateCall } from './bind-aggregate.ts';
import { bindFrame } from './bind-frame.ts';
import { coerceArgument, settleUnknown } from './coercion.ts';
import { merged, noteCollation, requireSortable } from './collation.ts';
import { functionError } from './functions.ts';
import { bind, newHole } from './level.ts';
import type { Clause, Site } from './level.ts';
import { locationOf } from './location.ts';
import { orderTerm } from './order.ts';
import { argumentTypes, resolveOverload, returnType } from './overload.ts';
import type { Callable } from './window-functions.ts';

export function bindWindowCall(e: FunctionExpr, candidates: readonly Callable[], site: Site): Expression {
  const { clause } = site;
  if (clause.within === 'aggregate') {
    throw new DatabaseError('42803', 'aggregate function calls cannot contain window function calls', { position: e.position });
  }
  if (clause.within === 'window') {
    throw new DatabaseError('42P20', 'window functions are not allowed in window definitions', { position: e.position });
  }
  if (clause.within === 'window-arguments') {
    throw new DatabaseError('42P20', 'window function calls cannot be nested', { position: e.position });
  }
  if (clause.windows === undefined) {
    throw new DatabaseError('42P20', `window functions are not allowed in ${clause.phrase}`, { position: e.position });
  }
  const within: Clause = { phrase: 'window definitions', aggregates: true, within: 'window' };
  const inner: Site = { ...site, clause: within };
  const keys: Site = clause.sets === undefined ? inner : { ...site, clause: { ...within, sets: true } };
  const over = resolveWindow(e.over ?? emptyWindow, site);
  const partition = over.partitionBy.map((p) => requireSortable(settleUnknown(site.env, bind(p, keys))));
  const terms = over.orderBy.map((k) => orderTerm(site.env, k, settleUnknown(site.env, bind(k.expression, keys))));
  // A key given twice counts once.
  const order = terms.filter((t, i) => terms.findIndex((o) => sameExpression(o.expression, t.expression)) === i);
  const bound = bindFunction(e, candidates, { ...inner, clause: { ...inner.clause, within: 'window-arguments' } });
  if (e.distinct) throw notSupportedHere('DISTINCT is not implemented for window functions', e);
  if (e.orderBy.length > 0) throw notSupportedHere('aggregate ORDER BY is not implemented for window functions', e);
  const call = { ...bound, frame: bindFrame(over, order, inner) };
  const hole = newHole(site.env, call.type);
  site.level.windows.push({ hole, call, partition, order });
  site.env.trace?.holes.set(hole.index, { kind: 'window', call, written: e });
  const result: Expression = { ...hole };
  noteCollation(result, merged(call.args) ?? undefined);
  return result;
}

const emptyWindow: WindowSpecification = {
  name: undefined, base: undefined, partitionBy: [], orderBy: [], frame: undefined, position: undefined,
};

function notSupportedHere(message: string, e: FunctionExpr): DatabaseError {
  return new DatabaseError('0A000', message, { position: e.position });
}

function bindFunction(e: FunctionExpr, candidates: readonly Callable[], site: Site): Omit<WindowCall, 'frame'> {
  const name = e.name[e.name.length - 1];
  if (candidates.some((c) => c.kind === 'aggregate')
    && (e.star || !candidates.some((c) => c.kind === 'window'))) {
    const call = bindAggregateCall(e, candidates, site, site.clause);
    if (call.function.form !== 'plain') {
      throw notSupportedHere(`OVER is not supported for ordered-set aggregate ${name}`, e);
    }
    return { name, aggregate: call.function, args: call.args, filter: call.filter, type: call.type };
  }
  if (e.filter !== undefined) {
    throw new DatabaseError('0A000', 'FILTER is not implemented for non-aggregate window functions', { position: e.position });
  }
  const args = e.arguments.map((a) => bind(a.value, site));
  const types = args.map((a) => a.type);
  const resolution = resolveOverload(candidates.filter((c) => c.kind === 'window'), types);
  if (resolution.kind !== 'found' || e.arguments.some((a) => a.name !== undefined)) {
    const ambiguous = resolution.kind === 'ambiguous';
    throw functionError(e.name.join('.'), types, ambiguous, e.position, e.arguments.map((a) => a.name));
  }
  const targets = argumentTypes(resolution.declared, types);
  return {
    name, aggregate: null, filter: null, type: returnType(resolution.signature, resolution.declared, targets),
    args: args.map((a, i) => settleUnknown(site.env, coerceArgument(site.env, a, targets[i], locationOf(e.arguments[i].value)))),
  };
}

export function noWindow(name: string, position: Position): DatabaseError {
  return new DatabaseError('42704', `window "${name}" does not exist`, { position });
}

/** OVER name, OVER (base ..); `defined`: it stands in the WINDOW clause. */
export function resolveWindow(spec: WindowSpecification, site: Site, defined = false): WindowSpecification {
  const base = spec.name ?? spec.base;
  if (base === undefined) return spec;
  const named = site.windows.get(base);
  if (named === undefined) throw noWindow(base, spec.position);
  const resolved = resolveWindow({ ...named, name: undefined }, site, true);
  if (spec.name !== undefined) return resolved;
  if (spec.partitionBy.length > 0) {
    throw new DatabaseError('42P20', `cannot override PARTITION BY clause of window "${base}"`, { position: spec.position });
  }
  if (spec.orderBy.length > 0 && resolved.orderBy.length > 0) {
    throw new DatabaseError('42P20', `cannot override ORDER BY clause of window "${base}"`, { position: spec.position });
  }
  if (resolved.frame !== undefined) {
    throw new DatabaseError('42P20', `cannot copy window "${base}" because it has a frame clause`, {
      position: spec.position,
      hint: !defined && spec.orderBy.length === 0 && spec.frame === undefined
        ? 'Omit the parentheses in this OVER clause.' : undefined,
    });
  }
  return {
    ...spec, base: undefined, partitionBy: resolved.partitionBy,
    orderBy: spec.orderBy.length > 0 ? spec.orderBy : resolved.orderBy,
  };
}
