// Scope: which relations and columns a name may mean at a place in a query, and in the queries around it.
import { DatabaseError } from '../../engine/data/error.ts';
import type { DomainType, RecordType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Position } from '../parser/ast.ts';
import { shiftColumns } from '../plan/replace.ts';
import { sameExpression } from '../plan/same-expression.ts';
import { collationOf, noteCollation, readCollation } from './collation.ts';
import type { Collation } from './collation.ts';
import type { Environment } from './environment.ts';
import type { Level } from './level.ts';
import { missingColumn, missingRelation } from './missing-name.ts';
import type { ColumnSource } from './trace.ts';

/** `expression`: over the columns of the FROM clause's plan. `table` and `attribute` as in RowDescription. */
export interface ScopeColumn {
  readonly name: string;
  readonly expression: Expression;
  readonly table: number;
  readonly attribute: number;
  /** Noted only where what is bound is to be printed. */
  readonly source?: ColumnSource | undefined;
  /** Of a function's rows: the field that it is of which row type. */
  readonly field?: { readonly rowType: number; readonly name: string } | undefined;
  /** Has come to be after the view that reads it: not in its `*`, but in its rows. */
  readonly younger?: true;
  /** As an expression reads it; absent: its type's. */
  readonly collation?: Collation;
  /** Of a merged column: what it is made of. */
  readonly sides?: readonly ColumnSource[];
}

/** One relation, subquery, function or join of a FROM clause. */
export interface ScopeItem {
  /** Alias or name; null: a join without alias, which only merges columns. */
  readonly name: string | null;
  /** A further name, which is not hidden by the alias of a join. */
  readonly key?: string;
  /** Schema of a relation named without alias. */
  readonly schema: string | null;
  readonly columns: readonly ScopeColumn[];
  /** Columns that `*` does not show: tableoid. */
  readonly hidden: readonly ScopeColumn[];
  /** `t.x` and `t.*` work; `x` works. Columns merged by USING are visible through their join only. */
  readonly relationVisible: boolean;
  readonly columnsVisible: boolean;
  readonly rowType: RecordType | DomainType | null;
  /** A function with one scalar column: its name alone is that column. */
  readonly scalar: boolean;
  readonly relation: number;
  /**
   * True where there is a row, NULL where an outer join found none; undefined: there always is, or nobody asks; null: its
   * row is made of its columns everywhere (a join's alias).
   */
  readonly present?: Expression | null;
}

/** A hole for a column of an outer query: `target` over the FROM columns (or holes) of that query's level. */
export interface OuterReference {
  readonly hole: Expression & { kind: 'parameter' };
  readonly target: Expression;
}

export class Scope {
  readonly parent: Scope | null;
  items: readonly ScopeItem[];
  /** The level the names belong to; set for scopes of a SELECT, null for the left side of a LATERAL join. */
  level: Level | null = null;
  readonly outers: OuterReference[] = [];
  /** Relations that are there but out of reach (the left side of a RIGHT or FULL join for LATERAL). */
  hiddenItems: readonly ScopeItem[] = [];

  constructor(parent: Scope | null, items: readonly ScopeItem[] = []) {
    this.parent = parent;
    this.items = items;
  }

  /** The hole by which an inner query refers to `target` here; the same hole for the same target. */
  outer(env: Environment, target: Expression): Expression {
    const known = this.outers.find((o) => sameExpression(o.target, target));
    if (known !== undefined) return known.hole;
    const hole: OuterReference['hole'] = { kind: 'parameter', index: env.shared.fresh(), hole: true, type: target.type };
    noteCollation(hole, collationOf(target));
    this.outers.push({ hole, target });
    env.shared.outerScopes.set(hole.index, this);
    env.trace?.holes.set(hole.index, { kind: 'outer', target });
    return hole;
  }
}

/** Those references to the scope for which one of the holes stands. */
export function referencesBy({ outers }: Scope, holes: ReadonlySet<number>): readonly OuterReference[] {
  return outers.filter(({ hole }) => holes.has(hole.index));
}

export interface NameUse {
  readonly env: Environment;
  readonly scope: Scope;
  readonly position: Position;
}

/** What a name means: an expression over this scope, or a hole for an outer one; and the column, if it is a plain one. */
export interface Resolved {
  readonly expression: Expression;
  readonly column: ScopeColumn | null;
}

/** `a`, `t.a`, `s.t.a`, `db.s.t.a`; or a whole row. */
export function resolveName(use: NameUse, name: readonly string[]): Resolved {
  if (name.length === 1) return resolveColumn(use, name[0]);
  const column = name[name.length - 1];
  const qualifier = name.slice(0, -1);
  if (qualifier.length > 3) {
    throw new DatabaseError('42601', `improper qualified name (too many dotted names): ${name.join('.')}`,
      { position: use.position });
  }
  const found = findItem(use, qualifier);
  if (found === null) throw missingRelation(use, qualifier);
  const match = [...found.item.columns, ...found.item.hidden].filter((c) => c.name === column);
  if (match.length > 1) throw ambiguous(use, column);
  if (match.length === 0) throw missingColumn(use, qualifier[qualifier.length - 1], column);
  return reach(use, found.scope, match[0].expression, match[0]);
}

function resolveColumn(use: NameUse, name: string): Resolved {
  for (let scope: Scope | null = use.scope; scope !== null; scope = scope.parent) {
    const matches = scope.items.filter((i) => i.columnsVisible).flatMap((i) => i.columns.filter((c) => c.name === name));
    if (matches.length > 1) throw ambiguous(use, name);
    if (matches.length === 1) return reach(use, scope, matches[0].expression, matches[0]);
    const hidden = scope.items.filter((i) => i.columnsVisible).flatMap((i) => i.hidden.filter((c) => c.name === name));
    if (hidden.length > 1) throw ambiguous(use, name);
    if (hidden.length === 1) return reach(use, scope, hidden[0].expression, hidden[0]);
  }
  const found = findItem(use, [name]);
  if (found === null) throw missingColumn(use, null, name);
  return reachRow(use, found);
}

