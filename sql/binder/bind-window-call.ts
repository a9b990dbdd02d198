// OVER: window functions and aggregates over a window; frames, named windows.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { INT8 } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Expr, FunctionExpr, WindowSpecification } from '../parser/ast.ts';
import type { FrameBound, OrderTerm, WindowCall, WindowFrame } from '../plan/logical-plan.ts';
import { bindAggregateCall } from './bind-aggregate.ts';
import { coerceArgument, settleUnknown, tryCoerce } from './coercion.ts';
import { functionError } from './functions.ts';
import { bind, newHole } from './level.ts';
import type { Site } from './level.ts';
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
    throw new DatabaseError('42P20', 'window function calls cannot be nested', { position: e.position });
  }
  if (clause.windows === undefined) {
    throw new DatabaseError('42P20', `window functions are not allowed in ${clause.phrase}`, { position: e.position });
  }
  if (e.distinct) throw notSupportedHere('DISTINCT is not implemented for window functions', e);
  if (e.orderBy.length > 0) throw notSupportedHere('aggregate ORDER BY is not implemented for window functions', e);
  const inner: Site = { ...site, clause: { phrase: 'window definitions', aggregates: true, within: 'window' } };
  const over = resolveWindow(e.over ?? emptyWindow, site);
  const partition = over.partitionBy.map((p) => settleUnknown(site.env, bind(p, inner)));
  const order = over.orderBy.map((k) => orderTerm(site.env, k, settleUnknown(site.env, bind(k.expression, inner))));
  const call = { ...bindFunction(e, candidates, inner), frame: bindFrame(over, order, inner) };
  const hole = newHole(site.env, call.type);
  site.level.windows.push({ hole, call, partition, order });
  return { ...hole };
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
    return { name, aggregate: call.function, args: call.args, filter: call.filter, type: call.type };
  }
  if (e.filter !== undefined) {
    throw new DatabaseError('0A000', 'FILTER is not implemented for non-aggregate window functions', { position: e.position });
  }
  const args = e.arguments.map((a) => bind(a.value, site));
  const types = args.map((a) => a.type);
  const resolution = resolveOverload(candidates.filter((c) => c.kind === 'window'), types);
  if (resolution.kind !== 'found') throw functionError(e.name.join('.'), types, resolution.kind === 'ambiguous', e.position);
  const targets = argumentTypes(resolution.declared, types);
  return {
    name, aggregate: null, filter: null, type: returnType(resolution.signature, resolution.declared, targets),
    args: args.map((a, i) => settleUnknown(site.env, coerceArgument(site.env, a, targets[i], locationOf(e.arguments[i].value)))),
  };
}

/** OVER name, OVER (base ..). */
function resolveWindow(spec: WindowSpecification, site: Site): WindowSpecification {
  const base = spec.name ?? spec.base;
  if (base === undefined) return spec;
  const named = site.windows.get(base);
  if (named === undefined) {
    throw new DatabaseError('42704', `window "${base}" does not exist`, { position: spec.position });
  }
  const resolved = resolveWindow({ ...named, name: undefined }, site);
  if (spec.name !== undefined) return resolved;
  if (spec.partitionBy.length > 0) {
    throw new DatabaseError('42P20', `cannot override PARTITION BY clause of window "${base}"`, { position: spec.position });
  }
  if (spec.orderBy.length > 0 && resolved.orderBy.length > 0) {
    throw new DatabaseError('42P20', `cannot override ORDER BY clause of window "${base}"`, { position: spec.position });
  }
  if (resolved.frame !== undefined) {
    throw new DatabaseError('42P20', `cannot copy window "${base}" because it has a frame clause`, { position: spec.position });
  }
  return {
    ...spec, base: undefined, partitionBy: resolved.partitionBy,
    orderBy: spec.orderBy.length > 0 ? spec.orderBy : resolved.orderBy,
  };
}

const DEFAULT_FRAME: WindowFrame = {
  mode: 'range', start: { kind: 'unbounded-preceding' }, end: { kind: 'current-row' }, exclude: 'no-others',
};
const EXCLUDE = { none: 'no-others', 'current row': 'current-row', group: 'group', ties: 'ties' } as const;

function bindFrame(over: WindowSpecification, order: readonly OrderTerm[], site: Site): WindowFrame {
  const { frame } = over;
  if (frame === undefined) return DEFAULT_FRAME;
  if (frame.mode === 'groups' && order.length === 0) {
    throw new DatabaseError('42P20', 'GROUPS mode requires an ORDER BY clause', { position: over.position });
  }
  const bound = (b: typeof frame.start): FrameBound => {
    switch (b.kind) {
      case 'unboundedPreceding': return { kind: 'unbounded-preceding' };
      case 'unboundedFollowing': return { kind: 'unbounded-following' };
      case 'currentRow': return { kind: 'current-row' };
      case 'preceding': case 'following': return { kind: b.kind, offset: bindOffset(b.offset, frame.mode, order, site) };
    }
  };
  return { mode: frame.mode, start: bound(frame.start), end: bound(frame.end), exclude: EXCLUDE[frame.exclusion] };
}

function bindOffset(e: Expr, mode: WindowFrame['mode'], order: readonly OrderTerm[], site: Site): Expression {
  const value = bind(e, site);
  const position = locationOf(e);
  if (mode !== 'range') {
    const coerced = tryCoerce(value, INT8, { env: site.env, context: 'assignment', position });
    if (coerced !== null) return coerced;
    throw new DatabaseError('42804', `argument of ${mode.toUpperCase()} must be type bigint`, { position });
  }
  if (order.length !== 1) {
    throw new DatabaseError('42P20',
      'RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column', { position });
  }
  const type = order[0].expression.type;
  const wanted = type.kind === 'date' || type.kind.startsWith('time') ? { kind: 'interval', typmod: -1 } as const : type;
  const coerced = tryCoerce(value, wanted, { env: site.env, context: 'implicit', position });
  if (coerced === null) throw notSupported('RANGE with this offset type', { position });
  return coerced;
}
