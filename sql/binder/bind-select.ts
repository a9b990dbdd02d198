// SELECT: its clauses bound in PostgreSQL's order, lowered to a plan, and its output columns, distinctness and order.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { SortKey } from '../../engine/operator/operator.ts';
import type { Expr, Query, Select, SortKey as SortItem, WindowSpecification } from '../parser/ast.ts';
import type { LogicalPlan, OrderTerm } from '../plan/logical-plan.ts';
import { columnOf, projectOf } from '../plan/make.ts';
import { sameExpression } from '../plan/same-expression.ts';
import { bindFrame } from './bind-frame.ts';
import { bindFrom } from './bind-from.ts';
import { noWindow, resolveWindow } from './bind-window-call.ts';
import { coerceBoolean, settleUnknown } from './coercion.ts';
import { outputCollation, requireSortable } from './collation.ts';
import { bindGroupBy } from './group-items.ts';
import type { Grouping } from './group-items.ts';
import { bind, Level } from './level.ts';
import type { BoundQuery, Clause, QuerySite, Recursion, Site } from './level.ts';
import { bindLimits } from './limits.ts';
import { locationOf } from './location.ts';
import { rowNames } from './presence.ts';
import { replaceColumns } from './replace-columns.ts';
import { lowerSelect } from './lower-select.ts';
import { checkComparable, directionOf, orderTerm } from './order.ts';
import { Scope } from './scope.ts';
import { bindTargets, findTarget } from './targets.ts';
import type { BoundTarget } from './targets.ts';

const NO_KEYS: Grouping = { keys: [], outputs: [], sets: null };
const OUTPUT: Clause = { phrase: 'SELECT', aggregates: true, windows: true, sets: true };

export function bindSelect(query: Query, select: Select, outer: QuerySite, recurse: Recursion): BoundQuery {
  if (select.into !== undefined) throw notSupported('SELECT INTO here', { position: select.into.relation.position });
  const { env } = outer;
  const lateral = outer.hidden === undefined ? outer.parent : new Scope(outer.parent);
  if (lateral !== null && outer.hidden !== undefined) lateral.hiddenItems = outer.hidden;
  const from = bindFrom(select.from, {
    env, outer: outer.parent, lateral, changes: outer.changes, commonTables: outer.commonTables, recurse,
    ...select.from.some((item) => item.kind === 'join') ? { rows: rowNames([select, query.orderBy]) } : {},
  });
  const scope = new Scope(outer.parent, from.items);
  const level = new Level(scope);
  scope.level = level;
  const site: Site = {
    env, scope, level, clause: outer.output ?? OUTPUT, commonTables: outer.commonTables, recurse, windows: windowMap(select),
  };
  const at = (clause: Clause): Site => ({ ...site, clause });
  const bound = bindTargets(select.targets, site, outer.keepUnknown === true && select.distinct !== 'all');
  const targets = select.distinct === 'all' ? bound.map((t) => ({ ...t, expression: requireSortable(t.expression) })) : bound;
  const where = condition(select.where, at({ phrase: 'WHERE' }), 'WHERE');
  const having = condition(select.having, at({ phrase: 'HAVING', aggregates: true }), 'HAVING');
  const columns = new OutputColumns(targets);
  checkNotRecursive(from.plan, level);
  const order = bindOrder(query.orderBy, columns, at({ ...OUTPUT, phrase: 'ORDER BY' }));
  const grouping = bindGrouping(select, having !== null, targets, at({ phrase: 'GROUP BY', sets: true }));
  const distinctOn = bindDistinctOn(select, order, columns, at({ ...OUTPUT, phrase: 'DISTINCT ON' }));
  checkDistinct(select, query.orderBy, columns);
  const inWindows: Clause = { phrase: 'window definitions', aggregates: true, within: 'window', sets: true };
  for (const w of select.windows) checkWindow(w, at(inWindows));
  const qualify = condition(withAliases(select, scope), at({ phrase: 'QUALIFY', aggregates: true, windows: true }), 'QUALIFY');
  const limits = bindLimits(query, site);
  env.trace?.queries.set(select, {
    targets, where, having, rows: [], distinctOn: (distinctOn ?? []).map((i) => columns.all[i]),
    order: order.map(({ column }, i) => ({
      ...query.orderBy[i], bound: columns.all[column], target: column < targets.length ? column : null,
    })),
  });
  const grouped = grouping ?? (level.aggregates.length > 0 || level.groupings.length > 0 ? NO_KEYS : null);
  const below = from.order ?? [];
  const keeps = query.orderBy.length === 0 && grouped === null && select.distinct === undefined
    && level.windows.every((w) => w.partition.length === 0 && w.order.length === 0);
  const delivered = keeps ? below.map((k) => ({ ...k, column: columns.indexOf(columnOf(from.plan, k.column)) })) : order;
  const lowered = lowerSelect({
    env, level, from: from.plan, order: below.map((k) => orderOf(from.plan, k)), where, having, qualify,
    outputs: columns.all, grouping: grouped, first: distinctOn === null ? null : { columns: distinctOn, order },
  });
  let plan: LogicalPlan = projectOf(lowered.plan, lowered.outputs,
    lowered.names.map((name, i) => targets[i]?.name ?? name));
  if (select.distinct === 'all') {
    for (const t of targets) checkComparable(t.expression.type, t.position);
    plan = { kind: 'distinct', input: plan, on: null, schema: plan.schema };
  } else if (distinctOn !== null && !lowered.distinct) {
    plan = { kind: 'distinct', input: plan, on: { columns: distinctOn, order }, schema: plan.schema };
  }
  return {
    plan, order: delivered, ...keeps && below.length > 0 ? { passing: true } : {}, ...limits, visible: targets.length,
    columns: targets.map((t, i) => ({
      name: t.name, type: lowered.outputs[i].type, table: t.table, attribute: t.attribute, ...outputCollation(t.expression),
    })),
  };
}

