// Constants that conditions compare keys with: in the key's own type.
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { mapExpression } from '../../engine/expression/walk.ts';
import type { ScanPlan } from '../plan/logical-plan.ts';
import { sameComputation } from '../plan/same-expression.ts';
import { isJoinEquality, isKeyEquality } from './written-calls.ts';

/** An expression over the relation's columns as one over the scan's; null where the scan does not show them. */
export function overScan(e: Expression, scan: ScanPlan): Expression | null {
  let shown = true;
  const mapped = mapExpression(e, (x) => {
    if (x.kind !== 'column') return x;
    const index = scan.columns.indexOf(x.index);
    shown &&= index >= 0;
    return { ...x, index };
  });
  return shown ? mapped : null;
}

/** The constants that a condition allows an expression to be. */
export function valuesOf(c: Expression, key: Expression): readonly Expression[] | null {
  const constants = (list: readonly Expression[]): readonly Expression[] | null => {
    const values = list.map((e) => asConstant(e, key.type));
    return values.some((v) => v === null) ? null : values.flatMap((v) => (v === null || v.value === null ? [] : [v]));
  };
  if (isIndexEquality(c)) {
    const [a, b] = c.args;
    return isKey(a, key) ? constants([b]) : isKey(b, key) ? constants([a]) : null;
  }
  return c.kind === 'in' && isKey(c.input, key) ? constants(c.list) : null;
}

/** Of integers of two widths, too: a constant is then one of the column's own. */
export function isIndexEquality(c: Expression): c is Expression & { readonly kind: 'call' } {
  return isKeyEquality(c) || (isJoinEquality(c) && c.args.every((a) => isInteger(a.type)));
}

/** Is it the key, also behind a cast that changes nothing? */
export function isKey(side: Expression, key: Expression): boolean {
  return sameComputation(side, key) || (side.kind === 'cast' && changesNothing(side.input.type, side.type)
    && sameComputation(side.input, key));
}

/** The cast that an operator of the second type makes of the first: the bytes and their order are the same. */
export function changesNothing(from: LogicalType, to: LogicalType): boolean {
  return (from.kind === 'varchar' && to.kind === 'text') || (from.kind === 'cidr' && to.kind === 'inet');
}

type Literal = Expression & { readonly kind: 'literal' };

const LIMITS: Readonly<Record<string, bigint>> = { int2: 2n ** 15n, int4: 2n ** 31n, int8: 2n ** 63n };

/** int2, int4 or int8. */
export function isInteger(type: LogicalType): boolean {
  return LIMITS[type.kind] !== undefined;
}

/** A constant of another integer type as one of this type; null where it has no such value. */
function asInteger(e: Literal, type: LogicalType): Literal | null {
  if (e.value === null) return { ...e, type };
  const value = BigInt(String(e.value));
  if (value < -LIMITS[type.kind] || value >= LIMITS[type.kind]) return null;
  return { ...e, type, value: type.kind === 'int8' ? value : Number(value) };
}

/** A literal of the key's own type; null for other expressions and for values that the type does not have. */
export function asConstant(e: Expression, own: LogicalType): Literal | null {
  if (e.kind !== 'literal') return null;
  if (isInteger(e.type) && isInteger(own)) return asInteger(e, own);
  const same = e.type.kind === own.kind || changesNothing(own, e.type);
  return same ? { ...e, type: own } : null;
}
