// A bound SELECT's parts → plan: WHERE, grouping, HAVING, windows, set-returning calls, in that order.
import { assert, DatabaseError } from '../../engine/data/error.ts';
import { INT4 } from '../../engine/data/types.ts';
import type { Column } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { isVolatile, someExpression } from '../../engine/expression/walk.ts';
import type { SortKey } from '../../engine/operator/operator.ts';
import type { AggregateCall, LogicalPlan, OrderTerm, TableCall, WindowFrame, WindowPlan } from '../plan/logical-plan.ts';
import { columnOf, extend, filterOf, setCallsOf, SINGLE_ROW, width } from '../plan/make.ts';
import { freeHoles, holesOf, mapFrame, offsetsOf } from '../plan/map-plan.ts';
import { fillHoles, replaceTopDown } from '../plan/replace.ts';
import { deepEqual, sameExpression } from '../plan/same-expression.ts';
import { Attachment, where, whereTrue } from './attach.ts';
import type { Environment } from './environment.ts';
import { conjunction, conjuncts } from './functions.ts';
import type { Grouping } from './group-items.ts';
import type { AggregateUse, Level, SetUse, WindowUse } from './level.ts';
import { isDetermined, ungroupedColumns, ungroupedError } from './ungrouped.ts';

export interface SelectParts {
  readonly env: Environment;
  readonly level: Level;
  readonly from: LogicalPlan;
  /** The order that its rows come in, for aggregates that list them. */
  readonly order: readonly OrderTerm[];
  readonly where: Expression | null;
  /** null: not grouped. */
  readonly grouping: Grouping | null;
  readonly having: Expression | null;
  readonly qualify: Expression | null;
  /** What is computed after grouping: targets, ORDER BY. */
  readonly outputs: readonly Expression[];
  /** DISTINCT ON outputs, the first row by others. */
  readonly first: { readonly columns: readonly number[]; readonly order: readonly SortKey[] } | null;
}

export interface LoweredSelect {
  readonly plan: LogicalPlan;
  readonly outputs: readonly Expression[];
  /** What the outputs are called where they have no label, for EXPLAIN. */
  readonly names: readonly string[];
  /** DISTINCT ON is in the plan already. */
  readonly distinct: boolean;
}

export function lowerSelect(parts: SelectParts): LoweredSelect {
  const { level } = parts;
  const before = new Attachment(parts.from, level, (e) => e);
  if (parts.where !== null) filterBy(before, parts.where, level, (e) => e);
  const work: Grouped = parts.grouping === null ? { attachment: before, translate: (e) => e, key: () => null }
    : group(before, parts, parts.grouping);
  const { attachment, translate } = work;
  if (parts.having !== null) filterBy(attachment, parts.having, level, translate);
  const filled = new Map<number, Expression>();
  const final = (e: Expression): Expression => fillHoles(attachment.resolve(translate(e)), filled);
  const keyed = setsOf(parts.grouping?.keys ?? [], level.sets);
  const windowed = setsOf(level.windows.flatMap(windowKeys), level.sets).filter((s) => !keyed.includes(s));
  addSets(attachment, windowed, final, filled);
  const windows = parts.grouping === null ? level.windows.map((w) => inRowOrder(w, parts.order)) : level.windows;
  addWindows(attachment, windows, final, filled);
  if (parts.qualify !== null) {
    const qualify = final(parts.qualify);
    attachment.plan = filterOf(attachment.plan, qualify);
  }
  const rest = level.sets.filter((s) => !keyed.includes(s) && !windowed.includes(s));
  const late = lateSets(parts, rest);
  addSets(attachment, rest.filter((s) => !late.includes(s)), final, filled);
  const early = firstRows(attachment, parts, late, (e, i) => work.key(i) ?? final(e));
  addSets(attachment, late, final, filled);
  const outputs = parts.outputs.map((e, i) => early?.get(i) ?? work.key(i) ?? final(e));
  for (const e of outputs) checkNoAggregate(e, level);
  const names = outputs.map((e) => nameOf(e, attachment.plan, '?column?'));
  return { plan: attachment.plan, outputs, names, distinct: early !== null };
}

function lookedAt({ columns, order }: NonNullable<SelectParts['first']>): ReadonlySet<number> {
  return new Set([...columns, ...order.map((o) => o.column)]);
}

/** With an order DISTINCT ON comes before the calls that it and the order do not look at. */
function lateSets({ first, outputs }: SelectParts, sets: readonly SetUse[]): readonly SetUse[] {
  if (first === null || first.order.length === 0) return [];
  const looked = setsOf([...lookedAt(first)].map((i) => outputs[i]), sets);
  return sets.filter((s) => !looked.includes(s));
}

