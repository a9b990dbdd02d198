// FROM: relations, subqueries, functions and windows, joined; every item gives a plan and the names it makes visible.
import { DatabaseError, notSupported, unreachable } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { someExpression } from '../../engine/expression/walk.ts';
import type { Expr, FromItem, JoinItem, SubqueryItem, TableItem } from '../parser/ast.ts';
import type { JoinKind, LogicalPlan } from '../plan/logical-plan.ts';
import { applyOf, columnOf, filterOf, joinOf, projectOf, selectColumns, SINGLE_ROW, width } from '../plan/make.ts';
import { correlate, attachSubqueries } from './attach.ts';
import { bindAsof } from './bind-asof.ts';
import { aliased, around, plainItem, siteOver } from './bind-from-item.ts';
import type { FromResult, FromSite } from './bind-from-item.ts';
import { bindFunctionItem } from './bind-function-item.ts';
import { bindTable } from './bind-table.ts';
import { coerceBoolean } from './coercion.ts';
import { bindWindowItem } from './bind-window-item.ts';
import { bindUsing, commonColumns } from './bind-using.ts';
import { withPresence } from './presence.ts';
import { locationOf } from './location.ts';
import { freeHoles } from '../plan/map-plan.ts';
import { sameExpression } from '../plan/same-expression.ts';
import { asRelation } from './relation.ts';
import { checkDistinctNames, referencesBy, Scope, shiftItems } from './scope.ts';
import type { ScopeColumn, ScopeItem } from './scope.ts';
import { noteItem, noteJoin } from './trace-from.ts';

export const NO_ITEMS: FromResult = { plan: SINGLE_ROW, items: [] };

/** The comma list: cross joins, each item seeing those before it if it is lateral. */
export function bindFrom(list: readonly FromItem[], site: FromSite): FromResult {
  let result = NO_ITEMS;
  let changed: FromResult | null = null;
  for (const item of list) {
    result = result === NO_ITEMS ? bindItem(item, site) : bindBeside(result, item, 'inner', site, changed);
    if (site.changes === true) changed ??= result;
  }
  return result;
}

/** `left` joined with what the item is, which may refer to `left` but for what is `changed`. */
export function bindBeside(
  left: FromResult, item: FromItem, join: JoinKind, site: FromSite, changed: FromResult | null = null,
): FromResult {
  const scope = new Scope(site.lateral, left.items);
  const right = bindItem(item, { ...site, lateral: scope });
  if (changed !== null) checkChanged(changed, right.plan, scope, site);
  checkDistinctNames(left.items, right.items);
  return combine(left, right, { join, scope, condition: null, site });
}

/** 42P10 where the right side refers to the table that the statement changes. */
function checkChanged({ plan, items: [table] }: FromResult, right: LogicalPlan, scope: Scope, site: FromSite): void {
  const out = referencesBy(scope, freeHoles(right))
    .find(({ target }) => someExpression(target, (e) => e.kind === 'column' && e.index < width(plan)));
  if (out === undefined) return;
  throw new DatabaseError('42P10', `invalid reference to FROM-clause entry for table "${table.name}"`, {
    position: site.env.shared.positions.get(out.target),
    hint: `There is an entry for table "${table.name}", but it cannot be referenced from this part of the query.`,
  });
}

interface Combination {
  readonly join: JoinKind;
  readonly scope: Scope;
  readonly condition: ((items: readonly ScopeItem[]) => Expression | null) | null;
  readonly site: FromSite;
}

/** A join, or a dependent one where the right side refers to the left. */
function combine(left: FromResult, right: FromResult, how: Combination): FromResult {
  const { plan: leftPlan, correlations } = correlate(left.plan, right.plan, how.scope, (e) => e);
  const items = [...left.items, ...shiftItems(right.items, width(leftPlan))];
  const condition = how.condition === null ? null : how.condition(items);
  if (correlations.length === 0) {
    return { items, plan: joinOf({ join: how.join, left: leftPlan, right: right.plan, condition }) };
  }
  if (how.join !== 'inner' && how.join !== 'left') throw lateralSide(right.plan, how);
  return {
    items, plan: applyOf({ apply: how.join, left: leftPlan, right: right.plan, correlations, condition, operands: [] }),
  };
}

function lateralSide(right: LogicalPlan, { scope, site }: Pick<Combination, 'scope' | 'site'>): DatabaseError {
  const target = referencesBy(scope, freeHoles(right)).at(0)?.target;
  const item = target === undefined ? undefined
    : scope.items.find((i) => i.name !== null && i.columns.some((c) => sameExpression(c.expression, target)));
  const name = item === undefined ? '' : ` for table "${item.name}"`;
  return new DatabaseError('42P10', `invalid reference to FROM-clause entry${name}`, {
    position: target === undefined ? undefined : site.env.shared.positions.get(target),
    detail: 'The combining JOIN type must be INNER or LEFT for a LATERAL reference.',
  });
}