function orderOf(plan: LogicalPlan, { column, descending, nullsFirst }: SortKey): OrderTerm {
  return { expression: columnOf(plan, column), descending, nullsFirst };
}

/** QUALIFY, where a name that no relation has a column of may be that of an output column. */
function withAliases({ qualify, targets }: Select, scope: Scope): Expr | undefined {
  const aliases = new Map(targets.flatMap((t) => (t.alias === undefined ? [] : [[t.alias, t.expression] as const])));
  const names = new Set(scope.items.filter((i) => i.columnsVisible).flatMap((i) => i.columns.map((c) => c.name)));
  return qualify === undefined || aliases.size === 0 ? qualify : replaceColumns(qualify, (e) =>
    (e.name.length === 1 && !names.has(e.name[0]) ? aliases.get(e.name[0]) ?? e : e));
}

/** An aggregate over the working table of WITH RECURSIVE would change with every round. */
function checkNotRecursive(from: LogicalPlan, level: Level): void {
  const [aggregate] = level.aggregates;
  if (aggregate === undefined || !readsWorkingTable(from)) return;
  throw new DatabaseError('42P19', 'aggregate functions are not allowed in a recursive query\'s recursive term',
    { position: aggregate.position });
}

function readsWorkingTable(plan: LogicalPlan): boolean {
  if (plan.kind === 'working-table') return true;
  return (plan.kind === 'join' || plan.kind === 'apply') && (readsWorkingTable(plan.left) || readsWorkingTable(plan.right));
}

function windowMap(select: Select): ReadonlyMap<string, WindowSpecification> {
  const map = new Map<string, WindowSpecification>();
  for (const w of select.windows) {
    if (w.name === undefined) continue;
    // One that is defined behind it is not known yet.
    if (w.base !== undefined && !map.has(w.base)) throw noWindow(w.base, w.position);
    if (map.has(w.name)) throw new DatabaseError('42P20', `window "${w.name}" is already defined`, { position: w.position });
    map.set(w.name, w);
  }
  return map;
}

