// Queries of the borrowed tree as ours, every word of theirs taken from the tokens.
import type {
  Alias, CommonTable, Expr, FromItem, JoinItem, Query, QueryBody, Select, SetOperation, SortKey, Target, WithClause,
} from './ast.ts';
import { commas, expression, queryTree } from './foreign-expression.ts';
import type { Foreign } from './foreign-expression.ts';
import { child, children, isTree, nameIn, text } from './foreign-grammar.ts';
import type { Tree } from './foreign-grammar.ts';
import { withGroupWindow } from './foreign-group-window.ts';
import { readAsOf, withProcessingTime } from './foreign-processing-time.ts';
import { readWindow, sortTail, windowSpecification } from './foreign-window.ts';

/** Clauses with a meaning that we have no place for here: refused by the tokens that are left. */
interface Tail { readonly orderBy: readonly SortKey[]; readonly limit: Expr | undefined;
  readonly offset: Expr | undefined }

const NO_TAIL: Tail = { orderBy: [], limit: undefined, offset: undefined };

export function readQuery(tree: Tree, foreign: Foreign): Query {
  const { cursor } = foreign;
  const position = cursor.position();
  const clause = cursor.is('with') ? withClause(tree, foreign) : undefined;
  const terms: { body: Query; operator: SetOperation['operator']; all: boolean }[] = [];
  let operator: SetOperation['operator'] = 'union';
  let all = true;
  let last: Tail = NO_TAIL;
  for (let part: Tree | undefined = tree; part !== undefined; part = child(part, '_next')) {
    const next = child(part, '_next');
    const term = readTerm(part, foreign);
    last = { orderBy: term.orderBy, limit: term.limit, offset: term.offset };
    if (next !== undefined && (last.orderBy.length > 0 || last.limit !== undefined)) throw cursor.mismatch();
    terms.push({ body: term.query, operator, all });
    if (next === undefined) break;
    const word = (['union', 'intersect', 'except'] as const).find((name) => cursor.takeIf(name))
      ?? (cursor.takeIf('minus') ? 'except' : undefined);
    if (word === undefined) throw cursor.mismatch();
    operator = word;
    all = cursor.takeIf('all');
    if (!all) cursor.takeIf('distinct');
  }
  const body = combined(terms);
  const outer: Tail = {
    orderBy: cursor.is('order') ? sortKeys(children(tree, '_orderby'), foreign) : last.orderBy,
    ...(cursor.is('limit') ? limits(child(tree, '_limit'), foreign) : { limit: last.limit, offset: last.offset }),
  };
  if (clause === undefined && terms.length === 1 && terms[0]?.body.limit !== undefined) return terms[0].body;
  return query(body, outer, clause, position);
}

function query(body: QueryBody, tail: Tail, clause: WithClause | undefined, position: number): Query {
  return {
    kind: 'query', with: clause, body, ...tail, withTies: false, locking: [], range: undefined, position,
  };
}

/** INTERSECT binds tighter than the others, which go from left to right. */
function combined(terms: readonly { body: Query; operator: SetOperation['operator']; all: boolean }[]): QueryBody {
  const groups: { query: Query; operator: SetOperation['operator']; all: boolean }[] = [];
  for (const term of terms) {
    const before = groups.at(-1);
    if (term.operator === 'intersect' && before !== undefined) {
      before.query = setOperation(before.query, { ...term, query: term.body });
    } else groups.push({ query: term.body, operator: term.operator, all: term.all });
  }
  const [first, ...others] = groups;
  if (first === undefined) throw new RangeError('a query has no term');
  return others.reduce((left, right) => setOperation(left, right), first.query).body;
}

function setOperation(
  left: Query, right: { readonly query: Query; readonly operator: SetOperation['operator']; readonly all: boolean },
): Query {
  const { operator, all } = right;
  const body: SetOperation = { kind: 'setOperation', operator, all, left, right: right.query, position: left.position };
  return query(body, NO_TAIL, undefined, left.position ?? 1);
}

/** One SELECT, or a query in brackets. What stands behind the last one belongs to all. */
function readTerm(tree: Tree, foreign: Foreign): Tail & { readonly query: Query } {
  const { cursor } = foreign;
  const position = cursor.position();
  if (cursor.takeIf('(')) {
    const inner = readTerm({ ...tree, parentheses_symbol: undefined }, foreign);
    cursor.take(')');
    const { orderBy, limit, offset } = inner;
    return { query: query(inner.query.body, { orderBy, limit, offset }, undefined, position), ...NO_TAIL };
  }
  const top: { limit: Expr | undefined } = { limit: undefined };
  const body = select(tree, foreign, top);
  const orderBy = cursor.is('order') ? sortKeys(children(tree, 'orderby'), foreign) : [];
  const tail = cursor.is('limit') || cursor.is('offset') || cursor.is('fetch') ? limits(child(tree, 'limit'), foreign)
    : { limit: top.limit, offset: undefined };
  return { query: query(body, NO_TAIL, undefined, position), orderBy, ...tail };
}

