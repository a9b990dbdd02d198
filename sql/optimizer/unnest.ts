// Unnesting (Neumann & Kemper 2015): a correlated plan joined with the domain of its outer columns' values.
import { assert, notSupported } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { mapExpression } from '../../engine/expression/walk.ts';
import type { EquiKey, LogicalPlan } from '../plan/logical-plan.ts';
import {
  asofJoinOf, columnOf, columnsOfPlan, filterOf, joinOf, projectOf, selectColumns, showsLeftOnly, width,
} from '../plan/make.ts';
import { expressionsOf, freeHoles, holesOf, mapExpressions, somePlan } from '../plan/map-plan.ts';
import { fillHoles } from '../plan/replace.ts';
import { zero } from './written-calls.ts';

/** `plan`: one row for each combination of values the holes take; column i stands for hole `holes[i]`. */
export interface Domain {
  readonly plan: LogicalPlan;
  readonly holes: readonly number[];
  fresh(): number;
}

/** The plan for every row of the domain at once: its columns, then the domain's. */
export class Unnesting {
  readonly #domain: Domain;
  readonly #shared = new Map<number, LogicalPlan>();
  /** Recursions whose rows have the domain's columns behind their own. */
  readonly #recursions = new Set<number>();

  constructor(domain: Domain) {
    this.#domain = domain;
  }

