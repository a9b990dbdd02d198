// ORDER BY of VALUES and set operations: output columns by name or number, nothing else.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { SortKey } from '../../engine/operator/operator.ts';
import type { SortKey as SortItem } from '../parser/ast.ts';
import type { ResultColumn } from '../session-api.ts';
import type { Site } from './level.ts';
import { locationOf } from './location.ts';
import { directionOf, orderTerm } from './order.ts';
import { findTarget } from './targets.ts';

export function bindOutputOrder(
  items: readonly SortItem[], columns: readonly ResultColumn[], what: 'VALUES' | 'set', site: Site,
): readonly SortKey[] {
  const targets = columns.map((c, i) => ({
    ...c, expression: { kind: 'column', index: i, type: c.type } as const, position: undefined,
  }));
  return items.map((item) => {
    const found = findTarget(item.expression, targets, 'ORDER BY', site);
    if (found === null) throw noOutput(item, columns, what);
    orderTerm(site.env, item, targets[found].expression);
    return { column: found, type: columns[found].type, ...directionOf(item) };
  });
}

function noOutput(item: SortItem, columns: readonly ResultColumn[], what: 'VALUES' | 'set'): DatabaseError {
  const { expression } = item;
  const position = locationOf(expression);
  if (expression.kind === 'column' && expression.name.length === 1 && !columns.some((c) => c.name === expression.name[0])) {
    return new DatabaseError('42703', `column "${expression.name[0]}" does not exist`, { position });
  }
  if (what === 'VALUES') return notSupported('ORDER BY an expression over VALUES', { position });
  return new DatabaseError('0A000', 'invalid UNION/INTERSECT/EXCEPT ORDER BY clause', {
    position, detail: 'Only result column names can be used, not expressions or functions.',
    hint: 'Add the expression/function to every SELECT, or move the UNION into a FROM clause.',
  });
}
