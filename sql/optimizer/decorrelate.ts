// Decorrelation: every apply node becomes joins, whatever the subquery looks like.
//
// Most subqueries only have conditions `inner = outer` near their top; those are pulled out and the apply becomes a
// join (pull-up.ts). What is left is unnested with the domain of outer values (unnest.ts). The count bug: an aggregate
// without GROUP BY has a row for every outer row, so where the join finds none, count is 0.
import { assert } from '../../engine/data/error.ts';
import { BOOLEAN } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf } from '../../engine/expression/walk.ts';
import { conjunction } from '../binder/functions.ts';
import type { ApplyPlan, EquiKey, LogicalPlan } from '../plan/logical-plan.ts';
import type { JoinParts } from '../plan/make.ts';
import {
  aggregateOf, applyOf, columnOf, columnsOfPlan, extend, filterOf, joinOf, projectOf, selectColumns, setCallsOf, width,
} from '../plan/make.ts';
import { freeHoles, mapPlan } from '../plan/map-plan.ts';
import { fillHoles, mapColumns, shiftColumns } from '../plan/replace.ts';
import { isNonNull, isUniqueBy } from './facts.ts';
import { callMayFail, expressionMayFail, mayFail } from './may-fail.ts';
import { asEqualities, pullUp } from './pull-up.ts';
import type { CorrelatedEquality, PulledUp } from './pull-up.ts';
import type { Rewrite, RewriteContext } from './rewrite.ts';
import { emptyResult, range, Unnesting } from './unnest.ts';
import { aggregateCall, equality, isJoinEquality, isNull, nullOf, truth, zero } from './written-calls.ts';

export const decorrelate: Rewrite = {
  name: 'decorrelate',
  apply: (plan, context) => mapPlan(plan, (p) => (p.kind === 'apply' ? eliminated(p, context) : p)),
};

/** Which rows ask for the answer matters where it may fail: that is then a column of the left side. */
function eliminated(apply: ApplyPlan, context: RewriteContext): LogicalPlan {
  const { asked, left, right } = apply;
  if (asked === undefined || !(mayFail(right, context) || (apply.apply === 'scalar' && !atMostOne(right)))) {
    return new Elimination(apply, context, null).run();
  }
  const n = width(left);
  const marked = applyOf({ ...apply, left: extend(left, [asked], 'asked') });
  assert(marked.kind === 'apply', 'an apply stays one');
  return selectColumns(new Elimination(marked, context, n).run(), [...range(0, n), n + 1]);
}

/** The right side joined with its domain: `domain` are the keys that tie it to the left side. */
interface Tied {
  readonly plan: LogicalPlan;
  readonly keys: readonly EquiKey[];
}

class Elimination {
  readonly #apply: ApplyPlan;
  readonly #context: RewriteContext;
  readonly #holes: ReadonlySet<number>;
  #left: LogicalPlan;
  /** The left column that says which rows ask for the answer; null: all do. */
  readonly #asked: number | null;

  constructor(apply: ApplyPlan, context: RewriteContext, asked: number | null) {
    this.#apply = apply;
    this.#asked = asked;
    this.#context = context;
    this.#left = apply.left;
    const free = freeHoles(apply.right);
    this.#holes = new Set(apply.correlations.filter((c) => free.has(c.id)).map((c) => c.id));
  }

  run(): LogicalPlan {
    switch (this.#apply.apply) {
      case 'inner': case 'left': return this.#lateral(this.#apply.apply);
      case 'semi': case 'anti': return this.#existence(this.#apply.apply, []);
      case 'semi-in': return this.#existence('semi', this.#membership());
      case 'anti-in': return this.#antiIn();
      case 'exists': return this.#existsValue();
      case 'scalar': return this.#scalar();
      case 'in': return this.#inValue();
    }
  }

  /** Holes as the left columns they stand for. */
  #fill(e: Expression): Expression {
    return fillHoles(e, new Map(this.#apply.correlations.map((c) => [c.id, columnOf(this.#left, c.column)])));
  }

  /** Over left then base columns: an expression over the base, its holes filled. */
  #beside(e: Expression): Expression {
    return this.#fill(shiftColumns(e, width(this.#left)));
  }

