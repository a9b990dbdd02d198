// The select list: stars expanded, labels given, and ORDER BY / GROUP BY items that mean an output column.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Expr, Position, StarExpr, Target } from '../parser/ast.ts';
import { sameExpression } from '../plan/same-expression.ts';
import { bindFields, settleRow } from './bind-composite.ts';
import { settleUnknown } from './coercion.ts';
import { bind } from './level.ts';
import type { Site } from './level.ts';
import { labelOf, locationOf } from './location.ts';
import { expandQualifiedStar, expandStar, resolveName } from './scope.ts';
import type { Resolved } from './scope.ts';

/** One output column before anything is grouped or attached. */
export interface BoundTarget {
  readonly expression: Expression;
  readonly name: string;
  readonly table: number;
  readonly attribute: number;
  readonly position: Position;
}

/** PostgreSQL's, which comes from how its rows are laid out. */
const MAX_TARGETS = 1664;

/** `keepUnknown`: leave untyped literals to whoever uses the query (UNION, INSERT). */
export function bindTargets(targets: readonly Target[], site: Site, keepUnknown: boolean): readonly BoundTarget[] {
  const bound = targets.flatMap((t) => bindTarget(t, site));
  if (bound.length > MAX_TARGETS) throw new DatabaseError('54011', `target lists can have at most ${MAX_TARGETS} entries`);
  return bound.map((t) => (keepUnknown ? t
    : { ...t, expression: settleRow(settleUnknown(site.env, t.expression), site) }));
}

/** What a star stands for; null: it is none. */
function starred(e: Expr, site: Site): readonly BoundTarget[] | null {
  if (e.kind === 'star') return starColumns(e, site);
  if (e.kind !== 'fieldStar') return null;
  return bindFields(e, site).map((field) => ({ ...field, table: 0, attribute: 0, position: e.position }));
}

/** A row of VALUES, stars expanded. */
export function bindCells(
  row: readonly Expr[], site: Site,
): readonly (Pick<BoundTarget, 'expression' | 'position'> & { readonly source?: Expr })[] {
  return row.flatMap((e): ReturnType<typeof bindCells> =>
    starred(e, site) ?? [{ expression: bind(e, site), position: locationOf(e), source: e }]);
}

function bindTarget(target: Target, site: Site): readonly BoundTarget[] {
  const e = target.expression;
  const columns = starred(e, site);
  if (columns !== null) return columns;
  const position = locationOf(e);
  const name = target.alias ?? labelOf(e);
  if (e.kind === 'column') {
    const resolved = resolveName({ env: site.env, scope: site.scope, position: e.position }, e.name);
    return [{ ...originOf(resolved), expression: resolved.expression, name, position }];
  }
  return [{ expression: bind(e, site), name, table: 0, attribute: 0, position }];
}

function originOf(resolved: Resolved): { readonly table: number; readonly attribute: number } {
  const { column } = resolved;
  return column === null ? { table: 0, attribute: 0 } : { table: column.table, attribute: column.attribute };
}

function starColumns(e: StarExpr, site: Site): readonly BoundTarget[] {
  const use = { env: site.env, scope: site.scope, position: e.position };
  if (e.qualifier.length === 0 && site.scope.items.length === 0) {
    throw new DatabaseError('42601', 'SELECT * with no tables specified is not valid', { position: e.position });
  }
  const all = e.qualifier.length === 0 ? expandStar(use) : expandQualifiedStar(use, e.qualifier);
  for (const x of e.exclude) {
    if (!all.some((r) => r.column?.name === x.name)) {
      throw new DatabaseError('42703', `column "${x.name}" does not exist`, { position: x.position });
    }
  }
  return all.filter((r) => !e.exclude.some((x) => x.name === r.column?.name)).map((r) => ({
    ...originOf(r), expression: r.expression, name: r.column?.name ?? '?column?', position: e.position,
  }));
}

/** The output column an ORDER BY, GROUP BY or DISTINCT ON item names by label or number; null: it is an expression. */
export function findTarget(
  e: Expr, targets: readonly BoundTarget[], clause: 'ORDER BY' | 'GROUP BY' | 'DISTINCT ON', site: Site,
): number | null {
  if (e.kind === 'column' && e.name.length === 1) return findByLabel(e.name[0], e, targets, { clause, site });
  const constant = e.kind === 'number' || e.kind === 'string' || e.kind === 'boolean' || e.kind === 'null';
  if (!constant) return null;
  // PostgreSQL's grammar folds the minus in; beyond int4 a constant is numeric.
  if (e.kind !== 'number' || !/^-?\d+$/.test(e.text) || Math.abs(Number(e.text)) > 2 ** 31 - 1) {
    throw new DatabaseError('42601', `non-integer constant in ${clause}`, { position: e.position });
  }
  const ordinal = Number(e.text);
  if (ordinal < 1 || ordinal > targets.length) {
    throw new DatabaseError('42P10', `${clause} position ${ordinal} is not in select list`, { position: e.position });
  }
  return ordinal - 1;
}

function findByLabel(
  name: string, e: Expr, targets: readonly BoundTarget[], use: { readonly clause: string; readonly site: Site },
): number | null {
  if (use.clause === 'GROUP BY' && isInputColumn(name, use.site)) return null;
  const matches = targets.flatMap((t, i) => (t.name === name ? [i] : []));
  const [first] = matches;
  if (matches.some((m) => !sameExpression(targets[m].expression, targets[first].expression))) {
    throw new DatabaseError('42702', `${use.clause} "${name}" is ambiguous`, { position: e.position });
  }
  return first ?? null;
}

/** GROUP BY prefers a column of FROM to an output column of the same name. */
function isInputColumn(name: string, site: Site): boolean {
  return site.scope.items.some((i) => i.columnsVisible && i.columns.some((c) => c.name === name));
}
