// current_date and its kin: keywords that are functions.
import { reducedPrecision, typeFromName } from '../../engine/data/type-info.ts';
import { DATE, NAME, parametricType, TIME, TIMESTAMP } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Expr } from '../parser/ast.ts';
import { writtenAs } from '../plan/deparse.ts';
import type { Environment } from './environment.ts';
import { applyFunction } from './functions.ts';
import type { Site } from './level.ts';

export function bindSqlValue(e: Expr & { readonly kind: 'sqlValue' }, site: Site): Expression {
  const precision = e.precision === undefined ? '' : `(${e.precision})`;
  const written = `${e.function.toUpperCase()}${precision}`;
  return writtenAs(bindCall(e, site, written), written);
}

function bindCall(e: Expr & { readonly kind: 'sqlValue' }, site: Site, written: string): Expression {
  const call = (name: string): Expression => applyFunction(site.env, name, [], e.position, written);
  const typed = (type: LogicalType): Expression => {
    const now = call('now');
    const target = e.precision === undefined ? type : withPrecision(site.env, type, e.precision);
    return target.kind === 'timestamptz' && e.precision === undefined ? now
      : { kind: 'cast', input: now, type: target, explicit: true };
  };
  switch (e.function) {
    case 'current_date': return typed(DATE);
    case 'current_time': return typed(parametricType('timetz'));
    case 'current_timestamp': return typed(parametricType('timestamptz'));
    case 'localtime': return typed(TIME);
    case 'localtimestamp': return typed(TIMESTAMP);
    case 'current_role': case 'user': return named(call('current_user'));
    case 'current_catalog': return named(call('current_database'));
    case 'current_user': case 'session_user': case 'current_schema':
      return named(call(e.function));
  }
}

function withPrecision(env: Environment, type: LogicalType, digits: number): LogicalType {
  const warning = reducedPrecision(type.kind, [digits]);
  if (warning !== null) env.warn?.(warning);
  return typeFromName(type.kind, [digits], true) ?? type;
}

function named(e: Expression): Expression {
  return e.type.kind === 'name' ? e : { kind: 'cast', input: e, type: NAME, explicit: true };
}
