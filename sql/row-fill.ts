// Row fill: how stored rows follow a changed definition, and a snapshot whose rows already have.
import { constantVector, datumAt, vectorFromDatums } from '../engine/data/access.ts';
import { Batch } from '../engine/data/batch.ts';
import { asArray, asRecord } from '../engine/data/composite.ts';
import type { Datum, SqlRange } from '../engine/data/datum.ts';
import { Delta, concatDeltas } from '../engine/data/delta.ts';
import { AssertionError, notSupported } from '../engine/data/error.ts';
import type { DatabaseError } from '../engine/data/error.ts';
import { asMultirange, asRange } from '../engine/data/range-bounds.ts';
import { DEFAULT_FORMAT } from '../engine/data/settings.ts';
import { parseText } from '../engine/data/text-format.ts';
import type { Epoch, Watermark } from '../engine/data/time.ts';
import type { LogicalType } from '../engine/data/types.ts';
import { nullVector } from '../engine/data/vector.ts';
import type { Vector } from '../engine/data/vector.ts';
import type { EvalContext } from '../engine/expression/context.ts';
import { compileExpression } from '../engine/expression/evaluate.ts';
import type { FunctionRegistry } from '../engine/function/registry.ts';
import type { QueryMemory, Snapshot } from '../engine/runtime/contract.ts';
import type { RangeLookup } from '../engine/state/key-range.ts';
import { filterRanges } from '../engine/runtime/relation.ts';
import { KeyFilter } from '../engine/runtime/key-filter.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { ColumnEntry, LabelChange, StoredEntry } from './catalog/entry.ts';
import { CatalogNames } from './catalog/names.ts';
import { parseExpression } from './parser/parse.ts';
import { bindAssignment, rowScopeItem, rowSite, storedEnvironment } from './planner.ts';

/** What expressions that convert rows are bound against; no session, so that replay comes to the same. */
export interface FillContext {
  readonly catalog: Catalog;
  readonly functions: FunctionRegistry;
}

/**
 * How stored rows of the old definition become rows of the new: columns added get their value, dropped ones NULL, those
 * of another type are converted.
 */
export function rowFill(before: StoredEntry, after: StoredEntry, context: FillContext): ((rows: Batch) => Batch) | null {
  const retyped = after.columns.map((c, i) => (
    i < before.columns.length && !c.dropped && c.conversion?.serial !== before.columns[i].conversion?.serial));
  const changed = before.columns.length !== after.columns.length || retyped.includes(true)
    || before.columns.some((c, i) => c.dropped !== after.columns[i].dropped || c.hidden !== after.columns[i].hidden);
  if (!changed) return null;
  const conversions = after.columns.map((column, i) => (
    retyped[i] || (column.hidden === true && i >= before.columns.length) ? conversion(before, column, context) : null));
  return (rows) => new Batch(after.columns.map((column, i) => {
    if (column.dropped && column.hidden !== true) return nullVector(column.type, rows.length);
    const convert = conversions[i];
    if (convert !== null) return convert(rows);
    return i < before.columns.length ? rows.columns[i] : missingVector(column, rows.length);
  }), rows.length);
}

/** Was a column converted more often than its entry tells? Then rows of `before` cannot follow. */
export function isTooOld(before: StoredEntry, after: StoredEntry): boolean {
  return before.columns.some((column, i) => {
    const { conversion: last, dropped } = after.columns[i];
    if (last === undefined || dropped) return false;
    return last.serial - (column.conversion?.serial ?? 0) > Math.max(1, labelChanges(last.labels).length);
  });
}

/** The expression that a column keeps, of ALTER COLUMN TYPE or of an index, over rows as they were. */
export function conversion(before: StoredEntry, column: ColumnEntry, context: FillContext): (rows: Batch) => Vector {
  const how = column.conversion;
  if (how === undefined) throw new AssertionError(`column ${column.name} is converted without a conversion`);
  if (how.labels !== undefined) {
    const labels = labelChanges(how.labels);
    const old = before.columns[column.attnum - 1].type;
    return (rows) => {
      const vector = rows.columns[column.attnum - 1];
      return vectorFromDatums(column.type,
        Array.from({ length: rows.length }, (_, i) => relabelled(old, datumAt(vector, i), labels)));
    };
  }
  const { catalog, functions } = context;
  const { format, searchPath } = how;
  const env = storedEnvironment({ catalog, searchPath, functions, format, continuous: false });
  const site = rowSite(env, [rowScopeItem(before)], { phrase: 'transform expressions', noSubquery: 'transform expression' });
  const compiled = compileExpression(bindAssignment(site, parseExpression(how.expression), column));
  // Replay must come to the same values: now() is the time it was then, and there is no other clock.
  const refuse = (): never => {
    throw notSupported('a volatile function in ALTER COLUMN TYPE');
  };
  const evaluation: EvalContext = {
    format, transactionTime: how.time, statementTime: how.time, clock: refuse, random: refuse,
    catalog: new CatalogNames(catalog, searchPath, functions), host: null,
  };
  return (rows) => compiled.evaluate(rows, evaluation);
}

