// Index join: one side of a join is read by an index, for the keys of the other side's rows alone, when those are few.
import { columnsOf, isVolatile } from '../../engine/expression/walk.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { JoinPlan, LogicalPlan, ScanPlan } from '../plan/logical-plan.ts';
import { mapPlan, somePlan } from '../plan/map-plan.ts';
import { isInteger } from './key-constants.ts';
import { printExpression } from '../plan/print.ts';
import type { Rewrite } from './rewrite.ts';
import { shareOfPlan } from './selectivity.ts';

export const indexJoin: Rewrite = {
  name: 'index-join',
  apply: (plan, context) => (context.once && !recurs(plan) ? mapPlan(plan, (p) => (p.kind === 'join' ? probing(p) : p)) : plan),
};

/** The step of a recursion runs again and again, over rows that it has read once. */
function recurs(plan: LogicalPlan): boolean {
  return somePlan(plan, (p) => p.kind === 'recursive');
}

/** The sides whose rows matter only as far as the other side has their key. */
const PROBED: Readonly<Partial<Record<JoinPlan['join'], readonly ('left' | 'right')[]>>> = {
  inner: ['right', 'left'], left: ['right'], single: ['right'], semi: ['right'], anti: ['right'], right: ['left'],
};

function probing(plan: JoinPlan): LogicalPlan {
  if (plan.lazy === true || plan.keys.length === 0) return plan;
  const found = (PROBED[plan.join] ?? []).flatMap((side) => {
    const probed = probedSide(plan, side);
    return probed === null ? [] : [{ side, probed, others: shareOfPlan(side === 'right' ? plan.left : plan.right) }];
  });
  // The other side should be the smaller one; nobody has counted it yet, which whoever reads does.
  const [best] = found.toSorted((a, b) => a.others - b.others);
  if (best === undefined) return plan;
  return best.side === 'right' ? { ...plan, right: best.probed } : { ...plan, left: best.probed };
}

/** The side, its scan looked up by the keys that come from the other one; null: no index fits. */
function probedSide(plan: JoinPlan, side: 'left' | 'right'): LogicalPlan | null {
  const { schema } = side === 'right' ? plan.left : plan.right;
  const pairs = plan.keys.filter((k) => !k.nullSafe).map((k): Pair => {
    const [own, other] = side === 'right' ? [k.right, k.left] : [k.left, k.right];
    return { own, other, label: printExpression(other, schema) };
  });
  return over(side === 'right' ? plan.right : plan.left, pairs);
}

interface Pair { readonly own: Expression; readonly other: Expression; readonly label: string }

function over(plan: LogicalPlan, pairs: readonly Pair[]): LogicalPlan | null {
  switch (plan.kind) {
    case 'filter': {
      const input = isVolatile(plan.condition) ? null : over(plan.input, pairs);
      return input === null ? null : { ...plan, input };
    }
    case 'project': {
      if (plan.expressions.some(isVolatile)) return null;
      const below = pairs.flatMap((p) => (p.own.kind === 'column' ? [{ ...p, own: plan.expressions[p.own.index] }] : []));
      const input = over(plan.input, below);
      return input === null ? null : { ...plan, input };
    }
    case 'scan': return plan.lookup === null ? scanned(plan, pairs) : null;
    default: return null;
  }
}

function scanned(scan: ScanPlan, pairs: readonly Pair[]): LogicalPlan | null {
  const keyOf = (column: number): { readonly key: Expression; readonly label: string } | null => {
    const type = scan.schema.columns[scan.columns.indexOf(column)]?.type;
    for (const { own, other, label } of pairs) {
      if (own.kind !== 'column' || scan.columns[own.index] !== column) continue;
      if (isVolatile(other) || columnsOf(other).length === 0) continue;
      if (other.type.kind === type.kind) return { key: other, label };
      const fits = isInteger(type) && isInteger(other.type) && width(other.type.kind) < width(type.kind);
      if (fits) return { key: { kind: 'cast', input: other, type, explicit: false }, label };
    }
    return null;
  };
  const fitting = scan.paths.flatMap((path) => {
    if (path.computed !== undefined || path.columns.length === 0) return [];
    const keys = path.columns.map(keyOf);
    if (keys.some((k) => k === null)) return [];
    const found = keys.flatMap((k) => (k === null ? [] : [k]));
    return [{ path, keys: found.map((k) => k.key), labels: found.map((k) => k.label) }];
  });
  const [best] = fitting.toSorted((a, b) => Number(b.path.unique) - Number(a.path.unique)
    || b.path.columns.length - a.path.columns.length);
  return best === undefined ? null : { ...scan, lookup: { kind: 'probe', ...best } };
}

function width(kind: string): number {
  return Number(kind.slice('int'.length));
}

/** The scan of a join's side that is looked up by keys of the other one. */
export function probeIn(plan: LogicalPlan): ScanPlan | null {
  if (plan.kind === 'filter' || plan.kind === 'project') return probeIn(plan.input);
  return plan.kind === 'scan' && plan.lookup?.kind === 'probe' ? plan : null;
}
