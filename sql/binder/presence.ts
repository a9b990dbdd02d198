// Whole rows of the side that an outer join may find no row of: t is NULL there, not a row of NULLs.
//
// The side gets a column more, which is true: where it is NULL there was no row. Only where somebody may ask for such a row.
import { BOOLEAN } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { columnOf, extend, width } from '../plan/make.ts';
import type { JoinKind } from '../plan/logical-plan.ts';
import type { FromResult } from './bind-from-item.ts';
import type { ScopeColumn, ScopeItem } from './scope.ts';

/** Names that the syntax tree uses as a value of their own: `t`, or `t.*`. */
export function rowNames(syntax: unknown, into = new Set<string>()): ReadonlySet<string> {
  if (typeof syntax !== 'object' || syntax === null) return into;
  if ('kind' in syntax) {
    if (syntax.kind === 'column' && 'name' in syntax) addLast(syntax.name, into);
    if (syntax.kind === 'star' && 'qualifier' in syntax) addLast(syntax.qualifier, into);
  }
  for (const part of Object.values(syntax)) rowNames(part, into);
  return into;
}

function addLast(name: unknown, into: Set<string>): void {
  const last: unknown = Array.isArray(name) ? name.at(-1) : undefined;
  if (typeof last === 'string') into.add(last);
}

export function withPresence(
  left: FromResult, right: FromResult, join: JoinKind, rows: ReadonlySet<string>,
): readonly [FromResult, FromResult] {
  return [
    join === 'right' || join === 'full' ? marked(left, rows) : left,
    join === 'left' || join === 'full' ? marked(right, rows) : right,
  ];
}

function marked(side: FromResult, rows: ReadonlySet<string>): FromResult {
  const asked = (item: ScopeItem): boolean => item.present === undefined && !item.scalar
    && ((item.name !== null && rows.has(item.name)) || (item.hidden.length > 0 && rows.has('tableoid')));
  if (!side.items.some(asked)) return side;
  const plan = extend(side.plan, [{ kind: 'literal', type: BOOLEAN, value: true }], 'present');
  const present = columnOf(plan, width(plan) - 1);
  const items = side.items.map((item) => (
    asked(item) ? { ...item, present, hidden: item.hidden.map((c) => only(c, present)) } : item));
  return { plan, items };
}

/** What is the same for each row of the relation is NULL where there is none. */
function only(column: ScopeColumn, present: Expression): ScopeColumn {
  const { expression } = column;
  if (expression.kind !== 'literal') return column;
  const otherwise: Expression = { kind: 'literal', type: expression.type, value: null };
  return {
    ...column, expression: { kind: 'case', type: expression.type, branches: [{ when: present, then: expression }], otherwise },
  };
}