/** `t.*` where one value is asked for: the relation's row, even if it has a column of that name. */
export function resolveRow(use: NameUse, qualifier: readonly string[]): Expression {
  const found = findItem(use, qualifier);
  if (found === null) throw missingRelation(use, qualifier);
  return reachRow(use, found).expression;
}

function reachRow(use: NameUse, { scope, item }: { readonly scope: Scope; readonly item: ScopeItem }): Resolved {
  const resolved = reach(use, scope, wholeRow(item), null, rowSource(item));
  if (item.scalar) use.env.columns?.note(item.columns[0]);
  else use.env.columns?.noteRow(resolved.expression, item);
  return resolved;
}

function rowSource(item: ScopeItem): ColumnSource | undefined {
  const source = item.columns.find((c) => c.source !== undefined)?.source;
  return source === undefined || item.scalar ? source : { from: source.from, index: null };
}

/** As seen from where the name is used. */
function reach(
  use: NameUse, scope: Scope, target: Expression, column: ScopeColumn | null, source = column?.source,
): Resolved {
  const expression = traced(use.env, target, source);
  if (column !== null) use.env.columns?.note(column);
  if (column?.collation !== undefined) noteCollation(expression, readCollation(column, use.position));
  if (use.position !== undefined) use.env.shared.positions.set(expression, use.position);
  return { expression: scope === use.scope ? expression : scope.outer(use.env, expression), column };
}

function traced(env: Environment, target: Expression, source: ColumnSource | undefined): Expression {
  const { trace } = env;
  if (trace === undefined || source === undefined) return { ...target };
  const copy: Expression = target.kind === 'row' && source.index === null
    ? { ...target, fields: target.fields.map((f, index) => traced(env, f, { from: source.from, index })) } : { ...target };
  trace.columns.set(copy, source);
  return copy;
}

function ambiguous(use: NameUse, name: string): DatabaseError {
  return new DatabaseError('42702', `column reference "${name}" is ambiguous`, { position: use.position });
}

/** The relation a qualifier names, in the innermost scope that has one. */
export function findItem(
  use: NameUse, qualifier: readonly string[],
): { readonly scope: Scope; readonly item: ScopeItem } | null {
  const name = qualifier[qualifier.length - 1];
  const schema = qualifier.length > 1 ? qualifier[qualifier.length - 2] : null;
  for (let scope: Scope | null = use.scope; scope !== null; scope = scope.parent) {
    const found = scope.items.filter((i) => i.key === name || (i.relationVisible && i.name === name
      && (schema === null || i.schema === schema)));
    if (found.length > 1) {
      throw new DatabaseError('42P09', `table reference "${name}" is ambiguous`, { position: use.position });
    }
    if (found.length === 1) return { scope, item: found[0] };
  }
  return null;
}

/** The row of a relation as one value. */
export function wholeRow(item: ScopeItem): Expression {
  if (item.scalar) return item.columns[0].expression;
  // Rows that are put together here are of the columns there were.
  const columns = item.rowType === null ? item.columns : [...item.columns, ...item.hidden.filter((c) => c.younger)];
  const fields = columns.map((c) => c.expression);
  const type: RecordType | DomainType = item.rowType ?? {
    kind: 'record', fields: columns.map((c) => ({ name: c.name, type: c.expression.type })),
  };
  const row: Expression = { kind: 'row', fields, type };
  const present = item.present ?? null;
  return present === null ? row
    : { kind: 'case', type, branches: [{ when: present, then: row }], otherwise: { kind: 'literal', type, value: null } };
}

/** The columns `t.*` stands for. */
export function expandQualifiedStar(use: NameUse, qualifier: readonly string[]): readonly Resolved[] {
  const found = findItem(use, qualifier);
  if (found === null) throw missingRelation(use, qualifier);
  return found.item.columns.map((c) => named(reach(use, found.scope, c.expression, c), c));
}

function named(resolved: Resolved, column: ScopeColumn): Resolved {
  return { expression: resolved.expression, column };
}

/** The columns `*` stands for. */
export function expandStar(use: NameUse): readonly Resolved[] {
  return use.scope.items.filter((i) => i.columnsVisible).flatMap((i) => i.columns)
    .map((c) => reach(use, use.scope, c.expression, c));
}

/** The items of a join's right side, its columns now standing `by` further right. */
export function shiftItems(items: readonly ScopeItem[], by: number): readonly ScopeItem[] {
  return by === 0 ? items : items.map((i) => ({
    ...i, ...i.present === undefined || i.present === null ? {} : { present: shiftColumns(i.present, by) },
    columns: i.columns.map((c) => ({ ...c, expression: shiftColumns(c.expression, by) })),
    hidden: i.hidden.map((c) => ({ ...c, expression: shiftColumns(c.expression, by) })),
  }));
}

/** 42712 when two relations of one FROM have the same name. */
export function checkDistinctNames(items: readonly ScopeItem[], more: readonly ScopeItem[]): void {
  for (const item of more) {
    const clash = items.some((i) => i.name !== null && i.name === item.name && i.relationVisible && item.relationVisible
      && (i.schema === null || item.schema === null || i.schema === item.schema));
    if (clash) {
      throw new DatabaseError('42712', `table name "${item.name}" specified more than once`);
    }
  }
}