/**
 * DISTINCT ON before `late` and before volatile outputs: the plan's rows and, behind them, the outputs that are ready; these as
 * columns.
 */
function firstRows(
  work: Attachment, parts: SelectParts, late: readonly SetUse[], final: OutputFinal,
): Map<number, Expression> | null {
  const { first, outputs } = parts;
  if (first === null || first.order.length === 0) return null;
  const looked = lookedAt(first);
  const waits = outputs.map((e, i) => setsOf([e], late).length > 0 || (isVolatile(e) && !looked.has(i)));
  if (!waits.includes(true)) return null;
  const ready = outputs.flatMap((e, i) => (waits[i] ? [] : [{ i, e: final(e, i) }]));
  const before = width(work.plan);
  const input = extend(work.plan, ready.map((r) => r.e), '?column?');
  const placeOf = (output: number): number => before + ready.findIndex((r) => r.i === output);
  work.plan = {
    kind: 'distinct', input, schema: input.schema,
    on: { columns: first.columns.map(placeOf), order: first.order.map((o) => ({ ...o, column: placeOf(o.column) })) },
  };
  return new Map(ready.map((r, k) => [r.i, columnOf(work.plan, before + k)]));
}

/** Conditions without subqueries first, so that subqueries see fewer rows; [NOT] EXISTS and IN filter by themselves. */
function filterBy(
  work: Attachment, condition: Expression, level: Level, translate: (e: Expression) => Expression,
): void {
  const isSubquery = (e: Expression): boolean => [...holesOf(e)].some((h) => level.subqueries.has(h));
  const parts = conjuncts(condition);
  for (const part of parts.filter((p) => !isSubquery(p))) {
    checkNoAggregate(translate(part), level);
    work.plan = filterOf(work.plan, translate(part));
  }
  for (const part of parts.filter(isSubquery)) {
    const inner = part.kind === 'not' ? part.input : part;
    const use = inner.kind === 'parameter' && inner.hole === true ? level.subqueries.get(inner.index) : undefined;
    if (use !== undefined && use.kind !== 'scalar') work.filter(use, part.kind === 'not');
    else {
      const resolved = work.resolve(translate(part));
      work.plan = filterOf(work.plan, resolved);
    }
  }
}

/** An aggregate of this level in a place where there are none yet (reached from inside a subquery). */
function checkNoAggregate(e: Expression, level: Level): void {
  const holes = holesOf(e);
  if (!level.aggregates.some((a) => holes.has(a.hole.index))) return;
  throw new DatabaseError('42803', 'aggregate functions are not allowed in WHERE');
}

interface Grouped {
  readonly attachment: Attachment;
  readonly translate: (e: Expression) => Expression;
  /** The key that an output is by itself. */
  readonly key: (output: number) => Expression | null;
}

function group(before: Attachment, parts: SelectParts, grouping: Grouping): Grouped {
  const { level, env } = parts;
  const determined = determinedKeys(parts, grouping);
  const keys = [...grouping.keys, ...determined];
  const sets = grouping.sets === null ? null
    : grouping.sets.map((set) => [...set, ...determined.map((_, i) => grouping.keys.length + i)]);
  checkDirectArguments(parts, grouping);
  const filled = new Map<number, Expression>();
  const ready = (e: Expression): Expression => fillHoles(before.resolve(e), filled);
  addSets(before, setsOf(keys, level.sets), ready, filled);
  const resolvedKeys = keys.map(ready);
  const calls = level.aggregates.map((a) => resolveCall(a, parts.order, before));
  const groupings = level.groupings.map((g) => g.args.map((arg, i) => {
    const at = grouping.keys.findIndex((k) => sameExpression(k, arg));
    if (at >= 0) return at;
    throw new DatabaseError('42803',
      'arguments to GROUPING must be grouping expressions of the associated query level', { position: g.positions[i] });
  }));
  const columns: readonly Column[] = [
    ...resolvedKeys.map((k, i): Column => ({ name: nameOf(k, before.plan, `key${i + 1}`), type: k.type })),
    ...calls.map((c, i): Column => ({ name: level.aggregates[i].name, type: c.type })),
    ...groupings.map((): Column => ({ name: 'grouping', type: INT4 })),
  ];
  // HAVING alone asks nothing of the rows: there is one group, whatever they are.
  const alone = keys.length === 0 && sets === null && calls.length === 0 && groupings.length === 0;
  const plan: LogicalPlan = {
    kind: 'aggregate', input: alone ? SINGLE_ROW : before.plan, keys: resolvedKeys, aggregates: calls, sets, groupings,
    closing: null,
    schema: { columns },
  };
  // Of several keys that compute the same, what is no key itself means that of the first output column.
  const place = (key: number): number => grouping.outputs[key] ?? Infinity;
  const looked = keys.map((_, i) => i).toSorted((a, b) => (place(a) === place(b) ? a - b : place(a) - place(b)));
  const translate = (e: Expression): Expression => replaceTopDown(e, (x) => {
    const key = looked.find((k) => sameExpression(keys[k], x));
    if (key !== undefined) return columnOf(plan, key);
    if (x.kind === 'column') throw ungroupedError(env, level.scope, x, false);
    if (x.kind !== 'parameter' || x.hole !== true) return null;
    const aggregate = level.aggregates.findIndex((a) => a.hole.index === x.index);
    if (aggregate >= 0) return columnOf(plan, keys.length + aggregate);
    const call = level.groupings.findIndex((g) => g.hole.index === x.index);
    return call < 0 ? null : columnOf(plan, keys.length + calls.length + call);
  });
  const key = (output: number): Expression | null => {
    const at = grouping.outputs.indexOf(output);
    return at < 0 ? null : columnOf(plan, at);
  };
  return { attachment: new Attachment(plan, level, translate), translate, key };
}

