// Coercion: an expression as another type, by PostgreSQL's casts; literals are converted at once, as its input functions do.
import { DatabaseError } from '../../engine/data/error.ts';
import { parseText } from '../../engine/data/text-format.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import type { LogicalType, RecordType } from '../../engine/data/types.ts';
import { TEXT, baseType, sameKind, sameType, typmodOf } from '../../engine/data/types.ts';
import type { Expression, RowExpression } from '../../engine/expression/expression.ts';
import { collationSaid, noteCollation } from './collation.ts';
import { castRow, collated, collatedInput } from '../plan/deparse.ts';
import type { Environment } from './environment.ts';
import { CatalogNames } from '../catalog/names.ts';
import { canCoerce, withTypmod } from './type-rules.ts';
import type { CastContext } from '../../engine/expression/cast-table.ts';

export interface CoercionSite {
  readonly env: Environment;
  readonly context: CastContext;
  /** Of the expression, for 22P02 and its kin. */
  readonly position: number | undefined;
}

/** `e` as `target`, or null when no cast of that context leads there. */
export function tryCoerce(e: Expression, target: LogicalType, site: CoercionSite): Expression | null {
  if (sameType(e.type, target)) return e;
  if (target.kind === 'unknown' || target.kind === 'any') return e;
  if (e.type.kind === 'unknown') return coerceUnknown(e, target, site);
  if (e.kind === 'row' && target.kind === 'record' && target.oid !== undefined) return coerceRow(e, target, site);
  if (!canCoerce(e.type, target, site.context)) return null;
  // Losing a typmod changes no value: numeric(10,2) is a numeric as it is, unless its type is asked for.
  if (sameKind(e.type, target) && typmodOf(target) === -1 && site.context !== 'explicit') return e;
  return cast(e, target, site);
}

function cast(input: Expression, type: LogicalType, site: CoercionSite): Expression {
  const known = collatedInput(input);
  // As in PostgreSQL, COLLATE stays outside of what is converted.
  if (known !== undefined) return recollated(input, cast(known.input, type, site), known.collation);
  return { kind: 'cast', input, type, explicit: site.context === 'explicit' };
}

/** `converted` with the COLLATE that was around `before`. */
function recollated(before: Expression, converted: Expression, collation: readonly string[]): Expression {
  const made = collated(converted, collation);
  noteCollation(made, collationSaid(before));
  return made;
}

/** Literals and parameters whose type nobody said. */
function coerceUnknown(e: Expression, target: LogicalType, site: CoercionSite): Expression {
  const known = collatedInput(e);
  if (known !== undefined) return recollated(e, coerceUnknown(known.input, target, site), known.collation);
  if (e.kind === 'parameter' && e.hole === undefined) {
    const plain = withTypmod(target, -1);
    site.env.parameters.settle(e.index, plain, site.position);
    const typed: Expression = { kind: 'parameter', index: e.index, type: plain };
    return sameType(plain, target) ? typed : cast(typed, target, site);
  }
  if (e.kind !== 'literal') return cast({ ...castToText(e) }, target, { ...site, context: 'explicit' });
  if (e.value === null) return { kind: 'literal', type: target, value: null };
  return typeof e.value === 'string' ? literalFromText(e.value, target, site) : e;
}

function castToText(e: Expression): Expression {
  return { kind: 'cast', input: e, type: TEXT, explicit: true };
}

/** What the type's input function makes of the text. */
export function literalFromText(text: string, target: LogicalType, site: CoercionSite): Expression {
  const base = baseType(target);
  const named = namedObject(text, base, site);
  if (named !== null) return sameType(base, target) ? named : cast(named, target, site);
  if (readsCatalog(base)) return cast({ kind: 'literal', type: TEXT, value: text }, target, { ...site, context: 'explicit' });
  // Of an interval the typmod says, too, what a bare number counts: '3' MONTH.
  const plain = base.kind === 'interval' ? base : withTypmod(base, -1);
  try {
    const { now, format, catalog, searchPath, functions } = site.env;
    const value = parseText(plain, text, format, { now, names: new CatalogNames(catalog, searchPath, functions) });
    const literal: Expression = { kind: 'literal', type: plain, value };
    return sameType(plain, target) ? literal : cast(literal, target, site);
  } catch (error) {
    throw error instanceof DatabaseError ? error.at(site.position) : error;
  }
}

