// What the items of a FROM clause have in common: what they are bound against, what they give, and how AS renames it.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Alias } from '../parser/ast.ts';
import type { SortKey } from '../../engine/operator/operator.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import type { Environment } from './environment.ts';
import { Level } from './level.ts';
import type { Clause, CommonTableScope, Recursion, Site } from './level.ts';
import { Scope } from './scope.ts';
import type { ScopeColumn, ScopeItem } from './scope.ts';

export interface FromResult {
  readonly plan: LogicalPlan;
  readonly items: readonly ScopeItem[];
  /** The order its rows come in, where it is a subquery that sorts them: the query around keeps it if it has no other. */
  readonly order?: readonly SortKey[];
}

/** `outer`: the query around; `lateral`: what a LATERAL item sees, which ends in `outer`. */
export interface FromSite {
  readonly env: Environment;
  readonly outer: Scope | null;
  readonly lateral: Scope | null;
  readonly commonTables: CommonTableScope | null;
  readonly recurse: Recursion;
  readonly changes?: true | undefined;
  /** Names that the query may use as whole rows. */
  readonly rows?: ReadonlySet<string>;
}

export function plainItem(name: string | null, columns: readonly ScopeColumn[]): ScopeItem {
  return {
    name, schema: null, columns, hidden: [], relationVisible: name !== null, columnsVisible: true, rowType: null,
    scalar: false, relation: 0,
  };
}

/** AS t (a, b). */
export function aliased(item: ScopeItem, alias: Alias | undefined, what = 'table'): ScopeItem {
  if (alias === undefined) return item;
  if (alias.exactly !== undefined && alias.columns.length !== item.columns.length) {
    throw new DatabaseError('42601', 'number of columns does not match number of values', alias.exactly);
  }
  if (alias.columns.length > item.columns.length) {
    throw new DatabaseError('42P10',
      `${what} "${alias.name}" has ${item.columns.length} columns available but ${alias.columns.length} columns specified`);
  }
  return {
    ...item, name: alias.name, schema: null, relationVisible: true,
    columns: item.columns.map((c, i) => ({ ...c, name: alias.columns[i] ?? c.name })),
  };
}

/** What a non-lateral subquery sees: the query around; its neighbours only in error messages. */
export function around(site: FromSite): Scope | null {
  if (site.lateral === null || site.lateral === site.outer) return site.outer;
  const scope = new Scope(site.outer);
  scope.hiddenItems = [...site.lateral.items, ...site.lateral.hiddenItems];
  return scope;
}

/** A place for expressions over FROM items. */
export function siteOver(site: FromSite, scope: Scope, clause: Clause): Site {
  const level = new Level(scope);
  scope.level = level;
  return {
    env: site.env, scope, level, clause, commonTables: site.commonTables, recurse: site.recurse, windows: new Map(),
  };
}
