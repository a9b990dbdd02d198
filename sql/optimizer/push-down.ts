// Predicate push-down: conditions move towards the rows they are about, as far as they mean the same there.
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf, isVolatile } from '../../engine/expression/walk.ts';
import { conjunction, conjuncts } from '../binder/functions.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { filterOf, joinOf, showsLeftOnly, width } from '../plan/make.ts';
import { mapInputs } from '../plan/map-plan.ts';
import { mapColumns } from '../plan/replace.ts';
import { simplifyJoin } from './reject-nulls.ts';
import type { Rewrite } from './rewrite.ts';
import { mapColumnIndexes } from './unnest.ts';

export const pushDown: Rewrite = {
  name: 'push-down',
  apply: (plan) => new Pusher().push(plan, []),
};

type Conditions = readonly Expression[];

function isOrderOnly({ limit, offset }: LogicalPlan & { kind: 'limit' }): boolean {
  return limit === null && offset === null;
}

class Pusher {
  readonly #shared = new Map<number, LogicalPlan>();

  /** The plan, filtered by all conditions, which are over its columns. */
  push(plan: LogicalPlan, conditions: Conditions): LogicalPlan {
    switch (plan.kind) {
      case 'filter': return this.push(plan.input, [...conjuncts(plan.condition), ...conditions]);
      case 'project': {
        // Of the rows that a LIMIT lets through all are computed, also those that are not shown.
        const all = plan.input.kind === 'limit' && !isOrderOnly(plan.input) && plan.expressions.some(isVolatile);
        const safe = (c: Expression): boolean => !all && !columnsOf(c).some((i) => isVolatile(plan.expressions[i]));
        return this.#through(plan, conditions, safe, (c) => mapColumns(c, (i) => plan.expressions[i]));
      }
      case 'join': return this.#join(plan, conditions);
      case 'asof-join': {
        const left = width(plan.left);
        const [down, stay] = split(conditions, (c) => !isVolatile(c) && columnsOf(c).every((i) => i < left));
        return filtered({ ...plan, left: this.push(plan.left, down), right: this.push(plan.right, []) }, stay);
      }
      case 'aggregate': {
        const keyed = (c: Expression): boolean => plan.sets === null && plan.keys.length > 0
          && columnsOf(c).every((i) => i < plan.keys.length) && !isVolatile(c);
        return this.#through(plan, conditions, keyed, (c) => mapColumns(c, (i) => plan.keys[i]));
      }
      case 'distinct': {
        const { on } = plan;
        const safe = (c: Expression): boolean => !isVolatile(c) && (on === null || within(c, new Set(on.columns)));
        return this.#through(plan, conditions, safe, (c) => c);
      }
      case 'limit': return this.#through(plan, conditions, (c) => !isVolatile(c)
        && (isOrderOnly(plan) || (plan.partition.length > 0 && within(c, new Set(plan.partition)))), (c) => c);
      case 'window': {
        const partition = new Set(plan.partition.flatMap((p) => (p.kind === 'column' ? [p.index] : [])));
        const safe = (c: Expression): boolean => !isVolatile(c) && columnsOf(c).length > 0 && within(c, partition);
        return this.#through(plan, conditions, safe, (c) => c);
      }
      case 'session-window': return this.#through(plan, conditions, (c) => !isVolatile(c) && plan.keys.length > 0
        && within(c, new Set(plan.keys)), (c) => c);
      case 'project-set': case 'assign-window': {
        const inputs = width(plan.input);
        return this.#through(plan, conditions, (c) => !isVolatile(c) && columnsOf(c).every((i) => i < inputs), (c) => c);
      }
      case 'temporal-filter': return this.#through(plan, conditions, (c) => !isVolatile(c), (c) => c);
      case 'set-operation': {
        const [down, stay] = split(conditions, (c) => !isVolatile(c));
        return filtered({ ...plan, inputs: plan.inputs.map((i) => this.push(i, down)) }, stay);
      }
      case 'shared': return filtered({ ...plan, input: this.#sharedInput(plan) }, conditions);
      case 'scan': case 'constant': case 'values': case 'single-row': case 'working-table': return filtered(plan, conditions);
      case 'apply': case 'recursive': case 'emit-on-close':
        return filtered(mapInputs(plan, (i) => this.push(i, [])), conditions);
    }
  }

  #sharedInput(plan: LogicalPlan & { kind: 'shared' }): LogicalPlan {
    const known = this.#shared.get(plan.id);
    if (known !== undefined) return known;
    const input = this.push(plan.input, []);
    this.#shared.set(plan.id, input);
    return input;
  }

  /** For nodes with one input: what may pass goes on below, rewritten; the rest stays above. */
  #through(
    plan: LogicalPlan, conditions: Conditions,
    passes: (c: Expression) => boolean, rewrite: (c: Expression) => Expression,
  ): LogicalPlan {
    const [down, stay] = split(conditions, passes);
    return filtered(mapInputs(plan, (input) => this.push(input, down.map(rewrite))), stay);
  }

  #join(plan: LogicalPlan & { kind: 'join' }, conditions: Conditions): LogicalPlan {
    const left = width(plan.left);
    const join = simplifyJoin(plan.join, left, conditions);
    const own = plan.condition === null ? [] : conjuncts(plan.condition);
    const isLeft = (c: Expression): boolean => !isVolatile(c) && columnsOf(c).every((i) => i < left);
    const isRight = (c: Expression): boolean => !isVolatile(c) && columnsOf(c).length > 0 && columnsOf(c).every((i) => i >= left);
    const toRight = (list: Conditions): Conditions => list.map((c) => mapColumnIndexes(c, (i) => i - left));
    const none: Conditions = [];
    // What is true of all rows above (ABOVE) and what decides matching (own) may go to different sides.
    const mergeAbove = join === 'inner';
    const above = mergeAbove ? none : conditions;
    const matching = mergeAbove ? [...own, ...conditions] : own;
    const leftMayGo = join === 'inner' || join === 'semi' || join === 'right';
    const [ownLeft, notLeft] = leftMayGo ? split(matching, isLeft) : [none, matching];
    const [ownRight, ownRest] = join === 'full' || join === 'right' ? [none, notLeft] : split(notLeft, isRight);
    const keepsLeft = join === 'left' || join === 'temporal' || join === 'temporal-left' || join === 'single'
      || showsLeftOnly(join);
    const [aboveLeft, rest] = keepsLeft ? split(above, isLeft) : [none, above];
    const [aboveRight, stay] = join === 'right' ? split(rest, isRight) : [none, rest];
    const joined = joinOf({
      join, keys: plan.keys, condition: conjunction(ownRest), lazy: plan.lazy,
      left: this.push(plan.left, [...ownLeft, ...aboveLeft]), right: this.push(plan.right, toRight([...ownRight, ...aboveRight])),
    });
    return filtered(joined, stay);
  }
}

function within(c: Expression, columns: ReadonlySet<number>): boolean {
  return columnsOf(c).every((i) => columns.has(i));
}

function filtered(plan: LogicalPlan, conditions: Conditions): LogicalPlan {
  return filterOf(plan, conjunction(conditions));
}

function split(list: Conditions, test: (c: Expression) => boolean): readonly [Conditions, Conditions] {
  return [list.filter(test), list.filter((c) => !test(c))];
}
