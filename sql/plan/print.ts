// Plans as text, in the shape of PostgreSQL's EXPLAIN (COSTS OFF).
import { formatText } from '../../engine/data/text-format.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { formatType } from '../../engine/data/type-info.ts';
import { unreachable } from '../../engine/data/error.ts';
import type { Datum } from '../../engine/data/datum.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { TimeBound } from '../../engine/operator/temporal-filter.ts';
import type { KeyRange } from '../../engine/state/key-range.ts';
import type { SortKey } from '../../engine/operator/operator.ts';
import type { AggregateCall, EquiKey, LogicalPlan } from './logical-plan.ts';
import { inputsOf } from './map-plan.ts';

/** One line a node, its details below it, inputs indented under arrows. */
export function printPlan(plan: LogicalPlan): readonly string[] {
  return new Printer().print(plan);
}

class Printer {
  readonly #shared = new Set<number>();

  print(plan: LogicalPlan): readonly string[] {
    // A filter is shown with what it filters, a projection by its input: its rows are the same.
    if (plan.kind === 'project') return this.print(plan.input);
    if (plan.kind === 'filter' && shows(plan.input)) {
      const [head, ...rest] = this.print(plan.input);
      const own = rest.findIndex((l) => l.trimStart().startsWith('->'));
      const at = own < 0 ? rest.length : own;
      return [head, ...rest.slice(0, at), `  Filter: ${printExpression(plan.condition, plan.schema)}`, ...rest.slice(at)];
    }
    const details = detailsOf(plan).map((d) => `  ${d}`);
    const inputs = this.#inputs(plan).flatMap((input) => {
      const [first, ...rest] = this.print(input);
      return [`  ->  ${first}`, ...rest.map((l) => `      ${l}`)];
    });
    return [titleOf(plan), ...details, ...inputs];
  }

  #inputs(plan: LogicalPlan): readonly LogicalPlan[] {
    if (plan.kind === 'shared') {
      if (this.#shared.has(plan.id)) return [];
      this.#shared.add(plan.id);
    }
    if (plan.kind === 'project-set' && plan.input.kind === 'single-row') return [];
    return inputsOf(plan);
  }
}

function shows(plan: LogicalPlan): boolean {
  return plan.kind !== 'filter';
}

const JOIN_TITLES = {
  inner: 'Join', left: 'Left Join', right: 'Right Join', full: 'Full Join', semi: 'Semi Join', anti: 'Anti Join',
  single: 'Single Join', temporal: 'Temporal Join', 'temporal-left': 'Temporal Left Join', 'not-in': 'Null-Aware Anti Join',
} as const;

function titleOf(plan: LogicalPlan): string {
  switch (plan.kind) {
    case 'scan': {
      const name = plan.alias === plan.name ? plan.name : `${plan.name} ${plan.alias}`;
      if (plan.lookup === null) return `Seq Scan on ${name}`;
      const back = plan.lookup.kind === 'ranges' && plan.lookup.order?.descending === true ? ' Backward' : '';
      return `Index Scan${back} using ${plan.lookup.path.name} on ${name}`;
    }
    case 'constant': return `Seq Scan on ${plan.alias === plan.name ? plan.name : `${plan.name} ${plan.alias}`}`;
    case 'values': return plan.rows.length === 0 ? 'Result' : 'Values Scan';
    case 'single-row': return 'Result';
    case 'filter': return 'Filter';
    case 'project': return 'Project';
    case 'join': {
      const title = JOIN_TITLES[plan.join];
      return plan.keys.length > 0 ? `Hash ${title}` : plan.join === 'inner' ? 'Nested Loop' : `Nested Loop ${title}`;
    }
    case 'asof-join': return plan.outer ? 'Asof Left Join' : 'Asof Join';
    case 'apply': return `Apply (${plan.apply})`;
    case 'aggregate':
      return plan.sets !== null ? 'MixedAggregate' : plan.keys.length === 0 ? 'Aggregate' : 'HashAggregate';
    case 'distinct': return plan.on === null ? 'HashAggregate' : 'Unique';
    case 'set-operation':
      if (plan.operation === 'union') return plan.all ? 'Append' : 'HashAggregate Append';
      return `HashSetOp ${plan.operation === 'intersect' ? 'Intersect' : 'Except'}${plan.all ? ' All' : ''}`;
    case 'limit': return plan.order.length === 0 ? 'Limit' : 'Top-K';
    case 'assign-window': return 'Window Assign';
    case 'session-window': return 'Session Window';
    case 'project-set':
      return plan.input.kind === 'single-row' ? `Function Scan on ${callNames(plan)}` : 'ProjectSet';
    case 'window': return 'WindowAgg';
    case 'recursive': return 'Recursive Union';
    case 'working-table': return `WorkTable Scan on ${plan.name}`;
    case 'shared': return `CTE Scan on ${plan.name}`;
    case 'emit-on-close': return 'Emit On Window Close';
    case 'temporal-filter': return 'Temporal Filter';
    default: return unreachable(plan);
  }
}