/** One alone, not in a list, is in catalogs written before there could be several. */
export function labelChanges(labels: NonNullable<ColumnEntry['conversion']>['labels']): readonly LabelChange[] {
  if (labels === undefined) return [];
  return 'oid' in labels ? [labels] : labels;
}

/** A value with the labels and the fields that its types have after one change after the other. */
export function relabelled(type: LogicalType, datum: Datum, changes: readonly LabelChange[]): Datum {
  if (datum === null) return datum;
  switch (type.kind) {
    case 'enum':
      return changes.reduce((label: Datum, { oid, renamed }) => (
        type.oid === oid && label === renamed?.from ? renamed.to : label), datum);
    case 'domain': return relabelled(type.base, datum, changes);
    case 'array': {
      const array = asArray(datum);
      return { ...array, values: array.values.map((v) => relabelled(type.element, v, changes)) };
    }
    case 'range': return relabelledRange(type.bound, asRange(datum), changes);
    case 'multirange': return { ranges: asMultirange(datum).ranges.map((r) => relabelledRange(type.bound, r, changes)) };
    case 'record': {
      const own = asRecord(datum).fields.map((f, i) => relabelled(type.fields[i].type, f, changes));
      return { fields: changes.reduce((now: readonly Datum[], { oid, fields }) => (
        type.oid === oid && fields !== undefined ? fields.map((from) => (from === null ? null : now[from])) : now), own) };
    }
    default: return datum;
  }
}

function relabelledRange(bound: LogicalType, range: SqlRange, changes: readonly LabelChange[]): SqlRange {
  return { ...range, lower: relabelled(bound, range.lower, changes), upper: relabelled(bound, range.upper, changes) };
}

function missingVector(column: ColumnEntry, length: number): Batch['columns'][number] {
  if (column.missing === null) return nullVector(column.type, length);
  return constantVector(column.type, parseText(column.type, column.missing, DEFAULT_FORMAT), length);
}

type Fill = (rows: Batch) => Batch;

/** A snapshot in which some relations have the columns that an open transaction has given them. */
export class ReshapedSnapshot implements Snapshot {
  readonly queryMemory?: QueryMemory;
  readonly #base: Snapshot;
  /** By relation: how many columns it has in the base, and how its rows are filled up. */
  readonly #fills: ReadonlyMap<number, { readonly width: number; readonly fill: Fill }>;

  constructor(base: Snapshot, fills: ReadonlyMap<number, { readonly width: number; readonly fill: Fill }>) {
    this.#base = base;
    if (base.queryMemory !== undefined) this.queryMemory = base.queryMemory;
    this.#fills = fills;
  }

  get epoch(): Epoch {
    return this.#base.epoch;
  }

  stands(relation: number): boolean {
    return this.#base.stands?.(relation) === true;
  }

  *scan(relation: number, columns: readonly number[]): Iterable<Delta> {
    const reshaped = this.#fills.get(relation);
    if (reshaped === undefined) {
      yield* this.#base.scan(relation, columns);
      return;
    }
    const all = Array.from({ length: reshaped.width }, (_, i) => i);
    for (const delta of this.#base.scan(relation, all)) {
      yield new Delta(reshaped.fill(delta.batch).select(columns), delta.weights);
    }
  }

  lookup(
    relation: number, columns: readonly number[],
    lookup: Parameters<Snapshot['lookup']>[2],
  ): Delta {
    const reshaped = this.#fills.get(relation);
    if (reshaped === undefined) return this.#base.lookup(relation, columns, lookup);
    const filter = new KeyFilter(lookup);
    const parts: Delta[] = [];
    const wide = Math.max(reshaped.width, ...columns.map((c) => c + 1), ...lookup.columns.map((c) => c + 1));
    for (const delta of this.scan(relation, Array.from({ length: wide }, (_, i) => i))) {
      const found = filter.apply(delta);
      parts.push(new Delta(found.batch.select(columns), found.weights));
    }
    return parts.length === 0 ? new Delta(new Batch([], 0), new Int32Array(0)) : concatDeltas(parts);
  }

  range(relation: number, columns: readonly number[], lookup: RangeLookup): Delta {
    const reshaped = this.#fills.get(relation);
    if (reshaped === undefined) return this.#base.range(relation, columns, lookup);
    const wide = Math.max(reshaped.width, ...columns.map((c) => c + 1), ...lookup.columns.map((c) => c + 1));
    const all = Array.from({ length: wide }, (_, i) => i);
    const found = filterRanges(this.scan(relation, all), columns, lookup);
    return found.length === 0 ? new Delta(new Batch([], 0), new Int32Array(0)) : concatDeltas(found);
  }

  error(relation: number): DatabaseError | null {
    return this.#base.error(relation);
  }

  rowCount(relation: number): number {
    return this.#base.rowCount(relation);
  }

  watermark(relation: number): Watermark {
    return this.#base.watermark(relation);
  }

  release(): void {
    this.#base.release();
  }
}
