// ORDER BY keys: direction and the place of NULLs as PostgreSQL defaults them.
import { DatabaseError } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { SortKey } from '../parser/ast.ts';
import type { OrderTerm } from '../plan/logical-plan.ts';
import { requireSortable } from './collation.ts';
import type { Environment } from './environment.ts';
import { resolveOperator } from './functions.ts';

export interface Direction { readonly descending: boolean; readonly nullsFirst: boolean }

/** Operators that are the first or the last of a btree operator family: what ORDER BY .. USING may name. */
const ORDERING: ReadonlySet<string> = new Set(['<', '>', '~<~', '~>~']);

/** NULLs come last when ascending, first when descending, unless said otherwise. */
export function directionOf(key: SortKey): Direction {
  const descending = key.direction === 'desc' || key.using?.[key.using.length - 1].includes('>') === true;
  const nullsFirst = key.nulls === 'default' ? descending : key.nulls === 'first';
  return { descending, nullsFirst };
}

export function orderTerm(env: Environment, key: SortKey, expression: Expression): OrderTerm {
  if (key.using === undefined) checkSortable(env, expression.type, key.position);
  else checkOrdering(env, key.using, expression.type, key.position);
  return { expression: requireSortable(expression), ...directionOf(key) };
}

/** 42883 for an operator that there is not, 42809 for one that is no order. */
function checkOrdering(env: Environment, name: readonly string[], type: LogicalType, position: number | undefined): void {
  const symbol = name[name.length - 1];
  resolveOperator(env, { symbol, schema: name.length > 1 ? name[0] : undefined, position }, [type, type]);
  if (ORDERING.has(symbol)) return;
  throw new DatabaseError('42809', `operator ${name.join('.')} is not a valid ordering operator`, {
    position, hint: 'Ordering operators must be "<" or ">" members of btree operator families.',
  });
}

const UNSORTABLE: ReadonlySet<string> = new Set(['json', 'jsonpath', 'pg_node_tree', 'aclitem', 'xid', 'cid']);

/** 42883 for types without an order. */
export function checkSortable(_env: Environment, type: LogicalType, position: number | undefined): void {
  if (!UNSORTABLE.has(type.kind)) return;
  throw new DatabaseError('42883', `could not identify an ordering operator for type ${mentionType(type)}`, {
    position, hint: 'Use an explicit ordering operator or modify the query.',
  });
}

const UNHASHABLE: ReadonlySet<string> = new Set(['json', 'jsonpath', 'pg_node_tree']);

/** 42883 for types without equality: GROUP BY, DISTINCT, UNION. */
export function checkComparable(type: LogicalType, position: number | undefined): void {
  if (!UNHASHABLE.has(type.kind)) return;
  throw new DatabaseError('42883', `could not identify an equality operator for type ${mentionType(type)}`, { position });
}