function bindItem(item: FromItem, site: FromSite): FromResult {
  switch (item.kind) {
    case 'table': {
      if (item.asOf === undefined) return noteItem(site.env, item, bindTable(item, site));
      throw new DatabaseError('0A000', 'FOR SYSTEM_TIME AS OF is supported for the right side of a join only',
        { position: item.position });
    }
    case 'subquery': return noteItem(site.env, item, bindSubqueryItem(item, site));
    case 'functions': return noteItem(site.env, item, bindFunctionItem(item, site));
    case 'window': return bindWindowItem(item, bindItem(item.input, site), site);
    case 'join': return bindJoin(item, site);
    default: return unreachable(item);
  }
}

function bindSubqueryItem(item: SubqueryItem, site: FromSite): FromResult {
  const parent = item.lateral ? site.lateral : around(site);
  const query = site.recurse.query(item.query, { env: site.env, parent, commonTables: site.commonTables });
  const columns = query.columns.map((c, i): ScopeColumn => ({
    ...c, expression: { kind: 'column', index: i, type: c.type },
  }));
  const { kept } = item;
  const shown = columns.length - (kept?.count ?? 0);
  const own = aliased(plainItem(null, columns.slice(0, shown)), item.alias);
  const named = kept === undefined ? own : { ...own, key: kept.key, hidden: columns.slice(shown) };
  return { plan: asRelation(query, true), items: [named], order: query.order };
}

function bindJoin(item: JoinItem, site: FromSite): FromResult {
  const first = bindItem(item.left, site);
  const scope = new Scope(site.lateral, first.items);
  const temporal = item.right.kind === 'table' && item.right.asOf !== undefined ? item.right : null;
  if (temporal !== null) checkTemporal(item, temporal);
  const second = temporal === null ? bindItem(item.right, { ...site, lateral: scope }) : bindTable(temporal, site);
  checkDistinctNames(first.items, second.items);
  if (item.asof) return joinAlias(item, bindAsofJoin(item, first, second, { site, scope }), site);
  const written: JoinKind = item.join === 'cross' ? 'inner' : item.join;
  const join: JoinKind = temporal === null ? written : written === 'left' ? 'temporal-left' : 'temporal';
  const [left, right] = withPresence(first, second, join, site.rows ?? new Set());
  const using = item.natural ? commonColumns(left.items, right.items) : item.using;
  if (using !== undefined) {
    const merged: { items: readonly ScopeItem[] } = { items: [] };
    const result = combine(left, right, {
      join, scope, site,
      condition: (items) => {
        const bound = bindUsing(using, items, left.items.length, { env: site.env, join, position: undefined });
        merged.items = item.usingAlias === undefined ? bound.items
          : [...bound.items, usingItem(item.usingAlias, bound.items, using.length)];
        return bound.condition;
      },
    });
    return joinAlias(item, { plan: result.plan, items: noteJoin(site.env, item, using, merged.items) }, site);
  }
  if (item.on === undefined) return joinAlias(item, combine(left, right, { join, scope, site, condition: null }), site);
  return joinAlias(item, bindOn(item.on, combine(left, right, { join: 'inner', scope, site, condition: null }), {
    join, site, left, right, scope,
  }), site);
}

/** A join with a table as it is when the row comes. */
function checkTemporal({ join, asof }: JoinItem, { asOf, position }: TableItem): void {
  const name = asOf?.kind === 'function' ? asOf.name[asOf.name.length - 1] : '';
  if (name !== 'proctime') throw notSupported('FOR SYSTEM_TIME AS OF other than PROCTIME()', { position });
  if (!asof && (join === 'inner' || join === 'left')) return;
  throw notSupported('FOR SYSTEM_TIME AS OF in this kind of join', { position });
}

function bindAsofJoin(
  item: JoinItem, left: FromResult, right: FromResult, { site, scope }: { readonly site: FromSite; readonly scope: Scope },
): FromResult {
  const { on, position } = item;
  if (item.join !== 'inner' && item.join !== 'left') throw notSupported(`ASOF ${item.join.toUpperCase()} JOIN`, { position });
  if (on === undefined) throw notSupported('ASOF JOIN without ON', { position });
  if (correlate(left.plan, right.plan, scope, (e) => e).correlations.length > 0) {
    throw notSupported('ASOF JOIN with a LATERAL reference', { position });
  }
  const items = [...left.items, ...shiftItems(right.items, width(left.plan))];
  const inner = siteOver(site, new Scope(site.lateral, items), { phrase: 'JOIN conditions' });
  const condition = coerceBoolean(site.env, inner.recurse.expression(on, inner), 'JOIN/ON', locationOf(on));
  if (inner.level.subqueries.size > 0) throw notSupported('a subquery in the condition of ASOF JOIN', { position });
  return { items, plan: bindAsof(condition, { left: left.plan, right: right.plan, outer: item.join === 'left', position }) };
}

interface OnSite {
  readonly join: JoinKind;
  readonly site: FromSite;
  readonly left: FromResult;
  readonly right: FromResult;
  readonly scope: Scope;
}

