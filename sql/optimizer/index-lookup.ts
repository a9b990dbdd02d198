// Index look-up: a scan under equalities with constants on all columns of a key or an index reads only those rows.
import type { Datum } from '../../engine/data/datum.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { conjuncts } from '../binder/functions.ts';
import type { AccessPath, LogicalPlan, ScanPlan } from '../plan/logical-plan.ts';
import { mapPlan } from '../plan/map-plan.ts';
import { sameComputation } from '../plan/same-expression.ts';
import { fold } from './fold-constants.ts';
import type { Rewrite, RewriteContext } from './rewrite.ts';
import { byRanges } from './index-range.ts';
import { asConstant, changesNothing, isIndexEquality, overScan, valuesOf } from './key-constants.ts';

const MAX_KEYS = 1000;

export const indexLookup: Rewrite = {
  name: 'index-lookup',
  apply: (plan, context) => (context.once ? mapPlan(plan, (p) => narrow(p, context)) : plan),
};

/** The filter stays: it is cheap on the few rows found, and says what the look-up left out. */
function narrow(plan: LogicalPlan, context: RewriteContext): LogicalPlan {
  if (plan.kind !== 'filter' || plan.input.kind !== 'scan' || plan.input.lookup !== null) return plan;
  const scan = plan.input;
  const values = new Map<number, readonly Expression[]>();
  for (const c of conjuncts(plan.condition)) {
    const found = constantsOf(c, scan);
    if (found === null) continue;
    const known = values.get(found.column);
    if (known === undefined || found.values.length < known.length) values.set(found.column, found.values);
  }
  const path = bestPath(scan, values);
  if (path === null) return byComputedKeys(plan, scan, context);
  let keys: readonly (readonly Expression[])[] = [[]];
  for (const column of path.columns) {
    keys = keys.flatMap((k) => (values.get(column) ?? []).map((v) => [...k, v]));
    if (keys.length > MAX_KEYS) return plan;
  }
  return { ...plan, input: { ...scan, lookup: { kind: 'keys', path, keys } } };
}

/** By an index on expressions or over part of the rows, where the filter says all that it asks for. */
function byComputedKeys(plan: LogicalPlan & { kind: 'filter' }, scan: ScanPlan, context: RewriteContext): LogicalPlan {
  const given = conjuncts(plan.condition);
  for (const path of scan.paths) {
    if (path.computed === undefined) continue;
    const here = (e: Expression): Expression | null => overScan(fold(e, context), scan);
    const holds = path.computed.conditions.map(here)
      .every((condition) => condition !== null && given.some((g) => sameComputation(g, condition)));
    if (!holds) continue;
    let keys: readonly (readonly Expression[])[] = [[]];
    for (const key of path.computed.keys.map(here)) {
      const values = key === null ? null : given.map((g) => valuesOf(g, key)).find((v) => v !== null) ?? null;
      keys = values === null ? [] : keys.flatMap((k) => values.map((v) => [...k, v]));
    }
    if (keys.length > 0 && keys.length <= MAX_KEYS) return { ...plan, input: { ...scan, lookup: { kind: 'keys', path, keys } } };
  }
  return byRanges(plan, scan, context);
}

function bestPath(scan: ScanPlan, values: ReadonlyMap<number, readonly Expression[]>): AccessPath | null {
  const fitting = scan.paths.filter((p) => (
    p.computed === undefined && p.columns.length > 0 && p.columns.every((c) => values.has(c))));
  const [best] = fitting.toSorted((a, b) => Number(b.unique) - Number(a.unique) || b.columns.length - a.columns.length);
  return best ?? null;
}

interface Constants { readonly column: number; readonly values: readonly Expression[] }

/** `column = constant`, `column IN (constants)`, `column = ANY (constant array)`. */
function constantsOf(c: Expression, scan: ScanPlan): Constants | null {
  if (isIndexEquality(c)) {
    const [a, b] = c.args;
    return pair(a, [b], scan) ?? pair(b, [a], scan);
  }
  if (c.kind === 'in') return pair(c.input, c.list, scan);
  if (c.kind === 'quantified' && c.quantifier === 'any' && c.operator.name === '=' && c.array.kind === 'literal') {
    const { value, type } = c.array;
    if (type.kind !== 'array' || !isArray(value)) return null;
    return pair(c.input, value.values.map((v): Expression => ({ kind: 'literal', type: type.element, value: v })), scan);
  }
  return null;
}

function isArray(value: Datum): value is Extract<Datum, { readonly dimensions: readonly number[] }> {
  return typeof value === 'object' && value !== null && 'dimensions' in value;
}

function pair(side: Expression, constants: readonly Expression[], scan: ScanPlan): Constants | null {
  const column = plainColumn(side);
  if (column === null) return null;
  const own = scan.schema.columns[column].type;
  const values: Expression[] = [];
  for (const c of constants) {
    const value = asConstant(c, own);
    if (value === null) return null;
    if (value.value !== null) values.push(value);
  }
  return { column: scan.columns[column], values };
}

/** A column, also behind a cast that changes nothing. */
function plainColumn(e: Expression): number | null {
  if (e.kind === 'column') return e.index;
  if (e.kind === 'cast' && e.input.kind === 'column' && changesNothing(e.input.type, e.type)) {
    return e.input.index;
  }
  return null;
}