  /** Joins that look for the answer take no others. */
  get #askedFor(): Expression | null {
    return this.#asked === null ? null : columnOf(this.#left, this.#asked);
  }

  /** The answers for those who ask, in whose place alone they may fail. */
  #asking(parts: JoinParts): LogicalPlan {
    return joinOf({ ...parts, condition: this.#askedFor, lazy: mayFail(parts.right, this.#context) });
  }

  #whereAsked(e: Expression): Expression {
    const when = this.#askedFor;
    if (when === null || !expressionMayFail(e, this.#context)) return e;
    return { kind: 'case', type: e.type, branches: [{ when, then: e }], otherwise: nullOf(e.type) };
  }

  // ---- LATERAL ----

  #lateral(join: 'inner' | 'left'): LogicalPlan {
    const calls = this.#setReturning(join);
    if (calls !== null) return calls;
    const pulled = pullUp(this.#apply.right, this.#holes);
    if (pulled === null) return this.#lateralByDomain(join);
    const computed = pulled.outputs.some((o) => o.kind !== 'column');
    const marked = join === 'left' && computed ? extend(pulled.base, [truth(true)], 'matched') : pulled.base;
    const n = width(this.#left);
    const marker: Expression = { kind: 'column', index: n + width(marked) - 1, type: BOOLEAN };
    const outputs = pulled.outputs.map((o): Expression => {
      const e = this.#beside(o);
      if (join === 'inner' || o.kind === 'column') return e;
      return {
        kind: 'case', type: e.type, branches: [{ when: isNull(marker, true), then: e }],
        otherwise: { kind: 'literal', type: e.type, value: null },
      };
    });
    const conditions = pulled.conditions.map((c) => this.#beside(c));
    const own = this.#apply.condition;
    if (own !== null) {
      const plain = pulled.outputs.map((o) => this.#beside(o));
      conditions.push(mapColumns(own, (i) => (i < n ? columnOf(this.#left, i) : plain[i - n])));
    }
    const joined = joinOf({ join, left: this.#left, right: marked, condition: conjunction(conditions) });
    return projectOf(joined, [...columnsOfPlan(joined).slice(0, n), ...outputs], this.#names());
  }

  #names(): readonly string[] {
    return this.#apply.schema.columns.map((c) => c.name);
  }

  /** A set-returning function over the left columns needs no join at all. */
  #setReturning(join: 'inner' | 'left'): LogicalPlan | null {
    const { right, condition } = this.#apply;
    const [calls, outputs] = right.kind === 'project' ? [right.input, right.expressions] : [right, columnsOfPlan(right)];
    if (calls.kind !== 'project-set' || calls.input.kind !== 'single-row') return null;
    if (join === 'left' && (condition !== null || outputs.some((o) => o.kind !== 'column'))) return null;
    const filled = calls.calls.map((c) => ({ ...c, args: c.args.map((a) => this.#fill(a)) }));
    const set = setCallsOf(this.#left, filled, {
      names: calls.schema.columns.map((c) => c.name), outer: join === 'left', ordinality: calls.ordinality,
    });
    const n = width(this.#left);
    const all = projectOf(set, [...columnsOfPlan(set).slice(0, n), ...outputs.map((o) => this.#beside(o))], this.#names());
    return filterOf(all, condition);
  }

  #lateralByDomain(join: 'inner' | 'left'): LogicalPlan {
    const tied = this.#tie();
    const n = width(this.#left);
    const joined = joinOf({ join, left: this.#left, right: tied.plan, keys: tied.keys, condition: this.#apply.condition });
    return selectColumns(joined, range(0, n + width(this.#apply.right)));
  }

  /** The right side unnested, with the keys that tie it to the left side. The left side is shared from here on. */
  #tie(): Tied {
    const { right, correlations } = this.#apply;
    const used = correlations.filter((c) => this.#holes.has(c.id));
    if (used.length === 0) return { plan: right, keys: [] };
    const left: LogicalPlan = {
      kind: 'shared', id: this.#context.fresh(), name: 'outer', input: this.#left, schema: this.#left.schema,
    };
    this.#left = left;
    const values = selectColumnsAlways(filterOf(left, this.#askedFor), used.map((c) => c.column));
    const domain: LogicalPlan = { kind: 'distinct', input: values, on: null, schema: values.schema };
    const plan = new Unnesting({ plan: domain, holes: used.map((c) => c.id), fresh: () => this.#context.fresh() }).unnest(right);
    const first = width(plan) - used.length;
    return {
      plan,
      keys: used.map((c, i) => ({ left: columnOf(left, c.column), right: columnOf(plan, first + i), nullSafe: true })),
    };
  }

  // ---- [NOT] EXISTS and IN as filters ----

  /** left operand = right operand, over left then right columns. */
  #membership(): readonly Expression[] {
    return this.#apply.operands.map((o) => this.#equal(o.left, shiftColumns(o.right, width(this.#left))));
  }

  #equal(left: Expression, right: Expression): Expression {
    return equality(this.#context.functions, left, right)
      ?? { kind: 'not', type: BOOLEAN, input: { kind: 'test', type: BOOLEAN, test: 'null', negated: false, input: left } };
  }

  /** `extra`: further conditions over left then right columns. */
  #existence(join: 'semi' | 'anti', extra: readonly Expression[]): LogicalPlan {
    const pulled = pullUp(this.#apply.right, this.#holes);
    const n = width(this.#left);
    if (pulled !== null) {
      const outputs = pulled.outputs.map((o) => this.#beside(o));
      const moved = extra.map((c) => mapColumns(c, (i) => (i < n ? columnOf(this.#left, i) : outputs[i - n])));
      const condition = conjunction([...pulled.conditions.map((c) => this.#beside(c)), ...moved]);
      return joinOf({ join, left: this.#left, right: pulled.base, condition });
    }
    const tied = this.#tie();
    return joinOf({ join, left: this.#left, right: tied.plan, keys: tied.keys, condition: conjunction(extra) });
  }

  #antiIn(): LogicalPlan {
    const { operands, right } = this.#apply;
    const safe = operands.every((o) => isNonNull(this.#left, o.left) && isNonNull(right, o.right));
    if (safe) return this.#existence('anti', this.#membership());
    if (operands.length === 1) {
      const notIn = this.#notIn();
      if (notIn !== null) return notIn;
    }
    const n = width(this.#left);
    const value = this.#inValue();
    const kept = filterOf(value, { kind: 'not', type: BOOLEAN, input: columnOf(value, n) });
    return selectColumns(kept, range(0, n));
  }

  /** x NOT IN (..) where the list depends on the outer row by equalities, or not at all. */
  #notIn(): LogicalPlan | null {
    const pulled = pullUp(this.#apply.right, this.#holes);
    const equalities = pulled === null ? null : asEqualities(pulled.conditions, this.#holes, isJoinEquality);
    const [operand] = this.#apply.operands;
    if (pulled === null || equalities === null) return null;
    const compared = mapColumns(operand.right, (i) => pulled.outputs[i]);
    if (freeHolesIn(compared, this.#holes)) return null;
    return joinOf({
      join: 'not-in', left: this.#left, right: pulled.base,
      keys: [
        ...equalities.map((e) => ({ left: this.#fill(e.outer), right: e.inner, nullSafe: false })),
        { left: operand.left, right: compared, nullSafe: false },
      ],
    });
  }

  // ---- values ----

  #existsValue(): LogicalPlan {
    const n = width(this.#left);
    if (this.#holes.size === 0) {
      const counted = aggregateOf(this.#apply.right, [], [aggregateCall(this.#context.functions, 'count', [])], ['count']);
      const joined = this.#asking({ join: this.#asked === null ? 'inner' : 'left', left: this.#left, right: counted });
      const none = this.#equal(columnOf(joined, n), zero());
      const some: Expression = { kind: 'not', type: BOOLEAN, input: none };
      return projectOf(joined, [...columnsOfPlan(joined).slice(0, n), some], this.#names());
    }
    const pulled = pullUp(this.#apply.right, this.#holes);
    const equalities = pulled === null ? null : asEqualities(pulled.conditions, this.#holes, isJoinEquality);
    const [keyed, keys] = pulled !== null && equalities !== null
      ? this.#keyedBase(pulled, equalities) : this.#keyedDomain();
    const distinct: LogicalPlan = { kind: 'distinct', input: keyed, on: null, schema: keyed.schema };
    const marked = extend(distinct, [truth(true)], 'matched');
    const joined = this.#asking({ join: 'left', left: this.#left, right: marked, keys });
    const marker = columnOf(joined, width(joined) - 1);
    return projectOf(joined, [...columnsOfPlan(joined).slice(0, n), isNull(marker, true)], this.#names());
  }

  #keyedBase(pulled: PulledUp, equalities: readonly CorrelatedEquality[]): readonly [LogicalPlan, readonly EquiKey[]] {
    const keyed = projectOf(pulled.base, equalities.map((e) => e.inner), equalities.map((_, i) => `key${i + 1}`));
    return [keyed, equalities.map((e, i) => ({ left: this.#fill(e.outer), right: columnOf(keyed, i), nullSafe: false }))];
  }

  #keyedDomain(): readonly [LogicalPlan, readonly EquiKey[]] {
    const tied = this.#tie();
    const first = width(tied.plan) - tied.keys.length;
    const keyed = selectColumnsAlways(tied.plan, range(first, width(tied.plan)));
    return [keyed, tied.keys.map((k, i) => ({ ...k, right: columnOf(keyed, i) }))];
  }

  #scalar(): LogicalPlan {
    const simple = this.#holes.size === 0 ? null : this.#scalarAggregate() ?? this.#scalarLookup();
    if (simple !== null) return simple;
    const { right } = this.#apply;
    const n = width(this.#left);
    const tied = this.#tie();
    const always = this.#holes.size === 0 && exactlyOne(right);
    const join = always && this.#asked === null ? 'inner' : atMostOne(right) ? 'left' : 'single';
    const joined = this.#asking({ join, left: this.#left, right: tied.plan, keys: tied.keys });
    return projectOf(joined, columnsOfPlan(joined).slice(0, n + 1), this.#names());
  }

  /** (SELECT f(agg(..)) FROM .. WHERE inner = outer): grouped by the inner sides, joined on the equalities. */
  #scalarAggregate(): LogicalPlan | null {
    const { right } = this.#apply;
    const [aggregate, outputs] = right.kind === 'project' ? [right.input, right.expressions] : [right, columnsOfPlan(right)];
    if (aggregate.kind !== 'aggregate' || aggregate.keys.length > 0 || aggregate.sets !== null) return null;
    const pulled = pullUp(aggregate.input, this.#holes);
    const equalities = pulled === null ? null : asEqualities(pulled.conditions, this.#holes, isJoinEquality);
    if (pulled === null || equalities === null || equalities.length === 0) return null;
    const calls = aggregate.aggregates.map((call) => substituteCall(call, pulled.outputs));
    // Of rows that nobody looks up, too.
    if (calls.some((call) => callMayFail(call, this.#context))) return null;
    const grouped: LogicalPlan = aggregateOf(pulled.base, equalities.map((e) => e.inner), calls,
      [...equalities.map(() => 'key'), ...aggregate.schema.columns.map((c) => c.name)]);
    if (freeOfHoles(grouped, this.#holes)) return null;
    const n = width(this.#left);
    const k = equalities.length;
    const joined = this.#asking({
      join: 'left', left: this.#left, right: grouped,
      keys: equalities.map((e, i) => ({ left: this.#fill(e.outer), right: columnOf(grouped, i), nullSafe: false })),
    });
    const results = calls.map((c, i) => emptyResult(c.function.name, columnOf(joined, n + k + i)));
    const value = this.#whereAsked(this.#fill(mapColumns(outputs[0], (i) => results[i])));
    return projectOf(joined, [...columnsOfPlan(joined).slice(0, n), value], this.#names());
  }

  /** (SELECT e FROM .. WHERE inner = outer): one row at most where the inner sides are a key, else that is checked. */
  #scalarLookup(): LogicalPlan | null {
    const pulled = pullUp(this.#apply.right, this.#holes);
    const equalities = pulled === null ? null : asEqualities(pulled.conditions, this.#holes, isJoinEquality);
    if (pulled === null || equalities === null || equalities.length === 0) return null;
    const n = width(this.#left);
    const outer = (right: LogicalPlan): readonly EquiKey[] => equalities.map((e, i) => (
      { left: this.#fill(e.outer), right: columnOf(right, i), nullSafe: false }));
    const [output] = pulled.outputs;
    const plainOutput = freeHolesIn(output, this.#holes) ? null : output;
    if (plainOutput === null) return null;
    const inner = equalities.map((e) => e.inner);
    const k = inner.length;
    const join = isUniqueBy(pulled.base, inner) ? 'left' : 'single';
    const parts = { join, left: this.#left } as const;
    if (expressionMayFail(plainOutput, this.#context)) {
      // Computed of the rows found, not of those that nobody looks up.
      const columns = columnsOf(plainOutput);
      const right = projectOf(pulled.base, [...inner, truth(true), ...columns.map((c) => columnOf(pulled.base, c))],
        [...inner.map(() => 'key'), 'matched', ...columns.map((c) => pulled.base.schema.columns[c].name)]);
      const joined = this.#asking({ ...parts, right, keys: outer(right) });
      const value: Expression = {
        kind: 'case', type: plainOutput.type, otherwise: nullOf(plainOutput.type), branches: [{
          when: isNull(columnOf(joined, n + k), true),
          then: mapColumns(plainOutput, (i) => columnOf(joined, n + k + 1 + columns.indexOf(i))),
        }],
      };
      return projectOf(joined, [...columnsOfPlan(joined).slice(0, n), value], this.#names());
    }
    const right = projectOf(pulled.base, [...inner, plainOutput], [...inner.map(() => 'key'), 'value']);
    const joined = this.#asking({ ...parts, right, keys: outer(right) });
    return projectOf(joined, [...columnsOfPlan(joined).slice(0, n), columnOf(joined, n + k)], this.#names());
  }

  /**
   * x IN (..) as a value: true where some row equals x; else false where there are no rows; else NULL where x is NULL
   * or some row is; else false.
   */
  #inValue(): LogicalPlan {
    const tied = this.#tie();
    const { operands } = this.#apply;
    if (operands.length > 1 && !operands.every((o) => isNonNull(this.#left, o.left) && isNonNull(this.#apply.right, o.right))) {
      return this.#inByComparison(tied);
    }
    const n = width(this.#left);
    const k = tied.keys.length;
    const domain = tied.keys.map((key) => key.right);
    const rights = operands.map((o) => o.right);
    const values = projectOf(tied.plan, [...domain, ...rights], [...domain.map(() => 'key'), ...rights.map(() => 'value')]);
    const distinct: LogicalPlan = { kind: 'distinct', input: values, on: null, schema: values.schema };
    const marked = extend(distinct, [truth(true)], 'matched');
    const matched = this.#asking({
      join: 'left', left: this.#left, right: marked,
      keys: [
        ...tied.keys.map((key, i) => ({ ...key, right: columnOf(marked, i) })),
        ...operands.map((o, i) => ({ left: o.left, right: columnOf(marked, k + i), nullSafe: false })),
      ],
    });
    const { functions } = this.#context;
    const counted = aggregateOf(values, values.schema.columns.slice(0, k).map((_, i) => columnOf(values, i)),
      [aggregateCall(functions, 'count', []), aggregateCall(functions, 'count', [columnOf(values, k)])], ['total', 'present']);
    const joined = this.#asking({
      join: 'left', left: matched, right: counted,
      keys: tied.keys.map((key, i) => ({ ...key, right: columnOf(counted, i) })),
    });
    const first = width(matched) + k;
    const total: Expression = { kind: 'coalesce', type: zero().type, args: [columnOf(joined, first), zero()] };
    const hasNull: Expression = { kind: 'not', type: BOOLEAN, input: this.#equal(total, columnOf(joined, first + 1)) };
    const branches = [
      { when: isNull(columnOf(joined, width(matched) - 1), true), then: truth(true) },
      { when: this.#equal(total, zero()), then: truth(false) },
      { when: isNull(operands[0].left), then: truth(null) },
      { when: hasNull, then: truth(null) },
    ];
    const value: Expression = { kind: 'case', type: BOOLEAN, branches, otherwise: truth(false) };
    return projectOf(joined, [...columnsOfPlan(joined).slice(0, n), value], this.#names());
  }

  /** Rows of several columns: every left row is compared with every right row. */
  #inByComparison(tied: Tied): LogicalPlan {
    const n = width(this.#left);
    const numbered: LogicalPlan = this.#left.kind === 'shared' ? this.#left : {
      kind: 'shared', id: this.#context.fresh(), name: 'outer', input: this.#left, schema: this.#left.schema,
    };
    const keys = [...tied.keys.map((key) => key.left), ...this.#apply.operands.map((o) => o.left)];
    const probes = projectOf(filterOf(numbered, this.#askedFor), keys, keys.map(() => 'key'));
    const distinct: LogicalPlan = { kind: 'distinct', input: probes, on: null, schema: probes.schema };
    const pairs = joinOf({
      join: 'inner', left: distinct, right: tied.plan, lazy: mayFail(tied.plan, this.#context),
      keys: tied.keys.map((key, i) => ({ left: columnOf(distinct, i), right: key.right, nullSafe: true })),
    });
    const comparison = conjunction(this.#apply.operands.map((o, i) => this.#equal(
      columnOf(pairs, tied.keys.length + i), shiftColumns(o.right, width(distinct))))) ?? truth(true);
    const { functions } = this.#context;
    const found = aggregateOf(pairs, keys.map((_, i) => columnOf(pairs, i)),
      [aggregateCall(functions, 'bool_or', [comparison]), aggregateCall(functions, 'bool_or', [isNull(comparison)])],
      [...keys.map(() => 'key'), 'found', 'unknown']);
    const joined = joinOf({
      join: 'left', left: numbered, right: found,
      keys: keys.map((left, i) => ({ left, right: columnOf(found, i), nullSafe: true })),
    });
    const value: Expression = {
      kind: 'case', type: BOOLEAN, otherwise: truth(false),
      branches: [
        { when: columnOf(joined, n + keys.length), then: truth(true) },
        { when: columnOf(joined, n + keys.length + 1), then: truth(null) },
      ],
    };
    return projectOf(joined, [...columnsOfPlan(joined).slice(0, n), value], this.#names());
  }
}

function substituteCall(
  call: (LogicalPlan & { kind: 'aggregate' })['aggregates'][number], outputs: readonly Expression[],
): typeof call {
  const over = (e: Expression): Expression => mapColumns(e, (i) => outputs[i]);
  return {
    ...call, args: call.args.map(over), filter: call.filter === null ? null : over(call.filter),
    order: call.order.map((o) => ({ ...o, expression: over(o.expression) })),
  };
}

function freeOfHoles(plan: LogicalPlan, holes: ReadonlySet<number>): boolean {
  const free = freeHoles(plan);
  return [...holes].some((h) => free.has(h));
}

function freeHolesIn(e: Expression, holes: ReadonlySet<number>): boolean {
  return freeOfHoles(projectOf({ kind: 'single-row', schema: { columns: [] } }, [e], ['e']), holes);
}

/** As selectColumns, but always a node of its own. */
function selectColumnsAlways(plan: LogicalPlan, columns: readonly number[]): LogicalPlan {
  return projectOf(plan, columns.map((c) => columnOf(plan, c)), columns.map((c) => plan.schema.columns[c].name));
}

function exactlyOne(plan: LogicalPlan): boolean {
  switch (plan.kind) {
    case 'single-row': return true;
    case 'aggregate': return plan.keys.length === 0 && plan.sets === null;
    case 'values': return plan.rows.length === 1;
    case 'project': return exactlyOne(plan.input);
    default: return false;
  }
}

function atMostOne(plan: LogicalPlan): boolean {
  switch (plan.kind) {
    case 'limit':
      return plan.partition.length === 0 && !plan.withTies && plan.limit !== null && plan.limit.kind === 'literal'
        && (plan.limit.value === 1n || plan.limit.value === 0n);
    case 'project': case 'filter': case 'shared': return atMostOne(plan.input);
    default: return exactlyOne(plan);
  }
}