/** What stands before WITHIN GROUP must be one value a group. */
function checkDirectArguments({ level, env }: SelectParts, grouping: Grouping): void {
  const { keys } = grouping;
  const common = commonKeys(grouping);
  for (const { call } of level.aggregates) {
    if (!call.withinGroup) continue;
    for (const arg of call.args.slice(0, call.args.length - call.order.length)) {
      const column = ungroupedColumns(arg, keys).find((c) => !isDetermined(env, level.scope, c.index, common));
      if (column === undefined) continue;
      const { code, message, fields } = ungroupedError(env, level.scope, column, false);
      throw new DatabaseError(code, message,
        { ...fields, detail: 'Direct arguments of an ordered-set aggregate must use only grouped columns.' });
    }
  }
}

/** For EXPLAIN. */
function nameOf(e: Expression, input: LogicalPlan, otherwise: string): string {
  return e.kind === 'column' ? input.schema.columns[e.index].name : otherwise;
}

/** Arguments are asked for where the filter is true. What stands before WITHIN GROUP is so always. */
function resolveCall({ call }: AggregateUse, from: readonly OrderTerm[], before: Attachment): AggregateCall {
  const { ordered, form } = call.function;
  const order = ordered && form === 'plain' && !call.distinct && call.order.length === 0 ? from : call.order;
  const filter = call.filter === null ? null : before.resolve(call.filter);
  const asked = whereTrue(filter);
  const resolve = (e: Expression): Expression => where(conjunction(asked), before.resolve(e, asked));
  const direct = call.withinGroup ? call.args.length - call.order.length : 0;
  return {
    ...call, args: call.args.map((a, i) => (i < direct ? before.resolve(a) : resolve(a))), filter,
    order: order.map((o) => ({ ...o, expression: resolve(o.expression) })),
  };
}

/** Those in every grouping set. */
function commonKeys({ keys, sets }: Grouping): readonly Expression[] {
  return sets === null ? keys : keys.filter((_, i) => sets.every((set) => set.includes(i)));
}

/** Columns used after grouping that a grouped primary key determines: they become keys too. Throws for all others. */
function determinedKeys(parts: SelectParts, grouping: Grouping): readonly Expression[] {
  const { level, env } = parts;
  const { scope } = level;
  const keyed = setsOf(grouping.keys, level.sets);
  const later = [
    ...parts.outputs, ...(parts.having === null ? [] : [parts.having]), ...(parts.qualify === null ? [] : [parts.qualify]),
    ...level.windows.flatMap(windowParts), ...level.sets.filter((s) => !keyed.includes(s)).flatMap((s) => s.call.args),
  ];
  const added: Expression[] = [];
  const common = commonKeys(grouping);
  const check = (e: Expression, inSubquery: boolean): void => {
    for (const column of ungroupedColumns(e, grouping.keys)) {
      if (!isDetermined(env, scope, column.index, common)) throw ungroupedError(env, scope, column, inSubquery);
      if (!added.some((a) => sameExpression(a, column))) added.push(column);
    }
  };
  for (const e of later) check(e, false);
  const inner = new Set(later.flatMap((e) => openHoles(e, grouping.keys)));
  for (const [id, use] of level.subqueries) {
    if (!inner.has(id)) continue;
    for (const operand of use.operands) check(operand.left, false);
    const free = freeHoles(use.plan);
    for (const outer of scope.outers) if (free.has(outer.hole.index)) check(outer.target, true);
  }
  return added;
}

