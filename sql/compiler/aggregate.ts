// Aggregation: arguments, filters and sort keys as columns, one operator a grouping set.
import type { NodeId } from '../../engine/circuit/builder.ts';
import type { Column, Schema } from '../../engine/data/types.ts';
import { INT4 } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { AggregateOperator } from '../../engine/operator/aggregate.ts';
import type { AggregateCall } from '../../engine/operator/aggregate-call.ts';
import { Project } from '../../engine/operator/project.ts';
import { Union } from '../../engine/operator/union.ts';
import type { AggregateCall as LogicalCall, AggregatePlan } from '../plan/logical-plan.ts';
import { replaceTopDown } from '../plan/replace.ts';
import { sameExpression } from '../plan/same-expression.ts';
import { isAppendOnly } from './append-only.ts';
import type { Compiler } from './compile.ts';

/** Collects the columns an aggregation needs, each once. */
class InputColumns {
  readonly expressions: Expression[] = [];

  add(e: Expression): number {
    const known = this.expressions.findIndex((x) => sameExpression(x, e));
    return known >= 0 ? known : this.expressions.push(e) - 1;
  }
}

export function compileAggregate(plan: AggregatePlan, compiler: Compiler): NodeId {
  const columns = new InputColumns();
  const keys = plan.keys.map((k) => columns.add(k));
  const sets = plan.sets ?? [plan.keys.map((_, i) => i)];
  const calls = sets.map((set) => plan.aggregates.map((a): AggregateCall => ({
    function: a.function, args: argumentsIn(set, a, plan.keys).map((e) => columns.add(e)), distinct: a.distinct,
    filter: a.filter === null ? null : columns.add(a.filter), returnType: a.type,
    orderBy: a.order.map((o) => ({
      column: columns.add(o.expression), type: o.expression.type, descending: o.descending, nullsFirst: o.nullsFirst,
    })),
  })));
  const { input, schema } = inputOf(plan, columns, compiler);
  const { closing } = plan;
  const shape = { input: schema, appendOnly: isAppendOnly(plan.input, compiler.context.once) };
  if (plan.sets === null && plan.groupings.length === 0) {
    const whole = new AggregateOperator({ ...shape, calls: calls[0], schema: plan.schema, keys, closing });
    return compiler.builder.add(whole, [input]);
  }
  const parts = sets.map((set, i) => groupingSet(plan, set, { compiler, input, keys, shape: { ...shape, calls: calls[i] } }));
  return parts.length === 1 ? parts[0] : compiler.builder.add(new Union(plan.schema), parts);
}

/** What stands before WITHIN GROUP is of the group: a key that the set does not have is NULL there. */
function argumentsIn(set: readonly number[], call: LogicalCall, keys: readonly Expression[]): readonly Expression[] {
  if (!call.withinGroup || set.length === keys.length) return call.args;
  const direct = call.args.length - call.order.length;
  return call.args.map((arg, i) => (i >= direct ? arg : replaceTopDown(arg, (e) => {
    const key = keys.findIndex((k) => sameExpression(k, e));
    return key < 0 || set.includes(key) ? null : { kind: 'literal', type: e.type, value: null };
  })));
}

function inputOf(
  plan: AggregatePlan, columns: InputColumns, compiler: Compiler,
): { readonly input: NodeId; readonly schema: Schema } {
  const { expressions } = columns;
  const source = plan.input;
  const schema: Schema = { columns: expressions.map((e, i): Column => ({ name: `c${i + 1}`, type: e.type })) };
  const [below, predicate] = source.kind === 'filter' ? [source.input, source.condition] : [source, null];
  const same = predicate === null && expressions.length === below.schema.columns.length
    && expressions.every((e, i) => e.kind === 'column' && e.index === i);
  const node = compiler.node(below);
  if (same) return { input: node, schema: below.schema };
  return { input: compiler.builder.add(new Project(schema, expressions, predicate), [node]), schema };
}

interface SetSite {
  readonly compiler: Compiler;
  readonly input: NodeId;
  readonly keys: readonly number[];
  readonly shape: Pick<ConstructorParameters<typeof AggregateOperator>[0], 'calls' | 'input'>;
}

/** Groups by the set's keys; the others are NULL, and GROUPING() says which. */
function groupingSet(plan: AggregatePlan, set: readonly number[], site: SetSite): NodeId {
  const own = [...set];
  const calls = plan.schema.columns.slice(plan.keys.length, plan.keys.length + plan.aggregates.length);
  const schema: Schema = { columns: [...own.map((k) => plan.schema.columns[k]), ...calls] };
  const node = site.compiler.builder.add(new AggregateOperator({
    ...site.shape, schema, keys: own.map((k) => site.keys[k]),
  }), [site.input]);
  const expressions = [
    ...plan.keys.map((k, i): Expression => {
      const at = own.indexOf(i);
      return at < 0 ? { kind: 'literal', type: k.type, value: null } : { kind: 'column', index: at, type: k.type };
    }),
    ...calls.map((c, i): Expression => ({ kind: 'column', index: own.length + i, type: c.type })),
    ...plan.groupings.map((args): Expression => ({
      kind: 'literal', type: INT4, value: args.reduce((bits, a) => bits * 2 + (own.includes(a) ? 0 : 1), 0),
    })),
  ];
  return site.compiler.builder.add(new Project(plan.schema, expressions), [node]);
}
