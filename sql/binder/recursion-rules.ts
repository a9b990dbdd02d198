// What a recursive query may look like, and in which order the tables of a WITH RECURSIVE are bound.
import { DatabaseError } from '../../engine/data/error.ts';
import type { CommonTable, FromItem, Position, Query, QueryBody, SetOperation, TableItem } from '../parser/ast.ts';

/** Mentions of an unqualified relation name anywhere in a piece of syntax. */
export function mentions(syntax: unknown, name: string): readonly TableItem[] {
  const found: TableItem[] = [];
  walk(syntax, name, found);
  return found;
}

function walk(x: unknown, name: string, found: TableItem[]): void {
  if (typeof x !== 'object' || x === null) return;
  if (Array.isArray(x)) {
    for (const item of x) walk(item, name, found);
    return;
  }
  if (isTable(x) && x.relation.schema === undefined && x.relation.name === name) found.push(x);
  const hidden = 'with' in x && isWith(x.with) && x.with.tables.some((t) => t.name === name);
  for (const [key, value] of Object.entries(x)) if (!hidden || key === 'with') walk(value, name, found);
}

function isTable(x: object): x is TableItem {
  return 'kind' in x && x.kind === 'table' && 'relation' in x;
}

function isWith(x: unknown): x is NonNullable<Query['with']> {
  return typeof x === 'object' && x !== null && 'tables' in x;
}

/** Tables before those that read them; 0A000 for two that read each other. */
export function inOrder(tables: readonly CommonTable[]): readonly CommonTable[] {
  const left = [...tables];
  const done: CommonTable[] = [];
  while (left.length > 0) {
    const next = left.findIndex((t) => !left.some((o) => o !== t && mentions(t.statement, o.name).length > 0));
    if (next < 0) {
      throw new DatabaseError('0A000', 'mutual recursion between WITH items is not implemented', { position: left[0].position });
    }
    done.push(...left.splice(next, 1));
  }
  return done;
}

/** The table of this name among the items of a FROM clause, joined ones included, but in no subquery. */
export function findTable(items: readonly FromItem[], name: string): TableItem | null {
  for (const item of items) {
    if (item.kind === 'table' && item.relation.schema === undefined && item.relation.name === name) return item;
    const found = item.kind === 'join' ? findTable([item.left, item.right], name) : null;
    if (found !== null) return found;
  }
  return null;
}

function misplaced(name: string, where: string, position: Position): DatabaseError {
  return new DatabaseError('42P19', `recursive reference to query "${name}" must not appear ${where}`, { position });
}

/** The UNION of a query that reads itself; 42P19 and 0A000 for what PostgreSQL refuses as well. */
export function checkRecursion(table: CommonTable, query: Query): SetOperation {
  const { body } = query;
  const { name, position } = table;
  if (body.kind !== 'setOperation' || body.operator !== 'union') {
    throw new DatabaseError('42P19', `recursive query "${name}" does not have the form non-recursive-term `
      + 'UNION [ALL] recursive-term', { position });
  }
  const [above] = mentions(query.with, name);
  if (above !== undefined) throw misplaced(name, 'within a subquery', above.relation.position);
  const early = mentions(body.left, name);
  if (early.length > 0) throw misplaced(name, 'within its non-recursive term', early[0].relation.position);
  const refused = [
    ['ORDER BY', query.orderBy[0]?.position, query.orderBy.length > 0], ['OFFSET', query.offset?.position, query.offset],
    ['LIMIT', query.limit?.position, query.limit], ['FOR UPDATE/SHARE', undefined, query.locking.length > 0],
  ] as const;
  for (const [clause, at, there] of refused) {
    if (there !== false && there !== undefined) {
      throw new DatabaseError('0A000', `${clause} in a recursive query is not implemented`, { position: at });
    }
  }
  new Places(name).query(body.right);
  return body;
}

/** Where in the recursive term the reference stands: once, in FROM, on the side of no outer join that adds NULLs. */
class Places {
  readonly #name: string;
  #seen = false;

  constructor(name: string) {
    this.#name = name;
  }

  query(query: Query): void {
    for (const t of query.with?.tables ?? []) if (t.statement.kind === 'query') this.query(t.statement);
    if (query.with?.tables.some((t) => t.name === this.#name) === true) return;
    this.#body(query.body);
    this.#none([query.orderBy, query.limit, query.offset], 'within a subquery');
  }

  #body(body: QueryBody): void {
    switch (body.kind) {
      case 'setOperation':
        if (body.operator === 'union') {
          this.query(body.left);
          this.query(body.right);
          return;
        }
        if (body.operator === 'intersect' && !body.all) {
          this.query(body.left);
          this.query(body.right);
          return;
        }
        if (body.operator === 'intersect') this.#none([body.left, body.right], 'within INTERSECT');
        this.#none([body.right], 'within EXCEPT');
        this.query(body.left);
        return;
      case 'values':
        this.#none(body.rows, 'within a subquery');
        return;
      case 'select': {
        for (const item of body.from) this.#item(item);
        const { from: _, ...rest } = body;
        this.#none(rest, 'within a subquery');
      }
    }
  }

  #item(item: FromItem): void {
    switch (item.kind) {
      case 'table':
        if (item.relation.schema !== undefined || item.relation.name !== this.#name) return;
        if (this.#seen) throw misplaced(this.#name, 'more than once', item.relation.position);
        this.#seen = true;
        return;
      case 'subquery':
        this.query(item.query);
        return;
      case 'join':
        if (item.join === 'right' || item.join === 'full') this.#none([item.left], 'within an outer join');
        if (item.join === 'left' || item.join === 'full') this.#none([item.right], 'within an outer join');
        this.#item(item.left);
        this.#item(item.right);
        this.#none([item.on], 'within a subquery');
        return;
      case 'window':
        this.#item(item.input);
        return;
      case 'functions': this.#none(item.calls, 'within a subquery');
    }
  }

  #none(syntax: unknown, where: string): void {
    const [found] = mentions(syntax, this.#name);
    if (found !== undefined) throw misplaced(this.#name, where, found.relation.position);
  }
}
