// OVER: each partition's rows are collected in order and handed to a table function that adds the windows' values.
//
// Law: as its parts'. A change costs the size of its partition.
import type { NodeId } from '../../engine/circuit/builder.ts';
import { assert, DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { arrayOf, simpleType } from '../../engine/data/types.ts';
import type { RecordType } from '../../engine/data/types.ts';
import { evaluateConstant } from '../../engine/expression/evaluate.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { LISTS } from '../../engine/function/aggregate/list-aggregates.ts';
import type { TableFunction } from '../../engine/function/function.ts';
import type { FrameBound, LogicalPlan, WindowPlan } from '../plan/logical-plan.ts';
import { aggregateOf, columnOf, columnsOfPlan, selectColumns, setCallsOf, width } from '../plan/make.ts';
import { range } from '../optimizer/unnest.ts';
import type { Bound, WindowField } from './window-frame.ts';
import { windowRows } from './window-rows.ts';
import type { WindowSpec } from './window-rows.ts';

/** What the compiler offers: the same work, by operators there are. */
interface Host {
  node(plan: LogicalPlan): NodeId;
  readonly context: { readonly evaluation: EvalContext };
}

export function compileWindow(plan: WindowPlan, host: Host): NodeId {
  const columns = width(plan.input);
  const fields: Expression[] = [...columnsOfPlan(plan.input)];
  const add = (e: Expression): number => fields.push(e) - 1;
  const order = plan.order.map((o): WindowField => ({
    field: add(o.expression), type: o.expression.type, descending: o.descending, nullsFirst: o.nullsFirst,
  }));
  const calls = plan.calls.map((c): WindowSpec['calls'][number] => ({
    name: c.name, aggregate: c.aggregate, type: c.type, args: c.args.map(add), argTypes: c.args.map((a) => a.type),
    filter: c.filter === null ? null : add(c.filter),
    frame: { ...c.frame, start: bound(c.frame.start, c.frame.mode, host), end: bound(c.frame.end, c.frame.mode, host) },
  }));
  const type: RecordType = { kind: 'record', fields: fields.map((f, i) => ({ name: `f${i + 1}`, type: f.type })) };
  const collect = LISTS.find((f) => f.name === 'array_agg' && f.args[0].kind === 'anynonarray');
  assert(collect !== undefined, 'array_agg of rows');
  const partitions = aggregateOf(plan.input, plan.partition, [{
    function: collect, args: [{ kind: 'row', fields, type }], distinct: false, filter: null, withinGroup: false,
    order: plan.order, type: arrayOf(type),
  }], [...plan.partition.map(() => 'partition'), 'rows']);
  const spec: WindowSpec = { columns, order, calls };
  const types = [...plan.input.schema.columns.map((c) => c.type), ...calls.map((c) => c.type)];
  const rows = columnOf(partitions, plan.partition.length);
  const set = setCallsOf(partitions, [{ function: tableFunction(spec), args: [rows], types }],
    { names: plan.schema.columns.map((c) => c.name) });
  return host.node(selectColumns(set, range(width(partitions), width(set))));
}

function tableFunction(spec: WindowSpec): TableFunction {
  const array = simpleType('anyarray');
  return {
    kind: 'table', name: 'window_rows', args: [array], returns: { kind: 'record', fields: [] }, volatility: 'immutable',
    description: 'the rows of a partition with the values of window functions',
    rows: ([rows], call) => windowRows(spec, rows, call),
  };
}

function bound(b: FrameBound, mode: WindowPlan['calls'][number]['frame']['mode'], host: Host): Bound {
  if (b.kind !== 'preceding' && b.kind !== 'following') return { kind: b.kind };
  if (mode === 'range') throw notSupported('RANGE with an offset');
  const { value } = evaluateConstant(b.offset, host.context.evaluation);
  return { kind: b.kind, offset: offsetOf(value, b.kind === 'preceding' ? 'starting' : 'ending') };
}

function offsetOf(value: Datum, which: string): number {
  if (value === null) throw new DatabaseError('22004', `frame ${which} offset must not be null`);
  const offset = Number(value);
  if (offset < 0) throw new DatabaseError('22013', `frame ${which} offset must not be negative`);
  return offset;
}
