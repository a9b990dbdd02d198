// What subqueries in the parts of a statement that are evaluated apart (RETURNING, ON CONFLICT, WHEN) see of its WITH clause.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { isVolatile } from '../../engine/expression/walk.ts';
import { bindCommonTables } from '../binder/bind-query.ts';
import type { Environment } from '../binder/environment.ts';
import type { CommonTableScope } from '../binder/level.ts';
import type { WithClause } from '../parser/ast.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { expressionsOf, visitPlan } from '../plan/map-plan.ts';

/**
 * `around`: what the statement itself is bound in. The queries run once more, over the same rows, modifications do not; 0A000
 * for one that might give others then, or where modifications are bound later.
 */
export function withNames(
  env: Environment, around: CommonTableScope | null, names: WithClause | undefined,
): CommonTableScope | null {
  if (names === undefined) return around;
  if (names.tables.some((t) => t.statement.kind !== 'query' && env.effects?.knows(t) !== true)) {
    return names.tables.reduce<CommonTableScope | null>((parent, { name }) => refused(name, [], parent), around);
  }
  const dry = { ...env, effects: env.effects?.dry() ?? null };
  return checked(bindCommonTables(names, { env: dry, parent: null, commonTables: around }), around);
}

function refused(name: string, columns: CommonTableScope['columns'], parent: CommonTableScope | null): CommonTableScope {
  return {
    parent, name, columns, plan: (position) => {
      throw notSupported(`reading WITH query "${name}" in this part of the statement`, { position });
    },
  };
}

/** Down to `end`. */
function checked(scope: CommonTableScope | null, end: CommonTableScope | null): CommonTableScope | null {
  if (scope === null || scope === end) return end;
  const parent = checked(scope.parent, end);
  if (scope.name === null) return parent;
  const steady = !isReadable(scope) || isSteady(scope.plan(undefined));
  return steady ? { ...scope, parent } : refused(scope.name, scope.columns, parent);
}

/** A modification without RETURNING tells whoever reads it. */
function isReadable(scope: CommonTableScope): boolean {
  try {
    scope.plan(undefined);
    return true;
  } catch (error) {
    if (error instanceof DatabaseError) return false;
    throw error;
  }
}

function isSteady(plan: LogicalPlan): boolean {
  let steady = true;
  visitPlan(plan, (node) => {
    steady &&= !expressionsOf(node).some(isVolatile);
  });
  return steady;
}
