// The optimizer: an ordered list of named rewrites, each of which can be switched off, but for two.
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { computeEarly } from './compute-early.ts';
import { decorrelate } from './decorrelate.ts';
import { disjunctions } from './disjunctions.ts';
import { foldConstants } from './fold-constants.ts';
import { indexJoin } from './index-join.ts';
import { indexLookup } from './index-lookup.ts';
import { indexOrder } from './index-order.ts';
import { inlineShared } from './inline-shared.ts';
import { joinKeys } from './join-keys.ts';
import { joinOrder } from './join-order.ts';
import { limitEarly } from './limit-early.ts';
import { mergeProjects } from './merge-projects.ts';
import { pruneColumns } from './prune-columns.ts';
import { pushDown } from './push-down.ts';
import type { Rewrite, RewriteContext } from './rewrite.ts';
import { semiJoins } from './semi-joins.ts';

/** In this order. */
export const REWRITES: readonly Rewrite[] = [
  inlineShared, decorrelate, foldConstants, limitEarly, disjunctions, pushDown, semiJoins, joinOrder, joinKeys,
  computeEarly, indexLookup, indexOrder, pruneColumns, mergeProjects, indexJoin,
];

/** Circuits have no apply; and what nobody reads must not fail. */
const ALWAYS: ReadonlySet<string> = new Set([decorrelate.name, pruneColumns.name]);

/** `disabled`: names of rewrites to leave out (the setting optimizer_disable). */
export function optimize(
  plan: LogicalPlan, context: RewriteContext, disabled: ReadonlySet<string> = new Set(),
): LogicalPlan {
  let result = plan;
  for (const rewrite of REWRITES) {
    if (disabled.has(rewrite.name) && !ALWAYS.has(rewrite.name)) continue;
    result = rewrite.apply(result, context);
  }
  return result;
}
