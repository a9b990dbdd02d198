// Rewrite: one step of the optimizer, plan to equal plan, named so that it can be switched off.
import type { FunctionRegistry } from '../../engine/function/registry.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';

export interface RewriteContext {
  readonly functions: FunctionRegistry;
  /** For folding constants. */
  readonly evaluation: EvalContext;
  /** Runs once, now: what is stable is constant, and relations may be read by key. Otherwise a view's query. */
  readonly once: boolean;
  /** The setting optimizer_seed: joins in an order of chance; null: in that of the optimizer. */
  readonly random: (() => number) | null;
  /** A number no hole or shared plan has. */
  fresh(): number;
}

export interface Rewrite {
  readonly name: string;
  /** Law: same rows, same columns (names and types). */
  apply(plan: LogicalPlan, context: RewriteContext): LogicalPlan;
}