/** Names in windows that nothing uses are looked up, too. */
function checkWindow(window: WindowSpecification, site: Site): void {
  const apart: Site = { ...site, level: new Level(site.scope) };
  const { env } = site;
  for (const e of window.partitionBy) settleUnknown(env, bind(e, apart));
  const over = resolveWindow({ ...window, name: undefined }, site, true);
  const order = over.orderBy.map((k) => orderTerm(env, k, settleUnknown(env, bind(k.expression, apart))));
  bindFrame(over, order, apart);
}

function condition(e: Expr | undefined, site: Site, construct: string): Expression | null {
  return e === undefined ? null : coerceBoolean(site.env, bind(e, site), construct, locationOf(e));
}

function bindGrouping(
  select: Select, having: boolean, targets: readonly BoundTarget[], site: Site,
): Grouping | null {
  if (select.groupBy.length === 0 && !select.groupByAll) return having ? NO_KEYS : null;
  return bindGroupBy(select, targets, site);
}

/** The select list, and behind it what is only computed to sort by. */
class OutputColumns {
  readonly all: Expression[];
  readonly targets: readonly BoundTarget[];

  constructor(targets: readonly BoundTarget[]) {
    this.targets = targets;
    this.all = targets.map((t) => t.expression);
  }

  indexOf(e: Expression): number {
    const known = this.all.findIndex((x) => sameExpression(x, e));
    return known >= 0 ? known : this.all.push(e) - 1;
  }
}

function bindOrder(items: readonly SortItem[], columns: OutputColumns, site: Site): readonly SortKey[] {
  return items.map((item) => {
    const found = findTarget(item.expression, columns.targets, 'ORDER BY', site);
    const written = settleUnknown(site.env, found === null ? bind(item.expression, site) : columns.all[found]);
    if (found !== null) columns.all[found] = written;
    const key = item.using === undefined ? { ...item, position: locationOf(item.expression) } : item;
    const { expression } = orderTerm(site.env, key, written);
    const column = found !== null && expression === written ? found : columns.indexOf(expression);
    return { column, type: expression.type, ...directionOf(item) };
  });
}

function bindDistinctOn(
  select: Select, order: readonly SortKey[], columns: OutputColumns, site: Site,
): readonly number[] | null {
  if (select.distinct === undefined || select.distinct === 'all') return null;
  const wanted = select.distinct.map((e) => {
    const found = findTarget(e, columns.targets, 'DISTINCT ON', site);
    const expression = requireSortable(found === null ? settleUnknown(site.env, bind(e, site)) : columns.all[found]);
    return found !== null && expression === columns.all[found] ? found : columns.indexOf(expression);
  });
  const leading = order.slice(0, new Set(wanted).size);
  const other = leading.findIndex((k) => !wanted.includes(k.column));
  if (other >= 0) {
    const matched = new Set(leading.slice(0, other).map((k) => k.column));
    const late = order.slice(other).find((k) => wanted.includes(k.column) && !matched.has(k.column));
    const at = late === undefined ? wanted.findIndex((c) => !matched.has(c)) : wanted.indexOf(late.column);
    throw new DatabaseError('42P10', 'SELECT DISTINCT ON expressions must match initial ORDER BY expressions',
      { position: locationOf(select.distinct[at]) });
  }
  return wanted;
}

function checkDistinct(select: Select, order: readonly SortItem[], columns: OutputColumns): void {
  if (select.distinct !== 'all' || columns.all.length === columns.targets.length) return;
  const bad = order.find((o) => o.expression.kind !== 'number');
  throw new DatabaseError('42P10', 'for SELECT DISTINCT, ORDER BY expressions must appear in select list',
    { position: bad === undefined ? undefined : locationOf(bad.expression) });
}