function callNames(plan: LogicalPlan & { kind: 'project-set' }): string {
  return plan.calls.map((c) => c.function?.name ?? 'value').join(', ');
}

function detailsOf(plan: LogicalPlan): readonly string[] {
  switch (plan.kind) {
    case 'scan': {
      if (plan.lookup === null) return [];
      const { columns, computed } = plan.lookup.path;
      const names = computed?.labels ?? columns.map((c) => columnNameOf(plan, c));
      const { lookup } = plan;
      if (lookup.kind === 'probe') return [`Index Cond: (${names.map((n, i) => `${n} = ${lookup.labels[i]}`).join(' AND ')})`];
      if (lookup.kind === 'keys') {
        const keys = lookup.keys.map((k) => k.map((e, i) => `${names[i]} = ${printExpression(e, plan.schema)}`).join(' AND '));
        return [`Index Cond: (${keys.length > 4 ? `${keys.length} keys` : keys.join(' OR ')})`];
      }
      const ranges = [...new Set(lookup.ranges.map((range) => printRange(range, names, lookup.types)))];
      if (ranges.includes('')) return [];
      const all = ranges.length > 4 ? `${ranges.length} ranges` : ranges.join(' OR ');
      return [`Index Cond: (${ranges.length === 0 ? 'false' : all})`];
    }
    case 'values': return plan.rows.length === 0 ? ['One-Time Filter: false'] : [];
    case 'filter': return [`Filter: ${printExpression(plan.condition, plan.schema)}`];
    case 'join': return joinDetails(plan);
    case 'asof-join': return asofDetails(plan);
    case 'aggregate': {
      const { schema } = plan.input;
      const keys = plan.keys.map((k) => printExpression(k, schema));
      const calls = plan.aggregates.map((a) => printCall(a, schema));
      return [
        ...(keys.length === 0 ? [] : [`Group Key: ${keys.join(', ')}`]),
        ...(calls.length === 0 ? [] : [`Output: ${calls.join(', ')}`]),
      ];
    }
    case 'distinct': {
      const on = plan.on === null ? plan.schema.columns.map((_, i) => i) : plan.on.columns;
      return [`Group Key: ${on.map((c) => plan.schema.columns[c].name).join(', ')}`];
    }
    case 'limit': return limitDetails(plan);
    case 'assign-window':
      return [`Time: ${plan.input.schema.columns[plan.time].name}`, `Size: ${printExpression(plan.size, plan.schema)}`];
    case 'session-window': {
      const { columns } = plan.input.schema;
      return [
        `Time: ${columns[plan.time].name}`, `Gap: ${printExpression(plan.gap, plan.schema)}`,
        ...(plan.keys.length === 0 ? [] : [`Key: ${plan.keys.map((k) => columns[k].name).join(', ')}`]),
      ];
    }
    case 'project-set':
      return plan.input.kind === 'single-row' ? [] : [`Calls: ${callNames(plan)}`];
    case 'emit-on-close': return [`Window End: ${plan.schema.columns[plan.column].name}`];
    case 'temporal-filter': return plan.bounds.map((bound) => `In ${bound.side}: ${printBound(plan, bound)}`);
    default: return [];
  }
}

