// Index order: ORDER BY .. LIMIT, min and max read the first rows of an index instead of all rows.
//
// The limit above stays: it sorts what equal keys leave open, and cuts. So it does no harm to read too much.
import { compareDatums } from '../../engine/data/datum-order.ts';
import { INT8 } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { isVolatile } from '../../engine/expression/walk.ts';
import type { KeyRange } from '../../engine/state/key-range.ts';
import { conjunction, conjuncts } from '../binder/functions.ts';
import type { AggregateCall, LogicalPlan, ScanPlan } from '../plan/logical-plan.ts';
import { aggregateOf, filterOf, joinOf, limitOf, projectOf } from '../plan/make.ts';
import { mapPlan } from '../plan/map-plan.ts';
import { mapColumns } from '../plan/replace.ts';
import { sameComputation } from '../plan/same-expression.ts';
import { rangesOf, typesOf } from './index-range.ts';
import type { PathRanges } from './index-range.ts';
import type { Rewrite, RewriteContext } from './rewrite.ts';
import { isNull } from './written-calls.ts';

export const indexOrder: Rewrite = {
  name: 'index-order',
  apply: (plan, context) => (context.once ? mapPlan(plan, (p) => (
    p.kind === 'limit' ? firstRows(p, context) : p.kind === 'aggregate' ? extremes(p, context) : p)) : plan),
};