/** regclass and its kin: the constant is what has the name now, whatever it is called later. null: the type is none of them. */
function namedObject(text: string, type: LogicalType, { env, position }: CoercionSite): Expression | null {
  const { kind } = type;
  const named = kind === 'regclass' || kind === 'regtype' || kind === 'regproc' || kind === 'regprocedure'
    || kind === 'regnamespace' || kind === 'regrole' || kind === 'regoper' || kind === 'regoperator' || kind === 'regcollation';
  if (!named) return null;
  try {
    return { kind: 'literal', type, value: new CatalogNames(env.catalog, env.searchPath, env.functions).oidOf(kind, text) };
  } catch (error) {
    // What is kept may name something that is gone: that is said to whoever reads it.
    if (env.system === null) return null;
    throw error instanceof DatabaseError ? error.at(position) : error;
  }
}

function readsCatalog(type: LogicalType): boolean {
  if (type.kind === 'array') return readsCatalog(type.element);
  if (type.kind === 'record') return type.fields.some((f) => readsCatalog(baseType(f.type)));
  return type.kind.startsWith('reg');
}

/** A record may become any composite type: whether it fits is seen field by field. */
function coerceRow(e: RowExpression, target: RecordType, site: CoercionSite): Expression {
  const misfit = (detail: string): DatabaseError => new DatabaseError('42846',
    `cannot cast type ${mentionType(e.type)} to ${mentionType(target)}`, { detail, position: site.position });
  if (e.fields.length < target.fields.length) throw misfit('Input has too few columns.');
  if (e.fields.length > target.fields.length) throw misfit('Input has too many columns.');
  const fields = e.fields.map((field, i) => {
    const { type } = target.fields[i];
    const coerced = tryCoerce(field, type, site);
    if (coerced !== null) return coerced;
    throw misfit(`Cannot cast type ${mentionType(field.type)} to ${mentionType(type)} in column ${i + 1}.`);
  });
  const row: Expression = { kind: 'row', fields, type: target };
  return site.context === 'explicit' ? castRow(row) : row;
}

/** As tryCoerce; PostgreSQL's 42846 where there is no such cast. */
export function coerce(e: Expression, target: LogicalType, site: CoercionSite): Expression {
  const coerced = tryCoerce(e, target, site);
  if (coerced !== null) return coerced;
  throw new DatabaseError('42846',
    `cannot cast type ${mentionType(e.type)} to ${mentionType(target)}`, { position: site.position });
}

/** An implicit conversion overload resolution has already allowed. */
export function coerceArgument(
  env: Environment, e: Expression, target: LogicalType, position: number | undefined,
): Expression {
  return coerce(e, target, { env, context: 'implicit', position });
}

/** WHERE, ON, HAVING, AND, CASE WHEN ...: `argument of WHERE must be type boolean, not type integer`. */
export function coerceBoolean(
  env: Environment, e: Expression, construct: string, position: number | undefined,
): Expression {
  const coerced = tryCoerce(e, { kind: 'boolean' }, { env, context: 'assignment', position });
  if (coerced !== null) return coerced;
  throw new DatabaseError('42804',
    `argument of ${construct} must be type boolean, not type ${mentionType(e.type)}`, { position });
}

/** INSERT and UPDATE: the value as the column's type. */
export function coerceAssignment(
  env: Environment, e: Expression, column: { readonly name: string; readonly type: LogicalType },
  position: number | undefined,
): Expression {
  const coerced = tryCoerce(e, column.type, { env, context: 'assignment', position });
  if (coerced !== null) return coerced;
  throw new DatabaseError('42804',
    `column "${column.name}" is of type ${mentionType(column.type)} but expression is of type ${mentionType(e.type)}`,
    { position, hint: 'You will need to rewrite or cast the expression.' });
}

/** A literal of unknown type that nothing gave a type: text. */
export function settleUnknown(env: Environment, e: Expression): Expression {
  return e.type.kind === 'unknown' ? coerceArgument(env, e, TEXT, undefined) : e;
}