/** Holes outside what is grouped by. */
function openHoles(e: Expression, keys: readonly Expression[]): readonly number[] {
  const found: number[] = [];
  replaceTopDown(e, (x) => {
    if (keys.some((k) => sameExpression(k, x))) return x;
    if (x.kind === 'parameter' && x.hole === true) found.push(x.index);
    return null;
  });
  return found;
}

function windowKeys(use: WindowUse): readonly Expression[] {
  return [...use.partition, ...use.order.map((o) => o.expression)];
}

function windowParts(use: WindowUse): readonly Expression[] {
  return [...windowKeys(use), ...use.call.args, ...(use.call.filter === null ? [] : [use.call.filter])];
}

/** The set-returning calls that expressions hold, those in arguments of such included. */
function setsOf(expressions: readonly Expression[], sets: readonly SetUse[]): readonly SetUse[] {
  const holes = new Set(expressions.flatMap((e) => [...holesOf(e)]));
  const found = sets.filter((s) => holes.has(s.hole.index));
  return found.length === 0 ? found : [...new Set([...found, ...setsOf(found.flatMap((s) => s.call.args), sets)])];
}

/** Window functions that count rows, whichever are peers; and those that take the value of a row. */
const COUNTING: ReadonlySet<string> = new Set(['row_number', 'ntile', 'lag', 'lead']);
const PICKING: ReadonlySet<string> = new Set(['first_value', 'last_value', 'nth_value']);

const ALL_ROWS: WindowFrame = {
  mode: 'rows', start: { kind: 'unbounded-preceding' }, end: { kind: 'unbounded-following' }, exclude: 'no-others',
};

/** OVER () takes the rows as they come, all of them peers. */
function inRowOrder(use: WindowUse, order: readonly OrderTerm[]): WindowUse {
  const { frame, name, aggregate } = use.call;
  if (use.partition.length > 0 || use.order.length > 0 || order.length === 0) return use;
  if (COUNTING.has(name) || (frame.mode === 'rows' && frame.exclude === 'no-others')) return { ...use, order };
  if (frame.exclude !== 'no-others' || !(aggregate?.ordered === true || PICKING.has(name))) return use;
  return { ...use, order, call: { ...use.call, frame: ALL_ROWS } };
}

type Final = (e: Expression) => Expression;
type OutputFinal = (e: Expression, output: number) => Expression;

/** One node for all calls over the same partition and order. */
function addWindows(work: Attachment, uses: readonly WindowUse[], final: Final, filled: Map<number, Expression>): void {
  let waiting = [...uses];
  while (waiting.length > 0) {
    const [first] = waiting;
    const same = waiting.filter((w) => deepEqual(w.partition, first.partition) && deepEqual(w.order, first.order));
    waiting = waiting.filter((w) => !same.includes(w));
    const partition = first.partition.map(final);
    const order = first.order.map((o): OrderTerm => ({ ...o, expression: final(o.expression) }));
    const calls = same.map(({ call }) => {
      const filter = call.filter === null ? null : final(call.filter);
      const asked = conjunction(whereTrue(filter));
      return { ...call, args: call.args.map((a) => where(asked, final(a))), filter, frame: mapFrame(call.frame, final) };
    });
    const input = work.plan;
    // Offsets that subqueries give are the same in all rows: what changes them moves every row to another partition.
    partition.push(...calls.flatMap((c) => offsetsOf(c.frame)).filter((e) => someExpression(e, (x) => x.kind === 'column'
      || (x.kind === 'parameter' && x.hole === true))));
    const columns = [...input.schema.columns, ...calls.map((c): Column => ({ name: c.name, type: c.type }))];
    const plan: WindowPlan = { kind: 'window', input, partition, order, calls, schema: { columns } };
    for (const [i, use] of same.entries()) filled.set(use.hole.index, columnOf(plan, width(input) + i));
    work.plan = plan;
  }
}

/** Set-returning calls run in step; one inside another's arguments runs first. */
function addSets(work: Attachment, uses: readonly SetUse[], final: Final, filled: Map<number, Expression>): void {
  let waiting = [...uses];
  while (waiting.length > 0) {
    const open = new Set(waiting.map((w) => w.hole.index));
    const ready = waiting.filter((w) => !w.call.args.some((a) => [...holesOf(a)].some((h) => open.has(h))));
    assert(ready.length > 0, 'set-returning calls inside one another');
    waiting = waiting.filter((w) => !ready.includes(w));
    const calls = ready.map(({ call }): TableCall => ({ ...call, args: call.args.map(final) }));
    const before = width(work.plan);
    work.plan = setCallsOf(work.plan, calls, { names: ready.map((r) => r.call.function?.name ?? '?column?') });
    for (const [i, use] of ready.entries()) filled.set(use.hole.index, columnOf(work.plan, before + i));
  }
}

