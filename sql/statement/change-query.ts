// UPDATE's and DELETE's row search as a query: the target's columns, the new values, and the columns of FROM or USING.
import { stretches } from '../../engine/data/stretches.ts';
import { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { nullVector } from '../../engine/data/vector.ts';
import type { Snapshot } from '../../engine/runtime/contract.ts';
import { bindQuery } from '../binder/bind-query.ts';
import { baseName } from '../binder/bind-table.ts';
import type { BoundQuery, QuerySite } from '../binder/level.ts';
import type { ScopeItem } from '../binder/scope.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import type { Expr, FromItem, Query, TableItem, Target, WithClause } from '../parser/ast.ts';
import { assignTypes, compileBound } from '../planner.ts';
import { queryWork } from '../run-query.ts';
import type { SessionState } from '../session-state.ts';
import type { Work } from '../turns.ts';
import { wholeRowKey } from './key-text.ts';
import { inParts, physicalBatch, rulesOf } from './table-rules.ts';

export interface ChangeQuery {
  readonly table: TableEntry;
  readonly bound: BoundQuery;
  /** Columns of the result that hold new values, in order of `values`. */
  readonly values: readonly ColumnEntry[];
  /** What RETURNING sees beside the target: columns from this place of [stored row .., others ..] on. */
  readonly others: readonly ScopeItem[];
  readonly joined: boolean;
}

export interface ChangeSource {
  readonly with: WithClause | undefined;
  readonly table: TableItem;
  readonly from: readonly FromItem[];
  readonly where: Expr | undefined;
}

/** SELECT targets FROM from WHERE where. */
export function selectOf(
  names: WithClause | undefined, targets: readonly Target[], from: readonly FromItem[], where: Expr | undefined,
): Query {
  return {
    kind: 'query', position: undefined, with: names, orderBy: [], limit: undefined, withTies: false, offset: undefined,
    locking: [], range: undefined,
    body: {
      kind: 'select', position: undefined, distinct: undefined, targets, from, where, groupBy: [], groupDistinct: false,
      groupByAll: false, having: undefined, windows: [], qualify: undefined, into: undefined,
    },
  };
}

export const plainTarget = (expression: Expr): Target => ({ expression, alias: undefined, position: undefined });

export function bindChange(
  site: QuerySite, table: TableEntry, source: ChangeSource,
    set: readonly { readonly column: ColumnEntry; readonly value: Expr }[],
): ChangeQuery {
  const alias = source.table.alias?.name ?? source.table.relation.name;
  const live = liveColumns(table.columns);
  const labels = source.from.flatMap(labelsOf);
  const targets: Target[] = [
    ...live.map((c) => plainTarget({
      kind: 'column', name: [alias, source.table.base === undefined ? c.name : baseName(c.attnum)], position: undefined,
    })),
    ...set.map((a) => plainTarget(a.value)),
    ...labels.map(starOf),
  ];
  const query = selectOf(source.with, targets, [source.table, ...source.from], source.where);
  const first = bindQuery(query, { ...site, keepUnknown: true, output: { phrase: 'UPDATE' }, changes: true });
  const wanted: (ColumnEntry | null)[] = [...live.map(() => null), ...set.map((a) => a.column)];
  const bound = assignTypes(site.env, first, wanted, set.map((a) => a.value), live.length);
  return {
    table, bound, values: set.map((a) => a.column), joined: source.from.length > 0,
    others: otherItems(bound, labels, { from: live.length + set.length, offset: table.columns.length },
      (label) => starWidth(site, label, source)),
  };
}

/** How many columns `label.*` has. */
export function starWidth(site: QuerySite, label: string, source: Pick<ChangeSource, 'with' | 'from'>): number {
  const query = selectOf(source.with, [starOf(label)], source.from, undefined);
  const { env } = site;
  return bindQuery(query, { ...site, env: { ...env, effects: env.effects?.dry() ?? null } }).columns.length;
}

/** As EXPLAIN names the table: `t` or `t x`. */
export function shownTarget({ relation, alias }: TableItem): string {
  return alias === undefined || alias.name === relation.name ? relation.name : `${relation.name} ${alias.name}`;
}

/** name.* */
export function starOf(name: string): Target {
  return plainTarget({ kind: 'star', qualifier: [name], exclude: [], position: undefined });
}

/** Names by which the items of a FROM clause are known. */
export function labelsOf(item: FromItem): readonly string[] {
  switch (item.kind) {
    case 'table': return [item.alias?.name ?? item.relation.name];
    case 'join': return item.alias === undefined ? [...labelsOf(item.left), ...labelsOf(item.right)]
      : [item.alias.name];
    case 'functions': {
      const [first] = item.calls;
      if (item.alias === undefined && first.call.kind === 'function') return [first.call.name[first.call.name.length - 1]];
      return item.alias === undefined ? [] : [item.alias.name];
    }
    case 'subquery': case 'window': return item.alias === undefined ? [] : [item.alias.name];
  }
}

/**
 * The stars' columns, which are the last of the query, as relations of its rows: column i of them is column
 * `offset` + i there. `count`: how many columns a name's star stands for.
 */
export function otherItems(
  bound: BoundQuery, labels: readonly string[], place: { readonly from: number; readonly offset: number },
  count: (label: string) => number,
): readonly ScopeItem[] {
  const columns = bound.columns.slice(place.from).map((c, i) => ({
    ...c, expression: { kind: 'column', index: place.offset + i, type: c.type } as const,
  }));
  let at = 0;
  return labels.map((name): ScopeItem => {
    const own = columns.slice(at, labels.length === 1 ? columns.length : at + count(name));
    at += own.length;
    return {
      name, schema: null, columns: own, hidden: [], relationVisible: true, columnsVisible: true, rowType: null,
      scalar: false, relation: own[0]?.table ?? 0,
    };
  });
}

/** Rows as they are stored, each as often as it is there, with their new values and what was joined to them. */
export interface FoundRows {
  readonly old: Batch;
  readonly values: Batch;
  readonly others: Batch;
}

export function* findRows(state: SessionState, change: ChangeQuery, parameters: readonly Datum[]): Work<FoundRows> {
  const { table, bound, values } = change;
  const { current } = state;
  const snapshot = current.writerSnapshot();
  const counting = change.joined ? current.latestOfStart() : null;
  const result = yield* queryWork(compileBound(state, bound, parameters), { snapshot, context: state.evalContext() });
  const live = liveColumns(table.columns);
  const schema = { columns: table.columns.map((c) => ({ name: c.name, type: c.type })) };
  const once = counting === null ? result : yield* onceEach(counting(), change, result);
  const rows = current.hiddenWrites(table.oid).length > 0 ? yield* stillThere(current.latestSnapshot(), change, once) : once;
  const range = (from: number, to: number): Batch => new Batch(rows.columns.slice(from, to), rows.length);
  const rules = rulesOf(state, table);
  const stored = physicalBatch(schema, range(0, live.length), live.map((c) => c.attnum),
    (i) => nullOf(schema.columns[i].type, rows.length));
  return {
    old: rules.computes ? yield* inParts(stored, (part) => rules.withKeys(part)) : stored,
    values: range(live.length, live.length + values.length),
    others: range(live.length + values.length, rows.columns.length),
  };
}

function nullOf(type: LogicalType, length: number): Batch['columns'][number] {
  return nullVector(type, length);
}

/** Without the rows that another part of the statement has taken away: of two changes of a row one takes place. */
function* stillThere(latest: Snapshot, change: ChangeQuery, found: Batch): Work<Batch> {
  const live = liveColumns(change.table.columns);
  const own = new Batch(found.columns.slice(0, live.length), found.length);
  const keys = Array.from({ length: own.length }, (_, row) => wholeRowKey(own, row));
  const copies = new Map(yield* multiplicities(latest, change.table, new Set(keys)));
  const kept: number[] = [];
  keys.forEach((key, row) => {
    const left = copies.get(key) ?? 0;
    copies.set(key, left - 1);
    if (left > 0) kept.push(row);
  });
  return found.take(Int32Array.from(kept));
}

/** A target row that several rows join with is changed once, by the first of them. */
function* onceEach(latest: Snapshot, change: ChangeQuery, joined: Batch): Work<Batch> {
  const live = liveColumns(change.table.columns);
  const own = new Batch(joined.columns.slice(0, live.length), joined.length);
  const first = new Map<string, number>();
  for (const [from, to] of stretches(own.length)) {
    for (let row = from; row < to; row++) {
      const key = wholeRowKey(own, row);
      if (!first.has(key)) first.set(key, row);
    }
    yield true;
  }
  const copies = yield* multiplicities(latest, change.table, new Set(first.keys()));
  const rows: number[] = [];
  for (const [key, row] of first) for (let n = 0; n < (copies.get(key) ?? 1); n++) rows.push(row);
  return joined.take(Int32Array.from(rows));
}

/** How often the table holds each of these rows: live columns, by wholeRowKey. */
export function* multiplicities(
  latest: Snapshot, table: TableEntry, wanted: ReadonlySet<string>,
): Work<ReadonlyMap<string, number>> {
  const columns = liveColumns(table.columns).map((c) => c.attnum - 1);
  const out = new Map<string, number>();
  for (const delta of latest.scan(table.oid, columns)) {
    for (let i = 0; i < delta.length; i++) {
      const key = wholeRowKey(delta.batch, i);
      if (wanted.has(key)) out.set(key, (out.get(key) ?? 0) + delta.weights[i]);
    }
    yield true;
  }
  return out;
}