/** ON: subqueries in it are attached over the cross product of an inner join; elsewhere they are refused. */
function bindOn(on: Expr, cross: FromResult, how: OnSite): FromResult {
  const { site } = how;
  const inner = siteOver(site, new Scope(site.lateral, cross.items), { phrase: 'JOIN conditions' });
  const condition = coerceBoolean(site.env, inner.recurse.expression(on, inner), 'JOIN/ON', locationOf(on));
  site.env.trace?.conditions.set(on, condition);
  if (inner.level.subqueries.size === 0) return combine(how.left, how.right, { ...how, condition: () => condition });
  if (how.join === 'temporal' || how.join === 'temporal-left') {
    throw notSupported('a subquery in the condition of a temporal join', { position: locationOf(on) });
  }
  if (how.join !== 'inner') return bindOuterOn(on, how);
  const attached = attachSubqueries(cross.plan, [condition], inner.level, (e) => e);
  const plan = filterOf(attached.plan, attached.expressions[0]);
  return { plan, items: cross.items };
}

/**
 * Subqueries in the condition of an outer join: the side that is not preserved, filtered, beside each row of the other.
 * FULL: the rows of the right side that no row of the left one meets, too.
 */
function bindOuterOn(on: Expr, how: OnSite): FromResult {
  const { left, right, site, scope } = how;
  if (how.join !== 'left' && correlate(left.plan, right.plan, scope, (e) => e).correlations.length > 0) {
    throw lateralSide(right.plan, how);
  }
  const shared = (side: FromResult, name: string): FromResult => {
    if (how.join !== 'full') return side;
    const { plan } = side;
    return { ...side, plan: { kind: 'shared', id: site.env.shared.fresh(), name, input: plan, schema: plan.schema } };
  };
  const [l, r] = [shared(left, 'left'), shared(right, 'right')];
  const items = [...l.items, ...shiftItems(r.items, width(l.plan))];
  if (how.join === 'left') return { items, plan: filteredBeside(l, r, 'left', on, how) };
  const [wl, wr] = [width(l.plan), width(r.plan)];
  const rights = Array.from({ length: wr }, (_, i) => i);
  if (how.join === 'right') {
    const plan = filteredBeside(r, l, 'left', on, how);
    return { items, plan: selectColumns(plan, [...Array.from({ length: wl }, (_, i) => wr + i), ...rights]) };
  }
  const lefts = filteredBeside(l, r, 'left', on, how);
  const rest = filteredBeside(r, l, 'anti', on, how);
  const nulls = l.plan.schema.columns.map((c): Expression => ({ kind: 'literal', type: c.type, value: null }));
  const padded = projectOf(rest, [...nulls, ...rights.map((c) => columnOf(rest, c))], lefts.schema.columns.map((c) => c.name));
  return { items, plan: { kind: 'set-operation', operation: 'union', all: true, inputs: [lefts, padded], schema: lefts.schema } };
}

/** `kept` with (left) or without (anti) the rows of `other` that meet the condition; kept's columns come first. */
function filteredBeside(
  kept: FromResult, other: FromResult, apply: 'left' | 'anti', on: Expr, { site, scope }: OnSite,
): LogicalPlan {
  const outer = new Scope(site.lateral, kept.items);
  const inner = siteOver(site, new Scope(outer, other.items), { phrase: 'JOIN conditions' });
  const condition = coerceBoolean(site.env, inner.recurse.expression(on, inner), 'JOIN/ON', locationOf(on));
  const attached = attachSubqueries(other.plan, [condition], inner.level, (e) => e);
  const filtered = selectColumns(filterOf(attached.plan, attached.expressions[0]), other.plan.schema.columns.map((_, i) => i));
  // The other side may be LATERAL, besides what its condition refers to.
  const lateral = correlate(kept.plan, filtered, scope, (e) => e);
  const { plan, correlations: own } = correlate(lateral.plan, filtered, outer, (e) => e);
  const correlations = [...lateral.correlations, ...own];
  const applied = applyOf({ apply, left: plan, right: filtered, correlations, condition: null, operands: [] });
  const first = kept.plan.schema.columns.map((_, i) => i);
  return selectColumns(applied, apply === 'anti' ? first : [...first, ...filtered.schema.columns.map((_, i) => width(plan) + i)]);
}

/** USING (..) AS j: the merged columns once more, under a name. */
function usingItem(name: string, [join, ...others]: readonly ScopeItem[], count: number): ScopeItem {
  const item: ScopeItem = { ...plainItem(name, join.columns.slice(0, count)), columnsVisible: false, present: null };
  checkDistinctNames(others, [item]);
  return item;
}

/** (a JOIN b) AS j hides a and b behind one name. */
function joinAlias(item: JoinItem, result: FromResult, site: FromSite): FromResult {
  if (item.alias === undefined) return result;
  const columns = result.items.filter((i) => i.columnsVisible).flatMap((i) => i.columns);
  const hidden = result.items.filter((i) => i.name !== null && i.name !== item.usingAlias)
    .map((i) => ({ ...i, columnsVisible: false, relationVisible: false }));
  return noteItem(site.env, item, {
    plan: result.plan, items: [{ ...aliased(plainItem(null, columns), item.alias, 'join expression'), present: null }, ...hidden],
  });
}