export function sortKeys(trees: readonly Tree[], foreign: Foreign): readonly SortKey[] {
  const { cursor } = foreign;
  cursor.take('order', 'by');
  return trees.map((tree, i) => {
    if (i > 0) cursor.take(',');
    return sortTail(expression(child(tree, 'expr'), foreign), foreign);
  });
}

/** LIMIT n [OFFSET m], OFFSET m LIMIT n, LIMIT m, n, OFFSET m ROWS FETCH NEXT n ROWS ONLY: numbers alone. */
function limits(_tree: Tree | undefined, foreign: Foreign): Omit<Tail, 'orderBy'> {
  const { cursor } = foreign;
  const count = (): Expr => {
    const position = cursor.position();
    return { kind: 'number', text: cursor.next('number').value, position };
  };
  let limit: Expr | undefined;
  let offset: Expr | undefined;
  if (cursor.takeIf('limit')) {
    limit = count();
    if (cursor.takeIf(',')) {
      offset = limit;
      limit = count();
    }
  }
  if (offset === undefined && cursor.takeIf('offset')) {
    offset = count();
    if (!cursor.takeIf('rows')) cursor.takeIf('row');
    // PostgreSQL takes the two in either order.
    if (limit === undefined && cursor.takeIf('limit')) limit = count();
  }
  if (limit === undefined && cursor.takeIf('fetch')) {
    if (!cursor.takeIf('first')) cursor.take('next');
    limit = count();
    if (!cursor.takeIf('rows')) cursor.take('row');
    cursor.take('only');
  }
  return { limit, offset };
}

function withClause(tree: Tree, foreign: Foreign): WithClause {
  const { cursor } = foreign;
  const position = cursor.position();
  cursor.take('with');
  const recursive = cursor.takeIf('recursive');
  const tables = children(tree, 'with').map((part, i): CommonTable => {
    if (i > 0) cursor.take(',');
    const at = cursor.position();
    const name = cursor.name(nameIn(part['name']));
    const columns = cursor.is('(') ? names(foreign) : [];
    cursor.take('as');
    const statement = inBrackets(child(part, 'stmt'), foreign);
    return {
      name, columns, statement, materialized: undefined, search: undefined, cycle: undefined, position: at,
    };
  });
  return { recursive, tables, position };
}

export function names(foreign: Foreign): string[] {
  const { cursor } = foreign;
  cursor.take('(');
  const list = [cursor.name()];
  while (cursor.takeIf(',')) list.push(cursor.name());
  cursor.take(')');
  return list;
}

function inBrackets(tree: Tree | undefined, foreign: Foreign): Query {
  const { cursor } = foreign;
  const inner = queryTree(tree);
  if (inner === undefined) throw cursor.mismatch();
  cursor.take('(');
  const found = readQuery({ ...inner, parentheses_symbol: undefined }, foreign);
  cursor.take(')');
  return found;
}

/** The reader takes CUBE and ROLLUP for functions. */
function groupItem(item: Expr): Select['groupBy'][number] {
  const name = item.kind === 'function' ? item.name.join('.') : '';
  if (item.kind !== 'function' || (name !== 'cube' && name !== 'rollup')) return { kind: 'expression', expression: item };
  return { kind: name, items: item.arguments.map((argument) => argument.value), position: item.position };
}

function select(tree: Tree, foreign: Foreign, top: { limit: Expr | undefined }): Select {
  const { cursor } = foreign;
  cursor.take('select');
  const distinct = cursor.takeIf('distinct') ? 'all' : undefined;
  if (distinct === undefined) cursor.takeIf('all');
  if (isTree(tree['top']) && cursor.takeIf('top')) {
    const brackets = cursor.takeIf('(');
    const position = cursor.position();
    top.limit = { kind: 'number', text: cursor.next('number').value, position };
    if (brackets) cursor.take(')');
  }
  const targets = targetList(tree, foreign);
  const from = cursor.takeIf('from') ? fromList(tree, foreign) : [];
  const where = cursor.takeIf('where') ? expression(child(tree, 'where'), foreign) : undefined;
  let groupBy: Select['groupBy'] = [];
  if (cursor.takeIf('group', 'by')) {
    const grouped = Array.isArray(tree['groupby']) ? children(tree, 'groupby')
      : children(child(tree, 'groupby'), 'columns');
    groupBy = commas(grouped, foreign).map(groupItem);
  }
  const having = cursor.takeIf('having') ? expression(child(tree, 'having'), foreign) : undefined;
  const windows: Select['windows'][number][] = [];
  if (cursor.takeIf('window')) {
    do {
      const name = cursor.name();
      cursor.take('as');
      windows.push(windowSpecification(foreign, name));
    } while (cursor.takeIf(','));
  }
  const qualify = cursor.takeIf('qualify') ? expression(child(tree, 'qualify'), foreign) : undefined;
  const found: Select = {
    kind: 'select', distinct, targets, from, where, groupBy, groupDistinct: false, groupByAll: false, having, windows,
    qualify, into: undefined, position: targets[0]?.position,
  };
  return cursor.dialect.name === 'flink' ? withGroupWindow(withProcessingTime(found, cursor), cursor) : found;
}

