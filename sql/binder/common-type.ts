// The common type of UNION columns, CASE branches, VALUES, ARRAY elements (manual 10.5).
import { DatabaseError } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { TEXT, baseType, sameKind, sameType, typmodOf } from '../../engine/data/types.ts';
import { canCoerce, categoryOf, isPreferred, withTypmod } from './type-rules.ts';

/** select_common_type of PostgreSQL; null where categories do not match. Parameters of types survive when all agree. */
export function selectCommonType(types: readonly LogicalType[]): LogicalType | null {
  if (types.length > 0 && types.every((t) => sameType(t, types[0])) && types[0].kind !== 'unknown') return types[0];
  let chosen: LogicalType | null = null;
  for (const type of types.map(baseType)) {
    if (type.kind === 'unknown') continue;
    if (chosen === null) {
      chosen = type;
    } else if (!sameKind(chosen, type)) {
      if (categoryOf(chosen) !== categoryOf(type)) return null;
      if (!isPreferred(chosen) && canCoerce(chosen, type) && !canCoerce(type, chosen)) chosen = type;
    }
  }
  if (chosen === null) return TEXT;
  const final = chosen;
  const typmod = types.every((t) => sameKind(t, final) && typmodOf(t) === typmodOf(types[0])) ? typmodOf(types[0]) : -1;
  return withTypmod(final, typmod);
}

/** As above; a mismatch is PostgreSQL's 42804, at the position of the first type that does not fit. */
export function requireCommonType(
  types: readonly LogicalType[], context: string, positionOf: (i: number) => number | undefined,
): LogicalType {
  const common = selectCommonType(types);
  if (common !== null) {
    const bad = types.findIndex((t) => !canCoerce(t, common));
    if (bad < 0) return common;
    throw new DatabaseError('42846',
      `${context} could not convert type ${mentionType(types[bad])} to ${mentionType(common)}`,
      { position: positionOf(bad) });
  }
  const first = types.map(baseType).find((t) => t.kind !== 'unknown') ?? TEXT;
  let chosen = first;
  for (const [i, type] of types.map(baseType).entries()) {
    if (type.kind === 'unknown' || sameKind(type, chosen)) continue;
    if (categoryOf(type) !== categoryOf(chosen)) {
      throw new DatabaseError('42804',
        `${context} types ${mentionType(chosen)} and ${mentionType(type)} cannot be matched`, { position: positionOf(i) });
    }
    if (!isPreferred(chosen) && canCoerce(chosen, type) && !canCoerce(type, chosen)) chosen = type;
  }
  return chosen;
}
