// Attaching subqueries: the holes they left in expressions become columns that apply nodes add to the plan.
import type { Expression } from '../../engine/expression/expression.ts';
import { mapExpression } from '../../engine/expression/walk.ts';
import type { Correlation, LogicalPlan } from '../plan/logical-plan.ts';
import { applyOf, columnOf, extend, width } from '../plan/make.ts';
import { freeHoles } from '../plan/map-plan.ts';
import type { Level, SubqueryUse } from './level.ts';
import type { Scope } from './scope.ts';

/** Expressions of the level's FROM columns → expressions over the plan as it is now (after grouping, say). */
export type Translate = (e: Expression) => Expression;

export interface Attached {
  readonly plan: LogicalPlan;
  readonly expressions: readonly Expression[];
}

/** `plan` with a column for every subquery the (translated) expressions mention. */
export function attachSubqueries(
  plan: LogicalPlan, expressions: readonly Expression[], level: Level, translate: Translate,
): Attached {
  const work = new Attachment(plan, level, translate);
  const done = expressions.map((e) => work.resolve(e));
  return { plan: work.plan, expressions: done };
}

/** Grows a plan as subqueries are met. */
export class Attachment {
  plan: LogicalPlan;
  readonly #level: Level;
  readonly #translate: Translate;
  readonly #columns = new Map<number, Expression>();

  constructor(plan: LogicalPlan, level: Level, translate: Translate) {
    this.plan = plan;
    this.#level = level;
    this.#translate = translate;
  }

  /** The expression with its subqueries' holes filled by columns. */
  resolve(e: Expression): Expression {
    return mapExpression(e, (x) => {
      if (x.kind !== 'parameter' || x.hole !== true) return x;
      const known = this.#columns.get(x.index);
      if (known !== undefined) return known;
      const use = this.#level.subqueries.get(x.index);
      if (use === undefined) return x;
      const column = this.#add(use);
      this.#columns.set(x.index, column);
      return column;
    });
  }

  #add(use: SubqueryUse): Expression {
    const operands = use.operands.map((o) => ({ left: this.resolve(this.#translate(o.left)), right: o.right }));
    const correlations = this.correlate(use.plan);
    this.plan = applyOf({
      apply: use.kind, left: this.plan, right: use.plan, correlations, condition: null, operands,
    });
    return columnOf(this.plan, width(this.plan) - 1);
  }

  /** Filters by [NOT] EXISTS or [NOT] IN without a column for the answer. */
  filter(use: SubqueryUse, negated: boolean): void {
    const operands = use.operands.map((o) => ({ left: this.resolve(this.#translate(o.left)), right: o.right }));
    const correlations = this.correlate(use.plan);
    const apply = use.kind === 'in' ? (negated ? 'anti-in' : 'semi-in') : (negated ? 'anti' : 'semi');
    this.plan = applyOf({ apply, left: this.plan, right: use.plan, correlations, condition: null, operands });
  }

  /** Which columns of this plan the inner plan's holes stand for; expressions become columns first. */
  correlate(inner: LogicalPlan): readonly Correlation[] {
    const { plan, correlations } = correlate(this.plan, inner, this.#level.scope, (e) => this.resolve(this.#translate(e)));
    this.plan = plan;
    return correlations;
  }
}

export interface Correlated {
  readonly plan: LogicalPlan;
  readonly correlations: readonly Correlation[];
}

/** As Attachment.correlate, for any scope. `resolve` may itself not change the plan's first columns. */
export function correlate(left: LogicalPlan, inner: LogicalPlan, scope: Scope, resolve: Translate): Correlated {
  const free = freeHoles(inner);
  const correlations: Correlation[] = [];
  const added: { readonly id: number; readonly expression: Expression }[] = [];
  for (const { hole, target } of scope.outers) {
    if (!free.has(hole.index)) continue;
    const expression = resolve(target);
    if (expression.kind === 'column') correlations.push({ id: hole.index, column: expression.index });
    else added.push({ id: hole.index, expression });
  }
  for (const [i, { id }] of added.entries()) correlations.push({ id, column: width(left) + i });
  return { plan: extend(left, added.map((a) => a.expression), '?column?'), correlations };
}