export function targetList(tree: Tree, foreign: Foreign): readonly Target[] {
  const { cursor } = foreign;
  if (tree['columns'] === '*') {
    const position = cursor.position();
    cursor.take('*');
    return [{ expression: { kind: 'star', qualifier: [], exclude: [], position }, alias: undefined, position }];
  }
  return children(tree, 'columns').map((part, i) => {
    if (i > 0) cursor.take(',');
    const position = cursor.position();
    const found = expression(child(part, 'expr'), foreign);
    const alias = nameIn(part['as'] ?? undefined);
    if (alias !== undefined) cursor.takeIf('as');
    return { expression: found, alias: alias === undefined ? undefined : aliasName(alias, foreign), position };
  });
}

function aliasName(alias: string, foreign: Foreign): string {
  const token = foreign.cursor.peek();
  // Where an alias may be a string, it is the placeholder with or without its quotes.
  if (token?.kind === 'string' && token.mark.slice(1, -1) === alias.replaceAll("'", '')) {
    throw foreign.cursor.refuse('a string as an alias');
  }
  return foreign.cursor.name(alias);
}

function fromList(tree: Tree, foreign: Foreign): readonly FromItem[] {
  const { cursor } = foreign;
  if (!Array.isArray(tree['from'])) throw cursor.refuse('a join in parentheses');
  const items: FromItem[] = [];
  children(tree, 'from').forEach((part, i) => {
    if (part['type'] === 'dual') {
      cursor.take('dual');
      return;
    }
    if (i === 0 || cursor.takeIf(',')) {
      items.push(fromItem(part, foreign));
      return;
    }
    const left = items.pop();
    if (left === undefined) throw cursor.mismatch();
    items.push(join(left, part, foreign));
  });
  return items;
}

function join(left: FromItem, tree: Tree, foreign: Foreign): JoinItem {
  const { cursor } = foreign;
  const natural = cursor.takeIf('natural');
  let kind: JoinItem['join'] = 'inner';
  const word = (['left', 'right', 'full', 'cross', 'inner'] as const).find((name) => cursor.takeIf(name));
  if (word !== undefined) kind = word;
  if (kind === 'left' || kind === 'right' || kind === 'full') cursor.takeIf('outer');
  cursor.take('join');
  const said = (text(tree, 'join') ?? '').toLowerCase();
  // Of these the tree may know nothing (see aliasOf); the others it must have seen.
  if (!natural && word !== undefined && word !== 'cross' && !said.startsWith(word)) throw cursor.mismatch();
  const right = fromItem(tree, foreign);
  let on: Expr | undefined;
  let using: readonly string[] | undefined;
  if (cursor.takeIf('on')) on = expression(child(tree, 'on'), foreign);
  else if (cursor.takeIf('using')) using = names(foreign);
  if (on === undefined && using === undefined && !natural) {
    if (kind !== 'inner' && kind !== 'cross') throw cursor.mismatch();
    kind = 'cross';
  }
  return {
    kind: 'join', join: kind, natural, asof: false, left, right, on, using, usingAlias: undefined, alias: undefined,
    position: left.position,
  };
}

function fromItem(tree: Tree, foreign: Foreign): FromItem {
  const { cursor } = foreign;
  const position = cursor.position();
  const inner = queryTree(child(tree, 'expr'));
  const lateral = inner !== undefined && cursor.takeIf('lateral');
  if (inner !== undefined) {
    const found = inBrackets(inner, foreign);
    return { kind: 'subquery', query: found, lateral, alias: aliasOf(tree, foreign), position: found.position };
  }
  const table = text(tree, 'table');
  if (table === undefined) throw cursor.refuse('such an item of FROM');
  if (cursor.is('table', '(')) {
    if (table !== `mr${cursor.at}_`) throw cursor.mismatch();
    const window = readWindow(foreign);
    return { ...window, alias: aliasOf(tree, foreign) };
  }
  const relation = cursor.relation();
  const last = cursor.tokens[cursor.at - 1];
  if (last?.mark.toLowerCase() !== table.toLowerCase()) {
    cursor.at--;
    throw cursor.mismatch();
  }
  const asOf = cursor.dialect.name === 'flink' ? readAsOf(cursor) : undefined;
  return {
    kind: 'table', relation, only: false, alias: aliasOf(tree, foreign), asOf, position,
  };
}

function aliasOf(tree: Tree, foreign: Foreign): Alias | undefined {
  const { cursor } = foreign;
  const said = nameIn(tree['as'] ?? undefined);
  if (said === undefined) return undefined;
  // The grammar takes some words of joins for an alias.
  if (['cross', 'natural', 'left', 'right', 'full', 'inner'].some((word) => cursor.is(word))) return undefined;
  cursor.takeIf('as');
  const listed = /^(\w+)\s*\(/.exec(said)?.[1];
  const name = cursor.name(listed ?? said);
  return { name, columns: cursor.is('(') ? names(foreign) : [] };
}