  unnest(plan: LogicalPlan): LogicalPlan {
    if (!this.#correlated(plan)) return joinOf({ join: 'inner', left: plan, right: this.#domain.plan });
    switch (plan.kind) {
      case 'filter': {
        const input = this.unnest(plan.input);
        return filterOf(input, this.#fill(plan.condition, input));
      }
      case 'project': {
        const input = this.unnest(plan.input);
        return projectOf(input, [...plan.expressions.map((e) => this.#fill(e, input)), ...this.#domainOf(input)],
          [...namesOf(plan), ...namesOf(this.#domain.plan)]);
      }
      case 'join': return this.#join(plan);
      case 'asof-join': return this.#asofJoin(plan);
      case 'aggregate': return this.#aggregate(plan);
      case 'distinct': {
        const input = this.unnest(plan.input);
        const on = plan.on === null ? null : { ...plan.on, columns: [...plan.on.columns, ...this.#indexes(input)] };
        return { ...plan, input, on, schema: input.schema };
      }
      case 'set-operation': {
        const inputs = plan.inputs.map((i) => this.unnest(i));
        return { ...plan, inputs, schema: { columns: [...plan.schema.columns, ...this.#domain.plan.schema.columns] } };
      }
      case 'limit': {
        const input = this.unnest(plan.input);
        return { ...plan, input, partition: [...plan.partition, ...this.#indexes(input)], schema: input.schema };
      }
      case 'temporal-filter': {
        const input = this.unnest(plan.input);
        return { ...plan, input, schema: input.schema };
      }
      case 'values': return this.unnest(valuesAsUnion(plan));
      case 'shared': return this.#sharedPlan(plan);
      case 'project-set': case 'assign-window': case 'session-window': case 'window': return this.#extension(plan);
      case 'recursive': return this.#recursive(plan);
      case 'working-table': return { ...plan, schema: this.#widened(plan) };
      case 'scan': case 'constant': case 'single-row': case 'apply':
      case 'emit-on-close': throw notSupported(`a correlated subquery over this (${plan.kind})`);
    }
  }

  #correlated(plan: LogicalPlan): boolean {
    if (this.#recursions.size > 0 && this.#reads(plan)) return true;
    const free = freeHoles(plan);
    return this.#domain.holes.some((h) => free.has(h));
  }

  /** Every row of the domain has a recursion of its own; all of them go in step. */
  #recursive(plan: LogicalPlan & { kind: 'recursive' }): LogicalPlan {
    const base = this.unnest(plan.base);
    this.#recursions.add(plan.id);
    return { ...plan, base, step: this.unnest(plan.step), schema: this.#widened(plan) };
  }

  #widened(plan: LogicalPlan): LogicalPlan['schema'] {
    return { columns: [...plan.schema.columns, ...this.#domain.plan.schema.columns] };
  }

  #reads(plan: LogicalPlan): boolean {
    return somePlan(plan, (p) => p.kind === 'working-table' && this.#recursions.has(p.id));
  }

  /** Where the domain's columns stand in an unnested plan: last. */
  #indexes(plan: LogicalPlan): readonly number[] {
    const count = this.#domain.holes.length;
    return this.#domain.holes.map((_, i) => width(plan) - count + i);
  }

  #domainOf(plan: LogicalPlan): readonly Expression[] {
    return this.#indexes(plan).map((i) => columnOf(plan, i));
  }

  #fill(e: Expression, plan: LogicalPlan): Expression {
    return fillHoles(e, this.#values(this.#domainOf(plan)));
  }

  #values(columns: readonly Expression[]): ReadonlyMap<number, Expression> {
    return new Map(this.#domain.holes.map((h, i) => [h, columns[i]]));
  }

  #join(plan: LogicalPlan & { kind: 'join' }): LogicalPlan {
    const [inLeft, inRight] = [this.#correlated(plan.left), this.#correlated(plan.right)];
    const bound = expressionsOf(plan).some((e) => this.#domain.holes.some((h) => holesOf(e).has(h)));
    const outerRight = plan.join === 'right' || plan.join === 'full';
    if (!inRight && !outerRight) return this.#joinLeft(plan);
    if (!inLeft && !bound && (plan.join === 'inner' || plan.join === 'right')) return this.#joinRight(plan);
    return this.#joinBoth(plan);
  }

  /** Only the left side (or the condition) is correlated. */
  #joinLeft(plan: LogicalPlan & { kind: 'join' }): LogicalPlan {
    const left = this.unnest(plan.left);
    const count = this.#domain.holes.length;
    const old = width(plan.left);
    const move = (e: Expression): Expression => this.#moved(e, (i) => (i < old ? i : i + count), this.#domainOf(left));
    const joined = joinOf({
      join: plan.join, lazy: plan.lazy, left, right: plan.right, keys: plan.keys.map((k) => this.#key(k, left, null)),
      condition: plan.condition === null ? null : move(plan.condition),
    });
    if (showsLeftOnly(plan.join)) return joined;
    const rights = range(old + count, width(joined));
    return selectColumns(joined, [...range(0, old), ...rights, ...range(old, old + count)]);
  }

  #joinRight(plan: LogicalPlan & { kind: 'join' }): LogicalPlan {
    const right = this.unnest(plan.right);
    return joinOf({
      join: plan.join, lazy: plan.lazy, left: plan.left, right, condition: plan.condition,
      keys: plan.keys.map((k) => this.#key(k, null, right)),
    });
  }

  /** Both sides meet the domain, and each other where they met the same row of it. */
  #joinBoth(plan: LogicalPlan & { kind: 'join' }): LogicalPlan {
    const left = this.unnest(plan.left);
    const right = this.unnest(plan.right);
    const count = this.#domain.holes.length;
    const [l, r] = [width(plan.left), width(plan.right)];
    const same = this.#domainOf(left).map((e, i): EquiKey => ({ left: e, right: this.#domainOf(right)[i], nullSafe: true }));
    const joined = joinOf({
      join: plan.join, lazy: plan.lazy, left, right,
      // The last key of a NOT IN stays the last.
      keys: [...same, ...plan.keys.map((k) => this.#key(k, left, right))],
      condition: plan.condition === null ? null
        : this.#moved(plan.condition, (i) => (i < l ? i : i + count), this.#domainOf(left)),
    });
    if (showsLeftOnly(plan.join)) return joined;
    const columns = columnsOfPlan(joined);
    const lefts = range(l, l + count);
    const domain = lefts.map((i): Expression => {
      const other = columns[l + count + r + (i - l)];
      if (plan.join === 'right') return other;
      return plan.join === 'full' ? { kind: 'coalesce', type: columns[i].type, args: [columns[i], other] } : columns[i];
    });
    return projectOf(joined, [...columns.slice(0, l), ...columns.slice(l + count, l + count + r), ...domain],
      [...namesOf(plan), ...namesOf(this.#domain.plan)]);
  }

  /** The left side meets the domain, which decides nothing about the nearest row unless the right side does, too. */
  #asofJoin(plan: LogicalPlan & { kind: 'asof-join' }): LogicalPlan {
    const left = this.unnest(plan.left);
    const both = this.#correlated(plan.right);
    const right = both ? this.unnest(plan.right) : plan.right;
    const count = this.#domain.holes.length;
    const [l, r] = [width(plan.left), width(plan.right)];
    const same = both ? range(0, count).map((i) => ({ left: l + i, right: r + i, nullSafe: true })) : [];
    const joined = asofJoinOf({ ...plan, left, right, keys: [...same, ...plan.keys] });
    return selectColumns(joined, [...range(0, l), ...range(l + count, l + count + r), ...range(l, l + count)]);
  }

  #key(k: EquiKey, left: LogicalPlan | null, right: LogicalPlan | null): EquiKey {
    return {
      ...k, left: left === null ? k.left : this.#fill(k.left, left), right: right === null ? k.right : this.#fill(k.right, right),
    };
  }

  #moved(e: Expression, to: (index: number) => number, domain: readonly Expression[]): Expression {
    const renumbered = mapColumnIndexes(e, to);
    return fillHoles(renumbered, this.#values(domain));
  }

  /** Without keys there is a row for every row of the domain, also where nothing came in: count is 0 then. */
  #aggregate(plan: LogicalPlan & { kind: 'aggregate' }): LogicalPlan {
    if (plan.sets !== null && plan.sets.some((s) => s.length === 0)) {
      throw notSupported('a correlated subquery with an empty grouping set');
    }
    const input = this.unnest(plan.input);
    const filled = mapExpressions(plan, (e) => this.#fill(e, input));
    assert(filled.kind === 'aggregate', 'an aggregate stays one');
    const domain = this.#domainOf(input);
    const before = plan.keys.length;
    const count = domain.length;
    const keys = [...filled.keys, ...domain];
    const columns = plan.schema.columns;
    const grouped: LogicalPlan = {
      ...filled, input, keys, sets: plan.sets === null ? null : plan.sets.map((s) => [...s, ...range(before, before + count)]),
      schema: { columns: [...columns.slice(0, before), ...this.#domain.plan.schema.columns, ...columns.slice(before)] },
    };
    const order = [...range(0, before), ...range(before + count, width(grouped)), ...range(before, before + count)];
    if (before > 0 || plan.sets !== null) return selectColumns(grouped, order);
    const d = this.#domain.plan;
    const joined = joinOf({
      join: 'left', left: d, right: grouped,
      keys: domain.map((_, i): EquiKey => ({ left: columnOf(d, i), right: columnOf(grouped, i), nullSafe: true })),
    });
    const results = plan.aggregates.map((a, i) => emptyResult(a.function.name, columnOf(joined, 2 * count + i)));
    return projectOf(joined, [...results, ...columnsOfPlan(joined).slice(0, count)], [...namesOf(plan), ...namesOf(d)]);
  }

  #sharedPlan(plan: LogicalPlan & { kind: 'shared' }): LogicalPlan {
    const known = this.#shared.get(plan.id);
    if (known !== undefined) return known;
    const input = this.unnest(plan.input);
    const shared: LogicalPlan = { ...plan, id: this.#domain.fresh(), input, schema: input.schema };
    this.#shared.set(plan.id, shared);
    return shared;
  }

  /** Nodes that add columns to their input's: the domain moves behind them. */
  #extension(plan: LogicalPlan & { kind: 'project-set' | 'assign-window' | 'session-window' | 'window' }): LogicalPlan {
    const old = width(plan.input);
    const input = this.unnest(plan.input);
    const count = this.#domain.holes.length;
    const added = plan.schema.columns.slice(old);
    const schema = { columns: [...input.schema.columns, ...added] };
    const filled = mapExpressions(plan, (e) => this.#fill(e, input));
    assert(filled.kind === plan.kind, 'the node stays what it is');
    const moved: LogicalPlan = filled.kind === 'window'
      ? { ...filled, input, schema, partition: [...filled.partition, ...this.#domainOf(input)] }
      : filled.kind === 'session-window' ? { ...filled, input, schema, keys: [...filled.keys, ...this.#indexes(input)] }
        : { ...filled, input, schema };
    return selectColumns(moved, [...range(0, old), ...range(old + count, width(moved)), ...range(old, old + count)]);
  }
}

/** The result of an aggregate, where a missing row means that nothing was aggregated. */
export function emptyResult(name: string, column: Expression): Expression {
  if (name !== 'count' && name !== 'regr_count' && name !== 'approx_count_distinct') return column;
  return { kind: 'coalesce', type: column.type, args: [column, { ...zero(), type: column.type }] };
}

function valuesAsUnion(plan: LogicalPlan & { kind: 'values' }): LogicalPlan {
  const single: LogicalPlan = { kind: 'single-row', schema: { columns: [] } };
  const inputs = plan.rows.map((r) => projectOf(single, r, namesOf(plan)));
  if (inputs.length === 1) return inputs[0];
  return { kind: 'set-operation', operation: 'union', all: true, inputs, schema: plan.schema };
}

function namesOf(plan: LogicalPlan): readonly string[] {
  return plan.schema.columns.map((c) => c.name);
}

export function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

export function mapColumnIndexes(e: Expression, to: (index: number) => number): Expression {
  return mapExpression(e, (x) => (x.kind === 'column' ? { ...x, index: to(x.index) } : x));
}
