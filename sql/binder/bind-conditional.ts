// CASE, COALESCE, NULLIF, GREATEST and LEAST: branches brought to their common type.
import { BOOLEAN, TEXT } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Expr, Position } from '../parser/ast.ts';
import { coerceArgument, coerceBoolean } from './coercion.ts';
import { collationOf, compared, merged, noteCollation, readCollation } from './collation.ts';
import { requireCommonType } from './common-type.ts';
import { resolveOperator } from './functions.ts';
import { bind } from './level.ts';
import type { Clause, Site } from './level.ts';
import { nullLiteral } from './literals.ts';
import { locationOf } from './location.ts';
import { compare } from './bind-operator.ts';

type Of<K extends Expr['kind']> = Expr & { readonly kind: K };

/** Set-returning calls cannot stand where not every row gets there. */
function conditional(site: Site, construct: string): Site {
  if (site.clause.sets === undefined) return site;
  const { sets: _, ...clause } = site.clause;
  return { ...site, clause: { ...clause, setPhrase: construct } };
}

export function bindCase(e: Of<'case'>, outer: Site): Expression {
  const site = conditional(outer, 'CASE');
  const { env } = site;
  const operand = e.operand === undefined ? null : bind(e.operand, site);
  // What WHEN compares with is a value like a column's.
  if (operand !== null) noteCollation(operand, readCollation({ collation: collationOf(operand) }));
  const whens = e.branches.map((b) => {
    const condition = bind(b.condition, site);
    if (operand === null) return coerceBoolean(env, condition, 'CASE/WHEN', locationOf(b.condition));
    const use = { symbol: '=', position: b.position, operands: [undefined, locationOf(b.condition)] };
    return compare(env, use, operand, condition);
  });
  const thens = e.branches.map((b) => bind(b.result, site));
  const otherwise = e.otherwise === undefined ? nullLiteral() : bind(e.otherwise, site);
  const results = [otherwise, ...thens];
  const places = [e.otherwise === undefined ? e.position : locationOf(e.otherwise),
    ...e.branches.map((b) => locationOf(b.result))];
  const type = requireCommonType(results.map((r) => r.type), 'CASE', (i) => places[i]);
  const [last, ...converted] = results.map((r, i) => coerceArgument(env, r, type, places[i]));
  const branches = whens.map((when, i) => ({ when, then: converted[i] }));
  const bound: Expression = { kind: 'case', type, branches, otherwise: last };
  const values = whens.flatMap((w) => (w.kind === 'call' && w.args.length === 2 ? [w.args[1]] : []));
  const [first] = whens;
  if (operand !== null && values.length === whens.length && first.kind === 'call') {
    env.trace?.forms.set(bound, { kind: 'case', operand: first.args[0], values });
  }
  return bound;
}

interface Converted { readonly type: Expression['type']; readonly args: readonly Expression[] }

function toCommonType(list: readonly Expr[], site: Site, construct: string): Converted {
  const bound = list.map((a) => bind(a, site));
  const places: readonly Position[] = list.map(locationOf);
  const type = requireCommonType(bound.map((b) => b.type), construct, (i) => places[i]);
  return { type, args: bound.map((b, i) => coerceArgument(site.env, b, type, places[i])) };
}

export function bindCoalesce(e: Of<'coalesce'>, site: Site): Expression {
  return { kind: 'coalesce', ...toCommonType(e.arguments, conditional(site, 'COALESCE'), 'COALESCE') };
}

export function bindExtremum(e: Of<'extremum'>, site: Site): Expression {
  const { type, args } = toCommonType(e.arguments, site, e.function.toUpperCase());
  const less = resolveOperator(site.env, { symbol: '<', position: e.position }, [type, type]);
  const kind = e.function;
  return {
    kind, type, less: less.function,
    args: compared(...args.map((a, i) => coerceArgument(
      site.env, a, less.args[0].kind === type.kind ? type : less.args[0], locationOf(e.arguments[i])))),
  };
}

/** NULLIF(a, b): a, unless a = b; of the type = compares a as. */
export function bindNullIf(e: Of<'nullif'>, site: Site): Expression {
  const left = bind(e.left, site);
  const right = bind(e.right, site);
  const use = { symbol: '=', position: e.position, operands: [locationOf(e.left), locationOf(e.right)] };
  const when = compare(site.env, use, left, right);
  // As PostgreSQL: of the type that `=` compares its first operand as.
  const compared = when.kind === 'call' ? when.args[0] : left;
  const value: Expression = compared.type.kind === 'varchar' && when.kind === 'call' && when.function.args[0].kind === 'text'
    ? { kind: 'cast', input: compared, type: TEXT, explicit: false } : compared;
  const bound: Expression = {
    kind: 'case', type: value.type, branches: [{ when, then: { kind: 'literal', type: value.type, value: null } }],
    otherwise: value,
  };
  if (when.kind === 'call') site.env.trace?.forms.set(bound, { kind: 'nullif', args: when.args });
  noteCollation(bound, merged([left, right]) ?? undefined);
  return bound;
}

export const TRUE: Expression = { kind: 'literal', type: BOOLEAN, value: true };
export const FALSE: Expression = { kind: 'literal', type: BOOLEAN, value: false };

/** The clause without windows and aggregates, for what must be plain. */
export function plainClause(phrase: string): Clause {
  return { phrase };
}
