// Attaching subqueries: the holes they left in expressions become columns that apply nodes add to the plan.
import { BOOLEAN } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { canRaise, isVolatile, mapChildren } from '../../engine/expression/walk.ts';
import type { Correlation, LogicalPlan } from '../plan/logical-plan.ts';
import { applyOf, columnOf, extend, width } from '../plan/make.ts';
import { freeHoles, holesOf } from '../plan/map-plan.ts';
import { deepEqual } from '../plan/same-expression.ts';
import { conjunction } from './functions.ts';
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
  readonly #columns = new Map<number, Answer[]>();

  constructor(plan: LogicalPlan, level: Level, translate: Translate) {
    this.plan = plan;
    this.#level = level;
    this.#translate = translate;
  }

  /** The expression with its subqueries' holes filled by columns. `asked`: it is evaluated for rows that fulfil these. */
  resolve(e: Expression, asked: Conditions = []): Expression {
    if (e.kind === 'parameter' && e.hole === true) return this.#answer(e, asked);
    if (holesOf(e).size === 0) return e;
    switch (e.kind) {
      case 'case': {
        let before = asked;
        const branches = e.branches.map((b) => {
          const when = this.resolve(b.when, before);
          const then = this.resolve(b.then, [...before, ...test(when, 'true')]);
          before = [...before, ...test(when, 'true', true)];
          return { when, then };
        });
        return { ...e, branches, otherwise: this.resolve(e.otherwise, before) };
      }
      case 'and': return { ...e, args: this.#inTurn(e.args, asked, (a) => test(a, 'false', true)) };
      case 'or': return { ...e, args: this.#inTurn(e.args, asked, (a) => test(a, 'true', true)) };
      case 'coalesce': return { ...e, args: this.#inTurn(e.args, asked, (a) => test(a, 'null')) };
      default: return mapChildren(e, (child) => this.resolve(child, asked));
    }
  }

  /** Arguments that are evaluated as long as `goesOn` is true of those before. */
  #inTurn(args: Conditions, asked: Conditions, goesOn: (e: Expression) => Conditions): Conditions {
    let before = asked;
    return args.map((arg) => {
      const done = this.resolve(arg, before);
      before = [...before, ...goesOn(done)];
      return done;
    });
  }

  #answer(hole: Expression & { readonly kind: 'parameter' }, asked: Conditions): Expression {
    const known = this.#columns.get(hole.index) ?? [];
    const fitting = known.find((k) => k.asked.every((c) => asked.some((a) => deepEqual(a, c))));
    if (fitting !== undefined) return fitting.column;
    const use = this.#level.subqueries.get(hole.index);
    if (use === undefined) return hole;
    const column = this.#add(use, asked);
    this.#columns.set(hole.index, [...known, { asked, column }]);
    return column;
  }

  #add(use: SubqueryUse, asked: Conditions): Expression {
    const condition = conjunction(asked);
    const resolve = (e: Expression): Expression => where(condition, this.resolve(this.#translate(e), asked));
    const operands = use.operands.map((o) => ({ left: resolve(o.left), right: o.right }));
    const correlations = this.correlate(use.plan, resolve);
    this.plan = applyOf({
      apply: use.kind, left: this.plan, right: use.plan, correlations, condition: null, operands,
      ...condition === null ? {} : { asked: condition },
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
  correlate(
    inner: LogicalPlan, resolve: Translate = (e) => this.resolve(this.#translate(e)),
  ): readonly Correlation[] {
    // Subqueries in what the holes stand for come into the plan first.
    correlate(this.plan, inner, this.#level.scope, resolve);
    const { plan, correlations } = correlate(this.plan, inner, this.#level.scope, resolve);
    this.plan = plan;
    return correlations;
  }
}

export type Conditions = readonly Expression[];

/** What a subquery is for the rows that fulfil the conditions. */
interface Answer {
  readonly asked: Conditions;
  readonly column: Expression;
}

/** As a condition; what has another value each time it is evaluated is none. */
function test(input: Expression, what: 'true' | 'false' | 'null', negated = false): Conditions {
  return isVolatile(input) ? [] : [{ kind: 'test', type: BOOLEAN, test: what, negated, input }];
}

/** What a condition, once true, says of the rows that are looked at. */
export function whereTrue(condition: Expression | null): Conditions {
  return condition === null ? [] : test(condition, 'true');
}

/** An expression that may fail is evaluated only where it is asked for. */
export function where(condition: Expression | null, e: Expression): Expression {
  if (condition === null || !canRaise(e)) return e;
  return {
    kind: 'case', type: e.type, branches: [{ when: condition, then: e }],
    otherwise: { kind: 'literal', type: e.type, value: null },
  };
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
