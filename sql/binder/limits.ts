// LIMIT, OFFSET and FETCH: bigint expressions without columns.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import { INT8 } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { someExpression } from '../../engine/expression/walk.ts';
import type { Expr, Query } from '../parser/ast.ts';
import { tryCoerce } from './coercion.ts';
import { bind, Level } from './level.ts';
import type { BoundQuery, Site } from './level.ts';
import { locationOf } from './location.ts';
import { Scope } from './scope.ts';

export function bindLimits(query: Query, site: Site): Pick<BoundQuery, 'limit' | 'offset' | 'withTies'> {
  if (query.withTies && query.orderBy.length === 0) throw tiesWithoutOrder();
  // LIMIT ALL and NULL are no limit.
  if (query.withTies && query.limit?.kind === 'null') throw nullWithTies();
  return {
    limit: bindLimit(query.limit, 'LIMIT', site), offset: bindLimit(query.offset, 'OFFSET', site), withTies: query.withTies,
  };
}

function bindLimit(e: Expr | undefined, name: 'LIMIT' | 'OFFSET', site: Site): Expression | null {
  if (e === undefined) return null;
  const position = locationOf(e);
  const scope = new Scope(site.scope.parent, site.scope.items);
  const inner: Site = { ...site, scope, level: new Level(scope), clause: { phrase: name } };
  const bound = bind(e, inner);
  if (someExpression(bound, (x) => x.kind === 'column')) {
    throw new DatabaseError('42P10', `argument of ${name} must not contain variables`, { position });
  }
  if (someExpression(bound, (x) => x.kind === 'parameter' && x.hole === true)) {
    throw notSupported(`a subquery in ${name}`, { position });
  }
  const coerced = tryCoerce(bound, INT8, { env: site.env, context: 'assignment', position });
  if (coerced === null) {
    throw new DatabaseError('42804',
      `argument of ${name} must be type bigint, not type ${mentionType(bound.type)}`, { position });
  }
  site.env.trace?.calls.set(e, coerced);
  return coerced.kind === 'literal' && coerced.value === null ? null : coerced;
}

export function tiesWithoutOrder(): DatabaseError {
  return new DatabaseError('42601', 'WITH TIES cannot be specified without ORDER BY clause');
}

export function nullWithTies(): DatabaseError {
  return new DatabaseError('2201W', 'row count cannot be null in FETCH FIRST ... WITH TIES clause');
}
