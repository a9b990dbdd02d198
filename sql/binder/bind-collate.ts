// COLLATE and COLLATION FOR: everything here is ordered by bytes; C, POSIX and default are names for that.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import type { Column, LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Expr, FunctionExpr } from '../parser/ast.ts';
import { collated } from '../plan/deparse.ts';
import { settleUnknown } from './coercion.ts';
import { collationName, noteCollation } from './collation.ts';
import { bind } from './level.ts';
import type { Site } from './level.ts';
import { categoryOf, collationOfType } from './type-rules.ts';

const BYTE_ORDERED: ReadonlySet<string> = new Set(['C', 'POSIX', 'ucs_basic', 'default']);

export function bindCollate(e: Expr & { kind: 'collate' }, site: Site): Expression {
  const input = bind(e.operand, site);
  checkCollation(e.collation, e.position);
  checkCollatable(input.type, e.position);
  const made = collated(input, e.collation);
  // An error speaks of the same place.
  const { positions } = site.env.shared;
  const position = positions.get(input);
  if (position !== undefined) positions.set(made, position);
  noteCollation(made, { strength: 'explicit', name: e.collation[e.collation.length - 1], position: e.position });
  return made;
}

/** The COLLATE of a column, a field, an index element or a domain: what is kept of it. */
export function clauseCollation(
  name: readonly string[] | undefined, type: LogicalType, position?: number,
): Pick<Column, 'collation'> {
  if (name === undefined) return {};
  checkCollation(name, position);
  checkCollatable(type, position);
  const collation = name[name.length - 1];
  return collation === collationOfType(type) ? {} : { collation };
}

/** The COLLATE of a key of an index; null: it is that of the column. */
export function keyCollation(name: readonly string[] | undefined, of: Omit<Column, 'name'>): string | null {
  if (name === undefined) return null;
  const written = clauseCollation(name, of.type).collation ?? collationOfType(of.type);
  return written === (of.collation ?? collationOfType(of.type)) ? null : written;
}

/** 42704 for a collation that does not exist here. */
function checkCollation(name: readonly string[], position: number | undefined): void {
  const last = name[name.length - 1];
  if (BYTE_ORDERED.has(last) && (name.length === 1 || name[0] === 'pg_catalog')) return;
  throw new DatabaseError('42704', `collation "${name.join('.')}" for encoding "UTF8" does not exist`, { position });
}

/** 42804 for a type that no collation orders. */
function checkCollatable(type: LogicalType, position: number | undefined): void {
  const category = categoryOf(type.kind === 'array' ? type.element : type);
  if (category === 'S' || category === 'X') return;
  throw new DatabaseError('42804', `collations are not supported by type ${mentionType(type)}`, { position });
}

/** Is it the call that COLLATION FOR (..) stands for? */
export function isCollationFor(name: readonly string[]): boolean {
  return name[name.length - 1] === 'pg_collation_for' && (name.length === 1 || name[0] === 'pg_catalog');
}

/** COLLATION FOR (value): the name of its collation, NULL where it has none. */
export function bindCollationFor(e: FunctionExpr, site: Site): Expression {
  if (e.arguments.length !== 1) throw notSupported('COLLATION FOR several values', { position: e.position });
  const bound = bind(e.arguments[0].value, site);
  // PostgreSQL finds it out when it runs the call: its error has no position.
  checkCollatable(bound.type, undefined);
  const call = collationName(bound, settleUnknown(site.env, bound));
  if (e.sqlSyntax) site.env.trace?.forms.set(call, { kind: 'syntax' });
  return call;
}
