// COLLATE and COLLATION FOR: everything here is ordered by bytes; C, POSIX and default are names for that.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { mentionType, quoteIdentifier } from '../../engine/data/type-info.ts';
import { TEXT } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Expr, FunctionExpr } from '../parser/ast.ts';
import { collated } from '../plan/deparse.ts';
import { bind } from './level.ts';
import type { Site } from './level.ts';
import { categoryOf } from './type-rules.ts';

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
  return made;
}

/** The COLLATE of a column, an index element or a domain: there is one order only, so nothing of it is kept. */
export function checkCollateClause(name: readonly string[] | undefined, type: LogicalType, position?: number): void {
  if (name === undefined) return;
  checkCollation(name, position);
  checkCollatable(type, position);
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

/** COLLATION FOR what says its collation, and literals; else 0A000: which collation a column has is not kept. */
export function bindCollationFor(e: FunctionExpr, site: Site): Expression {
  if (e.arguments.length !== 1) throw notSupported('COLLATION FOR several values', { position: e.position });
  const { value } = e.arguments[0];
  const { type } = bind(value, site);
  const said = site.env.shared.collations.get(value);
  // PostgreSQL finds it out when it runs the call: its error has no position.
  checkCollatable(type, undefined);
  if (said !== undefined) return collationName(said.name);
  if (value.kind === 'string') return { kind: 'literal', type: TEXT, value: null };
  if (value.kind !== 'cast' || value.operand.kind !== 'string') {
    throw notSupported('COLLATION FOR an expression without COLLATE', { position: e.position });
  }
  return collationName(type.kind === 'name' ? 'C' : 'default');
}

function collationName(name: string): Expression {
  return { kind: 'literal', type: TEXT, value: quoteIdentifier(name) };
}
