// What FROM leaves for who prints it: which item each column is of, and what joins merge.
import type { FromItem, JoinItem } from '../parser/ast.ts';
import type { FromResult } from './bind-from-item.ts';
import type { Environment } from './environment.ts';
import type { ScopeItem } from './scope.ts';
import type { ColumnSource } from './trace.ts';

/** The item's own columns know it from now on. Requires: `result` is one item. */
export function noteItem(env: Environment, from: FromItem, result: FromResult): FromResult {
  const { trace } = env;
  const [item] = result.items;
  if (trace === undefined || item === undefined) return result;
  const common = from.kind === 'table' && item.relation === 0 ? from.relation.name : null;
  trace.items.set(from, {
    relation: item.relation, common, columns: item.columns.map(({ name, attribute }) => ({ name, attribute })),
  });
  const columns = item.columns.map((c, index) => ({ ...c, source: { from, index } }));
  return { ...result, items: [{ ...item, columns }, ...result.items.slice(1)] };
}

/** A join by USING or NATURAL: `items` are the columns it shows, and then what it is of. */
export function noteJoin(
  env: Environment, from: JoinItem, using: readonly string[], items: readonly ScopeItem[],
): readonly ScopeItem[] {
  const { trace } = env;
  if (trace === undefined) return items;
  const [join, ...others] = items;
  const merged = using.map((name, i) => ({ name, sides: join.columns[i].sides ?? [] }));
  trace.joins.set(from, { merged });
  const columns = join.columns.map((c, index) => {
    if (index >= using.length) return c;
    const plain = c.expression.kind === 'column';
    const source: ColumnSource | undefined = plain ? c.source : { from, index };
    return { ...c, source };
  });
  return [{ ...join, columns }, ...others];
}
