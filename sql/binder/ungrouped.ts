// After GROUP BY: which expressions still have a value, and the 42803 for those that have none.
import { isDeferrable } from '../catalog/entry.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { liveColumns } from '../catalog/entry.ts';
import { replaceTopDown } from '../plan/replace.ts';
import { sameExpression } from '../plan/same-expression.ts';
import type { Environment } from './environment.ts';
import type { Scope, ScopeItem } from './scope.ts';

/** Columns that are neither grouped by nor inside a grouped expression, in order of appearance. */
export function ungroupedColumns(
  e: Expression, keys: readonly Expression[],
): readonly (Expression & { kind: 'column' })[] {
  const found: (Expression & { kind: 'column' })[] = [];
  replaceTopDown(e, (x) => {
    if (keys.some((k) => sameExpression(k, x))) return x;
    if (x.kind === 'column') found.push(x);
    return null;
  });
  return found;
}

/** The relation a FROM column belongs to, and its name there. */
function owner(scope: Scope, index: number): { readonly item: ScopeItem; readonly name: string } | null {
  for (const named of [true, false]) {
    for (const item of scope.items) {
      if ((item.name !== null) !== named) continue;
      const column = item.columns.find((c) => c.expression.kind === 'column' && c.expression.index === index);
      if (column !== undefined) return { item, name: column.name };
      if (item.present?.kind === 'column' && item.present.index === index) return { item, name: '*' };
    }
  }
  return null;
}

/** Is the column determined by the keys, because they hold its relation's whole primary key? */
export function isDetermined(env: Environment, scope: Scope, index: number, keys: readonly Expression[]): boolean {
  const found = owner(scope, index);
  if (found === null || found.item.relation === 0) return false;
  const entry = env.catalog.get(found.item.relation);
  if (entry === null || entry.kind !== 'table') return false;
  const primary = entry.constraints.find((c) => c.kind === 'primary');
  if (primary === undefined || isDeferrable(primary)) return false;
  const live = liveColumns(entry.columns);
  const determined = primary.columns.every((attnum) => {
    const at = live.findIndex((c) => c.attnum === attnum);
    const column = found.item.columns[at];
    return column !== undefined && keys.some((k) => sameExpression(k, column.expression));
  });
  if (determined) env.used.add(primary.oid);
  return determined;
}

export function ungroupedError(
  env: Environment, scope: Scope, column: Expression & { kind: 'column' }, inSubquery: boolean,
): DatabaseError {
  const found = owner(scope, column.index);
  const name = found === null ? '?column?' : found.item.name === null ? found.name : `${found.item.name}.${found.name}`;
  const message = inSubquery ? `subquery uses ungrouped column "${name}" from outer query`
    : `column "${name}" must appear in the GROUP BY clause or be used in an aggregate function`;
  return new DatabaseError('42803', message, { position: env.shared.positions.get(column) });
}