function printBound({ schema }: LogicalPlan, { column, offset }: TimeBound): string {
  const { name } = schema.columns[column];
  return offset === 0n ? name : `${name} ${offset < 0n ? '-' : '+'} ${offset < 0n ? -offset : offset} µs`;
}

/** Empty: all of the index. */
function printRange(range: KeyRange, names: readonly string[], types: readonly LogicalType[]): string {
  const { prefix, lower, upper } = range;
  const value = (v: Datum, i: number): string => printLiteral({ kind: 'literal', type: types[i], value: v });
  const at = prefix.length;
  // NULLs are only read for their place in the order.
  const equal = prefix.flatMap((v, i) => (v === null ? [] : [`${names[i]} = ${value(v, i)}`]));
  if (lower !== null && upper !== null && value(lower.value, at) === value(upper.value, at)) {
    return [...equal, `${names[at]} = ${value(lower.value, at)}`].join(' AND ');
  }
  return [
    ...equal,
    ...(lower === null ? [] : [`${names[at]} ${lower.inclusive ? '>=' : '>'} ${value(lower.value, at)}`]),
    ...(upper === null ? [] : [`${names[at]} ${upper.inclusive ? '<=' : '<'} ${value(upper.value, at)}`]),
  ].join(' AND ');
}

function columnNameOf(plan: LogicalPlan & { kind: 'scan' }, attribute: number): string {
  const at = plan.columns.indexOf(attribute);
  return at < 0 ? `column ${attribute + 1}` : plan.schema.columns[at].name;
}

function joinDetails(plan: LogicalPlan & { kind: 'join' }): readonly string[] {
  const both = { columns: [...plan.left.schema.columns, ...plan.right.schema.columns] };
  const key = (k: EquiKey): string => [
    printExpression(k.left, plan.left.schema), k.nullSafe ? 'IS NOT DISTINCT FROM' : '=',
    printExpression(k.right, plan.right.schema),
  ].join(' ');
  return [
    ...(plan.keys.length === 0 ? [] : [`Hash Cond: (${plan.keys.map(key).join(' AND ')})`]),
    ...(plan.condition === null ? [] : [`Join Filter: ${printExpression(plan.condition, both)}`]),
  ];
}

function asofDetails({ left, right, keys, time, side, strict }: LogicalPlan & { kind: 'asof-join' }): readonly string[] {
  const name = (plan: LogicalPlan, c: number): string => plan.schema.columns[c].name;
  const order = `${side === 'before' ? '<' : '>'}${strict ? '' : '='}`;
  const equal = keys.map((k) => `${name(left, k.left)} ${k.nullSafe ? 'IS NOT DISTINCT FROM' : '='} ${name(right, k.right)}`);
  return [
    ...(equal.length === 0 ? [] : [`Hash Cond: (${equal.join(' AND ')})`]),
    `Nearest: (${name(right, time.right)} ${order} ${name(left, time.left)})`,
  ];
}

function limitDetails(plan: LogicalPlan & { kind: 'limit' }): readonly string[] {
  const { schema, order, partition } = plan;
  return [
    ...(order.length === 0 ? [] : [`Sort Key: ${order.map((k) => printSortKey(k, schema)).join(', ')}`]),
    ...(partition.length === 0 ? [] : [`Partition: ${partition.map((c) => schema.columns[c].name).join(', ')}`]),
    ...(plan.limit === null ? [] : [`Limit: ${printExpression(plan.limit, schema)}`]),
    ...(plan.offset === null ? [] : [`Offset: ${printExpression(plan.offset, schema)}`]),
  ];
}

