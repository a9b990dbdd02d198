// Expr → Expression: one switch over the syntax tree; calls, subqueries and rows have files of their own.
import { DatabaseError, notSupported, unreachable } from '../../engine/data/error.ts';
import { BOOLEAN, INT4, baseType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { ByTypeExpr, Expr, Position } from '../parser/ast.ts';
import { checkClause, homeOf, moveTo } from './aggregate-home.ts';
import { bindAssigned } from './bind-assigned.ts';
import { bindCall } from './bind-call.ts';
import { bindCollate, bindCollationFor, isCollationFor } from './bind-collate.ts';
import { bindCase, bindCoalesce, bindExtremum, bindNullIf } from './bind-conditional.ts';
import { bindArray, bindCast, bindField, bindRow, bindSubscript } from './bind-composite.ts';
import {
  bindBetween, bindBinary, bindInList, bindIsDistinct, bindLike, bindQuantifiedArray, bindUnary,
} from './bind-operator.ts';
import { bindSqlValue } from './bind-sql-value.ts';
import { bindArraySubquery, bindExists, bindQuantified, bindRowSubquery, bindScalarSubquery } from './bind-subquery.ts';
import { coerceBoolean } from './coercion.ts';
import { collationOf } from './collation.ts';
import { bind, newHole } from './level.ts';
import type { Site } from './level.ts';
import { bitStringLiteral, nullLiteral, numberLiteral, stringLiteral } from './literals.ts';
import { locationOf } from './location.ts';
import { resolveName, resolveRow } from './scope.ts';

function noExpansion(position: Position): DatabaseError {
  return new DatabaseError('0A000', 'row expansion via "*" is not supported here', { position });
}

/** Types, functions and columns resolved; subqueries, aggregates and windows left as holes in the site's level. */
export function bindExpression(e: Expr, site: Site): Expression {
  const bound = bindPlain(e, site);
  // Two COLLATE in it are told now.
  collationOf(bound);
  site.env.trace?.bound.set(e, bound);
  return bound;
}

function bindPlain(e: Expr, site: Site): Expression {
  const { env } = site;
  switch (e.kind) {
    case 'null': return nullLiteral();
    case 'boolean': return { kind: 'literal', type: BOOLEAN, value: e.value };
    case 'number': return numberLiteral(env, e.text, e.position);
    case 'string': return stringLiteral(e.value);
    case 'bitString': return bitStringLiteral(env, e.base, e.digits, e.position);
    case 'parameter': {
      const index = e.number - 1;
      return { kind: 'parameter', index, type: env.parameters.typeOf(index, e.position) };
    }
    case 'column': return resolveName({ env, scope: site.scope, position: e.position }, e.name).expression;
    case 'star':
      if (e.qualifier.length === 0 || e.exclude.length > 0) throw noExpansion(e.position);
      return resolveRow({ env, scope: site.scope, position: e.position }, e.qualifier);
    case 'logical': return bindLogical(e, site);
    case 'not': {
      const input = coerceBoolean(env, bind(e.operand, site), 'NOT', locationOf(e.operand));
      return { kind: 'not', type: BOOLEAN, input };
    }
    case 'is': return bindTest(e, site);
    case 'binary':
      return e.left.kind === 'row' && e.right.kind === 'scalarSubquery' ? bindRowSubquery(e, e.right, site) : bindBinary(e, site);
    case 'unary': return bindUnary(e, site);
    case 'isDistinct': return bindIsDistinct(e, site);
    case 'between': return bindBetween(e, site);
    case 'inList': return bindInList(e, site);
    case 'like': return bindLike(e, site);
    case 'quantifiedArray': return bindQuantifiedArray(e, site);
    case 'case': return bindCase(e, site);
    case 'coalesce': return bindCoalesce(e, site);
    case 'nullif': return bindNullIf(e, site);
    case 'extremum': return bindExtremum(e, site);
    case 'array': return bindArray(e, site, null);
    case 'row': return bindRow(e, site);
    case 'subscript': return bindSubscript(e, site);
    case 'field': return bindField(e, site);
    case 'cast': return bindCast(e, site);
    case 'assigned': return bindAssigned(e, site);
    case 'byType': return bindByType(e, site);
    case 'collate': return bindCollate(e, site);
    case 'function': return isCollationFor(e.name) ? bindCollationFor(e, site) : bindCall(e, site);
    case 'sqlValue': return bindSqlValue(e, site);
    case 'scalarSubquery': return bindScalarSubquery(e, site);
    case 'exists': return bindExists(e, site);
    case 'arraySubquery': return bindArraySubquery(e, site);
    case 'inSubquery':
      return bindQuantified({ ...e, kind: 'quantified', operator: '=', schema: undefined, quantifier: 'any' }, site);
    case 'quantified': return bindQuantified(e, site);
    case 'grouping': return bindGrouping(e, site);
    case 'fieldStar': throw noExpansion(e.position);
    case 'default':
      throw new DatabaseError('42601', 'DEFAULT is not allowed in this context', { position: e.position });
    case 'currentOf': throw notSupported('WHERE CURRENT OF here', { position: e.position });
    case 'value': return { kind: 'literal', type: e.type, value: e.value };
    default: return unreachable(e);
  }
}

const INTEGERS: ReadonlySet<string> = new Set(['int2', 'int4', 'int8']);
const NUMBERS: ReadonlySet<string> = new Set([...INTEGERS, 'numeric', 'float4', 'float8']);

/** The operands are bound for their types; only the branch is used. */
function bindByType(e: ByTypeExpr, site: Site): Expression {
  const types = e.operands.map((operand) => baseType(bind(operand, site).type));
  if (types.every((t) => INTEGERS.has(t.kind))) {
    const bound = bind(e.integers, site);
    return e.asOperand ? { kind: 'cast', input: bound, type: types[0], explicit: true } : bound;
  }
  return bind(types.every((t) => NUMBERS.has(t.kind)) ? e.numbers : e.otherwise, site);
}

function bindLogical(e: Expr & { kind: 'logical' }, site: Site): Expression {
  const construct = e.operator === 'and' ? 'AND' : 'OR';
  const args = e.operands.map((o) => coerceBoolean(site.env, bind(o, site), construct, locationOf(o)));
  return { kind: e.operator, type: BOOLEAN, args };
}

function bindTest(e: Expr & { kind: 'is' }, site: Site): Expression {
  const bound = bind(e.operand, site);
  const construct = `IS ${e.negated ? 'NOT ' : ''}${e.test.toUpperCase()}`;
  const input = e.test === 'null' ? bound : coerceBoolean(site.env, bound, construct, locationOf(e.operand));
  return { kind: 'test', type: BOOLEAN, test: e.test, negated: e.negated, input };
}

function bindGrouping(e: Expr & { kind: 'grouping' }, site: Site): Expression {
  const args = e.arguments.map((a) => bind(a, site));
  if (args.length > 31) {
    throw new DatabaseError('54023', 'GROUPING must have fewer than 32 arguments', { position: e.position });
  }
  const home = homeOf(args, site);
  checkClause(home, 'grouping operations', e.position);
  const hole = newHole(site.env, INT4);
  home.level.groupings.push({ hole, args: args.map((a) => moveTo(home, a, site)), positions: e.arguments.map(locationOf) });
  site.env.trace?.holes.set(hole.index, { kind: 'grouping', args });
  return home.scope === site.scope ? hole : home.scope.outer(site.env, hole);
}
