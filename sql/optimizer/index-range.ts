// Ranges of an index: a scan under comparisons of the first columns of an index with constants reads only those parts of it.
import type { Datum } from '../../engine/data/datum.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { KeyRange } from '../../engine/state/key-range.ts';
import { conjuncts } from '../binder/functions.ts';
import type { AccessPath, LogicalPlan, ScanPlan } from '../plan/logical-plan.ts';
import { sameComputation } from '../plan/same-expression.ts';
import { fold } from './fold-constants.ts';
import { overScan } from './key-constants.ts';
import { allOf, isPoint } from './key-intervals.ts';
import type { RewriteContext } from './rewrite.ts';

const MAX_RANGES = 1000;

/** What conditions leave of an index. */
export interface PathRanges {
  readonly path: AccessPath;
  /** The key columns over the scan's columns, as far as the scan shows what they are made of. */
  readonly keys: readonly Expression[];
  /** Ascending, disjoint. */
  readonly ranges: readonly KeyRange[];
  /** Columns that each range holds to one value. */
  readonly fixed: number;
  /** The next one is bounded. */
  readonly bounded: boolean;
}

export function byRanges(plan: LogicalPlan & { kind: 'filter' }, scan: ScanPlan, context: RewriteContext): LogicalPlan {
  const conditions = conjuncts(plan.condition);
  const found = scan.paths.flatMap((path) => {
    const ranges = rangesOf(path, scan, { conditions, context });
    return ranges === null || ranges.fixed + Number(ranges.bounded) === 0 ? [] : [ranges];
  });
  const [best] = found.toSorted((a, b) => b.fixed - a.fixed || Number(b.bounded) - Number(a.bounded)
    || a.path.columns.length - b.path.columns.length);
  if (best === undefined) return plan;
  const { path, keys, ranges } = best;
  return { ...plan, input: { ...scan, lookup: { kind: 'ranges', path, types: typesOf(keys), ranges, order: null } } };
}

export function typesOf(keys: readonly Expression[]): readonly Expression['type'][] {
  return keys.map((key) => key.type);
}

/** null: the index does not have all rows that fulfil the conditions, or the scan does not show its columns. */
export function rangesOf(path: AccessPath, scan: ScanPlan, { conditions, context }: {
  readonly conditions: readonly Expression[]; readonly context: RewriteContext;
}): PathRanges | null {
  const here = (e: Expression): Expression | null => overScan(fold(e, context), scan);
  const asked = path.computed?.conditions.map(here) ?? [];
  if (!asked.every((a) => a !== null && conditions.some((c) => sameComputation(c, a)))) return null;
  const keys: Expression[] = [];
  for (const [i, column] of path.columns.entries()) {
    const key = path.computed === undefined ? ofColumn(column, scan) : here(path.computed.keys[i]);
    if (key === null) break;
    keys.push(key);
  }
  // The runtime compares all of an index's columns.
  if (keys.length < path.columns.length) return null;
  let prefixes: readonly (readonly Datum[])[] = [[]];
  for (const [i, key] of keys.entries()) {
    const intervals = allOf(conditions, key);
    if (intervals === null) return { path, keys, ranges: prefixes.map((p) => whole(p)), fixed: i, bounded: false };
    if (prefixes.length * intervals.length > MAX_RANGES) return null;
    if (!intervals.every((interval) => isPoint(interval, key.type))) {
      const ranges = prefixes.flatMap((prefix) => intervals.map((interval): KeyRange => ({ prefix, ...interval })));
      return { path, keys, ranges, fixed: i, bounded: true };
    }
    prefixes = prefixes.flatMap((p) => intervals.flatMap(({ lower }) => (lower === null ? [] : [[...p, lower.value]])));
  }
  return { path, keys, ranges: prefixes.map((p) => whole(p)), fixed: keys.length, bounded: false };
}

function whole(prefix: readonly Datum[]): KeyRange {
  return { prefix, lower: null, upper: null };
}

function ofColumn(column: number, scan: ScanPlan): Expression | null {
  const index = scan.columns.indexOf(column);
  return index < 0 ? null : { kind: 'column', index, type: scan.schema.columns[index].type };
}