export function printSortKey(k: SortKey, schema: Schema): string {
  const nulls = k.nullsFirst === k.descending ? '' : k.nullsFirst ? ' NULLS FIRST' : ' NULLS LAST';
  return `${schema.columns[k.column].name}${k.descending ? ' DESC' : ''}${nulls}`;
}

function printCall(call: AggregateCall, schema: Schema): string {
  const args = call.args.length === 0 ? '*' : call.args.map((a) => printExpression(a, schema)).join(', ');
  const filter = call.filter === null ? '' : ` FILTER (WHERE ${printExpression(call.filter, schema)})`;
  return `${call.function.name}(${call.distinct ? 'DISTINCT ' : ''}${args})${filter}`;
}

/** An expression as SQL, columns by their names in the input. */
export function printExpression(e: Expression, schema: Schema): string {
  const one = (x: Expression): string => printExpression(x, schema);
  const list = (xs: readonly Expression[]): string => xs.map(one).join(', ');
  switch (e.kind) {
    case 'column': return schema.columns[e.index]?.name ?? `#${e.index}`;
    case 'literal': return printLiteral(e);
    case 'parameter': return e.hole === true ? `?${e.index}` : `$${e.index + 1}`;
    case 'call':
      if (e.function.operator !== true) return `${e.function.name}(${list(e.args)})`;
      if (e.args.length === 1) return `(${e.function.name} ${one(e.args[0])})`;
      return `(${one(e.args[0])} ${e.function.name} ${one(e.args[1])})`;
    case 'cast': return `(${one(e.input)})::${formatType(e.type)}`;
    case 'and': case 'or': return `(${e.args.map(one).join(e.kind === 'and' ? ' AND ' : ' OR ')})`;
    case 'not': return `(NOT ${one(e.input)})`;
    case 'test': return `(${one(e.input)} IS ${e.negated ? 'NOT ' : ''}${e.test.toUpperCase()})`;
    case 'distinct': return `(${one(e.left)} IS ${e.negated ? 'NOT ' : ''}DISTINCT FROM ${one(e.right)})`;
    case 'case':
      return `CASE ${e.branches.map((b) => `WHEN ${one(b.when)} THEN ${one(b.then)} `).join('')}ELSE ${one(e.otherwise)} END`;
    case 'coalesce': case 'greatest': case 'least': return `${e.kind.toUpperCase()}(${list(e.args)})`;
    case 'in': return `(${one(e.input)} IN (${list(e.list)}))`;
    case 'quantified': return `(${one(e.input)} ${e.operator.name} ${e.quantifier.toUpperCase()} (${one(e.array)}))`;
    case 'array': return `ARRAY[${list(e.elements)}]`;
    case 'row': return `ROW(${list(e.fields)})`;
    case 'field': return `(${one(e.input)}).${e.input.type.kind === 'record' ? e.input.type.fields[e.index].name : e.index + 1}`;
    case 'subscript': return `${one(e.input)}${e.subscripts.map((s) => `[${s.slice
      ? `${s.lower === null ? '' : one(s.lower)}:${s.upper === null ? '' : one(s.upper)}`
      : one(s.upper ?? s.lower ?? e.input)}]`).join('')}`;
    default: return unreachable(e);
  }
}

function printLiteral(e: Expression & { kind: 'literal' }): string {
  if (e.value === null) return 'NULL';
  const text = typeof e.value === 'string' ? e.value : formatText(e.type, e.value, DEFAULT_FORMAT);
  switch (e.type.kind) {
    case 'int2': case 'int4': case 'int8': case 'numeric': return text;
    case 'boolean': return e.value === true ? 'true' : 'false';
    case 'unknown': return `'${text}'`;
    default: return `'${text.replaceAll("'", "''")}'::${formatType(e.type)}`;
  }
}
