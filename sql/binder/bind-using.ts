// JOIN .. USING and NATURAL JOIN: the equalities, and the columns that are merged.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { JoinKind } from '../plan/logical-plan.ts';
import { coerceArgument } from './coercion.ts';
import { noteCollation, outputCollation, readCollation } from './collation.ts';
import { requireCommonType } from './common-type.ts';
import type { Environment } from './environment.ts';
import { applyOperator, conjunction } from './functions.ts';
import type { ScopeColumn, ScopeItem } from './scope.ts';

export interface UsingSite {
  readonly env: Environment;
  readonly join: JoinKind;
  readonly position: number | undefined;
}

export interface UsingResult {
  readonly condition: Expression | null;
  readonly items: readonly ScopeItem[];
}

function visible(items: readonly ScopeItem[]): readonly ScopeColumn[] {
  return items.filter((i) => i.columnsVisible).flatMap((i) => i.columns);
}

/** NATURAL: the names both sides show, in the left side's order. */
export function commonColumns(left: readonly ScopeItem[], right: readonly ScopeItem[]): readonly string[] {
  const names = new Set(visible(right).map((c) => c.name));
  return [...new Set(visible(left).map((c) => c.name))].filter((n) => names.has(n));
}

/** `items`: the left items, `leftCount` of them, then the right ones, over the joined columns. */
export function bindUsing(
  using: readonly string[], items: readonly ScopeItem[], leftCount: number, site: UsingSite,
): UsingResult {
  const sides = [visible(items.slice(0, leftCount)), visible(items.slice(leftCount))];
  const conditions: Expression[] = [];
  const merged = using.map((name): ScopeColumn => {
    const [left, right] = sides.map((side, s) => pick(side, name, s === 0 ? 'left' : 'right', site.position));
    for (const side of [left, right]) site.env.columns?.note(side);
    for (const side of [left, right]) noteCollation(side.expression, readCollation(side, site.position));
    conditions.push(applyOperator(site.env, { symbol: '=', position: site.position }, [left.expression, right.expression]));
    return merge(name, left, right, site);
  });
  const rest = sides.flatMap((side) => side.filter((c) => !using.includes(c.name)));
  const hidden = items.map((i) => ({ ...i, columnsVisible: false }));
  const join: ScopeItem = {
    name: null, schema: null, columns: [...merged, ...rest], hidden: [], relationVisible: false, columnsVisible: true,
    rowType: null, scalar: false, relation: 0,
  };
  return { condition: conjunction(conditions), items: [join, ...hidden] };
}

function pick(side: readonly ScopeColumn[], name: string, which: string, position: number | undefined): ScopeColumn {
  const found = side.filter((c) => c.name === name);
  if (found.length === 1) return found[0];
  if (found.length > 1) {
    throw new DatabaseError('42702', `common column name "${name}" appears more than once in ${which} table`, { position });
  }
  throw new DatabaseError('42703', `column "${name}" specified in USING clause does not exist in ${which} table`, { position });
}

/** The column as the join shows it: from the side that is never missing, or from whichever is there. */
function merge(name: string, left: ScopeColumn, right: ScopeColumn, site: UsingSite): ScopeColumn {
  const type = requireCommonType([left.expression.type, right.expression.type], 'JOIN/USING', () => site.position);
  const [l, r] = [left, right].map((c) => coerceArgument(site.env, c.expression, type, site.position));
  const sides = [left.source, right.source].filter((s) => s !== undefined);
  if (site.join === 'full') {
    const expression: Expression = { kind: 'coalesce', type, args: [l, r] };
    return { name, sides, table: 0, attribute: 0, expression, ...outputCollation(expression) };
  }
  // Of an inner join, the side that is of the common type as it is.
  const takesRight = site.join === 'right' || (site.join !== 'left' && l !== left.expression && r === right.expression);
  const [source, expression] = takesRight ? [right, r] : [left, l];
  return { ...source, name, expression, sides };
}
