// GROUP BY: its keys, and the grouping sets that ROLLUP, CUBE and GROUPING SETS expand to.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { isVolatile } from '../../engine/expression/walk.ts';
import type { Expr, GroupItem, Position, Select } from '../parser/ast.ts';
import { deepEqual, sameExpression } from '../plan/same-expression.ts';
import { settleUnknown } from './coercion.ts';
import { requireSortable } from './collation.ts';
import type { Level, Site } from './level.ts';
import { bind } from './level.ts';
import { locationOf } from './location.ts';
import { checkComparable } from './order.ts';
import { findTarget } from './targets.ts';
import type { BoundTarget } from './targets.ts';
import { holesOf } from '../plan/map-plan.ts';

export interface Grouping {
  readonly keys: readonly Expression[];
  /** The output column that each key is; null: it is none. Keys that are different ones may compute the same. */
  readonly outputs: readonly (number | null)[];
  /** Indexes into keys; null: one set of all. */
  readonly sets: readonly (readonly number[])[] | null;
}

/** PostgreSQL's. */
const MAX_SETS = 4096;
const MAX_CUBE = 12;

export function bindGroupBy(select: Select, targets: readonly BoundTarget[], site: Site): Grouping {
  const keys: Expression[] = [];
  const outputs: (number | null)[] = [];
  const firstOf = (expression: Expression): number | null => {
    const first = targets.findIndex((t) => sameExpression(t.expression, expression));
    return first < 0 ? null : first;
  };
  const addKey = (expression: Expression, output: number | null): number => {
    const known = keys.findIndex((k, i) => outputs[i] === output && (output !== null || sameExpression(k, expression)));
    if (known >= 0) return known;
    outputs.push(output);
    return keys.push(expression) - 1;
  };
  const plain = select.groupBy.every((i) => i.kind === 'expression');
  // Where all keys are in one set, two that are always equal are one.
  const add = (e: Expr): readonly number[] => {
    if (e.kind === 'row' && !e.explicit) return e.fields.flatMap(add);
    const found = findTarget(e, targets, 'GROUP BY', site);
    const expression = found === null ? settleUnknown(site.env, bind(e, site)) : targets[found].expression;
    const determined = requireSortable(expression);
    // A further key, that fails: what is selected is the one that was written.
    const failing = determined === expression ? [] : [addKey(determined, null)];
    checkKey(expression, site, found === null ? locationOf(e) : targets[found].position);
    site.env.trace?.groups.set(e, expression);
    const first = firstOf(expression);
    if (found === null || found === first || (plain && !isVolatile(expression))) return [addKey(expression, first), ...failing];
    site.env.trace?.groupPlaces.set(e, found + 1);
    return [addKey(expression, found), ...failing];
  };
  if (select.groupByAll) {
    for (const t of targets) if (!usesAggregate(t.expression, site.level)) addKey(t.expression, firstOf(t.expression));
    return { keys, outputs, sets: null };
  }
  // Before they are bound: what is refused may be huge.
  if (!plain && select.groupBy.reduce((n, item) => n * countSets(item), 1) > MAX_SETS) {
    throw new DatabaseError('54001', `too many grouping sets present (maximum ${MAX_SETS})`);
  }
  const expanded = select.groupBy.map((item) => setsOf(item, add));
  if (plain) return { keys, outputs, sets: null };
  let sets: readonly (readonly number[])[] = [[]];
  for (const choices of expanded) {
    sets = sets.flatMap((s) => choices.map((c) => [...new Set([...s, ...c])]));
  }
  const sorted = sets.map((s) => s.toSorted((a, b) => a - b));
  return {
    keys, outputs, sets: select.groupDistinct ? sorted.filter((s, i) => sorted.findIndex((o) => deepEqual(o, s)) === i) : sorted,
  };
}

function usesAggregate(e: Expression, level: Level): boolean {
  const holes = holesOf(e);
  return level.aggregates.some((a) => holes.has(a.hole.index));
}

function checkKey(e: Expression, site: Site, position: Position): void {
  checkComparable(e.type, position);
  const holes = holesOf(e);
  if (site.level.windows.some((w) => holes.has(w.hole.index))) {
    throw new DatabaseError('42P20', 'window functions are not allowed in GROUP BY', { position });
  }
  if (!usesAggregate(e, site.level)) return;
  throw new DatabaseError('42803', 'aggregate functions are not allowed in GROUP BY', { position });
}

function countSets(item: GroupItem): number {
  switch (item.kind) {
    case 'expression': case 'empty': return 1;
    case 'rollup': return item.items.length + 1;
    // One of too many elements has an error of its own.
    case 'cube': return item.items.length > MAX_CUBE ? 1 : 1 << item.items.length;
    case 'sets': return item.items.reduce((n, i) => n + countSets(i), 0);
  }
}

function setsOf(item: GroupItem, add: (e: Expr) => readonly number[]): readonly (readonly number[])[] {
  switch (item.kind) {
    case 'expression': return [add(item.expression)];
    case 'empty': return [[]];
    case 'rollup': {
      const parts = item.items.map(add);
      return Array.from({ length: parts.length + 1 }, (_, i) => parts.slice(0, parts.length - i).flat());
    }
    case 'cube': {
      if (item.items.length > MAX_CUBE) {
        throw new DatabaseError('54001', `CUBE is limited to ${MAX_CUBE} elements`, { position: item.position });
      }
      const parts = item.items.map(add);
      const count = 1 << parts.length;
      return Array.from({ length: count }, (_, i) =>
        parts.filter((_p, k) => ((count - 1 - i) & (1 << (parts.length - 1 - k))) !== 0).flat());
    }
    case 'sets': return item.items.flatMap((i) => setsOf(i, add));
  }
}
