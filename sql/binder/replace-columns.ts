// Columns of a syntax tree replaced; subqueries, which have columns of their own, are left alone.
import type { ColumnExpr, Expr } from '../parser/ast.ts';

export function replaceColumns(e: Expr, replace: (e: ColumnExpr) => Expr): Expr {
  if (e.kind === 'column') return replace(e);
  return { ...e, ...Object.fromEntries(Object.entries(e).map(([key, value]) => [key, walk(key, value, replace)])) };
}

function walk(key: string, value: unknown, replace: (e: ColumnExpr) => Expr): unknown {
  if (typeof value !== 'object' || value === null || key === 'query') return value;
  if (Array.isArray(value)) return value.map((item) => walk('', item, replace));
  if (isColumn(value)) return replace(value);
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, walk(k, v, replace)]));
}

function isColumn(value: object): value is ColumnExpr {
  return 'kind' in value && value.kind === 'column' && 'name' in value && Array.isArray(value.name);
}
