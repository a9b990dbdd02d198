// Frames of OVER: ROWS, RANGE and GROUPS with their bounds; offsets of the type that the mode and the key ask for.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import { FLOAT8, INT8, INTERVAL, NUMERIC, baseType } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { isVolatile, someExpression } from '../../engine/expression/walk.ts';
import type { Expr, WindowSpecification } from '../parser/ast.ts';
import type { FrameBound, OrderTerm, WindowFrame } from '../plan/logical-plan.ts';
import { freeHoles, holesOf } from '../plan/map-plan.ts';
import { tryCoerce } from './coercion.ts';
import type { CoercionSite } from './coercion.ts';
import { bind } from './level.ts';
import type { Site } from './level.ts';
import { locationOf } from './location.ts';
import { referencesBy } from './scope.ts';

export const DEFAULT_FRAME: WindowFrame = {
  mode: 'range', start: { kind: 'unbounded-preceding' }, end: { kind: 'current-row' }, exclude: 'no-others',
};
const EXCLUDE = { none: 'no-others', 'current row': 'current-row', group: 'group', ties: 'ties' } as const;

export function bindFrame(over: WindowSpecification, order: readonly OrderTerm[], site: Site): WindowFrame {
  const { frame } = over;
  if (frame === undefined) return DEFAULT_FRAME;
  const { position } = over;
  if (frame.mode === 'groups' && order.length === 0) {
    throw new DatabaseError('42P20', 'GROUPS mode requires an ORDER BY clause', { position });
  }
  if (frame.mode === 'range' && order.length !== 1 && (hasOffset(frame.start) || hasOffset(frame.end))) {
    throw new DatabaseError('42P20',
      'RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column', { position });
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

function hasOffset(bound: { readonly kind: string }): boolean {
  return bound.kind === 'preceding' || bound.kind === 'following';
}

function bindOffset(e: Expr, mode: WindowFrame['mode'], order: readonly OrderTerm[], site: Site): Expression {
  const position = locationOf(e);
  const phrase = `window ${mode.toUpperCase()}`;
  const value = bind(e, { ...site, clause: { phrase, within: 'window' } });
  const offset = mode === 'range' ? rangeOffset(value, order[0].expression.type, { site, position })
    : tryCoerce(value, INT8, { env: site.env, context: 'assignment', position });
  if (offset === null) {
    throw new DatabaseError('42804',
      `argument of ${mode.toUpperCase()} must be type bigint, not type ${mentionType(value.type)}`, { position });
  }
  if (someExpression(offset, (x) => x.kind === 'column')) {
    throw new DatabaseError('42P10', `argument of ${mode.toUpperCase()} must not contain variables`, { position });
  }
  const inner = subqueryColumn(offset, site);
  if (inner !== null) {
    throw new DatabaseError('42P10', `argument of ${mode.toUpperCase()} must not contain variables`,
      { position: site.env.shared.positions.get(inner) ?? position });
  }
  // It is evaluated for each row, and must come to one value.
  if (isVolatile(offset) && holesOf(offset).size > 0) {
    throw notSupported(`a subquery beside a volatile function in ${phrase}`, { position });
  }
  site.env.trace?.calls.set(e, offset);
  return offset;
}

/** A column of the query itself that a subquery in the expression reads. */
function subqueryColumn(e: Expression, { level, scope }: Site): Expression | null {
  for (const hole of holesOf(e)) {
    const use = level.subqueries.get(hole);
    const outer = use === undefined ? undefined : referencesBy(scope, freeHoles(use.plan)).at(0);
    if (outer !== undefined) return outer.target;
  }
  return null;
}

/** What a key of this type can be moved by; null: nothing. */
function distanceType(key: LogicalType): LogicalType | null {
  switch (key.kind) {
    case 'domain': return distanceType(key.base);
    case 'int2': case 'int4': case 'int8': return INT8;
    case 'float4': case 'float8': return FLOAT8;
    case 'numeric': return NUMERIC;
    case 'date': case 'time': case 'timetz': case 'timestamp': case 'timestamptz': case 'interval': return INTERVAL;
    default: return null;
  }
}

function rangeOffset(
  value: Expression, key: LogicalType, { site, position }: { readonly site: Site; readonly position: number | undefined },
): Expression {
  const type = distanceType(key);
  const shown = `RANGE with offset PRECEDING/FOLLOWING is not supported for column type ${mentionType(key)}`;
  if (type === null) throw new DatabaseError('0A000', shown, { position });
  const to: CoercionSite = { env: site.env, context: 'implicit', position };
  // What has no type yet is of the key's own, where such a one will do.
  const own = value.type.kind === 'unknown' && type.kind === 'int8' ? tryCoerce(value, baseType(key), to) : null;
  const coerced = tryCoerce(own ?? value, type, to);
  if (coerced !== null) return coerced;
  throw new DatabaseError('0A000', `${shown} and offset type ${mentionType(value.type)}`, {
    position, hint: 'Cast the offset value to an appropriate type.',
  });
}
