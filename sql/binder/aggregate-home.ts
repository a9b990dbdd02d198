// Where an aggregate or GROUPING() belongs: the innermost query whose columns it reads, which need not be the one it stands in.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { mapExpression, someExpression } from '../../engine/expression/walk.ts';
import { freeHoles } from '../plan/map-plan.ts';
import type { Clause, Level, Site, SubqueryUse } from './level.ts';
import { referencesBy } from './scope.ts';
import type { Scope } from './scope.ts';

export interface Home {
  readonly scope: Scope;
  readonly level: Level;
  /** Where in that query the call stands, perhaps inside subqueries. */
  readonly clause: Clause;
}

const FROM: Clause = { phrase: 'FROM clause of their own query level' };

/** The innermost query whose columns the parts read; the current one when they read none. */
export function homeOf(parts: readonly Expression[], site: Site): Home {
  const own: Home = { scope: site.scope, level: site.level, clause: site.clause };
  const scopes = scopesOf(parts, site);
  if (parts.length === 0 || scopes.has(site.scope) || scopes.size === 0) return own;
  for (let scope = site.scope.parent; scope !== null; scope = scope.parent) {
    if (!scopes.has(scope)) continue;
    // The left side of a LATERAL item is not a query of its own.
    return scope.level === null ? { ...own, scope, clause: FROM }
      : { scope, level: scope.level, clause: scope.level.clause ?? own.clause };
  }
  return own;
}

/** Those whose columns the parts read, also inside subqueries. */
function scopesOf(parts: readonly Expression[], site: Site): ReadonlySet<Scope> {
  const found = new Set<Scope>();
  const look = (index: number): void => {
    found.add(site.env.shared.outerScopes.get(index) ?? site.scope);
  };
  const walk = (part: Expression): void => {
    someExpression(part, (x) => {
      if (x.kind === 'column') found.add(site.scope);
      if (x.kind !== 'parameter' || x.hole !== true) return false;
      const use = site.level.subqueries.get(x.index);
      if (use === undefined) look(x.index);
      else {
        for (const o of use.operands) walk(o.left);
        for (const free of freeHoles(use.plan)) look(free);
      }
      return false;
    });
  };
  for (const part of parts) walk(part);
  return found;
}

/** Does the part read a query further in than its home? */
export function readsBelow(part: Expression, home: Home, site: Site): boolean {
  const scopes = scopesOf([part], site);
  for (let scope: Scope | null = site.scope; scope !== null && scope !== home.scope; scope = scope.parent) {
    if (scopes.has(scope)) return true;
  }
  return false;
}

/** The expression as its home sees it: holes for columns of that query become these again; subqueries in it move along. */
export function moveTo({ scope, level }: Home, e: Expression, site: Site): Expression {
  if (scope === site.scope) return e;
  return mapExpression(e, (x) => {
    if (x.kind !== 'parameter' || x.hole !== true) return x;
    const use = site.level.subqueries.get(x.index);
    if (use === undefined) return referencesBy(scope, new Set([x.index])).at(0)?.target ?? x;
    const operands = use.operands.map((o) => ({ ...o, left: moveTo({ scope, level, clause: site.clause }, o.left, site) }));
    level.subqueries.set(x.index, { ...use, operands });
    return x;
  });
}

/** An aggregate of the home's own that the expression, or a subquery in it, asks for. */
export function aggregateWithin(e: Expression, home: Home): Expression | null {
  let found: Expression | null = null;
  someExpression(e, (x) => {
    if (x.kind !== 'parameter' || x.hole !== true) return false;
    const use = home.level.subqueries.get(x.index);
    if (use === undefined) found = home.level.aggregates.some((a) => a.hole.index === x.index) ? x : null;
    else found = firstWithin(read(use, home.scope), home);
    return found !== null;
  });
  return found;
}

export function firstWithin(parts: readonly Expression[], home: Home): Expression | null {
  for (const part of parts) {
    const found = aggregateWithin(part, home);
    if (found !== null) return found;
  }
  return null;
}

/** What a subquery reads of the scope that it stands in. */
function read(use: SubqueryUse, scope: Scope): readonly Expression[] {
  return [...use.operands.map((o) => o.left), ...referencesBy(scope, freeHoles(use.plan)).map((o) => o.target)];
}

/** 42803 where the home's clause has no aggregates. */
export function checkClause(
  { clause }: Home, what: 'aggregate functions' | 'grouping operations', position: number | undefined,
): void {
  if (clause.within === 'aggregate') {
    throw new DatabaseError('42803', 'aggregate function calls cannot be nested', { position });
  }
  if (clause.aggregates !== undefined) return;
  throw new DatabaseError('42803', `${what} are not allowed in ${clause.phrase}`, { position });
}
