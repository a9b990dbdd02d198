// Indexes on expressions and over part of a table: their keys are kept in hidden columns of the table, NULL in the rows
// that the index leaves out, so that keys, look-ups and replay need know nothing of them.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf, isImmutable } from '../../engine/expression/walk.ts';
import { expressionCollation, requireCollation } from '../binder/collation.ts';
import { settleUnknown } from '../binder/coercion.ts';
import { labelOf } from '../binder/location.ts';
import { ownCollation, plainColumn } from '../catalog/entry.ts';
import type { ColumnEntry, IndexDefinitionText, TableEntry } from '../catalog/entry.ts';
import type { Expr, IndexElement } from '../parser/ast.ts';
import { deparse } from '../plan/deparse.ts';
import { refusePseudoType } from './column-type.ts';
import { keptForm } from './stored-expression.ts';
import { bindPredicate, bindRowExpression, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';

export interface ComputedKey {
  /** Columns of the index by attribute number, hidden ones included. */
  readonly columns: readonly number[];
  /** To be added to the table. */
  readonly hidden: readonly ColumnEntry[];
  readonly definition: IndexDefinitionText;
  /** What the index is called after, by element. */
  readonly labels: readonly string[];
}

/** `plain`: the attribute number of an element that is a column. */
export function computedKey(
  state: SessionState, table: TableEntry, elements: readonly IndexElement[], where: Expr | undefined,
  plain: (element: IndexElement) => number,
): ComputedKey {
  const predicate = where === undefined ? null : bindIndexPredicate(state, table, where);
  const whereText = predicate === null ? null : textOf(state, table, predicate);
  const hidden: ColumnEntry[] = [];
  const texts: (string | null)[] = [];
  const plains: number[] = [];
  const labels: string[] = [];
  const columns = elements.map((element, i) => {
    const attnum = element.expression === undefined ? plain(element) : null;
    const bound = element.expression === undefined ? null : bindIndexExpression(state, table, element.expression);
    if (bound !== null) {
      refusePseudoType(label(element.expression), bound.type);
      if (element.collation === undefined) requireCollation(bound, 'index expression');
    }
    const text = bound === null ? null : textOf(state, table, bound);
    texts.push(text);
    plains.push(attnum ?? 0);
    labels.push(attnum === null ? label(element.expression) : table.columns[attnum - 1].name);
    // A key with a NULL in it equals no other: the first part speaks for the rows that are left out.
    if (attnum !== null && (i > 0 || whereText === null)) return attnum;
    const own = table.columns[(attnum ?? 1) - 1].name;
    const name = bound === null ? own : shownKey(textOf(state, table, bound, true));
    const value = text ?? quoted(own);
    const of = bound === null ? table.columns[(attnum ?? 1) - 1] : { type: bound.type, ...expressionCollation(bound) };
    const expression = i > 0 || whereText === null ? value : `CASE WHEN ${whereText} THEN ${value} END`;
    const added = table.columns.length + hidden.length + 1;
    hidden.push({
      ...plainColumn(name, added, of.type), ...ownCollation(of), dropped: true, hidden: true,
      conversion: {
        serial: 1, time: state.current.startTime, expression, format: DEFAULT_FORMAT, searchPath: [...state.searchPath],
      },
    });
    return added;
  });
  const read = [...elements.flatMap((e) => (e.expression === undefined ? [] : [bindIndexExpression(state, table, e.expression)])),
    ...(predicate === null ? [] : [predicate])].flatMap((e) => [...columnsOf(e)].map((c) => c + 1));
  return { columns, hidden, labels, definition: { elements: texts, plain: plains, where: whereText, reads: [...new Set(read)] } };
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function label(expression: Expr | undefined): string {
  const found = expression === undefined ? 'expr' : labelOf(expression);
  return found === '?column?' ? 'expr' : found;
}

export function bindIndexExpression(state: SessionState, table: TableEntry, expression: Expr): Expression {
  const site = rowSite(sessionEnvironment(state), [rowScopeItem(table)], {
    phrase: 'index expressions', noSubquery: 'index expression',
  });
  const bound = settleUnknown(site.env, bindRowExpression(site, expression));
  requireImmutable(bound, 'functions in index expression must be marked IMMUTABLE');
  return bound;
}

export function bindIndexPredicate(state: SessionState, table: TableEntry, where: Expr): Expression {
  const site = rowSite(sessionEnvironment(state), [rowScopeItem(table)], {
    phrase: 'index predicates', noSubquery: 'index predicate',
  });
  const bound = bindPredicate(site, where, 'WHERE');
  requireImmutable(bound, 'functions in index predicate must be marked IMMUTABLE');
  return bound;
}

function requireImmutable(bound: Expression, message: string): void {
  if (isImmutable(bound)) return;
  throw new DatabaseError('42P17', message);
}

/** As errors name a key: a call by itself, anything else in parentheses. */
export function shownKey(text: string): string {
  return /^[\w".]+\(.*\)$/.test(text) ? text : `(${text})`;
}

function textOf(state: SessionState, table: TableEntry, bound: Expression, pretty = false): string {
  return deparse(bound, { ...keptForm(state, (i) => table.columns[i].name), pretty, exact: !pretty });
}

/** 0A000 for a view or source, whose rows come from elsewhere. */
export function requireOwnRows(kind: string): void {
  if (kind !== 'table') throw notSupported(`an index on an expression or over part of a ${kind.replace('-', ' ')}`);
}