interface Term {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** A scan under conditions and projections. */
interface Source {
  readonly scan: ScanPlan;
  /** Over the scan's columns. */
  readonly conditions: readonly Expression[];
  readonly outputs: readonly Expression[];
  /** The same plan over another scan. */
  readonly over: (scan: ScanPlan) => LogicalPlan;
}

function sourceOf(plan: LogicalPlan): Source | null {
  switch (plan.kind) {
    case 'scan':
      return {
        scan: plan, conditions: [], over: (scan) => scan,
        outputs: plan.schema.columns.map((c, index): Expression => ({ kind: 'column', index, type: c.type })),
      };
    case 'filter': {
      const below = sourceOf(plan.input);
      if (below === null || isVolatile(plan.condition)) return null;
      const own = conjuncts(plan.condition).map((c) => mapColumns(c, (i) => below.outputs[i]));
      return {
        ...below, conditions: [...below.conditions, ...own], over: (scan) => ({ ...plan, input: below.over(scan) }),
      };
    }
    case 'project': {
      const below = sourceOf(plan.input);
      if (below === null || plan.expressions.some(isVolatile)) return null;
      const outputs = plan.expressions.map((e) => mapColumns(e, (i) => below.outputs[i]));
      return { ...below, outputs, over: (scan) => ({ ...plan, input: below.over(scan) }) };
    }
    default: return null;
  }
}

function firstRows(plan: LogicalPlan & { kind: 'limit' }, context: RewriteContext): LogicalPlan {
  const { order, limit, offset, partition } = plan;
  if (order.length === 0 || partition.length > 0 || limit?.kind !== 'literal' || typeof limit.value !== 'bigint') return plan;
  if (offset !== null && (offset.kind !== 'literal' || typeof offset.value !== 'bigint')) return plan;
  const skipped = offset === null || typeof offset.value !== 'bigint' ? 0n : offset.value;
  const source = sourceOf(plan.input);
  if (source === null || limit.value < 0n || skipped < 0n || limit.value + skipped > MOST) return plan;
  const terms = order.map((k): Term => ({
    expression: source.outputs[k.column], descending: k.descending, nullsFirst: k.nullsFirst,
  }));
  const scan = ordered(source, terms, { enough: Number(limit.value + skipped), context });
  return scan === null ? plan : { ...plan, input: source.over(scan) };
}

/** Beyond, sorting all is as good. */
const MOST = 100_000n;

/** The scan by an index that has the order; null where there is none. A look-up by equality of all of an index is better. */
function ordered(
  source: Source, terms: readonly Term[], { enough, context }: { readonly enough: number; readonly context: RewriteContext },
): ScanPlan | null {
  const { scan, conditions } = source;
  if (scan.lookup !== null && scan.lookup.kind !== 'ranges') return null;
  let best: { readonly found: PathRanges; readonly ranges: readonly KeyRange[]; readonly columns: number } | null = null;
  for (const path of scan.paths) {
    const found = rangesOf(path, scan, { conditions, context });
    if (found === null || found.ranges.length === 0) continue;
    const ranges = inOrder(found, terms[0]);
    if (ranges === null || !sameComputation(found.keys[found.fixed], terms[0].expression)) continue;
    const columns = found.fixed + matching(found.keys.slice(found.fixed), terms);
    if (best === null || found.fixed > best.found.fixed || (found.fixed === best.found.fixed && columns > best.columns)) {
      best = { found, ranges, columns };
    }
  }
  // Fewer rows by a better index, all of them, may be less than the first ones by this.
  if (best === null || (scan.lookup !== null && scan.lookup.path !== best.found.path && best.found.fixed === 0
    && !best.found.bounded)) return null;
  const { found, ranges, columns } = best;
  const order = { descending: terms[0].descending, columns, enough, filter: conjunction(conditions) };
  return { ...scan, lookup: { kind: 'ranges', path: found.path, types: typesOf(found.keys), ranges, order } };
}

/** The parts of the index in the order that the term asks for; null: they cannot be read one after the other. */
function inOrder(found: PathRanges, { descending, nullsFirst }: Term): readonly KeyRange[] | null {
  const { ranges, fixed, keys } = found;
  if (fixed >= keys.length || ranges.some((r) => !samePrefix(r, ranges[0], keys))) return null;
  if (found.bounded) return descending ? ranges.toReversed() : ranges;
  const [{ prefix }] = ranges;
  const present: KeyRange = { prefix, lower: null, upper: null, present: true };
  const absent: KeyRange = { prefix: [...prefix, null], lower: null, upper: null };
  return nullsFirst ? [absent, present] : [present, absent];
}

function samePrefix(a: KeyRange, b: KeyRange, keys: readonly Expression[]): boolean {
  return a.prefix.every((value, i) => {
    const other = b.prefix[i];
    return value !== null && other !== null && compareDatums(keys[i].type, value, other) === 0;
  });
}

/** How many of the key's columns are the terms, from the first, read in one direction. */
function matching(keys: readonly Expression[], terms: readonly Term[]): number {
  let n = 0;
  for (; n < keys.length && n < terms.length; n++) {
    const { expression, descending, nullsFirst } = terms[n];
    if (!sameComputation(keys[n], expression)) break;
    if (descending !== terms[0].descending || (n > 0 && nullsFirst !== descending)) break;
  }
  return n;
}

/** min and max without groups: each the first value that is not NULL, if an index has them all in order. */
function extremes(plan: LogicalPlan & { kind: 'aggregate' }, context: RewriteContext): LogicalPlan {
  if (plan.keys.length > 0 || plan.sets !== null || plan.aggregates.length === 0 || plan.groupings.length > 0) return plan;
  const source = sourceOf(plan.input);
  if (source === null) return plan;
  const parts = plan.aggregates.map((call) => extreme(plan.input, call, source, context));
  if (parts.some((p) => p === null)) return plan;
  const [first, ...others] = parts.flatMap((p) => (p === null ? [] : [p]));
  const joined = others.reduce((left, right) => joinOf({ join: 'inner', left, right }), first);
  return { ...joined, schema: plan.schema };
}

function extreme(input: LogicalPlan, call: AggregateCall, source: Source, context: RewriteContext): LogicalPlan | null {
  const { name } = call.function;
  if ((name !== 'min' && name !== 'max') || call.args.length !== 1 || call.filter !== null || call.order.length > 0) return null;
  const [arg] = call.args;
  if (isVolatile(arg) || arg.kind === 'literal') return null;
  const present = filterOf(input, isNull(arg, true));
  const value = projectOf(present, [arg], [name]);
  const below = sourceOf(value);
  if (below === null || source.scan.lookup?.kind === 'keys') return null;
  const term: Term = { expression: below.outputs[0], descending: name === 'max', nullsFirst: false };
  const scan = ordered(below, [term], { enough: 1, context });
  if (scan === null) return null;
  const order = [{ column: 0, type: arg.type, descending: term.descending, nullsFirst: false }];
  const first = limitOf(below.over(scan), order, { kind: 'literal', type: INT8, value: 1n }, null);
  return aggregateOf(first, [], [{ ...call, args: [{ kind: 'column', index: 0, type: arg.type }] }], [name]);
}
