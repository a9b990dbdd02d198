// ASOF [LEFT] JOIN .. ON equalities AND one inequality: which columns meet, and on which side the nearest row is sought.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf, isVolatile } from '../../engine/expression/walk.ts';
import { commonKeyType, isJoinEquality } from '../optimizer/written-calls.ts';
import { mapColumnIndexes } from '../optimizer/unnest.ts';
import type { AsofJoinPlan, LogicalPlan } from '../plan/logical-plan.ts';
import { asofJoinOf, extend, filterOf, selectColumns, width } from '../plan/make.ts';
import { conjunction, conjuncts } from './functions.ts';

export interface AsofSides {
  readonly left: LogicalPlan;
  readonly right: LogicalPlan;
  readonly outer: boolean;
  readonly position: number | undefined;
}

/** left OP right, each over the columns of its own side. */
interface Comparison {
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}

const MIRRORED: { readonly [operator: string]: string } = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** `condition`: over left, then right columns. Conditions on right rows alone say which of them there are to match. */
export function bindAsof(condition: Expression, sides: AsofSides): LogicalPlan {
  const { left, right, outer, position } = sides;
  const comparisons: Comparison[] = [];
  const onRight: Expression[] = [];
  for (const c of conjuncts(condition)) {
    const columns = columnsOf(c);
    if (columns.length > 0 && columns.every((i) => i >= width(left)) && !isVolatile(c)) {
      onRight.push(mapColumnIndexes(c, (i) => i - width(left)));
      continue;
    }
    const comparison = comparisonOf(c, width(left));
    if (comparison === null) {
      throw notSupported('a condition of ASOF JOIN other than equalities and one inequality between its sides', { position });
    }
    comparisons.push(comparison);
  }
  const nearest = comparisons.filter((c) => c.operator !== '=');
  if (nearest.length !== 1) {
    throw new DatabaseError('42601', 'ASOF JOIN needs exactly one inequality (<, <=, > or >=) between its sides', { position });
  }
  return join(sides, {
    keys: comparisons.filter((c) => c.operator === '='), nearest: nearest[0],
    right: filterOf(right, conjunction(onRight)), outer,
  });
}

function comparisonOf(c: Expression, left: number): Comparison | null {
  if (c.kind !== 'call' || c.function.operator !== true || c.args.length !== 2) return null;
  const operator = c.function.name;
  const [a, b] = c.args;
  if (!(operator in MIRRORED) || (operator === '=' ? !isJoinEquality(c) : commonKeyType(a.type, b.type) === null)) return null;
  const isLeft = (e: Expression): boolean => columnsOf(e).length > 0 && columnsOf(e).every((i) => i < left);
  const isRight = (e: Expression): boolean => columnsOf(e).length > 0 && columnsOf(e).every((i) => i >= left);
  const shifted = (e: Expression): Expression => mapColumnIndexes(e, (i) => i - left);
  if (isLeft(a) && isRight(b)) return { operator, left: a, right: shifted(b) };
  if (isLeft(b) && isRight(a)) return { operator: MIRRORED[operator], left: b, right: shifted(a) };
  return null;
}

interface Parts {
  readonly keys: readonly Comparison[];
  readonly nearest: Comparison;
  readonly right: LogicalPlan;
  readonly outer: boolean;
}

/** What is compared becomes columns behind those of its side, and is left out of the result again. */
function join({ left }: AsofSides, { keys, nearest, right, outer }: Parts): LogicalPlan {
  const all = [...keys, nearest].map(unified);
  const [l, r] = [withColumns(left, all.map((c) => c.left)), withColumns(right, all.map((c) => c.right))];
  const last = all.length - 1;
  const { operator } = nearest;
  const plan: Omit<AsofJoinPlan, 'kind' | 'schema'> = {
    left: l.plan, right: r.plan, outer,
    keys: keys.map((_, i) => ({ left: l.columns[i], right: r.columns[i], nullSafe: false })),
    time: { left: l.columns[last], right: r.columns[last] },
    side: operator === '>' || operator === '>=' ? 'before' : 'after',
    strict: operator === '>' || operator === '<',
  };
  return selectColumns(asofJoinOf(plan), [
    ...left.schema.columns.map((_, i) => i), ...right.schema.columns.map((_, i) => width(l.plan) + i),
  ]);
}

/** Both sides of one layout. */
function unified(c: Comparison): Comparison {
  const type = commonKeyType(c.left.type, c.right.type) ?? c.left.type;
  const as = (e: Expression): Expression => (e.type.kind === type.kind ? e : { kind: 'cast', input: e, type, explicit: false });
  return { ...c, left: as(c.left), right: as(c.right) };
}

function withColumns(
  plan: LogicalPlan, expressions: readonly Expression[],
): { readonly plan: LogicalPlan; readonly columns: readonly number[] } {
  const computed: Expression[] = [];
  const columns = expressions.map((e) => (e.kind === 'column' ? e.index : width(plan) + computed.push(e) - 1));
  return { plan: extend(plan, computed, 'asof'), columns };
}
