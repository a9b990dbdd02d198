// Flink's processing time: a column that is PROCTIME() serves to join with a table as it is when the row comes, and for
// nothing else here.
import type { Expr, FromItem, JoinItem, Select, SubqueryItem } from './ast.ts';
import type { Cursor } from './foreign-cursor.ts';

type Call = Expr & { readonly kind: 'function' };

function isProctime(tree: object): tree is Call {
  return 'kind' in tree && tree.kind === 'function' && 'name' in tree && Array.isArray(tree.name)
    && tree.name.length === 1 && tree.name[0] === 'proctime';
}

/** FOR SYSTEM_TIME AS OF PROCTIME() or a column, which withProcessingTime() looks for. */
export function readAsOf(cursor: Cursor): Expr | undefined {
  if (!cursor.takeIf('for', 'system_time', 'as', 'of')) return undefined;
  const position = cursor.position();
  if (cursor.takeIf('proctime', '(', ')')) return proctime(position);
  const name = [cursor.name()];
  if (cursor.takeIf('.')) name.push(cursor.name());
  return { kind: 'column', name, position };
}

function proctime(position: number | undefined): Call {
  return {
    kind: 'function', name: ['proctime'], arguments: [], star: false, distinct: false, variadic: false, orderBy: [],
    withinGroup: false, filter: undefined, over: undefined, sqlSyntax: false, position,
  };
}

/** A join as of a column that a subquery has as PROCTIME() AS that column: the column goes, the join says it itself. */
export function withProcessingTime(select: Select, cursor: Cursor): Select {
  return { ...select, from: select.from.map((item) => joined(item, cursor)) };
}

function joined(item: FromItem, cursor: Cursor): FromItem {
  if (item.kind !== 'join') return item;
  const join: JoinItem = { ...item, left: joined(item.left, cursor) };
  const { right } = join;
  if (right.kind !== 'table' || right.asOf?.kind !== 'column') return join;
  const [relation, column] = right.asOf.name;
  const left = column === undefined ? null : withoutColumn(join.left, relation, column);
  if (left === null) {
    throw cursor.refuse('FOR SYSTEM_TIME AS OF what is not PROCTIME() of a subquery', right.asOf.position);
  }
  return { ...join, left, right: { ...right, asOf: proctime(right.asOf.position) } };
}

/** The item with the subquery of that name without that column, which is PROCTIME(); null: there is none. */
function withoutColumn(item: FromItem, relation: string, column: string): FromItem | null {
  if (item.kind === 'join') {
    const left = withoutColumn(item.left, relation, column);
    if (left !== null) return { ...item, left };
    const right = withoutColumn(item.right, relation, column);
    return right === null ? null : { ...item, right };
  }
  if (item.kind !== 'subquery' || item.alias?.name !== relation || item.alias.columns.length > 0) return null;
  const { body } = item.query;
  if (body.kind !== 'select') return null;
  const targets = body.targets.filter((t) => t.alias !== column || !isProctime(t.expression));
  if (targets.length === body.targets.length || targets.length === 0) return null;
  const out: SubqueryItem = { ...item, query: { ...item.query, body: { ...body, targets } } };
  return out;
}

/** 0A000 for PROCTIME() anywhere else in a query. */
export function refuseProcessingTime(tree: unknown, cursor: Cursor): void {
  if (typeof tree !== 'object' || tree === null) return;
  if (isProctime(tree)) throw cursor.refuse('function proctime()', tree.position);
  for (const [key, part] of Object.entries(tree)) if (key !== 'asOf') refuseProcessingTime(part, cursor);
}
